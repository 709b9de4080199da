//! The ledger with kinds of accounts of its own: "purse", which has limits as a budget has, and "points", of which only what came in can be
//! used, kept in lots.

use posthouse_domain::ledger::Part;
use posthouse_store::ledger::{self, Account, Cause, CounterRow, Moving, Posting};
use posthouse_store::{Access, Store, StoreError, Tx, team};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A movement in a transaction of its own, committed if it worked out.
macro_rules! alone {
    ($store:expr, |$tx:ident| $move:expr) => {{
        let mut tx = write($store).await;
        let $tx = &mut tx;
        let done = $move.await;
        if done.is_ok() {
            tx.commit().await.expect("a commit");
        }
        done
    }};
}

mod crowd;
mod once;
mod points;
mod together;

const AGENCY: Uuid = Uuid::from_u128(1);
const OWNER: Uuid = Uuid::from_u128(2);
const CROWD: u128 = 64;

fn purse() -> Account {
    Account::new("purse", OWNER)
}

fn points() -> Account {
    Account::new("points", OWNER)
}

fn cause(kind: &'static str, id: u128) -> Cause {
    Cause {
        kind,
        id: Uuid::from_u128(id),
    }
}

fn part(scope: &str, subject: &str, amount: i64, at_most: Option<i64>) -> Part {
    Part {
        scope: scope.into(),
        subject: subject.into(),
        own: scope == "lot",
        amount,
        at_most,
    }
}

/// So much of a purse on a day, with a limit for all of it and one for the day.
fn taking(amount: i64, at_most: Option<i64>, day: &str, a_day: Option<i64>) -> Posting {
    Posting {
        account: purse(),
        amount,
        at_most,
        parts: vec![part("day", day, amount, a_day)],
    }
}

/// Points of these lots, of which none may be used that are not there.
fn of_lots(lots: &[(&str, i64)]) -> Posting {
    Posting {
        account: points(),
        amount: lots.iter().map(|(_, amount)| amount).sum(),
        at_most: Some(0),
        parts: lots
            .iter()
            .map(|(lot, amount)| part("lot", lot, *amount, Some(0)))
            .collect(),
    }
}

async fn stores() -> (Vec<Store>, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let sqlite = format!("sqlite:{}", folder.path().join("ledger.db").display());
    let mut stores = Vec::new();
    for address in [sqlite, posthouse_tests::postgres::database()] {
        let store = Store::open(&address).await.expect("it opens");
        let mut tx = write(&store).await;
        let row = team::AgencyRow {
            id: AGENCY,
            slug: "a".into(),
            name: "A".into(),
            time_zone: "Asia/Shanghai".into(),
            currency: "CNY".into(),
            country: "CN".into(),
        };
        team::create_agency(&mut tx, &row, 1).await.expect("a new slug");
        tx.commit().await.expect("a commit");
        stores.push(store);
    }
    (stores, folder)
}

async fn write(store: &Store) -> Tx {
    store.write(Access::Agency(AGENCY)).await.expect("a transaction")
}

fn refused<T: std::fmt::Debug>(done: Result<T, StoreError>) {
    assert!(matches!(done, Err(StoreError::Overtaken)), "{done:?}");
}

async fn sums(store: &Store, account: &Account) -> (i64, i64, i64) {
    let mut tx = store.read(Access::Agency(AGENCY)).await.expect("a transaction");
    let sums = ledger::total(&mut tx, AGENCY, account).await.expect("sums");
    (sums.credited, sums.debited, sums.held)
}

/// What is left of each lot.
async fn lots(store: &Store) -> Vec<(String, i64)> {
    let mut tx = store.read(Access::Agency(AGENCY)).await.expect("a transaction");
    let lots = ledger::own(&mut tx, AGENCY, &points(), "lot").await.expect("lots");
    let left = |lot: CounterRow| (lot.subject, lot.sums.credited - lot.sums.debited - lot.sums.held);
    lots.into_iter().map(left).collect()
}

fn lots_of(expected: &[(&str, i64)]) -> Vec<(String, i64)> {
    expected.iter().map(|(lot, left)| ((*lot).to_owned(), *left)).collect()
}

type Sums = BTreeMap<(String, Uuid, String, String), [i64; 3]>;

/// Every counter beside the sum of the entries, added up here and not by the database; none is below zero.
async fn everything_adds_up(store: &Store) {
    macro_rules! all {
        ($row:ty, $sql:expr) => {
            match &mut store.read(Access::Agency(AGENCY)).await.expect("a transaction") {
                Tx::Sqlite(c) => sqlx::query_as::<_, $row>($sql).fetch_all(&mut **c).await,
                Tx::Postgres(c) => sqlx::query_as::<_, $row>($sql).fetch_all(&mut **c).await,
            }
            .expect("rows")
        };
    }
    let counters = all!(
        (String, Uuid, String, String, i64, i64, i64),
        "SELECT kind, owner, place, part, credited, debited, held FROM ledger_counter"
    );
    let mut counted = Sums::new();
    for (kind, owner, place, part, credited, debited, held) in counters {
        // a part stands under its owner if it is the account's own, otherwise the place is the part
        let part = if place == owner.to_string() { part } else { place };
        let (scope, subject) = part.split_once('/').expect("a scope and a subject");
        let key = (kind, owner, scope.to_owned(), subject.to_owned());
        assert!(counted.insert(key, [credited, debited, held]).is_none(), "{part} twice");
    }
    let entries = all!(
        (String, Uuid, String, i64, i64, i64, String),
        "SELECT kind, owner, movement, credited, debited, held, parts FROM ledger_entry"
    );
    let mut added = Sums::new();
    for (kind, owner, movement, credited, debited, held, parts) in entries {
        let parts: Vec<Part> = serde_json::from_str(&parts).expect("parts");
        let mut add = |scope: String, subject: String, changes: [i64; 3]| {
            let sums = added.entry((kind.clone(), owner, scope, subject)).or_default();
            for (sum, change) in sums.iter_mut().zip(changes) {
                *sum += change;
            }
        };
        add("total".into(), String::new(), [credited, debited, held]);
        for Part {
            scope, subject, amount, ..
        } in parts
        {
            let changes = match movement.as_str() {
                "reserve" => [0, 0, amount],
                "commit" => [0, amount, -amount],
                "release" => [0, 0, -amount],
                "return" => [0, -amount, 0],
                "credit" => [amount, 0, 0],
                "debit" => [0, amount, 0],
                other => panic!("{other}"),
            };
            add(scope, subject, changes);
        }
    }
    assert_eq!(counted, added, "{}", store.engine());
    assert!(counted.values().flatten().all(|sum| *sum >= 0), "{counted:?}");
}

/// How many entries there are.
async fn count(store: &Store) -> usize {
    let mut tx = store.read(Access::Agency(AGENCY)).await.expect("a transaction");
    let before = (i64::MAX, "", Uuid::nil(), 0);
    let mut found = 0;
    for account in [purse(), points()] {
        found += ledger::entries(&mut tx, AGENCY, &account, before, 10_000)
            .await
            .expect("entries")
            .len();
    }
    found
}
