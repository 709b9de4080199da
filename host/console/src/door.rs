//! Who asks: sessions in a cookie, forms that only our own pages can send, and the policy that every page comes with.

use crate::Desk;
use crate::fault::{Undrawn, draw};
use crate::second_factor::first;
use crate::shell::frame::Shell;
use crate::shell::lead::leave_for;
use crate::ui::Ui;
use crate::uploads::{self, FORM_BYTES};
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use posthouse_app::AppError;
use posthouse_app::team::{Device, Session, SignedIn};
use posthouse_domain::money::Currency;
use posthouse_domain::{Language, words};
use posthouse_web::crowd::Held;
use posthouse_web::observe::Known;
use posthouse_web::{Problem, bodies, observe, reader};
use std::net::IpAddr;

/// Only our own files are loaded, only our own addresses asked, and nobody puts our pages into theirs.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Somebody who is signed in. A handler that asks for one is never reached by anybody else.
#[derive(Debug, Clone)]
pub(crate) struct Staff(pub(crate) Session);

/// How a page is written for whoever asks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bare(pub(crate) Ui);

/// The language and terms of a page.
impl From<Bare> for Ui {
    fn from(bare: Bare) -> Self {
        bare.0
    }
}

/// Whether a page asks for a part of itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part(pub(crate) bool);

/// Whether scripts of ours run on the page that asks: its answer can say more than where to go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scripted(pub(crate) bool);

impl<S: Send + Sync> FromRequestParts<S> for Scripted {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.headers.contains_key("hx-request")))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Staff {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        parts.extensions.get::<Self>().cloned().ok_or(StatusCode::UNAUTHORIZED)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Bare {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        parts
            .extensions
            .get::<Self>()
            .copied()
            .ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Part {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of(&parts.headers))
    }
}

impl Part {
    fn of(headers: &HeaderMap) -> Self {
        Self(headers.contains_key("hx-request") && !headers.contains_key("hx-boosted"))
    }
}

/// A cookie of ours.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cookie {
    /// The token of a session.
    Session,
    /// The token of somebody who has still to say a code.
    Half,
    /// What somebody brings back from the provider of sign-ins.
    Errand,
}

impl Cookie {
    /// Its name. Where browsers speak TLS it is bound to this host and to TLS.
    fn name(self, desk: &Desk) -> &'static str {
        match (self, desk.doors().http().tls_in_front) {
            (Self::Session, true) => "__Host-posthouse",
            (Self::Session, false) => "posthouse",
            (Self::Half, true) => "__Host-posthouse-half",
            (Self::Half, false) => "posthouse-half",
            (Self::Errand, true) => "__Host-posthouse-errand",
            (Self::Errand, false) => "posthouse-errand",
        }
    }

    /// What a request has in it.
    pub(crate) fn read(self, desk: &Desk, headers: &HeaderMap) -> Option<String> {
        token(headers, self.name(desk)).map(str::to_owned)
    }

    /// Has the browser keep something in it, or forget it. A session's goes when the browser closes, the others within minutes.
    pub(crate) fn put(self, desk: &Desk, value: Option<&str>, mut response: Response) -> Response {
        let secure = if desk.doors().http().tls_in_front {
            "; Secure"
        } else {
            ""
        };
        let age = match (self, value) {
            (_, None) => "; Max-Age=0",
            (Self::Session, _) => "",
            (Self::Half, _) => "; Max-Age=300",
            (Self::Errand, _) => "; Max-Age=600",
        };
        let (name, value) = (self.name(desk), value.unwrap_or_default());
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}");
        if let Ok(text) = HeaderValue::from_str(&text) {
            response.headers_mut().append(header::SET_COOKIE, text);
        }
        response
    }
}

fn token<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let cookies = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// Has the browser keep a session.
pub(crate) fn keep(desk: &Desk, signed_in: &SignedIn, response: Response) -> Response {
    let response = Cookie::Session.put(desk, Some(&signed_in.token), response);
    Cookie::Half.put(desk, None, response)
}

/// Has the browser forget a session.
pub(crate) fn forget(desk: &Desk, response: Response) -> Response {
    Cookie::Session.put(desk, None, response)
}

/// The address and browser of a request.
pub(crate) fn device(desk: &Desk, request: &Parts) -> (IpAddr, String) {
    let origin = desk
        .doors()
        .strangers()
        .origin_of(&request.extensions, &request.headers);
    let agent = request
        .headers
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok());
    (origin, agent.unwrap_or_default().to_owned())
}

/// The same for the app.
pub(crate) fn from_device((address, agent): &(IpAddr, String)) -> Device<'_> {
    Device {
        address: *address,
        agent,
    }
}

/// Every answer says what its page may load.
pub(crate) async fn policy(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    // a page whose address is a secret has said more
    let referrer = headers.entry(header::REFERRER_POLICY);
    referrer.or_insert(HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    response
}

/// A page for somebody who need not be signed in.
pub(crate) async fn anybody(State(desk): State<Desk>, mut request: Request, next: Next) -> Response {
    let asked = asked(request.uri().query());
    let ui = stranger(&desk, asked.unwrap_or_else(reader::language));
    request.extensions_mut().insert(Bare(ui));
    if is_write(request.method()) && !is_from_here(request.headers()) {
        return draw(foreign(), ui, None);
    }
    finish(next.run(request).await, ui, None)
}

/// A page for somebody who is signed in, and nobody else.
pub(crate) async fn signed_in(State(desk): State<Desk>, request: Request, next: Next) -> Response {
    let ui = stranger(&desk, reader::language());
    let Some(token) = Cookie::Session.read(&desk, request.headers()) else {
        return sign_in_first(&request, ui);
    };
    match desk.app().team().session(&token).await {
        Ok(session) => let_in(&desk, (token, session), request, next).await,
        Err(AppError::Unauthorised) => forget(&desk, sign_in_first(&request, ui)),
        Err(error) => draw(error.into(), ui, None),
    }
}

async fn let_in(desk: &Desk, (token, session): (String, Session), request: Request, next: Next) -> Response {
    let chosen = session.person.language.as_deref().and_then(Language::of_tag);
    let language = chosen.unwrap_or_else(reader::language);
    let mut ui = Ui::of(&session.caller.room.terms, language, desk.app().now());
    // a page without them is better than none
    ui.rail = desk.app().today().rail(&session.caller).await.ok();
    tracing::Span::current().record("agency", session.caller.room.slug.as_str());
    let slug = session.caller.room.slug.clone();
    let stale = session.is_stale;
    if session.must_enrol && !first::is_open(request.uri().path()) {
        let Part(is_part) = Part::of(request.headers());
        return match is_write(request.method()) {
            true => draw(first::first(), ui, Some(Shell::new(&session, ui, ""))),
            false => leave_for(first::PATH, is_part),
        };
    }
    let answered = answer(desk, session.clone(), ui, request, next).await;
    let shell = Shell::new(&session, ui, "");
    let mut response = match answered {
        Ok(response) => finish(response, ui, Some(shell)),
        Err(problem) => draw(problem, ui, Some(shell)),
    };
    response.extensions_mut().insert(Known(slug));
    // whoever has just signed out or changed their password has said what becomes of the cookie
    if stale
        && !response.headers().contains_key(header::SET_COOKIE)
        && let Ok(fresh) = desk.app().team().rotate(&token).await
    {
        return keep(desk, &fresh, response);
    }
    response
}

async fn answer(desk: &Desk, session: Session, ui: Ui, mut request: Request, next: Next) -> Result<Response, Problem> {
    let place = desk.doors().crowd().place(&request, session.caller.actor)?;
    let held = request.extensions().get::<Held>().cloned().map(|held| held.with(place));
    if let Some(held) = held.clone() {
        request.extensions_mut().insert(held);
    }
    let is_write = is_write(request.method());
    if is_write && !is_from_here(request.headers()) {
        return Err(foreign());
    }
    request.extensions_mut().insert(Bare(ui));
    let agency = session.caller.room.id;
    let csrf = session.csrf.clone();
    request.extensions_mut().insert(Staff(session));
    if !is_write {
        let response = next.run(request).await;
        drop(held);
        return Ok(response);
    }
    // only our own pages know the token, which comes in a header or as a field
    let named = request
        .headers()
        .get("x-csrf")
        .is_some_and(|sent| same(sent.as_bytes(), csrf.as_bytes()));
    // a file is not read here: whoever takes it puts it away piece by piece
    let is_file = uploads::is_streamed(request.uri().path());
    if is_file && !named {
        return Err(foreign());
    }
    let request = match is_file {
        true => request,
        false => received(desk, agency, request).await?,
    };
    let request = if named {
        request
    } else {
        with_field(request, &csrf).await?
    };
    let doors = State(desk.doors().clone());
    // what a form began is finished whoever waits for it
    Ok(observe::carry_out(doors, request, next).await)
}

/// The request with its body read, within bounds of size, pace and memory.
async fn received(desk: &Desk, agency: uuid::Uuid, request: Request) -> Result<Request, Problem> {
    let most = uploads::most(desk, request.uri().path());
    bodies::read(desk.doors(), agency, most, request).await
}

/// Compares two secrets in the same time wherever they differ.
fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

/// Passes a form that has the token among its fields.
async fn with_field(request: Request, csrf: &str) -> Result<Request, Problem> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, FORM_BYTES).await.map_err(|_| bodies::broken_off())?;
    let has = body
        .split(|byte| *byte == b'&')
        .filter_map(|field| field.strip_prefix(b"csrf="))
        .any(|sent| same(sent, csrf.as_bytes()));
    if !has {
        return Err(foreign());
    }
    Ok(Request::from_parts(parts, Body::from(body)))
}

fn is_write(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether a browser says that one of our own pages sends this. One that says nothing is old, and its form has the token.
fn is_from_here(headers: &HeaderMap) -> bool {
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match said("sec-fetch-site") {
        Some(site) => matches!(site, "same-origin" | "none"),
        None => match (said("origin"), said("host")) {
            (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, name)| name == host),
            _ => true,
        },
    }
}

fn foreign() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "foreign_form",
        words!(
            "this form was not sent by a page of your session; open the page again and send it from there",
            "此表单并非由您当前会话的页面发出；请重新打开页面后提交"
        ),
    )
}

/// Where somebody signs in, and where they wanted to go. A part of a page says only that it is over.
fn sign_in_first(request: &Request, ui: Ui) -> Response {
    if request.headers().contains_key("hx-request") || is_write(request.method()) {
        let detail = words!("your session is over; sign in again", "会话已结束；请重新登录");
        return draw(Problem::new(StatusCode::UNAUTHORIZED, "session_over", detail), ui, None);
    }
    let wanted = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let wanted = utf8_percent_encode(wanted, NON_ALPHANUMERIC);
    match wanted.to_string().as_str() {
        "%2F" => Redirect::to("/sign-in").into_response(),
        wanted => Redirect::to(&format!("/sign-in?next={wanted}")).into_response(),
    }
}

/// The language that a page outside was asked for with `?lang=`.
fn asked(query: Option<&str>) -> Option<Language> {
    query?
        .split('&')
        .find_map(|field| field.strip_prefix("lang="))
        .and_then(Language::of_tag)
}

/// The address of this server as the reader's browser knows it; nothing where it does not say.
pub(crate) fn origin(desk: &Desk, parts: &Parts) -> String {
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| parts.uri.authority().map(|authority| authority.as_str()));
    let scheme = if desk.doors().http().tls_in_front {
        "https"
    } else {
        "http"
    };
    host.map_or_else(String::new, |host| format!("{scheme}://{host}"))
}

/// How pages are written for somebody of no agency.
fn stranger(desk: &Desk, language: Language) -> Ui {
    Ui {
        language,
        zone: chrono_tz::UTC,
        currency: Currency::parse("CNY").unwrap_or_else(|| unreachable!("three letters")),
        now: desk.app().now(),
        rail: None,
    }
}

/// Draws the page of an answer that is only a problem yet.
fn finish(mut response: Response, ui: Ui, shell: Option<Shell>) -> Response {
    match response.extensions_mut().remove::<Undrawn>() {
        Some(Undrawn(problem)) => draw(problem, ui, shell),
        None => response,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_found_among_other_cookies() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=b; posthouse=phs_1;c=d"));
        assert_eq!(token(&headers, "posthouse"), Some("phs_1"));
        assert_eq!(token(&headers, "__Host-posthouse"), None);
    }

    #[test]
    fn only_our_own_pages_send_forms() {
        let says = |pairs: &[(&'static str, &'static str)]| {
            let headers = pairs
                .iter()
                .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
            is_from_here(&HeaderMap::from_iter(headers.collect::<Vec<(header::HeaderName, _)>>()))
        };
        assert!(says(&[("sec-fetch-site", "same-origin")]) && says(&[("sec-fetch-site", "none")]));
        assert!(!says(&[("sec-fetch-site", "same-site")]) && !says(&[("sec-fetch-site", "cross-site")]));
        assert!(says(&[("origin", "http://127.0.0.1:7300"), ("host", "127.0.0.1:7300")]));
        assert!(!says(&[("origin", "http://evil.example"), ("host", "127.0.0.1:7300")]));
        assert!(!says(&[("origin", "null"), ("host", "127.0.0.1:7300")]));
    }

    #[test]
    fn secrets_are_compared_whole() {
        assert!(same(b"abc", b"abc") && !same(b"abc", b"abd") && !same(b"abc", b"ab") && !same(b"", b"a"));
    }
}
