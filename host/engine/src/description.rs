//! What a plugin says of itself, in the host's own words: the same for every version of the contract.

use posthouse_domain::Localized;
use posthouse_domain::catalogue::FactKind;
use serde::{Deserialize, Serialize};

/// One fact the plugin reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactUse {
    /// Key in the catalogue, or `attr.` and the agency's own name for it.
    pub key: String,
    /// Kind the plugin expects.
    pub kind: FactKind,
    /// Whether the plugin copes with an unknown value.
    pub nullable: bool,
}

/// A request for the edges that cut the population into equal parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuantileRequest {
    /// The fact to cut by, one of the declared ones.
    pub fact: String,
    /// Number of parts.
    pub buckets: u16,
    /// Only rows where this declared fact is above zero.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub among: Option<String>,
}

/// A reason a rule can give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReasonDef {
    /// Stable name.
    pub code: String,
    /// Text that may name declared facts, and its arguments, in braces.
    pub text: Localized,
    /// What it tells of the one decision.
    #[serde(default)]
    pub arguments: Vec<Argument>,
}

/// What a reason tells of the one decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Argument {
    /// Its name in the text; not the key of a declared fact.
    pub name: String,
    /// Kind of its values; none of them is unknown.
    pub kind: FactKind,
}

/// What a plugin says of itself. Validated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Description {
    /// Name of the rule through all its versions.
    pub name: String,
    /// Semantic version of this build.
    pub version: String,
    /// Title for people.
    pub title: Localized,
    /// What it does, for people.
    pub summary: Localized,
    /// Facts it reads, in the order of its columns.
    pub facts: Vec<FactUse>,
    /// Quantile tables it needs, in the order it gets them.
    pub quantiles: Vec<QuantileRequest>,
    /// JSON Schema 2020-12 of its settings.
    pub config_schema: String,
    /// Reasons in the order of their indices.
    pub reasons: Vec<ReasonDef>,
}

/// One segment a plugin can put customers into. Validated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentDef {
    /// Name of the segment through all versions of the rule.
    pub key: String,
    /// Title for people.
    pub title: Localized,
    /// What the agency does for it.
    pub policy: Localized,
}

/// A tier that a loyalty rule puts members into. Validated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierDef {
    /// Name of the tier through all versions of the rule.
    pub key: String,
    /// Title for people.
    pub title: Localized,
    /// What its members get.
    pub benefits: Localized,
}

/// What a rule of complaint routing has done in a crisis. Validated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Playbook {
    /// Name of it through all versions of the rule.
    pub key: String,
    /// Title for people.
    pub title: Localized,
    /// What is done, in its order.
    pub steps: Vec<PlaybookStep>,
}

/// A step of a playbook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaybookStep {
    /// Who does it.
    pub role: String,
    /// Within how many hours.
    pub hours: u32,
    /// What is done.
    pub text: Localized,
}
