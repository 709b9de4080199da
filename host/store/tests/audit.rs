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
        run_as_owner(&address, sql).await;
        assert_eq!(verify(&store, None).await.broken, broken, "{sql}");
    }
}

/// As the owner of the tables, for whom row-level security is forced and triggers fire too.
async fn run_as_owner(address: &str, sql: &str) {
    let (mut before, mut after) = (String::new(), String::new());
    for table in ["audit", "audit_head"] {
        before += &format!("ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY, DISABLE TRIGGER USER; ");
        after += &format!("; ALTER TABLE {table} FORCE ROW LEVEL SECURITY, ENABLE TRIGGER USER");
    }
    let (address, statement) = (address.to_owned(), format!("{before}{sql}{after}"));
    // the store gives its connections back meanwhile
    tokio::task::spawn_blocking(move || posthouse_tests::postgres::sql(&address, &statement))
        .await
        .expect("whoever owns the tables can");
}

/// An entry that follows none, as a statement.
fn forged(entry: i64) -> String {
    format!(
        "INSERT INTO audit (agency_id, entry, at, actor_id, action, subject, detail, hash)
         SELECT agency_id, {entry}, at, actor_id, action, subject, detail, hash FROM audit WHERE entry = 6"
    )
}

/// What the database refuses beside changes and deletions: it is not the next entry, or the head would follow none.
fn refused() -> Vec<String> {
    let heads = [
        "UPDATE audit_head SET entry = entry + 2",
        "UPDATE audit_head SET entry = entry - 1",
        "UPDATE audit_head SET hash = 'a'",
        "UPDATE audit_head SET entry = entry + 1, hash = 'a'",
        "INSERT INTO audit_head SELECT id, 9, 'a' FROM agency",
    ];
    let entries = [5_000_000, 8, 7, 0, -7].map(forged);
    heads.map(str::to_owned).into_iter().chain(entries).collect()
}

#[tokio::test]
async fn an_entry_outside_the_chain_is_refused_and_found_on_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    let address = format!("sqlite:{}", folder.path().join("audit.db").display());
    let store = Store::open(&address).await.expect("SQLite opens");
    fill(&store).await;
    let replaced = forged(6).replacen("INSERT", "INSERT OR REPLACE", 1);
    let replaced_head = "INSERT OR REPLACE INTO audit_head SELECT id, 0, '' FROM agency";
    let more = [replaced, replaced_head.to_owned(), "DELETE FROM audit_head".to_owned()];
    for sql in refused().into_iter().chain(more) {
        let refused = run(&store, &sql).await.expect_err(&sql).to_string();
        assert!(refused.contains("audit"), "{sql}: {refused}");
    }
    for trigger in [
        "audit_is_appended",
        "audit_is_not_deleted",
        "audit_head_follows",
        "audit_head_is_not_deleted",
    ] {
        run(&store, &format!("DROP TRIGGER {trigger}"))
            .await
            .expect("whoever owns the file can");
    }
    for entry in [5_000_000, 7, 0, -7] {
        run(&store, &forged(entry)).await.expect("whoever owns the file can");
        assert_eq!(verify(&store, None).await.broken, Some(entry));
        run(&store, &format!("DELETE FROM audit WHERE entry = {entry}"))
            .await
            .expect("whoever owns the file can");
        assert_eq!(verify(&store, None).await.broken, None);
    }
    run(&store, "DELETE FROM audit_head")
        .await
        .expect("whoever owns the file can");
    assert_eq!(verify(&store, None).await.broken, Some(1), "nobody knows where it ends");
}

#[tokio::test]
async fn an_entry_outside_the_chain_is_refused_and_found_on_postgres() {
    let address = posthouse_tests::postgres::database();
    let store = Store::open(&address).await.expect("PostgreSQL opens");
    fill(&store).await;
    for sql in refused() {
        let refused = run(&store, &sql).await.expect_err(&sql).to_string();
        assert!(refused.contains("audit"), "{sql}: {refused}");
    }
    for entry in [5_000_000, 7, 0, -7] {
        run_as_owner(&address, &forged(entry)).await;
        assert_eq!(verify(&store, None).await.broken, Some(entry));
        run_as_owner(&address, &format!("DELETE FROM audit WHERE entry = {entry}")).await;
        assert_eq!(verify(&store, None).await.broken, None);
    }
    run_as_owner(&address, "DELETE FROM audit_head").await;
    assert_eq!(verify(&store, None).await.broken, Some(1), "nobody knows where it ends");
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
