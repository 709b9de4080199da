//! Seeing beforehand what a rule would change: both rules on the same frame and clock.

use super::SEGMENTATION;
use super::classify::{SegmentationRule, fault_for};
use super::diff::{Pair, from_bytes, movement, to_bytes};
use super::read::worded;
use crate::Segments;
use crate::beside::beside;
use crate::days::Of;
use crate::error::{AppError, Result, retrying};
use crate::labels::{Label, labels};
use crate::rules::grants::{self, ungranted};
use crate::rules::{ClassChange, Diff, Moment, MoveCount, Reason, at_once, in_pool};
use crate::team::Caller;
use posthouse_domain::Day;
use posthouse_engine::QuantileTable;
use posthouse_store::{Access, plugins, profiles, segments as store};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::HashMap;
use uuid::Uuid;

/// The rule to be tried.
#[derive(Debug, Clone)]
pub struct PreviewRequest {
    /// The plugin.
    pub digest: String,
    /// Its settings.
    pub config: Value,
    /// The binding it would be put into.
    pub name: String,
}

/// What a rule would change.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Preview {
    /// Under which its moves are listed.
    pub id: Uuid,
    /// The day of the facts both rules were asked about.
    pub day: Day,
    /// How many customers were classified.
    pub customers: u64,
    /// Every segment of either rule.
    pub segments: Vec<ClassChange>,
    /// Every move that would happen, the largest first.
    pub moves: Vec<MoveCount>,
    /// How many would move in all.
    pub changed: u64,
    /// How many the rule in force would move today by itself, as time has passed since its latest run.
    pub drift: u64,
    /// Whether the rule in force fails: `now` is then what it said last, and no drift can be told.
    pub stale: bool,
    /// Facts the plugin reads that are not granted to the binding: its activation has to grant them.
    pub grant_needed: Vec<String>,
    /// Of the facts that its activation would grant, those that take a right of its own.
    pub sensitive: Vec<String>,
    /// Those who would move, all of up to a hundred, some of more; nobody for a caller who may not read customers.
    pub sample: Vec<PreviewSample>,
    /// Fuel used by the new rule.
    pub fuel: u64,
    /// Wall-clock milliseconds.
    pub duration_ms: u64,
}

/// Somebody who would move.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PreviewSample {
    /// Who.
    pub customer_id: Uuid,
    /// By what people recognise them.
    #[serde(flatten)]
    pub label: Label,
    /// The segment by the rule in force; `null` means none.
    pub from: Option<String>,
    /// The segment by the new rule.
    pub to: Option<String>,
    /// Why, by the new rule; known of those shown with the preview, and only if the rule says why.
    #[serde(default)]
    pub reason: Option<Reason>,
}

/// A page of those who would move.
#[derive(Debug, Clone, Serialize)]
pub struct MovePage {
    /// The movers.
    pub items: Vec<PreviewSample>,
    /// Cursor of the next page.
    pub next: Option<String>,
}

/// As many movers are all shown with a preview.
const ALL_SHOWN: u64 = 100;
/// Movers shown of more, from each kind of move.
const SAMPLE_PER_MOVE: usize = 3;
/// Movers shown of more, in all.
const SAMPLE: usize = 20;
/// How long a preview's moves can be listed.
const KEPT_MILLIS: i64 = 24 * 3_600_000;

impl Segments<'_> {
    /// Tries a rule on everyone, beside the one in force. Nothing is changed.
    ///
    /// # Errors
    /// Settings that do not fit, a rule that fails, failures of the database.
    pub async fn preview(&self, caller: &Caller, request: PreviewRequest) -> Result<Preview> {
        let room = caller.room.clone();
        let rule = self
            .rule(room.id, &request.name, &request.digest, &request.config)
            .await?;
        let reads = caller.reads_everything();
        let (asked, sensitive) = self.asked_for(caller, &request.name, &rule).await?;
        let began = std::time::Instant::now();
        let (desk, moment) = self.app.days().desk(&room, Of::LastDay).await?;
        let first = !room.live().contains_key(&request.name);
        let (keys, stored, present) = room
            .live()
            .get(&request.name)
            .map(|live| (live.keys(), live.classes.clone(), live.rule.clone()))
            .unwrap_or_default();
        let (asking, tried, draws) = (room.clone(), rule.clone(), self.app.engine.draws().clone());
        let (then, now) = in_pool(&self.app.engine, room.id, move || {
            let frame = asking.frame();
            let then = tried.everyone(&frame, moment, &draws);
            (
                then,
                present.and_then(|rule| rule.everyone(&frame, moment, &draws).ok()),
            )
        })
        .await?;
        drop(desk);
        let then = match then {
            Ok(then) => then,
            Err(fault) => {
                let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
                return Err(fault_for(&mut tx, room.id, &fault, reads).await?);
            }
        };
        // a rule in force that fails has no opinion of today: what it said last stands
        let stale = now.is_none() && !keys.is_empty();
        let now = now.map_or_else(|| stored.clone(), |everyone| everyone.classes);
        let new_keys = rule.keys();
        let (fuel, classes, tables) = (then.fuel, then.classes, then.quantiles);
        let (drift, compared) = beside(move || {
            let drift = now
                .iter()
                .enumerate()
                .filter(|(ordinal, class)| stored.get(*ordinal).copied().unwrap_or(posthouse_engine::NONE) != **class)
                .count() as u64;
            (drift, movement(&keys, &now, &new_keys, &classes))
        })
        .await?;
        // of a small base everyone is shown, of a large one some from each kind of move
        let (of_each, in_all) = match compared.diff.changed <= ALL_SHOWN {
            true => (usize::MAX, usize::MAX),
            false => (SAMPLE_PER_MOVE, SAMPLE),
        };
        let picked: Vec<(u32, &Pair)> = compared
            .movers
            .iter()
            .flat_map(|(pair, movers)| movers.iter().take(of_each).map(move |ordinal| (ordinal, pair)))
            // who they are is for those who may read customers
            .take(if reads { in_all } else { 0 })
            .collect();
        let mut reasons = self.reasons(caller, rule, moment, tables, &picked).await?;
        let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
        let ordinals: Vec<i64> = picked.iter().map(|(ordinal, _)| i64::from(*ordinal)).collect();
        let customers = profiles::customers_at(&mut tx, room.id, &ordinals).await?;
        let mut labels = labels(&mut tx, caller, &customers).await?;
        drop(tx);
        let sample = picked
            .into_iter()
            .filter_map(|(ordinal, (from, to))| {
                let customer = customers.iter().find(|row| row.ordinal == i64::from(ordinal))?;
                Some(PreviewSample {
                    customer_id: customer.id,
                    label: labels.remove(&customer.id)?,
                    from: from.clone(),
                    to: to.clone(),
                    reason: reasons.remove(&ordinal),
                })
            })
            .collect();
        // a first activation grants what the plugin declares
        let grant_needed = if first { Vec::new() } else { asked };
        let Diff {
            customers,
            classes: segments,
            moves,
            changed,
        } = compared.diff;
        let preview = Preview {
            day: moment.today,
            id: self.app.entropy.id(moment.now),
            customers,
            segments,
            moves,
            changed,
            drift,
            stale,
            grant_needed,
            sensitive,
            sample,
            fuel,
            duration_ms: began.elapsed().as_millis() as u64,
        };
        let name = |key: &Option<String>| key.clone().unwrap_or_default();
        let rows: Vec<(String, String, Vec<u8>)> = compared
            .movers
            .iter()
            .map(|((from, to), movers)| (name(from), name(to), to_bytes(movers)))
            .collect();
        let summary = serde_json::to_string(&preview).map_err(AppError::corrupt("preview"))?;
        let machine = self.app.machine.now();
        retrying!(async {
            let mut tx = self.app.store.write(Access::Agency(room.id)).await?;
            store::forget_previews(&mut tx, room.id, machine - KEPT_MILLIS).await?;
            store::insert_preview(&mut tx, room.id, preview.id, &request.name, &summary, &rows, machine).await?;
            tx.commit().await.map_err(AppError::from)
        })?;
        Ok(preview)
    }

    /// Why the rule would put these movers where they would go. Whoever changes meanwhile is left out: the reason would be another.
    async fn reasons(
        &self,
        caller: &Caller,
        rule: SegmentationRule,
        moment: Moment,
        tables: Vec<QuantileTable>,
        movers: &[(u32, &Pair)],
    ) -> Result<HashMap<u32, Reason>> {
        let ordinals: Vec<u32> = movers.iter().map(|(ordinal, _)| *ordinal).collect();
        let targets: Vec<Option<String>> = movers.iter().map(|(_, (_, to))| to.clone()).collect();
        let asking = caller.clone();
        at_once(&self.app.engine, caller.room.id, move || {
            let (frame, keys) = (asking.room.frame(), rule.keys());
            let Ok((answers, _)) = rule.single(&frame, moment, &tables, &ordinals) else {
                return HashMap::new();
            };
            let reasons = ordinals
                .iter()
                .zip(targets)
                .zip(answers)
                .filter_map(|((ordinal, to), answer)| {
                    let stands = keys.get(usize::from(answer.segment)) == to.as_ref();
                    let reason = worded(&rule, &frame, *ordinal as usize, answer, moment.today, &asking);
                    Some((*ordinal, reason.filter(|_| stands)?))
                });
            reasons.collect()
        })
        .await
    }

    /// The facts that a rule reads and its binding has not been granted, and those of them that are sensitive. A preview reads them all the
    /// same, so what a caller asks of them who may not read customers is written down.
    async fn asked_for(
        &self,
        caller: &Caller,
        name: &str,
        rule: &SegmentationRule,
    ) -> Result<(Vec<String>, Vec<String>)> {
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let granted = plugins::granted(&mut tx, agency, SEGMENTATION, name).await?;
        let asked = ungranted(&grants::reads(rule.plugin.description()), &granted);
        let sensitive = grants::sensitive(&mut tx, agency, &asked).await?;
        drop(tx);
        if !sensitive.is_empty() && !caller.reads_everything() {
            let subject = format!("binding/{SEGMENTATION}/{name}");
            let detail = json!({"digest": rule.plugin.digest(), "facts": sensitive});
            self.app
                .audit()
                .note_look(caller, "binding.preview", &subject, &detail)
                .await?;
        }
        Ok((asked, sensitive))
    }

    /// Those who would move by a preview, all or from one segment or to one; an empty name means none.
    ///
    /// # Errors
    /// [`AppError::NotFound`] if there is no such preview, or it is older than a day.
    pub async fn preview_moves(
        &self,
        caller: &Caller,
        id: Uuid,
        from: Option<&str>,
        to: Option<&str>,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<MovePage> {
        let agency = caller.room.id;
        caller.must_see(&[])?;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        store::preview(&mut tx, agency, id)
            .await?
            .ok_or(AppError::NotFound("preview"))?;
        let mut movers = Vec::new();
        let after: i64 = match cursor {
            None => -1,
            Some(text) => text.parse().map_err(|_| AppError::bad_cursor())?,
        };
        for (origin, target, bytes) in store::preview_moves(&mut tx, agency, id).await? {
            if from.is_some_and(|key| key != origin) || to.is_some_and(|key| key != target) {
                continue;
            }
            let named = |key: &str| (!key.is_empty()).then(|| key.to_owned());
            let bitmap = from_bytes(&bytes)?;
            let from = after.checked_add(1).and_then(|from| u32::try_from(from).ok());
            let rest = bitmap.range(from.unwrap_or(u32::MAX)..);
            movers.extend(
                rest.take(limit + 1)
                    .map(|ordinal| (ordinal, named(&origin), named(&target))),
            );
        }
        movers.sort_unstable();
        let more = movers.len() > limit;
        movers.truncate(limit);
        let ordinals: Vec<i64> = movers.iter().map(|(ordinal, ..)| i64::from(*ordinal)).collect();
        let customers = profiles::customers_at(&mut tx, agency, &ordinals).await?;
        let mut labels = labels(&mut tx, caller, &customers).await?;
        let items = movers
            .iter()
            .filter_map(|(ordinal, from, to)| {
                let row = customers
                    .binary_search_by_key(&i64::from(*ordinal), |row| row.ordinal)
                    .ok()
                    .map(|index| &customers[index])?;
                Some(PreviewSample {
                    customer_id: row.id,
                    label: labels.remove(&row.id)?,
                    from: from.clone(),
                    to: to.clone(),
                    reason: None,
                })
            })
            .collect();
        let next = movers.last().filter(|_| more).map(|(ordinal, ..)| ordinal.to_string());
        Ok(MovePage { items, next })
    }
}
