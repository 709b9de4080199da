//! The form by which anybody can complain, and a case's own page for whoever did: on a phone, without signing in. It shows what the customer may see and
//! nothing of anybody else.

use super::case::saved;
use super::typed::maybe;
use crate::Desk;
use crate::door::Bare;
use crate::fault::{Answer, page};
use crate::ui::Ui;
use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Form, Path, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use posthouse_app::AppError;
use posthouse_app::complaints::{Contact, Deed, LARGEST_FILE, NewCase, OwnCase};
use posthouse_domain::complaints::{Kind, Step};
use posthouse_domain::words;
use posthouse_web::Problem;
use posthouse_web::uploads::{self, Expected};
use serde::Deserialize;
use std::io::{Read, Seek};

/// Largest form: 16,000 bytes of text as a browser writes them, three signs for each.
const FORM: usize = 64 << 10;

pub(crate) fn routes() -> Router<Desk> {
    let forms = Router::new()
        .route("/p/{agency}/complaint", get(form).post(complain))
        .route("/p/{agency}/c/{token}", get(open).post(act))
        .layer(DefaultBodyLimit::max(FORM));
    Router::new()
        .route("/p/{agency}/c/{token}/files", post(attach))
        .route("/p/{agency}/c/{token}/files/{nth}", get(file))
        .layer(DefaultBodyLimit::max(LARGEST_FILE + uploads::ENVELOPE))
        .merge(forms)
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
struct Sent {
    kind: String,
    text: String,
    name: String,
    phone: String,
    email: String,
    booking: String,
}

#[derive(Template)]
#[template(path = "complaints/form.html")]
struct Empty {
    ui: Ui,
    slug: String,
    agency: String,
    sent: Sent,
    problem: Option<String>,
    kinds: &'static [Kind],
}

async fn drawn(desk: &Desk, ui: Ui, slug: String, sent: Sent, problem: Option<String>) -> Answer {
    let (_, agency) = desk.app().complaints().reception(&slug).await?;
    page(&Empty {
        ui,
        slug,
        agency,
        sent,
        problem,
        kinds: Kind::ALL,
    })
}

async fn form(State(desk): State<Desk>, bare: Bare, Path(slug): Path<String>) -> Answer {
    drawn(&desk, bare.into(), slug, Sent::default(), None).await
}

/// Who asks, for the bound on what one address may send.
fn admit(desk: &Desk, request: &Request) -> Answer<()> {
    let origin = desk.doors().strangers().origin(request);
    Ok(desk.posts().admit(origin)?)
}

async fn complain(State(desk): State<Desk>, bare: Bare, Path(slug): Path<String>, request: Request) -> Answer {
    admit(&desk, &request)?;
    let ui = Ui::from(bare);
    let sent: Sent = sent(request).await?;
    let complaints = desk.app().complaints();
    let (room, _) = complaints.reception(&slug).await?;
    let new = NewCase {
        contact: Contact {
            name: maybe(&sent.name),
            phone: maybe(&sent.phone),
            email: maybe(&sent.email),
        },
        booking: maybe(&sent.booking),
        kind: Kind::parse(&sent.kind).unwrap_or(Kind::Complaint),
        channel: "web".to_owned(),
        text: sent.text.clone(),
        ..NewCase::default()
    };
    if new.contact == Contact::default() && new.booking.is_none() {
        let problem = ui.say("complaints-form-who").to_string();
        return drawn(&desk, ui, slug, sent, Some(problem)).await;
    }
    match complaints.complain(&room, &new).await {
        Ok(path) => Ok(Redirect::to(&path).into_response()),
        Err(AppError::Invalid(why)) => {
            let problem = why.detail.get(ui.language).to_owned();
            drawn(&desk, ui, slug, sent, Some(problem)).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn sent<T: serde::de::DeserializeOwned>(request: Request) -> Answer<T> {
    use axum::extract::FromRequest;
    let read = Form::<T>::from_request(request, &()).await;
    let wrong = |_| {
        Problem::unprocessable(
            "bad_form",
            words!("the form cannot be read, or is too large", "表单无法读取或过大"),
        )
    };
    Ok(read.map_err(wrong)?.0)
}

#[derive(Template)]
#[template(path = "complaints/own.html")]
struct Page {
    ui: Ui,
    slug: String,
    token: String,
    own: OwnCase,
    problem: Option<String>,
}

impl Page {
    fn can(&self, step: &str) -> bool {
        self.own.possible.iter().any(|one| one.as_str() == step)
    }

    fn rated(&self, rating: i32) -> bool {
        self.own.rating == Some(rating)
    }
}

async fn shown(desk: &Desk, bare: Bare, slug: String, token: String, problem: Option<String>) -> Answer {
    let own = desk.app().complaints().own_page(&slug, &token).await?;
    let ui = Ui::of(&own.room.terms, Ui::from(bare).language, desk.app().now());
    let mut answer = page(&Page {
        ui,
        slug,
        token,
        own,
        problem,
    })?;
    let headers = answer.headers_mut();
    // the address is what opens it: it is kept nowhere, told to nobody and found by no search
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        HeaderName::from_static("x-robots-tag"),
        HeaderValue::from_static("noindex, nofollow"),
    );
    Ok(answer)
}

async fn open(State(desk): State<Desk>, bare: Bare, Path((slug, token)): Path<(String, String)>) -> Answer {
    shown(&desk, bare, slug, token, None).await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Deeds {
    step: String,
    text: String,
    rating: String,
}

/// Back to the page, or to it with what is wrong.
async fn back(desk: &Desk, bare: Bare, (slug, token): (String, String), result: Result<(), AppError>) -> Answer {
    match result {
        Ok(()) => Ok(Redirect::to(&format!("/p/{slug}/c/{token}")).into_response()),
        Err(AppError::Invalid(why) | AppError::Conflict(why)) => {
            let problem = why.detail.get(Ui::from(bare).language).to_owned();
            shown(desk, bare, slug, token, Some(problem)).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn act(
    State(desk): State<Desk>,
    bare: Bare,
    Path((slug, token)): Path<(String, String)>,
    request: Request,
) -> Answer {
    admit(&desk, &request)?;
    let sent: Deeds = sent(request).await?;
    let text = || sent.text.clone();
    let deed = match sent.step.as_str() {
        step if step == Step::Answer.as_str() => Deed::Answer(text()),
        step if step == Step::Accept.as_str() => Deed::Accept(maybe(&sent.text)),
        step if step == Step::Withdraw.as_str() => Deed::Withdraw(maybe(&sent.text)),
        step if step == Step::Reopen.as_str() => Deed::Reopen(text()),
        step if step == Step::Rate.as_str() => Deed::Rate(sent.rating.parse().unwrap_or_default(), maybe(&sent.text)),
        _ => return Err(AppError::NotFound("complaint").into()),
    };
    let done = desk.app().complaints().act_on_own(&slug, &token, &deed).await;
    back(&desk, bare, (slug, token), done).await
}

async fn attach(
    State(desk): State<Desk>,
    bare: Bare,
    Path((slug, token)): Path<(String, String)>,
    request: Request,
) -> Answer {
    admit(&desk, &request)?;
    // whoever has no case of theirs sends no file
    desk.app().complaints().own_page(&slug, &token).await?;
    let expected = Expected {
        http: desk.doors().http(),
        folder: desk.uploads(),
        texts: &[],
    };
    let mut upload = uploads::receive(expected, request).await?;
    if upload.size > LARGEST_FILE as u64 {
        return Err(Problem::too_large(LARGEST_FILE).into());
    }
    let mut content = Vec::with_capacity(upload.size as usize);
    let read = upload
        .file
        .rewind()
        .and_then(|()| upload.file.read_to_end(&mut content));
    read.map_err(|error| {
        tracing::error!(%error, "a received file could not be read");
        Problem::internal()
    })?;
    let attached = desk
        .app()
        .complaints()
        .attach_to_page(&slug, &token, &upload.name, content)
        .await;
    back(&desk, bare, (slug, token), attached.map(drop)).await
}

async fn file(State(desk): State<Desk>, Path((slug, token, nth)): Path<(String, String, i32)>) -> Answer<Response> {
    let (file, content) = desk.app().complaints().own_file(&slug, &token, nth).await?;
    Ok(saved(&file, content))
}
