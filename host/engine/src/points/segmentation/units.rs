//! How a segmentation counts.

use crate::units::{SelfTest, Units};
use posthouse_domain::{Words, words};

pub(super) const UNITS: &Units = &Units {
    part: "row",
    parts: "rows",
    tried: "rows_tried",
    full: "full_chunk",
    each: || words!("row", "行"),
    heading: || words!("rows", "行数"),
    tested,
    drawn: |seed| words!("Rows are made up from seed {seed}", "数据行由种子 {seed} 生成"),
};

fn tested(test: &SelfTest) -> [Words; 2] {
    [
        words!(
            "{tried} rows tried, each decided by itself",
            "试过 {tried} 行，各行独立判断",
            tried = test.tried
        ),
        words!(
            "{call} fuel a call and {row} a row; a full chunk takes {full}",
            "每次调用耗燃料 {call}，每行 {row}；满额一批用时 {full}",
            call = test.fuel_per_call,
            row = test.fuel_per_part,
            full = test.full.words()
        ),
    ]
}
