//! Rewards: what points are spent on, what each costs members of a tier, and how many there are.

use crate::Loyalty;
use crate::error::{AppError, Result, retrying};
use crate::team::Caller;
use crate::texts::short;
use posthouse_domain::loyalty::LARGEST_POINTS;
use posthouse_domain::{Day, Localized, Words, words};
use posthouse_store::Access;
use posthouse_store::loyalty::{self as store, RewardRow};
use serde_json::json;
use std::collections::BTreeMap;
use uuid::Uuid;

/// What the batch of a reward's codes is called, before its key.
const BATCH_LABEL: &str = "reward";
/// Most rewards of an agency.
const MOST: usize = 500;
/// Most pieces, and most minor units off.
const MOST_WORTH: i64 = 1_000_000_000;
/// Most tiers with a price of their own.
const MOST_TIERS: usize = 50;

/// What kind of thing a reward is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RewardKind {
    /// A coupon of a campaign, made when it is ordered.
    Coupon,
    /// A thing that is sent.
    Gift,
    /// A tour of a sight.
    Sightseeing,
    /// A better room, seat or car.
    Upgrade,
    /// An evening or a preview.
    Invitation,
    /// Money off a quote; it is not ordered, but named with the quote's points.
    MoneyOff,
}

impl RewardKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Coupon,
        Self::Gift,
        Self::Sightseeing,
        Self::Upgrade,
        Self::Invitation,
        Self::MoneyOff,
    ];

    /// The name used in JSON and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Coupon => "coupon",
            Self::Gift => "gift",
            Self::Sightseeing => "sightseeing",
            Self::Upgrade => "upgrade",
            Self::Invitation => "invitation",
            Self::MoneyOff => "money_off",
        }
    }

    /// The one of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// The terms of a reward.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RewardTerms {
    /// What it is called.
    pub title: Localized,
    /// The price in points.
    pub points: i64,
    /// Other prices of tiers, by their keys; none for a tier that does not get it.
    pub tier_points: BTreeMap<String, Option<i64>>,
    /// How many pieces there are; none for as many as are ordered.
    pub stock: Option<i64>,
    /// How many a member orders at most.
    pub per_member: Option<i64>,
    /// The first day on which it can be ordered.
    pub from: Option<Day>,
    /// The last.
    pub until: Option<Day>,
    /// Minor units off a quote: of [`RewardKind::MoneyOff`], and of nothing else.
    pub worth: Option<i64>,
    /// Whether it can be ordered.
    pub is_offered: bool,
}

/// A reward to be made.
#[derive(Debug, Clone)]
pub struct NewReward {
    /// Its key: lower-case letters, digits and hyphens.
    pub key: String,
    /// What kind of thing it is.
    pub kind: RewardKind,
    /// The campaign whose coupon it is, by id or key: of [`RewardKind::Coupon`], and of nothing else.
    pub campaign: Option<String>,
    /// Its terms.
    pub terms: RewardTerms,
}

/// A reward.
#[derive(Debug, Clone)]
pub struct RewardView {
    /// Its key.
    pub key: String,
    /// What kind of thing it is.
    pub kind: RewardKind,
    /// The campaign whose coupon it is.
    pub campaign: Option<Uuid>,
    /// Its terms.
    pub terms: RewardTerms,
    /// How many pieces are ordered and not called off.
    pub taken: i64,
    /// Moves with every change of the terms.
    pub version: i64,
}

impl TryFrom<RewardRow> for RewardView {
    type Error = AppError;

    fn try_from(row: RewardRow) -> Result<Self> {
        Ok(Self {
            kind: RewardKind::parse(&row.kind)
                .ok_or_else(|| AppError::Internal(format!("a reward of kind {:?}", row.kind)))?,
            key: row.key,
            campaign: row.campaign_id,
            terms: RewardTerms {
                title: Localized::new(row.title_zh, row.title_en),
                points: row.points,
                tier_points: serde_json::from_str(&row.tier_points).map_err(AppError::corrupt("tier_points"))?,
                stock: row.stock,
                per_member: row.per_member,
                from: row.from_on,
                until: row.until_on,
                worth: row.worth,
                is_offered: row.is_offered,
            },
            taken: row.taken,
            version: row.version,
        })
    }
}

impl RewardView {
    /// What it costs a member of a tier; none if they do not get it.
    pub fn price(&self, tier: Option<&str>) -> Option<i64> {
        let own = tier.and_then(|tier| self.terms.tier_points.get(tier));
        own.copied().unwrap_or(Some(self.terms.points))
    }

    /// How many pieces are left; none for as many as are ordered.
    pub fn left(&self) -> Option<i64> {
        self.terms.stock.map(|stock| (stock - self.taken).max(0))
    }

    /// Whether it can be ordered on a day.
    pub fn is_open(&self, today: Day) -> bool {
        let terms = &self.terms;
        terms.is_offered
            && terms.from.is_none_or(|from| from <= today)
            && terms.until.is_none_or(|until| today <= until)
    }
}

fn bad(detail: Words) -> AppError {
    AppError::invalid("bad_reward", detail)
}

impl RewardTerms {
    fn checked(&self, kind: RewardKind) -> Result<Self> {
        let title = words!("title", "名称");
        let title = Localized::new(short(&title, &self.title.zh_cn)?, short(&title, &self.title.en)?);
        let prices = self
            .tier_points
            .iter()
            .filter_map(|(tier, points)| Some((tier.as_str(), (*points)?)));
        for (what, points) in prices.chain([("points", self.points)]) {
            if !(1..=LARGEST_POINTS).contains(&points) {
                return Err(bad(words!(
                    "{what} is {points}; a reward costs 1 to {LARGEST_POINTS} points",
                    "{what} 为 {points}；奖励价格应为 1 到 {LARGEST_POINTS}"
                )));
            }
        }
        if self.tier_points.len() > MOST_TIERS || self.tier_points.keys().any(|key| key.len() > 64) {
            return Err(bad(words!(
                "tier_points names {MOST_TIERS} tiers at most, by their keys",
                "tier_points 最多 {MOST_TIERS} 个等级，以等级 key 为键"
            )));
        }
        for (what, count, least) in [
            ("stock", self.stock, 0),
            ("per_member", self.per_member, 1),
            ("worth", self.worth, 1),
        ] {
            if count.is_some_and(|count| !(least..=MOST_WORTH).contains(&count)) {
                return Err(bad(words!(
                    "{what} is out of bounds; it is {least} to {MOST_WORTH}",
                    "{what} 超出范围；应为 {least} 到 {MOST_WORTH}"
                )));
            }
        }
        if self.worth.is_some() != (kind == RewardKind::MoneyOff) {
            return Err(bad(words!(
                "worth is what a money_off reward takes off a quote in minor units: that kind needs it, others have none",
                "worth 为 money_off 奖励在报价中抵减的最小货币单位：该类必填，其他类不填"
            )));
        }
        if let (Some(from), Some(until)) = (self.from, self.until)
            && until < from
        {
            return Err(bad(words!("until is before from", "until 早于 from")));
        }
        Ok(Self { title, ..self.clone() })
    }
}

fn check_key(key: &str) -> Result<()> {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=60).contains(&key.len()) && key.bytes().all(letter) {
        return Ok(());
    }
    let shown: String = key.chars().take(100).collect();
    Err(bad(words!(
        "a reward's key has 1 to 60 lower-case letters, digits and hyphens; {shown:?} is none",
        "奖励 key 由 1 到 60 个小写字母、数字和连字符组成；{shown:?} 不符合"
    )))
}

impl Loyalty<'_> {
    /// Every reward, by its key.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn rewards(&self, caller: &Caller) -> Result<Vec<RewardView>> {
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        let rows = store::rewards(&mut tx, caller.room.id).await?;
        rows.into_iter().map(RewardView::try_from).collect()
    }

    /// One of them.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    pub async fn reward(&self, caller: &Caller, key: &str) -> Result<RewardView> {
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        let row = store::reward(&mut tx, caller.room.id, key).await?;
        row.ok_or(AppError::NotFound("reward"))?.try_into()
    }

    /// Makes a reward.
    ///
    /// # Errors
    /// `bad_reward`, `bad_name`; `reward_exists`, `too_many_rewards`; [`AppError::NotFound`] for the campaign; `campaign_over`,
    /// `campaign_takes_no_coupons`.
    pub async fn create_reward(&self, caller: &Caller, new: &NewReward) -> Result<RewardView> {
        check_key(&new.key)?;
        let terms = new.terms.checked(new.kind)?;
        if new.campaign.is_some() != (new.kind == RewardKind::Coupon) {
            return Err(bad(words!(
                "campaign is the one whose coupon the reward is: kind coupon needs it, others have none",
                "campaign 为优惠券所属的活动：coupon 类必填，其他类不填"
            )));
        }
        retrying!(self.try_create_reward(caller, new, &terms))
    }

    async fn try_create_reward(&self, caller: &Caller, new: &NewReward, terms: &RewardTerms) -> Result<RewardView> {
        let (agency, now) = (caller.room.id, self.app.clock.now());
        let (mut tx, _) = self.begin(caller).await?;
        let known = store::rewards(&mut tx, agency).await?;
        if known.iter().any(|row| row.key == new.key) {
            let detail = words!("there is a reward {key} already", "奖励 {key} 已存在", key = new.key);
            return Err(AppError::conflict("reward_exists", detail));
        }
        if known.len() >= MOST {
            return Err(AppError::conflict(
                "too_many_rewards",
                words!("an agency has {MOST} rewards at most", "每家旅行社最多 {MOST} 项奖励"),
            ));
        }
        let (mut campaign_id, mut batch_id) = (None, None);
        if let Some(campaign) = &new.campaign {
            let (campaign, batch) = self
                .app
                .coupons()
                .open_batch(&mut tx, caller, campaign, &format!("{BATCH_LABEL} {}", new.key))
                .await?;
            (campaign_id, batch_id) = (Some(campaign), Some(batch));
        }
        let row = RewardRow {
            campaign_id,
            batch_id,
            ..row(&new.key, new.kind, terms, now, 1)
        };
        self.write_reward(tx, caller, row, "reward.create").await
    }

    /// Changes the terms of a reward. Orders keep what they cost.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `bad_reward`, `bad_name`; `version_changed`.
    pub async fn change_reward(
        &self,
        caller: &Caller,
        key: &str,
        terms: &RewardTerms,
        expected: Option<i64>,
    ) -> Result<RewardView> {
        retrying!(self.try_change_reward(caller, key, terms, expected))
    }

    async fn try_change_reward(
        &self,
        caller: &Caller,
        key: &str,
        terms: &RewardTerms,
        expected: Option<i64>,
    ) -> Result<RewardView> {
        let (mut tx, _) = self.begin(caller).await?;
        let before = store::reward(&mut tx, caller.room.id, key).await?;
        let before = before.ok_or(AppError::NotFound("reward"))?;
        if expected.is_some_and(|expected| expected != before.version) {
            return Err(AppError::conflict(
                "version_changed",
                words!(
                    "the reward is at version {version}; read it again before changing it",
                    "该奖励当前为版本 {version}；请重新读取后再修改",
                    version = before.version
                ),
            ));
        }
        let view = RewardView::try_from(before.clone())?;
        let terms = terms.checked(view.kind)?;
        if terms == view.terms {
            return Ok(view);
        }
        let row = RewardRow {
            campaign_id: before.campaign_id,
            batch_id: before.batch_id,
            taken: before.taken,
            ..row(key, view.kind, &terms, before.created_at, before.version + 1)
        };
        self.write_reward(tx, caller, row, "reward.change").await
    }

    async fn write_reward(
        &self,
        mut tx: posthouse_store::Tx,
        caller: &Caller,
        row: RewardRow,
        action: &str,
    ) -> Result<RewardView> {
        store::put_reward(&mut tx, caller.room.id, &row).await?;
        let subject = format!("reward/{}", row.key);
        self.app
            .audit()
            .note(&mut tx, caller, action, &subject, json!({}))
            .await?;
        tx.commit().await?;
        row.try_into()
    }
}

fn row(key: &str, kind: RewardKind, terms: &RewardTerms, created_at: i64, version: i64) -> RewardRow {
    RewardRow {
        key: key.to_owned(),
        kind: kind.as_str().to_owned(),
        title_zh: terms.title.zh_cn.clone(),
        title_en: terms.title.en.clone(),
        points: terms.points,
        tier_points: json!(terms.tier_points).to_string(),
        stock: terms.stock,
        taken: 0,
        per_member: terms.per_member,
        from_on: terms.from,
        until_on: terms.until,
        worth: terms.worth,
        campaign_id: None,
        batch_id: None,
        is_offered: terms.is_offered,
        created_at,
        version,
    }
}
