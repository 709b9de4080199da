//! Desks with their people, calendars, and what a clock would say.

use super::typed::{done, maybe};
use super::{may_enter, tabs};
use crate::Desk;
use crate::door::{Bare, Scripted, Staff};
use crate::fault::{Answer, page};
use crate::parts::tabs::Tab;
use crate::shell::Shell;
use crate::ui::Ui;
use askama::Template;
use axum::extract::{Form, Query, State};
use posthouse_app::AppError;
use posthouse_app::complaints::{CalendarView, DeskView, Seat};
use posthouse_app::team::Scope;
use posthouse_domain::clocks::{Holidays, Span};
use posthouse_domain::{Localized, time};
use serde::Deserialize;
use uuid::Uuid;

const HERE: &str = "/complaints/desks";
/// Minutes that are asked about if nobody says.
const MINUTES: i64 = 240;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    calendar: String,
    from: String,
    minutes: String,
}

/// A desk, with the names of its people.
struct Shown {
    view: DeskView,
    title: String,
    people: Vec<(Seat, String)>,
}

impl Shown {
    fn has(&self, person: &Uuid) -> bool {
        self.people.iter().any(|(seat, _)| seat.person == *person)
    }
}

/// What a clock would say.
struct Said {
    calendar: String,
    from: String,
    minutes: i64,
    answer: String,
}

#[derive(Template)]
#[template(path = "complaints/desks.html")]
struct List {
    ui: Ui,
    shell: Shell,
    tabs: Vec<Tab>,
    desks: Vec<Shown>,
    calendars: Vec<CalendarView>,
    staff: Vec<(Uuid, String)>,
    asked: Said,
    may_put: bool,
}

impl List {
    /// Hours of a day, as people write them.
    fn hours(&self, spans: &[Span]) -> String {
        let text = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let spans: Vec<String> = spans
            .iter()
            .map(|span| format!("{}–{}", text(span.from), text(span.to)))
            .collect();
        match spans.is_empty() {
            true => "—".to_owned(),
            false => spans.join(" "),
        }
    }

    fn holidays(&self, calendar: &CalendarView) -> &'static str {
        match calendar.holidays {
            Holidays::None => "none",
            Holidays::China => "china",
        }
    }
}

pub(super) async fn list(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    Query(asked): Query<Asked>,
) -> Answer {
    let caller = &session.caller;
    may_enter(caller)?;
    let (ui, app) = (Ui::from(bare), desk.app());
    let complaints = app.complaints();
    let zone = caller.room.terms.time_zone;
    let known = complaints.desks(caller).await?;
    let staff = complaints.colleagues(caller).await?;
    let named = |id: &Uuid| {
        let found = staff.iter().find(|(known, _)| known == id);
        found.map_or_else(|| id.to_string(), |(_, name)| name.clone())
    };
    let desks = known.into_iter().map(|view| Shown {
        title: ui.local(&view.title).to_owned(),
        people: view.people.iter().map(|seat| (*seat, named(&seat.person))).collect(),
        view,
    });
    let from = time::parse_instant(&asked.from, zone).unwrap_or_else(|| app.now());
    let minutes = asked.minutes.parse().unwrap_or(MINUTES);
    let calendar = maybe(&asked.calendar).unwrap_or_else(|| "standard".to_owned());
    let answer = match complaints.working_time(caller, &calendar, from, minutes).await {
        Ok(said) => ui.exact(&said.due_at),
        Err(AppError::Invalid(why) | AppError::Conflict(why)) => why.detail.get(ui.language).to_owned(),
        Err(error) => return Err(error.into()),
    };
    page(&List {
        desks: desks.collect(),
        calendars: complaints.calendars(caller).await?,
        asked: Said {
            from: match asked.from.is_empty() {
                true => local(from, zone),
                false => asked.from.clone(),
            },
            calendar,
            minutes,
            answer,
        },
        may_put: caller.may(Scope::Campaigns).is_ok(),
        staff,
        shell: Shell::new(&session, ui, "complaints"),
        tabs: tabs("desks"),
        ui,
    })
}

/// An instant as a field of a form has it: on the agency's wall clock, without its zone.
fn local(at: i64, zone: chrono_tz::Tz) -> String {
    let utc = chrono::DateTime::from_timestamp_millis(at).unwrap_or_default();
    utc.with_timezone(&zone).format("%Y-%m-%dT%H:%M").to_string()
}

/// Sets a desk up, or changes it.
pub(super) async fn put(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Form(sent): Form<Vec<(String, String)>>,
) -> Answer {
    let (caller, ui, complaints) = (&session.caller, Ui::from(bare), desk.app().complaints());
    caller.may(Scope::Campaigns)?;
    let all = |name: &'static str| {
        sent.iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    };
    let one = |name: &'static str| all(name).next().unwrap_or_default().trim();
    let put = async {
        let before = match complaints.desk(caller, one("key")).await {
            Ok(desk) => desk.people,
            Err(AppError::NotFound(_)) => Vec::new(),
            Err(error) => return Err(error),
        };
        let seat = |person: Uuid| Seat {
            person,
            on_duty: before
                .iter()
                .find(|seat| seat.person == person)
                .is_none_or(|seat| seat.on_duty),
        };
        let (zh, en) = (maybe(one("zh")), maybe(one("en")));
        let title = zh.clone().or(en.clone()).unwrap_or_default();
        let new = DeskView {
            key: one("key").to_owned(),
            title: Localized::new(zh.unwrap_or_else(|| title.clone()), en.unwrap_or(title)),
            calendar: maybe(one("calendar")).unwrap_or_else(|| "standard".to_owned()),
            skills: one("skills").split([',', '，', ' ']).filter_map(maybe).collect(),
            people: all("people")
                .filter_map(|id| Uuid::try_parse(id).ok())
                .map(seat)
                .collect(),
            version: 0,
        };
        complaints.put_desk(caller, &new, one("version").parse().ok()).await
    };
    done(put.await, scripted, HERE, ui, |(desk, _)| {
        ui.say("complaints-desk-saved").with("desk", ui.local(&desk.title))
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Duty {
    key: String,
    person: String,
    on: bool,
}

/// Has somebody of a desk work, or not.
pub(super) async fn duty(
    State(desk): State<Desk>,
    Staff(session): Staff,
    bare: Bare,
    scripted: Scripted,
    Form(sent): Form<Duty>,
) -> Answer {
    let (caller, ui, complaints) = (&session.caller, Ui::from(bare), desk.app().complaints());
    caller.may(Scope::Campaigns)?;
    let put = async {
        let view = complaints.desk(caller, &sent.key).await?;
        let person = Uuid::try_parse(&sent.person).unwrap_or_default();
        let turned = |seat: Seat| Seat {
            on_duty: if seat.person == person { sent.on } else { seat.on_duty },
            ..seat
        };
        let new = DeskView {
            people: view.people.iter().copied().map(turned).collect(),
            ..view.clone()
        };
        complaints.put_desk(caller, &new, Some(view.version)).await
    };
    done(put.await, scripted, HERE, ui, |_| match sent.on {
        true => ui.say("complaints-now-on-duty"),
        false => ui.say("complaints-now-off-duty"),
    })
}
