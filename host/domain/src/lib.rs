//! The words of the trade: time, money, identities, bookings, records, facts. Everything here is pure: no IO, no async;
//! time and randomness are arguments.

pub mod attribute;
pub mod audit;
pub mod booking;
pub mod campaign;
pub mod canonical;
pub mod catalogue;
pub mod clocks;
pub mod clv;
pub mod complaints;
pub mod contribution;
pub mod event;
mod fact;
pub mod facts;
mod fields;
pub mod identity;
pub mod insights;
pub mod ledger;
pub mod link;
mod localized;
pub mod lots;
pub mod loyalty;
pub mod money;
pub mod normal;
pub mod preference;
pub mod profile;
pub mod promotion;
pub mod quantiles;
pub mod record;
mod rejection;
pub mod row;
pub mod search;
pub mod shape;
pub mod time;
pub mod webhook;
pub mod words;

pub use localized::Localized;
pub use record::Record;
pub use rejection::Rejection;
pub use time::{Clock, Day, Entropy, Instant};
pub use words::{Language, Words};

/// What an agency is, as far as rules of the trade depend on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyTerms {
    /// Days begin and end in this zone.
    pub time_zone: chrono_tz::Tz,
    /// Base currency: every sum is kept in its minor units.
    pub currency: money::Currency,
    /// Country whose habits numbers without an international prefix follow, as ISO 3166 alpha-2.
    pub country: String,
}
