//! What a campaign brought, beside its goal and beside the one before.

use super::{find, plan_of};
use crate::error::{AppError, Result};
use crate::team::Caller;
use crate::{Campaigns, Room};
use posthouse_domain::campaign::State;
use posthouse_domain::campaign::effect::Effect;
use posthouse_store::campaigns::{self as store, CampaignRow};
use posthouse_store::{Access, Tx, campaign_changes, effects};
use uuid::Uuid;

/// A figure of the goal, and what was reached of it.
#[derive(Debug, Clone)]
pub struct TargetView {
    /// What is measured.
    pub measure: String,
    /// What was to be reached.
    pub figure: i64,
    /// What was; none if nothing measures it.
    pub reached: Option<i64>,
}

/// The effect of the campaign before.
#[derive(Debug, Clone)]
pub struct EarlierEffect {
    /// Its id.
    pub campaign_id: Uuid,
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Whether the effect is the one that was written down when it was evaluated; otherwise it is measured now.
    pub evaluated: bool,
    /// What it brought.
    pub effect: Effect,
}

/// What a campaign brought.
#[derive(Debug, Clone)]
pub struct EffectView {
    /// Figures, arms and their difference.
    pub effect: Effect,
    /// The goal's figures in their order.
    pub targets: Vec<TargetView>,
    /// The latest campaign of the same type that is over and was written down before this one.
    pub earlier: Option<EarlierEffect>,
}

impl Campaigns<'_> {
    /// What a campaign brought so far.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn effect(&self, caller: &Caller, name: &str) -> Result<EffectView> {
        let (room, agency) = (&caller.room, caller.room.id);
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = find(&mut tx, agency, name).await?;
        let effect = self.measure(&mut tx, room, &row).await?;
        let target = |target: posthouse_domain::campaign::Target| TargetView {
            reached: effect.reached(&target.measure),
            measure: target.measure,
            figure: target.figure,
        };
        let targets = plan_of(&row)?.goal.targets.into_iter().map(target).collect();
        let earlier = match store::earlier(&mut tx, agency, &row.kind, row.id).await? {
            Some(earlier) => Some(self.earlier_effect(&mut tx, room, earlier).await?),
            None => None,
        };
        Ok(EffectView {
            effect,
            targets,
            earlier,
        })
    }

    async fn earlier_effect(&self, tx: &mut Tx, room: &Room, row: CampaignRow) -> Result<EarlierEffect> {
        let evaluated = row.state == State::Evaluated.as_str();
        let snapshot = match evaluated {
            true => campaign_changes::evaluation(tx, room.id, row.id).await?,
            false => None,
        };
        let effect = match snapshot {
            Some(snapshot) => serde_json::from_str(&snapshot.effect).map_err(AppError::corrupt("effect"))?,
            None => self.measure(tx, room, &row).await?,
        };
        Ok(EarlierEffect {
            campaign_id: row.id,
            key: row.key,
            name: row.name,
            evaluated,
            effect,
        })
    }

    /// Measures what a campaign brought up to now.
    pub(super) async fn measure(&self, tx: &mut Tx, room: &Room, row: &CampaignRow) -> Result<Effect> {
        let now = self.app.clock.now();
        let plan = plan_of(row)?;
        let last = room.day_of(plan.window.to - 1);
        let through = room.day_of(now).min(last);
        let uptake = effects::uptake(tx, room.id, row.id).await?;
        let (treatment, holdout) = effects::arms(tx, room.id, row.id, through).await?;
        Ok(Effect::new(
            (now, through),
            uptake,
            (treatment, holdout),
            plan.holdout > 0,
        ))
    }
}
