//! The programme: what points are called, and the terms they are kept under.

use crate::Loyalty;
use crate::error::{AppError, Result, retrying};
use crate::team::{self, Caller};
use posthouse_domain::loyalty::LARGEST_POINTS;
use posthouse_domain::normal::steers;
use posthouse_domain::{Day, Instant, Localized, words};
use posthouse_store::loyalty::{self as store, ProgrammeRow};
use posthouse_store::{Access, intake, reviews};
use serde_json::json;
use std::collections::BTreeMap;

/// Longest name of points, in bytes.
const LONGEST_NAME: usize = 60;
/// Most minor units that a hundred points are worth.
const MOST_VALUE: i64 = 1_000_000_000;
/// Longest grace, in days.
const LONGEST_GRACE: i32 = 365;
/// Most customers that a member brings in a year.
const MOST_REFERRALS: i32 = 10_000;
/// Most roles with a limit.
const MOST_LIMITS: usize = 100;

/// How customers become members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enrol {
    /// With their first firm booking.
    Automatic,
    /// When somebody enrols them.
    OnRequest,
}

impl Enrol {
    /// The name used in JSON and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Automatic => "automatic",
            Self::OnRequest => "on_request",
        }
    }

    /// The one of this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Automatic, Self::OnRequest]
            .into_iter()
            .find(|one| one.as_str() == name)
    }
}

/// An agency's programme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programme {
    /// What points are called.
    pub name: Localized,
    /// How customers become members.
    pub enrol: Enrol,
    /// Minor units that a hundred points are worth in the books.
    pub value_of_100: i64,
    /// For how many days points come back whose lot is over.
    pub return_grace_days: i32,
    /// How many points a member passes on in a day; 0 for none.
    pub transfer_per_day: i64,
    /// How many points somebody of a role adjusts at once, by the role's key; a role that is not named has no limit of its own.
    pub adjust_limits: BTreeMap<String, i64>,
    /// How many customers a member brings in 365 days; who comes by them beyond that is no referral.
    pub referrals_per_year: i32,
    /// Bookings made and trips that are over from this day on earn.
    pub since: Day,
    /// When it was last changed, in ms since 1970.
    pub updated_at: Instant,
    /// Moves with every change.
    pub version: i64,
}

impl TryFrom<ProgrammeRow> for Programme {
    type Error = AppError;

    fn try_from(row: ProgrammeRow) -> Result<Self> {
        Ok(Self {
            enrol: Enrol::parse(&row.enrol).ok_or_else(|| AppError::Internal(format!("enrol {:?}", row.enrol)))?,
            name: Localized::new(row.name_zh, row.name_en),
            value_of_100: row.value_of_100,
            return_grace_days: row.return_grace_days,
            transfer_per_day: row.transfer_per_day,
            adjust_limits: serde_json::from_str(&row.adjust_limits).map_err(AppError::corrupt("adjust_limits"))?,
            referrals_per_year: row.referrals_per_year,
            since: row.since_on,
            updated_at: row.updated_at,
            version: row.version,
        })
    }
}

fn check(new: &Programme, today: Day) -> Result<()> {
    let wrong = |detail| Err(AppError::invalid("bad_programme", detail));
    for (language, name) in [("zh-CN", &new.name.zh_cn), ("en", &new.name.en)] {
        if name.trim().is_empty() || name.len() > LONGEST_NAME || name.chars().any(steers) {
            return wrong(words!(
                "name.{language} must be 1 to {LONGEST_NAME} bytes: what points are called, as 积分 and points",
                "name.{language} 应为 1 到 {LONGEST_NAME} 字节，即积分的名称，如“积分”和 points"
            ));
        }
    }
    if !(0..=MOST_VALUE).contains(&new.value_of_100) {
        return wrong(words!(
            "value_of_100 is {value}; it is 0 to {MOST_VALUE} minor units",
            "value_of_100 为 {value}；应为 0 到 {MOST_VALUE} 最小货币单位",
            value = new.value_of_100
        ));
    }
    if !(0..=LONGEST_GRACE).contains(&new.return_grace_days) {
        return wrong(words!(
            "return_grace_days is {days}; it is 0 to {LONGEST_GRACE}",
            "return_grace_days 为 {days}；应为 0 到 {LONGEST_GRACE}",
            days = new.return_grace_days
        ));
    }
    let limits = new.adjust_limits.iter().map(|(role, points)| (role.as_str(), *points));
    let limits = limits.chain([("transfer_per_day", new.transfer_per_day)]);
    for (what, points) in limits {
        if !(0..=LARGEST_POINTS).contains(&points) {
            return wrong(words!(
                "{what} is {points}; it is 0 to {LARGEST_POINTS} points",
                "{what} 为 {points}；应为 0 到 {LARGEST_POINTS}"
            ));
        }
    }
    if !(0..=MOST_REFERRALS).contains(&new.referrals_per_year) {
        return wrong(words!(
            "referrals_per_year is {count}; it is 0 to {MOST_REFERRALS}",
            "referrals_per_year 为 {count}；应为 0 到 {MOST_REFERRALS}",
            count = new.referrals_per_year
        ));
    }
    if new.adjust_limits.len() > MOST_LIMITS {
        return wrong(words!(
            "adjust_limits names more than {MOST_LIMITS} roles",
            "adjust_limits 超过 {MOST_LIMITS} 个角色"
        ));
    }
    if new.since > today {
        return wrong(words!(
            "since is in the future; what happens before it would earn nothing",
            "since 在将来；此前发生的将不会积分"
        ));
    }
    Ok(())
}

/// That the agency has no programme.
pub(super) fn none_yet() -> AppError {
    AppError::conflict(
        "no_programme",
        words!(
            "the agency has no loyalty programme yet; PUT /api/v1/loyalty/programme makes one",
            "旅行社还没有会员计划；请先用 PUT /api/v1/loyalty/programme 建立"
        ),
    )
}

impl Loyalty<'_> {
    /// The programme, once it has begun.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn programme(&self, caller: &Caller) -> Result<Option<Programme>> {
        let mut tx = self.app.store.read(Access::Agency(caller.room.id)).await?;
        let row = store::programme(&mut tx, caller.room.id).await?;
        row.map(Programme::try_from).transpose()
    }

    /// Makes the programme, or changes its terms. Bookings that its new beginning lets in are looked at in the background; what was posted
    /// stands.
    ///
    /// # Errors
    /// `bad_programme`, `unknown_role`; `version_changed` if `expected` is not the version they have, 0 before there are any.
    pub async fn put_programme(&self, caller: &Caller, new: &Programme, expected: Option<i64>) -> Result<Programme> {
        check(new, caller.room.day_of(self.app.clock.now()))?;
        retrying!(self.try_put_programme(caller, new, expected))?;
        let put = self.programme(caller).await?;
        put.ok_or_else(|| AppError::Internal("a programme that was written is not there".into()))
    }

    async fn try_put_programme(&self, caller: &Caller, new: &Programme, expected: Option<i64>) -> Result<()> {
        let (agency, now) = (caller.room.id, self.app.clock.now());
        let mut tx = self.app.idempotency().begin(caller).await?;
        intake::lock(&mut tx, agency).await?;
        let before = store::programme(&mut tx, agency).await?;
        let version = before.as_ref().map_or(0, |row| row.version);
        if expected.is_some_and(|expected| expected != version) {
            return Err(AppError::conflict(
                "version_changed",
                words!(
                    "the terms of the programme are at version {version}; read them again before changing them",
                    "会员计划的条款当前为版本 {version}；请重新读取后再修改"
                ),
            ));
        }
        for role in new.adjust_limits.keys() {
            team::role(&mut tx, agency, role).await?;
        }
        let row = ProgrammeRow {
            name_zh: new.name.zh_cn.trim().to_owned(),
            name_en: new.name.en.trim().to_owned(),
            enrol: new.enrol.as_str().to_owned(),
            value_of_100: new.value_of_100,
            return_grace_days: new.return_grace_days,
            transfer_per_day: new.transfer_per_day,
            adjust_limits: json!(new.adjust_limits).to_string(),
            referrals_per_year: new.referrals_per_year,
            since_on: new.since,
            members: 0,
            birthdays_to: None,
            updated_at: now,
            version,
        };
        store::put_programme(&mut tx, agency, &row).await?;
        let is_earlier = before.as_ref().is_none_or(|before| before.since_on > new.since);
        if is_earlier || before.is_some_and(|before| before.enrol != row.enrol) {
            store::touch_all(&mut tx, agency).await?;
        }
        if is_earlier {
            reviews::follow_all_again(&mut tx, agency).await?;
        }
        let detail =
            json!({"enrol": row.enrol, "value_of_100": row.value_of_100, "return_grace_days": row.return_grace_days});
        self.app
            .audit()
            .note(&mut tx, caller, "loyalty.programme", "loyalty/programme", detail)
            .await?;
        Ok(tx.commit().await?)
    }
}
