use crate::Said;
use crate::complaint_routing::RoutingCase;
use crate::form::{Form, Shape, read, shape};
use crate::loyalty::LoyaltyCase;
use crate::promotion::PromotionCase;
use crate::segmentation::SegmentationCase;

/// The shapes that are known. A case with none of their marks is read as the first, so that it is told what it lacks.
pub const SHAPES: [Shape; 4] = [
    SegmentationCase::SHAPE,
    PromotionCase::SHAPE,
    LoyaltyCase::SHAPE,
    RoutingCase::SHAPE,
];

/// Reads a file where cases of one form are needed.
///
/// # Errors
/// Where the JSON does not have the format of this crate, or the cases are of another extension point.
pub fn parse<F: Form>(json: &[u8]) -> Result<Vec<F>, Said> {
    match shape(json, &SHAPES)? {
        Some(found) if SHAPES[found].point != F::SHAPE.point => Err(SHAPES[found].instead_of(&F::SHAPE)),
        _ => read(json),
    }
}
