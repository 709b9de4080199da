//! What the engine does with a plugin without knowing what it decides.

use crate::bench::{self, Bench};
use crate::cases::{Case, Failed, Ran};
use crate::description::SegmentDef;
use crate::identity::Identity;
use crate::refusal::Refusal;
use crate::self_test::Trial;
use crate::units::SelfTest;
use std::any::Any;
use std::fmt;
use std::time::Duration;

/// A loaded plugin in the hands of the engine. Whoever asks it has the type that implements this.
pub(crate) trait Front: Any + fmt::Debug + Send + Sync {
    /// Which plugin it is.
    fn identity(&self) -> &Identity;
    /// The segments it puts customers into; none if it does something else.
    fn segments(&self) -> &[SegmentDef] {
        &[]
    }
    /// Tries it with hostile and made-up input, when its golden cases have passed; the first thing that fails is the refusal.
    fn self_test(&self, trial: &Trial) -> Result<SelfTest, Refusal>;
    /// Runs a golden case of its extension point.
    fn golden(&self, case: &Case) -> Result<Ran, Failed>;
    /// Measures calls of several sizes, each for about `patience`, with the same input for the same `seed`.
    fn bench(&self, seed: u64, patience: Duration) -> Result<Bench, bench::Failed>;
}
