//! Events at a steady rate to the real server: how long until the customer's segment has changed.
//!
//! Each event is the first booking of a customer who never travelled, so each moves its customer, in every binding. The time runs
//! from the moment the event was due to be sent until its move can be read from the database in the binding that is last.

use super::house::{self, BINDINGS};
use super::seed::Seeded;
use super::server::{Client, Server};
use crate::population::{NOW, person};
use crate::report::{Row, grouped, millis, quantile, times};
use crate::{Plan, Result};
use posthouse_store::{Access, Store, segments};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How often the database is asked whether a move is there. Adds half of it to every time.
const LOOK: Duration = Duration::from_millis(2);

/// Connections that send. More than are ever needed at once, so that a slow answer keeps no later event back.
const SENDERS: usize = 64;

pub(crate) async fn run(plan: &Plan) -> Result<()> {
    let seeded = Seeded::read(&plan.folder)?;
    let server = Server::start(&plan.folder, &seeded.key, seeded.days)?;
    server.bind(plan)?;
    // the frame is read and everything caught up before the first event
    server.client().post("segmentation/runs", &serde_json::json!({}))?;

    let wanted = (plan.events_per_second * plan.event_seconds) as usize;
    let prospects = (0..plan.customers).filter(|number| person(*number).trips.is_empty());
    let prospects: Arc<[u32]> = prospects.take(wanted).collect();
    let store = Store::open(&house::address(&plan.folder)).await?;
    let mut tx = store.read(Access::Jobs).await?;
    let agency = posthouse_store::team::agencies(&mut tx).await?.remove(0).id;
    drop(tx);
    let (began, interval) = (Instant::now(), Duration::from_secs(1) / plan.events_per_second);
    let watching = tokio::spawn(watch(store.clone(), agency, prospects.len(), began));
    let next = Arc::new(AtomicUsize::new(0));
    let senders: Vec<_> = (0..SENDERS)
        .map(|_| {
            let (client, prospects, next) = (server.client(), prospects.clone(), next.clone());
            std::thread::spawn(move || send(&client, &prospects, &next, began, interval))
        })
        .collect();
    let seen = watching
        .await?
        .map_err(|error| format!("the moves cannot be read: {error}"))?;
    let mut acknowledged = Vec::with_capacity(prospects.len());
    for sender in senders {
        acknowledged.extend(sender.join().map_err(|_| "a sender failed; see above")?);
    }
    store.close().await;
    server.stop()?;
    let due = |index: u32| interval * index;
    let moved: Vec<f64> = (0u32..)
        .zip(prospects.iter())
        .filter_map(|(index, number)| Some(millis(seen.get(&i64::from(*number))?.saturating_sub(due(index)))))
        .collect();
    assert_eq!(moved.len(), prospects.len(), "an event moved nobody");

    let both = |times: &[f64]| {
        format!(
            "p50 {:.0} ms, p99 {:.0} ms",
            quantile(times, 0.5),
            quantile(times, 0.99)
        )
    };
    Row {
        work: format!(
            "an event until its customer's segment has changed in three bindings: {} events/s over HTTP for {} s, {} customers",
            plan.events_per_second,
            plan.event_seconds,
            grouped(plan.customers)
        ),
        ours: both(&moved),
        beside: format!("the same event until it is acknowledged: {}", both(&acknowledged)),
        ratio: format!("{} of it", times(quantile(&moved, 0.5) / quantile(&acknowledged, 0.5))),
        reach: "p99 ≤ 1 s".into(),
        reached: Some(quantile(&moved, 0.99) <= 1_000.0),
    }
    .print();
    Ok(())
}

/// Sends events, each when it is due; gives the milliseconds from then until its acknowledgement.
fn send(client: &Client, prospects: &[u32], next: &AtomicUsize, began: Instant, interval: Duration) -> Vec<f64> {
    let mut times = Vec::new();
    loop {
        let index = next.fetch_add(1, Ordering::SeqCst);
        let Some(number) = prospects.get(index) else {
            return times;
        };
        let due = began + interval * index as u32;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let body = serde_json::json!({ "events": [event(*number)] });
        match client.post("events", &body) {
            Ok(answer) if answer["accepted"] == 1 => times.push(millis(due.elapsed())),
            other => panic!("an event did not land: {other:?}"),
        }
    }
}

/// When each of `expected` moves could be read, by ordinal; gives up when none has come for ten seconds.
async fn watch(
    store: Store,
    agency: Uuid,
    expected: usize,
    began: Instant,
) -> posthouse_store::Result<HashMap<i64, Duration>> {
    let (binding, mut last) = (BINDINGS[BINDINGS.len() - 1], 0);
    let mut seen = HashMap::with_capacity(expected);
    let mut latest = Instant::now();
    while seen.len() < expected && latest.elapsed() < Duration::from_secs(10) {
        tokio::time::sleep(LOOK).await;
        let mut tx = store.read(Access::Agency(agency)).await?;
        let rows = segments::transitions_after(&mut tx, agency, binding, last).await?;
        drop(tx);
        let at = began.elapsed();
        for row in rows {
            (last, latest) = (row.transition, Instant::now());
            seen.entry(row.ordinal).or_insert(at);
        }
    }
    Ok(seen)
}

fn event(number: u32) -> serde_json::Value {
    let person = person(number);
    serde_json::json!({
        "source": "bench",
        "external_id": format!("E{number:07}"),
        "type": "booking.confirmed",
        "occurred_at": posthouse_domain::time::instant_text(NOW),
        "customer": { "identities": [{ "kind": "member_no", "value": person.member_no() }], "name": person.name },
        "data": { "destination": "日本", "travellers": 2, "amount": 1_280_000, "departs": "2026-09-01", "channel": "微信" },
    })
}
