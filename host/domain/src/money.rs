//! Money is whole minor units of a currency; never a float.

use crate::words;
use std::fmt;

/// An ISO 4217 currency code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Three letters, in either case.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 3] = text.trim().as_bytes().try_into().ok()?;
        bytes
            .iter()
            .all(u8::is_ascii_alphabetic)
            .then(|| Self(bytes.map(|b| b.to_ascii_uppercase())))
    }

    /// The code in upper case.
    pub fn as_str(&self) -> &str {
        // only letters get in; XXX is what ISO 4217 writes where there is no currency
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// How many decimal digits the minor unit has (ISO 4217).
    pub fn digits(self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF" | b"UGX"
            | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not digits with an optional decimal part.
    #[error("{}", words!("is not an amount; write it like 1234.50 or 1,234.50", "不是金额；请写成 1234.50 或 1,234.50"))]
    Shape,
    /// Below zero.
    #[error("{}", words!("is negative; a refund is a record with status refunded", "为负数；退款请记为状态 refunded"))]
    Negative,
    /// More decimals than the currency has.
    #[error("{}", words!("has more decimals than the currency", "的小数位多于该币种"))]
    Decimals,
    /// Beyond what the books can hold.
    #[error("{}", words!("is too large", "过大"))]
    TooLarge,
}

/// No single amount may exceed this many minor units, so that sums of a whole base stay far from overflow.
pub const LARGEST_AMOUNT: i64 = 1_000_000_000_000_000;

/// Reads an amount in major units, `1234.5` or with thousands commas `1,234.50`, as minor units of `currency`.
///
/// # Errors
/// [`AmountError`] says what is wrong with the text.
pub fn parse_major(text: &str, currency: Currency) -> Result<i64, AmountError> {
    let text = text.trim();
    match text.strip_prefix('-') {
        None => unsigned(text, currency),
        Some(rest) if unsigned(rest.trim_start(), currency).is_ok() => Err(AmountError::Negative),
        Some(_) => Err(AmountError::Shape),
    }
}

fn unsigned(text: &str, currency: Currency) -> Result<i64, AmountError> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let groups: Vec<&str> = whole.split(',').collect();
    let grouped_well = groups.len() == 1
        || (!groups[0].is_empty() && groups[0].len() <= 3 && groups[1..].iter().all(|g| g.len() == 3));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !grouped_well || !groups.iter().all(|g| digits(g)) || !digits(fraction) {
        return Err(AmountError::Shape);
    }
    let places = currency.digits() as usize;
    if fraction.trim_end_matches('0').len() > places {
        return Err(AmountError::Decimals);
    }
    let minor: String = groups.concat() + &format!("{:0<places$.places$}", fraction);
    minor
        .parse()
        .ok()
        .filter(|amount| *amount <= LARGEST_AMOUNT)
        .ok_or(AmountError::TooLarge)
}

/// An amount in major units for people, with thousands commas and the decimals of its currency: `1,234.50`.
pub fn major_text(minor: i64, currency: Currency) -> String {
    let places = currency.digits();
    let unit = 10u64.pow(places);
    let whole = (minor.unsigned_abs() / unit).to_string();
    let mut text = if minor < 0 { "-" } else { "" }.to_owned();
    for (position, digit) in whole.chars().enumerate() {
        if position > 0 && (whole.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if places > 0 {
        let fraction = minor.unsigned_abs() % unit;
        text += &format!(".{fraction:0width$}", width = places as usize);
    }
    text
}

/// An amount with its currency, for people: `CNY 1,234.50`.
pub fn with_currency(minor: i64, currency: Currency) -> String {
    format!("{currency} {}", major_text(minor, currency))
}

#[cfg(test)]
mod tests {
    use super::*;
    use AmountError::*;

    #[test]
    fn a_line_of_dashes_is_no_amount() {
        let cny = Currency::parse("CNY").expect("a currency");
        assert_eq!(parse_major(&("-".repeat(1_000_000) + "1"), cny), Err(Shape));
        assert_eq!(parse_major("--1", cny), Err(Shape));
        assert_eq!(parse_major("- 1", cny), Err(Negative));
    }

    #[test]
    fn amounts_are_written_as_people_write_them() {
        let [cny, jpy, kwd] = ["CNY", "JPY", "KWD"].map(|code| Currency::parse(code).expect("a currency"));
        for (minor, currency, text) in [
            (0, cny, "0.00"),
            (5, cny, "0.05"),
            (123_450, cny, "1,234.50"),
            (-99_999, cny, "-999.99"),
            (-100_000_000, cny, "-1,000,000.00"),
            (9_250_000, jpy, "9,250,000"),
            (1_500, kwd, "1.500"),
            (i64::MIN, jpy, "-9,223,372,036,854,775,808"),
        ] {
            assert_eq!(major_text(minor, currency), text);
        }
        for minor in [0, 7, 99, 123_456_789] {
            assert_eq!(
                parse_major(&major_text(minor, cny), cny),
                Ok(minor),
                "read as it is written"
            );
        }
    }

    #[test]
    fn amounts_in_major_units() {
        let cny = Currency::parse("cny").expect("a currency");
        let cases = [
            ("1,234.50", Ok(123_450)),
            ("1234.5", Ok(123_450)),
            ("0", Ok(0)),
            ("11.770", Ok(1_177)),
            (" 7 ", Ok(700)),
            ("1,234,567", Ok(123_456_700)),
            ("12,34", Err(Shape)),
            (",123", Err(Shape)),
            ("1.2.3", Err(Shape)),
            ("", Err(Shape)),
            ("abc", Err(Shape)),
            ("1e3", Err(Shape)),
            ("--1", Err(Shape)),
            ("-5", Err(Negative)),
            ("0.001", Err(Decimals)),
            ("99999999999999999999", Err(TooLarge)),
            ("10000000000000.01", Err(TooLarge)),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_major(text, cny), expected, "{text}");
        }
        assert_eq!(
            parse_major("1200", Currency::parse("JPY").expect("a currency")),
            Ok(1200)
        );
        assert_eq!(
            parse_major("1.5", Currency::parse("KWD").expect("a currency")),
            Ok(1500)
        );
    }
}
