//! A member's points, in lots: what each posting gave, what is left of it, and what became of the rest.
//!
//! ```text
//! post ─► waiting ─► active ─► spent │ held ─► spent │ expired
//!            └──────────┴─► taken back, down to what its booking still earns
//! ```
//!
//! Points are spent from the lot that expires first. Whatever a refund takes back and was already spent is made good from other lots, and what
//! these do not have is owed: the balance itself is never below zero. All sums are those of the lots at every moment.
//!
//! Before points expire their member is given notice, [`NOTICES`] days ahead.

use super::asked::{STATUS_DAYS, StatusDay};
use super::said::{Activation, Expiry, LARGEST_POINTS, Wallet};
use crate::Day;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// How many days before their last one a member is told that points expire, the longest first.
pub const NOTICES: [Day; 2] = [90, 30];

/// What a lot waits for before its points can be spent, or its status counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Waiting {
    /// The end of the trip that earned it.
    Trip,
    /// This day.
    Until(Day),
}

/// What one posting gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lot {
    /// Id; of two lots that expire on the same day and became active on the same, the smaller is spent first.
    pub id: Uuid,
    /// Where it is kept.
    pub wallet: Wallet,
    /// How much it was.
    pub issued: i64,
    /// What it waits for; nothing once it is active.
    pub waits: Option<Waiting>,
    /// How long it lasts.
    pub expires: Expiry,
    /// The day on which it became active.
    pub since: Option<Day>,
    /// Its last day, once it is active.
    pub until: Option<Day>,
    /// What is left of it: pending while it waits, free to be spent when it is active.
    pub left: i64,
    /// Set aside for an order or a quote.
    pub held: i64,
    /// Taken back, as its booking earns less.
    pub reversed: i64,
    /// Left over at its end.
    pub expired: i64,
    /// Spent beyond what its booking earns, and made good from other lots or owed.
    pub charged: i64,
    /// How many of the [`NOTICES`] of its end are given, or past.
    pub notices: u8,
}

impl Lot {
    /// What was spent of it or is set aside.
    pub fn used(&self) -> i64 {
        self.issued - self.left - self.reversed - self.expired
    }

    /// Whether anything can still happen to it by itself: there is something left, or it is set aside.
    pub fn is_open(&self) -> bool {
        self.left > 0 || self.held > 0
    }

    fn is_active(&self, wallet: Wallet) -> bool {
        self.wallet == wallet && self.waits.is_none() && self.left > 0
    }

    /// The last day of what can be spent of it.
    pub fn ends(&self) -> Option<Day> {
        self.until.filter(|_| self.is_active(Wallet::Points))
    }

    /// The day of the next notice of its end.
    fn next_notice(&self) -> Option<Day> {
        let days = NOTICES.get(usize::from(self.notices))?;
        self.ends().map(|until| until.saturating_sub(*days))
    }

    fn returned(&mut self, points: i64, today: Day, grace: u32, moved: &mut Moved) {
        self.left += points;
        if self.until.is_some_and(|until| until < today) {
            self.until = Expiry::Days(grace).after(today);
        }
        moved.available += points;
        moved.lots.push((self.id, points));
    }

    /// The order in which lots are spent: by their last day, those without one behind; then the older, then the smaller id.
    fn turn(&self) -> (Day, Day, Uuid) {
        (self.until.unwrap_or(Day::MAX), self.since.unwrap_or(Day::MAX), self.id)
    }
}

/// A posting about to become a lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct New {
    /// Its id.
    pub id: Uuid,
    /// Where it goes.
    pub wallet: Wallet,
    /// How much, one or more.
    pub points: i64,
    /// When it becomes active.
    pub active: Activation,
    /// How long it lasts.
    pub expires: Expiry,
}

/// What something changed of the sums of one wallet, and of which lots.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Moved {
    /// Of what waits.
    pub pending: i64,
    /// Of what can be spent, or counts.
    pub available: i64,
    /// Of what is set aside.
    pub held: i64,
    /// Of what is owed.
    pub owed: i64,
    /// By how much what is left of each lot changed.
    pub lots: Vec<(Uuid, i64)>,
}

impl Moved {
    /// Whether nothing changed.
    pub fn is_nothing(&self) -> bool {
        (self.pending, self.available, self.held, self.owed) == (0, 0, 0, 0)
    }
}

/// There is not enough to be spent: so much there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Short {
    /// What can be spent.
    pub available: i64,
}

/// The points and the status of a member.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Account {
    /// The lots that something can still happen to, in any order.
    pub lots: Vec<Lot>,
    /// Points taken back that were already spent.
    pub owed: i64,
}

/// What a booking still earns of `earned`, when `refunded` of `amount` was paid back: rounded down, and nothing is added when more was paid
/// back than it cost.
pub fn kept(earned: i64, amount: i64, refunded: i64) -> i64 {
    if amount <= 0 || refunded <= 0 {
        return earned;
    }
    let rest = i128::from((amount - refunded).max(0));
    // no more than what was earned, which fits
    (i128::from(earned) * rest / i128::from(amount)) as i64
}

impl Account {
    /// What can be spent, or counts, of a wallet.
    pub fn available(&self, wallet: Wallet) -> i64 {
        self.sum(wallet, |lot| if lot.waits.is_none() { lot.left } else { 0 })
    }

    /// What is still to become so.
    pub fn pending(&self, wallet: Wallet) -> i64 {
        self.sum(wallet, |lot| if lot.waits.is_some() { lot.left } else { 0 })
    }

    /// What is set aside.
    pub fn held(&self) -> i64 {
        self.sum(Wallet::Points, |lot| lot.held)
    }

    fn sum(&self, wallet: Wallet, of: impl Fn(&Lot) -> i64) -> i64 {
        self.lots.iter().filter(|lot| lot.wallet == wallet).map(of).sum()
    }

    /// Status by the day on which it became active, of the last [`STATUS_DAYS`] days, the earliest first.
    pub fn status_days(&self, today: Day) -> Vec<StatusDay> {
        let mut status: BTreeMap<Day, i64> = BTreeMap::new();
        for lot in self.lots.iter().filter(|lot| lot.is_active(Wallet::Status)) {
            let within = |day: &Day| *day <= today && today - *day < STATUS_DAYS;
            if let Some(day) = lot.since.filter(within) {
                *status.entry(day).or_default() += lot.left;
            }
        }
        status
            .into_iter()
            .map(|(on, points)| StatusDay { on, points })
            .collect()
    }

    /// Whether so many more points still fit into a wallet.
    pub fn has_room(&self, wallet: Wallet, points: i64) -> bool {
        let there = self.available(wallet) + self.pending(wallet) + self.sum(wallet, |lot| lot.held);
        points <= LARGEST_POINTS - there.min(LARGEST_POINTS)
    }

    /// The next day on which something happens by itself: a lot becomes active or is over, or notice of its end is given.
    pub fn next_day(&self) -> Option<Day> {
        let day = |lot: &Lot| match lot.waits {
            Some(Waiting::Until(day)) => Some(day),
            Some(Waiting::Trip) => None,
            None if lot.left > 0 => lot.until.map(|until| until.saturating_add(1)),
            None => None,
        };
        let notices = self.lots.iter().filter_map(Lot::next_notice);
        self.lots.iter().filter_map(day).chain(notices).min()
    }

    /// The notices that are due on `today`: how many points end on which day, the earliest first. Each is given once.
    pub fn give_notice(&mut self, today: Day) -> Notice {
        let mut notice = Notice::default();
        for lot in &mut self.lots {
            let Some(until) = lot.ends().filter(|until| *until >= today) else {
                continue;
            };
            let due = NOTICES.iter().filter(|days| until.saturating_sub(**days) <= today);
            let due = due.count() as u8;
            if due > lot.notices {
                lot.notices = due;
                notice.lots.push(lot.id);
                *notice.ending.entry(until).or_default() += lot.left;
            }
        }
        notice
    }

    /// Takes a posting in on `today`. What waits for a trip that is over by then, `completed` on that day, waits for nothing.
    pub fn post(&mut self, new: New, today: Day, completed: Option<Day>) -> Moved {
        let waits = match (new.active, completed) {
            (Activation::Now, _) | (Activation::Completed, Some(_)) => None,
            (Activation::Completed, None) => Some(Waiting::Trip),
            (Activation::On(day), _) => (day > today).then_some(Waiting::Until(day)),
        };
        let since = match (new.active, completed) {
            _ if waits.is_some() => None,
            (Activation::Completed, Some(day)) | (Activation::On(day), _) => Some(day),
            _ => Some(today),
        };
        self.lots.push(Lot {
            id: new.id,
            wallet: new.wallet,
            issued: new.points,
            waits,
            expires: new.expires,
            since,
            until: since.and_then(|day| new.expires.after(day)),
            left: new.points,
            held: 0,
            reversed: 0,
            expired: 0,
            charged: 0,
            notices: 0,
        });
        let (pending, available) = if waits.is_some() {
            (new.points, 0)
        } else {
            (0, new.points)
        };
        Moved {
            pending,
            available,
            lots: vec![(new.id, new.points)],
            ..Moved::default()
        }
    }

    fn lot_mut(&mut self, id: Uuid) -> Option<&mut Lot> {
        self.lots.iter_mut().find(|lot| lot.id == id)
    }

    /// What a lot gave can be spent, or counts, from `since` on. One that waits for nothing stays as it is.
    pub fn activate(&mut self, id: Uuid, since: Day) -> Moved {
        match self.lot_mut(id).filter(|lot| lot.waits.is_some()) {
            Some(lot) => {
                (lot.waits, lot.since, lot.until) = (None, Some(since), lot.expires.after(since));
                Moved {
                    pending: -lot.left,
                    available: lot.left,
                    lots: vec![(id, 0)],
                    ..Moved::default()
                }
            }
            None => Moved::default(),
        }
    }

    /// Takes back of a lot what its booking earns no more: it may keep `keep` of what it gave. What was spent beyond that is made good from other
    /// lots, and what these lack is owed. What was taken back does not return: for a booking that earns more again there is a new lot.
    pub fn keep(&mut self, id: Uuid, keep: i64) -> Moved {
        let mut moved = Moved::default();
        let Some(lot) = self.lot_mut(id) else { return moved };
        let keep = keep.clamp(0, lot.issued);
        let (over, wallet) = (lot.used() - keep - lot.charged, lot.wallet);
        let back = lot.left - lot.left.min((-over).max(0));
        if back > 0 {
            (lot.left, lot.reversed) = (lot.left - back, lot.reversed + back);
            match lot.waits {
                Some(_) => moved.pending -= back,
                None => moved.available -= back,
            }
            moved.lots.push((id, -back));
        }
        if over > 0 {
            lot.charged += over;
            if back == 0 {
                // nothing is left of it, and it is another one all the same: its charge is kept with it
                moved.lots.push((id, 0));
            }
            // status is not spent: what somebody took of it by hand is nobody's to make good
            if wallet == Wallet::Points {
                let rest = self.draw(wallet, over, &mut moved, |lot, points| lot.left -= points);
                (self.owed, moved.owed) = (self.owed + rest, rest);
            }
        }
        moved
    }

    /// Takes so many points from the active lots of a wallet, in their turn, and returns how many were lacking.
    fn draw(&mut self, wallet: Wallet, points: i64, moved: &mut Moved, take: impl Fn(&mut Lot, i64)) -> i64 {
        let mut turn: Vec<&mut Lot> = self.lots.iter_mut().filter(|lot| lot.is_active(wallet)).collect();
        turn.sort_by_key(|lot| lot.turn());
        let mut rest = points;
        for lot in turn {
            let part = rest.min(lot.left);
            if part == 0 {
                break;
            }
            take(lot, part);
            rest -= part;
            moved.available -= part;
            moved.lots.push((lot.id, -part));
        }
        rest
    }

    /// Makes good what is owed, as far as there is something to be spent.
    pub fn settle(&mut self) -> Moved {
        let mut moved = Moved::default();
        let rest = self.draw(Wallet::Points, self.owed, &mut moved, |lot, points| lot.left -= points);
        (moved.owed, self.owed) = (rest - self.owed, rest);
        moved
    }

    /// Spends points.
    ///
    /// # Errors
    /// There are not as many.
    pub fn spend(&mut self, points: i64) -> Result<Moved, Short> {
        self.take(Wallet::Points, points)
    }

    /// Takes points or status away, from the lots that end first.
    ///
    /// # Errors
    /// There are not as many.
    pub fn take(&mut self, wallet: Wallet, points: i64) -> Result<Moved, Short> {
        self.enough(wallet, points)?;
        let mut moved = Moved::default();
        self.draw(wallet, points, &mut moved, |lot, points| lot.left -= points);
        Ok(moved)
    }

    /// Sets points aside, for as long as it takes to decide whether they are spent.
    ///
    /// # Errors
    /// There are not as many.
    pub fn hold(&mut self, points: i64) -> Result<Moved, Short> {
        self.enough(Wallet::Points, points)?;
        let mut moved = Moved {
            held: points,
            ..Moved::default()
        };
        self.draw(Wallet::Points, points, &mut moved, |lot, points| {
            (lot.left, lot.held) = (lot.left - points, lot.held + points);
        });
        Ok(moved)
    }

    fn enough(&self, wallet: Wallet, points: i64) -> Result<(), Short> {
        let available = self.available(wallet);
        match (0..=available).contains(&points) {
            true => Ok(()),
            false => Err(Short { available }),
        }
    }

    /// What was set aside of these lots is spent.
    pub fn commit(&mut self, parts: &[(Uuid, i64)]) -> Moved {
        let mut moved = Moved::default();
        for (id, points) in parts {
            if let Some(lot) = self.lot_mut(*id) {
                lot.held -= points;
                moved.held -= points;
                moved.lots.push((*id, 0));
            }
        }
        moved
    }

    /// What was set aside of these lots is free again. Of one that is over by `today` it is so for `grace` more days.
    pub fn release(&mut self, parts: &[(Uuid, i64)], today: Day, grace: u32) -> Moved {
        let mut moved = Moved::default();
        for (id, points) in parts {
            if let Some(lot) = self.lot_mut(*id) {
                lot.held -= points;
                moved.held -= points;
                lot.returned(*points, today, grace, &mut moved);
            }
        }
        moved
    }

    /// What was spent of these lots comes back into them. Into one that is over by `today` it comes back for `grace` more days.
    pub fn give_back(&mut self, parts: &[(Uuid, i64)], today: Day, grace: u32) -> Moved {
        let mut moved = Moved::default();
        for (id, points) in parts {
            if let Some(lot) = self.lot_mut(*id) {
                lot.returned(*points, today, grace, &mut moved);
            }
        }
        moved
    }

    /// All that is left of a wallet is gone, also what still waits.
    pub fn forfeit(&mut self, wallet: Wallet) -> Moved {
        let mut moved = Moved::default();
        for lot in self.lots.iter_mut().filter(|lot| lot.wallet == wallet && lot.left > 0) {
            let left = std::mem::take(&mut lot.left);
            lot.expired += left;
            match lot.waits.take() {
                Some(_) => moved.pending -= left,
                None => moved.available -= left,
            }
            moved.lots.push((lot.id, -left));
        }
        moved
    }

    /// What is left of a lot that is active is gone.
    pub fn expire(&mut self, id: Uuid) -> Moved {
        let Some(lot) = self.lot_mut(id).filter(|lot| lot.waits.is_none()) else {
            return Moved::default();
        };
        let left = std::mem::take(&mut lot.left);
        lot.expired += left;
        Moved {
            available: -left,
            lots: vec![(id, -left)],
            ..Moved::default()
        }
    }

    /// What happens by itself up to and on `today`, lot by lot: those whose day has come become active, and what is left of those that are over
    /// is gone. Each with the day on which it happened.
    pub fn turn(&mut self, today: Day) -> Vec<Turned> {
        let mut turned = Vec::new();
        let mut ids: Vec<Uuid> = self.lots.iter().map(|lot| lot.id).collect();
        ids.sort_unstable();
        for id in &ids {
            if let Some(Waiting::Until(day)) = self.lot_mut(*id).and_then(|lot| lot.waits)
                && day <= today
            {
                let moved = self.activate(*id, day);
                turned.push(Turned {
                    lot: *id,
                    on: day,
                    is_over: false,
                    moved,
                });
            }
        }
        for id in ids {
            let over = self.lot_mut(id).filter(|lot| lot.left > 0).and_then(|lot| lot.until);
            let Some(until) = over.filter(|until| *until < today) else {
                continue;
            };
            let moved = self.expire(id);
            turned.push(Turned {
                lot: id,
                on: until,
                is_over: true,
                moved,
            });
        }
        turned
    }
}

/// Notice of what is about to expire.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Notice {
    /// How many points, by their last day.
    pub ending: BTreeMap<Day, i64>,
    /// The lots they are of.
    pub lots: Vec<Uuid>,
}

/// What happened to a lot by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turned {
    /// The lot.
    pub lot: Uuid,
    /// The day: its first, or its last.
    pub on: Day,
    /// Whether it is over; otherwise it became active.
    pub is_over: bool,
    /// What that changed.
    pub moved: Moved,
}

#[cfg(test)]
mod tests;
