//! Steps of a case's life. Each answers with the case as it stands then, or says what can be done instead.

use super::cases::{Case, shown};
use super::compensations::Promise;
use super::{maybe_one_of, one_of};
use crate::Front;
use crate::calls::Calls;
use crate::extract::{Auth, Json, OptionalJson, Path, if_match};
use crate::fixed;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use posthouse_app::complaints::{Deed, Links, Outcome, WaitFor};
use posthouse_app::team::{Caller, Scope};
use posthouse_domain::complaints::{Cause, Liability};
use posthouse_web::problem::Answer;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Intake], routes!(assign))
        .open_to(&[Scope::Intake], routes!(note))
        .open_to(&[Scope::Intake], routes!(reply))
        .open_to(&[Scope::Intake], routes!(wait))
        .open_to(&[Scope::Intake], routes!(answer))
        .open_to(&[Scope::Intake], routes!(propose))
        .open_to(&[Scope::Intake], routes!(accept))
        .open_to(&[Scope::Intake], routes!(resolve))
        .open_to(&[Scope::Intake], routes!(close))
        .open_to(&[Scope::Intake], routes!(reopen))
        .open_to(&[Scope::Intake], routes!(withdraw))
        .open_to(&[Scope::Intake], routes!(severity))
        .open_to(&[Scope::Intake], routes!(link))
}

/// Where a case goes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CaseAssign, example = json!({"desk": "senior", "text": "asks for the manager"}))]
struct Assign {
    /// Key of the desk; where it is, if left out.
    desk: Option<String>,
    /// Who of it; whoever of the desk has the fewest cases, if left out.
    person: Option<Uuid>,
    /// Why.
    text: Option<String>,
}

/// Something said, 1 to 4000 bytes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CaseText, example = json!({"text": "We have asked the hotel, and write again by tomorrow noon."}))]
struct Said {
    /// What.
    text: String,
}

/// Something that may be said.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CaseRemark)]
struct MaybeSaid {
    /// What.
    text: Option<String>,
}

/// Whom the agency waits for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CaseWait, example = json!({"for": "supplier", "text": "asked the hotel for the bill"}))]
struct Wait {
    /// The customer or a supplier. Clocks stand still meanwhile, but those that the law sets.
    #[serde(rename = "for")]
    #[schema(value_type = fixed::CaseWaitsFor)]
    for_whom: String,
    /// What for.
    text: Option<String>,
}

/// What the customer is offered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CaseProposal, example = json!({"text": "We give back the price of the lake view.",
    "compensations": [{"remedy": "refund", "amount": 68_000, "reason": "no lake view"}]}))]
struct Propose {
    /// In words for the customer.
    text: String,
    /// What the agency promises. What is above the limit of your role waits for another person.
    #[serde(default)]
    compensations: Vec<Promise>,
}

/// What becomes of a case.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CaseOutcome, example = json!({"text": "Refunded.", "root_cause": "The room was sold twice.", "rectification": "The hotel confirms rooms by name now."}))]
struct End {
    /// What the customer is told.
    text: Option<String>,
    /// Why it happened. A case the agency is answerable for is not closed without.
    root_cause: Option<String>,
    /// What was done so that it does not happen again. A case the agency is answerable for is not closed without.
    rectification: Option<String>,
    /// What was made of a suggestion: its author is told. A suggestion is not closed without.
    assessment: Option<String>,
}

impl From<End> for Outcome {
    fn from(end: End) -> Self {
        Self {
            root_cause: end.root_cause,
            rectification: end.rectification,
            assessment: end.assessment,
            text: end.text,
        }
    }
}

/// How grave a case is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CaseSeverity, example = json!({"severity": 1, "text": "an elderly guest was hurt"}))]
struct Graver {
    /// From 1, the gravest, to 4.
    #[schema(minimum = 1, maximum = 4)]
    severity: i32,
    /// Why.
    text: Option<String>,
}

/// What becomes known of a case; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CaseLinks, example = json!({"booking_id": "B-20481", "supplier": "Lakeside Hotel", "liability": "supplier"}))]
struct Known {
    /// Whose it is.
    customer_id: Option<Uuid>,
    /// The booking it is about.
    booking_id: Option<String>,
    /// Whose service it is about.
    supplier: Option<String>,
    /// Who guided the trip.
    guide: Option<String>,
    /// What it is about.
    #[schema(value_type = Option<fixed::CaseCause>)]
    cause: Option<String>,
    /// The agency's own word below that.
    cause_detail: Option<String>,
    /// Who is answerable.
    #[schema(value_type = Option<fixed::CaseLiability>)]
    liability: Option<String>,
}

async fn act(
    front: &Front,
    caller: &Caller,
    id: &str,
    headers: &HeaderMap,
    deed: Deed,
) -> Answer<impl IntoResponse + use<>> {
    let expected = if_match(headers)?.version();
    let view = front.app().complaints().act(caller, id, &deed, expected).await?;
    Ok(shown(view))
}

macro_rules! steps {
    ($($name:ident $path:literal $operation:literal $summary:literal $description:literal $Taken:ident($Body:ident) |$body:ident| $deed:expr;)+) => {$(
        #[utoipa::path(post, path = $path, tag = "complaints", operation_id = $operation, summary = $summary, description = $description,
            request_body = $Body,
            params(("id" = String, Path, description = "Id or number of the case."),
                ("If-Match" = Option<String>, Header, description = "`ETag` of the case as it was read.")),
            responses((status = 200, description = "The case.", body = Case)))]
        async fn $name(
            State(front): State<Front>,
            Auth(caller): Auth,
            Path(id): Path<String>,
            headers: HeaderMap,
            $Taken($body): $Taken<$Body>,
        ) -> Answer<impl IntoResponse> {
            let deed = $deed;
            act(&front, &caller, &id, &headers, deed).await
        }
    )+};
}

steps! {
    assign "/complaints/{id}/assign" "assignCase" "Send a case to a desk, to somebody, or both."
        "A person has the last word: rules begin anew from there."
        Json(Assign) |body| Deed::Assign(body.desk, body.person, body.text);
    note "/complaints/{id}/note" "noteOnCase" "Write something down that the customer does not see."
        "It changes neither state nor clocks."
        Json(Said) |body| Deed::Note(body.text);
    reply "/complaints/{id}/reply" "replyToCase" "Tell the customer something."
        "It stands on the customer's page, and counts as the first response or as the next update."
        Json(Said) |body| Deed::Reply(body.text);
    wait "/complaints/{id}/wait" "waitOnCase" "Say that the agency waits for somebody."
        "Clocks stand still until an answer comes, but those that the law sets."
        Json(Wait) |body| match one_of("for", &body.for_whom, &["customer", "supplier"], |one| one)? {
            "customer" => Deed::Wait(WaitFor::Customer, body.text),
            _ => Deed::Wait(WaitFor::Supplier, body.text),
        };
    answer "/complaints/{id}/answer" "answerCase" "Write down what the customer or a supplier has said."
        "Clocks that stood still go on, and the rule is asked again."
        Json(Said) |body| Deed::Answer(body.text);
    propose "/complaints/{id}/propose" "proposeOnCase" "Offer the customer something."
        "What the agency promises is booked at once within the limit of your role, and waits for another person above it."
        Json(Propose) |body| {
            let promised: Answer<Vec<_>> = body.compensations.into_iter().map(Promise::read).collect();
            Deed::Propose(body.text, promised?)
        };
    accept "/complaints/{id}/accept" "acceptOnCase" "Write down that the customer takes the offer."
        "The case is resolved."
        OptionalJson(MaybeSaid) |body| Deed::Accept(body.text);
    resolve "/complaints/{id}/resolve" "resolveCase" "Say that what was to be done is done."
        "Its clocks end."
        OptionalJson(End) |body| Deed::Resolve(body.into());
    close "/complaints/{id}/close" "closeCase" "Say that nobody has anything more to do."
        "Refused while a compensation waits, without root cause and rectification where the agency is answerable, and without an assessment of a suggestion."
        OptionalJson(End) |body| Deed::Close(body.into());
    reopen "/complaints/{id}/reopen" "reopenCase" "Take a case up again."
        "The rule is asked again, and clocks begin anew."
        Json(Said) |body| Deed::Reopen(body.text);
    withdraw "/complaints/{id}/withdraw" "withdrawCase" "Write down that the customer takes the case back."
        "Its clocks end."
        OptionalJson(MaybeSaid) |body| Deed::Withdraw(body.text);
    severity "/complaints/{id}/severity" "setCaseSeverity" "Say how grave a case is."
        "Clocks keep what they have used up, and a rule no longer finds it less grave."
        Json(Graver) |body| Deed::Severity(body.severity, body.text);
    link "/complaints/{id}/link" "linkCase" "Say what a case is about."
        "Customer, booking, supplier, guide, cause, who is answerable; the rule is asked again of another cause."
        Json(Known) |body| Deed::Link(Links {
            customer: body.customer_id,
            booking: body.booking_id,
            supplier: body.supplier,
            guide: body.guide,
            cause: maybe_one_of("cause", body.cause.as_deref(), Cause::ALL, Cause::as_str)?,
            cause_detail: body.cause_detail,
            liability: maybe_one_of("liability", body.liability.as_deref(), Liability::ALL, Liability::as_str)?,
        });
}
