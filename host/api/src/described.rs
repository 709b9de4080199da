//! What other floors write and read as JSON, as the document describes it.

#![allow(dead_code, reason = "these types only describe")]

use super::fixed;
use std::borrow::Cow;
use std::collections::HashMap;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

/// A text in both languages.
#[derive(ToSchema)]
#[schema(example = json!({"zh-CN": "忠诚", "en": "Loyal"}))]
pub(super) struct Localized {
    /// Simplified Chinese.
    #[serde(rename = "zh-CN")]
    zh_cn: String,
    /// English.
    en: String,
}

/// Bytes as they are.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
pub(super) struct Bytes(Vec<u8>);

macro_rules! one_of_types {
    ($($(#[doc = $said:literal])+ $name:ident = $($kind:ident)|+;)+) => {$(
        $(#[doc = $said])+
        pub(super) enum $name {}

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new()
                    .schema_type(SchemaType::from_iter([$(Type::$kind),+]))
                    .description(Some([$($said.trim()),+].join(" ")))
                    .into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }
        }
    )+};
}

one_of_types! {
    /// A single value; `null` is unknown.
    Plain = String | Number | Boolean | Null;
    /// A text, or a number.
    TextOrNumber = String | Number;
    /// A text, a whole number or a flag.
    EventValue = String | Integer | Boolean;
    /// `null`.
    Nothing = Null;
}

/// One value of a preference, by itself or with where it comes from.
#[derive(ToSchema)]
#[serde(untagged)]
pub(super) enum PreferenceValue {
    /// By itself.
    Plain(TextOrNumber),
    /// With where it comes from.
    Sourced(SourcedPreference),
}

/// A value of a preference, and where it comes from.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SourcedPreference {
    /// The value.
    value: TextOrNumber,
    /// How it came to be known; as of the whole record if left out.
    source_kind: Option<fixed::SourceKind>,
    /// Per cent.
    #[schema(minimum = 0, maximum = 100)]
    confidence: Option<i32>,
}

/// What is told of a preference.
#[derive(ToSchema)]
#[serde(untagged)]
pub(super) enum PreferenceText {
    /// Its value.
    One(PreferenceValue),
    /// Several values.
    Several(Vec<PreferenceValue>),
    /// What was told is taken back.
    TakenBack(Nothing),
}

/// A fact that a rule reads.
#[derive(ToSchema)]
pub(super) struct FactUse {
    /// Its key.
    key: String,
    /// Its kind.
    kind: fixed::FactKind,
    /// Whether it can be unknown.
    nullable: bool,
}

/// A table of quantiles that a rule needs.
#[derive(ToSchema)]
pub(super) struct QuantileTable {
    /// The fact.
    fact: String,
    /// Into how many parts.
    buckets: u16,
    /// Only of customers for whom this flag is set; of all if it is not there.
    #[schema(nullable = false)]
    among: Option<String>,
}

/// A segment as its rule describes it.
#[derive(ToSchema)]
pub(super) struct SegmentDefinition {
    /// Its key.
    key: String,
    /// What people read.
    title: Localized,
    /// What the agency does for it.
    policy: Localized,
}

/// A reason that a rule can give.
#[derive(ToSchema)]
pub(super) struct ReasonDefinition {
    /// Stable code.
    code: String,
    /// In words, with facts in braces.
    text: Localized,
    /// What it tells of the one decision.
    arguments: Vec<Argument>,
}

/// What a reason tells of the one decision.
#[derive(ToSchema)]
pub(crate) struct Argument {
    /// Its name in braces in the text.
    name: String,
    /// Kind of its values.
    #[schema(value_type = fixed::FactKind)]
    kind: String,
}

/// What calls of a rule used.
#[derive(ToSchema)]
pub(super) struct Usage {
    /// Fuel, the same on every machine.
    fuel: u64,
    /// Microseconds, instantiation included.
    micros: u64,
    /// Microseconds of processor time; absent from decisions made before it was measured.
    #[schema(required = false)]
    cpu_micros: u64,
    /// Largest sum of linear memories, in bytes.
    peak_memory: u64,
    /// Bytes handed to the rule.
    bytes_in: u64,
    /// Bytes taken from it.
    bytes_out: u64,
    /// Lines it logged, those that were dropped included.
    log_lines: u64,
}

/// A line that a rule logged.
#[derive(ToSchema)]
pub(super) struct PluginLogLine {
    /// How serious.
    level: fixed::PluginLogLevel,
    /// The text.
    message: String,
}

/// What a rule was asked.
#[derive(ToSchema)]
pub(super) struct DecisionInput {
    /// When, and with which seed.
    context: DecisionContext,
    /// The case, in the form of the extension point: the facts that the rule declares and nothing else.
    request: HashMap<String, serde_json::Value>,
}

/// When a rule was asked, and with which seed.
#[derive(ToSchema)]
pub(super) struct DecisionContext {
    /// Business time, in ms since 1970.
    now: i64,
    /// The seed, a 64-bit number as a text.
    seed: String,
    /// Days since 1970 in the agency's time zone.
    today: i32,
}

/// What the host made of an offer, or which case was sent. Nothing of it for a loyalty rule: what that posted stands in the member's statement.
#[derive(ToSchema)]
pub(super) struct DecisionEffect {
    /// `applied`, or why not.
    #[schema(required = false)]
    code: fixed::CampaignOutcome,
    /// What was taken off, in minor units.
    #[schema(required = false)]
    off: i64,
    /// In words.
    #[schema(required = false)]
    text: Localized,
    /// Of complaint routing: the number of the case.
    #[schema(required = false)]
    number: String,
    /// Why the rule was asked about it.
    #[schema(required = false)]
    trigger: fixed::CaseTrigger,
}

/// What a change of plan would do to the latest quotes, each plan asked alone.
#[derive(ToSchema)]
pub(super) struct PlanPreview {
    /// How many quotes were asked about.
    quotes: u64,
    /// What the plan in force takes off them, in minor units.
    now: i64,
    /// What the new one would.
    then: i64,
    /// Quotes that would get more.
    more: u64,
    /// Quotes that would get less.
    less: u64,
    /// Quotes for which a rule failed.
    failed: u64,
    /// Some of those that would change, the largest change first.
    sample: Vec<QuoteChange>,
    /// What of the plan becomes different.
    changes: Vec<Localized>,
    /// In words.
    summary: Localized,
}

/// One quote before and after a change of plan.
#[derive(ToSchema)]
pub(super) struct QuoteChange {
    /// Which.
    quote_id: Uuid,
    /// For whom.
    customer_id: Option<Uuid>,
    /// Its list price, in minor units.
    list_price: i64,
    /// What the plan in force takes off.
    now: i64,
    /// What the new one would.
    then: i64,
}
