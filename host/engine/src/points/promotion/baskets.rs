//! Baskets that nobody has: plain ones, hostile ones, and such as customers have.

use crate::made_up::Random;
use posthouse_domain::promotion::{
    Basket, LARGEST_PRICE, Line, MOST_LINES, MOST_QUANTITY, MOST_TRAVELLERS, ProductKind,
};
use posthouse_domain::{Words, words};

/// Names of things that are long or odd; a basket takes up to 200 bytes.
const NAMES: [&str; 5] = ["上海", "e\u{301}\u{202e}", "👩‍👩‍👧‍👦", "<script>'\"--", "{0}"];

/// One line that nothing is special about.
pub(super) fn plain() -> Basket {
    of(vec![line()])
}

fn of(lines: Vec<Line>) -> Basket {
    Basket {
        channel: "app".into(),
        lines,
    }
}

/// A tour nobody knows much of.
fn line() -> Line {
    Line {
        sku: "S1".into(),
        kind: ProductKind::Tour,
        destination: None,
        theme: None,
        departs: None,
        travellers: 1,
        unit_price: 100_000,
        unit_cost: None,
        quantity: 1,
    }
}

/// Baskets at the edges of what there can be on a day.
pub(super) fn hostile(today: i32) -> Vec<(Words, Basket)> {
    let largest = Line {
        travellers: MOST_TRAVELLERS,
        unit_price: LARGEST_PRICE,
        quantity: MOST_QUANTITY,
        ..line()
    };
    let free = Line {
        unit_price: 0,
        ..line()
    };
    let days = [i32::MIN, -1, 0, today - 1, today, today + 1, i32::MAX];
    let departing = |day: i32| Line {
        departs: Some(day),
        ..line()
    };
    let named = |name: String| Line {
        sku: name.clone(),
        destination: Some(name.clone()),
        theme: Some(name),
        ..line()
    };
    let names = NAMES.map(str::to_owned).into_iter().chain(["长".repeat(66)]);
    let elsewhere = Basket {
        channel: "渠道 <7>".into(),
        lines: vec![line()],
    };
    vec![
        (
            words!("as many lines as there may be", "最多的行数"),
            of(vec![line(); MOST_LINES]),
        ),
        (words!("the largest price", "最高的价格"), of(vec![largest.clone()])),
        (
            words!(
                "the largest price among as many lines as there may be",
                "最多的行数中有一行是最高的价格"
            ),
            of([vec![largest], vec![free.clone(); MOST_LINES - 1]].concat()),
        ),
        (words!("things that cost nothing", "免费的商品"), of(vec![free; 3])),
        (
            words!("departures long ago and far away", "很久以前和遥远将来的出发日期"),
            of(days.map(departing).to_vec()),
        ),
        (words!("unusual names", "特殊名称"), of(names.map(named).collect())),
        (
            words!("every kind of product", "每一种产品"),
            of(ProductKind::ALL.map(|kind| Line { kind, ..line() }).to_vec()),
        ),
        (words!("an unusual channel", "特殊渠道"), elsewhere),
    ]
}

/// A basket like those of real customers on a day, of so many lines, drawn from `random`.
pub(super) fn made_up(lines: usize, today: i32, random: &mut Random) -> Basket {
    let mut line = || {
        let kind = ProductKind::ALL[random.below(ProductKind::ALL.len() as u64) as usize];
        let some = |text: &str, random: &mut Random| (random.below(4) > 0).then(|| text.to_owned());
        let size = 1 << (1 + random.below(30));
        Line {
            sku: format!("S-{}", random.below(1_000)),
            kind,
            destination: some("云南", random),
            theme: some("culture", random),
            departs: (random.below(4) > 0).then(|| today + random.below(400) as i32 - 10),
            travellers: 1 + random.below(6) as i32,
            unit_price: random.below(size) as i64,
            unit_cost: None,
            quantity: 1 + random.below(4) as i32,
        }
    };
    Basket {
        channel: "app".into(),
        lines: (0..lines).map(|_| line()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_baskets_are_baskets() {
        for (what, basket) in hostile(20_468) {
            assert_eq!(basket.check(), Ok(()), "{what}");
        }
        let mut random = Random(7);
        for lines in 1..=MOST_LINES {
            assert_eq!(made_up(lines, 20_468, &mut random).check(), Ok(()));
        }
    }
}
