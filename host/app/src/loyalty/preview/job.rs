//! Making a preview: page by page, read while the page before is played.

use super::play::Side;
use super::read::{Page, Span};
use super::sums::{Change, Foreseen, InForce, MonthChange, Totals};
use crate::error::{AppError, Result, retrying};
use crate::facts::known::project_row;
use crate::jobs::{Done, Job, JobRow};
use crate::loyalty::books::{Basis, worth};
use crate::loyalty::programme::Programme;
use crate::loyalty::{LOYALTY, MAIN};
use crate::rules::in_pool;
use crate::rules::point::{Rule, RuleName};
use crate::rules::words::reason;
use crate::{App, Loyalty, Room};
use posthouse_domain::{Words, words};
use posthouse_store::loyalty::{self as store, PreviewRow};
use posthouse_store::{Access, attributes, plugins};
use rayon::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How often progress is written, and whether anybody still wants it is looked up.
const SAY_EVERY: Duration = Duration::from_millis(500);
/// Faults after which a rule is played no further.
const MOST_FAULTS: u64 = 1_000;

/// Plays a preview.
pub(crate) struct Play;

impl Job for Play {
    const KIND: &'static str = "loyalty.preview";
    const ATTEMPTS: i64 = 5;

    async fn run(app: &App, job: &JobRow) -> Result<Done> {
        let id: Uuid = job
            .key
            .parse()
            .map_err(|_| AppError::Internal(format!("{:?} is no preview", job.key)))?;
        let room = app.room(job.agency_id).await?;
        match app.loyalty().make_preview(&room, id).await {
            Err(error) if !error.will_pass() => {
                tracing::warn!(%error, agency = %room.slug, %id, "a preview failed");
                app.loyalty()
                    .end_preview(&room, id, "failed", None, Some(&Words::of(&error)))
                    .await?;
            }
            made => made?,
        }
        Ok(Done::Over)
    }
}

/// The rules that are played, and over what.
struct Plan {
    span: Span,
    now: Option<Side>,
    then: Side,
    value_of_100: i64,
    /// How often the other rule has failed so far, also on the page that is being played.
    failed: AtomicU64,
}

impl Loyalty<'_> {
    async fn end_preview(
        &self,
        room: &Room,
        id: Uuid,
        state: &str,
        result: Option<&str>,
        problem: Option<&Words>,
    ) -> Result<()> {
        let problem = problem.map(Words::to_stored);
        retrying!(async {
            let mut tx = self.app.store.write(Access::Agency(room.id)).await?;
            store::end_preview(&mut tx, room.id, id, state, (result, problem.as_deref())).await?;
            tx.commit().await.map_err(AppError::from)
        })
    }

    async fn advance(&self, room: &Room, id: Uuid, totals: &Totals) -> Result<bool> {
        let done = (totals.members as i64, totals.asked as i64);
        retrying!(async {
            let mut tx = self.app.store.write(Access::Agency(room.id)).await?;
            let wanted = store::advance_preview(&mut tx, room.id, id, done).await?;
            tx.commit().await?;
            Ok::<_, AppError>(wanted)
        })
    }

    async fn make_preview(&self, room: &Arc<Room>, id: Uuid) -> Result<()> {
        let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
        let row = store::preview(&mut tx, room.id, id).await?;
        drop(tx);
        let Some(row) = row else { return Ok(()) };
        self.app.segments().ensure_loaded(room).await?;
        let mut totals = Totals::default();
        if !self.advance(room, id, &totals).await? {
            return Ok(());
        }
        let play = Arc::new(self.sides(room, &row).await?);
        let mut said = Instant::now();
        let mut next = self.page(&play.span, Uuid::nil()).await?;
        while let Some(Page { members, last }) = next {
            let (playing, in_room) = (play.clone(), room.clone());
            let played = in_pool(&self.app.engine, room.id, move || playing.play(&members, &in_room));
            let (part, following) = tokio::join!(played, self.page(&play.span, last));
            totals = totals.and(part?);
            next = following?;
            if totals.failed > MOST_FAULTS {
                let (count, first) = (totals.failed, totals.fault.clone().unwrap_or_default());
                let problem = words!(
                    "the rule failed {count} times; the first time: {first}",
                    "规则失败了 {count} 次；第一次：{first}"
                );
                return self.end_preview(room, id, "failed", None, Some(&problem)).await;
            }
            if said.elapsed() > SAY_EVERY {
                said = Instant::now();
                if !self.advance(room, id, &totals).await? {
                    return Ok(());
                }
            }
        }
        self.advance(room, id, &totals).await?;
        let foreseen = self.foreseen(room, &play, totals).await?;
        let result = serde_json::to_string(&foreseen).map_err(AppError::corrupt("preview"))?;
        self.end_preview(room, id, "done", Some(&result), None).await
    }

    /// Both rules, opened. A rule in force that does not open any more has nothing to say.
    async fn sides(&self, room: &Room, row: &PreviewRow) -> Result<Plan> {
        let agency = room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let bound = plugins::binding(&mut tx, agency, LOYALTY, &row.binding).await?;
        let bound = bound.filter(|bound| !bound.is_ended());
        drop(tx);
        // to open a plugin can take its compilation; no connection is held meanwhile
        let digests = bound
            .iter()
            .map(|bound| bound.digest.clone())
            .chain([row.digest.clone()]);
        self.app.plugins().open_all(agency, digests.collect()).await?;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let own = attributes::definitions(&mut tx, agency).await?;
        let programme = store::programme(&mut tx, agency).await?;
        let programme = Programme::try_from(programme.ok_or(AppError::NotFound("programme"))?)?;
        let gives_tiers = row.binding == MAIN;
        let side = |rule| Side {
            rule: Arc::new(rule),
            gives_tiers,
        };
        let named = RuleName {
            binding: &row.binding,
            revision: 0,
            digest: &row.digest,
            config: &row.config,
        };
        let then = side(self.app.plugins().rule(&mut tx, agency, named, &own).await?);
        let now = match &bound {
            Some(bound) => match self
                .app
                .plugins()
                .rule(&mut tx, agency, RuleName::in_force(bound), &own)
                .await
            {
                Err(error) if error.will_pass() => return Err(error),
                opened => opened.ok().map(side),
            },
            None => None,
        };
        let reads = |rule: &Rule<_>| !rule.plugin.description().facts.is_empty();
        let span = Span {
            agency,
            binding: row.binding.clone(),
            from: row.from_on,
            to: row.to_on,
            since: programme.since,
            zone: room.terms.time_zone,
            gives_tiers,
            reads_facts: reads(&then.rule) || now.as_ref().is_some_and(|now| reads(&now.rule)),
        };
        Ok(Plan {
            span,
            now,
            then,
            value_of_100: programme.value_of_100,
            failed: AtomicU64::new(0),
        })
    }

    /// The result: what the sums are worth, and the reasons of those who are shown.
    async fn foreseen(&self, room: &Room, play: &Plan, mut totals: Totals) -> Result<Foreseen> {
        let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
        let basis = Basis::read(&mut tx, room.id, play.span.to).await?;
        drop(tx);
        totals.rank();
        let tiers = |side: &Side| match play.span.gives_tiers {
            true => side.rule.plugin.point().tiers().to_vec(),
            false => Vec::new(),
        };
        let (mut order, mut titles) = (Vec::new(), std::collections::BTreeMap::new());
        for tier in play.now.iter().flat_map(tiers).chain(tiers(&play.then)) {
            if !order.contains(&tier.key) {
                order.push(tier.key.clone());
            }
            titles.insert(tier.key, tier.title);
        }
        let (classes, moves, changed) = match play.span.gives_tiers {
            true => totals.moves(&order),
            false => Default::default(),
        };
        let description = play.then.rule.plugin.description();
        let sample = totals.shown.drain(..).map(|mut one| {
            one.change.reason = one
                .said
                .map(|(because, facts)| reason(description, because.reason, (&facts, &because.arguments), &room.terms));
            one.change
        });
        let sample = sample.collect();
        let outstanding = totals.outstanding;
        let each = |of: &dyn Fn(i64) -> i64| Change {
            now: of(outstanding.now),
            then: of(outstanding.then),
        };
        let months: Vec<MonthChange> = totals
            .months
            .into_iter()
            .map(|(month, points)| MonthChange { month, points })
            .collect();
        Ok(Foreseen {
            compared: play.now.is_some(),
            in_force: match &play.now {
                Some(now) => Some(InForce {
                    digest: now.rule.digest.clone(),
                    config: serde_json::from_str(&now.rule.config).map_err(AppError::corrupt("settings"))?,
                }),
                None => None,
            },
            points: Change {
                now: months.iter().map(|month| month.points.now).sum(),
                then: months.iter().map(|month| month.points.then).sum(),
            },
            months,
            outstanding,
            value: each(&|points| worth(points, play.value_of_100)),
            breakage_rate: basis.rate,
            cost: each(&|points| worth(points - basis.of(points), play.value_of_100)),
            titles,
            tiers: classes,
            moves,
            changed,
            failed: totals.failed,
            fault: totals.fault,
            sample,
        })
    }
}

impl Plan {
    fn play(&self, members: &[super::play::Played], room: &Room) -> Totals {
        let today = self.span.to;
        let one = |member: &super::play::Played| {
            // a rule that keeps failing takes as long as it may each time
            if self.failed.load(Ordering::Relaxed) > MOST_FAULTS {
                return Totals::default();
            }
            let facts = |side: &Side| {
                let rule = &side.rule;
                match rule.plugin.description().facts.is_empty() {
                    true => Vec::new(),
                    false => {
                        let whose = (member.ordinal, today);
                        project_row(rule.plugin.description(), rule.seed, room, &room.frame(), whose)
                    }
                }
            };
            let now = self
                .now
                .as_ref()
                .map(|side| side.play(member, &facts(side), room, today));
            let own = facts(&self.then);
            let then = self.then.play(member, &own, room, today);
            self.failed.fetch_add(then.failed, Ordering::Relaxed);
            Totals::default().count(member.customer, now, then, &own)
        };
        members.par_iter().map(one).reduce(Totals::default, Totals::and)
    }
}
