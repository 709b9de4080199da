use serde::Deserialize;
use serde_json::Value as Json;

use crate::Said;
use crate::mismatch::{Mismatch, Place, word};
use crate::said::said;

/// Where points are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wallet {
    /// They are spent.
    #[default]
    Points,
    /// They count towards tiers.
    Status,
}

/// When points become active.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Active {
    /// At once.
    Now,
    /// When the trip is over.
    Completed,
    /// On this day.
    On(i32),
}

/// How long points last once they are active.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasts {
    /// Without an end.
    Forever,
    /// Until this day, including it.
    Until(i32),
    /// So many days.
    Days(u32),
    /// Until the end of the so-many-th month after.
    Months(u32),
}

/// A posting that the rule makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posted<'a> {
    /// Where the points go.
    pub wallet: Wallet,
    /// How many.
    pub points: i64,
    /// When they become active.
    pub active: Active,
    /// How long they last.
    pub expires: Lasts,
    /// Code of the reason.
    pub reason: Option<&'a str>,
}

/// Where the rule puts the member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed<'a> {
    /// Key of the tier.
    pub tier: Option<&'a str>,
    /// The last day on which it is not lowered.
    pub valid_until: Option<i32>,
    /// The next tier, what the member has, and what it takes.
    pub next: Option<(&'a str, i64, i64)>,
    /// Code of the reason.
    pub reason: Option<&'a str>,
}

/// A posting the rule should make. What is left out is not compared, but for the wallet.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct PostingSaid {
    #[serde(default)]
    wallet: Wallet,
    points: i64,
    #[serde(default)]
    active: Option<Json>,
    #[serde(default)]
    expires: Option<Json>,
    #[serde(default)]
    reason: Option<String>,
}

/// Where the rule should put the member. What is left out is not compared, but for the tier.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlacementSaid {
    #[serde(default)]
    tier: Option<String>,
    #[serde(default, deserialize_with = "given")]
    valid_until: Option<Json>,
    #[serde(default, deserialize_with = "given")]
    next: Option<Json>,
    #[serde(default)]
    reason: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct NextSaid {
    tier: String,
    have: i64,
    need: i64,
}

/// A member that is there, also as `null`.
fn given<'de, D: serde::Deserializer<'de>>(json: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(json).map(Some)
}

/// An expected posting, read.
#[derive(Debug, Clone)]
pub(super) struct Posting {
    wallet: Wallet,
    points: i64,
    active: Option<Active>,
    expires: Option<Lasts>,
    reason: Option<String>,
}

/// An expected placement, read.
#[derive(Debug, Clone)]
pub(super) struct Placement {
    tier: Option<String>,
    valid_until: Option<Option<i32>>,
    next: Option<Option<(String, i64, i64)>>,
    reason: Option<String>,
}

fn wrong(error: serde_json::Error) -> Said {
    said!("{error}", "{error}")
}

pub(super) fn postings(json: &Json) -> Result<Vec<Posting>, Said> {
    let Json::Array(_) = json else {
        return Err(said!(
            "for an occasion it is a list of postings, as [{{\"points\": 100}}]",
            "有 occasion 时应为积分列表，如 [{{\"points\": 100}}]"
        ));
    };
    let said: Vec<PostingSaid> = serde_json::from_value(json.clone()).map_err(wrong)?;
    let read = |said: PostingSaid| {
        Ok(Posting {
            wallet: said.wallet,
            points: said.points,
            active: said.active.as_ref().map(active).transpose()?,
            expires: said.expires.as_ref().map(lasts).transpose()?,
            reason: said.reason,
        })
    };
    said.into_iter().map(read).collect()
}

pub(super) fn placement(json: &Json) -> Result<Placement, Said> {
    let Json::Object(_) = json else {
        return Err(said!(
            "without an occasion it is where the member stands, as {{\"tier\": \"gold\"}}",
            "没有 occasion 时应为会员所在的等级，如 {{\"tier\": \"gold\"}}"
        ));
    };
    let said: PlacementSaid = serde_json::from_value(json.clone()).map_err(wrong)?;
    let valid_until = said.valid_until.map(|json| match json {
        Json::Null => Ok(None),
        json => crate::day::read(&json)
            .map(Some)
            .map_err(|problem| problem.behind("valid_until ", "valid_until ")),
    });
    let next = said.next.map(|json| match json {
        Json::Null => Ok(None),
        json => {
            let next: NextSaid = serde_json::from_value(json).map_err(wrong)?;
            Ok(Some((next.tier, next.have, next.need)))
        }
    });
    Ok(Placement {
        tier: said.tier,
        valid_until: valid_until.transpose()?,
        next: next.transpose()?,
        reason: said.reason,
    })
}

fn active(json: &Json) -> Result<Active, Said> {
    match json.as_str() {
        Some("now") => Ok(Active::Now),
        Some("completed") => Ok(Active::Completed),
        _ => crate::day::read(json).map(Active::On).map_err(|_| {
            said!(
                "active is \"now\", \"completed\" or a day, not {json}",
                "active 应为 \"now\"、\"completed\" 或日期，现为 {json}"
            )
        }),
    }
}

fn lasts(json: &Json) -> Result<Lasts, Said> {
    let number = |name: &str| {
        json.get(name)
            .and_then(Json::as_u64)
            .and_then(|number| u32::try_from(number).ok())
    };
    let found = match json {
        Json::String(word) if word == "never" => Some(Lasts::Forever),
        Json::Object(members) if members.len() == 1 => number("days")
            .map(Lasts::Days)
            .or_else(|| number("months").map(Lasts::Months)),
        json => crate::day::read(json).ok().map(Lasts::Until),
    };
    found.ok_or_else(|| {
        said!(
            "expires is \"never\", a day, {{\"days\": 30}} or {{\"months\": 24}}, not {json}",
            "expires 应为 \"never\"、日期、{{\"days\": 30}} 或 {{\"months\": 24}}，现为 {json}"
        )
    })
}

pub(super) fn compare_postings(expected: &[Posting], posted: &[Posted<'_>]) -> Vec<Mismatch> {
    let mut found = Vec::new();
    for at in 0..expected.len().max(posted.len()) {
        let mut differs = |field, expected, got| {
            found.push(Mismatch {
                place: Some(Place {
                    part: "posting",
                    zh: "笔",
                    at,
                }),
                field,
                expected,
                got,
            });
        };
        let (wanted, got) = match (expected.get(at), posted.get(at)) {
            (Some(wanted), Some(got)) => (wanted, got),
            (Some(wanted), None) => {
                differs("posting", points(wanted.wallet, wanted.points), word(None));
                continue;
            }
            (None, Some(got)) => {
                differs("posting", word(None), points(got.wallet, got.points));
                continue;
            }
            (None, None) => break,
        };
        if (wanted.wallet, wanted.points) != (got.wallet, got.points) {
            differs(
                "points",
                points(wanted.wallet, wanted.points),
                points(got.wallet, got.points),
            );
        }
        if let Some(active) = wanted.active.filter(|active| *active != got.active) {
            differs("active", told_active(active), told_active(got.active));
        }
        if let Some(lasts) = wanted.expires.filter(|lasts| *lasts != got.expires) {
            differs("expires", told_lasts(lasts), told_lasts(got.expires));
        }
        if wanted.reason.is_some() && wanted.reason.as_deref() != got.reason {
            differs("reason", word(wanted.reason.as_deref()), word(got.reason));
        }
    }
    found
}

pub(super) fn compare_placement(expected: &Placement, placed: &Placed<'_>) -> Vec<Mismatch> {
    let mut found = Vec::new();
    let mut differs = |field, expected, got| {
        found.push(Mismatch {
            place: None,
            field,
            expected,
            got,
        });
    };
    if expected.tier.as_deref() != placed.tier {
        differs("tier", word(expected.tier.as_deref()), word(placed.tier));
    }
    if let Some(day) = expected.valid_until.filter(|day| *day != placed.valid_until) {
        differs("valid_until", told_day(day), told_day(placed.valid_until));
    }
    if let Some(next) = &expected.next {
        let next = next.as_ref().map(|(tier, have, need)| (tier.as_str(), *have, *need));
        if next != placed.next {
            differs("next", told_next(next), told_next(placed.next));
        }
    }
    if expected.reason.is_some() && expected.reason.as_deref() != placed.reason {
        differs("reason", word(expected.reason.as_deref()), word(placed.reason));
    }
    found
}

fn points(wallet: Wallet, points: i64) -> String {
    match wallet {
        Wallet::Points => format!("{points} points"),
        Wallet::Status => format!("{points} status"),
    }
}

fn told_active(active: Active) -> String {
    match active {
        Active::Now => "now".to_owned(),
        Active::Completed => "completed".to_owned(),
        Active::On(day) => date(day),
    }
}

fn told_lasts(lasts: Lasts) -> String {
    match lasts {
        Lasts::Forever => "never".to_owned(),
        Lasts::Until(day) => date(day),
        Lasts::Days(days) => format!("{days} days"),
        Lasts::Months(months) => format!("{months} months"),
    }
}

fn told_day(day: Option<i32>) -> String {
    day.map_or_else(|| word(None), date)
}

fn told_next(next: Option<(&str, i64, i64)>) -> String {
    next.map_or_else(
        || word(None),
        |(tier, have, need)| format!("{have} of {need} for {tier:?}"),
    )
}

/// A day as it is written: a date, or beyond the calendar a number.
fn date(day: i32) -> String {
    crate::day::text(day)
}
