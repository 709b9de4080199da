//! Disks that are full or do not take what is written: everybody hears the same of it, nothing acknowledged is lost, and once the disk takes
//! what is written again, so does the database.

use crate::disk::{Disk, Trouble};
use crate::{AGENCY, create, one, open, step, try_step, vfs};
use posthouse_store::{Access, Store, StoreError, Tx};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use uuid::Uuid;

const TROUBLES: [Trouble; 3] = [Trouble::Full, Trouble::Writes, Trouble::Syncs];

async fn started() -> (TempDir, Arc<Mutex<Disk>>, Store) {
    let folder = tempfile::tempdir().expect("a folder");
    let disk = vfs::mount(folder.path(), Disk::new(true, 1));
    let store = open(folder.path(), &format!("?vfs={}", vfs::NAME.to_str().expect("a name"))).await;
    create(&store).await;
    (folder, disk, store)
}

fn have(disk: &Mutex<Disk>, trouble: Trouble) {
    disk.lock().expect("nobody panicked").trouble = trouble;
}

#[tokio::test(flavor = "multi_thread")]
async fn service_returns_by_itself_and_nothing_acknowledged_is_lost() {
    let (_folder, disk, store) = started().await;
    let mut done = 0;
    for trouble in TROUBLES.into_iter().cycle().take(9) {
        for _ in 0..5 {
            step(&store, done).await;
            done += 1;
        }
        have(&disk, trouble);
        let mut refused = 0;
        for _ in 0..200 {
            // what is left of the log is room
            match try_step(&store, done).await {
                Ok(()) => done += 1,
                Err(StoreError::Full(_)) => refused += 1,
                Err(other) => panic!("{trouble:?}: {other}"),
            }
            if refused == 5 {
                break;
            }
        }
        assert_eq!(refused, 5, "{trouble:?}");
        store.ping().await.expect("who reads is answered");
        let tried = store.try_writing(Uuid::from_u128(7), &[7; 4_096]).await;
        assert!(matches!(tried, Err(StoreError::Full(_))), "{trouble:?}: {tried:?}");
        have(&disk, Trouble::None);
        store
            .try_writing(Uuid::from_u128(7), &[7; 4_096])
            .await
            .expect("it is written");
    }
    step(&store, done).await;
    for table in [
        "SELECT COUNT(*) FROM customer",
        "SELECT COUNT(*) FROM event",
        "SELECT COUNT(*) FROM audit",
    ] {
        assert_eq!(one(&store, table).await, done as i64 + 1, "{table}");
    }
    assert_eq!(one(&store, "SELECT COUNT(*) FROM room_to_write").await, 0);
    let log = posthouse_store::audit::verify(&store, AGENCY, None)
        .await
        .expect("a verdict");
    assert!(log.broken.is_none(), "{log:?}");
    store.close().await;
}

/// A transaction that is too large for the memory is written before its end: then SQLite ends it in the middle.
#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_ends_in_the_middle_leaves_nothing() {
    let (_folder, disk, store) = started().await;
    let Store::Sqlite { writer, .. } = &store else {
        unreachable!("an embedded database")
    };
    sqlx::raw_sql("CREATE TABLE pages (bytes BLOB NOT NULL)")
        .execute(writer)
        .await
        .expect("a table");
    for trouble in [Trouble::Full, Trouble::Writes] {
        sqlx::raw_sql("PRAGMA cache_size = 8")
            .execute(writer)
            .await
            .expect("a small memory");
        let Tx::Sqlite(mut tx) = store.write(Access::Jobs).await.expect("a transaction") else {
            unreachable!("an embedded database")
        };
        have(&disk, trouble);
        let mut ended = None;
        for _ in 0..2_000 {
            let written = sqlx::query("INSERT INTO pages VALUES (zeroblob(20000))")
                .execute(&mut *tx)
                .await;
            if let Err(error) = written {
                ended = Some(StoreError::from(error));
                break;
            }
        }
        assert!(matches!(ended, Some(StoreError::Full(_))), "{trouble:?}: {ended:?}");
        // who does not hear of it and goes on cannot commit
        assert!(Tx::Sqlite(tx).commit().await.is_err(), "{trouble:?}");
        have(&disk, Trouble::None);
        for _ in 0..3 {
            store
                .write(Access::Jobs)
                .await
                .expect("a transaction")
                .commit()
                .await
                .expect("a commit");
        }
        assert_eq!(one(&store, "SELECT COUNT(*) FROM pages").await, 0, "{trouble:?}");
    }
    step(&store, 0).await;
    store.close().await;
}
