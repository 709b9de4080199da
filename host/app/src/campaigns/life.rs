//! A campaign's life: which state an action leads to, what is written down of each step, and the rule that comes into force with it.

use super::{PROMOTION, plan_of, subject};
use crate::App;
use crate::error::{AppError, Result};
use crate::rules::pointer::{NewRule, put_rule};
use crate::team::Caller;
use crate::webhooks::Told;
use crate::work::{self, Step, Taken};
use posthouse_domain::campaign::{Action, CampaignRule, CampaignType, Plan, Situation, State, Wrong, next};
use posthouse_domain::{Instant, Words, canonical as json, words};
use posthouse_store::Tx;
use posthouse_store::campaign_changes;
use posthouse_store::campaigns::CampaignRow;
use uuid::Uuid;

/// Steps that agree to a plan: to the first one, and to another one of a campaign in force.
pub(super) const AGREEING: (&str, &str) = (Action::Approve.as_str(), "amend");

/// What going back to an earlier rule is called, as the cause of a revision and as a step. Its note is the host's.
pub(super) const ROLLBACK: &str = "rollback";

/// Writes a step down. The campaign's lock is held.
pub(crate) async fn record(
    app: &App,
    tx: &mut Tx,
    agency: Uuid,
    (before, after): (&CampaignRow, &CampaignRow),
    action: &str,
    taken: &Taken<'_>,
) -> Result<()> {
    let step = Step {
        action,
        from: &before.state,
        to: &after.state,
        plan_hash: Some(&after.plan_hash),
    };
    work::record(app, tx, agency, subject(before.id), &step, taken).await?;
    match event_of(action) {
        Some(kind) => app.webhooks().tell(tx, agency, told(kind, after, taken)).await,
        None => Ok(()),
    }
}

/// What others are told of a step; what happens to a plan before it is submitted is nobody else's.
fn event_of(action: &str) -> Option<&'static str> {
    Some(match action {
        "submit" => "campaign.submitted",
        "approve" => "campaign.approved",
        "reject" => "campaign.rejected",
        "start" => "campaign.started",
        "pause" => "campaign.paused",
        "resume" => "campaign.resumed",
        "amend" => "campaign.amended",
        "end" => "campaign.ended",
        "evaluate" => "campaign.evaluated",
        _ => return None,
    })
}

fn told(kind: &'static str, campaign: &CampaignRow, taken: &Taken<'_>) -> Told {
    Told {
        kind,
        subject: format!("campaign/{}", campaign.id),
        at: taken.at,
        data: serde_json::json!({
            "campaign_id": campaign.id,
            "key": campaign.key,
            "name": campaign.name,
            "type": campaign.kind,
            "state": campaign.state,
            "plan_hash": campaign.plan_hash,
            "by": taken.by,
        }),
    }
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

/// Moves the campaign's binding to the rule of its plan.
pub(super) async fn put_campaign_rule(
    app: &App,
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
        by: Some(caller.actor),
        note: None,
        grant,
    };
    put_rule(app, tx, caller.room.id, &rule, now).await
}

/// The settings of a plan's rule as canonical JSON.
pub(super) fn settings(rule: &CampaignRule) -> Result<String> {
    json::to_string(&rule.config).map_err(AppError::corrupt("settings"))
}

/// A campaign that is over is not amended: what waited for a decision is rejected by the host.
pub(super) async fn close_amendments(tx: &mut Tx, agency: Uuid, campaign: Uuid, now: Instant) -> Result<()> {
    let newest = campaign_changes::amendments(tx, agency, campaign, i64::MAX, 1).await?;
    if let Some(amendment) = newest.first() {
        campaign_changes::decide_amendment(tx, agency, campaign, amendment.amendment, ("rejected", None, now)).await?;
    }
    Ok(())
}

/// The type of this name.
///
/// # Errors
/// `bad_type`.
pub(super) fn campaign_type(name: &str) -> Result<CampaignType> {
    CampaignType::parse(name).ok_or_else(|| {
        let known = CampaignType::ALL.map(CampaignType::as_str).join(", ");
        AppError::invalid(
            "bad_type",
            words!(
                "{name:?} is not a type of campaign; use {known}",
                "活动没有 {name:?} 这个类型；可用 {known}"
            ),
        )
    })
}
