//! Telephone numbers: E.164, and the extension of whoever sits behind a switchboard.
//!
//! Two extensions of one number are two people, so an extension is part of the form (`+861065529988;ext=101`, as in RFC 3966). The same
//! goes for the numbers that platforms lend out, which are told apart by their extensions alone.

use std::str::FromStr;

/// What stands before an extension, the longer words first.
const MARKS: [&str; 15] = [
    ";ext=",
    "extension",
    "ext.",
    "ext",
    "分机号",
    "分机",
    "分機",
    "内线",
    "內線",
    "转接",
    "转",
    "轉",
    "#",
    "x",
    "*",
];
/// Most digits of an extension.
const LONGEST_EXTENSION: usize = 8;

/// E.164 of a number in its normal text form, as dialled in `country`, with its extension. `None` of what is no number, and of a number
/// followed by digits that nobody could dial.
pub(super) fn normalise(text: &str, country: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let (number, extension) = match mark(&lower) {
        Some((number, rest)) => (number, extension(rest)?),
        None => (lower.as_str(), None),
    };
    if let Some((number, inner)) = e164(number, country) {
        return Some(extended(number, extension.or(inner)));
    }
    // 010-65529988-101: area, number, extension
    let (number, last) = number.rsplit_once('-').filter(|_| extension.is_none())?;
    let last = last.trim();
    let dialled = (1..=6).contains(&last.len()) && last.bytes().all(|b| b.is_ascii_digit());
    let (number, inner) = e164(number, country).filter(|_| dialled)?;
    inner.is_none().then(|| extended(number, Some(last.to_owned())))
}

fn extended(number: String, extension: Option<String>) -> String {
    match extension {
        Some(extension) => format!("{number};ext={extension}"),
        None => number,
    }
}

/// What stands before and after the first mark of an extension. Before it has to be the better part of a number.
fn mark(text: &str) -> Option<(&str, &str)> {
    let digits_before = |at: usize| text[..at].bytes().filter(u8::is_ascii_digit).count();
    MARKS
        .iter()
        .filter_map(|mark| Some((text.find(mark)?, mark.len())))
        .filter(|(at, _)| digits_before(*at) >= 5)
        .min_by_key(|(at, length)| (*at, std::cmp::Reverse(*length)))
        .map(|(at, length)| (&text[..at], &text[at + length..]))
}

/// The digits after the mark; none of words like "the front desk". `None` if there are digits that are no extension.
fn extension(rest: &str) -> Option<Option<String>> {
    let around = |c: char| c.is_whitespace() || matches!(c, '.' | ':' | '=' | '-' | '号' | '(' | ')' | ',' | '#');
    let rest = rest.trim_matches(around);
    if !rest.bytes().any(|b| b.is_ascii_digit()) {
        return Some(None);
    }
    let dialled = rest.len() <= LONGEST_EXTENSION && rest.bytes().all(|b| b.is_ascii_digit());
    dialled.then(|| Some(rest.to_owned()))
}

/// E.164, and the extension that the general parser found.
fn e164(text: &str, country: &str) -> Option<(String, Option<String>)> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '-' | '(' | ':'));
    // two numbers in one cell are none: the parser would drop the second
    if text.contains(';') || is_neighbours(text, country) {
        return None;
    }
    if let Some(mobile) = mainland_mobile(text, country) {
        return Some((mobile, None));
    }
    let region = phonenumber::country::Id::from_str(country).ok();
    let number = phonenumber::parse(region, text).ok()?;
    let extension = number.extension().map(|extension| extension.as_ref().to_owned());
    number
        .is_valid()
        .then(|| (number.format().mode(phonenumber::Mode::E164).to_string(), extension))
}

/// Whether a number of Hong Kong, Macau or Taiwan stands there without its plus. The mainland has no such area codes, but the parser would
/// take it for a number of one.
fn is_neighbours(text: &str, country: &str) -> bool {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let code = digits.get(..3).unwrap_or_default();
    country == "CN" && !text.starts_with('+') && digits.len() > 10 && matches!(code, "852" | "853" | "886")
}

/// Mainland mobile numbers are the bulk of every file and unambiguous, so they do without the general parser; in every usual
/// spelling, because it does not know each of their blocks.
fn mainland_mobile(value: &str, country: &str) -> Option<String> {
    let dialled: String = value.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let national = match dialled.strip_prefix("+86").or_else(|| dialled.strip_prefix("0086")) {
        Some(national) => national,
        None if country == "CN" => &dialled,
        None => return None,
    };
    let bytes = national.as_bytes();
    let mobile = matches!(bytes, [b'1', b'3'..=b'9', ..]) && bytes.len() == 11 && bytes.iter().all(u8::is_ascii_digit);
    mobile.then(|| format!("+86{national}"))
}

#[cfg(test)]
mod tests {
    use super::normalise;

    #[test]
    fn one_form_of_each_number() {
        for (written, expected) in [
            ("138 0013 8000", Some("+8613800138000")),
            ("13800138000", Some("+8613800138000")),
            ("+86-138-0013-8000", Some("+8613800138000")),
            ("0086 140 1234 5678", Some("+8614012345678")),
            ("010-6552 9988", Some("+861065529988")),
            ("(010) 65529988", Some("+861065529988")),
            ("+1 650 253 0000", Some("+16502530000")),
            ("+852 9123 4567", Some("+85291234567")),
            ("852 9123 4567", None),
            ("853-66123456", None),
            ("886912345678", None),
            ("13800138112;13800138113", None),
            ("13800138112；13800138113", None),
            ("13800138112;abc", None),
            ("13800138112;", Some("+8613800138112")),
            ("12", None),
            ("call me", None),
        ] {
            assert_eq!(normalise(written, "CN").as_deref(), expected, "{written}");
        }
    }

    #[test]
    fn extensions_of_a_switchboard_are_kept_apart() {
        for written in [
            "010-65529988 ext 101",
            "010-65529988 Ext. 101",
            "010-65529988转101",
            "010-65529988 轉 101",
            "010-65529988-101",
            "010 6552 9988 - 101",
            "(010)65529988 分机:101",
            "010-65529988 分机号 101 号",
            "010-65529988 内线101",
            "010-65529988(转101)",
            "010-65529988 x101",
            "010-65529988#101",
            "+86 10 65529988;ext=101",
            "+861065529988;ext=101",
        ] {
            assert_eq!(
                normalise(written, "CN").as_deref(),
                Some("+861065529988;ext=101"),
                "{written}"
            );
        }
        assert_eq!(
            normalise("010-65529988转102", "CN").as_deref(),
            Some("+861065529988;ext=102")
        );
        // numbers that a platform lends out differ by their extensions alone
        assert_eq!(
            normalise("13800138000转1234", "CN").as_deref(),
            Some("+8613800138000;ext=1234")
        );
        assert_eq!(
            normalise("+1 650 253 0000 x7", "CN").as_deref(),
            Some("+16502530000;ext=7")
        );
        assert_eq!(normalise("010-65529988 转人工", "CN").as_deref(), Some("+861065529988"));
        for neither in [
            "010-65529988 ext 101/102",
            "010-65529988 转 123456789",
            "13800138000转10a",
        ] {
            assert_eq!(normalise(neither, "CN"), None, "{neither}");
        }
    }
}
