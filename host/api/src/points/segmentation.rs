//! Segmentations: when the activation of a rule answers, everyone is where it puts them.

use super::{ByItself, Change, Changed, Described, Point};
use crate::described::Usage;
use posthouse_app::rules::Activation;
use posthouse_app::segments::SEGMENTATION;
use posthouse_web::problem::Answer;
use utoipa::ToSchema;

pub(super) struct Segmentation;

impl Point for Segmentation {
    fn name(&self) -> &'static str {
        SEGMENTATION
    }

    fn by_itself(&self, _: &str) -> Answer<&dyn ByItself> {
        Ok(self)
    }

    fn roll_back<'a>(&self, change: Change<'a>, to: Option<i64>) -> Changed<'a> {
        Box::pin(async move {
            change
                .app
                .segments()
                .roll_back(change.caller, change.name, to, change.expected)
                .await
        })
    }

    fn self_test(&self) -> Described {
        Described::of::<SegmentationTest>("Of a segmentation.")
    }
}

impl ByItself for Segmentation {
    fn activate<'a>(&self, change: Change<'a>, activation: Activation) -> Changed<'a> {
        Box::pin(async move {
            change
                .app
                .segments()
                .activate(change.caller, change.name, activation, change.expected)
                .await
        })
    }

    fn end<'a>(&self, change: Change<'a>) -> Changed<'a> {
        Box::pin(async move {
            change
                .app
                .segments()
                .end(change.caller, change.name, change.expected)
                .await
        })
    }
}

/// What the self-test of a segmentation found.
#[derive(ToSchema)]
#[allow(dead_code, reason = "it only describes")]
struct SegmentationTest {
    /// Golden cases that passed.
    golden_cases: u64,
    /// Rows classified.
    rows_tried: u64,
    /// Fuel of a call without rows.
    fuel_per_call: u64,
    /// Fuel that each further row costs.
    fuel_per_row: u64,
    /// What a full chunk used.
    full_chunk: Usage,
}
