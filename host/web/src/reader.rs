//! In which language an answer speaks: the one its request asked for with `Accept-Language`.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use posthouse_domain::{Language, Words};
use serde::{Serialize, Serializer};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

tokio::task_local! {
    static LANGUAGE: Language;
}

/// The language of whoever waits for the answer of this task; English where nobody does.
pub fn language() -> Language {
    LANGUAGE.try_get().unwrap_or_default()
}

/// Answers each request in the language it asks for.
pub async fn listen(request: Request, next: Next) -> Response {
    let mut response = LANGUAGE.scope(asked(request.headers()), next.run(request)).await;
    response
        .headers_mut()
        .append(header::VARY, HeaderValue::from_static("accept-language"));
    response
}

/// The same work, wherever it is carried out.
pub fn for_this_reader<W: Future>(work: W) -> impl Future<Output = W::Output> {
    LANGUAGE.scope(language(), work)
}

fn asked(headers: &HeaderMap) -> Language {
    let sent = headers.get_all(header::ACCEPT_LANGUAGE).iter().take(10);
    let sent: Vec<&str> = sent.filter_map(|value| value.to_str().ok()).collect();
    Language::accepted(&sent.join(","))
}

/// The language as a header says it.
pub fn content_language() -> HeaderValue {
    HeaderValue::from_static(language().tag())
}

/// A text of an answer, in the language of its reader.
#[derive(Debug, Clone)]
pub struct Said(pub Words);

impl From<Words> for Said {
    fn from(words: Words) -> Self {
        Self(words)
    }
}

impl Serialize for Said {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.get(language()))
    }
}

impl PartialSchema for Said {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).into()
    }
}

impl ToSchema for Said {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_headers_are_one_list() {
        let mut headers = HeaderMap::new();
        assert_eq!(asked(&headers), Language::En);
        headers.append(header::ACCEPT_LANGUAGE, HeaderValue::from_static("fr, en;q=0.5"));
        headers.append(header::ACCEPT_LANGUAGE, HeaderValue::from_static("zh-CN;q=0.6"));
        assert_eq!(asked(&headers), Language::Zh);
    }

    #[tokio::test]
    async fn work_elsewhere_speaks_to_the_same_reader() {
        let heard = LANGUAGE
            .scope(Language::Zh, async {
                tokio::spawn(for_this_reader(async { language() })).await.unwrap()
            })
            .await;
        assert_eq!((heard, language()), (Language::Zh, Language::En));
    }
}
