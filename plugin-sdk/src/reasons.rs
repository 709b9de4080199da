use crate::description::ReasonDef;
use crate::store::Cell;

/// The reasons a rule can give. Derive it for an enum: `#[derive(Reasons)]`, with `#[reason(zh = "…", en = "…")]` on each
/// variant. A text may name facts the rule reads in braces: `no trip for {recency-days} days`. What only the one decision knows is a field of
/// the variant, whose name the text may have in braces as well; its types are those of facts, without `Option`:
///
/// ```
/// # use posthouse_sdk::prelude::*;
/// #[derive(Reasons)]
/// enum Reason {
///     #[reason(zh = "提前 {days-ahead} 天预订", en = "Booked {days-ahead} days ahead")]
///     Early { days_ahead: i32 },
/// }
/// ```
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
    /// The values of its arguments, in their order.
    #[doc(hidden)]
    fn arguments(&self) -> Vec<Cell> {
        Vec::new()
    }
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
