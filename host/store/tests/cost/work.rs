//! What falls due and what is told: jobs, webhooks, kept answers, the audit log.

use crate::{STORED, an_agency, counted, opened};
use posthouse_store::audit::{self, Deed};
use posthouse_store::idempotency::{self, Claim};
use posthouse_store::jobs::{self, JobClock, JobRow, Lane, LeftOut, NewJob};
use posthouse_store::webhooks::{self, Attempt, EventRow, NewDelivery, WebhookRow};
use posthouse_store::{Access, Store};
use uuid::Uuid;

const HOST: Uuid = Uuid::from_u128(77);
const HOOK: Uuid = Uuid::from_u128(88);
/// Whose jobs are left out.
const NOBODY: LeftOut = [Uuid::nil(); jobs::LEFT_OUT];

fn job(key: &str, due: i64) -> NewJob<'_> {
    NewJob {
        kind: "quote.expire",
        key,
        lane: Lane::Timers,
        clock: JobClock::Business,
        due,
    }
}

#[tokio::test]
async fn a_job_costs_the_same_however_many_there_are() {
    const AGENCIES: u128 = 20;
    let (store, _folder) = opened().await;
    let mut agencies = Vec::new();
    for number in 1..=AGENCIES {
        agencies.push(an_agency(&store, number).await);
    }
    let mut tx = store.write(Access::Jobs).await.expect("a transaction");
    for number in 0..STORED {
        let agency = agencies[(number % AGENCIES) as usize];
        jobs::put(&mut tx, agency, job(&format!("k{number}"), 1_000 + number as i64))
            .await
            .expect("a job");
    }
    // those that come with an agency are out of the way
    let lane = (Lane::Timers, JobClock::Business);
    let own = jobs::take(&mut tx, lane, (999, 1), (HOST, 1_000), (i64::MAX, NOBODY));
    assert!(own.await.expect("jobs").len() < 100);
    tx.commit().await.expect("a commit");
    let mut tx = store.write(Access::Jobs).await.expect("a transaction");
    let steps = counted(&mut tx).await;

    cheap!(steps, "put", jobs::put(&mut tx, agencies[3], job("new", 5)));
    cheap!(steps, "put again", jobs::put(&mut tx, agencies[3], job("k3", 6)));
    let keys: Vec<String> = (0..10).map(|number| format!("n{number}")).collect();
    let several: Vec<_> = keys.iter().map(|key| job(key, 7)).collect();
    cheap!(steps, "put_all", jobs::put_all(&mut tx, agencies[3], &several));
    cheap!(
        steps,
        "cancel",
        jobs::cancel(&mut tx, agencies[4], "quote.expire", "k4")
    );
    let woken = jobs::wake(&mut tx, agencies[5], ("quote.expire", "k5"), 8, 1);
    assert_eq!(cheap!(steps, "wake", woken), Some(2));
    let due = cheap!(steps, "next_due", jobs::next_due(&mut tx, lane.0, lane.1, 0, NOBODY));
    assert_eq!(due, Some(5));

    let taken = cheap!(
        steps,
        "take",
        jobs::take(&mut tx, lane, (1_009, 1), (HOST, 100), (20, NOBODY))
    );
    assert_eq!(taken.len(), 20);
    assert_eq!((taken[0].key.as_str(), taken[0].agency_id), ("new", agencies[3]));
    // what is held is passed over
    let later = cheap!(
        steps,
        "take more",
        jobs::take(&mut tx, lane, (1_100, 1), (HOST, 100), (20, NOBODY))
    );
    assert!(later.iter().all(|job| !taken.contains(job)) && later.len() == 20);
    let none = cheap!(
        steps,
        "take none",
        jobs::take(&mut tx, (Lane::Retries, lane.1), (1_100, 1), (HOST, 100), (20, NOBODY))
    );
    assert_eq!(none, []);

    let JobRow { version, .. } = taken[0];
    assert_eq!(
        cheap!(steps, "lock_own", jobs::lock_own(&mut tx, HOST, &taken[0])),
        Some(version)
    );
    assert!(cheap!(steps, "hold", jobs::hold(&mut tx, HOST, &taken[0], 200)));
    assert!(cheap!(steps, "finish", jobs::finish(&mut tx, HOST, &taken[0])));
    assert!(cheap!(steps, "again", jobs::again(&mut tx, HOST, &taken[1], 9_000)));
    cheap!(steps, "fail", jobs::fail(&mut tx, HOST, &taken[2], "no", (0, Some(1))));
    cheap!(steps, "let_go", jobs::let_go(&mut tx, HOST, &taken[3]));
    let own: Vec<JobRow> = later.into_iter().filter(|job| job.agency_id == agencies[3]).collect();
    assert!(!own.is_empty());
    cheap!(
        steps,
        "finish_all",
        jobs::finish_all(&mut tx, agencies[3], HOST, "quote.expire", &own)
    );
    assert!(
        !jobs::finish(&mut tx, HOST, &own[0]).await.expect("an answer"),
        "it is gone"
    );
}

#[tokio::test]
async fn what_is_due_at_the_same_instant_is_not_put_in_order_each_time() {
    let (store, _folder) = opened().await;
    let agency = an_agency(&store, 1).await;
    let mut tx = store.write(Access::Agency(agency)).await.expect("a transaction");
    let keys: Vec<String> = (0..STORED).map(|number| format!("k{number:05}")).collect();
    let several: Vec<_> = keys.iter().map(|key| job(key, 500)).collect();
    jobs::put_all(&mut tx, agency, &several).await.expect("jobs");
    let steps = counted(&mut tx).await;
    let lane = (Lane::Timers, JobClock::Business);
    let own = jobs::take(&mut tx, lane, (499, 1), (HOST, 1_000), (i64::MAX, NOBODY));
    assert!(own.await.expect("jobs").len() < 100);
    for first in [0, 20] {
        let taken = cheap!(
            steps,
            "take of those due at once",
            jobs::take(&mut tx, lane, (500, 1), (HOST, 100), (20, NOBODY))
        );
        let taken: Vec<&String> = taken.iter().map(|job| &job.key).collect();
        assert_eq!(taken, keys[first..first + 20].iter().collect::<Vec<_>>());
    }
    let row = JobRow {
        agency_id: agency,
        kind: "quote.expire".into(),
        key: keys[0].clone(),
        lane: Lane::Timers,
        due: 500,
        version: 1,
        attempts: 1,
    };
    jobs::fail(&mut tx, HOST, &row, "no", (0, Some(1)))
        .await
        .expect("a dead letter");
    let dead = cheap!(steps, "dead", jobs::dead(&mut tx, agency, 10));
    assert_eq!(dead.len(), 1);
}

/// A webhook that was told almost everything; ten events of ten subjects wait, and ten more of the first of them.
async fn told(store: &Store, agency: Uuid) {
    let mut tx = store.write(Access::Agency(agency)).await.expect("a transaction");
    let hook = WebhookRow {
        id: HOOK,
        url: "https://example.com".into(),
        note: String::new(),
        types: "[]".into(),
        state: "active".into(),
        secret: vec![1],
        earlier: None,
        earlier_until: None,
        failures: 0,
        retry_at: 0,
        created_at: 1,
        created_by: agency,
        version: 1,
    };
    webhooks::insert(&mut tx, agency, &hook).await.expect("a webhook");
    tell(&mut tx, agency, 0..STORED, |number| format!("customer/{number}")).await;
    for seq in 0..STORED as i64 {
        let delivered = Attempt {
            seq,
            state: "delivered",
            next_at: 1,
            status: Some(200),
            answer: String::new(),
        };
        webhooks::attempted(&mut tx, agency, HOOK, &delivered, 2)
            .await
            .expect("an attempt");
    }
    tell(&mut tx, agency, STORED..STORED + 10, |number| {
        format!("customer/{number}")
    })
    .await;
    tell(&mut tx, agency, STORED + 10..STORED + 20, |_| {
        format!("customer/{STORED}")
    })
    .await;
    tx.commit().await.expect("a commit");
}

async fn tell(
    tx: &mut posthouse_store::Tx,
    agency: Uuid,
    numbers: std::ops::Range<u128>,
    subject: impl Fn(u128) -> String,
) {
    let events: Vec<_> = numbers
        .map(|number| EventRow {
            id: Uuid::from_u128(number),
            kind: "customer.updated".into(),
            subject: subject(number),
            at: 1,
            data: "{}".into(),
        })
        .collect();
    webhooks::insert_events(tx, agency, &events, 1).await.expect("events");
    let deliveries: Vec<_> = events
        .iter()
        .map(|event| NewDelivery {
            seq: event.id.as_u128() as i64,
            event: event.id,
            subject: &event.subject,
        })
        .collect();
    webhooks::insert_deliveries(tx, agency, HOOK, &deliveries, 1)
        .await
        .expect("deliveries");
}

#[tokio::test]
async fn what_is_told_costs_the_same_however_much_was_told() {
    let (store, _folder) = opened().await;
    let agency = an_agency(&store, 1).await;
    told(&store, agency).await;
    let mut tx = store.write(Access::Agency(agency)).await.expect("a transaction");
    let steps = counted(&mut tx).await;
    let first = STORED as i64;

    assert_eq!(
        cheap!(steps, "next_due", webhooks::next_due(&mut tx, agency, HOOK)),
        Some(1)
    );
    let due = cheap!(steps, "due", webhooks::due(&mut tx, agency, HOOK, 1, 64));
    let places: Vec<i64> = due.iter().map(|row| row.seq).collect();
    assert_eq!(
        places,
        Vec::from_iter(first..first + 10),
        "of each subject the earliest"
    );
    assert_eq!(
        cheap!(steps, "due later", webhooks::due(&mut tx, agency, HOOK, 0, 64)).len(),
        0
    );
    let waiting = cheap!(steps, "waiting", webhooks::waiting(&mut tx, agency, HOOK));
    assert_eq!((waiting.pending, waiting.dead), (20, 0));
    let attempt = |state, next_at| Attempt {
        seq: first,
        state,
        next_at,
        status: None,
        answer: "no".into(),
    };
    cheap!(
        steps,
        "attempted",
        webhooks::attempted(&mut tx, agency, HOOK, &attempt("pending", 9), 3)
    );
    cheap!(steps, "hurry", webhooks::hurry(&mut tx, agency, HOOK, 4));
    cheap!(steps, "renew", webhooks::renew(&mut tx, agency, HOOK, 5));
    cheap!(
        steps,
        "attempted",
        webhooks::attempted(&mut tx, agency, HOOK, &attempt("dead", 9), 3)
    );
    for state in [None, Some("pending"), Some("delivered"), Some("dead")] {
        steps.begin();
        let page = webhooks::deliveries(&mut tx, agency, HOOK, state, first + 15, 20).await;
        steps.end(&format!("deliveries of {state:?}"));
        let page = page.expect("a page");
        let expected = match state {
            Some("pending") => 14,
            Some("dead") => 1,
            _ => 20,
        };
        assert_eq!(page.len(), expected, "{state:?}");
    }
    assert_eq!(
        cheap!(steps, "replay", webhooks::replay(&mut tx, agency, HOOK, None, 6)),
        1
    );
    let these: Vec<i64> = (0..10).collect();
    assert_eq!(
        cheap!(
            steps,
            "replay",
            webhooks::replay(&mut tx, agency, HOOK, Some(&these), 6)
        ),
        10
    );
    assert_eq!(
        cheap!(steps, "give_up", webhooks::give_up(&mut tx, agency, HOOK, 0, 7)),
        0
    );
    assert_eq!(cheap!(steps, "tidy", webhooks::tidy(&mut tx, agency, 1, 10)), 0);
    assert_eq!(cheap!(steps, "tidy", webhooks::tidy(&mut tx, agency, 5, 10)), 10);
    assert_eq!(
        cheap!(steps, "listening", webhooks::listening(&mut tx, agency)).len(),
        1
    );
}

/// A claim of the seventh attempt.
fn claim(key: &str) -> Claim<'_> {
    Claim {
        key,
        request: "r",
        ticket: Uuid::from_u128(7),
        subject: None,
    }
}

#[tokio::test]
async fn a_kept_answer_costs_the_same_however_many_there_are() {
    let (store, _folder) = opened().await;
    let agency = an_agency(&store, 1).await;
    let mut tx = store.write(Access::Agency(agency)).await.expect("a transaction");
    for number in 0..STORED {
        let key = format!("k{number}");
        idempotency::keep(&mut tx, agency, claim(&key), (200, b"x"), number as i64)
            .await
            .expect("an answer");
    }
    tx.commit().await.expect("a commit");
    let mut tx = store.write(Access::Agency(agency)).await.expect("a transaction");
    let steps = counted(&mut tx).await;
    assert!(cheap!(
        steps,
        "claim",
        idempotency::claim(&mut tx, agency, claim("new"), STORED as i64)
    ));
    let other = Claim {
        ticket: Uuid::from_u128(8),
        ..claim("k7")
    };
    assert!(!cheap!(
        steps,
        "claim again",
        idempotency::claim(&mut tx, agency, other, 11)
    ));
    let several = [claim("one"), claim("another")];
    assert!(cheap!(
        steps,
        "claim_all",
        idempotency::claim_all(&mut tx, agency, &several, STORED as i64)
    ));
    let one_is_taken = [claim("third"), claim("k7")];
    assert!(!cheap!(
        steps,
        "claim_all again",
        idempotency::claim_all(&mut tx, agency, &one_is_taken, STORED as i64)
    ));
    let kept = cheap!(steps, "kept", idempotency::kept(&mut tx, agency, "k7"));
    assert_eq!(kept.and_then(|row| row.status), Some(200));
    cheap!(
        steps,
        "name",
        idempotency::name_subject(&mut tx, agency, claim("new"), "a/b")
    );
    cheap!(
        steps,
        "keep",
        idempotency::keep(&mut tx, agency, claim("new"), (201, b"y"), 12)
    );
    let kept = idempotency::kept(&mut tx, agency, "new")
        .await
        .expect("a look")
        .expect("it is kept");
    assert_eq!((kept.subject.as_deref(), kept.status), (Some("a/b"), Some(201)));
    // an answer of another attempt stays
    idempotency::keep(&mut tx, agency, other, (500, b"z"), 12)
        .await
        .expect("nothing");
    let kept = idempotency::kept(&mut tx, agency, "k7").await.expect("a look");
    assert_eq!(kept.and_then(|row| row.status), Some(200));
    // the oldest go, and no others are looked at
    let gone = cheap!(steps, "forget", idempotency::forget(&mut tx, agency, 1_000, 5));
    assert_eq!(gone, 5);
    for (key, there) in [("k0", false), ("k4", false), ("k5", true)] {
        let kept = idempotency::kept(&mut tx, agency, key).await.expect("a look");
        assert_eq!(kept.is_some(), there, "{key}");
    }
}

#[tokio::test]
async fn an_entry_of_the_log_costs_the_same_however_long_it_is() {
    let (store, _folder) = opened().await;
    let agency = an_agency(&store, 1).await;
    let mut tx = store.write(Access::Agency(agency)).await.expect("a transaction");
    let other = Uuid::from_u128(9);
    let row = audit::ActorRow {
        id: other,
        kind: "key".into(),
        name: "Li".into(),
        holder: None,
        created_at: 1,
    };
    audit::put_actor(&mut tx, agency, &row).await.expect("an actor");
    for number in 0..STORED as i64 {
        // nine entries of an actor and of a subject, at the beginning
        let subject = if number < 9 {
            "thing/1".into()
        } else {
            format!("thing/{number}")
        };
        let deed = Deed {
            actor: if number < 9 { other } else { agency },
            action: "thing.change",
            subject: &subject,
            detail: "{}",
        };
        audit::append(&mut tx, agency, deed, number).await.expect("an entry");
    }
    tx.commit().await.expect("a commit");
    let mut tx = store.write(Access::Agency(agency)).await.expect("a transaction");
    let steps = counted(&mut tx).await;
    let deed = Deed {
        actor: agency,
        action: "thing.change",
        subject: "thing/2",
        detail: "{}",
    };
    cheap!(steps, "lock", audit::lock(&mut tx, agency));
    cheap!(steps, "append", audit::append(&mut tx, agency, deed, 1));
    let ends = cheap!(steps, "ends", audit::ends(&mut tx, agency)).expect("a head");
    assert_eq!((ends.last, ends.first, ends.beyond), (STORED as i64 + 1, Some(1), None));
    assert!(cheap!(steps, "actor", audit::actor(&mut tx, agency, other)).is_some());
    let after = cheap!(steps, "entries_after", audit::entries_after(&mut tx, agency, 9_999, 10));
    assert_eq!((after.len(), after[0].entry), (10, 10_000));
    for (actor, subject, from, expected) in [
        (None, None, None, 20),
        (Some(other), None, None, 9),
        (None, Some("thing/1"), None, 9),
        (Some(other), Some("thing/1"), None, 9),
        (None, None, Some(STORED as i64 - 4), 6),
        (Some(other), None, Some(i64::MAX), 0),
    ] {
        let filter = audit::Filter {
            actor,
            subject: subject.map(str::to_owned),
            from,
        };
        steps.begin();
        let page = audit::entries(&mut tx, agency, &filter, i64::MAX, 20).await;
        steps.end(&format!("{filter:?}"));
        let (page, _) = page.expect("a page");
        assert_eq!(page.len(), expected, "{filter:?}");
        assert!(page.is_sorted_by_key(|row| -row.entry.entry), "{filter:?}");
    }
}
