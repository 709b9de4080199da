//! How the rules of campaigns fare on this host: a rule that keeps failing gives way to the last one that did not.

use super::gather::{Gathered, Heard};
use super::standing::Standing;
use crate::campaigns::PROMOTION;
use crate::campaigns::point::Promotion;
use crate::campaigns::{find_locked, record};
use crate::error::{Result, retrying};
use crate::rules::breaker::{Attempt, Failing, good_revisions, trips};
use crate::rules::call::without_its_words;
use crate::rules::log::{About, Call, DECISION};
use crate::rules::opening::still_decides;
use crate::rules::point::RuleName;
use crate::rules::pointer::{BREAKER, NewRule, put_rule};
use crate::work::Taken;
use crate::{Quotes, Room};
use posthouse_domain::{Instant, Words, words};
use posthouse_store::plugins::{self as bindings, BindingRevisionRow, Fault};
use posthouse_store::{Access, campaigns};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// What this host knows of an agency's campaigns between two quotes.
#[derive(Debug, Default)]
pub(crate) struct Promotions {
    standing: RwLock<Option<Arc<Standing>>>,
    health: Mutex<Healths>,
}

#[derive(Debug, Default)]
struct Healths {
    /// By binding, for the revision it had.
    known: HashMap<String, Health>,
    /// When something was last heard, by the machine's clock: nothing is heard twice at the same time.
    heard_at: Instant,
}

impl Healths {
    /// Now, and later than before.
    fn hear(&mut self, now: Instant) -> Instant {
        self.heard_at = now.max(self.heard_at + 1);
        self.heard_at
    }

    /// What is known of a revision of a binding.
    fn of(&mut self, binding: &str, revision: i64) -> &mut Health {
        let known = self.known.entry(binding.to_owned()).or_default();
        if known.revision != revision {
            *known = Health {
                revision,
                ..Health::default()
            };
        }
        known
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Health {
    revision: i64,
    mark: Option<Mark>,
}

/// Whether a binding is marked as failing, as far as this host has said or seen.
#[derive(Debug, Clone, Copy)]
struct Mark {
    marked: bool,
    at: Instant,
}

/// How long a host goes by what it has said or seen of a mark, in machine ms: an earlier run of it, or another host that was stopped, may
/// have left one behind.
const SEEN_FOR: i64 = 60_000;

impl Health {
    /// The rule answered. What is to be done about its mark.
    fn answered(&mut self, at: Instant) -> Option<Care> {
        let care = match self.mark.replace(Mark { marked: false, at }) {
            Some(Mark { marked: true, .. }) => Care::Clear,
            Some(before) if at - before.at < SEEN_FOR => {
                self.mark = Some(before);
                return None;
            }
            _ => Care::Look,
        };
        Some(care)
    }

    /// The rule failed through its own fault.
    fn failed(&mut self, at: Instant, fault: Words) -> Care {
        self.mark = Some(Mark { marked: true, at });
        Care::Count(fault)
    }
}

impl Promotions {
    pub(super) fn standing(&self) -> Option<Arc<Standing>> {
        self.standing.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn put(&self, standing: Arc<Standing>) {
        *self.standing.write().unwrap_or_else(PoisonError::into_inner) = Some(standing);
    }

    fn health(&self) -> MutexGuard<'_, Healths> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is to be done about a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Care {
    /// It fails: say so and count it, over all hosts.
    Count(Words),
    /// It answers again.
    Clear,
    /// It answers, and nobody here knows whether it is marked.
    Look,
}

/// A rule to be seen to.
struct Patient {
    binding: String,
    heard: bindings::Heard,
    /// When it was asked, in business time.
    now: Instant,
    care: Care,
}

/// What a rule was asked that failed: the basket without its end if it is long, and whose it is. The customer's facts are pinned with the
/// decision.
fn about(gathered: &Gathered) -> Words {
    let basket = posthouse_engine::shown_basket(&gathered.basket);
    match gathered.customer {
        Some(id) => words!("customer {id}, {basket}", "客户 {id}，{basket}"),
        None => basket,
    }
}

impl Quotes<'_> {
    /// Notes which rules answered and which failed, keeps what they logged, and sees to those that keep failing, in the background.
    pub(super) fn note_health(&self, room: &Arc<Room>, gathered: &Gathered) {
        let mut patients: Vec<Patient> = Vec::new();
        let mut health = room.promotions.health();
        let at = health.hear(self.app.machine.now());
        for heard in &gathered.heard {
            let Heard::Asked(asked) = heard else { continue };
            let rule = &asked.rule;
            let fault = asked.made.answer.as_ref().err();
            metrics::counter!("posthouse_decisions_total", "extension_point" => PROMOTION).increment(1);
            if fault.is_some() {
                metrics::counter!("posthouse_rule_faults_total", "extension_point" => PROMOTION).increment(1);
            }
            let call = Call {
                extension_point: PROMOTION,
                binding: &rule.binding,
                digest: &rule.digest,
                cause: DECISION,
                moment: gathered.moment,
            };
            match fault {
                None => room.log(call, &asked.made.log),
                Some(fault) => room.log_fault(call, fault, Some(About::Case(about(gathered)))),
            }
            let known = health.of(&rule.binding, rule.revision);
            let care = match fault {
                None => known.answered(at),
                Some(fault) if fault.counts_against_plugin() => Some(known.failed(at, Words::of(fault))),
                Some(_) => None,
            };
            patients.extend(care.map(|care| Patient {
                binding: rule.binding.clone(),
                heard: bindings::Heard {
                    revision: rule.revision,
                    at,
                },
                now: gathered.moment.now,
                care,
            }));
        }
        drop(health);
        if patients.is_empty() {
            return;
        }
        let place = room.counting.clone().try_acquire_owned();
        if place.is_err() && patients.iter().all(|patient| matches!(patient.care, Care::Count(_))) {
            // enough of them are being counted already; more of the same would only wait for the same row
            return;
        }
        let (app, room) = (self.app.clone(), room.clone());
        self.app.background.spawn(async move {
            app.quotes().see_to(&room, patients).await;
            drop(place);
        });
    }

    async fn see_to(&self, room: &Arc<Room>, mut patients: Vec<Patient>) {
        if patients.iter().any(|patient| patient.care == Care::Look) {
            let marked = retrying!(self.marked(room)).unwrap_or_else(|error| {
                tracing::warn!(%error, agency = %room.slug, "marks of rules could not be read; they are looked for again");
                HashSet::new()
            });
            patients.retain(|patient| patient.care != Care::Look || marked.contains(&patient.binding));
        }
        for patient in &patients {
            if let Err(error) = self.care_for(room, patient).await {
                let binding = &patient.binding;
                tracing::error!(%error, agency = %room.slug, binding, "a failing rule could not be seen to");
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

    async fn care_for(&self, room: &Arc<Room>, patient: &Patient) -> Result<()> {
        let binding = &patient.binding;
        match &patient.care {
            Care::Count(fault) => {
                let faults = retrying!(self.count_fault(room, patient, fault))?;
                if faults == Some(1) {
                    tracing::warn!(agency = %room.slug, binding, %fault, "a campaign's rule fails; it gives no offer");
                }
                if faults.is_some_and(trips) {
                    retrying!(self.go_back_to_good(room, binding, patient.heard.revision, fault))?;
                }
                Ok(())
            }
            Care::Clear | Care::Look => retrying!(self.clear_mark(room, patient)),
        }
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
        bindings::mark_well(&mut tx, agency, named, patient.heard).await?;
        Ok(tx.commit().await?)
    }

    /// Puts the last good revision of a binding back into force, if the failing one still is and there is one that can be opened.
    async fn go_back_to_good(&self, room: &Arc<Room>, binding: &str, revision: i64, fault: &Words) -> Result<()> {
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
                break;
            }
        }
        Ok(())
    }

    async fn put_back_rule(&self, room: &Room, failing: Failing<'_>, older: &BindingRevisionRow) -> Result<Attempt> {
        let (agency, binding) = (room.id, failing.binding);
        // opened first: to compile it takes long, and others want to write
        let rule = self
            .app
            .plugins()
            .rule_ahead::<Promotion>(agency, RuleName::revision(binding, older))
            .await?;
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        // in order with other changes of rules: one host goes back, the others see that it did
        campaigns::next_version(&mut tx, agency).await?;
        let present = bindings::binding(&mut tx, agency, PROMOTION, binding).await?;
        if present.is_none_or(|row| row.revision != failing.revision) {
            return Ok(Attempt::Overtaken);
        }
        still_decides(&mut tx, agency, &rule).await?;
        let note = failing.fault.to_stored();
        let new = NewRule {
            extension_point: PROMOTION,
            name: binding,
            digest: &older.digest,
            config: &older.config,
            cause: BREAKER,
            restores: Some(older.revision),
            by: None,
            note: Some(&note),
            grant: &[],
        };
        let now = self.app.clock.now();
        put_rule(self.app, &mut tx, agency, &new, now).await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_looked_for_once_and_again_after_a_while() {
        let mut healths = Healths::default();
        let health = healths.of("spring", 1);
        assert_eq!(
            health.answered(10),
            Some(Care::Look),
            "an earlier run may have left a mark"
        );
        assert_eq!(health.answered(11), None);
        assert_eq!(
            health.answered(10 + SEEN_FOR),
            Some(Care::Look),
            "another host may have left one"
        );
        assert_eq!(
            healths.of("spring", 2).answered(12),
            Some(Care::Look),
            "of this revision"
        );
    }

    #[test]
    fn each_fault_is_counted_and_the_next_answer_clears_the_mark() {
        let (mut healths, fault) = (Healths::default(), Words::same("stopped"));
        let health = healths.of("spring", 1);
        for at in [1, 2] {
            assert_eq!(health.failed(at, fault.clone()), Care::Count(fault.clone()));
        }
        assert_eq!(health.answered(3), Some(Care::Clear));
        assert_eq!(health.answered(4), None);
    }

    #[test]
    fn what_is_heard_at_the_same_time_has_an_order() {
        let mut healths = Healths::default();
        assert_eq!([7, 7, 3, 20].map(|now| healths.hear(now)), [7, 8, 9, 20]);
    }
}
