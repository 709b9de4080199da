//! What a plugin can decide.

use std::fmt;

/// Where a plugin is asked. A plugin serves exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExtensionPoint {
    /// Puts customers into segments.
    Segmentation,
    /// Proposes savings on a basket.
    Promotion,
}

impl ExtensionPoint {
    /// Those this host speaks.
    pub const ALL: [Self; 2] = [Self::Segmentation, Self::Promotion];

    /// The name used in WIT, JSON and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Segmentation => "segmentation",
            Self::Promotion => "promotion",
        }
    }

    /// The one of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|point| point.as_str() == name)
    }
}

impl fmt::Display for ExtensionPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
