//! Everybody at once, and everything in any order.

use super::*;

/// What each of a crowd came to, all at once: done, done before, or refused. Nothing else happens, no deadlock in particular.
async fn crowd<F>(ask: impl Fn(u128) -> F) -> [usize; 3]
where
    F: Future<Output = Result<bool, StoreError>> + Send + 'static,
{
    let asking: Vec<_> = (0..CROWD).map(|n| tokio::spawn(ask(n))).collect();
    let mut came = [0; 3];
    for asked in asking {
        let place = match asked.await.expect("no panic") {
            Ok(true) => 0,
            Ok(false) => 1,
            Err(StoreError::Overtaken) => 2,
            Err(other) => panic!("{other}"),
        };
        came[place] += 1;
    }
    came
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_crowd_never_takes_more_than_there_is() {
    let (stores, _folder) = stores().await;
    for store in &stores {
        // ten times 7 and a bit less than the eleventh, in all; on the three days eight of them at most
        let came = crowd(|n| {
            let store = store.clone();
            async move {
                let claim = [taking(7, Some(76), &(n % 3).to_string(), Some(7 * 8))];
                alone!(&store, |tx| ledger::reserve(
                    tx,
                    AGENCY,
                    cause("order", 100 + n),
                    1,
                    &claim
                ))
            }
        })
        .await;
        assert_eq!(came, [10, 0, 54]);
        assert_eq!(sums(store, &purse()).await, (0, 0, 70));
        // each of them is used or freed, whoever comes first
        let settled = crowd(|n| {
            let store = store.clone();
            async move {
                let mut done = 0;
                for id in 100..100 + CROWD {
                    let order = cause("order", id);
                    let mut tx = write(&store).await;
                    done += usize::from(match (n + id) % 2 {
                        0 => ledger::commit(&mut tx, AGENCY, order, 2).await?,
                        _ => ledger::release(&mut tx, AGENCY, order, 2).await?,
                    });
                    tx.commit().await?;
                }
                Ok(done > 0)
            }
        })
        .await;
        assert_eq!(settled[2], 0);
        let (credited, debited, held) = sums(store, &purse()).await;
        assert_eq!((credited, held, debited % 7), (0, 0, 0));
        assert_eq!(count(store).await, 20);

        // the last points, in two lots
        let earned = [of_lots(&[("a", 30), ("b", 25)])];
        assert!(alone!(store, |tx| ledger::credit(tx, AGENCY, cause("booking", 1), 1, &earned)).expect("it comes in"));
        let came = crowd(|n| {
            let store = store.clone();
            async move {
                let claim = [of_lots(if n % 2 == 0 {
                    &[("b", 5), ("a", 5)]
                } else {
                    &[("a", 5), ("b", 5)]
                })];
                let order = cause("order", 300 + n);
                if n % 4 == 3 {
                    return alone!(&store, |tx| ledger::debit(tx, AGENCY, order, 1, &claim));
                }
                alone!(&store, |tx| ledger::reserve(tx, AGENCY, order, 1, &claim))
            }
        })
        .await;
        assert_eq!(came, [5, 0, 59]);
        assert_eq!(lots(store).await, lots_of(&[("a", 5), ("b", 0)]));

        // one cause, told by everybody at once
        let came = crowd(|_| {
            let (store, claim) = (store.clone(), of_lots(&[("c", 9)]));
            async move {
                alone!(&store, |tx| ledger::credit(
                    tx,
                    AGENCY,
                    cause("booking", 2),
                    1,
                    &[claim]
                ))
            }
        })
        .await;
        assert_eq!(came, [1, 63, 0]);
        everything_adds_up(store).await;
    }
}

#[tokio::test]
async fn whatever_happens_the_counters_are_the_sum_of_the_entries() {
    let (stores, _folder) = stores().await;
    for store in &stores {
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut next = move |below: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % below
        };
        let (mut done, mut refused) = (0, 0);
        for _ in 0..400 {
            let order = cause("order", u128::from(next(60)));
            let amount = 1 + next(400) as i64;
            let day = next(4).to_string();
            let both = [
                of_lots(&[("a", amount), ("b", amount / 2)]),
                taking(amount, Some(3_000), &day, Some(1_500)),
            ];
            let mut tx = write(store).await;
            let moved = match next(7) {
                0 | 1 => ledger::reserve(&mut tx, AGENCY, order, 1, &both).await,
                2 => ledger::commit(&mut tx, AGENCY, order, 2).await,
                3 => ledger::release(&mut tx, AGENCY, order, 3).await,
                4 => ledger::credit(&mut tx, AGENCY, order, 4, &both[..1]).await,
                5 => ledger::debit(&mut tx, AGENCY, order, 5, &both).await,
                _ => {
                    let holds = ledger::holds(&mut tx, AGENCY, order).await.expect("holds");
                    let returns: Vec<_> = holds
                        .iter()
                        .filter(|(_, hold)| hold.used() > 1)
                        .map(|(account, hold)| {
                            let amount = hold.used() / 2;
                            let mut parts = hold.parts_with(amount);
                            if *account == points() {
                                // a share of what each lot gave, rounded down
                                for (part, gave) in parts.iter_mut().zip(&hold.parts) {
                                    part.amount = gave.amount * amount / hold.amount;
                                }
                            }
                            (
                                hold,
                                Posting {
                                    account: account.clone(),
                                    amount,
                                    at_most: None,
                                    parts,
                                },
                            )
                        })
                        .collect();
                    ledger::give_back(&mut tx, AGENCY, order, 6, &returns)
                        .await
                        .map(|()| !returns.is_empty())
                }
            };
            match moved {
                Ok(moved) => {
                    done += usize::from(moved);
                    tx.commit().await.expect("a commit");
                }
                Err(StoreError::Overtaken) => refused += 1,
                Err(other) => panic!("{other}"),
            }
        }
        assert!(done > 60 && refused > 10, "{done} {refused}");
        everything_adds_up(store).await;
        let (_, debited, held) = sums(store, &purse()).await;
        assert!(debited + held <= 3_000);
        let (credited, debited, held) = sums(store, &points()).await;
        assert!(debited + held <= credited, "{credited} {debited} {held}");
    }
}
