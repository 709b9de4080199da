//! What is kept from a caller of what is known of customers: by what their role does not see, and by whose customers they see.

use crate::caller::{Caller, Mask, Rows, Scope};
use crate::error::{AppError, Result};
use posthouse_domain::catalogue::FactKind;
use posthouse_domain::identity::IdentityKind;
use posthouse_domain::{Rejection, words};
use serde_json::{Map, Value};

/// What stands in a sentence in the place of a fact that is kept from whoever reads it.
pub(crate) const HIDDEN: &str = "•••";

/// The mask under which a fact is, of the catalogue or of the agency's own.
pub(crate) fn of_fact(key: &str, kind: FactKind) -> Option<Mask> {
    match (key, kind) {
        (_, FactKind::Money) | ("points-balance", _) => Some(Mask::Money),
        ("birth-date" | "age" | "days-to-birthday", _) => Some(Mask::Birth),
        _ => None,
    }
}

/// Fields of bookings that say what was paid and what that brought.
const AMOUNTS: [&str; 4] = ["amount", "cost", "amount_base", "price"];
/// Fields of what happened that say nothing that any mask hides.
const PLAIN: [&str; 19] = [
    "booking_id",
    "product",
    "destination",
    "theme",
    "booked_at",
    "departs",
    "returns",
    "travellers",
    "status",
    "channel",
    "currency",
    "binding",
    "from",
    "to",
    "identities",
    "name",
    "preferences",
    "topic",
    "reason",
];
/// Fields in which people write what they like, a telephone number as well.
const WRITTEN: [&str; 4] = ["note", "text", "title", "subject"];

impl Caller {
    /// Whether a fact is kept from them.
    pub(crate) fn hides_fact(&self, key: &str, kind: FactKind) -> bool {
        of_fact(key, kind).is_some_and(|mask| self.is_masked(mask))
    }

    /// Whether an identity is kept from them; documents are kept from everybody until they are asked for.
    pub(crate) fn hides_identity(&self, kind: IdentityKind) -> bool {
        kind.is_document() || (kind != IdentityKind::MemberNo && self.is_masked(Mask::Contact))
    }

    /// Whether they see everything of everybody.
    pub(crate) fn reads_everything(&self) -> bool {
        self.may(Scope::Read).is_ok() && self.masks.is_empty() && self.rows == Rows::All
    }

    /// Passes those who see all that an answer shows, where nothing can be taken out of it.
    ///
    /// # Errors
    /// `data_masked`.
    pub(crate) fn must_see(&self, masks: &[Mask]) -> Result<()> {
        if self.rows == Rows::All && !masks.iter().any(|mask| self.is_masked(*mask)) {
            return Ok(());
        }
        Err(AppError::Denied(Rejection::new(
            "data_masked",
            words!(
                "this shows customers, or data of theirs, that your role does not see; ask somebody whose role does",
                "此内容含有您的角色看不到的客户或数据；请由有权查看的人操作"
            ),
        )))
    }

    /// Passes those who see amounts, of whichever customers.
    ///
    /// # Errors
    /// `data_masked`.
    pub fn must_see_money(&self) -> Result<()> {
        self.must_not_be_masked(Mask::Money)
    }

    /// Passes whoever sees how to reach customers, of the customers they see.
    ///
    /// # Errors
    /// `data_masked`.
    pub fn must_see_contact(&self) -> Result<()> {
        self.must_not_be_masked(Mask::Contact)
    }

    fn must_not_be_masked(&self, mask: Mask) -> Result<()> {
        match self.is_masked(mask) {
            true => self.must_see(&[mask]),
            false => Ok(()),
        }
    }

    /// What a sender or a person said of something that happened, as far as they see it: where anything is kept from them, only fields of
    /// which it is known what they say.
    pub(crate) fn seen_of(&self, data: Value) -> Value {
        let Value::Object(fields) = data else { return data };
        if self.masks.is_empty() {
            return Value::Object(fields);
        }
        let shows = |key: &str| {
            PLAIN.contains(&key)
                || (AMOUNTS.contains(&key) && !self.is_masked(Mask::Money))
                || (WRITTEN.contains(&key) && !self.is_masked(Mask::Contact))
        };
        let mut seen = Map::new();
        for (key, value) in fields {
            match value {
                // what was set by hand, by name
                Value::Object(told) if key == "attributes" => {
                    let told = told.into_iter().filter(|(name, _)| self.shows_attribute(name));
                    seen.insert(key, Value::Object(told.collect()));
                }
                value if shows(&key) => {
                    seen.insert(key, value);
                }
                _ => {}
            }
        }
        Value::Object(seen)
    }

    /// Whether a field of the product's own is shown; of the agency's own nobody knows what a change by hand says.
    fn shows_attribute(&self, name: &str) -> bool {
        match name {
            "birth_date" => !self.is_masked(Mask::Birth),
            name => [
                "kind",
                "name",
                "name_latin",
                "gender",
                "home_city",
                "language",
                "consent_marketing",
            ]
            .contains(&name),
        }
    }
}
