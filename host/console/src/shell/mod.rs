//! What is around every page: the rail with its rooms, the palette, what a person chooses for themselves.

pub(crate) mod frame;
pub(crate) mod lead;

pub(crate) use frame::Shell;
pub(crate) use lead::{local_path, said, said_with_undo, whole_page};

use crate::Desk;
use crate::door::{Bare, Staff, forget};
use crate::fault::{Answer, page};
use crate::ui::Ui;
use askama::Template;
use axum::Router;
use axum::extract::{Form, Query, State};
use axum::routing::{get, post};
use frame::Room;
use posthouse_app::profiles::Browse;
use posthouse_app::team::{Preferences, Scope};
use serde::Deserialize;

pub(crate) fn routes() -> Router<Desk> {
    Router::new()
        .route("/palette", get(palette))
        .route("/sign-out", post(sign_out))
        .route("/me", post(prefer))
}

#[derive(Debug, Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
}

/// A line of the palette.
struct Found {
    icon: &'static str,
    label: String,
    beside: String,
    path: String,
}

#[derive(Template)]
#[template(path = "shell/palette.html")]
struct Palette {
    ui: Ui,
    rooms: Vec<Found>,
    customers: Vec<Found>,
    is_asked: bool,
}

/// Customers that the palette shows.
const CUSTOMERS: usize = 8;

async fn palette(State(desk): State<Desk>, staff: Staff, bare: Bare, Query(asked): Query<Asked>) -> Answer {
    let (session, ui) = (staff.0, Ui::from(bare));
    let q = asked.q.trim();
    let shell = Shell::new(&session, ui, "");
    let room = |room: &Room| Found {
        icon: room.icon,
        label: ui.say_of("shell-room-", room.name).to_string(),
        beside: format!("g {}", room.key),
        path: room.path.into(),
    };
    let fits = |found: &Found| q.is_empty() || found.label.to_lowercase().contains(&q.to_lowercase());
    let rooms = shell.rooms.iter().map(room).filter(fits).collect();
    let mut customers = Vec::new();
    if !q.is_empty() && session.caller.may(Scope::Read).is_ok() {
        let browse = Browse {
            q: Some(q.to_owned()),
            limit: CUSTOMERS,
            ..Browse::default()
        };
        let found = desk.app().profiles().browse(&session.caller, &browse).await?;
        customers.extend(found.rows.into_iter().map(|row| row.summary).map(|found| Found {
            icon: "user",
            beside: found.phone.or(found.label.member_no).unwrap_or_default(),
            label: found.label.label,
            path: format!("/customers/{}", found.id),
        }));
    }
    page(&Palette {
        ui,
        rooms,
        customers,
        is_asked: !q.is_empty(),
    })
}

async fn sign_out(State(desk): State<Desk>, Staff(session): Staff) -> Answer {
    desk.app().team().sign_out(&session).await?;
    let response = whole_page("/sign-in");
    Ok(forget(&desk, response))
}

#[derive(Debug, Deserialize)]
struct Chosen {
    language: Option<String>,
    theme: Option<String>,
    #[serde(default)]
    next: String,
}

/// Language and theme of a person. What is not sent stays as it was.
async fn prefer(State(desk): State<Desk>, Staff(session): Staff, Form(chosen): Form<Chosen>) -> Answer {
    let as_device = |value: Option<String>, before: Option<String>| match value.as_deref() {
        None => before,
        Some("device") => None,
        Some(_) => value,
    };
    let person = session.person;
    let chosen_now = Preferences {
        language: as_device(chosen.language, person.language),
        theme: as_device(chosen.theme, person.theme),
    };
    desk.app().team().prefer(&session.caller, &chosen_now).await?;
    Ok(whole_page(&local_path(&chosen.next)))
}
