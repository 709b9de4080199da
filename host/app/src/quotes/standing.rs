//! The campaigns in force on this host: read once, and again when anything that quotes depend on has changed.

use crate::campaigns::PROMOTION;
use crate::campaigns::point::Promotion;
use crate::error::{AppError, Result};
use crate::rules::SetAside;
use crate::rules::opening::rule_of;
use crate::rules::point::{Rule, RuleName};
use crate::{Quotes, Room};
use posthouse_domain::attribute::AttributeDef;
use posthouse_domain::campaign::Plan;
use posthouse_domain::catalogue::FactKind;
use posthouse_domain::promotion::{Basket, Line, Mode};
use posthouse_domain::{Words, normal, words};
use posthouse_engine::Plugin;
use posthouse_store::campaigns::{self as store, CampaignRow};
use posthouse_store::plugins::{self as bindings, BindingRow};
use posthouse_store::{Access, StoreError, Tx, attributes};
use std::collections::{HashMap, HashSet};
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
    /// Whether it is not asked for a while; it stands here until it has answered.
    pub(crate) aside: Option<SetAside>,
}

/// Every campaign in force, the first in line first.
#[derive(Debug)]
pub(crate) struct Standing {
    pub(crate) version: i64,
    pub(crate) campaigns: Vec<Campaign>,
    /// Products that are in a crisis, in caseless form.
    pub(crate) in_crisis: HashSet<String>,
    /// The kinds of the agency's own facts, by key.
    pub(crate) own: Arc<HashMap<String, FactKind>>,
}

impl Standing {
    /// Whether something in a basket is in a crisis.
    pub(crate) fn is_in_crisis(&self, basket: &Basket) -> bool {
        let stops = |line: &Line| self.in_crisis.contains(&normal::caseless(&line.sku));
        !self.in_crisis.is_empty() && basket.lines.iter().any(stops)
    }
}

/// How often the campaigns are read until all their plugins are open.
const SNAPSHOTS: usize = 8;

/// A group nobody has defined: its campaigns stand beside all others.
const UNDEFINED: Mode = Mode::Stackable;

impl Quotes<'_> {
    /// A snapshot, with the campaigns in force in it and what the revisions of segments add up to. While a plugin is opened, which can take
    /// its compilation, no connection is held.
    pub(crate) async fn standing(&self, room: &Room) -> Result<(Tx, Arc<Standing>, i64)> {
        let mut opened = HashMap::new();
        for _ in 0..SNAPSHOTS {
            let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
            let (version, segments) = store::versions(&mut tx, room.id).await?;
            let before = room.promotions.standing();
            if let Some(standing) = before.as_ref().filter(|standing| standing.version == version) {
                return Ok((tx, standing.clone(), segments));
            }
            let mut on_hand = OnHand {
                before: before.as_deref(),
                opened: &opened,
                missing: HashSet::new(),
            };
            let standing = self.read_standing(room, &mut tx, version, &mut on_hand).await?;
            let missing = on_hand.missing;
            if missing.is_empty() {
                let standing = Arc::new(standing);
                room.promotions.put(standing.clone());
                return Ok((tx, standing, segments));
            }
            drop(tx);
            opened.extend(self.app.plugins().open_all(room.id, missing).await?);
        }
        // somebody brings new rules into force as fast as they are opened here
        Err(StoreError::Overtaken.into())
    }

    async fn read_standing(
        &self,
        room: &Room,
        tx: &mut Tx,
        version: i64,
        on_hand: &mut OnHand<'_>,
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
                Some(binding) => reopen(room, binding, on_hand, &own),
                None => Err(words!("no rule was ever activated", "从未启用过规则")),
            };
            let aside = bound.get(&key).and_then(SetAside::of);
            let mode = groups.get(&plan.stacking.group).and_then(|mode| Mode::parse(mode));
            campaigns.push(Campaign {
                id,
                key,
                name,
                plan,
                mode: mode.unwrap_or(UNDEFINED),
                rule,
                aside,
            });
        }
        let in_crisis = posthouse_store::complaints::products_in_crisis(tx, room.id).await?;
        Ok(Standing {
            version,
            campaigns,
            in_crisis: in_crisis.iter().map(|product| normal::caseless(product)).collect(),
            own: Arc::new(own.into_iter().map(|own| (own.key, own.kind)).collect()),
        })
    }
}

/// Plugins that are open when campaigns are read.
struct OnHand<'o> {
    before: Option<&'o Standing>,
    opened: &'o HashMap<String, std::result::Result<Plugin, Words>>,
    /// Digests of those that are not.
    missing: HashSet<String>,
}

/// The rule of a binding: the one that is open already if it is of the same revision.
fn reopen(
    room: &Room,
    binding: &BindingRow,
    on_hand: &mut OnHand<'_>,
    own: &[AttributeDef],
) -> std::result::Result<Arc<Rule<Promotion>>, Words> {
    let open = on_hand.before.into_iter().flat_map(|before| &before.campaigns);
    let open = open.filter_map(|campaign| campaign.rule.as_ref().ok());
    if let Some(rule) = open
        .into_iter()
        .find(|rule| rule.binding == binding.name && rule.revision == binding.revision)
    {
        return Ok(rule.clone());
    }
    match on_hand.opened.get(&binding.digest) {
        None => {
            on_hand.missing.insert(binding.digest.clone());
            // nobody reads it: the campaigns are read again once it is open
            Err(words!("the plugin is being opened", "插件正在打开"))
        }
        Some(Err(why)) => Err(why.clone()),
        Some(Ok(plugin)) => rule_of(room.id, plugin.clone(), RuleName::in_force(binding), own)
            .map(Arc::new)
            .map_err(|error| Words::of(&error)),
    }
}
