//! The sandbox: loads, limits, calls and measures plugins. The only floor that knows wasmtime.
//!
//! An upload goes through [`Engine::admit`]; a stored revision through [`Engine::open`]. Both give a [`Plugin`], which has a front for the
//! [`ExtensionPoint`] it serves. A [`SegmentationPlugin`] takes one chunk of customers as [`Column`]s and returns a checked
//! [`Classified`]; of every other [`Point`] a [`Decider`] takes one subject with the facts of one customer and returns a checked
//! [`Decided`], as a [`PromotionPlugin`] takes a basket. [`Points`] is the list of them. What goes wrong is a typed [`Fault`]. A call has
//! a fresh store, so nothing survives it; what it may use is in [`Limits`], what it used in [`Usage`].
//!
//! ```text
//! bytes ─► inspect ─► queue ─► compiler ─► description checked ─► self-test ─► Plugin
//!              └ refusals with a code       └ AOT cache             └ golden cases, hostile input
//! ```

mod admission;
mod because;
pub mod bench;
mod blame;
mod cache;
mod cases;
mod columns;
mod compile;
mod compiler;
mod context;
mod contract;
mod decider;
mod description;
mod descriptor;
mod disk;
mod draws;
mod engine;
mod extension_point;
mod fault;
mod front;
pub mod golden;
mod guest;
mod identity;
mod inspect;
mod limits;
mod made_up;
mod memory;
pub mod pack;
mod plugin;
mod point;
mod points;
mod problem;
mod processor;
mod refusal;
mod runtime;
mod schema;
mod self_test;
mod shown;
mod spent;
mod text;
mod trials;
mod turns;
mod units;

pub use because::Because;
pub use columns::{Column, ColumnBuffer, Value, Values};
pub use compiler::{ChildCompiler, compile_confined};
pub use context::{Context, QuantileTable};
pub use contract::{Answered, Export, Linked, context_of};
pub use decider::{Decided, Decider};
pub use description::{
    Argument, Description, FactUse, Playbook, PlaybookStep, QuantileRequest, ReasonDef, SegmentDef, TierDef,
};
pub use disk::free_bytes;
pub use draws::Draws;
pub use engine::{Admitted, Engine, EngineConfig, EngineError, EngineStats, digest};
pub use extension_point::ExtensionPoint;
pub use fault::{Fault, FaultKind, LogLevel, LogLine, Receipt, Usage};
pub use limits::Limits;
pub use made_up::Random;
pub use memory::give_back_soon;
pub use plugin::Plugin;
pub use point::{Point, Question, Subjects};
pub use points::{
    CaseAsked, Classified, ComplaintRouting, LATER, Loyalty, LoyaltyPlugin, MemberAsked, MemberSaid, NONE, NextTier,
    PlacedIn, Points, Promotion, PromotionPlugin, Proposed, Routed, RoutingPlugin, SegmentationPlugin, shown_basket,
};
pub use problem::Problem;
pub use refusal::{LoadError, Refusal};
pub use schema::validate_config;
pub use spent::Spent;
pub use units::{SelfTest, Units};
