//! The adapter of the extension point `segmentation`.

use super::{Base, find, interface, wire};
use crate::columns::{Column, Values};
use crate::context::{Context, QuantileTable};
use crate::contract::{Answered, Classes, Descriptor, Segmentation};
use crate::description::{Description, QuantileRequest, SegmentDef};
use crate::extension_point::ExtensionPoint;
use crate::fault::Fault;
use crate::problem::Problem;
use crate::refusal::Refusal;
use posthouse_domain::Localized;
use wasmtime::component::{Component, ComponentExportIndex};

/// A linked component that exports the extension point.
pub(super) struct Adapter {
    base: Base,
    segments: ComponentExportIndex,
    score_title: ComponentExportIndex,
    quantiles: ComponentExportIndex,
    classify: ComponentExportIndex,
}

impl Adapter {
    pub(super) fn new(base: Base, component: &Component) -> Result<Self, Refusal> {
        let interface = interface(ExtensionPoint::Segmentation);
        Ok(Self {
            base,
            segments: find(component, interface, "segments")?,
            score_title: find(component, interface, "score-title")?,
            quantiles: find(component, interface, "quantiles")?,
            classify: find(component, interface, "classify")?,
        })
    }
}

impl Descriptor for Adapter {
    fn describe(&self) -> Result<Description, Fault> {
        self.base.describe()
    }

    fn validate(&self, config: &str) -> Answered<(), Vec<Problem>> {
        self.base.validate(config)
    }
}

impl Segmentation for Adapter {
    fn segments(&self) -> Result<Vec<SegmentDef>, Fault> {
        let said: Vec<types::SegmentDef> = self.base.ask("segments", &self.segments)?;
        Ok(said.into_iter().map(Into::into).collect())
    }

    fn score_title(&self) -> Result<Option<Localized>, Fault> {
        let said: Option<wire::Localized> = self.base.ask("score-title", &self.score_title)?;
        Ok(said.map(wire::localized))
    }

    fn quantiles(&self) -> Result<Vec<QuantileRequest>, Fault> {
        let said: Vec<types::QuantileRequest> = self.base.ask("quantiles", &self.quantiles)?;
        let request = |request: types::QuantileRequest| QuantileRequest {
            fact: request.fact,
            buckets: request.buckets,
            among: request.among,
        };
        Ok(said.into_iter().map(request).collect())
    }

    fn classify(&self, context: &Context, rows: usize, columns: &[Column<'_>]) -> Answered<Classes> {
        let bytes_in = context.size() + columns.iter().map(Column::size).sum::<usize>();
        let columns: Vec<types::Column<'_>> = columns.iter().map(Into::into).collect();
        let tables: Vec<types::QuantileTable<'_>> = context.quantiles.iter().map(Into::into).collect();
        let runtime = &self.base.runtime;
        let budget = runtime.limits.chunk_fuel(rows);
        runtime.call("classify", budget, bytes_in as u64, |store| {
            type Answer = (Result<types::Classes, wire::Problem>,);
            let function = self.base.enter::<types::Ask<'_>, Answer>(store, &self.classify)?;
            let (answer,) = function.call(&mut *store, (wire::context(context), &tables, rows as u32, &columns))?;
            let answer = answer.map(|classes| Classes {
                segment: classes.segment,
                score: classes.score,
                reason: classes.reason,
            });
            store.data_mut().bytes_out = match &answer {
                Ok(classes) => size(classes) as u64,
                Err(_) => 0,
            };
            Ok(answer.map_err(Into::into))
        })
    }
}

fn size(classes: &Classes) -> usize {
    let score = classes.score.as_deref().map_or(0, size_of_val);
    size_of_val(&*classes.segment) + score + classes.reason.as_deref().map_or(0, size_of_val)
}

/// The types as they cross the border; field names and order are those of `wit/v1`.
#[allow(
    unsafe_code,
    reason = "wasmtime's derive macros write unsafe impls whose layout they compute from the type"
)]
mod types {
    use super::wire::{Context, Localized};
    use wasmtime::component::{ComponentType, Lift, Lower};

    pub(super) type Ask<'a> = (Context<'a>, &'a [QuantileTable<'a>], u32, &'a [Column<'a>]);

    #[derive(ComponentType, Lift)]
    #[component(record)]
    pub(super) struct SegmentDef {
        pub(super) key: String,
        pub(super) title: Localized,
        pub(super) policy: Localized,
    }

    #[derive(ComponentType, Lift)]
    #[component(record)]
    pub(super) struct QuantileRequest {
        pub(super) fact: String,
        pub(super) buckets: u16,
        pub(super) among: Option<String>,
    }

    #[derive(Clone, Copy, ComponentType, Lower)]
    #[component(record)]
    pub(super) struct QuantileTable<'a> {
        pub(super) fact: &'a str,
        pub(super) edges: &'a [i64],
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

impl From<types::SegmentDef> for SegmentDef {
    fn from(said: types::SegmentDef) -> Self {
        Self {
            key: said.key,
            title: wire::localized(said.title),
            policy: wire::localized(said.policy),
        }
    }
}

impl<'a> From<&'a Column<'a>> for types::Column<'a> {
    fn from(column: &'a Column<'a>) -> Self {
        let values = match column.values {
            Values::S32s(values) => types::Values::S32s(values),
            Values::S64s(values) => types::Values::S64s(values),
            Values::F64s(values) => types::Values::F64s(values),
            Values::Bits(bits) => types::Values::Bits(bits),
            Values::Strings { codes, offsets, bytes } => types::Values::Strings(types::Texts { codes, offsets, bytes }),
        };
        Self {
            values,
            valid: column.valid,
        }
    }
}

impl<'a> From<&'a QuantileTable> for types::QuantileTable<'a> {
    fn from(table: &'a QuantileTable) -> Self {
        Self {
            fact: &table.fact,
            edges: &table.edges,
        }
    }
}
