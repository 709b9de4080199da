//! Two hosts on one PostgreSQL database: what one does, the other follows.

use bytes::Bytes;
use posthouse_app::intake::files::workbook::Workbooks;
use posthouse_app::rules::Activation;
use posthouse_app::team::{Caller, NewAgency, create_agency};
use posthouse_app::{App, Parts, clock};
use posthouse_domain::time::FixedClock;
use posthouse_engine::{Engine, EngineConfig};
use posthouse_store::Store;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

const NOW: i64 = 1_768_449_600_000; // 2026-01-15T04:00Z

async fn host(database: &str) -> App {
    let app = App::new(Parts {
        store: Store::open(database).await.expect("the database opens"),
        engine: Engine::new(EngineConfig::default()).expect("an engine"),
        clock: Arc::new(FixedClock(NOW)),
        machine: Arc::new(clock::SystemClock),
        entropy: Arc::new(clock::SystemEntropy),
        secret: [7; 32],
        frames: None,
        workbooks: Workbooks::nowhere(),
        private_webhooks: false,
        campaigns_in_force: 500,
        allowances: posthouse_app::Allowances::default(),
        provider: None,
    });
    app.start();
    app
}

async fn agency(database: &str) -> String {
    let store = Store::open(database).await.expect("the database opens");
    let new = NewAgency {
        slug: "hosts".into(),
        name: "Hosts".into(),
        time_zone: "Asia/Shanghai".into(),
        currency: "CNY".into(),
        country: "CN".into(),
    };
    create_agency(&store, new, NOW, &clock::SystemEntropy)
        .await
        .expect("a new agency")
        .1
}

fn booking(id: &str, member: &str, amount: i64) -> Value {
    json!({"source": "shop", "external_id": id, "type": "booking.confirmed", "occurred_at": "2026-01-10T09:00:00+08:00",
        "customer": {"identities": [{"kind": "member_no", "value": member}]}, "data": {"amount": amount}})
}

async fn counts(app: &App, caller: &Caller) -> Vec<(String, u64)> {
    let segments = app.segments().list(caller).await.expect("segments");
    segments
        .into_iter()
        .filter(|segment| segment.count > 0)
        .map(|segment| (segment.key, segment.count))
        .collect()
}

async fn eventually(what: &str, app: &App, caller: &Caller, expected: &[(&str, u64)]) {
    let began = Instant::now();
    loop {
        let found = counts(app, caller).await;
        if found
            .iter()
            .map(|(key, count)| (key.as_str(), *count))
            .eq(expected.iter().copied())
        {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "{what}: {found:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hosts_follow_each_other() {
    let database = posthouse_tests::postgres::database();
    let key = agency(&database).await;
    let (a, b) = (host(&database).await, host(&database).await);
    let (at_a, at_b) = (
        a.team().authenticate(&key).await.expect("a caller"),
        b.team().authenticate(&key).await.expect("a caller"),
    );
    for i in 0..10 {
        let app = if i % 2 == 0 { (&a, &at_a) } else { (&b, &at_b) };
        let taken = app
            .0
            .intake()
            .accept(app.1, &[booking(&format!("b{i}"), &format!("M{}", i % 5), 1000 * i)])
            .await
            .expect("an answer");
        assert_eq!(taken.accepted, 1);
    }
    let component = Bytes::from(posthouse_tests::plugins::packed("rfm"));
    let (_, plugin) = a
        .plugins()
        .upload(&at_a, component)
        .await
        .expect("the plugin is let in");
    let activation = Activation {
        digest: plugin.digest,
        config: json!({}),
        grant: None,
    };
    let bound = b
        .segments()
        .activate(&at_b, "rfm", activation.clone(), None)
        .await
        .expect("the rule comes into force");
    assert_eq!((bound.revision, bound.diff.expect("a diff").customers), (1, 5));
    let after = counts(&b, &at_b).await;
    let expected: Vec<(&str, u64)> = after.iter().map(|(key, count)| (key.as_str(), *count)).collect();
    eventually("the other host has the segments", &a, &at_a, &expected).await;

    // swaps and events from both hosts at once: nothing fails, and both end up with the same
    let swaps = async {
        for i in 0..20 {
            let (app, caller) = if i % 2 == 0 { (&a, &at_a) } else { (&b, &at_b) };
            app.segments()
                .activate(caller, "rfm", activation.clone(), None)
                .await
                .expect("the swap");
        }
    };
    let events = async {
        for i in 0..60 {
            let (app, caller) = if i % 3 == 0 { (&a, &at_a) } else { (&b, &at_b) };
            let taken = app
                .intake()
                .accept(caller, &[booking(&format!("c{i}"), &format!("N{}", i % 7), 500 * i)])
                .await
                .expect("an answer");
            assert_eq!(taken.accepted, 1);
        }
    };
    tokio::join!(swaps, events);
    let run = a.segments().run(&at_a, Some("rfm")).await.expect("a run");
    assert_eq!((run[0].revision, run[0].customers), (21, 12));
    let quiet = counts(&a, &at_a).await;
    let expected: Vec<(&str, u64)> = quiet.iter().map(|(key, count)| (key.as_str(), *count)).collect();
    eventually("the other host agrees", &b, &at_b, &expected).await;
    a.stop().await;
    b.stop().await;
}
