//! A basket as it is typed: every amount in major units, and nothing lost of what cannot be read.

use crate::ui::Ui;
use posthouse_app::quotes::{HOLD_MINUTES, NewQuote, QuoteView};
use posthouse_domain::money::{major_text, parse_major};
use posthouse_domain::promotion::{Basket, Line, ProductKind};
use posthouse_domain::time::{day_text, parse_day};
use uuid::Uuid;

/// Most lines that are typed by hand.
pub(super) const MOST_LINES: usize = 30;

/// A line as it is typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Typed {
    pub(super) sku: String,
    pub(super) kind: String,
    pub(super) destination: String,
    pub(super) theme: String,
    pub(super) departs: String,
    pub(super) travellers: String,
    pub(super) price: String,
    pub(super) cost: String,
    pub(super) quantity: String,
}

/// Everything that is typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) customer: String,
    pub(super) channel: String,
    pub(super) codes: String,
    pub(super) hold: String,
    pub(super) points: String,
    pub(super) lines: Vec<Typed>,
    /// The open quote that this one is instead of.
    pub(super) instead: String,
}

/// What is wrong, and where: a field's name as the form has it.
pub(super) type Wrong = (String, &'static str);

impl Typed {
    pub(super) fn blank() -> Self {
        Self {
            kind: ProductKind::Tour.as_str().into(),
            travellers: "2".into(),
            quantity: "2".into(),
            ..Self::default()
        }
    }

    fn of(line: &Line, ui: Ui) -> Self {
        let amount = |minor| major_text(minor, ui.currency);
        Self {
            sku: line.sku.clone(),
            kind: line.kind.as_str().into(),
            destination: line.destination.clone().unwrap_or_default(),
            theme: line.theme.clone().unwrap_or_default(),
            departs: line.departs.map(day_text).unwrap_or_default(),
            travellers: line.travellers.to_string(),
            price: amount(line.unit_price),
            cost: line.unit_cost.map(amount).unwrap_or_default(),
            quantity: line.quantity.to_string(),
        }
    }

    fn set(&mut self, key: &str, text: String) {
        match key {
            "sku" => self.sku = text,
            "kind" => self.kind = text,
            "destination" => self.destination = text,
            "theme" => self.theme = text,
            "departs" => self.departs = text,
            "travellers" => self.travellers = text,
            "price" => self.price = text,
            "cost" => self.cost = text,
            "quantity" => self.quantity = text,
            _ => {}
        }
    }

    fn read(&self, place: usize, ui: Ui, wrong: &mut Vec<Wrong>) -> Line {
        let mut refuse = |key: &str, why| wrong.push((format!("line.{place}.{key}"), why));
        let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        if self.sku.trim().is_empty() {
            refuse("sku", "sku-missing");
        }
        let kind = ProductKind::ALL.into_iter().find(|kind| kind.as_str() == self.kind);
        let mut amount = |key: &str, text: &str| match parse_major(text.trim(), ui.currency) {
            Ok(minor) if minor >= 0 => minor,
            _ => {
                refuse(key, "bad-amount");
                0
            }
        };
        let unit_price = amount("price", &self.price);
        let unit_cost = some(&self.cost).map(|text| amount("cost", &text));
        let departs = some(&self.departs).map(|text| parse_day(&text));
        if departs == Some(None) {
            refuse("departs", "bad-day");
        }
        let mut number = |key: &str, text: &str| {
            let read = text.trim().parse().ok().filter(|number: &i32| *number > 0);
            read.unwrap_or_else(|| {
                refuse(key, "bad-number");
                1
            })
        };
        Line {
            sku: self.sku.trim().to_owned(),
            kind: kind.unwrap_or(ProductKind::Other),
            destination: some(&self.destination),
            theme: some(&self.theme),
            departs: departs.flatten(),
            travellers: number("travellers", &self.travellers),
            unit_price,
            unit_cost,
            quantity: number("quantity", &self.quantity),
        }
    }
}

impl Form {
    pub(super) fn blank() -> Self {
        Self {
            channel: "store".into(),
            hold: HOLD_MINUTES.to_string(),
            lines: vec![Typed::blank()],
            ..Self::default()
        }
    }

    /// The basket of a quote, to be priced again. The codes are not known any more: only their ends were kept.
    pub(super) fn of(quote: &QuoteView, ui: Ui) -> Self {
        Self {
            customer: quote.customer_id.map(|id| id.to_string()).unwrap_or_default(),
            channel: quote.basket.channel.clone(),
            lines: quote.basket.lines.iter().map(|line| Typed::of(line, ui)).collect(),
            instead: match quote.state.as_str() {
                "open" => quote.id.to_string(),
                _ => String::new(),
            },
            ..Self::blank()
        }
    }

    /// What was sent.
    pub(super) fn sent(pairs: Vec<(String, String)>) -> Self {
        let mut form = Self::default();
        for (name, text) in pairs {
            match name.as_str() {
                "customer" => form.customer = text,
                "channel" => form.channel = text,
                "codes" => form.codes = text,
                "hold" => form.hold = text,
                "points" => form.points = text,
                "instead" => form.instead = text,
                _ => form.set(&name, text),
            }
        }
        form
    }

    fn set(&mut self, name: &str, text: String) {
        let Some((place, key)) = name.strip_prefix("line.").and_then(|rest| rest.split_once('.')) else {
            return;
        };
        let Some(place) = place.parse().ok().filter(|place: &usize| *place < MOST_LINES) else {
            return;
        };
        if self.lines.len() <= place {
            self.lines.resize(place + 1, Typed::default());
        }
        self.lines[place].set(key, text);
    }

    /// What is asked for.
    ///
    /// # Errors
    /// Every field that cannot be read.
    pub(super) fn read(&self, ui: Ui) -> Result<NewQuote, Vec<Wrong>> {
        let mut wrong = Vec::new();
        let lines = self.lines.iter().enumerate();
        let lines = lines.map(|(place, typed)| typed.read(place, ui, &mut wrong)).collect();
        if self.channel.trim().is_empty() {
            wrong.push(("channel".into(), "channel-missing"));
        }
        let customer = match self.customer.trim() {
            "" => None,
            text => Uuid::try_parse(text).ok().or_else(|| {
                wrong.push(("customer".into(), "bad-customer"));
                None
            }),
        };
        let points = match self.points.trim().replace([',', '，'], "").as_str() {
            "" => None,
            text => text.parse().ok().filter(|points: &i64| *points > 0).or_else(|| {
                wrong.push(("points".into(), "bad-number"));
                None
            }),
        };
        if points.is_some() && customer.is_none() {
            wrong.push(("customer".into(), "points-of-whom"));
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let codes = self
            .codes
            .split(|sign: char| sign == ',' || sign == '，' || sign.is_whitespace());
        Ok(NewQuote {
            customer,
            basket: Basket {
                channel: self.channel.trim().to_owned(),
                lines,
            },
            codes: codes.filter(|code| !code.is_empty()).map(str::to_owned).collect(),
            hold_minutes: self.hold.trim().parse().unwrap_or(HOLD_MINUTES),
            points,
            reward: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use posthouse_domain::Language;

    fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
        all.iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect()
    }

    #[test]
    fn a_basket_is_read_as_people_type_it() {
        let ui = Ui::of_test(Language::En);
        let form = Form::sent(pairs(&[
            ("channel", "store"),
            ("codes", "AAAA-BBBB， cccc"),
            ("hold", "60"),
            ("line.0.sku", "YN-7"),
            ("line.0.kind", "tour"),
            ("line.0.price", "4,980"),
            ("line.0.cost", ""),
            ("line.0.departs", "2026-05-01"),
            ("line.0.travellers", "2"),
            ("line.0.quantity", "2"),
            ("line.999999.sku", "x"),
        ]));
        let read = form.read(ui).expect("a basket");
        assert_eq!((read.basket.lines.len(), read.basket.lines[0].unit_price), (1, 498_000));
        assert_eq!(
            (read.codes.len(), read.hold_minutes, read.basket.lines[0].unit_cost),
            (2, 60, None)
        );
    }

    #[test]
    fn every_field_that_cannot_be_read_is_told() {
        let ui = Ui::of_test(Language::En);
        let form = Form::sent(pairs(&[
            ("line.0.price", "cheap"),
            ("line.0.quantity", "-1"),
            ("line.0.travellers", "2"),
        ]));
        let wrong = form.read(ui).expect_err("nothing to price");
        let fields: Vec<&str> = wrong.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, ["line.0.sku", "line.0.price", "line.0.quantity", "channel"]);
        assert_eq!(form.lines[0].price, "cheap", "what was typed stays");
    }
}
