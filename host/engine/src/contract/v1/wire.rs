//! What all extension points share of the contract, as it crosses the border; field names and order are those of `wit/v1`.

use crate::context;
use crate::description::{self, FactUse, QuantileRequest, ReasonDef};
use posthouse_domain::catalogue;

pub(super) use types::{Context, Description, Localized, QuantileTable};

/// The tables of a context, as long as a call needs them.
pub(super) fn tables(context: &context::Context) -> Vec<QuantileTable<'_>> {
    let tables = context.quantiles.iter();
    tables
        .map(|table| QuantileTable {
            fact: &table.fact,
            edges: &table.edges,
        })
        .collect()
}

/// A context with its [`tables`].
pub(super) fn context<'a>(context: &'a context::Context, tables: &'a [QuantileTable<'a>]) -> Context<'a> {
    Context {
        now: context.now,
        today: context.today,
        seed: context.seed,
        config: &context.config,
        quantiles: tables,
    }
}

/// The types themselves.
#[allow(
    unsafe_code,
    reason = "wasmtime's derive macros write unsafe impls whose layout they compute from the type"
)]
mod types {
    use wasmtime::component::{ComponentType, Lift, Lower};

    #[derive(ComponentType, Lift)]
    #[component(record)]
    pub(crate) struct Localized {
        #[component(name = "zh-cn")]
        pub(crate) zh_cn: String,
        pub(crate) en: String,
    }

    #[derive(Clone, Copy, ComponentType, Lift)]
    #[component(enum)]
    #[repr(u8)]
    #[expect(dead_code, reason = "the derive makes the values from their discriminants")]
    pub(crate) enum FactKind {
        #[component(name = "count")]
        Count,
        #[component(name = "money")]
        Money,
        #[component(name = "number")]
        Number,
        #[component(name = "flag")]
        Flag,
        #[component(name = "day")]
        Day,
        #[component(name = "text")]
        Text,
    }

    #[derive(ComponentType, Lift)]
    #[component(record)]
    pub(crate) struct FactUse {
        pub(crate) key: String,
        pub(crate) kind: FactKind,
        pub(crate) nullable: bool,
    }

    #[derive(ComponentType, Lift)]
    #[component(record)]
    pub(crate) struct QuantileRequest {
        pub(crate) fact: String,
        pub(crate) buckets: u16,
        pub(crate) among: Option<String>,
    }

    #[derive(ComponentType, Lift)]
    #[component(record)]
    pub(crate) struct ReasonDef {
        pub(crate) code: String,
        pub(crate) text: Localized,
    }

    #[derive(ComponentType, Lift)]
    #[component(record)]
    pub(crate) struct Description {
        pub(crate) name: String,
        pub(crate) version: String,
        pub(crate) title: Localized,
        pub(crate) summary: Localized,
        pub(crate) facts: Vec<FactUse>,
        pub(crate) quantiles: Vec<QuantileRequest>,
        #[component(name = "config-schema")]
        pub(crate) config_schema: String,
        pub(crate) reasons: Vec<ReasonDef>,
    }

    #[derive(Clone, Copy, ComponentType, Lower)]
    #[component(record)]
    pub(crate) struct QuantileTable<'a> {
        pub(crate) fact: &'a str,
        pub(crate) edges: &'a [i64],
    }

    #[derive(Clone, Copy, ComponentType, Lower)]
    #[component(record)]
    pub(crate) struct Context<'a> {
        pub(crate) now: i64,
        pub(crate) today: i32,
        pub(crate) seed: u64,
        pub(crate) config: &'a str,
        pub(crate) quantiles: &'a [QuantileTable<'a>],
    }
}

impl From<types::Localized> for posthouse_domain::Localized {
    fn from(text: types::Localized) -> Self {
        Self {
            zh_cn: text.zh_cn,
            en: text.en,
        }
    }
}

impl From<types::FactKind> for catalogue::FactKind {
    fn from(kind: types::FactKind) -> Self {
        match kind {
            types::FactKind::Count => Self::Count,
            types::FactKind::Money => Self::Money,
            types::FactKind::Number => Self::Number,
            types::FactKind::Flag => Self::Flag,
            types::FactKind::Day => Self::Day,
            types::FactKind::Text => Self::Text,
        }
    }
}

impl From<types::Description> for description::Description {
    fn from(said: types::Description) -> Self {
        let fact = |fact: types::FactUse| FactUse {
            key: fact.key,
            kind: fact.kind.into(),
            nullable: fact.nullable,
        };
        let quantile = |request: types::QuantileRequest| QuantileRequest {
            fact: request.fact,
            buckets: request.buckets,
            among: request.among,
        };
        let reason = |reason: types::ReasonDef| ReasonDef {
            code: reason.code,
            text: reason.text.into(),
        };
        Self {
            name: said.name,
            version: said.version,
            title: said.title.into(),
            summary: said.summary.into(),
            facts: said.facts.into_iter().map(fact).collect(),
            quantiles: said.quantiles.into_iter().map(quantile).collect(),
            config_schema: said.config_schema,
            reasons: said.reasons.into_iter().map(reason).collect(),
        }
    }
}
