//! What a rule is asked about a case, and the desks it can go to.

use super::words::{Cause, Kind, Liability, Phase, Trigger};
use super::{Escalation, SEVERITIES};
use crate::money::LARGEST_AMOUNT;
use crate::{Day, Instant, Words, words};
use serde::{Deserialize, Serialize};

/// Most desks that a rule is told of.
pub const MOST_DESKS: usize = 50;
/// Most people of a desk, and of all of them.
pub const MOST_PEOPLE: usize = 50;
/// Most people of all desks together.
pub const MOST_PEOPLE_IN_ALL: usize = 500;

/// The booking that a case is about.
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
    /// First day of the trip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub departs: Option<Day>,
    /// Last day of the trip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub returns: Option<Day>,
    /// How many people travel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub travellers: Option<u32>,
    /// Price in full, in minor units of the agency's base currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
}

/// A case as a rule sees it. Who it is about it is told by facts alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// What somebody has to say.
    pub kind: Kind,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// The agency's own word below that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause_detail: Option<String>,
    /// How it came.
    pub channel: String,
    /// When in a trip it happened.
    pub phase: Phase,
    /// From 1, the gravest, to 4; none before anybody has said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<i32>,
    /// Whether a person said so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub severity_by_person: bool,
    /// Who is answerable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub liability: Option<Liability>,
    /// When it came, in ms since 1970.
    pub opened_at: Instant,
    /// The booking it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booking: Option<Booked>,
    /// Whose service it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<String>,
    /// How often it was opened again.
    #[serde(default)]
    pub reopened: u32,
    /// How often it has gone from one desk to another.
    #[serde(default)]
    pub hops: u32,
    /// Whether something promised was not done in time.
    #[serde(default)]
    pub breached: bool,
    /// Other open cases of the same cause and of the same departure or product.
    #[serde(default)]
    pub alike: u32,
    /// Where it is: place among the desks; none when it is opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desk: Option<u16>,
    /// Why the rule is asked.
    pub trigger: Trigger,
    /// Of which clock, and how much of it is used up, where that is why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation: Option<Escalation>,
}

/// Somebody of a desk, without a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Whether they work now.
    pub on_duty: bool,
    /// Cases that are with them.
    #[serde(default)]
    pub open_cases: u32,
    /// Minutes since the last one came.
    #[serde(default)]
    pub idle_minutes: u32,
}

/// A desk that a case can go to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desk {
    /// Its key.
    pub key: String,
    /// What it can do.
    #[serde(default)]
    pub skills: Vec<String>,
    /// Whether it works now.
    #[serde(default)]
    pub within_hours: bool,
    /// Cases that are there.
    #[serde(default)]
    pub open_cases: u32,
    /// Its people.
    #[serde(default)]
    pub people: Vec<Person>,
}

/// Passes what a rule may be asked: the host's own mistake otherwise.
///
/// # Errors
/// What is wrong.
pub fn check(case: &Case, desks: &[Desk]) -> Result<(), Words> {
    if desks.len() > MOST_DESKS {
        return Err(words!(
            "{count} desks, {MOST_DESKS} are the most",
            "有 {count} 个处理组，上限为 {MOST_DESKS}",
            count = desks.len()
        ));
    }
    let people: usize = desks.iter().map(|desk| desk.people.len()).sum();
    if people > MOST_PEOPLE_IN_ALL || desks.iter().any(|desk| desk.people.len() > MOST_PEOPLE) {
        return Err(words!(
            "{people} people, {MOST_PEOPLE_IN_ALL} are the most and {MOST_PEOPLE} of a desk",
            "有 {people} 人，上限为 {MOST_PEOPLE_IN_ALL}，每组 {MOST_PEOPLE}"
        ));
    }
    if case.desk.is_some_and(|desk| usize::from(desk) >= desks.len()) {
        return Err(words!(
            "the case is at a desk that there is not",
            "案件所在的处理组不存在"
        ));
    }
    if case.severity.is_some_and(|severity| !SEVERITIES.contains(&severity)) {
        return Err(words!("the severity is none from 1 to 4", "严重程度不在 1 到 4 之间"));
    }
    let amount = case.booking.as_ref().and_then(|booking| booking.amount);
    if amount.is_some_and(|amount| !(0..=LARGEST_AMOUNT).contains(&amount)) {
        return Err(words!("the amount is out of bounds", "金额超出范围"));
    }
    if (case.trigger == Trigger::Escalation) != case.escalation.is_some() {
        return Err(words!(
            "an escalation says of which clock, and nothing else does",
            "只有升级才说明是哪个时钟"
        ));
    }
    Ok(())
}
