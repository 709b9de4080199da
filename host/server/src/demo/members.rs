//! Two years of a loyalty programme, day by day on a clock that is turned: customers join, their trips earn, points become active and are over,
//! tiers rise and fall.

use super::last_year::Hands;
use super::{SOURCE, State, events, say, seconds, write};
use crate::config::Config;
use crate::house;
use crate::output::Failure;
use posthouse_app::App;
use posthouse_app::intake::MOST_EVENTS;
use posthouse_app::loyalty::{
    Adjust, Enrol, LOYALTY, MAIN, MemberFilter, MemberOrder, NewReward, Programme, RewardKind, RewardTerms,
};
use posthouse_app::profiles::Browse;
use posthouse_app::rules::{Activation, PluginView};
use posthouse_app::samples::story;
use posthouse_app::team::Caller;
use posthouse_domain::loyalty::Wallet;
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
/// A reward: key, kind, title, price and pieces.
type Reward = (&'static str, RewardKind, (&'static str, &'static str), i64, Option<i64>);
/// What points are spent on. The first three are ordered.
const REWARDS: [Reward; 5] = [
    (
        "travel-pillow",
        RewardKind::Gift,
        ("旅行颈枕", "Travel pillow"),
        2_000,
        Some(60),
    ),
    (
        "city-walk",
        RewardKind::Sightseeing,
        ("老城半日漫步", "Half a day in the old town"),
        3_500,
        None,
    ),
    (
        "airport-lounge",
        RewardKind::Upgrade,
        ("机场贵宾厅", "Airport lounge"),
        9_000,
        Some(40),
    ),
    (
        "tea-evening",
        RewardKind::Invitation,
        ("茶会邀请", "An evening of tea"),
        1_200,
        Some(24),
    ),
    (
        "hundred-off",
        RewardKind::MoneyOff,
        ("报价立减 100 元", "100 yuan off a quote"),
        10_000,
        None,
    ),
];
/// Every so many days on which something happens somebody spends points.
const SPENT_EVERY: usize = 9;
/// After how many days at most a customer is asked to join.
const LATEST: Day = 240;
/// Days after which it is written down how far it has come.
const KEPT_EVERY: Day = 60;

/// Who joins: an identity, and whether they had never booked before.
type Joiner = (String, bool);

/// What happens on a day: what is told of customers, and who joins.
#[derive(Default)]
struct Today {
    told: Vec<Value>,
    join: Vec<Joiner>,
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
        let booked: Vec<Day> = booked.filter_map(day_of).collect();
        let lately = booked.iter().copied().find(|day| *day >= first);
        let is_new = booked.first().is_some_and(|day| *day > first);
        let identity = told
            .first()
            .and_then(|event| event["customer"]["identities"][0]["value"].as_str());
        let (Some(booked), Some(identity)) = (lately, identity.map(str::to_owned)) else {
            continue;
        };
        // guests who are new are asked when they book, some others later
        let later = if is_new {
            0
        } else {
            Day::from(number as u16 % 5) * LATEST / 4
        };
        let joins = (booked + later).min(state.today);
        days.entry(joins).or_default().join.push((identity, is_new));
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
    let mut codes = Vec::new();
    let mut kept = state.members_until.unwrap_or(first);
    for (turn, (day, today)) in days.range(kept..).enumerate() {
        // never ahead of the clock that the demo goes on with
        hands.set(evening(*day).min(now));
        for batch in today.told.chunks(MOST_EVENTS) {
            events(&app, &caller, batch).await?;
        }
        for joiner in &today.join {
            join(&app, &caller, joiner, &mut codes).await?;
        }
        app.loyalty().catch_up(&caller).await?;
        if turn % SPENT_EVERY == SPENT_EVERY - 1 || *day == state.today {
            spend(
                &app,
                &caller,
                turn / SPENT_EVERY,
                state.today - *day < SPENT_EVERY as Day,
            )
            .await?;
        }
        if *day - kept >= KEPT_EVERY || *day == state.today {
            kept = *day;
            state.members_until = Some(kept);
            write(path, state)?;
        }
    }
    ask(&app, &caller).await?;
    app.stop().await;
    say(&words!(
        "{members} members have two years of points behind them, in {seconds} s.",
        "{members} 位会员两年的积分已记入，用时 {seconds} 秒。",
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
            name: Localized::new("积分", "points"),
            enrol: Enrol::OnRequest,
            value_of_100: 100,
            return_grace_days: 30,
            transfer_per_day: 20_000,
            adjust_limits: BTreeMap::from([("sales".to_owned(), 2_000)]),
            referrals_per_year: 20,
            since,
            updated_at: 0,
            version: 0,
        };
        app.loyalty().put_programme(caller, &terms, None).await?;
    }
    let known = app.loyalty().rewards(caller).await?;
    for (key, kind, title, points, stock) in REWARDS {
        if known.iter().any(|reward| reward.key == key) {
            continue;
        }
        let mut tier_points = BTreeMap::new();
        if kind == RewardKind::Upgrade {
            tier_points.extend([
                ("member".to_owned(), None),
                ("platinum".to_owned(), Some(points * 2 / 3)),
            ]);
        }
        let new = NewReward {
            key: key.to_owned(),
            kind,
            campaign: None,
            terms: RewardTerms {
                title: Localized::new(title.0, title.1),
                points,
                tier_points,
                stock,
                per_member: None,
                from: None,
                until: None,
                worth: (kind == RewardKind::MoneyOff).then_some(10_000),
                is_offered: true,
            },
        };
        app.loyalty().create_reward(caller, &new).await?;
    }
    Ok(())
}

/// Somebody who has much spends some of it; what was ordered is handed out, but for the latest.
async fn spend(app: &App, caller: &Caller, turn: usize, is_last: bool) -> Result<(), Failure> {
    let richest = MemberFilter {
        order: MemberOrder::Points,
        ..MemberFilter::default()
    };
    let (members, _) = app.loyalty().members(caller, &richest, None, 12).await?;
    let Some(member) = members.get(turn % members.len().max(1)) else {
        return Ok(());
    };
    let key = REWARDS[turn % 3].0;
    let price = app.loyalty().reward(caller, key).await?;
    let price = price.price(member.tier.as_ref().map(|tier| tier.key.as_str()));
    if price.is_none_or(|points| points > member.points.available) {
        return Ok(());
    }
    let order = app.loyalty().redeem(caller, member.customer, key).await?;
    if !is_last {
        app.loyalty().fulfil(caller, order.id, None).await?;
    }
    Ok(())
}

/// What waits for another person to agree.
async fn ask(app: &App, caller: &Caller) -> Result<(), Failure> {
    let loyalty = app.loyalty();
    let (waiting, _) = loyalty.adjustments(caller, (Some("waiting"), None), None, 1).await?;
    let (members, _) = loyalty.members(caller, &MemberFilter::default(), None, 9).await?;
    if let (true, Some(member)) = (waiting.is_empty(), members.last()) {
        let what = Adjust::Wallet(Wallet::Points, 1_500, None);
        let why = "航班延误的补偿，已与客人说好 · For a delayed flight, as agreed with the guest";
        loyalty.adjust(caller, member.customer, &what, why).await?;
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

/// Makes a member of whoever is known by this; guests who are new were sent by another member, and so says one who is not.
async fn join(app: &App, caller: &Caller, (identity, is_new): &Joiner, codes: &mut Vec<String>) -> Result<(), Failure> {
    let browse = Browse {
        q: Some(identity.clone()),
        limit: 1,
        ..Browse::default()
    };
    let found = app.profiles().browse(caller, &browse).await?;
    let Some(row) = found.rows.first() else { return Ok(()) };
    let (loyalty, customer) = (app.loyalty(), row.summary.id);
    if (*is_new && !codes.is_empty()) || codes.len() == 20 {
        loyalty.refer(caller, &codes[codes.len() / 2], customer).await?;
    }
    let (_, member) = loyalty.enrol(caller, customer).await?;
    codes.push(member.referral_code);
    Ok(())
}
