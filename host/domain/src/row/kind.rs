//! The two kinds of file, and the headers of each.

use crate::identity::IdentityKind;
use serde::{Deserialize, Serialize};

/// What the rows of a file are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    /// One customer a row.
    Customers,
    /// One booking a row.
    Bookings,
}

impl FileKind {
    /// Both kinds.
    pub const ALL: [Self; 2] = [Self::Customers, Self::Bookings];

    /// The name used in commands, paths and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customers => "customers",
            Self::Bookings => "bookings",
        }
    }

    /// The reverse of [`Self::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The headers by which a customer is known.
    pub(super) fn known_by(self) -> [(&'static str, IdentityKind); 3] {
        let [member_no, phone, email] = match self {
            Self::Customers => ["member_no", "phone", "email"],
            Self::Bookings => ["customer_member_no", "customer_phone", "customer_email"],
        };
        [
            (member_no, IdentityKind::MemberNo),
            (phone, IdentityKind::Phone),
            (email, IdentityKind::Email),
        ]
    }

    /// The header by which a customer is known with an identity of this kind; empty if files have no such header.
    pub fn known_as(self, kind: IdentityKind) -> &'static str {
        let mut known_by = self.known_by().into_iter();
        known_by.find(|(_, other)| *other == kind).map_or("", |(name, _)| name)
    }

    /// The headers understood.
    pub fn headers(self) -> &'static [&'static str] {
        match self {
            Self::Customers => &[
                "external_id",
                "member_no",
                "phone",
                "email",
                "name",
                "name_latin",
                "kind",
                "gender",
                "birth_date",
                "home_city",
                "language",
                "since",
                "consent_marketing",
            ],
            Self::Bookings => &[
                "external_id",
                "booking_id",
                "customer_member_no",
                "customer_phone",
                "customer_email",
                "customer_name",
                "booked_at",
                "product",
                "destination",
                "theme",
                "departs",
                "returns",
                "travellers",
                "amount",
                "cost",
                "currency",
                "amount_base",
                "status",
                "channel",
            ],
        }
    }
}

/// Whether a file may have several columns of this field. People have several numbers and addresses; the first filled one says who a
/// customer is.
pub fn may_repeat(field: &str) -> bool {
    matches!(field, "phone" | "email" | "customer_phone" | "customer_email")
}
