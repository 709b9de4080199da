//! Accounts against a slow second way to keep them, in which every single point is a thing of its own; and the cases that people argue about.

use super::*;
use proptest::prelude::*;

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn new(n: u128, points: i64, active: Activation, expires: Expiry) -> New {
    New {
        id: id(n),
        wallet: Wallet::Points,
        points,
        active,
        expires,
    }
}

fn now(n: u128, points: i64, until: Day) -> New {
    new(n, points, Activation::Now, Expiry::On(until))
}

fn left(account: &Account) -> Vec<i64> {
    account.lots.iter().map(|lot| lot.left).collect()
}

#[test]
fn what_a_refund_leaves_is_rounded_down() {
    assert_eq!(kept(1_234, 123_499, 0), 1_234);
    assert_eq!(kept(1_000, 100_000, 33_333), 666);
    assert_eq!(kept(1_000, 100_000, 100_000), 0);
    assert_eq!(kept(1_000, 100_000, 200_000), 0);
    assert_eq!(kept(5, 0, 10), 5, "what cost nothing earned for another reason");
    assert_eq!(kept(LARGEST_POINTS, i64::MAX, 1), LARGEST_POINTS - 1);
}

#[test]
fn the_lot_that_expires_first_is_spent_first() {
    let mut account = Account::default();
    for lot in [
        now(1, 10, 900),
        now(2, 10, 500),
        now(3, 10, 500),
        new(4, 10, Activation::Now, Expiry::Never),
    ] {
        account.post(lot, 100, None);
    }
    account.post(new(5, 10, Activation::Completed, Expiry::On(200)), 100, None);
    assert_eq!(
        (account.available(Wallet::Points), account.pending(Wallet::Points)),
        (40, 10)
    );
    let moved = account.spend(25).expect("there are as many");
    assert_eq!(moved.lots, [(id(2), -10), (id(3), -10), (id(1), -5)]);
    assert_eq!(left(&account), [5, 0, 0, 10, 10]);
    assert_eq!(account.spend(16), Err(Short { available: 15 }));
    assert_eq!(account.spend(-1), Err(Short { available: 15 }));
    assert_eq!(account.next_day(), Some(810), "notice of the first lot's end");
}

#[test]
fn notice_is_given_twice_of_each_end_and_late_where_it_comes_late() {
    let mut account = Account::default();
    account.post(now(1, 10, 300), 100, None);
    account.post(now(2, 5, 300), 100, None);
    account.post(now(3, 7, 120), 100, None);
    account.post(new(4, 9, Activation::Completed, Expiry::On(120)), 100, None);
    assert_eq!(account.next_day(), Some(30), "the third is near its end already");
    let notice = account.give_notice(100);
    assert_eq!((notice.ending, notice.lots), (BTreeMap::from([(120, 7)]), vec![id(3)]));
    assert_eq!(account.give_notice(100), Notice::default(), "once is once");
    account.spend(9).expect("there are as many");
    assert_eq!(
        (account.next_day(), account.give_notice(209)),
        (Some(210), Notice::default())
    );
    assert_eq!(account.give_notice(215).ending, BTreeMap::from([(300, 13)]));
    assert_eq!(account.next_day(), Some(270));
    assert_eq!(account.give_notice(270).ending, BTreeMap::from([(300, 13)]));
    assert_eq!(account.next_day(), Some(301));
}

#[test]
fn whoever_leaves_leaves_everything() {
    let mut account = Account::default();
    account.post(now(1, 10, 500), 100, None);
    account.post(new(2, 7, Activation::Completed, Expiry::Never), 100, None);
    account.hold(4).expect("there are as many");
    let moved = account.forfeit(Wallet::Points);
    assert_eq!((moved.available, moved.pending, moved.held), (-6, -7, 0));
    assert_eq!((left(&account), account.held()), (vec![0, 0], 4));
    assert!(account.keep(id(2), 0).is_nothing() && account.activate(id(2), 110).is_nothing());
    assert!(account.forfeit(Wallet::Points).is_nothing());
}

#[test]
fn a_refund_takes_what_is_left_then_what_others_have_and_then_it_is_owed() {
    let mut account = Account::default();
    account.post(now(1, 100, 500), 100, None);
    account.post(now(2, 30, 900), 100, None);
    account.spend(90).expect("there are as many");
    assert_eq!(left(&account), [10, 30]);
    // what changes of a lot is told even where nothing is left of it: it has to be written down
    let mut gone = account.clone();
    gone.spend(40).expect("there are as many");
    assert!(gone.keep(id(1), 50).lots.contains(&(id(1), 0)));
    // half is kept: of the 90 that were spent 40 are too many, and nothing may be left
    let moved = account.keep(id(1), 50);
    assert_eq!((moved.available, moved.owed), (-40, 10));
    assert_eq!((left(&account), account.owed), (vec![0, 0], 10));
    assert_eq!((account.lots[0].reversed, account.lots[0].charged), (10, 40));
    // the same refund again changes nothing, and neither does a smaller one
    assert!(account.keep(id(1), 50).is_nothing() && account.keep(id(1), 70).is_nothing());
    // the whole is paid back
    let moved = account.keep(id(1), 0);
    assert_eq!((moved.available, moved.owed), (0, 50));
    // what comes next makes it good
    account.post(now(3, 100, 900), 101, None);
    let moved = account.settle();
    assert_eq!((moved.available, moved.owed, account.owed), (-60, -60, 0));
    assert_eq!(account.available(Wallet::Points), 40);
}

#[test]
fn what_comes_back_to_a_lot_that_was_taken_back_is_not_taken_twice() {
    let mut account = Account::default();
    account.post(now(1, 100, 500), 100, None);
    account.post(now(2, 100, 900), 100, None);
    account.spend(100).expect("there are as many");
    account.keep(id(1), 50);
    assert_eq!(left(&account), [0, 50], "the second lot made it good");
    account.give_back(&[(id(1), 100)], 110, 30);
    assert!(
        account.keep(id(1), 50).is_nothing(),
        "50 are its own, and 50 the other's"
    );
    assert_eq!(account.available(Wallet::Points), 150);
}

#[test]
fn points_wait_for_their_trip_and_expire_from_then_on() {
    let mut account = Account::default();
    account.post(new(1, 100, Activation::Completed, Expiry::Days(30)), 100, None);
    account.post(new(2, 7, Activation::On(120), Expiry::Days(1)), 100, None);
    account.post(new(3, 5, Activation::Completed, Expiry::Days(30)), 100, Some(90));
    assert_eq!(
        (account.pending(Wallet::Points), account.available(Wallet::Points)),
        (107, 5)
    );
    account.give_notice(100);
    assert_eq!(account.next_day(), Some(120));
    // a refund before the trip
    let moved = account.keep(id(1), 60);
    assert_eq!((moved.pending, moved.available), (-40, 0));
    assert_eq!(account.activate(id(1), 110).available, 60);
    assert!(account.activate(id(1), 115).is_nothing(), "once is once");
    assert_eq!(account.lots[0].until, Some(140));
    let turned = account.turn(121);
    assert_eq!(turned.len(), 2);
    assert_eq!((turned[0].lot, turned[0].on, turned[0].is_over), (id(2), 120, false));
    assert_eq!(
        (turned[1].lot, turned[1].on, turned[1].moved.available),
        (id(3), 120, -5)
    );
    assert_eq!(account.turn(121), []);
    assert_eq!(account.turn(140).len(), 1, "the second lasts to the 121st");
    assert_eq!(account.turn(141).len(), 1);
    assert_eq!((account.available(Wallet::Points), account.next_day()), (0, None));
}

#[test]
fn what_was_set_aside_is_spent_or_free_again_and_comes_back_with_grace() {
    let mut account = Account::default();
    account.post(now(1, 10, 105), 100, None);
    account.post(now(2, 10, 900), 100, None);
    let moved = account.hold(15).expect("there are as many");
    assert_eq!((moved.available, moved.held), (-15, 15));
    assert_eq!(account.turn(110), [], "what is set aside does not expire");
    let parts = [(id(1), 10), (id(2), 5)];
    let mut released = account.clone();
    assert_eq!(released.release(&parts, 110, 30).available, 15);
    assert_eq!(
        released.lots[0].until,
        Some(140),
        "what was over meanwhile is free for a while"
    );
    assert_eq!(released.turn(140), []);
    assert_eq!(released.turn(141).len(), 1);
    assert_eq!(account.commit(&parts).held, -15);
    assert_eq!((account.held(), account.available(Wallet::Points)), (0, 5));
    let moved = account.give_back(&parts, 110, 30);
    assert_eq!(
        (moved.available, account.lots[0].until, account.lots[1].until),
        (15, Some(140), Some(900))
    );
}

#[test]
fn status_is_not_spent() {
    let mut account = Account::default();
    let status = New {
        wallet: Wallet::Status,
        ..now(1, 100, 900)
    };
    account.post(status, 100, None);
    assert_eq!(account.spend(1), Err(Short { available: 0 }));
    account.post(now(2, 10, 900), 100, None);
    account.spend(10).expect("there are as many");
    account.keep(id(2), 0);
    assert_eq!(
        (account.owed, account.available(Wallet::Status)),
        (10, 100),
        "nor taken for points"
    );
    assert_eq!(account.keep(id(1), 25).available, -75);
    assert_eq!(account.take(Wallet::Status, 26), Err(Short { available: 25 }));
    assert_eq!(account.take(Wallet::Status, 5).expect("there is as much").available, -5);
    let mut called_off = account.clone();
    let moved = called_off.keep(id(1), 0);
    assert_eq!(
        (moved.available, moved.owed, called_off.owed),
        (-20, 0, 10),
        "what was taken by hand is not owed"
    );
    assert!(account.has_room(Wallet::Status, LARGEST_POINTS - 20) && !account.has_room(Wallet::Status, LARGEST_POINTS));
}

/// What becomes of a single point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Left,
    Held,
    Spent,
    Reversed,
    Expired,
}

/// A point, and the lot it came with.
#[derive(Debug, Clone)]
struct Point {
    lot: usize,
    fate: Fate,
}

/// A lot of the slow way.
#[derive(Debug, Clone)]
struct SlowLot {
    waits: Option<Waiting>,
    expires: Expiry,
    since: Option<Day>,
    until: Option<Day>,
    charged: i64,
}

#[derive(Debug, Clone, Default)]
struct Slow {
    lots: Vec<SlowLot>,
    points: Vec<Point>,
    owed: i64,
}

impl Slow {
    fn count(&self, lot: usize, fate: Fate) -> i64 {
        let own = self
            .points
            .iter()
            .filter(|point| point.lot == lot && point.fate == fate);
        own.count() as i64
    }

    fn all(&self, fate: Fate, waits: bool) -> i64 {
        let lots = (0..self.lots.len()).filter(|lot| self.lots[*lot].waits.is_some() == waits);
        lots.map(|lot| self.count(lot, fate)).sum()
    }

    fn post(&mut self, points: i64, active: Activation, expires: Expiry, today: Day) {
        let waits = match active {
            Activation::Now => None,
            Activation::Completed => Some(Waiting::Trip),
            Activation::On(day) if day > today => Some(Waiting::Until(day)),
            Activation::On(_) => None,
        };
        let since = match (waits, active) {
            (Some(_), _) => None,
            (None, Activation::On(day)) => Some(day),
            _ => Some(today),
        };
        let until = since.and_then(|day| expires.after(day));
        self.lots.push(SlowLot {
            waits,
            expires,
            since,
            until,
            charged: 0,
        });
        let lot = self.lots.len() - 1;
        self.points.extend((0..points).map(|_| Point { lot, fate: Fate::Left }));
    }

    /// One point of those that can be spent, the next in turn.
    fn next(&mut self) -> Option<&mut Point> {
        let lots = &self.lots;
        let free = self
            .points
            .iter_mut()
            .filter(|point| point.fate == Fate::Left && lots[point.lot].waits.is_none());
        free.min_by_key(|point| {
            let lot = &lots[point.lot];
            (lot.until.is_none(), lot.until, lot.since, point.lot)
        })
    }

    fn take(&mut self, points: i64, fate: Fate) -> Vec<(usize, i64)> {
        let mut taken: Vec<(usize, i64)> = Vec::new();
        for _ in 0..points {
            let Some(point) = self.next() else { break };
            point.fate = fate;
            match taken.iter_mut().find(|(lot, _)| *lot == point.lot) {
                Some((_, count)) => *count += 1,
                None => taken.push((point.lot, 1)),
            }
        }
        taken
    }

    fn keep(&mut self, lot: usize, keep: i64) {
        // every point that is not gone is somebody's: what is kept is first what was used, then what is left
        let used = self.count(lot, Fate::Spent) + self.count(lot, Fate::Held);
        let entitled = keep + self.lots[lot].charged;
        let mut rest = (entitled - used).max(0);
        for point in self
            .points
            .iter_mut()
            .filter(|point| point.lot == lot && point.fate == Fate::Left)
        {
            match rest {
                0 => point.fate = Fate::Reversed,
                _ => rest -= 1,
            }
        }
        for _ in 0..(used - entitled).max(0) {
            self.lots[lot].charged += 1;
            if self.take(1, Fate::Spent).is_empty() {
                self.owed += 1;
            }
        }
    }

    fn change(&mut self, parts: &[(usize, i64)], from: Fate, to: Fate) {
        for (lot, points) in parts {
            let own = self
                .points
                .iter_mut()
                .filter(|point| point.lot == *lot && point.fate == from);
            own.take(*points as usize).for_each(|point| point.fate = to);
        }
    }

    /// What came back to lots that are over stays for 30 days.
    fn grace(&mut self, parts: &Parts, today: Day) {
        for (lot, _) in parts {
            let lot = &mut self.lots[*lot];
            if lot.until.is_some_and(|until| until < today) {
                lot.until = Some(today + 30);
            }
        }
    }

    /// All that is left is gone, also what waits; nothing waits any more.
    fn forfeit(&mut self) {
        for point in self.points.iter_mut().filter(|point| point.fate == Fate::Left) {
            point.fate = Fate::Expired;
            self.lots[point.lot].waits = None;
        }
    }

    fn turn(&mut self, today: Day) {
        for lot in 0..self.lots.len() {
            if let Some(Waiting::Until(day)) = self.lots[lot].waits
                && day <= today
            {
                self.activate(lot, day);
            }
            if self.lots[lot].until.is_some_and(|until| until < today) {
                let own = self
                    .points
                    .iter_mut()
                    .filter(|point| point.lot == lot && point.fate == Fate::Left);
                own.for_each(|point| point.fate = Fate::Expired);
            }
        }
    }

    fn activate(&mut self, lot: usize, since: Day) {
        let lot = &mut self.lots[lot];
        if lot.waits.take().is_some() {
            (lot.since, lot.until) = (Some(since), lot.expires.after(since));
        }
    }
}

/// What happens to a member.
#[derive(Debug, Clone)]
enum Step {
    Post(i64, Activation, Expiry),
    Complete(usize),
    Keep(usize, i64),
    Settle,
    Spend(i64),
    Hold(i64),
    Commit(usize),
    Release(usize),
    GiveBack(usize),
    Forfeit,
    Later(Day),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let active = prop_oneof![
        Just(Activation::Now),
        Just(Activation::Completed),
        (95..140).prop_map(Activation::On)
    ];
    let expires = prop_oneof![
        Just(Expiry::Never),
        (90..150).prop_map(Expiry::On),
        (0_u32..40).prop_map(Expiry::Days),
        (0_u32..2).prop_map(Expiry::Months)
    ];
    let step = prop_oneof![
        4 => (1_i64..30, active, expires).prop_map(|(points, active, expires)| Step::Post(points, active, expires)),
        3 => (0_usize..8).prop_map(Step::Complete),
        3 => (0_usize..8, 0_i64..30).prop_map(|(lot, keep)| Step::Keep(lot, keep)),
        1 => Just(Step::Settle),
        3 => (0_i64..40).prop_map(Step::Spend),
        3 => (0_i64..40).prop_map(Step::Hold),
        2 => (0_usize..4).prop_map(Step::Commit),
        2 => (0_usize..4).prop_map(Step::Release),
        2 => (0_usize..4).prop_map(Step::GiveBack),
        1 => Just(Step::Forfeit),
        2 => (0..15).prop_map(Step::Later),
    ];
    prop::collection::vec(step, 1..40)
}

/// What is set aside or was spent, as both ways keep it.
type Parts = Vec<(usize, i64)>;

fn named(parts: &Parts) -> Vec<(Uuid, i64)> {
    parts.iter().map(|(lot, points)| (id(*lot as u128), *points)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn every_point_is_where_the_slow_way_has_it(steps in steps()) {
        let (mut account, mut slow, mut today) = (Account::default(), Slow::default(), 100);
        // what was issued less what went, by the movements alone
        let mut sums = Moved::default();
        let (mut holds, mut spent): (Vec<Parts>, Vec<Parts>) = (Vec::new(), Vec::new());
        for step in steps {
            let moved = match step {
                Step::Post(points, active, expires) => {
                    let lot = new(slow.lots.len() as u128, points, active, expires);
                    slow.post(points, active, expires, today);
                    vec![account.post(lot, today, None)]
                }
                Step::Complete(lot) if lot < slow.lots.len() => {
                    slow.activate(lot, today);
                    vec![account.activate(id(lot as u128), today)]
                }
                Step::Keep(lot, keep) if lot < slow.lots.len() => {
                    let keep = keep.min(account.lots[lot].issued);
                    slow.keep(lot, keep);
                    vec![account.keep(id(lot as u128), keep)]
                }
                Step::Settle => {
                    let points = slow.owed.min(slow.all(Fate::Left, false));
                    slow.take(points, Fate::Spent);
                    slow.owed -= points;
                    vec![account.settle()]
                }
                Step::Spend(points) => match account.spend(points) {
                    Ok(moved) => {
                        spent.push(slow.take(points, Fate::Spent));
                        vec![moved]
                    }
                    Err(short) => {
                        prop_assert!(short.available < points);
                        vec![]
                    }
                },
                Step::Hold(points) => match account.hold(points) {
                    Ok(moved) => {
                        holds.push(slow.take(points, Fate::Held));
                        vec![moved]
                    }
                    Err(_) => vec![],
                },
                Step::Commit(hold) if hold < holds.len() => {
                    let parts = holds.remove(hold);
                    slow.change(&parts, Fate::Held, Fate::Spent);
                    let moved = account.commit(&named(&parts));
                    spent.push(parts);
                    vec![moved]
                }
                Step::Release(hold) if hold < holds.len() => {
                    let parts = holds.remove(hold);
                    slow.change(&parts, Fate::Held, Fate::Left);
                    slow.grace(&parts, today);
                    vec![account.release(&named(&parts), today, 30)]
                }
                Step::GiveBack(order) if order < spent.len() => {
                    let parts = spent.remove(order);
                    slow.change(&parts, Fate::Spent, Fate::Left);
                    slow.grace(&parts, today);
                    vec![account.give_back(&named(&parts), today, 30)]
                }
                Step::Forfeit => {
                    slow.forfeit();
                    vec![account.forfeit(Wallet::Points)]
                }
                Step::Later(days) => {
                    today += days;
                    slow.turn(today);
                    account.turn(today).into_iter().map(|turned| turned.moved).collect()
                }
                _ => vec![],
            };
            for moved in moved {
                prop_assert_eq!(moved.lots.iter().map(|(_, points)| points).sum::<i64>(), moved.pending + moved.available);
                sums.pending += moved.pending;
                sums.available += moved.available;
                sums.held += moved.held;
                sums.owed += moved.owed;
            }
            prop_assert_eq!(account.owed, slow.owed);
            for (place, lot) in account.lots.iter().enumerate() {
                let other = &slow.lots[place];
                prop_assert_eq!((lot.waits, lot.since, lot.until), (other.waits, other.since, other.until));
                let fates = [Fate::Left, Fate::Held, Fate::Reversed, Fate::Expired].map(|fate| slow.count(place, fate));
                prop_assert_eq!([lot.left, lot.held, lot.reversed, lot.expired], fates);
                prop_assert_eq!(lot.used(), slow.count(place, Fate::Spent) + lot.held);
            }
            let points = Wallet::Points;
            let account_sums = (account.pending(points), account.available(points), account.held(), account.owed);
            prop_assert_eq!(account_sums, (sums.pending, sums.available, sums.held, sums.owed));
            prop_assert_eq!(account_sums.1, slow.all(Fate::Left, false));
        }
    }
}
