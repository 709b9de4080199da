//! Signing in by a provider of the agency's own (OpenID Connect): the authorisation code flow with PKCE. What a browser has to bring back from there it
//! carries itself, sealed, so that any host can take it up.

mod matched;
mod token;
mod wire;

use super::second_step::Entry;
use super::sessions::Device;
use crate::Team;
use crate::error::{AppError, Result};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use posthouse_domain::{Entropy, Instant, Rejection, words};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;
use token::Wanted;
use wire::Wire;

/// How long somebody may be away with the provider, in ms.
const AWAY_MILLIS: i64 = 10 * 60_000;
/// Longest text of a provider's that is looked at, in bytes.
const LONGEST: usize = 4_096;

/// A provider of sign-ins, and whom it lets in.
#[derive(Clone)]
pub struct ProviderTerms {
    /// Its address, as its tokens name it.
    pub issuer: String,
    /// What it calls this server.
    pub client_id: String,
    /// What this server proves with that it is that; none for a client without one.
    pub client_secret: String,
    /// What the button says it is.
    pub title: String,
    /// Domains of e-mail addresses that it may speak for; none: all.
    pub domains: Vec<String>,
    /// Slugs of agencies that it lets into; none: all.
    pub agencies: Vec<String>,
    /// Whether it may be on this machine or its network, and without TLS.
    pub allow_private: bool,
    /// Whether people who have come by it may go on using a password.
    pub password: bool,
    /// Whether it asks for a second factor itself, so that none is asked for here.
    pub vouches: bool,
}

impl fmt::Debug for ProviderTerms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProviderTerms({})", self.issuer)
    }
}

/// The provider as this host knows it. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Provider {
    terms: Arc<ProviderTerms>,
    wire: Arc<Wire>,
}

impl Provider {
    pub(crate) fn new(terms: ProviderTerms) -> Self {
        let wire = Wire::new(&terms);
        Self {
            terms: Arc::new(terms),
            wire: Arc::new(wire),
        }
    }

    /// Whether it asks for a second factor itself.
    pub(super) fn vouches(&self) -> bool {
        self.terms.vouches
    }
}

/// What a browser carries while its reader is with the provider.
#[derive(Debug, Serialize, Deserialize)]
struct Carried {
    state: String,
    nonce: String,
    verifier: String,
    back: String,
    next: String,
    agency: String,
    ends_at: Instant,
}

/// A way to the provider.
#[derive(Debug, Clone)]
pub struct Errand {
    /// Where the browser goes.
    pub address: String,
    /// What it brings back, sealed.
    pub carried: String,
}

/// With what a browser comes back.
#[derive(Debug, Clone, Copy)]
pub struct Back<'b> {
    /// What it was given to carry.
    pub carried: &'b str,
    /// What it was given to say again.
    pub state: &'b str,
    /// What the provider gives the tokens for.
    pub code: &'b str,
    /// The provider's word if it let nobody in, as `access_denied`.
    pub error: &'b str,
    /// Who the provider says it is, if it says so.
    pub issuer: Option<&'b str>,
}

fn random(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; 32];
    entropy.fill(&mut bytes);
    BASE64.encode(bytes)
}

/// The provider cannot be reached, or answers what nobody can use. What exactly is in the log.
fn unable(problem: &str) -> AppError {
    tracing::warn!(problem, "signing in by the provider failed");
    AppError::Unable(Rejection::new(
        "provider_failed",
        words!(
            "the sign-in provider cannot be reached or its answer cannot be used; try again, or sign in with your password. The server's log says more",
            "无法连接登录服务，或其答复无法使用；请重试，或改用密码登录。详情见服务器日志"
        ),
    ))
}

fn over() -> AppError {
    AppError::invalid(
        "errand_over",
        words!(
            "this sign-in was not begun in this browser, or more than 10 minutes ago; begin anew",
            "此次登录不是在本浏览器中发起的，或已超过 10 分钟；请重新登录"
        ),
    )
}

/// The provider itself has let nobody in.
fn declined() -> AppError {
    AppError::invalid(
        "provider_declined",
        words!(
            "the sign-in provider has not let you in; try again there, or sign in with your password",
            "登录服务未允许登录；请重试，或改用密码登录"
        ),
    )
}

impl Team<'_> {
    /// What the button of the provider says; none where there is no provider.
    pub fn provider_title(&self) -> Option<&str> {
        self.app.provider.as_ref().map(|provider| provider.terms.title.as_str())
    }

    fn provider(&self) -> Result<&super::Provider> {
        self.app.provider.as_ref().ok_or(AppError::NotFound("thing"))
    }

    /// Sends somebody to the provider, who is to come `back` to this address and go on to `next`.
    ///
    /// # Errors
    /// `provider_failed`; [`AppError::NotFound`] where there is none.
    pub async fn begin_errand(&self, back: &str, next: &str, agency: &str) -> Result<Errand> {
        let provider = self.provider()?;
        let now = self.app.machine.now();
        let entropy = &*self.app.entropy;
        let carried = Carried {
            state: random(entropy),
            nonce: random(entropy),
            verifier: random(entropy),
            back: back.to_owned(),
            next: next.chars().take(1_000).collect(),
            agency: agency.chars().take(63).collect(),
            ends_at: now + AWAY_MILLIS,
        };
        let challenge = BASE64.encode(Sha256::digest(&carried.verifier));
        let known = provider.wire.known(now).await.map_err(|error| unable(&error))?;
        let query = wire::form(&[
            ("response_type", "code"),
            ("client_id", &provider.terms.client_id),
            ("redirect_uri", back),
            ("scope", "openid email"),
            ("state", &carried.state),
            ("nonce", &carried.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        let joint = if known.authorization_endpoint.contains('?') {
            '&'
        } else {
            '?'
        };
        let plain = serde_json::to_vec(&carried).map_err(|error| AppError::Internal(error.to_string()))?;
        let sealed = self.app.documents.seal_errand(&plain, entropy);
        let sealed = sealed.ok_or_else(|| AppError::Internal("an errand cannot be sealed".into()))?;
        Ok(Errand {
            address: format!("{}{joint}{query}", known.authorization_endpoint),
            carried: BASE64.encode(sealed),
        })
    }

    /// Lets in whoever comes back from the provider, and says where they wanted to go.
    ///
    /// # Errors
    /// `errand_over`, `provider_declined`, `provider_failed`; `provider_address_not_verified`, `provider_person_unknown`.
    pub async fn come_back(&self, back: Back<'_>, from: Device<'_>) -> Result<(Entry, String)> {
        let outcome = self.try_come_back(back, from).await;
        if !matches!(outcome, Ok((Entry::Half(_), _))) {
            super::doorkeeper::count_outcome(&outcome);
        }
        outcome
    }

    async fn try_come_back(&self, back: Back<'_>, from: Device<'_>) -> Result<(Entry, String)> {
        let provider = self.provider()?;
        let now = self.app.machine.now();
        let sealed = BASE64.decode(back.carried).ok();
        let opened = sealed.and_then(|sealed| self.app.documents.open_errand(&sealed));
        let carried = opened.and_then(|plain| serde_json::from_slice::<Carried>(&plain).ok());
        let carried = carried.filter(|carried| carried.ends_at > now && carried.state == back.state);
        let carried = carried.ok_or_else(over)?;
        let issuer = &provider.terms.issuer;
        if back.issuer.is_some_and(|said| said != issuer) {
            return Err(unable("the answer names another issuer"));
        }
        if !back.error.is_empty() || back.code.is_empty() || back.code.len() > LONGEST {
            let said: String = back.error.chars().filter(char::is_ascii_graphic).take(100).collect();
            tracing::info!(said, "the provider let nobody in");
            return Err(declined());
        }
        let wanted = Wanted {
            issuer,
            client_id: &provider.terms.client_id,
            nonce: &carried.nonce,
            now,
        };
        let claims = provider
            .wire
            .claims(back.code, &carried.back, &carried.verifier, wanted)
            .await
            .map_err(|error| unable(&error))?;
        let entry = self.matched(provider, &claims, &carried.agency, from).await?;
        Ok((entry, carried.next))
    }
}
