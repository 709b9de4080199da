//! The rule on everyone: through the sandbox from the frame, in plain Rust, and row by row in other languages.

use super::seed::guest;
use crate::population::{NOW, TODAY, person};
use crate::report::{Row, grouped, median, ratio, times};
use crate::rules::native::{Classes, Columns, Customer, classify_customers};
use crate::rules::{Edges, Guest, embedded};
use crate::{Plan, Result, machine};
use posthouse_app::facts::{Frame, Rows};
use posthouse_domain::catalogue::position;
use posthouse_engine::{Context, Engine, EngineConfig, NONE, SegmentationPlugin};
use rayon::prelude::*;
use std::hint::black_box;
use std::time::Instant;

/// Rows of one call, as the house sends them.
const CHUNK: usize = 8_192;

/// Everyone in each of the shapes.
struct Population {
    frame: Frame,
    columns: Columns,
    customers: Vec<Customer>,
    guests: Vec<Guest>,
}

impl Population {
    fn new(count: u32) -> Self {
        let mut all = Self {
            frame: Frame::default(),
            columns: Columns::default(),
            customers: Vec::with_capacity(count as usize),
            guests: Vec::with_capacity(count as usize),
        };
        all.frame.grow(count as usize);
        for from in (0..count).step_by(50_000) {
            let made = |number| (person(number), person(number).facts());
            let people: Vec<_> = (from..count.min(from + 50_000)).into_par_iter().map(made).collect();
            for (person, row) in people {
                let guest = guest(&row);
                all.frame.put(person.number as usize, &row);
                all.columns.push(guest);
                all.guests.push(guest);
                all.customers.push(Customer {
                    ordinal: person.number,
                    name: person.name,
                    city: person.city.to_owned(),
                    since_on: row.since_on.unwrap_or(TODAY),
                    last_trip_on: row.last_trip_on,
                    first_trip_on: row.first_trip_on,
                    trips_total: row.trips_total,
                    trips_12m: row.trips_12m,
                    trips_24m: row.trips_24m,
                    spend_total: row.spend_total,
                    spend_12m: row.spend_12m,
                    spend_24m: row.spend_24m,
                });
            }
        }
        all
    }
}

/// The plugin, asked as the house asks it.
struct Sandbox {
    engine: Engine,
    plugin: SegmentationPlugin,
    facts: Vec<usize>,
    context: Context,
}

impl Sandbox {
    fn new(plan: &Plan, edges: &Edges) -> Result<Self> {
        let engine = Engine::new(EngineConfig::default())?;
        let plugin = engine.admit(&plan.component()?)?.plugin;
        let plugin = plugin
            .front::<SegmentationPlugin>()
            .ok_or("the component is no segmentation")?;
        let facts = plugin
            .description()
            .facts
            .iter()
            .map(|fact| position(&fact.key).ok_or("an unknown fact"));
        let facts = facts.collect::<std::result::Result<_, _>>()?;
        let context = Context {
            now: NOW,
            today: TODAY,
            seed: 1,
            config: "{}".into(),
            quantiles: edges.tables(),
        };
        Ok(Self {
            engine,
            plugin,
            facts,
            context,
        })
    }

    /// One chunk: its columns built from the frame, a fresh store, fuel and epoch on, the answer checked.
    fn ask(&self, frame: &Frame, from: usize, to: usize) -> Classes {
        let rows = Rows::Range(from..to);
        let lent: Vec<_> = self.facts.iter().map(|fact| frame.lend(*fact, &rows, TODAY)).collect();
        let columns: Vec<_> = lent.iter().map(|column| column.as_column()).collect();
        match self.plugin.classify(&self.context, to - from, &columns) {
            Ok(answer) => Classes {
                segment: answer.segment,
                score: answer.score.unwrap_or_default(),
                reason: answer.reason.unwrap_or_default(),
            },
            Err(fault) => panic!("the rule fails: {fault}"),
        }
    }

    fn segments(&self, frame: &Frame, rows: usize, side_by_side: bool) -> Vec<u16> {
        let mut segments = vec![NONE; rows];
        let one = |(chunk, out): (usize, &mut [u16])| {
            let from = chunk * CHUNK;
            out.copy_from_slice(&self.ask(frame, from, from + out.len()).segment);
        };
        if side_by_side {
            self.engine
                .pool()
                .install(|| segments.par_chunks_mut(CHUNK).enumerate().for_each(one));
        } else {
            segments.chunks_mut(CHUNK).enumerate().for_each(one);
        }
        segments
    }

    /// Everything the plugin says of everyone.
    fn whole(&self, frame: &Frame, rows: usize) -> Classes {
        let mut all = Classes::default();
        for from in (0..rows).step_by(CHUNK) {
            let part = self.ask(frame, from, rows.min(from + CHUNK));
            all.segment.extend(part.segment);
            all.score.extend(part.score);
            all.reason.extend(part.reason);
        }
        all
    }
}

/// Nanoseconds per row that this thread computes, so that whatever else the machine does is left out.
fn timed<R>(rows: usize, work: impl FnOnce() -> R) -> f64 {
    let began = machine::thread_time();
    black_box(work());
    (machine::thread_time() - began) * 1e9 / rows as f64
}

pub(crate) fn run(plan: &Plan) -> Result<()> {
    let all = Population::new(plan.customers);
    let edges = Edges::of(all.guests.iter().copied());
    let sandbox = Sandbox::new(plan, &edges)?;
    let mut languages = embedded::all(&edges)?;
    let sample = &all.guests[..all.guests.len().min(plan.script_rows as usize)];

    // everybody must say the same before anybody is timed
    let expected = all.columns.classify(&edges);
    assert!(
        sandbox.whole(&all.frame, all.guests.len()) == expected,
        "the sandbox and plain Rust differ"
    );
    let customers = classify_customers(&all.customers, TODAY, &edges);
    assert!(
        customers
            .iter()
            .map(|class| class.segment)
            .eq(expected.segment.iter().copied())
    );
    for language in &mut languages {
        let found = language.classify(sample)?;
        assert!(
            found == expected.segment[..sample.len()],
            "{} and plain Rust differ",
            language.name()
        );
    }

    let rows = all.guests.len();
    let (mut ours, mut columns, mut structs, mut threads, mut alone) = (vec![], vec![], vec![], vec![], vec![]);
    let mut others: Vec<Vec<f64>> = vec![Vec::new(); languages.len()];
    for _ in 0..plan.rounds {
        columns.push(timed(rows, || all.columns.classify(&edges)));
        ours.push(timed(rows, || sandbox.segments(&all.frame, rows, false)));
        structs.push(timed(rows, || classify_customers(&all.customers, TODAY, &edges)));
        let began = Instant::now();
        black_box(sandbox.segments(&all.frame, rows, true));
        threads.push(began.elapsed().as_secs_f64() * 1e9 / rows as f64);
        let began = Instant::now();
        black_box(sandbox.segments(&all.frame, rows, false));
        alone.push(began.elapsed().as_secs_f64() * 1e9 / rows as f64);
        for (language, times) in languages.iter_mut().zip(&mut others) {
            times.push(timed(sample.len(), || language.classify(sample)));
        }
    }

    let nanos = |times: &[f64]| {
        let median = median(times);
        if median < 100.0 {
            format!("{median:.1} ns")
        } else {
            format!("{} ns", grouped(median.round() as u64))
        }
    };
    let work = format!(
        "classify RFM, {} customers, computing time of one thread per customer",
        grouped(plan.customers)
    );
    let row = |ours: &[f64], beside: String, ratio: String, reach: &str, reached: Option<bool>| Row {
        work: work.clone(),
        ours: nanos(ours),
        beside,
        ratio,
        reach: reach.to_owned(),
        reached,
    };
    let against = ratio(&ours, &columns);
    let beside = format!("plain Rust over columns that stand ready: {}", nanos(&columns));
    row(
        &ours,
        beside,
        format!("{} of it", times(against)),
        "≤ 2 ×",
        Some(against <= 2.0),
    )
    .print();
    let faster = ratio(&structs, &ours);
    let size = size_of::<Customer>();
    let beside = format!("plain Rust over structs of {size} bytes: {}", nanos(&structs));
    row(
        &ours,
        beside,
        format!("{} faster", times(faster)),
        "faster",
        Some(faster > 1.0),
    )
    .print();
    for (language, found) in languages.iter().zip(&others) {
        let faster = ratio(found, &ours);
        let beside = format!("{}, row by row: {}", language.name(), nanos(found));
        row(
            &ours,
            beside,
            format!("{} faster", times(faster)),
            "≥ 50 ×",
            Some(faster >= 50.0),
        )
        .print();
    }
    let pool = sandbox.engine.pool().current_num_threads();
    Row {
        work: work.replace(
            "computing time of one thread",
            &format!("on the pool's {pool} threads, time"),
        ),
        ours: nanos(&threads),
        beside: format!("the sandbox on one thread: {}", nanos(&alone)),
        ratio: format!("{} faster", times(ratio(&alone, &threads))),
        reach: String::new(),
        reached: None,
    }
    .print();
    Ok(())
}
