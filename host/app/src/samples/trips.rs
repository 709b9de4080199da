//! What the customers did: trips with seasons, habits and a few who travel most, cancellations, calls, visits to the site.

use super::dice::Dice;
use super::people::Person;
use posthouse_domain::{Day, time};
use serde_json::{Value, json};

struct Destination {
    name: &'static str,
    /// Yuan a person and day.
    price: f64,
    days: (i32, i32),
    themes: &'static [&'static str],
    weight: f64,
}

const DESTINATIONS: [Destination; 18] = [
    Destination {
        name: "三亚",
        price: 900.0,
        days: (4, 7),
        themes: &["beach", "family", "honeymoon"],
        weight: 12.0,
    },
    Destination {
        name: "云南",
        price: 650.0,
        days: (5, 9),
        themes: &["nature", "culture", "family"],
        weight: 11.0,
    },
    Destination {
        name: "西藏",
        price: 850.0,
        days: (7, 12),
        themes: &["nature", "culture"],
        weight: 4.0,
    },
    Destination {
        name: "新疆",
        price: 800.0,
        days: (8, 12),
        themes: &["nature", "self-drive"],
        weight: 6.0,
    },
    Destination {
        name: "北京",
        price: 700.0,
        days: (3, 6),
        themes: &["culture", "family", "study"],
        weight: 7.0,
    },
    Destination {
        name: "桂林",
        price: 550.0,
        days: (3, 5),
        themes: &["nature", "family"],
        weight: 5.0,
    },
    Destination {
        name: "哈尔滨",
        price: 700.0,
        days: (4, 6),
        themes: &["snow", "family"],
        weight: 5.0,
    },
    Destination {
        name: "香港",
        price: 1_100.0,
        days: (3, 5),
        themes: &["city", "shopping", "family"],
        weight: 6.0,
    },
    Destination {
        name: "Kyoto",
        price: 1_400.0,
        days: (5, 8),
        themes: &["culture", "food", "family"],
        weight: 9.0,
    },
    Destination {
        name: "Hokkaido",
        price: 1_600.0,
        days: (5, 8),
        themes: &["snow", "food"],
        weight: 5.0,
    },
    Destination {
        name: "Bangkok",
        price: 700.0,
        days: (4, 7),
        themes: &["city", "food", "shopping"],
        weight: 8.0,
    },
    Destination {
        name: "Phuket",
        price: 850.0,
        days: (5, 7),
        themes: &["beach", "honeymoon", "family"],
        weight: 8.0,
    },
    Destination {
        name: "Singapore",
        price: 1_300.0,
        days: (4, 6),
        themes: &["city", "family"],
        weight: 6.0,
    },
    Destination {
        name: "Bali",
        price: 1_000.0,
        days: (6, 9),
        themes: &["beach", "honeymoon"],
        weight: 6.0,
    },
    Destination {
        name: "Paris",
        price: 2_300.0,
        days: (7, 11),
        themes: &["culture", "honeymoon", "shopping"],
        weight: 5.0,
    },
    Destination {
        name: "Swiss Alps",
        price: 3_000.0,
        days: (8, 11),
        themes: &["nature", "snow"],
        weight: 3.0,
    },
    Destination {
        name: "Iceland",
        price: 3_200.0,
        days: (8, 12),
        themes: &["nature", "self-drive"],
        weight: 1.5,
    },
    Destination {
        name: "Kenya",
        price: 3_600.0,
        days: (8, 11),
        themes: &["nature", "photography"],
        weight: 1.0,
    },
];
/// How many leave in each month: Spring Festival, Labour Day, summer, National Day.
const SEASON: [f64; 12] = [0.9, 1.7, 0.8, 1.0, 1.3, 0.9, 1.8, 1.7, 0.8, 1.9, 0.6, 0.8];
const CHANNELS: [(&str, f64); 6] = [
    ("wechat", 34.0),
    ("store", 20.0),
    ("phone", 16.0),
    ("web", 16.0),
    ("ota", 10.0),
    ("partner", 4.0),
];
/// How far back the agency's books go, in days.
const BOOKS: f64 = 5.0 * 365.0;
const DAY: i64 = time::DAY_MILLIS;

/// The whole story of the customer of this number as events of a source, in the order in which they happened. The same seed tells the same.
pub fn story(source: &str, seed: u64, number: u32, today: Day) -> Vec<Value> {
    let mut dice = Dice::new(seed, u64::from(number));
    let prospect = dice.happens(0.12);
    let trips = if prospect {
        0
    } else {
        dice.heavy(1.9, 1.35).min(45.0) as usize
    };
    let person = Person::make(&mut dice, number, today, trips >= 2);
    let first = today - (BOOKS * dice.fraction().powf(1.3)) as Day;
    let mut events = Events {
        source,
        person: &person,
        today,
        list: Vec::new(),
        count: 0,
    };
    events.push(first, "profile.updated", person.introduction(), json!({}));
    let mut habit = Habit::new(&mut dice);
    let mut booked = first;
    for trip in 0..trips {
        booked = trip_of(&mut dice, &mut habit, &mut events, trip, booked);
        // frequent travellers come back sooner; some never do
        booked += dice.wait(0.6 * BOOKS / (trips as f64 + 1.0)) as Day + 5;
        if booked >= today {
            break;
        }
    }
    interest(&mut dice, &mut events, prospect, first);
    events.introduce_first();
    events.list.sort_by_key(|(at, ..)| *at);
    events.list.into_iter().map(|(_, event)| event).collect()
}

struct Events<'p> {
    source: &'p str,
    person: &'p Person,
    today: Day,
    list: Vec<(i64, Value)>,
    count: usize,
}

impl Events<'_> {
    /// Adds what happened on `day`; what would lie ahead has not happened.
    fn push(&mut self, day: Day, kind: &str, customer: Value, data: Value) {
        if day > self.today {
            return;
        }
        self.count += 1;
        // office hours in Shanghai; earlier today for what happens today
        let minute = if day == self.today {
            0
        } else {
            60 + (i64::from(self.person.number) * 37 + self.count as i64 * 53) % 600
        };
        let at = i64::from(day) * DAY + minute * 60_000;
        let id = format!("D{}-{}", self.person.number, self.count);
        let event = json!({ "source": self.source, "external_id": id, "type": kind, "occurred_at": time::instant_text(at), "customer": customer, "data": data });
        self.list.push((at, event));
    }
}

impl Events<'_> {
    /// Puts who somebody is, which was added first, before all else that is told of them. Records that name a customer by one identity
    /// each could otherwise make two of one.
    fn introduce_first(&mut self) {
        let earliest = self.list.iter().map(|(at, _)| *at).min();
        if let (Some(earliest), Some((at, event))) = (earliest, self.list.first_mut()) {
            *at = earliest;
            event["occurred_at"] = time::instant_text(earliest).into();
        }
    }
}

/// A trip that somebody asks the price of.
pub struct Wish {
    /// Where to.
    pub destination: &'static str,
    /// What kind of trip.
    pub theme: &'static str,
    /// How long.
    pub days: i32,
    /// When it begins.
    pub departs: Day,
    /// How many travel.
    pub party: i32,
    /// Where they ask.
    pub channel: &'static str,
    /// For one, in fen.
    pub price: i64,
    /// What one costs the agency, in fen.
    pub cost: i64,
}

impl Wish {
    /// What somebody may want on this day.
    pub fn make(dice: &mut Dice, today: Day) -> Self {
        let habit = Habit::new(dice);
        let Destination {
            name,
            price,
            days,
            themes,
            ..
        } = habit.destination;
        let days = dice.between(days.0, days.1);
        let price = (price * f64::from(days) * habit.purse * (0.9 + 0.3 * dice.fraction())).round() as i64 * 100;
        let lead = 7 + dice.wait(32.0).min(150.0) as Day;
        Self {
            destination: name,
            theme: *dice.one(themes),
            days,
            departs: in_season(dice, today + lead),
            party: habit.party,
            channel: habit.channel,
            price,
            cost: (price as f64 * (0.72 + 0.1 * dice.fraction())) as i64,
        }
    }
}

/// What somebody tends to do.
struct Habit {
    destination: &'static Destination,
    channel: &'static str,
    party: i32,
    purse: f64,
}

impl Habit {
    fn new(dice: &mut Dice) -> Self {
        Self {
            destination: dice.weighted(&DESTINATIONS, |destination| destination.weight),
            channel: dice.weighted(&CHANNELS, |channel| channel.1).0,
            party: *dice.weighted(&[1, 2, 3, 4, 6], |party| {
                [0.0, 2.0, 5.0, 3.0, 2.0, 0.0, 0.6][*party as usize]
            }),
            purse: 0.6 + dice.heavy(0.25, 2.2).min(2.5),
        }
    }
}

/// One booking with what became of it. Returns the day it was made.
fn trip_of(dice: &mut Dice, habit: &mut Habit, events: &mut Events<'_>, trip: usize, after: Day) -> Day {
    if dice.happens(0.55) {
        habit.destination = dice.weighted(&DESTINATIONS, |destination| destination.weight);
    }
    let Destination {
        name,
        price,
        days,
        themes,
        ..
    } = habit.destination;
    let lead = 7 + dice.wait(32.0).min(200.0) as Day;
    let departs = in_season(dice, after + lead);
    let booked = departs - lead;
    let length = dice.between(days.0, days.1);
    let returns = departs + length - 1;
    let party = if dice.happens(0.75) {
        habit.party
    } else {
        dice.between(1, 5)
    };
    let amount =
        (price * f64::from(length * party) * habit.purse * (0.85 + 0.4 * dice.fraction())).round() as i64 * 100;
    let cost = (amount as f64 * (0.76 + 0.18 * dice.fraction())) as i64;
    let channel = if dice.happens(0.8) {
        habit.channel
    } else {
        dice.weighted(&CHANNELS, |channel| channel.1).0
    };
    let booking = format!("D{}-T{trip}", events.person.number);
    let details = json!({
        "booking_id": booking, "booked_at": time::day_text(booked), "product": format!("{name} {length}D"), "destination": name, "theme": dice.one(themes),
        "departs": time::day_text(departs), "returns": time::day_text(returns), "travellers": party, "amount": amount, "cost": cost, "channel": channel,
    });
    let who = events.person.customer(dice);
    let short = json!({ "booking_id": booking });
    events.push(booked, "booking.confirmed", who.clone(), details);
    if dice.happens(0.07) {
        events.push(
            booked + dice.between(1, lead.max(2) - 1),
            "booking.cancelled",
            who,
            short,
        );
    } else {
        events.push(booked + dice.between(0, 3), "booking.paid", who.clone(), short.clone());
        if dice.happens(0.4) {
            events.push(departs - dice.between(1, 6), "contact.made", who.clone(), json!({}));
        }
        events.push(returns, "booking.completed", who.clone(), short);
        // dice of its own: whoever writes a review travels as they would have without it
        let mut own = Dice::new(u64::from(events.person.number), trip as u64);
        if own.happens(0.3) {
            let rating = *own.weighted(&[3, 4, 5], |rating| f64::from(rating - 2));
            let review = json!({"booking_id": booking, "rating": rating});
            events.push(returns + own.between(1, 9), "review.written", who, review);
        }
    }
    booked
}

/// The day near `day` on which people rather leave.
fn in_season(dice: &mut Dice, day: Day) -> Day {
    let tries: Vec<Day> = (0..4).map(|_| day + dice.between(0, 90)).collect();
    let month = |day: &Day| {
        time::day_text(*day)
            .get(5..7)
            .and_then(|month| month.parse::<usize>().ok())
            .unwrap_or(1)
    };
    *dice.weighted(&tries, |day| SEASON[(month(day) - 1) % 12])
}

/// Calls, and visits to the site: more from those who are about to book, and from those who never did.
fn interest(dice: &mut Dice, events: &mut Events<'_>, prospect: bool, first: Day) {
    let today = events.today;
    if prospect || dice.happens(0.2) {
        let recent = if prospect { (today - first).min(120) } else { 30 };
        for _ in 0..dice.between(1, 6) {
            let kind = *dice.one(&["site.viewed", "site.viewed", "site.searched"]);
            let who = events.person.customer(dice);
            events.push(today - dice.between(0, recent.max(1)), kind, who, json!({}));
        }
    }
    if dice.happens(if prospect { 0.5 } else { 0.15 }) {
        let who = events.person.customer(dice);
        events.push(today - dice.between(0, 80), "contact.made", who, json!({}));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use posthouse_domain::{AgencyTerms, event, money::Currency};

    fn terms() -> AgencyTerms {
        AgencyTerms {
            time_zone: "Asia/Shanghai".parse().unwrap(),
            currency: Currency::parse("CNY").unwrap(),
            country: "CN".into(),
        }
    }

    #[test]
    fn whoever_is_told_of_was_introduced() {
        let today = time::parse_day("2026-01-15").unwrap();
        for seed in 0..40 {
            for number in 0..500 {
                let told = story("demo", seed, number, today);
                let identities = |event: &Value| event["customer"]["identities"].as_array().map_or(0, Vec::len);
                assert_eq!(told[0]["type"], "profile.updated", "customer {number} of seed {seed}");
                assert!(told.iter().all(|event| identities(event) <= identities(&told[0])));
                let times = told
                    .iter()
                    .map(|event| event["occurred_at"].as_str().unwrap().to_owned());
                assert!(times.is_sorted(), "customer {number} of seed {seed}");
            }
        }
    }

    #[test]
    fn a_story_is_told_alike_each_time_and_every_event_is_understood() {
        let today = time::parse_day("2026-01-15").unwrap();
        let (mut events, mut busiest, mut quiet) = (0, 0, 0);
        for number in 0..2_000 {
            let told = story("demo", 1, number, today);
            if number < 20 {
                assert_eq!(told, story("demo", 1, number, today));
            }
            for event in &told {
                event::parse(event, &terms()).unwrap_or_else(|rejection| panic!("{rejection} in {event}"));
            }
            let trips = told.iter().filter(|event| event["type"] == "booking.confirmed").count();
            (events, busiest, quiet) = (events + told.len(), busiest.max(trips), quiet + usize::from(trips <= 1));
        }
        assert!(
            events > 8_000 && busiest >= 10 && quiet > 600,
            "{events} events, at most {busiest} trips, {quiet} with one at most"
        );
    }

    #[test]
    fn nobody_shares_an_identity() {
        let today = time::parse_day("2026-01-15").unwrap();
        let mut owners = std::collections::HashMap::new();
        for number in 0..5_000 {
            for identity in story("demo", 1, number, today)[0]["customer"]["identities"]
                .as_array()
                .unwrap()
            {
                let spelled =
                    event::identities(&[serde_json::from_value(identity.clone()).unwrap()], &terms()).unwrap();
                let owner = owners.insert(spelled[0].value.clone(), number);
                assert!(owner.is_none(), "{identity} belongs to {owner:?} and {number}");
            }
        }
    }
}
