//! Seeing beforehand: a rule that is played over the past comes to what it posted in earnest, and another one to what it would have.

use super::by_hand::{code, event};
use super::{DAY, TODAY, club, follow};
use crate::App;
use crate::jobs::{Done, Job, JobRow, Lane};
use crate::loyalty::{MAIN, Play, PreviewRequest, PreviewView};
use crate::team::Caller;
use crate::testing::{Clocks, NOW, on_both_engines};
use posthouse_domain::{Clock as _, Day};
use posthouse_store::loyalty as store;
use posthouse_store::{Access, Store};
use posthouse_tests::guest::{LoyaltyGuest, Post};
use posthouse_tests::plugins::packed;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

on_both_engines!(
    what_is_in_force_is_foreseen_as_it_came,
    a_rule_that_fails_is_played_no_further,
    a_preview_is_one_at_a_time_and_can_be_ended,
);

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Days that are lived through.
const DAYS: Day = 600;

/// Two years of a few members, lived day by day. What is paid back or called off is so before the trip: later it would have counted for a tier.
async fn live(app: &App, clocks: &Clocks, caller: &Caller) {
    let mut dice = Dice(14);
    let mut happens: BTreeMap<Day, Vec<Value>> = BTreeMap::new();
    for member in 0..8 {
        let member = format!("M{member}");
        for trip in 0..6 {
            let booked = TODAY + dice.below(480) as Day;
            let over = booked + 3 + dice.below(90) as Day;
            let amount = 100_000 * (1 + dice.below(60));
            let id = trip.to_string();
            let mut put = |day: Day, kind: &str, data: Value| {
                happens
                    .entry(day)
                    .or_default()
                    .push(event(&member, &id, kind, day, data));
            };
            put(booked, "confirmed", json!({"amount": amount, "theme": "culture"}));
            match dice.below(6) {
                0 => put(booked + 2, "cancelled", json!({})),
                1 => {
                    put(booked + 1, "refunded", json!({"amount": amount / 3}));
                    put(over, "completed", json!({}));
                }
                _ => put(over, "completed", json!({})),
            }
        }
    }
    for day in TODAY..TODAY + DAYS {
        let now = NOW + i64::from(day - TODAY) * DAY;
        clocks.business.set(now);
        clocks.machine.set(now);
        if let Some(events) = happens.remove(&day) {
            let answer = app.intake().accept(caller, &events).await.expect("an answer");
            assert!(answer.rejected.is_empty(), "{answer:?}");
            follow(app, caller).await;
        }
        app.loyalty().turn_day(&caller.room).await.expect("the day is turned");
    }
    assert!(happens.is_empty());
}

/// What the host does when the preview is due.
async fn play(app: &App, caller: &Caller, id: Uuid) -> PreviewView {
    let job = JobRow {
        agency_id: caller.room.id,
        kind: Play::KIND.to_owned(),
        key: id.to_string(),
        lane: Lane::Work,
        due: 0,
        version: 1,
        attempts: 1,
    };
    assert_eq!(Play::run(app, &job).await.expect("it is played"), Done::Over);
    app.loyalty().preview(caller, id).await.expect("a preview")
}

fn request(digest: &str, config: Value, days: Day) -> PreviewRequest {
    PreviewRequest {
        binding: MAIN.to_owned(),
        digest: digest.to_owned(),
        config,
        days,
    }
}

async fn digest(app: &App, caller: &Caller) -> String {
    let bound = app.bindings().list(caller).await.expect("bindings");
    bound.into_iter().find(|one| one.name == MAIN).expect("a rule").digest
}

async fn what_is_in_force_is_foreseen_as_it_came(store: Store) {
    let (app, clocks, caller) = club(&store, "foreseen", packed("points-and-tiers")).await;
    live(&app, &clocks, &caller).await;
    let (agency, digest) = (caller.room.id, digest(&app, &caller).await);
    let mut tx = app.store.read(Access::Agency(agency)).await.expect("a transaction");
    let played = store::played_behind(&mut tx, agency, Uuid::nil(), 100)
        .await
        .expect("members");
    let ids: Vec<Uuid> = played.iter().map(|row| row.customer_id).collect();
    let members = store::members(&mut tx, agency, &ids).await.expect("members");
    let lots = store::lots_apart_from(&mut tx, agency, ("none", Day::MIN), &ids)
        .await
        .expect("lots");
    drop(tx);
    let points = lots
        .iter()
        .map(|row| &row.lot)
        .filter(|lot| lot.wallet.as_str() == "points");
    let (given, left) = points.fold((0, 0), |(given, left), lot| {
        (given + lot.issued - lot.reversed, left + lot.left)
    });
    let mut stand: BTreeMap<String, u64> = BTreeMap::new();
    for row in &members {
        *stand.entry(row.tier.clone().expect("a tier")).or_default() += 1;
    }
    assert!(stand.len() > 2 && given > 100_000, "{stand:?} {given}");

    let before = entries(&app, &caller, &ids).await;
    let asked = request(&digest, json!({}), DAYS);
    let begun = app
        .loyalty()
        .begin_preview(&caller, &asked)
        .await
        .expect("it is under way");
    assert_eq!((begun.state.as_str(), begun.members), ("waiting", 8));
    let same = play(&app, &caller, begun.id).await;
    assert_eq!((same.state.as_str(), same.done, same.problem), ("done", 8, None));
    let result = same.result.expect("a result");
    assert!(result.compared);
    assert_eq!((result.points.now, result.points.then), (given, given));
    assert_eq!((result.outstanding.now, result.outstanding.then), (left, left));
    let foreseen: BTreeMap<String, u64> = result
        .tiers
        .iter()
        .filter(|tier| tier.then > 0)
        .map(|tier| (tier.key.clone(), tier.then))
        .collect();
    assert_eq!(foreseen, stand);
    assert_eq!((result.changed, result.failed, result.sample.len()), (0, 0, 0));
    assert_eq!(result.months.iter().map(|month| month.points.then).sum::<i64>(), given);

    // twice as much for a point: half as many, and nobody's tier is another
    let asked = request(&digest, json!({"per_point": 200}), DAYS);
    let begun = app
        .loyalty()
        .begin_preview(&caller, &asked)
        .await
        .expect("it is under way");
    let half = play(&app, &caller, begun.id).await.result.expect("a result");
    assert_eq!((half.points.now, half.changed), (given, 0));
    assert!((given / 2 - half.points.then).abs() < 100, "{:?}", half.points);
    assert_eq!(half.sample.len(), 8);
    // 100 points are CNY 1, and nothing has ended yet but by its day
    assert_eq!(half.value.then, half.outstanding.then);
    assert!(half.cost.then <= half.value.then);

    // tiers that take less
    let asked = request(&digest, json!({"silver": 1, "gold": 2, "platinum": 3}), DAYS);
    let begun = app
        .loyalty()
        .begin_preview(&caller, &asked)
        .await
        .expect("it is under way");
    let view = play(&app, &caller, begun.id).await;
    let high = view.result.expect("a result");
    let platinum = high.tiers.iter().find(|tier| tier.key == "platinum").expect("a tier");
    assert_eq!(
        (platinum.then, high.tiers.last().expect("tiers").key.as_str()),
        (8, "platinum")
    );
    assert_eq!(high.changed, 8 - platinum.now);
    let first = &high.sample[0];
    assert_eq!(first.to.as_deref(), Some("platinum"));
    assert!(first.reason.is_some() && view.labels.contains_key(&first.customer));
    assert_eq!(entries(&app, &caller, &ids).await, before, "nothing was posted");
}

async fn entries(app: &App, caller: &Caller, ids: &[Uuid]) -> Vec<i64> {
    let agency = caller.room.id;
    let mut tx = app.store.read(Access::Agency(agency)).await.expect("a transaction");
    let members = store::members(&mut tx, agency, ids).await.expect("members");
    members.iter().map(|row| row.entries).collect()
}

async fn a_rule_that_fails_is_played_no_further(store: Store) {
    let (app, _, caller) = club(&store, "unforeseen", packed("points-and-tiers")).await;
    let book = async |numbers: std::ops::Range<usize>| {
        let one = |n: usize| {
            let (member, data) = (format!("M{}", n % 20), json!({"amount": 100}));
            event(&member, &n.to_string(), "confirmed", TODAY - 9, data)
        };
        let events: Vec<Value> = numbers.map(one).collect();
        let answer = app.intake().accept(&caller, &events).await.expect("an answer");
        assert!(answer.rejected.is_empty(), "{answer:?}");
        follow(&app, &caller).await;
    };
    let guest = LoyaltyGuest {
        facts: vec![],
        reasons: vec![("welcome".into(), "hello".into())],
        before_earn: LoyaltyGuest::at_amount(100, "(unreachable)"),
        postings: vec![Post::points(5)],
        ..LoyaltyGuest::default()
    };
    let uploaded = app.plugins().upload(&caller, guest.build().into()).await;
    let (_, plugin) = uploaded.expect("a plugin");
    let tried = async || {
        let asked = request(&plugin.digest, json!({}), 30);
        let begun = app.loyalty().begin_preview(&caller, &asked).await;
        play(&app, &caller, begun.expect("it is under way").id).await
    };
    book(0..600).await;
    let result = tried().await.result.expect("a result");
    // joining earns five each; every booking fails
    assert_eq!((result.failed, result.points.then), (600, 100));
    assert!(result.fault.expect("how").en.contains("unreachable"));
    book(600..1_100).await;
    let view = tried().await;
    assert_eq!((view.state.as_str(), view.result.is_none()), ("failed", true));
    let problem = view.problem.expect("why").en;
    assert!(
        problem.starts_with("the rule failed 1") && problem.contains("unreachable"),
        "{problem}"
    );
}

async fn a_preview_is_one_at_a_time_and_can_be_ended(store: Store) {
    let (app, _, caller) = club(&store, "once", packed("points-and-tiers")).await;
    let digest = digest(&app, &caller).await;
    let loyalty = app.loyalty();
    for (days, config, problem) in [
        (0, json!({}), "bad_days"),
        (731, json!({}), "bad_days"),
        (30, json!({"silver": -1}), "bad_config"),
    ] {
        assert_eq!(
            code(loyalty.begin_preview(&caller, &request(&digest, config, days)).await),
            problem
        );
    }
    let begun = loyalty
        .begin_preview(&caller, &request(&digest, json!({}), 30))
        .await
        .expect("it is under way");
    let second = loyalty.begin_preview(&caller, &request(&digest, json!({}), 30)).await;
    assert_eq!(code(second), "preview_running");
    let ended = loyalty.cancel_preview(&caller, begun.id).await.expect("it is ended");
    assert_eq!(ended.state, "cancelled");
    // whoever was about to play it finds that nobody wants it any more
    let view = play(&app, &caller, begun.id).await;
    assert_eq!((view.state.as_str(), view.result.is_none()), ("cancelled", true));
    assert!(
        loyalty
            .begin_preview(&caller, &request(&digest, json!({}), 30))
            .await
            .is_ok()
    );
}
