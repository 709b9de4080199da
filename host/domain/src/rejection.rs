//! Why something was not taken, in words that say what to do.

use crate::{Words, normal, words};
use serde::{Deserialize, Serialize};

/// Why a record was not taken. Nothing of it landed, and its id is free to be sent again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Rejection {
    /// Stable code.
    pub code: String,
    /// What is wrong, where, and what to do.
    pub detail: Words,
}

impl Rejection {
    /// A rejection with its code and explanation.
    pub fn new(code: &'static str, detail: Words) -> Self {
        Self {
            code: code.to_owned(),
            detail,
        }
    }

    /// The same with a hint behind it, if there is one.
    #[must_use]
    pub fn with_hint(self, hint: Words) -> Self {
        if hint.is_empty() {
            return self;
        }
        let problem = self.detail;
        let detail = words!("{problem}. {hint}", "{problem}。{hint}");
        Self { detail, ..self }
    }
}

/// Longest source, external id and booking id, in bytes.
const LONGEST_ID: usize = 200;

/// `text` cut to what fits into a message.
pub(crate) fn shorten(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// `text` in quotation marks, cut to what fits into a message.
pub(crate) fn quote(text: &str) -> String {
    format!("{:?}", shorten(text))
}

/// Checks an id that a sender chose, and brings it into its normal form: not empty, not long, printable.
pub(crate) fn check_id(field: &str, value: &str) -> Result<String, Rejection> {
    let id = normal::text(value);
    if id.is_empty() {
        return Err(Rejection::new(
            "id_missing",
            words!(
                "{field} is empty; every record needs one",
                "{field} 为空；每条记录都必须有"
            ),
        ));
    }
    if value.len().max(id.len()) > LONGEST_ID || id.chars().any(char::is_control) {
        return Err(Rejection::new(
            "bad_id",
            words!(
                "{field} is longer than {LONGEST_ID} bytes or has control characters",
                "{field} 超过 {LONGEST_ID} 字节或含有控制字符"
            ),
        ));
    }
    Ok(id)
}
