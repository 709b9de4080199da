//! What is done about rules of campaigns that fail or cost too much, in the background: marks and counts over all hosts, a way back to the last rule
//! that was good, and where there is none, a while in which nobody asks.

use super::health::{Care, Patient};
use crate::campaigns::PROMOTION;
use crate::campaigns::point::Promotion;
use crate::campaigns::{find_locked, record};
use crate::error::{Result, retrying};
use crate::rules::Why;
use crate::rules::aside::{self, costs_too_often};
use crate::rules::breaker::{Attempt, Failing, good_revisions, trips};
use crate::rules::call::without_its_words;
use crate::rules::pointer::BREAKER;
use crate::work::Taken;
use crate::{Quotes, Room};
use posthouse_domain::{Words, words};
use posthouse_store::plugins::{self as bindings, BindingRevisionRow, Fault};
use posthouse_store::{Access, campaigns};
use std::collections::HashSet;
use std::sync::Arc;

/// What setting a rule aside is called, as a step of its campaign.
const SET_ASIDE: &str = "set-aside";

impl Quotes<'_> {
    pub(super) async fn see_to(&self, room: &Arc<Room>, mut patients: Vec<Patient>) {
        if patients.iter().any(|patient| patient.care == Care::Look) {
            let marked = retrying!(self.marked(room)).unwrap_or_else(|error| {
                tracing::warn!(%error, agency = %room.slug, "marks of rules could not be read; they are looked for again");
                HashSet::new()
            });
            patients.retain(|patient| patient.care != Care::Look || marked.contains(&patient.binding));
        }
        let mut makes_room = false;
        for patient in &patients {
            if makes_room && patient.care == Care::Cost {
                continue;
            }
            match self.care_for(room, patient).await {
                Ok(gave_way) => makes_room |= gave_way,
                Err(error) => {
                    let binding = &patient.binding;
                    tracing::error!(%error, agency = %room.slug, binding, "a failing rule could not be seen to");
                }
            }
        }
    }

    /// The bindings that are marked as failing.
    async fn marked(&self, room: &Room) -> Result<HashSet<String>> {
        let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
        let rows = bindings::bindings(&mut tx, room.id).await?;
        let marked = rows
            .into_iter()
            .filter(|row| row.extension_point == PROMOTION && row.stale_since.is_some());
        Ok(marked.map(|row| row.name).collect())
    }

    /// Sees to a rule. Whether it gave way to an older one, or is set aside.
    async fn care_for(&self, room: &Arc<Room>, patient: &Patient) -> Result<bool> {
        let binding = &patient.binding;
        match &patient.care {
            Care::Count(fault) => {
                let Some(faults) = retrying!(self.count_fault(room, patient, fault))? else {
                    return Ok(false);
                };
                if faults == 1 && !patient.was_aside {
                    tracing::warn!(agency = %room.slug, binding, %fault, "a campaign's rule fails; it gives no offer");
                }
                match trips(faults) || patient.was_aside {
                    true => self.give_way(room, patient, Why::Failing, fault).await,
                    false => Ok(false),
                }
            }
            Care::Cost => {
                let costly = retrying!(self.count_cost(room, patient))?;
                match costly.is_some_and(|costly| costs_too_often(costly) || patient.was_aside) {
                    true => {
                        self.give_way(room, patient, Why::Costing, &Why::Costing.in_words())
                            .await
                    }
                    false => Ok(false),
                }
            }
            Care::Clear | Care::Look => retrying!(self.clear_mark(room, patient)).map(|()| false),
        }
    }

    /// Has a rule give way to the last good revision, or where there is none, sets it aside. One that was set aside has none.
    async fn give_way(&self, room: &Arc<Room>, patient: &Patient, why: Why, fault: &Words) -> Result<bool> {
        let (binding, revision) = (&patient.binding, patient.heard.revision);
        if !patient.was_aside && retrying!(self.go_back_to_good(room, binding, revision, fault))? {
            return Ok(true);
        }
        retrying!(self.set_aside(room, patient, why, fault))
    }

    async fn set_aside(&self, room: &Room, patient: &Patient, why: Why, fault: &Words) -> Result<bool> {
        let (agency, binding) = (room.id, patient.binding.as_str());
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        let aside = aside::set_aside(self.app, &mut tx, agency, (PROMOTION, binding), (patient.heard, why)).await?;
        let Some((until, first)) = aside else { return Ok(false) };
        if first {
            let (did, fault) = (why.in_words(), without_its_words(fault));
            let said = match why {
                Why::Failing => words!(
                    "{did} and there is no older revision to go back to; it is not asked for a while: {fault}",
                    "{did}，又没有可退回的修订，暂停询问：{fault}"
                ),
                Why::Costing => words!(
                    "{did}, and there is no older revision to go back to; it is not asked for a while",
                    "{did}，又没有可退回的修订，暂停询问"
                ),
            };
            let now = self.app.clock.now();
            let campaign = find_locked(&mut tx, agency, binding).await?;
            let note = said.to_stored();
            let taken = Taken::by_host(now, &note);
            record(self.app, &mut tx, agency, (&campaign, &campaign), SET_ASIDE, &taken).await?;
        }
        tx.commit().await?;
        let minutes = (until - self.app.machine.now()) / 60_000;
        tracing::error!(agency = %room.slug, binding, why = why.as_str(), reason = %fault, minutes, "a campaign's rule is set aside");
        Ok(true)
    }

    async fn count_cost(&self, room: &Room, patient: &Patient) -> Result<Option<i64>> {
        let (agency, named) = (room.id, (PROMOTION, patient.binding.as_str()));
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        let costly = bindings::count_cost(&mut tx, agency, named, patient.heard).await?;
        tx.commit().await?;
        Ok(costly)
    }

    async fn count_fault(&self, room: &Room, patient: &Patient, fault: &Words) -> Result<Option<i64>> {
        let (agency, named) = (room.id, (PROMOTION, patient.binding.as_str()));
        let reason = fault.to_stored();
        let fault = Fault {
            since: patient.now,
            reason: &reason,
            change: 0,
            again: true,
        };
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        let faults = bindings::count_fault(&mut tx, agency, named, patient.heard, fault).await?;
        tx.commit().await?;
        Ok(faults)
    }

    async fn clear_mark(&self, room: &Room, patient: &Patient) -> Result<()> {
        let (agency, named) = (room.id, (PROMOTION, patient.binding.as_str()));
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        if patient.was_aside {
            // it stands in what hosts know of the campaigns
            campaigns::next_version(&mut tx, agency).await?;
        }
        bindings::mark_well(&mut tx, agency, named, patient.heard).await?;
        Ok(tx.commit().await?)
    }

    /// Puts the last good revision of a binding back into force, if there is one that can be opened. Whether the failing one is in force no more.
    async fn go_back_to_good(&self, room: &Arc<Room>, binding: &str, revision: i64, fault: &Words) -> Result<bool> {
        let failing = Failing {
            extension_point: PROMOTION,
            binding,
            revision,
            fault,
        };
        let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
        let good = good_revisions(&mut tx, room.id, failing).await?;
        drop(tx);
        for older in good {
            let attempt = self.put_back_rule(room, failing, &older).await;
            if failing.settle(room, &older, attempt)?.is_break() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn put_back_rule(&self, room: &Room, failing: Failing<'_>, older: &BindingRevisionRow) -> Result<Attempt> {
        let (agency, binding, now) = (room.id, failing.binding, self.app.clock.now());
        let rules = self.app.bindings();
        let Some(mut tx) = rules.begin_way_back::<Promotion>(room, failing, older).await? else {
            return Ok(Attempt::Overtaken);
        };
        let campaign = find_locked(&mut tx, agency, binding).await?;
        let why = words!(
            "the rule kept failing, revision {older} is back in force: {fault}",
            "规则屡次出错，已恢复修订 {older}：{fault}",
            older = older.revision,
            fault = without_its_words(failing.fault)
        )
        .to_stored();
        let taken = Taken::by_host(now, &why);
        record(self.app, &mut tx, agency, (&campaign, &campaign), BREAKER, &taken).await?;
        tx.commit().await?;
        Ok(Attempt::Done)
    }
}
