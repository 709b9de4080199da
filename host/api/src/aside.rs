//! Rules that nobody asks for a while.

use super::fixed;
use super::page::At;
use posthouse_app::rules;
use serde::Serialize;
use utoipa::ToSchema;

/// That a rule is not asked for a while.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SetAside {
    /// `failing`: it kept failing; `costing`: it kept taking so much of a quote's time that others were not asked. There was no older revision to
    /// go back to.
    #[schema(value_type = fixed::AsideReason)]
    why: &'static str,
    /// When it is asked again, by the machine's clock. Each time that it fails or costs too much again the pause is twice as long, up to an
    /// hour.
    until: At,
}

impl From<rules::SetAside> for SetAside {
    fn from(aside: rules::SetAside) -> Self {
        Self {
            why: aside.why.as_str(),
            until: aside.until.into(),
        }
    }
}
