//! Amendments: changing what is in force. The old plan serves until another person approves the new one.

use super::endings::end_with_its_window;
use super::life::{put_campaign_rule, record, settings, state_of};
use super::look_up::look_up;
use super::view::{said, view};
use super::{CampaignView, PROMOTION, canonical, check_version, find, find_locked, long, needed, plan_of, write};
use crate::Amendments;
use crate::error::{AppError, Result, retrying};
use crate::rules::grants::{check_right, to_be_granted};
use crate::team::Caller;
use crate::work::{Taken, is_one_of};
use posthouse_domain::campaign::{CampaignRule, Plan, State, changes as words_of_changes};
use posthouse_domain::{Instant, words};
use posthouse_store::campaign_changes::{self as changes, AmendmentRow};
use posthouse_store::campaigns::{self as store, CampaignRow};
use posthouse_store::{Access, Tx, plugins, unique};
use serde_json::Value;
use uuid::Uuid;

/// A change to what is in force.
#[derive(Debug, Clone)]
pub struct AmendmentView {
    /// Counts from 1.
    pub amendment: i64,
    /// `proposed`, `approved` or `rejected`.
    pub state: String,
    /// The whole plan as it would be.
    pub plan: Plan,
    /// SHA-256 of that plan.
    pub plan_hash: String,
    /// Facts that the approval grants.
    pub grant: Vec<String>,
    /// What was foreseen when it was proposed.
    pub preview: Value,
    /// Why.
    pub note: Option<String>,
    /// The key that proposed it.
    pub proposed_by: Uuid,
    /// When, in ms since 1970.
    pub proposed_at: Instant,
    /// The key that decided; none if the host closed it with its campaign.
    pub decided_by: Option<Uuid>,
    /// When, in ms since 1970.
    pub decided_at: Option<Instant>,
}

impl AmendmentView {
    fn read(row: AmendmentRow) -> Result<Self> {
        Ok(Self {
            amendment: row.amendment,
            state: row.state,
            plan: serde_json::from_str(&row.plan).map_err(AppError::corrupt("plan"))?,
            plan_hash: row.plan_hash,
            grant: serde_json::from_str(&row.granted).map_err(AppError::corrupt("grant"))?,
            preview: serde_json::from_str(&row.preview).map_err(AppError::corrupt("preview"))?,
            note: row.note,
            proposed_by: row.proposed_by,
            proposed_at: row.proposed_at,
            decided_by: row.decided_by,
            decided_at: row.decided_at,
        })
    }
}

/// What is to become different.
#[derive(Debug, Clone)]
pub enum Proposal {
    /// Another rule, and nothing else.
    Rule(CampaignRule),
    /// Another plan, and the fields of it whose unusual figures are meant as they are written.
    Plan(Box<Plan>, Vec<String>),
}

/// Passes campaigns in force.
fn check_in_force(row: &CampaignRow) -> Result<()> {
    if matches!(state_of(row)?, State::Running | State::Paused) {
        return Ok(());
    }
    let detail = words!(
        "{key} is {state}; only a running or paused campaign is amended, a plan that has not started is changed with PATCH",
        "{key} 的状态为 {state}；只有进行中或已暂停的活动需要变更，未开始的方案请用 PATCH 修改",
        key = row.key,
        state = row.state
    );
    Err(AppError::conflict("wrong_state", detail))
}

fn amendment_open(row: &CampaignRow) -> AppError {
    AppError::conflict(
        "amendment_open",
        words!(
            "{key}: another amendment is waiting for a decision; approve or reject it first",
            "{key}：另一项变更正待审批；请先批准或驳回",
            key = row.key
        ),
    )
}

impl Amendments<'_> {
    /// Amendments of a campaign before `before`, the newest first.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn list(
        &self,
        caller: &Caller,
        campaign: &str,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<AmendmentView>> {
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = find(&mut tx, agency, campaign).await?;
        let rows = changes::amendments(&mut tx, agency, row.id, before.unwrap_or(i64::MAX), limit).await?;
        rows.into_iter().map(AmendmentView::read).collect()
    }

    /// Proposes a change to what is in force.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `wrong_state`; `amendment_open`; `nothing_changed`; `implausible`; `holdout_settled`; `window_over`; `grant_needed`; `grant_not_allowed`; what a
    /// plan is refused for.
    pub async fn propose(
        &self,
        caller: &Caller,
        campaign: &str,
        proposal: &Proposal,
        grant: &[String],
        note: Option<&str>,
    ) -> Result<AmendmentView> {
        let agency = caller.room.id;
        let note = long(&words!("note", "备注"), note)?;
        let rule = match proposal {
            Proposal::Rule(rule) => rule,
            Proposal::Plan(plan, _) => &plan.rule,
        };
        self.app.campaigns().check_settings(agency, rule).await?;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = find(&mut tx, agency, campaign).await?;
        check_in_force(&row)?;
        let newest = changes::amendments(&mut tx, agency, row.id, i64::MAX, 1).await?;
        if newest.first().is_some_and(|newest| newest.state == "proposed") {
            return Err(amendment_open(&row));
        }
        let mut plan = plan_of(&row)?;
        let holdout = plan.holdout;
        match proposal {
            Proposal::Rule(rule) => plan.rule = rule.clone(),
            Proposal::Plan(whole, as_written) => {
                whole.check()?;
                whole.check_meant(caller.room.terms.currency, as_written)?;
                plan = (**whole).clone();
            }
        }
        if plan.holdout != holdout {
            let detail = words!(
                "{key}: its holdout is {holdout} basis points and cannot change while it runs, as its effect is measured by it",
                "{key}：对照组为 {holdout} 个基点，活动进行中不能改动，效果要靠它衡量",
                key = row.key
            );
            return Err(AppError::invalid("holdout_settled", detail));
        }
        let (text, hash) = canonical(&plan)?;
        if hash == row.plan_hash {
            let detail = words!(
                "{key}: this is the plan that is in force; propose another",
                "{key}：这就是正在执行的方案；请提出不同的方案",
                key = row.key
            );
            return Err(AppError::invalid("nothing_changed", detail));
        }
        let reads = look_up(&mut tx, agency, &plan).await?;
        let now = self.app.clock.now();
        if plan.window.to <= now {
            let detail = words!(
                "{key}: the amended window is over already; end the campaign instead",
                "{key}：变更后的活动期已经过去；请直接结束活动",
                key = row.key
            );
            return Err(AppError::invalid("window_over", detail));
        }
        let granted = to_be_granted(&mut tx, agency, (PROMOTION, &row.key), &reads, grant).await?;
        check_right(&mut tx, caller, &granted).await?;
        let (_, before) = said(&mut tx, &caller.room, &plan_of(&row)?).await?;
        let (_, after) = said(&mut tx, &caller.room, &plan).await?;
        drop(tx);
        self.app.campaigns().trial(agency, &plan.rule.digest).await?;
        let mut preview = self.app.quotes().preview(&caller.room, &row, plan.clone()).await?;
        preview.changes = words_of_changes(&before, &after);
        let amendment = AmendmentRow {
            amendment: 0,
            state: "proposed".into(),
            plan: text,
            plan_hash: hash,
            granted: serde_json::to_string(&granted).map_err(AppError::corrupt("grant"))?,
            preview: serde_json::to_string(&preview).map_err(AppError::corrupt("preview"))?,
            note,
            proposed_by: caller.actor,
            proposed_at: now,
            decided_by: None,
            decided_at: None,
        };
        let proposed = retrying!(self.try_propose(caller, &row, amendment.clone()));
        proposed.map_err(|error| match error {
            error if error.is_duplicate_of(unique::OPEN_AMENDMENT) => amendment_open(&row),
            other => other,
        })
    }

    /// Writes an amendment of the campaign as it was when it was looked at.
    async fn try_propose(&self, caller: &Caller, seen: &CampaignRow, mut row: AmendmentRow) -> Result<AmendmentView> {
        let agency = caller.room.id;
        let mut tx = self.app.idempotency().begin(caller).await?;
        let present = find_locked(&mut tx, agency, &seen.id.to_string()).await?;
        check_in_force(&present)?;
        if present.plan_hash != seen.plan_hash {
            let detail = words!(
                "{key}: its plan was amended meanwhile; look at it again",
                "{key}：方案在此期间已变更；请重新查看",
                key = present.key
            );
            return Err(AppError::conflict("plan_changed", detail));
        }
        let newest = changes::amendments(&mut tx, agency, seen.id, i64::MAX, 1).await?;
        row.amendment = newest.first().map_or(1, |newest| newest.amendment + 1);
        changes::insert_amendment(&mut tx, agency, seen.id, &row).await?;
        let subject = format!("campaign/{}", seen.id);
        let detail = serde_json::json!({"amendment": row.amendment});
        self.app
            .audit()
            .note(&mut tx, caller, "campaign.propose", &subject, detail)
            .await?;
        tx.commit().await?;
        AmendmentView::read(row)
    }

    /// Puts an amendment into force.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `version_changed`; `wrong_state` if the campaign is over or the amendment decided; `own_plan`;
    /// `priority_taken`; what has gone away that the new plan names.
    pub async fn approve(
        &self,
        caller: &Caller,
        (campaign, number): (&str, i64),
        note: Option<&str>,
        expected: Option<i64>,
    ) -> Result<CampaignView> {
        let agency = caller.room.id;
        let note = long(&words!("note", "备注"), note)?;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = find(&mut tx, agency, campaign).await?;
        let amendment = changes::amendment(&mut tx, agency, row.id, number).await?;
        let amendment = AmendmentView::read(amendment.ok_or(AppError::NotFound("amendment"))?)?;
        look_up(&mut tx, agency, &amendment.plan).await?;
        drop(tx);
        self.app.campaigns().trial(agency, &amendment.plan.rule.digest).await?;
        let approved = retrying!(self.try_approve(caller, &row, &amendment, note.as_deref(), expected));
        match approved {
            Err(error) if error.is_duplicate_of(unique::PRIORITY) => Err(self
                .app
                .campaigns()
                .priority_taken(agency, amendment.plan.stacking.priority)
                .await?),
            other => other,
        }
    }

    async fn try_approve(
        &self,
        caller: &Caller,
        seen: &CampaignRow,
        amendment: &AmendmentView,
        note: Option<&str>,
        expected: Option<i64>,
    ) -> Result<CampaignView> {
        let (agency, now) = (caller.room.id, self.app.clock.now());
        let mut tx = self.app.idempotency().begin(caller).await?;
        store::next_version(&mut tx, agency).await?;
        let before = find_locked(&mut tx, agency, &seen.id.to_string()).await?;
        check_version(&before, expected)?;
        check_in_force(&before)?;
        self.decide(&mut tx, caller, &before, amendment, "approved", now)
            .await?;
        if amendment.plan.window.to <= now {
            let detail = words!(
                "{key}: the amended window is over; reject the amendment",
                "{key}：变更后的活动期已过；请驳回此变更",
                key = before.key
            );
            return Err(AppError::conflict("window_over", detail));
        }
        look_up(&mut tx, agency, &amendment.plan).await?;
        let (text, hash) = canonical(&amendment.plan)?;
        let mut after = before.clone();
        (after.plan, after.plan_hash, after.priority) = (text, hash, amendment.plan.stacking.priority);
        write(&mut tx, agency, &before, &mut after, now).await?;
        let taken = Taken::by(caller, now, note);
        record(self.app, &mut tx, agency, (&before, &after), "amend", &taken).await?;
        // the rule in force, which a rollback or the breaker may have brought back, is that of the plan again
        let (rule, config) = (&amendment.plan.rule, settings(&amendment.plan.rule)?);
        let in_force = plugins::binding(&mut tx, agency, PROMOTION, &before.key).await?;
        if in_force.is_none_or(|row| row.digest != rule.digest || row.config != config) {
            put_campaign_rule(
                self.app,
                &mut tx,
                caller,
                &before.key,
                &amendment.plan,
                &amendment.grant,
                now,
            )
            .await?;
        }
        end_with_its_window(&mut tx, agency, before.id, amendment.plan.window.to).await?;
        let view = view(&mut tx, &caller.room, after).await?;
        tx.commit().await?;
        Ok(view)
    }

    /// Closes an amendment, if it is open and somebody else's.
    async fn decide(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        campaign: &CampaignRow,
        amendment: &AmendmentView,
        state: &str,
        now: Instant,
    ) -> Result<()> {
        if state == "approved" && is_one_of(tx, caller, &[Some(amendment.proposed_by)]).await? {
            let detail = words!(
                "{key}: an amendment is approved by another person than the one who proposed it",
                "{key}：变更须由提出者以外的人批准",
                key = campaign.key
            );
            return Err(AppError::conflict("own_plan", detail));
        }
        let by = (state, Some(caller.actor), now);
        if changes::decide_amendment(tx, caller.room.id, campaign.id, amendment.amendment, by).await? {
            return Ok(());
        }
        let present = changes::amendment(tx, caller.room.id, campaign.id, amendment.amendment).await?;
        let detail = words!(
            "{key}: amendment {amendment} is {state} already",
            "{key}：变更 {amendment} 的状态已是 {state}",
            key = campaign.key,
            amendment = amendment.amendment,
            state = present.map_or_else(|| amendment.state.clone(), |row| row.state)
        );
        Err(AppError::conflict("wrong_state", detail))
    }

    /// Leaves everything as it is.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `note_missing` without a reason; `wrong_state` if it is decided.
    pub async fn reject(
        &self,
        caller: &Caller,
        (campaign, number): (&str, i64),
        note: Option<&str>,
    ) -> Result<AmendmentView> {
        let note = needed(&words!("reason as note", "理由（note）"), note)?;
        retrying!(self.try_reject(caller, campaign, number, &note))
    }

    async fn try_reject(&self, caller: &Caller, campaign: &str, number: i64, note: &str) -> Result<AmendmentView> {
        let (agency, now) = (caller.room.id, self.app.clock.now());
        let mut tx = self.app.idempotency().begin(caller).await?;
        let row = find_locked(&mut tx, agency, campaign).await?;
        let amendment = changes::amendment(&mut tx, agency, row.id, number).await?;
        let amendment = AmendmentView::read(amendment.ok_or(AppError::NotFound("amendment"))?)?;
        self.decide(&mut tx, caller, &row, &amendment, "rejected", now).await?;
        let taken = Taken::by(caller, now, Some(note));
        record(self.app, &mut tx, agency, (&row, &row), "reject-amendment", &taken).await?;
        let decided = changes::amendment(&mut tx, agency, row.id, number).await?;
        tx.commit().await?;
        AmendmentView::read(decided.ok_or(AppError::NotFound("amendment"))?)
    }
}
