//! Whom a plan would reach: counted over the frame while it is still being written.

use crate::beside::beside;
use crate::error::{AppError, Result};
use crate::facts::selection::Selection;
use crate::rules::Moment;
use crate::segments::seen_in;
use crate::team::Caller;
use crate::{Campaigns, Room};
use posthouse_domain::campaign::Audience;
use posthouse_domain::words;

/// How many customers an audience is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// Those who belong to it now.
    pub customers: u64,
    /// All that the agency has.
    pub of: u64,
}

impl Campaigns<'_> {
    /// How many customers an audience is of now, by the facts and segments that quotes go by. Complaints, coupons and the holdout, which are
    /// looked at one by one, are left out.
    ///
    /// # Errors
    /// `bad_audience`, `bad_condition`, `unknown_fact`, `unknown_segment`.
    pub async fn reach(&self, caller: &Caller, audience: &Audience) -> Result<Reach> {
        audience.check()?;
        let room = caller.room.clone();
        self.app.segments().ensure_loaded(&room).await?;
        let (present, audience) = (self.app.segments().moment(&room), audience.clone());
        beside(move || count(&room, &audience, present)).await?
    }
}

fn count(room: &Room, audience: &Audience, present: Moment) -> Result<Reach> {
    let customers = room.frame().len();
    let mut among = Selection::all(customers);
    if !audience.segments.is_empty() {
        let live = room.live();
        let mut meant = Vec::with_capacity(audience.segments.len());
        for segment in &audience.segments {
            let (binding, key) = segment.split_once('.').unwrap_or((segment, ""));
            let found = live
                .get(binding)
                .and_then(|live| live.index(key).map(|class| (live, class)));
            meant.push(found.ok_or_else(|| unknown_segment(segment))?);
        }
        among.retain(|ordinal| meant.iter().any(|(live, class)| live.class(ordinal) == *class));
    }
    let frame = room.frame();
    let moment = seen_in(&frame, room, present);
    for condition in &audience.facts {
        let position = frame
            .position(&condition.fact)
            .ok_or_else(|| unknown_fact(&condition.fact))?;
        condition.check_kind(frame.kind(position).0)?;
        frame.keep(position, condition, moment.today, &mut among);
    }
    Ok(Reach {
        customers: among.count(),
        of: customers as u64,
    })
}

fn unknown_segment(segment: &str) -> AppError {
    let detail = words!(
        "there is no segment {segment:?}; GET /segments lists them as BINDING.KEY",
        "没有分群 {segment:?}；可用 GET /segments 查看，写法为 BINDING.KEY"
    );
    AppError::invalid("unknown_segment", detail)
}

fn unknown_fact(fact: &str) -> AppError {
    let detail = words!(
        "there is no fact {fact:?}; GET /api/v1/facts lists them",
        "没有事实 {fact:?}；可用 GET /api/v1/facts 查看"
    );
    AppError::invalid("unknown_fact", detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, NOW, on_both_engines};
    use posthouse_domain::campaign::Condition;
    use posthouse_store::Store;

    on_both_engines!(an_audience_is_counted);

    fn trips(at_least: i64) -> Audience {
        Audience {
            facts: vec![Condition {
                fact: "trips-24m".into(),
                at_least: Some(at_least),
                at_most: None,
                is: None,
                one_of: Vec::new(),
            }],
            ..Audience::default()
        }
    }

    async fn an_audience_is_counted(store: Store) {
        let (app, _) = testing::host(&store, NOW);
        let (caller, _) = testing::agency_with_a_trip(&app, "reach").await;
        let reach = async |audience: &Audience| app.campaigns().reach(&caller, audience).await;
        let all = Reach { customers: 1, of: 1 };
        assert_eq!(reach(&Audience::default()).await.expect("a count"), all);
        assert_eq!(reach(&trips(1)).await.expect("a count"), all);
        assert_eq!(reach(&trips(2)).await.expect("a count"), Reach { customers: 0, of: 1 });
        let mut strange = trips(1);
        strange.facts[0].fact = "no-such-fact".into();
        let nowhere = Audience {
            segments: vec!["rfm.champions".into()],
            ..Audience::default()
        };
        for (audience, code) in [(strange, "unknown_fact"), (nowhere, "unknown_segment")] {
            let refused = reach(&audience).await.expect_err("nothing to count");
            assert!(
                matches!(&refused, AppError::Invalid(why) if why.code == code),
                "{refused}"
            );
        }
    }
}
