//! Promotions: the rule of a campaign comes into force with it, and changes by what its plan goes through.

use super::{ByItself, Change, Changed, Described, Point};
use crate::described::Usage;
use axum::http::StatusCode;
use posthouse_app::campaigns::PROMOTION;
use posthouse_domain::words;
use posthouse_web::problem::{Answer, Problem};
use utoipa::ToSchema;

pub(super) struct Promotion;

impl Point for Promotion {
    fn name(&self) -> &'static str {
        PROMOTION
    }

    fn by_itself(&self, name: &str) -> Answer<&dyn ByItself> {
        let detail = words!(
            "the rule of a campaign changes with its plan before it starts (PATCH /campaigns/ID), by an amendment that another person approves after that (POST /campaigns/ID/amendments), and ends with it (POST /campaigns/ID/end); {name} is not changed",
            "活动开始前，其规则随方案修改（PATCH /campaigns/ID）；开始后须经他人批准变更（POST /campaigns/ID/amendments），并随活动结束而停用（POST /campaigns/ID/end）；{name} 未改动"
        );
        Err(Problem::new(StatusCode::CONFLICT, "amendment_needed", detail))
    }

    fn roll_back<'a>(&self, change: Change<'a>, to: Option<i64>) -> Changed<'a> {
        Box::pin(async move {
            change
                .app
                .campaigns()
                .roll_back(change.caller, change.name, to, change.expected)
                .await
        })
    }

    fn self_test(&self) -> Described {
        Described::of::<PromotionTest>("Of a promotion.")
    }
}

/// What the self-test of a promotion found.
#[derive(ToSchema)]
#[allow(dead_code, reason = "it only describes")]
struct PromotionTest {
    /// Golden cases that passed.
    golden_cases: u64,
    /// Baskets priced.
    baskets_tried: u64,
    /// Fuel of a call with an empty basket.
    fuel_per_call: u64,
    /// Fuel that each further line costs.
    fuel_per_line: u64,
    /// What a full basket used.
    full_basket: Usage,
}
