//! A slow way to keep members, written apart from the host's: every single point is a thing of its own, and what a booking comes to is read off all
//! its records anew, each time. It knows the reference rule by what its documents say.

use posthouse_domain::{Day, time};
use std::collections::BTreeMap;

/// Days before their last one on which points are given notice of.
const NOTICES: [Day; 2] = [90, 30];
/// What each tier earns, in per cent, and takes, the lowest first.
pub(super) const TIERS: [(&str, i64, i64); 4] = [
    ("member", 100, 0),
    ("silver", 110, 40),
    ("gold", 125, 100),
    ("platinum", 150, 200),
];
/// Months after the one in which they became active until points are over.
pub(super) const MONTHS: i32 = 3;
/// Days for which points come back whose own have passed.
const GRACE: Day = 30;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Confirmed,
    Paid,
    Completed,
    Cancelled,
    Refunded,
}

/// A record of a booking.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) at: i64,
    pub(super) day: Day,
    pub(super) kind: Kind,
    /// In minor units.
    pub(super) amount: Option<i64>,
}

/// What a booking earns as it is known by now.
#[derive(Debug, Clone)]
struct Earns {
    price: i64,
    booked: Day,
    /// Places of its lots.
    lots: Vec<usize>,
    is_completed: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Booking {
    pub(super) owner: usize,
    pub(super) records: Vec<Record>,
    earns: Option<Earns>,
}

impl Booking {
    pub(super) fn new(owner: usize) -> Self {
        Self {
            owner,
            records: Vec::new(),
            earns: None,
        }
    }

    fn is_trip(&self) -> bool {
        let latest = self.records.iter().max_by_key(|record| record.at);
        latest.is_some_and(|record| record.kind != Kind::Cancelled)
    }

    fn price(&self) -> Option<i64> {
        let told = self.records.iter().filter(|record| record.kind != Kind::Refunded);
        let told = told.filter(|record| record.amount.is_some());
        told.max_by_key(|record| record.at).and_then(|record| record.amount)
    }

    fn paid_back(&self) -> i64 {
        let told = self.records.iter().filter(|record| record.kind == Kind::Refunded);
        told.filter_map(|record| record.amount)
            .sum::<i64>()
            .min(self.price().unwrap_or(0))
    }

    fn booked(&self) -> Day {
        let firm = self.records.iter().filter(|record| record.kind != Kind::Cancelled);
        firm.map(|record| record.day).min().expect("it is a trip")
    }

    fn over(&self) -> Option<Day> {
        let told = self.records.iter().filter(|record| record.kind == Kind::Completed);
        told.map(|record| record.day).min()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Left,
    Held,
    Spent,
    Gone,
}

#[derive(Debug, Clone)]
pub(super) struct Lot {
    pub(super) is_status: bool,
    pub(super) points: Vec<Fate>,
    /// Nothing while it waits for its trip.
    pub(super) since: Option<Day>,
    pub(super) until: Option<Day>,
    /// How many of its points were spent beyond what its booking earns, and made good by others.
    charged: usize,
    told: usize,
}

impl Lot {
    pub(super) fn count(&self, fate: Fate) -> usize {
        self.points.iter().filter(|point| **point == fate).count()
    }

    pub(super) fn turn(&mut self, from: Fate, to: Fate, count: usize) {
        let own = self.points.iter_mut().filter(|point| **point == from);
        own.take(count).for_each(|point| *point = to);
    }

    /// Has so many points come back.
    fn back(&mut self, from: Fate, count: usize, today: Day) {
        self.turn(from, Fate::Left, count);
        if self.until.is_some_and(|until| until < today) {
            self.until = Some(today + GRACE);
        }
    }
}

/// The last day of so many months after a day's.
fn last_of_month(day: Day, months: i32) -> Day {
    let text = time::day_text(day);
    let (year, month) = (
        text[..4].parse::<i32>().expect("a year"),
        text[5..7].parse::<i32>().expect("a month"),
    );
    let next = year * 12 + month + months;
    let first = format!("{:04}-{:02}-01", next / 12, next % 12 + 1);
    time::parse_day(&first).expect("a day") - 1
}

fn end_of_next_year(day: Day) -> Day {
    let year = time::day_text(day)[..4].parse::<i32>().expect("a year");
    time::parse_day(&format!("{:04}-12-31", year + 1)).expect("a day")
}

/// What was taken of which lots.
pub(super) type Parts = Vec<(usize, usize)>;

#[derive(Debug, Clone, Default)]
pub(super) struct Member {
    pub(super) is_member: bool,
    pub(super) lots: Vec<Lot>,
    pub(super) owed: usize,
    pub(super) tier: usize,
    pub(super) until: Option<Day>,
    /// Whether something was over before anybody turned the day.
    is_due: bool,
}

impl Member {
    pub(super) fn sum(&self, is_status: bool, is_active: bool, fate: Fate) -> usize {
        let own = self
            .lots
            .iter()
            .filter(|lot| lot.is_status == is_status && lot.since.is_some() == is_active);
        own.map(|lot| lot.count(fate)).sum()
    }

    pub(super) fn available(&self) -> usize {
        self.sum(false, true, Fate::Left)
    }

    /// Takes points one by one, each from the lot that ends first.
    pub(super) fn take(&mut self, is_status: bool, count: usize, fate: Fate) -> Parts {
        let mut parts = Parts::new();
        for _ in 0..count {
            let open = self
                .lots
                .iter()
                .enumerate()
                .filter(|(_, lot)| lot.is_status == is_status && lot.since.is_some() && lot.count(Fate::Left) > 0);
            let first = open.min_by_key(|(place, lot)| (lot.until.is_none(), lot.until, lot.since, *place));
            let Some((place, _)) = first else { break };
            self.lots[place].turn(Fate::Left, fate, 1);
            match parts.iter_mut().find(|(lot, _)| *lot == place) {
                Some((_, count)) => *count += 1,
                None => parts.push((place, 1)),
            }
        }
        parts
    }

    pub(super) fn settle(&mut self) {
        let paid: usize = self
            .take(false, self.owed, Fate::Spent)
            .iter()
            .map(|(_, count)| count)
            .sum();
        self.owed -= paid;
    }

    pub(super) fn back(&mut self, parts: &Parts, from: Fate, today: Day) {
        for (lot, count) in parts {
            self.lots[*lot].back(from, *count, today);
        }
        self.settle();
    }

    pub(super) fn post(&mut self, is_status: bool, count: usize, since: Option<Day>, until: Option<Day>) -> usize {
        self.lots.push(Lot {
            is_status,
            points: vec![Fate::Left; count],
            since,
            until,
            charged: 0,
            told: 0,
        });
        self.lots.len() - 1
    }

    /// Leaves a lot so many of its points.
    fn keep(&mut self, place: usize, keep: usize) {
        let lot = &mut self.lots[place];
        let (used, entitled) = (lot.count(Fate::Spent) + lot.count(Fate::Held), keep + lot.charged);
        let left = lot.count(Fate::Left);
        lot.turn(
            Fate::Left,
            Fate::Gone,
            left.saturating_sub(entitled.saturating_sub(used)),
        );
        let over = used.saturating_sub(entitled);
        lot.charged += over;
        if !lot.is_status {
            let paid: usize = self.take(false, over, Fate::Spent).iter().map(|(_, count)| count).sum();
            self.owed += over - paid;
        }
    }

    fn active(&mut self, place: usize, since: Day) {
        let lot = &mut self.lots[place];
        if lot.since.is_none() {
            lot.since = Some(since);
            lot.until = (!lot.is_status).then(|| last_of_month(since, MONTHS));
        }
    }

    /// Somebody is about to do something with the account, which is that of today whether or not the day was turned.
    pub(super) fn wake(&mut self, today: Day) {
        let over = |lot: &Lot| lot.count(Fate::Left) > 0 && lot.until.is_some_and(|until| until < today);
        if self.lots.iter().any(over) {
            self.is_due = true;
            self.expire(today);
        }
    }

    /// What is over by today is gone.
    pub(super) fn expire(&mut self, today: Day) {
        for lot in self
            .lots
            .iter_mut()
            .filter(|lot| lot.until.is_some_and(|until| until < today))
        {
            lot.turn(Fate::Left, Fate::Gone, usize::MAX);
        }
        self.settle();
    }

    /// Where the rule places them.
    pub(super) fn place(&mut self, today: Day) {
        let counted = |lot: &&Lot| lot.is_status && lot.since.is_some_and(|day| day <= today && today - day < 365);
        let have: usize = self.lots.iter().filter(counted).map(|lot| lot.count(Fate::Left)).sum();
        let earned = TIERS
            .iter()
            .rposition(|(_, _, takes)| have as i64 >= *takes)
            .expect("the lowest takes nothing");
        let is_valid = self.until.is_none_or(|until| today <= until);
        let (tier, until) = match earned {
            earned if earned >= self.tier => (earned, end_of_next_year(today)),
            _ if is_valid => return,
            earned => (earned.max(self.tier - 1), end_of_next_year(today)),
        };
        (self.tier, self.until) = (tier, (tier > 0).then_some(until));
    }

    /// What happens by itself: something is over, notice of its end is due, or a tier's validity has ended. The rule is asked for a tier then.
    pub(super) fn turn(&mut self, today: Day) {
        if !self.is_member {
            return;
        }
        let mut is_due = std::mem::take(&mut self.is_due) || self.until.is_some_and(|until| until < today);
        for lot in self
            .lots
            .iter_mut()
            .filter(|lot| lot.since.is_some() && lot.count(Fate::Left) > 0)
        {
            let Some(until) = lot.until else { continue };
            is_due |= until < today;
            if !lot.is_status && until >= today {
                let due = NOTICES.iter().filter(|days| until - **days <= today).count();
                is_due |= due > lot.told;
                lot.told = due.max(lot.told);
            }
        }
        if is_due {
            self.expire(today);
            self.place(today);
        }
    }
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) members: Vec<Member>,
    pub(super) bookings: BTreeMap<String, Booking>,
    pub(super) by_tier: bool,
}

impl World {
    pub(super) fn turn(&mut self, today: Day) {
        self.members.iter_mut().for_each(|member| member.turn(today));
    }

    /// A booking has changed.
    pub(super) fn follow(&mut self, id: &str, today: Day) {
        let booking = self.bookings.get_mut(id).expect("a booking");
        let member = &mut self.members[booking.owner];
        let joins = !member.is_member;
        if joins && !booking.is_trip() {
            return;
        }
        member.is_member = true;
        member.wake(today);
        let wanted = booking.price().filter(|_| booking.is_trip());
        let (mut asks, mut completes) = (wanted.is_some(), wanted.is_some() && booking.over().is_some());
        if let Some(mut earns) = booking.earns.take() {
            if wanted == Some(earns.price) && booking.booked() == earns.booked {
                for place in earns.lots.clone() {
                    member.keep(
                        place,
                        kept(member.lots[place].points.len(), earns.price, booking.paid_back()),
                    );
                }
                if let Some(over) = booking.over() {
                    earns.lots.iter().for_each(|place| member.active(*place, over));
                    member.expire(today);
                }
                asks = false;
                completes &= !earns.is_completed;
                earns.is_completed |= completes;
                booking.earns = Some(earns);
            } else {
                earns.lots.iter().for_each(|place| member.keep(*place, 0));
            }
        }
        if joins {
            member.place(today);
        }
        if let Some(price) = wanted.filter(|_| asks) {
            let yuan = price / 100;
            let share = if self.by_tier { TIERS[member.tier].1 } else { 100 };
            let mut lots = Vec::new();
            for (is_status, points) in [(false, yuan * share / 100), (true, yuan)] {
                if points == 0 {
                    continue;
                }
                let place = member.post(is_status, points as usize, None, None);
                if let Some(over) = booking.over() {
                    member.active(place, over);
                }
                member.keep(place, kept(points as usize, price, booking.paid_back()));
                lots.push(place);
            }
            member.expire(today);
            member.place(today);
            booking.earns = Some(Earns {
                price,
                booked: booking.booked(),
                lots,
                is_completed: completes,
            });
        }
        if completes {
            member.place(today);
        }
        member.turn(today);
    }
}

/// What a refund leaves.
fn kept(earned: usize, price: i64, paid_back: i64) -> usize {
    if price == 0 {
        return earned;
    }
    (earned as i64 * (price - paid_back) / price) as usize
}
