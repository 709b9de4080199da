use std::marker::PhantomData;

use crate::basket::Line;
use crate::bindings::exports::posthouse::plugin::promotion as wire;
use crate::reasons::Reasons;
use crate::values::{Money, Rate};

/// What a promotion proposes for a basket: for each line one saving at most, and why.
///
/// An offer for a line takes the place of an earlier one for the same line. Nothing is offered where nothing would be saved.
#[derive(Debug, Clone, PartialEq, Eq)]
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Offer {
    line: usize,
    saving: Saving,
    reason: u32,
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

    /// An amount off the whole line, not off one of its pieces.
    pub fn amount(&mut self, line: &Line, amount: Money, reason: R) {
        self.put(line, Saving::Amount(amount), reason);
    }

    /// What is proposed for the line so far.
    pub fn on(&self, line: &Line) -> Option<Saving> {
        let offer = self.offers.iter().find(|offer| offer.line == line.place);
        offer.map(|offer| offer.saving)
    }

    fn put(&mut self, line: &Line, saving: Saving, reason: R) {
        let nothing = match saving {
            Saving::Amount(amount) => amount <= Money(0),
            Saving::Rate(rate) => rate == Rate::NONE,
        };
        if nothing {
            return;
        }
        let offer = Offer {
            line: line.place,
            saving,
            reason: reason.index(),
        };
        match self.offers.iter_mut().find(|known| known.line == line.place) {
            Some(known) => *known = offer,
            None => self.offers.push(offer),
        }
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
                reason: offer.reason as u16,
            })
            .collect()
    }
}

impl<R: Reasons> Default for Offers<R> {
    fn default() -> Self {
        Self::new()
    }
}
