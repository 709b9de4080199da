//! Extractors whose refusals are problems: JSON, query, path, and the caller.

use super::beside::work_through;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use posthouse_app::team::Caller;
use posthouse_domain::money::Currency;
use posthouse_domain::shape::{self, Misshapen};
use posthouse_domain::{Words, words};
use posthouse_web::problem::Problem;
use serde::de::DeserializeOwned;

/// A body of JSON.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send + 'static> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        require_type(request.headers(), &["application/json"])?;
        let currency = currency(&request);
        let body = whole_body(request, state).await?;
        work_through(body.len(), move || parse(&body, currency))
            .await?
            .map(Self)
    }
}

/// A body of JSON that may be left out.
#[derive(Debug)]
pub(crate) struct OptionalJson<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Default + Send + 'static> FromRequest<S> for OptionalJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let typed = require_type(request.headers(), &["application/json"]);
        let currency = currency(&request);
        let body = whole_body(request, state).await?;
        if body.is_empty() {
            return Ok(Self(T::default()));
        }
        typed?;
        // the document says that it may be null, and null says as much as nothing
        if body.trim_ascii() == b"null" {
            return Ok(Self(T::default()));
        }
        work_through(body.len(), move || parse(&body, currency))
            .await?
            .map(Self)
    }
}

/// The bytes of a body, which has been received within the limit of its call.
pub(crate) async fn whole_body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state)
        .await
        .map_err(|_| posthouse_web::bodies::broken_off())
}

/// In what the caller's money is counted.
fn currency(request: &Request) -> Option<Currency> {
    request
        .extensions()
        .get::<Allowed>()
        .map(|allowed| allowed.0.room.terms.currency)
}

fn parse<T: DeserializeOwned>(body: &[u8], currency: Option<Currency>) -> Result<T, Problem> {
    let parsed = shape::read_json(body, currency).map_err(|misshapen| match misshapen {
        Misshapen::Field(problem) => Problem::unprocessable(
            "bad_body",
            words!(
                "the body does not fit this call: {problem}; see /api/openapi.json",
                "请求体不符合此接口：{problem}；见 /api/openapi.json"
            ),
        ),
        Misshapen::NoJson(error) => Problem::bad(
            "bad_json",
            words!("the body is not JSON: {error}", "请求体不是 JSON：{error}"),
        ),
    })?;
    // every call takes an object; a list of the same values in their order would be taken for one
    if body.trim_ascii_start().starts_with(b"[") {
        return Err(Problem::unprocessable(
            "bad_body",
            words!(
                "the body is a JSON list; this call takes an object, see /api/openapi.json",
                "请求体是 JSON 列表；此接口需要对象，见 /api/openapi.json"
            ),
        ));
    }
    Ok(parsed)
}

/// Refuses bodies of other types. A missing type counts as a wrong one.
pub(crate) fn require_type(headers: &HeaderMap, wanted: &[&str]) -> Result<(), Problem> {
    let sent = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    let essence = sent.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    if wanted.contains(&essence.as_str()) || (wanted == ["application/json"] && essence.ends_with("+json")) {
        return Ok(());
    }
    let wanted = wanted.join(" or ");
    let detail = if sent.is_empty() {
        words!(
            "the request has no Content-Type; this call takes {wanted}",
            "请求缺少 Content-Type；此接口需要 {wanted}"
        )
    } else {
        words!(
            "Content-Type {essence:?} does not fit; this call takes {wanted}",
            "Content-Type {essence:?} 不符；此接口需要 {wanted}"
        )
    };
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "wrong_content_type",
        detail,
    ))
}

/// Whether a part of an address holds a NUL, which no text of the database can hold.
fn has_nul(encoded: &str) -> bool {
    encoded.contains("%00")
}

/// A digest that a plugin can have, or the beginning of one, which the app answers with those that could be meant.
///
/// # Errors
/// 404: no plugin has another one.
pub(crate) fn plugin_digest(text: &str) -> Result<String, Problem> {
    if (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(text.to_ascii_lowercase());
    }
    let text = posthouse_web::shown(text);
    let detail = words!(
        "{text:?} is not the digest of a plugin, which has 64 hexadecimal digits; GET /plugins lists them",
        "{text:?} 不是插件摘要（64 位十六进制数字）；可用 GET /plugins 查看"
    );
    Err(Problem::new(StatusCode::NOT_FOUND, "not_found", detail))
}

/// The query of an address.
#[derive(Debug)]
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if parts.uri.query().is_some_and(has_nul) {
            let detail = words!(
                "the query holds a NUL character (%00), which no text here can have; leave it out",
                "查询参数含有 NUL 字符（%00），文本中不允许；请去掉"
            );
            return Err(Problem::unprocessable("bad_text", detail));
        }
        axum::extract::Query::from_request_parts(parts, state)
            .await
            .map(|query| Self(query.0))
            .map_err(|e| {
                Problem::bad(
                    "bad_query",
                    words!(
                        "the query does not fit this call: {problem}; see /api/openapi.json",
                        "查询参数不符合此接口：{problem}；见 /api/openapi.json",
                        problem = of_query(&e.body_text())
                    ),
                )
            })
    }
}

/// A query of which some parameters may come several times.
#[derive(Debug)]
pub(crate) struct Repeated<T> {
    /// The others.
    pub(crate) once: T,
    /// Those, by name, in their order.
    pub(crate) several: Vec<(String, String)>,
}

/// Which parameters of a query may come several times.
pub(crate) trait Repeats {
    /// Their names.
    const NAMES: &'static [&'static str];
}

impl<S: Send + Sync, T: DeserializeOwned + Repeats + Send> FromRequestParts<S> for Repeated<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let whole = parts.uri.query().unwrap_or_default().to_owned();
        let name = |pair: &&str| T::NAMES.contains(&pair.split('=').next().unwrap_or_default());
        let (several, once): (Vec<&str>, Vec<&str>) = whole.split('&').partition(name);
        let (mut once, mut several) = (query_of(&once)?, query_of(&several)?);
        let Query(once) = Query::from_request_parts(&mut once, state).await?;
        let Query(several) = Query::from_request_parts(&mut several, state).await?;
        Ok(Self { once, several })
    }
}

/// A request with nothing but this query.
fn query_of(pairs: &[&str]) -> Result<Parts, Problem> {
    let mut parts = axum::http::Request::new(()).into_parts().0;
    let uri = format!("/?{}", pairs.join("&")).parse();
    parts.uri = uri.map_err(|_| Problem::bad("bad_query", words!("the query cannot be read", "查询参数无法识别")))?;
    Ok(parts)
}

/// What axum says of a query, which names the parameter and then what serde says of it.
fn of_query(said: &str) -> Words {
    let said = said
        .strip_prefix("Failed to deserialize query string: ")
        .unwrap_or(said);
    match said.split_once(": ") {
        Some((parameter, said)) if !parameter.contains(' ') => shape::explain(parameter, said, None),
        _ => shape::explain("", said, None),
    }
}

/// The variable parts of a path. What cannot be one is not found.
#[derive(Debug)]
pub(crate) struct Path<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if has_nul(parts.uri.path()) {
            return Err(Problem::not_found("thing"));
        }
        axum::extract::Path::from_request_parts(parts, state)
            .await
            .map(|path| Self(path.0))
            .map_err(|_| Problem::not_found("thing"))
    }
}

/// Who asks, when the scopes of the call have been asked for ([`mod@super::calls`]).
#[derive(Debug, Clone)]
pub(crate) struct Allowed(pub(crate) Caller);

/// Who asks. A call that nobody gave scopes to never hears of anyone.
#[derive(Debug)]
pub(crate) struct Auth(pub(crate) Caller);

impl<S: Send + Sync> FromRequestParts<S> for Auth {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get::<Allowed>()
            .cloned()
            .map(|allowed| Self(allowed.0))
            .ok_or_else(Problem::internal)
    }
}

/// Which version a thing must have for a call to change it (`If-Match`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfMatch {
    /// Whichever, also none.
    Unsaid,
    /// Whichever there is.
    Any,
    /// This one.
    Version(i64),
}

impl IfMatch {
    /// For calls that make nothing: what they change has to be there anyhow.
    pub(crate) fn version(self) -> Option<i64> {
        match self {
            Self::Unsaid | Self::Any => None,
            Self::Version(number) => Some(number),
        }
    }

    /// For calls that make what is not there.
    ///
    /// # Errors
    /// 412 with this code for `*` where there is nothing.
    pub(crate) fn of(self, is_there: bool, code: &'static str) -> Result<Option<i64>, Problem> {
        if self == Self::Any && !is_there {
            let detail = words!(
                "there is nothing to change yet; leave If-Match out to make it",
                "尚无可修改的内容；如需新建，请去掉 If-Match 后重试"
            );
            return Err(Problem::new(StatusCode::PRECONDITION_FAILED, code, detail));
        }
        Ok(self.version())
    }
}

/// Reads `If-Match`.
///
/// # Errors
/// 412 `bad_etag` for what is no ETag of the house.
pub(crate) fn if_match(headers: &HeaderMap) -> Result<IfMatch, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else {
        return Ok(IfMatch::Unsaid);
    };
    let tag = value.to_str().unwrap_or("").trim();
    match tag.trim_matches('"').parse() {
        Ok(number) => Ok(IfMatch::Version(number)),
        Err(_) if tag == "*" => Ok(IfMatch::Any),
        Err(_) => {
            let detail = words!(
                "If-Match {tag:?} is not an ETag of this thing; send the ETag of the answer you read, like \"7\"",
                "If-Match {tag:?} 不是此内容的 ETag；请发送读取时得到的 ETag，如 \"7\""
            );
            Err(Problem::new(StatusCode::PRECONDITION_FAILED, "bad_etag", detail))
        }
    }
}

/// The number of a version as an ETag.
pub(crate) fn etag(version: i64) -> [(header::HeaderName, String); 1] {
    [(header::ETAG, format!("\"{version}\""))]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn conditions() {
        let read = |value: &str| if_match(&headers(header::IF_MATCH, value)).map_err(|problem| problem.status.as_u16());
        assert_eq!(read("\"7\""), Ok(IfMatch::Version(7)));
        assert_eq!(read("7"), Ok(IfMatch::Version(7)));
        assert_eq!(read("*"), Ok(IfMatch::Any));
        assert_eq!(read("\"x\""), Err(412));
        assert_eq!(if_match(&HeaderMap::new()).ok(), Some(IfMatch::Unsaid));
        let missing = IfMatch::Any
            .of(false, "version_changed")
            .map_err(|problem| problem.status.as_u16());
        assert_eq!(missing, Err(412));
        assert_eq!(IfMatch::Unsaid.of(false, "version_changed").ok(), Some(None));
        assert_eq!(IfMatch::Any.of(true, "version_changed").ok(), Some(None));
    }

    #[test]
    fn types() {
        let fits = |sent: &str| require_type(&headers(header::CONTENT_TYPE, sent), &["application/json"]).is_ok();
        assert!(fits("application/json") && fits("Application/JSON; charset=utf-8") && fits("application/vnd.x+json"));
        assert!(!fits("text/plain") && !fits("application/wasm"));
        assert!(require_type(&HeaderMap::new(), &["application/wasm"]).is_err());
    }

    #[test]
    fn digests_and_addresses() {
        assert_eq!(
            plugin_digest(&("0AF".repeat(21) + "9")).ok(),
            Some("0af".repeat(21) + "9")
        );
        assert_eq!(plugin_digest("ab").ok().as_deref(), Some("ab"));
        for bad in ["", &"g".repeat(64), &"\0".repeat(64), &"a".repeat(65)] {
            assert_eq!(plugin_digest(bad).unwrap_err().status.as_u16(), 404);
        }
        assert!(has_nul("q=a%00b") && !has_nul("q=a%2500b"));
    }

    #[test]
    fn json_says_where_it_is_wrong() {
        let problem = parse::<Vec<u8>>(b"[1,\n 2", None).unwrap_err();
        assert_eq!((problem.status.as_u16(), problem.code.as_str()), (400, "bad_json"));
        assert!(problem.detail.en.contains("line 2"), "{}", problem.detail);
        let problem = parse::<Vec<u8>>(b"[1, \"x\"]", None).unwrap_err();
        assert_eq!((problem.status.as_u16(), problem.code.as_str()), (422, "bad_body"));
    }
}
