//! Numbers that a spreadsheet may have rewritten: ids and telephones that it took for numbers, and digits that it lost.

use super::{Cell, quote};
use posthouse_domain::{Rejection, words};

/// Digits and exponent of a number like `1.38E+10`.
fn scientific(text: &str) -> Option<(&str, i32)> {
    let (mantissa, exponent) = text.split_once(['E', 'e'])?;
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).count();
    let good = digits > 0 && digits + 1 >= mantissa.len() && mantissa.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent).parse().ok()?;
    good.then_some((mantissa, exponent))
}

pub(super) fn rounded(field: &str, text: &str) -> Rejection {
    Rejection::new(
        "number_rounded",
        words!(
            "{field} {text} was rounded by a spreadsheet, its last digits are lost; give the column the format text and enter it again",
            "{field} {text} 被表格软件改成了近似数，末几位已丢失；请把该列设为文本格式后重新填写",
            text = quote(text)
        ),
    )
}

/// Numbers of bookings and members. One that was rounded would be taken for another's.
pub(super) fn id(field: &str, text: &str) -> Result<String, Rejection> {
    if text.contains('"') {
        return Err(Rejection::new(
            "broken_quotes",
            words!(
                "{field} {text} has a quotation mark in it, usually one of a pair that lost the other; remove it",
                "{field} {text} 中有一个引号，多半是成对的引号缺了一个；请删除",
                text = quote(text)
            ),
        ));
    }
    if scientific(text).is_some_and(|(mantissa, exponent)| mantissa.contains('.') && exponent > 3) {
        return Err(rounded(field, text));
    }
    Ok(text.to_owned())
}

/// Whether a workbook kept a number of more digits than a number has room for: the last ones of an identity card or a bank card are lost
/// then. Of a fraction fifteen digits are read.
pub(super) fn lost_digits(cell: &Cell, text: &str) -> bool {
    cell.is_number() && !text.contains('.') && text.bytes().filter(u8::is_ascii_digit).count() > 15
}

/// Whether a text is what a spreadsheet shows of a number too long for its column.
pub(super) fn shown_short(text: &str) -> bool {
    scientific(text).is_some_and(|(mantissa, exponent)| mantissa.contains('.') && exponent >= 11)
}

/// Telephone numbers that a spreadsheet took for numbers.
pub(super) fn phone(field: &str, text: &str) -> Result<String, Rejection> {
    if let Some((mantissa, exponent)) = scientific(text) {
        let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
        let whole = mantissa.find('.').unwrap_or(mantissa.len());
        let length = whole as i64 + i64::from(exponent);
        let length = usize::try_from(length).ok().filter(|length| (5..=15).contains(length));
        // six digits are what a narrow column shows
        let Some(length) = length.filter(|length| digits.len() > 6 && digits.len() <= *length) else {
            return Err(rounded(field, text));
        };
        return Ok(format!("{digits:0<length$}"));
    }
    if let Some((whole, zeros)) = text.split_once('.') {
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if whole.len() > 4 && digits(whole) && !zeros.is_empty() && zeros.bytes().all(|b| b == b'0') {
            return Ok(whole.to_owned());
        }
    }
    Ok(text.to_owned())
}
