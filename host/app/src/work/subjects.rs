//! What work is about: kinds of things, as capabilities register them.

use super::tasks::OTHER;
use crate::error::{AppError, Result};
use posthouse_domain::words;
use posthouse_store::Tx;
use posthouse_store::work::Subject;
use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::Pin;
use uuid::Uuid;

/// A kind of thing that has a life.
pub(crate) trait Workable: 'static {
    /// Its name in the tables, in paths and in [`crate::error::thing`].
    const KIND: &'static str;
    /// The kinds of tasks that it has, besides [`OTHER`].
    const TASK_KINDS: &'static [&'static str];

    /// The id of the thing that has this id, or this name that the agency gave it.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    fn find(tx: &mut Tx, agency: Uuid, name: &str) -> impl Future<Output = Result<Uuid>> + Send;

    /// Holds the thing until the transaction ends, so that it does not move on meanwhile.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `wrong_state` if there is nothing to do about it any more.
    fn hold(tx: &mut Tx, agency: Uuid, id: Uuid) -> impl Future<Output = Result<()>> + Send;

    /// What people call these things.
    ///
    /// # Errors
    /// Failures of the database.
    fn names(tx: &mut Tx, agency: Uuid, ids: &[Uuid]) -> impl Future<Output = Result<Names>> + Send;
}

/// What things of a kind are called, by id.
type Names = HashMap<Uuid, String>;

type Soon<'s, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 's>>;

fn find<'s, W: Workable>(tx: &'s mut Tx, agency: Uuid, name: &'s str) -> Soon<'s, Uuid> {
    Box::pin(W::find(tx, agency, name))
}

fn hold<W: Workable>(tx: &mut Tx, agency: Uuid, id: Uuid) -> Soon<'_, ()> {
    Box::pin(W::hold(tx, agency, id))
}

fn names<'s, W: Workable>(tx: &'s mut Tx, agency: Uuid, ids: &'s [Uuid]) -> Soon<'s, Names> {
    Box::pin(W::names(tx, agency, ids))
}

/// A registered kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    task_kinds: &'static [&'static str],
    find: for<'s> fn(&'s mut Tx, Uuid, &'s str) -> Soon<'s, Uuid>,
    pub(super) hold: for<'s> fn(&'s mut Tx, Uuid, Uuid) -> Soon<'s, ()>,
    pub(super) names: for<'s> fn(&'s mut Tx, Uuid, &'s [Uuid]) -> Soon<'s, Names>,
}

/// The kinds that capabilities have registered, by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Subjects(BTreeMap<&'static str, Kind>);

impl Subjects {
    /// Registers a kind.
    pub(crate) fn with<W: Workable>(mut self) -> Self {
        let kind = Kind {
            name: W::KIND,
            task_kinds: W::TASK_KINDS,
            find: find::<W>,
            hold: hold::<W>,
            names: names::<W>,
        };
        self.0.insert(W::KIND, kind);
        self
    }

    /// The kind of this name, as a stored row has it.
    pub(super) fn of(&self, name: &str) -> Result<Kind> {
        let kind = self.0.get(name).copied();
        kind.ok_or_else(|| AppError::Internal(format!("a task of the unknown kind {name:?}")))
    }

    /// The subject that a text names: its kind, a slash, its id or its name.
    ///
    /// # Errors
    /// `bad_subject`; [`AppError::NotFound`].
    pub(super) async fn find(&self, tx: &mut Tx, agency: Uuid, text: &str) -> Result<Subject<'static>> {
        let named = text
            .split_once('/')
            .filter(|(_, name)| !name.contains('\0'))
            .and_then(|(kind, name)| Some((self.0.get(kind)?, name)));
        let Some((kind, name)) = named else {
            let shown: String = text.chars().take(100).collect();
            let known: Vec<String> = self.0.keys().map(|kind| format!("{kind}/…")).collect();
            return Err(AppError::invalid(
                "bad_subject",
                words!(
                    "{shown:?} is no subject of a task; use {known} with id or key",
                    "{shown:?} 不是任务的对象；可用 {known}，后接编号或 key",
                    known = known.join(", ")
                ),
            ));
        };
        let id = (kind.find)(tx, agency, name).await?;
        Ok(Subject { kind: kind.name, id })
    }

    /// Passes kinds of tasks that a subject has, or tasks that are about nothing.
    ///
    /// # Errors
    /// `bad_kind`.
    pub(super) fn check_kind(&self, subject: Option<Subject<'_>>, task_kind: &str) -> Result<()> {
        let own = match subject {
            Some(subject) => self.of(subject.kind)?.task_kinds,
            None => &[],
        };
        if task_kind == OTHER || own.contains(&task_kind) {
            return Ok(());
        }
        let known: Vec<&str> = own.iter().copied().chain([OTHER]).collect();
        let shown: String = task_kind.chars().take(100).collect();
        Err(AppError::invalid(
            "bad_kind",
            words!(
                "task kind {shown:?} is not known; use {known}",
                "任务类型 {shown:?} 无法识别；可用 {known}",
                known = known.join(", ")
            ),
        ))
    }
}
