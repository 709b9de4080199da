//! Power cuts that lose what was not synced, which `kill -9` does not: whatever was acknowledged is there afterwards, and nothing is half
//! done. On PostgreSQL, whose files are its own, what it promises of its disk is looked at instead.

mod disk;
mod full;
mod vfs;

use disk::{Disk, Image, Kept};
use posthouse_store::audit::{self, Deed};
use posthouse_store::jobs::{self, JobClock, Lane, NewJob};
use posthouse_store::{Access, Store, database, intake, team};
use std::path::Path;
use std::sync::Mutex;
use uuid::Uuid;

const AGENCY: Uuid = Uuid::from_u128(1);

fn customer(number: u64) -> Uuid {
    Uuid::from_u128(u128::from(number) + 1_000)
}

async fn open(folder: &Path, more: &str) -> Store {
    let address = format!("sqlite:{}{more}", folder.join("house.db").display());
    Store::open(&address).await.expect("the database opens")
}

async fn create(store: &Store) {
    let mut tx = store.write(Access::Agency(AGENCY)).await.expect("a transaction");
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
}

/// One transaction over several tables: a customer, its identity, a record, a job, an entry of the log.
async fn step(store: &Store, number: u64) {
    try_step(store, number).await.expect("a transaction");
}

async fn try_step(store: &Store, number: u64) -> posthouse_store::Result<()> {
    let mut tx = store.write(Access::Agency(AGENCY)).await?;
    let counter = intake::next_change(&mut tx, AGENCY).await?;
    assert_eq!(counter.ordinals, number as i64, "the one before was committed");
    intake::take_ordinals(&mut tx, AGENCY, 1).await?;
    let row = intake::CustomerRow {
        id: customer(number),
        ordinal: number as i64,
        // some need a page of their own
        profile: format!("{{\"note\":\"{}\"}}", "x".repeat(number as usize % 7 * 900)),
        since_on: 1,
        created_at: 1,
        updated_at: 1,
        version: 1,
    };
    intake::put_customers(&mut tx, AGENCY, &[row]).await?;
    let identity = intake::NewIdentity {
        kind: "member_no",
        value: format!("M{number}"),
        customer_id: customer(number),
        sealed: None,
        written: None,
    };
    intake::insert_identities(&mut tx, AGENCY, &[identity], 1).await?;
    let event = intake::EventRow {
        source: "s".into(),
        external_id: format!("e{number}"),
        customer_id: customer(number),
        kind: "contact.made".into(),
        occurred_at: 1,
        received_at: 1,
        data: "{}".into(),
    };
    intake::insert_events(&mut tx, AGENCY, &[event]).await?;
    let job = NewJob {
        kind: "thing",
        key: "only",
        lane: Lane::Timers,
        clock: JobClock::Machine,
        due: number as i64,
    };
    jobs::put(&mut tx, AGENCY, job).await?;
    let deed = Deed {
        actor: AGENCY,
        action: "thing.change",
        subject: "thing/1",
        detail: "{}",
    };
    audit::append(&mut tx, AGENCY, deed, number as i64).await?;
    tx.commit().await
}

/// Has SQLite carry its log over into its file, which a quiet moment or a long log would bring about; and at times begin the log anew.
async fn carry_over(store: &Store, number: u64) {
    let Store::Sqlite { writer, .. } = store else {
        unreachable!("an embedded database")
    };
    let how = match number % 24 {
        8 => "PRAGMA wal_checkpoint(PASSIVE)",
        16 => "PRAGMA wal_checkpoint(RESTART)",
        _ => "PRAGMA wal_checkpoint(TRUNCATE)",
    };
    sqlx::query(how).execute(writer).await.expect("a checkpoint");
}

async fn one(store: &Store, sql: &'static str) -> i64 {
    let Store::Sqlite { writer, .. } = store else {
        unreachable!("an embedded database")
    };
    sqlx::query_scalar(sql).fetch_one(writer).await.expect("a number")
}

/// Opens what a cut left and looks at everything; says how many transactions are there.
async fn look(image: &Image) -> Result<u64, String> {
    let folder = tempfile::tempdir().expect("a folder");
    image.write(folder.path());
    let store = open(folder.path(), "").await;
    let Store::Sqlite { writer, .. } = &store else {
        unreachable!("an embedded database")
    };
    let whole: String = sqlx::query_scalar("PRAGMA integrity_check")
        .fetch_one(writer)
        .await
        .map_err(|error| error.to_string())?;
    if whole != "ok" {
        return Err(whole);
    }
    if one(&store, "SELECT COUNT(*) FROM pragma_foreign_key_check").await != 0 {
        return Err("a row belongs to nothing".into());
    }
    if one(&store, "SELECT COUNT(*) FROM counter").await != 1 {
        return Err(format!("the agency is gone, of {}", image.shown()));
    }
    let steps = one(&store, "SELECT ordinals FROM counter").await as u64;
    let counts = [
        one(&store, "SELECT change FROM counter").await,
        one(&store, "SELECT COUNT(*) FROM customer").await,
        one(&store, "SELECT COUNT(*) FROM identity").await,
        one(&store, "SELECT COUNT(*) FROM event").await,
        one(&store, "SELECT COUNT(*) FROM audit").await,
        one(&store, "SELECT entry FROM audit_head").await,
        one(&store, "SELECT COALESCE(MAX(version), 0) FROM job").await,
        one(&store, "SELECT COALESCE(MAX(due), -1) + 1 FROM job").await,
    ];
    if counts != [steps as i64; 8] {
        return Err(format!("half of a transaction: {counts:?} of {steps}"));
    }
    let log = audit::verify(&store, AGENCY, None).await.expect("a verdict");
    if log.broken.is_some() {
        return Err(format!("the log is broken: {log:?}"));
    }
    // and it goes on
    step(&store, steps).await;
    store.close().await;
    Ok(steps)
}

/// Notes that so much is acknowledged; what a cut has left before that, if it has come.
fn acknowledge(disk: &Mutex<Disk>, number: u64) -> Option<Image> {
    let mut disk = disk.lock().expect("nobody panicked");
    disk.acknowledged = number;
    disk.image()
}

/// Works until the power is cut a number of times, and looks at what each cut left; says what was wrong with them.
async fn cuts(seed: u64, many: usize) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let disk = vfs::mount(folder.path(), Disk::new(true, seed));
    let more = format!("?vfs={}", vfs::NAME.to_str().expect("a name"));
    let store = open(folder.path(), &more).await;
    create(&store).await;
    let mut wrong = Vec::new();
    let mut number = 0;
    for cut in 0..many {
        let kept = [Kept::Some, Kept::Nothing, Kept::Some, Kept::Everything][cut % 4];
        {
            let mut disk = disk.lock().expect("nobody panicked");
            let operations = disk.below(200);
            disk.cut_after(operations, kept);
        }
        let image = loop {
            step(&store, number).await;
            number += 1;
            if let Some(image) = acknowledge(&disk, number) {
                break image;
            }
            if number.is_multiple_of(8) {
                carry_over(&store, number).await;
            }
        };
        match look(&image).await {
            // what was acknowledged, and at most the one that was under way
            Ok(found) if (image.acknowledged..=image.acknowledged + 1).contains(&found) => {}
            Ok(found) => wrong.push(format!(
                "cut {cut}, {kept:?}: {found} of {} that were acknowledged",
                image.acknowledged
            )),
            Err(fault) => wrong.push(format!("cut {cut}, {kept:?}: {fault}")),
        }
    }
    store.close().await;
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_a_disk_that_forgets() {
    for seed in [20_260_115, 7] {
        assert_eq!(cuts(seed, 40).await, [""; 0], "seed {seed}");
    }
}

/// The test before can fail: on a disk whose syncs do nothing, something is lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_only_says_that_it_syncs_loses_something() {
    let folder = tempfile::tempdir().expect("a folder");
    let disk = vfs::mount(folder.path(), Disk::new(false, 7));
    let more = format!("?vfs={}", vfs::NAME.to_str().expect("a name"));
    let store = open(folder.path(), &more).await;
    create(&store).await;
    step(&store, 0).await;
    let image = take(&disk, Kept::Nothing, &store).await;
    store.close().await;
    let folder = tempfile::tempdir().expect("a folder");
    image.write(folder.path());
    let store = open(folder.path(), "").await;
    assert_eq!(one(&store, "SELECT COUNT(*) FROM agency").await, 0);
    store.close().await;
}

/// What a cut would leave at the next operation.
async fn take(disk: &Mutex<Disk>, kept: Kept, store: &Store) -> Image {
    disk.lock().expect("nobody panicked").cut_after(0, kept);
    step(store, 1).await;
    disk.lock().expect("nobody panicked").image().expect("the cut has come")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_power_cut_while_the_tables_are_made_is_made_good() {
    for (round, kept) in [Kept::Some, Kept::Nothing].into_iter().cycle().take(24).enumerate() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut disk = Disk::new(true, round as u64 + 1);
        let operations = disk.below(if round < 4 { 10 } else { 400 });
        disk.cut_after(operations, kept);
        let disk = vfs::mount(folder.path(), disk);
        let more = format!("?vfs={}", vfs::NAME.to_str().expect("a name"));
        open(folder.path(), &more).await.close().await;
        let image = disk.lock().expect("nobody panicked").image();
        let image = image.unwrap_or_else(|| panic!("{operations} operations are too many"));
        let folder = tempfile::tempdir().expect("a folder");
        image.write(folder.path());
        let store = open(folder.path(), "").await;
        create(&store).await;
        step(&store, 0).await;
        store.close().await;
    }
}

#[tokio::test]
async fn a_server_that_is_set_up_to_forget_is_found_out() {
    let (url, strict) = tokio::task::spawn_blocking(|| {
        let url = posthouse_tests::postgres::database();
        let name = url.rsplit('/').next().expect("a name").to_owned();
        let set = |value: &str| format!("ALTER DATABASE {name} SET synchronous_commit = {value}");
        posthouse_tests::postgres::sql(&url, &set("on"));
        // what the server itself is set to, which in tests forgets to be quick
        let shown = ["fsync", "full_page_writes"].map(|name| {
            let value = posthouse_tests::postgres::sql(&url, &format!("SHOW {name}"));
            (name.to_owned(), value)
        });
        (url, shown)
    })
    .await
    .expect("a database");
    let mut expected: Vec<String> = strict
        .into_iter()
        .filter(|(_, value)| value == "off")
        .map(|(name, _)| name)
        .collect();
    let store = Store::open(&url).await.expect("PostgreSQL opens");
    assert_eq!(database::forgetful(&store).await.expect("an answer"), expected);
    store.close().await;
    let forgets = url.clone();
    tokio::task::spawn_blocking(move || {
        let name = forgets.rsplit('/').next().expect("a name");
        let set = format!("ALTER DATABASE {name} SET synchronous_commit = off");
        posthouse_tests::postgres::sql(&forgets, &set);
    })
    .await
    .expect("it is set");
    expected.push("synchronous_commit".into());
    let store = Store::open(&url).await.expect("PostgreSQL opens");
    assert_eq!(database::forgetful(&store).await.expect("an answer"), expected);
    store.close().await;
}

#[tokio::test]
async fn sqlite_syncs_at_every_commit() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(folder.path(), "").await;
    // 2 is FULL
    assert_eq!(one(&store, "SELECT synchronous FROM pragma_synchronous").await, 2);
    assert_eq!(database::forgetful(&store).await.expect("an answer"), [""; 0]);
    store.close().await;
}
