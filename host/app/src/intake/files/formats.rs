//! How a header says that dates and times are written below it.

use super::dates::DateOrder;
use chrono_tz::Tz;

/// The order in which a date format like `yyyy-mm-dd hh:mm` writes the parts of a day: none if the year comes first. `None` if it is no
/// format.
pub(super) fn date_format(note: &str) -> Option<Option<DateOrder>> {
    let note = note
        .strip_prefix("格式")
        .or_else(|| note.strip_prefix("format"))
        .unwrap_or(note);
    let mut parts: Vec<char> = Vec::new();
    let mut before = ' ';
    for c in note.chars() {
        let part = match c {
            '年' => 'y',
            '月' => 'm',
            '日' => 'd',
            '时' | '分' | '秒' | 'h' | 's' | 't' => 'h',
            'y' | 'm' | 'd' => c,
            '-' | '/' | '.' | ':' | ' ' => {
                before = ' ';
                continue;
            }
            _ => return None,
        };
        // yyyy年 is one part
        if before != part {
            parts.push(part);
        }
        before = part;
    }
    let rest_is_time = parts.iter().skip(3).all(|part| matches!(part, 'h' | 'm'));
    match parts.get(..3)? {
        ['y', 'm', 'd'] if rest_is_time => Some(None),
        ['d', 'm', 'y'] if rest_is_time => Some(Some(DateOrder::Dmy)),
        ['m', 'd', 'y'] if rest_is_time => Some(Some(DateOrder::Mdy)),
        _ => None,
    }
}

/// The clocks that a note names.
pub(super) fn zone(note: &str) -> Option<Tz> {
    let name: String = note.chars().filter(|c| !c.is_whitespace()).collect();
    match name.as_str() {
        "北京时间" | "中国时间" | "东八区" | "beijingtime" | "chinatime" => return Some(Tz::Asia__Shanghai),
        "日本时间" | "东京时间" | "jst" => return Some(Tz::Asia__Tokyo),
        "utc" | "gmt" | "世界时" | "格林威治时间" | "utc+0" => return Some(Tz::UTC),
        _ => {}
    }
    let offset = name.strip_prefix("utc").or_else(|| name.strip_prefix("gmt"))?;
    let (sign, hours) = match offset.split_at_checked(1)? {
        // the names of the database count the other way
        ("+", hours) => ('-', hours),
        ("-", hours) => ('+', hours),
        _ => return None,
    };
    let hours = hours.trim_end_matches(":00").trim_start_matches('0');
    if sign == '-' && hours == "8" {
        return Some(Tz::Asia__Shanghai);
    }
    format!("Etc/GMT{sign}{hours}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_of_dates() {
        for (note, expected) in [
            ("yyyy-mm-dd", Some(None)),
            ("yyyymmdd", Some(None)),
            ("yyyy年mm月dd日", Some(None)),
            ("年月日", Some(None)),
            ("年-月-日", Some(None)),
            ("格式:yyyy/m/d", Some(None)),
            ("yyyy-mm-dd hh:mm:ss", Some(None)),
            ("dd/mm/yyyy", Some(Some(DateOrder::Dmy))),
            ("d.m.yy", Some(Some(DateOrder::Dmy))),
            ("日/月/年", Some(Some(DateOrder::Dmy))),
            ("mm/dd/yyyy hh:mm", Some(Some(DateOrder::Mdy))),
            ("yyyy-mm", None),
            ("dd", None),
            ("农历", None),
            ("", None),
        ] {
            assert_eq!(date_format(note), expected, "{note}");
        }
    }

    #[test]
    fn clocks() {
        for (note, expected) in [
            ("北京时间", Some("Asia/Shanghai")),
            ("utc+8", Some("Asia/Shanghai")),
            ("gmt+08:00", Some("Asia/Shanghai")),
            ("utc", Some("UTC")),
            ("utc+7", Some("Etc/GMT-7")),
            ("gmt-5", Some("Etc/GMT+5")),
            ("cst", None),
            ("utc+99", None),
            ("当地时间", None),
        ] {
            assert_eq!(zone(note).map(|zone| zone.name()), expected, "{note}");
        }
    }
}
