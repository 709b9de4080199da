//! Where complaints go, how grave they are, and by when they are answered.

use super::{Point, Previewed, template};
use crate::output::counted;
use posthouse_domain::{Words, words};

pub(super) const POINT: Point = Point {
    name: "complaint-routing",
    rule: "rule of complaint routing",
    decides: "Where complaints go, how grave they are, and by when they are answered",
    template: template!("complaint-routing"),
    tested: |test| {
        let number = |key: &str| test[key].as_u64().unwrap_or(0);
        [
            Words::same(counted(number("cases_tried"), "case")),
            words!(
                "{fuel} fuel a call",
                "每次调用燃料 {fuel}",
                fuel = number("fuel_per_call")
            ),
        ]
    },
    next: |digest| {
        let digest = digest.get(..12).unwrap_or(digest);
        words!(
            "\n\n  posthouse plugin preview complaint-routing/main {digest}\n  posthouse plugin activate complaint-routing/main {digest}\n\nThe rule of complaint-routing/main decides.",
            "\n\n  posthouse plugin preview complaint-routing/main {digest}\n  posthouse plugin activate complaint-routing/main {digest}\n\n由 complaint-routing/main 的规则分派案件。"
        )
    },
    effect: Some(|| {
        words!(
            "Cases are sent by it from now on; those that are open stay where they are until something happens to them.",
            "此后的案件按它分派；未结案件留在原处，直到有新的动作。"
        )
    }),
    meanwhile: || {
        words!(
            "cases go to the default desk with the agency's own times",
            "案件转到默认处理组，按旅行社自定期限处理"
        )
    },
    apart: None,
    previewed: Previewed::Cases,
};
