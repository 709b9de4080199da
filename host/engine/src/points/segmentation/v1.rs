//! The way into a component that serves the extension point in version 1 of the contract.

use crate::columns::{Column, Values};
use crate::context::{Context, QuantileTable};
use crate::contract::{Answered, Export, Linked, context_of, wire};
use crate::description::{QuantileRequest, SegmentDef};
use crate::fault::Fault;
use crate::refusal::Refusal;
use posthouse_domain::Localized;

/// The functions that are called.
pub(super) struct Adapter {
    segments: Export,
    score_title: Export,
    quantiles: Export,
    classify: Export,
}

/// What a segmentation answers for one chunk, an entry per row in every list.
pub(super) struct Classes {
    pub(super) segment: Vec<u16>,
    pub(super) score: Option<Vec<f32>>,
    pub(super) reason: Option<Vec<u16>>,
}

impl Adapter {
    pub(super) fn new(linked: &Linked) -> Result<Self, Refusal> {
        let export = |name| linked.export("segmentation", name);
        Ok(Self {
            segments: export("segments")?,
            score_title: export("score-title")?,
            quantiles: export("quantiles")?,
            classify: export("classify")?,
        })
    }

    pub(super) fn segments(&self, linked: &Linked) -> Result<Vec<SegmentDef>, Fault> {
        let said: Vec<types::SegmentDef> = linked.ask(&self.segments)?;
        Ok(said.into_iter().map(Into::into).collect())
    }

    /// What its scores count.
    pub(super) fn score_title(&self, linked: &Linked) -> Result<Option<Localized>, Fault> {
        let said: Option<wire::Localized> = linked.ask(&self.score_title)?;
        Ok(said.map(wire::localized))
    }

    /// What it has to know of the whole population.
    pub(super) fn quantiles(&self, linked: &Linked) -> Result<Vec<QuantileRequest>, Fault> {
        let said: Vec<types::QuantileRequest> = linked.ask(&self.quantiles)?;
        let request = |request: types::QuantileRequest| QuantileRequest {
            fact: request.fact,
            buckets: request.buckets,
            among: request.among,
        };
        Ok(said.into_iter().map(request).collect())
    }

    pub(super) fn classify(
        &self,
        linked: &Linked,
        context: &Context,
        rows: usize,
        columns: &[Column<'_>],
    ) -> Answered<Classes> {
        let bytes_in = context.size() + columns.iter().map(Column::size).sum::<usize>();
        let columns: Vec<types::Column<'_>> = columns.iter().map(Into::into).collect();
        let tables: Vec<types::QuantileTable<'_>> = context.quantiles.iter().map(Into::into).collect();
        let ask: types::Ask<'_> = (context_of(context), &tables, rows as u32, &columns);
        let fuel = linked.limits().chunk_fuel(rows);
        linked.call(&self.classify, (fuel, bytes_in), ask, |classes: types::Classes| {
            let classes = Classes {
                segment: classes.segment,
                score: classes.score,
                reason: classes.reason,
            };
            let bytes_out = size(&classes);
            (classes, bytes_out)
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
    use crate::contract::wire::{Context, Localized};
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
