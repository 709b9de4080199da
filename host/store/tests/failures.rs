//! Which failures of a database pass by themselves, as the databases themselves report them.

use posthouse_store::{Access, Store, StoreError, Tx};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use std::time::Duration;

#[tokio::test]
async fn postgresql_says_what_will_pass() {
    let store = Store::open(&posthouse_tests::postgres::database())
        .await
        .expect("PostgreSQL opens");
    let passing = [
        "40001", "40P01", "55P03", "57P01", "57P03", "53000", "53200", "53300", "08006", "25P03",
    ];
    let lasting = ["42P01", "22012", "53100", "53400", "58030", "XX000", "57014"];
    for code in passing.into_iter().chain(lasting) {
        let Tx::Postgres(mut tx) = store.write(Access::Jobs).await.expect("a transaction") else {
            panic!("this is PostgreSQL")
        };
        let raise = format!("DO $$ BEGIN RAISE EXCEPTION 'as told' USING ERRCODE = '{code}'; END $$");
        let error = sqlx::query(AssertSqlSafe(raise)).execute(&mut *tx).await;
        let error = StoreError::from(error.expect_err("it is raised"));
        assert_eq!(error.is_transient(), passing.contains(&code), "{code}: {error}");
        let is_full = matches!(error, StoreError::Full(_));
        assert_eq!(is_full, ["53100", "58030"].contains(&code), "{code}: {error}");
    }
    store.close().await;
}

#[tokio::test]
async fn sqlite_says_that_it_is_busy() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("busy.db");
    let store = Store::open(&format!("sqlite:{}", path.display()))
        .await
        .expect("it opens");
    let holding = store.write(Access::Jobs).await.expect("the write lock");
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(&path)
        .busy_timeout(Duration::ZERO);
    let mut other = options.connect().await.expect("another connection");
    let begun = sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await;
    let error = StoreError::from(begun.expect_err("the lock is held"));
    assert!(error.is_transient(), "{error}");
    drop(holding);
    let nonsense = sqlx::query("SELECT nonsense").execute(&mut other).await;
    let error = StoreError::from(nonsense.expect_err("there is no such column"));
    assert!(!error.is_transient(), "{error}");
    other.close().await.expect("it closes");
    store.close().await;
}
