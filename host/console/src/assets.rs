//! Scripts, styles and pictures: in the binary, under names that change with their content, each in three encodings.

use crate::Desk;
use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// What browsers load.
pub(crate) struct Asset {
    name: &'static str,
    file: &'static str,
    kind: &'static str,
    plain: &'static [u8],
    gzip: &'static [u8],
    brotli: &'static [u8],
}

pub(crate) fn routes() -> Router<Desk> {
    Router::new().route("/assets/{file}", get(serve))
}

/// Where an asset is.
pub(crate) fn path(name: &str) -> String {
    let found = ALL.iter().find(|asset| asset.name == name);
    debug_assert!(found.is_some(), "there is no asset {name}");
    found.map_or_else(String::new, |asset| format!("/assets/{}", asset.file))
}

async fn serve(Path(file): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = ALL.iter().find(|asset| asset.file == file) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let accepted = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok());
    let takes = |encoding: &str| {
        accepted.is_some_and(|accepted| {
            accepted
                .split(',')
                .any(|one| one.trim().split(';').next() == Some(encoding))
        })
    };
    let (bytes, encoding) = match () {
        () if takes("br") => (asset.brotli, Some("br")),
        () if takes("gzip") => (asset.gzip, Some("gzip")),
        () => (asset.plain, None),
    };
    let mut response = bytes.into_response();
    let answer = response.headers_mut();
    answer.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    answer.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    answer.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a page may weigh on the way, in bytes: script and style.
    const SCRIPT: usize = 45 << 10;
    const STYLE: usize = 20 << 10;

    #[test]
    fn assets_are_within_their_weight() {
        let weight = |name: &str| ALL.iter().find(|asset| asset.name == name).unwrap().brotli.len();
        assert!(weight("console.js") <= SCRIPT, "{}", weight("console.js"));
        assert!(weight("console.css") <= STYLE, "{}", weight("console.css"));
    }

    #[tokio::test]
    async fn an_asset_has_the_encoding_that_is_asked_for() {
        let file = path("console.css").rsplit_once('/').unwrap().1.to_owned();
        for (accepted, encoding) in [
            ("gzip, br", Some("br")),
            ("gzip;q=1.0", Some("gzip")),
            ("identity", None),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, accepted.parse().unwrap())]);
            let response = serve(Path(file.clone()), headers).await;
            let told = response
                .headers()
                .get(header::CONTENT_ENCODING)
                .map(|value| value.to_str().unwrap());
            assert_eq!((response.status().as_u16(), told), (200, encoding), "{accepted}");
        }
        let response = serve(Path("console.css".into()), HeaderMap::new()).await;
        assert_eq!(response.status(), 404, "only under the name of today's content");
    }
}
