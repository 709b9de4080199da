//! How the rules of campaigns fare on this host: a rule that keeps failing gives way to the last one that did not.

use super::gather::{Gathered, Heard};
use super::rules::RuleName;
use super::standing::Standing;
use crate::decisions::PROMOTION;
use crate::decisions::pointer::{self, NewRule};
use crate::error::{AppError, Result, retrying};
use crate::{App, Room};
use posthouse_domain::{Words, words};
use posthouse_store::plugins as bindings;
use posthouse_store::{Access, attributes, campaigns};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// Faults in a row after which the host goes back, as for segments.
const FAULTS_IN_A_ROW: u32 = 3;

/// What this host knows of an agency's campaigns between two quotes.
#[derive(Debug, Default)]
pub(crate) struct Promotions {
    standing: RwLock<Option<Arc<Standing>>>,
    /// By binding, for the revision it had.
    health: Mutex<HashMap<String, Health>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Health {
    revision: i64,
    /// Faults in a row, through the rule's own fault.
    faults: u32,
    /// Whether the binding is marked as failing.
    marked: bool,
}

impl Promotions {
    pub(super) fn standing(&self) -> Option<Arc<Standing>> {
        self.standing.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn put(&self, standing: Arc<Standing>) {
        *self.standing.write().unwrap_or_else(PoisonError::into_inner) = Some(standing);
    }

    fn health(&self) -> MutexGuard<'_, HashMap<String, Health>> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is to be done about a rule.
#[derive(Debug, Clone)]
enum Care {
    /// It fails: say so.
    Mark(Words),
    /// It answers again.
    Clear,
    /// It has failed too often.
    GoBack(Words),
}

/// What a rule was asked that failed: the basket without its end if it is long, and whose it is. The customer's facts are pinned with the
/// decision.
fn about(gathered: &Gathered) -> Words {
    let basket = posthouse_engine::shown_basket(&gathered.basket, None);
    match gathered.customer {
        Some(id) => words!("customer {id}, {basket}", "客户 {id}，{basket}"),
        None => basket,
    }
}

impl App {
    /// Notes which rules answered and which failed, keeps what they logged, and sees to those that keep failing, in the background.
    pub(super) fn note_health(&self, room: &Arc<Room>, gathered: &Gathered) {
        let mut cares: Vec<(String, i64, Care)> = Vec::new();
        let mut health = room.promotions.health();
        for heard in &gathered.heard {
            let Heard::Asked(asked) = heard else { continue };
            let rule = &asked.rule;
            let fault = asked.made.answer.as_ref().err();
            metrics::counter!("posthouse_decisions_total", "extension_point" => PROMOTION).increment(1);
            if fault.is_some() {
                metrics::counter!("posthouse_rule_faults_total", "extension_point" => PROMOTION).increment(1);
            }
            room.log_decision(
                PROMOTION,
                &rule.binding,
                &rule.digest,
                gathered.moment,
                &asked.made.log,
                fault.map(|fault| (fault, about(gathered))),
            );
            let known = health.entry(rule.binding.clone()).or_default();
            if known.revision != rule.revision {
                *known = Health {
                    revision: rule.revision,
                    ..Health::default()
                };
            }
            match fault {
                None if known.marked => {
                    *known = Health {
                        revision: rule.revision,
                        ..Health::default()
                    };
                    cares.push((rule.binding.clone(), rule.revision, Care::Clear));
                }
                None => known.faults = 0,
                Some(fault) if fault.counts_against_plugin() => {
                    known.faults += 1;
                    if known.faults >= FAULTS_IN_A_ROW {
                        // whatever comes of it, the next three faults are for the next look
                        known.faults = 0;
                        cares.push((rule.binding.clone(), rule.revision, Care::GoBack(Words::of(fault))));
                    } else if !known.marked {
                        cares.push((rule.binding.clone(), rule.revision, Care::Mark(Words::of(fault))));
                    }
                    known.marked = true;
                }
                Some(_) => {}
            }
        }
        drop(health);
        if !cares.is_empty() {
            let (app, room) = (self.clone(), room.clone());
            self.tasks.spawn(async move {
                for (binding, revision, care) in cares {
                    if let Err(error) = app.care_for(&room, &binding, revision, &care).await {
                        tracing::error!(%error, agency = %room.slug, binding, "a failing rule could not be seen to");
                    }
                }
            });
        }
    }

    async fn care_for(&self, room: &Arc<Room>, binding: &str, revision: i64, care: &Care) -> Result<()> {
        match care {
            Care::Mark(fault) => {
                tracing::warn!(agency = %room.slug, binding, %fault, "a campaign's rule fails; it gives no offer");
                retrying!(self.mark_rule(room, binding, revision, Some(fault)))
            }
            Care::Clear => retrying!(self.mark_rule(room, binding, revision, None)),
            Care::GoBack(fault) => {
                retrying!(self.mark_rule(room, binding, revision, Some(fault)))?;
                retrying!(self.go_back_to_good(room, binding, revision, fault))
            }
        }
    }

    async fn mark_rule(&self, room: &Room, binding: &str, revision: i64, fault: Option<&Words>) -> Result<()> {
        let mut tx = self.store.write(Access::Agency(room.id)).await?;
        let since = fault.map(|_| self.clock.now());
        let fault = fault.map(Words::to_stored);
        bindings::mark_stale(&mut tx, room.id, PROMOTION, binding, revision, since, fault.as_deref()).await?;
        Ok(tx.commit().await?)
    }

    /// Puts the last good revision of a binding back into force, if the failing one still is and there is one that can be opened.
    async fn go_back_to_good(&self, room: &Arc<Room>, binding: &str, failing: i64, fault: &Words) -> Result<()> {
        let agency = room.id;
        let mut tx = self.store.write(Access::Agency(agency)).await?;
        // in order with other changes of rules: one host goes back, the others see that it did
        campaigns::next_version(&mut tx, agency).await?;
        let present = bindings::binding(&mut tx, agency, PROMOTION, binding).await?;
        if present.is_none_or(|row| row.revision != failing) {
            return Ok(());
        }
        let own = attributes::definitions(&mut tx, agency).await?;
        for older in pointer::good_revisions(&mut tx, agency, PROMOTION, binding, failing).await? {
            let named = RuleName::revision(binding, &older);
            match self.promotion_rule(agency, &mut tx, named, &own).await {
                Ok(_) => {}
                Err(error) if error.is_transient() || matches!(error, AppError::Busy(_)) => return Err(error),
                Err(error) => {
                    tracing::error!(%error, agency = %room.slug, binding, revision = older.revision, "an older revision cannot be opened");
                    continue;
                }
            }
            let note = fault.to_stored();
            let new = NewRule {
                extension_point: PROMOTION,
                name: binding,
                digest: &older.digest,
                config: &older.config,
                cause: pointer::BREAKER,
                restores: Some(older.revision),
                by: None,
                note: Some(&note),
                grant: &[],
            };
            pointer::put_rule(&mut tx, agency, &new, self.clock.now()).await?;
            tx.commit().await?;
            tracing::error!(agency = %room.slug, binding, failing, to = older.revision, reason = %fault, "a campaign's rule kept failing; the last good revision is back in force");
            metrics::counter!("posthouse_breaker_trips_total", "extension_point" => PROMOTION).increment(1);
            return Ok(());
        }
        Ok(())
    }
}
