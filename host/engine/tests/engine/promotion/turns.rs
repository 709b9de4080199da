//! Agencies that ask at the same time. The numbers are printed with `--nocapture`; the bounds are wide, as tests run on busy machines.

use super::{PromotionGuest, basket, before, evaluate, facts, open};
use crate::{context, engine};
use posthouse_engine::PromotionPlugin;
use rayon::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// Times of questions of one agency about so many rules, one after another, each from the question to the last answer; shortest first.
fn times(plugin: &PromotionPlugin, whose: u128, (questions, rules): (usize, usize)) -> Vec<Duration> {
    let once = |_| {
        let (plugin, began) = (plugin.clone(), Instant::now());
        let (said, heard) = channel();
        engine().ask(whose, rules, move |_| {
            let answer = plugin.decide(&context(), &basket(2), &facts());
            said.send(answer.is_ok()).expect("somebody listens");
        });
        assert_eq!(heard.iter().filter(|good| *good).count(), rules);
        began.elapsed()
    };
    let mut times: Vec<Duration> = (0..questions).map(once).collect();
    times.sort_unstable();
    times
}

#[test]
fn many_rules_are_asked_side_by_side() {
    let plugin = open(&PromotionGuest::default());
    times(&plugin, 1, (20, 50));
    let took = times(&plugin, 1, (200, 50));
    let mut all_at_once: Vec<Duration> = (0..200)
        .map(|_| {
            let began = Instant::now();
            let ask = || {
                (0..50)
                    .into_par_iter()
                    .for_each(|_| drop(evaluate(&plugin, 2).expect("harmless")))
            };
            engine().pool().install(ask);
            began.elapsed()
        })
        .collect();
    all_at_once.sort_unstable();
    println!(
        "50 rules: p50 {:?}, p99 {:?}; in a pool that nobody shares p50 {:?}, p99 {:?}",
        took[100], took[198], all_at_once[100], all_at_once[198]
    );
    assert!(took[100] < Duration::from_millis(100));
}

#[test]
fn slow_rules_of_one_agency_leave_anothers_quick() {
    let quick = open(&PromotionGuest::default());
    // some divisions that wait for each other
    let slow = open(&before(
        "(loop $again
           (local.set $now (i64.div_u (i64.const -1) (i64.or (local.get $now) (i64.const 3))))
           (local.set $i (i32.add (local.get $i) (i32.const 1)))
           (br_if $again (i32.lt_u (local.get $i) (i32.const 1000000))))
         (local.set $i (i32.const 0))",
    ));
    evaluate(&slow, 2).expect("it ends");
    let quiet = times(&quick, 1, (200, 1));
    let (said, heard) = channel();
    let enough = Arc::new(AtomicBool::new(false));
    for _ in 0..40 {
        let (said, slow, enough) = (said.clone(), slow.clone(), enough.clone());
        engine().ask(2, 20, move |_| {
            if enough.load(Ordering::Relaxed) {
                return;
            }
            let answer = slow.decide(&context(), &basket(2), &facts());
            let _ = said.send(answer.is_ok());
        });
    }
    drop(said);
    let beside = times(&quick, 1, (200, 1));
    enough.store(true, Ordering::Relaxed);
    let begun = heard.try_iter().count();
    println!(
        "one rule: p50 {:?}, p99 {:?}; beside 800 slow calls p50 {:?}, p99 {:?}; {begun} of them are over",
        quiet[100], quiet[198], beside[100], beside[198]
    );
    assert!(begun < 400, "{begun} of 800 slow calls came first");
    assert!(beside[100] < Duration::from_millis(50), "{:?}", beside[100]);
}
