//! What a rule is asked: an occasion, and what the member has.

use super::said::LARGEST_POINTS;
use crate::money::LARGEST_AMOUNT;
use crate::{Day, Instant, Words, time, words};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Days of status that a rule is told of.
pub const STATUS_DAYS: Day = 730;
/// Most bytes of what an agency's own event says.
pub const MOST_DATA: usize = 4 << 10;

/// A booking, as far as the agency knows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Booked {
    /// Product name or number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Where the trip goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,
    /// What the trip is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theme: Option<String>,
    /// Through which channel it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// The day it was booked.
    pub booked: Day,
    /// First day of the trip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub departs: Option<Day>,
    /// Last day of the trip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub returns: Option<Day>,
    /// How many people travel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub travellers: Option<i32>,
    /// Price in full, in minor units of the agency's base currency.
    pub amount: i64,
}

/// Which of the two a referral is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Who told of the agency.
    Referrer,
    /// Who came.
    Referred,
}

impl Side {
    /// The name used in JSON and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Referrer => "referrer",
            Self::Referred => "referred",
        }
    }
}

/// Somebody was referred, and has made the first trip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referral {
    /// Whom the rule is asked about.
    pub side: Side,
    /// How many others the referrer has referred with success before.
    pub earlier: u32,
    /// The same in the last 365 days.
    pub earlier_12m: u32,
}

/// Something that the agency tells of by a name of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgencyEvent {
    /// Lower-case words joined by hyphens.
    pub name: String,
    /// What it says: texts, whole numbers and flags.
    pub data: Map<String, Value>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Happening {
    /// The customer has become a member.
    Joined,
    /// A booking became firm.
    BookingConfirmed {
        /// The booking.
        booking: Booked,
    },
    /// Its trip is over.
    BookingCompleted {
        /// The booking.
        booking: Booked,
    },
    /// The customer wrote of a trip.
    Reviewed {
        /// From 1 to 5.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rating: Option<u32>,
    },
    /// Somebody was referred.
    ReferralCompleted {
        /// The referral.
        #[serde(flatten)]
        referral: Referral,
    },
    /// The member's birthday.
    Birthday,
    /// Something of the agency's own.
    Other {
        /// What it is and says.
        #[serde(flatten)]
        event: AgencyEvent,
    },
}

impl Happening {
    /// The name used in JSON, golden cases and tables.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Joined => "joined",
            Self::BookingConfirmed { .. } => "booking-confirmed",
            Self::BookingCompleted { .. } => "booking-completed",
            Self::Reviewed { .. } => "reviewed",
            Self::ReferralCompleted { .. } => "referral-completed",
            Self::Birthday => "birthday",
            Self::Other { .. } => "other",
        }
    }

    /// The booking it is about.
    pub fn booking(&self) -> Option<&Booked> {
        match self {
            Self::BookingConfirmed { booking } | Self::BookingCompleted { booking } => Some(booking),
            _ => None,
        }
    }
}

/// What a rule is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occasion {
    /// When it happened, in ms since 1970.
    pub at: Instant,
    /// The same as a day in the agency's zone.
    pub on: Day,
    /// What happened.
    #[serde(flatten)]
    pub what: Happening,
}

/// The tier a member stands in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingIn {
    /// Its key.
    pub tier: String,
    /// Since when.
    pub since: Day,
    /// The last day on which it is not lowered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Day>,
    /// Whether somebody gave it by hand.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_hand: bool,
}

/// Status that became active on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusDay {
    /// The day.
    pub on: Day,
    /// How much of it is left.
    pub points: i64,
}

/// What a member has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The day of joining.
    pub member_since: Day,
    /// The tier, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<StandingIn>,
    /// Points that can be spent.
    pub available: i64,
    /// Points that are still to become so.
    pub pending: i64,
    /// Status by the day on which it became active, the earliest first, each day once.
    pub status: Vec<StatusDay>,
}

/// Passes what a rule may be asked: the host's own mistake otherwise.
///
/// # Errors
/// What is wrong.
pub fn check(occasion: Option<&Occasion>, standing: &Standing) -> Result<(), Words> {
    let points = 0..=LARGEST_POINTS;
    if !points.contains(&standing.available) || !points.contains(&standing.pending) {
        return Err(words!("the balance is out of bounds", "余额超出范围"));
    }
    if let Some(held) = &standing.tier
        && held.valid_until.is_some_and(|day| !time::is_day(day))
    {
        return Err(words!(
            "the tier's validity is no day of the calendar",
            "等级有效期不是日历中的日期"
        ));
    }
    let status = &standing.status;
    if status.len() > STATUS_DAYS as usize {
        return Err(words!(
            "{days} days of status, {STATUS_DAYS} are the most",
            "有 {days} 天的成长值，上限为 {STATUS_DAYS}",
            days = status.len()
        ));
    }
    if !status.is_sorted_by(|one, next| one.on < next.on) || status.iter().any(|day| !points.contains(&day.points)) {
        return Err(words!(
            "the days of status are not in order, or out of bounds",
            "成长值各日未按先后排列，或超出范围"
        ));
    }
    let Some(occasion) = occasion else { return Ok(()) };
    if let Some(booking) = occasion.what.booking()
        && !(0..=LARGEST_AMOUNT).contains(&booking.amount)
    {
        return Err(words!("the amount is out of bounds", "金额超出范围"));
    }
    if let Happening::Other { event } = &occasion.what {
        check_event(event)?;
    }
    Ok(())
}

/// Passes an agency's own event.
///
/// # Errors
/// What is wrong.
pub fn check_event(event: &AgencyEvent) -> Result<(), Words> {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if event.name.len() > 64 || !event.name.split('-').all(word) {
        return Err(words!(
            "the name {name:?} must be 1 to 64 bytes: lower-case words joined by hyphens, as status-match",
            "名称 {name:?} 应为 1 到 64 字节的小写单词，用连字符连接，如 status-match",
            name = event.name.chars().take(80).collect::<String>()
        ));
    }
    let plain = |value: &Value| value.is_string() || value.is_boolean() || value.is_i64();
    if let Some((key, _)) = event.data.iter().find(|(_, value)| !plain(value)) {
        return Err(words!(
            "data.{key} must be a text, a whole number or true/false",
            "data.{key} 应为文本、整数或 true/false",
            key = key.chars().take(80).collect::<String>()
        ));
    }
    let bytes = serde_json::to_string(&event.data).map_or(usize::MAX, |text| text.len());
    if bytes > MOST_DATA {
        return Err(words!(
            "data has {bytes} bytes, {MOST_DATA} are the most",
            "data 有 {bytes} 字节，上限为 {MOST_DATA}"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn occasions_are_pinned_as_golden_cases_write_them() {
        let booking = Booked {
            booked: 20_468,
            amount: 500,
            ..Booked::default()
        };
        let referral = Referral {
            side: Side::Referrer,
            earlier: 3,
            earlier_12m: 1,
        };
        let event = AgencyEvent {
            name: "status-match".into(),
            data: Map::from_iter([("tier".to_owned(), json!("gold"))]),
        };
        for (what, written) in [
            (Happening::Joined, json!({"kind": "joined"})),
            (
                Happening::BookingConfirmed { booking },
                json!({"kind": "booking-confirmed", "booking": {"booked": 20_468, "amount": 500}}),
            ),
            (
                Happening::Reviewed { rating: Some(5) },
                json!({"kind": "reviewed", "rating": 5}),
            ),
            (
                Happening::ReferralCompleted { referral },
                json!({"kind": "referral-completed", "side": "referrer", "earlier": 3, "earlier_12m": 1}),
            ),
            (
                Happening::Other { event },
                json!({"kind": "other", "name": "status-match", "data": {"tier": "gold"}}),
            ),
        ] {
            let occasion = Occasion { at: 1, on: 2, what };
            let mut whole = written.clone();
            (whole["at"], whole["on"]) = (1.into(), 2.into());
            assert_eq!(serde_json::to_value(&occasion).expect("JSON"), whole);
            assert_eq!(written["kind"], occasion.what.kind());
            assert_eq!(
                serde_json::from_value::<Occasion>(whole).expect("an occasion"),
                occasion
            );
        }
    }

    #[test]
    fn what_no_rule_is_asked_is_refused() {
        let standing = Standing::default();
        assert_eq!(check(None, &standing), Ok(()));
        let day = |on, points| StatusDay { on, points };
        for status in [vec![day(2, 1), day(1, 1)], vec![day(1, 1), day(1, 1)], vec![day(1, -1)]] {
            let standing = Standing {
                status,
                ..standing.clone()
            };
            assert!(check(None, &standing).is_err());
        }
        for available in [-1, LARGEST_POINTS + 1] {
            let standing = Standing {
                available,
                ..standing.clone()
            };
            assert!(check(None, &standing).is_err());
        }
        let event = |name: &str, data: Value| AgencyEvent {
            name: name.into(),
            data: data.as_object().cloned().unwrap_or_default(),
        };
        assert_eq!(
            check_event(&event("status-match", json!({"tier": "gold", "n": 1, "x": true}))),
            Ok(())
        );
        for (name, data) in [
            ("", json!({})),
            ("Status", json!({})),
            ("a--b", json!({})),
            ("a", json!({"x": 1.5})),
            ("a", json!({"x": [1]})),
            ("a", json!({"x": "y".repeat(MOST_DATA)})),
        ] {
            assert!(check_event(&event(name, data)).is_err(), "{name}");
        }
    }
}
