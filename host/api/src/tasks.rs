//! Tasks: what is to be done, by whom, until when, whatever it is about.

use super::Front;
use super::auth::READERS;
use super::calls::Calls;
use super::extract::{Auth, Json, Path, Query, etag, if_match};
use super::fixed;
use super::page::{At, Page};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use posthouse_app::team::Scope;
use posthouse_app::work::{Assignee, Due, NewTask, TaskChange, TaskFilter, TaskView};
use posthouse_domain::{AgencyTerms, Day, time, words};
use posthouse_web::problem::{Answer, Problem};
use posthouse_web::shown as cut;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&READERS, routes!(list))
        .open_to(&[Scope::Campaigns], routes!(add))
        .open_to(&READERS, routes!(one))
        .open_to(&[Scope::Campaigns], routes!(change))
}

/// A task to be written down.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewTask, example = json!({"subject": "campaign/spring-2026", "kind": "training", "title": "Train the shops on the early-bird offer",
    "assignee": "Ms Lin", "due_on": "2026-01-18"}))]
struct Proposed {
    /// What it is about: `campaign/` and id or key of a campaign. Left out, it is about nothing in particular.
    subject: Option<String>,
    /// What kind of work it is; of a campaign's `training`, `materials` or `other`. `other` if left out.
    kind: Option<String>,
    /// What is to be done, at most 200 bytes.
    title: String,
    /// Who is to do it, as a text of at most 200 bytes. It is the person's own task whose keys have this `holder`.
    assignee: Option<String>,
    /// Who is to do it, as the id of a key; instead of `assignee`.
    assignee_id: Option<Uuid>,
    /// Until which day, like `2026-01-18`. It is overdue when that day is over for the agency.
    due_on: Option<String>,
    /// Until when, like `2026-01-18T18:00:00+08:00`; instead of `due_on`. Without a zone it is the agency's.
    due_at: Option<String>,
}

/// What is to become different; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TaskChange, example = json!({"done": true, "outcome": "All six shops, forty people"}))]
struct Change {
    /// Whether it is done. Who said so first is kept; `false` opens it again, without an outcome.
    done: Option<bool>,
    /// What came of it, at most 4,000 bytes; an empty text is nothing.
    outcome: Option<String>,
    /// Another title.
    title: Option<String>,
    /// Somebody else, as a text; an empty text is nobody.
    assignee: Option<String>,
    /// Somebody else, as the id of a key.
    assignee_id: Option<Uuid>,
    /// Another day; an empty text is none.
    due_on: Option<String>,
    /// Another instant, instead of `due_on`.
    due_at: Option<String>,
}

/// What a task is about.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TaskSubject)]
struct About {
    /// What it is.
    #[schema(example = "campaign")]
    kind: String,
    /// Its id.
    id: Uuid,
    /// What people call it.
    #[schema(example = "Spring Festival 2026")]
    name: String,
    /// The task's number among its tasks, from 1.
    number: i64,
}

/// Something that is to be done.
#[derive(Debug, Serialize, ToSchema)]
struct Task {
    /// Id.
    id: Uuid,
    /// What it is about; `null` for nothing in particular.
    subject: Option<About>,
    /// What kind of work it is.
    #[schema(example = "training")]
    kind: String,
    /// What is to be done.
    title: String,
    /// Who is to do it.
    assignee: Option<String>,
    /// The key of whoever is to do it, if it was assigned to one.
    assignee_id: Option<Uuid>,
    /// Until which day of the agency.
    #[schema(format = Date, example = "2026-01-18")]
    due_on: Option<String>,
    /// Until when on that day; `null` for the whole of it.
    due_at: Option<At>,
    /// Whether it is not done although it was due, by the business clock.
    overdue: bool,
    /// Whether it is done.
    done: bool,
    /// What came of it.
    outcome: Option<String>,
    /// The key that said it is done.
    done_by: Option<Uuid>,
    /// When it said so.
    done_at: Option<At>,
    /// The key that wrote it down; `null` for those of versions that did not keep it.
    created_by: Option<Uuid>,
    /// When it was written down.
    created_at: At,
    /// Its version, which is also its `ETag`.
    version: i64,
}

impl From<TaskView> for Task {
    fn from(view: TaskView) -> Self {
        Self {
            id: view.id,
            subject: view.about.map(|about| About {
                kind: about.kind,
                id: about.id,
                name: about.name,
                number: about.number,
            }),
            kind: view.kind,
            title: view.title,
            assignee: view.assignee,
            assignee_id: view.assignee_id,
            due_on: view.due_on.map(time::day_text),
            due_at: view.due_at.map(At),
            overdue: view.is_overdue,
            done: view.done_at.is_some(),
            outcome: view.outcome,
            done_by: view.done_by,
            done_at: view.done_at.map(At),
            created_by: view.created_by,
            created_at: view.created_at.into(),
            version: view.version,
        }
    }
}

/// A day as a request has it.
///
/// # Errors
/// `bad_day`.
pub(super) fn day(text: &str) -> Answer<Day> {
    time::parse_day(text).ok_or_else(|| {
        Problem::unprocessable(
            "bad_day",
            words!(
                "due_on {shown:?} is not a day like 2026-01-18",
                "due_on {shown:?} 不是 2026-01-18 这样的日期",
                shown = cut(text)
            ),
        )
    })
}

fn due(on: Option<&str>, at: Option<&str>, terms: &AgencyTerms) -> Answer<Option<Due>> {
    match (on, at) {
        (None, None) => Ok(None),
        (Some(""), None) | (None, Some("")) => Ok(Some(Due::Never)),
        (Some(on), None) => Ok(Some(Due::On(day(on)?))),
        // a day alone would be its first instant, which nobody means who writes it
        (None, Some(at)) if time::parse_day(at).is_none() => {
            let read = time::parse_instant(at, terms.time_zone);
            read.map(|at| Some(Due::At(at))).ok_or_else(|| {
                Problem::unprocessable(
                    "bad_due",
                    words!(
                        "due_at {shown:?} is not an instant; write it like 2026-01-18T18:00:00+08:00",
                        "due_at {shown:?} 不是时刻；请写成 2026-01-18T18:00:00+08:00 的形式",
                        shown = cut(at)
                    ),
                )
            })
        }
        _ => Err(Problem::unprocessable(
            "bad_due",
            words!(
                "write due_on for the whole of a day, or due_at for an instant, not both",
                "整天请用 due_on，时刻请用 due_at，二者只填其一"
            ),
        )),
    }
}

fn assignee(name: Option<String>, id: Option<Uuid>) -> Answer<Option<Assignee>> {
    match (name, id) {
        (None, None) => Ok(None),
        (Some(name), None) => Ok(Some(Assignee::Named(name))),
        (None, Some(id)) => Ok(Some(Assignee::Actor(id))),
        _ => Err(Problem::unprocessable(
            "bad_assignee",
            words!(
                "name one assignee: a text as assignee, or a key as assignee_id",
                "负责人只填其一：assignee 写姓名，或 assignee_id 写密钥编号"
            ),
        )),
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Only your own: assigned to this key, to another key of its `holder`, or to the holder's name.
    #[serde(default)]
    mine: bool,
    /// Only those that are `open` (not done, due or not), `overdue` (not done although they were due) or `done`.
    #[param(value_type = Option<fixed::TaskState>, example = "open")]
    state: Option<String>,
    /// Only those about this: `campaign/` and id or key of a campaign.
    #[param(example = "campaign/spring-2026")]
    subject: Option<String>,
    /// Items of the page, 1 to 1000; 100 if left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Tasks, in the order in which they are due.
///
/// Of one day those with a time come first; what is due at no time comes last.
#[utoipa::path(get, path = "/tasks", tag = "tasks", operation_id = "listTasks", params(ListQuery),
    responses((status = 200, description = "A page of tasks.", body = Page<Task>)))]
async fn list(
    State(front): State<Front>,
    Auth(caller): Auth,
    Query(query): Query<ListQuery>,
) -> Answer<axum::Json<Page<Task>>> {
    let limit = front.limit(query.limit)?;
    let filter = TaskFilter {
        mine: query.mine,
        state: query.state.as_deref(),
        subject: query.subject.as_deref(),
    };
    let found = front
        .app()
        .tasks()
        .list(&caller, &filter, query.cursor.as_deref(), limit)
        .await?;
    Ok(axum::Json(Page::of(found)))
}

/// A task with its ETag.
fn shown(view: TaskView) -> impl IntoResponse {
    (etag(view.version), axum::Json(Task::from(view)))
}

/// Write a task down.
///
/// A campaign does not start before all its tasks are done.
#[utoipa::path(post, path = "/tasks", tag = "tasks", operation_id = "addTask", request_body = Proposed,
    responses((status = 201, description = "The task.", body = Task)))]
async fn add(State(front): State<Front>, Auth(caller): Auth, Json(body): Json<Proposed>) -> Answer<impl IntoResponse> {
    let due = due(body.due_on.as_deref(), body.due_at.as_deref(), &caller.room.terms)?;
    let new = NewTask {
        kind: body.kind,
        title: body.title,
        assignee: assignee(body.assignee, body.assignee_id)?.unwrap_or_default(),
        due: due.unwrap_or_default(),
    };
    let view = front.app().tasks().add(&caller, body.subject.as_deref(), &new).await?;
    let location = [(header::LOCATION, format!("/api/v1/tasks/{}", view.id))];
    Ok((StatusCode::CREATED, location, shown(view)))
}

/// One task.
#[utoipa::path(get, path = "/tasks/{id}", tag = "tasks", operation_id = "getTask",
    params(("id" = Uuid, Path, description = "Id of the task.")),
    responses((status = 200, description = "The task.", body = Task)))]
async fn one(State(front): State<Front>, Auth(caller): Auth, Path(id): Path<Uuid>) -> Answer<impl IntoResponse> {
    Ok(shown(front.app().tasks().one(&caller, id).await?))
}

/// Change a task, or say that it is done.
#[utoipa::path(patch, path = "/tasks/{id}", tag = "tasks", operation_id = "changeTask", request_body = Change,
    params(("id" = Uuid, Path, description = "Id of the task."),
        ("If-Match" = Option<String>, Header, description = "`ETag` of the task as it was read.")),
    responses((status = 200, description = "The task.", body = Task)))]
async fn change(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(body): Json<Change>,
) -> Answer<impl IntoResponse> {
    let change = TaskChange {
        done: body.done,
        outcome: body.outcome,
        title: body.title,
        assignee: assignee(body.assignee, body.assignee_id)?,
        due: due(body.due_on.as_deref(), body.due_at.as_deref(), &caller.room.terms)?,
    };
    let expected = if_match(&headers)?.version();
    Ok(shown(front.app().tasks().change(&caller, id, &change, expected).await?))
}
