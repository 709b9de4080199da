//! Members: who takes part in the loyalty programme, what each has and why, and the terms they have it under.

mod adjustments;
mod books;
mod deeds;
mod enrol;
mod file;
mod list;
mod orders;
pub(crate) mod own;
mod previews;
mod programme;
mod record;
mod referrals;
mod rewards;
mod statement;
mod typed;
mod wanted;

use crate::Desk;
use crate::parts::tabs::{self, Tab};
use axum::Router;
use axum::routing::{get, post};
use posthouse_app::team::{Caller, Scope};

pub(crate) fn routes() -> Router<Desk> {
    Router::new()
        .route("/members", get(list::list).post(enrol::enrol))
        .route("/members.csv", get(file::members))
        .route("/members/programme", get(programme::open).post(programme::put))
        .route("/members/adjustments", get(adjustments::list))
        .route("/members/adjustments/{id}/{verdict}", post(adjustments::decide))
        .route("/members/rewards", get(rewards::list).post(rewards::create))
        .route("/members/rewards/new", get(rewards::new))
        .route("/members/rewards/{key}", get(rewards::open).post(rewards::change))
        .route("/members/orders", get(orders::list))
        .route("/members/orders/{id}/{verdict}", post(orders::decide))
        .route("/members/referrals", get(referrals::list).post(referrals::refer))
        .route("/members/books", get(books::open))
        .route("/members/previews/{id}", get(previews::open))
        .route("/members/previews/{id}/cancel", post(previews::cancel))
        .route("/members/{customer}", get(record::record))
        .route("/members/{customer}/links", post(deeds::link))
        .route("/members/{customer}/links/{id}/revoke", post(deeds::unlink))
        .route("/members/{customer}/adjust", post(deeds::adjust))
        .route("/members/{customer}/tier", post(deeds::tier))
        .route("/members/{customer}/transfer", post(deeds::transfer))
        .route("/members/{customer}/redeem", post(deeds::redeem))
        .route("/members/{customer}/state", post(deeds::stand))
        .route("/members/{customer}/statement.csv", get(file::statement))
}

/// Passes whoever reads customers and sees money, which points are as well.
fn may_enter(caller: &Caller) -> posthouse_app::Result<()> {
    caller.may(Scope::Read)?;
    caller.must_see_money()
}

/// The tabs of the room.
fn tabs(here: &str) -> Vec<Tab> {
    let all = [
        ("members", "/members"),
        ("adjustments", "/members/adjustments"),
        ("rewards", "/members/rewards"),
        ("orders", "/members/orders"),
        ("referrals", "/members/referrals"),
        ("books", "/members/books"),
        ("programme", "/members/programme"),
    ];
    tabs::tabs(all, here)
}
