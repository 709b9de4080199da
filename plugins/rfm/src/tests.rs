use posthouse_sdk::harness::{Harness, Rows};

use super::*;

/// Edges under which values 1 to 5 score 1 to 5; money in whole yuan.
fn five() -> Harness<Rfm, Rows> {
    harness::<Rfm>()
        .quantiles("recency-days", [1, 2, 3, 4])
        .quantiles("trips-24m", [1, 2, 3, 4])
        .quantiles("spend-24m", [100, 200, 300, 400])
}

fn guest(r: i32, f: i32, m: i64, trips_total: i32) -> Guest {
    Guest {
        recency_days: Some(6 - r),
        trips_total,
        trips_24m: f,
        spend_24m: Money(m * 100),
    }
}

#[test]
fn golden_cases() {
    harness::<Rfm>().golden(include_str!("../golden.json"));
}

#[test]
fn every_combination_of_scores_falls_into_the_first_segment_that_matches() {
    for r in 1..=5 {
        for f in 1..=5 {
            for m in 1..=5 {
                for trips_total in [f, f + 3] {
                    let answers = five().rows([guest(r, f, m, trips_total)]).classify();
                    let expected = if r >= 4 && f >= 4 && m >= 4 {
                        "champions"
                    } else if f >= 4 {
                        "loyal"
                    } else if r >= 4 && trips_total == 1 {
                        "new"
                    } else if r >= 4 {
                        "promising"
                    } else if r <= 2 && f >= 3 {
                        "at-risk"
                    } else if r <= 2 {
                        "hibernating"
                    } else {
                        "steady"
                    };
                    assert_eq!(
                        answers[0].segment.as_deref(),
                        Some(expected),
                        "R{r} F{f} M{m}, {trips_total} trips"
                    );
                    assert_eq!(answers[0].score, Some((100 * r + 10 * f) as f32 + m as f32));
                }
            }
        }
    }
}

#[test]
fn without_trips_there_is_nothing_to_score() {
    let never = Guest {
        recency_days: None,
        trips_total: 0,
        trips_24m: 0,
        spend_24m: Money(0),
    };
    let long_ago = Guest {
        recency_days: Some(900),
        trips_total: 4,
        trips_24m: 0,
        spend_24m: Money(0),
    };
    let answers = five().rows([never, long_ago]).classify();
    assert_eq!(
        (answers[0].segment.as_deref(), answers[0].score),
        (Some("prospect"), Some(0.0))
    );
    assert_eq!(
        (answers[1].segment.as_deref(), answers[1].score),
        (Some("lapsed"), Some(0.0))
    );
    assert_eq!(
        answers[1].because_en.as_deref(),
        Some("4 trips in all, none in the last 24 months")
    );
}

#[test]
fn reasons_speak_of_the_guest() {
    let answers = five().rows([guest(5, 5, 5, 5)]).classify();
    assert_eq!(
        answers[0].because_zh.as_deref(),
        Some("近 24 个月出行 5 次，消费 CNY 5.00，最近一次在 1 天前，三项均居前列")
    );
}

#[test]
fn the_empty_population_has_lowest_scores() {
    let call = harness::<Rfm>()
        .quantiles("recency-days", [])
        .quantiles("trips-24m", [])
        .quantiles("spend-24m", []);
    let answers = call.rows([guest(3, 2, 2, 1)]).classify();
    assert_eq!(
        (answers[0].segment.as_deref(), answers[0].score),
        (Some("new"), Some(511.0))
    );
}
