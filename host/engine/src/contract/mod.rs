//! The contract with plugins: a trait per extension point, and one adapter module per major version behind them.
//!
//! What comes out of here is typed, and nothing more: the fronts ([`crate::segmentation`], [`crate::promotion`]) check it before
//! anybody uses it. A further version of the contract is one more module that implements these traits.

mod v1;

use crate::columns::{Column, Value};
use crate::context::Context;
use crate::description::{Description, QuantileRequest, SegmentDef};
use crate::fault::{Fault, Receipt};
use crate::problem::Problem;
use crate::proposed::Proposed;
use crate::refusal::Refusal;
use crate::runtime::Runtime;
use posthouse_domain::Localized;
use posthouse_domain::promotion::Basket;
use std::sync::Arc;
use wasmtime::component::Component;

/// A compiled component, linked, by the extension point it serves.
pub(crate) enum Linked {
    Segmentation(Box<dyn Segmentation>),
    Promotion(Box<dyn Promotion>),
}

/// Links a component that was inspected, now or when it was let in.
pub(crate) fn link(runtime: &Arc<Runtime>, component: &Component) -> Result<Linked, Refusal> {
    v1::link(runtime, component)
}

/// An answer with what the call used, or what the guest itself finds wrong with the same.
pub(crate) type Answered<T, P = Problem> = Result<(Result<T, P>, Receipt), Fault>;

/// What every plugin answers.
pub(crate) trait Descriptor: Send + Sync {
    fn describe(&self) -> Result<Description, Fault>;
    /// What is wrong with settings that are valid under the schema.
    fn validate(&self, config: &str) -> Answered<(), Vec<Problem>>;
}

/// The extension point `segmentation`.
pub(crate) trait Segmentation: Descriptor {
    fn segments(&self) -> Result<Vec<SegmentDef>, Fault>;
    /// What its scores count.
    fn score_title(&self) -> Result<Option<Localized>, Fault>;
    /// What it has to know of the whole population.
    fn quantiles(&self) -> Result<Vec<QuantileRequest>, Fault>;
    fn classify(&self, context: &Context, rows: usize, columns: &[Column<'_>]) -> Answered<Classes>;
}

/// What a segmentation answers for one chunk, an entry per row in every list.
pub(crate) struct Classes {
    pub(crate) segment: Vec<u16>,
    pub(crate) score: Option<Vec<f32>>,
    pub(crate) reason: Option<Vec<u16>>,
}

/// The extension point `promotion`.
pub(crate) trait Promotion: Descriptor {
    /// The basket and the facts have passed their checks.
    fn evaluate(&self, context: &Context, basket: &Basket, facts: &[Value]) -> Answered<Proposed>;
}
