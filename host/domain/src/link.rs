//! How two customers belong together.

use std::str::FromStr;

/// What one customer is to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkKind {
    /// Of one family.
    Family,
    /// They travel together.
    Companion,
    /// Pays for the other.
    Payer,
    /// Brought the other to the agency.
    Referrer,
    /// Is called when something happens to the other.
    EmergencyContact,
}

impl LinkKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Family,
        Self::Companion,
        Self::Payer,
        Self::Referrer,
        Self::EmergencyContact,
    ];

    /// The name used in paths, JSON and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Family => "family",
            Self::Companion => "companion",
            Self::Payer => "payer",
            Self::Referrer => "referrer",
            Self::EmergencyContact => "emergency-contact",
        }
    }

    /// Whether each is it to the other.
    pub fn is_mutual(self) -> bool {
        matches!(self, Self::Family | Self::Companion)
    }
}

impl FromStr for LinkKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(())
    }
}
