//! The contract with plugins: what every component has of it, whatever it decides, for one major version after the other. What an
//! extension point has of its own is with the point ([`crate::points`]).

mod v1;

use crate::fault::{Fault, Receipt};
use crate::problem::Problem;

pub use v1::{Export, Linked, context_of};
pub(crate) use v1::{PACKAGE, SPOKEN, wire};

/// An answer with what the call used, or what the guest itself finds wrong with the same.
pub type Answered<T, P = Problem> = Result<(Result<T, P>, Receipt), Fault>;
