//! Re-segmentation and preview of everyone, through the house's own use-cases.
//!
//! Every round is a new day: its turn, a preview and a run are timed, and then the same is done in SQL over a flat table.

use super::house::{self, BINDINGS, House};
use super::seed::{self, Seeded};
use crate::report::{Row, grouped, median, millis, ratio, times};
use crate::rules::sql;
use crate::{Plan, Result, machine};
use posthouse_app::segments::{PreviewRequest, SampleRequest};
use sqlx::{AssertSqlSafe, SqliteConnection};
use std::time::Instant;

pub(crate) async fn run(plan: &Plan) -> Result<()> {
    let mut seeded = Seeded::read(&plan.folder)?;
    let house = house::open(&plan.folder, &seeded.key).await?;
    let digests = house.upload(plan).await?;
    let began = Instant::now();
    house.app.segments().run(&house.caller, None).await?;
    eprintln!(
        "  the frame is read in {:.1} s, {:.0} MB resident",
        began.elapsed().as_secs_f64(),
        machine::resident()
    );
    let began = Instant::now();
    house.activate(&digests).await?;
    eprintln!(
        "  three first activations in {:.0} ms, {:.0} MB at most",
        millis(began.elapsed()),
        machine::peak()
    );

    // stages in the place of values: nearly everybody would move
    let [_, digest, _] = digests;
    let request = PreviewRequest {
        digest,
        config: serde_json::json!({}),
        name: BINDINGS[0].to_owned(),
    };
    let mut flat = seed::flat(&plan.folder).await?;
    agree(&house, &mut flat, &seeded).await?;
    let (mut runs, mut previews, mut jobs, mut selects) = (vec![], vec![], vec![], vec![]);
    let (mut alone, mut peak, mut moved, mut would_move) = (vec![], 0.0, vec![], vec![]);
    let (mut turns, mut due, mut recounts) = (vec![], vec![], vec![]);
    for round in 0..plan.rounds {
        seeded.days += 1;
        house.clock.set_day(seeded.days);
        let left = house.app.days().of_facts(&house.caller).await?.turning;
        due.push(left.map_or(0, |turning| turning.left) as f64);
        let began = Instant::now();
        house.app.days().bring_to_today(&house.caller).await?;
        turns.push(millis(began.elapsed()));
        recounts.push(recount(&mut flat, crate::population::TODAY + seeded.days as i32).await?);
        house.app.segments().preview(&house.caller, request.clone()).await?;
        if round == 0 {
            eprintln!(
                "  the first day turned and previewed, {:.0} MB at most",
                machine::peak()
            );
        }
        let began = Instant::now();
        let preview = house.app.segments().preview(&house.caller, request.clone()).await?;
        previews.push(millis(began.elapsed()));
        assert_eq!(preview.customers, u64::from(plan.customers));
        would_move.push(preview.changed as f64);

        let began = Instant::now();
        let summaries = house.app.segments().run(&house.caller, None).await?;
        runs.push(millis(began.elapsed()));
        assert!(
            summaries.len() == BINDINGS.len() && summaries.iter().all(|run| run.customers == i64::from(plan.customers))
        );
        alone.extend(summaries.iter().map(|run| run.duration_ms as f64));
        moved.extend(summaries.iter().map(|run| run.changed as f64));
        if round == 0 {
            peak = machine::peak();
        }

        let today = crate::population::TODAY + seeded.days as i32;
        selects.push(select(&mut flat, &seeded, today).await?);
        jobs.push(update(&mut flat, &seeded, today).await?);
    }
    sample(&house, &mut flat, plan.rounds).await?;
    seeded.write(&plan.folder)?;
    house.app.stop().await;

    let customers = grouped(plan.customers);
    let time = median(&turns);
    Row {
        work: format!(
            "turn of a day: of {customers} customers the facts of {} are folded again, 2,000 to a transaction, and read into the frame",
            grouped(median(&due) as u64)
        ),
        ours: format!("{time:.0} ms"),
        beside: format!(
            "one SQL update that counts the trips and spend of two years anew for those whose trips leave a window: {} ms",
            grouped(median(&recounts) as u64)
        ),
        ratio: format!("{} of it", times(ratio(&turns, &recounts))),
        reach: "≤ 1 s".into(),
        reached: Some(time <= 1_000.0),
    }
    .print();
    let time = median(&runs);
    Row {
        work: format!(
            "re-segmentation of {customers} customers by {}: tables, rules, comparison with yesterday, stored; \
             {} moved in a binding, which takes {:.0} ms, {peak:.0} MB at most",
            BINDINGS.join(", "),
            grouped(median(&moved) as u64),
            median(&alone),
        ),
        ours: format!("{time:.0} ms"),
        beside: format!(
            "three SQL updates of a flat table, tables given: {} ms",
            grouped(median(&jobs) as u64)
        ),
        ratio: format!("{} faster", times(ratio(&jobs, &runs))),
        reach: "≤ 300 ms, ≤ 400 MB".into(),
        reached: Some(time <= 300.0 && peak <= 400.0),
    }
    .print();
    let time = median(&previews);
    Row {
        work: format!(
            "preview of {} in the place of {} on {customers} customers: both rules, the moves of {} stored",
            BINDINGS[1],
            BINDINGS[0],
            grouped(median(&would_move) as u64)
        ),
        ours: format!("{time:.0} ms"),
        beside: format!(
            "one SQL select with both rules, moves only counted: {} ms",
            grouped(median(&selects) as u64)
        ),
        ratio: format!("{} faster", times(ratio(&selects, &previews))),
        reach: "≤ 300 ms".into(),
        reached: Some(time <= 300.0),
    }
    .print();
    Ok(())
}

/// The rules of the bindings in SQL.
fn rules(seeded: &Seeded, today: i32) -> [String; 3] {
    [
        sql::case(&seeded.edges, today),
        sql::stage(today),
        sql::quadrant(&seeded.edges, today),
    ]
}

/// Before anything is timed: SQL and the house put as many into each segment, on the day whose tables SQL has been given.
async fn agree(house: &House, flat: &mut SqliteConnection, seeded: &Seeded) -> Result<()> {
    assert_eq!(seeded.days, 0, "the tables are those of the first day");
    update(flat, seeded, crate::population::TODAY).await?;
    let segments = house.app.segments().list(&house.caller).await?;
    for binding in BINDINGS {
        let counts = segments.iter().filter(|segment| segment.binding == binding);
        for (place, segment) in (0i64..).zip(counts) {
            let statement = format!("SELECT count(*) FROM flat WHERE \"{binding}\" = ?");
            let count: i64 = sqlx::query_scalar(AssertSqlSafe(statement))
                .bind(place)
                .fetch_one(&mut *flat)
                .await?;
            assert_eq!(segment.count, count as u64, "{binding}.{}", segment.key);
        }
    }
    Ok(())
}

/// Draws a hundred out of the largest segment, beside SQL that draws as many out of a column that stands ready.
async fn sample(house: &House, flat: &mut SqliteConnection, rounds: usize) -> Result<()> {
    let segments = house.app.segments().list(&house.caller).await?;
    let largest = segments.iter().max_by_key(|segment| segment.count);
    let largest = largest.ok_or("there are no segments")?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let seed = format!("round {round}");
        let request = || SampleRequest {
            binding: &largest.binding,
            segment: &largest.key,
            size: 100,
            seed: Some(&seed),
            as_of: None,
        };
        let began = Instant::now();
        let drawn = house.app.segments().sample(&house.caller, request()).await?;
        ours.push(millis(began.elapsed()));
        let again = house.app.segments().sample(&house.caller, request()).await?;
        let ids = |all: &[posthouse_app::segments::Drawn]| all.iter().map(|one| one.customer_id).collect::<Vec<_>>();
        assert_eq!(
            (ids(&drawn.items).len(), ids(&drawn.items)),
            (100, ids(&again.items)),
            "the same draw"
        );
        let began = Instant::now();
        let statement = format!(
            "SELECT ordinal FROM flat WHERE \"{column}\" = (SELECT \"{column}\" FROM flat WHERE \"{column}\" IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC LIMIT 1) \
             ORDER BY random() LIMIT 100",
            column = largest.binding
        );
        let rows: Vec<(i64,)> = sqlx::query_as(AssertSqlSafe(statement)).fetch_all(&mut *flat).await?;
        theirs.push(millis(began.elapsed()));
        assert_eq!(rows.len(), 100, "drawn by SQL");
    }
    let time = median(&ours);
    Row {
        work: format!(
            "a sample of 100 out of the {} members of {}.{}, with names and telephone numbers, noted in the audit log",
            grouped(largest.count),
            largest.binding,
            largest.key
        ),
        ours: format!("{time:.0} ms"),
        beside: format!(
            "one SQL select by random(), row numbers alone: {:.0} ms",
            median(&theirs)
        ),
        ratio: format!("{} faster", times(ratio(&theirs, &ours))),
        reach: "≤ 20 ms".into(),
        reached: Some(time <= 20.0),
    }
    .print();
    Ok(())
}

/// A turn of the day at its best: two of the windows, of those whose trips leave one, from a table of trips with the indexes it needs.
async fn recount(flat: &mut SqliteConnection, today: i32) -> Result<f64> {
    let began = Instant::now();
    let statement = "UPDATE flat SET (trips_24m, spend_24m) = (SELECT count(*), coalesce(sum(amount), 0) FROM trip \
                     WHERE trip.ordinal = flat.ordinal AND booked_on > ?1 - 730 AND booked_on <= ?1) \
                     WHERE ordinal IN (SELECT ordinal FROM trip WHERE booked_on IN (?1 - 365, ?1 - 730))";
    sqlx::query(statement).bind(today).execute(&mut *flat).await?;
    Ok(millis(began.elapsed()))
}

/// A nightly job at its best: one update per rule, and nothing kept of who moved.
async fn update(flat: &mut SqliteConnection, seeded: &Seeded, today: i32) -> Result<f64> {
    let began = Instant::now();
    for (binding, rule) in BINDINGS.iter().zip(rules(seeded, today)) {
        let statement = format!("UPDATE flat SET \"{binding}\" = {rule}");
        sqlx::query(AssertSqlSafe(statement)).execute(&mut *flat).await?;
    }
    Ok(millis(began.elapsed()))
}

/// A preview at its best: how many go from where to where.
async fn select(flat: &mut SqliteConnection, seeded: &Seeded, today: i32) -> Result<f64> {
    let (old, new) = (sql::case(&seeded.edges, today), sql::stage(today));
    let began = Instant::now();
    let statement = format!("SELECT {old}, {new}, count(*) FROM flat GROUP BY 1, 2");
    let moves = sqlx::query(AssertSqlSafe(statement)).fetch_all(&mut *flat).await?;
    assert!(!moves.is_empty());
    Ok(millis(began.elapsed()))
}
