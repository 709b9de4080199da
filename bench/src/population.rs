//! An agency's customers, made up but always the same: each follows from its number alone.

use posthouse_domain::Day;
use posthouse_domain::booking::{Booking, BookingDetails, BookingRecord, BookingStatus};
use posthouse_domain::facts::{FactRow, History, fold};
use posthouse_domain::profile::Profile;

/// The day on which everything begins.
pub(crate) const TODAY: Day = 20_514;
/// Noon of [`TODAY`] in Shanghai.
pub(crate) const NOW: i64 = TODAY as i64 * DAY_MILLIS + 4 * 3_600_000;
/// Milliseconds of a day.
pub(crate) const DAY_MILLIS: i64 = 86_400_000;

const CITIES: [&str; 8] = ["上海", "北京", "广州", "深圳", "成都", "杭州", "武汉", "西安"];
const FAMILIES: [&str; 8] = ["王", "李", "张", "刘", "陈", "杨", "黄", "赵"];
const GIVEN: [&str; 8] = ["伟", "芳", "娜", "敏", "静", "磊", "洋", "勇"];
const PLACES: [&str; 12] = [
    "日本",
    "泰国",
    "云南",
    "西藏",
    "法国",
    "意大利",
    "新疆",
    "海南",
    "澳大利亚",
    "埃及",
    "冰岛",
    "马尔代夫",
];
const THEMES: [&str; 5] = ["亲子", "海岛", "文化", "滑雪", "美食"];
const CHANNELS: [&str; 4] = ["门店", "微信", "官网", "携程"];

/// One customer.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    /// The number everything follows from.
    pub(crate) number: u32,
    /// Name.
    pub(crate) name: String,
    /// City.
    pub(crate) city: &'static str,
    /// Trips, the oldest first.
    pub(crate) trips: Vec<Trip>,
}

/// One trip that was booked.
#[derive(Debug, Clone)]
pub(crate) struct Trip {
    /// Number of the booking.
    pub(crate) id: String,
    /// What the booking says.
    pub(crate) details: BookingDetails,
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.roll() % limit
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }

    /// Between 0 and 1.
    fn part(&mut self) -> f64 {
        (self.roll() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// The customer of a number. A quarter never travelled, most travelled once or twice, a few very often; half of all trips were
/// booked in the last two of six years.
pub(crate) fn person(number: u32) -> Person {
    let mut dice = Dice(u64::from(number) ^ 0x5eed_0000_0000);
    let name = format!("{}{}{}", dice.one(&FAMILIES), dice.one(&GIVEN), dice.one(&GIVEN));
    let city = dice.one(&CITIES);
    let trips = match dice.below(100) {
        0..25 => 0,
        25..60 => 1,
        60..80 => 2,
        80..92 => 3 + dice.below(2),
        _ => 5 + dice.below(12),
    };
    let purse = 60_000.0 * (dice.part() * 3.0).exp();
    let mut trips: Vec<Trip> = (0..trips).map(|trip| journey(&mut dice, number, trip, purse)).collect();
    trips.sort_by_key(|trip| trip.details.booked_on);
    Person {
        number,
        name,
        city,
        trips,
    }
}

fn journey(dice: &mut Dice, number: u32, trip: u64, purse: f64) -> Trip {
    let ago = (dice.part() * dice.part() * 2_190.0) as Day;
    let booked_on = TODAY - ago;
    let departs_on = booked_on + 7 + dice.below(90) as Day;
    let travellers = 1 + dice.below(4) as i32;
    let amount = (purse * (0.5 + dice.part()) * f64::from(travellers)) as i64;
    Trip {
        id: format!("B{number:07}-{trip}"),
        details: BookingDetails {
            booked_on: Some(booked_on),
            product: Some(format!("P{:04}", dice.below(2_000))),
            destination: Some(dice.one(&PLACES).to_owned()),
            theme: Some(dice.one(&THEMES).to_owned()),
            departs_on: Some(departs_on),
            returns_on: Some(departs_on + 3 + dice.below(12) as Day),
            travellers: Some(travellers),
            amount: Some(amount),
            cost: Some(amount * 85 / 100),
            channel: Some(dice.one(&CHANNELS).to_owned()),
        },
    }
}

impl Person {
    /// The agency's number of the customer.
    pub(crate) fn member_no(&self) -> String {
        format!("M{:07}", self.number)
    }

    /// A mobile number of the customer's own.
    pub(crate) fn phone(&self) -> String {
        format!("139{:08}", self.number)
    }

    /// The shown profile.
    pub(crate) fn profile(&self) -> Profile {
        Profile {
            name: Some(self.name.clone()),
            home_city: Some(self.city.to_owned()),
            ..Profile::default()
        }
    }

    /// The bookings as the house keeps them.
    pub(crate) fn bookings(&self) -> Vec<(String, Booking)> {
        let begin = |trip: &Trip| {
            Booking::begin(&BookingRecord {
                booking_id: trip.id.clone(),
                status: BookingStatus::Confirmed,
                happened_at: None,
                on: trip.details.booked_on.unwrap_or(TODAY),
                details: trip.details.clone(),
            })
        };
        self.trips.iter().map(|trip| (trip.id.clone(), begin(trip))).collect()
    }

    /// The day of the first record.
    pub(crate) fn since(&self) -> Day {
        let first = self.trips.first().and_then(|trip| trip.details.booked_on);
        first.unwrap_or(TODAY - 30)
    }

    /// The facts of [`TODAY`], folded by the house's own fold.
    pub(crate) fn facts(&self) -> FactRow {
        let history = History {
            profile: self.profile(),
            since_on: Some(self.since()),
            bookings: self.bookings().into_iter().map(|(_, booking)| booking).collect(),
            ..History::default()
        };
        fold(&history, TODAY)
    }
}
