//! What quotes read and write: quotes and what they save, coupons, decisions.

use crate::{STORED, an_agency, counted, customer, opened, put_customers};
use posthouse_domain::ledger::Part;
use posthouse_store::campaigns::{self, CampaignRow};
use posthouse_store::compressed::Compressed;
use posthouse_store::coupons::{self, BatchRow, NewCoupon};
use posthouse_store::decisions::{self, DecisionRow, Filter};
use posthouse_store::jobs::{self, JobClock, Lane, NewJob};
use posthouse_store::ledger::{self, Cause, Posting};
use posthouse_store::quotes::{self, Assigned, QuoteRow};
use posthouse_store::{Access, Tx, budgets};
use uuid::Uuid;

fn quote(number: u128) -> Uuid {
    Uuid::from_u128(number + 1_000_000)
}

fn decision(number: u128) -> Uuid {
    Uuid::from_u128(number + 2_000_000)
}

fn campaign(number: u128) -> Uuid {
    Uuid::from_u128(number + 3_000_000)
}

fn hash(number: u128) -> Vec<u8> {
    number.to_be_bytes().to_vec()
}

const BATCH: Uuid = Uuid::from_u128(4_000_000);
const HOUR: i64 = 3_600_000;
/// Ten of those that are stored.
const SOME: [u128; 10] = [0, 1_999, 3_998, 5_997, 7_996, 9_995, 11_994, 13_993, 15_992, 17_991];

fn a_quote(number: u128) -> QuoteRow {
    QuoteRow {
        id: quote(number),
        customer_id: Some(customer(number)),
        state: "open".into(),
        basket: "{}".into(),
        list_price: 100,
        price: 90,
        answer: String::new(),
        document: Some(Compressed::of("{}")),
        day: 1,
        at: 1,
        expires_at: HOUR,
        booking_id: None,
        closed_at: None,
        points: None,
    }
}

fn a_decision(number: u128) -> DecisionRow {
    DecisionRow {
        id: decision(number),
        extension_point: "promotion".into(),
        binding: "spring".into(),
        revision: 1,
        digest: "d".into(),
        config_digest: "c".into(),
        customer_id: Some(customer(number)),
        subject_kind: Some("quote".into()),
        subject_id: Some(quote(number)),
        at: 1,
        input: "{}".into(),
        output: "{}".into(),
        outcome: "answered".into(),
        effect: "{}".into(),
        usage: "{}".into(),
        log: "[]".into(),
    }
}

fn cause(number: u128) -> Cause {
    Cause {
        kind: "quote",
        id: quote(number),
    }
}

/// What a campaign takes off for a customer.
fn a_saving(of: u128, for_whom: u128) -> Posting {
    let part = |scope: &str, subject: String| Part {
        scope: scope.into(),
        subject,
        own: false,
        amount: 10,
        at_most: Some(1_000_000),
    };
    Posting {
        account: budgets::account(campaign(of)),
        amount: 10,
        at_most: Some(1_000_000),
        parts: vec![
            part(budgets::CUSTOMER, customer(for_whom).to_string()),
            part(budgets::DAY, "1".into()),
        ],
    }
}

/// A batch that is good.
fn a_batch() -> BatchRow {
    BatchRow {
        id: BATCH,
        campaign_id: campaign(0),
        label: "Fair".into(),
        personal: false,
        count: STORED as i64,
        uses: 3,
        expires_at: None,
        state: "ready".into(),
        created_by: Uuid::from_u128(1),
        created_at: 1,
    }
}

/// Campaigns, of which the first has a batch of coupons, each held by its quote.
async fn filled(tx: &mut Tx, agency: Uuid) {
    put_customers(tx, agency).await;
    crate::common::put_rule(tx, agency).await;
    for number in 0..20 {
        let row = CampaignRow {
            id: campaign(number),
            key: format!("c{number}"),
            kind: "new-product".into(),
            name: "C".into(),
            owner: "Li".into(),
            state: "running".into(),
            plan: "{}".into(),
            plan_hash: "h".into(),
            priority: number as i32,
            submitted_by: None,
            version: 1,
            created_by: agency,
            created_at: 1,
            updated_at: 1,
        };
        campaigns::insert(tx, agency, &row).await.expect("a campaign");
    }
    let batch = BatchRow {
        created_by: agency,
        ..a_batch()
    };
    coupons::insert_batch(tx, agency, &batch).await.expect("a batch");
    let codes: Vec<_> = (0..STORED)
        .map(|number| NewCoupon {
            hash: hash(number),
            customer_id: None,
        })
        .collect();
    coupons::insert(tx, agency, BATCH, &codes).await.expect("codes");
    for number in 0..STORED {
        quotes::insert(tx, agency, &[&a_quote(number)]).await.expect("a quote");
        let saving = [a_saving(number % 20, number)];
        let cause = cause(number);
        ledger::reserve(tx, agency, cause, 1, &saving).await.expect("a saving");
        coupons::redeem(tx, agency, quote(number), &hash(number), "hold", 1)
            .await
            .expect("a use");
        if number % 2 == 1 {
            quotes::confirm(tx, agency, quote(number), &format!("b{number}"), 2)
                .await
                .expect("an open quote");
        }
    }
    let decided: Vec<_> = (0..STORED).map(a_decision).collect();
    decisions::insert(tx, agency, &decided).await.expect("decisions");
}

#[tokio::test]
async fn a_quote_costs_the_same_however_many_there_are() {
    let (store, _folder) = opened().await;
    let agency = an_agency(&store, 1).await;
    let mut tx = store.write(Access::Agency(agency)).await.expect("a transaction");
    filled(&mut tx, agency).await;
    tx.commit().await.expect("a commit");
    let mut tx = store.write(Access::Agency(agency)).await.expect("a transaction");
    let steps = counted(&mut tx).await;
    let new = STORED + 1;

    // it is made
    cheap!(
        steps,
        "insert",
        quotes::insert(
            &mut tx,
            agency,
            &[&QuoteRow {
                customer_id: Some(customer(7)),
                ..a_quote(new)
            }]
        )
    );
    let used = cheap!(
        steps,
        "used_in_force",
        budgets::used_in_force(&mut tx, agency, Some(customer(7)), 1)
    );
    let used: Vec<_> = used.iter().map(|row| (row.total, row.customer, row.day)).collect();
    assert_eq!(
        (used.len(), used[7], used[8]),
        (20, (10_000, 10, 10_000), (10_000, 0, 10_000))
    );
    // three campaigns with three counters and an entry each
    let savings: Vec<_> = (0..3).map(|number| a_saving(number, 7)).collect();
    assert!(cheap!(
        steps,
        "reserve",
        ledger::reserve(&mut tx, agency, cause(new), 1, &savings)
    ));
    let arms: Vec<_> = (0..10)
        .map(|number| Assigned {
            customer: customer(7),
            campaign: campaign(number),
            arm: "treatment",
            day: 1,
            at: 1,
        })
        .collect();
    cheap!(steps, "assign", quotes::assign(&mut tx, agency, &arms));
    cheap!(steps, "assign again", quotes::assign(&mut tx, agency, &arms));
    let end = NewJob {
        kind: quotes::EXPIRE,
        key: "new",
        lane: Lane::Timers,
        clock: JobClock::Business,
        due: HOUR,
    };
    cheap!(steps, "put", jobs::put(&mut tx, agency, end));

    // it is looked at
    let found = cheap!(steps, "quote", quotes::quote(&mut tx, agency, quote(new)));
    assert_eq!(found.expect("it").customer_id, Some(customer(7)));
    let found = cheap!(steps, "holds", ledger::holds(&mut tx, agency, cause(new)));
    assert!(found.len() == 3 && found.is_sorted_by_key(|(account, _)| account.owner));
    let account = budgets::account(campaign(2));
    let found = cheap!(steps, "total", ledger::total(&mut tx, agency, &account));
    assert_eq!(found.held, 10_010);
    let found = cheap!(steps, "latest", quotes::latest(&mut tx, agency, quote(10_000), 10));
    assert_eq!((found.len(), found[0].id), (10, quote(9_999)));
    let found = cheap!(
        steps,
        "latest_of",
        quotes::latest_of(&mut tx, agency, customer(7), Uuid::max(), 10)
    );
    assert_eq!(
        found.iter().map(|row| row.id).collect::<Vec<_>>(),
        [quote(new), quote(7)]
    );

    // it is settled
    assert!(cheap!(
        steps,
        "confirm",
        quotes::confirm(&mut tx, agency, quote(new), "b", 2)
    ));
    assert!(!cheap!(
        steps,
        "confirm again",
        quotes::confirm(&mut tx, agency, quote(new), "b", 2)
    ));
    assert!(cheap!(
        steps,
        "close",
        quotes::close(&mut tx, agency, quote(8), "expired", HOUR)
    ));
    let ids: Vec<Uuid> = [10, 11, 12].map(quote).into();
    let expired = cheap!(steps, "expire", quotes::expire(&mut tx, agency, &ids, HOUR));
    assert_eq!(expired, [quote(10), quote(12)], "what is confirmed stays so");
    let found = cheap!(steps, "of_quotes", coupons::of_quotes(&mut tx, agency, &expired));
    assert_eq!(found, [(quote(10), hash(10)), (quote(12), hash(12))]);
    let causes: Vec<_> = [10, 12].map(cause).into();
    assert!(cheap!(
        steps,
        "release_all",
        ledger::release_all(&mut tx, agency, &causes, HOUR)
    ));
    assert!(cheap!(steps, "commit", ledger::commit(&mut tx, agency, cause(new), 2)));
    assert!(cheap!(steps, "release", ledger::release(&mut tx, agency, cause(8), 2)));
    let holds = ledger::holds(&mut tx, agency, cause(new)).await.expect("holds");
    let back = [(&holds[2].1, a_saving(2, 7))];
    cheap!(
        steps,
        "give_back",
        ledger::give_back(&mut tx, agency, cause(new), 3, &back)
    );
    let bookings: Vec<String> = SOME.iter().map(|number| format!("b{number}")).collect();
    let bookings: Vec<&str> = bookings.iter().map(String::as_str).collect();
    cheap!(
        steps,
        "have_followed",
        quotes::have_followed(&mut tx, agency, &bookings)
    );
}

#[tokio::test]
async fn a_coupon_costs_the_same_however_many_there_are() {
    let (store, _folder) = opened().await;
    let agency = an_agency(&store, 1).await;
    let mut tx = store.write(Access::Agency(agency)).await.expect("a transaction");
    filled(&mut tx, agency).await;
    tx.commit().await.expect("a commit");
    let mut tx = store.write(Access::Agency(agency)).await.expect("a transaction");
    let steps = counted(&mut tx).await;
    let hashes = SOME.map(hash);
    assert_eq!(
        cheap!(steps, "coupons", coupons::coupons(&mut tx, agency, &hashes)).len(),
        10
    );
    assert!(cheap!(steps, "hold", coupons::hold(&mut tx, agency, &hashes[1], 3, 1)));
    assert!(cheap!(
        steps,
        "redeem",
        coupons::redeem(&mut tx, agency, quote(2), &hashes[1], "hold", 1)
    ));
    assert!(!cheap!(
        steps,
        "redeem again",
        coupons::redeem(&mut tx, agency, quote(2), &hashes[1], "hold", 1)
    ));
    cheap!(steps, "shift", coupons::shift(&mut tx, agency, &hashes[1], -1, 1));
    let found = cheap!(steps, "redemptions", coupons::redemptions(&mut tx, agency, &hashes[1]));
    assert_eq!(found.len(), 2);
    let found = cheap!(steps, "of_quote", coupons::of_quote(&mut tx, agency, quote(2)));
    assert_eq!(found.len(), 2);
    assert!(cheap!(steps, "revoke", coupons::revoke(&mut tx, agency, &hashes[1], 2)));
    let list = cheap!(
        steps,
        "batches",
        coupons::batches(&mut tx, agency, campaign(0), Uuid::max(), 10)
    );
    assert_eq!(list.len(), 1);
    assert!(cheap!(steps, "batch", coupons::batch(&mut tx, agency, campaign(0), BATCH)).is_some());
    let ready = coupons::set_batch_state(&mut tx, agency, BATCH, "ready", "revoked");
    assert!(cheap!(steps, "set_batch_state", ready));
    // whoever looked at the code before its batch was revoked does not hold it any more
    let held = coupons::hold(&mut tx, agency, &hashes[3], 3, 1).await;
    assert!(!held.expect("an attempt"));
    let over = BatchRow {
        id: Uuid::from_u128(4_000_001),
        expires_at: Some(10),
        ..a_batch()
    };
    coupons::insert_batch(&mut tx, agency, &over).await.expect("a batch");
    let code = NewCoupon {
        hash: hash(STORED + 1),
        customer_id: None,
    };
    coupons::insert(&mut tx, agency, over.id, &[code])
        .await
        .expect("a code");
    for (now, good) in [(10, false), (9, true)] {
        let held = coupons::hold(&mut tx, agency, &hash(STORED + 1), 3, now).await;
        assert_eq!(held.expect("an attempt"), good, "at {now} of a batch that ends at 10");
    }
}

#[tokio::test]
async fn a_decision_costs_the_same_however_many_there_are() {
    let (store, _folder) = opened().await;
    let agency = an_agency(&store, 1).await;
    let mut tx = store.write(Access::Agency(agency)).await.expect("a transaction");
    filled(&mut tx, agency).await;
    tx.commit().await.expect("a commit");
    let mut tx = store.write(Access::Agency(agency)).await.expect("a transaction");
    let steps = counted(&mut tx).await;
    let mut new: Vec<_> = SOME.iter().map(|number| a_decision(STORED + number)).collect();
    for row in &mut new {
        row.customer_id = Some(customer(7));
        row.subject_id = Some(quote(7));
    }
    cheap!(steps, "insert", decisions::insert(&mut tx, agency, &new));
    assert!(cheap!(steps, "decision", decisions::decision(&mut tx, agency, decision(7))).is_some());
    let everything = Filter::default();
    let of_customer = Filter {
        customer: Some(customer(7)),
        ..Filter::default()
    };
    let of_subject = Filter {
        subject: Some(("quote".into(), quote(7))),
        ..Filter::default()
    };
    let of_binding = Filter {
        binding: Some(("promotion".into(), "spring".into())),
        ..Filter::default()
    };
    let faults = Filter {
        outcome: Some("answered".into()),
        ..of_binding.clone()
    };
    for (filter, expected) in [
        (everything, 20),
        (of_binding, 20),
        (faults, 20),
        (of_customer, 11),
        (of_subject, 11),
    ] {
        steps.begin();
        let found = decisions::latest(&mut tx, agency, &filter, Uuid::max(), 20).await;
        steps.end(&format!("{filter:?}"));
        let found = found.expect("decisions").rows;
        assert_eq!(found.len(), expected, "{filter:?}");
        assert!(found.is_sorted_by_key(|row| std::cmp::Reverse(row.id)), "{filter:?}");
    }
}
