//! What offices write where they know nothing, and the rows that only add up the others.

use super::headers::{Plan, plain};
use super::traditional::simplified;
use super::{RawRow, spelling};
use posthouse_domain::normal::is_ideograph;

/// Words and signs that say nothing, in half-width and lower case.
const NOTHING: [&str; 33] = [
    "不详",
    "未知",
    "不明",
    "不清楚",
    "不知道",
    "无",
    "暂无",
    "没有",
    "空",
    "未填",
    "未填写",
    "未提供",
    "未登记",
    "(无)",
    "(空)",
    "n/a",
    "n.a.",
    "-",
    "--",
    "---",
    "—",
    "——",
    "–",
    "/",
    "//",
    "null",
    "(null)",
    "none",
    "nil",
    "nan",
    "unknown",
    "(blank)",
    "not available",
];

/// Fields that name a person, who may be called Null or Na.
const NAMES: [&str; 3] = ["name", "name_latin", "customer_name"];

/// Whether `text` in a cell of `field` says that nothing is known. In a status and a currency a blank has a meaning of its own, so that
/// nothing but a blank may stand for it.
pub(super) fn says_nothing(field: &str, text: &str) -> bool {
    if matches!(field, "status" | "currency") || text.len() > 30 {
        return false;
    }
    let text = spelling::half_width(text);
    let called_so = NAMES.contains(&field) && matches!(text.as_str(), "Null" | "None" | "Nil" | "Nan" | "Na");
    // in small letters it is a language, and in parts of the world a name
    let plain: String = text.to_lowercase().chars().map(simplified).collect();
    !called_so && (text == "NA" || NOTHING.contains(&plain.as_str()))
}

/// How rows begin that add up the others.
const SUMS: [&str; 16] = [
    "合计",
    "小计",
    "总计",
    "共计",
    "累计",
    "汇总",
    "总合计",
    "合计数",
    "合计金额",
    "总计金额",
    "total",
    "totals",
    "subtotal",
    "grandtotal",
    "sum",
    "totalamount",
];
/// How their first cell ends, behind what they add up.
const SUM_ENDS: [&str; 7] = ["合计", "小计", "总计", "共计", "累计", "汇总", "总合计"];
/// Longest text that is looked at, in characters.
const LONGEST_SUM: usize = 30;

/// What is counted behind a sum.
const COUNTED: [char; 9] = ['笔', '单', '条', '行', '项', '人', '位', '个', '元'];

/// The words of a sum without what it comes to: `合计：4笔`, `共计 12 单`, `Total: 1,234.50`. A bare number behind them may be part of
/// an id.
fn without_sum(text: &str) -> &str {
    let counted = text
        .trim_end()
        .trim_end_matches(|c: char| COUNTED.contains(&simplified(c)));
    let number = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | ' ' | '¥' | '￥');
    let words = counted.trim_end_matches(number);
    let has_number = counted[words.len()..].contains(|c: char| c.is_ascii_digit());
    let is_counted = counted.len() < text.trim_end().len() && words.ends_with(is_ideograph);
    if has_number && (words.ends_with([':', '：']) || is_counted) {
        words
    } else {
        text
    }
}

fn is_sum(text: &str) -> bool {
    if text.len() > 4 * LONGEST_SUM {
        return false;
    }
    let text = without_sum(text);
    let name = plain(text);
    let name = name.split_once('(').map_or(name.as_str(), |(before, _)| before);
    let last = text
        .trim()
        .trim_end_matches([':', '：'])
        .rsplit(char::is_whitespace)
        .next()
        .unwrap_or("");
    SUMS.contains(&name)
        || SUM_ENDS.iter().any(|end| name.ends_with(end))
        || matches!(last.to_lowercase().as_str(), "total" | "totals" | "subtotal")
}

/// Fields that say who or which: one that is filled makes a row more than a sum.
const WHO_OR_WHICH: [&str; 8] = [
    "external_id",
    "booking_id",
    "member_no",
    "phone",
    "email",
    "customer_member_no",
    "customer_phone",
    "customer_email",
];

/// Whether a row only adds up others: its first text, or its id or name, is a word for that, and nothing else says who or which.
pub(super) fn only_adds_up(plan: &Plan, row: &RawRow) -> bool {
    let filled = || row.cells.iter().enumerate().filter(|(_, cell)| !cell.is_blank());
    let field = |index: usize| plan.fields.get(index).copied().flatten();
    let mut named = false;
    for (index, cell) in filled() {
        let Some(field) = field(index) else { continue };
        if WHO_OR_WHICH.contains(&field) {
            if is_sum(&cell.text) {
                named = true;
            } else if !says_nothing(field, &cell.text) {
                return false;
            }
        } else if NAMES.contains(&field) {
            named |= is_sum(&cell.text);
        }
    }
    let first = filled().find(|(_, cell)| cell.text.chars().any(char::is_alphabetic));
    named || first.is_some_and(|(_, cell)| is_sum(&cell.text))
}

#[cfg(test)]
mod tests {
    use super::super::{Cell, Mapping, headers};
    use super::*;
    use posthouse_domain::row::FileKind;

    #[test]
    fn words_that_say_nothing() {
        for text in [
            "不详",
            " 未知 ",
            "无",
            "N/A",
            "NA",
            "n/a",
            "-",
            "－",
            "--",
            "—",
            "/",
            "／",
            "null",
            "NULL",
            "None",
            "空",
            "（无）",
            "無",
            "暫無",
            "不詳",
            "'-",
        ] {
            for field in [
                "birth_date",
                "member_no",
                "booking_id",
                "customer_phone",
                "consent_marketing",
                "home_city",
            ] {
                assert!(says_nothing(field, text), "{field} {text}");
            }
            for field in ["status", "currency"] {
                assert!(!says_nothing(field, text), "a blank {field} has a meaning: {text}");
            }
        }
        for text in ["无", "-", "N/A", "null", "NULL", "none"] {
            assert!(says_nothing("name", text), "nobody is called {text}");
        }
        for (field, text) in [
            ("name", "Null"),
            ("name_latin", "Na"),
            ("name", "吴无"),
            ("language", "na"),
            ("member_no", "0"),
            ("member_no", "M-"),
            ("amount", "0"),
            ("home_city", "无锡"),
        ] {
            assert!(!says_nothing(field, text), "{field} {text}");
        }
    }

    fn adds_up(header: &str, row: &str) -> bool {
        let raw = |text: &str, number| {
            let cells: Vec<Cell> = text.split(',').map(Cell::text).collect();
            let count = cells.len();
            RawRow { number, cells, count }
        };
        let mapping = Mapping::default();
        let (_, plan) = headers::find(FileKind::Bookings, &mapping, &[], &[raw(header, 1)]).expect("good headers");
        only_adds_up(&plan, &raw(row, 2))
    }

    #[test]
    fn rows_that_add_up() {
        let header = "序号,订单号,会员号,姓名,手机,预订日期,金额";
        for row in [
            "合计,,,,,,1234",
            ",合计：,,,,,1234",
            ",,小计,,,,1234",
            ",,,总 计,,,1234",
            "12,,,共计（元）,,,1234",
            "Total,,,,,,1234",
            ",,,Grand Total:,,,1234",
            "Sub-total,,,,,,1",
            "sum,-,无,,,,1",
            "本页合计,,,,,,1",
            ",,M1 汇总,,,,1",
            ",M1 Total,,,,,1",
            "2025-05小计,,,,,2025-05-31,1",
            "合计：4笔,,,,,,1234",
            "共计 12 单,,,,,,1234",
            "總計：4 筆,,,,,,1234",
            "共計12個,,,,,,1234",
            ",,,合计（4笔）,,,1234",
            ",M1 小计: 3,,,,,1",
            "Total: 1234.50,,,,,,1234",
        ] {
            assert!(adds_up(header, row), "{row}");
        }
        for row in [
            "1,B1,M1,合计,,2025-05-01,1",
            "合计,B1,,,,2025-05-01,1",
            "合计,,,,13800138000,2025-05-01,1",
            "1,,,李小计划,,2025-05-01,1",
            "1,,,,,2025-05-01,1",
            "1,B1,,Total,,2025-05-01,1",
            "1,,M-SUM,,,2025-05-01,1",
            ",,,Summer,,2025-05-01,1",
            "合计：4笔,B1,,,,2025-05-01,1",
            "合计：4笔,,,,13800138000,2025-05-01,1",
            ",小计4,,,,2025-05-01,1",
            ",Sum 4,,,,2025-05-01,1",
            ",SUM2024,,,,2025-05-01,1",
            "1,,,小计划4人,,2025-05-01,1",
        ] {
            assert!(!adds_up(header, row), "{row}");
        }
    }
}
