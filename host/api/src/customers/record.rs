//! One customer's trips and offers, and where they stand among all.

use crate::Front;
use crate::calls::Calls;
use crate::extract::{Auth, Path, Query};
use crate::fixed;
use crate::page::{At, Page};
use axum::extract::State;
use posthouse_app::profiles as app;
use posthouse_app::quotes::{QuoteFilter, QuoteView, Saved};
use posthouse_app::team::Scope;
use posthouse_domain::{time, words};
use posthouse_web::problem::{Answer, Problem};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Read], routes!(bookings))
        .open_to(&[Scope::Read], routes!(quotes))
        .open_to(&[Scope::Read], routes!(standing))
}

/// What a campaign took off.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BookingSaving {
    /// The campaign.
    campaign_id: Uuid,
    /// Its name.
    campaign: String,
    /// In minor units, less what came back.
    amount: i64,
}

impl From<Saved> for BookingSaving {
    fn from(saved: Saved) -> Self {
        Self {
            campaign_id: saved.campaign,
            campaign: saved.name,
            amount: saved.amount,
        }
    }
}

/// A booking of a customer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CustomerBooking {
    /// CustomerBooking id.
    id: String,
    /// Where it stands.
    #[schema(value_type = fixed::BookingStatus)]
    status: &'static str,
    /// The day it was booked, or first heard of.
    #[schema(format = Date, example = "2026-01-10")]
    booked_on: String,
    /// What.
    product: Option<String>,
    /// Where to.
    destination: Option<String>,
    /// What it is about.
    theme: Option<String>,
    /// First day.
    #[schema(format = Date)]
    departs: Option<String>,
    /// Last day.
    #[schema(format = Date)]
    returns: Option<String>,
    /// How many people.
    travellers: Option<i32>,
    /// What was agreed, in minor units.
    amount: Option<i64>,
    /// What was paid back of it, in minor units.
    refunded: Option<i64>,
    /// Where it was booked.
    channel: Option<String>,
    /// What campaigns took off it, if it was confirmed with a quote.
    savings: Vec<BookingSaving>,
}

impl From<app::BookingView> for CustomerBooking {
    fn from(view: app::BookingView) -> Self {
        Self {
            id: view.id,
            status: view.status.as_str(),
            booked_on: time::day_text(view.booked_on),
            product: view.product,
            destination: view.destination,
            theme: view.theme,
            departs: view.departs_on.map(time::day_text),
            returns: view.returns_on.map(time::day_text),
            travellers: view.travellers,
            amount: view.amount,
            refunded: view.refunded,
            channel: view.channel,
            savings: view.savings.into_iter().map(BookingSaving::from).collect(),
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PageQuery {
    /// Items of the page, 1 to 1000; 100 if left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Bookings of a customer, the latest booked first.
#[utoipa::path(get, path = "/customers/{id}/bookings", tag = "profiles", operation_id = "listBookings",
    params(("id" = Uuid, Path, description = "Id of the customer."), PageQuery),
    responses((status = 200, description = "A page of bookings.", body = Page<CustomerBooking>)))]
async fn bookings(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
    Query(query): Query<PageQuery>,
) -> Answer<axum::Json<Page<CustomerBooking>>> {
    let limit = front.limit(query.limit)?;
    let profiles = front.app().profiles();
    Ok(axum::Json(Page::of(
        profiles.bookings(&caller, id, query.cursor.as_deref(), limit).await?,
    )))
}

/// A quote of a customer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CustomerQuote {
    /// Id, as in `GET /quotes/{id}`.
    id: Uuid,
    /// `open`, `confirmed`, `released` or `expired`.
    #[schema(value_type = fixed::QuoteState)]
    state: String,
    /// List price of everything, in minor units.
    list_price: i64,
    /// Price after all savings, in minor units.
    price: i64,
    /// When it was made.
    at: At,
    /// Until when it holds what it takes.
    expires_at: At,
    /// The booking it was confirmed with.
    booking_id: Option<String>,
}

impl From<QuoteView> for CustomerQuote {
    fn from(view: QuoteView) -> Self {
        Self {
            id: view.id,
            state: view.state,
            list_price: view.list_price,
            price: view.price,
            at: view.at.into(),
            expires_at: view.expires_at.into(),
            booking_id: view.booking_id,
        }
    }
}

/// Quotes of a customer, the latest first.
#[utoipa::path(get, path = "/customers/{id}/quotes", tag = "profiles", operation_id = "listCustomerQuotes",
    params(("id" = Uuid, Path, description = "Id of the customer."), PageQuery),
    responses((status = 200, description = "A page of quotes.", body = Page<CustomerQuote>)))]
async fn quotes(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
    Query(query): Query<PageQuery>,
) -> Answer<axum::Json<Page<CustomerQuote>>> {
    let limit = front.limit(query.limit)?;
    let before = query.cursor.as_deref().map(id_cursor).transpose()?;
    front.app().profiles().version(&caller, id).await?;
    let filter = QuoteFilter { customer: Some(id) };
    let (views, next) = front.app().quotes().list(&caller, filter, before, limit).await?;
    Ok(axum::Json(Page::of((views, next.map(|next| next.to_string())))))
}

/// The quote that a page comes before.
fn id_cursor(text: &str) -> Answer<Uuid> {
    let bad = |_| {
        Problem::unprocessable(
            "bad_cursor",
            words!(
                "the cursor is not one of this list; start again without it",
                "游标不属于此列表；请去掉游标重新开始"
            ),
        )
    };
    Uuid::try_parse(text).map_err(bad)
}

/// What was booked in a month.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BookedMonth {
    /// Such as `2026-01`.
    #[schema(example = "2026-01")]
    month: String,
    /// Trips.
    bookings: u64,
    /// What they come to, less refunds, in minor units.
    amount: Option<i64>,
}

/// A place among all customers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SpendPlace {
    /// 1 for the first; those who spent the same share a place.
    place: u64,
    /// Of how many.
    customers: u64,
    /// The place in hundredths of all customers, rounded up: 8 is the top 8 %.
    percent: u64,
}

/// Where a customer stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CustomerStanding {
    /// Trips by the month they were booked in: twelve, the present one last.
    months: Vec<BookedMonth>,
    /// The place by spend in two years; `null` for somebody who spent nothing.
    spend: Option<SpendPlace>,
}

/// Where a customer stands: trips by month for a year, and the place among all by spend in two years.
#[utoipa::path(get, path = "/customers/{id}/standing", tag = "profiles", operation_id = "getStanding",
    params(("id" = Uuid, Path, description = "Id of the customer.")),
    responses((status = 200, description = "Where the customer stands.", body = CustomerStanding)))]
async fn standing(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
) -> Answer<axum::Json<CustomerStanding>> {
    let found = front.app().profiles().standing(&caller, id).await?;
    let month = |month: app::Month| BookedMonth {
        month: month.month,
        bookings: month.bookings,
        amount: month.amount,
    };
    Ok(axum::Json(CustomerStanding {
        months: found.months.into_iter().map(month).collect(),
        spend: found.spend.map(|spend| SpendPlace {
            place: spend.place,
            customers: spend.customers,
            percent: spend.percent,
        }),
    }))
}
