//! Points in lots, which only what came in can be taken of: a kind of account that the ledger knows nothing about.

use super::*;

#[tokio::test]
async fn points_are_earned_held_redeemed_and_expire_by_lots() {
    let (stores, _folder) = stores().await;
    for store in &stores {
        let order = |id| cause("order", id);
        let reserve = |id, lots: &'static [(&'static str, i64)]| async move {
            alone!(store, |tx| ledger::reserve(tx, AGENCY, order(id), 2, &[of_lots(lots)]))
        };
        // of an account that nothing ever came into, nothing can be held
        refused(reserve(20, &[("a", 1)]).await);
        refused(alone!(store, |tx| ledger::debit(
            tx,
            AGENCY,
            order(20),
            2,
            &[of_lots(&[])].map(|posting| Posting { amount: 1, ..posting })
        )));
        let earned = cause("booking", 30);
        let earn =
            |posting: Posting| async move { alone!(store, |tx| ledger::credit(tx, AGENCY, earned, 1, &[posting])) };
        assert!(earn(of_lots(&[("a", 300)])).await.expect("it comes in"));
        assert!(
            !earn(of_lots(&[("a", 300)])).await.expect("it was there"),
            "an event that is told twice"
        );
        // what is earned and waits is an account of its own, and becomes available with one cause on both
        let waiting = Posting {
            account: Account::new("points.pending", OWNER),
            ..of_lots(&[("b", 200)])
        };
        assert!(
            alone!(store, |tx| ledger::credit(
                tx,
                AGENCY,
                cause("booking", 31),
                1,
                std::slice::from_ref(&waiting)
            ))
            .expect("it comes in")
        );
        refused(reserve(21, &[("a", 300), ("b", 200)]).await);
        let activate = || async {
            let mut tx = write(store).await;
            let done = cause("activation", 31);
            let into = ledger::credit(&mut tx, AGENCY, done, 2, &[of_lots(&[("b", 200)])])
                .await
                .expect("it comes in");
            let out = ledger::debit(&mut tx, AGENCY, done, 2, std::slice::from_ref(&waiting))
                .await
                .expect("it waits");
            tx.commit().await.expect("a commit");
            (out, into)
        };
        assert_eq!(activate().await, (true, true));
        assert_eq!(activate().await, (false, false));
        assert_eq!(sums(store, &waiting.account).await, (200, 200, 0));

        // more than a lot has is refused, though the account has it
        refused(reserve(22, &[("a", 301)]).await);
        assert!(reserve(23, &[("a", 300), ("b", 150)]).await.expect("there is as much"));
        assert_eq!(lots(store).await, lots_of(&[("a", 0), ("b", 50)]));
        assert!(alone!(store, |tx| ledger::release(tx, AGENCY, order(23), 3)).expect("it was held"));
        assert_eq!(lots(store).await, lots_of(&[("a", 300), ("b", 200)]));

        assert!(reserve(24, &[("a", 300), ("b", 150)]).await.expect("there is as much"));
        assert!(alone!(store, |tx| ledger::commit(tx, AGENCY, order(24), 3)).expect("it was held"));
        assert_eq!(sums(store, &points()).await, (500, 450, 0));
        // a part of it comes back, into the lots it was taken from
        let mut tx = write(store).await;
        let holds = ledger::holds(&mut tx, AGENCY, order(24)).await.expect("holds");
        let back = of_lots(&[("a", 20), ("b", 100)]);
        ledger::give_back(&mut tx, AGENCY, order(24), 4, &[(&holds[0].1, back)])
            .await
            .expect("it was used");
        tx.commit().await.expect("a commit");
        assert_eq!(lots(store).await, lots_of(&[("a", 20), ("b", 150)]));
        // but not more into a lot than was taken from it
        let mut tx = write(store).await;
        let holds = ledger::holds(&mut tx, AGENCY, order(24)).await.expect("holds");
        let back = [(&holds[0].1, of_lots(&[("a", 281)]))];
        refused(ledger::give_back(&mut tx, AGENCY, order(24), 4, &back).await);
        drop(tx);
        // a lot expires: what is left of it goes out, once
        let expire = || async {
            alone!(store, |tx| ledger::debit(
                tx,
                AGENCY,
                cause("expiry", 30),
                5,
                &[of_lots(&[("a", 20)])]
            ))
        };
        assert!(expire().await.expect("it is left"));
        assert!(!expire().await.expect("it was done"));
        assert_eq!(lots(store).await, lots_of(&[("a", 0), ("b", 150)]));
        assert_eq!(sums(store, &points()).await, (500, 350, 0));
        refused(reserve(25, &[("a", 1), ("b", 150)]).await);
        everything_adds_up(store).await;
    }
}
