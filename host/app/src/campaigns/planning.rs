//! Writing campaigns down and changing what is planned.

use super::life::{self, campaign_type};
use super::look_up::look_up;
use super::view::{PluginName, said, view};
use super::{CampaignView, canonical, check_key, check_version, find_locked, plan_of, short, subject, write};
use crate::Campaigns;
use crate::error::{AppError, Result, retrying};
use crate::team::Caller;
use crate::work::Taken;
use posthouse_domain::campaign::{Action, CampaignRule, Plan, Said, State, changes};
use posthouse_domain::{Words, words};
use posthouse_store::campaigns::{self as store, CampaignRow};
use posthouse_store::work::open_tasks;
use posthouse_store::{Access, unique};
use uuid::Uuid;

/// A campaign to be written down.
#[derive(Debug, Clone)]
pub struct NewCampaign {
    /// The agency's name for it, and of its binding.
    pub key: String,
    /// One of the five types.
    pub kind: String,
    /// For people.
    pub name: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// What is planned.
    pub plan: Plan,
    /// Fields whose unusual figures are meant as they are written.
    pub as_written: Vec<String>,
}

/// What is to become different.
#[derive(Debug, Clone, Default)]
pub struct CampaignChange {
    /// Another name.
    pub name: Option<String>,
    /// Another owner; an empty text is none.
    pub owner: Option<String>,
    /// Another plan.
    pub plan: Option<Plan>,
    /// Fields of it whose unusual figures are meant as they are written.
    pub as_written: Vec<String>,
}

/// What writing a campaign down would do.
#[derive(Debug, Clone)]
pub struct Rehearsal {
    /// `create`, `change`, or `nothing` if the plan is the one that is known.
    pub would: &'static str,
    /// The plan's plugin.
    pub plugin: PluginName,
    /// What the plan says, in words.
    pub understood: Vec<Said>,
    /// What would become different from the plan that is known.
    pub changes: Vec<Words>,
    /// Facts that its rule reads.
    pub facts: Vec<String>,
}

fn owner_of(text: &str) -> Result<String> {
    if text.trim().is_empty() {
        return Ok(String::new());
    }
    short(&words!("owner", "负责人"), text)
}

fn type_settled(row: &CampaignRow) -> AppError {
    let (key, kind) = (&row.key, &row.kind);
    AppError::invalid(
        "type_settled",
        words!(
            "campaign {key} is of type {kind}, which stays so; choose another key for one of another type",
            "活动 {key} 的类型是 {kind}，不能更改；其他类型的活动请另取 key"
        ),
    )
}

impl Campaigns<'_> {
    /// Writes a new campaign down, as a draft.
    ///
    /// # Errors
    /// `bad_key`, `bad_type`, `bad_name`, `key_taken`; [`AppError::NotFound`] for an unknown plugin; `implausible` for figures that are
    /// hardly meant; whatever of the plan cannot be carried out: `bad_plan`, `bad_audience`, `bad_config`, `unknown_group`, `unknown_segment`, `wrong_extension_point`.
    pub async fn create(&self, caller: &Caller, new: NewCampaign) -> Result<CampaignView> {
        check_key(&words!("campaign key", "活动标识"), &new.key)?;
        let kind = campaign_type(&new.kind)?;
        new.plan.check()?;
        new.plan.check_meant(caller.room.terms.currency, &new.as_written)?;
        self.check_settings(caller.room.id, &new.plan.rule).await?;
        let (plan, plan_hash) = canonical(&new.plan)?;
        let now = self.app.clock.now();
        let row = CampaignRow {
            // machine time: the list shows what came last first, also where the business clock stands still
            id: self.app.entropy.id(self.app.machine.now()),
            key: new.key,
            kind: kind.as_str().to_owned(),
            name: short(&words!("name", "名称"), &new.name)?,
            owner: owner_of(new.owner.as_deref().unwrap_or_default())?,
            state: State::Draft.as_str().to_owned(),
            plan,
            plan_hash,
            priority: new.plan.stacking.priority,
            submitted_by: None,
            version: 1,
            created_by: caller.actor,
            created_at: now,
            updated_at: now,
        };
        let created = retrying!(self.try_create(caller, &new.plan, &row));
        created.map_err(|error| match error {
            error if error.is_duplicate_of(unique::CAMPAIGN_KEY) => AppError::conflict(
                "key_taken",
                words!(
                    "there is a campaign {key:?} already; choose another key",
                    "活动 {key:?} 已存在；请换一个标识",
                    key = row.key
                ),
            ),
            other => other,
        })
    }

    async fn try_create(&self, caller: &Caller, plan: &Plan, row: &CampaignRow) -> Result<CampaignView> {
        let agency = caller.room.id;
        let mut tx = self.app.idempotency().begin(caller).await?;
        // its lock keeps the group from going away meanwhile
        store::next_version(&mut tx, agency).await?;
        look_up(&mut tx, agency, plan).await?;
        store::insert(&mut tx, agency, row).await?;
        let step = Taken::by(caller, row.created_at, None);
        life::record(self.app, &mut tx, agency, (row, row), "create", &step).await?;
        let view = view(&mut tx, &caller.room, row.clone()).await?;
        tx.commit().await?;
        Ok(view)
    }

    /// Says what writing a campaign down would do, or another plan of one that is known by its key, and does nothing.
    ///
    /// # Errors
    /// What [`Campaigns::create`] and [`Campaigns::change`] refuse; `type_settled` for another type than the known campaign's.
    pub async fn rehearse(&self, caller: &Caller, new: &NewCampaign) -> Result<Rehearsal> {
        check_key(&words!("campaign key", "活动标识"), &new.key)?;
        let kind = campaign_type(&new.kind)?;
        short(&words!("name", "名称"), &new.name)?;
        owner_of(new.owner.as_deref().unwrap_or_default())?;
        new.plan.check()?;
        new.plan.check_meant(caller.room.terms.currency, &new.as_written)?;
        let (_, hash) = canonical(&new.plan)?;
        let agency = caller.room.id;
        self.check_settings(agency, &new.plan.rule).await?;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let facts = look_up(&mut tx, agency, &new.plan).await?;
        let (plugin, understood) = said(&mut tx, &caller.room, &new.plan).await?;
        let mut rehearsal = Rehearsal {
            would: "create",
            plugin,
            understood,
            changes: Vec::new(),
            facts,
        };
        let Some(known) = store::campaign_by_key(&mut tx, agency, &new.key).await? else {
            return Ok(rehearsal);
        };
        if known.kind != kind.as_str() {
            return Err(type_settled(&known));
        }
        if known.plan_hash == hash {
            rehearsal.would = "nothing";
            return Ok(rehearsal);
        }
        let open = open_tasks(&mut tx, agency, subject(known.id)).await?;
        life::next_state(&known, Action::Change, open, false, self.app.clock.now())?;
        let (_, before) = said(&mut tx, &caller.room, &plan_of(&known)?).await?;
        rehearsal.would = "change";
        rehearsal.changes = changes(&before, &rehearsal.understood);
        Ok(rehearsal)
    }

    /// Changes a campaign. Another plan is a draft again, whoever had approved the one before; another name or owner changes nothing
    /// that anybody agreed to.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `version_changed` if `expected` is not its version; `wrong_state` for another plan once it was started;
    /// what [`Campaigns::create`] refuses of a plan.
    pub async fn change(
        &self,
        caller: &Caller,
        name: &str,
        change: &CampaignChange,
        expected: Option<i64>,
    ) -> Result<CampaignView> {
        retrying!(self.try_change(caller, name, change, expected))
    }

    /// Has a plan's rule look at its settings before anything is written. To open it can take its compilation, so no connection is held.
    pub(super) async fn check_settings(&self, agency: Uuid, rule: &CampaignRule) -> Result<()> {
        self.app
            .plugins()
            .check_settings(agency, &rule.digest, &rule.config)
            .await
    }

    async fn try_change(
        &self,
        caller: &Caller,
        name: &str,
        change: &CampaignChange,
        expected: Option<i64>,
    ) -> Result<CampaignView> {
        if let Some(plan) = &change.plan {
            plan.check()?;
            plan.check_meant(caller.room.terms.currency, &change.as_written)?;
            self.check_settings(caller.room.id, &plan.rule).await?;
        }
        let (agency, now) = (caller.room.id, self.app.clock.now());
        let mut tx = self.app.idempotency().begin(caller).await?;
        store::next_version(&mut tx, agency).await?;
        let before = find_locked(&mut tx, agency, name).await?;
        check_version(&before, expected)?;
        let mut after = before.clone();
        if let Some(name) = &change.name {
            after.name = short(&words!("name", "名称"), name)?;
        }
        if let Some(owner) = &change.owner {
            after.owner = owner_of(owner)?;
        }
        let mut planned = false;
        if let Some(plan) = &change.plan {
            let (text, hash) = canonical(plan)?;
            planned = hash != before.plan_hash;
            if planned {
                let open = open_tasks(&mut tx, agency, subject(before.id)).await?;
                after.state = life::next_state(&before, Action::Change, open, false, now)?
                    .as_str()
                    .to_owned();
                look_up(&mut tx, agency, plan).await?;
                (after.plan, after.plan_hash, after.priority) = (text, hash, plan.stacking.priority);
                after.submitted_by = None;
            }
        }
        write(&mut tx, agency, &before, &mut after, now).await?;
        if planned {
            let step = Taken::by(caller, now, None);
            life::record(
                self.app,
                &mut tx,
                agency,
                (&before, &after),
                Action::Change.as_str(),
                &step,
            )
            .await?;
        } else {
            let subject = format!("campaign/{}", before.id);
            let sent = [("name", change.name.is_some()), ("owner", change.owner.is_some())];
            let fields: Vec<&str> = sent.iter().filter(|(_, sent)| *sent).map(|(field, _)| *field).collect();
            let detail = serde_json::json!({ "fields": fields });
            self.app
                .audit()
                .note(&mut tx, caller, "campaign.rename", &subject, detail)
                .await?;
        }
        let view = view(&mut tx, &caller.room, after).await?;
        tx.commit().await?;
        Ok(view)
    }
}
