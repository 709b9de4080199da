//! A file is written only by the host that holds its job.

use super::{ATTEMPTS, ImportFile};
use crate::App;
use crate::intake::imports::{NewImport, Sent};
use crate::jobs::{Done, Job, JobClock, JobRow, Lane};
use crate::team::Caller;
use crate::testing::{self, Clocks, NOW};
use posthouse_domain::Clock as _;
use posthouse_domain::row::FileKind;
use posthouse_store::imports::{self as store, ImportRow};
use posthouse_store::{Access, Store, jobs, profiles};
use sha2::{Digest, Sha256};
use std::io::Write;
use uuid::Uuid;

const ROWS: usize = 50;
/// By then a lease has run out.
const LATER: i64 = 60_000;

/// A file of customers, one of them without anything to know them by.
fn file() -> String {
    let rows = (1..ROWS).map(|n| format!("M{n},Guest {n}\n"));
    format!("member_no,name\n{},nobody\n", rows.collect::<String>())
}

/// An agency whose file waits.
async fn waiting(app: &App, slug: &str, dry_run: bool) -> (Caller, Uuid) {
    let (_, key) = testing::agency(&app.store, slug).await;
    let caller = app.team().authenticate(&key).await.expect("a caller");
    let (mut sent, text) = (tempfile::tempfile().expect("a file"), file());
    sent.write_all(text.as_bytes()).expect("it is written");
    let new = NewImport {
        kind: FileKind::Customers,
        name: "guests.csv",
        file: Sent::File(&sent),
        digest: &hex::encode(Sha256::digest(&text)),
        size: text.len() as u64,
        mapping: None,
        encoding: None,
        sheet: None,
        dry_run,
        look: false,
        mends: None,
    };
    let started = app.intake().start_import(&caller, new).await.expect("an import");
    assert_eq!(started.state, "queued");
    (caller, started.id)
}

/// The host takes the file's job.
async fn take(app: &App, clocks: &Clocks) -> JobRow {
    let now = clocks.machine.now();
    let mut tx = app.store.write(Access::Jobs).await.expect("a transaction");
    let taken = jobs::take(
        &mut tx,
        (Lane::Imports, JobClock::Machine),
        (now, now),
        (app.host, now + LATER / 2),
        (10, jobs::LeftOut::default()),
    );
    let job = taken.await.expect("jobs").pop().expect("a job");
    tx.commit().await.expect("a commit");
    job
}

async fn stands(app: &App, caller: &Caller, id: Uuid) -> ImportRow {
    let mut tx = app
        .store
        .read(Access::Agency(caller.room.id))
        .await
        .expect("a transaction");
    let row = store::get(&mut tx, caller.room.id, id).await;
    row.expect("a look").expect("an import")
}

async fn customers(app: &App, caller: &Caller) -> i64 {
    let mut tx = app
        .store
        .read(Access::Agency(caller.room.id))
        .await
        .expect("a transaction");
    profiles::counter(&mut tx, caller.room.id).await.expect("a counter").1
}

async fn whoever_lost_the_job_writes_nothing(store: Store) {
    let (first, clocks) = testing::host(&store, NOW);
    let (caller, id) = waiting(&first, "lost", false).await;
    let own = take(&first, &clocks).await;
    let (second, later) = testing::host(&store, NOW);
    later.machine.set(NOW + LATER);
    let theirs = take(&second, &later).await;
    assert_eq!((&theirs.key, theirs.attempts), (&own.key, 2));

    let ended = ImportFile::run(&first, &own).await.expect("no failure");
    assert!(matches!(ended, Done::At(_)), "{ended:?}");
    let row = stands(&first, &caller, id).await;
    assert_eq!((row.rows_done, row.state.as_str()), (0, "running"));
    assert_eq!(customers(&first, &caller).await, 0);

    let ended = ImportFile::run(&second, &theirs).await.expect("no failure");
    assert_eq!(ended, Done::Finished);
    let row = stands(&first, &caller, id).await;
    assert_eq!(
        (row.rows_done, row.accepted, row.rejected, row.state.as_str()),
        (ROWS as i64, ROWS as i64 - 1, 1, "done")
    );
    assert_eq!(customers(&first, &caller).await, ROWS as i64 - 1);
    // and whoever comes after that finds nothing to do
    assert_eq!(ImportFile::run(&first, &own).await.expect("no failure"), Done::Over);
    let mut tx = store.write(Access::Jobs).await.expect("a transaction");
    let left = jobs::take(
        &mut tx,
        (Lane::Imports, JobClock::Machine),
        (i64::MAX, i64::MAX),
        (first.host, i64::MAX),
        (10, jobs::LeftOut::default()),
    );
    assert_eq!(left.await.expect("jobs"), []);
}

async fn failures_of_a_dry_run_are_counted_over_its_rows(store: Store) {
    let (app, clocks) = testing::host(&store, NOW);
    for (dry_run, slug) in [(true, "dry"), (false, "real")] {
        let (caller, id) = waiting(&app, slug, dry_run).await;
        let job = take(&app, &clocks).await;
        let mut row = stands(&app, &caller, id).await;
        row.attempts = ATTEMPTS - 1;
        let agency = Access::Agency(caller.room.id);
        let mut tx = app.store.write(agency).await.expect("a transaction");
        store::begin(&mut tx, row.agency_id, id).await.expect("it begins");
        store::note_failure(&mut tx, &row).await.expect("a note");
        tx.commit().await.expect("a commit");
        assert_eq!(ImportFile::run(&app, &job).await.expect("no failure"), Done::Finished);
        let after = stands(&app, &caller, id).await;
        // a real one goes on behind its last row; a dry one would begin anew each time, and never be given up
        let expected = if dry_run { ATTEMPTS - 1 } else { 0 };
        assert_eq!((after.attempts, after.state.as_str()), (expected, "done"), "{slug}");
    }
}

async fn an_upload_that_was_left_goes_and_one_that_is_complete_stays(store: Store) {
    let (app, clocks) = testing::host(&store, NOW);
    let (caller, id) = waiting(&app, "uploads", false).await;
    let forget = JobRow {
        kind: store::UPLOAD.into(),
        lane: Lane::Timers,
        ..take(&app, &clocks).await
    };
    // it was taken away when the file was complete
    let run = <crate::intake::ForgetUpload as Job>::run(&app, &forget).await;
    assert_eq!(run.expect("no failure"), Done::Finished);
    assert_eq!(stands(&app, &caller, id).await.state, "queued");
    let mut tx = app
        .store
        .write(Access::Agency(caller.room.id))
        .await
        .expect("a transaction");
    let piece = store::chunk(&mut tx, caller.room.id, id, 0).await.expect("a look");
    assert_eq!(piece.map(|bytes| bytes.len()), Some(file().len()));
    // somebody sends the last piece once more, as the answer got lost; and somebody whose file was thought to be left
    let row = stands(&app, &caller, id).await;
    assert!(!app.intake().end_upload(&mut tx, &row).await.expect("nothing new"));
    let gone = ImportRow {
        id: Uuid::from_u128(1),
        ..row
    };
    let refused = app.intake().end_upload(&mut tx, &gone).await.expect_err("no import");
    assert!(refused.to_string().contains("send it again"), "{refused}");
}

testing::on_both_engines!(
    whoever_lost_the_job_writes_nothing,
    failures_of_a_dry_run_are_counted_over_its_rows,
    an_upload_that_was_left_goes_and_one_that_is_complete_stays,
);
