//! The audit log against somebody who writes to the database itself.

use posthouse_store::audit::{self, Deed, Known, Verified};
use posthouse_store::{Access, Store, Tx, team};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

const AGENCY: Uuid = Uuid::from_u128(7);

/// A log of six entries.
async fn fill(store: &Store) {
    let mut tx = store.write(Access::Agency(AGENCY)).await.expect("a transaction");
    let row = team::AgencyRow {
        id: AGENCY,
        slug: "a".into(),
        name: "A".into(),
        time_zone: "Asia/Shanghai".into(),
        currency: "CNY".into(),
        country: "CN".into(),
    };
    team::create_agency(&mut tx, &row, 1).await.expect("a new slug");
    for n in 1..=6 {
        let deed = Deed {
            actor: AGENCY,
            action: "thing.change",
            subject: "thing/1",
            detail: "{}",
        };
        audit::append(&mut tx, AGENCY, deed, n).await.expect("an entry");
    }
    tx.commit().await.expect("a commit");
}

async fn verify(store: &Store, known: Option<Known>) -> Verified {
    audit::verify(store, AGENCY, known.as_ref()).await.expect("a verdict")
}

async fn run(store: &Store, sql: &str) -> Result<(), sqlx::Error> {
    let mut tx = store.write(Access::Agency(AGENCY)).await.expect("a transaction");
    let sql = AssertSqlSafe(sql.to_owned());
    match &mut tx {
        Tx::Sqlite(c) => sqlx::query(sql).execute(&mut **c).await.map(drop)?,
        Tx::Postgres(c) => sqlx::query(sql).execute(&mut **c).await.map(drop)?,
    }
    tx.commit().await.expect("a commit");
    Ok(())
}

/// What an intruder does, and the first entry that is not what it was after it.
const WAYS: [(&str, Option<i64>); 8] = [
    ("UPDATE audit SET action = 'thing.nothing' WHERE entry = 4", Some(4)),
    ("UPDATE audit SET action = 'thing.change' WHERE entry = 4", None),
    ("UPDATE audit SET at = at + 1 WHERE entry = 5", Some(5)),
    ("UPDATE audit SET at = at - 1 WHERE entry = 5", None),
    // the hash is made right, and the next entry does not follow
    ("UPDATE audit SET hash = 'a' WHERE entry = 3", Some(3)),
    ("DELETE FROM audit WHERE entry = 6", Some(3)),
    ("DELETE FROM audit WHERE entry = 3", Some(3)),
    ("DELETE FROM audit WHERE entry = 1", Some(1)),
];

#[tokio::test]
async fn an_altered_log_is_broken_where_it_was_on_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    let address = format!("sqlite:{}", folder.path().join("audit.db").display());
    let store = Store::open(&address).await.expect("SQLite opens");
    fill(&store).await;
    let whole = verify(&store, None).await;
    assert_eq!((whole.entries, whole.broken), (6, None));
    for sql in ["UPDATE audit SET at = 0", "DELETE FROM audit"] {
        let refused = run(&store, sql).await.expect_err("the table is only added to");
        assert!(refused.to_string().contains("audit entries are not"), "{refused}");
    }
    for trigger in ["audit_is_not_changed", "audit_is_not_deleted"] {
        run(&store, &format!("DROP TRIGGER {trigger}"))
            .await
            .expect("whoever owns the file can");
    }
    for (sql, broken) in WAYS {
        run(&store, sql).await.expect("whoever owns the file can");
        assert_eq!(verify(&store, None).await.broken, broken, "{sql}");
    }
}

#[tokio::test]
async fn an_altered_log_is_broken_where_it_was_on_postgres() {
    let address = posthouse_tests::postgres::database();
    let store = Store::open(&address).await.expect("PostgreSQL opens");
    fill(&store).await;
    let whole = verify(&store, None).await;
    assert_eq!((whole.entries, whole.broken), (6, None));
    for sql in ["UPDATE audit SET at = 0", "DELETE FROM audit"] {
        let refused = run(&store, sql).await.expect_err("the role may only add");
        assert!(refused.to_string().contains("permission denied"), "{refused}");
    }
    for (sql, broken) in WAYS {
        // as the owner of the tables, for whom row-level security is forced too
        let sql =
            format!("ALTER TABLE audit NO FORCE ROW LEVEL SECURITY; {sql}; ALTER TABLE audit FORCE ROW LEVEL SECURITY");
        let (address, statement) = (address.clone(), sql.clone());
        // the store gives its connections back meanwhile
        tokio::task::spawn_blocking(move || posthouse_tests::postgres::sql(&address, &statement))
            .await
            .expect("whoever owns the tables can");
        assert_eq!(verify(&store, None).await.broken, broken, "{sql}");
    }
}

#[tokio::test]
async fn a_log_that_was_made_anew_does_not_end_in_what_was_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut logs = Vec::new();
    for name in ["one", "two"] {
        let address = format!("sqlite:{}", folder.path().join(format!("{name}.db")).display());
        let store = Store::open(&address).await.expect("SQLite opens");
        fill(&store).await;
        logs.push(store);
    }
    let kept = verify(&logs[0], None).await;
    let known = |hash: &str, entry: i64| Known {
        entry,
        hash: hash.to_owned(),
    };
    assert_eq!(
        verify(&logs[1], Some(known(&kept.hash, 6))).await.broken,
        None,
        "the same deeds"
    );
    assert_eq!(verify(&logs[1], Some(known("00", 6))).await.broken, Some(6));
    assert_eq!(
        verify(&logs[1], Some(known(&kept.hash, 7))).await.broken,
        Some(7),
        "it was cut off"
    );
}
