use crate::description::ReasonDef;

/// The reasons a rule can give. Derive it for an enum: `#[derive(Reasons)]`, with `#[reason(zh = "…", en = "…")]` on each
/// variant. A text may name facts the rule reads in braces: `no trip for {recency-days} days`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name reasons",
    label = "not an enum of reasons",
    note = "write `#[derive(Reasons)]` above an enum with one variant per reason, or use `NoReason`"
)]
pub trait Reasons: Sized + 'static {
    /// The reasons in the order of their indices.
    const DEFS: &'static [ReasonDef];
    /// The facts that texts name, each with the sentence to say if the rule does not read it.
    #[doc(hidden)]
    const NAMED: &'static [(&'static str, &'static str)];
    /// Index into [`Self::DEFS`].
    fn index(self) -> u32;
}

/// The reasons of a rule that gives none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoReason {}

impl Reasons for NoReason {
    const DEFS: &'static [ReasonDef] = &[];
    const NAMED: &'static [(&'static str, &'static str)] = &[];

    fn index(self) -> u32 {
        match self {}
    }
}
