//! The log: who did what to what, whether it is whole, and as a file.

use super::deeds::{self, Names};
use super::{field, tabs};
use crate::Desk;
use crate::door::{Bare, Scripted, Staff};
use crate::fault::{Answer, page};
use crate::parts::dialog::{instead, refused};
use crate::parts::tabs::Tab;
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use posthouse_app::audit::{AuditFilter, Known, Verified};
use posthouse_app::sheet::Sheet;
use posthouse_app::team::{Scope, Session};
use posthouse_domain::Instant;
use posthouse_domain::time::{instant_text, parse_day, start_of_day};
use serde::Deserialize;
use uuid::Uuid;

/// Entries of a page.
const PAGE: i64 = 50;
/// Entries that are read at once for a file, and most of one.
const BATCH: i64 = 500;
const LONGEST_FILE: usize = 20_000;
/// Actors that can be chosen.
const ACTORS: usize = 200;

#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    actor: String,
    #[serde(default)]
    subject: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    before: Option<i64>,
}

impl Asked {
    /// From the beginning of the first day to the end of the last, where the agency is.
    fn filter(&self, ui: Ui) -> AuditFilter {
        let day = |text: &str| parse_day(text.trim());
        AuditFilter {
            actor: Uuid::try_parse(self.actor.trim()).ok(),
            subject: Some(self.subject.trim().to_owned()).filter(|subject| !subject.is_empty()),
            since: day(&self.from).map(|day| start_of_day(day, ui.zone)),
            until: day(&self.to).map(|day| start_of_day(day + 1, ui.zone)),
        }
    }

    fn is_empty(&self) -> bool {
        [&self.actor, &self.subject, &self.from, &self.to]
            .iter()
            .all(|text| text.trim().is_empty())
    }

    /// The same question in an address, about these.
    fn query(&self, actor: &str, subject: &str) -> String {
        let pairs = [
            ("actor", actor),
            ("subject", subject),
            ("from", &self.from),
            ("to", &self.to),
        ];
        let told = pairs.iter().filter(|(_, value)| !value.is_empty());
        let told = told.map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
        told.collect::<Vec<_>>().join("&")
    }
}

/// An entry of the list.
struct Row {
    entry: i64,
    at: Instant,
    actor: Uuid,
    who: String,
    deed: String,
    kind: String,
    subject: String,
    name: String,
    place: Option<String>,
    detail: String,
}

/// Whether the log is whole, as it is told.
struct Verdict {
    verified: Verified,
    /// Whether a hash was compared that somebody had kept.
    is_compared: bool,
}

#[derive(Template)]
#[template(path = "team/audit.html")]
struct List {
    ui: Ui,
    shell: Shell,
    tabs: Vec<Tab>,
    asked: Asked,
    rows: Vec<Row>,
    next: Option<i64>,
    /// Who can be chosen, with what they are.
    actors: Vec<(Uuid, String)>,
    /// What the list is narrowed to, by its name.
    about: Option<String>,
    verdict: Option<Verdict>,
}

impl List {
    fn is_actor(&self, id: &Uuid) -> bool {
        self.asked.actor == id.to_string()
    }

    fn by(&self, actor: &Uuid) -> String {
        format!("/audit?{}", self.asked.query(&actor.to_string(), &self.asked.subject))
    }

    fn about(&self, subject: &str) -> String {
        format!("/audit?{}", self.asked.query(&self.asked.actor, subject))
    }

    fn older(&self, before: &i64) -> String {
        let query = self.asked.query(&self.asked.actor, &self.asked.subject);
        format!("/audit?{query}&before={before}")
    }

    fn file(&self) -> String {
        format!(
            "/audit.csv?{}",
            self.asked.query(&self.asked.actor, &self.asked.subject)
        )
    }
}

async fn drawn(desk: &Desk, session: &Session, ui: Ui, asked: Asked, verdict: Option<Verdict>) -> Answer<List> {
    let (app, caller) = (desk.app(), &session.caller);
    let filter = asked.filter(ui);
    let (entries, next) = app.audit().list(caller, &filter, asked.before, PAGE).await?;
    let names = Names::of(desk, caller, ui, &entries).await?;
    let shell = Shell::new(session, ui, "team");
    let about = filter.subject.as_deref();
    let about = about.map(|subject| format!("{} {}", deeds::kind(subject, ui), names.named(subject)));
    let rows = entries.into_iter().map(|entry| Row {
        entry: entry.entry,
        at: entry.at,
        actor: entry.actor.id,
        who: entry.actor.name,
        deed: deeds::deed(&entry.action, ui),
        kind: deeds::kind(&entry.subject, ui),
        name: names.named(&entry.subject),
        place: deeds::place(&entry.subject, caller, &shell),
        detail: deeds::detail(&entry.detail),
        subject: entry.subject,
    });
    let rows = rows.collect();
    let people = app.team().staff(caller).await?.into_iter();
    let keys = app.team().keys(caller).await?.into_iter();
    let mut actors: Vec<(Uuid, String)> = people
        .map(|person| (person.id, person.name))
        .chain(keys.map(|key| (key.id, ui.say("team-key-named").with("name", key.name).to_string())))
        .take(ACTORS)
        .collect();
    actors.push((caller.room.id, ui.say("team-host").to_string()));
    Ok(List {
        ui,
        tabs: tabs(caller, "audit"),
        shell,
        asked,
        rows,
        next,
        actors,
        about,
        verdict,
    })
}

pub(super) async fn list(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Query(asked): Query<Asked>,
) -> Answer {
    session.caller.may(Scope::Audit)?;
    page(&drawn(&desk, &session, bare.into(), asked, None).await?)
}

/// Computes every hash again, and compares one that somebody has kept.
pub(super) async fn verify(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Form(fields): Form<Vec<(String, String)>>,
) -> Answer {
    session.caller.may(Scope::Audit)?;
    let ui = Ui::from(bare);
    let (entry, hash) = (field(&fields, "entry"), field(&fields, "hash"));
    let known = (!entry.is_empty() || !hash.is_empty()).then(|| Known {
        // what is no number is no entry
        entry: entry.parse().unwrap_or_default(),
        hash: hash.to_ascii_lowercase(),
    });
    let verdict = match desk.app().audit().verify(&session.caller, known.as_ref()).await {
        Ok(verified) => Verdict {
            verified,
            is_compared: known.is_some(),
        },
        Err(error) => return refused(error, scripted, ui),
    };
    let drawn = drawn(&desk, &session, ui, Asked::default(), Some(verdict)).await?;
    Ok(instead(page(&drawn)?, "/audit"))
}

/// What was found as a file, the latest first: times, codes and ids as the log has them, and who by name.
pub(super) async fn sheet(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Query(asked): Query<Asked>,
) -> Answer {
    let (ui, caller) = (Ui::from(bare), &session.caller);
    caller.may(Scope::Audit)?;
    let (filter, mut before) = (asked.filter(ui), asked.before);
    let mut sheet = Sheet::new(b',', "\u{feff}".as_bytes());
    for key in ["entry", "when", "who", "deed", "subject", "detail", "hash"] {
        sheet.text(&ui.say_of("team-column-", key).to_string())?;
    }
    sheet.end_row()?;
    let mut written = 0;
    while written < LONGEST_FILE {
        let (entries, next) = desk.app().audit().list(caller, &filter, before, BATCH).await?;
        for entry in &entries {
            sheet.own(entry.entry.to_string())?;
            sheet.own(instant_text(entry.at))?;
            sheet.text(&entry.actor.name)?;
            sheet.own(&entry.action)?;
            sheet.text(&entry.subject)?;
            sheet.text(&entry.detail.to_string())?;
            sheet.own(&entry.hash)?;
            sheet.end_row()?;
        }
        written += entries.len();
        before = next;
        if next.is_none() {
            break;
        }
    }
    Ok(file(sheet.bytes()?))
}

fn file(bytes: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"audit.csv\""),
    ];
    (headers, bytes).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_kept_in_every_address() {
        let asked = Asked {
            actor: "a".into(),
            subject: "role/x".into(),
            from: "2026-01-01".into(),
            ..Asked::default()
        };
        assert_eq!(
            asked.query("b", &asked.subject),
            "actor=b&subject=role%2Fx&from=2026%2D01%2D01"
        );
        assert!(!asked.is_empty() && Asked::default().is_empty());
    }
}
