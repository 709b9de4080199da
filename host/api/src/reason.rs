//! Why a rule decided as it did, in words.

use super::described;
use posthouse_app::rules;
use posthouse_domain::Localized;
use serde::Serialize;
use utoipa::ToSchema;

/// Why somebody is where they are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Reason {
    /// Stable code.
    code: String,
    /// In words by language, with the customer's facts filled in.
    #[schema(value_type = described::Localized)]
    text: Localized,
}

impl From<rules::Reason> for Reason {
    fn from(reason: rules::Reason) -> Self {
        Self {
            code: reason.code,
            text: reason.text,
        }
    }
}
