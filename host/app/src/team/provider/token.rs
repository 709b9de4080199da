//! An ID token: who signed it, for whom, until when, and who is meant. Only signatures by a key of the provider's are taken; `none` and keyed hashes, which
//! the client's own secret could make, are not among them.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use posthouse_domain::Instant;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaParameters,
    RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;
use serde_json::Value;

/// How far the clocks may be apart, in s.
const LEEWAY: i64 = 60;
/// Longest subject, in bytes, as the specification has it.
const SUBJECT: usize = 255;

/// A key of the provider's.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Key {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
}

/// What a token has to say to be taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'w> {
    pub(super) issuer: &'w str,
    pub(super) client_id: &'w str,
    pub(super) nonce: &'w str,
    pub(super) now: Instant,
}

/// An address, and whether the provider has seen that it is theirs.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Address {
    pub(super) email: Option<String>,
    #[serde(default)]
    email_verified: Value,
}

impl Address {
    /// Some providers write `"true"`.
    pub(super) fn is_verified(&self) -> bool {
        match &self.email_verified {
            Value::Bool(said) => *said,
            Value::String(said) => said == "true",
            _ => false,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Who somebody is.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    iss: String,
    pub(super) sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nonce: Option<String>,
    #[serde(flatten)]
    pub(super) address: Address,
}

/// A token that was read and not looked into.
#[derive(Debug)]
pub(super) struct Read<'t> {
    header: Header,
    signed: &'t str,
    body: &'t str,
    signature: Vec<u8>,
}

/// What somebody else wrote, for the log: printable, and short.
pub(super) fn shown(text: &str) -> String {
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(printable).take(200).collect()
}

fn part(text: &str) -> Result<Vec<u8>, String> {
    BASE64.decode(text).map_err(|error| format!("its token: {error}"))
}

/// Takes a token apart.
pub(super) fn read(token: &str) -> Result<Read<'_>, String> {
    let split = token.rsplit_once('.').and_then(|(signed, signature)| {
        let (header, body) = signed.split_once('.')?;
        (!body.contains('.')).then_some((signed, header, body, signature))
    });
    let (signed, header, body, signature) = split.ok_or("its token has not three parts")?;
    let header = serde_json::from_slice(&part(header)?).map_err(|error| format!("its token: {error}"))?;
    let signature = part(signature)?;
    Ok(Read {
        header,
        signed,
        body,
        signature,
    })
}

impl Read<'_> {
    fn fits(&self, key: &Key) -> bool {
        let kind = match self.header.alg.as_str() {
            "RS256" | "PS256" => "RSA",
            "ES256" => "EC",
            _ => return false,
        };
        key.kty == kind
            && key.purpose.as_deref().is_none_or(|purpose| purpose == "sig")
            && key.alg.as_ref().is_none_or(|alg| *alg == self.header.alg)
            && (self.header.kid.is_none() || self.header.kid == key.kid)
    }

    /// Whether one of these keys can have signed it.
    pub(super) fn is_by_any(&self, keys: &[Key]) -> bool {
        keys.iter().any(|key| self.fits(key))
    }

    fn is_signed_by(&self, key: &Key) -> bool {
        let rsa = |terms: &'static RsaParameters| {
            let (n, e) = (part(key.n.as_deref()?).ok()?, part(key.e.as_deref()?).ok()?);
            let key = RsaPublicKeyComponents { n, e };
            key.verify(terms, self.signed.as_bytes(), &self.signature).ok()
        };
        let curve = || {
            let (x, y) = (part(key.x.as_deref()?).ok()?, part(key.y.as_deref()?).ok()?);
            let is_ours = key.crv.as_deref() == Some("P-256") && x.len() == 32 && y.len() == 32;
            let point = [&[4], x.as_slice(), &y].concat();
            let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
            let verified: Result<(), ring::error::Unspecified> = key.verify(self.signed.as_bytes(), &self.signature);
            is_ours.then(|| verified.ok()).flatten()
        };
        let verified = match self.header.alg.as_str() {
            "RS256" => rsa(&RSA_PKCS1_2048_8192_SHA256),
            "PS256" => rsa(&RSA_PSS_2048_8192_SHA256),
            "ES256" => curve(),
            _ => None,
        };
        verified.is_some()
    }

    /// What it says, if it is the provider's, for us, of now, and for what was asked.
    pub(super) fn verified(&self, keys: &[Key], wanted: &Wanted<'_>) -> Result<Claims, String> {
        let mut fitting = keys.iter().filter(|key| self.fits(key));
        if !fitting.any(|key| self.is_signed_by(key)) {
            return Err(format!(
                "its token is signed by none of its keys ({})",
                shown(&self.header.alg)
            ));
        }
        let claims: Claims =
            serde_json::from_slice(&part(self.body)?).map_err(|error| format!("its token: {error}"))?;
        let seconds = wanted.now.div_euclid(1_000);
        let audience: &[String] = match &claims.aud {
            Audience::One(one) => std::slice::from_ref(one),
            Audience::Many(many) => many,
        };
        let is_ours = audience.iter().any(|audience| audience == wanted.client_id)
            && claims.azp.as_deref().is_none_or(|party| party == wanted.client_id)
            && (audience.len() == 1 || claims.azp.is_some());
        let problem = match () {
            () if claims.iss != wanted.issuer => "is of another issuer",
            () if !is_ours => "is for somebody else",
            () if claims.exp + LEEWAY <= seconds => "is over",
            () if claims.iat - LEEWAY > seconds => "is of a time to come: compare the clocks",
            () if claims.nonce.as_deref() != Some(wanted.nonce) => "is for another sign-in",
            () if claims.sub.is_empty() || claims.sub.len() > SUBJECT => "names nobody",
            () => return Ok(claims),
        };
        Err(format!("its token {problem}"))
    }
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
