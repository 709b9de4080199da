//! Quotes of hosts that know nothing yet, or no longer the latest.

use super::{HOLD_MINUTES, NewQuote};
use crate::App;
use crate::rules::Activation;
use crate::rules::pointer::{self, NewRule};
use crate::team::Caller;
use crate::testing::{self, NOW, on_both_engines};
use posthouse_domain::Clock as _;
use posthouse_domain::promotion::{Basket, Line, ProductKind};
use posthouse_store::campaigns::{self, CampaignRow};
use posthouse_store::plugins::{self as bindings, BindingRow};
use posthouse_store::{Access, Store, dialect};
use posthouse_tests::guest::{Guest, PromotionGuest};
use serde_json::json;
use std::time::Duration;
use uuid::Uuid;

on_both_engines!(
    whoever_asks_a_cold_host_waits_for_one_compilation,
    a_host_is_warm_once_what_is_in_force_is_open,
    a_quote_goes_by_the_segments_of_now,
    quotes_of_a_moment_are_written_together,
    a_rule_that_keeps_failing_is_asked_again_after_pauses_that_double,
);

fn asked(customer: Option<Uuid>) -> NewQuote {
    priced(customer, 100_000)
}

fn priced(customer: Option<Uuid>, unit_price: i64) -> NewQuote {
    let line = Line {
        sku: "T1".into(),
        kind: ProductKind::Tour,
        destination: None,
        theme: None,
        departs: None,
        travellers: 1,
        unit_price,
        unit_cost: None,
        quantity: 1,
    };
    NewQuote {
        customer,
        basket: Basket {
            channel: "app".into(),
            lines: vec![line],
        },
        codes: Vec::new(),
        hold_minutes: HOLD_MINUTES,
        points: None,
        reward: None,
    }
}

const PLAN: &str = r#"{"goal":{"purpose":"p"},"window":{"from":1767225600000,"to":1798761600000},"budget":{"total":1000000},
    "stacking":{"group":"g","priority":1},"rule":{"digest":"d","config":{}}}"#;

/// A campaign whose rule is this plugin; its digest.
async fn launched(app: &App, caller: &Caller, (key, state): (&str, &str), guest: PromotionGuest) -> String {
    let agency = caller.room.id;
    let uploaded = app.plugins().upload(caller, guest.build().into()).await;
    let digest = uploaded.expect("a plugin").1.digest;
    let row = CampaignRow {
        id: app.entropy.id(NOW),
        key: key.into(),
        kind: "price-or-gift".into(),
        name: key.into(),
        owner: "Li".into(),
        state: state.into(),
        plan: PLAN.into(),
        plan_hash: "h".into(),
        priority: 1,
        submitted_by: None,
        version: 1,
        created_by: caller.actor,
        created_at: NOW,
        updated_at: NOW,
    };
    let new = NewRule {
        extension_point: "promotion",
        name: key,
        digest: &digest,
        config: "{}",
        cause: "activation",
        restores: None,
        by: Some(caller.actor),
        note: None,
        grant: &[],
    };
    let mut tx = app.store.write(Access::Agency(agency)).await.expect("a transaction");
    campaigns::insert(&mut tx, agency, &row).await.expect("a campaign");
    pointer::put_rule(app, &mut tx, agency, &new, NOW)
        .await
        .expect("a rule");
    campaigns::next_version(&mut tx, agency).await.expect("a version");
    tx.commit().await.expect("a commit");
    digest
}

fn rule(version: &str) -> PromotionGuest {
    PromotionGuest {
        version: version.into(),
        ..PromotionGuest::default()
    }
}

async fn whoever_asks_a_cold_host_waits_for_one_compilation(store: Store) {
    let (app, _) = testing::host(&store, NOW);
    let (caller, _) = testing::agency_with_a_trip(&app, "cold").await;
    launched(&app, &caller, ("spring", "running"), rule("1.0.0")).await;
    let (cold, _) = testing::host(&store, NOW);
    let caller = testing::owner(&cold, caller.room.id, caller.actor).await;
    let busy = cold.engine.hold_compiler();
    let asking: Vec<_> = (0..64)
        .map(|_| {
            let (cold, caller) = (cold.clone(), caller.clone());
            tokio::spawn(async move { cold.quotes().make(&caller, asked(None)).await })
        })
        .collect();
    // more wait than there are connections, and everybody else still gets one
    for _ in 0..20 {
        let reading = tokio::time::timeout(Duration::from_secs(5), store.read(Access::Agency(caller.room.id)));
        drop(reading.await.expect("nobody holds a connection").expect("a snapshot"));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(
        asking.iter().all(|asking| !asking.is_finished()),
        "the rule has to be compiled"
    );
    drop(busy);
    for asking in asking {
        let quote = asking.await.expect("no panic").expect("a quote");
        assert_eq!(quote.answer.trace.len(), 1);
        assert!(quote.answer.trace[0].decision.is_some(), "the rule was asked");
    }
    assert_eq!(cold.engine.stats().compiled, 1);
}

async fn a_host_is_warm_once_what_is_in_force_is_open(store: Store) {
    let (app, _) = testing::host(&store, NOW);
    let (caller, _) = testing::agency_with_a_trip(&app, "warm").await;
    let running = launched(&app, &caller, ("spring", "running"), rule("1.0.0")).await;
    let ended = launched(&app, &caller, ("winter", "ended"), rule("2.0.0")).await;
    let (host, _) = testing::host(&store, NOW);
    assert!(!host.is_warm());
    host.clone().warm_up().await;
    assert!(host.is_warm());
    assert!(host.engine.loaded(&running).is_some());
    assert!(host.engine.loaded(&ended).is_none(), "nobody is asked for its offers");
}

async fn a_quote_goes_by_the_segments_of_now(store: Store) {
    let (one, _) = testing::host(&store, NOW);
    let (caller, customer) = testing::agency_with_a_trip(&one, "swap").await;
    let (two, _) = testing::host(&store, NOW);
    let there = testing::owner(&two, caller.room.id, caller.actor).await;
    two.quotes().make(&there, asked(Some(customer))).await.expect("a quote");
    for revision in 1..3 {
        let guest = Guest {
            version: format!("{revision}.0.0"),
            ..Guest::default()
        };
        let digest = one
            .plugins()
            .upload(&caller, guest.build().into())
            .await
            .expect("a plugin")
            .1
            .digest;
        let activation = Activation {
            digest,
            config: json!({}),
            grant: None,
        };
        one.segments()
            .activate(&caller, "rfm", activation, None)
            .await
            .expect("a revision");
        // nothing has told the other host of it
        assert!(there.room.segment_revisions() < revision);
        two.quotes()
            .make(&there, asked(None))
            .await
            .expect("a quote of nobody in particular");
        assert!(there.room.segment_revisions() < revision);
        two.quotes().make(&there, asked(Some(customer))).await.expect("a quote");
        assert_eq!(there.room.segment_revisions(), revision);
    }
}

async fn quotes_of_a_moment_are_written_together(store: Store) {
    let (app, _) = testing::host(&store, NOW);
    let (caller, customer) = testing::agency_with_a_trip(&app, "together").await;
    launched(&app, &caller, ("spring", "running"), rule("1.0.0")).await;
    app.quotes()
        .make(&caller, asked(Some(customer)))
        .await
        .expect("a quote");
    // somebody writes, and all the others come meanwhile
    let mut writing = store
        .write(Access::Agency(caller.room.id))
        .await
        .expect("a transaction");
    dialect::notify(&mut writing, caller.room.id).await.expect("news");
    campaigns::next_version(&mut writing, caller.room.id)
        .await
        .expect("a lock");
    let asking: Vec<_> = (0..24)
        .map(|number| {
            let (app, caller) = (app.clone(), caller.clone());
            // every third is one of those that are asked for again under their key
            let key = format!("key {}", number / 3 * 3);
            let caller = app.idempotency().attempt(&caller, &key, "digest");
            tokio::spawn(async move { app.quotes().make(&caller, asked(Some(customer))).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    writing.commit().await.expect("a commit");
    let mut made = Vec::new();
    for asking in asking {
        match asking.await.expect("no panic") {
            Ok(quote) => made.push(quote.id),
            Err(error) => assert!(error.to_string().contains("just being answered"), "{error}"),
        }
    }
    // one of each key, whoever was written with whom
    assert_eq!(made.len(), 8, "{made:?}");
    let (listed, _) = app
        .quotes()
        .list(&caller, super::QuoteFilter::default(), None, 100)
        .await
        .expect("quotes");
    assert_eq!(listed.len(), 9);
    assert!(made.iter().all(|id| listed.iter().any(|quote| quote.id == *id)));
}

/// Asks for quotes one after the other, and waits until what came of each has been counted.
async fn outcome(app: &App, caller: &Caller, unit_price: i64) -> String {
    let counting = &caller.room.counting;
    let places = counting.available_permits();
    let made = app.quotes().make(caller, priced(None, unit_price)).await;
    let code = made.expect("a quote").answer.trace[0].code.clone();
    while counting.available_permits() < places {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    code
}

async fn stands(app: &App, caller: &Caller) -> BindingRow {
    let agency = caller.room.id;
    let mut tx = app.store.read(Access::Agency(agency)).await.expect("a snapshot");
    let row = bindings::binding(&mut tx, agency, "promotion", "spring").await;
    row.expect("a look").expect("a binding")
}

async fn a_rule_that_keeps_failing_is_asked_again_after_pauses_that_double(store: Store) {
    const MINUTE: i64 = 60_000;
    let (bad, good) = (100_000, 1_000);
    let (one, clock) = testing::host(&store, NOW);
    let (agency, key) = testing::agency(&store, "aside").await;
    let caller = one.team().authenticate(&key).await.expect("a key");
    let guest = PromotionGuest {
        before: PromotionGuest::at_price(bad, "unreachable"),
        ..rule("1.0.0")
    };
    launched(&one, &caller, ("spring", "running"), guest).await;
    let (two, other_clock) = testing::host(&store, NOW);
    let there = testing::owner(&two, agency, caller.actor).await;
    let later = |by: i64| {
        let now = clock.machine.now() + by;
        clock.machine.set(now);
        other_clock.machine.set(now);
    };
    // counted over both hosts
    for (app, caller) in [(&one, &caller), (&two, &there), (&one, &caller)] {
        assert_eq!(outcome(app, caller, bad).await, "rule_failed");
        later(1);
    }
    for (round, pause) in [(1, MINUTE), (2, 2 * MINUTE), (3, 4 * MINUTE)] {
        let row = stands(&one, &caller).await;
        let until = row.set_aside_until.expect("it is set aside");
        assert_eq!((row.set_asides, row.set_aside_why.as_deref()), (round, Some("failing")));
        assert_eq!(until - clock.machine.now(), pause - 1, "round {round}");
        later(pause - 2);
        for (app, caller) in [(&one, &caller), (&two, &there)] {
            assert_eq!(outcome(app, caller, good).await, "set_aside");
        }
        later(1);
        assert_eq!(outcome(&two, &there, bad).await, "rule_failed", "it is tried again");
        later(1);
    }
    later(8 * MINUTE);
    assert_eq!(outcome(&two, &there, good).await, "applied");
    let row = stands(&one, &caller).await;
    assert_eq!((row.set_aside_until, row.set_asides, row.stale_since), (None, 0, None));
    // it has its three chances again
    for fault in 1..=3 {
        later(1);
        assert_eq!(stands(&one, &caller).await.set_aside_until, None, "fault {fault}");
        assert_eq!(outcome(&one, &caller, bad).await, "rule_failed");
    }
    assert_eq!(outcome(&two, &there, good).await, "set_aside");
    let view = one.bindings().ask_again(&caller, "promotion", "spring").await;
    assert_eq!(view.expect("a binding").set_aside, None);
    assert_eq!(outcome(&two, &there, good).await, "applied", "at once, on every host");
}
