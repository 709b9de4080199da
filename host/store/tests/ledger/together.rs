//! Many causes in one movement.

use super::*;

/// What so many orders take: 7 each of the purse, on day `n % 3`.
fn claims(orders: std::ops::Range<u128>, at_most: i64) -> Vec<(Cause, Vec<Posting>)> {
    let claim = |n: u128| {
        (
            cause("order", n),
            vec![taking(7, Some(at_most), &(n % 3).to_string(), Some(70))],
        )
    };
    orders.map(claim).collect()
}

fn moving(claims: &[(Cause, Vec<Posting>)]) -> Vec<Moving<'_>> {
    claims
        .iter()
        .map(|(cause, postings)| Moving {
            cause: *cause,
            at: 1,
            postings,
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_take_together_what_each_of_them_may() {
    let (stores, _folder) = stores().await;
    for store in &stores {
        let ten = claims(1..11, 76);
        alone!(store, |tx| ledger::reserve_all(tx, AGENCY, &moving(&ten))).expect("70 of 76");
        assert_eq!(sums(store, &purse()).await, (0, 0, 70));
        everything_adds_up(store).await;
        // what all of them want is more than there is, and none has anything
        refused(alone!(store, |tx| ledger::reserve_all(
            tx,
            AGENCY,
            &moving(&claims(11..14, 76))
        )));
        refused(alone!(store, |tx| ledger::reserve_all(
            tx,
            AGENCY,
            &moving(&claims(21..42, 1_000))
        )));
        // one of them has taken before
        refused(alone!(store, |tx| ledger::reserve_all(
            tx,
            AGENCY,
            &moving(&claims(10..12, 1_000))
        )));
        assert_eq!((sums(store, &purse()).await, count(store).await), ((0, 0, 70), 10));
        // they are freed together, but for one that was used
        let causes: Vec<Cause> = ten.iter().map(|(cause, _)| *cause).collect();
        assert!(alone!(store, |tx| ledger::commit(tx, AGENCY, causes[4], 2)).expect("it is held"));
        assert!(alone!(store, |tx| ledger::release_all(tx, AGENCY, &causes, 3)).expect("nine are held"));
        assert!(!alone!(store, |tx| ledger::release_all(tx, AGENCY, &causes, 4)).expect("none is held"));
        assert_eq!(sums(store, &purse()).await, (0, 7, 0));
        everything_adds_up(store).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_of_movements_is_one() {
    let (stores, _folder) = stores().await;
    for store in &stores {
        // more accounts and parts than a statement takes, some parts of the accounts' own
        let claim = |n: u128| {
            let account = |owner: u128| Posting {
                account: Account::new("purse", Uuid::from_u128(owner)),
                amount: 3,
                at_most: None,
                parts: vec![
                    part("day", &n.to_string(), 3, None),
                    part("lot", "a", 1, None),
                    part("lot", "b", 2, None),
                ],
            };
            (cause("order", n), (0..30).map(account).collect::<Vec<_>>())
        };
        let all: Vec<_> = (0..20).map(claim).collect();
        alone!(store, |tx| ledger::reserve_all(tx, AGENCY, &moving(&all))).expect("no limit");
        everything_adds_up(store).await;
        let causes: Vec<Cause> = all.iter().map(|(cause, _)| *cause).collect();
        assert!(alone!(store, |tx| ledger::release_all(tx, AGENCY, &causes[5..], 3)).expect("they are held"));
        everything_adds_up(store).await;
        let account = Account::new("purse", Uuid::from_u128(7));
        assert_eq!(sums(store, &account).await, (0, 0, 15));
        let mut tx = store.read(Access::Agency(AGENCY)).await.expect("a transaction");
        let lots = ledger::own(&mut tx, AGENCY, &account, "lot").await.expect("lots");
        let lots: Vec<_> = lots.iter().map(|lot| (&*lot.subject, lot.sums.held)).collect();
        assert_eq!(lots, [("a", 5), ("b", 10)]);
        let day = ledger::shared(&mut tx, AGENCY, &account, "day", "4")
            .await
            .expect("a day");
        assert_eq!(day.held, 3);
        assert_eq!(
            ledger::shared(&mut tx, AGENCY, &account, "day", "5")
                .await
                .expect("a day")
                .held,
            0
        );
    }
}
