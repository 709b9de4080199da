//! What is asked of the provider: its description, its keys, a token for a code, and an address where the token names none. Answers are bounded in size
//! and time, and nobody is followed elsewhere.

use super::token::{self, Claims, Key, Wanted};
use super::{LONGEST, ProviderTerms};
use crate::webhooks::bounded_agent;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use posthouse_domain::Instant;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use ureq::http::Uri;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Largest answer, in bytes.
const ANSWER: u64 = 256 << 10;
/// How long a description and keys hold, in ms.
const HOLDS: i64 = 3_600_000;
/// How long nobody asks for keys again that were not among them, in ms.
const PAUSE: i64 = 60_000;
/// Most keys that are looked at.
const KEYS: usize = 64;
/// What needs no escaping in a form.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

type Said<T> = Result<T, String>;

/// What the provider says of itself.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Known {
    issuer: String,
    pub(super) authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

#[derive(Debug, Clone)]
struct Held<T> {
    value: Arc<T>,
    at: Instant,
}

#[derive(Deserialize)]
struct Keys {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: Option<String>,
}

#[derive(Deserialize)]
struct Subject {
    sub: String,
    #[serde(flatten)]
    address: token::Address,
}

/// The way to the provider.
#[derive(Debug)]
pub(super) struct Wire {
    terms: ProviderTerms,
    agent: ureq::Agent,
    known: Mutex<Option<Held<Known>>>,
    keys: Mutex<Option<Held<Vec<Key>>>>,
}

/// Fields as a form or a query writes them.
pub(super) fn form(fields: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in fields {
        let gap = if text.is_empty() { "" } else { "&" };
        let _ = write!(text, "{gap}{name}={}", utf8_percent_encode(value, PLAIN));
    }
    text
}

impl Wire {
    pub(super) fn new(terms: &ProviderTerms) -> Self {
        Self {
            terms: terms.clone(),
            agent: bounded_agent(terms.allow_private, PATIENCE),
            known: Mutex::default(),
            keys: Mutex::default(),
        }
    }

    fn may_ask(&self, address: &str) -> Said<()> {
        let scheme = address
            .parse::<Uri>()
            .ok()
            .and_then(|uri| uri.scheme_str().map(str::to_owned));
        match scheme.as_deref() {
            Some("https") => Ok(()),
            Some("http") if self.terms.allow_private => Ok(()),
            _ => Err(format!("{} is no address with TLS", token::shown(address))),
        }
    }

    /// Asks, and reads the answer as JSON; `what` for the log.
    async fn ask<T: DeserializeOwned + Send + 'static>(
        &self,
        what: &'static str,
        request: ureq::http::Request<String>,
    ) -> Said<T> {
        self.may_ask(&request.uri().to_string())?;
        let agent = self.agent.clone();
        let work = move || -> Said<T> {
            // the bounds are those of webhooks, and so are their words
            let why = |error: ureq::Error| format!("{what}: {}", error.to_string().replace("webhooks.", "oidc."));
            let mut answer = agent.run(request).map_err(why)?;
            let status = answer.status();
            let text = answer.body_mut().with_config().limit(ANSWER).read_to_vec();
            let text = text.map_err(why)?;
            if !status.is_success() {
                return Err(format!("{what}: {status} {}", refusal(&text)));
            }
            serde_json::from_slice(&text).map_err(|error| format!("{what}: {error}"))
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| error.to_string())?
    }

    async fn get<T: DeserializeOwned + Send + 'static>(
        &self,
        what: &'static str,
        address: &str,
        bearer: Option<&str>,
    ) -> Said<T> {
        let mut request = ureq::http::Request::get(address).header("accept", "application/json");
        if let Some(bearer) = bearer {
            request = request.header("authorization", format!("Bearer {bearer}"));
        }
        let request = request
            .body(String::new())
            .map_err(|error| format!("{what}: {error}"))?;
        self.ask(what, request).await
    }

    /// What the provider says of itself.
    pub(super) async fn known(&self, now: Instant) -> Said<Arc<Known>> {
        let mut held = self.known.lock().await;
        if let Some(known) = held.as_ref().filter(|held| now - held.at < HOLDS) {
            return Ok(known.value.clone());
        }
        let issuer = &self.terms.issuer;
        let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let known: Known = self.get("its description", &address, None).await?;
        if known.issuer != *issuer {
            return Err(format!(
                "its description is of {}, and oidc.issuer is {issuer}: they have to be the same to the letter",
                token::shown(&known.issuer)
            ));
        }
        self.may_ask(&known.authorization_endpoint)?;
        let value = Arc::new(known);
        *held = Some(Held {
            value: value.clone(),
            at: now,
        });
        Ok(value)
    }

    /// Its keys; asked for again where `knows` says that the one that is needed is not among them.
    async fn keys(&self, known: &Known, now: Instant, knows: impl Fn(&[Key]) -> bool) -> Said<Arc<Vec<Key>>> {
        let mut held = self.keys.lock().await;
        if let Some(keys) = held.as_ref() {
            let age = now - keys.at;
            if age < PAUSE || (age < HOLDS && knows(&keys.value)) {
                return Ok(keys.value.clone());
            }
        }
        let all: Keys = self.get("its keys", &known.jwks_uri, None).await?;
        let keys = all.keys.into_iter().take(KEYS);
        // a key of a kind that nobody here knows is not for us
        let value = Arc::new(keys.filter_map(|key| serde_json::from_value(key).ok()).collect());
        *held = Some(Held {
            value: Arc::clone(&value),
            at: now,
        });
        Ok(value)
    }

    /// Who somebody is, for the code they brought back.
    pub(super) async fn claims(&self, code: &str, back: &str, verifier: &str, wanted: Wanted<'_>) -> Said<Claims> {
        let known = self.known(wanted.now).await?;
        let tokens = self.tokens(&known, code, back, verifier).await?;
        let read = token::read(&tokens.id_token)?;
        let keys = self.keys(&known, wanted.now, |keys| read.is_by_any(keys)).await?;
        let mut claims = read.verified(&keys, &wanted)?;
        let (Some(endpoint), Some(access), None) =
            (&known.userinfo_endpoint, &tokens.access_token, &claims.address.email)
        else {
            return Ok(claims);
        };
        let more: Subject = self.get("its userinfo", endpoint, Some(access)).await?;
        if more.sub != claims.sub {
            return Err("its userinfo is about somebody else".into());
        }
        claims.address = more.address;
        Ok(claims)
    }

    async fn tokens(&self, known: &Known, code: &str, back: &str, verifier: &str) -> Said<Tokens> {
        let (id, secret) = (self.terms.client_id.as_str(), self.terms.client_secret.as_str());
        let methods = known.token_endpoint_auth_methods_supported.as_deref();
        let by_header = methods.is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic"));
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", back),
            ("code_verifier", verifier),
        ];
        let mut request = ureq::http::Request::post(&known.token_endpoint)
            .header("accept", "application/json")
            .header("content-type", "application/x-www-form-urlencoded");
        match (secret.is_empty(), by_header) {
            (true, _) => fields.push(("client_id", id)),
            (false, true) => {
                let plain = |text| utf8_percent_encode(text, PLAIN);
                let pair = BASE64_STANDARD.encode(format!("{}:{}", plain(id), plain(secret)));
                request = request.header("authorization", format!("Basic {pair}"));
            }
            (false, false) => fields.extend([("client_id", id), ("client_secret", secret)]),
        }
        let request = request
            .body(form(&fields))
            .map_err(|error| format!("its tokens: {error}"))?;
        let tokens: Tokens = self.ask("its tokens", request).await?;
        if tokens.id_token.len() > 8 * LONGEST {
            return Err("its token is too long".into());
        }
        Ok(tokens)
    }
}

/// The code and words of a refusal, as OAuth has them; nothing else of an answer goes into the log.
fn refusal(text: &[u8]) -> String {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Refusal {
        error: String,
        error_description: String,
    }
    let Refusal {
        error,
        error_description,
    } = serde_json::from_slice(text).unwrap_or_default();
    token::shown(format!("{error} {error_description}").trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_escaped() {
        let fields = [("a", "b c&d=é"), ("redirect_uri", "https://x.example/~a_b-c.d")];
        assert_eq!(
            form(&fields),
            "a=b%20c%26d%3D%C3%A9&redirect_uri=https%3A%2F%2Fx.example%2F~a_b-c.d"
        );
    }

    #[test]
    fn a_refusal_is_told_without_the_rest() {
        let text = br#"{"error": "invalid_client", "error_description": "no\nsuch", "secret": "x"}"#;
        assert_eq!(refusal(text), "invalid_client no such");
        assert_eq!(refusal(b"<html>"), "");
    }
}
