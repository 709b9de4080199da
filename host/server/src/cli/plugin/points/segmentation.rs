//! Who is in which segment.

use super::{Point, Previewed, template};
use crate::output::counted;
use posthouse_domain::{Words, words};

pub(super) const POINT: Point = Point {
    name: "segmentation",
    rule: "segmentation",
    decides: "Who is in which segment",
    template: template!("segmentation"),
    tested: |test| {
        let number = |key: &str| test[key].as_u64().unwrap_or(0);
        [
            Words::same(counted(number("rows_tried"), "row")),
            words!("{fuel} fuel a row", "每行燃料 {fuel}", fuel = number("fuel_per_row")),
        ]
    },
    next: |digest| {
        let digest = digest.get(..12).unwrap_or(digest);
        words!(
            "\n\n  posthouse plugin preview BINDING {digest}\n  posthouse plugin activate BINDING {digest}\n\nBINDING is your name for the rule: one that `posthouse plugin list` shows, or a new one.",
            "\n\n  posthouse plugin preview BINDING {digest}\n  posthouse plugin activate BINDING {digest}\n\nBINDING 是规则的绑定名：`posthouse plugin list` 中已有的，或新起一个。"
        )
    },
    effect: None,
    meanwhile: || words!("its last memberships stand", "成员停留在上次的结果"),
    apart: None,
    previewed: Previewed::Movers,
};
