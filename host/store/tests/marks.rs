//! Marks of rules that fail: since when they have failed, and that the latest that was heard decides, in whichever order it is written.

mod common;

use common::BINDING;
use posthouse_store::plugins::{self, Fault, Heard};
use posthouse_store::{Access, Store, Tx, team};
use uuid::Uuid;

const AGENCY: Uuid = Uuid::from_u128(1);

posthouse_tests::on_both_engines!(
    a_mark_says_since_when,
    the_latest_that_was_heard_decides,
    faults_in_a_row_are_counted
);

async fn begin(store: &Store) -> Tx {
    let mut tx = store.write(Access::Agency(AGENCY)).await.expect("a transaction");
    let row = team::AgencyRow {
        id: AGENCY,
        slug: "a".into(),
        name: "A".into(),
        time_zone: "Asia/Shanghai".into(),
        currency: "CNY".into(),
        country: "CN".into(),
    };
    team::create_agency(&mut tx, &row, 1).await.expect("an agency");
    common::put_rule(&mut tx, AGENCY).await;
    tx
}

async fn stale(tx: &mut Tx, revision: i64, at: i64, since: i64, reason: &str) -> bool {
    let marked = plugins::mark_stale(tx, AGENCY, BINDING, Heard { revision, at }, since, reason).await;
    marked.expect("a mark")
}

async fn well(tx: &mut Tx, revision: i64, at: i64) -> bool {
    let marked = plugins::mark_well(tx, AGENCY, BINDING, Heard { revision, at }).await;
    marked.expect("no mark")
}

/// Since when the rule fails, and how.
async fn mark(tx: &mut Tx) -> Option<(i64, String)> {
    let row = plugins::binding(tx, AGENCY, BINDING.0, BINDING.1)
        .await
        .expect("bindings");
    let row = row.expect("a binding");
    Some((row.stale_since?, row.stale_reason?))
}

async fn a_mark_says_since_when(store: Store) {
    let mut tx = begin(&store).await;
    assert!(stale(&mut tx, 1, 10, 100, "stopped").await);
    assert!(stale(&mut tx, 1, 20, 200, "looped").await);
    assert_eq!(
        mark(&mut tx).await,
        Some((100, "looped".into())),
        "since the first fault"
    );
    assert!(well(&mut tx, 1, 30).await);
    assert_eq!(mark(&mut tx).await, None);
    assert!(stale(&mut tx, 1, 40, 400, "stopped").await);
    assert_eq!(mark(&mut tx).await, Some((400, "stopped".into())));
    common::put_revision(&mut tx, AGENCY, 2).await;
    assert_eq!(mark(&mut tx).await, None, "another rule");
}

async fn the_latest_that_was_heard_decides(store: Store) {
    let mut tx = begin(&store).await;
    assert!(well(&mut tx, 1, 20).await);
    assert!(
        !stale(&mut tx, 1, 10, 100, "stopped").await,
        "it failed before it answered"
    );
    assert_eq!(mark(&mut tx).await, None);
    assert!(stale(&mut tx, 1, 40, 400, "stopped").await);
    assert!(!well(&mut tx, 1, 30).await, "it answered before it failed");
    assert_eq!(mark(&mut tx).await, Some((400, "stopped".into())));
    // what was heard of an earlier revision says nothing of this one, and neither does the clock by which it was heard
    common::put_revision(&mut tx, AGENCY, 2).await;
    assert!(!stale(&mut tx, 1, 50, 500, "stopped").await);
    assert!(stale(&mut tx, 2, 5, 600, "stopped").await);
}

/// What a fault over a change counts for, or without one.
async fn count(tx: &mut Tx, revision: i64, at: i64, change: Option<i64>) -> Option<i64> {
    let fault = Fault {
        since: at * 10,
        reason: "stopped",
        change: change.unwrap_or(0),
        again: change.is_none(),
    };
    let counted = plugins::count_fault(tx, AGENCY, BINDING, Heard { revision, at }, fault).await;
    counted.expect("a count")
}

async fn faults_in_a_row_are_counted(store: Store) {
    let mut tx = begin(&store).await;
    assert_eq!(count(&mut tx, 1, 10, None).await, Some(1));
    assert_eq!(
        count(&mut tx, 1, 9, None).await,
        Some(2),
        "of a host whose clock is behind"
    );
    assert_eq!(mark(&mut tx).await, Some((100, "stopped".into())));
    assert!(well(&mut tx, 1, 20).await);
    assert_eq!(count(&mut tx, 1, 15, None).await, None, "it has answered since");
    assert_eq!(count(&mut tx, 1, 30, None).await, Some(1), "the first in a row again");
    assert!(!well(&mut tx, 1, 25).await);
    assert_eq!(count(&mut tx, 1, 40, None).await, Some(2));
    assert_eq!(count(&mut tx, 2, 50, None).await, None, "not in force");
    common::put_revision(&mut tx, AGENCY, 2).await;
    assert_eq!(count(&mut tx, 1, 60, None).await, None, "not in force any more");
    // whoever else is asked about the same customers meets the same fault
    assert_eq!(count(&mut tx, 2, 60, Some(7)).await, Some(1));
    assert_eq!(count(&mut tx, 2, 61, Some(7)).await, None);
    assert_eq!(count(&mut tx, 2, 62, Some(8)).await, Some(2));
    assert_eq!(count(&mut tx, 2, 63, Some(7)).await, None);
    assert_eq!(count(&mut tx, 2, 64, None).await, Some(3), "somebody asked again");
}
