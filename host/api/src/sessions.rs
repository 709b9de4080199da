//! Signing in, and who is signed in where. A session's token is sent as a key is, and may do what its person's role may.

use super::Front;
use super::calls::Calls;
use super::described;
use super::extract::{Auth, Json, Path};
use super::page::{At, Page};
use super::roles::Branch;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use posthouse_app::AppError;
use posthouse_app::team::{self, Credentials, Entry, Scope, SessionEntry, SignedIn};
use posthouse_domain::Localized;
use posthouse_web::bodies::receive;
use posthouse_web::problem::Answer;
use posthouse_web::{crowd, observe};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

/// Most bytes of what somebody sends whom nobody knows yet.
const LARGEST: usize = 8 << 10;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&Scope::ALL, routes!(list))
        .open_to(&Scope::ALL, routes!(end))
}

/// Calls that take no key.
pub(super) fn open_routes(front: &Front) -> OpenApiRouter<Front> {
    OpenApiRouter::new()
        .routes(routes!(sign_in))
        .routes(routes!(join))
        .route_layer(from_fn_with_state(front.doors().clone(), observe::carry_out))
        .route_layer(from_fn_with_state(front.clone(), short))
        .layer(DefaultBodyLimit::max(LARGEST))
        .route_layer(from_fn_with_state(front.doors().clone(), crowd::admit))
}

/// Reads a short body, which is of no agency.
async fn short(State(front): State<Front>, mut request: Request, next: Next) -> Answer<Response> {
    let origin = front.doors().strangers().origin(&request);
    request.extensions_mut().insert(Origin(origin));
    receive(front.doors(), Uuid::nil(), LARGEST, request, next).await
}

/// From where a request comes.
#[derive(Debug, Clone, Copy)]
struct Origin(IpAddr);

/// From where somebody signs in.
#[derive(Debug)]
struct From {
    address: IpAddr,
    agent: String,
}

impl From {
    fn device(&self) -> team::Device<'_> {
        team::Device {
            address: self.address,
            agent: &self.agent,
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for From {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let origin = parts.extensions.get::<Origin>();
        let agent = parts.headers.get(header::USER_AGENT);
        Ok(Self {
            address: origin.map_or(Ipv4Addr::UNSPECIFIED.into(), |origin| origin.0),
            agent: agent
                .and_then(|agent| agent.to_str().ok())
                .unwrap_or_default()
                .to_owned(),
        })
    }
}

/// What somebody signs in with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "li.min@silk.example", "password": "seventh camel on the road"}))]
pub(crate) struct SignIn {
    /// The agency's slug; needed by those who are of the staff of several.
    #[serde(default)]
    agency: Option<String>,
    /// E-mail address.
    email: String,
    /// Password.
    #[schema(format = Password)]
    password: String,
    /// A code of their authenticator app, or a recovery code; needed by those who have a second factor.
    #[serde(default)]
    code: Option<String>,
}

/// With what somebody takes up an invitation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"token": "phi_01a204a1193a70a2bedfbaa8a47b6e03_…", "password": "seventh camel on the road"}))]
pub(crate) struct Join {
    /// What the link ends with.
    token: String,
    /// What people are to call them; as in the invitation if left out.
    #[serde(default)]
    name: Option<String>,
    /// The password that they choose: 10 characters or more.
    #[schema(format = Password)]
    password: String,
    /// A code of their authenticator app, or a recovery code; needed by those who have a second factor.
    #[serde(default)]
    code: Option<String>,
}

/// Somebody who is signed in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SignedIn)]
pub(crate) struct Opened {
    /// What is sent as `Authorization: Bearer TOKEN`; shown this once.
    token: String,
    /// Id of the session, for ending it.
    session: Uuid,
    /// When it ends if nothing is asked for; after 7 days in any case.
    ends_at: At,
    /// The agency's slug.
    agency: String,
    /// Who is signed in.
    person: Person,
}

/// A person as they see themselves.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Person {
    /// Id, as every `…_by` names them.
    id: Uuid,
    /// What people call them.
    name: String,
    /// E-mail address.
    email: String,
    /// Key of their role.
    role: String,
    /// What the role is called, by language.
    #[schema(value_type = described::Localized)]
    role_title: Localized,
    /// Where they work.
    branch: Option<Branch>,
}

impl std::convert::From<SignedIn> for Opened {
    fn from(SignedIn { token, session }: SignedIn) -> Self {
        let person = session.person;
        Self {
            token,
            session: session.id,
            ends_at: session.ends_at.into(),
            agency: session.caller.room.slug.clone(),
            person: Person {
                id: person.id,
                name: person.name,
                email: person.email,
                role: person.role,
                role_title: person.role_title,
                branch: person.branch.map(Branch::from),
            },
        }
    }
}

/// Sign in by e-mail address and password.
///
/// Whatever is not right is answered with `sign_in_refused`. After five wrong passwords in a row nobody is let in as this person for a while,
/// nor after many from one address: `locked_out`, with how long. Where the password is right and the person has a second factor, a sign-in without a code is answered with
/// `code_needed`, and one whose code is wrong or was used before with `code_refused`, which counts like a wrong password.
#[utoipa::path(post, path = "/sign-in", tag = "team", operation_id = "signIn", request_body = SignIn, security(),
    responses((status = 201, description = "The session, with its token, shown this once.", body = Opened)))]
async fn sign_in(State(front): State<Front>, from: From, Json(body): Json<SignIn>) -> Answer<impl IntoResponse> {
    let credentials = Credentials {
        agency: body.agency.as_deref(),
        email: &body.email,
        password: &body.password,
    };
    let entry = front.app().team().sign_in(credentials, from.device()).await?;
    let opened = whole(&front, entry, body.code.as_deref(), &from).await?;
    Ok((StatusCode::CREATED, axum::Json(Opened::from(opened))))
}

/// The session, with the code of somebody who has a second factor.
async fn whole(front: &Front, entry: Entry, code: Option<&str>, from: &From) -> Result<SignedIn, AppError> {
    match (entry, code) {
        (Entry::Half(half), Some(code)) => front.app().team().second_step(&half, code, from.device()).await,
        (entry, _) => entry.whole(),
    }
}

/// Take up an invitation, or choose a new password by a link.
///
/// The link opens nothing any more then, and sessions under an earlier password end. For somebody who has a second factor the password is changed, and a session begins
/// only with a code: without one the answer is `code_needed`, with a wrong one `code_refused`, and they sign in by the new password.
#[utoipa::path(post, path = "/join", tag = "team", operation_id = "join", request_body = Join, security(),
    responses((status = 201, description = "The session, with its token, shown this once.", body = Opened)))]
async fn join(State(front): State<Front>, from: From, Json(body): Json<Join>) -> Answer<impl IntoResponse> {
    let team = front.app().team();
    let name = body.name.as_deref().unwrap_or_default();
    let entry = team
        .accept_invitation(&body.token, name, &body.password, from.device())
        .await?;
    let opened = whole(&front, entry, body.code.as_deref(), &from).await?;
    Ok((StatusCode::CREATED, axum::Json(Opened::from(opened))))
}

/// A session as it is listed: without what opens it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Session {
    /// Id, for ending it.
    id: Uuid,
    /// Whose.
    staff: Uuid,
    /// What people call them.
    name: String,
    /// From which address it began.
    address: String,
    /// What the browser or program called itself.
    agent: String,
    /// When it began.
    began_at: At,
    /// When something was last asked for; a minute may be missing.
    seen_at: At,
    /// When it ends if nothing is asked for.
    ends_at: At,
}

impl std::convert::From<SessionEntry> for Session {
    fn from(session: SessionEntry) -> Self {
        Self {
            id: session.id,
            staff: session.person,
            name: session.name,
            address: session.address,
            agent: session.agent,
            began_at: session.began_at.into(),
            seen_at: session.seen_at.into(),
            ends_at: session.ends_at.into(),
        }
    }
}

/// Who is signed in where, the latest first: your own sessions, or everybody's with the scope `team`.
#[utoipa::path(get, path = "/sessions", tag = "team", operation_id = "listSessions",
    responses((status = 200, description = "All of them; `next` is always null.", body = Page<Session>)))]
async fn list(State(front): State<Front>, Auth(caller): Auth) -> Answer<axum::Json<Page<Session>>> {
    Ok(axum::Json(Page::whole(front.app().team().sessions(&caller).await?)))
}

/// End a session at once: one of your own, or anybody's with the scope `team`.
#[utoipa::path(delete, path = "/sessions/{id}", tag = "team", operation_id = "endSession", params(("id" = Uuid, Path, description = "Id of the session.")),
    responses((status = 204, description = "Its token opens nothing any more.")))]
async fn end(State(front): State<Front>, Auth(caller): Auth, Path(id): Path<Uuid>) -> Answer<StatusCode> {
    front.app().team().end_session(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
