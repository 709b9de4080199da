//! What members earn, and in which tier they stand.

use super::{Point, Previewed, template};
use crate::output::counted;
use posthouse_domain::{Words, words};

pub(super) const POINT: Point = Point {
    name: "loyalty",
    rule: "loyalty rule",
    decides: "What members earn, and in which tier they stand",
    template: template!("loyalty"),
    tested: |test| {
        let number = |key: &str| test[key].as_u64().unwrap_or(0);
        [
            Words::same(counted(number("occasions_tried"), "occasion")),
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
            "\n\n  posthouse plugin preview loyalty/main {digest}\n  posthouse plugin activate loyalty/main {digest}\n\nThe rule of loyalty/main gives tiers as well as points; rules under other names, as loyalty/referral, only post points.",
            "\n\n  posthouse plugin preview loyalty/main {digest}\n  posthouse plugin activate loyalty/main {digest}\n\nloyalty/main 的规则既定等级又发积分；其他名称（如 loyalty/referral）的规则只发积分。"
        )
    },
    effect: Some(|| {
        words!(
            "Occasions from now on go by it; what was posted stands.",
            "此后的事件按它处理；已入账的不变。"
        )
    }),
    meanwhile: || words!("occasions wait and are tried again", "事件先等待，稍后重试"),
    apart: None,
    previewed: Previewed::Past,
};
