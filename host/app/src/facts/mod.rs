//! Facts of a whole agency: the frame in memory, its columns for plugins, and the export.

pub(crate) mod cells;
mod changed;
pub(crate) mod columns;
pub(crate) mod contributions;
pub mod export;
pub(crate) mod filter;
pub(crate) mod frame;
pub(crate) mod known;
pub(crate) mod saved;
pub(crate) mod selection;
mod today;

pub use columns::{Lent, Rows};
pub use frame::Frame;
