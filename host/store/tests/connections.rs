//! Whatever happens to whoever uses a connection, the next who gets it finds it clean, or gets another.

use posthouse_store::{Access, Store, StoreError, Tx};
use sqlx::AssertSqlSafe;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;
use uuid::Uuid;

/// A store of each engine, with one connection that writes. The folder goes last.
async fn both() -> [(Store, tempfile::TempDir); 2] {
    let folder = tempfile::tempdir().expect("a folder");
    let address = format!("sqlite:{}", folder.path().join("house.db").display());
    let sqlite = Store::open(&address).await.expect("SQLite opens");
    let address = tokio::task::spawn_blocking(posthouse_tests::postgres::database);
    let address = address.await.expect("a database");
    let postgres = Store::open_with(&address, 1).await.expect("PostgreSQL opens");
    [(sqlite, folder), (postgres, tempfile::tempdir().expect("a folder"))]
}

async fn run(tx: &mut Tx, sql: &str) -> Result<(), StoreError> {
    match tx {
        Tx::Sqlite(c) => sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut **c).await.map(drop),
        Tx::Postgres(c) => sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut **c).await.map(drop),
    }
    .map_err(StoreError::from)
}

/// A transaction is begun, does its work and is committed; `number` is of no other.
async fn is_clean(store: &Store, number: u128) {
    let id = Uuid::from_u128(number);
    store.try_writing(id, b"x").await.expect("the connection is clean");
    let mut tx = store.read(Access::Jobs).await.expect("a transaction");
    run(&mut tx, "SELECT 1").await.expect("an answer");
}

/// Polls a future so often at most, with a moment between; it is dropped then.
async fn given_up_after(polls: u32, future: impl Future<Output = ()>) {
    let mut future = pin!(future);
    for _ in 0..polls {
        let done = poll_fn(|context| Poll::Ready(Pin::new(&mut future).poll(context).is_ready())).await;
        if done {
            break;
        }
        tokio::time::sleep(Duration::from_micros(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_somebody_who_gave_up_at_any_moment() {
    for (store, _folder) in both().await {
        for round in 0..120 {
            let work = async {
                let mut tx = store.write(Access::Jobs).await.expect("a transaction");
                let insert = format!(
                    "INSERT INTO room_to_write (id, filler) SELECT {}, '' WHERE 1 = 0",
                    id_of(&store)
                );
                run(&mut tx, &insert).await.expect("a statement");
                run(&mut tx, "SELECT 1").await.expect("a statement");
                tx.commit().await.expect("a commit");
            };
            given_up_after(round % 12, work).await;
            is_clean(&store, u128::from(round) + 1).await;
        }
        store.close().await;
    }
}

fn id_of(store: &Store) -> &'static str {
    match store {
        Store::Sqlite { .. } => "x'00'",
        Store::Postgres(_) => "'00000000-0000-0000-0000-000000000000'::uuid",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_somebody_who_panicked() {
    for (store, _folder) in both().await {
        for round in 0..5 {
            let own = store.clone();
            let panicked = tokio::spawn(async move {
                let mut tx = own.write(Access::Jobs).await.expect("a transaction");
                run(&mut tx, "SELECT 1").await.expect("an answer");
                assert!(round > 10, "as told");
            });
            assert!(panicked.await.is_err());
            is_clean(&store, round + 1).await;
        }
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_statement_that_sqlite_interrupted() {
    let [(store, _folder), _] = both().await;
    let Store::Sqlite { writer, .. } = &store else {
        unreachable!("the first is SQLite")
    };
    for round in 0..5 {
        let mut connection = writer.acquire().await.expect("the connection");
        let interrupted = Arc::new(AtomicBool::new(false));
        let told = interrupted.clone();
        let mut handle = connection.lock_handle().await.expect("its handle");
        handle.set_progress_handler(1, move || !told.load(Ordering::Relaxed));
        drop(handle);
        drop(connection);
        let mut tx = store.write(Access::Jobs).await.expect("a transaction");
        interrupted.store(true, Ordering::Relaxed);
        let insert = "INSERT INTO room_to_write (id, filler) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
            SELECT i, x'00' FROM n";
        run(&mut tx, insert).await.expect_err("it is interrupted");
        drop(tx);
        interrupted.store(false, Ordering::Relaxed);
        is_clean(&store, round + 1).await;
    }
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_transaction_that_could_not_be_begun() {
    let [_, (store, _folder)] = both().await;
    let Store::Postgres(pool) = &store else {
        unreachable!("the second is PostgreSQL")
    };
    for round in 0..5 {
        // it begins, and what comes after in the same text fails
        let begun = pool.begin_with("BEGIN; SELECT 1 / 0").await;
        assert!(begun.is_err());
        is_clean(&store, round + 1).await;
    }
    store.close().await;
}
