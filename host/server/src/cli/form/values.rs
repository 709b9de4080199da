//! How people write amounts, shares, numbers and days.

use super::tree::{Held, Node};
use posthouse_domain::money::{AmountError, Currency, LARGEST_AMOUNT, parse_major};
use posthouse_domain::{Day, Words, time, words};

/// What bare amounts are in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unit(pub(super) Currency);

/// Furthest day that can be named from today, in days: ten years.
const FURTHEST: i64 = 3_653;

/// A whole number.
pub(super) fn count(node: &Node) -> Result<i64, Words> {
    let number = match &node.held {
        Held::Number(number) => number.parse().ok(),
        _ => None,
    };
    number.ok_or_else(|| words!("write a whole number", "应为整数"))
}

/// An amount in major units, as minor units: `50000`, `"50,000.00"`, `"CNY 50,000"`, `"5万元"`.
pub(super) fn amount(node: &Node, unit: Unit) -> Result<i64, Words> {
    let currency = unit.0;
    let wanted = || {
        words!(
            "write an amount of {currency} in major units, 50000 or \"50,000.00\" for fifty thousand",
            "应为以 {currency} 为单位的金额（元，不是分），五万写作 50000 或 \"50,000.00\""
        )
    };
    let text = match &node.held {
        Held::Number(number) => number.clone(),
        Held::Text(text) => text.clone(),
        _ => return Err(wanted()),
    };
    let (number, times) = bare(&text, currency).ok_or_else(wanted)?;
    let minor = parse_major(number, currency).map_err(|error| match error {
        AmountError::Shape => wanted(),
        AmountError::Negative => words!("an amount is not below zero", "金额不能为负"),
        AmountError::Decimals => {
            let digits = currency.digits();
            words!(
                "{currency} has {digits} decimals at most",
                "{currency} 最多 {digits} 位小数"
            )
        }
        AmountError::TooLarge => words!("the amount is too large", "金额过大"),
    })?;
    minor
        .checked_mul(times)
        .filter(|minor| *minor <= LARGEST_AMOUNT)
        .ok_or_else(|| words!("the amount is too large", "金额过大"))
}

/// An amount without its currency and its ten thousands. Another currency is none of them.
fn bare(text: &str, currency: Currency) -> Option<(&str, i64)> {
    let mut text = text.trim();
    let signs: &[&str] = match currency.as_str() {
        "CNY" => &["CNY", "RMB", "¥", "￥", "元"],
        "USD" => &["USD", "US$", "$"],
        "EUR" => &["EUR", "€"],
        "JPY" => &["JPY", "¥", "￥", "円"],
        _ => &[],
    };
    for sign in std::iter::once(currency.as_str()).chain(signs.iter().copied()) {
        if let Some(rest) = text.strip_prefix(sign).or_else(|| text.strip_suffix(sign)) {
            text = rest.trim();
            break;
        }
    }
    let times = if let Some(rest) = text.strip_suffix('万') {
        text = rest.trim();
        10_000
    } else {
        1
    };
    text.starts_with(|first: char| first.is_ascii_digit() || first == '-')
        .then_some((text, times))
}

/// A share in percent, in basis points: `80`, `"80 %"`, `"12.5%"`.
pub(super) fn share(node: &Node) -> Result<u32, Words> {
    let (text, signed) = match &node.held {
        Held::Number(number) => (number.as_str(), false),
        Held::Text(text) => match text.trim().trim_end_matches(['%', '％']) {
            bare if bare.len() < text.trim().len() => (bare.trim(), true),
            bare => (bare, false),
        },
        _ => ("", false),
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (plain, zeros) = (
        fraction.trim_end_matches('0'),
        fraction.is_empty() && text.contains('.'),
    );
    if whole.is_empty() || whole.len() > 6 || zeros || !digits(whole) || !digits(fraction) {
        return Err(words!(
            "write a share in percent, 80 or \"80 %\" for eighty in a hundred",
            "应为百分比，80% 写作 80 或 \"80%\""
        ));
    }
    if plain.len() > 2 {
        return Err(words!(
            "a share has two decimals at most: 12.25 %",
            "百分比最多两位小数：12.25%"
        ));
    }
    let points: u32 = format!("{whole}{plain:0<2}").parse().unwrap_or(u32::MAX);
    if !signed && (1..100).contains(&points) {
        let percent = posthouse_domain::campaign::share_text(points);
        let hundredfold = posthouse_domain::campaign::share_text(points * 100);
        return Err(words!(
            "shares are in percent; write \"{hundredfold}\" or \"{percent}\", whichever is meant",
            "比例以百分比填写；请写明 \"{hundredfold}\" 或 \"{percent}\""
        ));
    }
    if !signed && points > 10_000 {
        return Err(words!(
            "shares are in percent, 80 for 80 %, and no more than the whole; with its sign \"150 %\" more can be written",
            "比例以百分比填写，80% 写作 80，不超过 100%；超过时请带百分号，如 \"150%\""
        ));
    }
    Ok(points)
}

/// A day: `2027-01-20`, `today`, `tomorrow`, `in 14 days`, `in 6 weeks`, `今天`, `明天`, `14天后`, `6周后`.
pub(super) fn day(node: &Node, today: Day) -> Result<Day, Words> {
    let wanted = || {
        words!(
            "write a day like 2027-01-20, \"today\" or \"in 14 days\"",
            "应为日期，如 2027-01-20、\"今天\" 或 \"14天后\""
        )
    };
    let Held::Text(text) = &node.held else {
        return Err(wanted());
    };
    let text = text.trim();
    if let Some(day) = time::parse_day(text) {
        return Ok(day);
    }
    let ahead = match text.to_lowercase().as_str() {
        "today" | "今天" => 0,
        "tomorrow" | "明天" => 1,
        other => {
            let (number, days) = relative(other).ok_or_else(wanted)?;
            number * days
        }
    };
    if ahead > FURTHEST {
        return Err(words!("that is more than ten years ahead", "距今超过十年"));
    }
    Ok(today + ahead as Day)
}

/// `in 14 days` as 14 times 1, `6周后` as 6 times 7.
fn relative(text: &str) -> Option<(i64, i64)> {
    let (rest, days) = if let Some(rest) = text.strip_suffix('后') {
        let rest = rest.trim();
        let units = [("天", 1), ("日", 1), ("周", 7)];
        units
            .iter()
            .find_map(|(unit, days)| Some((rest.strip_suffix(unit)?, *days)))?
    } else {
        let rest = text.strip_prefix("in ")?;
        let units = [(" days", 1), (" day", 1), (" weeks", 7), (" week", 7)];
        units
            .iter()
            .find_map(|(unit, days)| Some((rest.strip_suffix(unit)?, *days)))?
    };
    let number: i64 = rest.trim().parse().ok()?;
    (0..=FURTHEST).contains(&number).then_some((number, days))
}
