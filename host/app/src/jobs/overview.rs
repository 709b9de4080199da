//! What an operator sees of jobs: how many of each kind wait, and those that were given up, which can be tried again.

use crate::Jobs;
use crate::error::{AppError, Result, retrying};
use crate::team::{Caller, Scope};
use posthouse_domain::Words;
use posthouse_store::Access;
use posthouse_store::jobs::{self as store, KindCount};
use serde_json::json;

/// Jobs that were given up, as many as are shown.
const MOST: i64 = 200;

/// A job that was given up.
#[derive(Debug, Clone)]
pub struct DeadJob {
    /// What kind of work it is.
    pub kind: String,
    /// Which one of its kind: an id, or nothing if there is only one.
    pub key: String,
    /// When it was due, in ms since 1970.
    pub due: i64,
    /// How often it was tried.
    pub attempts: i64,
    /// Why it failed the last time.
    pub failure: Words,
    /// When it was given up, in ms since 1970.
    pub dead_at: i64,
}

/// The jobs of an agency.
#[derive(Debug, Clone)]
pub struct JobsView {
    /// How many there are of each kind.
    pub kinds: Vec<KindCount>,
    /// Those that were given up, the latest first.
    pub dead: Vec<DeadJob>,
}

impl Jobs<'_> {
    /// How many jobs wait, by kind, and those that were given up.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn look(&self, caller: &Caller) -> Result<JobsView> {
        caller.may(Scope::Operations)?;
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let dead = store::dead(&mut tx, agency, MOST).await?;
        let job = |row: store::DeadJob| DeadJob {
            failure: Words::from_stored(&row.failure),
            kind: row.kind,
            key: row.key,
            due: row.due,
            attempts: row.attempts,
            dead_at: row.dead_at,
        };
        Ok(JobsView {
            kinds: store::counts(&mut tx, agency).await?,
            dead: dead.into_iter().map(job).collect(),
        })
    }

    /// Has a job that was given up tried again, from the first attempt.
    ///
    /// # Errors
    /// [`AppError::NotFound`] if none of this kind and key was given up.
    pub async fn try_again(&self, caller: &Caller, kind: &str, key: &str) -> Result<()> {
        caller.may(Scope::Operations)?;
        retrying!(self.revive(caller, kind, key))
    }

    async fn revive(&self, caller: &Caller, kind: &str, key: &str) -> Result<()> {
        let mut tx = self.app.idempotency().begin(caller).await?;
        if !store::revive(&mut tx, caller.room.id, kind, key).await? {
            return Err(AppError::NotFound("job"));
        }
        let (subject, detail) = (format!("job/{kind}/{key}"), json!({}));
        self.app
            .audit()
            .note(&mut tx, caller, "job.retry", &subject, detail)
            .await?;
        Ok(tx.commit().await?)
    }
}
