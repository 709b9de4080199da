//! Two years of a loyalty programme, day by day on a clock that is turned: customers join, their trips earn, points become active and are over,
//! tiers rise and fall.

use super::last_year::Hands;
use super::{SOURCE, State, events, say, seconds, write};
use crate::config::Config;
use crate::house;
use crate::output::Failure;
use posthouse_app::App;
use posthouse_app::intake::MOST_EVENTS;
use posthouse_app::loyalty::{Enrol, LOYALTY, MAIN, Programme};
use posthouse_app::profiles::Browse;
use posthouse_app::rules::{Activation, PluginView};
use posthouse_app::samples::story;
use posthouse_app::team::Caller;
use posthouse_domain::{Day, Localized, time, words};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// How long the programme has been running, in days.
const DAYS: Day = 730;
/// Most members.
const MEMBERS: usize = 48;
/// After how many days at most a customer is asked to join.
const LATEST: Day = 240;
/// Days after which it is written down how far it has come.
const KEPT_EVERY: Day = 60;

/// What happens on a day: what is told of customers, and who joins, by an identity.
#[derive(Default)]
struct Today {
    told: Vec<Value>,
    join: Vec<String>,
}

fn day_of(event: &Value) -> Option<Day> {
    time::parse_day(event["occurred_at"].as_str()?.get(..10)?)
}

/// What happens on each day from the first on; what was before is told on the first.
fn days(state: &State, first: Day) -> (BTreeMap<Day, Today>, usize) {
    let mut days: BTreeMap<Day, Today> = BTreeMap::from([(first, Today::default()), (state.today, Today::default())]);
    let mut members = 0;
    for number in 0..state.customers {
        let told = story(SOURCE, state.seed, number, state.today);
        let booked = told.iter().filter(|event| event["type"] == "booking.confirmed");
        let lately = booked.filter_map(day_of).find(|day| *day >= first);
        let identity = told
            .first()
            .and_then(|event| event["customer"]["identities"][0]["value"].as_str());
        let (Some(booked), Some(identity)) = (lately, identity.map(str::to_owned)) else {
            continue;
        };
        // some are asked when they book, others later
        let joins = (booked + Day::from(number as u16 % 5) * LATEST / 4).min(state.today);
        days.entry(joins).or_default().join.push(identity);
        for event in told {
            let day = day_of(&event).unwrap_or(first).clamp(first, state.today);
            days.entry(day).or_default().told.push(event);
        }
        members += 1;
        if members == MEMBERS {
            break;
        }
    }
    (days, members)
}

/// Runs the programme up to today, unless an earlier start did, before anything else is told.
pub(super) async fn live(
    config: &Config,
    state: &mut State,
    path: &Path,
    uploaded: &[PluginView],
) -> Result<(), Failure> {
    let digest = |name: &str| {
        uploaded
            .iter()
            .find(|plugin| plugin.name == name)
            .map(|plugin| &plugin.digest)
    };
    let (Some(points), Some(referrals)) = (digest("points-and-tiers"), digest("referral-rewards")) else {
        return Ok(());
    };
    let (began, first) = (Instant::now(), state.today - DAYS);
    let (days, members) = days(state, first);
    let hands = Arc::new(Hands::at(evening(state.members_until.unwrap_or(first))));
    let app = house::open_at(config, hands.clone(), None).await?;
    let caller = app.team().authenticate(&state.api_key).await?;
    begin(&app, &caller, first).await?;
    // an agency whose guests travel about once a year asks less for its tiers, and lets points last for a year and a half
    let terms = json!({"silver": 12_000, "gold": 36_000, "platinum": 90_000, "expire_months": 18});
    bind(&app, &caller, MAIN, points, terms).await?;
    bind(&app, &caller, "referral", referrals, json!({})).await?;
    let now = house::clock(&config.clock)?.now();
    let mut kept = state.members_until.unwrap_or(first);
    for (day, today) in days.range(kept..) {
        // never ahead of the clock that the demo goes on with
        hands.set(evening(*day).min(now));
        for batch in today.told.chunks(MOST_EVENTS) {
            events(&app, &caller, batch).await?;
        }
        for identity in &today.join {
            join(&app, &caller, identity).await?;
        }
        app.loyalty().catch_up(&caller).await?;
        if *day - kept >= KEPT_EVERY || *day == state.today {
            kept = *day;
            state.members_until = Some(kept);
            write(path, state)?;
        }
    }
    app.stop().await;
    say(&words!(
        "{members} members have two years of miles behind them, in {seconds} s.",
        "{members} 位会员两年的里程已记入，用时 {seconds} 秒。",
        seconds = seconds(began)
    ));
    Ok(())
}

/// Eight in the evening in Shanghai, when everything of the day has happened.
fn evening(day: Day) -> i64 {
    i64::from(day) * time::DAY_MILLIS + 12 * 3_600_000
}

async fn begin(app: &App, caller: &Caller, since: Day) -> Result<(), Failure> {
    if app.loyalty().programme(caller).await?.is_none() {
        let terms = Programme {
            name: Localized::new("里程", "miles"),
            enrol: Enrol::OnRequest,
            value_of_100: 100,
            return_grace_days: 30,
            since,
            updated_at: 0,
        };
        app.loyalty().put_programme(caller, &terms).await?;
    }
    Ok(())
}

async fn bind(app: &App, caller: &Caller, name: &str, digest: &str, config: Value) -> Result<(), Failure> {
    let bindings = app.bindings().list(caller).await?;
    let is_there = bindings
        .iter()
        .any(|binding| binding.extension_point == LOYALTY && binding.name == name);
    if !is_there {
        let activation = Activation {
            digest: digest.to_owned(),
            config,
            grant: None,
        };
        app.loyalty().activate(caller, name, &activation, None).await?;
    }
    Ok(())
}

/// Makes a member of whoever is known by this.
async fn join(app: &App, caller: &Caller, identity: &str) -> Result<(), Failure> {
    let browse = Browse {
        q: Some(identity.to_owned()),
        limit: 1,
        ..Browse::default()
    };
    let found = app.profiles().browse(caller, &browse).await?;
    if let Some(row) = found.rows.first() {
        app.loyalty().enrol(caller, row.summary.id).await?;
    }
    Ok(())
}
