//! What a customer is about to buy.

use crate::money::LARGEST_AMOUNT;
use crate::normal;
use crate::rejection::{check_id, quote};
use crate::{Day, Rejection, Words, words};
use serde::{Deserialize, Serialize};

/// Most lines of one basket.
pub const MOST_LINES: usize = 100;
/// Most of one thing in a line.
pub const MOST_QUANTITY: i32 = 10_000;
/// Most people a line is for.
pub const MOST_TRAVELLERS: i32 = 10_000;
/// Most that one of a thing costs, in minor units: with the most of it, a line comes to the largest amount there is.
pub const LARGEST_PRICE: i64 = LARGEST_AMOUNT / MOST_QUANTITY as i64;

/// What kind of thing a line sells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProductKind {
    /// A journey with a guide or a programme.
    Tour,
    /// Nights under a roof.
    Hotel,
    /// A seat in an aeroplane.
    Flight,
    /// A seat in a train.
    Train,
    /// A cabin on a ship.
    Cruise,
    /// Entry to a sight or a show.
    Ticket,
    /// A ride from here to there.
    Transfer,
    /// Help with a visa.
    Visa,
    /// Insurance of a journey.
    Insurance,
    /// Anything else.
    Other,
}

impl ProductKind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Tour,
        Self::Hotel,
        Self::Flight,
        Self::Train,
        Self::Cruise,
        Self::Ticket,
        Self::Transfer,
        Self::Visa,
        Self::Insurance,
        Self::Other,
    ];

    /// The name used in JSON, WIT and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tour => "tour",
            Self::Hotel => "hotel",
            Self::Flight => "flight",
            Self::Train => "train",
            Self::Cruise => "cruise",
            Self::Ticket => "ticket",
            Self::Transfer => "transfer",
            Self::Visa => "visa",
            Self::Insurance => "insurance",
            Self::Other => "other",
        }
    }
}

/// One thing of a basket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The agency's number of the product.
    pub sku: String,
    /// What kind of thing it is.
    pub kind: ProductKind,
    /// Where it leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theme: Option<String>,
    /// When it begins, in days since 1970 in the agency's zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub departs: Option<Day>,
    /// For how many people it is.
    pub travellers: i32,
    /// Price of one, in minor units of the agency's currency.
    pub unit_price: i64,
    /// What one costs the agency; a floor under the price where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_cost: Option<i64>,
    /// How many.
    pub quantity: i32,
}

impl Line {
    /// The list price of the whole line. [`Basket::check`] has made sure that it fits.
    pub fn total(&self) -> i64 {
        self.unit_price * i64::from(self.quantity)
    }

    /// What the whole line costs the agency, where that is known.
    pub fn cost(&self) -> Option<i64> {
        Some(self.unit_cost? * i64::from(self.quantity))
    }
}

/// What one customer is about to buy, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basket {
    /// Where the customer buys: `app`, `shop`, ….
    pub channel: String,
    /// The things, in the order of the caller.
    pub lines: Vec<Line>,
}

impl Basket {
    /// Brings what names things into its normal form: the place, and the numbers of products.
    #[must_use]
    pub fn in_form(mut self) -> Self {
        self.channel = normal::text(&self.channel);
        for line in &mut self.lines {
            line.sku = normal::text(&line.sku);
        }
        self
    }

    /// Holds every number against its bounds, so that no sum below can overflow.
    ///
    /// # Errors
    /// `bad_basket` with the line and what to do.
    pub fn check(&self) -> Result<(), Rejection> {
        check_id("channel", &self.channel)?;
        if self.lines.is_empty() || self.lines.len() > MOST_LINES {
            return Err(bad(words!(
                "a basket has 1 to {MOST_LINES} lines, this one has {lines}",
                "购物篮应有 1 到 {MOST_LINES} 行，此篮有 {lines} 行",
                lines = self.lines.len()
            )));
        }
        for (place, line) in self.lines.iter().enumerate() {
            let wrong = |problem: Words| Err(bad(words!("lines[{place}] {problem}", "lines[{place}] {problem}")));
            check_id("sku", &line.sku)?;
            if !(1..=MOST_QUANTITY).contains(&line.quantity) {
                return wrong(words!(
                    "has the quantity {quantity}; it is 1 to {MOST_QUANTITY}",
                    "的数量为 {quantity}；应为 1 到 {MOST_QUANTITY}",
                    quantity = line.quantity
                ));
            }
            if !(1..=MOST_TRAVELLERS).contains(&line.travellers) {
                return wrong(words!(
                    "is for {travellers} travellers; it is for 1 to {MOST_TRAVELLERS}",
                    "的出行人数为 {travellers}；应为 1 到 {MOST_TRAVELLERS}",
                    travellers = line.travellers
                ));
            }
            for (name, price) in [("unit_price", Some(line.unit_price)), ("unit_cost", line.unit_cost)] {
                if price.is_some_and(|price| !(0..=LARGEST_PRICE).contains(&price)) {
                    return wrong(words!(
                        "has a {name} below zero or above {LARGEST_PRICE} minor units",
                        "的 {name} 小于零或超过 {LARGEST_PRICE}（最小货币单位）"
                    ));
                }
            }
            for (name, text) in [("destination", &line.destination), ("theme", &line.theme)] {
                if let Some(text) = text
                    && (text.trim().is_empty() || text.len() > 200 || text.chars().any(char::is_control))
                {
                    return wrong(words!(
                        "has the {name} {text}; write 1 to 200 bytes or leave it out",
                        "的 {name} 为 {text}；应为 1 到 200 字节，或不填",
                        text = quote(text)
                    ));
                }
            }
        }
        let total: i128 = self.lines.iter().map(|line| i128::from(line.total())).sum();
        if total > i128::from(LARGEST_AMOUNT) {
            return Err(bad(words!(
                "the basket lists at {total} minor units, {LARGEST_AMOUNT} are the most; split it",
                "购物篮标价合计 {total}（最小货币单位），上限为 {LARGEST_AMOUNT}；请拆分"
            )));
        }
        Ok(())
    }

    /// The list price of everything.
    pub fn total(&self) -> i64 {
        self.lines.iter().map(Line::total).sum()
    }
}

fn bad(detail: Words) -> Rejection {
    Rejection::new("bad_basket", detail)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn line(unit_price: i64, quantity: i32) -> Line {
        Line {
            sku: "YN-7".into(),
            kind: ProductKind::Tour,
            destination: Some("云南".into()),
            theme: None,
            departs: None,
            travellers: 2,
            unit_price,
            unit_cost: None,
            quantity,
        }
    }

    #[test]
    fn a_basket_that_cannot_be_priced_is_refused() {
        let basket = |lines: Vec<Line>| Basket {
            channel: "app".into(),
            lines,
        };
        assert_eq!(basket(vec![line(100, 3), line(0, 1)]).check(), Ok(()));
        assert_eq!(basket(vec![line(100, 3), line(7, 1)]).total(), 307);
        let cost = Line {
            unit_cost: Some(-1),
            ..line(1, 1)
        };
        let nowhere = Line {
            destination: Some(" ".into()),
            ..line(1, 1)
        };
        let nobody = Line {
            travellers: 0,
            ..line(1, 1)
        };
        for (lines, part) in [
            (vec![], "1 to 100 lines"),
            (vec![line(1, 1); 101], "this one has 101"),
            (vec![line(1, 1), line(1, 0)], "lines[1] has the quantity 0"),
            (vec![line(-1, 1)], "unit_price"),
            (vec![line(i64::MAX, 1)], "unit_price"),
            (vec![cost], "unit_cost"),
            (vec![nowhere], "destination"),
            (vec![nobody], "0 travellers"),
            (vec![line(LARGEST_PRICE, MOST_QUANTITY); 2], "split it"),
        ] {
            let refused = basket(lines).check().expect_err(part);
            assert!(
                refused.code == "bad_basket" && refused.detail.en.contains(part),
                "{refused}"
            );
        }
        for kind in ProductKind::ALL {
            assert_eq!(serde_json::to_value(kind).expect("a name"), kind.as_str());
        }
    }
}
