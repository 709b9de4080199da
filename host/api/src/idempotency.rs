//! `Idempotency-Key`: the same request with the same key gets the same answer, and is carried out once.

use super::Front;
use super::beside::work_through;
use super::extract::Allowed;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use posthouse_app::idempotency::{Kept, KeptAnswer};
use posthouse_app::team::{Caller, Rows};
use posthouse_domain::{Words, words};
use posthouse_web::bodies::broken_off;
use posthouse_web::problem::{Answer, Problem, Turned};
use sha2::{Digest, Sha256};
use std::time::Duration;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// Headers that belong to an answer.
const KEPT: [HeaderName; 4] = [
    header::CONTENT_LANGUAGE,
    header::CONTENT_TYPE,
    header::ETAG,
    header::LOCATION,
];
/// How often an answer that is about to be kept is looked for, and how long between two looks.
const LOOKS: u32 = 40;
const PAUSE: Duration = Duration::from_millis(25);
/// Largest answer that is kept; no write answers that much.
const LARGEST: usize = 64 << 20;

/// Honours the header on every write but uploads of files, whose handler does it when it knows the file.
pub(crate) async fn once(State(front): State<Front>, request: Request, next: Next) -> Answer<Response> {
    honour(&front, request, next, true).await
}

/// The same for calls whose answers hold a secret and are not kept.
pub(crate) async fn once_in_secret(State(front): State<Front>, request: Request, next: Next) -> Answer<Response> {
    honour(&front, request, next, false).await
}

async fn honour(front: &Front, request: Request, next: Next, keeps: bool) -> Answer<Response> {
    let writes = matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH);
    let multipart = request
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"multipart/"));
    let Some(key) = key(request.headers())?.filter(|_| writes && !multipart) else {
        return Ok(next.run(request).await);
    };
    let Allowed(caller) = request
        .extensions()
        .get::<Allowed>()
        .cloned()
        .ok_or_else(Problem::internal)?;
    let (parts, body) = request.into_parts();
    // it has been received within the limit of its call
    let body = to_bytes(body, usize::MAX).await.map_err(|_| broken_off())?;
    let address = parts.uri.path_and_query().map_or("", |address| address.as_str());
    let (method, asked, read) = (parts.method.to_string(), address.to_owned(), body.clone());
    let asking = sender(&caller);
    let mark = work_through(body.len(), move || {
        digest(&asking, &[method.as_bytes(), asked.as_bytes(), &read])
    });
    let mark = mark.await?;
    let mut request = Request::from_parts(parts, Body::from(body));
    let work = |attempting: Caller| {
        request.extensions_mut().insert(Allowed(attempting));
        next.run(request)
    };
    perform(front, &caller, (&key, &mark), keeps, work).await
}

/// The key, if one was sent.
///
/// # Errors
/// A key that is empty, too long or has other than visible characters.
pub(crate) fn key(headers: &HeaderMap) -> Answer<Option<String>> {
    let Some(value) = headers.get(KEY) else { return Ok(None) };
    let key = value.to_str().unwrap_or("").trim();
    if (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(Some(key.to_owned()));
    }
    Err(Problem::bad(
        "bad_idempotency_key",
        words!(
            "Idempotency-Key must be 1 to 255 visible ASCII characters; a new UUID per request is a good one",
            "Idempotency-Key 应为 1 到 255 个可见 ASCII 字符；每个请求用一个新的 UUID 即可"
        ),
    ))
}

/// What tells two requests apart: who sends them, and what they are. No API key hears an answer that was given to another.
pub(crate) fn fingerprint(caller: &Caller, parts: &[&[u8]]) -> String {
    digest(&sender(caller), parts)
}

/// Who asks, and what they see: whoever sees less by now does not hear an answer of before.
fn sender(caller: &Caller) -> Vec<u8> {
    let mut sender = caller.actor.as_bytes().to_vec();
    if !caller.masks.is_empty() || caller.rows != Rows::All {
        sender.extend(format!("{:?} {:?}", caller.masks, caller.rows).bytes());
    }
    sender
}

fn digest(sender: &[u8], parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    hash.update(sender);
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}

/// Carries `work` out under a key, or answers as before; `mark` tells the request from others. Only successes are kept: a request that failed
/// has changed nothing and may be sent again.
pub(crate) async fn perform<F: Future<Output = Response>>(
    front: &Front,
    caller: &Caller,
    (key, mark): (&str, &str),
    keeps: bool,
    work: impl FnOnce(Caller) -> F,
) -> Answer<Response> {
    let idempotency = front.app().idempotency();
    if let Some(kept) = known(front, caller, (key, mark), keeps).await? {
        return again(front, caller, kept).await;
    }
    let attempting = idempotency.attempt(caller, key, mark);
    let response = work(attempting.clone()).await;
    if !response.status().is_success() {
        if response.extensions().get::<Turned>().is_some() {
            return Ok(response);
        }
        // this one was done, and what failed came after; or another attempt was first
        let kept = match idempotency.lost(&attempting).await {
            Ok(None) => known(front, caller, (key, mark), keeps).await.ok().flatten(),
            lost => lost.ok().flatten(),
        };
        return match kept {
            Some(kept) => again(front, caller, kept).await,
            None => Ok(response),
        };
    }
    if !keeps {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, LARGEST).await.map_err(|_| Problem::internal())?;
    let text = |name: &HeaderName| Some((name.to_string(), parts.headers.get(name)?.to_str().ok()?.to_owned()));
    let answer = KeptAnswer {
        status: parts.status.as_u16(),
        headers: KEPT.iter().filter_map(text).collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    if let Err(error) = idempotency.keep(&attempting, &answer).await {
        // it is known all the same that the request was carried out
        tracing::warn!(%error, "an answer could not be kept");
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

/// What is known under a key. An answer that may be kept any moment is waited for.
async fn known(front: &Front, caller: &Caller, (key, mark): (&str, &str), keeps: bool) -> Answer<Option<Kept>> {
    for look in 0.. {
        match front.app().idempotency().kept(caller, key, mark).await? {
            Some(Kept::Unanswered(subject)) if !keeps => return Ok(Some(Kept::Nothing(subject))),
            Some(Kept::Unanswered(_)) if look < LOOKS => tokio::time::sleep(PAUSE).await,
            Some(Kept::Unanswered(_)) => break,
            found => return Ok(found),
        }
    }
    Err(Problem::new(
        StatusCode::CONFLICT,
        "request_running",
        words!(
            "the first request with this Idempotency-Key is just being answered; send it again in a moment",
            "此 Idempotency-Key 的首个请求正在答复中；请稍后重新发送"
        ),
    )
    .retry_after(1))
}

/// Answers a request that was carried out before.
async fn again(front: &Front, caller: &Caller, kept: Kept) -> Answer<Response> {
    let (subject, status) = match kept {
        Kept::Answer(answer) => return Ok(replay(answer)),
        Kept::Subject(subject, status) => (Some(subject), status),
        Kept::Unanswered(subject) | Kept::Nothing(subject) => (subject, 0),
    };
    let quote = subject.as_deref().and_then(|subject| subject.strip_prefix("quote/"));
    if let Some(id) = quote.and_then(|id| id.parse().ok()) {
        let quote = super::quotes::shown(front, caller, id).await?;
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
        return Ok((status, [(REPLAYED, "true")], quote).into_response());
    }
    let order = subject
        .as_deref()
        .and_then(|subject| subject.strip_prefix("redemption/"));
    if let Some(id) = order.and_then(|id| id.parse().ok())
        && let Some(order) = super::loyalty::ordered(front, caller, id).await?
    {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
        return Ok((status, [(REPLAYED, "true")], order).into_response());
    }
    let what = subject.map_or(words!("what it did", "其结果"), Words::same);
    Err(Problem::new(
        StatusCode::CONFLICT,
        "answer_lost",
        words!(
            "the request was carried out, and its answer is not kept any more or held a secret; look at {what}, and where a secret was lost \
             revoke or delete what has it and send another request with a new key",
            "请求已执行，但响应没有保存，或因含有机密而不保存；请查看 {what}；如丢失的是机密，请作废或删除对应内容，换新的键重新请求"
        ),
    ))
}

fn replay(kept: KeptAnswer) -> Response {
    let mut response = Response::new(Body::from(kept.body));
    *response.status_mut() = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::OK);
    for (name, value) in kept.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
        .headers_mut()
        .insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_visible_and_short() {
        let read =
            |value: &str| key(&HeaderMap::from_iter([(KEY, value.parse().unwrap())])).map_err(|problem| problem.code);
        assert_eq!(read(" abc "), Ok(Some("abc".into())));
        assert_eq!(read("a b"), Err("bad_idempotency_key".into()));
        assert_eq!(read(&"k".repeat(256)), Err("bad_idempotency_key".into()));
        assert_eq!(key(&HeaderMap::new()).ok(), Some(None));
    }

    #[test]
    fn parts_cannot_flow_into_each_other() {
        assert_ne!(digest(b"k", &[b"PUT", b"/a"]), digest(b"k", &[b"PU", b"T/a"]));
        assert_ne!(digest(b"k", &[b"PUT", b"/a"]), digest(b"l", &[b"PUT", b"/a"]));
        assert_eq!(digest(b"k", &[b"PUT", b"/a"]), digest(b"k", &[b"PUT", b"/a"]));
    }

    #[test]
    fn an_answer_is_replayed_with_its_headers() {
        let kept = KeptAnswer {
            status: 201,
            headers: vec![("etag".into(), "\"1\"".into())],
            body: "{}".into(),
        };
        let response = replay(kept);
        assert_eq!(
            (response.status().as_u16(), &response.headers()["etag"]),
            (201, &HeaderValue::from_static("\"1\""))
        );
        assert_eq!(response.headers()["idempotent-replayed"], "true");
    }
}
