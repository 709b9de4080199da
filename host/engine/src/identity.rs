//! What is known of every loaded plugin, whatever it decides.

use crate::contract::Descriptor;
use crate::description::Description;
use crate::extension_point::ExtensionPoint;
use crate::fault::Fault;
use crate::limits::Limits;
use crate::refusal::Refusal;
use posthouse_domain::Words;
use std::fmt;

/// Which plugin it is, what it says of itself, and the limits it runs under.
pub(crate) struct Identity {
    pub(crate) digest: String,
    pub(crate) description: Description,
    pub(crate) limits: Limits,
}

impl Identity {
    pub(crate) fn ask<C: Descriptor + ?Sized>(
        contract: &C,
        point: ExtensionPoint,
        digest: String,
        limits: &Limits,
    ) -> Result<Self, Refusal> {
        let description = contract.describe().map_err(unusable)?;
        crate::descriptor::check_description(&description, point, limits)?;
        Ok(Self {
            digest,
            description,
            limits: limits.clone(),
        })
    }

    /// The form in which a plugin is named in traces.
    pub(crate) fn debug(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(name)
            .field("digest", &self.digest)
            .field("name", &self.description.name)
            .field("version", &self.description.version)
            .finish_non_exhaustive()
    }
}

/// A plugin that cannot even say what it is.
pub(crate) fn unusable(fault: Fault) -> Refusal {
    Refusal::new("bad_descriptor", Words::of(&fault))
}
