use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bindings::posthouse::plugin::commerce as wire;
use crate::values::{Day, Money, Text};

/// What a customer is about to buy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Basket {
    /// Where the customer buys: `app`, `shop`, ….
    pub channel: Text,
    /// What stands in it, each line at its [`place`](Line::place).
    pub lines: Vec<Line>,
}

/// One thing of the basket. What it costs the agency is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Line {
    /// Its place in the basket, from 0.
    pub place: usize,
    /// The agency's number of the product.
    pub sku: Text,
    /// What it is.
    pub kind: ProductKind,
    /// Where it goes.
    pub destination: Option<Text>,
    /// What it is about, in the agency's words.
    pub theme: Option<Text>,
    /// When it begins.
    pub departs: Option<Day>,
    /// For how many people it is.
    pub travellers: u32,
    /// Price of one.
    pub unit_price: Money,
    /// How many of them.
    pub quantity: u32,
}

/// Kinds of products; one that this SDK does not know is `Other`. In settings and golden cases they are spelled in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
#[allow(missing_docs)]
pub enum ProductKind {
    Tour,
    Hotel,
    Flight,
    Train,
    Cruise,
    Ticket,
    Transfer,
    Visa,
    Insurance,
    Other,
}

impl Basket {
    /// A basket with these lines, each of which gets its place.
    pub fn new(channel: impl Into<Text>, lines: impl IntoIterator<Item = Line>) -> Self {
        let lines = lines.into_iter().enumerate();
        Self {
            channel: channel.into(),
            lines: lines.map(|(place, line)| Line { place, ..line }).collect(),
        }
    }

    /// The lines that are of one of these kinds.
    pub fn of_kinds(&self, kinds: &[ProductKind]) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(move |line| kinds.contains(&line.kind))
    }

    /// The price of all lines.
    pub fn total(&self) -> Money {
        let sum = self
            .lines
            .iter()
            .fold(0_i64, |sum, line| sum.saturating_add(line.total().0));
        Money(sum)
    }

    /// Takes over what the host sent. The texts live as long as the instance, and that lives for one call.
    pub(crate) fn read(basket: wire::Basket) -> Self {
        Self::new(Text(basket.channel.leak()), basket.lines.into_iter().map(Line::read))
    }
}

impl Line {
    /// The price of the whole line.
    pub fn total(&self) -> Money {
        Money(self.unit_price.0.saturating_mul(i64::from(self.quantity)))
    }

    fn read(line: wire::Line) -> Self {
        let text = |text: String| Text(text.leak());
        Self {
            place: 0,
            sku: text(line.sku),
            kind: line.kind.into(),
            destination: line.destination.map(text),
            theme: line.theme.map(text),
            departs: line.departs.map(Day),
            travellers: line.travellers,
            unit_price: Money(line.unit_price),
            quantity: line.quantity,
        }
    }
}

macro_rules! kinds {
    ($($kind:ident)*) => {
        impl From<wire::ProductKind> for ProductKind {
            fn from(kind: wire::ProductKind) -> Self {
                match kind {
                    $(wire::ProductKind::$kind => Self::$kind,)*
                    wire::ProductKind::Other(_) => Self::Other,
                }
            }
        }

        impl From<ProductKind> for wire::ProductKind {
            fn from(kind: ProductKind) -> Self {
                match kind {
                    $(ProductKind::$kind => Self::$kind,)*
                    ProductKind::Other => Self::Other("other".to_owned()),
                }
            }
        }
    };
}

kinds!(Tour Hotel Flight Train Cruise Ticket Transfer Visa Insurance);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_stop_at_the_largest_amount() {
        let line = |price: i64, quantity| {
            let line = Line::tour("YN-7").price(Money(price));
            Line { quantity, ..line }
        };
        let basket = Basket::new("app", [line(500_000, 2), line(99, 3)]);
        assert_eq!((basket.total(), basket.lines[1].place), (Money(1_000_297), 1));
        let absurd = Basket::new("app", [line(i64::MAX, 2), line(1, 1)]);
        assert_eq!(absurd.total(), Money(i64::MAX));
    }
}
