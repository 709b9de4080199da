//! From draft to lessons, one step at a time, each step a row.

use super::endings::close_amendments;
use super::look_up::look_up;
use super::view::view;
use super::{CampaignView, PROMOTION, check_version, find, find_locked, is_taken, long, needed, plan_of, write};
use crate::App;
use crate::decisions::pointer::{NewRule, put_rule};
use crate::error::{AppError, Result, retrying};
use crate::team::Caller;
use posthouse_domain::campaign::{Action, Plan, Rule, Situation, State, Wrong, next};
use posthouse_domain::{Instant, Words, canonical as json, words};
use posthouse_store::campaign_parts::{self as parts, StepRow};
use posthouse_store::campaigns::{self as store, CampaignRow};
use posthouse_store::{Access, Tx};
use uuid::Uuid;

/// One step of a campaign's life.
#[derive(Debug, Clone)]
pub struct StepView {
    /// Counts from 1.
    pub step: i64,
    /// What was done: an action, `create` or `amend`.
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

/// Who took a step, when, and what they said.
pub(super) struct Taken<'t> {
    by: Option<Uuid>,
    at: Instant,
    note: Option<&'t str>,
}

impl<'t> Taken<'t> {
    /// A step that the host takes by itself.
    pub(super) fn by_host(at: Instant, note: &'t str) -> Self {
        Self {
            by: None,
            at,
            note: Some(note),
        }
    }

    pub(super) fn by(caller: &Caller, at: Instant, note: Option<&'t str>) -> Self {
        Self {
            by: Some(caller.key),
            at,
            note,
        }
    }
}

/// Writes a step down. The campaign's lock is held.
pub(super) async fn record(
    tx: &mut Tx,
    agency: Uuid,
    (before, after): (&CampaignRow, &CampaignRow),
    action: &str,
    taken: &Taken<'_>,
) -> Result<()> {
    let row = StepRow {
        step: 0,
        action: action.to_owned(),
        origin: before.state.clone(),
        target: after.state.clone(),
        plan_hash: after.plan_hash.clone(),
        note: taken.note.map(str::to_owned),
        taken_by: taken.by,
        at: taken.at,
    };
    Ok(parts::add_step(tx, agency, before.id, &row).await?)
}

/// The state that an action leads to.
pub(super) fn next_state(
    row: &CampaignRow,
    action: Action,
    open_tasks: i64,
    by_submitter: bool,
    now: Instant,
) -> Result<State> {
    let state = state_of(row)?;
    let situation = Situation {
        open_tasks: open_tasks.max(0) as usize,
        by_submitter,
        is_over: plan_of(row)?.window.to <= now,
    };
    next(state, action, situation).map_err(|wrong| refused(row, wrong))
}

pub(super) fn state_of(row: &CampaignRow) -> Result<State> {
    State::parse(&row.state).ok_or_else(|| AppError::Internal(format!("campaign {} is {:?}", row.key, row.state)))
}

/// Why a step is not taken, and what can be done instead.
fn refused(row: &CampaignRow, wrong: Wrong) -> AppError {
    let code = match wrong {
        Wrong::State(..) => "wrong_state",
        Wrong::OwnPlan => "own_plan",
        Wrong::OpenTasks(_) => "open_tasks",
        Wrong::Over => "window_over",
    };
    let hint = match wrong {
        Wrong::State(State::Running | State::Paused, Action::Change) => {
            words!(
                "; what is in force is changed by POST /campaigns/{{id}}/amendments",
                "；进行中的活动请用 POST /campaigns/{{id}}/amendments 提出变更"
            )
        }
        Wrong::State(state, _) => match possible(state) {
            possible if possible.is_empty() => words!("; it is final", "；该状态下没有可执行的操作"),
            possible => words!(
                "; what can be done with it: {possible}",
                "；可执行的操作：{possible}",
                possible = possible.join(", ")
            ),
        },
        Wrong::OpenTasks(_) => words!(
            "; GET /campaigns/{{id}}/tasks lists them",
            "；可用 GET /campaigns/{{id}}/tasks 查看"
        ),
        Wrong::OwnPlan | Wrong::Over => Words::default(),
    };
    AppError::conflict(
        code,
        words!("{key}: {wrong}{hint}", "{key}：{wrong}{hint}", key = row.key),
    )
}

/// What can be done in a state, by somebody, at the right time.
fn possible(state: State) -> Vec<&'static str> {
    let ready = Situation {
        open_tasks: 0,
        by_submitter: false,
        is_over: false,
    };
    let actions = Action::ALL.into_iter();
    actions
        .filter(|action| next(state, *action, ready).is_ok())
        .map(Action::as_str)
        .collect()
}

impl App {
    /// Takes a step that changes nothing but where the campaign stands: submit, approve, reject, pause, resume, end. Starting and
    /// evaluating have calls of their own.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `version_changed`; `wrong_state` says what the state is; `own_plan`, `window_over`; `note_missing` for a
    /// rejection without a reason; what has gone away that a submitted plan names.
    pub async fn step_campaign(
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
        let (agency, now) = (caller.room.id, self.clock.now());
        let mut tx = self.store.write(Access::Agency(agency)).await?;
        store::next_version(&mut tx, agency).await?;
        let before = find_locked(&mut tx, agency, name).await?;
        check_version(&before, expected)?;
        let wrote = parts::last_step(&mut tx, agency, before.id, ("create", Action::Change.as_str())).await?;
        let own = [before.submitted_by, wrote.and_then(|step| step.taken_by)].contains(&Some(caller.key));
        let open = parts::open_tasks(&mut tx, agency, before.id).await?;
        let mut after = before.clone();
        after.state = next_state(&before, action, open, own, now)?.as_str().to_owned();
        if action == Action::Submit {
            look_up(&mut tx, agency, &plan_of(&before)?).await?;
            after.submitted_by = Some(caller.key);
        }
        write(&mut tx, agency, &before, &mut after, now).await?;
        let taken = Taken::by(caller, now, note);
        record(&mut tx, agency, (&before, &after), action.as_str(), &taken).await?;
        if action == Action::End {
            close_amendments(&mut tx, agency, before.id, now).await?;
        }
        let view = view(&mut tx, &caller.room, after).await?;
        tx.commit().await?;
        Ok(view)
    }

    /// Puts an approved campaign and its rule into force.
    ///
    /// # Errors
    /// As [`App::step_campaign`]; `not_approved`; `open_tasks`; `priority_taken`; a plugin that cannot be opened any more.
    pub async fn start_campaign(
        &self,
        caller: &Caller,
        name: &str,
        note: Option<&str>,
        expected: Option<i64>,
    ) -> Result<CampaignView> {
        let agency = caller.room.id;
        let note = long(&words!("note", "备注"), note)?;
        let mut tx = self.store.read(Access::Agency(agency)).await?;
        let row = find(&mut tx, agency, name).await?;
        let plan = plan_of(&row)?;
        look_up(&mut tx, agency, &plan).await?;
        // to open a plugin can take its compilation; nobody waits for a lock meanwhile
        self.trial(&mut tx, agency, &plan.rule.digest).await?;
        drop(tx);
        let started = retrying!(self.try_start(caller, name, note.as_deref(), expected));
        match started {
            Err(error) if is_taken(&error) => Err(self.priority_taken(agency, row.priority).await?),
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
        let (agency, now) = (caller.room.id, self.clock.now());
        let mut tx = self.store.write(Access::Agency(agency)).await?;
        store::next_version(&mut tx, agency).await?;
        let before = find_locked(&mut tx, agency, name).await?;
        check_version(&before, expected)?;
        let open = parts::open_tasks(&mut tx, agency, before.id).await?;
        let mut after = before.clone();
        after.state = next_state(&before, Action::Start, open, false, now)?
            .as_str()
            .to_owned();
        let approval = parts::last_step(&mut tx, agency, before.id, (Action::Approve.as_str(), "amend")).await?;
        if approval.is_none_or(|approval| approval.plan_hash != before.plan_hash) {
            let detail = words!(
                "{key}: nobody has approved exactly this plan; submit it again",
                "{key}：此方案未经批准；请重新提交",
                key = before.key
            );
            return Err(AppError::conflict("not_approved", detail));
        }
        let plan = plan_of(&before)?;
        let grant = look_up(&mut tx, agency, &plan).await?;
        write(&mut tx, agency, &before, &mut after, now).await?;
        let taken = Taken::by(caller, now, note);
        record(&mut tx, agency, (&before, &after), Action::Start.as_str(), &taken).await?;
        put_campaign_rule(&mut tx, caller, &before.key, &plan, &grant, now).await?;
        let view = view(&mut tx, &caller.room, after).await?;
        tx.commit().await?;
        Ok(view)
    }

    /// Opens a plugin as quotes will, so that one that cannot be opened is found before it is in force.
    pub(super) async fn trial(&self, tx: &mut Tx, agency: Uuid, digest: &str) -> Result<()> {
        self.open_plugin(tx, agency, digest).await.map(drop)
    }

    /// Who else has this place in line.
    pub(super) async fn priority_taken(&self, agency: Uuid, priority: i32) -> Result<AppError> {
        let mut tx = self.store.read(Access::Agency(agency)).await?;
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
    pub async fn campaign_history(
        &self,
        caller: &Caller,
        name: &str,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<StepView>> {
        let agency = caller.room.id;
        let mut tx = self.store.read(Access::Agency(agency)).await?;
        let row = find(&mut tx, agency, name).await?;
        let steps = parts::steps(&mut tx, agency, row.id, before.unwrap_or(i64::MAX), limit).await?;
        let view = |step: StepRow| StepView {
            step: step.step,
            action: step.action,
            from: step.origin,
            to: step.target,
            plan_hash: step.plan_hash,
            // people's notes are theirs, the host's are in both languages
            note: step.note.map(|note| match step.taken_by {
                None => Words::from_stored(&note),
                Some(_) => Words::same(note),
            }),
            by: step.taken_by,
            at: step.at,
        };
        Ok(steps.into_iter().map(view).collect())
    }
}

/// Moves the campaign's binding to the rule of its plan.
pub(super) async fn put_campaign_rule(
    tx: &mut Tx,
    caller: &Caller,
    key: &str,
    plan: &Plan,
    grant: &[String],
    now: Instant,
) -> Result<i64> {
    let config = settings(&plan.rule)?;
    let rule = NewRule {
        extension_point: PROMOTION,
        name: key,
        digest: &plan.rule.digest,
        config: &config,
        cause: "activation",
        restores: None,
        by: Some(caller.key),
        note: None,
        grant,
    };
    put_rule(tx, caller.room.id, &rule, now).await
}

/// The settings of a plan's rule as canonical JSON.
pub(super) fn settings(rule: &Rule) -> Result<String> {
    json::to_string(&rule.config).map_err(AppError::corrupt("settings"))
}
