use posthouse_sdk::harness::{Harness, Rows};

use super::*;

/// Spend of 5, 10, … 95 are the edges: percentile `p` lies at `p`.
fn hundred() -> Harness<ValueQuadrants, Rows> {
    harness::<ValueQuadrants>().quantiles("spend-24m", (1..20).map(|edge| edge * 5).collect::<Vec<_>>())
}

fn guest(trips: i32, recency: i32, spend: i64) -> Guest {
    Guest {
        trips_24m: trips,
        recency_days: Some(recency),
        spend_24m: Money(spend),
    }
}

#[test]
fn golden_cases() {
    harness::<ValueQuadrants>().golden(include_str!("../golden.json"));
}

#[test]
fn every_percentile_is_reached_at_its_edge() {
    for percentile in (5..=95).step_by(5) {
        for spend in 0..=100 {
            let answers = hundred()
                .settings(&format!(r#"{{"large_percentile": {percentile}}}"#))
                .rows([guest(2, 0, spend)])
                .classify();
            let expected = if spend >= percentile {
                "large-loyal"
            } else {
                "small-loyal"
            };
            assert_eq!(
                answers[0].segment.as_deref(),
                Some(expected),
                "{spend} at percentile {percentile}"
            );
        }
    }
}

#[test]
fn the_largest_spend_is_large() {
    let answers = hundred().rows([guest(2, 0, i64::MAX)]).classify();
    assert_eq!(answers[0].segment.as_deref(), Some("large-loyal"));
}

#[test]
fn reasons_speak_of_spend_and_loyalty() {
    let answers = hundred()
        .rows([guest(2, 30, 12_345), guest(1, 30, 12_345), guest(2, 400, 12_345)])
        .classify();
    let said: Vec<&str> = answers
        .iter()
        .filter_map(|answer| answer.because_en.as_deref())
        .collect();
    assert_eq!(
        said,
        [
            "CNY 123.45 spent on 2 trips in 24 months, the latest booked 30 days ago",
            "CNY 123.45 spent in 24 months, but on too few trips: 1",
            "CNY 123.45 spent on 2 trips in 24 months, but no booking for 400 days",
        ]
    );
}

#[test]
fn each_quadrant_has_its_policy() {
    let policies: std::collections::BTreeSet<_> = hundred()
        .segments()
        .iter()
        .map(|segment| (segment.policy.zh, segment.policy.en))
        .collect();
    assert_eq!(policies.len(), 4);
    assert!(policies.iter().all(|(zh, en)| zh.ends_with('。') && en.ends_with('.')));
}

#[test]
fn settings_that_make_everyone_loyal_are_refused() {
    let ask = |settings: &str| hundred().settings(settings).rows([guest(1, 0, 0)]).try_classify();
    assert_eq!(
        ask(r#"{"loyal_trips": 1, "loyal_days": 729}"#),
        Err("settings: /loyal_days: with loyal_trips 1 and loyal_days 729 everyone who travelled in 24 months is loyal; ask for 2 trips, or for a booking in less than 729 days".to_owned())
    );
    assert!(ask(r#"{"loyal_trips": 1, "loyal_days": 728}"#).is_ok());
    assert!(ask(r#"{"loyal_trips": 2, "loyal_days": 730}"#).is_ok());
}
