//! The breaker: a rule that keeps failing gives way to the last one that did not, without anybody being called.

use super::opening::still_decides;
use super::point::{Point, RuleName};
use super::pointer::{BREAKER, NewRule, put_rule, rule_of};
use crate::error::Result;
use crate::{Bindings, Room};
use posthouse_domain::Words;
use posthouse_store::plugins::{self as store, BindingRevisionRow};
use posthouse_store::{Access, Tx, campaigns};
use std::collections::HashSet;
use std::ops::ControlFlow;
use uuid::Uuid;

/// Faults in a row after which the host goes back. One may be a single odd customer whose next booking mends it; a rule that has
/// failed three times has had its chance.
const FAULTS_IN_A_ROW: i64 = 3;

/// Whether it is time to go back when so many faults in a row have been counted, over all hosts. Whatever comes of that, the next three are for
/// the next look. Each number is given to one host only, so one host goes back.
pub(crate) fn trips(faults: i64) -> bool {
    faults > 0 && faults % FAULTS_IN_A_ROW == 0
}

/// A binding whose rule keeps failing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Failing<'f> {
    pub(crate) extension_point: &'static str,
    pub(crate) binding: &'f str,
    pub(crate) revision: i64,
    /// How it fails.
    pub(crate) fault: &'f Words,
}

/// What became of the attempt to put an older revision into force instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// It is in force.
    Done,
    /// The failing revision was not in force any more.
    Overtaken,
}

impl Failing<'_> {
    /// Whether the way back ends with an attempt to put `older` into force.
    ///
    /// # Errors
    /// What will pass: a database or compiler that is busy.
    pub(crate) fn settle(
        &self,
        room: &Room,
        older: &BindingRevisionRow,
        attempt: Result<Attempt>,
    ) -> Result<ControlFlow<()>> {
        let Self {
            extension_point,
            binding,
            revision: failing,
            fault,
        } = *self;
        let to = older.revision;
        match attempt {
            Ok(Attempt::Done) => {
                tracing::error!(agency = %room.slug, extension_point, binding, failing, to, reason = %fault, "a rule kept failing; the last good revision is back in force");
                metrics::counter!("posthouse_breaker_trips_total", "extension_point" => extension_point).increment(1);
                Ok(ControlFlow::Break(()))
            }
            Ok(Attempt::Overtaken) => Ok(ControlFlow::Break(())),
            Err(error) if error.will_pass() => Err(error),
            Err(error) => {
                tracing::error!(%error, agency = %room.slug, extension_point, binding, revision = to, "an older revision cannot decide either");
                Ok(ControlFlow::Continue(()))
            }
        }
    }
}

impl Bindings<'_> {
    /// Begins to put an older revision back into force instead of a failing one, of a point whose rules decide by themselves; none if that is in
    /// force no more. The caller writes what else is to be said of it, and commits.
    ///
    /// # Errors
    /// A plugin that does not open, or takes its settings no more.
    pub(crate) async fn begin_way_back<P: Point>(
        &self,
        room: &Room,
        failing: Failing<'_>,
        older: &BindingRevisionRow,
    ) -> Result<Option<Tx>> {
        let (agency, point, name) = (room.id, failing.extension_point, failing.binding);
        // opened first: to compile it takes long, and others want to write
        let named = RuleName::revision(name, older);
        let rule = self.app.plugins().rule_ahead::<P>(agency, named).await?;
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        // in order with other changes of rules: one host goes back, the others see that it did
        campaigns::next_version(&mut tx, agency).await?;
        let present = store::binding(&mut tx, agency, point, name).await?;
        if present.is_none_or(|row| row.revision != failing.revision) {
            return Ok(None);
        }
        still_decides(&mut tx, agency, &rule).await?;
        let note = failing.fault.to_stored();
        let new = NewRule {
            extension_point: point,
            name,
            digest: &older.digest,
            config: &older.config,
            cause: BREAKER,
            restores: Some(older.revision),
            by: None,
            note: Some(&note),
            grant: &[],
        };
        put_rule(self.app, &mut tx, agency, &new, self.app.clock.now()).await?;
        Ok(Some(tx))
    }
}

/// How far back a good revision is looked for.
const OLDEST: i64 = 100;

/// The revisions of a binding to go back to, the newest first: each rule once, without the failing one and those that were left before
/// because they kept failing.
pub(crate) async fn good_revisions(tx: &mut Tx, agency: Uuid, failing: Failing<'_>) -> Result<Vec<BindingRevisionRow>> {
    let (point, name) = (failing.extension_point, failing.binding);
    let mut rows = store::revisions(tx, agency, point, name, failing.revision + 1, OLDEST).await?;
    rows.retain(|row| row.cause != store::ENDING);
    let left = rows
        .windows(2)
        .filter(|pair| pair[0].cause == BREAKER)
        .map(|pair| rule_of(&pair[1]));
    let mut seen: HashSet<_> = rows.first().map(rule_of).into_iter().chain(left).collect();
    let good = rows.iter().filter(|row| seen.insert(rule_of(row)));
    Ok(good.cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_third_fault_in_a_row_is_one_too_many() {
        let tripped: Vec<i64> = (0..10).filter(|faults| trips(*faults)).collect();
        assert_eq!(tripped, [3, 6, 9]);
    }
}
