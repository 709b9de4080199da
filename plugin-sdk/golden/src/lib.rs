//! Golden cases: questions with the answers an author expects. The host runs them at upload, `posthouse plugin test` in the sandbox,
//! and the SDK's harness under `cargo test`. All of them read the file here, and compare here, so that a case that passes in one place
//! passes in the others. Beside it the catalogue of facts, which a rule's declared facts are held against.
//!
//! The cases of a segmentation have rows:
//!
//! ```json
//! [{"name": "a champion", "today": "2026-01-15", "config": {},
//!   "quantiles": {"spend-24m": [10000, 50000, 90000, 200000]},
//!   "rows": [{"recency-days": 12, "spend-24m": 120000}],
//!   "expect": [{"segment": "champions", "score": 555, "reason": "recent"}]}]
//! ```
//!
//! A fact that is left out is unknown where the plugin allows that and zero elsewhere. A day is a date, or a number of days since 1970.
//! Quantile tables that are left out are computed from the case's own rows. `"segment": null` expects no segment; `score` and `reason`
//! are compared where they are given, a score within a millionth. The call's `now`, in
//! ms since 1970, is midnight UTC of `today` and its `seed` 0, if they are left out.
//!
//! Those of a promotion have the lines of a basket and the facts of one customer:
//!
//! ```json
//! [{"name": "long not seen", "today": "2026-01-15", "config": {}, "channel": "app", "facts": {"recency-days": 400},
//!   "lines": [{"sku": "YN-7", "kind": "tour", "destination": "云南", "theme": "culture", "departs": "2026-03-01",
//!              "travellers": 2, "unit_price": 500000, "quantity": 2}, {"unit_price": 80000}],
//!   "expect": [{"line": 0, "rate": 1000, "reason": "early"}, {"line": 1, "amount": 5000, "reason": "welcome-back"}]}]
//! ```
//!
//! `now`, `seed`, `config`, `channel` (`app`) and `facts` may be left out, and of a line everything but its price, in minor units: it is one `tour`
//! for one traveller with the number `S1`. `departs` is a day. `expect` has every offer the rule makes, in any order: `amount` in minor
//! units or `rate` in basis points; `reason` is compared where it is given.
//!
//! Those of a loyalty rule have the standing of a member. With an occasion they ask what it earns, without one in which tier the member is:
//!
//! ```json
//! [{"name": "a tour in gold", "today": "2026-01-15", "config": {},
//!   "standing": {"member_since": "2024-03-01", "tier": {"tier": "gold", "valid_until": "2026-12-31"}, "available": 300},
//!   "occasion": {"kind": "booking-confirmed", "booking": {"amount": 500000, "theme": "culture"}},
//!   "expect": [{"points": 6250, "active": "completed", "expires": {"months": 24}, "reason": "booking"}]},
//!  {"name": "enough for silver", "today": "2026-01-15",
//!   "standing": {"status": [{"on": "2025-11-02", "points": 21000}]},
//!   "expect": {"tier": "silver", "valid_until": "2027-12-31", "next": {"tier": "gold", "have": 21000, "need": 60000}}}]
//! ```
//!
//! An occasion has a `kind`: `joined`, `birthday`; `booking-confirmed` and `booking-completed` with a `booking`, of which everything but its
//! `amount` in minor units may be left out; `reviewed` with a `rating`; `referral-completed` with a `side`, `referrer` or `referred`, and
//! how many were referred `earlier` and `earlier_12m`; `other` with the `name` and the `data` of an agency's own event. What is left out of
//! a standing is nothing, or of the day of the call. `expect` has the postings in the rule's order, of `wallet` `points` or `status`; `active`
//! (`now`, `completed` or a day), `expires` (`never`, a day, `{"days": 30}` or `{"months": 24}`) and `reason` are compared where they are
//! given, as are `valid_until`, `next` and `reason` of a tier.
//!
//! Those of a rule of complaint routing have what came in, and the desks it can go to:
//!
//! ```json
//! [{"name": "a cold shower goes to whoever deals with hotels", "today": "2026-01-15",
//!   "complaint": {"cause": "product", "phase": "in_trip", "booking": {"amount": 500000}, "supplier": "lake-hotel"},
//!   "desks": [{"key": "default", "people": [{}]}, {"key": "suppliers", "skills": ["supplier"], "people": [{"open_cases": 2}]}],
//!   "expect": {"desk": "suppliers", "severity": 2, "targets": {"first_response": 60}, "reason": "supplier"}}]
//! ```
//!
//! What is left out of a `complaint` is unknown or nothing: it is a `complaint` by `phone`, `post` trip. `desk` names the desk at which it is.
//! `trigger` says why the rule is asked: `opened`, if it is left out, `reopened`, `cause_changed`, `severity_changed`, `answered`, or of an
//! escalation `{"clock": "resolution", "percent": 100}`. Without `desks` there is one, `default`, with somebody on duty. Of `expect` what is given is
//! compared: `desk` (`null` for the default desk), `person`, `severity`, `cause`, `targets` in working minutes by clock, `escalations`, `playbook`,
//! `compensations` as `[{"remedy": "refund", "amount": 50000}]`, and `reason`.
//!
//! One file has the cases of one extension point.

mod case;
pub mod catalogue;
pub mod complaint_routing;
mod count;
mod day;
mod facts;
mod form;
mod loyalty;
mod meant;
mod mismatch;
mod promotion;
mod quantiles;
mod said;
mod segmentation;

pub use case::{SHAPES, parse};
pub use complaint_routing::RoutingCase;
pub use count::{Counts, count};
pub use day::{MILLIS as DAY_MILLIS, day};
pub use facts::{Fact, Kind, Value, as_json, zero};
pub use form::{Form, Shape, read, shape};
pub use loyalty::{
    Active, Booked, Happening, Lasts, LoyaltyCase, MemberRequest, Occasion, Placed, Posted, Standing, StandingIn,
    Wallet,
};
pub use mismatch::{Mismatch, Place};
pub use promotion::{Line, PRODUCTS, PromotionCase, Proposed, Request, Saving};
pub use quantiles::{Quantiles, Table, edges};
pub use said::Said;
pub use segmentation::{Answer, Rows, SegmentationCase};

use said::said;

/// What the cases have to know of a rule.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rule {
    /// The facts it declares, in its order.
    pub facts: Vec<Fact>,
    /// The tables it asks for.
    pub quantiles: Vec<Quantiles>,
}

/// Mistakes named at once; a file with more of them has one in every line.
const MISTAKES: usize = 20;

/// All mistakes as one text, a sentence each.
fn joined(mut mistakes: Vec<Said>) -> Result<(), Said> {
    if mistakes.is_empty() {
        return Ok(());
    }
    let more = mistakes.len().saturating_sub(MISTAKES);
    mistakes.truncate(MISTAKES);
    if more > 0 {
        mistakes.push(said!("and {more} more", "另有 {more} 处"));
    }
    let text = |half: fn(&Said) -> &str, between: &str| mistakes.iter().map(half).collect::<Vec<_>>().join(between);
    Err(Said {
        en: text(|said| &said.en, "; "),
        zh: text(|said| &said.zh, "；"),
    })
}
