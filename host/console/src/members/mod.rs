//! Members: who takes part in the loyalty programme, what each has and why, and the terms they have it under.

mod enrol;
mod file;
mod list;
mod programme;
mod record;
mod statement;
mod wanted;

use crate::Desk;
use crate::parts::tabs::{self, Tab};
use axum::Router;
use axum::routing::get;
use posthouse_app::team::{Caller, Scope};

pub(crate) fn routes() -> Router<Desk> {
    Router::new()
        .route("/members", get(list::list).post(enrol::enrol))
        .route("/members.csv", get(file::members))
        .route("/members/programme", get(programme::open).post(programme::put))
        .route("/members/{customer}", get(record::record))
        .route("/members/{customer}/statement.csv", get(file::statement))
}

/// Passes whoever reads customers and sees money, which points are as well.
fn may_enter(caller: &Caller) -> posthouse_app::Result<()> {
    caller.may(Scope::Read)?;
    caller.must_see_money()
}

/// The tabs of the room.
fn tabs(here: &str) -> Vec<Tab> {
    tabs::tabs([("members", "/members"), ("programme", "/members/programme")], here)
}
