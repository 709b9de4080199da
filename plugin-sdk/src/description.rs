use crate::bindings::exports::posthouse::plugin::segmentation as wire_segmentation;
use crate::bindings::posthouse::plugin::{facts, reasons, types};

/// One text in both languages of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Localized {
    /// Simplified Chinese.
    pub zh: &'static str,
    /// English.
    pub en: &'static str,
}

impl Localized {
    /// A text in Chinese and in English.
    pub const fn new(zh: &'static str, en: &'static str) -> Self {
        Self { zh, en }
    }
}

/// What a rule says of itself. Facts, quantiles, segments, reasons and settings are known from their types.
#[derive(Debug, Clone, Copy)]
pub struct Description {
    /// Lower-case words joined by hyphens; names the rule through all its versions.
    pub name: &'static str,
    /// Semantic version of this build, as a rule `env!("CARGO_PKG_VERSION")`.
    pub version: &'static str,
    /// A few words.
    pub title: Localized,
    /// What the rule is good for, in a sentence or two.
    pub summary: Localized,
}

/// How the values of a fact are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactKind {
    /// A whole number, `i32`.
    Count,
    /// [`Money`](crate::Money).
    Money,
    /// A number with decimals, `f64`.
    Number,
    /// Yes or no, `bool`.
    Flag,
    /// [`Day`](crate::Day).
    Day,
    /// [`Text`](crate::Text).
    Text,
}

/// One fact a rule reads. Written by `#[derive(Facts)]`.
#[derive(Debug, Clone, Copy)]
pub struct FactUse {
    /// The field's name in the struct.
    pub field: &'static str,
    /// The fact's key in the catalogue.
    pub key: &'static str,
    /// Its kind, from the field's type.
    pub kind: FactKind,
    /// Whether the field is an `Option`.
    pub nullable: bool,
}

/// A request for quantiles of a fact. Written by `#[derive(Quantiles)]`.
#[derive(Debug, Clone, Copy)]
pub struct QuantileUse {
    /// Key of the fact.
    pub fact: &'static str,
    /// Number of equal parts; there is one edge less.
    pub buckets: u16,
    /// Only rows where this fact is above zero make the population.
    pub among: Option<&'static str>,
}

/// One segment of a rule. Written by `#[derive(Segments)]`.
#[derive(Debug, Clone, Copy)]
pub struct SegmentDef {
    /// Lower-case words joined by hyphens, from the variant's name.
    pub key: &'static str,
    /// A few words.
    pub title: Localized,
    /// What the agency does for these customers, in a sentence.
    pub policy: Localized,
}

/// One tier of a rule. Written by `#[derive(Tiers)]`.
#[derive(Debug, Clone, Copy)]
pub struct TierDef {
    /// Lower-case words joined by hyphens, from the variant's name.
    pub key: &'static str,
    /// A few words.
    pub title: Localized,
    /// What its members get, in a sentence.
    pub benefits: Localized,
}

/// One reason a rule can give. Written by `#[derive(Reasons)]`.
#[derive(Debug, Clone, Copy)]
pub struct ReasonDef {
    /// Lower-case words joined by hyphens, from the variant's name.
    pub code: &'static str,
    /// The text; it may name declared facts, and its arguments, in braces.
    pub text: Localized,
    /// What it tells of the one decision, from the variant's fields.
    pub arguments: &'static [ArgumentDef],
}

/// What a reason tells of the one decision. Written by `#[derive(Reasons)]`.
#[derive(Debug, Clone, Copy)]
pub struct ArgumentDef {
    /// Lower-case words joined by hyphens, from the field's name.
    pub name: &'static str,
    /// Its kind, from the field's type.
    pub kind: FactKind,
}

/// The key of the fact behind the struct's field, at compile time.
pub const fn field_key(uses: &[FactUse], field: &str) -> &'static str {
    let mut i = 0;
    while i < uses.len() {
        if same(uses[i].field, field) {
            return uses[i].key;
        }
        i += 1;
    }
    panic!("no such field among the facts")
}

/// Whether a fact is among those declared, at compile time.
pub const fn declares(uses: &[FactUse], key: &str) -> bool {
    let mut i = 0;
    while i < uses.len() {
        if same(uses[i].key, key) {
            return true;
        }
        i += 1;
    }
    false
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

impl From<Localized> for types::Localized {
    fn from(text: Localized) -> Self {
        vec![
            ("zh-CN".to_owned(), text.zh.to_owned()),
            ("en".to_owned(), text.en.to_owned()),
        ]
    }
}

impl From<FactKind> for facts::FactKind {
    fn from(kind: FactKind) -> Self {
        match kind {
            FactKind::Count => Self::Count,
            FactKind::Money => Self::Money,
            FactKind::Number => Self::Number,
            FactKind::Flag => Self::Flag,
            FactKind::Day => Self::Day,
            FactKind::Text => Self::Text,
        }
    }
}

impl From<&FactUse> for facts::FactUse {
    fn from(fact: &FactUse) -> Self {
        Self {
            key: fact.key.to_owned(),
            kind: fact.kind.into(),
            nullable: fact.nullable,
        }
    }
}

impl From<&QuantileUse> for wire_segmentation::QuantileRequest {
    fn from(quantile: &QuantileUse) -> Self {
        Self {
            fact: quantile.fact.to_owned(),
            buckets: quantile.buckets,
            among: quantile.among.map(str::to_owned),
        }
    }
}

impl From<&SegmentDef> for wire_segmentation::SegmentDef {
    fn from(segment: &SegmentDef) -> Self {
        Self {
            key: segment.key.to_owned(),
            title: segment.title.into(),
            policy: segment.policy.into(),
        }
    }
}

impl From<&ReasonDef> for reasons::ReasonDef {
    fn from(reason: &ReasonDef) -> Self {
        let argument = |argument: &ArgumentDef| reasons::Argument {
            name: argument.name.to_owned(),
            kind: argument.kind.into(),
        };
        Self {
            code: reason.code.to_owned(),
            text: reason.text.into(),
            arguments: reason.arguments.iter().map(argument).collect(),
        }
    }
}
