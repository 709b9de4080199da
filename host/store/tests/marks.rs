//! Marks of rules that fail: since when they have failed, and that the latest that was heard decides, in whichever order it is written.

use posthouse_store::plugins::{self, BindingRevisionRow, BindingRow, Heard, PluginRow};
use posthouse_store::{Access, Store, Tx, team};
use uuid::Uuid;

const AGENCY: Uuid = Uuid::from_u128(1);
const NAMED: (&str, &str) = ("promotion", "spring");

/// Runs each test on SQLite and on PostgreSQL.
macro_rules! on_both_engines {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $test() {
                let folder = tempfile::tempdir().expect("a folder");
                let address = format!("sqlite:{}", folder.path().join("marks.db").display());
                super::$test(posthouse_store::Store::open(&address).await.expect("a database")).await;
            })+
        }
        mod postgres {
            $(#[tokio::test]
            async fn $test() {
                let address = posthouse_tests::postgres::database();
                super::$test(posthouse_store::Store::open(&address).await.expect("a database")).await;
            })+
        }
    };
}

on_both_engines!(a_mark_says_since_when, the_latest_that_was_heard_decides);

/// The rule of a binding comes into force.
async fn put(tx: &mut Tx, revision: i64) {
    let row = BindingRow {
        extension_point: "promotion".into(),
        name: "spring".into(),
        revision,
        run: 0,
        transition: 0,
        applied_change: 0,
        stale_since: None,
        stale_reason: None,
        digest: "d".into(),
        config: "{}".into(),
        config_digest: "c".into(),
        activated_at: 1,
    };
    assert!(
        plugins::put_binding(tx, AGENCY, revision - 1, &row)
            .await
            .expect("a binding")
    );
    let revision = BindingRevisionRow {
        revision,
        digest: "d".into(),
        config: "{}".into(),
        config_digest: "c".into(),
        restores: None,
        diff: "{}".into(),
        cause: "activation".into(),
        note: None,
        activated_by: None,
        activated_at: 1,
    };
    plugins::insert_revision(tx, AGENCY, NAMED.0, NAMED.1, &revision)
        .await
        .expect("a revision");
}

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
    let plugin = PluginRow {
        digest: "d".into(),
        name: "rule".into(),
        version: "1.0.0".into(),
        extension_point: "promotion".into(),
        description: "{}".into(),
        segments: "[]".into(),
        self_test: "{}".into(),
        size: 1,
        created_at: 1,
    };
    plugins::insert(&mut tx, AGENCY, &plugin, b"x").await.expect("a plugin");
    put(&mut tx, 1).await;
    tx
}

async fn stale(tx: &mut Tx, revision: i64, at: i64, since: i64, reason: &str) -> bool {
    let marked = plugins::mark_stale(tx, AGENCY, NAMED, Heard { revision, at }, since, reason).await;
    marked.expect("a mark")
}

async fn well(tx: &mut Tx, revision: i64, at: i64) -> bool {
    let marked = plugins::mark_well(tx, AGENCY, NAMED, Heard { revision, at }).await;
    marked.expect("no mark")
}

/// Since when the rule fails, and how.
async fn mark(tx: &mut Tx) -> Option<(i64, String)> {
    let row = plugins::binding(tx, AGENCY, NAMED.0, NAMED.1).await.expect("bindings");
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
    put(&mut tx, 2).await;
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
    put(&mut tx, 2).await;
    assert!(!stale(&mut tx, 1, 50, 500, "stopped").await);
    assert!(stale(&mut tx, 2, 5, 600, "stopped").await);
}
