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
use std::collections::{BTreeMap, BTreeSet};

/// How the rule of a binding fared while many were asked about.
struct Seen<'h> {
    rule: &'h Rule<Point>,
    /// Whether it answered any.
    answered: bool,
    /// How it failed since it answered last.
    faults: Vec<&'h Words>,
}

/// The rules that were asked, by their bindings.
fn seen(heard: &[Heard]) -> BTreeMap<&str, Seen<'_>> {
    let mut found: BTreeMap<&str, Seen<'_>> = BTreeMap::new();
    for Fared { rule, fault } in heard.iter().flat_map(|one| &one.fared) {
        let seen = found.entry(&rule.binding).or_insert(Seen {
            rule,
            answered: false,
            faults: Vec::new(),
        });
        match fault {
            Some(fault) => seen.faults.push(fault),
            None => {
                seen.answered = true;
                seen.faults.clear();
            }
        }
    }
    found
}

impl Loyalty<'_> {
    /// Marks rules that fail and takes the mark from those that answer again; one that has failed too often in a row gives way. Occasions are settled
    /// whether or not this can be written down.
    pub(super) async fn note_health(&self, room: &Room, marked: &BTreeSet<String>, heard: &[Heard], moment: Moment) {
        for (binding, seen) in seen(heard) {
            let clears = seen.answered && marked.contains(binding);
            if !clears && seen.faults.is_empty() {
                continue;
            }
            if let Err(error) = self.see_to(room, &seen, clears, moment).await {
                tracing::error!(%error, agency = %room.slug, binding, "a failing rule could not be seen to");
            }
        }
    }

    async fn see_to(&self, room: &Room, seen: &Seen<'_>, clears: bool, moment: Moment) -> Result<()> {
        let tripped = retrying!(self.count(room, seen, clears, moment))?;
        let Some(fault) = tripped else { return Ok(()) };
        let failing = Failing {
            extension_point: LOYALTY,
            binding: &seen.rule.binding,
            revision: seen.rule.revision,
            fault,
        };
        let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
        let good = good_revisions(&mut tx, room.id, failing).await?;
        drop(tx);
        for older in good {
            let attempt = retrying!(self.go_back(room, failing, &older));
            if failing.settle(room, &older, attempt)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Writes down how a rule fared; the fault that is one too many, if there is one.
    async fn count<'h>(&self, room: &Room, seen: &Seen<'h>, clears: bool, moment: Moment) -> Result<Option<&'h Words>> {
        let (agency, named) = (room.id, (LOYALTY, seen.rule.binding.as_str()));
        let heard = bindings::Heard {
            revision: seen.rule.revision,
            at: self.app.machine.now(),
        };
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        if clears {
            bindings::mark_well(&mut tx, agency, named, heard).await?;
        }
        let mut tripped = None;
        for fault in &seen.faults {
            let reason = fault.to_stored();
            let counted = Fault {
                since: moment.now,
                reason: &reason,
                change: 0,
                again: true,
            };
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
