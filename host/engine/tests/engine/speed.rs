//! What a call costs. The numbers are printed (`cargo test -p posthouse-engine --release speed -- --nocapture`); the
//! bounds are wide, as tests run on busy machines without optimisation.

use crate::{Guest, classify, open};
use rayon::prelude::*;
use std::time::Instant;

fn best(call: impl FnMut()) -> f64 {
    best_of(200, call)
}

fn best_of(times: usize, mut call: impl FnMut()) -> f64 {
    let once = |call: &mut dyn FnMut()| {
        let begin = Instant::now();
        call();
        begin.elapsed().as_secs_f64() * 1e6
    };
    let mut times: Vec<f64> = (0..times).map(|_| once(&mut call)).collect();
    times.sort_by(f64::total_cmp);
    println!(
        "    median {:.1} µs, fastest {:.1} µs",
        times[times.len() / 2],
        times[0]
    );
    times[times.len() / 2]
}

#[test]
fn a_full_chunk_costs_little_more_than_its_rows() {
    let plugin = open(&Guest::default());
    let rows: Vec<i32> = (0..8_192).collect();
    println!("one row");
    let one = best(|| drop(classify(&plugin, &rows[..1]).expect("harmless")));
    println!("8,192 rows of three s32 columns, segment and score back");
    let full = best(|| drop(classify(&plugin, &rows).expect("harmless")));
    println!("a copy of the same columns");
    best(|| drop(std::hint::black_box([rows.clone(), rows.clone(), rows.clone()])));
    println!("122 such chunks (1,000,000 rows), side by side");
    best_of(5, || {
        let chunks = (0..122).into_par_iter();
        crate::engine()
            .pool()
            .install(|| chunks.for_each(|_| drop(classify(&plugin, &rows).expect("harmless"))));
    });
    // as a run over 100,000 customers does with one of its 13 chunks
    let again: Vec<i32> = (0..1_562).map(|row| row * 5_003 % 8_192).collect();
    println!("1,562 rows once more, in two calls");
    let again = best(|| {
        for rows in again.chunks(781) {
            drop(classify(&plugin, rows).expect("harmless"));
        }
    });
    println!("    {:.1} % of 13 chunks", again * 100.0 / (13.0 * full));
    assert!(one < 5_000.0 && full < 20_000.0);
    assert!(again < full, "{again} µs and {full} µs");
}
