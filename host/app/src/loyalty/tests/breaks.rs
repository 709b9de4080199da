//! A rule that keeps failing gives way to the last one that did not; one odd booking is not enough for that.

use super::by_hand::event;
use super::{DAY, TODAY, club, follow};
use crate::App;
use crate::loyalty::{LOYALTY, MAIN};
use crate::rules::{Activation, BindingView};
use crate::team::Caller;
use crate::testing::on_both_engines;
use posthouse_domain::Clock as _;
use posthouse_store::loyalty as store;
use posthouse_store::{Access, Store};
use posthouse_tests::guest::{LoyaltyGuest, Post};
use serde_json::json;

on_both_engines!(
    a_rule_that_keeps_failing_gives_way,
    a_rule_that_cannot_place_members_gives_way,
    one_odd_booking_is_no_reason_to_give_way,
    without_an_older_rule_what_fails_waits,
);

fn guest(version: &str, before_earn: String) -> LoyaltyGuest {
    LoyaltyGuest {
        version: version.into(),
        facts: vec![],
        reasons: vec![("welcome".into(), "hello".into())],
        postings: vec![Post::points(5)],
        before_earn,
        ..LoyaltyGuest::default()
    }
}

async fn put(app: &App, caller: &Caller, guest: LoyaltyGuest) -> String {
    let uploaded = app.plugins().upload(caller, guest.build().into()).await;
    let digest = uploaded.expect("a plugin").1.digest;
    let activation = Activation {
        digest: digest.clone(),
        config: json!({}),
        grant: None,
    };
    let put = app.loyalty().activate(caller, MAIN, &activation, None).await;
    put.expect("a rule");
    digest
}

async fn bound(app: &App, caller: &Caller) -> BindingView {
    let bound = app.bindings().get(caller, LOYALTY, MAIN).await;
    bound.expect("a binding")
}

/// Bookings of this price, of one member each.
async fn book(app: &App, caller: &Caller, members: std::ops::Range<usize>, amount: i64) {
    let events: Vec<_> = members
        .map(|n| event(&format!("M{n}"), "1", "confirmed", TODAY - 3, json!({"amount": amount})))
        .collect();
    let answer = app.intake().accept(caller, &events).await.expect("an answer");
    assert!(answer.rejected.is_empty(), "{answer:?}");
    follow(app, caller).await;
}

async fn waiting(app: &App, caller: &Caller) -> usize {
    let agency = caller.room.id;
    let mut tx = app.store.read(Access::Agency(agency)).await.expect("a transaction");
    let rows = store::waiting(&mut tx, agency, i64::MAX, 100).await;
    rows.expect("occasions").len()
}

/// A rule that fails for every booking but not for whoever joins.
fn failing(version: &str) -> LoyaltyGuest {
    guest(version, LoyaltyGuest::at_amount(66_600, "(unreachable)"))
}

async fn a_rule_that_keeps_failing_gives_way(store: Store) {
    let (app, clocks, caller) = club(&store, "breaks", guest("1.0.0", String::new()).build()).await;
    let good = bound(&app, &caller).await.digest;
    // whoever joins has, so that nothing answers between the faults
    book(&app, &caller, 0..4, 10_000).await;
    let bad = put(&app, &caller, failing("2.0.0")).await;
    assert_eq!(bound(&app, &caller).await.revision, 2);
    let more = |n: usize| event(&format!("M{n}"), "2", "confirmed", TODAY - 2, json!({"amount": 66_600}));
    app.intake().accept(&caller, &[more(0)]).await.expect("an answer");
    follow(&app, &caller).await;
    let marked = bound(&app, &caller).await;
    assert_eq!(
        (marked.revision, &marked.digest, marked.stale_since.is_some()),
        (2, &bad, true)
    );
    assert!(marked.stale_reason.expect("how").en.contains("unreachable"));
    app.intake()
        .accept(&caller, &[more(1), more(2), more(3)])
        .await
        .expect("an answer");
    follow(&app, &caller).await;
    let back = bound(&app, &caller).await;
    assert_eq!((back.revision, &back.digest, back.stale_since), (3, &good, None));
    let history = app
        .bindings()
        .history(&caller, LOYALTY, MAIN, None, 1)
        .await
        .expect("revisions");
    assert_eq!((history[0].cause.as_str(), history[0].restores), ("breaker", Some(1)));
    // nothing is lost: what failed is asked about again, by the rule of before
    assert_eq!(waiting(&app, &caller).await, 4);
    clocks.machine.set(clocks.machine.now() + DAY);
    follow(&app, &caller).await;
    assert_eq!(waiting(&app, &caller).await, 0);
    for n in 0..4 {
        let id = super::by_hand::customer(&app, &caller, &format!("M{n}")).await;
        let member = super::by_hand::view(&app, &caller, id).await;
        assert_eq!(member.points.available, 15, "joining and two bookings");
    }
}

async fn a_rule_that_cannot_place_members_gives_way(store: Store) {
    let (app, clocks, caller) = club(&store, "places", guest("1.0.0", String::new()).build()).await;
    let good = bound(&app, &caller).await.digest;
    book(&app, &caller, 0..3, 10_000).await;
    // it earns, and stops where a member has three times five points
    let fifteen =
        "(if (i64.eq (i64.load (i32.add (local.get $args) (i32.const 64))) (i64.const 15)) (then (unreachable)))";
    let bad = LoyaltyGuest {
        before_place: fifteen.into(),
        ..guest("2.0.0", String::new())
    };
    put(&app, &caller, bad).await;
    for n in 0..3 {
        assert_eq!(bound(&app, &caller).await.revision, 2);
        let third = event(&format!("M{n}"), "2", "confirmed", TODAY - 2, json!({"amount": 10_000}));
        app.intake().accept(&caller, &[third]).await.expect("an answer");
        follow(&app, &caller).await;
    }
    let back = bound(&app, &caller).await;
    assert_eq!((back.revision, back.digest), (3, good));
    clocks.machine.set(clocks.machine.now() + DAY);
    follow(&app, &caller).await;
    assert_eq!(waiting(&app, &caller).await, 0);
}

async fn one_odd_booking_is_no_reason_to_give_way(store: Store) {
    let (app, clocks, caller) = club(&store, "odd", guest("1.0.0", String::new()).build()).await;
    book(&app, &caller, 0..2, 10_000).await;
    let bad = put(&app, &caller, failing("2.0.0")).await;
    let odd = event("M0", "2", "confirmed", TODAY - 2, json!({"amount": 66_600}));
    app.intake().accept(&caller, &[odd]).await.expect("an answer");
    for _ in 0..6 {
        follow(&app, &caller).await;
        clocks.machine.set(clocks.machine.now() + DAY);
    }
    // nor do people who have it asked again and again
    let (listed, _) = app
        .loyalty()
        .occasions(&caller, "review", None, 10)
        .await
        .expect("a list");
    for _ in 0..4 {
        app.loyalty().ask_again(&caller, listed[0].id).await.expect("it waits");
        follow(&app, &caller).await;
    }
    let still = bound(&app, &caller).await;
    assert_eq!(
        (still.revision, &still.digest, still.stale_since.is_some()),
        (2, &bad, true)
    );
    // the next one is like any other, and the mark is gone
    let fine = event("M1", "2", "confirmed", TODAY - 2, json!({"amount": 10_000}));
    app.intake().accept(&caller, &[fine]).await.expect("an answer");
    follow(&app, &caller).await;
    assert_eq!(bound(&app, &caller).await.stale_since, None);
    // what answers between them interrupts the row of faults
    for n in 3..9 {
        let amount = if n % 2 == 0 { 66_600 } else { 10_000 };
        let one = event("M1", &n.to_string(), "confirmed", TODAY - 2, json!({"amount": amount}));
        app.intake().accept(&caller, &[one]).await.expect("an answer");
        follow(&app, &caller).await;
    }
    assert_eq!(bound(&app, &caller).await.revision, 2);
}

async fn without_an_older_rule_what_fails_waits(store: Store) {
    let (app, _, caller) = club(&store, "alone", failing("1.0.0").build()).await;
    book(&app, &caller, 0..5, 66_600).await;
    let still = bound(&app, &caller).await;
    assert_eq!((still.revision, still.stale_since.is_some()), (1, true));
    assert_eq!(waiting(&app, &caller).await, 5);
}
