//! Timers that all fall due within a minute, run by moving the clock on, beside a bare table that forgets as many rows.
//!
//! Each timer is the end of a quote's hold that finds nothing left to free. So the machinery is measured: finding what is due, in its order
//! over all agencies, taking it, and finishing it in the transaction that does the work.

use super::house;
use crate::population::NOW;
use crate::report::{Row, grouped, median, ratio, times};
use crate::{Plan, Result, machine};
use posthouse_app::ClockMove;
use posthouse_app::clock::SystemEntropy;
use posthouse_app::team::{NewAgency, create_agency};
use posthouse_domain::Entropy;
use posthouse_store::jobs::{JobClock, Lane, NewJob, put};
use posthouse_store::{Access, Store};
use sqlx::{Connection, SqliteConnection};
use std::path::Path;
use std::time::Instant;

const AGENCIES: u32 = 20;
const MINUTE: i64 = 60_000;
/// Rows of one transaction while the tables are filled.
const FILLED: u32 = 20_000;
/// Rows the bare table is asked for at once.
const TAKEN: i64 = 64;

/// When a timer is due, ms after the beginning: all over the minute, in no order.
fn due(number: u32) -> i64 {
    1 + i64::from(number).wrapping_mul(48_271) % MINUTE
}

pub(crate) async fn run(plan: &Plan) -> Result<()> {
    let folder = plan.folder.join("jobs");
    std::fs::create_dir_all(&folder)?;
    let store = Store::open(&house::address(&folder)).await?;
    let key = house::found(&store).await?;
    fill(&store, plan.timers).await?;
    store.close().await;
    let mut bare = bare(&folder, plan.timers).await?;
    let house = house::open(&folder, &key).await?;

    // the days of new agencies turn first
    house.app.move_clock(&house.caller, ClockMove::To(NOW)).await?;
    let step = MINUTE / plan.rounds as i64;
    let (mut ours, mut theirs, mut ran) = (Vec::new(), Vec::new(), 0);
    for round in 1..=plan.rounds as i64 {
        let until = if round == plan.rounds as i64 {
            MINUTE
        } else {
            round * step
        };
        let began = Instant::now();
        let to = ClockMove::To(NOW + until);
        let jobs = house.app.move_clock(&house.caller, to).await?.jobs;
        ours.push(jobs as f64 / began.elapsed().as_secs_f64());
        let began = Instant::now();
        let rows = forget(&mut bare, until).await?;
        theirs.push(rows as f64 / began.elapsed().as_secs_f64());
        assert_eq!(jobs, rows, "timers of round {round}");
        ran += jobs;
    }
    assert_eq!(ran, u64::from(plan.timers), "every timer once");
    let peak = machine::peak();
    house.app.stop().await;
    bare.close().await?;
    let (ours, theirs, ratio) = (median(&ours), median(&theirs), ratio(&ours, &theirs));
    Row {
        work: format!(
            "timers: {} of {AGENCIES} agencies due within a minute, each run once and in order, in a transaction of its own; SQLite",
            grouped(plan.timers)
        ),
        ours: format!("{}/s, {peak:.0} MB at most", grouped(ours.round() as u64)),
        beside: format!(
            "a bare table with the same durability, read {TAKEN} rows at a time and forgotten one by one: {}/s",
            grouped(theirs.round() as u64)
        ),
        ratio: format!("{} as fast", times(ratio)),
        reach: "≥ 167/s: 10,000 in a minute run as they fall due".into(),
        reached: Some(ours >= 167.0),
    }
    .print();
    Ok(())
}

/// Founds the agencies and schedules their timers.
async fn fill(store: &Store, timers: u32) -> Result<()> {
    let mut agencies = Vec::new();
    for number in 0..AGENCIES {
        let agency = NewAgency {
            slug: format!("timers-{number}"),
            name: format!("Timers {number}"),
            time_zone: "Asia/Shanghai".into(),
            currency: "CNY".into(),
            country: "CN".into(),
        };
        agencies.push(create_agency(store, agency, NOW, &SystemEntropy).await?.0.id);
    }
    let share = timers.div_ceil(AGENCIES);
    for (agency, first) in agencies.into_iter().zip((0..).step_by(share as usize)) {
        let own = first..timers.min(first + share);
        for from in own.clone().step_by(FILLED as usize) {
            let mut tx = store.write(Access::Agency(agency)).await?;
            for number in from..own.end.min(from + FILLED) {
                let timer = NewJob {
                    kind: "quote.expire",
                    key: &SystemEntropy.id(NOW).to_string(),
                    lane: Lane::Timers,
                    clock: JobClock::Business,
                    due: NOW + due(number),
                };
                put(&mut tx, agency, timer).await?;
            }
            tx.commit().await?;
        }
    }
    Ok(())
}

/// The least that keeps timers: a table in the order of their times, every commit on the disk.
async fn bare(folder: &Path, timers: u32) -> Result<SqliteConnection> {
    let address = format!("sqlite:{}?mode=rwc", folder.join("bare.db").display());
    let mut connection = SqliteConnection::connect(&address).await?;
    for statement in [
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "PRAGMA cache_size = -65536",
        "CREATE TABLE timer (due INTEGER, number INTEGER, PRIMARY KEY (due, number)) WITHOUT ROWID",
    ] {
        sqlx::query(statement).execute(&mut connection).await?;
    }
    for from in (0..timers).step_by(FILLED as usize) {
        let mut transaction = connection.begin().await?;
        for number in from..timers.min(from + FILLED) {
            let insert = sqlx::query("INSERT INTO timer VALUES (?, ?)").bind(due(number));
            insert.bind(number).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
    }
    Ok(connection)
}

/// Forgets what is due until then, in order, each row in a transaction of its own; says how many there were.
async fn forget(connection: &mut SqliteConnection, until: i64) -> Result<u64> {
    let mut forgotten = 0;
    loop {
        let look = sqlx::query_as("SELECT due, number FROM timer WHERE due <= ? ORDER BY due, number LIMIT ?");
        let rows: Vec<(i64, i64)> = look.bind(until).bind(TAKEN).fetch_all(&mut *connection).await?;
        if rows.is_empty() {
            return Ok(forgotten);
        }
        for (due, number) in rows {
            let delete = sqlx::query("DELETE FROM timer WHERE due = ? AND number = ?").bind(due);
            forgotten += delete.bind(number).execute(&mut *connection).await?.rows_affected();
        }
    }
}
