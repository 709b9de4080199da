//! How the rules of campaigns fare on this host: which answer, which fail, and which take more of a quote's time than others can spare. What is done
//! about it is in `care.rs`.

use super::gather::{Gathered, Heard};
use super::standing::Standing;
use crate::campaigns::PROMOTION;
use crate::rules::aside::took_too_much;
use crate::rules::log::{About, Call, DECISION};
use crate::{Quotes, Room};
use posthouse_domain::{Instant, Words, words};
use posthouse_store::plugins as bindings;
use std::collections::HashMap;
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
    /// Whether this host has counted what its last answer took.
    costly: bool,
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
    /// The rule answered, and did before unless it `was_aside`. What is to be done about its mark.
    fn answered(&mut self, at: Instant, was_aside: bool) -> Option<Care> {
        let counted = std::mem::take(&mut self.costly) || was_aside;
        let care = match self.mark.replace(Mark { marked: false, at }) {
            _ if counted => Care::Clear,
            Some(Mark { marked: true, .. }) => Care::Clear,
            Some(before) if at - before.at < SEEN_FOR => {
                self.mark = Some(before);
                return None;
            }
            _ => Care::Look,
        };
        Some(care)
    }

    /// The rule answered, and took too much.
    fn cost(&mut self, at: Instant) -> Care {
        self.mark = Some(Mark { marked: false, at });
        self.costly = true;
        Care::Cost
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
pub(super) enum Care {
    /// It fails: say so and count it, over all hosts.
    Count(Words),
    /// It answers, and others were not asked for the time that took: count it, over all hosts.
    Cost,
    /// It answers again.
    Clear,
    /// It answers, and nobody here knows whether it is marked.
    Look,
}

/// A rule to be seen to.
pub(super) struct Patient {
    pub(super) binding: String,
    pub(super) heard: bindings::Heard,
    /// When it was asked, in business time.
    pub(super) now: Instant,
    pub(super) care: Care,
    /// Whether it was set aside before it was asked.
    pub(super) was_aside: bool,
}

/// From how many microseconds of processor time on an answer took too much of this quote; none if nobody was left unasked.
fn too_dear(gathered: &Gathered, of_all: u64) -> impl Fn(u64) -> bool {
    let left_out = gathered.heard.iter().any(|heard| matches!(heard, Heard::NotAsked));
    move |cpu_micros| left_out && took_too_much(cpu_micros, of_all)
}

impl Gathered {
    /// Microseconds of processor time that the rule of a binding took.
    fn micros_of(&self, binding: &str) -> u64 {
        let asked = self.heard.iter().find_map(|heard| match heard {
            Heard::Asked(asked) if asked.rule.binding == binding => Some(asked),
            _ => None,
        });
        asked.map_or(0, |asked| asked.made.usage().cpu_micros)
    }
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
        let too_dear = too_dear(gathered, self.app.engine.limits().request_cpu_ms.saturating_mul(1_000));
        for (campaign, heard) in gathered.standing.campaigns.iter().zip(&gathered.heard) {
            let Heard::Asked(asked) = heard else { continue };
            let rule = &asked.rule;
            let fault = asked.made.answer.as_ref().err();
            room.spend(&rule.digest, &asked.made.usage());
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
            let was_aside = campaign.aside.is_some();
            let care = match fault {
                None if too_dear(asked.made.usage().cpu_micros) => Some(known.cost(at)),
                None => known.answered(at, was_aside),
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
                was_aside,
            }));
        }
        drop(health);
        if patients.is_empty() {
            return;
        }
        // the dearest first: if it is set aside, others may have time enough
        let micros = |patient: &Patient| gathered.micros_of(&patient.binding);
        patients.sort_by_key(|patient| std::cmp::Reverse(micros(patient)));
        let place = room.counting.clone().try_acquire_owned();
        if place.is_err()
            && patients
                .iter()
                .all(|patient| matches!(patient.care, Care::Count(_) | Care::Cost))
        {
            // enough of them are being counted already; more of the same would only wait for the same row
            return;
        }
        let (app, room) = (self.app.clone(), room.clone());
        self.app.background.spawn(async move {
            app.quotes().see_to(&room, patients).await;
            drop(place);
        });
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
            health.answered(10, false),
            Some(Care::Look),
            "an earlier run may have left a mark"
        );
        assert_eq!(health.answered(11, false), None);
        assert_eq!(
            health.answered(10 + SEEN_FOR, false),
            Some(Care::Look),
            "another host may have left one"
        );
        assert_eq!(
            healths.of("spring", 2).answered(12, false),
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
        assert_eq!(health.answered(3, false), Some(Care::Clear));
        assert_eq!(health.answered(4, false), None);
    }

    #[test]
    fn what_was_counted_is_taken_back_by_the_next_good_answer() {
        let mut healths = Healths::default();
        let health = healths.of("spring", 1);
        assert_eq!(health.cost(1), Care::Cost);
        assert_eq!(health.answered(2, false), Some(Care::Clear));
        assert_eq!(health.answered(3, false), None);
        assert_eq!(
            health.answered(4, true),
            Some(Care::Clear),
            "it was set aside until now"
        );
    }

    #[test]
    fn what_is_heard_at_the_same_time_has_an_order() {
        let mut healths = Healths::default();
        assert_eq!([7, 7, 3, 20].map(|now| healths.hear(now)), [7, 8, 9, 20]);
    }
}
