//! What kinds of jobs there are.

use super::JobRow;
use crate::App;
use crate::error::Result;
use posthouse_domain::Instant;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

/// What became of a job that ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done {
    /// It was finished in the transaction that did the work.
    Finished,
    /// Its work is done; it is still to be finished.
    Over,
    /// It comes again at this time of its clock.
    At(Instant),
}

/// A kind of work.
pub(crate) trait Job: 'static {
    /// Its name in the table: the capability, a dot, and what is done.
    const KIND: &'static str;
    /// How often it is tried before it is given up.
    const ATTEMPTS: i64 = 20;

    /// Does the work. It may be done again if the host dies before the job is finished, so it has to come to the same then.
    ///
    /// # Errors
    /// Whatever kept it from being done: it is tried again after a pause.
    fn run(app: &App, job: &JobRow) -> impl Future<Output = Result<Done>> + Send;
}

/// A kind of work that is done at once for several of an agency that are due one after the other: a transaction for each would take longer than
/// the work.
pub(crate) trait Together: Job {
    /// Does the work of all of them and finishes them, in one transaction. If it fails, each is run by itself.
    ///
    /// # Errors
    /// Whatever kept one of them from being done.
    fn run_all(app: &App, jobs: &[JobRow]) -> impl Future<Output = Result<()>> + Send;
}

type Running<'r> = Pin<Box<dyn Future<Output = Result<Done>> + Send + 'r>>;
type RunningAll<'r> = Pin<Box<dyn Future<Output = Result<()>> + Send + 'r>>;

/// How a kind is run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    pub(super) run: for<'r> fn(&'r App, &'r JobRow) -> Running<'r>,
    pub(super) run_all: Option<for<'r> fn(&'r App, &'r [JobRow]) -> RunningAll<'r>>,
    pub(super) attempts: i64,
}

fn run<'r, J: Job>(app: &'r App, job: &'r JobRow) -> Running<'r> {
    Box::pin(J::run(app, job))
}

fn run_all<'r, J: Together>(app: &'r App, jobs: &'r [JobRow]) -> RunningAll<'r> {
    Box::pin(J::run_all(app, jobs))
}

/// The kinds of work that capabilities have registered, by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kinds(BTreeMap<&'static str, Kind>);

impl Kinds {
    /// Registers a kind.
    pub(crate) fn with<J: Job>(mut self) -> Self {
        let kind = Kind {
            run: run::<J>,
            run_all: None,
            attempts: J::ATTEMPTS,
        };
        self.0.insert(J::KIND, kind);
        self
    }

    /// Registers a kind whose work is done at once for several.
    pub(crate) fn with_together<J: Together>(mut self) -> Self {
        let kind = Kind {
            run: run::<J>,
            run_all: Some(run_all::<J>),
            attempts: J::ATTEMPTS,
        };
        self.0.insert(J::KIND, kind);
        self
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied()
    }

    pub(super) fn of(&self, name: &str) -> Option<Kind> {
        self.0.get(name).copied()
    }
}
