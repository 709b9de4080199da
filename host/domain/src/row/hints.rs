//! What a mapping, or another spelling, can do about a cell of a file that cannot be read.

use crate::time::parse_day;
use crate::{Words, words};
use chrono::NaiveDate;

/// Why `text` is no date, or how it becomes one.
pub(super) fn date(field: &str, text: &str) -> Words {
    let day = text.split([' ', 'T']).next().unwrap_or("");
    if !day.chars().all(|c| c.is_ascii_digit() || "-/.年月日号".contains(c)) {
        return Words::default();
    }
    let parts: Vec<&str> = day
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .collect();
    let parts = match parts.as_slice() {
        [one] if one.len() == 6 => vec![&one[..2], &one[2..4], &one[4..]],
        [one] if one.len() == 8 => vec![&one[..4], &one[4..6], &one[6..]],
        _ => parts,
    };
    let widths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    let is_all = day.len() == text.trim().len();
    let number = |at: usize| parts[at].parse::<u32>().unwrap_or(0);
    let no_such_day = words!("There is no such day", "没有这一天");
    match widths.as_slice() {
        [4, 1 | 2, 1 | 2] => match NaiveDate::from_ymd_opt(number(0) as i32, number(1), number(2)) {
            None => no_such_day,
            Some(day) if parse_day(&day.to_string()).is_none() => {
                words!("Years are read from 1900 to 2999", "年份应在 1900 到 2999 之间")
            }
            Some(_) if is_all => Words::default(),
            Some(day) => words!(
                "Only one time of day may follow {day}, like 14:30",
                "{day} 之后只能写一个时间，如 14:30"
            ),
        },
        [1 | 2, 1 | 2, 4] => words!(
            "For dates with the year last, set date_order in a mapping",
            "年份在最后时，请在映射中设置 date_order"
        ),
        // beyond 31 it can only be the year
        [1 | 2, 1 | 2, 1 | 2] if field == "birth_date" && number(0) > 31 => no_such_day,
        [1 | 2, 1 | 2, 1 | 2] if field == "birth_date" => words!(
            "Set date_order in a mapping to say where its year stands, or write the year with four digits",
            "请在映射中用 date_order 说明年份的位置，或写四位数的年份"
        ),
        [1 | 2, 1 | 2, 1 | 2] => words!("Write the year with four digits", "年份要写四位数"),
        [_] | [_, _] if is_all => words!("A date needs year, month and day", "日期要有年、月、日"),
        _ => Words::default(),
    }
}

/// How an amount with a decimal comma is read: `12,50`, `1.234,50`.
pub fn decimal_comma(text: &str) -> Words {
    let digits = |c: char| c.is_ascii_digit();
    let behind = text
        .trim_end_matches(|c: char| !digits(c))
        .rsplit_once(',')
        .map(|(_, behind)| behind);
    match behind {
        Some(behind) if behind.len() != 3 && !behind.is_empty() && behind.chars().all(digits) => words!(
            "If its comma is a decimal point, set decimal = \",\" in a mapping",
            "如果逗号是小数点，请在映射中设置 decimal = \",\""
        ),
        _ => Words::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_that_are_none_say_why() {
        for (field, text, expected) in [
            ("departs", "12-25-88", "Write the year with four digits"),
            ("departs", "1/5/26", "Write the year with four digits"),
            ("departs", "250105", "Write the year with four digits"),
            ("birth_date", "12-25-88", "Set date_order"),
            ("birth_date", "05-8-8", "Set date_order"),
            ("birth_date", "120588", "Set date_order"),
            ("birth_date", "88-13-1", "There is no such day"),
            ("birth_date", "880231", "There is no such day"),
            ("booked_at", "31.12.2025", "For dates with the year last"),
            ("booked_at", "2026-02-30", "There is no such day"),
            ("booked_at", "20261301", "There is no such day"),
            ("booked_at", "1800-01-01", "Years are read from 1900"),
            ("booked_at", "2026-01-05 10:00-12:00", "Only one time of day may follow"),
            ("departs", "5.20", "A date needs year, month and day"),
            ("departs", "2026年1月", "A date needs year, month and day"),
            ("departs", "1985", "A date needs year, month and day"),
        ] {
            let hint = date(field, text);
            assert!(hint.en.starts_with(expected), "{field} {text}: {hint}");
            assert!(!hint.zh.is_empty(), "{field} {text}");
        }
        for text in ["", "待定", "88-8-8x", "soon", "1-2-3-4", "5 May 2026", "2026-01-05-08"] {
            assert!(date("birth_date", text).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_decimal_comma_is_told_from_one_of_thousands() {
        for text in ["12,5", "1.234,50", "1 234,5", "€ 12,34", "12,34 €", "1,2345"] {
            assert!(!decimal_comma(text).is_empty(), "{text}");
        }
        for text in ["", "1,234", "1,234.50", "约一千", ",", "12,", "a,b"] {
            assert!(decimal_comma(text).is_empty(), "{text}");
        }
    }
}
