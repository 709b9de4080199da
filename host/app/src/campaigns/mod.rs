//! Campaigns from plan to lessons: planning, agreeing, preparing, running, amending, measuring, learning.

mod amendments;
mod effect;
mod endings;
mod figures;
mod groups;
mod lessons;
mod life;
mod look_up;
mod planning;
pub(crate) mod point;
mod reach;
mod rules;
mod steps;
mod tasks;
mod view;

pub use amendments::{AmendmentView, Proposal};
pub use effect::{EarlierEffect, EffectView, TargetView};
pub(crate) use endings::End;
pub use endings::Evaluation;
pub use figures::Figures;
pub use groups::GroupView;
pub use lessons::Lesson;
pub(crate) use life::record;
pub use planning::{CampaignChange, NewCampaign, Rehearsal};
pub use reach::Reach;
pub use steps::StepView;
pub(crate) use tasks::Tasked;
pub use view::{Approval, CampaignSummary, CampaignView, PluginName};

use crate::error::{AppError, Result};
use crate::rules::point::Point;
use crate::texts::{long, needed, short};
use crate::work::Workable;
use posthouse_domain::campaign::Plan;
use posthouse_domain::{Rejection, Words, words};
use posthouse_store::campaigns::{self as store, CampaignRow};
use posthouse_store::work::Subject;
use posthouse_store::{StoreError, Tx};
use uuid::Uuid;

/// The extension point of the rules that make offers.
pub const PROMOTION: &str = <point::Promotion as Point>::NAME;

/// A campaign as something that is worked on.
fn subject(id: Uuid) -> Subject<'static> {
    Subject { kind: Tasked::KIND, id }
}

/// The campaign of this id or key.
///
/// # Errors
/// [`AppError::NotFound`].
pub(crate) async fn find(tx: &mut Tx, agency: Uuid, name: &str) -> Result<CampaignRow> {
    let row = match Uuid::try_parse(name) {
        Ok(id) => store::campaign(tx, agency, id).await?,
        Err(_) => store::campaign_by_key(tx, agency, name).await?,
    };
    row.ok_or(AppError::NotFound("campaign"))
}

/// The same, with its lock, so that nothing changes it before the transaction ends.
pub(crate) async fn find_locked(tx: &mut Tx, agency: Uuid, name: &str) -> Result<CampaignRow> {
    let id = find(tx, agency, name).await?.id;
    if !store::lock(tx, agency, id).await? {
        return Err(AppError::NotFound("campaign"));
    }
    store::campaign(tx, agency, id)
        .await?
        .ok_or(AppError::NotFound("campaign"))
}

/// Passes the version that a request expects.
fn check_version(row: &CampaignRow, expected: Option<i64>) -> Result<()> {
    if expected.is_none_or(|expected| expected == row.version) {
        return Ok(());
    }
    let detail = words!(
        "campaign {key} is at version {version}; look at it again before changing it",
        "活动 {key} 当前为版本 {version}；请重新读取后再修改",
        key = row.key,
        version = row.version
    );
    Err(AppError::conflict("version_changed", detail))
}

/// The plan in a row.
pub(crate) fn plan_of(row: &CampaignRow) -> Result<Plan> {
    serde_json::from_str(&row.plan).map_err(AppError::corrupt("plan"))
}

/// The key of a campaign in force whose audience is told by this fact.
pub(crate) async fn asks_for(tx: &mut Tx, agency: Uuid, fact: &str) -> Result<Option<String>> {
    for row in store::in_force(tx, agency).await? {
        if plan_of(&row)?.audience.facts.iter().any(|asked| asked.fact == fact) {
            return Ok(Some(row.key));
        }
    }
    Ok(None)
}

/// The key of a campaign in force that goes by segments of a binding.
pub(crate) async fn goes_by(tx: &mut Tx, agency: Uuid, binding: &str) -> Result<Option<String>> {
    for row in store::in_force(tx, agency).await? {
        if look_up::goes_by(tx, agency, &plan_of(&row)?, binding).await? {
            return Ok(Some(row.key));
        }
    }
    Ok(None)
}

/// A plan as it is stored, and its hash.
fn canonical(plan: &Plan) -> Result<(String, String)> {
    let text = posthouse_domain::canonical::to_string(plan)
        .map_err(|error| AppError::Invalid(Rejection::new("bad_plan", Words::of(&error))))?;
    let hash = posthouse_domain::canonical::digest(&text);
    Ok((text, hash))
}

/// A key that can stand in a path.
fn check_key(what: &Words, key: &str) -> Result<()> {
    let good = (1..=64).contains(&key.len())
        && key
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !key.starts_with('-')
        // a path that holds an id holds no key, and one that holds the word lists lessons
        && Uuid::try_parse(key).is_err()
        && key != "lessons";
    if good {
        return Ok(());
    }
    Err(AppError::invalid(
        "bad_key",
        words!(
            "{what} {key:?} must be 1 to 64 lower-case letters, digits and hyphens, and no UUID",
            "{what} {key:?} 应为 1 到 64 个小写字母、数字或连字符，且不能是 UUID"
        ),
    ))
}

/// Writes a campaign's change, on top of the row that was read under its lock.
async fn write(tx: &mut Tx, agency: Uuid, before: &CampaignRow, after: &mut CampaignRow, now: i64) -> Result<()> {
    after.version = before.version + 1;
    after.updated_at = now;
    if store::change(tx, agency, before, after).await? {
        Ok(())
    } else {
        Err(StoreError::Overtaken.into())
    }
}
