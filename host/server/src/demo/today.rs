//! The campaigns of this season, and who asked for prices since they began. Windows are over some day: every start ends what is over and
//! plans anew what is missing, so that six campaigns are in force on any day.

use super::agreed::Desk;
use super::campaigns::{self, Planned, Stage, WITH_COUPONS};
use super::plugins::Offers;
use super::shop::{ask_now, ask_unknown, askers};
use super::{State, callers, say, seconds};
use crate::output::{Failure, counted};
use posthouse_app::campaigns::CampaignSummary;
use posthouse_app::coupons::{Bearers, NewBatch};
use posthouse_app::team::Caller;
use posthouse_app::{App, AppError};
use posthouse_domain::campaign::{Action, State as Stand};
use posthouse_domain::{Day, time, words};
use std::time::Instant as Moment;
use uuid::Uuid;

/// How many customers ask for a price.
const ASKERS: u32 = 48;
/// How many of them bring a coupon.
const WITH_CODE: usize = 6;
/// How many coupons were handed out at the fair.
const COUPONS: usize = 200;
/// Campaigns that are looked at.
const MOST: usize = 1_000;

/// What a start found or made.
pub(super) struct Season {
    /// Whether any campaign was put into force.
    pub(super) opened: bool,
    /// The campaign that takes coupons.
    pub(super) fair: Option<Uuid>,
}

fn in_force(state: Stand) -> bool {
    matches!(state, Stand::Running | Stand::Paused)
}

fn is_over(state: Stand) -> bool {
    matches!(state, Stand::Ended | Stand::Evaluated)
}

async fn known(app: &App, caller: &Caller) -> Result<Vec<CampaignSummary>, Failure> {
    Ok(app.campaigns().list(caller, (None, None), None, MOST).await?.0)
}

/// Ends what is over, and puts six campaigns into force where fewer are. The place in line says which of them is missing.
pub(super) async fn open(app: &App, state: &State, offers: &Offers) -> Result<Season, Failure> {
    let (planner, approver) = callers(app, state).await?;
    let desk = Desk {
        app,
        planner: &planner,
        approver: &approver,
    };
    desk.group().await?;
    close(&desk).await?;
    let segments = app.segments().list(&planner).await?.into_iter();
    let segments: Vec<String> = segments
        .map(|segment| format!("{}.{}", segment.binding, segment.key))
        .collect();
    let today = planner.room.day_of(app.now());
    let mut season = Season {
        opened: false,
        fair: None,
    };
    for mut planned in campaigns::all(offers, &segments, today) {
        let known = known(app, &planner).await?;
        let place = planned.plan.stacking.priority;
        let takes_coupons = planned.key == WITH_COUPONS;
        let filled = known
            .iter()
            .find(|one| in_force(one.state) && one.plan.stacking.priority == place);
        let id = match filled {
            Some(one) => one.id,
            None => {
                planned.key = free_key(&planned, &known, today);
                season.opened |= planned.stage == Stage::Running;
                desk.carry(planned).await?
            }
        };
        if takes_coupons {
            season.fair = Some(id);
        }
    }
    Ok(season)
}

/// Ends campaigns whose window is over, and rejects plans whose time went by while they waited.
async fn close(desk: &Desk<'_>) -> Result<(), Failure> {
    let now = desk.app.now();
    let late = known(desk.app, desk.planner).await?.into_iter();
    for one in late.filter(|one| one.plan.window.to <= now) {
        let (caller, action, note) = match one.state {
            state if in_force(state) => (desk.planner, Action::End, "活动时间已过 · Its window is over"),
            Stand::Submitted => (desk.approver, Action::Reject, "活动时间已过 · Its time went by"),
            _ => continue,
        };
        match desk
            .app
            .campaigns()
            .step(caller, &one.key, action, Some(note), None)
            .await
        {
            // the host ends campaigns by itself as well
            Ok(_) | Err(AppError::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The key of a campaign, or the next one if that campaign is over: `early-bird`, then `early-bird-2027-05`.
fn free_key(planned: &Planned, known: &[CampaignSummary], today: Day) -> String {
    let month = &time::day_text(today)[..7];
    let later = format!("{}-{month}", planned.key);
    let further = (2..).map(|number| format!("{later}-{number}"));
    let mut keys = [planned.key.clone(), later.clone()].into_iter().chain(further);
    let free = |key: &String| {
        let known = known.iter().find(|one| one.key == *key);
        known.is_none_or(|one| !is_over(one.state) && !in_force(one.state))
    };
    keys.find(free).unwrap_or(later)
}

/// Customers ask for prices, some with a coupon of the fair. Returns a coupon that nobody has used, if new ones were made.
pub(super) async fn ask(app: &App, state: &State, fair: Option<Uuid>) -> Result<Option<String>, Failure> {
    let began = Moment::now();
    let (planner, _) = callers(app, state).await?;
    let mut codes = match fair {
        Some(campaign) => coupons(app, &planner, campaign).await?,
        None => Vec::new(),
    };
    // whoever has a quote of today asked in a start that was interrupted
    let begun = time::start_of_day(planner.room.day_of(app.now()), planner.room.terms.time_zone);
    let askers = askers(app, &planner, state, 2, ASKERS).await?;
    for (place, asker) in askers.iter().enumerate() {
        let code = if place < WITH_CODE { codes.pop() } else { None };
        ask_now(app, &planner, asker, (state.seed, begun, place), code.as_deref()).await?;
    }
    ask_unknown(app, &planner, state.seed).await?;
    let in_force = running(app, &planner).await?.len() as u64;
    say(&words!(
        "{campaigns} in force, {customers} asked for a price, in {seconds} s.",
        "{campaigns}进行中，{customers}询价，用时 {seconds} 秒。",
        campaigns = counted(in_force, "campaign"),
        customers = counted(askers.len() as u64, "customer"),
        seconds = seconds(began)
    ));
    Ok(codes.pop())
}

/// A batch of coupons for whoever brings one. Codes are told once, so one that an interrupted start made is revoked.
async fn coupons(app: &App, caller: &Caller, campaign: Uuid) -> Result<Vec<String>, Failure> {
    let campaign = campaign.to_string();
    let (batches, _) = app.coupons().batches(caller, &campaign, None, 100).await?;
    for batch in batches {
        app.coupons().revoke_batch(caller, &campaign, batch.id).await?;
    }
    let new = NewBatch {
        label: "旅展现场 · At the fair".to_owned(),
        bearers: Bearers::Anyone(COUPONS),
        uses: 1,
        expires_at: None,
    };
    let (_, made) = app.coupons().make(caller, &campaign, new).await?;
    Ok(made.into_iter().map(|made| made.code).collect())
}

/// Keys of the campaigns in force.
pub(super) async fn running(app: &App, caller: &Caller) -> Result<Vec<String>, Failure> {
    let (running, _) = app.campaigns().list(caller, (Some("running"), None), None, 100).await?;
    let mut keys: Vec<(i32, String)> = running
        .into_iter()
        .map(|campaign| (campaign.plan.stacking.priority, campaign.key))
        .collect();
    keys.sort();
    Ok(keys.into_iter().map(|(_, key)| key).collect())
}
