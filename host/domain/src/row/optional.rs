//! What a row can do without.

use crate::Rejection;

/// A cell that a row lands without, because it cannot be read and nothing else in the row hangs on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The field, or the key of an attribute's values.
    pub field: String,
    /// What is wrong with the cell.
    pub why: Rejection,
}

/// Whether a row is right without this field. It is not without who, when, which booking, its status, and money.
pub fn is_optional(field: &str) -> bool {
    !matches!(
        field,
        "external_id"
            | "booking_id"
            | "member_no"
            | "phone"
            | "email"
            | "customer_member_no"
            | "customer_phone"
            | "customer_email"
            | "booked_at"
            | "status"
            | "amount"
            | "cost"
            | "currency"
            | "amount_base"
    )
}
