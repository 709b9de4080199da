//! The sandbox: loads, limits, calls and measures plugins. The only floor that knows wasmtime.
//!
//! An upload goes through [`Engine::admit`]; a stored revision through [`Engine::open`]. Both give a [`Plugin`] of one
//! [`ExtensionPoint`]: a [`SegmentationPlugin`], whose [`classify`](SegmentationPlugin::classify) takes one chunk of customers as
//! [`Column`]s and returns a checked [`Classified`], or a [`PromotionPlugin`], whose [`evaluate`](PromotionPlugin::evaluate) takes one
//! basket with the facts of one customer and returns a checked [`Evaluated`]. What goes wrong is a typed [`Fault`]. A call has a fresh
//! store, so nothing survives it; what it may use is in [`Limits`], what it used in [`Usage`].
//!
//! ```text
//! bytes ─► inspect ─► compile queue ─► description checked ─► self-test ─► Plugin
//!              └ refusals with a code       └ AOT cache             └ golden cases, hostile rows or baskets
//! ```

pub mod bench;
mod blame;
mod cache;
mod cases;
mod columns;
mod compile;
mod context;
mod contract;
mod description;
mod descriptor;
mod engine;
mod extension_point;
mod fault;
pub mod golden;
mod guest;
mod identity;
mod inspect;
mod limits;
mod made_up;
mod memory;
pub mod pack;
mod plugin;
mod problem;
mod promotion;
mod proposed;
mod refusal;
mod runtime;
mod schema;
mod segmentation;
mod self_test;
mod shown;
mod text;

pub use columns::{Column, ColumnBuffer, Value, Values};
pub use context::{Context, QuantileTable};
pub use description::{Argument, Description, FactUse, QuantileRequest, ReasonDef, SegmentDef};
pub use engine::{Admitted, Engine, EngineConfig, EngineError, EngineStats, digest};
pub use extension_point::ExtensionPoint;
pub use fault::{Fault, FaultKind, LogLevel, LogLine, Receipt, Usage};
pub use limits::Limits;
pub use memory::give_back_soon;
pub use plugin::Plugin;
pub use problem::Problem;
pub use promotion::{Evaluated, PromotionPlugin};
pub use proposed::Proposed;
pub use refusal::{LoadError, Refusal};
pub use schema::validate_config;
pub use segmentation::{Classified, NONE, SegmentationPlugin};
pub use self_test::{PromotionTest, SegmentationTest, SelfTest};
pub use shown::basket as shown_basket;
