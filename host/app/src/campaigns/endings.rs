//! The end of a campaign: its window is over, and what was learned is written down.

use super::steps::{Taken, next_state, record, state_of};
use super::view::view;
use super::{CampaignView, check_version, find, find_locked, needed, plan_of, write};
use crate::error::{AppError, Result, retrying};
use crate::team::Caller;
use crate::{App, Room};
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

impl App {
    /// Writes down how a campaign went, with its effect as it is measured now.
    ///
    /// # Errors
    /// As [`App::step_campaign`]; `note_missing` without judgement or lessons.
    pub async fn evaluate_campaign(
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
        let mut tx = self.store.read(Access::Agency(agency)).await?;
        let row = find(&mut tx, agency, name).await?;
        next_state(&row, Action::Evaluate, 0, false, self.clock.now())?;
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
        let (agency, now) = (caller.room.id, self.clock.now());
        let mut tx = self.store.write(Access::Agency(agency)).await?;
        let before = find_locked(&mut tx, agency, name).await?;
        check_version(&before, expected)?;
        let mut after = before.clone();
        after.state = next_state(&before, Action::Evaluate, 0, false, now)?
            .as_str()
            .to_owned();
        write(&mut tx, agency, &before, &mut after, now).await?;
        let taken = Taken::by(caller, now, None);
        record(&mut tx, agency, (&before, &after), Action::Evaluate.as_str(), &taken).await?;
        let row = EvaluationRow {
            campaign_id: before.id,
            key: before.key.clone(),
            name: before.name.clone(),
            kind: before.kind.clone(),
            effect: json::to_string(effect).map_err(AppError::corrupt("effect"))?,
            judgement: evaluation.judgement.clone(),
            lessons: evaluation.lessons.clone(),
            evaluated_by: caller.key,
            at: now,
        };
        campaign_changes::insert_evaluation(&mut tx, agency, &row).await?;
        let view = view(&mut tx, &caller.room, after).await?;
        tx.commit().await?;
        Ok(view)
    }

    /// Ends the agency's campaigns whose window is over.
    pub(crate) async fn end_overdue(&self, room: &Room) -> Result<()> {
        let now = self.clock.now();
        let mut tx = self.store.read(Access::Agency(room.id)).await?;
        let in_force = store::in_force(&mut tx, room.id).await?;
        drop(tx);
        for row in in_force {
            if plan_of(&row)?.window.to <= now && retrying!(self.try_end(room, row.id, now))? {
                tracing::info!(agency = %room.slug, campaign = %row.key, "a campaign is over");
            }
        }
        Ok(())
    }

    /// Ends one, unless somebody was first; `true` if this call did.
    async fn try_end(&self, room: &Room, campaign: Uuid, now: Instant) -> Result<bool> {
        let agency = room.id;
        let mut tx = self.store.write(Access::Agency(agency)).await?;
        store::next_version(&mut tx, agency).await?;
        let before = find_locked(&mut tx, agency, &campaign.to_string()).await?;
        let to = plan_of(&before)?.window.to;
        let state = state_of(&before)?;
        if to > now || !matches!(state, State::Running | State::Paused) {
            return Ok(false);
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
        record(&mut tx, agency, (&before, &after), Action::End.as_str(), &taken).await?;
        close_amendments(&mut tx, agency, before.id, now).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// A campaign that is over is not amended: what waited for a decision is rejected by the host.
pub(super) async fn close_amendments(tx: &mut Tx, agency: Uuid, campaign: Uuid, now: Instant) -> Result<()> {
    let newest = campaign_changes::amendments(tx, agency, campaign, i64::MAX, 1).await?;
    if let Some(amendment) = newest.first() {
        campaign_changes::decide_amendment(tx, agency, campaign, amendment.amendment, ("rejected", None, now)).await?;
    }
    Ok(())
}
