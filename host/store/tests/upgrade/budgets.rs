//! Budgets of the version before there was a ledger are its accounts.

use super::{AGENCY, CALLED_OFF, DECISION, OPEN, ROLES, RUNNING, blob, postgres_at, quoted, sqlite_at};
use posthouse_domain::ledger::{Change, Movement};
use posthouse_store::ledger::{self, Cause};
use posthouse_store::{Access, Store, budgets};
use uuid::Uuid;

const SEEN: Uuid = Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdee);

/// A budget of the version before there was a ledger, with what three quotes did to it, without what they belong to.
fn before_the_ledger(id: impl Fn(Uuid) -> String) -> Vec<String> {
    let (agency, campaign) = (id(AGENCY), id(RUNNING));
    let entry = |quote, entry, kind, customer: Option<Uuid>, (held, spent), at| {
        let customer = customer.map_or("NULL".to_owned(), &id);
        let quote = id(quote);
        format!(
            "INSERT INTO budget_entry VALUES ({agency}, {quote}, {campaign}, {entry}, '{kind}', {customer}, 20468, {held}, {spent}, {at})"
        )
    };
    let budget = |scope, subject, held, spent| {
        format!("INSERT INTO budget VALUES ({agency}, {campaign}, '{scope}', '{subject}', {held}, {spent})")
    };
    let saving = |quote, saving, returned| {
        let quote = id(quote);
        format!("INSERT INTO quote_saving VALUES ({agency}, {quote}, {campaign}, {saving}, {returned})")
    };
    let seen = SEEN.to_string();
    vec![
        format!("INSERT INTO agency VALUES ({agency}, 'a', 'A', 'Asia/Shanghai', 'CNY', 'CN', 1)"),
        entry(OPEN, 1, "reserve", Some(SEEN), (700, 0), 5),
        entry(CALLED_OFF, 1, "reserve", Some(SEEN), (600, 0), 3),
        entry(CALLED_OFF, 2, "commit", Some(SEEN), (-600, 600), 4),
        entry(CALLED_OFF, 3, "return", Some(SEEN), (0, -250), 6),
        entry(DECISION, 1, "reserve", None, (50, 0), 7),
        entry(DECISION, 2, "release", None, (-50, 0), 8),
        budget("total", "", 700, 350),
        budget("customer", &seen, 700, 350),
        budget("day", "20468", 700, 350),
        saving(OPEN, 700, 0),
        saving(CALLED_OFF, 600, 250),
        saving(DECISION, 50, 0),
    ]
}

/// The budget goes on as an account: its sums, its entries, and what each quote may still do with what it took.
async fn the_budget_goes_on(address: &str) {
    let store = Store::open(address).await.expect("the database is brought up to date");
    let account = budgets::account(RUNNING);
    let cause = |id| Cause { kind: "quote", id };
    let mut tx = store.write(Access::Agency(AGENCY)).await.expect("a transaction");
    let sums = Change {
        credited: 0,
        debited: 350,
        held: 700,
    };
    assert_eq!(ledger::total(&mut tx, AGENCY, &account).await.expect("sums"), sums);
    let before = (i64::MAX, "", Uuid::nil(), 0);
    let listed = ledger::entries(&mut tx, AGENCY, &account, before, 10)
        .await
        .expect("entries");
    let listed: Vec<_> = listed
        .iter()
        .map(|row| {
            (
                row.entry.at,
                row.cause_id,
                row.entry.entry,
                row.entry.movement,
                row.entry.parts[0].amount,
            )
        })
        .collect();
    let expected = [
        (8, DECISION, 2, Movement::Release, 50),
        (7, DECISION, 1, Movement::Reserve, 50),
        (6, CALLED_OFF, 3, Movement::Return, 250),
        (5, OPEN, 1, Movement::Reserve, 700),
        (4, CALLED_OFF, 2, Movement::Commit, 600),
        (3, CALLED_OFF, 1, Movement::Reserve, 600),
    ];
    assert_eq!(listed, expected);
    // what is held is spent, on the customer and the day that it was held for
    assert!(
        ledger::commit(&mut tx, AGENCY, cause(OPEN), 9)
            .await
            .expect("it is held")
    );
    for (scope, subject) in [("total", ""), ("customer", &*SEEN.to_string()), ("day", "20468")] {
        let sums = ledger::shared(&mut tx, AGENCY, &account, scope, subject)
            .await
            .expect("counters");
        assert_eq!((sums.credited, sums.debited, sums.held), (0, 1_050, 0), "{scope}");
    }
    // what is left of the other comes back, and no more
    let holds = ledger::holds(&mut tx, AGENCY, cause(CALLED_OFF)).await.expect("holds");
    let hold = &holds[0].1;
    assert_eq!((hold.amount, hold.returned, hold.used(), hold.next), (600, 250, 350, 4));
    assert!(
        !ledger::release(&mut tx, AGENCY, cause(DECISION), 9)
            .await
            .expect("it was released")
    );
    drop(tx);
    store.close().await;
}

#[tokio::test]
async fn budgets_are_accounts_of_the_ledger_on_sqlite() {
    let (_folder, address) = sqlite_at(14, before_the_ledger(blob)).await;
    the_budget_goes_on(&address).await;
}

#[tokio::test]
async fn budgets_are_accounts_of_the_ledger_on_postgres() {
    let _alone = ROLES.lock().await;
    the_budget_goes_on(&postgres_at(14, before_the_ledger(quoted)).await).await;
}
