//! What a day begins with.

use super::Front;
use super::calls::Calls;
use super::extract::Auth;
use super::page::At;
use super::{described, fixed};
use axum::extract::State;
use posthouse_app::team::Scope;
use posthouse_app::today as app;
use posthouse_domain::{Localized, time};
use posthouse_web::problem::Answer;
use posthouse_web::reader;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new().open_to(&[Scope::Read], routes!(today))
}

/// Something that waits for whoever asks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Need {
    /// What kind of thing.
    #[schema(value_type = fixed::NeedKind)]
    kind: &'static str,
    /// What it is about: `task/ID`, `campaign/ID`, `binding/POINT/NAME`, `import/ID`, `record/SOURCE/ID`, `webhook/ID`, `job/KIND/KEY`.
    subject: String,
    /// What people call that.
    name: String,
    /// Who asked for it, or is to do it; of records who sent them.
    who: Option<String>,
    /// Since when.
    at: At,
    /// Until which day.
    #[schema(format = Date)]
    due_on: Option<String>,
    /// Until when on that day.
    due_at: Option<At>,
    /// Number of the amendment or of the revision in force, rows sent back, things not told, attempts.
    count: i64,
    /// Of files, the rows that landed.
    beside: i64,
    /// Why.
    #[schema(value_type = Option<String>)]
    reason: Option<reader::Said>,
}

impl From<app::Need> for Need {
    fn from(need: app::Need) -> Self {
        Self {
            kind: need.kind.as_str(),
            subject: need.subject,
            name: need.name,
            who: need.who,
            at: need.at.into(),
            due_on: need.due_on.map(time::day_text),
            due_at: need.due_at.map(At),
            count: need.count,
            beside: need.beside,
            reason: need.reason.map(reader::Said),
        }
    }
}

/// How many more of a kind there are than are listed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MoreNeeds {
    /// The kind.
    #[schema(value_type = fixed::NeedKind)]
    kind: &'static str,
    /// How many more, up to a hundred in all.
    count: u64,
}

/// How a segment has changed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SegmentWeek {
    /// The binding.
    binding: String,
    /// The segment.
    key: String,
    /// Its title.
    #[schema(value_type = described::Localized)]
    title: Localized,
    /// Who was not in it and is now.
    entering: u64,
    /// Who was in it and is no more.
    leaving: u64,
}

/// A campaign with what of its budget is gone.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CampaignSpend {
    /// Id.
    id: Uuid,
    /// Its name.
    name: String,
    /// Spent and held, in minor units.
    used: i64,
    /// The budget, in minor units.
    budget: i64,
}

/// What happened lately.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Happened {
    /// Trips booked yesterday.
    bookings: Option<u64>,
    /// What they come to, less refunds, in minor units.
    amount: Option<i64>,
    /// Customers who were new yesterday.
    new_customers: Option<u64>,
    /// How segments have changed in seven days; those in which nothing moved are left out.
    segments: Vec<SegmentWeek>,
    /// Campaigns that run, the first in line first; twenty at most.
    campaigns: Vec<CampaignSpend>,
    /// How many run in all.
    campaigns_running: u64,
}

/// A trip that begins or ends today.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TripToday {
    /// The booking.
    booking_id: String,
    /// Whose.
    customer_id: Uuid,
    /// By what people know them.
    label: String,
    /// What.
    product: Option<String>,
    /// Where to.
    destination: Option<String>,
    /// First day.
    #[schema(format = Date)]
    departs: Option<String>,
    /// Last day.
    #[schema(format = Date)]
    returns: Option<String>,
    /// How many people.
    travellers: Option<i32>,
}

/// Those whose trips begin or end today.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Travelling {
    /// How many customers.
    customers: u64,
    /// Trips of the first fifty of them.
    trips: Vec<TripToday>,
}

impl From<app::Travelling> for Travelling {
    fn from(found: app::Travelling) -> Self {
        let trip = |trip: app::TripToday| TripToday {
            booking_id: trip.booking_id,
            customer_id: trip.customer_id,
            label: trip.label.label,
            product: trip.product,
            destination: trip.destination,
            departs: trip.departs_on.map(time::day_text),
            returns: trip.returns_on.map(time::day_text),
            travellers: trip.travellers,
        };
        Self {
            customers: found.customers,
            trips: found.trips.into_iter().map(trip).collect(),
        }
    }
}

/// What a day begins with.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Today {
    /// The agency's day.
    #[schema(format = Date, example = "2026-01-15")]
    day: String,
    /// What waits for whoever asks, what is due first first; eight of each kind at most.
    needs: Vec<Need>,
    /// How many more there are, by kind.
    more: Vec<MoreNeeds>,
    /// What happened lately; up to a minute old.
    happened: Happened,
    /// Whose trip begins today.
    departs: Travelling,
    /// Whose trip ends today.
    returns: Travelling,
}

impl From<app::TodayView> for Today {
    fn from(view: app::TodayView) -> Self {
        let more = |(kind, count): (app::NeedKind, u64)| MoreNeeds {
            kind: kind.as_str(),
            count,
        };
        let segment = |change: app::SegmentChange| SegmentWeek {
            binding: change.binding,
            key: change.key,
            title: change.title,
            entering: change.entering,
            leaving: change.leaving,
        };
        let campaign = |spend: app::CampaignSpend| CampaignSpend {
            id: spend.id,
            name: spend.name,
            used: spend.used,
            budget: spend.budget,
        };
        let happened = view.happened;
        Self {
            day: time::day_text(view.day),
            needs: view.needs.into_iter().map(Need::from).collect(),
            more: view.more.into_iter().map(more).collect(),
            happened: Happened {
                bookings: happened.bookings,
                amount: happened.amount,
                new_customers: happened.new_customers,
                segments: happened.segments.into_iter().map(segment).collect(),
                campaigns: happened.campaigns.into_iter().map(campaign).collect(),
                campaigns_running: happened.campaigns_running,
            },
            departs: view.departs.into(),
            returns: view.returns.into(),
        }
    }
}

/// What a day begins with: what waits for whoever asks, what happened, who departs and returns.
///
/// Approvals are there for keys with the scope `approvals`, files and records that belong to nobody for `intake`, webhooks and work in the
/// background for `owner`.
#[utoipa::path(get, path = "/today", tag = "tasks", operation_id = "getToday",
    responses((status = 200, description = "What the day begins with.", body = Today)))]
async fn today(State(front): State<Front>, Auth(caller): Auth) -> Answer<axum::Json<Today>> {
    Ok(axum::Json(front.app().today().of(&caller).await?.into()))
}
