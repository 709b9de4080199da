//! Cases: opened, listed, read, with what happened to them.

use super::{maybe_one_of, one_of};
use crate::Front;

use crate::calls::Calls;
use crate::described;
use crate::extract::{Auth, Json, Path, Query, etag};
use crate::fixed;
use crate::page::{At, BackwardsQuery, Page, page_of};
use crate::reason::Reason;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use posthouse_app::complaints::{self as app, CaseFilter, objection_in_words};
use posthouse_app::team::Scope;
use posthouse_domain::Words;
use posthouse_domain::clocks::State as ClockState;
use posthouse_domain::complaints::{Cause, Kind, Objection, Step};
use posthouse_domain::time;
use posthouse_web::problem::Answer;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Intake], routes!(open))
        .open_to(&[Scope::Read], routes!(list))
        .open_to(&[Scope::Read], routes!(one))
        .open_to(&[Scope::Read], routes!(entries))
        .open_to_all_of(&[Scope::Intake, Scope::Read], routes!(link))
}

/// Who complains, where that is nobody the agency knows.
#[derive(Debug, Default, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = CaseContact)]
struct Contact {
    /// What they are called.
    name: Option<String>,
    /// Their telephone number.
    phone: Option<String>,
    /// Their e-mail address.
    email: Option<String>,
}

/// What somebody has to say.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewComplaint, example = json!({"booking_id": "B-20481", "kind": "complaint", "cause": "product", "channel": "phone",
    "text": "The lake view we paid for was a car park.", "severity": 2}))]
struct New {
    /// Whose it is. Left out it is found by the booking, or else by what `contact` says.
    customer_id: Option<Uuid>,
    /// Who complains, where that is nobody the agency knows.
    #[serde(default)]
    contact: Contact,
    /// The booking it is about.
    booking_id: Option<String>,
    /// What it is.
    #[schema(value_type = fixed::CaseKind)]
    kind: String,
    /// What it is about; a rule may guess.
    #[schema(value_type = Option<fixed::CaseCause>)]
    cause: Option<String>,
    /// The agency's own word below that, at most 120 bytes.
    cause_detail: Option<String>,
    /// How it came, as `phone`, `wechat`, `shop`, `web`; at most 120 bytes.
    channel: String,
    /// What was said, 1 to 16,000 bytes.
    text: String,
    /// From 1, the gravest, to 4. Whoever says so has the word over a rule that finds it less grave.
    #[schema(minimum = 1, maximum = 4)]
    severity: Option<i32>,
    /// Whose service it is about.
    supplier: Option<String>,
    /// Who guided the trip.
    guide: Option<String>,
}

/// A clock of a case.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CaseClock)]
struct Clock {
    /// What it runs against.
    #[schema(value_type = fixed::CaseClockKind)]
    kind: &'static str,
    /// When it began.
    started_at: At,
    /// When its time is over; `null` while it stands still, and once it has ended.
    due_at: Option<At>,
    /// Whether it stands still, because the agency waits for somebody.
    paused: bool,
    /// Working minutes used up; of a time that the law counts in days, minutes.
    used_minutes: i64,
    /// Minutes left; less than nothing once it is breached.
    left_minutes: Option<i64>,
    /// How it stands.
    #[schema(value_type = fixed::CaseClockState)]
    state: &'static str,
}

pub(super) fn clock_state(state: ClockState) -> &'static str {
    match state {
        ClockState::Running => "running",
        ClockState::Paused => "paused",
        ClockState::Met => "met",
        ClockState::Breached => "breached",
    }
}

impl From<app::ClockView> for Clock {
    fn from(view: app::ClockView) -> Self {
        Self {
            kind: view.kind.as_str(),
            started_at: view.started_at.into(),
            due_at: view.due_at.map(At),
            paused: view.state == ClockState::Paused,
            used_minutes: view.used_minutes,
            left_minutes: view.left_minutes,
            state: clock_state(view.state),
        }
    }
}

/// Why the word of a rule was not followed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RoutingObjection)]
struct Objected {
    /// Stable code.
    #[schema(value_type = fixed::RoutingObjectionCode)]
    code: Value,
    /// In words by language.
    #[schema(value_type = described::Localized)]
    text: Words,
}

impl From<Objection> for Objected {
    fn from(objection: Objection) -> Self {
        Self {
            code: serde_json::to_value(objection).unwrap_or_default(),
            text: objection_in_words(objection),
        }
    }
}

/// Why a case is where it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CaseWhy)]
struct Why {
    /// The rule's reason; `null` without a rule.
    reason: Option<Reason>,
    /// Why the rule's word was not followed in full.
    objections: Vec<Objected>,
    /// How the rule failed, by language.
    #[schema(value_type = Option<described::Localized>)]
    fault: Option<Words>,
    /// The decision, which can be replayed.
    decision_id: Option<Uuid>,
}

impl From<app::Why> for Why {
    fn from(why: app::Why) -> Self {
        Self {
            reason: why.reason.map(Into::into),
            objections: why.objections.into_iter().map(Into::into).collect(),
            fault: why.fault,
            decision_id: why.decision,
        }
    }
}

/// A case.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Complaint)]
pub(super) struct Case {
    /// Id.
    id: Uuid,
    /// What people call it.
    #[schema(example = "C2612-0007")]
    number: String,
    /// Whose it is; `null` of somebody the agency does not know.
    customer_id: Option<Uuid>,
    /// Who complains, as they told; `null` for roles that do not see how to reach customers.
    contact: Option<Contact>,
    /// The booking it is about.
    booking_id: Option<String>,
    /// The product it is about.
    product: Option<String>,
    /// The departure it is about.
    #[schema(format = Date)]
    departs_on: Option<String>,
    /// Whose service it is about.
    supplier: Option<String>,
    /// Who guided the trip.
    guide: Option<String>,
    /// What it is.
    #[schema(value_type = fixed::CaseKind)]
    kind: String,
    /// What it is about.
    #[schema(value_type = Option<fixed::CaseCause>)]
    cause: Option<String>,
    /// The agency's own word below that.
    cause_detail: Option<String>,
    /// How it came.
    channel: String,
    /// What was said; `null` for roles that do not see how to reach customers.
    text: Option<String>,
    /// When in a trip it happened.
    #[schema(value_type = fixed::CasePhase)]
    phase: String,
    /// From 1, the gravest, to 4.
    severity: i32,
    /// Whether a person said so: a rule may find it graver, and not less grave.
    severity_by_person: bool,
    /// Who is answerable.
    #[schema(value_type = Option<fixed::CaseLiability>)]
    liability: Option<String>,
    /// Why it happened.
    root_cause: Option<String>,
    /// What was done so that it does not happen again.
    rectification: Option<String>,
    /// What was made of a suggestion.
    assessment: Option<String>,
    /// Where it stands.
    #[schema(value_type = fixed::CaseState)]
    state: &'static str,
    /// What can be done.
    #[schema(value_type = Vec<fixed::CaseStep>)]
    possible: Vec<&'static str>,
    /// Key of the desk: there always is one.
    desk: String,
    /// Who has it; `null` if nobody of the desk is on duty.
    person: Option<Uuid>,
    /// Since when.
    assigned_at: Option<At>,
    /// When it came, by the business clock.
    opened_at: At,
    /// When the customer first heard something.
    first_response_at: Option<At>,
    /// When it was resolved.
    resolved_at: Option<At>,
    /// When it was closed.
    closed_at: Option<At>,
    /// How often it was opened again.
    reopened: i32,
    /// What the customer said, from 1 to 5.
    rating: Option<i32>,
    /// What they said with it.
    rating_text: Option<String>,
    /// Whether something promised was not done in time.
    breached: bool,
    /// How often it has gone from one desk to another.
    hops: i32,
    /// Its clocks.
    clocks: Vec<Clock>,
    /// When the next running clock is over.
    due_at: Option<At>,
    /// Why it is where it is; `null` in lists.
    why: Option<Why>,
    /// The crisis it belongs to.
    crisis_id: Option<Uuid>,
    /// How many entries it has.
    entries: i64,
    /// How many attachments it has.
    attachments: i32,
    /// What putting it right has cost, in minor units; `null` for roles that see no money.
    cost: Option<i64>,
    /// When it last changed.
    updated_at: At,
    /// Its version, which is also its `ETag`.
    version: i64,
}

impl From<app::CaseView> for Case {
    fn from(view: app::CaseView) -> Self {
        Self {
            id: view.id,
            number: view.number,
            customer_id: view.customer,
            contact: view.contact.map(|contact| Contact {
                name: contact.name,
                phone: contact.phone,
                email: contact.email,
            }),
            booking_id: view.booking,
            product: view.product,
            departs_on: view.departs.map(time::day_text),
            supplier: view.supplier,
            guide: view.guide,
            kind: view.kind,
            cause: view.cause,
            cause_detail: view.cause_detail,
            channel: view.channel,
            text: view.text,
            phase: view.phase,
            severity: view.severity,
            severity_by_person: view.severity_by_person,
            liability: view.liability,
            root_cause: view.root_cause,
            rectification: view.rectification,
            assessment: view.assessment,
            state: view.state.as_str(),
            possible: view.possible.into_iter().map(Step::as_str).collect(),
            desk: view.desk,
            person: view.person,
            assigned_at: view.assigned_at.map(At),
            opened_at: view.opened_at.into(),
            first_response_at: view.first_response_at.map(At),
            resolved_at: view.resolved_at.map(At),
            closed_at: view.closed_at.map(At),
            reopened: view.reopened,
            rating: view.rating,
            rating_text: view.rating_text,
            breached: view.breached,
            hops: view.hops,
            clocks: view.clocks.into_iter().map(Into::into).collect(),
            due_at: view.due_at.map(At),
            why: view.why.map(Into::into),
            crisis_id: view.crisis,
            entries: view.entries,
            attachments: view.files,
            cost: view.cost,
            updated_at: view.updated_at.into(),
            version: view.version,
        }
    }
}

/// A case with its ETag.
pub(super) fn shown(view: app::CaseView) -> impl IntoResponse {
    (etag(view.version), axum::Json(Case::from(view)))
}

/// Something that happened to a case.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CaseEntry)]
struct Entry {
    /// Counts from 1.
    nth: i64,
    /// When.
    at: At,
    /// What.
    #[schema(value_type = fixed::CaseEntryKind)]
    kind: String,
    /// Who did it.
    #[schema(value_type = fixed::CaseTeller)]
    told_by: String,
    /// Which person or key, of staff.
    actor_id: Option<Uuid>,
    /// The state before.
    #[schema(value_type = fixed::CaseState)]
    from: String,
    /// The state after.
    #[schema(value_type = fixed::CaseState)]
    to: String,
    /// What was said.
    text: Option<String>,
    /// More about it, by its kind.
    #[schema(value_type = Object)]
    data: Value,
    /// Why it went where it went, of what is `routed`.
    why: Option<Why>,
    /// Whether the customer sees it on the page of the case.
    is_public: bool,
}

impl From<app::EntryView> for Entry {
    fn from(view: app::EntryView) -> Self {
        Self {
            nth: view.nth,
            at: view.at.into(),
            kind: view.kind,
            told_by: view.told_by,
            actor_id: view.actor,
            from: view.from,
            to: view.to,
            text: view.text,
            data: view.data,
            why: view.why.map(Into::into),
            is_public: view.is_public,
        }
    }
}

/// Open a case.
///
/// It has a number, a desk and running clocks when this answers: the rule in force was asked, and without one, or if it fails, the case goes to the
/// default desk with the agency's own times. Whose it is is found by the booking, or else by the telephone number or e-mail address.
#[utoipa::path(post, path = "/complaints", tag = "complaints", operation_id = "openComplaint", request_body = New,
    responses(
        (status = 201, description = "The case.", body = Case),
        (status = 404, description = "There is no such customer.", body = posthouse_web::problem::ProblemBody, content_type = "application/problem+json")))]
async fn open(State(front): State<Front>, Auth(caller): Auth, Json(new): Json<New>) -> Answer<impl IntoResponse> {
    let new = app::NewCase {
        customer: new.customer_id,
        contact: app::Contact {
            name: new.contact.name,
            phone: new.contact.phone,
            email: new.contact.email,
        },
        booking: new.booking_id,
        kind: one_of("kind", &new.kind, Kind::ALL, Kind::as_str)?,
        cause: maybe_one_of("cause", new.cause.as_deref(), Cause::ALL, Cause::as_str)?,
        cause_detail: new.cause_detail,
        channel: new.channel,
        text: new.text,
        severity: new.severity,
        supplier: new.supplier,
        guide: new.guide,
    };
    let view = front.app().complaints().open(&caller, &new).await?;
    let location = [(header::LOCATION, format!("/api/v1/complaints/{}", view.id))];
    Ok((StatusCode::CREATED, location, shown(view)))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Only those in this state.
    #[param(value_type = Option<fixed::CaseState>)]
    state: Option<String>,
    /// Only those that are open, or are not.
    open: Option<bool>,
    /// Only those of this desk.
    desk: Option<String>,
    /// Only those that you have.
    #[serde(default)]
    mine: bool,
    /// Only those where something promised was not done in time.
    #[serde(default)]
    breached: bool,
    /// Only those of this customer.
    customer: Option<Uuid>,
    /// Only those of this crisis.
    crisis: Option<Uuid>,
    /// Only those in which this stands: a number, a booking, a product, words of the text.
    q: Option<String>,
    /// `due`: open ones, what is due first first. The latest first if left out.
    #[param(value_type = Option<fixed::CaseOrder>)]
    sort: Option<String>,
    /// Items of the page, 1 to 1000; 100 if left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Cases.
#[utoipa::path(get, path = "/complaints", tag = "complaints", operation_id = "listComplaints", params(ListQuery),
    responses((status = 200, description = "A page of cases.", body = Page<Case>)))]
async fn list(
    State(front): State<Front>,
    Auth(caller): Auth,
    Query(query): Query<ListQuery>,
) -> Answer<axum::Json<Page<Case>>> {
    let limit = front.limit(query.limit)?;
    let sort = maybe_one_of("sort", query.sort.as_deref(), &["due", "latest"], |one| one)?;
    let filter = CaseFilter {
        state: query.state,
        open: query.open,
        desk: query.desk,
        mine: query.mine,
        breached: query.breached,
        customer: query.customer,
        crisis: query.crisis,
        q: query.q,
        by_due: sort == Some("due"),
    };
    let found = front
        .app()
        .complaints()
        .list(&caller, &filter, query.cursor.as_deref(), limit)
        .await?;
    Ok(axum::Json(Page::of(found)))
}

/// A case, by its id or number.
#[utoipa::path(get, path = "/complaints/{id}", tag = "complaints", operation_id = "getComplaint",
    params(("id" = String, Path, description = "Id or number of the case.")),
    responses((status = 200, description = "The case.", body = Case)))]
async fn one(State(front): State<Front>, Auth(caller): Auth, Path(id): Path<String>) -> Answer<impl IntoResponse> {
    Ok(shown(front.app().complaints().case(&caller, &id).await?))
}

/// What happened to a case.
#[utoipa::path(get, path = "/complaints/{id}/entries", tag = "complaints", operation_id = "listCaseEntries",
    params(("id" = String, Path, description = "Id or number of the case."), BackwardsQuery),
    responses((status = 200, description = "The latest first.", body = Page<Entry>)))]
async fn entries(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<String>,
    Query(query): Query<BackwardsQuery>,
) -> Answer<axum::Json<Page<Entry>>> {
    let (limit, before) = query.page(&front)?;
    let rows = front
        .app()
        .complaints()
        .entries(&caller, &id, before, limit + 1)
        .await?;
    Ok(axum::Json(page_of(rows, limit, |row| row.nth)))
}

/// The page of a case.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CaseLink)]
struct Linked {
    /// Its path on this server. Whoever has it sees what the customer may see, and answers as the customer: send it to nobody else.
    path: String,
}

/// The path of the customer's own page of a case.
#[utoipa::path(get, path = "/complaints/{id}/link", tag = "complaints", operation_id = "getCaseLink",
    params(("id" = String, Path, description = "Id or number of the case.")),
    responses((status = 200, description = "The path.", body = Linked)))]
async fn link(State(front): State<Front>, Auth(caller): Auth, Path(id): Path<String>) -> Answer<axum::Json<Linked>> {
    let path = front.app().complaints().page_of(&caller, &id).await?;
    Ok(axum::Json(Linked { path }))
}
