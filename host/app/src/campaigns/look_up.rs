//! Everything that a plan names has to be there.

use super::PROMOTION;
use crate::error::{AppError, Result};
use crate::rules::grants::reads;
use crate::rules::plugins::revision;
use crate::rules::point::check_attributes;
use crate::rules::settings::checked_config;
use crate::segments::SEGMENTATION;
use posthouse_domain::attribute::{self, AttributeDef};
use posthouse_domain::campaign::{CampaignRule, Condition, Plan};
use posthouse_domain::catalogue;
use posthouse_domain::words;
use posthouse_engine::{Description, SegmentDef};
use posthouse_store::plugins::BindingRow;
use posthouse_store::{Tx, attributes, campaigns, plugins};
use uuid::Uuid;

/// The prefix of facts that say in which segment of a binding a customer is.
const SEGMENT: &str = "segment.";

/// Looks up everything that a plan names, and returns the facts that its rule reads.
///
/// # Errors
/// [`AppError::NotFound`] for a plugin that was never uploaded; `wrong_extension_point`, `bad_config`, `unknown_fact`,
/// `wrong_fact_kind`, `unknown_group`, `unknown_segment`, `bad_audience`; what [`Plan::check`] refuses.
pub(super) async fn look_up(tx: &mut Tx, agency: Uuid, plan: &Plan) -> Result<Vec<String>> {
    plan.check()?;
    let own = attributes::definitions(tx, agency).await?;
    let facts = check_rule(tx, agency, &plan.rule, &own).await?;
    let groups = campaigns::groups(tx, agency).await?;
    if !groups.iter().any(|group| group.key == plan.stacking.group) {
        let known: Vec<&str> = groups.iter().map(|group| group.key.as_str()).collect();
        let known = if known.is_empty() {
            words!("there is none yet", "目前还没有叠加组")
        } else {
            words!("there are {known}", "现有 {known}", known = known.join(", "))
        };
        let detail = words!(
            "there is no stacking group {group:?}; {known}; PUT /stacking-groups/{{key}} creates one",
            "没有叠加组 {group:?}；{known}；可用 PUT /stacking-groups/{{key}} 创建",
            group = plan.stacking.group
        );
        return Err(AppError::invalid("unknown_group", detail));
    }
    for segment in &plan.audience.segments {
        check_segment(tx, agency, segment).await?;
    }
    for condition in &plan.audience.facts {
        check_condition(condition, &own)?;
    }
    Ok(facts)
}

/// The facts that a plan's rule reads, also where something else that the plan names is gone.
pub(super) async fn facts(tx: &mut Tx, agency: Uuid, digest: &str) -> Result<Vec<String>> {
    let plugin = revision(tx, agency, digest).await?;
    let description: Description =
        serde_json::from_str(&plugin.description).map_err(AppError::corrupt("description"))?;
    Ok(reads(&description))
}

async fn check_segment(tx: &mut Tx, agency: Uuid, segment: &str) -> Result<()> {
    let (binding, key) = segment.split_once('.').unwrap_or((segment, ""));
    let row = standing(tx, agency, binding).await?;
    let mut segments: Vec<SegmentDef> = Vec::new();
    if let Some(row) = row
        && let Some(plugin) = plugins::get(tx, agency, &row.digest).await?
    {
        segments = serde_json::from_str(&plugin.segments).map_err(AppError::corrupt("segments"))?;
    }
    if segments.iter().any(|segment| segment.key == key) {
        return Ok(());
    }
    let detail = words!(
        "there is no segment {segment:?}; GET /segments lists them as BINDING.KEY",
        "没有分群 {segment:?}；可用 GET /segments 查看，写法为 BINDING.KEY"
    );
    Err(AppError::invalid("unknown_segment", detail))
}

/// The binding of segments that has this name, unless it has ended.
async fn standing(tx: &mut Tx, agency: Uuid, binding: &str) -> Result<Option<BindingRow>> {
    let row = plugins::binding(tx, agency, SEGMENTATION, binding).await?;
    Ok(row.filter(|row| !row.is_ended()))
}

/// Whether a plan goes by segments of a binding: for its audience, or in its rule.
pub(super) async fn goes_by(tx: &mut Tx, agency: Uuid, plan: &Plan, binding: &str) -> Result<bool> {
    let names = |segment: &String| segment.split_once('.').is_some_and(|(name, _)| name == binding);
    if plan.audience.segments.iter().any(names) {
        return Ok(true);
    }
    let reads = facts(tx, agency, &plan.rule.digest).await?;
    Ok(reads.iter().any(|fact| fact.strip_prefix(SEGMENT) == Some(binding)))
}

fn check_condition(condition: &Condition, own: &[AttributeDef]) -> Result<()> {
    let fact = &condition.fact;
    let kind = match fact.strip_prefix(attribute::PREFIX) {
        Some(key) => own.iter().find(|definition| definition.key == key).map(|own| own.kind),
        None => catalogue::find(fact).map(|fact| fact.kind),
    };
    let Some(kind) = kind else {
        let detail = words!(
            "the audience names {fact:?}, which is not a fact of this agency; GET /facts lists them",
            "受众中的 {fact:?} 不是本旅行社的事实；可用 GET /facts 查看"
        );
        return Err(AppError::invalid("bad_audience", detail));
    };
    condition
        .check_kind(kind)
        .map_err(|wrong| AppError::invalid("bad_audience", wrong.detail))
}

async fn check_rule(tx: &mut Tx, agency: Uuid, rule: &CampaignRule, own: &[AttributeDef]) -> Result<Vec<String>> {
    let plugin = revision(tx, agency, &rule.digest).await?;
    if plugin.extension_point != PROMOTION {
        let detail = words!(
            "plugin {name} {version} ({digest}) decides {extension_point}, a campaign needs one for {PROMOTION}; GET /plugins lists them",
            "插件 {name} {version}（{digest}）的扩展点是 {extension_point}，活动需要 {PROMOTION}；可用 GET /plugins 查看",
            name = plugin.name,
            version = plugin.version,
            digest = rule.digest.get(..12).unwrap_or(&rule.digest),
            extension_point = plugin.extension_point
        );
        return Err(AppError::invalid("wrong_extension_point", detail));
    }
    let description: Description =
        serde_json::from_str(&plugin.description).map_err(AppError::corrupt("description"))?;
    checked_config(&description, &rule.config)?;
    check_attributes(&description, own)?;
    for fact in &description.facts {
        if let Some(binding) = fact.key.strip_prefix(SEGMENT)
            && standing(tx, agency, binding).await?.is_none()
        {
            return Err(unknown_fact(&fact.key));
        }
    }
    Ok(reads(&description))
}

fn unknown_fact(fact: &str) -> AppError {
    let detail = words!(
        "the plugin reads {fact}, which is not a fact of this agency; GET /facts lists them, and GET /bindings shows what segments are decided by",
        "插件要读取 {fact}，它不是本旅行社的事实；可用 GET /facts 查看，分群依据见 GET /bindings"
    );
    AppError::invalid("unknown_fact", detail)
}
