//! Playing a rule over what happened to a member: the same arithmetic as in earnest, on a copy that nobody keeps.

use crate::Room;
use crate::loyalty::asking::is_moved;
use crate::loyalty::point::Loyalty as Point;
use crate::rules::point::Rule;
use posthouse_domain::loyalty::account::kept;
use posthouse_domain::loyalty::{
    Account, Happening, Lot, New, Occasion, Posting, Standing, StandingIn, Waiting, Wallet,
};
use posthouse_domain::{Day, Words, time};
use posthouse_engine::{Because, Context, MemberAsked, MemberSaid, PlacedIn, Usage, Value as Fact};
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

/// The tier a member stands in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) tier: Option<String>,
    pub(super) since: Day,
    pub(super) until: Option<Day>,
    pub(super) by_hand: bool,
}

/// What happened to a member, one after the other.
#[derive(Debug, Clone)]
pub(super) enum What {
    /// A lot became active that no rule in question posted.
    Lot(Lot),
    /// A tier was given that no rule in question gives.
    Tier(Held),
    /// Something that the rule is asked about.
    Happened {
        happening: Happening,
        at: i64,
        /// Which of the member's bookings it is about.
        booking: Option<usize>,
    },
}

/// Something that happened on a day. Of one day first what was there anyhow, then joining, the confirmation, the end of the trip, and the rest.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) on: Day,
    pub(super) what: What,
}

impl Event {
    pub(super) fn turn(&self) -> (Day, u8) {
        let place = match &self.what {
            What::Lot(_) | What::Tier(_) => 0,
            What::Happened { happening, .. } => match happening {
                Happening::Joined => 1,
                Happening::BookingConfirmed { .. } => 2,
                Happening::BookingCompleted { .. } => 3,
                _ => 4,
            },
        };
        (self.on, place)
    }
}

/// A booking as it turned out.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Turned {
    pub(super) amount: i64,
    pub(super) refunded: i64,
}

/// A member with what happened to them.
#[derive(Debug, Clone)]
pub(super) struct Played {
    pub(super) customer: Uuid,
    /// The customer's place in the frame, where a rule reads facts.
    pub(super) ordinal: u32,
    pub(super) since: Day,
    /// The tier on the evening before the first day.
    pub(super) held: Held,
    /// The lots there were then.
    pub(super) lots: Vec<Lot>,
    /// In their order.
    pub(super) events: Vec<Event>,
    pub(super) bookings: Vec<Turned>,
}

/// What came of a rule for one member.
#[derive(Debug, Clone, Default)]
pub(super) struct Outcome {
    /// What it posted and refunds left, by the month of the occasion.
    pub(super) months: BTreeMap<Day, i64>,
    /// How much of that is not expired today.
    pub(super) outstanding: i64,
    pub(super) tier: Option<String>,
    /// Why that tier.
    pub(super) because: Option<Because>,
    /// How often it was asked about an occasion.
    pub(super) asked: u64,
    /// How often it failed.
    pub(super) failed: u64,
    /// How it failed first.
    pub(super) fault: Option<Words>,
}

impl Outcome {
    /// What it posted and refunds left.
    pub(super) fn points(&self) -> i64 {
        self.months.values().sum()
    }
}

/// A rule that is played.
#[derive(Debug, Clone)]
pub(super) struct Side {
    pub(super) rule: Arc<Rule<Point>>,
    /// Whether it gives tiers; otherwise members stand where they stood.
    pub(super) gives_tiers: bool,
}

/// A member on the way through the days.
struct Walk<'w> {
    side: &'w Side,
    member: &'w Played,
    facts: &'w [Fact],
    room: &'w Room,
    account: Account,
    held: Held,
    /// What each lot of the rule's was posted for.
    of_booking: Vec<Option<usize>>,
    /// What its calls have used.
    used: Usage,
    out: Outcome,
}

impl Side {
    /// Plays the rule over what happened to a member, up to today.
    pub(super) fn play(&self, member: &Played, facts: &[Fact], room: &Room, today: Day) -> Outcome {
        let mut walk = Walk {
            side: self,
            member,
            facts,
            room,
            account: Account {
                lots: member.lots.clone(),
                owed: 0,
            },
            held: member.held.clone(),
            of_booking: Vec::new(),
            used: Usage::default(),
            out: Outcome::default(),
        };
        for event in &member.events {
            walk.go_to(event.on);
            walk.meet(event);
        }
        walk.go_to(today);
        room.spend(&self.rule.digest, &walk.used);
        let own = walk.account.lots.iter().filter(|lot| lot.wallet == Wallet::Points);
        walk.out.outstanding = own.filter(|lot| walk.is_own(lot.id)).map(|lot| lot.left).sum();
        walk.out.tier = walk.held.tier;
        walk.out
    }
}

impl Walk<'_> {
    /// The id of the next lot of the rule's.
    fn next_id(&self) -> Uuid {
        Uuid::from_u128(1 + self.of_booking.len() as u128)
    }

    /// Which of the rule's lots this is; none for one that was there anyhow.
    fn place_of(&self, lot: Uuid) -> Option<usize> {
        let place = usize::try_from(lot.as_u128()).ok()?.checked_sub(1)?;
        (place < self.of_booking.len()).then_some(place)
    }

    fn is_own(&self, lot: Uuid) -> bool {
        self.place_of(lot).is_some()
    }

    /// Lets the days pass until this one: lots become active or are over, and tiers end.
    fn go_to(&mut self, day: Day) {
        loop {
            let ends = self.held.until.map(|until| until.saturating_add(1));
            let ends = ends.filter(|_| self.side.gives_tiers);
            match ends.filter(|ends| *ends <= day) {
                Some(ends) => {
                    self.account.turn(ends);
                    let before = self.held.until;
                    self.place(ends, time::start_of_day(ends, self.room.terms.time_zone));
                    // a rule that fails, or says a day that is past, is asked again the next day
                    if self.held.until == before || self.held.until.is_some_and(|until| until < ends) {
                        self.held.until = Some(ends);
                    }
                }
                None => {
                    self.account.turn(day);
                    return;
                }
            }
        }
    }

    fn meet(&mut self, event: &Event) {
        match &event.what {
            What::Lot(lot) => self.account.lots.push(lot.clone()),
            What::Tier(held) => self.held = held.clone(),
            What::Happened { happening, at, booking } => {
                if matches!(happening, Happening::BookingCompleted { .. }) {
                    self.complete(*booking, event.on);
                }
                let occasion = Occasion {
                    at: *at,
                    on: event.on,
                    what: happening.clone(),
                };
                self.earn(occasion, *booking);
                if self.side.gives_tiers {
                    self.place(event.on, *at);
                }
            }
        }
    }

    /// A trip is over: what waited for it is active.
    fn complete(&mut self, booking: Option<usize>, day: Day) {
        let waits = self.account.lots.iter().filter(|lot| lot.waits == Some(Waiting::Trip));
        let waits: Vec<Uuid> = waits
            .map(|lot| lot.id)
            .filter(|lot| {
                self.place_of(*lot)
                    .is_some_and(|place| self.of_booking[place] == booking)
            })
            .collect();
        for lot in waits {
            self.account.activate(lot, day);
        }
    }

    fn standing(&self, today: Day) -> Standing {
        Standing {
            member_since: self.member.since,
            tier: self.held.tier.as_ref().map(|tier| StandingIn {
                tier: tier.clone(),
                since: self.held.since,
                valid_until: self.held.until,
                by_hand: self.held.by_hand,
            }),
            available: self.account.available(Wallet::Points),
            pending: self.account.pending(Wallet::Points),
            status: self.account.status_days(today),
        }
    }

    fn ask(&mut self, occasion: Option<Occasion>, today: Day, now: i64) -> Option<MemberSaid> {
        let rule = &self.side.rule;
        let context = Context {
            now,
            today,
            seed: rule.seed,
            config: rule.config.clone(),
            quantiles: Vec::new(),
        };
        let asked = MemberAsked {
            occasion,
            standing: self.standing(today),
        };
        let decided = rule.plugin.decide(&context, &asked, self.facts);
        let usage = match &decided {
            Ok(decided) => &decided.usage,
            Err(fault) => &fault.receipt.usage,
        };
        self.used.fuel += usage.fuel;
        self.used.cpu_micros += usage.cpu_micros;
        match decided {
            Ok(decided) => Some(decided.answer),
            Err(fault) => {
                self.out.failed += 1;
                self.out.fault.get_or_insert_with(|| Words::of(&fault));
                None
            }
        }
    }

    fn earn(&mut self, occasion: Occasion, booking: Option<usize>) {
        self.out.asked += 1;
        let (on, at) = (occasion.on, occasion.at);
        let is_over = matches!(occasion.what, Happening::BookingCompleted { .. });
        let Some(MemberSaid::Earned(earned)) = self.ask(Some(occasion), on, at) else {
            return;
        };
        for (posting, _) in earned {
            self.post(posting, booking, (on, is_over.then_some(on)));
        }
    }

    fn post(&mut self, posting: Posting, booking: Option<usize>, (on, over): (Day, Option<Day>)) {
        let Posting {
            wallet,
            points,
            active,
            expires,
        } = posting;
        if !self.account.has_room(wallet, points) {
            self.out.failed += 1;
            return;
        }
        let id = self.next_id();
        self.of_booking.push(booking);
        let new = New {
            id,
            wallet,
            points,
            active,
            expires,
        };
        self.account.post(new, on, over);
        let turned = booking.and_then(|place| self.member.bookings.get(place).copied());
        let Turned { amount, refunded } = turned.unwrap_or_default();
        let stays = kept(points, amount, refunded);
        self.account.keep(id, stays);
        if wallet == Wallet::Points {
            *self.out.months.entry(time::first_of_month(on)).or_default() += stays;
        }
    }

    fn place(&mut self, today: Day, now: i64) {
        let Some(MemberSaid::Placed(placed)) = self.ask(None, today, now) else {
            return;
        };
        let held = (self.held.tier.as_deref(), self.held.until, self.held.by_hand);
        if !is_moved(self.side.rule.plugin.point().tiers(), held, &placed, today) {
            return;
        }
        let PlacedIn {
            tier,
            valid_until,
            because,
            ..
        } = placed;
        let is_new = self.held.tier != tier;
        self.out.because = because;
        self.held = Held {
            since: if is_new { today } else { self.held.since },
            // the same tier for as long as before is the one that was given
            by_hand: self.held.by_hand && !is_new && self.held.until == valid_until,
            tier,
            until: valid_until,
        };
    }
}
