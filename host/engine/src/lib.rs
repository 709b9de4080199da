//! The sandbox: loads, limits, calls and measures plugins. The only floor that knows wasmtime.
//!
//! An upload goes through [`Engine::admit`]; a stored revision through [`Engine::open`]. Both give a
//! [`SegmentationPlugin`], whose [`classify`](SegmentationPlugin::classify) takes one chunk of customers as [`Column`]s and
//! returns a checked [`Classified`] or a typed [`Fault`]. A call has a fresh store, so nothing survives it; what it may
//! use is in [`Limits`], what it used in [`Usage`].
//!
//! ```text
//! bytes ─► inspect ─► compile queue ─► description checked ─► self-test ─► SegmentationPlugin
//!              └ refusals with a code       └ AOT cache             └ golden cases, hostile rows, row independence
//! ```

pub mod bench;
mod columns;
mod compile;
mod description;
mod descriptor;
mod engine;
mod fault;
pub mod golden;
mod guest;
mod inspect;
mod limits;
pub mod pack;
mod refusal;
mod runtime;
mod schema;
mod segmentation;
mod self_test;

pub use columns::{Column, ColumnBuffer, Value, Values};
pub use description::{Description, FactUse, QuantileRequest, ReasonDef, SegmentDef};
pub use engine::{Admitted, Engine, EngineConfig, EngineError, EngineStats, digest};
pub use fault::{Fault, FaultKind, LogLevel, LogLine, Receipt, Usage};
pub use limits::Limits;
pub use refusal::{LoadError, Refusal};
pub use schema::validate_config;
pub use segmentation::{Classified, Context, NONE, QuantileTable, SegmentationPlugin};
pub use self_test::SelfTest;
