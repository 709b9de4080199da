//! What puts a case right.

use super::one_of;
use crate::Front;
use crate::calls::Calls;
use crate::extract::{Auth, Json, OptionalJson, Path};
use crate::fixed;
use crate::page::{At, Page};
use axum::extract::State;
use axum::http::StatusCode;
use posthouse_app::complaints::{CompensationView, Promised};
use posthouse_app::team::Scope;
use posthouse_domain::complaints::{self as domain, Remedy};
use posthouse_domain::words;
use posthouse_web::problem::{Answer, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Read], routes!(list))
        .open_to(&[Scope::Intake, Scope::Approvals], routes!(reject))
}

/// Calls whose answers hold codes and are never kept.
pub(super) fn secret_routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Intake], routes!(promise))
        .open_to(&[Scope::Intake, Scope::Approvals], routes!(approve))
}

/// What the agency promises.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewCompensation, example = json!({"remedy": "points", "amount": 2_000, "reason": "three hours at the coach stop"}))]
pub(super) struct Promise {
    /// What. `refund` and `gift` become tasks, `discount` a coupon, `points` a line of the member's statement.
    #[schema(value_type = fixed::Remedy)]
    remedy: String,
    /// Minor units of the agency's currency, or points; nothing of an apology.
    #[serde(default)]
    amount: i64,
    /// Why, at most 4000 bytes.
    reason: Option<String>,
    /// The campaign of a coupon.
    campaign_id: Option<Uuid>,
    /// The batch that the coupon is added to.
    batch_id: Option<Uuid>,
}

impl Promise {
    pub(super) fn read(self) -> Answer<Promised> {
        let coupon = match (self.campaign_id, self.batch_id) {
            (Some(campaign), Some(batch)) => Some((campaign, batch)),
            (None, None) => None,
            _ => {
                return Err(Problem::unprocessable(
                    "bad_complaint",
                    words!(
                        "campaign_id and batch_id name a coupon together",
                        "campaign_id 与 batch_id 须同时给出"
                    ),
                ));
            }
        };
        Ok(Promised {
            what: domain::Compensation {
                remedy: one_of("remedy", &self.remedy, Remedy::ALL, Remedy::as_str)?,
                amount: self.amount,
            },
            reason: self.reason,
            coupon,
        })
    }
}

/// What was promised, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
struct Compensation {
    /// Id.
    id: Uuid,
    /// The case.
    complaint_id: Uuid,
    /// What.
    #[schema(value_type = fixed::Remedy)]
    remedy: &'static str,
    /// Minor units, or points.
    amount: i64,
    /// Why.
    reason: Option<String>,
    /// Whether it waits for another person, was carried out, or somebody said no.
    #[schema(value_type = fixed::CompensationState)]
    state: String,
    /// Who promised it; `null` if a rule proposes it.
    proposed_by: Option<Uuid>,
    /// The rule's decision.
    decision_id: Option<Uuid>,
    /// When.
    proposed_at: At,
    /// Who said yes or no.
    decided_by: Option<Uuid>,
    /// When.
    decided_at: Option<At>,
    /// What they said.
    note: Option<String>,
    /// The task of whoever carries it out.
    task_id: Option<Uuid>,
    /// The code of a coupon: in the answer that made it, and nowhere else.
    code: Option<String>,
    /// What it has cost, in minor units.
    cost: i64,
}

impl From<CompensationView> for Compensation {
    fn from(view: CompensationView) -> Self {
        Self {
            id: view.id,
            complaint_id: view.case,
            remedy: view.what.remedy.as_str(),
            amount: view.what.amount,
            reason: view.reason,
            state: view.state,
            proposed_by: view.proposed_by,
            decision_id: view.decision,
            proposed_at: view.proposed_at.into(),
            decided_by: view.decided_by,
            decided_at: view.decided_at.map(At),
            note: view.note,
            task_id: view.task,
            code: view.code,
            cost: view.cost,
        }
    }
}

/// What is said with a yes or no.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CompensationNote)]
struct Said {
    /// What, at most 4000 bytes.
    note: Option<String>,
}

/// Promise something for a case.
///
/// Within the limit of your role it is carried out at once and `approved`; above it waits for another person.
#[utoipa::path(post, path = "/complaints/{id}/compensations", tag = "complaints", operation_id = "promiseCompensation", request_body = Promise,
    params(("id" = String, Path, description = "Id or number of the case.")),
    responses((status = 201, description = "The compensation.", body = Compensation)))]
async fn promise(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<String>,
    Json(body): Json<Promise>,
) -> Answer<(StatusCode, axum::Json<Compensation>)> {
    let view = front.app().complaints().promise(&caller, &id, &body.read()?).await?;
    Ok((StatusCode::CREATED, axum::Json(view.into())))
}

/// What was promised for a case.
#[utoipa::path(get, path = "/complaints/{id}/compensations", tag = "complaints", operation_id = "listCompensations",
    params(("id" = String, Path, description = "Id or number of the case.")),
    responses((status = 200, description = "In the order in which they were promised.", body = Page<Compensation>)))]
async fn list(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<String>,
) -> Answer<axum::Json<Page<Compensation>>> {
    Ok(axum::Json(Page::whole(
        front.app().complaints().compensations(&caller, &id).await?,
    )))
}

/// Agree to a compensation, which is carried out at once.
///
/// Above the limit of your role it takes the scope `approvals`, and another person than the one who promised it.
#[utoipa::path(post, path = "/compensations/{id}/approve", tag = "complaints", operation_id = "approveCompensation", request_body = Said,
    params(("id" = Uuid, Path, description = "Id of the compensation.")),
    responses((status = 200, description = "The compensation.", body = Compensation)))]
async fn approve(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
    OptionalJson(said): OptionalJson<Said>,
) -> Answer<axum::Json<Compensation>> {
    let view = front
        .app()
        .complaints()
        .approve(&caller, id, said.note.as_deref())
        .await?;
    Ok(axum::Json(view.into()))
}

/// Say no to a compensation.
#[utoipa::path(post, path = "/compensations/{id}/reject", tag = "complaints", operation_id = "rejectCompensation", request_body = Said,
    params(("id" = Uuid, Path, description = "Id of the compensation.")),
    responses((status = 200, description = "The compensation.", body = Compensation)))]
async fn reject(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(id): Path<Uuid>,
    OptionalJson(said): OptionalJson<Said>,
) -> Answer<axum::Json<Compensation>> {
    let view = front
        .app()
        .complaints()
        .reject(&caller, id, said.note.as_deref())
        .await?;
    Ok(axum::Json(view.into()))
}
