//! Forms that are carried out once, however often they arrive: sent again by a browser that never heard the answer, or clicked twice.

use crate::Desk;
use posthouse_app::AppError;
use posthouse_app::clock::SystemEntropy;
use posthouse_app::idempotency::REQUEST_RUNNING;
use posthouse_app::team::{Caller, Session};
use posthouse_domain::{Entropy, canonical};
use std::fmt::Debug;
use uuid::Uuid;

/// What names the forms of a page that is about to be shown.
pub(crate) fn name(desk: &Desk) -> Uuid {
    SystemEntropy.id(desk.app().now())
}

/// Somebody about to carry out the form of a page: `deed` says which, and `fields` what was typed, as the same page brings another order of another
/// thing. A form without the name of its page is carried out whenever it comes.
pub(crate) fn caller(desk: &Desk, session: &Session, (deed, page): (&str, &str), fields: &impl Debug) -> Caller {
    let Ok(page) = Uuid::try_parse(page) else {
        return session.caller.clone();
    };
    let digest = canonical::digest(format!("{} {fields:?}", session.caller.actor));
    let key = format!("console/{deed}/{page}/{digest}");
    desk.app().idempotency().attempt(&session.caller, &key, "")
}

/// Whether a form was carried out before.
pub(crate) fn was_done(error: &AppError) -> bool {
    matches!(error, AppError::Conflict(why) if why.code == REQUEST_RUNNING)
}
