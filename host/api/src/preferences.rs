//! What customers prefer.

use super::fixed;
use super::page::At;
use posthouse_app::preferences::PreferenceView;
use serde::Serialize;
use utoipa::ToSchema;

/// One value of one preference.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Preference {
    /// `destination, theme, pace, hotel, diet, mobility, budget` or `season`.
    #[schema(value_type = fixed::PreferenceKey)]
    key: String,
    /// Normal spelling; a budget in minor units of the agency's currency.
    value: String,
    /// Who told.
    source: String,
    /// `declared`, `observed`, `third-party` or `inferred`.
    #[schema(value_type = fixed::SourceKind)]
    source_kind: String,
    /// When it was true.
    at: At,
    /// How sure the source is, in per cent, if it said so.
    #[schema(minimum = 0, maximum = 100)]
    confidence: Option<i32>,
    /// Whether it holds now; otherwise it was taken back or a later word took its place.
    shown: bool,
}

impl From<PreferenceView> for Preference {
    fn from(view: PreferenceView) -> Self {
        Self {
            key: view.key,
            value: view.value,
            source: view.source,
            source_kind: view.source_kind,
            at: view.at.into(),
            confidence: view.confidence,
            shown: view.shown,
        }
    }
}
