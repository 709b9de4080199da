//! A plugin that is ready to be called, whatever it decides.

use crate::contract::{self, Linked};
use crate::description::{Description, SegmentDef};
use crate::extension_point::ExtensionPoint;
use crate::fault::Fault;
use crate::identity::Identity;
use crate::problem::Problem;
use crate::promotion::PromotionPlugin;
use crate::refusal::Refusal;
use crate::runtime::Runtime;
use crate::segmentation::SegmentationPlugin;
use std::sync::Arc;
use wasmtime::component::Component;

/// A plugin, ready to be called from any thread. Cheap to clone.
#[derive(Debug, Clone)]
pub enum Plugin {
    /// Puts customers into segments.
    Segmentation(SegmentationPlugin),
    /// Proposes savings on a basket.
    Promotion(PromotionPlugin),
}

impl Plugin {
    /// Links a compiled component, asks what it is, and checks every word of the answer.
    pub(crate) fn load(runtime: &Arc<Runtime>, digest: String, component: &Component) -> Result<Self, Refusal> {
        let limits = &runtime.limits;
        match contract::link(runtime, component)? {
            Linked::Segmentation(contract) => {
                let identity = Identity::ask(&*contract, ExtensionPoint::Segmentation, digest, limits)?;
                SegmentationPlugin::load(identity, contract).map(Self::Segmentation)
            }
            Linked::Promotion(contract) => {
                let identity = Identity::ask(&*contract, ExtensionPoint::Promotion, digest, limits)?;
                Ok(Self::Promotion(PromotionPlugin::new(identity, contract)))
            }
        }
    }

    /// SHA-256 of the component in lower-case hexadecimal.
    pub fn digest(&self) -> &str {
        match self {
            Self::Segmentation(plugin) => plugin.digest(),
            Self::Promotion(plugin) => plugin.digest(),
        }
    }

    /// What the plugin says of itself.
    pub fn description(&self) -> &Description {
        match self {
            Self::Segmentation(plugin) => plugin.description(),
            Self::Promotion(plugin) => plugin.description(),
        }
    }

    /// What it decides.
    pub fn extension_point(&self) -> ExtensionPoint {
        match self {
            Self::Segmentation(_) => ExtensionPoint::Segmentation,
            Self::Promotion(_) => ExtensionPoint::Promotion,
        }
    }

    /// What it finds wrong with settings beyond what their schema says: canonical JSON that is valid under it. Nothing if they fit. Blocks like
    /// any call.
    ///
    /// # Errors
    /// A [`Fault`] if it does not come to an answer.
    pub fn validate(&self, config: &str) -> Result<Vec<Problem>, Fault> {
        match self {
            Self::Segmentation(plugin) => plugin.validate(config),
            Self::Promotion(plugin) => plugin.validate(config),
        }
    }

    /// The segments in the order of their indices; none if it is no segmentation.
    pub fn segments(&self) -> &[SegmentDef] {
        match self {
            Self::Segmentation(plugin) => plugin.segments(),
            Self::Promotion(_) => &[],
        }
    }

    /// The segmentation it is.
    ///
    /// # Errors
    /// The plugin itself, if it is another one.
    pub fn segmentation(self) -> Result<SegmentationPlugin, Self> {
        match self {
            Self::Segmentation(plugin) => Ok(plugin),
            other => Err(other),
        }
    }

    /// The promotion it is.
    ///
    /// # Errors
    /// The plugin itself, if it is another one.
    pub fn promotion(self) -> Result<PromotionPlugin, Self> {
        match self {
            Self::Promotion(plugin) => Ok(plugin),
            other => Err(other),
        }
    }
}
