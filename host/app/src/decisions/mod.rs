//! Decisions of rules that are asked one case at a time: which rule decides, what it is told, what it said, and asking it again.

pub(crate) mod pointer;
