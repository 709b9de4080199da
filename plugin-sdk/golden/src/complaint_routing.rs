//! Cases of a rule of complaint routing: what came in, the desks there are, and what the rule says.

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::facts::{self, Value};
use crate::form::{Form, Shape};
use crate::mismatch::{Mismatch, word};
use crate::said::said;
use crate::segmentation::not_a_date;
use crate::{Rule, Said};

/// What somebody has to say.
pub const KINDS: [&str; 4] = ["complaint", "suggestion", "inquiry", "praise"];
/// What a case is about.
pub const CAUSES: [&str; 9] = [
    "service_failure",
    "product",
    "information",
    "force_majeure",
    "malicious",
    "price",
    "safety",
    "refund",
    "other",
];
/// Who is answerable.
pub const LIABILITIES: [&str; 5] = ["agency", "supplier", "guest", "force_majeure", "unclear"];
/// When in a trip it happened.
pub const PHASES: [&str; 3] = ["pre", "in_trip", "post"];
/// Clocks that a rule may set.
pub const CLOCKS: [&str; 3] = ["first_response", "next_update", "resolution"];
/// What puts right what went wrong.
pub const REMEDIES: [&str; 5] = ["apology", "refund", "discount", "gift", "points"];
/// Why a rule is asked, but for an escalation, which says of which clock.
pub const TRIGGERS: [&str; 5] = ["opened", "reopened", "cause_changed", "severity_changed", "answered"];

/// A case, and what the rule says of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoutingCase {
    /// What the case shows, for people.
    pub name: String,
    /// The day of the call, `YYYY-MM-DD`.
    today: String,
    /// The moment of the call, in ms since 1970; midnight UTC of the day if left out.
    #[serde(default)]
    now: Option<i64>,
    /// The seed of the call; 0 if left out.
    #[serde(default)]
    seed: u64,
    /// Settings; `{}` if left out.
    #[serde(default = "crate::form::no_settings")]
    config: Json,
    /// What is known of the customer.
    #[serde(default)]
    facts: Map<String, Json>,
    /// What came in.
    complaint: ComplaintSaid,
    /// Why the rule is asked; `opened` if left out.
    #[serde(default)]
    trigger: Option<Json>,
    /// The desks; one, `default` with somebody on duty, if left out.
    #[serde(default)]
    desks: Option<Vec<DeskSaid>>,
    /// What the rule says. What is left out is not compared.
    expect: Json,
}

/// What a case asks.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub struct CaseRequest {
    pub today: i32,
    pub now: i64,
    pub seed: u64,
    pub config: Json,
    pub complaint: Complained,
    pub desks: Vec<DeskAt>,
    pub facts: Vec<Value>,
}

/// What came in. Words are those of the lists above.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Complained {
    pub kind: &'static str,
    pub cause: Option<&'static str>,
    pub cause_detail: Option<String>,
    pub channel: String,
    pub phase: &'static str,
    pub severity: Option<u8>,
    pub severity_by_person: bool,
    pub liability: Option<&'static str>,
    pub opened_at: i64,
    pub booking: Option<BookedAt>,
    pub supplier: Option<String>,
    pub reopened: u32,
    pub hops: u32,
    pub breached: bool,
    pub alike: u32,
    pub desk: Option<u16>,
    /// One of the triggers; none for an escalation.
    pub trigger: Option<&'static str>,
    pub escalation: Option<(&'static str, u32)>,
}

/// The booking that a case is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct BookedAt {
    pub product: Option<String>,
    pub destination: Option<String>,
    pub theme: Option<String>,
    pub departs: Option<i32>,
    pub returns: Option<i32>,
    pub travellers: Option<u32>,
    pub amount: Option<i64>,
}

/// A desk that a case can go to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct DeskAt {
    pub key: String,
    pub skills: Vec<String>,
    pub within_hours: bool,
    pub open_cases: u32,
    /// On duty, open cases, idle minutes.
    pub people: Vec<(bool, u32, u32)>,
}

/// What a rule says of a case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct Routed<'a> {
    pub desk: Option<&'a str>,
    pub person: Option<u16>,
    pub severity: Option<u8>,
    pub cause: Option<&'a str>,
    pub targets: Vec<(&'a str, u32)>,
    pub escalations: Vec<(&'a str, u32)>,
    pub playbook: Option<&'a str>,
    pub compensations: Vec<(&'a str, i64)>,
    pub reason: Option<&'a str>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ComplaintSaid {
    kind: Option<String>,
    cause: Option<String>,
    cause_detail: Option<String>,
    channel: Option<String>,
    phase: Option<String>,
    severity: Option<u8>,
    severity_by_person: bool,
    liability: Option<String>,
    opened_at: Option<i64>,
    booking: Option<BookingSaid>,
    supplier: Option<String>,
    reopened: u32,
    hops: u32,
    breached: bool,
    alike: u32,
    desk: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct BookingSaid {
    product: Option<String>,
    destination: Option<String>,
    theme: Option<String>,
    departs: Option<Json>,
    returns: Option<Json>,
    travellers: Option<u32>,
    amount: Option<i64>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeskSaid {
    key: String,
    #[serde(default)]
    skills: Vec<String>,
    #[serde(default = "yes")]
    within_hours: bool,
    #[serde(default)]
    open_cases: u32,
    #[serde(default)]
    people: Vec<PersonSaid>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonSaid {
    #[serde(default = "yes")]
    on_duty: bool,
    #[serde(default)]
    open_cases: u32,
    #[serde(default)]
    idle_minutes: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct StepSaid {
    clock: String,
    percent: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct CompensationSaid {
    remedy: String,
    #[serde(default)]
    amount: i64,
}

/// What is given is compared, also as `null`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Expected {
    #[serde(deserialize_with = "given")]
    desk: Option<Option<String>>,
    #[serde(deserialize_with = "given")]
    person: Option<Option<u16>>,
    #[serde(deserialize_with = "given")]
    severity: Option<Option<u8>>,
    #[serde(deserialize_with = "given")]
    cause: Option<Option<String>>,
    targets: Option<Map<String, Json>>,
    escalations: Option<Vec<StepSaid>>,
    #[serde(deserialize_with = "given")]
    playbook: Option<Option<String>>,
    compensations: Option<Vec<CompensationSaid>>,
    #[serde(deserialize_with = "given")]
    reason: Option<Option<String>>,
}

fn given<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(json: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(json).map(Some)
}

fn yes() -> bool {
    true
}

/// One of the words that there are.
fn one_of(name: &str, said: &str, known: &[&'static str]) -> Result<&'static str, Said> {
    let found = known.iter().copied().find(|word| *word == said);
    found.ok_or_else(|| {
        let meant = crate::meant::did_you_mean(said, known.iter().copied());
        said!(
            "{name} {said:?} is not one of {en}",
            "{name} {said:?} 无法识别；可用的有 {zh}",
            en = known.join(", "),
            zh = known.join("、")
        )
        .and(&meant)
    })
}

fn maybe(name: &str, said: Option<&String>, known: &[&'static str]) -> Result<Option<&'static str>, Said> {
    said.map(|said| one_of(name, said, known)).transpose()
}

fn day(name: &str, json: &Option<Json>) -> Result<Option<i32>, Said> {
    let name = format!("{name} ");
    let read = |json: &Json| crate::day::read(json).map_err(|problem| problem.behind(&name, &name));
    json.as_ref().map(read).transpose()
}

impl Form for RoutingCase {
    const SHAPE: Shape = Shape {
        point: "complaint-routing",
        zh: "投诉分派",
        mark: "complaint",
        holds: "the `complaint` that came in",
        holds_zh: "投诉 `complaint`",
    };

    fn name(&self) -> &str {
        &self.name
    }
}

impl RoutingCase {
    /// Reads the case for a rule.
    ///
    /// # Errors
    /// The mistakes in the case.
    pub fn read(&self, rule: &Rule) -> Result<CaseRequest, Said> {
        let today = self.today.as_str();
        let today = crate::day(today).ok_or_else(|| not_a_date(today))?;
        let now = self.now.unwrap_or(i64::from(today) * crate::day::MILLIS);
        let facts = facts::read(&rule.facts, &self.facts).map_err(|problem| problem.behind("facts: ", "facts："))?;
        let desks = self.desks();
        let complaint = self.complained(&desks, now);
        self.expected()
            .map_err(|problem| problem.behind("expect: ", "expect："))?;
        Ok(CaseRequest {
            today,
            now,
            seed: self.seed,
            config: self.config.clone(),
            complaint: complaint.map_err(|problem| problem.behind("complaint: ", "complaint："))?,
            desks,
            facts,
        })
    }

    fn desks(&self) -> Vec<DeskAt> {
        let Some(said) = &self.desks else {
            return vec![DeskAt {
                key: "default".to_owned(),
                skills: Vec::new(),
                within_hours: true,
                open_cases: 0,
                people: vec![(true, 0, 0)],
            }];
        };
        let desk = |desk: &DeskSaid| DeskAt {
            key: desk.key.clone(),
            skills: desk.skills.clone(),
            within_hours: desk.within_hours,
            open_cases: desk.open_cases,
            people: desk
                .people
                .iter()
                .map(|person| (person.on_duty, person.open_cases, person.idle_minutes))
                .collect(),
        };
        said.iter().map(desk).collect()
    }

    fn complained(&self, desks: &[DeskAt], now: i64) -> Result<Complained, Said> {
        let said = &self.complaint;
        let desk = said.desk.as_ref().map(|key| {
            let place = desks.iter().position(|desk| desk.key == *key);
            place
                .and_then(|place| u16::try_from(place).ok())
                .ok_or_else(|| said!("there is no desk {key:?}", "没有处理组 {key:?}"))
        });
        let booking = said.booking.as_ref().map(|booking| {
            Ok(BookedAt {
                product: booking.product.clone(),
                destination: booking.destination.clone(),
                theme: booking.theme.clone(),
                departs: day("departs", &booking.departs)?,
                returns: day("returns", &booking.returns)?,
                travellers: booking.travellers,
                amount: booking.amount,
            })
        });
        let (trigger, escalation) = self.trigger()?;
        Ok(Complained {
            kind: maybe("kind", said.kind.as_ref(), &KINDS)?.unwrap_or(KINDS[0]),
            cause: maybe("cause", said.cause.as_ref(), &CAUSES)?,
            cause_detail: said.cause_detail.clone(),
            channel: said.channel.clone().unwrap_or_else(|| "phone".to_owned()),
            phase: maybe("phase", said.phase.as_ref(), &PHASES)?.unwrap_or("post"),
            severity: said.severity,
            severity_by_person: said.severity_by_person,
            liability: maybe("liability", said.liability.as_ref(), &LIABILITIES)?,
            opened_at: said.opened_at.unwrap_or(now),
            booking: booking.transpose()?,
            supplier: said.supplier.clone(),
            reopened: said.reopened,
            hops: said.hops,
            breached: said.breached,
            alike: said.alike,
            desk: desk.transpose()?,
            trigger,
            escalation,
        })
    }

    #[expect(clippy::type_complexity, reason = "one of two")]
    fn trigger(&self) -> Result<(Option<&'static str>, Option<(&'static str, u32)>), Said> {
        match &self.trigger {
            None => Ok((Some(TRIGGERS[0]), None)),
            Some(Json::String(word)) => Ok((Some(one_of("trigger", word, &TRIGGERS)?), None)),
            Some(other) => {
                let step: StepSaid = serde_json::from_value(other.clone()).map_err(|_| {
                    said!(
                        "trigger is a word, or of an escalation {{\"clock\": \"resolution\", \"percent\": 100}}",
                        "trigger 应为单词；升级时写成 {{\"clock\": \"resolution\", \"percent\": 100}}"
                    )
                })?;
                Ok((None, Some((one_of("clock", &step.clock, &CLOCKS)?, step.percent))))
            }
        }
    }

    fn expected(&self) -> Result<Expected, Said> {
        let expected: Expected =
            serde_json::from_value(self.expect.clone()).map_err(|error| said!("{error}", "{error}"))?;
        maybe("cause", expected.cause.as_ref().and_then(Option::as_ref), &CAUSES)?;
        for clock in expected.targets.iter().flat_map(Map::keys) {
            one_of("targets", clock, &CLOCKS)?;
        }
        for step in expected.escalations.iter().flatten() {
            one_of("clock", &step.clock, &CLOCKS)?;
        }
        for one in expected.compensations.iter().flatten() {
            one_of("remedy", &one.remedy, &REMEDIES)?;
        }
        Ok(expected)
    }

    /// The keys of the desks, in their order.
    pub fn desk_keys(&self) -> Vec<String> {
        self.desks().into_iter().map(|desk| desk.key).collect()
    }

    /// Every difference between a routing and the expected one.
    pub fn compare(&self, said: &Routed<'_>) -> Vec<Mismatch> {
        let Ok(expected) = self.expected() else {
            return Vec::new();
        };
        let mut found = Vec::new();
        let mut hold = |field: &'static str, wanted: Option<String>, got: String| {
            if let Some(expected) = wanted.filter(|wanted| *wanted != got) {
                found.push(Mismatch {
                    place: None,
                    field,
                    expected,
                    got,
                });
            }
        };
        let number = |number: Option<u64>| number.map_or_else(|| word(None), |number| number.to_string());
        let words = |wanted: &Option<Option<String>>| wanted.as_ref().map(|wanted| word(wanted.as_deref()));
        hold("desk", words(&expected.desk), word(said.desk));
        let person = |person: Option<u16>| number(person.map(u64::from));
        hold("person", expected.person.map(person), person(said.person));
        let severity = |severity: Option<u8>| number(severity.map(u64::from));
        hold("severity", expected.severity.map(severity), severity(said.severity));
        hold("cause", words(&expected.cause), word(said.cause));
        let targets = expected.targets.as_ref().map(|targets| {
            let pairs = targets
                .iter()
                .map(|(clock, minutes)| (clock.as_str(), minutes.as_u64().unwrap_or(0)));
            listed(pairs)
        });
        hold(
            "targets",
            targets,
            listed(said.targets.iter().map(|(clock, minutes)| (*clock, *minutes))),
        );
        let steps = expected.escalations.as_ref();
        let steps = steps.map(|steps| listed(steps.iter().map(|step| (step.clock.as_str(), step.percent))));
        hold("escalations", steps, listed(said.escalations.iter().copied()));
        hold("playbook", words(&expected.playbook), word(said.playbook));
        let all = expected.compensations.as_ref();
        let all = all.map(|all| listed(all.iter().map(|one| (one.remedy.as_str(), one.amount))));
        hold("compensations", all, listed(said.compensations.iter().copied()));
        hold("reason", words(&expected.reason), word(said.reason));
        found
    }
}

/// Words with their numbers, in the order of the words.
fn listed<'a, N: std::fmt::Display>(pairs: impl Iterator<Item = (&'a str, N)>) -> String {
    let mut all: Vec<String> = pairs.map(|(name, number)| format!("{name} {number}")).collect();
    all.sort_unstable();
    match all.is_empty() {
        true => word(None),
        false => all.join(", "),
    }
}
