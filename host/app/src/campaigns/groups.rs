//! Stacking groups: which campaigns go together, and how.

use super::{check_key, plan_of, short};
use crate::StackingGroups;
use crate::error::{AppError, Result, retrying};
use crate::team::Caller;
use posthouse_domain::campaign::State;
use posthouse_domain::promotion::Mode;
use posthouse_domain::{Localized, Words, words};
use posthouse_store::campaigns::{self as store, CampaignRow, GroupRow};
use posthouse_store::{Access, Tx};
use serde_json::json;
use uuid::Uuid;

/// Most groups of an agency.
const MOST: usize = 100;

/// A stacking group.
#[derive(Debug, Clone)]
pub struct GroupView {
    /// Its name in plans.
    pub key: String,
    /// How its campaigns go together.
    pub mode: Mode,
    /// What people read.
    pub title: Localized,
    /// Keys of the campaigns in it that are not over.
    pub campaigns: Vec<String>,
}

impl GroupView {
    fn read(row: GroupRow, open: &[(String, CampaignRow)]) -> Result<Self> {
        let mode = Mode::parse(&row.mode)
            .ok_or_else(|| AppError::Internal(format!("stacking group {} is {:?}", row.key, row.mode)))?;
        let campaigns = open.iter().filter(|(group, _)| *group == row.key);
        Ok(Self {
            mode,
            title: serde_json::from_str(&row.title).map_err(AppError::corrupt("title"))?,
            campaigns: campaigns.map(|(_, campaign)| campaign.key.clone()).collect(),
            key: row.key,
        })
    }
}

/// Campaigns that are not over, each with its group.
async fn open(tx: &mut Tx, agency: Uuid) -> Result<Vec<(String, CampaignRow)>> {
    let rows = store::open(tx, agency).await?;
    rows.into_iter()
        .map(|row| Ok((plan_of(&row)?.stacking.group, row)))
        .collect()
}

fn in_use(key: &str, campaign: &CampaignRow, what: &Words) -> AppError {
    let detail = words!(
        "campaign {key2} is {state} and stands in stacking group {key}; {what}",
        "活动 {key2} 的状态为 {state}，属于叠加组 {key}；{what}",
        key2 = campaign.key,
        state = campaign.state
    );
    AppError::conflict("group_in_use", detail)
}

impl StackingGroups<'_> {
    /// The agency's stacking groups by key.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn list(&self, caller: &Caller) -> Result<Vec<GroupView>> {
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let open = open(&mut tx, agency).await?;
        let rows = store::groups(&mut tx, agency).await?;
        rows.into_iter().map(|row| GroupView::read(row, &open)).collect()
    }

    /// Makes a stacking group, or gives one there is another mode and title.
    ///
    /// # Errors
    /// `bad_key`, `bad_name`, `too_many_groups`; `group_in_use` for another mode while a campaign in force stands in it.
    pub async fn put(&self, caller: &Caller, key: &str, mode: Mode, title: &Localized) -> Result<GroupView> {
        check_key(&words!("stacking group", "叠加组"), key)?;
        let title = Localized::new(
            short(&words!("title in Chinese", "中文标题"), &title.zh_cn)?,
            short(&words!("title in English", "英文标题"), &title.en)?,
        );
        retrying!(self.try_put(caller, key, mode, &title))
    }

    async fn try_put(&self, caller: &Caller, key: &str, mode: Mode, title: &Localized) -> Result<GroupView> {
        let agency = caller.room.id;
        let mut tx = self.app.idempotency().begin(caller).await?;
        // its lock keeps campaigns from starting meanwhile
        store::next_version(&mut tx, agency).await?;
        let groups = store::groups(&mut tx, agency).await?;
        let present = groups.iter().find(|group| group.key == key);
        if present.is_none() && groups.len() >= MOST {
            let detail = words!(
                "an agency can have {MOST} stacking groups; delete one that is not used",
                "一家旅行社最多 {MOST} 个叠加组；请先删除不用的"
            );
            return Err(AppError::conflict("too_many_groups", detail));
        }
        let open = open(&mut tx, agency).await?;
        let standing = open
            .iter()
            .find(|(group, campaign)| group == key && campaign.state != State::Draft.as_str());
        if let Some((_, campaign)) = standing
            && present.is_some_and(|group| group.mode != mode.as_str())
        {
            let what = words!(
                "its approval covers how the group combines; create another group, or end the campaign or change its plan first",
                "审批时已确认该组的叠加方式；请另建一组，或先结束活动、修改方案"
            );
            return Err(in_use(key, campaign, &what));
        }
        let row = GroupRow {
            key: key.to_owned(),
            mode: mode.as_str().to_owned(),
            title: serde_json::to_string(title).map_err(AppError::corrupt("title"))?,
        };
        store::put_group(&mut tx, agency, &row, self.app.clock.now()).await?;
        let subject = format!("stacking-group/{key}");
        self.app
            .audit()
            .note(
                &mut tx,
                caller,
                "stacking-group.define",
                &subject,
                json!({"mode": row.mode}),
            )
            .await?;
        tx.commit().await?;
        GroupView::read(row, &open)
    }

    /// Deletes a stacking group.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `group_in_use` while a campaign that is not over names it.
    pub async fn delete(&self, caller: &Caller, key: &str) -> Result<()> {
        retrying!(self.try_delete(caller, key))
    }

    async fn try_delete(&self, caller: &Caller, key: &str) -> Result<()> {
        let agency = caller.room.id;
        let mut tx = self.app.idempotency().begin(caller).await?;
        store::next_version(&mut tx, agency).await?;
        let open = open(&mut tx, agency).await?;
        if let Some((_, campaign)) = open.iter().find(|(group, _)| group == key) {
            return Err(in_use(
                key,
                campaign,
                &words!(
                    "move it to another group or end it first",
                    "请先把活动移到其他组或结束活动"
                ),
            ));
        }
        if !store::delete_group(&mut tx, agency, key).await? {
            return Err(AppError::NotFound("stacking group"));
        }
        let subject = format!("stacking-group/{key}");
        self.app
            .audit()
            .note(&mut tx, caller, "stacking-group.delete", &subject, json!({}))
            .await?;
        tx.commit().await?;
        Ok(())
    }
}
