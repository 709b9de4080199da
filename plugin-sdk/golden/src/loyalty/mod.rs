//! Cases of a loyalty rule: a member, what happened, and what the rule says.

mod asked;
mod expected;

pub use asked::{Booked, Happening, MemberRequest, Occasion, Standing, StandingIn};
pub use expected::{Active, Lasts, Placed, Posted, Wallet};

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::facts;
use crate::form::{Form, Shape};
use crate::mismatch::Mismatch;
use crate::segmentation::not_a_date;
use crate::{Rule, Said};

/// A member of a programme, and what the rule says of an occasion or of the tier.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoyaltyCase {
    /// What the case shows, for people.
    pub name: String,
    /// The day of the call, `YYYY-MM-DD`.
    today: String,
    /// The moment of the call, in ms since 1970; midnight UTC of the day if left out.
    #[serde(default)]
    now: Option<i64>,
    /// The seed of the call; 0 if left out.
    #[serde(default)]
    seed: u64,
    /// Settings; `{}` if left out.
    #[serde(default = "crate::form::no_settings")]
    config: Json,
    /// What is known of the customer.
    #[serde(default)]
    facts: Map<String, Json>,
    /// What the member has.
    standing: asked::StandingSaid,
    /// What happened; left out, the rule is asked for the tier.
    #[serde(default)]
    occasion: Option<asked::OccasionSaid>,
    /// The postings in the rule's order, or where the member stands.
    expect: Json,
}

impl Form for LoyaltyCase {
    const SHAPE: Shape = Shape {
        point: "loyalty",
        zh: "会员忠诚度",
        mark: "standing",
        holds: "the `standing` of a member",
        holds_zh: "会员的 `standing`",
    };

    fn name(&self) -> &str {
        &self.name
    }
}

impl LoyaltyCase {
    /// Reads the case for a rule.
    ///
    /// # Errors
    /// The mistakes in the case.
    pub fn read(&self, rule: &Rule) -> Result<MemberRequest, Said> {
        let today = self.today.as_str();
        let today = crate::day(today).ok_or_else(|| not_a_date(today))?;
        let now = self.now.unwrap_or(i64::from(today) * crate::day::MILLIS);
        let facts = facts::read(&rule.facts, &self.facts).map_err(|problem| problem.behind("facts: ", "facts："))?;
        let standing = self.standing.read(today);
        let occasion = self.occasion.as_ref().map(|said| said.read(today, now)).transpose();
        let request = MemberRequest {
            today,
            now,
            seed: self.seed,
            config: self.config.clone(),
            standing: standing.map_err(|problem| problem.behind("standing: ", "standing："))?,
            occasion: occasion.map_err(|problem| problem.behind("occasion: ", "occasion："))?,
            facts,
        };
        match self.occasion {
            Some(_) => self.postings().map(drop),
            None => self.placement().map(drop),
        }
        .map_err(|problem| problem.behind("expect: ", "expect："))?;
        Ok(request)
    }

    fn postings(&self) -> Result<Vec<expected::Posting>, Said> {
        expected::postings(&self.expect)
    }

    fn placement(&self) -> Result<expected::Placement, Said> {
        expected::placement(&self.expect)
    }

    /// Every difference between the postings and the expected ones.
    pub fn compare_postings(&self, posted: &[Posted<'_>]) -> Vec<Mismatch> {
        expected::compare_postings(&self.postings().unwrap_or_default(), posted)
    }

    /// Every difference between a placement and the expected one.
    pub fn compare_placement(&self, placed: &Placed<'_>) -> Vec<Mismatch> {
        match self.placement() {
            Ok(expected) => expected::compare_placement(&expected, placed),
            Err(_) => Vec::new(),
        }
    }
}
