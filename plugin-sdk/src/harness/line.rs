//! Baskets for tests.

use crate::basket::{Basket, Line, ProductKind};
use crate::bindings::posthouse::plugin::commerce as wire;
use crate::values::{Day, Money, Text};

/// As the host would send it.
impl From<&Basket> for wire::Basket {
    fn from(basket: &Basket) -> Self {
        Self {
            channel: basket.channel.to_string(),
            lines: basket.lines.iter().map(Into::into).collect(),
        }
    }
}

impl From<&Line> for wire::Line {
    fn from(line: &Line) -> Self {
        let text = |text: Text| text.to_string();
        Self {
            sku: text(line.sku),
            kind: line.kind.into(),
            destination: line.destination.map(text),
            theme: line.theme.map(text),
            departs: line.departs.map(|day| day.0),
            travellers: line.travellers,
            unit_price: line.unit_price.0,
            quantity: line.quantity,
        }
    }
}

/// Lines for tests. What is not said of one: it has no price, no destination and no date, and is one for one traveller.
impl Line {
    /// A product of this kind and number.
    pub fn new(kind: ProductKind, sku: impl Into<Text>) -> Self {
        Self {
            place: 0,
            sku: sku.into(),
            kind,
            destination: None,
            theme: None,
            departs: None,
            travellers: 1,
            unit_price: Money(0),
            quantity: 1,
        }
    }

    /// A tour of this number.
    pub fn tour(sku: impl Into<Text>) -> Self {
        Self::new(ProductKind::Tour, sku)
    }

    /// With this price of one.
    pub fn price(self, unit_price: Money) -> Self {
        Self { unit_price, ..self }
    }

    /// So many of them.
    pub fn quantity(self, quantity: u32) -> Self {
        Self { quantity, ..self }
    }

    /// For so many people.
    pub fn travellers(self, travellers: u32) -> Self {
        Self { travellers, ..self }
    }

    /// Beginning on this day, `2026-03-01`.
    ///
    /// # Panics
    /// If there is no such date.
    pub fn departs(self, date: &str) -> Self {
        match Day::parse(date) {
            Some(day) => Self {
                departs: Some(day),
                ..self
            },
            None => panic!("`{date}` is not a date like 2026-01-15"),
        }
    }

    /// Going there.
    pub fn destination(self, destination: impl Into<Text>) -> Self {
        Self {
            destination: Some(destination.into()),
            ..self
        }
    }

    /// About this.
    pub fn theme(self, theme: impl Into<Text>) -> Self {
        Self {
            theme: Some(theme.into()),
            ..self
        }
    }
}
