//! Writing campaigns down and changing what is planned.

use super::look_up::look_up;
use super::steps::{self, Taken};
use super::view::{campaign_type, view};
use super::{CampaignView, canonical, check_key, check_version, find_locked, is_taken, short, write};
use crate::App;
use crate::error::{AppError, Result, retrying};
use crate::team::Caller;
use posthouse_domain::campaign::{Action, Plan, State};
use posthouse_store::campaigns::{self as store, CampaignRow};
use posthouse_store::{Access, campaign_parts as parts};

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
}

fn owner_of(text: &str) -> Result<String> {
    if text.trim().is_empty() {
        return Ok(String::new());
    }
    short("owner", text)
}

impl App {
    /// Writes a new campaign down, as a draft.
    ///
    /// # Errors
    /// `bad_key`, `bad_type`, `bad_name`, `key_taken`; [`AppError::NotFound`] for an unknown plugin; whatever of the plan cannot be
    /// carried out: `bad_plan`, `bad_audience`, `bad_config`, `unknown_group`, `unknown_segment`, `wrong_extension_point`.
    pub async fn create_campaign(&self, caller: &Caller, new: NewCampaign) -> Result<CampaignView> {
        check_key("campaign key", &new.key)?;
        let kind = campaign_type(&new.kind)?;
        let (plan, plan_hash) = canonical(&new.plan)?;
        let now = self.clock.now();
        let row = CampaignRow {
            // machine time: the list shows what came last first, also where the business clock stands still
            id: self.entropy.id(self.machine.now()),
            key: new.key,
            kind: kind.as_str().to_owned(),
            name: short("name", &new.name)?,
            owner: owner_of(new.owner.as_deref().unwrap_or_default())?,
            state: State::Draft.as_str().to_owned(),
            plan,
            plan_hash,
            priority: new.plan.stacking.priority,
            submitted_by: None,
            version: 1,
            created_by: caller.key,
            created_at: now,
            updated_at: now,
        };
        let created = retrying!(self.try_create_campaign(caller, &new.plan, &row));
        created.map_err(|error| match error {
            error if is_taken(&error) => AppError::conflict(
                "key_taken",
                format!("there is a campaign {:?} already; choose another key", row.key),
            ),
            other => other,
        })
    }

    async fn try_create_campaign(&self, caller: &Caller, plan: &Plan, row: &CampaignRow) -> Result<CampaignView> {
        let agency = caller.room.id;
        let mut tx = self.store.write(Access::Agency(agency)).await?;
        // its lock keeps the group from going away meanwhile
        store::next_version(&mut tx, agency).await?;
        look_up(&mut tx, agency, plan).await?;
        store::insert(&mut tx, agency, row).await?;
        let step = Taken::by(caller, row.created_at, None);
        steps::record(&mut tx, agency, (row, row), "create", &step).await?;
        let view = view(&mut tx, agency, row.clone()).await?;
        tx.commit().await?;
        Ok(view)
    }

    /// Changes a campaign. Another plan is a draft again, whoever had approved the one before; another name or owner changes nothing
    /// that anybody agreed to.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `version_changed` if `expected` is not its version; `wrong_state` for another plan once it was started;
    /// what [`App::create_campaign`] refuses of a plan.
    pub async fn change_campaign(
        &self,
        caller: &Caller,
        name: &str,
        change: &CampaignChange,
        expected: Option<i64>,
    ) -> Result<CampaignView> {
        retrying!(self.try_change_campaign(caller, name, change, expected))
    }

    async fn try_change_campaign(
        &self,
        caller: &Caller,
        name: &str,
        change: &CampaignChange,
        expected: Option<i64>,
    ) -> Result<CampaignView> {
        let (agency, now) = (caller.room.id, self.clock.now());
        let mut tx = self.store.write(Access::Agency(agency)).await?;
        store::next_version(&mut tx, agency).await?;
        let before = find_locked(&mut tx, agency, name).await?;
        check_version(&before, expected)?;
        let mut after = before.clone();
        if let Some(name) = &change.name {
            after.name = short("name", name)?;
        }
        if let Some(owner) = &change.owner {
            after.owner = owner_of(owner)?;
        }
        let mut planned = false;
        if let Some(plan) = &change.plan {
            let (text, hash) = canonical(plan)?;
            planned = hash != before.plan_hash;
            if planned {
                let open = parts::open_tasks(&mut tx, agency, before.id).await?;
                after.state = steps::next_state(&before, Action::Change, open, false, now)?
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
            steps::record(&mut tx, agency, (&before, &after), Action::Change.as_str(), &step).await?;
        }
        let view = view(&mut tx, agency, after).await?;
        tx.commit().await?;
        Ok(view)
    }
}
