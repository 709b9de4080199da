//! How loyalty rules fare: one that keeps failing gives way to the last one that did not. What it failed on waits, and is asked about again.

use super::LOYALTY;
use super::asking::{Fared, Heard};
use super::point::Loyalty as Point;
use crate::error::{Result, retrying};
use crate::rules::Moment;
use crate::rules::breaker::{Attempt, Failing, good_revisions, trips};
use crate::rules::point::Rule;
use crate::{Loyalty, Room};
use posthouse_domain::Words;
use posthouse_store::Access;
use posthouse_store::plugins::{self as bindings, BindingRevisionRow, Fault};
use std::collections::BTreeMap;

/// How the rule of a binding fared while many were asked about.
struct Seen<'h> {
    rule: &'h Rule<Point>,
    /// When it answered last.
    answered: Option<i64>,
    /// When and how it failed since then.
    faults: Vec<(i64, &'h Words)>,
}

/// The rules that were asked, by their bindings.
fn seen<'h>(heard: &[&'h Heard]) -> BTreeMap<&'h str, Seen<'h>> {
    let mut found: BTreeMap<&str, Seen<'_>> = BTreeMap::new();
    for Fared { rule, at, fault } in heard.iter().flat_map(|one| &one.fared) {
        let seen = found.entry(&rule.binding).or_insert(Seen {
            rule,
            answered: None,
            faults: Vec::new(),
        });
        match fault {
            Some(fault) => seen.faults.push((*at, fault)),
            None => {
                seen.answered = Some(*at);
                seen.faults.clear();
            }
        }
    }
    found
}

impl Loyalty<'_> {
    /// Marks rules that fail and takes the mark from those that answer again; one that has failed too often in a row gives way. What came of asking
    /// is written, whether or not this can be written down.
    pub(super) async fn note_health(&self, room: &Room, heard: &[&Heard], moment: Moment) {
        for (binding, seen) in seen(heard) {
            if let Err(error) = self.see_to(room, &seen, moment).await {
                tracing::error!(%error, agency = %room.slug, binding, "how a rule fares could not be written down");
            }
        }
    }

    async fn see_to(&self, room: &Room, seen: &Seen<'_>, moment: Moment) -> Result<()> {
        let Some(fault) = retrying!(self.count(room, seen, moment))? else {
            return Ok(());
        };
        let binding = seen.rule.binding.as_str();
        let failing = Failing {
            extension_point: LOYALTY,
            binding,
            revision: seen.rule.revision,
            fault,
        };
        let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
        let good = good_revisions(&mut tx, room.id, failing).await?;
        drop(tx);
        for older in good {
            let attempt = retrying!(self.go_back(room, failing, &older));
            if failing.settle(room, &older, attempt)?.is_break() {
                return Ok(());
            }
        }
        tracing::error!(agency = %room.slug, binding, %fault, "a rule keeps failing, and no older one can come back; what it fails on waits");
        Ok(())
    }

    /// Writes down how a rule fared, if that is news; the fault that is one too many, if there is one.
    async fn count<'h>(&self, room: &Room, seen: &Seen<'h>, moment: Moment) -> Result<Option<&'h Words>> {
        let (agency, revision) = (room.id, seen.rule.revision);
        let named = (LOYALTY, seen.rule.binding.as_str());
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let bound = bindings::binding(&mut tx, agency, named.0, named.1).await?;
        drop(tx);
        let clears = seen
            .answered
            .filter(|_| bound.is_some_and(|row| row.stale_since.is_some()));
        if clears.is_none() && seen.faults.is_empty() {
            return Ok(None);
        }
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        if let Some(at) = clears {
            bindings::mark_well(&mut tx, agency, named, bindings::Heard { revision, at }).await?;
        }
        let mut tripped = None;
        for (at, fault) in &seen.faults {
            let reason = fault.to_stored();
            let counted = Fault {
                since: moment.now,
                reason: &reason,
                change: 0,
                again: true,
            };
            let heard = bindings::Heard { revision, at: *at };
            let faults = bindings::count_fault(&mut tx, agency, named, heard, counted).await?;
            if faults.is_some_and(trips) {
                tripped = Some(*fault);
                break;
            }
        }
        tx.commit().await?;
        Ok(tripped)
    }

    async fn go_back(&self, room: &Room, failing: Failing<'_>, older: &BindingRevisionRow) -> Result<Attempt> {
        let bindings = self.app.bindings();
        match bindings.begin_way_back::<Point>(room, failing, older).await? {
            Some(tx) => {
                tx.commit().await?;
                Ok(Attempt::Done)
            }
            None => Ok(Attempt::Overtaken),
        }
    }
}
