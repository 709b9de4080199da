//! The statement of a member: what there was, what moved and why, and what there is.

use super::day;
use crate::Front;
use crate::calls::Calls;
use crate::extract::{Auth, Path, Query};
use crate::fixed;
use crate::page::At;
use crate::reason::Reason;
use axum::extract::State;
use posthouse_app::loyalty as app;
use posthouse_app::team::Scope;
use posthouse_domain::Day;
use posthouse_web::problem::Answer;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new().open_to(&[Scope::Read], routes!(statement))
}

/// The sums of a statement.
#[derive(Debug, Serialize, ToSchema)]
struct Sums {
    /// Points that can be spent.
    available: i64,
    /// Points that are still to become so.
    pending: i64,
    /// Points set aside.
    held: i64,
    /// Points taken back and already spent.
    owed: i64,
    /// Status that counts.
    status: i64,
}

impl From<app::Sums> for Sums {
    fn from(sums: app::Sums) -> Self {
        Self {
            available: sums.available,
            pending: sums.pending,
            held: sums.held,
            owed: sums.owed,
            status: sums.status,
        }
    }
}

/// What there is of a wallet, or by how much that changed.
#[derive(Debug, Serialize, ToSchema)]
struct Amounts {
    /// What waits.
    pending: i64,
    /// What can be spent, or counts.
    available: i64,
    /// What is set aside.
    held: i64,
    /// What is owed.
    owed: i64,
}

impl From<[i64; 4]> for Amounts {
    fn from([pending, available, held, owed]: [i64; 4]) -> Self {
        Self {
            pending,
            available,
            held,
            owed,
        }
    }
}

/// A line of a statement.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StatementLine)]
struct Line {
    /// Counts from 1.
    number: i64,
    /// When, by the business clock.
    at: At,
    /// Where it moved.
    #[schema(value_type = fixed::Wallet)]
    wallet: String,
    /// What happened.
    #[schema(value_type = fixed::PointsMovement)]
    kind: String,
    /// What changed.
    changed: Amounts,
    /// What there was behind it.
    balance: Amounts,
    /// The binding whose rule posted it; `null` for what the server does by itself.
    binding: Option<String>,
    /// The rule's reason.
    reason: Option<Reason>,
    /// The decision, which `GET /decisions/{id}` shows.
    decision: Option<Uuid>,
    /// What it goes back to, as `booking-confirmed`; `null` where nothing in particular is behind it.
    #[schema(example = "booking-confirmed")]
    occasion: Option<String>,
    /// The booking it goes back to.
    #[schema(example = "B-20881")]
    booking_id: Option<String>,
}

impl From<app::Line> for Line {
    fn from(line: app::Line) -> Self {
        Self {
            number: line.nth,
            at: line.at.into(),
            wallet: line.wallet,
            kind: line.kind,
            changed: line.moved.into(),
            balance: line.after.into(),
            occasion: line.occasion,
            booking_id: line.booking,
            binding: line.binding,
            reason: line.reason.map(Into::into),
            decision: line.decision,
        }
    }
}

/// A statement of some days.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MemberStatement)]
struct Statement {
    /// What there was on the evening before the first day.
    opening: Sums,
    /// The lines, the earliest first.
    items: Vec<Line>,
    /// What there was on the evening of the last day.
    closing: Sums,
    /// Send it as `cursor` to get the next page; `null` on the last one.
    next: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Span {
    /// The first day; the beginning if left out.
    #[param(example = "2026-01-01")]
    from: Option<String>,
    /// The last day; today if left out.
    #[param(example = "2026-01-31")]
    to: Option<String>,
    /// Lines of the page, 1 to 1000; 100 if left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<i64>,
}

/// The statement of a member.
#[utoipa::path(get, path = "/members/{customer_id}/ledger", tag = "loyalty", operation_id = "getMemberStatement",
    params(("customer_id" = Uuid, Path, description = "Id of the customer."), Span),
    responses((status = 200, description = "What there was, what moved and why, and what there is.", body = Statement)))]
async fn statement(
    State(front): State<Front>,
    Auth(caller): Auth,
    Path(customer): Path<Uuid>,
    Query(span): Query<Span>,
) -> Answer<axum::Json<Statement>> {
    let limit = front.limit(span.limit)?;
    let from = span.from.as_deref().map(|text| day("from", text)).transpose()?;
    let to = span.to.as_deref().map(|text| day("to", text)).transpose()?;
    let today = caller.room.day_of(front.app().now());
    let days = (from.unwrap_or(Day::MIN), to.unwrap_or(today));
    let after = span.cursor.unwrap_or(0);
    let found = front
        .app()
        .loyalty()
        .statement(
            &caller,
            customer,
            &app::StatementFilter::of_days(days.0, days.1),
            after,
            limit,
        )
        .await?;
    Ok(axum::Json(Statement {
        opening: found.opening.into(),
        items: found.lines.into_iter().map(Into::into).collect(),
        closing: found.closing.into(),
        next: found.next.map(|number| number.to_string()),
    }))
}
