//! One spelling per JSON value (RFC 8785), for whatever is hashed, pinned or compared.

use serde::Serialize;
use sha2::{Digest, Sha256};

/// `value` as RFC 8785 canonical JSON.
///
/// # Errors
/// When the value has no JSON form, such as a map whose keys are not strings or a number that is not finite.
pub fn to_string(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json_canonicalizer::to_string(value)
}

/// Lower-case hexadecimal SHA-256 of `bytes`: the digest of plugins, configurations and files.
pub fn digest(bytes: impl AsRef<[u8]>) -> String {
    hex::encode(Sha256::digest(bytes))
}
