//! What people do with members' points: two of them for an adjustment, once for the last piece, and the same sums in every book.

use super::super::StatementFilter;
use super::{DAY, TODAY, club, follow, ties};
use crate::App;
use crate::error::AppError;
use crate::loyalty::{Adjust, MemberState, MemberView, NewReward, RewardKind, RewardTerms};
use crate::team::{Caller, NewKey, Scope, create_key};
use crate::testing::{NOW, on_both_engines};
use crate::work::TaskFilter;
use posthouse_domain::loyalty::Wallet;
use posthouse_domain::{Clock as _, Day, Localized, time};
use posthouse_store::{Access, Store};
use posthouse_tests::plugins::packed;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

on_both_engines!(
    an_adjustment_takes_two_people,
    a_tier_by_hand_lasts_until_its_end,
    an_order_sets_points_aside_and_spends_or_returns_them,
    the_last_piece_is_one_members,
    points_passed_on_keep_their_day_and_stay_under_the_cap,
    whoever_leaves_begins_with_nothing,
);

pub(super) fn event(member: &str, id: &str, kind: &str, day: Day, data: Value) -> Value {
    let mut data = data;
    data["booking_id"] = format!("B-{member}-{id}").into();
    json!({"source": "shop", "external_id": format!("{member}-{id}-{kind}"), "type": format!("booking.{kind}"),
           "occurred_at": format!("{}T10:00:00+08:00", time::day_text(day)),
           "customer": {"identities": [{"kind": "member_no", "value": member}]}, "data": data})
}

/// A trip of so many yuan that is over, yesterday.
pub(super) async fn trip(app: &App, caller: &Caller, member: &str, yuan: i64) -> Uuid {
    let events = [
        event(member, "1", "confirmed", TODAY - 9, json!({"amount": yuan * 100})),
        event(member, "1", "completed", TODAY - 1, json!({})),
    ];
    let answer = app.intake().accept(caller, &events).await.expect("an answer");
    assert!(answer.rejected.is_empty(), "{answer:?}");
    follow(app, caller).await;
    customer(app, caller, member).await
}

pub(super) async fn customer(app: &App, caller: &Caller, member: &str) -> Uuid {
    let agency = caller.room.id;
    let mut tx = app.store.read(Access::Agency(agency)).await.expect("a transaction");
    let all = posthouse_store::profiles::customers_from(&mut tx, agency, 0, 100)
        .await
        .expect("customers");
    let all: Vec<Uuid> = all.iter().map(|row| row.id).collect();
    let identities = posthouse_store::intake::identities_of(&mut tx, agency, &all)
        .await
        .expect("identities");
    let own = identities
        .iter()
        .find(|one| one.kind == "member_no" && one.value.eq_ignore_ascii_case(member));
    own.expect("a customer").customer_id
}

pub(super) async fn view(app: &App, caller: &Caller, id: Uuid) -> MemberView {
    ties(app, caller, id).await;
    app.loyalty().member(caller, id, None).await.expect("a member")
}

/// Another person of the agency.
pub(super) async fn colleague(app: &App, caller: &Caller) -> Caller {
    let key = NewKey {
        name: "colleague",
        scopes: &[Scope::Owner],
        holder: None,
    };
    let (_, key) = create_key(&app.store, caller.room.id, key, NOW, &crate::clock::SystemEntropy)
        .await
        .expect("a key");
    app.team().authenticate(&key).await.expect("a caller")
}

pub(super) fn code<T: std::fmt::Debug>(answer: Result<T, AppError>) -> String {
    said(&answer.expect_err("it is refused"))
}

pub(super) fn said(error: &AppError) -> String {
    match error {
        AppError::Invalid(rejection) | AppError::Conflict(rejection) | AppError::Denied(rejection) => {
            rejection.code.clone()
        }
        AppError::NotFound(what) => format!("no {what}"),
        other => panic!("{other:?}"),
    }
}

pub(super) fn gift(key: &str, points: i64) -> NewReward {
    NewReward {
        key: key.to_owned(),
        kind: RewardKind::Gift,
        campaign: None,
        terms: RewardTerms {
            title: Localized::new("旅行枕", "Travel pillow"),
            points,
            tier_points: BTreeMap::new(),
            stock: None,
            per_member: None,
            from: None,
            until: None,
            worth: None,
            is_offered: true,
        },
    }
}

async fn an_adjustment_takes_two_people(store: Store) {
    let (app, _, caller) = club(&store, "adjust", packed("points-and-tiers")).await;
    let id = trip(&app, &caller, "M1", 1_000).await;
    let loyalty = app.loyalty();
    let asked = loyalty
        .adjust(
            &caller,
            id,
            &Adjust::Wallet(Wallet::Points, 500, Some(TODAY + 10)),
            " the coach was late ",
        )
        .await
        .expect("it waits");
    assert_eq!(
        (asked.state.as_str(), asked.reason.as_str()),
        ("waiting", "the coach was late")
    );
    assert_eq!(
        view(&app, &caller, id).await.points.available,
        1_000,
        "nothing moved yet"
    );
    assert_eq!(code(loyalty.approve(&caller, asked.id, None).await), "own_adjustment");
    let other = colleague(&app, &caller).await;
    for _ in 0..2 {
        let done = loyalty
            .approve(&other, asked.id, Some("agreed"))
            .await
            .expect("it is carried out");
        assert_eq!((done.state.as_str(), done.decided_by), ("approved", Some(other.actor)));
    }
    let member = view(&app, &caller, id).await;
    assert_eq!(member.points.available, 1_500, "once");
    assert_eq!(member.points.expiring[0].on, TODAY + 10);
    assert_eq!(code(loyalty.reject(&other, asked.id, None).await), "adjustment_decided");

    let statement = loyalty
        .statement(&caller, id, &StatementFilter::of_days(TODAY, TODAY), 0, 100)
        .await
        .expect("a statement");
    let line = statement.lines.last().expect("a line");
    assert_eq!((line.kind.as_str(), line.moved), ("adjusted", [0, 500, 0, 0]));
    assert_eq!(line.reason.as_ref().expect("a reason").text.en, "the coach was late");

    // no more is taken than there is, and what is rejected moves nothing
    let take = Adjust::Wallet(Wallet::Points, -1_501, None);
    assert_eq!(
        code(loyalty.adjust(&caller, id, &take, "wrong").await),
        "not_enough_points"
    );
    let take = Adjust::Wallet(Wallet::Points, -1_500, None);
    let asked = loyalty
        .adjust(&caller, id, &take, "posted twice")
        .await
        .expect("it waits");
    loyalty
        .reject(&other, asked.id, Some("no"))
        .await
        .expect("it is rejected");
    assert_eq!(view(&app, &caller, id).await.points.available, 1_500);
    for (wrong, expected) in [
        (Adjust::Wallet(Wallet::Points, 0, None), "bad_adjustment"),
        (Adjust::Wallet(Wallet::Points, i64::MIN, None), "bad_adjustment"),
        (Adjust::Wallet(Wallet::Points, 5, Some(TODAY - 1)), "bad_adjustment"),
        (Adjust::Wallet(Wallet::Points, -5, Some(TODAY + 1)), "bad_adjustment"),
        (Adjust::Tier("emperor".into(), TODAY + 1), "unknown_tier"),
    ] {
        assert_eq!(code(loyalty.adjust(&caller, id, &wrong, "why").await), expected);
    }
    let fine = Adjust::Wallet(Wallet::Points, 1, None);
    assert_eq!(code(loyalty.adjust(&caller, id, &fine, "  ").await), "note_missing");
    let (waiting, _) = loyalty
        .adjustments(&caller, (Some("waiting"), None), None, 10)
        .await
        .expect("a list");
    let (all, _) = loyalty
        .adjustments(&caller, (None, Some(id)), None, 10)
        .await
        .expect("a list");
    assert_eq!((waiting.len(), all.len()), (0, 2));

    // status moves the tier, in the background
    let give = Adjust::Wallet(Wallet::Status, 60_000, None);
    let asked = loyalty
        .adjust(&caller, id, &give, "from the old club")
        .await
        .expect("it waits");
    loyalty
        .approve(&other, asked.id, None)
        .await
        .expect("it is carried out");
    follow(&app, &caller).await;
    assert_eq!(view(&app, &caller, id).await.tier.expect("a tier").key, "gold");
}

async fn a_tier_by_hand_lasts_until_its_end(store: Store) {
    let (app, clocks, caller) = club(&store, "tier", packed("points-and-tiers")).await;
    let id = trip(&app, &caller, "M1", 25_000).await;
    let other = colleague(&app, &caller).await;
    let loyalty = app.loyalty();
    let until = TODAY + 400;
    let asked = loyalty
        .adjust(&caller, id, &Adjust::Tier("platinum".into(), until), "a match")
        .await
        .expect("it waits");
    loyalty.approve(&other, asked.id, None).await.expect("it is given");
    follow(&app, &caller).await;
    let tier = view(&app, &caller, id).await.tier.expect("a tier");
    assert_eq!(
        (tier.key.as_str(), tier.valid_until, tier.by_hand),
        ("platinum", Some(until), true)
    );
    assert_eq!(tier.reason.expect("a reason").text.zh_cn, "a match");
    assert_eq!(
        code(
            loyalty
                .adjust(&caller, id, &Adjust::Tier("gold".into(), until), "lower")
                .await
        ),
        "tier_is_lower"
    );
    for (day, key, by_hand) in [(until, "platinum", true), (until + 1, "gold", false)] {
        clocks.business.set(NOW + i64::from(day - TODAY) * DAY);
        loyalty.turn_day(&caller.room).await.expect("the day is turned");
        let tier = view(&app, &caller, id).await.tier.expect("a tier");
        assert_eq!((tier.key.as_str(), tier.by_hand), (key, by_hand));
    }
}

async fn an_order_sets_points_aside_and_spends_or_returns_them(store: Store) {
    let (app, clocks, caller) = club(&store, "orders", packed("points-and-tiers")).await;
    let id = trip(&app, &caller, "M1", 25_000).await;
    let loyalty = app.loyalty();
    let mut pillow = gift("pillow", 4_000);
    pillow.terms.tier_points = BTreeMap::from([("silver".into(), Some(3_000)), ("member".into(), None)]);
    (pillow.terms.stock, pillow.terms.per_member) = (Some(3), Some(2));
    loyalty.create_reward(&caller, &pillow).await.expect("a reward");
    assert_eq!(code(loyalty.create_reward(&caller, &pillow).await), "reward_exists");
    let order = loyalty.redeem(&caller, id, "pillow").await.expect("an order");
    assert_eq!(
        (order.state.as_str(), order.points, order.code),
        ("requested", 3_000, None)
    );
    let member = view(&app, &caller, id).await;
    assert_eq!((member.points.available, member.points.held), (22_000, 3_000));
    let open = |tasks: Vec<crate::work::TaskView>| tasks.into_iter().filter(|task| task.done_at.is_none()).count();
    let tasks = async || {
        app.tasks()
            .list(&caller, &TaskFilter::default(), None, 10)
            .await
            .expect("tasks")
            .0
    };
    assert_eq!(open(tasks().await), 1);
    assert_eq!(
        code(loyalty.set_state(&caller, id, MemberState::Closed, None).await),
        "member_has_orders"
    );
    for _ in 0..2 {
        let done = loyalty
            .fulfil(&caller, order.id, Some("sent"))
            .await
            .expect("it is handed out");
        assert_eq!(done.state, "fulfilled");
    }
    assert_eq!(
        code(loyalty.cancel(&caller, order.id, None).await),
        "redemption_decided"
    );
    let member = view(&app, &caller, id).await;
    assert_eq!((member.points.available, member.points.held), (22_000, 0));
    assert_eq!(open(tasks().await), 0);

    let second = loyalty.redeem(&caller, id, "pillow").await.expect("an order");
    assert_eq!(
        code(loyalty.redeem(&caller, id, "pillow").await),
        "over_the_members_limit"
    );
    // the lot is over when the order is called off: the points come back for 30 days
    let end = view(&app, &caller, id).await.points.expiring[0].on;
    clocks.business.set(NOW + i64::from(end + 3 - TODAY) * DAY);
    loyalty.turn_day(&caller.room).await.expect("the day is turned");
    assert_eq!(view(&app, &caller, id).await.points.available, 0);
    for _ in 0..2 {
        loyalty
            .cancel(&caller, second.id, None)
            .await
            .expect("it is called off");
    }
    let member = view(&app, &caller, id).await;
    assert_eq!((member.points.available, member.points.held), (3_000, 0));
    assert_eq!(member.points.expiring[0].on, end + 3 + 30);
    let reward = loyalty.reward(&caller, "pillow").await.expect("a reward");
    assert_eq!((reward.taken, reward.left()), (1, Some(2)));

    let mut terms = reward.terms.clone();
    terms.until = Some(end);
    let changed = loyalty
        .change_reward(&caller, "pillow", &terms, Some(reward.version))
        .await
        .expect("it is changed");
    assert_eq!((changed.version, changed.taken), (2, 1));
    assert_eq!(
        code(loyalty.change_reward(&caller, "pillow", &reward.terms, Some(1)).await),
        "version_changed"
    );
    assert_eq!(code(loyalty.redeem(&caller, id, "pillow").await), "reward_not_open");
    assert_eq!(code(loyalty.redeem(&caller, id, "nothing").await), "no reward");
    loyalty
        .create_reward(&caller, &gift("yacht", 1_000_000))
        .await
        .expect("a reward");
    assert_eq!(code(loyalty.redeem(&caller, id, "yacht").await), "not_enough_points");
    assert_eq!(
        loyalty.reward(&caller, "yacht").await.expect("a reward").taken,
        0,
        "nothing was taken"
    );
}

async fn the_last_piece_is_one_members(store: Store) {
    let (app, _, caller) = club(&store, "race", packed("points-and-tiers")).await;
    let mut members = Vec::new();
    for n in 0..4 {
        members.push(trip(&app, &caller, &format!("M{n}"), 10_000).await);
    }
    let mut last = gift("last", 2_500);
    last.terms.stock = Some(1);
    app.loyalty().create_reward(&caller, &last).await.expect("a reward");
    app.loyalty()
        .create_reward(&caller, &gift("many", 3_000))
        .await
        .expect("a reward");
    let at_once = async |reward: &'static str, who: fn(&[Uuid], usize) -> Uuid| {
        let tasks = (0..64).map(|n| {
            let (app, caller, id) = (app.clone(), caller.clone(), who(&members, n));
            tokio::spawn(async move { app.loyalty().redeem(&caller, id, reward).await })
        });
        let mut answers: BTreeMap<String, usize> = BTreeMap::new();
        for task in tasks.collect::<Vec<_>>() {
            let answer = match task.await.expect("no panic") {
                Ok(_) => "ordered".to_owned(),
                Err(error) => said(&error),
            };
            *answers.entry(answer).or_default() += 1;
        }
        answers
    };
    let got = at_once("last", |members, n| members[n % 4]).await;
    assert_eq!(
        got,
        BTreeMap::from([("ordered".into(), 1), ("out_of_stock".into(), 63)])
    );
    // a member with points for three of them, or two where the last piece took some
    let got = at_once("many", |members, _| members[0]).await;
    let ordered = got["ordered"];
    assert_eq!(got["not_enough_points"], 64 - ordered);
    let mut held = 0;
    for id in &members {
        let member = view(&app, &caller, *id).await;
        assert_eq!(member.points.available + member.points.held, 10_000);
        held += member.points.held;
    }
    assert_eq!(held, 2_500 + 3_000 * ordered as i64);
    assert!([2, 3].contains(&ordered), "{ordered}");
}

async fn points_passed_on_keep_their_day_and_stay_under_the_cap(store: Store) {
    let (app, clocks, caller) = club(&store, "transfer", packed("points-and-tiers")).await;
    let one = trip(&app, &caller, "M1", 25_000).await;
    let two = trip(&app, &caller, "M2", 1_000).await;
    let loyalty = app.loyalty();
    let end = view(&app, &caller, one).await.points.expiring[0].on;
    loyalty
        .transfer(&caller, one, two, 7_000)
        .await
        .expect("they are passed on");
    let (sender, receiver) = (view(&app, &caller, one).await, view(&app, &caller, two).await);
    assert_eq!((sender.points.available, receiver.points.available), (18_000, 8_000));
    assert_eq!(
        receiver
            .points
            .expiring
            .iter()
            .map(|one| (one.on, one.points))
            .collect::<Vec<_>>(),
        [(end, 8_000)]
    );
    assert_eq!(
        (sender.status, receiver.status),
        (25_000, 1_000),
        "status is not passed on"
    );
    for (from, to, points, expected) in [
        (one, two, 3_001, "over_the_daily_cap"),
        (one, one, 5, "bad_transfer"),
        (one, two, 0, "bad_transfer"),
        (two, one, 8_001, "not_enough_points"),
        (one, Uuid::nil(), 5, "no customer"),
    ] {
        assert_eq!(code(loyalty.transfer(&caller, from, to, points).await), expected);
    }
    // two who send to each other at once
    let send = |from, to| {
        let (app, caller) = (app.clone(), caller.clone());
        tokio::spawn(async move { app.loyalty().transfer(&caller, from, to, 10).await.map(drop) })
    };
    let all: Vec<_> = (0..16).flat_map(|_| [send(one, two), send(two, one)]).collect();
    for task in all {
        task.await.expect("no panic").expect("it is passed on");
    }
    assert_eq!(view(&app, &caller, one).await.points.available, 18_000);
    assert_eq!(view(&app, &caller, two).await.points.available, 8_000);
    clocks.business.set(NOW + DAY);
    loyalty.transfer(&caller, one, two, 10_000).await.expect("another day");
    let mut off = loyalty.programme(&caller).await.expect("a look").expect("a programme");
    off.transfer_per_day = 0;
    // whoever changes what somebody has changed meanwhile is told so
    let seen = off.version;
    loyalty
        .put_programme(&caller, &off, Some(seen))
        .await
        .expect("it is off");
    assert_eq!(
        code(loyalty.put_programme(&caller, &off, Some(seen)).await),
        "version_changed"
    );
    assert_eq!(code(loyalty.transfer(&caller, two, one, 1).await), "transfers_are_off");
}

async fn whoever_leaves_begins_with_nothing(store: Store) {
    let (app, _, caller) = club(&store, "leave", packed("points-and-tiers")).await;
    let id = trip(&app, &caller, "M1", 25_000).await;
    let two = trip(&app, &caller, "M2", 1_000).await;
    let loyalty = app.loyalty();
    let state = async |state| {
        loyalty
            .set_state(&caller, id, state, Some("as asked"))
            .await
            .expect("a member")
    };
    let suspended = state(MemberState::Suspended).await;
    assert_eq!(
        (suspended.state.as_str(), suspended.points.available),
        ("suspended", 25_000)
    );
    assert_eq!(code(loyalty.transfer(&caller, id, two, 5).await), "member_suspended");
    // it earns all the same
    let more = [event("M1", "2", "confirmed", TODAY - 1, json!({"amount": 50_000}))];
    app.intake().accept(&caller, &more).await.expect("an answer");
    follow(&app, &caller).await;
    assert_eq!(
        view(&app, &caller, id).await.points.pending,
        550,
        "times 1.1 for silver"
    );
    state(MemberState::Closed).await;
    let closed = view(&app, &caller, id).await;
    assert_eq!(
        (closed.points.available, closed.points.pending, closed.status),
        (0, 0, 0)
    );
    assert_eq!(code(loyalty.transfer(&caller, two, id, 5).await), "member_closed");
    let more = [event("M1", "3", "confirmed", TODAY - 1, json!({"amount": 70_000}))];
    app.intake().accept(&caller, &more).await.expect("an answer");
    follow(&app, &caller).await;
    assert_eq!(
        view(&app, &caller, id).await.points.pending,
        0,
        "nothing is earned any more"
    );
    state(MemberState::Active).await;
    follow(&app, &caller).await;
    let back = view(&app, &caller, id).await;
    assert_eq!(
        (back.points.available, back.points.pending),
        (0, 770),
        "but on what was booked meanwhile"
    );
}
