//! What the calls about campaigns answer.

use super::super::aside::SetAside;
use super::super::described;
use super::super::fixed;
use super::super::page::At;
use super::effect::Figures;
use super::plan::{PlanBody, Times};
use posthouse_app::campaigns as app;
use posthouse_domain::Words;
use posthouse_domain::campaign::Said;
use posthouse_web::reader;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A campaign in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CampaignSummary {
    /// Id.
    id: Uuid,
    /// The agency's name for it, and of its binding `promotion/{key}`.
    #[schema(example = "spring-2026")]
    key: String,
    /// `new-product`, `price-or-gift`, `festival`, `member` or `joint`.
    #[schema(value_type = fixed::CampaignType, example = "festival")]
    r#type: &'static str,
    /// For people.
    name: String,
    /// Who answers for it.
    owner: Option<String>,
    /// `draft`, `submitted`, `approved`, `preparing`, `running`, `paused`, `ended` or `evaluated`.
    #[schema(value_type = fixed::CampaignState, example = "running")]
    state: &'static str,
    /// When it is to be in force.
    window: Times,
    /// Its stacking group.
    group: String,
    /// Its place in line.
    priority: i32,
    /// As in `ETag`.
    version: i64,
    /// When it was written down.
    created_at: At,
    /// When it was last changed.
    updated_at: At,
}

impl From<app::CampaignSummary> for CampaignSummary {
    fn from(campaign: app::CampaignSummary) -> Self {
        Self {
            id: campaign.id,
            key: campaign.key,
            r#type: campaign.kind.as_str(),
            name: campaign.name,
            owner: campaign.owner,
            state: campaign.state.as_str(),
            window: campaign.plan.window.into(),
            group: campaign.plan.stacking.group,
            priority: campaign.plan.stacking.priority,
            version: campaign.version,
            created_at: campaign.created_at.into(),
            updated_at: campaign.updated_at.into(),
        }
    }
}

/// An approval.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignApproval)]
struct Approval {
    /// The key that agreed.
    by: Option<Uuid>,
    /// When.
    at: At,
    /// What was said.
    note: Option<String>,
    /// The plan it agreed to.
    plan_hash: String,
    /// Whether that is the present plan.
    holds: bool,
}

/// How much of the budget is used, in minor units.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignBudgetUsed)]
struct BudgetUsed {
    /// By open quotes, for now.
    held: i64,
    /// By confirmed quotes.
    spent: i64,
}

/// How a campaign went, and what was learned.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Lesson {
    /// The campaign.
    campaign_id: Uuid,
    /// Its key.
    key: String,
    /// Its name.
    name: String,
    /// Its type.
    #[schema(value_type = fixed::CampaignType)]
    r#type: &'static str,
    /// The figures as they were when it was evaluated.
    figures: Figures,
    /// How it went, in the words of those who know; also how known the brand became.
    judgement: String,
    /// What to do again and what not.
    lessons: String,
    /// The key that wrote it down.
    by: Uuid,
    /// When.
    at: At,
}

impl From<app::Lesson> for Lesson {
    fn from(lesson: app::Lesson) -> Self {
        Self {
            campaign_id: lesson.campaign_id,
            key: lesson.key,
            name: lesson.name,
            r#type: lesson.kind.as_str(),
            figures: lesson.effect.into(),
            judgement: lesson.judgement,
            lessons: lesson.lessons,
            by: lesson.by,
            at: lesson.at.into(),
        }
    }
}

/// A campaign with all that is known of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Campaign {
    #[serde(flatten)]
    summary: CampaignSummary,
    /// What is planned.
    plan: PlanBody,
    /// What the plan says, in words: sentence by sentence, each by language.
    #[schema(value_type = Vec<described::Localized>, example = json!([{"en": "Never below 80 % of the list price.", "zh-CN": "折后价不低于原价的 80%。"}]))]
    understood: Vec<Words>,
    /// The plan's plugin.
    plugin: PluginName,
    /// SHA-256 of the plan as canonical JSON: what an approval agrees to.
    plan_hash: String,
    /// The key that wrote it down.
    created_by: Uuid,
    /// The key that asked for approval last.
    submitted_by: Option<Uuid>,
    /// The last approval.
    approval: Option<Approval>,
    /// The rule in force, once it was started.
    rule_in_force: Option<RuleInForce>,
    /// Facts that its rule reads.
    facts: Vec<String>,
    /// Those of them that are granted; the start grants all.
    granted: Vec<String>,
    /// How much of the budget is used.
    budget_used: BudgetUsed,
    /// Tasks of its preparation that are not done.
    open_tasks: i64,
    /// Number of the amendment that waits for a decision.
    open_amendment: Option<i64>,
    /// How it went, once that is written down.
    evaluation: Option<Lesson>,
    /// What was learned from the newest five others of its type.
    lessons: Vec<Lesson>,
}

/// A plugin by its name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignPlugin)]
struct PluginName {
    /// The rule's name through all its versions.
    #[schema(example = "early-bird")]
    name: String,
    /// The build's version.
    #[schema(example = "1.0.0")]
    version: String,
}

impl From<app::PluginName> for PluginName {
    fn from(plugin: app::PluginName) -> Self {
        Self {
            name: plugin.name,
            version: plugin.version,
        }
    }
}

/// What writing a campaign down would do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CampaignRehearsal {
    /// `create`, `change` (another plan of the campaign of this key) or `nothing` (that is its plan already).
    #[schema(value_type = fixed::Rehearsed, example = "create")]
    would: &'static str,
    /// What the plan says, in words: sentence by sentence, each by language.
    #[schema(value_type = Vec<described::Localized>)]
    understood: Vec<Words>,
    /// What becomes different from the plan that is known, each by language.
    #[schema(value_type = Vec<described::Localized>)]
    changes: Vec<Words>,
    /// The plan's plugin.
    plugin: PluginName,
    /// Facts that its rule reads; the start grants them.
    facts: Vec<String>,
}

impl From<app::Rehearsal> for CampaignRehearsal {
    fn from(rehearsal: app::Rehearsal) -> Self {
        Self {
            would: rehearsal.would,
            understood: in_words(rehearsal.understood),
            changes: rehearsal.changes,
            plugin: rehearsal.plugin.into(),
            facts: rehearsal.facts,
        }
    }
}

/// What a plan says, without the fields that say it.
fn in_words(said: Vec<Said>) -> Vec<Words> {
    said.into_iter().map(|said| said.words).collect()
}

/// The rule that makes a campaign's offers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignRuleInForce)]
struct RuleInForce {
    /// Revision of the binding `promotion/{key}`.
    revision: i64,
    /// The plugin.
    digest: String,
    /// SHA-256 of its settings as canonical JSON.
    config_digest: String,
    /// Whether it is the plan's; a rollback or the breaker brings an older one back.
    as_planned: bool,
    /// How it fails, while it does, in the host's words alone.
    failing: Option<reader::Said>,
    /// Whether it is not asked for a while.
    set_aside: Option<SetAside>,
    /// Why a host could not open its plugin when it last tried.
    not_opened: Option<reader::Said>,
}

impl From<app::CampaignView> for Campaign {
    fn from(view: app::CampaignView) -> Self {
        let approval = |approval: app::Approval| Approval {
            by: approval.by,
            at: approval.at.into(),
            note: approval.note,
            plan_hash: approval.plan_hash,
            holds: approval.holds,
        };
        Self {
            plan: view.campaign.plan.clone().into(),
            understood: in_words(view.understood),
            plugin: view.plugin.into(),
            plan_hash: view.campaign.plan_hash.clone(),
            created_by: view.campaign.created_by,
            submitted_by: view.campaign.submitted_by,
            summary: view.campaign.into(),
            approval: view.approval.map(approval),
            rule_in_force: view.rule_in_force.map(|rule| RuleInForce {
                revision: rule.revision,
                digest: rule.digest,
                config_digest: rule.config_digest,
                as_planned: rule.as_planned,
                failing: rule.failing.map(reader::Said),
                set_aside: rule.set_aside.map(SetAside::from),
                not_opened: rule.not_opened.map(reader::Said),
            }),
            facts: view.facts,
            granted: view.granted,
            budget_used: BudgetUsed {
                held: view.held,
                spent: view.spent,
            },
            open_tasks: view.open_tasks,
            open_amendment: view.open_amendment,
            evaluation: view.evaluation.map(Lesson::from),
            lessons: view.lessons.into_iter().map(Lesson::from).collect(),
        }
    }
}

/// One step of a campaign's life.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignStep)]
pub(crate) struct Step {
    /// Counts from 1.
    step: i64,
    /// `create`, `change`, `submit`, `approve`, `reject`, `start`, `pause`, `resume`, `amend`, `reject-amendment`, `rollback`, `breaker`,
    /// `set-aside`, `end` or `evaluate`; `breaker` is the host going back to an earlier rule because the one in force kept failing, `set-aside` that
    /// there was none and its rule is not asked for a while.
    #[schema(value_type = fixed::CampaignAction, example = "approve")]
    action: String,
    /// The state before.
    #[schema(value_type = fixed::CampaignState)]
    from: String,
    /// The state after.
    #[schema(value_type = fixed::CampaignState)]
    to: String,
    /// The plan after it.
    plan_hash: String,
    /// What was said.
    note: Option<reader::Said>,
    /// The key that took it; null if the host did by itself.
    by: Option<Uuid>,
    /// When.
    at: At,
}

impl From<app::StepView> for Step {
    fn from(step: app::StepView) -> Self {
        Self {
            step: step.step,
            action: step.action,
            from: step.from,
            to: step.to,
            plan_hash: step.plan_hash,
            note: step.note.map(reader::Said),
            by: step.by,
            at: step.at.into(),
        }
    }
}
