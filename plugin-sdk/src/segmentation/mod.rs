//! Who is in which segment.

#[cfg(not(target_family = "wasm"))]
mod columns;
#[cfg(not(target_family = "wasm"))]
mod tables;
#[cfg(not(target_family = "wasm"))]
pub(crate) mod trial;

use std::marker::PhantomData;

use crate::bindings::exports::posthouse::plugin::segmentation as wire;
use crate::bindings::posthouse::plugin::types;
use crate::component::{self, Component};
use crate::context::Context;
use crate::description::{Localized, SegmentDef};
use crate::facts::{Columns, Facts};
use crate::problems::refusal;
use crate::quantiles::{Quantiles, Tables};
use crate::reasons::{NoReason, Reasons};
use crate::rule::Rule;
use crate::store::BLOCK;

/// A rule that puts every customer into at most one segment.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a segmentation rule",
    label = "`Segmentation` is not implemented for this type",
    note = "write `impl Segmentation for {Self} {{ … }}`; the crate's first page has one in full"
)]
pub trait Segmentation: Rule {
    /// What it wants to know of the population; `()` for nothing.
    type Quantiles: Quantiles;
    /// Into what it sorts customers.
    type Segment: Segments;

    /// What its scores count, in a word or two: lists of members are headed by it, the highest score first. Nothing if it gives none.
    fn score_title() -> Option<Localized> {
        None
    }

    /// Decides one customer by that customer's facts alone.
    fn classify(
        facts: Self::Facts,
        ctx: &Context<Self::Settings, Self::Quantiles>,
    ) -> Class<Self::Segment, Self::Reason>;
}

/// The segments of a rule. Derive it for an enum: `#[derive(Segments)]`, with
/// `#[segment(zh = "…", en = "…", policy_zh = "…", policy_en = "…")]` on each variant.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name segments",
    label = "not an enum of segments",
    note = "write `#[derive(Segments)]` above an enum with one variant per segment"
)]
pub trait Segments: Sized + 'static {
    /// The segments in the order of their indices.
    const DEFS: &'static [SegmentDef];
    /// Index into [`Self::DEFS`].
    fn index(self) -> u32;
}

/// The answer for one customer: a segment, if any; a score that ranks customers inside it, if any; why, if the rule says.
#[derive(Debug, Clone, Copy, PartialEq)]
#[must_use]
pub struct Class<S, R = NoReason> {
    // Indices in the width that compilers count in, so that nothing has to be converted row by row.
    segment: u32,
    score: Option<f32>,
    reason: u32,
    of: PhantomData<fn() -> (S, R)>,
}

impl<S: Segments, R: Reasons> Class<S, R> {
    /// In this segment.
    #[inline(always)]
    pub fn of(segment: S) -> Self {
        Self {
            segment: segment.index(),
            ..Self::none()
        }
    }

    /// In no segment.
    #[inline(always)]
    pub fn none() -> Self {
        Self {
            segment: u32::from(NONE),
            score: None,
            reason: u32::from(NONE),
            of: PhantomData,
        }
    }

    /// With this score, which has to be finite. It counts as 0 where a row has none and another row of the call has one.
    #[inline(always)]
    pub fn score(self, score: f32) -> Self {
        Self {
            score: Some(score),
            ..self
        }
    }

    /// For this reason.
    #[inline(always)]
    pub fn because(self, reason: R) -> Self {
        Self {
            reason: reason.index(),
            ..self
        }
    }

    /// The key of the segment, for tests that look at single answers.
    pub fn segment_key(&self) -> Option<&'static str> {
        S::DEFS.get(self.segment as usize).map(|def| def.key)
    }
}

/// No segment, no reason.
pub(crate) const NONE: u16 = u16::MAX;

impl<P: Segmentation> wire::Guest for Component<P> {
    fn segments() -> Vec<wire::SegmentDef> {
        P::Segment::DEFS.iter().map(Into::into).collect()
    }

    fn score_title() -> Option<types::Localized> {
        P::score_title().map(Into::into)
    }

    fn quantiles() -> Vec<wire::QuantileRequest> {
        P::Quantiles::USES.iter().map(Into::into).collect()
    }

    fn classify(
        ctx: types::Context,
        quantiles: Vec<wire::QuantileTable>,
        rows: u32,
        columns: Vec<wire::Column>,
    ) -> Result<wire::Classes, types::Problem> {
        #[cfg(target_family = "wasm")]
        component::tell_panics();
        let quantiles = P::Quantiles::tables(&mut Tables::new(quantiles)).map_err(refusal)?;
        let ctx = Context::read(ctx, quantiles).map_err(refusal)?;
        let rows = rows as usize;
        let mut columns = Columns::new(columns, rows, P::Facts::USES).map_err(refusal)?;
        let mut columns = P::Facts::columns(&mut columns).map_err(refusal)?;

        let mut segment = vec![0; rows];
        let mut score = vec![0.0; rows];
        let mut reason = vec![0; rows];
        let (scored, reasoned) = decide::<P>(&mut columns, &ctx, &mut segment, &mut score, &mut reason);
        Ok(wire::Classes {
            segment,
            score: scored.then_some(score),
            reason: reasoned.then_some(reason),
        })
    }
}

/// Decides every row; says whether any has a score, and whether any has a reason.
///
/// If the rule lets it, the compiler makes of the rows a loop that decides several at a time without branches, which nobody
/// could predict. For that it has to see that answers overlap with nothing: hence a function of its own.
#[inline(never)]
fn decide<P: Segmentation>(
    columns: &mut <P::Facts as Facts>::Columns,
    ctx: &Context<P::Settings, P::Quantiles>,
    segment: &mut [u16],
    score: &mut [f32],
    reason: &mut [u16],
) -> (bool, bool) {
    let (mut scored, mut reasoned) = (false, false);
    let blocks = segment
        .chunks_mut(BLOCK)
        .zip(score.chunks_mut(BLOCK))
        .zip(reason.chunks_mut(BLOCK));
    for (block, ((segment, score), reason)) in blocks.enumerate() {
        // Cut to the length of the loop, so that nothing is checked in it.
        let (from, rows) = (block * BLOCK, segment.len().min(BLOCK));
        let (segment, score, reason) = (&mut segment[..rows], &mut score[..rows], &mut reason[..rows]);
        P::Facts::turn(columns, from..from + rows);
        let block = P::Facts::block(columns, from, rows);
        for row in 0..rows {
            let class = P::classify(P::Facts::row(block, row), ctx);
            scored |= class.score.is_some();
            reasoned |= class.reason != u32::from(NONE);
            segment[row] = class.segment as u16;
            score[row] = class.score.unwrap_or(0.0);
            reason[row] = class.reason as u16;
        }
    }
    (scored, reasoned)
}

/// Refuses at compile time what the host would refuse at upload.
pub const fn check<P: Segmentation>() {
    assert!(
        !P::Segment::DEFS.is_empty(),
        "a segmentation rule needs at least one segment"
    );
    assert!(
        !P::Facts::USES.is_empty(),
        "a segmentation rule needs at least one fact to decide by"
    );
    assert!(
        !component::reads_segments(P::Facts::USES),
        "a segmentation rule cannot read the segments of other rules: `segment.…` is for promotions"
    );
    assert!(
        !component::has_arguments::<P::Reason>(),
        "the reasons of a segmentation rule have no fields: their texts can name the facts that it reads"
    );
    component::check_reasons::<P::Reason>(P::Facts::USES);
}

/// Makes the rule the plugin of this crate, which puts customers into segments. Once per crate.
#[macro_export]
macro_rules! export_segmentation {
    ($plugin:ty) => {
        $crate::export_rule!($plugin, check_segmentation, export_segmentation_plugin);
    };
}
