//! The extension points that this host speaks, each in a room of its own: how it is called in every version of the contract, its checks,
//! what it is tried with, its golden cases, the words for it. Nothing outside of its room knows one.

mod complaint_routing;
mod loyalty;
mod promotion;
mod segmentation;

use crate::cases::Case;
use crate::contract::Linked;
use crate::extension_point::ExtensionPoint;
use crate::refusal::Refusal;
use posthouse_golden::{Said, Shape, shape};

pub use complaint_routing::{CaseAsked, ComplaintRouting, Routed};
pub use loyalty::{Loyalty, MemberAsked, MemberSaid, NextTier, PlacedIn};
pub use promotion::{Promotion, Proposed, shown_basket};
pub use segmentation::{Classified, NONE, SegmentationPlugin};

/// A promotion rule, ready to be called from any thread. Cheap to clone.
pub type PromotionPlugin = crate::decider::Decider<Promotion>;

/// A loyalty rule, ready to be called from any thread. Cheap to clone.
pub type LoyaltyPlugin = crate::decider::Decider<Loyalty>;

/// A rule of complaint routing, ready to be called from any thread. Cheap to clone.
pub type RoutingPlugin = crate::decider::Decider<ComplaintRouting>;

/// Extension points of the contract that this host does not speak yet.
pub const LATER: [&str; 1] = ["care"];

/// The extension points that an engine speaks. By default all that this host knows.
#[derive(Debug, Clone)]
pub struct Points(Vec<ExtensionPoint>);

impl Default for Points {
    fn default() -> Self {
        // a golden case that says of no other point is read as one of the first
        Self(vec![
            segmentation::POINT,
            ExtensionPoint::of::<Promotion>(),
            ExtensionPoint::of::<Loyalty>(),
            ExtensionPoint::of::<ComplaintRouting>(),
        ])
    }
}

impl Points {
    /// These and one more.
    pub fn with(mut self, point: ExtensionPoint) -> Self {
        self.0.push(point);
        self
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = ExtensionPoint> {
        self.0.iter().copied()
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.iter().map(ExtensionPoint::as_str)
    }

    /// The one of this name.
    pub fn named(&self, name: &str) -> Option<ExtensionPoint> {
        self.iter().find(|point| point.as_str() == name)
    }

    /// What tells the golden cases of each from those of the others.
    pub(crate) fn shapes(&self) -> Vec<Shape> {
        self.iter().map(ExtensionPoint::shape).collect()
    }

    /// Reads a file of golden cases of any of them.
    ///
    /// # Errors
    /// Where it does not have the format of one.
    pub fn cases(&self, json: &[u8]) -> Result<Vec<Case>, Said> {
        match shape(json, &self.shapes())? {
            Some(found) => self.0[found].read(json),
            None => Ok(Vec::new()),
        }
    }

    /// The one that a component serves.
    pub(crate) fn served(&self, linked: &Linked) -> Result<ExtensionPoint, Refusal> {
        let served = self.iter().find(|point| linked.serves(point.as_str()));
        served.ok_or_else(Linked::serves_none)
    }
}
