//! From draft to lessons, one step at a time, each step a row.

use super::endings::{End, end_with_its_window};
use super::life::{AGREEING, ROLLBACK, close_amendments, next_state, put_campaign_rule, record};
use super::look_up::look_up;
use super::view::view;
use super::{CampaignView, PROMOTION, check_version, find, find_locked, long, needed, plan_of, subject, write};
use crate::Campaigns;
use crate::error::{AppError, Result, retrying};
use crate::jobs::{self, Job};
use crate::rules::grants::{check_right, ungranted};
use crate::team::Caller;
use crate::work::{Taken, agrees, approval, is_one_of};
use posthouse_domain::campaign::Action;
use posthouse_domain::{Instant, Words, words};
use posthouse_store::campaigns as store;
use posthouse_store::plugins;
use posthouse_store::work::{StepRow, last_step, open_tasks, steps};
use posthouse_store::{Access, Tx, unique};
use uuid::Uuid;

/// One step of a campaign's life.
#[derive(Debug, Clone)]
pub struct StepView {
    /// Counts from 1.
    pub step: i64,
    /// What was done: an action, `create`, `amend`, `rollback`, `breaker`: the host went back to an earlier rule because the one in force kept
    /// failing, or `set-aside`: there was none, and the rule is not asked for a while.
    pub action: String,
    /// The state before.
    pub from: String,
    /// The state after.
    pub to: String,
    /// The plan it was done with.
    pub plan_hash: String,
    /// What was said.
    pub note: Option<Words>,
    /// The key that did it; none if the host did.
    pub by: Option<Uuid>,
    /// When, in ms since 1970.
    pub at: Instant,
}

impl Campaigns<'_> {
    /// Takes a step that changes nothing but where the campaign stands: submit, approve, reject, pause, resume, end. Starting and
    /// evaluating have calls of their own.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `version_changed`; `wrong_state` says what the state is; `own_plan`, `window_over`; `note_missing` for a
    /// rejection without a reason; what has gone away that a submitted plan names.
    pub async fn step(
        &self,
        caller: &Caller,
        name: &str,
        action: Action,
        note: Option<&str>,
        expected: Option<i64>,
    ) -> Result<CampaignView> {
        let note = match action {
            Action::Reject => Some(needed(&words!("reason as note", "理由（note）"), note)?),
            Action::Change | Action::Start | Action::Evaluate => {
                return Err(AppError::Internal(format!("{} has a call of its own", action.as_str())));
            }
            _ => long(&words!("note", "备注"), note)?,
        };
        retrying!(self.try_step(caller, name, action, note.as_deref(), expected))
    }

    async fn try_step(
        &self,
        caller: &Caller,
        name: &str,
        action: Action,
        note: Option<&str>,
        expected: Option<i64>,
    ) -> Result<CampaignView> {
        let (agency, now) = (caller.room.id, self.app.clock.now());
        let mut tx = self.app.idempotency().begin(caller).await?;
        store::next_version(&mut tx, agency).await?;
        let before = find_locked(&mut tx, agency, name).await?;
        check_version(&before, expected)?;
        let written = ("create", Action::Change.as_str());
        let wrote = last_step(&mut tx, agency, subject(before.id), written).await?;
        let authors = [before.submitted_by, wrote.and_then(|step| step.taken_by)];
        let own = is_one_of(&mut tx, caller, &authors).await?;
        let open = open_tasks(&mut tx, agency, subject(before.id)).await?;
        let mut after = before.clone();
        after.state = next_state(&before, action, open, own, now)?.as_str().to_owned();
        if action == Action::Submit {
            look_up(&mut tx, agency, &plan_of(&before)?).await?;
            after.submitted_by = Some(caller.actor);
        }
        write(&mut tx, agency, &before, &mut after, now).await?;
        let taken = Taken::by(caller, now, note);
        record(self.app, &mut tx, agency, (&before, &after), action.as_str(), &taken).await?;
        if action == Action::End {
            close_amendments(&mut tx, agency, before.id, now).await?;
            jobs::cancel(&mut tx, agency, End::KIND, &before.id.to_string()).await?;
        }
        let view = view(&mut tx, &caller.room, after).await?;
        tx.commit().await?;
        Ok(view)
    }

    /// Puts an approved campaign and its rule into force.
    ///
    /// # Errors
    /// As [`Campaigns::step`]; `grant_not_allowed` if its rule reads what the caller may not grant; `not_approved`; `open_tasks`; `priority_taken`; `too_many_in_force`; a plugin that cannot be opened any more.
    pub async fn start(
        &self,
        caller: &Caller,
        name: &str,
        note: Option<&str>,
        expected: Option<i64>,
    ) -> Result<CampaignView> {
        let agency = caller.room.id;
        let note = long(&words!("note", "备注"), note)?;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = find(&mut tx, agency, name).await?;
        let plan = plan_of(&row)?;
        look_up(&mut tx, agency, &plan).await?;
        drop(tx);
        // to open a plugin can take its compilation; nobody waits for a lock or a connection meanwhile
        self.trial(agency, &plan.rule.digest).await?;
        let started = retrying!(self.try_start(caller, name, note.as_deref(), expected));
        match started {
            Err(error) if error.is_duplicate_of(unique::PRIORITY) => {
                Err(self.priority_taken(agency, row.priority).await?)
            }
            other => other,
        }
    }

    async fn try_start(
        &self,
        caller: &Caller,
        name: &str,
        note: Option<&str>,
        expected: Option<i64>,
    ) -> Result<CampaignView> {
        let (agency, now) = (caller.room.id, self.app.clock.now());
        let mut tx = self.app.idempotency().begin(caller).await?;
        store::next_version(&mut tx, agency).await?;
        let before = find_locked(&mut tx, agency, name).await?;
        check_version(&before, expected)?;
        let open = open_tasks(&mut tx, agency, subject(before.id)).await?;
        let mut after = before.clone();
        after.state = next_state(&before, Action::Start, open, false, now)?
            .as_str()
            .to_owned();
        let approval = approval(&mut tx, agency, subject(before.id), AGREEING).await?;
        if approval.is_none_or(|approval| !agrees(&approval, &before.plan_hash)) {
            let detail = words!(
                "{key}: nobody has approved exactly this plan; submit it again",
                "{key}：此方案未经批准；请重新提交",
                key = before.key
            );
            return Err(AppError::conflict("not_approved", detail));
        }
        self.check_room(&mut tx, agency).await?;
        let plan = plan_of(&before)?;
        let reads = look_up(&mut tx, agency, &plan).await?;
        let granted = plugins::granted(&mut tx, agency, PROMOTION, &before.key).await?;
        let grant = ungranted(&reads, &granted);
        check_right(&mut tx, caller, &grant).await?;
        write(&mut tx, agency, &before, &mut after, now).await?;
        let taken = Taken::by(caller, now, note);
        record(
            self.app,
            &mut tx,
            agency,
            (&before, &after),
            Action::Start.as_str(),
            &taken,
        )
        .await?;
        put_campaign_rule(self.app, &mut tx, caller, &before.key, &plan, &grant, now).await?;
        end_with_its_window(&mut tx, agency, before.id, plan.window.to).await?;
        let view = view(&mut tx, &caller.room, after).await?;
        tx.commit().await?;
        Ok(view)
    }

    /// Whether another campaign may come into force. The caller has the lock that all have who start one.
    ///
    /// # Errors
    /// `too_many_in_force`.
    async fn check_room(&self, tx: &mut Tx, agency: Uuid) -> Result<()> {
        let most = self.app.campaigns_in_force;
        if store::count_in_force(tx, agency).await? < i64::from(most) {
            return Ok(());
        }
        Err(AppError::conflict(
            "too_many_in_force",
            words!(
                "{most} campaigns run or are paused, as many as an agency may have (campaigns.in-force); end one of them first",
                "进行中和已暂停的活动已有 {most} 个，达到一家旅行社的上限（campaigns.in-force）；请先结束其中一个"
            ),
        ))
    }

    /// Opens a plugin as quotes will, so that one that cannot be opened is found before it is in force.
    pub(super) async fn trial(&self, agency: Uuid, digest: &str) -> Result<()> {
        self.app.plugins().open(agency, digest).await.map(drop)
    }

    /// Who else has this place in line.
    pub(super) async fn priority_taken(&self, agency: Uuid, priority: i32) -> Result<AppError> {
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let in_force = store::in_force(&mut tx, agency).await?;
        let other = in_force.iter().find(|row| row.priority == priority);
        let other = other.map_or(words!("another campaign", "另一个活动"), |row| {
            words!("campaign {key}", "活动 {key}", key = row.key)
        });
        Ok(AppError::conflict(
            "priority_taken",
            words!(
                "{other} already has priority {priority}; give the plan another one, as of two campaigns one comes first",
                "{other}已占用优先级 {priority}；两个活动须有先后，请换一个优先级"
            ),
        ))
    }

    /// Every step of a campaign before `before`, the newest first.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn history(&self, caller: &Caller, name: &str, before: Option<i64>, limit: i64) -> Result<Vec<StepView>> {
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = find(&mut tx, agency, name).await?;
        let taken = steps(&mut tx, agency, subject(row.id), before.unwrap_or(i64::MAX), limit).await?;
        // people's notes are theirs, the host's are in both languages
        let said = |step: &StepRow, note: &str| match step.taken_by {
            Some(_) if step.action != ROLLBACK => Words::same(note),
            _ => Words::from_stored(note),
        };
        let view = |step: StepRow| StepView {
            note: step.note.as_deref().map(|note| said(&step, note)),
            step: step.step,
            action: step.action,
            from: step.origin,
            to: step.target,
            plan_hash: step.plan_hash.unwrap_or_default(),
            by: step.taken_by,
            at: step.at,
        };
        Ok(taken.into_iter().map(view).collect())
    }
}
