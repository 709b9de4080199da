//! What a plugin can decide.

use crate::cases::Case;
use crate::contract::Linked;
use crate::front::Front;
use crate::refusal::Refusal;
use crate::units::Units;
use posthouse_golden::{Form, Said, Shape};
use std::fmt;
use std::sync::Arc;

/// Makes a plugin of this digest of a linked component.
pub(crate) type Load = fn(Linked, String) -> Result<Arc<dyn Front>, Refusal>;

/// Where a plugin is asked. A plugin serves exactly one.
#[derive(Clone, Copy)]
pub struct ExtensionPoint {
    units: &'static Units,
    shape: Shape,
    read: fn(&[u8]) -> Result<Vec<Case>, Said>,
    load: Load,
}

impl ExtensionPoint {
    /// One whose golden cases have this form.
    pub(crate) const fn new<C: Form + Send + Sync + 'static>(units: &'static Units, load: Load) -> Self {
        Self {
            units,
            shape: C::SHAPE,
            read: Case::read::<C>,
            load,
        }
    }

    /// The name used in WIT, JSON and messages.
    pub fn as_str(self) -> &'static str {
        self.shape.point
    }

    /// How it counts what its rules are asked about.
    pub fn units(self) -> &'static Units {
        self.units
    }

    /// What tells its golden cases from those of others.
    pub(crate) fn shape(self) -> Shape {
        self.shape
    }

    pub(crate) fn read(self, cases: &[u8]) -> Result<Vec<Case>, Said> {
        (self.read)(cases)
    }

    pub(crate) fn load(self, linked: Linked, digest: String) -> Result<Arc<dyn Front>, Refusal> {
        (self.load)(linked, digest)
    }
}

impl PartialEq for ExtensionPoint {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for ExtensionPoint {}

impl fmt::Debug for ExtensionPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for ExtensionPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
