//! The campaigns in force on this host: read once, and again when anything that quotes depend on has changed.

use crate::campaigns::PROMOTION;
use crate::campaigns::point::Promotion;
use crate::error::{AppError, Result};
use crate::rules::point::{Rule, RuleName};
use crate::{Quotes, Room};
use posthouse_domain::attribute::AttributeDef;
use posthouse_domain::campaign::Plan;
use posthouse_domain::catalogue::FactKind;
use posthouse_domain::promotion::Mode;
use posthouse_domain::{Words, words};
use posthouse_store::campaigns::{self as store, CampaignRow};
use posthouse_store::plugins::{self as bindings, BindingRow};
use posthouse_store::{Tx, attributes};
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// A campaign in force.
#[derive(Debug)]
pub(crate) struct Campaign {
    pub(crate) id: Uuid,
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) plan: Plan,
    pub(crate) mode: Mode,
    /// The rule that makes its offers, or why there is none.
    pub(crate) rule: std::result::Result<Arc<Rule<Promotion>>, Words>,
}

/// Every campaign in force, the first in line first.
#[derive(Debug)]
pub(crate) struct Standing {
    pub(crate) version: i64,
    pub(crate) campaigns: Vec<Campaign>,
    /// The kinds of the agency's own facts, by key.
    pub(crate) own: Arc<HashMap<String, FactKind>>,
}

/// A group nobody has defined: its campaigns stand beside all others.
const UNDEFINED: Mode = Mode::Stackable;

impl Quotes<'_> {
    /// The campaigns in force in the state that the transaction sees.
    pub(crate) async fn standing(&self, room: &Room, tx: &mut Tx) -> Result<Arc<Standing>> {
        let version = store::version(tx, room.id).await?;
        let before = room.promotions.standing();
        if let Some(standing) = before.as_ref().filter(|standing| standing.version == version) {
            return Ok(standing.clone());
        }
        let standing = Arc::new(self.read_standing(room, tx, version, before.as_deref()).await?);
        room.promotions.put(standing.clone());
        Ok(standing)
    }

    async fn read_standing(
        &self,
        room: &Room,
        tx: &mut Tx,
        version: i64,
        before: Option<&Standing>,
    ) -> Result<Standing> {
        let groups: HashMap<String, String> = store::groups(tx, room.id)
            .await?
            .into_iter()
            .map(|group| (group.key, group.mode))
            .collect();
        let own = attributes::definitions(tx, room.id).await?;
        let bound: HashMap<String, BindingRow> = bindings::bindings(tx, room.id)
            .await?
            .into_iter()
            .filter(|row| row.extension_point == PROMOTION)
            .map(|row| (row.name.clone(), row))
            .collect();
        let mut campaigns = Vec::new();
        for row in store::running(tx, room.id).await? {
            let CampaignRow {
                id, key, name, plan, ..
            } = row;
            let plan: Plan = serde_json::from_str(&plan).map_err(AppError::corrupt("plan"))?;
            let rule = match bound.get(&key) {
                Some(binding) => self.reopen(room, tx, binding, before, &own).await?,
                None => Err(words!("no rule was ever activated", "从未启用过规则")),
            };
            let mode = groups.get(&plan.stacking.group).and_then(|mode| Mode::parse(mode));
            campaigns.push(Campaign {
                id,
                key,
                name,
                plan,
                mode: mode.unwrap_or(UNDEFINED),
                rule,
            });
        }
        Ok(Standing {
            version,
            campaigns,
            own: Arc::new(own.into_iter().map(|own| (own.key, own.kind)).collect()),
        })
    }

    /// The rule of a binding: the one that is open already if it is of the same revision.
    async fn reopen(
        &self,
        room: &Room,
        tx: &mut Tx,
        binding: &BindingRow,
        before: Option<&Standing>,
        own: &[AttributeDef],
    ) -> Result<std::result::Result<Arc<Rule<Promotion>>, Words>> {
        let open = before.into_iter().flat_map(|before| &before.campaigns);
        let open = open.filter_map(|campaign| campaign.rule.as_ref().ok());
        if let Some(rule) = open
            .into_iter()
            .find(|rule| rule.binding == binding.name && rule.revision == binding.revision)
        {
            return Ok(Ok(rule.clone()));
        }
        let named = RuleName::in_force(binding);
        match self.app.plugins().rule(tx, room.id, named, own).await {
            Ok(rule) => Ok(Ok(Arc::new(rule))),
            // a full compile queue, a busy database
            Err(error) if error.will_pass() => Err(error),
            Err(error) => Ok(Err(Words::of(&error))),
        }
    }
}
