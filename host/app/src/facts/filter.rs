//! Who meets conditions, and in which order: over the columns of the frame, one at a time.

use super::cells::{Bits, Cells};
use super::frame::Frame;
use super::selection::Selection;
use posthouse_domain::Day;
use posthouse_domain::campaign::Condition;
use posthouse_domain::catalogue::Value;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// What customers are put in order by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Rank {
    /// Numbers and days; fractions and flags in the order of numbers.
    Number(i64),
    /// Texts, sign by sign.
    Text(String),
}

/// A customer's place in an order: by what, and who. Those of whom it is unknown come last.
pub(crate) type Place<K> = (Option<K>, usize);

/// A fraction as a number that is in the same order.
fn ordered(n: f64) -> i64 {
    // both zeros are one
    let bits = (n + 0.0).to_bits() as i64;
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}

impl Frame {
    /// Leaves out those of whom the fact at `position` does not meet a condition on this day.
    pub(crate) fn keep(&self, position: usize, condition: &Condition, today: Day, among: &mut Selection) {
        let view = self.kind(position).1;
        let known = |valid: &Bits, row: usize| row < self.len() && valid.get(row);
        match self.cells(position) {
            Cells::Constant { .. } => {
                let holds = condition.holds(self.value(position, 0, today));
                among.retain(|row| holds && row < self.len());
            }
            Cells::Narrow { values, valid } => among.retain(|row| {
                known(valid, row) && condition.holds(Value::Whole(view.apply(values[row].into(), today)))
            }),
            Cells::Wide { values, valid } => {
                among.retain(|row| known(valid, row) && condition.holds(Value::Whole(view.apply(values[row], today))));
            }
            Cells::Numbers { values, valid } => {
                among.retain(|row| known(valid, row) && condition.holds(Value::Number(values[row])));
            }
            Cells::Flags { values, valid } => {
                among.retain(|row| known(valid, row) && condition.holds(Value::Flag(values.get(row))));
            }
            Cells::Texts {
                codes,
                valid,
                dictionary,
            } => {
                let meant: Vec<bool> = dictionary
                    .texts()
                    .map(|text| condition.holds(Value::Text(text)))
                    .collect();
                among.retain(|row| known(valid, row) && meant[codes[row] as usize]);
            }
        }
    }

    /// The first so many of some customers behind a place, by the fact at `position` as it is on this day.
    pub(crate) fn first_by(
        &self,
        (position, descending): (usize, bool),
        day: Day,
        among: &Selection,
        behind: Option<&Place<Rank>>,
        wanted: usize,
    ) -> Vec<Place<Rank>> {
        let behind_number = || match behind {
            Some((Some(Rank::Number(n)), row)) => Some((Some(*n), *row)),
            Some((_, row)) => Some((None, *row)),
            None => None,
        };
        let numbers = |number: &dyn Fn(usize) -> i64, valid: &Bits| -> Vec<Place<Rank>> {
            let key = |row: usize| (row < self.len() && valid.get(row)).then(|| number(row));
            let found = first(among, key, behind_number(), descending, wanted);
            found.into_iter().map(|(n, row)| (n.map(Rank::Number), row)).collect()
        };
        let view = self.kind(position).1;
        match self.cells(position) {
            Cells::Constant { zero } => {
                let constant = zero.then_some(0);
                let key = |row: usize| constant.filter(|_| row < self.len());
                let found = first(among, key, behind_number(), descending, wanted);
                found.into_iter().map(|(n, row)| (n.map(Rank::Number), row)).collect()
            }
            Cells::Narrow { values, valid } => numbers(&|row| view.apply(values[row].into(), day), valid),
            Cells::Wide { values, valid } => numbers(&|row| view.apply(values[row], day), valid),
            Cells::Numbers { values, valid } => numbers(&|row| ordered(values[row]), valid),
            Cells::Flags { values, valid } => numbers(&|row| values.get(row).into(), valid),
            Cells::Texts {
                codes,
                valid,
                dictionary,
            } => {
                let key = |row: usize| (row < self.len() && valid.get(row)).then(|| dictionary.text(codes[row]));
                let behind = behind.map(|(rank, row)| match rank {
                    Some(Rank::Text(text)) => (Some(text.as_str()), *row),
                    _ => (None, *row),
                });
                let found = first(among, key, behind, descending, wanted);
                let owned = |text: &str| Rank::Text(text.to_owned());
                found.into_iter().map(|(text, row)| (text.map(owned), row)).collect()
            }
        }
    }
}

/// The first so many of some customers behind a place: what is unknown last both ways, of equals the newest customer first.
fn first<K: Ord + Copy>(
    among: &Selection,
    key: impl Fn(usize) -> Option<K>,
    behind: Option<Place<K>>,
    descending: bool,
    wanted: usize,
) -> Vec<Place<K>> {
    let order = |(a, i): &Place<K>, (b, j): &Place<K>| {
        let by_key = match (a, b) {
            (Some(a), Some(b)) if descending => b.cmp(a),
            (Some(a), Some(b)) => a.cmp(b),
            (a, b) => b.is_some().cmp(&a.is_some()),
        };
        by_key.then(j.cmp(i))
    };
    // twice as many as are wanted are gathered before the worse half goes, so each is looked at about once
    let full = wanted.saturating_mul(2).max(1);
    let (mut best, mut worst) = (Vec::new(), None);
    for row in among.iter() {
        let place = (key(row), row);
        let too_early = behind.is_some_and(|behind| order(&place, &behind) != Ordering::Greater);
        if too_early || worst.is_some_and(|worst| order(&place, &worst) != Ordering::Less) {
            continue;
        }
        best.push(place);
        if best.len() == full && wanted > 0 {
            let (_, last, _) = best.select_nth_unstable_by(wanted - 1, order);
            worst = Some(*last);
            best.truncate(wanted);
        }
    }
    best.sort_unstable_by(order);
    best.truncate(wanted);
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use posthouse_domain::facts::FactRow;
    use posthouse_domain::profile::Profile;

    /// A frame of made-up customers, some of whom little is known of.
    fn frame() -> Frame {
        let mut frame = Frame::default();
        for n in 0..500_usize {
            let row = FactRow {
                trips_24m: (n % 7) as i32,
                spend_24m: (n as i64 * 7_919) % 1_009 - 300,
                last_trip_on: (n % 5 != 0).then_some(20_000 - (n as Day * 31) % 900),
                profile: Profile {
                    home_city: (n % 4 != 1).then(|| format!("city {}", n % 11)),
                    consent_marketing: (n % 3 != 0).then_some(n % 2 == 0),
                    birth_date: (n % 6 != 0).then_some(n as Day * 17),
                    ..Profile::default()
                },
                ..FactRow::default()
            };
            frame.put(n, &row);
        }
        frame
    }

    const TODAY: Day = 20_100;

    #[test]
    fn columns_say_who_meets_a_condition_as_values_do() {
        let frame = frame();
        for text in [
            "trips-24m:2..4",
            "spend-24m:..0",
            "recency-days:200..500",
            "age:20..40",
            "days-to-birthday:..30",
            "home-city:city 3,city 10",
            "consent-marketing:false",
            "opens-90d:0",
            "nps:0..",
            "csat-12m:1..",
        ] {
            let position = frame.position(Condition::fact_of(text)).expect(text);
            let condition = Condition::read(text, frame.kind(position).0).expect(text);
            // customers whose facts have not been read yet meet nothing
            let mut kept = Selection::all(frame.len() + 3);
            kept.retain(|row| row % 2 == 0);
            frame.keep(position, &condition, TODAY, &mut kept);
            let slow =
                (0..frame.len()).filter(|row| row % 2 == 0 && condition.holds(frame.value(position, *row, TODAY)));
            assert_eq!(kept.iter().collect::<Vec<_>>(), slow.collect::<Vec<_>>(), "{text}");
        }
    }

    #[test]
    fn pages_of_every_order_hold_everyone_once() {
        let frame = frame();
        let mut among = Selection::all(frame.len() + 3);
        among.retain(|row| row % 9 != 4);
        for fact in [
            "spend-24m",
            "recency-days",
            "home-city",
            "consent-marketing",
            "age",
            "csat-12m",
            "opens-90d",
        ] {
            let position = frame.position(fact).expect(fact);
            for descending in [false, true] {
                let mut slow: Vec<usize> = among.iter().collect();
                slow.sort_by(|a, b| {
                    let value = |row: usize| match row < frame.len() {
                        true => frame.value(position, row, TODAY),
                        false => Value::Unknown,
                    };
                    let by = match (value(*a), value(*b)) {
                        (Value::Unknown, Value::Unknown) => Ordering::Equal,
                        (Value::Unknown, _) => return Ordering::Greater,
                        (_, Value::Unknown) => return Ordering::Less,
                        (Value::Whole(a), Value::Whole(b)) => a.cmp(&b),
                        (Value::Flag(a), Value::Flag(b)) => a.cmp(&b),
                        (Value::Text(a), Value::Text(b)) => a.cmp(b),
                        other => panic!("{other:?}"),
                    };
                    (if descending { by.reverse() } else { by }).then(b.cmp(a))
                });
                for wanted in [1, 7, 1_000] {
                    let (mut paged, mut behind) = (Vec::new(), None);
                    loop {
                        let page = frame.first_by((position, descending), TODAY, &among, behind.as_ref(), wanted);
                        let Some(last) = page.last() else { break };
                        paged.extend(page.iter().map(|(_, row)| *row));
                        behind = Some(last.clone());
                    }
                    assert_eq!(paged, slow, "{fact} {descending} {wanted}");
                }
            }
        }
    }

    #[test]
    fn fractions_keep_their_order() {
        let numbers = [f64::MIN, -1.5, -0.5, 0.0, 0.25, 1.0, f64::MAX];
        assert!(numbers.map(ordered).is_sorted());
        assert_eq!(ordered(-0.0), ordered(0.0));
    }
}
