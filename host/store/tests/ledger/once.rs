//! Every movement happens once for its cause, and stays.

use super::*;
use posthouse_domain::ledger::Movement;
use sqlx::AssertSqlSafe;

#[tokio::test]
async fn every_movement_happens_once_for_its_cause() {
    let (stores, _folder) = stores().await;
    for store in &stores {
        let (kept, freed) = (cause("order", 10), cause("order", 11));
        let reserve = |cause| async move {
            let claim = [taking(700, Some(1_000), "1", Some(800))];
            alone!(store, |tx| ledger::reserve(tx, AGENCY, cause, 5, &claim))
        };
        assert!(reserve(kept).await.expect("it fits"));
        assert!(!reserve(kept).await.expect("it was done"), "the same again");
        // neither does it count once more, though there would be no room
        assert_eq!(sums(store, &purse()).await, (0, 0, 700));
        refused(reserve(freed).await);

        let commit =
            |cause| async move { alone!(store, |tx| ledger::commit(tx, AGENCY, cause, 6)).expect("an answer") };
        let release =
            |cause| async move { alone!(store, |tx| ledger::release(tx, AGENCY, cause, 7)).expect("an answer") };
        assert_eq!(
            (commit(kept).await, commit(kept).await, release(kept).await),
            (true, false, false)
        );
        assert_eq!(sums(store, &purse()).await, (0, 700, 0));

        // what comes back is asked for in all, so the same again finds nothing to do
        let give_back = |in_all: i64| async move {
            let mut tx = write(store).await;
            let holds = ledger::holds(&mut tx, AGENCY, kept).await.expect("holds");
            let [(account, hold)] = &holds[..] else {
                panic!("{holds:?}")
            };
            let amount = in_all - hold.returned;
            let parts = hold.parts_with(amount);
            let posting = Posting {
                account: account.clone(),
                amount,
                at_most: None,
                parts,
            };
            let returns = if amount > 0 { vec![(hold, posting)] } else { Vec::new() };
            ledger::give_back(&mut tx, AGENCY, kept, 8, &returns).await?;
            tx.commit().await
        };
        for in_all in [300, 300, 600] {
            give_back(in_all).await.expect("it was used");
        }
        assert_eq!(sums(store, &purse()).await, (0, 100, 0));
        let more = give_back(701).await;
        assert!(matches!(more, Err(StoreError::Unbacked)), "{more:?}");

        assert!(reserve(freed).await.is_ok_and(|new| new), "there is room again");
        assert_eq!(
            (release(freed).await, release(freed).await, commit(freed).await),
            (true, false, false)
        );
        assert!(
            !reserve(freed).await.expect("it was done"),
            "what was freed does not begin again"
        );
        assert!(!commit(cause("order", 12)).await, "nothing was set aside");
        // another kind of cause with the same id is another cause
        let other = cause("invoice", 10);
        let debit = || async {
            alone!(store, |tx| ledger::debit(
                tx,
                AGENCY,
                other,
                9,
                &[taking(1, Some(101), "2", None)]
            ))
        };
        assert!(debit().await.expect("it fits"));
        assert!(!debit().await.expect("it was done"));
        assert_eq!(sums(store, &purse()).await, (0, 101, 0));
        let before = (9, "order", kept.id, 3);
        let mut tx = store.read(Access::Agency(AGENCY)).await.expect("a transaction");
        let listed = ledger::entries(&mut tx, AGENCY, &purse(), before, 100)
            .await
            .expect("entries");
        let listed: Vec<_> = listed
            .iter()
            .map(|row| (row.entry.at, row.entry.movement, row.entry.entry))
            .collect();
        use Movement::{Commit, Debit, Release, Reserve, Return};
        let expected = [
            (9, Debit, 1),
            (8, Return, 4),
            (8, Return, 3),
            (7, Release, 2),
            (6, Commit, 2),
            (5, Reserve, 1),
            (5, Reserve, 1),
        ];
        assert_eq!(listed, expected);
        drop(tx);
        everything_adds_up(store).await;
    }
}

#[tokio::test]
async fn who_read_before_somebody_else_gave_back_is_overtaken() {
    let (stores, _folder) = stores().await;
    for store in &stores {
        let order = cause("order", 10);
        let claim = [taking(100, None, "1", None)];
        assert!(alone!(store, |tx| ledger::reserve(tx, AGENCY, order, 1, &claim)).expect("no limit"));
        assert!(alone!(store, |tx| ledger::commit(tx, AGENCY, order, 2)).expect("it was set aside"));
        let mut tx = store.read(Access::Agency(AGENCY)).await.expect("a transaction");
        let holds = ledger::holds(&mut tx, AGENCY, order).await.expect("holds");
        drop(tx);
        let hold = &holds[0].1;
        let half = || {
            (
                hold,
                Posting {
                    parts: hold.parts_with(50),
                    ..taking(50, None, "1", None)
                },
            )
        };
        alone!(store, |tx| ledger::give_back(tx, AGENCY, order, 3, &[half()])).expect("it was used");
        refused(alone!(store, |tx| ledger::give_back(tx, AGENCY, order, 3, &[half()])));
        assert_eq!(sums(store, &purse()).await, (0, 50, 0));
        everything_adds_up(store).await;
    }
}

#[tokio::test]
async fn entries_stay_as_they_were_written() {
    let (stores, _folder) = stores().await;
    for store in &stores {
        let claim = [taking(1, None, "1", None)];
        assert!(alone!(store, |tx| ledger::debit(tx, AGENCY, cause("order", 1), 1, &claim)).expect("no limit"));
        for sql in ["UPDATE ledger_entry SET debited = 2", "DELETE FROM ledger_entry"] {
            let tx = &mut write(store).await;
            let done = match tx {
                Tx::Sqlite(c) => sqlx::query(AssertSqlSafe(sql)).execute(&mut **c).await.map(drop),
                Tx::Postgres(c) => sqlx::query(AssertSqlSafe(sql)).execute(&mut **c).await.map(drop),
            };
            assert!(done.is_err(), "{}: {sql}", store.engine());
        }
        // nor is one written that does what its movement does not do
        let negative = [Posting {
            amount: -1,
            parts: Vec::new(),
            ..taking(1, None, "1", None)
        }];
        let done = alone!(store, |tx| ledger::credit(tx, AGENCY, cause("order", 2), 1, &negative));
        assert!(matches!(done, Err(StoreError::Database(_))), "{done:?}");
        assert_eq!(sums(store, &purse()).await, (0, 1, 0));
    }
}
