//! The extension point `segmentation`: customers come in columns, many a call, so it has a front and trials of its own.

mod bench;
mod declared;
mod golden;
mod plugin;
mod self_test;
mod units;
mod v1;

use crate::bench::{Bench, Failed as Unmeasured};
use crate::cases::{Case, Failed, Ran};
use crate::description::SegmentDef;
use crate::extension_point::ExtensionPoint;
use crate::front::Front;
use crate::identity::Identity;
use crate::refusal::Refusal;
use crate::self_test::Trial;
use crate::units::SelfTest;
use posthouse_golden::SegmentationCase;
use std::sync::Arc;
use std::time::Duration;

pub use plugin::{Classified, NONE, SegmentationPlugin};

/// The extension point.
pub(crate) const POINT: ExtensionPoint = ExtensionPoint::new::<SegmentationCase>(units::UNITS, |linked, digest| {
    Ok(Arc::new(SegmentationPlugin::load(linked, digest)?))
});

impl Front for SegmentationPlugin {
    fn identity(&self) -> &Identity {
        self.identity()
    }

    fn segments(&self) -> &[SegmentDef] {
        self.segments()
    }

    fn self_test(&self, trial: &Trial) -> Result<SelfTest, Refusal> {
        self_test::run(self, trial)
    }

    fn golden(&self, case: &Case) -> Result<Ran, Failed> {
        golden::run(self, case.form()?)
    }

    fn bench(&self, seed: u64, patience: Duration) -> Result<Bench, Unmeasured> {
        bench::run(self, seed, patience)
    }
}
