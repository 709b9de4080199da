//! What a rule proposes for a basket.

use crate::money::LARGEST_AMOUNT;
use crate::{Words, words};
use serde::{Deserialize, Serialize};

/// The whole of something, in basis points.
pub const WHOLE: u32 = 10_000;

/// How much one offer takes off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Saving {
    /// Minor units off the line.
    Amount(i64),
    /// Basis points of the price that the line has when the offer's turn comes; what is less than a minor unit is not taken off.
    Rate(u32),
}

impl Saving {
    /// What it takes off `price`, which is not below zero.
    pub fn of(self, price: i64) -> i64 {
        match self {
            Self::Amount(amount) => amount,
            // the product of an amount and 10,000 fits an i64 many times over, of any i64 it does not
            Self::Rate(rate) => (i128::from(price) * i128::from(rate) / i128::from(WHOLE)) as i64,
        }
    }
}

/// One saving on one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Place of the line in the basket, from 0.
    pub line: u32,
    /// How much it takes off.
    pub saving: Saving,
    /// Index into the reasons of the rule.
    pub reason: u16,
}

/// Holds the offers of one rule against the basket they are for. They come from outside and are used for nothing before this.
///
/// # Errors
/// The field and what is wrong with it.
pub fn check(offers: &[Offer], lines: usize, reasons: usize) -> Result<(), (String, Words)> {
    let mut seen = vec![false; lines];
    for (place, offer) in offers.iter().enumerate() {
        let wrong = |field: &str, problem: Words| Err((format!("offers[{place}].{field}"), problem));
        let Some(seen) = seen.get_mut(offer.line as usize) else {
            return wrong(
                "line",
                words!(
                    "is {line}, the basket has {lines} lines",
                    "为 {line}，而购物篮只有 {lines} 行",
                    line = offer.line
                ),
            );
        };
        if std::mem::replace(seen, true) {
            return wrong(
                "line",
                words!(
                    "is {line} as in another offer; a line gets one from a rule",
                    "为 {line}，与另一个优惠重复；一条规则对每行只给一个优惠",
                    line = offer.line
                ),
            );
        }
        match offer.saving {
            Saving::Amount(amount) if amount < 0 => {
                return wrong("amount", words!("is {amount}, below zero", "为 {amount}，小于零"));
            }
            Saving::Amount(amount) if amount > LARGEST_AMOUNT => {
                return wrong(
                    "amount",
                    words!(
                        "is {amount}, more than any price ({LARGEST_AMOUNT})",
                        "为 {amount}，高于任何价格（{LARGEST_AMOUNT}）"
                    ),
                );
            }
            Saving::Rate(rate) if rate > WHOLE => {
                return wrong(
                    "rate",
                    words!(
                        "is {rate} basis points, more than the whole",
                        "为 {rate} 个基点，超过全价"
                    ),
                );
            }
            _ => {}
        }
        if usize::from(offer.reason) >= reasons {
            return wrong(
                "reason",
                words!(
                    "is {reason}, there are {reasons} reasons",
                    "为 {reason}，而理由只有 {reasons} 个",
                    reason = offer.reason
                ),
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(line: u32, saving: Saving, reason: u16) -> Offer {
        Offer { line, saving, reason }
    }

    #[test]
    fn savings_are_whole_minor_units() {
        assert_eq!(Saving::Amount(7).of(3), 7);
        assert_eq!(Saving::Rate(1_500).of(999), 149);
        assert_eq!(Saving::Rate(WHOLE).of(i64::MAX), i64::MAX);
        assert_eq!(Saving::Rate(0).of(5), 0);
    }

    #[test]
    fn offers_that_do_not_fit_are_named() {
        let good = [offer(0, Saving::Amount(5), 0), offer(1, Saving::Rate(WHOLE), 1)];
        assert_eq!(check(&good, 2, 2), Ok(()));
        for (wrong, field) in [
            (offer(2, Saving::Amount(5), 0), "offers[1].line"),
            (offer(0, Saving::Amount(5), 0), "offers[1].line"),
            (offer(1, Saving::Amount(-1), 0), "offers[1].amount"),
            (offer(1, Saving::Amount(LARGEST_AMOUNT + 1), 0), "offers[1].amount"),
            (offer(1, Saving::Rate(WHOLE + 1), 0), "offers[1].rate"),
            (offer(1, Saving::Rate(1), 2), "offers[1].reason"),
        ] {
            let (found, problem) = check(&[good[0].clone(), wrong], 2, 2).expect_err(field);
            assert_eq!(found, field, "{problem}");
        }
    }
}
