//! Campaigns, from the plan to the lessons.

mod amendments;
mod calendar;
mod coupons;
mod drafting;
mod groups;
mod list;
mod plan;
mod record;
mod steps;
mod tabs;
mod told;
mod work;

use crate::Desk;
use crate::fault::Answer;
use crate::ui::Ui;
use axum::Router;
use axum::routing::{get, post};
use posthouse_app::AppError;
use posthouse_app::campaigns::CampaignSummary;
use posthouse_app::team::{Caller, Scope, Session};
use posthouse_domain::campaign::{State, Window};
use posthouse_domain::time::day_of;
use posthouse_domain::{Day, Rejection};

pub(crate) use told::state_class;

pub(crate) fn routes() -> Router<Desk> {
    Router::new()
        .route("/campaigns", get(list::list).post(plan::create))
        .route("/campaigns/calendar", get(calendar::calendar))
        .route("/campaigns/groups", get(groups::groups).post(groups::define))
        .route("/campaigns/groups/{key}/delete", post(groups::delete))
        .route("/campaigns/codes", get(coupons::ask).post(coupons::look_up))
        .route("/campaigns/codes/revoke", post(coupons::revoke))
        .route("/campaigns/new", get(plan::new))
        .route("/campaigns/check", post(plan::check))
        .route("/campaigns/{id}", get(record::record))
        .route("/campaigns/{id}/version", get(record::version))
        .route("/campaigns/{id}/plan", get(plan::edit).post(plan::change))
        .route("/campaigns/{id}/steps/{action}", post(steps::step))
        .route("/campaigns/{id}/tasks", post(work::add))
        .route("/campaigns/{id}/tasks/{task}/{state}", post(work::set))
        .route(
            "/campaigns/{id}/amendments/{number}/{decision}",
            post(amendments::decide),
        )
        .route("/campaigns/{id}/coupons", post(coupons::make))
        .route("/campaigns/{id}/coupons/{batch}/revoke", post(coupons::revoke_batch))
}

/// Scopes of which any opens the room.
const READERS: [Scope; 3] = [Scope::Campaigns, Scope::Approvals, Scope::Read];

/// Passes who may read campaigns.
fn may_read(caller: &Caller) -> Answer<()> {
    if READERS.iter().any(|scope| caller.may(*scope).is_ok()) {
        return Ok(());
    }
    Ok(caller.may(Scope::Read)?)
}

/// What somebody may do here; what they may not is not drawn.
#[derive(Debug, Clone, Copy)]
struct May {
    plan: bool,
    approve: bool,
    quote: bool,
    read: bool,
    grant: bool,
}

impl May {
    fn of(session: &Session) -> Self {
        let may = |scope| session.caller.may(scope).is_ok();
        Self {
            plan: may(Scope::Campaigns),
            approve: may(Scope::Approvals),
            quote: may(Scope::Quotes),
            read: may(Scope::Read),
            grant: may(Scope::Grants),
        }
    }
}

/// The first and the last day of a window.
fn days_of(window: Window, ui: Ui) -> (Day, Day) {
    (day_of(window.from, ui.zone), day_of(window.to - 1, ui.zone))
}

/// What is left until a campaign ends, or until it begins, in words.
fn left(campaign: &CampaignSummary, ui: Ui) -> Option<String> {
    let (first, last) = days_of(campaign.plan.window, ui);
    let today = ui.today();
    if matches!(campaign.state, State::Ended | State::Evaluated) {
        return None;
    }
    let said = match () {
        () if today < first => ui.say("campaigns-begins-in").count("days", first - today),
        () if today <= last => ui.say("campaigns-days-left").count("days", last - today + 1),
        () => ui.say("campaigns-window-over"),
    };
    Some(said.to_string())
}

/// What is wrong with what somebody sent, if they can put it right.
fn refusal(error: AppError) -> Result<Rejection, crate::fault::Fault> {
    match error {
        AppError::Invalid(why) | AppError::Conflict(why) | AppError::Denied(why) => Ok(why),
        AppError::Missing(words) => Ok(Rejection::new("not_found", words)),
        other => Err(other.into()),
    }
}
