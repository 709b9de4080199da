//! Random lives of cases: whatever happens to one, it has a desk, its clocks say each thing once, and what it has counts up.

use super::{Agency, HOUR, complaint};
use crate::complaints::{Deed, Links, NewCase, Outcome, WaitFor};
use crate::error::AppError;
use crate::testing::{NOW, on_both_engines};
use posthouse_domain::complaints::{Cause, MOST_HOPS};
use posthouse_store::Store;

on_both_engines!(no_case_is_ever_without_a_desk);

/// Numbers that look drawn.
struct Drawn(u64);

impl Drawn {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % count
    }
}

const DESKS: [&str; 4] = ["default", "duty", "senior", "refunds"];

fn deed(drawn: &mut Drawn) -> Deed {
    match drawn.below(14) {
        0 => Deed::Assign(Some(DESKS[drawn.below(4)].to_owned()), None, None),
        1 => Deed::Note("x".into()),
        2 => Deed::Reply("x".into()),
        3 => Deed::Wait(WaitFor::Customer, None),
        4 => Deed::Wait(WaitFor::Supplier, None),
        5 => Deed::Answer("x".into()),
        6 => Deed::Propose("x".into(), Vec::new()),
        7 => Deed::Accept(None),
        8 => Deed::Resolve(Outcome::default()),
        9 => Deed::Close(Outcome {
            root_cause: Some("x".into()),
            rectification: Some("y".into()),
            ..Outcome::default()
        }),
        10 => Deed::Reopen("x".into()),
        11 => Deed::Severity(1 + drawn.below(4) as i32, None),
        12 => Deed::Link(Links {
            cause: Some(Cause::ALL[drawn.below(Cause::ALL.len())]),
            ..Links::default()
        }),
        _ => Deed::Rate(1 + drawn.below(5) as i32, None),
    }
}

async fn no_case_is_ever_without_a_desk(store: Store) {
    let it = Agency::new(&store, "lives")
        .await
        .with_rule(serde_json::json!({}))
        .await;
    let seed = std::env::var("POSTHOUSE_TEST_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(15);
    let mut drawn = Drawn(seed);
    let mut now = NOW;
    for life in 0..12 {
        let text = ["请退款", "hospital", "no lake view"][life % 3];
        let mut case = it
            .open(NewCase {
                text: text.into(),
                ..complaint(Some("B1"))
            })
            .await;
        for _ in 0..25 {
            now += [HOUR / 4, HOUR, 9 * HOUR, 72 * HOUR, -HOUR][drawn.below(5)];
            it.at(now);
            match drawn.below(3) {
                0 => it.tick(case.id).await,
                _ => match it.act(&case, deed(&mut drawn)).await {
                    Ok(_) | Err(AppError::Conflict(_)) => {}
                    Err(error) => panic!("seed {seed}: {error:?}"),
                },
            }
            let before = case;
            case = it.case(before.id).await;
            assert!(DESKS.contains(&case.desk.as_str()), "seed {seed}: {case:?}");
            // whoever is assigned by a person begins anew; rules alone send a case on ten times at most between that
            let kinds = it.kinds(case.id).await;
            let of = |kind: &str| kinds.get(kind).copied().unwrap_or(0) as u32;
            let (by_people, anew) = (of("assign"), of("assign") + of("reopen"));
            assert!(
                case.hops.unsigned_abs() <= by_people + MOST_HOPS * (1 + anew),
                "seed {seed}: {case:?}"
            );
            assert!(of("routed") >= 1, "seed {seed}: {kinds:?}");
            assert!(
                case.entries >= before.entries && case.version >= before.version,
                "seed {seed}"
            );
            if !case.state.is_open() {
                assert!(
                    case.clocks.iter().all(|clock| clock.due_at.is_none()),
                    "seed {seed}: {case:?}"
                );
            }
        }
        if case.reopened == 0 {
            for (kind, count) in it.kinds(case.id).await {
                if (kind.starts_with("breached ") || kind.starts_with("warned ")) && !kind.contains("next_update") {
                    assert_eq!(count, 1, "seed {seed}: {kind} of {case:?}");
                }
            }
        }
    }
}
