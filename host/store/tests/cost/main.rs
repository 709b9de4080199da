//! What is asked for costs what it is itself, however much is stored. SQLite counts its own steps, so nothing here depends on the clock.

use posthouse_store::{Access, Store, Tx, intake, team};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::Uuid;

/// Asks for something, and fails if that takes more steps than [`MOST`].
macro_rules! cheap {
    ($steps:expr, $what:literal, $found:expr $(,)?) => {{
        $steps.begin();
        let found = $found.await.expect($what);
        $steps.end($what);
        found
    }};
}

#[path = "../common/mod.rs"]
mod common;
mod few;
mod offers;
mod records;
mod work;

/// How many there are of everything.
const STORED: u128 = 20_000;
/// Ten rows are looked up by each query; a walk through all that is stored takes at least a step per row.
const MOST: u64 = 4_000;

fn customer(number: u128) -> Uuid {
    Uuid::from_u128(number + 1_000)
}

async fn opened() -> (Store, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let address = format!("sqlite:{}", folder.path().join("cost.db").display());
    (Store::open(&address).await.expect("SQLite opens"), folder)
}

async fn an_agency(store: &Store, number: u128) -> Uuid {
    let agency = Uuid::from_u128(number);
    let mut tx = store.write(Access::Agency(agency)).await.expect("a transaction");
    let row = team::AgencyRow {
        id: agency,
        slug: format!("a{number}"),
        name: "A".into(),
        time_zone: "Asia/Shanghai".into(),
        currency: "CNY".into(),
        country: "CN".into(),
    };
    team::create_agency(&mut tx, &row, 1).await.expect("a new slug");
    tx.commit().await.expect("a commit");
    agency
}

async fn put_customers(tx: &mut Tx, agency: Uuid) {
    let customers: Vec<_> = (0..STORED)
        .map(|number| intake::CustomerRow {
            id: customer(number),
            ordinal: number as i64,
            profile: "{}".into(),
            since_on: 1,
            created_at: 1,
            updated_at: 1,
            version: 1,
        })
        .collect();
    intake::put_customers(tx, agency, &customers).await.expect("customers");
}

/// Steps that SQLite has taken.
struct Steps(Arc<AtomicU64>);

impl Steps {
    fn begin(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    fn end(&self, what: &str) {
        let used = self.0.load(Ordering::Relaxed);
        assert!(used < MOST, "{what} took {used} steps");
    }
}

/// Counts the steps of a transaction from here on.
async fn counted(tx: &mut Tx) -> Steps {
    let steps = Arc::new(AtomicU64::new(0));
    let Tx::Sqlite(connection) = tx else {
        panic!("an embedded database")
    };
    let counter = steps.clone();
    let mut handle = connection.lock_handle().await.expect("the connection");
    handle.set_progress_handler(10, move || {
        counter.fetch_add(10, Ordering::Relaxed);
        true
    });
    Steps(steps)
}

/// What takes a step per row is found out.
#[tokio::test]
async fn a_walk_through_everything_is_noticed() {
    let (store, _folder) = opened().await;
    let agency = an_agency(&store, 1).await;
    let mut tx = store.write(Access::Agency(agency)).await.expect("a transaction");
    put_customers(&mut tx, agency).await;
    let steps = counted(&mut tx).await;
    let Tx::Sqlite(connection) = &mut tx else {
        unreachable!("an embedded database")
    };
    let walk = sqlx::query("SELECT id FROM customer WHERE agency_id = $1 AND since_on = 7").bind(agency);
    walk.fetch_all(&mut **connection).await.expect("an answer");
    assert!(steps.0.load(Ordering::Relaxed) > MOST);
}
