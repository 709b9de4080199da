//! What has to be ready before a campaign starts.

use super::super::Front;
use super::super::auth::READERS;
use super::super::calls::Calls;
use super::super::extract::{Auth, Json, Path};
use super::super::fixed;
use super::super::page::{At, Page};
use super::super::tasks::day;
use axum::extract::State;
use axum::http::StatusCode;
use posthouse_app::team::Scope;
use posthouse_app::work::{self as app, Assignee, Due, TaskView};
use posthouse_domain::time;
use posthouse_web::problem::Answer;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&READERS, routes!(list))
        .open_to(&[Scope::Campaigns], routes!(add))
        .open_to(&[Scope::Campaigns], routes!(change, delete))
}

/// A task to be written down.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewCampaignTask, example = json!({"kind": "training", "title": "Train the shops on the early-bird offer",
    "assignee": "Ms Lin", "due_on": "2026-01-18"}))]
struct NewTask {
    /// `training`, `materials` or `other`.
    #[schema(value_type = fixed::CampaignTaskKind)]
    kind: String,
    /// What is to be done.
    title: String,
    /// Who is to do it.
    assignee: Option<String>,
    /// Until which day, like `2026-01-18`.
    due_on: Option<String>,
}

/// What is to become different; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CampaignTaskChange, example = json!({"done": true}))]
struct TaskChange {
    /// Whether it is done.
    done: Option<bool>,
    /// Another title.
    title: Option<String>,
    /// Somebody else; an empty text is nobody.
    assignee: Option<String>,
    /// Another day.
    due_on: Option<String>,
}

/// Something that has to be ready before a campaign starts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignTask)]
struct Task {
    /// Counts from 1.
    task: i64,
    /// `training`, `materials` or `other`.
    #[schema(value_type = fixed::CampaignTaskKind, example = "training")]
    kind: String,
    /// What is to be done.
    title: String,
    /// Who is to do it.
    assignee: Option<String>,
    /// Until which day.
    #[schema(format = Date, example = "2026-01-18")]
    due_on: Option<String>,
    /// Whether it is done.
    done: bool,
    /// The key that said so.
    done_by: Option<Uuid>,
    /// When it said so.
    done_at: Option<At>,
    /// When it was written down.
    created_at: At,
}

impl From<TaskView> for Task {
    fn from(task: TaskView) -> Self {
        Self {
            task: task.about.map_or(0, |about| about.number),
            kind: task.kind,
            title: task.title,
            assignee: task.assignee,
            due_on: task.due_on.map(time::day_text),
            done: task.done_at.is_some(),
            done_by: task.done_by,
            done_at: task.done_at.map(At),
            created_at: task.created_at.into(),
        }
    }
}

/// A campaign as what tasks are about.
fn of(campaign: &str) -> String {
    format!("campaign/{campaign}")
}

fn due(text: Option<String>) -> Answer<Option<Due>> {
    text.map(|text| day(&text).map(Due::On)).transpose()
}

/// The tasks of a campaign, in the order in which they were written down.
#[utoipa::path(get, path = "/campaigns/{id}/tasks", tag = "campaigns", operation_id = "listCampaignTasks",
    params(("id" = String, Path, description = "Id or key of the campaign.")),
    responses((status = 200, description = "Every task; `next` is always null.", body = Page<Task>)))]
async fn list(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<String>,
) -> Answer<axum::Json<Page<Task>>> {
    Ok(axum::Json(Page::whole(
        front.app().tasks().of(&caller, &of(&id)).await?,
    )))
}

/// Write a task down.
///
/// A campaign does not start before all its tasks are done.
#[utoipa::path(post, path = "/campaigns/{id}/tasks", tag = "campaigns", operation_id = "addCampaignTask", request_body = NewTask,
    params(("id" = String, Path, description = "Id or key of the campaign.")),
    responses((status = 201, description = "The task.", body = Task)))]
async fn add(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<String>,
    Json(body): Json<NewTask>,
) -> Answer<(StatusCode, axum::Json<Task>)> {
    let new = app::NewTask {
        kind: Some(body.kind),
        title: body.title,
        assignee: body.assignee.map(Assignee::Named).unwrap_or_default(),
        due: due(body.due_on)?.unwrap_or_default(),
    };
    let task = front.app().tasks().add(&caller, Some(&of(&id)), &new).await?;
    Ok((StatusCode::CREATED, axum::Json(task.into())))
}

/// Change a task, or say that it is done.
#[utoipa::path(patch, path = "/campaigns/{id}/tasks/{task}", tag = "campaigns", operation_id = "changeCampaignTask", request_body = TaskChange,
    params(("id" = String, Path, description = "Id or key of the campaign."), ("task" = i64, Path, description = "Number of the task.")),
    responses((status = 200, description = "The task.", body = Task)))]
async fn change(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path((id, task)): Path<(String, i64)>,
    Json(body): Json<TaskChange>,
) -> Answer<axum::Json<Task>> {
    let change = app::TaskChange {
        done: body.done,
        outcome: None,
        title: body.title,
        assignee: body.assignee.map(Assignee::Named),
        due: due(body.due_on)?,
    };
    let tasks = front.app().tasks();
    let task = tasks.numbered(&caller, &of(&id), task).await?;
    Ok(axum::Json(tasks.change(&caller, task, &change, None).await?.into()))
}

/// Take a task away.
#[utoipa::path(delete, path = "/campaigns/{id}/tasks/{task}", tag = "campaigns", operation_id = "deleteCampaignTask",
    params(("id" = String, Path, description = "Id or key of the campaign."), ("task" = i64, Path, description = "Number of the task.")),
    responses((status = 204, description = "It is gone.")))]
async fn delete(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path((id, task)): Path<(String, i64)>,
) -> Answer<StatusCode> {
    let tasks = front.app().tasks();
    let task = tasks.numbered(&caller, &of(&id), task).await?;
    tasks.delete(&caller, task).await?;
    Ok(StatusCode::NO_CONTENT)
}
