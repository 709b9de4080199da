//! Everything that a plan names has to be there.

use super::PROMOTION;
use crate::error::{AppError, Result};
use posthouse_domain::attribute::{self, AttributeDef};
use posthouse_domain::campaign::{Condition, Plan, Rule};
use posthouse_domain::catalogue::{self, FactKind};
use posthouse_engine::{Description, SegmentDef};
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
    let groups = campaigns::groups(tx, agency).await?;
    if !groups.iter().any(|group| group.key == plan.stacking.group) {
        let known: Vec<&str> = groups.iter().map(|group| group.key.as_str()).collect();
        let known = if known.is_empty() {
            "there is none yet".to_owned()
        } else {
            format!("there are {}", known.join(", "))
        };
        let detail = format!(
            "there is no stacking group {:?}; {known}, PUT /stacking-groups/{{key}} makes one",
            plan.stacking.group
        );
        return Err(AppError::invalid("unknown_group", detail));
    }
    for segment in &plan.audience.segments {
        check_segment(tx, agency, segment).await?;
    }
    let own = attributes::definitions(tx, agency).await?;
    for condition in &plan.audience.facts {
        check_condition(condition, &own)?;
    }
    check_rule(tx, agency, &plan.rule, &own).await
}

/// The facts that a plan's rule reads, also where something else that the plan names is gone.
pub(super) async fn facts(tx: &mut Tx, agency: Uuid, digest: &str) -> Result<Vec<String>> {
    let plugin = plugins::get(tx, agency, digest)
        .await?
        .ok_or(AppError::NotFound("plugin"))?;
    let description: Description =
        serde_json::from_str(&plugin.description).map_err(AppError::corrupt("description"))?;
    Ok(description.facts.into_iter().map(|fact| fact.key).collect())
}

async fn check_segment(tx: &mut Tx, agency: Uuid, segment: &str) -> Result<()> {
    let (binding, key) = segment.split_once('.').unwrap_or((segment, ""));
    let row = plugins::binding(tx, agency, crate::segments::SEGMENTATION, binding).await?;
    let mut segments: Vec<SegmentDef> = Vec::new();
    if let Some(row) = row
        && let Some(plugin) = plugins::get(tx, agency, &row.digest).await?
    {
        segments = serde_json::from_str(&plugin.segments).map_err(AppError::corrupt("segments"))?;
    }
    if segments.iter().any(|segment| segment.key == key) {
        return Ok(());
    }
    let detail = format!("there is no segment {segment:?} now; GET /segments lists those there are, as BINDING.KEY");
    Err(AppError::invalid("unknown_segment", detail))
}

fn check_condition(condition: &Condition, own: &[AttributeDef]) -> Result<()> {
    let fact = &condition.fact;
    let kind = match fact.strip_prefix(attribute::PREFIX) {
        Some(key) => own.iter().find(|definition| definition.key == key).map(|own| own.kind),
        None => catalogue::find(fact).map(|fact| fact.kind),
    };
    let Some(kind) = kind else {
        let detail = format!("the audience names {fact:?}, which is not a fact of this agency; GET /facts lists them");
        return Err(AppError::invalid("bad_audience", detail));
    };
    let (fits, wanted) = match kind {
        FactKind::Flag => (condition.is.is_some(), "is with true or false"),
        FactKind::Text => (!condition.one_of.is_empty(), "one_of with texts"),
        FactKind::Count | FactKind::Money | FactKind::Number | FactKind::Day => (
            condition.at_least.is_some() || condition.at_most.is_some(),
            "at_least and at_most with whole numbers",
        ),
    };
    if fits {
        return Ok(());
    }
    let detail = format!("{fact} is a {}; ask for it by {wanted}", kind.as_str());
    Err(AppError::invalid("bad_audience", detail))
}

async fn check_rule(tx: &mut Tx, agency: Uuid, rule: &Rule, own: &[AttributeDef]) -> Result<Vec<String>> {
    let plugin = plugins::get(tx, agency, &rule.digest)
        .await?
        .ok_or(AppError::NotFound("plugin"))?;
    if plugin.extension_point != PROMOTION {
        let detail = format!(
            "plugin {} {} decides {}, a campaign needs one for {PROMOTION}; GET /plugins lists them",
            plugin.name, plugin.version, plugin.extension_point
        );
        return Err(AppError::invalid("wrong_extension_point", detail));
    }
    let description: Description =
        serde_json::from_str(&plugin.description).map_err(AppError::corrupt("description"))?;
    if let Err(problems) = posthouse_engine::validate_config(&description.config_schema, &rule.config) {
        let detail = format!("the settings do not fit the plugin's schema: {}", problems.join("; "));
        return Err(AppError::invalid("bad_config", detail));
    }
    for fact in &description.facts {
        if let Some(key) = fact.key.strip_prefix(attribute::PREFIX) {
            match own.iter().find(|definition| definition.key == key) {
                None => return Err(unknown_fact(&fact.key)),
                Some(definition) if definition.kind != fact.kind => {
                    let detail = format!(
                        "the plugin reads {} as a {}, the agency has defined it as a {}",
                        fact.key,
                        fact.kind.as_str(),
                        definition.kind.as_str()
                    );
                    return Err(AppError::invalid("wrong_fact_kind", detail));
                }
                Some(_) => {}
            }
        }
        if let Some(binding) = fact.key.strip_prefix(SEGMENT)
            && plugins::binding(tx, agency, crate::segments::SEGMENTATION, binding)
                .await?
                .is_none()
        {
            return Err(unknown_fact(&fact.key));
        }
    }
    Ok(description.facts.into_iter().map(|fact| fact.key).collect())
}

fn unknown_fact(fact: &str) -> AppError {
    let detail = format!(
        "the plugin reads {fact}, which is not a fact of this agency; GET /facts lists them, and GET /bindings what segments go by"
    );
    AppError::invalid("unknown_fact", detail)
}
