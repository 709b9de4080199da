use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::Said;
use crate::facts::Value;
use crate::said::said;

/// What a case asks.
#[derive(Debug, Clone, PartialEq)]
pub struct MemberRequest {
    /// The day of the call, as days since 1970.
    pub today: i32,
    /// The moment of the call, in ms since 1970.
    pub now: i64,
    /// The seed of the call.
    pub seed: u64,
    /// The settings.
    pub config: Json,
    /// What the member has.
    pub standing: Standing,
    /// What happened; none asks for the tier.
    pub occasion: Option<Occasion>,
    /// Values in the order of the declared facts.
    pub facts: Vec<Value>,
}

/// What happened, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occasion {
    /// In ms since 1970.
    pub at: i64,
    /// As days since 1970.
    pub on: i32,
    /// What it was.
    pub what: Happening,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Happening {
    Joined,
    BookingConfirmed(Booked),
    BookingCompleted(Booked),
    Reviewed {
        rating: Option<u32>,
    },
    ReferralCompleted {
        /// Whether the rule is asked about who told of the agency, not about who came.
        referrer: bool,
        earlier: u32,
        earlier_12m: u32,
    },
    Birthday,
    Other {
        name: String,
        data: Map<String, Json>,
    },
}

/// A booking.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Booked {
    pub product: Option<String>,
    pub destination: Option<String>,
    pub theme: Option<String>,
    pub channel: Option<String>,
    pub booked: i32,
    pub departs: Option<i32>,
    pub returns: Option<i32>,
    pub travellers: Option<u32>,
    pub amount: i64,
}

/// What a member has.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Standing {
    pub member_since: i32,
    pub tier: Option<StandingIn>,
    pub available: i64,
    pub pending: i64,
    /// Days and the status that became active on them, the earliest first.
    pub status: Vec<(i32, i64)>,
}

/// The tier a member stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct StandingIn {
    pub tier: String,
    pub since: i32,
    pub valid_until: Option<i32>,
    pub by_hand: bool,
}

/// A standing as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StandingSaid {
    #[serde(default)]
    member_since: Option<Json>,
    #[serde(default)]
    tier: Option<StandingInSaid>,
    #[serde(default)]
    available: i64,
    #[serde(default)]
    pending: i64,
    #[serde(default)]
    status: Vec<StatusSaid>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct StandingInSaid {
    tier: String,
    #[serde(default)]
    since: Option<Json>,
    #[serde(default)]
    valid_until: Option<Json>,
    #[serde(default)]
    by_hand: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct StatusSaid {
    on: Json,
    points: i64,
}

/// An occasion as it is written: its kind, and what occasions of that kind have.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OccasionSaid {
    kind: String,
    #[serde(default)]
    at: Option<i64>,
    #[serde(default)]
    on: Option<Json>,
    #[serde(default)]
    booking: Option<BookedSaid>,
    #[serde(default)]
    rating: Option<u32>,
    #[serde(default)]
    side: Option<String>,
    #[serde(default)]
    earlier: u32,
    #[serde(default)]
    earlier_12m: u32,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    data: Map<String, Json>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct BookedSaid {
    #[serde(default)]
    product: Option<String>,
    #[serde(default)]
    destination: Option<String>,
    #[serde(default)]
    theme: Option<String>,
    #[serde(default)]
    channel: Option<String>,
    #[serde(default)]
    booked: Option<Json>,
    #[serde(default)]
    departs: Option<Json>,
    #[serde(default)]
    returns: Option<Json>,
    #[serde(default)]
    travellers: Option<u32>,
    amount: i64,
}

/// Kinds of occasions.
const KINDS: [&str; 7] = [
    "joined",
    "booking-confirmed",
    "booking-completed",
    "reviewed",
    "referral-completed",
    "birthday",
    "other",
];

fn day(name: &str, json: &Json) -> Result<i32, Said> {
    let name = format!("{name} ");
    crate::day::read(json).map_err(|problem| problem.behind(&name, &name))
}

fn maybe(name: &str, json: &Option<Json>) -> Result<Option<i32>, Said> {
    json.as_ref().map(|json| day(name, json)).transpose()
}

impl StandingSaid {
    /// What is left out of it is of `today`, or nothing.
    pub(super) fn read(&self, today: i32) -> Result<Standing, Said> {
        let tier = self.tier.as_ref().map(|tier| {
            Ok(StandingIn {
                tier: tier.tier.clone(),
                since: maybe("since", &tier.since)?.unwrap_or(today),
                valid_until: maybe("valid_until", &tier.valid_until)?,
                by_hand: tier.by_hand,
            })
        });
        let status = self
            .status
            .iter()
            .map(|status| Ok((day("on", &status.on)?, status.points)));
        Ok(Standing {
            member_since: maybe("member_since", &self.member_since)?.unwrap_or(today),
            tier: tier.transpose()?,
            available: self.available,
            pending: self.pending,
            status: status.collect::<Result<_, Said>>()?,
        })
    }
}

impl OccasionSaid {
    /// Without a day it happened `today`, without a moment `now`.
    pub(super) fn read(&self, today: i32, now: i64) -> Result<Occasion, Said> {
        let on = maybe("on", &self.on)?.unwrap_or(today);
        let booking = || match &self.booking {
            Some(booking) => booking.read(on),
            None => Err(said!(
                "a {kind} has a `booking` with its `amount`",
                "{kind} 应有 `booking` 及其 `amount`",
                kind = self.kind
            )),
        };
        let what = match self.kind.as_str() {
            "joined" => Happening::Joined,
            "booking-confirmed" => Happening::BookingConfirmed(booking()?),
            "booking-completed" => Happening::BookingCompleted(booking()?),
            "reviewed" => Happening::Reviewed { rating: self.rating },
            "referral-completed" => Happening::ReferralCompleted {
                referrer: match self.side.as_deref() {
                    Some("referrer") => true,
                    Some("referred") => false,
                    _ => {
                        return Err(said!(
                            "a referral-completed has the `side` \"referrer\" or \"referred\"",
                            "referral-completed 的 `side` 应为 \"referrer\" 或 \"referred\""
                        ));
                    }
                },
                earlier: self.earlier,
                earlier_12m: self.earlier_12m,
            },
            "birthday" => Happening::Birthday,
            "other" => match &self.name {
                Some(name) => Happening::Other {
                    name: name.clone(),
                    data: self.data.clone(),
                },
                None => {
                    return Err(said!(
                        "an event of the agency's own has a `name`",
                        "自有事件应有 `name`"
                    ));
                }
            },
            other => {
                let meant = crate::meant::did_you_mean(other, KINDS);
                return Err(said!(
                    "the kind {other:?} is not one of {en}",
                    "kind {other:?} 无法识别；可用的有 {zh}",
                    en = KINDS.join(", "),
                    zh = KINDS.join("、")
                )
                .and(&meant));
            }
        };
        Ok(Occasion {
            at: self.at.unwrap_or(now),
            on,
            what,
        })
    }
}

impl BookedSaid {
    fn read(&self, on: i32) -> Result<Booked, Said> {
        Ok(Booked {
            product: self.product.clone(),
            destination: self.destination.clone(),
            theme: self.theme.clone(),
            channel: self.channel.clone(),
            booked: maybe("booked", &self.booked)?.unwrap_or(on),
            departs: maybe("departs", &self.departs)?,
            returns: maybe("returns", &self.returns)?,
            travellers: self.travellers,
            amount: self.amount,
        })
    }
}
