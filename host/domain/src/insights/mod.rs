//! What the agency can learn of all its customers together.

pub mod loyal;
pub mod pareto;
pub mod rfm;
