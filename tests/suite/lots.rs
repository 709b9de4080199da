//! Lots: each binding draws its own for every customer, and they stay.

use super::quotes::{customer, start};
use super::segments::{CLOCK, bind, file, purchases};
use posthouse_tests::guest::{Guest, PromotionGuest};
use posthouse_tests::{Database, Options, Server};
use serde_json::{Value, json};
use std::collections::BTreeMap;

on_both_engines!(
    a_segmentation_draws_lots_that_stay,
    a_promotion_is_told_the_lot_of_its_own_campaign
);

/// A segmentation whose ten segments are the tenths of the lots.
fn tenths(version: &str) -> Vec<u8> {
    let guest = Guest {
        version: version.into(),
        facts: vec![("lot".into(), "count", true)],
        segments: (0..10).map(|tenth| format!("tenth-{tenth}")).collect(),
        // the self-test asks with lots that nobody draws
        segment: "(if (result i32) (i32.lt_u (local.get $v) (i32.const 10000))
            (then (i32.div_u (local.get $v) (i32.const 1000))) (else (i32.const 0)))"
            .into(),
        reasons: vec![("drawn".into(), "lot {lot}".into())],
        ..Guest::default()
    };
    guest.build()
}

fn a_segmentation_draws_lots_that_stay(database: Database) {
    let options = Options {
        clock: CLOCK,
        ..Options::default()
    };
    let mut server = Server::start(database, options);
    let mut client = server.agency("lots");
    client.import("bookings", file(&purchases(600)).as_bytes());
    bind(&client, "one", &tenths("1.0.0"), json!({}));
    let drawn = client.segments_by_customer("one");
    let mut sizes: BTreeMap<&str, u32> = BTreeMap::new();
    for segment in drawn.values() {
        *sizes.entry(segment).or_default() += 1;
    }
    // 60 of each are expected; five standard deviations are 37
    assert!(
        sizes.len() == 10 && sizes.values().all(|size| (23..=97).contains(size)),
        "{sizes:?}"
    );
    // another revision of the same binding draws the same, another binding its own
    bind(&client, "one", &tenths("1.0.1"), json!({}));
    assert_eq!(client.segments_by_customer("one"), drawn);
    bind(&client, "two", &tenths("1.0.1"), json!({}));
    let others = client.segments_by_customer("two");
    let same = drawn
        .iter()
        .filter(|(id, segment)| others.get(*id) == Some(segment))
        .count();
    assert!((23..=97).contains(&same), "{same} of 600 have the same tenth in both");
    // what happens to customers, and restarts, change nothing
    client.import("bookings", file(&purchases(900)).as_bytes());
    server.restart();
    client.base.clone_from(&server.base);
    client.post("/api/v1/segmentation/runs", &json!({})).expect(200);
    let later = client.segments_by_customer("one");
    assert!(later.len() > drawn.len());
    assert!(drawn.iter().all(|(id, segment)| later.get(id) == Some(segment)));
}

fn a_promotion_is_told_the_lot_of_its_own_campaign(database: Database) {
    let (_server, shop) = start(database);
    let rule = PromotionGuest {
        facts: vec![("lot".into(), "count", true)],
        reasons: vec![("drawn".into(), "lot {lot}".into())],
        ..PromotionGuest::default()
    };
    let rule = rule.build();
    for (key, priority) in [("spring", 1), ("autumn", 2)] {
        let plan = shop.plan(&rule, priority, json!({}));
        shop.run(key, &plan);
    }
    let guest = customer(&shop.client, "M1");
    let lots = |asks: Option<&str>| -> Vec<Value> {
        let quote = shop.quote(asks, 500_000, &[]);
        let decisions = quote["trace"].as_array().expect("a trace").iter().map(|trace| {
            let id = trace["decision"].as_str().expect("a decision");
            let decision = shop.client.get(&format!("/api/v1/decisions/{id}")).expect(200);
            decision["input"]["request"]["facts"]["lot"].clone()
        });
        decisions.collect()
    };
    let first = lots(Some(&guest));
    assert!(
        first
            .iter()
            .all(|lot| lot.as_i64().is_some_and(|lot| (0..10_000).contains(&lot))),
        "{first:?}"
    );
    assert_ne!(first[0], first[1], "each campaign draws anew");
    assert_eq!(lots(Some(&guest)), first);
    assert_eq!(lots(None), [Value::Null, Value::Null], "a visitor has drawn none");
    assert_eq!(shop.replay_all(), 6);
}
