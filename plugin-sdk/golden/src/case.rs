use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::Said;
use crate::promotion::PromotionCase;
use crate::said::said;
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
pub fn parse(json: &[u8]) -> Result<Vec<Case>, Said> {
    let wrong = |error: serde_json::Error| said!("golden cases: {error}", "用例：{error}");
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
        some => Err(said!(
            "golden cases: {some} of {all} have the lines of a promotion, the others do not; one file has the cases of one extension point",
            "用例：{all} 个用例中有 {some} 个带促销的 lines，其余没有；一个文件只能有一种扩展点的用例",
            all = shapes.len()
        )),
    }
}

pub(crate) fn no_settings() -> serde_json::Value {
    serde_json::Value::Object(serde_json::Map::new())
}
