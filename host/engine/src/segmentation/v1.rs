//! The adapter for `posthouse:plugin@1.0.0`.

use super::{Answer, Call, Contract};
use crate::columns::{Column, Values};
use crate::description::{Description, FactUse, QuantileRequest, ReasonDef, SegmentDef};
use crate::fault::{Fault, Receipt};
use crate::guest::Guest;
use crate::refusal::Refusal;
use crate::runtime::Runtime;
use posthouse_domain::Localized;
use posthouse_domain::catalogue::FactKind;
use std::sync::Arc;
use wasmtime::Store;
use wasmtime::component::{
    Component, ComponentExportIndex, ComponentNamedList, Instance, InstancePre, Lift, Lower, TypedFunc,
};

const DESCRIPTOR: &str = "posthouse:plugin/descriptor@1.0.0";
const SEGMENTATION: &str = "posthouse:plugin/segmentation@1.0.0";

/// A loaded component that exports version 1 of the extension point.
pub(super) struct V1 {
    runtime: Arc<Runtime>,
    instance: InstancePre<Guest>,
    describe: ComponentExportIndex,
    segments: ComponentExportIndex,
    classify: ComponentExportIndex,
}

impl V1 {
    /// Links the component. Refuses one whose imports or exports have other types than the contract says.
    pub(super) fn new(runtime: Arc<Runtime>, component: &Component) -> Result<Self, Refusal> {
        let find = |interface: &str, function: &str| {
            component
                .get_export_index(None, interface)
                .and_then(|interface| component.get_export_index(Some(&interface), function))
                .ok_or_else(|| {
                    let detail = format!("the component does not export {interface}#{function}");
                    Refusal::new("unsupported_contract", detail)
                })
        };
        let (describe, segments, classify) = (
            find(DESCRIPTOR, "describe")?,
            find(SEGMENTATION, "segments")?,
            find(SEGMENTATION, "classify")?,
        );
        let instance = runtime.linker.instantiate_pre(component).map_err(|error| {
            Refusal::new(
                "unsupported_contract",
                format!("the component's imports do not fit the contract: {error:#}"),
            )
        })?;
        Ok(Self {
            runtime,
            instance,
            describe,
            segments,
            classify,
        })
    }

    fn enter<P, R>(&self, store: &mut Store<Guest>, index: &ComponentExportIndex) -> wasmtime::Result<TypedFunc<P, R>>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift,
    {
        let instance: Instance = self.instance.instantiate(&mut *store)?;
        match instance.get_func(&mut *store, index) {
            Some(function) => function.typed(&*store),
            None => wasmtime::bail!("the function is not exported"),
        }
    }
}

impl Contract for V1 {
    fn describe(&self) -> Result<(Description, Receipt), Fault> {
        self.runtime
            .call("describe", self.runtime.limits.decision_fuel, 0, |store| {
                let function = self.enter::<(), (wire::Description,)>(store, &self.describe)?;
                Ok(function.call(store, ())?.0.into())
            })
    }

    fn segments(&self) -> Result<(Vec<SegmentDef>, Receipt), Fault> {
        self.runtime
            .call("segments", self.runtime.limits.decision_fuel, 0, |store| {
                let function = self.enter::<(), (Vec<wire::SegmentDef>,)>(store, &self.segments)?;
                Ok(function.call(store, ())?.0.into_iter().map(Into::into).collect())
            })
    }

    fn classify(&self, call: &Call<'_>) -> Result<(Result<Answer, String>, Receipt), Fault> {
        let columns: Vec<wire::Column<'_>> = call.columns.iter().map(Into::into).collect();
        let quantiles: Vec<wire::QuantileTable<'_>> = call
            .context
            .quantiles
            .iter()
            .map(|table| wire::QuantileTable {
                fact: &table.fact,
                edges: &table.edges,
            })
            .collect();
        let context = wire::Context {
            now: call.context.now,
            today: call.context.today,
            seed: call.context.seed,
            config: &call.context.config,
            quantiles: &quantiles,
        };
        let bytes_in = call.columns.iter().map(Column::size).sum::<usize>()
            + call.context.config.len()
            + call
                .context
                .quantiles
                .iter()
                .map(|table| size_of_val(&*table.edges))
                .sum::<usize>();
        self.runtime.call(
            "classify",
            self.runtime.limits.chunk_fuel(call.rows),
            bytes_in as u64,
            |store| {
                let function = self.enter::<wire::Ask<'_>, (Result<wire::Classes, String>,)>(store, &self.classify)?;
                let (answer,) = function.call(&mut *store, (context, call.rows as u32, &columns))?;
                let answer = answer.map(|classes| Answer {
                    segment: classes.segment,
                    score: classes.score,
                    reason: classes.reason,
                });
                store.data_mut().bytes_out = match &answer {
                    Ok(answer) => answer.size() as u64,
                    Err(message) => message.len() as u64,
                };
                Ok(answer)
            },
        )
    }
}

/// The contract's types as they cross the border; field names and order are those of `wit/v1`.
#[allow(
    unsafe_code,
    reason = "wasmtime's derive macros write unsafe impls whose layout they compute from the type"
)]
mod wire {
    use wasmtime::component::{ComponentType, Lift, Lower};

    pub(super) type Ask<'a> = (Context<'a>, u32, &'a [Column<'a>]);

    #[derive(ComponentType, Lift)]
    #[component(record)]
    pub(super) struct Localized {
        #[component(name = "zh-cn")]
        pub(super) zh_cn: String,
        pub(super) en: String,
    }

    #[derive(Clone, Copy, ComponentType, Lift)]
    #[component(enum)]
    #[repr(u8)]
    #[expect(dead_code, reason = "the derive makes the values from their discriminants")]
    pub(super) enum FactKind {
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
    pub(super) struct FactUse {
        pub(super) key: String,
        pub(super) kind: FactKind,
        pub(super) nullable: bool,
    }

    #[derive(ComponentType, Lift)]
    #[component(record)]
    pub(super) struct QuantileRequest {
        pub(super) fact: String,
        pub(super) buckets: u16,
        pub(super) among: Option<String>,
    }

    #[derive(ComponentType, Lift)]
    #[component(record)]
    pub(super) struct ReasonDef {
        pub(super) code: String,
        pub(super) text: Localized,
    }

    #[derive(ComponentType, Lift)]
    #[component(record)]
    pub(super) struct Description {
        pub(super) name: String,
        pub(super) version: String,
        pub(super) title: Localized,
        pub(super) summary: Localized,
        pub(super) facts: Vec<FactUse>,
        pub(super) quantiles: Vec<QuantileRequest>,
        #[component(name = "config-schema")]
        pub(super) config_schema: String,
        pub(super) reasons: Vec<ReasonDef>,
    }

    #[derive(ComponentType, Lift)]
    #[component(record)]
    pub(super) struct SegmentDef {
        pub(super) key: String,
        pub(super) title: Localized,
        pub(super) policy: Localized,
    }

    #[derive(Clone, Copy, ComponentType, Lower)]
    #[component(record)]
    pub(super) struct QuantileTable<'a> {
        pub(super) fact: &'a str,
        pub(super) edges: &'a [i64],
    }

    #[derive(Clone, Copy, ComponentType, Lower)]
    #[component(record)]
    pub(super) struct Context<'a> {
        pub(super) now: i64,
        pub(super) today: i32,
        pub(super) seed: u64,
        pub(super) config: &'a str,
        pub(super) quantiles: &'a [QuantileTable<'a>],
    }

    #[derive(Clone, Copy, ComponentType, Lower)]
    #[component(record)]
    pub(super) struct Texts<'a> {
        pub(super) codes: &'a [u32],
        pub(super) offsets: &'a [u32],
        pub(super) bytes: &'a [u8],
    }

    #[derive(Clone, Copy, ComponentType, Lower)]
    #[component(variant)]
    pub(super) enum Values<'a> {
        #[component(name = "s32s")]
        S32s(&'a [i32]),
        #[component(name = "s64s")]
        S64s(&'a [i64]),
        #[component(name = "f64s")]
        F64s(&'a [f64]),
        #[component(name = "bits")]
        Bits(&'a [u8]),
        #[component(name = "strings")]
        Strings(Texts<'a>),
    }

    #[derive(Clone, Copy, ComponentType, Lower)]
    #[component(record)]
    pub(super) struct Column<'a> {
        pub(super) values: Values<'a>,
        pub(super) valid: Option<&'a [u8]>,
    }

    #[derive(ComponentType, Lift)]
    #[component(record)]
    pub(super) struct Classes {
        pub(super) segment: Vec<u16>,
        pub(super) score: Option<Vec<f32>>,
        pub(super) reason: Option<Vec<u16>>,
    }
}

impl From<wire::Localized> for Localized {
    fn from(text: wire::Localized) -> Self {
        Self {
            zh_cn: text.zh_cn,
            en: text.en,
        }
    }
}

impl From<wire::FactKind> for FactKind {
    fn from(kind: wire::FactKind) -> Self {
        match kind {
            wire::FactKind::Count => Self::Count,
            wire::FactKind::Money => Self::Money,
            wire::FactKind::Number => Self::Number,
            wire::FactKind::Flag => Self::Flag,
            wire::FactKind::Day => Self::Day,
            wire::FactKind::Text => Self::Text,
        }
    }
}

impl From<wire::Description> for Description {
    fn from(said: wire::Description) -> Self {
        let fact = |fact: wire::FactUse| FactUse {
            key: fact.key,
            kind: fact.kind.into(),
            nullable: fact.nullable,
        };
        let quantile = |request: wire::QuantileRequest| QuantileRequest {
            fact: request.fact,
            buckets: request.buckets,
            among: request.among,
        };
        let reason = |reason: wire::ReasonDef| ReasonDef {
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

impl From<wire::SegmentDef> for SegmentDef {
    fn from(said: wire::SegmentDef) -> Self {
        Self {
            key: said.key,
            title: said.title.into(),
            policy: said.policy.into(),
        }
    }
}

impl<'a> From<&'a Column<'a>> for wire::Column<'a> {
    fn from(column: &'a Column<'a>) -> Self {
        let values = match column.values {
            Values::S32s(values) => wire::Values::S32s(values),
            Values::S64s(values) => wire::Values::S64s(values),
            Values::F64s(values) => wire::Values::F64s(values),
            Values::Bits(bits) => wire::Values::Bits(bits),
            Values::Strings { codes, offsets, bytes } => wire::Values::Strings(wire::Texts { codes, offsets, bytes }),
        };
        Self {
            values,
            valid: column.valid,
        }
    }
}
