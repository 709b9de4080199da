//! Rules that are set aside: nobody asks them for a while, as they keep failing, or keep taking more of a quote's time than others can spare, and
//! there is no older revision to give way to.

use super::pointer::find;
use crate::App;
use crate::error::Result;
use crate::webhooks::Told;
use posthouse_domain::{Instant, Words, words};
use posthouse_store::plugins::{self as store, BindingRow};
use posthouse_store::{Tx, campaigns};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

/// First and longest pause until a rule is asked again, in ms of the machine's clock; each is twice the one before.
const PAUSES: (i64, i64) = (60_000, 60 * 60_000);
/// Quotes in a row after which a rule costs too much: one may be a basket like no other.
const COSTLY_IN_A_ROW: i64 = 5;
/// A rule takes too much of a quote that left others unasked if it took so many hundredths of what all of them may.
const TOO_MUCH: u64 = 25;

/// Why a rule is set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It keeps failing.
    Failing,
    /// It keeps taking so much of a quote's time that others are not asked.
    Costing,
}

impl Why {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Failing, Self::Costing];

    /// Its stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Costing => "costing",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|why| why.as_str() == name)
    }

    /// What the rule did, as a sentence that goes on.
    pub(crate) fn in_words(self) -> Words {
        match self {
            Self::Failing => words!("it kept failing", "规则屡次出错"),
            Self::Costing => words!(
                "it kept using up the time of quotes, so that other rules were not asked",
                "规则屡次用完报价的时间，致使其他规则未被询问"
            ),
        }
    }
}

/// That a rule is set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SetAside {
    /// Why.
    #[serde(serialize_with = "by_name")]
    pub why: Why,
    /// When it is asked again at the earliest, in ms since 1970 by the machine's clock.
    pub until: Instant,
}

fn by_name<S: serde::Serializer>(why: &Why, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(why.as_str())
}

impl SetAside {
    /// What a binding's row says of it; also when its time is over, as long as the rule has not answered since.
    pub(crate) fn of(row: &BindingRow) -> Option<Self> {
        let why = Why::parse(row.set_aside_why.as_deref()?)?;
        Some(Self {
            why,
            until: row.set_aside_until?,
        })
    }
}

/// Whether so many quotes in a row are too many that a rule took too much of.
pub(crate) fn costs_too_often(costly: i64) -> bool {
    costly >= COSTLY_IN_A_ROW
}

/// Whether a rule took too much of a quote that left others unasked, in microseconds of processor time, of so many that all may take.
pub(crate) fn took_too_much(cpu_micros: u64, of_all: u64) -> bool {
    cpu_micros.saturating_mul(100) >= of_all.saturating_mul(TOO_MUCH)
}

/// How long a rule is left alone that was set aside so often before, in ms.
fn pause(before: i64) -> i64 {
    let (first, longest) = PAUSES;
    (first << before.clamp(0, 20)).min(longest)
}

/// Sets the rule of a binding aside and tells of it, once until it has answered. Until when; none if what was heard of it does not stand any more. All
/// hosts read the campaigns anew. The caller commits.
pub(crate) async fn set_aside(
    app: &App,
    tx: &mut Tx,
    agency: Uuid,
    (point, name): (&'static str, &str),
    (heard, why): (store::Heard, Why),
) -> Result<Option<(Instant, bool)>> {
    campaigns::next_version(tx, agency).await?;
    let row = find(tx, agency, point, name).await?;
    let until = app.machine.now() + pause(row.set_asides);
    if !store::set_aside(tx, agency, (point, name), heard, (until, why.as_str())).await? {
        return Ok(None);
    }
    metrics::counter!("posthouse_rules_set_aside_total", "extension_point" => point, "why" => why.as_str())
        .increment(1);
    let first = row.set_asides == 0;
    if first {
        let subject = format!("binding/{point}/{name}");
        let data = json!({"extension_point": point, "binding": name, "revision": row.revision, "digest": row.digest, "why": why.as_str()});
        app.audit()
            .note_by(tx, agency, None, "binding.set-aside", &subject, data.clone())
            .await?;
        let told = Told {
            kind: "plugin.set-aside",
            subject,
            at: app.clock.now(),
            data,
        };
        app.webhooks().tell(tx, agency, told).await?;
    }
    Ok(Some((until, first)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour() {
        let minutes = [0, 1, 2, 5, 6, 60, -1].map(|before| pause(before) / 60_000);
        assert_eq!(minutes, [1, 2, 4, 32, 60, 60, 1]);
    }

    #[test]
    fn a_quarter_of_the_time_is_too_much() {
        assert!(took_too_much(125_000, 500_000) && !took_too_much(124_000, 500_000));
        assert!(costs_too_often(5) && !costs_too_often(4));
    }
}
