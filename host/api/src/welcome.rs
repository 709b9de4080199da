//! What stands at `/api`, and what a browser gets where nothing is: a page to read, without scripts and without anything from elsewhere.

use super::{Front, shown};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use posthouse_domain::words::speaking;
use posthouse_domain::{Words, words};
use posthouse_web::problem::Problem;
use posthouse_web::reader::language;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<Front> {
    OpenApiRouter::new().routes(routes!(welcome))
}

const STYLE: &str = include_str!("welcome.css");

/// Nothing may be loaded and nothing run; the one style is named by its hash.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
});

/// What is here.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Welcome {
    /// `posthouse`.
    name: &'static str,
    /// Its version.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// Where the API begins.
    api: &'static str,
    /// The description of the API.
    openapi: &'static str,
    /// Whether the process answers.
    live: &'static str,
    /// Whether requests can be served.
    ready: &'static str,
    /// Counts and durations; left out if they are told at another address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    metrics: Option<&'static str>,
}

const HERE: Welcome = Welcome {
    name: "posthouse",
    version: env!("CARGO_PKG_VERSION"),
    api: "/api/v1",
    openapi: "/api/openapi.json",
    live: "/livez",
    ready: "/readyz",
    metrics: Some("/metrics"),
};

/// What is here.
///
/// A page for browsers (`Accept: text/html`), the same links as JSON for everyone else.
#[utoipa::path(get, path = "/api", tag = "operations", operation_id = "welcome", security(),
    responses((status = 200, description = "Where to go on; to a browser as a page.", content((Welcome = "application/json"), (String = "text/html")))))]
async fn welcome(State(front): State<Front>, headers: HeaderMap) -> Response {
    let here = Welcome {
        metrics: HERE.metrics.filter(|_| front.0.metrics.here),
        ..HERE
    };
    let mut response = if wants_html(&headers) {
        page(StatusCode::OK, &words!("Posthouse", "Posthouse"), &contents(&here))
    } else {
        axum::Json(here).into_response()
    };
    response
        .headers_mut()
        .append(header::VARY, HeaderValue::from_static("accept"));
    response
}

/// The answer for a path that nobody serves.
pub(super) async fn nothing_here(uri: Uri, request: Request) -> Response {
    let path = shown(uri.path());
    if !path.starts_with("/api/") && wants_html(request.headers()) {
        let title = words!("Nothing at this address", "此地址没有内容");
        let path = escaped(&path);
        let body = words!(
            "<h1>{title}</h1><p>There is nothing at <code>{path}</code>.</p><p><a href=\"/\">What is here</a></p>",
            "<h1>{title}</h1><p><code>{path}</code> 处没有内容。</p><p><a href=\"/\">查看这里有什么</a></p>"
        );
        return page(StatusCode::NOT_FOUND, &title, &body);
    }
    let detail = words!(
        "there is nothing at {path}; /api/openapi.json lists every call",
        "{path} 处没有内容；全部接口见 /api/openapi.json"
    );
    Problem::new(StatusCode::NOT_FOUND, "unknown_path", detail).into_response()
}

/// Whether whoever asks reads pages, and not rather JSON.
fn wants_html(headers: &HeaderMap) -> bool {
    let sent = headers.get_all(header::ACCEPT).iter().take(10);
    let (mut html, mut json) = (0.0f32, 0.0f32);
    for range in sent
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','))
        .take(50)
    {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or("").to_ascii_lowercase();
        let weight = parts
            .find_map(|part| part.strip_prefix("q="))
            .map_or(Some(1.0), |q| q.parse().ok());
        let weight = weight.unwrap_or(0.0);
        match kind.as_str() {
            "text/html" | "application/xhtml+xml" => html = html.max(weight),
            "application/json" => json = json.max(weight),
            _ => {}
        }
    }
    html > 0.0 && html >= json
}

fn contents(here: &Welcome) -> Words {
    let Welcome {
        version,
        api,
        openapi,
        live,
        ready,
        metrics,
        ..
    } = here;
    let metrics = metrics.map(|metrics| {
        words!(
            "<dt><a href=\"{metrics}\">{metrics}</a></dt><dd>Metrics for Prometheus.</dd>",
            "<dt><a href=\"{metrics}\">{metrics}</a></dt><dd>Prometheus 指标。</dd>"
        )
    });
    let metrics = metrics.unwrap_or_default();
    words!(
        "<h1>Posthouse</h1>\
         <p class=\"lead\">A customer server for travel agencies: one profile per customer, segments and campaigns decided by plugins that can be swapped while it runs.</p>\
         <h2>What is here</h2>\
         <dl>\
         <dt><code>{api}</code></dt><dd>The API. Every call takes a key: <code>Authorization: Bearer KEY</code>.</dd>\
         <dt><a href=\"{openapi}\">{openapi}</a></dt><dd>Its description, OpenAPI 3.1: every call, field and error.</dd>\
         <dt><a href=\"{live}\">{live}</a> · <a href=\"{ready}\">{ready}</a></dt><dd>Health: the process answers; requests can be served.</dd>\
         {metrics}\
         </dl>\
         <h2>On the command line</h2>\
         <dl>\
         <dt><code>posthouse agency create</code></dt><dd>Creates an agency and prints its first key.</dd>\
         <dt><code>posthouse import</code></dt><dd>Imports customers and bookings from CSV files and workbooks.</dd>\
         <dt><code>posthouse --help</code></dt><dd>Lists every command; each explains itself with <code>--help</code>.</dd>\
         </dl>\
         <footer>Version {version}</footer>",
        "<h1>Posthouse</h1>\
         <p class=\"lead\">旅行社的客户服务器：每位客户一份档案，分群与活动由插件决定，插件可在运行中更换。</p>\
         <h2>这里有什么</h2>\
         <dl>\
         <dt><code>{api}</code></dt><dd>API。每次调用须带密钥：<code>Authorization: Bearer KEY</code>。</dd>\
         <dt><a href=\"{openapi}\">{openapi}</a></dt><dd>接口描述（OpenAPI 3.1）：全部接口、字段与错误。</dd>\
         <dt><a href=\"{live}\">{live}</a> · <a href=\"{ready}\">{ready}</a></dt><dd>健康检查：进程在运行；可以提供服务。</dd>\
         {metrics}\
         </dl>\
         <h2>命令行</h2>\
         <dl>\
         <dt><code>posthouse agency create</code></dt><dd>创建旅行社并显示首个密钥。</dd>\
         <dt><code>posthouse import</code></dt><dd>从 CSV 或工作簿导入客户和订单。</dd>\
         <dt><code>posthouse --help</code></dt><dd>列出全部命令；每个命令加 <code>--help</code> 查看说明。</dd>\
         </dl>\
         <footer>版本 {version}</footer>"
    )
}

/// A page with these words, which are HTML already.
fn page(status: StatusCode, title: &Words, body: &Words) -> Response {
    let language = language();
    let tag = language.tag();
    let text = speaking(language, || {
        format!(
            "<!doctype html>\n<html lang=\"{tag}\">\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n<main>{body}</main>\n</html>\n"
        )
    });
    let mut response = (status, text).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(tag));
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY.clone());
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_read_pages_and_programs_json() {
        let wants = |accept: &str| wants_html(&HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]));
        assert!(wants("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"));
        assert!(wants("TEXT/HTML"));
        for program in [
            "*/*",
            "application/json",
            "application/json, text/html;q=0.5",
            "text/html;q=0",
            "text/html;q=x",
            "",
        ] {
            assert!(!wants(program), "{program}");
        }
        assert!(!wants_html(&HeaderMap::new()));
    }

    #[test]
    fn a_path_is_not_markup() {
        assert_eq!(escaped("/<a href='x'>&\""), "/&lt;a href=&#39;x&#39;&gt;&amp;&quot;");
    }
}
