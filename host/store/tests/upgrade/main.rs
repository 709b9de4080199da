//! A database that was made by an earlier version goes on with this one.

mod budgets;
mod members;

use posthouse_store::idempotency;
use posthouse_store::jobs::{self, JobClock, Lane};
use posthouse_store::work::{self, Filter, Progress, Subject};
use posthouse_store::{Access, Store, decisions, intake};
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, PgPool, SqlitePool};
use std::borrow::Cow;
use std::str::FromStr;
use tokio::sync::Mutex;
use uuid::Uuid;

/// Roles are of the whole cluster: of the tests that make some, one comes after the other.
static ROLES: Mutex<()> = Mutex::const_new(());

const AGENCY: Uuid = Uuid::from_u128(1);
const CUSTOMER: Uuid = Uuid::from_u128(2);

/// The tables as they were after a migration.
fn until(version: i64, mut migrator: Migrator) -> Migrator {
    let known = migrator
        .iter()
        .filter(|migration| migration.version <= version)
        .cloned();
    migrator.migrations = Cow::Owned(known.collect());
    migrator
}

/// An agency with one customer whose facts do not change by themselves; ids as the engine writes them.
fn rows(id: impl Fn(Uuid) -> String) -> [String; 3] {
    let (agency, customer) = (id(AGENCY), id(CUSTOMER));
    [
        format!("INSERT INTO agency VALUES ({agency}, 'a', 'A', 'Asia/Shanghai', 'CNY', 'CN', 1)"),
        format!("INSERT INTO customer VALUES ({agency}, {customer}, 0, '{{}}', '', 1, 1, 1, 1)"),
        format!("INSERT INTO fact VALUES ({agency}, 0, {customer}, 1, NULL, '{{\"trips_total\": 2}}')"),
    ]
}

/// Facts that came later are counted for everyone: all rows are due to be folded again.
async fn everyone_is_due(address: &str) {
    let store = Store::open(address).await.expect("the database is brought up to date");
    let mut tx = store.read(Access::Agency(AGENCY)).await.expect("a transaction");
    let due = intake::due(&mut tx, AGENCY, 1, 10).await.expect("who is due");
    assert_eq!(due.iter().map(|(_, ordinal)| *ordinal).collect::<Vec<_>>(), [0]);
    drop(tx);
    store.close().await;
}

#[tokio::test]
async fn rows_of_the_first_version_are_folded_again_on_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    let address = format!("sqlite:{}?mode=rwc", folder.path().join("old.db").display());
    let pool = SqlitePool::connect(&address).await.expect("SQLite opens");
    until(1, sqlx::migrate!("../../migrations/sqlite"))
        .run(&pool)
        .await
        .expect("the first version");
    for sql in rows(|id| format!("x'{}'", id.simple())) {
        sqlx::query(AssertSqlSafe(sql)).execute(&pool).await.expect("a row");
    }
    pool.close().await;
    everyone_is_due(&address).await;
}

/// A database whose tables are to belong to a plain user, as in the README: row-level security is forced on it as well. Its address for
/// whoever may do everything, and for that user.
fn kept_by_a_plain_user() -> (String, String) {
    let url = posthouse_tests::postgres::database();
    let (server, name) = url.rsplit_once('/').expect("an address ends in a name");
    let host = server.rsplit_once('@').map_or("127.0.0.1", |(_, host)| host);
    let there = posthouse_tests::postgres::sql(&url, "SELECT count(*) FROM pg_roles WHERE rolname = 'keeper'");
    if there == "0" {
        posthouse_tests::postgres::sql(&url, "CREATE ROLE keeper LOGIN CREATEROLE");
    }
    posthouse_tests::postgres::sql(&url, &format!("ALTER DATABASE \"{name}\" OWNER TO keeper"));
    posthouse_tests::postgres::sql(&url, "ALTER SCHEMA public OWNER TO keeper");
    let address = format!("postgres://keeper@{host}/{name}");
    // who may give the two roles to others was settled by whoever made them, perhaps for another database of the cluster
    for role in ["posthouse_agency", "posthouse_jobs"] {
        let give = format!(
            "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN GRANT {role} TO keeper WITH ADMIN OPTION; END IF; END $$"
        );
        posthouse_tests::postgres::sql(&url, &give);
    }
    (url, address)
}

/// The owner of the tables is a plain user, as in the README: row-level security is forced on it as well.
#[tokio::test]
async fn rows_of_the_first_version_are_folded_again_on_postgres() {
    let _alone = ROLES.lock().await;
    let (url, address) = kept_by_a_plain_user();
    let pool = PgPool::connect(&address).await.expect("PostgreSQL opens");
    until(1, sqlx::migrate!("../../migrations/postgres"))
        .run(&pool)
        .await
        .expect("the first version");
    pool.close().await;
    for sql in rows(|id| format!("'{id}'")) {
        posthouse_tests::postgres::sql(&url, &sql);
    }
    everyone_is_due(&address).await;
}

const OPEN: Uuid = Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
const CALLED_OFF: Uuid = Uuid::from_u128(12);
const RUNNING: Uuid = Uuid::from_u128(13);
const DECISION: Uuid = Uuid::from_u128(15);

/// Quotes, campaigns and a decision of the version before there were jobs, without what they belong to.
fn before_jobs(id: impl Fn(Uuid) -> String) -> Vec<String> {
    let agency = id(AGENCY);
    let quote = |quote, state, expires_at, due| {
        format!(
            "INSERT INTO quote VALUES ({agency}, {quote}, NULL, '{state}', '{{}}', 1, 1, '{{}}', 1, 1, {expires_at}, NULL, NULL, {due})",
            quote = id(quote)
        )
    };
    let campaign = |campaign, key, state| {
        format!(
            "INSERT INTO campaign VALUES ({agency}, {campaign}, '{key}', 'festival', 'C', '', '{state}', '{{}}', '', 1, NULL, 1, {agency}, 1, 1)",
            campaign = id(campaign)
        )
    };
    vec![
        format!("INSERT INTO agency VALUES ({agency}, 'a', 'A', 'Asia/Shanghai', 'CNY', 'CN', 1)"),
        quote(OPEN, "open", 7_000, "FALSE"),
        quote(CALLED_OFF, "confirmed", 8_000, "TRUE"),
        quote(Uuid::from_u128(16), "released", 9_000, "FALSE"),
        campaign(RUNNING, "r", "running"),
        campaign(Uuid::from_u128(14), "d", "draft"),
        format!(
            "INSERT INTO decision VALUES ({agency}, {}, 'promotion', 'r', 1, '', '', NULL, {}, 1, '{{}}', '{{}}', 'answered', '{{}}', '{{}}', '[]')",
            id(DECISION),
            id(OPEN)
        ),
    ]
}

/// What was looked for is scheduled, and a decision has its quote as its subject.
async fn everything_is_scheduled(address: &str) {
    let store = Store::open(address).await.expect("the database is brought up to date");
    let mut tx = store.write(Access::Jobs).await.expect("a transaction");
    let mut taken = Vec::new();
    for clock in [JobClock::Business, JobClock::Machine] {
        let jobs = jobs::take(
            &mut tx,
            (Lane::Timers, clock),
            (10_000, 0),
            (AGENCY, 1),
            (100, jobs::LeftOut::default()),
        )
        .await
        .expect("jobs");
        taken.extend(jobs.into_iter().map(|job| (job.kind, job.key, job.due)));
    }
    drop(tx);
    let expected = [
        ("campaign.end", RUNNING.to_string(), 0),
        ("day.turn", String::new(), 0),
        ("quote.expire", OPEN.to_string(), 7_000),
        ("quote.return", CALLED_OFF.to_string(), 0),
    ];
    assert_eq!(taken, expected.map(|(kind, key, due)| (kind.to_owned(), key, due)));
    let mut tx = store.read(Access::Agency(AGENCY)).await.expect("a transaction");
    let decision = decisions::decision(&mut tx, AGENCY, DECISION).await.expect("a look");
    let decision = decision.expect("the decision");
    assert_eq!(
        (decision.subject_kind.as_deref(), decision.subject_id),
        (Some("quote"), Some(OPEN))
    );
    drop(tx);
    store.close().await;
}

/// A database of an earlier version with these rows, without what they belong to.
async fn sqlite_at(version: i64, rows: Vec<String>) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let address = format!("sqlite:{}?mode=rwc", folder.path().join("old.db").display());
    let options = SqliteConnectOptions::from_str(&address)
        .expect("an address")
        .foreign_keys(false);
    let pool = SqlitePool::connect_with(options).await.expect("SQLite opens");
    until(version, sqlx::migrate!("../../migrations/sqlite"))
        .run(&pool)
        .await
        .expect("the version before");
    for sql in rows {
        sqlx::query(AssertSqlSafe(sql)).execute(&pool).await.expect("a row");
    }
    pool.close().await;
    (folder, address)
}

async fn postgres_at(version: i64, rows: Vec<String>) -> String {
    let (url, address) = kept_by_a_plain_user();
    let pool = PgPool::connect(&address).await.expect("PostgreSQL opens");
    until(version, sqlx::migrate!("../../migrations/postgres"))
        .run(&pool)
        .await
        .expect("the version before");
    pool.close().await;
    let rows = format!("SET session_replication_role = replica; {}", rows.join("; "));
    posthouse_tests::postgres::sql(&url, &rows);
    address
}

fn blob(id: Uuid) -> String {
    format!("x'{}'", id.simple())
}

fn quoted(id: Uuid) -> String {
    format!("'{id}'")
}

#[tokio::test]
async fn what_was_looked_for_is_scheduled_on_sqlite() {
    let (_folder, address) = sqlite_at(10, before_jobs(blob)).await;
    everything_is_scheduled(&address).await;
}

#[tokio::test]
async fn what_was_looked_for_is_scheduled_on_postgres() {
    let _alone = ROLES.lock().await;
    everything_is_scheduled(&postgres_at(10, before_jobs(quoted)).await).await;
}

/// Files of the version before imports were jobs, in every state.
fn before_imports(id: impl Fn(Uuid) -> String) -> Vec<String> {
    let agency = id(AGENCY);
    let states = [
        (31, "uploading"),
        (32, "queued"),
        (33, "running"),
        (34, "done"),
        (35, "failed"),
    ];
    let import = |(number, state): (u128, &str)| {
        format!(
            "INSERT INTO import_job (agency_id, id, kind, file_name, digest, size, state, rows_done, bytes_done, accepted, duplicates, rejected, \
             header, ignored, lease_until, attempts, created_at) \
             VALUES ({agency}, {id}, 'customers', 'a.csv', 'd{number}', 1, '{state}', 0, 0, 0, 0, 0, '[]', '[]', {number}00, 0, 1)",
            id = id(Uuid::from_u128(number))
        )
    };
    let other = format!(
        "INSERT INTO job (agency_id, kind, key, lane, clock, due, version, attempts, held_until, failure, dead_at) \
         VALUES ({agency}, 'campaign.end', 'k', 'retries', 'business', 7, 3, 20, 9, 'no', 10)"
    );
    let owner = format!(
        "INSERT INTO agency (id, slug, name, time_zone, currency, country, created_at) \
         VALUES ({agency}, 'a', 'A', 'Asia/Shanghai', 'CNY', 'CN', 1)"
    );
    [owner].into_iter().chain(states.map(import)).chain([other]).collect()
}

/// What waits is a job, and jobs are what they were.
async fn files_are_jobs(address: &str) {
    let store = Store::open(address).await.expect("the database is brought up to date");
    let mut tx = store.write(Access::Jobs).await.expect("a transaction");
    let mut taken = Vec::new();
    for lane in [Lane::Imports, Lane::Timers] {
        let found = jobs::take(
            &mut tx,
            (lane, JobClock::Machine),
            (10_000, 0),
            (AGENCY, 1),
            (100, jobs::LeftOut::default()),
        );
        let found = found.await.expect("jobs");
        taken.extend(found.into_iter().map(|job| (job.lane, job.kind, job.key, job.due)));
    }
    drop(tx);
    let expected = [
        (Lane::Imports, "import.run", 32, 0),
        (Lane::Imports, "import.run", 33, 0),
        (Lane::Timers, "import.upload", 31, 3_100),
    ];
    let expected = expected.map(|(lane, kind, id, due)| (lane, kind.to_owned(), Uuid::from_u128(id).to_string(), due));
    assert_eq!(taken, expected);
    let mut tx = store.read(Access::Agency(AGENCY)).await.expect("a transaction");
    let dead = jobs::dead(&mut tx, AGENCY, 10).await.expect("dead letters");
    let dead: Vec<_> = dead
        .iter()
        .map(|job| {
            (
                job.key.as_str(),
                job.due,
                job.attempts,
                job.failure.as_str(),
                job.dead_at,
            )
        })
        .collect();
    assert_eq!(dead, [("k", 7, 20, "no", 10)]);
    drop(tx);
    store.close().await;
}

#[tokio::test]
async fn files_on_their_way_are_jobs_on_sqlite() {
    let (_folder, address) = sqlite_at(19, before_imports(blob)).await;
    files_are_jobs(&address).await;
}

#[tokio::test]
async fn files_on_their_way_are_jobs_on_postgres() {
    let _alone = ROLES.lock().await;
    files_are_jobs(&postgres_at(19, before_imports(quoted)).await).await;
}

/// Answers of the version before keys were claimed with the work, and a batch whose making broke off.
fn before_once(id: impl Fn(Uuid) -> String) -> Vec<String> {
    let (agency, batch, campaign) = (id(AGENCY), id(Uuid::from_u128(41)), id(CAMPAIGN));
    let owner = format!(
        "INSERT INTO agency (id, slug, name, time_zone, currency, country, created_at) \
         VALUES ({agency}, 'a', 'A', 'Asia/Shanghai', 'CNY', 'CN', 1)"
    );
    let plan = format!(
        "INSERT INTO campaign (agency_id, id, key, type, name, owner, state, plan, plan_hash, priority, version, created_by, created_at, updated_at) \
         VALUES ({agency}, {campaign}, 'c', 'festival', 'C', '', 'running', '{{}}', 'h', 1, 1, {agency}, 1, 1)"
    );
    let batch = format!(
        "INSERT INTO coupon_batch (agency_id, id, campaign_id, label, personal, count, uses, expires_at, state, created_by, created_at) \
         VALUES ({agency}, {batch}, {campaign}, 'B', {personal}, 1, 1, NULL, 'making', {agency}, 1)",
        personal = "FALSE"
    );
    let answered = format!(
        "INSERT INTO kept_answer (agency_id, key, request, status, body, created_at) VALUES ({agency}, 'yes', 'r', 201, NULL, 5)"
    );
    let begun =
        format!("INSERT INTO kept_answer (agency_id, key, request, created_at) VALUES ({agency}, 'no', 'r', 5)");
    vec![owner, plan, batch, answered, begun]
}

/// What was answered is known, what was only begun is not, and the batch is seen to.
async fn answers_are_kept(address: &str) {
    let store = Store::open(address).await.expect("the database is brought up to date");
    let mut tx = store.read(Access::Agency(AGENCY)).await.expect("a transaction");
    let kept = idempotency::kept(&mut tx, AGENCY, "yes").await.expect("a look");
    let kept = kept.expect("it is kept");
    assert_eq!((kept.status, kept.ticket, kept.subject), (Some(201), None, None));
    assert_eq!(idempotency::kept(&mut tx, AGENCY, "no").await.expect("a look"), None);
    drop(tx);
    let mut tx = store.write(Access::Jobs).await.expect("a transaction");
    let (lane, clock) = (Lane::Timers, JobClock::Machine);
    let found = jobs::take(
        &mut tx,
        (lane, clock),
        (0, 0),
        (AGENCY, 1),
        (9, jobs::LeftOut::default()),
    );
    let found = found.await.expect("jobs").into_iter().map(|job| (job.kind, job.key));
    let batch = Uuid::from_u128(41).to_string();
    assert_eq!(found.collect::<Vec<_>>(), [("coupons.abandon".to_owned(), batch)]);
    drop(tx);
    store.close().await;
}

#[tokio::test]
async fn answers_are_kept_on_sqlite() {
    let (_folder, address) = sqlite_at(20, before_once(blob)).await;
    answers_are_kept(&address).await;
}

#[tokio::test]
async fn answers_are_kept_on_postgres() {
    let _alone = ROLES.lock().await;
    answers_are_kept(&postgres_at(20, before_once(quoted)).await).await;
}

const CAMPAIGN: Uuid = Uuid::from_u128(21);
const OTHER: Uuid = Uuid::from_u128(22);
const PLANNER: Uuid = Uuid::from_u128(23);
/// 2026-01-15T04:00Z.
const THEN: i64 = 1_768_449_600_000;

/// Steps and tasks of campaigns, of the version before other things had any.
fn before_work(id: impl Fn(Uuid) -> String) -> Vec<String> {
    let (agency, planner) = (id(AGENCY), id(PLANNER));
    let campaign = |campaign, key| {
        format!(
            "INSERT INTO campaign VALUES ({agency}, {}, '{key}', 'festival', 'C', '', 'preparing', '{{}}', 'h2', 1, NULL, 3, {planner}, 1, 1)",
            id(campaign)
        )
    };
    let step = |step, action, hash, note, by: Option<&str>| {
        format!(
            "INSERT INTO campaign_step VALUES ({agency}, {}, {step}, '{action}', 'draft', 'submitted', '{hash}', {note}, {}, {})",
            id(CAMPAIGN),
            by.unwrap_or("NULL"),
            THEN + step
        )
    };
    let task = |campaign, task, title, assignee, due: &str, done: bool| {
        let (by, at) = if done {
            (planner.as_str(), "9")
        } else {
            ("NULL", "NULL")
        };
        format!(
            "INSERT INTO campaign_task VALUES ({agency}, {}, {task}, 'training', '{title}', {assignee}, {due}, {by}, {at}, {THEN})",
            id(campaign)
        )
    };
    vec![
        format!("INSERT INTO agency VALUES ({agency}, 'a', 'A', 'Asia/Shanghai', 'CNY', 'CN', 1)"),
        campaign(CAMPAIGN, "c"),
        campaign(OTHER, "o"),
        step(1, "create", "h1", "NULL", Some(&planner)),
        step(2, "approve", "h2", "'fine'", Some(&planner)),
        step(3, "end", "h2", "'over'", None),
        task(CAMPAIGN, 1, "first", "'Ms Lin'", "20480", false),
        task(CAMPAIGN, 3, "third", "NULL", "NULL", false),
        task(CAMPAIGN, 2, "second", "NULL", "NULL", true),
        task(OTHER, 1, "early", "NULL", "20470", false),
    ]
}

/// Every step and task is where all of them are, as it was.
async fn work_goes_on(address: &str) {
    let store = Store::open(address).await.expect("the database is brought up to date");
    let mut tx = store.read(Access::Agency(AGENCY)).await.expect("a transaction");
    let subject = |id| Subject { kind: "campaign", id };
    let steps = work::steps(&mut tx, AGENCY, subject(CAMPAIGN), i64::MAX, 10)
        .await
        .expect("steps");
    let steps: Vec<_> = steps
        .iter()
        .map(|step| {
            (
                step.step,
                step.action.as_str(),
                step.plan_hash.as_deref(),
                step.note.as_deref(),
                step.taken_by,
                step.at,
            )
        })
        .collect();
    let expected = [
        (3, "end", Some("h2"), Some("over"), None, THEN + 3),
        (2, "approve", Some("h2"), Some("fine"), Some(PLANNER), THEN + 2),
        (1, "create", Some("h1"), None, Some(PLANNER), THEN + 1),
    ];
    assert_eq!(steps, expected);
    let all = work::tasks(&mut tx, AGENCY, &Filter::default(), None, 10)
        .await
        .expect("tasks");
    let shown: Vec<_> = all
        .iter()
        .map(|task| {
            (
                task.subject_id,
                task.number,
                task.title.as_str(),
                task.due_on,
                task.done_by,
                task.done_at,
            )
        })
        .collect();
    // of those that are due at no time the earlier written comes first
    let expected = [
        (Some(OTHER), Some(1), "early", Some(20_470), None, None),
        (Some(CAMPAIGN), Some(1), "first", Some(20_480), None, None),
        (Some(CAMPAIGN), Some(2), "second", None, Some(PLANNER), Some(9)),
        (Some(CAMPAIGN), Some(3), "third", None, None, None),
    ];
    assert_eq!(shown, expected);
    for task in &all {
        assert_eq!(task.id.get_version_num(), 7, "{task:?}");
        assert_eq!(task.id.get_variant(), uuid::Variant::RFC4122, "{task:?}");
        assert_eq!(task.id.as_u128() >> 80, THEN as u128, "{task:?}");
        assert_eq!(
            (task.subject_kind.as_deref(), task.created_at, task.version),
            (Some("campaign"), THEN, 1)
        );
    }
    assert_eq!(all[1].assignee.as_deref(), Some("Ms Lin"));
    let open = Filter {
        subject: Some(subject(CAMPAIGN)),
        progress: Some(Progress::Open),
        ..Filter::default()
    };
    assert_eq!(
        work::tasks(&mut tx, AGENCY, &open, None, 10)
            .await
            .expect("tasks")
            .len(),
        2
    );
    assert_eq!(
        work::open_tasks(&mut tx, AGENCY, subject(CAMPAIGN))
            .await
            .expect("a count"),
        2
    );
    assert_eq!(
        work::next_number(&mut tx, AGENCY, subject(CAMPAIGN))
            .await
            .expect("a number"),
        (3, 4)
    );
    drop(tx);
    store.close().await;
}

#[tokio::test]
async fn steps_and_tasks_of_campaigns_go_on_on_sqlite() {
    let (_folder, address) = sqlite_at(14, before_work(blob)).await;
    work_goes_on(&address).await;
}

#[tokio::test]
async fn steps_and_tasks_of_campaigns_go_on_on_postgres() {
    let _alone = ROLES.lock().await;
    work_goes_on(&postgres_at(14, before_work(quoted)).await).await;
}
