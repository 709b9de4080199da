//! Units of amounts: by what a header says each number is to be multiplied, and in which currency it is.

use super::words::{ISO_CODES, MARKS, SCALES};
use posthouse_domain::money::Currency;

/// A sign or word that stands for a currency, or for one of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// As people write it.
    pub(super) sign: &'static str,
    codes: &'static [&'static str],
}

/// Currencies that are called 元 where they are the money of the country.
const CALLED_YUAN: [&str; 3] = ["TWD", "HKD", "MOP"];

impl Mark {
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let marks = MARKS.iter().map(|(sign, codes)| Self { sign, codes });
        let codes = ISO_CODES.iter().map(|code| Self {
            sign: code,
            codes: std::slice::from_ref(code),
        });
        marks.chain(codes)
    }

    /// The mark that is written so.
    #[cfg(test)]
    pub(super) fn of(sign: &str) -> Option<Self> {
        Self::all().find(|mark| mark.sign == sign)
    }

    /// Whether it may stand for `currency` at an agency that keeps its books in `own`.
    pub(super) fn fits(self, currency: Currency, own: Currency) -> bool {
        self.codes.contains(&currency.as_str())
            || (matches!(self.sign, "元" | "圆") && currency == own && CALLED_YUAN.contains(&own.as_str()))
    }

    /// What it stands for at an agency that keeps its books in `own`; `None` if that is not sure.
    pub(super) fn means(self, own: Currency) -> Option<Currency> {
        if self.fits(own, own) {
            return Some(own);
        }
        match self.codes {
            [only] => Currency::parse(only),
            _ => None,
        }
    }

    /// The clearer of two marks that may stand for one currency: of 元 and CNY it is CNY.
    fn with(self, other: Self) -> Option<Self> {
        let vague = |mark: Self| (mark.codes.len(), matches!(mark.sign, "元" | "圆"));
        let shared = self.codes.iter().any(|code| other.codes.contains(code));
        shared.then_some(if vague(other) < vague(self) { other } else { self })
    }

    /// Whether it counts: 元 behind a number says that the number is in ones, a sign before it does not.
    pub(super) fn counts(self) -> bool {
        self.sign != "人民币" && self.sign.ends_with(['元', '圆', '币', '金', '铢', '镑', '盾', '郎'])
    }
}

/// What a header says of the amounts below it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Money {
    /// Each number is multiplied by this power of ten.
    pub(super) tens: i32,
    pub(super) mark: Option<Mark>,
}

impl Money {
    /// Reads a unit: 万元, 千美元, k, `k USD`, US$, 分. `None` if any of it is not known.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '_' | ':' | '：' | '.' | '\'' | '’'))
            .collect();
        let text = text.to_uppercase();
        let mut bare = text.as_str();
        for before in ["单位为", "单位", "以", "UNIT"] {
            bare = bare.strip_prefix(before).unwrap_or(bare);
        }
        for behind in ["为单位", "计"] {
            bare = bare.strip_suffix(behind).unwrap_or(bare);
        }
        // INR is no R
        Self::composed(bare).or_else(|| Self::composed(bare.strip_prefix("IN")?))
    }

    /// Reads scale and currency, each at most once.
    fn composed(text: &str) -> Option<Self> {
        let mut rest = text;
        if rest.is_empty() {
            return None;
        }
        let (mut scale, mut mark) = (None, None::<Mark>);
        while !rest.is_empty() {
            if let Some((currency, shorter)) = Mark::all().find_map(|mark| Some((mark, rest.strip_prefix(mark.sign)?)))
            {
                // 人民币元 says it twice
                if mark.is_some_and(|known| !known.codes.iter().any(|code| currency.codes.contains(code))) {
                    return None;
                }
                mark = Some(
                    mark.filter(|known| known.codes.len() <= currency.codes.len())
                        .unwrap_or(currency),
                );
                rest = shorter;
            } else {
                let (tens, shorter) = SCALES
                    .iter()
                    .find_map(|(word, tens)| Some((*tens, rest.strip_prefix(word)?)))?;
                if scale.replace(tens).is_some() {
                    return None;
                }
                rest = shorter;
            }
        }
        let tens = scale.unwrap_or(0);
        // 分 and 角 are parts of a 元
        let part_of_yuan = text.ends_with(['分', '角']);
        let mark = mark.or_else(|| Mark::all().find(|mark| part_of_yuan && mark.sign == "元"));
        Some(Self { tens, mark })
    }

    /// What two notes of one header say together.
    pub(super) fn and(self, other: Self) -> Option<Self> {
        let tens = match (self.tens, other.tens) {
            (tens, 0) | (0, tens) => tens,
            _ => return None,
        };
        let mark = match (self.mark, other.mark) {
            (mark, None) | (None, mark) => mark,
            (Some(one), Some(two)) => Some(one.with(two)?),
        };
        Some(Self { tens, mark })
    }
}

/// A number's scale word, as in 1.2万 or 3.5k, taken off behind it.
pub(super) fn scaled(text: &str) -> (&str, Option<i32>) {
    let found = SCALES.iter().find_map(|(word, tens)| {
        let rest = text.strip_suffix(word)?;
        (*tens > 0
            && !word.starts_with('0')
            && rest.ends_with(|c: char| c.is_ascii_digit() || c == '.' || c.is_whitespace()))
        .then_some((rest.trim_end(), Some(*tens)))
    });
    found.unwrap_or((text, None))
}

/// Digits with at most one point, without thousands commas and needless zeros, after the point has moved `tens` places to the right;
/// `None` for anything else. Nothing is rounded.
pub(super) fn canonical(text: &str, tens: i32) -> Option<String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let groups: Vec<&str> = whole.split(',').collect();
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let good = !whole.is_empty()
        && whole.len() <= 40
        && fraction.len() <= 40
        && groups.iter().all(|group| digits(group))
        && (groups.len() == 1
            || (!groups[0].is_empty() && groups[0].len() <= 3 && groups[1..].iter().all(|group| group.len() == 3)))
        && digits(fraction);
    if !good {
        return None;
    }
    let (mut whole, mut fraction) = (groups.concat(), fraction.to_owned());
    let places = tens.unsigned_abs() as usize;
    if tens > 0 {
        fraction = format!("{fraction:0<places$}");
        whole.push_str(&fraction[..places]);
        fraction.drain(..places);
    } else {
        whole = format!("{whole:0>places$}");
        fraction.insert_str(0, &whole.split_off(whole.len() - places));
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let fraction = fraction.trim_end_matches('0');
    Some(if fraction.is_empty() {
        whole.to_owned()
    } else {
        format!("{whole}.{fraction}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn unit(text: &str) -> Option<(i32, Option<&'static str>)> {
        Money::parse(text).map(|unit| (unit.tens, unit.mark.map(|mark| mark.sign)))
    }

    #[test]
    fn units_of_money() {
        for (text, tens, sign) in [
            ("元", 0, Some("元")),
            ("万元", 4, Some("元")),
            ("万", 4, None),
            ("单位：万元", 4, Some("元")),
            ("单位为千元", 3, Some("元")),
            ("以万元计", 4, Some("元")),
            ("千元", 3, Some("元")),
            ("仟元", 3, Some("元")),
            ("百元", 2, Some("元")),
            ("十元", 1, Some("元")),
            ("百万元", 6, Some("元")),
            ("千万", 7, None),
            ("亿元", 8, Some("元")),
            ("亿", 8, None),
            ("分", -2, Some("元")),
            ("角", -1, Some("元")),
            ("cents", -2, None),
            ("美元", 0, Some("美元")),
            ("万美元", 4, Some("美元")),
            ("人民币", 0, Some("人民币")),
            ("人民币元", 0, Some("人民币")),
            ("人民币万元", 4, Some("人民币")),
            ("RMB", 0, Some("RMB")),
            ("CNY", 0, Some("CNY")),
            ("k", 3, None),
            ("K", 3, None),
            ("k USD", 3, Some("USD")),
            ("USD k", 3, Some("USD")),
            ("in USD", 0, Some("USD")),
            ("USD '000", 3, Some("USD")),
            ("thousand", 3, None),
            ("US$ thousands", 3, Some("US$")),
            ("million EUR", 6, Some("EUR")),
            ("US$", 0, Some("US$")),
            ("$", 0, Some("$")),
            ("HK$", 0, Some("HK$")),
            ("€", 0, Some("€")),
            ("INR", 0, Some("INR")),
            ("港币", 0, Some("港币")),
            ("日元", 0, Some("日元")),
            ("¥", 0, Some("¥")),
        ] {
            assert_eq!(unit(text), Some((tens, sign)), "{text}");
        }
        for text in [
            "",
            "桶",
            "积分",
            "定金",
            "元/人",
            "m",
            "mm",
            "w",
            "kg",
            "万人",
            "美元人民币",
            "万千",
            "百分比",
            "元起",
            "单位",
            "美分",
            "USD EUR",
            "IN",
        ] {
            assert_eq!(unit(text), None, "{text}");
        }
    }

    #[test]
    fn two_notes_say_one_thing() {
        let both = |one: &str, two: &str| {
            let (one, two) = (Money::parse(one).expect(one), Money::parse(two).expect(two));
            one.and(two).map(|unit| (unit.tens, unit.mark.map(|mark| mark.sign)))
        };
        for (one, two, expected) in [
            ("元", "CNY", Some((0, Some("CNY")))),
            ("CNY", "万元", Some((4, Some("CNY")))),
            ("$", "USD", Some((0, Some("USD")))),
            ("万", "美元", Some((4, Some("美元")))),
            ("元", "TWD", None),
            ("USD", "EUR", None),
            ("万", "k", None),
        ] {
            assert_eq!(both(one, two), expected, "{one} {two}");
        }
    }

    #[test]
    fn marks_mean_what_is_sure() {
        let currency = |code| Currency::parse(code).expect("a currency");
        let means = |sign: &str, own| {
            let mark = Mark::of(sign).expect("a mark");
            mark.means(currency(own)).map(|found| found.to_string())
        };
        for (sign, own, expected) in [
            ("$", "CNY", None),
            ("$", "USD", Some("USD")),
            ("$", "HKD", Some("HKD")),
            ("US$", "HKD", Some("USD")),
            ("元", "CNY", Some("CNY")),
            ("元", "TWD", Some("TWD")),
            ("元", "USD", Some("CNY")),
            ("¥", "CNY", Some("CNY")),
            ("¥", "JPY", Some("JPY")),
            ("¥", "USD", None),
            ("EUR", "CNY", Some("EUR")),
        ] {
            assert_eq!(means(sign, own).as_deref(), expected, "{sign} at {own}");
        }
    }

    #[test]
    fn no_mark_hides_a_longer_one() {
        let all: Vec<&str> = Mark::all().map(|mark| mark.sign).collect();
        for (place, sign) in all.iter().enumerate() {
            for later in &all[place + 1..] {
                assert!(
                    !later.starts_with(sign) && !later.ends_with(sign),
                    "{sign} stands before {later}"
                );
            }
        }
        for (place, (word, _)) in SCALES.iter().enumerate() {
            for (later, _) in &SCALES[place + 1..] {
                assert!(
                    !later.starts_with(word) && !later.ends_with(word),
                    "{word} stands before {later}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn moving_the_point_is_exact(minor in 0u64..1_000_000_000_000, places in 0usize..6, tens in -3i32..9) {
            let digits = format!("{minor:0>width$}", width = places + 1);
            let (whole, fraction) = digits.split_at(digits.len() - places);
            let moved = canonical(&format!("{whole}.{fraction}"), tens).expect("digits");
            let back = canonical(&moved, -tens).expect("digits");
            prop_assert_eq!(back, canonical(&format!("{whole}.{fraction}"), 0).expect("digits"));
            let exact = u128::from(minor) * 10u128.pow((tens + 3) as u32);
            let scaled: u128 = canonical(&moved, places as i32 + 3).expect("digits").parse().expect("whole");
            prop_assert_eq!(scaled, exact);
        }

        #[test]
        fn nothing_panics(text in ".{0,30}", tens in -12i32..13) {
            let _ = (Money::parse(&text), scaled(&text), canonical(&text, tens));
        }
    }
}
