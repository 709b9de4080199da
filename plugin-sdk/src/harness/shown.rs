//! Reasons as the host tells them.

use crate::description::{FactKind, FactUse, ReasonDef};
use crate::store::Cell;
use crate::values::Day;

/// A value in a sentence: money with its currency in major units, numbers with two decimals, a dash for what is unknown. For the test that
/// holds this against the host's way.
#[doc(hidden)]
pub fn shown(kind: FactKind, cell: &Cell, currency: &str) -> String {
    match (kind, cell) {
        (_, Cell::Null) => "—".to_owned(),
        (FactKind::Money, Cell::Whole(minor)) => format!("{currency} {}", major(*minor, digits(currency))),
        (FactKind::Day, Cell::Whole(day)) => Day(*day as i32).to_string(),
        (_, Cell::Whole(value)) => value.to_string(),
        (_, Cell::Number(value)) => format!("{value:.2}"),
        (_, Cell::Flag(value)) => value.to_string(),
        (_, Cell::Text(value)) => value.clone(),
    }
}

/// Decimal digits of a currency's minor unit (ISO 4217).
fn digits(currency: &str) -> u32 {
    const NONE: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";
    const THREE: &str = "BHD IQD JOD KWD LYD OMR TND";
    let among = |list: &str| list.split(' ').any(|code| code == currency);
    match (among(NONE), among(THREE)) {
        (true, _) => 0,
        (_, true) => 3,
        _ => 2,
    }
}

fn major(minor: i64, digits: u32) -> String {
    let unit = 10_u64.pow(digits);
    let whole = (minor.unsigned_abs() / unit).to_string();
    let mut text = if minor < 0 { "-" } else { "" }.to_owned();
    for (place, digit) in whole.char_indices() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if digits > 0 {
        text += &format!(".{:0width$}", minor.unsigned_abs() % unit, width = digits as usize);
    }
    text
}

/// A reason's text with the customer's facts, and what it tells itself, put in.
pub(super) fn reason(
    text: &str,
    (uses, facts): (&[FactUse], &[Cell]),
    (def, told): (&ReasonDef, &[Cell]),
    currency: &str,
) -> String {
    let argument = |name: &str| {
        let place = def.arguments.iter().position(|argument| argument.name == name)?;
        Some(shown(def.arguments[place].kind, told.get(place)?, currency))
    };
    let fact = |key: &str| {
        let place = uses.iter().position(|fact| fact.key == key)?;
        Some(shown(uses[place].kind, facts.get(place)?, currency))
    };
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled += before;
        let braced = after.split_once('}');
        match braced.and_then(|(name, after)| Some((argument(name).or_else(|| fact(name))?, after))) {
            Some((value, after)) => {
                filled += &value;
                rest = after;
            }
            None => {
                filled.push('{');
                rest = after;
            }
        }
    }
    filled + rest
}
