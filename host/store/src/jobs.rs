//! Work that falls due: timers and jobs of every capability, in one table.

use crate::{Result, StoreError, Tx};
use sqlx::FromRow;
use uuid::Uuid;

/// Whose time a job is due by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum JobClock {
    /// The agency's business: holds, windows, days.
    Business,
    /// The machine's: work that is to be done soon.
    Machine,
}

impl JobClock {
    /// Its name in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Business => "business",
            Self::Machine => "machine",
        }
    }
}

/// Which jobs wait for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// One after the other, in the order in which they are due.
    Timers,
    /// Beside each other: what waits for others on the network.
    Deliveries,
    /// The same for those who failed lately, so that they hold up nobody who answers.
    Retries,
    /// Beside each other, on each host one of an agency at a time: files.
    Imports,
    /// The same for what goes over many and somebody waits for.
    Work,
}

impl Lane {
    /// Its name in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Timers => "timers",
            Self::Deliveries => "deliveries",
            Self::Retries => "retries",
            Self::Imports => "imports",
            Self::Work => "work",
        }
    }
}

impl TryFrom<String> for Lane {
    type Error = NoLane;

    fn try_from(name: String) -> std::result::Result<Self, NoLane> {
        [Self::Timers, Self::Deliveries, Self::Retries, Self::Imports, Self::Work]
            .into_iter()
            .find(|lane| lane.as_str() == name)
            .ok_or(NoLane(name))
    }
}

/// A name that no lane has.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no lane")]
pub struct NoLane(String);

/// How many agencies can be left out when jobs are taken.
pub const LEFT_OUT: usize = 4;
/// Agencies whose jobs are left where they are; the nil id stands for none.
pub type LeftOut = [Uuid; LEFT_OUT];

/// A job to be scheduled.
#[derive(Debug, Clone, Copy)]
pub struct NewJob<'j> {
    /// What kind of work it is.
    pub kind: &'j str,
    /// Which one of its kind; empty if there is only one.
    pub key: &'j str,
    /// Which jobs it waits for.
    pub lane: Lane,
    /// Whose time `due` is.
    pub clock: JobClock,
    /// When it is due, in ms since 1970.
    pub due: i64,
}

/// A job that a host has taken.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct JobRow {
    /// Whose.
    pub agency_id: Uuid,
    /// What kind of work it is.
    pub kind: String,
    /// Which one of its kind.
    pub key: String,
    /// The lane in which it was taken.
    #[sqlx(try_from = "String")]
    pub lane: Lane,
    /// When it was due, in ms since 1970 by its clock.
    pub due: i64,
    /// How often it was scheduled.
    pub version: i64,
    /// How often it was taken to be run, this time included.
    pub attempts: i64,
}

/// A job that failed for good.
#[derive(Debug, Clone, FromRow)]
pub struct DeadJob {
    /// What kind of work it is.
    pub kind: String,
    /// Which one of its kind.
    pub key: String,
    /// When it was due, in ms since 1970.
    pub due: i64,
    /// How often it was tried.
    pub attempts: i64,
    /// Why it failed the last time.
    pub failure: String,
    /// Machine time when it was given up, in ms since 1970.
    pub dead_at: i64,
}

/// Schedules a job, or moves the one of its kind and key, even if a host is at work on it. Hosts find it once the transaction has committed.
///
/// # Errors
/// Failures of the database.
pub async fn put(tx: &mut Tx, agency: Uuid, job: NewJob<'_>) -> Result<()> {
    put_all(tx, agency, &[job]).await
}

/// The same for several, each of another kind or key.
///
/// # Errors
/// Failures of the database.
pub async fn put_all(tx: &mut Tx, agency: Uuid, jobs: &[NewJob<'_>]) -> Result<()> {
    write_rows!(
        tx,
        jobs,
        9,
        "INSERT INTO job (agency_id, kind, key, lane, clock, due, version, attempts, held_until)",
        |b, job| b
            .push_bind(agency)
            .push_bind(job.kind)
            .push_bind(job.key)
            .push_bind(job.lane.as_str())
            .push_bind(job.clock.as_str())
            .push_bind(job.due)
            .push_bind(1_i64)
            .push_bind(0_i64)
            .push_bind(0_i64),
        "ON CONFLICT (agency_id, kind, key) DO UPDATE SET lane = excluded.lane, clock = excluded.clock, due = excluded.due, version = job.version + 1,
         attempts = 0, held_until = 0, host = NULL, failure = NULL, dead_at = NULL"
    )
}

/// Has a job that is scheduled for later come at `due`, and counts its version up by `steps`; returns the version. A host that is at
/// work on it goes on, and it comes again after. The row stays locked until the transaction ends, so versions are in the order of commits.
///
/// # Errors
/// Failures of the database.
pub async fn wake(tx: &mut Tx, agency: Uuid, (kind, key): (&str, &str), due: i64, steps: i64) -> Result<Option<i64>> {
    let row = fetch_optional!(
        tx,
        (i64,),
        "UPDATE job SET due = CASE WHEN due > $4 THEN $4 ELSE due END, version = version + $5
         WHERE agency_id = $1 AND kind = $2 AND key = $3 RETURNING version",
        agency,
        kind,
        key,
        due,
        steps
    )?;
    Ok(row.map(|(version,)| version))
}

/// Locks a job that a host is at work on, and says which version it has by now; `None` if it is not this host's any more.
///
/// # Errors
/// Failures of the database.
pub async fn lock_own(tx: &mut Tx, host: Uuid, job: &JobRow) -> Result<Option<i64>> {
    let row = fetch_optional!(
        tx,
        (i64,),
        "UPDATE job SET version = version WHERE agency_id = $1 AND kind = $2 AND key = $3 AND host = $4 RETURNING version",
        job.agency_id,
        &job.kind,
        &job.key,
        host
    )?;
    Ok(row.map(|(version,)| version))
}

/// Lets go of a job that was woken while a host was at work on it.
///
/// # Errors
/// Failures of the database.
pub async fn let_go(tx: &mut Tx, host: Uuid, job: &JobRow) -> Result<()> {
    execute!(
        tx,
        "UPDATE job SET held_until = 0, host = NULL, attempts = 0 WHERE agency_id = $1 AND kind = $2 AND key = $3 AND host = $4",
        job.agency_id,
        &job.kind,
        &job.key,
        host
    )
    .map(drop)
}

/// Takes a job away before it is due.
///
/// # Errors
/// Failures of the database.
pub async fn cancel(tx: &mut Tx, agency: Uuid, kind: &str, key: &str) -> Result<()> {
    execute!(
        tx,
        "DELETE FROM job WHERE agency_id = $1 AND kind = $2 AND key = $3",
        agency,
        kind,
        key
    )?;
    Ok(())
}

/// Takes the jobs of a lane that are due by a clock, the earliest first, and holds them for a host until `held_until`. `now` is that clock's time,
/// `machine` the machine's; those of the agencies `left_out` stay. Hosts at it at the same time take different ones.
///
/// # Errors
/// Failures of the database.
pub async fn take(
    tx: &mut Tx,
    (lane, clock): (Lane, JobClock),
    (now, machine): (i64, i64),
    (host, held_until): (Uuid, i64),
    (limit, left_out): (i64, LeftOut),
) -> Result<Vec<JobRow>> {
    macro_rules! taken {
        ($skip:literal) => {
            concat!(
                "WITH taken AS (SELECT agency_id, kind, key FROM job
                     WHERE lane = $7 AND clock = $1 AND due <= $2 AND dead_at IS NULL AND held_until <= $5
                       AND agency_id NOT IN ($8, $9, $10, $11)
                     ORDER BY due, agency_id, kind, key LIMIT $6",
                $skip,
                ") UPDATE job SET held_until = $4, host = $3, attempts = attempts + 1
                 WHERE (agency_id, kind, key) IN (SELECT agency_id, kind, key FROM taken)
                 RETURNING agency_id, kind, key, lane, due, version, attempts"
            )
        };
    }
    let name = clock.as_str();
    let [first, second, third, fourth] = left_out;
    let rows: std::result::Result<Vec<JobRow>, sqlx::Error> = match tx {
        Tx::Sqlite(c) => {
            let query = sqlx::query_as(taken!("")).bind(name).bind(now).bind(host);
            query
                .bind(held_until)
                .bind(machine)
                .bind(limit)
                .bind(lane.as_str())
                .bind(first)
                .bind(second)
                .bind(third)
                .bind(fourth)
                .fetch_all(&mut **c)
                .await
        }
        Tx::Postgres(c) => {
            let query = sqlx::query_as(taken!(" FOR UPDATE SKIP LOCKED"))
                .bind(name)
                .bind(now)
                .bind(host);
            query
                .bind(held_until)
                .bind(machine)
                .bind(limit)
                .bind(lane.as_str())
                .bind(first)
                .bind(second)
                .bind(third)
                .bind(fourth)
                .fetch_all(&mut **c)
                .await
        }
    };
    let mut rows = rows.map_err(StoreError::from)?;
    rows.sort_by(|a, b| (a.due, a.agency_id, &a.kind, &a.key).cmp(&(b.due, b.agency_id, &b.kind, &b.key)));
    Ok(rows)
}

/// Gives a job back that was taken and not begun.
///
/// # Errors
/// Failures of the database.
pub async fn give_back(tx: &mut Tx, host: Uuid, job: &JobRow) -> Result<()> {
    execute!(
        tx,
        "UPDATE job SET held_until = 0, host = NULL, attempts = attempts - 1 WHERE agency_id = $1 AND kind = $2 AND key = $3 AND host = $4",
        job.agency_id,
        &job.kind,
        &job.key,
        host
    )
    .map(drop)
}

/// When the next job of a lane is due by a clock, of those that nobody holds and that are not `left_out`.
///
/// # Errors
/// Failures of the database.
pub async fn next_due(
    tx: &mut Tx,
    lane: Lane,
    clock: JobClock,
    machine: i64,
    [first, second, third, fourth]: LeftOut,
) -> Result<Option<i64>> {
    let row = fetch_optional!(
        tx,
        (i64,),
        "SELECT due FROM job WHERE lane = $3 AND clock = $1 AND dead_at IS NULL AND held_until <= $2
           AND agency_id NOT IN ($4, $5, $6, $7) ORDER BY due LIMIT 1",
        clock.as_str(),
        machine,
        lane.as_str(),
        first,
        second,
        third,
        fourth
    )?;
    Ok(row.map(|(due,)| due))
}

/// Ends a job that was taken; `false` if it was scheduled again meanwhile, or taken by another host.
///
/// # Errors
/// Failures of the database.
pub async fn finish(tx: &mut Tx, host: Uuid, job: &JobRow) -> Result<bool> {
    let done = execute!(
        tx,
        "DELETE FROM job WHERE agency_id = $1 AND kind = $2 AND key = $3 AND version = $4 AND host = $5",
        job.agency_id,
        &job.kind,
        &job.key,
        job.version,
        host
    )?;
    Ok(done == 1)
}

/// Ends those of an agency's jobs of one kind that were taken, and were neither scheduled again meanwhile nor taken by another host.
///
/// # Errors
/// Failures of the database.
pub async fn finish_all(tx: &mut Tx, agency: Uuid, host: Uuid, kind: &str, jobs: &[JobRow]) -> Result<()> {
    fetch_listed!(
        tx,
        (String,),
        "DELETE FROM job WHERE agency_id = $1 AND kind = $2 AND host = $3 AND (key, version) IN",
        [agency, kind, host],
        jobs,
        2,
        |b, job| b.push_bind(&job.key).push_bind(job.version),
        "RETURNING key"
    )
    .map(drop)
}

/// Has a job that was taken come again at a later time of its clock; `false` as for [`finish`].
///
/// # Errors
/// Failures of the database.
pub async fn again(tx: &mut Tx, host: Uuid, job: &JobRow, due: i64) -> Result<bool> {
    let done = execute!(
        tx,
        "UPDATE job SET due = $6, attempts = 0, held_until = 0, host = NULL, failure = NULL
         WHERE agency_id = $1 AND kind = $2 AND key = $3 AND version = $4 AND host = $5",
        job.agency_id,
        &job.kind,
        &job.key,
        job.version,
        host,
        due
    )?;
    Ok(done == 1)
}

/// Has those of an agency's jobs of a kind that nobody holds stand behind what others have waiting at machine time `now`, in the order of their
/// keys: the agency has had its turn.
///
/// # Errors
/// Failures of the database.
pub async fn stand_behind(tx: &mut Tx, agency: Uuid, kind: &str, now: i64) -> Result<()> {
    execute!(
        tx,
        "UPDATE job SET due = $3 WHERE agency_id = $1 AND kind = $2 AND due < $3 AND host IS NULL AND dead_at IS NULL",
        agency,
        kind,
        now
    )
    .map(drop)
}

/// Has a job that failed tried again after a pause, until which it is held, also if it was woken meanwhile; or gives it up at a machine
/// time.
///
/// # Errors
/// Failures of the database.
pub async fn fail(
    tx: &mut Tx,
    host: Uuid,
    job: &JobRow,
    failure: &str,
    (held_until, dead_at): (i64, Option<i64>),
) -> Result<()> {
    execute!(
        tx,
        "UPDATE job SET failure = $5, held_until = $6, dead_at = $7, host = NULL
         WHERE agency_id = $1 AND kind = $2 AND key = $3 AND host = $4",
        job.agency_id,
        &job.kind,
        &job.key,
        host,
        failure,
        held_until,
        dead_at
    )?;
    Ok(())
}

/// Keeps a job for the host that is at work on it, also if it was woken meanwhile; `false` if it was scheduled again, or taken by another
/// host.
///
/// # Errors
/// Failures of the database.
pub async fn hold(tx: &mut Tx, host: Uuid, job: &JobRow, held_until: i64) -> Result<bool> {
    let done = execute!(
        tx,
        "UPDATE job SET held_until = $5 WHERE agency_id = $1 AND kind = $2 AND key = $3 AND host = $4",
        job.agency_id,
        &job.kind,
        &job.key,
        host,
        held_until
    )?;
    Ok(done == 1)
}

/// Lets go of what hosts hold: on an embedded database, what is held at the start was held by a host that died.
///
/// # Errors
/// Failures of the database.
pub async fn release_all(tx: &mut Tx) -> Result<()> {
    execute!(tx, "UPDATE job SET held_until = 0, host = NULL WHERE host IS NOT NULL").map(drop)
}

/// Has jobs of a kind that are due after a time of their clock come at once, in every agency.
///
/// # Errors
/// Failures of the database.
pub async fn bring_forward(tx: &mut Tx, kind: &str, after: i64) -> Result<()> {
    execute!(
        tx,
        "UPDATE job SET due = 0, version = version + 1 WHERE kind = $1 AND due > $2",
        kind,
        after
    )
    .map(drop)
}

/// Lets go of what one host holds of a lane and has not begun. That it was taken does not count.
///
/// # Errors
/// Failures of the database.
pub async fn release(tx: &mut Tx, host: Uuid, lane: Lane) -> Result<()> {
    execute!(
        tx,
        "UPDATE job SET held_until = 0, host = NULL, attempts = attempts - 1 WHERE host = $1 AND lane = $2",
        host,
        lane.as_str()
    )
    .map(drop)
}

/// Jobs of an agency that failed for good, the latest first.
///
/// # Errors
/// Failures of the database.
pub async fn dead(tx: &mut Tx, agency: Uuid, limit: i64) -> Result<Vec<DeadJob>> {
    fetch_all!(
        tx,
        DeadJob,
        "SELECT kind, key, due, attempts, failure, dead_at FROM job WHERE agency_id = $1 AND dead_at IS NOT NULL
         ORDER BY dead_at DESC, kind, key LIMIT $2",
        agency,
        limit
    )
}

/// How many jobs of one kind an agency has, by where they stand.
#[derive(Debug, Clone, FromRow)]
pub struct KindCount {
    /// What kind of work it is.
    pub kind: String,
    /// Not given up: those that wait for their time, and those at work.
    pub waiting: i64,
    /// Those of them that a host is at work on.
    pub running: i64,
    /// Those of them that failed and are tried again.
    pub failing: i64,
    /// Given up.
    pub dead: i64,
    /// When the first of those that wait is due, in ms since 1970; none if none does.
    pub next_due: Option<i64>,
}

/// The jobs of an agency, counted by kind.
///
/// # Errors
/// Failures of the database.
pub async fn counts(tx: &mut Tx, agency: Uuid) -> Result<Vec<KindCount>> {
    fetch_all!(
        tx,
        KindCount,
        "SELECT kind, COUNT(CASE WHEN dead_at IS NULL THEN 1 END) AS waiting, COUNT(host) AS running,
           COUNT(CASE WHEN dead_at IS NULL THEN failure END) AS failing, COUNT(dead_at) AS dead,
           MIN(CASE WHEN dead_at IS NULL THEN due END) AS next_due
         FROM job WHERE agency_id = $1 GROUP BY kind ORDER BY kind",
        agency
    )
}

/// Has a job that was given up tried again, from the first attempt; `false` if there is none that was.
///
/// # Errors
/// Failures of the database.
pub async fn revive(tx: &mut Tx, agency: Uuid, kind: &str, key: &str) -> Result<bool> {
    let revived = execute!(
        tx,
        "UPDATE job SET dead_at = NULL, attempts = 0, held_until = 0, host = NULL, version = version + 1
         WHERE agency_id = $1 AND kind = $2 AND key = $3 AND dead_at IS NOT NULL",
        agency,
        kind,
        key
    )?;
    Ok(revived == 1)
}
