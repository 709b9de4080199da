//! How the rules of campaigns fare on this host: a rule that keeps failing gives way to the last one that did not.

use super::gather::{Gathered, Heard};
use super::standing::Standing;
use crate::campaigns::PROMOTION;
use crate::campaigns::point::Promotion;
use crate::campaigns::{find_locked, record};
use crate::error::{Result, retrying};
use crate::rules::breaker::{Attempt, Breaker, Failing, good_revisions};
use crate::rules::log::{About, Call, DECISION};
use crate::rules::point::RuleName;
use crate::rules::pointer::{BREAKER, NewRule, put_rule};
use crate::work::Taken;
use crate::{Quotes, Room};
use posthouse_domain::{Words, words};
use posthouse_store::plugins::{self as bindings, BindingRevisionRow};
use posthouse_store::{Access, attributes, campaigns};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

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
    breaker: Breaker,
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

impl Quotes<'_> {
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
                None => known.breaker.reset(),
                Some(fault) if fault.counts_against_plugin() => {
                    known.breaker.count();
                    if known.breaker.has_tripped() {
                        known.breaker.reset();
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
            let (app, room) = (self.app.clone(), room.clone());
            self.app.background.spawn(async move {
                for (binding, revision, care) in cares {
                    if let Err(error) = app.quotes().care_for(&room, &binding, revision, &care).await {
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
        let mut tx = self.app.store.write(Access::Agency(room.id)).await?;
        let since = fault.map(|_| self.app.clock.now());
        let fault = fault.map(Words::to_stored);
        bindings::mark_stale(&mut tx, room.id, PROMOTION, binding, revision, since, fault.as_deref()).await?;
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
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        // in order with other changes of rules: one host goes back, the others see that it did
        campaigns::next_version(&mut tx, agency).await?;
        let present = bindings::binding(&mut tx, agency, PROMOTION, binding).await?;
        if present.is_none_or(|row| row.revision != failing.revision) {
            return Ok(Attempt::Overtaken);
        }
        let own = attributes::definitions(&mut tx, agency).await?;
        let named = RuleName::revision(binding, older);
        self.app
            .plugins()
            .rule::<Promotion>(&mut tx, agency, named, &own)
            .await?;
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
            fault = failing.fault
        )
        .to_stored();
        let taken = Taken::by_host(now, &why);
        record(self.app, &mut tx, agency, (&campaign, &campaign), BREAKER, &taken).await?;
        tx.commit().await?;
        Ok(Attempt::Done)
    }
}
