//! Random lives of members, on both engines, held against a slow second way to keep them: after each step balances, lots and tiers are the same,
//! and so is every past evening.

mod drawn;
mod held;
mod slow;

use super::by_hand::{colleague, customer, gift};
use super::{DAY, TODAY, accept, club_of, follow, ties};
use crate::App;
use crate::error::AppError;
use crate::loyalty::Adjust;
use crate::team::Caller;
use crate::testing::{self, Clocks, NOW, on_both_engines};
use drawn::{Counting, Dice};
use posthouse_domain::loyalty::Wallet;
use posthouse_domain::{Clock as _, Day, time};
use posthouse_store::Store;
use posthouse_tests::plugins::packed;
use serde_json::{Value, json};
use slow::{Booking, Fate, Kind, Member, Parts, Record, TIERS, World};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use uuid::Uuid;

on_both_engines!(
    whatever_happens_both_ways_say_the_same,
    records_in_any_order_come_to_the_same,
);

/// What a member had on an evening: what can be spent, waits, is set aside and is owed, status, and the tier.
type Evening = ([usize; 5], &'static str);

/// An order that is open.
struct Order {
    id: Uuid,
    owner: usize,
    parts: Parts,
}

/// What a reward costs.
const PRICE: usize = 18;
const MEMBERS: usize = 3;

/// An agency whose members live both ways.
struct Lives {
    app: App,
    clocks: Clocks,
    caller: Caller,
    other: Caller,
    dice: Dice,
    today: Day,
    world: World,
    sent: Vec<Value>,
    orders: Vec<Order>,
    evenings: BTreeMap<Day, Vec<Option<Evening>>>,
}

/// Settings with low thresholds, as these members book little.
fn settings(by_tier: bool) -> Value {
    let [_, silver, gold, platinum] = TIERS;
    let share = |tier: (&str, i64, i64)| if by_tier { tier.1 } else { 100 };
    json!({
        "silver": silver.2, "gold": gold.2, "platinum": platinum.2, "expire_months": slow::MONTHS,
        "multipliers": {"member": 100, "silver": share(silver), "gold": share(gold), "platinum": share(platinum)},
    })
}

impl Lives {
    async fn begin(store: &Store, slug: &str, seed: u64, by_tier: bool) -> Self {
        let (app, clocks) = testing::host_drawing(store, NOW, Arc::new(Counting::default()));
        let component = packed("points-and-tiers");
        let caller = club_of(&app, slug, component, settings(by_tier)).await;
        let other = colleague(&app, &caller).await;
        app.loyalty()
            .create_reward(&caller, &gift("pillow", PRICE as i64))
            .await
            .expect("a reward");
        let world = World {
            members: vec![Member::default(); MEMBERS],
            by_tier,
            ..World::default()
        };
        Self {
            app,
            clocks,
            caller,
            other,
            dice: Dice(seed),
            today: TODAY,
            world,
            sent: Vec::new(),
            orders: Vec::new(),
            evenings: BTreeMap::new(),
        }
    }

    fn set(&self, day: Day) {
        let now = NOW + i64::from(day - TODAY) * DAY;
        self.clocks.business.set(now);
        self.clocks.machine.set(now);
    }

    /// A day goes by, both ways. Now and then no host is there to turn it.
    async fn sleep(&mut self) {
        self.today += 1;
        self.set(self.today);
        if self.dice.below(4) > 0 {
            let turned = self.app.loyalty().turn_day(&self.caller.room).await;
            turned.expect("the day is turned");
            self.world.turn(self.today);
        }
        self.note_evening();
    }

    fn note_evening(&mut self) {
        let evening = |member: &Member| {
            let status = member.sum(true, true, Fate::Left);
            let waits = member.sum(false, false, Fate::Left);
            let held = member.sum(false, true, Fate::Held);
            let sums = [member.available(), waits, held, member.owed, status];
            member.is_member.then_some((sums, TIERS[member.tier].0))
        };
        let all = self.world.members.iter().map(evening).collect();
        self.evenings.insert(self.today, all);
    }

    /// A record of a booking, as it is sent.
    fn event(&mut self, owner: usize, id: &str, kind: Kind, day: Day, amount: Option<i64>) -> Value {
        let place = self.sent.len();
        let at = NOW + i64::from(day - TODAY) * DAY + place as i64 * 1_000;
        let booking = self
            .world
            .bookings
            .entry(id.to_owned())
            .or_insert_with(|| Booking::new(owner));
        booking.records.push(Record { at, day, kind, amount });
        let mut data = json!({"booking_id": id});
        if let Some(amount) = amount {
            data["amount"] = amount.into();
        }
        let kind = format!("booking.{kind:?}").to_lowercase();
        let event = json!({
            "source": "shop", "external_id": place.to_string(), "type": kind, "occurred_at": time::instant_text(at),
            "customer": {"identities": [{"kind": "member_no", "value": format!("M{owner}")}]}, "data": data,
        });
        self.sent.push(event.clone());
        event
    }

    /// Something random of a random booking; late sometimes.
    fn record(&mut self) -> (String, Value) {
        let owner = self.dice.below(MEMBERS as u64) as usize;
        let id = format!("B-{owner}-{}", self.dice.below(6));
        let kinds = [
            Kind::Confirmed,
            Kind::Confirmed,
            Kind::Paid,
            Kind::Completed,
            Kind::Completed,
            Kind::Cancelled,
            Kind::Cancelled,
            Kind::Refunded,
            Kind::Refunded,
        ];
        let kind = *self.dice.one(&kinds).expect("a kind");
        let amount = match kind {
            Kind::Confirmed | Kind::Paid => Some(self.dice.below(7_000) as i64),
            Kind::Refunded => Some(self.dice.below(3_000) as i64),
            Kind::Completed | Kind::Cancelled => None,
        };
        let late = if self.dice.below(4) == 0 {
            1 + self.dice.below(120) as Day
        } else {
            0
        };
        let event = self.event(owner, &id, kind, self.today - late, amount);
        (id, event)
    }

    async fn id(&self, owner: usize) -> Uuid {
        customer(&self.app, &self.caller, &format!("M{owner}")).await
    }

    /// Something happens, both ways.
    async fn step(&mut self) -> String {
        let owner = self.dice.below(MEMBERS as u64) as usize;
        let (is_member, today) = (self.world.members[owner].is_member, self.today);
        let what = match self.dice.below(20) {
            0..8 => {
                let (id, event) = self.record();
                accept(&self.app, &self.caller, std::slice::from_ref(&event)).await;
                self.world.follow(&id, today);
                event.to_string()
            }
            8 => {
                let again = self.dice.one(&self.sent).cloned();
                if let Some(again) = &again {
                    accept(&self.app, &self.caller, std::slice::from_ref(again)).await;
                }
                format!("again {again:?}")
            }
            9..13 if is_member => self.order(owner).await,
            13..16 if !self.orders.is_empty() => self.end_order().await,
            16 if is_member => self.transfer(owner).await,
            17.. if is_member => self.adjust(owner).await,
            _ => "nothing".into(),
        };
        follow(&self.app, &self.caller).await;
        self.world.turn(today);
        self.note_evening();
        what
    }

    async fn order(&mut self, owner: usize) -> String {
        let id = self.id(owner).await;
        let answer = self.app.loyalty().redeem(&self.caller, id, "pillow").await;
        let member = &mut self.world.members[owner];
        member.wake(self.today);
        if member.available() < PRICE {
            is_short(answer);
            return "an order too many".into();
        }
        let parts = member.take(false, PRICE, Fate::Held);
        let id = answer.expect("an order").id;
        self.orders.push(Order { id, owner, parts });
        format!("M{owner} orders")
    }

    async fn end_order(&mut self) -> String {
        let place = self.dice.below(self.orders.len() as u64) as usize;
        let Order { id, owner, parts } = self.orders.swap_remove(place);
        let (loyalty, member) = (self.app.loyalty(), &mut self.world.members[owner]);
        member.wake(self.today);
        if self.dice.below(3) > 0 {
            loyalty.fulfil(&self.caller, id, None).await.expect("it is handed out");
            for (lot, count) in &parts {
                member.lots[*lot].turn(Fate::Held, Fate::Spent, *count);
            }
            return format!("M{owner} gets what was ordered");
        }
        loyalty.cancel(&self.caller, id, None).await.expect("it is called off");
        member.back(&parts, Fate::Held, self.today);
        format!("M{owner} calls an order off")
    }

    async fn transfer(&mut self, owner: usize) -> String {
        let to = (owner + 1) % MEMBERS;
        if !self.world.members[to].is_member {
            return "nobody to pass points on to".into();
        }
        let points = 1 + self.dice.below(40) as usize;
        let ids = (self.id(owner).await, self.id(to).await);
        let answer = self
            .app
            .loyalty()
            .transfer(&self.caller, ids.0, ids.1, points as i64)
            .await;
        self.world.members[to].wake(self.today);
        let sender = &mut self.world.members[owner];
        sender.wake(self.today);
        if sender.available() < points {
            is_short(answer);
            return "passing on too many".into();
        }
        answer.expect("they are passed on");
        let mut lasting: BTreeMap<(bool, Option<Day>), usize> = BTreeMap::new();
        for (lot, count) in sender.take(false, points, Fate::Spent) {
            let until = sender.lots[lot].until;
            *lasting.entry((until.is_none(), until)).or_default() += count;
        }
        let receiver = &mut self.world.members[to];
        for ((_, until), count) in lasting {
            receiver.post(false, count, Some(self.today), until);
        }
        receiver.settle();
        format!("M{owner} passes {points} on")
    }

    async fn adjust(&mut self, owner: usize) -> String {
        let id = self.id(owner).await;
        let is_status = self.dice.below(2) == 0;
        let points = 1 + self.dice.below(60) as usize;
        let takes = self.dice.below(3) == 0;
        let until = (!takes && !is_status).then(|| self.today + 5 + self.dice.below(120) as Day);
        let wallet = if is_status { Wallet::Status } else { Wallet::Points };
        let by = if takes { -(points as i64) } else { points as i64 };
        let what = Adjust::Wallet(wallet, by, until);
        let loyalty = self.app.loyalty();
        let answer = loyalty.adjust(&self.caller, id, &what, "it was agreed").await;
        let member = &mut self.world.members[owner];
        member.wake(self.today);
        if takes && member.sum(is_status, true, Fate::Left) < points {
            is_short(answer);
            return "taking too many away".into();
        }
        let asked = answer.expect("it waits");
        loyalty
            .approve(&self.other, asked.id, None)
            .await
            .expect("it is carried out");
        match takes {
            true => drop(member.take(is_status, points, Fate::Spent)),
            false => drop(member.post(is_status, points, Some(self.today), until)),
        }
        member.settle();
        if is_status {
            member.place(self.today);
        }
        format!("M{owner} is given {by} {wallet:?} until {until:?}")
    }
}

fn is_short<T: std::fmt::Debug>(answer: Result<T, AppError>) {
    assert_eq!(super::by_hand::code(answer), "not_enough_points");
}

async fn whatever_happens_both_ways_say_the_same(store: Store) {
    let mut happened = BTreeSet::new();
    for seed in 1..=6 {
        let mut lives = Lives::begin(&store, &format!("lives-{seed}"), seed, true).await;
        for _ in 0..100 {
            for _ in 0..1 + lives.dice.below(9) {
                lives.sleep().await;
            }
            let step = lives.step().await;
            lives.compare(&step).await;
        }
        lives.look_back().await;
        lives.replay().await;
        happened.extend(lives.happened().await);
    }
    let all = "activated adjusted earned expired received redeemed released reversed sent set_aside settled";
    assert_eq!(happened.into_iter().collect::<Vec<_>>().join(" "), all);
}

async fn records_in_any_order_come_to_the_same(store: Store) {
    for seed in 1..=4 {
        let mut told = Lives::begin(&store, &format!("in-order-{seed}"), seed, false).await;
        told.today = TODAY + 150;
        told.set(told.today);
        for _ in 0..40 {
            let (id, event) = told.record();
            accept(&told.app, &told.caller, &[event]).await;
            told.world.follow(&id, told.today);
        }
        told.compare("all in order").await;
        for (way, at_once) in [("one-by-one", 1), ("at-once", usize::MAX)] {
            let mut other = Lives::begin(&store, &format!("{way}-{seed}"), seed + 9, false).await;
            other.today = told.today;
            other.set(other.today);
            // each twice, in any order
            let mut events = [told.sent.clone(), told.sent.clone()].concat();
            other.dice.shuffle(&mut events);
            for some in events.chunks(at_once.min(events.len())) {
                accept(&other.app, &other.caller, some).await;
            }
            other.world = std::mem::take(&mut told.world);
            other.compare(way).await;
            told.world = std::mem::take(&mut other.world);
        }
    }
}
