//! Units in the headers of columns that a mapping names: whatever the name is, the mapping says what the column is, and money in another
//! currency or a thousand times as much must not pass for it.

use super::meaning::split;
use super::notes::{Sort, Unit};
use super::quote;
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
        None if sort == Sort::Money => (header.nfkc().flat_map(char::to_lowercase).collect(), Vec::new()),
        None => return Ok(Unit::default()),
    };
    let units = if sort == Sort::Money {
        units_in(&name)
    } else {
        Vec::new()
    };
    for (index, unit) in units.iter().enumerate() {
        let until = units.get(index + 1).map_or(name.len(), |next| next.start);
        let text = &name[unit.clone()];
        if !is_sure(&name[..until], unit) {
            return Err(unknown_unit(field, header, text));
        }
        notes.push(text.to_owned());
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
    for note in &notes {
        match Unit::read(sort, field, std::slice::from_ref(note), |_| false).and_then(|unit| found.and(unit)) {
            Some(unit) => found = unit,
            None if sort == Sort::Money && hints_at_unit(note) => return Err(unknown_unit(field, header, note)),
            None => {}
        }
    }
    Ok(found)
}

fn unknown_unit(field: &str, header: &str, note: &str) -> Rejection {
    let detail = words!(
        "the mapping says that {field} is under {header}, but the unit {note} is not understood; name it like 万元, 千美元 or USD, or leave it out of the header",
        "映射指定 {field} 在 {header} 列，但单位 {note} 无法识别；请写成 万元、千美元 或 USD，或从表头中去掉",
        header = quote(header),
        note = quote(note)
    );
    Rejection::new("unknown_unit", detail)
}

/// What hints at a unit of money.
const UNIT_SIGNS: &str = "万萬千仟百佰亿億元圆币¥$€£";

/// What multiplies the unit behind it.
const SCALE_SIGNS: &str = "十拾百佰千仟万萬亿億";

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
    let each = next == "per" || next.starts_with('每') || behind.trim_start().starts_with(['/', '|']);
    (currency || first) && !each && !behind.contains(|c: char| UNIT_SIGNS.contains(c))
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
