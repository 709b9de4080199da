//! Loyalty: a rule decides about occasions from its activation on.

use super::{ByItself, Change, Changed, Described, Point};
use crate::described::Usage;
use posthouse_app::loyalty::LOYALTY;
use posthouse_app::rules::Activation;
use posthouse_web::problem::Answer;
use utoipa::ToSchema;

pub(super) struct Loyalty;

impl Point for Loyalty {
    fn name(&self) -> &'static str {
        LOYALTY
    }

    fn by_itself(&self, _: &str) -> Answer<&dyn ByItself> {
        Ok(self)
    }

    fn roll_back<'a>(&self, change: Change<'a>, to: Option<i64>) -> Changed<'a> {
        Box::pin(async move {
            let Change {
                app,
                caller,
                name,
                expected,
            } = change;
            app.loyalty().roll_back(caller, name, to, expected).await
        })
    }

    fn self_test(&self) -> Described {
        Described::of::<LoyaltyTest>("Of a loyalty rule.")
    }
}

impl ByItself for Loyalty {
    fn activate<'a>(&self, change: Change<'a>, activation: Activation) -> Changed<'a> {
        Box::pin(async move {
            let Change {
                app,
                caller,
                name,
                expected,
            } = change;
            app.loyalty().activate(caller, name, &activation, expected).await
        })
    }

    fn end<'a>(&self, change: Change<'a>) -> Changed<'a> {
        Box::pin(async move {
            let Change {
                app,
                caller,
                name,
                expected,
            } = change;
            app.loyalty().end(caller, name, expected).await
        })
    }
}

/// What the self-test of a loyalty rule found.
#[derive(ToSchema)]
#[allow(dead_code, reason = "it only describes")]
struct LoyaltyTest {
    /// Golden cases that passed.
    golden_cases: u64,
    /// Occasions tried, and members placed.
    occasions_tried: u64,
    /// Fuel of a call for a new member.
    fuel_per_call: u64,
    /// Fuel that each further day of status costs.
    fuel_per_status_day: u64,
    /// What a member with status on every day of two years used.
    full_standing: Usage,
}
