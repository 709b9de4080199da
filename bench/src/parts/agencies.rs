//! One server with very many small agencies: what it costs while all of them are quiet, when one is asked for, and what a night of all of
//! them takes.

use super::house;
use super::seed::put_people;
use super::server::Server;
use crate::population::{NOW, person};
use crate::report::{Row, grouped, median, millis, quantile, ratio, times};
use crate::{Plan, Result};
use posthouse_app::clock::SystemEntropy;
use posthouse_app::team::{NewAgency, create_agency};
use posthouse_store::{Access, Store};
use serde_json::json;
use std::path::Path;
use std::time::{Duration, Instant};

/// Customers of each.
const CUSTOMERS: u32 = 100;
/// How long nobody asks for anything.
const QUIET: Duration = Duration::from_secs(20);
/// Agencies asked for, one after the other.
const ASKED: usize = 400;

/// Founds agencies with their customers in a folder of their own; gives their keys.
async fn found(folder: &Path, agencies: u32) -> Result<Vec<String>> {
    std::fs::create_dir_all(folder)?;
    let store = Store::open(&house::address(folder)).await?;
    let mut keys = Vec::new();
    for number in 0..agencies {
        let agency = NewAgency {
            slug: format!("agency-{number}"),
            name: format!("Agency {number}"),
            time_zone: "Asia/Shanghai".into(),
            currency: "CNY".into(),
            country: "CN".into(),
        };
        let (agency, key) = create_agency(&store, agency, NOW, &SystemEntropy).await?;
        let own = number * CUSTOMERS..(number + 1) * CUSTOMERS;
        let people = own.map(person).map(|person| {
            let facts = person.facts();
            (person, facts)
        });
        let mut tx = store.write(Access::Agency(agency.id)).await?;
        put_people(&mut tx, agency.id, people.collect()).await?;
        tx.commit().await?;
        keys.push(key);
    }
    store.close().await;
    Ok(keys)
}

/// A server that has just become ready; in how many milliseconds.
fn start(folder: &Path, key: &str) -> Result<(Server, f64)> {
    let began = Instant::now();
    let server = Server::start_by_hand(folder, key, 0)?;
    while !server.client().ready()? {
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok((server, millis(began.elapsed())))
}

/// Milliseconds of computing in a second while nobody asks.
fn idle(server: &Server) -> f64 {
    let before = server.computed();
    std::thread::sleep(QUIET);
    (server.computed() - before) * 1e3 / QUIET.as_secs_f64()
}

pub(crate) async fn run(plan: &Plan) -> Result<()> {
    let (many, one) = (plan.folder.join("agencies"), plan.folder.join("agency"));
    let began = Instant::now();
    let keys = found(&many, plan.agencies).await?;
    let own = found(&one, 1).await?;
    eprintln!(
        "  {} agencies founded in {:.0} s",
        keys.len(),
        began.elapsed().as_secs_f64()
    );

    // whatever a first start has to do is done before
    for (folder, key) in [(&many, &keys[0]), (&one, &own[0])] {
        let (server, ready) = start(folder, key)?;
        eprintln!("  ready for the first time in {ready:.0} ms");
        server.client().post("clock", &json!({"advance": "1s"}))?;
        server.stop()?;
    }
    let (server, ready) = start(&many, &keys[0])?;
    let (alone, alone_ready) = start(&one, &own[0])?;
    // what a start leaves to do is done
    std::thread::sleep(QUIET / 2);
    let (work, alone_work) = (idle(&server), idle(&alone));
    let (memory, alone_memory) = (server.resident(), alone.resident());
    let agencies = grouped(plan.agencies);
    Row {
        work: format!("{agencies} agencies of {CUSTOMERS} customers, nobody asks for anything; SQLite"),
        ours: format!("{work:.1} ms of computing a second, {memory:.0} MB, ready in {ready:.0} ms"),
        beside: format!(
            "the same server with one of them: {alone_work:.1} ms a second, {alone_memory:.0} MB, ready in {alone_ready:.0} ms"
        ),
        ratio: format!("{} its memory", times(memory / alone_memory)),
        reach: "no measurable work, ≤ 1 GB".into(),
        reached: Some(work <= alone_work + 1.0 && memory <= 1_000.0),
    }
    .print();
    alone.stop()?;

    let (mut first, mut again) = (Vec::new(), Vec::new());
    let step = (keys.len() / ASKED).max(1);
    for key in keys.iter().step_by(step) {
        let client = server.client_with(key);
        // the connection is there before
        client.ready()?;
        for times in [&mut first, &mut again] {
            let began = Instant::now();
            client.get("insights/pareto")?;
            times.push(millis(began.elapsed()));
        }
    }
    let p = |times: &[f64]| format!("p50 {:.1} ms, p99 {:.1} ms", median(times), quantile(times, 0.99));
    Row {
        work: format!("the first question about everyone to an agency that is put away, one of {agencies}"),
        ours: p(&first),
        beside: format!("the same question again: {}", p(&again)),
        ratio: format!("{} of it", times(ratio(&first, &again))),
        reach: String::new(),
        reached: None,
    }
    .print();

    let mut nights = Vec::new();
    for _ in 0..plan.rounds.min(3) {
        let began = Instant::now();
        let moved = server.client().post("clock", &json!({"advance": "1d"}))?;
        nights.push(began.elapsed().as_secs_f64());
        let ran = moved["jobs"].as_u64().unwrap_or(0);
        assert!(
            ran >= u64::from(plan.agencies),
            "{ran} jobs in a night of {agencies} agencies"
        );
    }
    let (night, peak) = (median(&nights), server.peak());
    let each = night * 1e3 / f64::from(plan.agencies);
    Row {
        work: format!("a night of {agencies} agencies: facts turned, values fitted, rules run"),
        ours: format!("{night:.1} s, {each:.1} ms for each, {peak:.0} MB at most"),
        beside: format!("one question to each that is put away: {:.1} ms", median(&first)),
        ratio: format!("{} of it", times(each / median(&first))),
        reach: "≤ 1 GB".into(),
        reached: Some(peak <= 1_000.0),
    }
    .print();
    server.stop()
}
