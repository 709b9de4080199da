use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::promotion::PromotionCase;
use crate::segmentation::SegmentationCase;

/// One golden case.
#[derive(Debug, Clone)]
pub enum Case {
    /// Some customers and the segments they get.
    Segmentation(SegmentationCase),
    /// A basket of one customer and the offers for it.
    Promotion(PromotionCase),
}

impl Case {
    /// What the case shows, for people.
    pub fn name(&self) -> &str {
        match self {
            Self::Segmentation(case) => &case.name,
            Self::Promotion(case) => &case.name,
        }
    }
}

/// What tells the forms apart.
#[derive(Deserialize)]
#[serde(rename = "Case")]
struct Shape {
    lines: Option<IgnoredAny>,
}

/// Reads a file of golden cases.
///
/// # Errors
/// Where the JSON does not have the format of this crate.
pub fn parse(json: &[u8]) -> Result<Vec<Case>, String> {
    let wrong = |error: serde_json::Error| format!("golden cases: {error}");
    let shapes: Vec<Shape> = serde_json::from_slice(json).map_err(wrong)?;
    // the whole file again and not case by case, so that a mistake is told with its line
    match shapes.iter().filter(|shape| shape.lines.is_some()).count() {
        0 => {
            let cases: Vec<SegmentationCase> = serde_json::from_slice(json).map_err(wrong)?;
            Ok(cases.into_iter().map(Case::Segmentation).collect())
        }
        all if all == shapes.len() => {
            let cases: Vec<PromotionCase> = serde_json::from_slice(json).map_err(wrong)?;
            Ok(cases.into_iter().map(Case::Promotion).collect())
        }
        some => Err(format!(
            "golden cases: {some} of {} have the lines of a promotion, the others have not; one file has the cases of one extension point",
            shapes.len()
        )),
    }
}

pub(crate) fn no_settings() -> serde_json::Value {
    serde_json::Value::Object(serde_json::Map::new())
}
