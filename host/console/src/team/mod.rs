//! The team: people, roles, branches, keys, and the log of what they did.

mod audit;
mod branches;
mod deeds;
mod keys;
mod people;
mod person;
mod roles;

use crate::Desk;
use crate::parts::tabs::{self, Tab};
use axum::Router;
use axum::routing::{get, post};
use posthouse_app::team::{Caller, Role, Scope, SessionEntry, StaffEntry, StaffState};
use posthouse_domain::Instant;

pub(crate) fn routes() -> Router<Desk> {
    Router::new()
        .route("/team", get(people::list).post(people::invite))
        .route("/team/people/{id}", get(person::record).post(person::change))
        .route("/team/people/{id}/link", post(person::link))
        .route("/team/people/{id}/state", post(person::set_state))
        .route("/team/people/{id}/sessions", post(person::end_sessions))
        .route("/team/people/{id}/second-factor", post(person::take_second_factor))
        .route("/team/roles", get(roles::list))
        .route("/team/new-role", get(roles::new).post(roles::create))
        .route("/team/roles/{key}", get(roles::record).post(roles::change))
        .route("/team/roles/{key}/delete", post(roles::delete))
        .route("/team/branches", get(branches::list).post(branches::add))
        .route("/team/branches/{id}", post(branches::rename))
        .route("/team/keys", get(keys::list).post(keys::create))
        .route("/team/keys/{id}/again", post(keys::again))
        .route("/team/keys/{id}/revoke", post(keys::revoke))
        .route("/audit", get(audit::list))
        .route("/audit.csv", get(audit::sheet))
        .route("/audit/verify", post(audit::verify))
}

/// The tabs of the room that somebody may open.
fn tabs(caller: &Caller, here: &str) -> Vec<Tab> {
    let all = [
        ("people", "/team", Scope::Team),
        ("roles", "/team/roles", Scope::Team),
        ("branches", "/team/branches", Scope::Team),
        ("keys", "/team/keys", Scope::Team),
        ("audit", "/audit", Scope::Audit),
    ];
    let open = all.into_iter().filter(|(_, _, scope)| caller.may(*scope).is_ok());
    tabs::tabs(open.map(|(name, path, _)| (name, path)), here)
}

/// Whether somebody may give this role, or take it from others.
fn may_give(caller: &Caller, role: &Role) -> bool {
    caller.covers(&role.permissions, &role.masks, role.rows)
}

/// A field of a form; empty if it was not sent.
fn field<'f>(fields: &'f [(String, String)], name: &str) -> &'f str {
    let found = fields.iter().find(|(own, _)| own == name);
    found.map_or("", |(_, text)| text.trim())
}

/// The word's class for how somebody stands.
fn tone(state: StaffState) -> &'static str {
    match state {
        StaffState::Invited => "info",
        StaffState::Active => "good",
        StaffState::Disabled => "",
    }
}

/// When somebody was last there.
fn seen(person: &StaffEntry, sessions: &[SessionEntry]) -> Option<Instant> {
    let own = sessions.iter().filter(|session| session.person == person.id);
    own.map(|session| session.seen_at).max().max(person.signed_in_at)
}
