use std::marker::PhantomData;

use crate::basket::Line;
use crate::bindings::exports::posthouse::plugin::promotion as wire;
use crate::bindings::posthouse::plugin::reasons::Reason;
use crate::reasons::Reasons;
use crate::store::Cell;
use crate::values::{Money, Rate};

/// What a promotion proposes for a basket: for each line one saving at most, and why.
///
/// An offer for a line takes the place of an earlier one for the same line. An amount is held to what the line costs, and nothing
/// is offered where nothing would be saved.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct Offers<R> {
    offers: Vec<Offer>,
    of: PhantomData<fn() -> R>,
}

/// What is saved on a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Saving {
    /// This much off the line.
    Amount(Money),
    /// This share of the price that the line has when the campaign's turn comes.
    Rate(Rate),
}

#[derive(Debug, Clone, PartialEq)]
struct Offer {
    line: usize,
    saving: Saving,
    reason: u32,
    arguments: Vec<Cell>,
}

impl Saving {
    /// What it comes to at this price: no more than the price.
    pub fn of(self, price: Money) -> Money {
        match self {
            Self::Amount(amount) => amount.min(price),
            Self::Rate(rate) => rate.of(price),
        }
    }
}

impl<R: Reasons> Offers<R> {
    /// No offers.
    pub fn new() -> Self {
        Self {
            offers: Vec::new(),
            of: PhantomData,
        }
    }

    /// A share of what the line costs.
    pub fn rate(&mut self, line: &Line, rate: Rate, reason: R) {
        self.put(line, Saving::Rate(rate), reason);
    }

    /// A share of what the line costs, or this amount, if there is one and the share of the line's price is more.
    pub fn rate_up_to(&mut self, line: &Line, rate: Rate, most: impl Into<Option<Money>>, reason: R) {
        match most.into().filter(|most| rate.of(line.total()) > *most) {
            Some(most) => self.amount(line, most, reason),
            None => self.rate(line, rate, reason),
        }
    }

    /// An amount off the whole line, not off one of its pieces.
    pub fn amount(&mut self, line: &Line, amount: Money, reason: R) {
        self.put(line, Saving::Amount(amount), reason);
    }

    /// One or the other, where a rule chooses between them.
    pub fn put(&mut self, line: &Line, saving: Saving, reason: R) {
        let saving = match saving {
            Saving::Amount(amount) => Saving::Amount(amount.min(line.total())),
            rate @ Saving::Rate(_) => rate,
        };
        if matches!(saving, Saving::Amount(Money(..=0)) | Saving::Rate(Rate::NONE)) {
            return;
        }
        let offer = Offer {
            line: line.place,
            saving,
            arguments: reason.arguments(),
            reason: reason.index(),
        };
        match self.offers.iter_mut().find(|known| known.line == line.place) {
            Some(known) => *known = offer,
            None => self.offers.push(offer),
        }
    }

    /// What is proposed for the line so far.
    pub fn on(&self, line: &Line) -> Option<Saving> {
        let offer = self.offers.iter().find(|offer| offer.line == line.place);
        offer.map(|offer| offer.saving)
    }

    /// As the host gets them.
    pub(crate) fn send(self) -> Vec<wire::Offer> {
        let offers = self.offers.into_iter();
        offers
            .map(|offer| wire::Offer {
                line: offer.line as u32,
                saving: match offer.saving {
                    Saving::Amount(amount) => wire::Saving::Amount(amount.0),
                    Saving::Rate(rate) => wire::Saving::Rate(rate.points()),
                },
                reason: Reason {
                    index: offer.reason as u16,
                    arguments: offer.arguments.into_iter().map(Into::into).collect(),
                },
            })
            .collect()
    }
}

impl<R: Reasons> Default for Offers<R> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_held_to_the_limit_and_to_the_price() {
        #[derive(posthouse_sdk_derive::Reasons)]
        enum Reason {
            #[reason(zh = "甲", en = "A")]
            A,
        }
        let saved = |price, most| {
            let (mut offers, line) = (Offers::new(), Line::tour("A").price(Money(price)));
            offers.rate_up_to(&line, Rate::percent(10), Money(most), Reason::A);
            offers.on(&line)
        };
        assert_eq!(saved(1_000, 99), Some(Saving::Amount(Money(99))));
        assert_eq!(saved(1_000, 100), Some(Saving::Rate(Rate::percent(10))));
        assert_eq!(saved(1_000, 0), None);
        let (mut offers, line) = (Offers::new(), Line::tour("A").price(Money(300)));
        offers.amount(&line, Money(500), Reason::A);
        assert_eq!(offers.on(&line), Some(Saving::Amount(Money(300))));
        assert_eq!(Saving::Amount(Money(500)).of(Money(300)), Money(300));
        assert_eq!(Saving::Rate(Rate::ALL).of(Money(300)), Money(300));
    }
}
