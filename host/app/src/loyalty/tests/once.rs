//! Hosts that ask about the same occasion: what the slower one heard is not written.

use super::{club, member, told};
use crate::rules::DecisionFilter;
use crate::testing::on_both_engines;
use posthouse_domain::words;
use posthouse_store::loyalty as store;
use posthouse_store::{Access, Store};
use posthouse_tests::guest::{LoyaltyGuest, Post};
use serde_json::json;

on_both_engines!(an_occasion_that_was_settled_meanwhile_posts_nothing);

async fn an_occasion_that_was_settled_meanwhile_posts_nothing(store: Store) {
    let guest = LoyaltyGuest {
        postings: vec![Post::points(5)],
        ..LoyaltyGuest::default()
    };
    let (app, _, caller) = club(&store, "twice", guest.build()).await;
    let events = [told("1", "confirmed", 0, json!({"amount": 10_000}))];
    app.intake().accept(&caller, &events).await.expect("an answer");
    let (room, agency) = (&caller.room, caller.room.id);
    assert!(app.loyalty().follow_slice(room).await.expect("bookings are followed"));
    let occasion = async || {
        let mut tx = app.store.read(Access::Agency(agency)).await.expect("a transaction");
        let rows = store::occasions_about(&mut tx, agency, "booking", &["B1"]).await;
        rows.expect("occasions")[0].clone()
    };
    let as_read = occasion().await;
    // joining waits beside it; a host that read it as it was comes twice more, and one that could not ask
    let waiting = async || {
        let mut tx = app.store.read(Access::Agency(agency)).await.expect("a transaction");
        store::waiting(&mut tx, agency, i64::MAX, 10).await.expect("occasions")
    };
    let all = waiting().await;
    assert_eq!(all.len(), 2);
    app.segments().ensure_loaded(room).await.expect("facts");
    let (asking, cases) = app
        .loyalty()
        .prepare(room, all.clone(), &[])
        .await
        .expect("what to ask");
    let moment = asking.moment;
    let heard: Vec<_> = cases.iter().map(|case| asking.hear(case)).collect();
    for _ in 0..3 {
        app.loyalty()
            .write_heard(room, &heard, moment)
            .await
            .expect("it is settled");
    }
    app.loyalty().settle(room, all, &[]).await.expect("it is settled");
    let late = words!("late", "晚了");
    app.loyalty()
        .put_off(room, &as_read, &late)
        .await
        .expect("it is settled");
    assert_eq!(waiting().await.len(), 0);
    assert_eq!(occasion().await.state, "settled");
    assert_eq!(member(&app, &caller).await.points.available, 10);
    let (decisions, _) = app
        .decisions()
        .list(&caller, DecisionFilter::default(), None, 100)
        .await
        .expect("decisions");
    let asked = decisions
        .iter()
        .filter(|one| one.subject.as_ref().is_some_and(|(_, id)| *id == as_read.id));
    let earned = asked.filter(|one| one.output["postings"].is_array()).count();
    assert_eq!(earned, 1);
}
