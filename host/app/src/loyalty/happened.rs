//! What happened to members, as it is written down for rules to be asked about.

use crate::App;
use crate::rules::Moment;
use posthouse_domain::loyalty::{Happening, Occasion};
use posthouse_store::loyalty::{OccasionRow, WAITING};
use serde_json::json;
use uuid::Uuid;

/// The kind of what a referral's occasions are about.
pub(super) const REFERRAL: &str = "referral";

/// That a customer has become a member.
pub(super) fn joined(app: &App, customer: Uuid, binding: &str, moment: Moment) -> OccasionRow {
    let occasion = Occasion {
        at: moment.now,
        on: moment.today,
        what: Happening::Joined,
    };
    occasion_row(app, customer, ("member", String::new()), binding, &occasion, moment)
}

/// An occasion that no booking is, for the first time.
pub(super) fn occasion_row(
    app: &App,
    customer: Uuid,
    (about_kind, about): (&str, String),
    binding: &str,
    occasion: &Occasion,
    moment: Moment,
) -> OccasionRow {
    OccasionRow {
        id: app.entropy.id(moment.now),
        customer_id: customer,
        kind: occasion.what.kind().to_owned(),
        about_kind: about_kind.to_owned(),
        about,
        binding: binding.to_owned(),
        round: 1,
        state: WAITING.to_owned(),
        occasion: json!(occasion).to_string(),
        basis: String::new(),
        amount: 0,
        attempts: 0,
        due_at: 0,
        problem: None,
        decision_id: None,
        created_at: moment.now,
    }
}
