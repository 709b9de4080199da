//! The machinery with kinds of its own, on both engines.

use super::{Done, Job, JobClock, JobRow, Kinds, Lane, NewJob, Together, finish_all, put};
use crate::App;
use crate::error::{AppError, Result, retrying};
use crate::testing::{self, NOW};
use posthouse_domain::time::{Clock, ManualClock};
use posthouse_store::{Access, Store, dialect, intake, jobs as store};
use std::sync::{Arc, Mutex};
use uuid::Uuid;

/// What has run, in its order: agency, key, and the business time.
static RAN: Mutex<Vec<(Uuid, String, i64)>> = Mutex::new(Vec::new());

/// Runs once.
struct Once;

impl Job for Once {
    const KIND: &'static str = "test.once";

    async fn run(app: &App, job: &JobRow) -> Result<Done> {
        RAN.lock().unwrap().push((job.agency_id, job.key.clone(), app.now()));
        Ok(Done::Over)
    }
}

/// Comes again every day.
struct Daily;

impl Job for Daily {
    const KIND: &'static str = "test.daily";

    async fn run(app: &App, job: &JobRow) -> Result<Done> {
        RAN.lock().unwrap().push((job.agency_id, job.key.clone(), app.now()));
        Ok(Done::At(job.due + 86_400_000))
    }
}

/// Never succeeds.
struct Hopeless;

impl Job for Hopeless {
    const KIND: &'static str = "test.hopeless";
    const ATTEMPTS: i64 = 3;

    async fn run(_: &App, job: &JobRow) -> Result<Done> {
        RAN.lock().unwrap().push((job.agency_id, job.key.clone(), job.attempts));
        Err(AppError::Internal("it cannot be done".into()))
    }
}

/// Is scheduled again while it runs, as by an event that comes just then.
struct Interrupted;

impl Job for Interrupted {
    const KIND: &'static str = "test.interrupted";

    async fn run(app: &App, job: &JobRow) -> Result<Done> {
        RAN.lock().unwrap().push((job.agency_id, job.key.clone(), job.due));
        if job.due == NOW {
            let again = (Self::KIND, job.key.as_str(), JobClock::Business, NOW + 1);
            put_down(&app.store, job.agency_id, &[again]).await;
        }
        Ok(Done::Over)
    }
}

/// Waits to be woken, and is woken twice while it runs for the first time.
struct Woken;

impl Job for Woken {
    const KIND: &'static str = "test.woken";

    async fn run(app: &App, job: &JobRow) -> Result<Done> {
        RAN.lock().unwrap().push((job.agency_id, job.key.clone(), job.version));
        if job.version == 2 {
            assert_eq!(wake_up(&app.store, job.agency_id, 1).await, Some(3));
            assert_eq!(wake_up(&app.store, job.agency_id, 10).await, Some(13));
            // a host at work on it keeps it
            let mut tx = app.store.write(Access::Jobs).await?;
            let lane = (Lane::Timers, JobClock::Machine);
            let taken = store::take(
                &mut tx,
                lane,
                (NOW, NOW),
                (Uuid::from_u128(9), NOW + 1),
                (10, store::LeftOut::default()),
            )
            .await?;
            assert_eq!(taken, []);
            // and can keep it beyond its lease
            assert!(store::hold(&mut tx, app.host, job, NOW + 600_000).await?);
            let taken = store::take(
                &mut tx,
                lane,
                (NOW, NOW + 300_000),
                (Uuid::from_u128(9), NOW),
                (10, store::LeftOut::default()),
            )
            .await?;
            assert_eq!(taken, []);
            tx.commit().await?;
        }
        Ok(Done::At(i64::MAX))
    }
}

async fn wake_up(store: &Store, agency: Uuid, steps: i64) -> Option<i64> {
    let mut tx = store.write(Access::Agency(agency)).await.expect("a transaction");
    let version = store::wake(&mut tx, agency, (Woken::KIND, "w"), NOW, steps)
        .await
        .expect("a job");
    tx.commit().await.expect("a commit");
    version
}

/// Panics.
struct Panicking;

impl Job for Panicking {
    const KIND: &'static str = "test.panicking";

    async fn run(_: &App, job: &JobRow) -> Result<Done> {
        RAN.lock().unwrap().push((job.agency_id, job.key.clone(), job.attempts));
        panic!("it panics")
    }
}

/// Is done for several at once, unless one of them is bad; what ran at once is one entry.
struct Several;

impl Job for Several {
    const KIND: &'static str = "test.several";

    async fn run(_: &App, job: &JobRow) -> Result<Done> {
        RAN.lock().unwrap().push((job.agency_id, job.key.clone(), job.attempts));
        match job.key.as_str() {
            "bad" => Err(AppError::Internal("it cannot be done".into())),
            _ => Ok(Done::Over),
        }
    }
}

impl Together for Several {
    async fn run_all(app: &App, jobs: &[JobRow]) -> Result<()> {
        let agency = jobs[0].agency_id;
        let keys: Vec<&str> = jobs.iter().map(|job| job.key.as_str()).collect();
        let mut tx = app.store.write(Access::Agency(agency)).await?;
        finish_all(&mut tx, agency, app.host, Self::KIND, jobs).await?;
        if keys.contains(&"bad") {
            // what was written goes with it
            panic!("one of them is bad");
        }
        tx.commit().await?;
        RAN.lock().unwrap().push((agency, keys.join("+"), 0));
        Ok(())
    }
}

/// Waits for a lock that somebody has.
struct Stuck;

impl Job for Stuck {
    const KIND: &'static str = "test.stuck";
    const ATTEMPTS: i64 = 2;

    async fn run(app: &App, job: &JobRow) -> Result<Done> {
        RAN.lock().unwrap().push((job.agency_id, job.key.clone(), job.attempts));
        retrying!(async {
            let mut tx = app.store.write(Access::Agency(job.agency_id)).await?;
            intake::lock(&mut tx, job.agency_id).await?;
            Ok(Done::Over)
        })
    }
}

/// A host on a database, with its clocks.
fn host(store: &Store) -> (App, Arc<ManualClock>, Arc<ManualClock>) {
    let (mut app, clocks) = testing::host(store, NOW);
    app.kinds = Kinds::default()
        .with::<Once>()
        .with::<Daily>()
        .with::<Hopeless>()
        .with::<Interrupted>()
        .with::<Woken>()
        .with::<Panicking>()
        .with_together::<Several>()
        .with::<Stuck>();
    (app, clocks.business, clocks.machine)
}

async fn agency(store: &Store, slug: &str) -> Uuid {
    testing::agency(store, slug).await.0
}

async fn put_down(store: &Store, agency: Uuid, jobs: &[(&str, &str, JobClock, i64)]) {
    let mut tx = store.write(Access::Agency(agency)).await.expect("a transaction");
    for (kind, key, clock, due) in jobs.iter().copied() {
        put(
            &mut tx,
            agency,
            NewJob {
                kind,
                key,
                lane: Lane::Timers,
                clock,
                due,
            },
        )
        .await
        .expect("a job");
    }
    tx.commit().await.expect("a commit");
}

/// Runs everything that is due, and says what ran for these agencies, in its order.
async fn run(app: &App, agencies: &[Uuid]) -> Vec<(String, i64)> {
    while app.run_timers().await.expect("jobs run") > 0 {}
    let mut ran = RAN.lock().unwrap();
    let (ours, others) = ran.drain(..).partition(|(agency, ..)| agencies.contains(agency));
    *ran = others;
    let ours: Vec<(Uuid, String, i64)> = ours;
    ours.into_iter().map(|(_, key, at)| (key, at)).collect()
}

async fn what_is_due_runs_in_its_order(store: Store) {
    let (app, business, machine) = host(&store);
    let (one, two) = (agency(&store, "one").await, agency(&store, "two").await);
    let later = NOW + 5_000;
    put_down(
        &store,
        one,
        &[
            (Once::KIND, "c", JobClock::Business, NOW - 10),
            (Once::KIND, "later", JobClock::Business, later),
            (Once::KIND, "machine", JobClock::Machine, NOW + 1),
            (Once::KIND, "a", JobClock::Business, NOW - 30),
        ],
    )
    .await;
    put_down(&store, two, &[(Once::KIND, "b", JobClock::Business, NOW - 20)]).await;
    let all = [one, two];
    let keys = |ran: Vec<(String, i64)>| ran.into_iter().map(|(key, _)| key).collect::<Vec<_>>();
    assert_eq!(keys(run(&app, &all).await), ["a", "b", "c"]);
    assert!(run(&app, &all).await.is_empty(), "each once");
    machine.set(NOW + 1);
    assert_eq!(keys(run(&app, &all).await), ["machine"]);
    // moved, and moved back: it is due as it was scheduled last
    put_down(&store, one, &[(Once::KIND, "later", JobClock::Business, NOW + 9_000)]).await;
    business.set(later);
    assert!(run(&app, &all).await.is_empty());
    put_down(&store, one, &[(Once::KIND, "later", JobClock::Business, NOW)]).await;
    assert_eq!(keys(run(&app, &all).await), ["later"]);
    let mut tx = store.write(Access::Agency(two)).await.expect("a transaction");
    put(
        &mut tx,
        two,
        NewJob {
            kind: Once::KIND,
            key: "x",
            lane: Lane::Timers,
            clock: JobClock::Machine,
            due: 0,
        },
    )
    .await
    .expect("a job");
    store::cancel(&mut tx, two, Once::KIND, "x").await.expect("no job");
    tx.commit().await.expect("a commit");
    assert!(run(&app, &all).await.is_empty());
}

async fn the_clock_stops_at_everything_that_is_due(store: Store) {
    const DAY: i64 = 86_400_000;
    let (app, business, _) = host(&store);
    let agency = agency(&store, "travel").await;
    put_down(
        &store,
        agency,
        &[
            (Daily::KIND, "day", JobClock::Business, NOW + DAY),
            (Once::KIND, "once", JobClock::Business, NOW + DAY + DAY / 2),
        ],
    )
    .await;
    let moved = app.travel(super::ClockMove::By(3 * DAY)).await.expect("it moves");
    assert_eq!((moved.from, moved.to, moved.jobs), (NOW, NOW + 3 * DAY, 4));
    assert_eq!(business.now(), NOW + 3 * DAY);
    let ran = run(&app, &[agency]).await;
    let expected = [
        ("day", DAY),
        ("once", DAY + DAY / 2),
        ("day", 2 * DAY),
        ("day", 3 * DAY),
    ];
    assert_eq!(ran, expected.map(|(key, after)| (key.to_owned(), NOW + after)));
}

async fn several_are_run_at_once_and_a_bad_one_spoils_no_other(store: Store) {
    let (app, _, machine) = host(&store);
    let (one, two) = (agency(&store, "several").await, agency(&store, "others").await);
    let due = |key, after| (Several::KIND, key, JobClock::Business, NOW - 100 + after);
    put_down(&store, one, &[due("a", 1), due("b", 2), due("f", 5)]).await;
    put_down(&store, one, &[(Once::KIND, "between", JobClock::Business, NOW - 97)]).await;
    put_down(&store, two, &[due("d", 4), due("e", 4)]).await;
    let all = [one, two];
    let keys = |ran: Vec<(String, i64)>| ran.into_iter().map(|(key, _)| key).collect::<Vec<_>>();
    assert_eq!(keys(run(&app, &all).await), ["a+b", "between", "d+e", "f"]);
    assert!(run(&app, &all).await.is_empty(), "each once");
    put_down(&store, one, &[due("a", 1), due("bad", 2), due("c", 3)]).await;
    assert_eq!(keys(run(&app, &all).await), ["a", "bad", "c"]);
    // it comes again, and by itself
    put_down(&store, one, &[due("a", 1), due("c", 3), due("d", 4)]).await;
    machine.set(NOW + 1_000);
    assert_eq!(keys(run(&app, &all).await), ["a", "bad", "c+d"]);
}

async fn what_fails_is_tried_again_and_given_up(store: Store) {
    let (app, _, machine) = host(&store);
    let agency = agency(&store, "fails").await;
    put_down(
        &store,
        agency,
        &[
            (Hopeless::KIND, "h", JobClock::Business, NOW),
            (Once::KIND, "behind", JobClock::Business, NOW + 1),
        ],
    )
    .await;
    let all = [agency];
    assert_eq!(run(&app, &all).await, [("h".to_owned(), 1)]);
    assert!(run(&app, &all).await.is_empty(), "not before its pause is over");
    for (after, attempt) in [(1_000, 2), (3_000, 3)] {
        machine.set(NOW + after);
        assert_eq!(run(&app, &all).await, [("h".to_owned(), attempt)]);
    }
    machine.set(NOW + 1_000_000);
    assert!(run(&app, &all).await.is_empty(), "it is given up");
    let mut tx = store.read(Access::Agency(agency)).await.expect("a transaction");
    let dead = store::dead(&mut tx, agency, 10).await.expect("dead letters");
    assert_eq!((dead.len(), dead[0].key.as_str(), dead[0].attempts), (1, "h", 3));
    assert!(dead[0].failure.contains("cannot be done"), "{}", dead[0].failure);
    drop(tx);
    // an operator sees it and has it tried again, from the first attempt
    let caller = testing::owner(&app, agency, agency).await;
    let seen = app.jobs().look(&caller).await.expect("jobs");
    let kind = seen
        .kinds
        .iter()
        .find(|kind| kind.kind == Hopeless::KIND)
        .expect("its kind");
    assert_eq!((kind.waiting, kind.dead, seen.dead.len()), (0, 1, 1));
    assert!(seen.dead[0].failure.en.contains("cannot be done"));
    app.jobs().try_again(&caller, Hopeless::KIND, "h").await.expect("again");
    let twice = app.jobs().try_again(&caller, Hopeless::KIND, "h").await;
    assert!(matches!(twice, Err(AppError::NotFound(_))), "it waits already");
    assert_eq!(run(&app, &all).await, [("h".to_owned(), 1)]);
    // scheduled again it begins anew
    put_down(&store, agency, &[(Hopeless::KIND, "h", JobClock::Business, NOW)]).await;
    assert_eq!(run(&app, &all).await, [("h".to_owned(), 1)]);
}

async fn what_is_scheduled_while_it_runs_runs_again(store: Store) {
    let (app, business, _) = host(&store);
    let agency = agency(&store, "interrupted").await;
    put_down(&store, agency, &[(Interrupted::KIND, "i", JobClock::Business, NOW)]).await;
    business.set(NOW + 5);
    let ran = run(&app, &[agency]).await;
    assert_eq!(ran, [("i".to_owned(), NOW), ("i".to_owned(), NOW + 1)]);
    assert!(run(&app, &[agency]).await.is_empty());
}

async fn what_is_woken_while_it_runs_runs_once_more(store: Store) {
    let (app, ..) = host(&store);
    let agency = agency(&store, "woken").await;
    assert_eq!(wake_up(&store, agency, 1).await, None, "there is nothing to wake");
    put_down(&store, agency, &[(Woken::KIND, "w", JobClock::Machine, i64::MAX)]).await;
    assert!(run(&app, &[agency]).await.is_empty(), "it waits");
    assert_eq!(wake_up(&store, agency, 1).await, Some(2));
    let ran = run(&app, &[agency]).await;
    assert_eq!(ran, [("w".to_owned(), 2), ("w".to_owned(), 13)]);
}

async fn a_job_that_panics_holds_up_no_other(store: Store) {
    let (app, _, machine) = host(&store);
    let agency = agency(&store, "panics").await;
    let jobs = [
        (Panicking::KIND, "p", JobClock::Machine, NOW - 1),
        (Once::KIND, "o", JobClock::Machine, NOW),
    ];
    put_down(&store, agency, &jobs).await;
    let ran = run(&app, &[agency]).await;
    assert_eq!(ran, [("p".to_owned(), 1), ("o".to_owned(), NOW)]);
    machine.set(NOW + 1_000);
    assert_eq!(run(&app, &[agency]).await, [("p".to_owned(), 2)], "it is tried again");
}

/// Two hosts of one database at it at the same time, and one that dies with what it has taken.
async fn hosts_take_different_jobs(store: Store) {
    const JOBS: usize = 500;
    let ((first, ..), (second, _, machine)) = (host(&store), host(&store));
    let agency = agency(&store, "hosts").await;
    let keys: Vec<String> = (0..JOBS).map(|n| format!("{n:04}")).collect();
    let jobs: Vec<_> = keys
        .iter()
        .map(|key| (Once::KIND, key.as_str(), JobClock::Machine, NOW))
        .collect();
    put_down(&store, agency, &jobs).await;
    // this one dies
    let mut tx = store.write(Access::Jobs).await.expect("a transaction");
    let held = store::take(
        &mut tx,
        (Lane::Timers, JobClock::Machine),
        (NOW, NOW),
        (Uuid::from_u128(1), NOW + 60_000),
        (10, store::LeftOut::default()),
    )
    .await;
    let held = held.expect("jobs");
    assert_eq!(held.iter().map(|job| job.key.as_str()).collect::<Vec<_>>(), keys[..10]);
    tx.commit().await.expect("a commit");
    let all = [agency];
    let (a, b) = tokio::join!(run(&first, &all), run(&second, &all));
    let mut ran: Vec<String> = a
        .into_iter()
        .chain(b)
        .chain(run(&first, &[agency]).await)
        .map(|(key, _)| key)
        .collect();
    ran.sort();
    assert_eq!(ran, keys[10..]);
    machine.set(NOW + 60_000);
    let late: Vec<String> = run(&second, &[agency]).await.into_iter().map(|(key, _)| key).collect();
    assert_eq!(late, keys[..10]);
    // what the dead host says of them afterwards is not heard
    put_down(&store, agency, &[(Once::KIND, "0000", JobClock::Machine, NOW + 90_000)]).await;
    let mut tx = store.write(Access::Agency(agency)).await.expect("a transaction");
    assert!(
        !store::finish(&mut tx, Uuid::from_u128(1), &held[0])
            .await
            .expect("an answer")
    );
}

testing::on_both_engines!(
    what_is_due_runs_in_its_order,
    the_clock_stops_at_everything_that_is_due,
    several_are_run_at_once_and_a_bad_one_spoils_no_other,
    what_fails_is_tried_again_and_given_up,
    what_is_scheduled_while_it_runs_runs_again,
    what_is_woken_while_it_runs_runs_once_more,
    a_job_that_panics_holds_up_no_other,
    hosts_take_different_jobs,
);

/// PostgreSQL ends a statement that takes longer than it may as it does one that an operator cancels.
#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_takes_too_long_is_an_attempt_that_failed() {
    let address = posthouse_tests::postgres::database();
    let store = Store::open(&address).await.expect("a database");
    let (app, _, machine) = host(&store);
    let agency = agency(&store, "slow").await;
    put_down(&store, agency, &[(Stuck::KIND, "s", JobClock::Business, NOW)]).await;
    let mut holding = store.write(Access::Agency(agency)).await.expect("a transaction");
    intake::lock(&mut holding, agency).await.expect("the lock");
    for attempt in [1, 2] {
        machine.set(NOW + attempt * 1_000_000);
        let cancelled = {
            let address = address.clone();
            tokio::task::spawn_blocking(move || {
                let cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity
                              WHERE datname = current_database() AND wait_event_type = 'Lock'";
                while posthouse_tests::postgres::sql(&address, cancel).is_empty() {}
            })
        };
        let ran = dialect::awake(&mut holding, run(&app, &[agency])).await;
        assert_eq!(ran.expect("the lock is still held"), [("s".to_owned(), attempt)]);
        cancelled.await.expect("it is cancelled");
    }
    drop(holding);
    let mut tx = store.read(Access::Agency(agency)).await.expect("a transaction");
    let dead = store::dead(&mut tx, agency, 10).await.expect("dead letters");
    assert_eq!((dead.len(), dead[0].attempts), (1, 2));
    assert!(dead[0].failure.contains("too long"), "{}", dead[0].failure);
}
