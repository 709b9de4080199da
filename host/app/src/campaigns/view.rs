//! A campaign as people see it.

use super::lessons::{self, Lesson};
use super::life::{AGREEING, campaign_type, settings};
use super::{PROMOTION, find, look_up, plan_of, subject};
use crate::error::{AppError, Result};
use crate::rules::SetAside;
use crate::rules::call::without_its_words;
use crate::team::Caller;
use crate::work;
use crate::{Campaigns, Room};
use posthouse_domain::campaign::{CampaignType, Plan, Said, Speaker, State};
use posthouse_domain::{Instant, Words, words};
use posthouse_store::campaigns::CampaignRow;
use posthouse_store::work::open_tasks;
use posthouse_store::{Access, Tx, attributes, budgets, campaign_changes, campaigns as store, plugins};
use uuid::Uuid;

/// Lessons that are shown with a campaign.
const SHOWN_LESSONS: i64 = 5;

/// A campaign in a list.
#[derive(Debug, Clone)]
pub struct CampaignSummary {
    /// Id.
    pub id: Uuid,
    /// The agency's name for it.
    pub key: String,
    /// Which of the five types.
    pub kind: CampaignType,
    /// For people.
    pub name: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Where it stands.
    pub state: State,
    /// For `If-Match`.
    pub version: i64,
    /// What is planned.
    pub plan: Plan,
    /// SHA-256 of the plan as canonical JSON.
    pub plan_hash: String,
    /// The key that asked for approval last.
    pub submitted_by: Option<Uuid>,
    /// The key that wrote it down.
    pub created_by: Uuid,
    /// When, in ms since 1970.
    pub created_at: Instant,
    /// When it was last changed, in ms since 1970.
    pub updated_at: Instant,
}

/// An approval.
#[derive(Debug, Clone)]
pub struct Approval {
    /// The key that agreed; none if the host did.
    pub by: Option<Uuid>,
    /// When, in ms since 1970.
    pub at: Instant,
    /// What was said.
    pub note: Option<String>,
    /// The plan it agreed to.
    pub plan_hash: String,
    /// Whether that is the present plan.
    pub holds: bool,
}

/// The rule that makes a campaign's offers.
#[derive(Debug, Clone)]
pub struct RuleInForce {
    /// Revision of the binding `promotion/{key}`.
    pub revision: i64,
    /// The plugin.
    pub digest: String,
    /// SHA-256 of its settings as canonical JSON.
    pub config_digest: String,
    /// Whether it is the plan's; a rollback or the breaker brings an older one back.
    pub as_planned: bool,
    /// How it fails, while it does, in the host's words alone: those who may read customers find the rule's own with the binding.
    pub failing: Option<Words>,
    /// Whether it is not asked for a while, and why.
    pub set_aside: Option<SetAside>,
    /// Why a host could not open its plugin when it last tried.
    pub not_opened: Option<Words>,
}

/// A plugin by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginName {
    /// The rule's name through all its versions.
    pub name: String,
    /// The build's version.
    pub version: String,
}

/// A campaign with all that is known of it.
#[derive(Debug, Clone)]
pub struct CampaignView {
    /// The campaign.
    pub campaign: CampaignSummary,
    /// Name and version of its plan's plugin.
    pub plugin: PluginName,
    /// What its plan says, in words.
    pub understood: Vec<Said>,
    /// The rule in force, once it was started.
    pub rule_in_force: Option<RuleInForce>,
    /// Facts that its rule reads.
    pub facts: Vec<String>,
    /// Those of them that are granted; the start grants all.
    pub granted: Vec<String>,
    /// Minor units of the budget that open quotes hold.
    pub held: i64,
    /// Minor units of the budget that confirmed quotes have spent.
    pub spent: i64,
    /// Tasks that are not done.
    pub open_tasks: i64,
    /// The amendment that waits for a decision.
    pub open_amendment: Option<i64>,
    /// The last approval.
    pub approval: Option<Approval>,
    /// How it went, once that is written down.
    pub evaluation: Option<Lesson>,
    /// What was learned from others of its type, the newest first.
    pub lessons: Vec<Lesson>,
}

impl CampaignSummary {
    pub(super) fn read(row: CampaignRow) -> Result<Self> {
        let state = State::parse(&row.state)
            .ok_or_else(|| AppError::Internal(format!("campaign {} is {:?}", row.key, row.state)))?;
        let kind = CampaignType::parse(&row.kind)
            .ok_or_else(|| AppError::Internal(format!("campaign {} is a {:?}", row.key, row.kind)))?;
        Ok(Self {
            plan: plan_of(&row)?,
            id: row.id,
            key: row.key,
            kind,
            name: row.name,
            owner: Some(row.owner).filter(|owner| !owner.is_empty()),
            state,
            version: row.version,
            plan_hash: row.plan_hash,
            submitted_by: row.submitted_by,
            created_by: row.created_by,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// What a plan says, in words, with the name of its plugin.
pub(super) async fn said(tx: &mut Tx, room: &Room, plan: &Plan) -> Result<(PluginName, Vec<Said>)> {
    let own = attributes::definitions(tx, room.id).await?;
    let plugin = plugins::get(tx, room.id, &plan.rule.digest)
        .await?
        .ok_or(AppError::NotFound("plugin"))?;
    let understood = plan.in_words(Speaker {
        terms: &room.terms,
        own: &own,
        plugin: (&plugin.name, &plugin.version),
    });
    let (name, version) = (plugin.name, plugin.version);
    Ok((PluginName { name, version }, understood))
}

/// Reads all that is known of a campaign.
pub(super) async fn view(tx: &mut Tx, room: &Room, row: CampaignRow) -> Result<CampaignView> {
    let (agency, id) = (room.id, row.id);
    let approved = work::approval(tx, agency, subject(id), AGREEING).await?;
    let approval = approved.map(|step| Approval {
        by: step.taken_by,
        at: step.at,
        holds: work::agrees(&step, &row.plan_hash),
        note: step.note,
        plan_hash: step.plan_hash.unwrap_or_default(),
    });
    let granted = plugins::granted(tx, agency, PROMOTION, &row.key).await?;
    let (held, spent) = budgets::used(tx, agency, id).await?;
    let newest = campaign_changes::amendments(tx, agency, id, i64::MAX, 1).await?;
    let open = newest.first().filter(|amendment| amendment.state == "proposed");
    let own = campaign_changes::evaluation(tx, agency, id).await?;
    let others = campaign_changes::evaluations(tx, agency, Some(&row.kind), lessons::NEWEST, SHOWN_LESSONS + 1).await?;
    let others = others.into_iter().filter(|lesson| lesson.campaign_id != id);
    let bound = plugins::binding(tx, agency, PROMOTION, &row.key).await?;
    let campaign = CampaignSummary::read(row)?;
    let planned = settings(&campaign.plan.rule)?;
    let (plugin, understood) = said(tx, room, &campaign.plan).await?;
    let rule_in_force = bound.map(|bound| RuleInForce {
        set_aside: SetAside::of(&bound),
        not_opened: bound.unopened.as_deref().map(Words::from_stored),
        revision: bound.revision,
        as_planned: bound.digest == campaign.plan.rule.digest && bound.config == planned,
        digest: bound.digest,
        config_digest: bound.config_digest,
        failing: bound
            .stale_reason
            .map(|reason| without_its_words(&Words::from_stored(&reason))),
    });
    Ok(CampaignView {
        rule_in_force,
        plugin,
        understood,
        facts: look_up::facts(tx, agency, &campaign.plan.rule.digest).await?,
        granted,
        held,
        spent,
        open_tasks: open_tasks(tx, agency, subject(id)).await?,
        open_amendment: open.map(|amendment| amendment.amendment),
        approval,
        evaluation: own.map(Lesson::read).transpose()?,
        lessons: others
            .take(SHOWN_LESSONS as usize)
            .map(Lesson::read)
            .collect::<Result<_>>()?,
        campaign,
    })
}

impl Campaigns<'_> {
    /// One campaign, by id or key.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn get(&self, caller: &Caller, name: &str) -> Result<CampaignView> {
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = find(&mut tx, agency, name).await?;
        view(&mut tx, &caller.room, row).await
    }

    /// The version of a campaign: another one than before says that something has changed.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn version(&self, caller: &Caller, name: &str) -> Result<i64> {
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        Ok(find(&mut tx, agency, name).await?.version)
    }

    /// Campaigns, the newest first; of one state and one type if those are named.
    ///
    /// # Errors
    /// `bad_state`, `bad_type`, `bad_cursor`; failures of the database.
    pub async fn list(
        &self,
        caller: &Caller,
        (state, kind): (Option<&str>, Option<&str>),
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<CampaignSummary>, Option<String>)> {
        if let Some(state) = state.filter(|state| State::parse(state).is_none()) {
            let known = State::ALL.map(State::as_str).join(", ");
            let detail = words!(
                "{state:?} is not a state of a campaign; use {known}",
                "活动没有 {state:?} 这个状态；可用 {known}"
            );
            return Err(AppError::invalid("bad_state", detail));
        }
        if let Some(kind) = kind {
            campaign_type(kind)?;
        }
        let before = match cursor {
            None => Uuid::max(),
            Some(text) => Uuid::try_parse(text).map_err(|_| AppError::bad_cursor())?,
        };
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        let mut rows = store::list(&mut tx, caller.room.id, (state, kind), before, limit as i64 + 1).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
        Ok((
            rows.into_iter().map(CampaignSummary::read).collect::<Result<_>>()?,
            next,
        ))
    }
}
