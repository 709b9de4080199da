//! The end of a campaign: its window is over, and what was learned is written down.

use super::life::{close_amendments, next_state, record, state_of};
use super::view::view;
use super::{CampaignView, check_version, find, find_locked, needed, plan_of, write};
use crate::error::{AppError, Result, retrying};
use crate::jobs::{self, Done, Job, JobClock, JobRow, Lane, NewJob};
use crate::team::Caller;
use crate::work::Taken;
use crate::{App, Campaigns};
use posthouse_domain::campaign::effect::Effect;
use posthouse_domain::campaign::{Action, State};
use posthouse_domain::{Instant, canonical as json, time, words};
use posthouse_store::campaign_changes::{self, EvaluationRow};
use posthouse_store::campaigns as store;
use posthouse_store::{Access, Tx};
use uuid::Uuid;

/// How a campaign went, in words.
#[derive(Debug, Clone, Default)]
pub struct Evaluation {
    /// How it went, in the view of those who know.
    pub judgement: String,
    /// What to do again and what not.
    pub lessons: String,
}

impl Campaigns<'_> {
    /// Writes down how a campaign went, with its effect as it is measured now.
    ///
    /// # Errors
    /// As [`Campaigns::step`]; `note_missing` without judgement or lessons.
    pub async fn evaluate(
        &self,
        caller: &Caller,
        name: &str,
        evaluation: &Evaluation,
        expected: Option<i64>,
    ) -> Result<CampaignView> {
        let agency = caller.room.id;
        let evaluation = Evaluation {
            judgement: needed(&words!("judgement", "评价"), Some(&evaluation.judgement))?,
            lessons: needed(&words!("lessons", "经验"), Some(&evaluation.lessons))?,
        };
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = find(&mut tx, agency, name).await?;
        next_state(&row, Action::Evaluate, 0, false, self.app.clock.now())?;
        let effect = self.measure(&mut tx, &caller.room, &row).await?;
        drop(tx);
        retrying!(self.try_evaluate(caller, name, &evaluation, &effect, expected))
    }

    async fn try_evaluate(
        &self,
        caller: &Caller,
        name: &str,
        evaluation: &Evaluation,
        effect: &Effect,
        expected: Option<i64>,
    ) -> Result<CampaignView> {
        let (agency, now) = (caller.room.id, self.app.clock.now());
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        let before = find_locked(&mut tx, agency, name).await?;
        check_version(&before, expected)?;
        let mut after = before.clone();
        after.state = next_state(&before, Action::Evaluate, 0, false, now)?
            .as_str()
            .to_owned();
        write(&mut tx, agency, &before, &mut after, now).await?;
        let taken = Taken::by(caller, now, None);
        record(
            self.app,
            &mut tx,
            agency,
            (&before, &after),
            Action::Evaluate.as_str(),
            &taken,
        )
        .await?;
        let row = EvaluationRow {
            campaign_id: before.id,
            key: before.key.clone(),
            name: before.name.clone(),
            kind: before.kind.clone(),
            effect: json::to_string(effect).map_err(AppError::corrupt("effect"))?,
            judgement: evaluation.judgement.clone(),
            lessons: evaluation.lessons.clone(),
            evaluated_by: caller.actor,
            at: now,
        };
        campaign_changes::insert_evaluation(&mut tx, agency, &row).await?;
        let view = view(&mut tx, &caller.room, after).await?;
        tx.commit().await?;
        Ok(view)
    }

    /// Ends a campaign whose window is over, unless somebody was first.
    async fn try_end(&self, job: &JobRow, campaign: Uuid) -> Result<Done> {
        let (agency, now) = (job.agency_id, self.app.clock.now());
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        store::next_version(&mut tx, agency).await?;
        let before = find_locked(&mut tx, agency, &campaign.to_string()).await?;
        let to = plan_of(&before)?.window.to;
        let state = state_of(&before)?;
        if !matches!(state, State::Running | State::Paused) {
            return Ok(Done::Over);
        }
        if to > now {
            return Ok(Done::At(to));
        }
        let mut after = before.clone();
        after.state = State::Ended.as_str().to_owned();
        write(&mut tx, agency, &before, &mut after, now).await?;
        let note = words!(
            "the window ended at {end}",
            "活动期于 {end} 结束",
            end = time::instant_text(to)
        )
        .to_stored();
        let taken = Taken::by_host(now, &note);
        record(
            self.app,
            &mut tx,
            agency,
            (&before, &after),
            Action::End.as_str(),
            &taken,
        )
        .await?;
        close_amendments(&mut tx, agency, before.id, now).await?;
        jobs::finish(&mut tx, self.app.host, job).await?;
        tx.commit().await?;
        tracing::info!(%agency, campaign = %before.key, "a campaign is over");
        Ok(Done::Finished)
    }
}

/// Ends a campaign once its window is over.
pub(crate) struct End;

impl Job for End {
    const KIND: &'static str = "campaign.end";
    /// It is over however long that takes.
    const ATTEMPTS: i64 = i64::MAX;

    async fn run(app: &App, job: &JobRow) -> Result<Done> {
        let campaign = Uuid::try_parse(&job.key)
            .map_err(|_| AppError::Internal(format!("a job on the campaign {:?}", job.key)))?;
        retrying!(app.campaigns().try_end(job, campaign))
    }
}

/// Has a campaign in force ended when its window is over.
pub(super) async fn end_with_its_window(tx: &mut Tx, agency: Uuid, campaign: Uuid, to: Instant) -> Result<()> {
    let end = NewJob {
        kind: End::KIND,
        key: &campaign.to_string(),
        lane: Lane::Timers,
        clock: JobClock::Business,
        due: to,
    };
    Ok(jobs::put(tx, agency, end).await?)
}
