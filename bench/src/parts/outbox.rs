//! What happens, told to a webhook on this machine: what telling costs those who send events, and how fast deliveries go, beside the same
//! bodies posted by somebody who does nothing else.

use super::house;
use super::server::{Client, Server};
use crate::population::{NOW, person};
use crate::report::{Row, grouped, median, ratio, times};
use crate::{Plan, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use posthouse_domain::time::instant_text;
use posthouse_store::Store;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Events of one request.
const BATCH: u32 = 50;
/// Longest wait for the last delivery.
const PATIENCE: Duration = Duration::from_secs(120);

type Came = Arc<Mutex<Vec<Bytes>>>;

/// A receiver that takes whatever comes, on a thread and a runtime of its own; its address, and what came.
fn receiver() -> Result<(String, Came)> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let address = format!("http://{}", listener.local_addr()?);
    let came = Came::default();
    let state = came.clone();
    std::thread::spawn(move || -> std::io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            use axum::serve::ListenerExt;
            let listener = tokio::net::TcpListener::from_std(listener)?;
            let listener = listener.tap_io(|stream| {
                // without it answers only come later
                let _ = stream.set_nodelay(true);
            });
            let take = async |State(came): State<Came>, body: Bytes| {
                came.lock().unwrap_or_else(PoisonError::into_inner).push(body);
            };
            axum::serve(listener, Router::new().route("/", post(take)).with_state(state)).await
        })
    });
    Ok((address, came))
}

fn count(came: &Came) -> usize {
    came.lock().unwrap_or_else(PoisonError::into_inner).len()
}

/// A booking of a customer who is new.
fn event(number: u32) -> Value {
    let person = person(number);
    json!({
        "source": "bench",
        "external_id": format!("E{number:07}"),
        "type": "booking.confirmed",
        "occurred_at": instant_text(NOW),
        "customer": {"identities": [{"kind": "member_no", "value": person.member_no()}], "name": person.name},
        "data": {"booking_id": format!("O{number:07}"), "amount": 1_280_000},
    })
}

/// Sends events of this many new customers; gives events per second.
fn send(client: &Client, from: u32, events: u32) -> Result<f64> {
    let began = Instant::now();
    for first in (from..from + events).step_by(BATCH as usize) {
        let last = (from + events).min(first + BATCH);
        let all: Vec<Value> = (first..last).map(event).collect();
        let answer = client.post("events", &json!({ "events": all }))?;
        if answer["accepted"] != last - first {
            return Err(format!("events did not land: {answer}").into());
        }
    }
    Ok(f64::from(events) / began.elapsed().as_secs_f64())
}

/// Posts bodies one after the other over one connection; gives posts per second.
fn replay(address: &str, bodies: &[Bytes]) -> Result<f64> {
    let agent: ureq::Agent = ureq::Agent::config_builder().build().into();
    let began = Instant::now();
    for body in bodies {
        agent.post(address).content_type("application/json").send(&body[..])?;
    }
    Ok(bodies.len() as f64 / began.elapsed().as_secs_f64())
}

pub(crate) async fn run(plan: &Plan) -> Result<()> {
    let (address, came) = receiver()?;
    let (beside, _) = receiver()?;
    let mut sides = Vec::new();
    for name in ["told", "untold"] {
        let folder = plan.folder.join(name);
        std::fs::create_dir_all(&folder)?;
        let store = Store::open(&house::address(&folder)).await?;
        let key = house::found(&store).await?;
        store.close().await;
        sides.push(Server::start_now(&folder, &key)?);
    }
    let (told, untold) = (sides[0].client(), sides[1].client());
    told.post("webhooks", &json!({"url": address, "types": ["*"]}))?;

    let (mut landed, mut quiet, mut delivered, mut posted) = (vec![], vec![], vec![], vec![]);
    for round in 0..plan.rounds as u32 {
        let (from, before) = (round * plan.told, count(&came));
        quiet.push(send(&untold, from, plan.told)?);
        let began = Instant::now();
        landed.push(send(&told, from, plan.told)?);
        // of each event that its customer is new, and the booking
        let wanted = before + 2 * plan.told as usize;
        while count(&came) < wanted {
            if began.elapsed() > PATIENCE {
                return Err(format!("{} of {wanted} deliveries came", count(&came)).into());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        delivered.push((wanted - before) as f64 / began.elapsed().as_secs_f64());
        let bodies = came.lock().unwrap_or_else(PoisonError::into_inner)[before..wanted].to_vec();
        posted.push(replay(&beside, &bodies)?);
    }
    for side in sides {
        side.stop()?;
    }
    let rate = |rates: &[f64]| format!("{}/s", grouped(median(rates).round() as u64));
    Row {
        work: format!(
            "events of new customers over HTTP, {BATCH} to a request, while everything that happens is told to a webhook; {} in each round, SQLite",
            grouped(plan.told)
        ),
        ours: rate(&landed),
        beside: format!("the same with nobody to tell: {}", rate(&quiet)),
        ratio: format!("{} as fast", times(ratio(&landed, &quiet))),
        reach: String::new(),
        reached: None,
    }
    .print();
    Row {
        work: "the same until the last of two deliveries an event has arrived: written with the change, read, signed, posted, noted".into(),
        ours: rate(&delivered),
        beside: format!("the same bodies posted over one connection: {}", rate(&posted)),
        ratio: format!("{} as fast", times(ratio(&delivered, &posted))),
        reach: String::new(),
        reached: None,
    }
    .print();
    Ok(())
}
