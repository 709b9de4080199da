//! A customer chosen while one types: a field of a form, and those it offers.

use crate::Desk;
use crate::door::{Bare, Staff};
use crate::fault::{Answer, page};
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Query, State};
use posthouse_app::profiles::Browse;
use posthouse_app::team::Scope;
use serde::Deserialize;
use uuid::Uuid;

/// Customers that are offered while one types.
const OFFERED: usize = 6;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    who: String,
}

/// A customer that is offered.
struct Offered {
    id: Uuid,
    label: String,
    beside: String,
}

#[derive(Template)]
#[template(path = "parts/offers.html")]
struct Offers {
    ui: Ui,
    is_asked: bool,
    found: Vec<Offered>,
}

/// Customers to choose from.
pub(crate) async fn offers(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Query(wanted): Query<Wanted>,
) -> Answer {
    session.caller.may(Scope::Read)?;
    let q = wanted.who.trim();
    let browse = Browse {
        q: Some(q.to_owned()),
        limit: OFFERED,
        ..Browse::default()
    };
    let found = match q.is_empty() {
        true => Vec::new(),
        false => desk.app().profiles().browse(&session.caller, &browse).await?.rows,
    };
    let offered = found.into_iter().map(|row| Offered {
        id: row.summary.id,
        beside: row.summary.phone.or(row.summary.label.member_no).unwrap_or_default(),
        label: row.summary.label.label,
    });
    page(&Offers {
        ui: bare.into(),
        is_asked: !q.is_empty(),
        found: offered.collect(),
    })
}
