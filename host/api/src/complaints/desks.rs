//! What cases go by: desks with their people, calendars, the agency's terms.

use crate::Front;
use crate::calls::Calls;
use crate::described;
use crate::extract::{Auth, Json, Path, Query, etag, if_match};
use crate::fixed;
use crate::page::{At, Page};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use posthouse_app::complaints::{CalendarView, DeskView, Seat};
use posthouse_app::team::Scope;
use posthouse_domain::clocks::{Exception, Holidays, Span, Week};
use posthouse_domain::complaints::Terms;
use posthouse_domain::{Localized, time, words};
use posthouse_web::problem::{Answer, Problem};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Read], routes!(desks))
        .open_to(&[Scope::Read], routes!(desk))
        .open_to(&[Scope::Campaigns], routes!(put_desk))
        .open_to(&[Scope::Read], routes!(calendars))
        .open_to(&[Scope::Read], routes!(calendar))
        .open_to(&[Scope::Campaigns], routes!(put_calendar))
        .open_to(&[Scope::Read], routes!(working_time))
        .open_to(&[Scope::Read], routes!(terms))
        .open_to(&[Scope::Campaigns], routes!(put_terms))
}

/// Somebody of a desk.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DeskSeat)]
struct Sat {
    /// The person.
    person: Uuid,
    /// Whether they work now: cases go to those who do.
    #[serde(default = "works")]
    on_duty: bool,
}

fn works() -> bool {
    true
}

/// A desk to be set up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DeskChange, example = json!({"title": {"zh-CN": "高级客服", "en": "Senior desk"}, "calendar": "standard", "skills": ["vip"], "people": []}))]
struct NewDesk {
    /// What it is called.
    #[schema(value_type = described::Localized)]
    title: Localized,
    /// Key of its calendar; `standard` if left out.
    #[serde(default = "standard")]
    calendar: String,
    /// What it can do, for rules: lower-case words joined by hyphens, 30 at most.
    #[serde(default)]
    skills: Vec<String>,
    /// Its people, 50 at most.
    #[serde(default)]
    people: Vec<Sat>,
}

fn standard() -> String {
    "standard".to_owned()
}

/// Who deals with cases.
#[derive(Debug, Serialize, ToSchema)]
struct Desk {
    /// Its key.
    key: String,
    /// What it is called.
    #[schema(value_type = described::Localized)]
    title: Localized,
    /// Key of its calendar.
    calendar: String,
    /// What it can do.
    skills: Vec<String>,
    /// Its people.
    people: Vec<Sat>,
    /// Its version, which is also its `ETag`; 0 for the desk `default` before somebody sets it up.
    version: i64,
}

impl From<DeskView> for Desk {
    fn from(view: DeskView) -> Self {
        let sat = |seat: Seat| Sat {
            person: seat.person,
            on_duty: seat.on_duty,
        };
        Self {
            key: view.key,
            title: view.title,
            calendar: view.calendar,
            skills: view.skills,
            people: view.people.into_iter().map(sat).collect(),
            version: view.version,
        }
    }
}

/// Every desk.
#[utoipa::path(get, path = "/desks", tag = "complaints", operation_id = "listDesks",
    responses((status = 200, description = "`default` among them, which every agency has.", body = Page<Desk>)))]
async fn desks(State(front): State<Front>, Auth(caller): Auth) -> Answer<axum::Json<Page<Desk>>> {
    Ok(axum::Json(Page::whole(front.app().complaints().desks(&caller).await?)))
}

/// A desk.
#[utoipa::path(get, path = "/desks/{key}", tag = "complaints", operation_id = "getDesk",
    params(("key" = String, Path, description = "Key of the desk.")),
    responses((status = 200, description = "The desk.", body = Desk)))]
async fn desk(State(front): State<Front>, Auth(caller): Auth, Path(key): Path<String>) -> Answer<impl IntoResponse> {
    let view = front.app().complaints().desk(&caller, &key).await?;
    Ok((etag(view.version), axum::Json(Desk::from(view))))
}

/// Set up a desk, or change it.
///
/// Desks stay, as cases may be there; one without people on duty keeps its cases until somebody of it works again.
#[utoipa::path(put, path = "/desks/{key}", tag = "complaints", operation_id = "putDesk", request_body = NewDesk,
    params(("key" = String, Path, description = "Key of the desk."),
        ("If-Match" = Option<String>, Header, description = "`ETag` of the desk as it was read; `\"0\"` for one that is new.")),
    responses((status = 200, description = "The desk.", body = Desk), (status = 201, description = "The new desk.", body = Desk)))]
async fn put_desk(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(key): Path<String>,
    headers: HeaderMap,
    Json(new): Json<NewDesk>,
) -> Answer<impl IntoResponse> {
    let seat = |sat: Sat| Seat {
        person: sat.person,
        on_duty: sat.on_duty,
    };
    let desk = DeskView {
        key,
        title: new.title,
        calendar: new.calendar,
        skills: new.skills,
        people: new.people.into_iter().map(seat).collect(),
        version: 0,
    };
    let expected = if_match(&headers)?.version();
    let (view, is_new) = front.app().complaints().put_desk(&caller, &desk, expected).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, etag(view.version), axum::Json(Desk::from(view))))
}

/// Part of a day on the wall clock.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WorkingHours, example = json!({"from": "09:00", "to": "18:00"}))]
struct Hours {
    /// Where it begins.
    #[schema(example = "09:00")]
    from: String,
    /// Where it is over; `24:00` is midnight.
    #[schema(example = "18:00")]
    to: String,
}

impl From<Span> for Hours {
    fn from(span: Span) -> Self {
        let text = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        Self {
            from: text(span.from),
            to: text(span.to),
        }
    }
}

fn bad_calendar(detail: posthouse_domain::Words) -> Problem {
    Problem::unprocessable("bad_calendar", detail)
}

impl Hours {
    fn read(self) -> Answer<Span> {
        let minutes = |text: &str| {
            let (hours, minutes) = text.split_once(':')?;
            let two = |part: &str| (part.len() == 2).then(|| part.parse::<u16>().ok()).flatten();
            let (hours, minutes) = (two(hours)?, two(minutes)?);
            (hours * 60 + minutes <= 1_440 && minutes < 60).then_some(hours * 60 + minutes)
        };
        let wrong = |text: &str| {
            bad_calendar(words!(
                "{shown:?} is no time like 09:00",
                "{shown:?} 不是 09:00 这样的时间",
                shown = posthouse_web::shown(text)
            ))
        };
        Ok(Span {
            from: minutes(&self.from).ok_or_else(|| wrong(&self.from))?,
            to: minutes(&self.to).ok_or_else(|| wrong(&self.to))?,
        })
    }
}

fn spans(hours: Vec<Hours>) -> Answer<Vec<Span>> {
    hours.into_iter().map(Hours::read).collect()
}

/// Hours of a week.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = WorkingWeek, example = json!({"monday": [{"from": "09:00", "to": "18:00"}], "saturday": [{"from": "10:00", "to": "16:00"}]}))]
struct Days {
    /// Hours of Mondays.
    monday: Vec<Hours>,
    /// Hours of Tuesdays.
    tuesday: Vec<Hours>,
    /// Hours of Wednesdays.
    wednesday: Vec<Hours>,
    /// Hours of Thursdays.
    thursday: Vec<Hours>,
    /// Hours of Fridays.
    friday: Vec<Hours>,
    /// Hours of Saturdays.
    saturday: Vec<Hours>,
    /// Hours of Sundays.
    sunday: Vec<Hours>,
}

impl Days {
    fn read(self) -> Answer<Week> {
        Ok(Week([
            spans(self.monday)?,
            spans(self.tuesday)?,
            spans(self.wednesday)?,
            spans(self.thursday)?,
            spans(self.friday)?,
            spans(self.saturday)?,
            spans(self.sunday)?,
        ]))
    }
}

impl From<Week> for Days {
    fn from(Week(days): Week) -> Self {
        let [monday, tuesday, wednesday, thursday, friday, saturday, sunday] =
            days.map(|spans| spans.into_iter().map(Hours::from).collect());
        Self {
            monday,
            tuesday,
            wednesday,
            thursday,
            friday,
            saturday,
            sunday,
        }
    }
}

/// A day that is not as its week has it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CalendarException)]
struct Exempt {
    /// Closed, worked like any other day, or with hours of its own.
    #[schema(value_type = fixed::CalendarExceptionKind)]
    kind: String,
    /// Those hours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    hours: Vec<Hours>,
}

impl Exempt {
    fn read(self) -> Answer<Exception> {
        match (self.kind.as_str(), self.hours.is_empty()) {
            ("closed", true) => Ok(Exception::Closed),
            ("workday", true) => Ok(Exception::Workday),
            ("hours", false) => Ok(Exception::Hours(spans(self.hours)?)),
            _ => Err(bad_calendar(words!(
                "an exception is closed or workday, or hours with some",
                "例外日应为 closed、workday，或带时段的 hours"
            ))),
        }
    }
}

impl From<Exception> for Exempt {
    fn from(exception: Exception) -> Self {
        let (kind, hours) = match exception {
            Exception::Closed => ("closed", Vec::new()),
            Exception::Workday => ("workday", Vec::new()),
            Exception::Hours(spans) => ("hours", spans.into_iter().map(Hours::from).collect()),
        };
        Self {
            kind: kind.to_owned(),
            hours,
        }
    }
}

/// A calendar to be set up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CalendarChange, example = json!({"week": {"monday": [{"from": "09:00", "to": "18:00"}]}, "holidays": "china",
    "exceptions": {"2026-12-31": {"kind": "closed"}}}))]
struct NewCalendar {
    /// A time zone of its own, as `Europe/Paris`; the agency's if left out.
    zone: Option<String>,
    /// Hours of a week; nobody works on days that are left out.
    week: Days,
    /// Whose public holidays go before the week, with the weekend days that are worked for them.
    #[serde(default = "nobody")]
    #[schema(value_type = fixed::HolidaysOf)]
    holidays: String,
    /// The agency's own days, which go before holidays, by their date.
    #[serde(default)]
    exceptions: BTreeMap<String, Exempt>,
}

fn nobody() -> String {
    "none".to_owned()
}

/// When work is done.
#[derive(Debug, Serialize, ToSchema)]
struct Calendar {
    /// Its key.
    key: String,
    /// A time zone of its own; `null` for the agency's.
    zone: Option<String>,
    /// Hours of a week.
    week: Days,
    /// Whose public holidays.
    #[schema(value_type = fixed::HolidaysOf)]
    holidays: &'static str,
    /// The agency's own days, by their date.
    exceptions: BTreeMap<String, Exempt>,
    /// Its version, which is also its `ETag`; 0 for `standard` before somebody changes it.
    version: i64,
}

impl From<CalendarView> for Calendar {
    fn from(view: CalendarView) -> Self {
        let exceptions = view.exceptions.into_iter();
        Self {
            key: view.key,
            zone: view.zone.map(|zone| zone.name().to_owned()),
            week: view.week.into(),
            holidays: match view.holidays {
                Holidays::None => "none",
                Holidays::China => "china",
            },
            exceptions: exceptions.map(|(day, one)| (time::day_text(day), one.into())).collect(),
            version: view.version,
        }
    }
}

impl NewCalendar {
    fn read(self, key: String) -> Answer<CalendarView> {
        let zone = self.zone.map(|zone| {
            zone.parse().map_err(|_| {
                bad_calendar(words!(
                    "{shown:?} is no time zone like Europe/Paris",
                    "{shown:?} 不是 Europe/Paris 这样的时区",
                    shown = posthouse_web::shown(&zone)
                ))
            })
        });
        let holidays = match self.holidays.as_str() {
            "none" => Holidays::None,
            "china" => Holidays::China,
            _ => {
                return Err(bad_calendar(words!(
                    "holidays is none or china",
                    "holidays 应为 none 或 china"
                )));
            }
        };
        let mut exceptions = BTreeMap::new();
        for (day, exempt) in self.exceptions {
            exceptions.insert(crate::tasks::day(&day)?, exempt.read()?);
        }
        Ok(CalendarView {
            key,
            zone: zone.transpose()?,
            week: self.week.read()?,
            holidays,
            exceptions,
            version: 0,
        })
    }
}

/// Every calendar.
#[utoipa::path(get, path = "/calendars", tag = "complaints", operation_id = "listCalendars",
    responses((status = 200, description = "`standard` among them, which every agency has.", body = Page<Calendar>)))]
async fn calendars(State(front): State<Front>, Auth(caller): Auth) -> Answer<axum::Json<Page<Calendar>>> {
    Ok(axum::Json(Page::whole(
        front.app().complaints().calendars(&caller).await?,
    )))
}

/// A calendar.
#[utoipa::path(get, path = "/calendars/{key}", tag = "complaints", operation_id = "getCalendar",
    params(("key" = String, Path, description = "Key of the calendar.")),
    responses((status = 200, description = "The calendar.", body = Calendar)))]
async fn calendar(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(key): Path<String>,
) -> Answer<impl IntoResponse> {
    let view = front.app().complaints().calendar(&caller, &key).await?;
    Ok((etag(view.version), axum::Json(Calendar::from(view))))
}

/// Set up a calendar, or change it.
///
/// Clocks that run go by it from then on. Statutory days are counted by `standard`.
#[utoipa::path(put, path = "/calendars/{key}", tag = "complaints", operation_id = "putCalendar", request_body = NewCalendar,
    params(("key" = String, Path, description = "Key of the calendar."),
        ("If-Match" = Option<String>, Header, description = "`ETag` of the calendar as it was read; `\"0\"` for one that is new.")),
    responses((status = 200, description = "The calendar.", body = Calendar), (status = 201, description = "The new calendar.", body = Calendar)))]
async fn put_calendar(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(key): Path<String>,
    headers: HeaderMap,
    Json(new): Json<NewCalendar>,
) -> Answer<impl IntoResponse> {
    let expected = if_match(&headers)?.version();
    let calendar = new.read(key)?;
    let (view, is_new) = front
        .app()
        .complaints()
        .put_calendar(&caller, &calendar, expected)
        .await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, etag(view.version), axum::Json(Calendar::from(view))))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// From when on: an instant as RFC 3339, without a zone in the agency's.
    #[param(example = "2026-09-30T16:30:00+08:00")]
    from: String,
    /// How many working minutes.
    #[param(minimum = 0, maximum = 527_040)]
    minutes: i64,
}

/// What a clock would say.
#[derive(Debug, Serialize, ToSchema)]
struct WorkingTime {
    /// Key of the calendar.
    calendar: String,
    /// From when on.
    from: At,
    /// How many working minutes.
    minutes: i64,
    /// When they have passed.
    due_at: At,
}

/// When so many working minutes will have passed by a calendar.
#[utoipa::path(get, path = "/calendars/{key}/working-time", tag = "complaints", operation_id = "workingTime",
    params(("key" = String, Path, description = "Key of the calendar."), Asked),
    responses((status = 200, description = "What a clock would say.", body = WorkingTime)))]
async fn working_time(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(key): Path<String>,
    Query(asked): Query<Asked>,
) -> Answer<axum::Json<WorkingTime>> {
    let from = time::parse_instant(&asked.from, caller.room.terms.time_zone).ok_or_else(|| {
        Problem::unprocessable(
            "bad_minutes",
            words!(
                "from {shown:?} is not an instant; write it like 2026-09-30T16:30:00+08:00",
                "from {shown:?} 不是时刻；请写成 2026-09-30T16:30:00+08:00 的形式",
                shown = posthouse_web::shown(&asked.from)
            ),
        )
    })?;
    let said = front
        .app()
        .complaints()
        .working_time(&caller, &key, from, asked.minutes)
        .await?;
    Ok(axum::Json(WorkingTime {
        calendar: key,
        from: said.from.into(),
        minutes: said.minutes,
        due_at: said.due_at.into(),
    }))
}

/// Working minutes that cases of a severity have.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ServiceTargets)]
struct Targets {
    /// Until the customer hears something.
    first_response: u32,
    /// Until the customer hears something again.
    next_update: u32,
    /// Until the case is resolved.
    resolution: u32,
}

/// Times that the law sets for complaints.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StatutoryTerms)]
struct Statutory {
    /// Working days until it is decided whether the complaint is taken up.
    acceptance_working_days: u16,
    /// Days until it is answered in writing.
    reply_days: u16,
    /// Days until a settlement has been tried.
    mediation_days: u16,
    /// Where that is said.
    source: String,
}

/// What somebody of a role promises without another person.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CompensationLimit)]
struct Limit {
    /// Minor units of each compensation.
    money: i64,
    /// Points of each.
    points: i64,
}

/// What cases go by.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ComplaintTerms)]
#[allow(dead_code, reason = "it only describes")]
struct Described {
    /// Of the severities from 1 to 4.
    #[schema(value_type = Vec<Targets>, min_items = 4, max_items = 4)]
    targets: Vec<Targets>,
    /// Severity of a case of which nobody has said anything.
    #[schema(minimum = 1, maximum = 4)]
    severity: i32,
    /// Times of the law; `null` where there are none.
    statutory: Option<Statutory>,
    /// By the key of a role. Who has none promises nothing without another person.
    limits: BTreeMap<String, Limit>,
    /// So many open complaints of one product and cause are joined.
    joint_count: u32,
    /// Within so many days.
    joint_days: u32,
}

/// What cases go by.
#[utoipa::path(get, path = "/complaints/terms", tag = "complaints", operation_id = "getComplaintTerms",
    responses((status = 200, description = "The terms, with their `ETag`.", body = Described)))]
async fn terms(State(front): State<Front>, Auth(caller): Auth) -> Answer<impl IntoResponse> {
    let (terms, version) = front.app().complaints().terms(&caller).await?;
    Ok((etag(version), axum::Json(terms)))
}

/// Change what cases go by, from then on.
///
/// Clocks that run keep what they have.
#[utoipa::path(put, path = "/complaints/terms", tag = "complaints", operation_id = "putComplaintTerms", request_body = Described,
    params(("If-Match" = Option<String>, Header, description = "`ETag` of the terms as they were read.")),
    responses((status = 200, description = "The terms.", body = Described)))]
async fn put_terms(
    State(front): State<Front>,
    Auth(caller): Auth,
    headers: HeaderMap,
    Json(new): Json<Terms>,
) -> Answer<impl IntoResponse> {
    let expected = if_match(&headers)?.version();
    let (terms, version) = front.app().complaints().put_terms(&caller, &new, expected).await?;
    Ok((etag(version), axum::Json(terms)))
}
