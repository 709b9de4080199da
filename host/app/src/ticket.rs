//! An attempt at a request that carries an idempotency key, as it goes with its caller.

use posthouse_store::idempotency::Claim;
use std::sync::atomic::{AtomicBool, Ordering};
use uuid::Uuid;

/// An attempt at a request that carries a key.
#[derive(Debug)]
pub struct Ticket {
    pub(crate) id: Uuid,
    pub(crate) key: String,
    /// Digest of the request.
    request: String,
    answered: AtomicBool,
}

impl Ticket {
    pub(crate) fn new(id: Uuid, key: &str, request: &str) -> Self {
        Self {
            id,
            key: key.to_owned(),
            request: request.to_owned(),
            answered: AtomicBool::new(false),
        }
    }

    /// What it makes or changes answers for itself.
    pub(crate) fn answers_for_itself(&self) {
        self.answered.store(true, Ordering::Relaxed);
    }

    /// Whether what it makes or changes answers for itself.
    pub(crate) fn is_answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }

    /// Its claim of the key, with what the transaction makes or changes if that answers for itself, and the HTTP status it does so with.
    pub(crate) fn claim<'t>(&'t self, subject: Option<(&'t str, u16)>) -> Claim<'t> {
        Claim {
            key: &self.key,
            request: &self.request,
            ticket: self.id,
            subject: subject.map(|(subject, status)| (subject, status.into())),
        }
    }
}
