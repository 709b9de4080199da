//! The campaigns of the demo's day, and who asked for prices since they began.

use super::agreed::Desk;
use super::campaigns::{self, WITH_COUPONS};
use super::plugins::Offers;
use super::shop::{ask_now, ask_unknown, askers};
use super::{State, callers};
use crate::cli::{Failure, counted};
use posthouse_app::App;
use posthouse_app::coupons::{Bearers, NewBatch};
use posthouse_app::team::Caller;
use std::time::Instant as Moment;
use uuid::Uuid;

/// How many customers ask for a price.
const ASKERS: u32 = 48;
/// How many of them bring a coupon.
const WITH_CODE: usize = 6;
/// How many coupons were handed out at the fair.
const COUPONS: usize = 200;

/// Plans all campaigns, puts six into force, and asks for quotes. Returns a coupon that nobody has used.
pub(super) async fn open(app: &App, state: &State, offers: &Offers) -> Result<Option<String>, Failure> {
    let began = Moment::now();
    let (planner, approver) = callers(app, state).await?;
    let desk = Desk {
        app,
        planner: &planner,
        approver: &approver,
    };
    desk.group().await?;
    let segments = app.segments(&planner).await?.into_iter();
    let segments: Vec<String> = segments
        .map(|segment| format!("{}.{}", segment.binding, segment.key))
        .collect();
    let today = planner.room.day_of(app.now());
    let mut fair = None;
    for planned in campaigns::all(offers, &segments, today) {
        let takes_coupons = planned.key == WITH_COUPONS;
        let id = desk.carry(planned).await?;
        if takes_coupons {
            fair = Some(id);
        }
    }
    let mut codes = match fair {
        Some(campaign) => coupons(app, &planner, campaign).await?,
        None => Vec::new(),
    };
    // whoever has a quote of today asked in a start that was interrupted
    let begun = posthouse_domain::time::start_of_day(today, planner.room.terms.time_zone);
    let askers = askers(app, &planner, state, 2, ASKERS).await?;
    for (place, asker) in askers.iter().enumerate() {
        let code = if place < WITH_CODE { codes.pop() } else { None };
        ask_now(app, &planner, asker, (state.seed, begun, place), code.as_deref()).await?;
    }
    ask_unknown(app, &planner, state.seed).await?;
    let in_force = running(app, &planner).await?.len() as u64;
    eprintln!(
        "{} in force, {} asked for a price, in {:.1} s.",
        counted(in_force, "campaign"),
        counted(askers.len() as u64, "customer"),
        began.elapsed().as_secs_f64()
    );
    Ok(codes.pop())
}

/// A batch of coupons for whoever brings one. Codes are told once, so one that an interrupted start made is revoked.
async fn coupons(app: &App, caller: &Caller, campaign: Uuid) -> Result<Vec<String>, Failure> {
    let campaign = campaign.to_string();
    let (batches, _) = app.coupon_batches(caller, &campaign, None, 100).await?;
    for batch in batches {
        app.revoke_batch(caller, &campaign, batch.id).await?;
    }
    let new = NewBatch {
        label: "旅展现场 · At the fair".to_owned(),
        bearers: Bearers::Anyone(COUPONS),
        uses: 1,
        expires_at: None,
    };
    let (_, made) = app.make_coupons(caller, &campaign, new).await?;
    Ok(made.into_iter().map(|made| made.code).collect())
}

/// Keys of the campaigns in force.
pub(super) async fn running(app: &App, caller: &Caller) -> Result<Vec<String>, Failure> {
    let (running, _) = app.campaigns(caller, (Some("running"), None), None, 100).await?;
    let mut keys: Vec<(i32, String)> = running
        .into_iter()
        .map(|campaign| (campaign.plan.stacking.priority, campaign.key))
        .collect();
    keys.sort();
    Ok(keys.into_iter().map(|(_, key)| key).collect())
}
