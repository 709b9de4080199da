//! Units in the headers of columns that a mapping names: whatever the name is, the mapping says what the column is, and money in another
//! currency or a thousand times as much must not pass for it.

use super::meaning::split;
use super::notes::{Sort, Unit};
use super::quote;
use super::traditional::simplified;
use super::units::Money;
use posthouse_domain::{Rejection, words};
use std::ops::Range;
use unicode_normalization::UnicodeNormalization;

/// What the header of a column that a mapping names says of its cells. The mapping says what the column is, so that only a unit which
/// is half understood is in the way.
pub(super) fn mapped_unit(field: &'static str, header: &str) -> Result<Unit, Rejection> {
    let sort = Sort::of(field);
    let (name, mut notes) = match split(header) {
        Some(found) => found,
        // a unit behind a bracket that nobody closed is one
        None if sort == Sort::Money => (
            header.nfkc().flat_map(char::to_lowercase).map(simplified).collect(),
            Vec::new(),
        ),
        None => return Ok(Unit::default()),
    };
    let units = if sort == Sort::Money {
        units_in(&name)
    } else {
        Vec::new()
    };
    for (index, unit) in units.iter().enumerate() {
        let until = units.get(index + 1).map_or(name.len(), |next| next.start);
        if !is_sure(&name[..until], unit) {
            let before = name[..unit.start].trim_end();
            let scale = before.trim_end_matches(|c| SCALE_SIGNS.contains(c)).len();
            let from = if scale < before.len() { scale } else { unit.start };
            return Err(wrong_unit(field, header, &name[from..until]));
        }
        notes.push(name[unit.clone()].to_owned());
    }
    // 出发/utc, 实付/万两
    if units.is_empty()
        && let Some((_, last)) = name
            .trim()
            .rsplit_once(|c: char| c.is_whitespace() || matches!(c, '/' | ':' | ',' | '-' | '_' | '|'))
    {
        // the K of "Column K" is no unit
        notes.extend((last.len() > 1).then(|| last.to_owned()));
    }
    let mut found = Unit::default();
    let mut money_of = None;
    for note in &notes {
        match Unit::read(sort, field, std::slice::from_ref(note), |_| false) {
            Some(unit) => match found.and(unit) {
                Some(both) => {
                    found = both;
                    money_of = money_of.or((unit.money != Money::default()).then_some(note));
                }
                None if sort == Sort::Money => return Err(two_units(field, header, money_of.unwrap_or(note), note)),
                None => {}
            },
            None if sort == Sort::Money && hints_at_unit(note) => return Err(wrong_unit(field, header, note)),
            None => {}
        }
    }
    // 金额（元）/人
    if let Some(unit) = money_of
        && let Some(each) = notes.iter().chain([&name]).find_map(|text| each(text))
    {
        let blank = if each.starts_with("per") { " " } else { "" };
        return Err(price_for_each(field, header, &format!("{unit}{blank}{each}")));
    }
    Ok(found)
}

/// What is wrong with what stands in the place of a unit.
fn wrong_unit(field: &str, header: &str, unit: &str) -> Rejection {
    let unit = unit.trim();
    if each(unit).is_some() {
        return price_for_each(field, header, unit);
    }
    match units_in(unit).as_slice() {
        [one, two, ..] => two_units(field, header, &unit[one.clone()], &unit[two.clone()]),
        _ => unknown_unit(field, header, unit),
    }
}

fn unknown_unit(field: &str, header: &str, unit: &str) -> Rejection {
    let detail = words!(
        "the mapping says that {field} is under {header}, but the unit {unit} is not understood; name it like 万元, 千美元 or USD, or leave it out of the header",
        "映射指定 {field} 在 {header} 列，但单位 {unit} 无法识别；请写成“万元”“千美元”或 USD，或从表头中去掉",
        header = quote(header),
        unit = quote(unit)
    );
    Rejection::new("unknown_unit", detail)
}

fn two_units(field: &str, header: &str, one: &str, two: &str) -> Rejection {
    let detail = words!(
        "the mapping says that {field} is under {header}, but that header names two units, {one} and {two}; leave one of them out",
        "映射指定 {field} 在 {header} 列，但表头有两个单位：{one} 和 {two}；请去掉其中一个",
        header = quote(header),
        one = quote(one),
        two = quote(two)
    );
    Rejection::new("unknown_unit", detail)
}

fn price_for_each(field: &str, header: &str, each: &str) -> Rejection {
    let detail = words!(
        "the mapping says that {field} is under {header}, but that is a unit price ({each}), and {field} is a total; name the column with the total",
        "映射指定 {field} 在 {header} 列，但那是单价（{each}），而 {field} 应为总额；请指定总额所在的列",
        header = quote(header),
        each = quote(each)
    );
    Rejection::new("unknown_unit", detail)
}

/// What prices are for each of.
const COUNTED: [&str; 13] = [
    "人", "位", "名", "间", "晚", "天", "次", "张", "person", "pax", "pp", "head", "night",
];

/// The part of a header which says that its amounts are for each of something: `/人`, 每人, `per person`.
fn each(text: &str) -> Option<&str> {
    let each = ["/", "|", "每", "per "].into_iter().find_map(|each| {
        let at = text.rfind(each)?;
        let counted = text[at + each.len()..].trim();
        // 金额/人民币 is in a currency
        let is_counted = COUNTED.iter().any(|thing| counted.starts_with(thing)) && !counted.starts_with("人民币");
        is_counted.then_some(at)
    });
    each.map(|at| text[at..].trim_end())
}

/// What hints at a unit of money.
const UNIT_SIGNS: &str = "万千仟百佰亿元圆币¥$€£";

/// What multiplies the unit behind it.
const SCALE_SIGNS: &str = "十拾百佰千仟万亿";

fn hints_at_unit(text: &str) -> bool {
    text.chars().any(|c| UNIT_SIGNS.contains(c)) || !units_in(text).is_empty()
}

/// Whether a unit within a name is one of the amounts below it. At the end it is; before other words only a currency is, or what the
/// name begins with in Chinese, and not if it is one for each of something.
fn is_sure(name: &str, unit: &Range<usize>) -> bool {
    let (before, text, behind) = (&name[..unit.start], &name[unit.clone()], &name[unit.end..]);
    // 实付万 美元
    if before.trim_end().ends_with(|c: char| SCALE_SIGNS.contains(c)) {
        return false;
    }
    let Some(next) = behind
        .split(|c: char| !c.is_alphanumeric())
        .find(|word| !word.is_empty())
    else {
        return true;
    };
    let currency = Money::parse(text).is_some_and(|money| money.mark.is_some());
    let first = !before.contains(char::is_alphanumeric) && !text.is_ascii();
    let for_each = next == "per" || next.starts_with('每') || behind.trim_start().starts_with(['/', '|']);
    (currency || first) && !for_each && !behind.contains(|c: char| UNIT_SIGNS.contains(c))
}

/// Signs of currencies, which stand beside letters.
const MONEY_SIGNS: &str = "$¥€£฿₩₫₱₹₽";

/// Longest unit of money, in characters.
const LONGEST_UNIT: usize = 24;

/// How much of a name is searched for units, in characters.
const SEARCHED: usize = 500;

/// Where units of money stand in `text`, in lower case and half-width: whole words, and whatever is two Chinese signs or longer.
fn units_in(text: &str) -> Vec<Range<usize>> {
    let text = text.char_indices().nth(SEARCHED).map_or(text, |(end, _)| &text[..end]);
    let chars: Vec<char> = text.chars().collect();
    let ends: Vec<usize> = text
        .char_indices()
        .map(|(at, _)| at)
        .chain(std::iter::once(text.len()))
        .collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let last = chars.len().min(at + LONGEST_UNIT);
        let end = (at + 1..=last)
            .rev()
            .find(|end| is_unit(&chars, at..*end, &text[ends[at]..ends[*end]]));
        if let Some(end) = end {
            found.push(ends[at]..ends[end]);
        }
        at = end.unwrap_or(at + 1);
    }
    found
}

/// Whether these of `chars`, which are `text`, are a unit and no part of a longer word.
fn is_unit(chars: &[char], range: Range<usize>, text: &str) -> bool {
    let chinese = |c: char| c.is_alphanumeric() && c >= '\u{2e80}';
    let letter = |c: char| c.is_alphanumeric() && !chinese(c);
    let solid = |c: char| c.is_alphanumeric() || MONEY_SIGNS.contains(c);
    let pair = |at: usize| Some((chars[at.checked_sub(1)?], *chars.get(at)?));
    let within = |at: usize, kind: &dyn Fn(char) -> bool| pair(at).is_some_and(|(one, other)| kind(one) && kind(other));
    let (start, end) = (range.start, range.end);
    if !solid(chars[start]) || !solid(chars[end - 1]) || within(start, &letter) || within(end, &letter) {
        return false;
    }
    // of 部分 nothing is a unit, nor the 万 of 万两; 实付千USD is in 千USD
    let alone = end - start == 1;
    let torn_before = within(start, &chinese) && (alone || !solid(chars[start + 1]) || "分角".contains(chars[start]));
    let torn_behind = within(end, &chinese) && (alone || !chinese(chars[end - 2]));
    if torn_before || torn_behind {
        return false;
    }
    // neither is a letter alone, as in "Column K"; 单位, 以 and 计 are words around a unit
    let weighs = text
        .chars()
        .any(|c| solid(c) && !letter(c) && !"单位以为计".contains(c))
        || text
            .split(|c: char| !letter(c))
            .any(|word| word.chars().count() > 1 && word != "in");
    weighs && Money::parse(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_unit_is_said() {
        let said = |header: &str| {
            let rejection = mapped_unit("amount", header).expect_err(header);
            assert_eq!(rejection.code, "unknown_unit", "{header}");
            rejection.detail
        };
        for (header, unit) in [
            ("实付（万两）", "the unit \"万两\" is not understood"),
            ("USD 万两", "the unit \"usd 万两\" is not understood"),
            ("实付万 美元", "the unit \"万 美元\" is not understood"),
            ("Paid (USD, deposit)", "the unit \"usd, deposit\" is not understood"),
            ("Paid (USD)(EUR)", "two units, \"usd\" and \"eur\""),
            ("USD Price (EUR)", "two units, \"eur\" and \"usd\""),
            ("实付（USD/EUR）", "two units, \"usd\" and \"eur\""),
            ("实付（万元）（千元）", "two units, \"万元\" and \"千元\""),
            ("实付（元/人）", "a unit price (\"元/人\")"),
            ("实付 元/人", "a unit price (\"元/人\")"),
            ("金额（元）/人", "a unit price (\"元/人\")"),
            ("金额（元）每人", "a unit price (\"元每人\")"),
            ("实付（万元）（每位）", "a unit price (\"万元每位\")"),
            ("美元每人", "a unit price (\"美元每人\")"),
            ("Price (USD per person)", "a unit price (\"usd per person\")"),
            ("Price per person (USD)", "a unit price (\"usd per person\")"),
        ] {
            let detail = said(header);
            assert!(detail.en.contains(unit), "{header}: {detail}");
        }
        for header in [
            "每笔金额（元）",
            "实付（元）/总额",
            "价格/人",
            "金额/人民币",
            "实付（元）/人民币",
            "Price per booking (USD)",
        ] {
            assert!(mapped_unit("amount", header).is_ok(), "{header}");
        }
        assert!(
            mapped_unit("departs", "出发(dd/mm/yyyy)(mm/dd/yyyy)").is_ok(),
            "no money"
        );
        let unclosed = mapped_unit("amount", "實付（萬元").expect("a unit behind a bracket that nobody closed");
        assert_eq!(unclosed.money.tens, 4);
    }
}
