//! What a quote costs. Fuel says nothing of the host's share; `cargo test --release -p posthouse-engine -- --ignored --nocapture
//! one_quote` prints the time of a call.

use super::{PromotionGuest, opened};
use posthouse_engine::bench::Bench;
use std::time::Duration;

#[test]
fn fuel_is_the_same_in_every_bench() {
    let plugin = opened(&PromotionGuest::default());
    let measure = |seed| plugin.bench(seed, Duration::ZERO).expect("harmless");
    let (first, second) = (measure(1), measure(1));
    let fuel =
        |bench: &Bench| -> Vec<(usize, u64)> { bench.sizes.iter().map(|size| (size.parts, size.times.fuel)).collect() };
    assert_eq!(fuel(&first), fuel(&second));
    let lines: Vec<usize> = first.sizes.iter().map(|size| size.parts).collect();
    assert_eq!(lines, [1, 10, 100]);
    for size in first.sizes.iter().map(|size| size.times) {
        assert!(
            0 < size.fastest_ns && size.fastest_ns <= size.ns && size.calls > 1,
            "{size:?}"
        );
    }
}

#[test]
#[ignore = "a time says something only without debug assertions, on a quiet machine"]
fn one_quote_takes_less_than_60_microseconds() {
    let plugin = opened(&PromotionGuest::default());
    plugin.bench(1, Duration::ZERO).expect("harmless");
    let measured = plugin.bench(1, Duration::from_secs(2)).expect("harmless");
    for size in &measured.sizes {
        println!(
            "{} lines: median {} ns, fastest {} ns, {} calls",
            size.parts, size.times.ns, size.times.fastest_ns, size.times.calls
        );
    }
    assert!(measured.sizes[0].times.ns < 60_000, "{:?}", measured.sizes[0]);
}
