//! One spelling per JSON value (RFC 8785), for whatever is hashed, pinned or compared.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// `value` as RFC 8785 canonical JSON.
///
/// # Errors
/// When the value has no JSON form, such as a map whose keys are not strings or a number that is not finite.
pub fn to_string(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json_canonicalizer::to_string(value)
}

/// Whether every whole number in `value` is one that JSON keeps exactly: RFC 8785 writes numbers as doubles, so that beyond 2⁵³ two of them
/// have one spelling.
pub fn is_exact(value: &Value) -> bool {
    const MOST: u64 = 1 << 53;
    match value {
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(whole), _) => whole.unsigned_abs() <= MOST,
            (None, Some(whole)) => whole <= MOST,
            (None, None) => true,
        },
        Value::Array(items) => items.iter().all(is_exact),
        Value::Object(members) => members.values().all(is_exact),
        _ => true,
    }
}

/// Lower-case hexadecimal SHA-256 of `bytes`: the digest of plugins, configurations and files.
pub fn digest(bytes: impl AsRef<[u8]>) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_that_would_change_are_told_apart() {
        for exact in [
            json!(9_007_199_254_740_992_i64),
            json!([{"a": -5}, 0.1, "9007199254740993"]),
        ] {
            assert!(is_exact(&exact), "{exact}");
        }
        for changed in [
            json!({"a": [9_007_199_254_740_993_i64]}),
            json!(u64::MAX),
            json!(i64::MIN),
        ] {
            assert!(!is_exact(&changed), "{changed}");
        }
    }
}
