//! Looking at segments: their sizes, their members, and one customer's place in each.

use super::classify::{Answer, SegmentationRule, fault_error};
use super::history::since;
use super::live::Live;
use super::ranking::Sort;
use crate::beside::beside;
use crate::error::{Result, retrying};
use crate::facts::Frame;
use crate::labels::{Label, labels};
use crate::masks::HIDDEN;
use crate::rules::at_once;
use crate::rules::words::{Reason, fill, spoken};
use crate::team::Caller;
use crate::{Room, Segments};
use posthouse_domain::{Day, Localized};
use posthouse_engine::{NONE, ReasonDef};
use posthouse_store::{Access, profiles};
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use uuid::Uuid;

/// A segment and how many are in it.
#[derive(Debug, Clone, Serialize)]
pub struct SegmentSummary {
    /// The binding it belongs to.
    pub binding: String,
    /// Its key.
    pub key: String,
    /// Its title.
    pub title: Localized,
    /// What the agency does for it.
    pub policy: Localized,
    /// The plugin that decides.
    pub digest: String,
    /// Members.
    pub count: u64,
    /// What the scores of its members count, if the rule says.
    pub score_title: Option<Localized>,
    /// Business time of the latest full run, in ms since 1970; later events are counted in.
    pub as_of: i64,
    /// Whether the rule fails and old memberships stand.
    pub stale: bool,
}

/// A member of a segment.
#[derive(Debug, Clone, Serialize)]
pub struct Member {
    /// Who.
    pub customer_id: Uuid,
    /// By what people recognise them.
    #[serde(flatten)]
    pub label: Label,
    /// When they entered last, in ms since 1970.
    pub since: Option<i64>,
    /// Rank inside the segment, 0 if the rule gives none; unknown while the rule fails.
    pub score: Option<f32>,
    /// Why.
    pub reason: Option<Reason>,
}

/// A page of members.
#[derive(Debug, Clone)]
pub struct MemberPage {
    /// The members.
    pub items: Vec<Member>,
    /// Cursor of the next page.
    pub next: Option<String>,
    /// The past instant asked for; none for the present.
    pub as_of: Option<super::PastBinding>,
    /// In which order; those of a past day come in the order in which they became customers.
    pub sort: Option<Sort>,
    /// What the scores count, if the rule says.
    pub score_title: Option<Localized>,
}

/// One customer's place in a binding.
#[derive(Debug, Clone, Serialize)]
pub struct CustomerSegment {
    /// The binding.
    pub binding: String,
    /// The segment; `null` means none.
    pub key: Option<String>,
    /// Its title.
    pub title: Option<Localized>,
    /// What the agency does for it.
    pub policy: Option<Localized>,
    /// When they entered last, in ms since 1970.
    pub since: Option<i64>,
    /// Rank inside the segment, 0 if the rule gives none; unknown while the rule fails.
    pub score: Option<f32>,
    /// Why.
    pub reason: Option<Reason>,
    /// The plugin that decides.
    pub digest: String,
    /// Whether the rule fails and an old membership stands.
    pub stale: bool,
}

impl Segments<'_> {
    /// Makes sure that this host has read the agency's segments.
    pub(crate) async fn ensure_loaded(&self, room: &Arc<Room>) -> Result<()> {
        if room.loaded.load(Ordering::Acquire) {
            return Ok(());
        }
        self.look_again(room).await
    }

    /// Follows what is committed by now.
    ///
    /// # Errors
    /// Failures of the database.
    pub(crate) async fn look_again(&self, room: &Arc<Room>) -> Result<()> {
        let mut desk = room.desk.lock().await;
        retrying!(self.sync(room, &mut desk)).map(drop)
    }

    /// Every segment of every binding.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn list(&self, caller: &Caller) -> Result<Vec<SegmentSummary>> {
        let room = caller.room.clone();
        self.ensure_loaded(&room).await?;
        beside(move || counted(&room)).await
    }

    /// Members of a segment in an order.
    ///
    /// # Errors
    /// [`AppError::NotFound`](crate::AppError::NotFound) if there is no such segment; a cursor of another list or order.
    pub async fn members(
        &self,
        caller: &Caller,
        (binding, segment): (&str, &str),
        sort: Sort,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<MemberPage> {
        let room = &caller.room;
        self.ensure_loaded(room).await?;
        let hidden = self.scores_tell_hidden_facts(caller, binding);
        // an order by what is hidden would tell of it as well
        let sort = if hidden && sort == Sort::Score {
            Sort::Joined
        } else {
            sort
        };
        let visible = self.app.profiles().visible(caller).await?;
        let (page, next) = self
            .ranked(room, (binding, segment), sort, cursor, limit, &visible)
            .await?;
        let answers = self.answers(room, binding, page.clone()).await?;
        let ordinals: Vec<i64> = page.iter().map(|o| i64::from(*o)).collect();
        let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
        let rows = profiles::customers_at(&mut tx, room.id, &ordinals).await?;
        let mut labels = labels(&mut tx, caller, &rows).await?;
        let since = since(&mut tx, room.id, binding, segment, &ordinals, None).await?;
        drop(tx);
        let ids: HashMap<i64, Uuid> = rows.into_iter().map(|row| (row.ordinal, row.id)).collect();
        let items = ordinals
            .iter()
            .enumerate()
            .filter_map(|(place, ordinal)| {
                let id = ids.get(ordinal)?;
                let answer = answers.get(place).copied();
                Some(Member {
                    customer_id: *id,
                    label: labels.remove(id)?,
                    since: since.get(ordinal).copied(),
                    score: answer.map(|a| a.score).filter(|_| !hidden),
                    reason: answer.and_then(|a| self.reason(caller, binding, *ordinal as usize, a)),
                })
            })
            .collect();
        let score_title = room.live().get(binding).and_then(Live::score_title);
        Ok(MemberPage {
            items,
            next,
            as_of: None,
            sort: Some(sort),
            score_title,
        })
    }

    /// A customer's place in every binding.
    pub(crate) async fn of(&self, caller: &Caller, ordinal: i64) -> Result<Vec<CustomerSegment>> {
        let room = &caller.room;
        self.ensure_loaded(room).await?;
        let names: Vec<String> = room.live().keys().cloned().collect();
        let mut places = Vec::new();
        for binding in names {
            let answers = if (ordinal as usize) < room.frame().len() {
                self.answers(room, &binding, vec![ordinal as u32]).await?
            } else {
                Vec::new()
            };
            let Some((def, digest, stale)) = room.live().get(&binding).map(|live| {
                let def = live.segments.get(usize::from(live.class(ordinal as usize))).cloned();
                (def, live.row.digest.clone(), live.row.stale_since.is_some())
            }) else {
                continue;
            };
            let entered = match &def {
                None => None,
                Some(def) => {
                    let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
                    since(&mut tx, room.id, &binding, &def.key, &[ordinal], None)
                        .await?
                        .get(&ordinal)
                        .copied()
                }
            };
            let answer = answers.first().copied();
            let hidden = self.scores_tell_hidden_facts(caller, &binding);
            places.push(CustomerSegment {
                key: def.as_ref().map(|def| def.key.clone()),
                title: def.as_ref().map(|def| def.title.clone()),
                policy: def.map(|def| def.policy),
                since: entered,
                score: answer.map(|a| a.score).filter(|_| !hidden),
                reason: answer.and_then(|a| self.reason(caller, &binding, ordinal as usize, a)),
                digest,
                stale,
                binding,
            });
        }
        Ok(places)
    }

    /// Asks the rule in force again for a few customers: it is pure, so its reasons need not be stored. Nothing if it fails.
    async fn answers(&self, room: &Arc<Room>, binding: &str, ordinals: Vec<u32>) -> Result<Vec<Answer>> {
        let moment = self.seen(room);
        let Some((rule, quantiles)) = room
            .live()
            .get(binding)
            .and_then(|live| Some((live.rule.clone()?, live.quantiles.clone())))
        else {
            return Ok(Vec::new());
        };
        if ordinals.is_empty() {
            return Ok(Vec::new());
        }
        let asking = room.clone();
        let answers = at_once(&self.app.engine, room.id, move || {
            rule.single(&asking.frame(), moment, &quantiles, &ordinals)
                .map(|(answers, _)| answers)
        })
        .await?;
        Ok(answers.unwrap_or_else(|fault| {
            tracing::warn!(error = %fault_error(&fault), agency = %room.slug, binding, "the rule gives no reasons");
            Vec::new()
        }))
    }

    /// Whether the rule in force reads a fact that is kept from the caller: its scores may be that fact.
    fn scores_tell_hidden_facts(&self, caller: &Caller, binding: &str) -> bool {
        if caller.masks.is_empty() {
            return false;
        }
        let (all, frame) = (caller.room.live(), caller.room.frame());
        let rule = all.get(binding).and_then(|live| live.rule.as_ref());
        rule.is_some_and(|rule| {
            let mut facts = rule.plugin.description().facts.iter();
            facts.any(|fact| {
                let kind = frame.position(&fact.key).map(|position| frame.kind(position).0);
                kind.is_some_and(|kind| caller.hides_fact(&fact.key, kind))
            })
        })
    }

    fn reason(&self, caller: &Caller, binding: &str, ordinal: usize, answer: Answer) -> Option<Reason> {
        let room = &caller.room;
        let all = room.live();
        let live = all.get(binding)?;
        // a rule that would decide otherwise by now cannot speak for the membership that stands
        if answer.segment == NONE || answer.segment != live.class(ordinal) {
            return None;
        }
        let rule = live.rule.as_ref()?;
        let today = self.seen(room).today;
        worded(rule, &room.frame(), ordinal, answer, today, caller)
    }
}

/// The reason of an answer, with what the caller sees of the customer's facts filled in; none if the rule gives none.
pub(super) fn worded(
    rule: &SegmentationRule,
    frame: &Frame,
    ordinal: usize,
    answer: Answer,
    today: Day,
    caller: &Caller,
) -> Option<Reason> {
    let ReasonDef { code, text, .. } = rule.plugin.description().reasons.get(usize::from(answer.reason?))?;
    let text = text.map(|template| {
        fill(template, |key| {
            let (kind, value) = rule.told(frame, key, ordinal, today)?;
            if caller.hides_fact(key, kind) {
                return Some(HIDDEN.to_owned());
            }
            Some(spoken(kind, value, &caller.room.terms))
        })
    });
    Some(Reason {
        code: code.clone(),
        text,
    })
}

/// Every segment of every binding with how many are in it.
fn counted(room: &Room) -> Vec<SegmentSummary> {
    let mut summaries = Vec::new();
    for (binding, live) in room.live().iter() {
        let defs = &live.segments;
        let mut counts = vec![0u64; defs.len()];
        for class in &live.classes {
            if let Some(count) = counts.get_mut(usize::from(*class)) {
                *count += 1;
            }
        }
        summaries.extend(defs.iter().zip(counts).map(|(def, count)| SegmentSummary {
            binding: binding.clone(),
            key: def.key.clone(),
            title: def.title.clone(),
            policy: def.policy.clone(),
            digest: live.row.digest.clone(),
            count,
            score_title: live.score_title(),
            as_of: live.run.at,
            stale: live.row.stale_since.is_some(),
        }));
    }
    summaries
}
