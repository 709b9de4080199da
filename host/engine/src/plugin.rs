//! A plugin that is ready to be called, whatever it decides.

use crate::bench::{self, Bench};
use crate::cases::{Case, Failed, Ran};
use crate::contract::Linked;
use crate::description::{Description, SegmentDef};
use crate::extension_point::ExtensionPoint;
use crate::fault::Fault;
use crate::front::Front;
use crate::problem::Problem;
use crate::refusal::Refusal;
use crate::self_test::Trial;
use crate::units::SelfTest;
use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

/// A plugin, ready to be called from any thread: which one it is, and the front of its extension point. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Plugin {
    point: ExtensionPoint,
    front: Arc<dyn Front>,
}

impl Plugin {
    /// Asks a linked component what it is, and checks every word of the answer.
    pub(crate) fn load(point: ExtensionPoint, linked: Linked, digest: String) -> Result<Self, Refusal> {
        let front = point.load(linked, digest)?;
        Ok(Self { point, front })
    }

    /// SHA-256 of the component in lower-case hexadecimal.
    pub fn digest(&self) -> &str {
        &self.front.identity().digest
    }

    /// What the plugin says of itself.
    pub fn description(&self) -> &Description {
        &self.front.identity().description
    }

    /// What it decides.
    pub fn extension_point(&self) -> ExtensionPoint {
        self.point
    }

    /// What it finds wrong with settings beyond what their schema says: canonical JSON that is valid under it. Nothing if they fit. Blocks like
    /// any call.
    ///
    /// # Errors
    /// A [`Fault`] if it does not come to an answer.
    pub fn validate(&self, config: &str) -> Result<Vec<Problem>, Fault> {
        self.front.identity().validate(config)
    }

    /// The segments in the order of their indices; none if it is no segmentation.
    pub fn segments(&self) -> &[SegmentDef] {
        self.front.segments()
    }

    /// What its extension point asks it through: a `SegmentationPlugin`, or the `Decider` of a point. None if it serves another point.
    pub fn front<F: Any + Clone>(&self) -> Option<F> {
        let front: &dyn Any = &*self.front;
        front.downcast_ref().cloned()
    }

    /// Measures calls of several sizes, each for about `patience`, with the same made-up input for the same `seed`.
    ///
    /// # Errors
    /// The fault of a call: a rule that fails cannot be measured.
    pub fn bench(&self, seed: u64, patience: Duration) -> Result<Bench, bench::Failed> {
        self.front.bench(seed, patience)
    }

    pub(crate) fn golden(&self, case: &Case) -> Result<Ran, Failed> {
        self.front.golden(case)
    }

    pub(crate) fn self_test(&self, trial: &Trial) -> Result<SelfTest, Refusal> {
        self.front.self_test(trial)
    }
}
