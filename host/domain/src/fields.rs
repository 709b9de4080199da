//! The fields of a booking, read alike from events and from rows of files.

use crate::booking::BookingDetails;
use crate::money::{self, Currency};
use crate::profile;
use crate::rejection::quote;
use crate::time::{day_of, parse_day, parse_instant};
use crate::{AgencyTerms, Day, Rejection, words};

/// A date or an instant as the day it means in the agency's zone.
pub(crate) fn booking_day(key: &str, text: &str, terms: &AgencyTerms) -> Result<Day, Rejection> {
    parse_day(text)
        .or_else(|| parse_instant(text, terms.time_zone).map(|at| day_of(at, terms.time_zone)))
        .ok_or_else(|| no_date(key, text))
}

/// The rejection for a date that is none.
pub(crate) fn no_date(key: &str, text: &str) -> Rejection {
    Rejection::new(
        "bad_date",
        words!(
            "{key} {text} is not a date; write it like 2026-01-15",
            "{key} {text} 不是日期；请写成 2026-01-15 的形式",
            text = quote(text)
        ),
    )
}

pub(crate) fn travellers(count: i64) -> Result<i32, Rejection> {
    i32::try_from(count)
        .ok()
        .filter(|n| (1..=10_000).contains(n))
        .ok_or_else(|| {
            Rejection::new(
                "bad_travellers",
                words!(
                    "travellers {count} must be between 1 and 10000",
                    "出行人数 {count} 应在 1 到 10000 之间"
                ),
            )
        })
}

pub(crate) fn currency(text: Option<&str>, terms: &AgencyTerms) -> Result<Currency, Rejection> {
    match text {
        None => Ok(terms.currency),
        Some(text) => Currency::parse(text).ok_or_else(|| {
            Rejection::new(
                "bad_currency",
                words!(
                    "currency {text} is not a three-letter code like CNY",
                    "币种 {text} 不是 CNY 这样的三字母代码",
                    text = quote(text)
                ),
            )
        }),
    }
}

pub(crate) fn check_order(details: &BookingDetails) -> Result<(), Rejection> {
    match (details.departs_on, details.returns_on) {
        (Some(departs), Some(returns)) if returns < departs => Err(Rejection::new(
            "returns_before_departs",
            words!(
                "the trip returns before it departs; check both dates",
                "返回日期早于出发日期；请核对两个日期"
            ),
        )),
        _ => Ok(()),
    }
}

/// Prices of a record in its own currency.
pub(crate) struct Prices {
    pub(crate) amount: Option<i64>,
    pub(crate) cost: Option<i64>,
    pub(crate) currency: Currency,
    /// The amount in the agency's base currency.
    pub(crate) amount_base: Option<i64>,
}

impl Prices {
    /// Amount and cost in the agency's base currency. The cost of a booking in another currency is converted at the rate that
    /// its amount shows; where it shows none, or an absurd one, the cost stays unknown.
    pub(crate) fn in_base(&self, terms: &AgencyTerms) -> Result<(Option<i64>, Option<i64>), Rejection> {
        if self.currency == terms.currency {
            return Ok((self.amount.or(self.amount_base), self.cost));
        }
        match (self.amount, self.amount_base) {
            (None, base) => Ok((base, None)),
            (Some(amount), Some(base)) => {
                let rate = |cost: i64| {
                    i64::try_from((i128::from(cost) * i128::from(base) + i128::from(amount) / 2) / i128::from(amount))
                        .ok()
                        .filter(|cost| *cost <= money::LARGEST_AMOUNT)
                };
                Ok((Some(base), if amount == 0 { None } else { self.cost.and_then(rate) }))
            }
            (Some(_), None) => Err(Rejection::new(
                "currency_needs_base",
                words!(
                    "the amount is in {currency}, the agency keeps its books in {base}; send amount_base as well",
                    "金额币种为 {currency}，旅行社以 {base} 记账；请同时给出 amount_base",
                    currency = self.currency,
                    base = terms.currency
                ),
            )),
        }
    }
}

/// The rejection for an amount that is none.
pub(crate) fn amount_error(key: &str, text: &str, error: money::AmountError) -> Rejection {
    let code = if error == money::AmountError::Negative {
        "negative_amount"
    } else {
        "bad_amount"
    };
    Rejection::new(
        code,
        words!("{key} {text} {error}", "{key} {text} {error}", text = quote(text)),
    )
}

/// A trimmed text, none if empty.
pub(crate) fn short_text(key: &str, text: &str) -> Result<Option<String>, Rejection> {
    let text = text.trim();
    if text.len() > profile::LONGEST_VALUE || text.chars().any(char::is_control) {
        return Err(Rejection::new(
            "bad_field",
            words!(
                "{key} is longer than {most} bytes or has control characters",
                "{key} 超过 {most} 字节或含有控制字符",
                most = profile::LONGEST_VALUE
            ),
        ));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}
