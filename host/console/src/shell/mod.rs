//! What is around every page: the rail with its rooms, the palette, what a person chooses for themselves.

use crate::Desk;
use crate::door::{Bare, Part, Staff, forget};
use crate::fault::{Answer, page};
use crate::show::initial;
use crate::ui::Ui;
use askama::Template;
use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use posthouse_app::profiles::Browse;
use posthouse_app::team::{Preferences, Scope, Session};
use serde::Deserialize;

pub(crate) fn routes() -> Router<Desk> {
    Router::new()
        .route("/palette", get(palette))
        .route("/sign-out", post(sign_out))
        .route("/me", post(prefer))
}

/// A room of the console.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    /// Its name in addresses and texts.
    pub(crate) name: &'static str,
    pub(crate) path: &'static str,
    pub(crate) icon: &'static str,
    /// The key after `g`.
    pub(crate) key: &'static str,
    /// Who may enter: whoever has any of these.
    needs: &'static [Scope],
}

/// Every room that works, in the order of the rail.
const ROOMS: &[Room] = &[
    Room {
        name: "today",
        path: "/",
        icon: "list-todo",
        key: "t",
        needs: &Scope::ALL,
    },
    Room {
        name: "customers",
        path: "/customers",
        icon: "user",
        key: "c",
        needs: &[Scope::Read],
    },
    Room {
        name: "segments",
        path: "/segments",
        icon: "chart-pie",
        key: "s",
        needs: &[Scope::Read],
    },
    Room {
        name: "campaigns",
        path: "/campaigns",
        icon: "megaphone",
        key: "a",
        needs: &[Scope::Campaigns, Scope::Approvals, Scope::Read],
    },
    Room {
        name: "quotes",
        path: "/quotes",
        icon: "ticket",
        key: "q",
        needs: &[Scope::Quotes, Scope::Read],
    },
    Room {
        name: "insights",
        path: "/insights",
        icon: "chart-column",
        key: "i",
        needs: &[Scope::Read],
    },
    Room {
        name: "imports",
        path: "/imports",
        icon: "upload",
        key: "m",
        needs: &[Scope::Intake],
    },
    Room {
        name: "plugins",
        path: "/plugins",
        icon: "plug",
        key: "p",
        needs: &[Scope::Rules, Scope::Operations],
    },
    Room {
        name: "team",
        path: "/team",
        icon: "users",
        key: "e",
        needs: &[Scope::Team, Scope::Audit],
    },
    Room {
        name: "settings",
        path: "/settings",
        icon: "settings",
        key: ",",
        needs: &Scope::ALL,
    },
];

/// What the frame of a page says of its reader.
#[derive(Debug, Clone)]
pub(crate) struct Shell {
    /// The room that the page is in; empty where it is in none.
    pub(crate) room: &'static str,
    pub(crate) rooms: Vec<Room>,
    pub(crate) agency: String,
    pub(crate) person: String,
    pub(crate) email: String,
    pub(crate) role: String,
    pub(crate) theme: Option<String>,
    pub(crate) csrf: String,
    pub(crate) initial: String,
}

impl Shell {
    pub(crate) fn new(session: &Session, ui: Ui, room: &'static str) -> Self {
        let may = |room: &&Room| room.needs.iter().any(|scope| session.caller.may(*scope).is_ok());
        Self {
            room,
            // who has something to do first has no way around it
            rooms: match session.must_enrol {
                true => Vec::new(),
                false => ROOMS.iter().filter(may).copied().collect(),
            },
            agency: session.agency.clone(),
            person: session.person.name.clone(),
            email: session.person.email.clone(),
            role: ui.local(&session.person.role_title).to_owned(),
            theme: session.person.theme.clone(),
            csrf: session.csrf.clone(),
            initial: initial(&session.person.name),
        }
    }

    /// Whether this theme was chosen; none is as the device has it.
    pub(crate) fn has_theme(&self, theme: &str) -> bool {
        self.theme.as_deref().unwrap_or("device") == theme
    }
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

/// A path of our own; anything else is the first page.
pub(crate) fn local_path(path: &str) -> String {
    let is_ours = path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\r', '\n']);
    if is_ours { path.to_owned() } else { "/".into() }
}

/// Leads to a page, and has a line at its foot say what was done.
pub(crate) fn said(path: &str, text: &str) -> Response {
    let mut response = Redirect::to(path).into_response();
    let note = utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    // the page after the redirect takes it out of the cookie, once
    if let Ok(value) = HeaderValue::from_str(&format!("said={note}; Path=/; SameSite=Lax; Max-Age=20")) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// The same with a way back: what that is called, and where it is sent.
pub(crate) fn said_with_undo(path: &str, text: &str, (label, undo): (&str, &str)) -> Response {
    let mut response = said(path, text);
    let note = utf8_percent_encode(&format!("{undo} {label}"), NON_ALPHANUMERIC).to_string();
    if let Ok(value) = HeaderValue::from_str(&format!("undo={note}; Path=/; SameSite=Lax; Max-Age=20")) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// Leads to a page that is loaded as a whole.
pub(crate) fn whole_page(path: &str) -> Response {
    Redirect::to(path).into_response()
}

/// The same for a part of a page that asked: a redirect it would follow by itself, and put the page where the part was to be.
pub(crate) fn leave_for(path: &str, Part(is_part): Part) -> Response {
    let value = HeaderValue::from_str(path).ok().filter(|_| is_part);
    let Some(value) = value else { return whole_page(path) };
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().insert("hx-redirect", value);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_are_led_to() {
        for ours in ["/", "/customers?q=%E6%9D%8E"] {
            assert_eq!(local_path(ours), ours);
        }
        for theirs in [
            "",
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "/a\r\nx: y",
        ] {
            assert_eq!(local_path(theirs), "/");
        }
    }
}
