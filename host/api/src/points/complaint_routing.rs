//! Complaint routing: a rule sends cases to desks from its activation on.

use super::{ByItself, Change, Changed, Described, Point};
use crate::described::Usage;
use posthouse_app::complaints::COMPLAINT_ROUTING;
use posthouse_app::rules::Activation;
use posthouse_web::problem::Answer;
use utoipa::ToSchema;

pub(super) struct ComplaintRouting;

impl Point for ComplaintRouting {
    fn name(&self) -> &'static str {
        COMPLAINT_ROUTING
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
            app.complaints().roll_back(caller, name, to, expected).await
        })
    }

    fn self_test(&self) -> Described {
        Described::of::<RoutingTest>("Of a rule of complaint routing.")
    }
}

impl ByItself for ComplaintRouting {
    fn activate<'a>(&self, change: Change<'a>, activation: Activation) -> Changed<'a> {
        Box::pin(async move {
            let Change {
                app,
                caller,
                name,
                expected,
            } = change;
            app.complaints().activate(caller, name, &activation, expected).await
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
            app.complaints().end(caller, name, expected).await
        })
    }
}

/// What the self-test of a rule of complaint routing found.
#[derive(ToSchema)]
#[allow(dead_code, reason = "it only describes")]
struct RoutingTest {
    /// Golden cases that passed.
    golden_cases: u64,
    /// Cases tried.
    cases_tried: u64,
    /// Fuel of a call with one desk.
    fuel_per_call: u64,
    /// Fuel that each further desk costs.
    fuel_per_desk: u64,
    /// What a case with 50 desks used.
    all_desks: Usage,
}
