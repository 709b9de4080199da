//! Seeing beforehand what another rule would say: the one in force and the proposed one, asked about the same cases at the same moment.

use super::call::Moment;
use rayon::prelude::*;

/// A rule, with what a capability makes of its answers.
pub(crate) trait Side<C>: Sync {
    /// What an answer comes to.
    type Said: Send;

    /// What the rule says to a case; none if it fails.
    fn ask(&self, case: &C, moment: Moment) -> Option<Self::Said>;
}

/// What two rules say to a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answers<S> {
    /// The rule in force.
    pub(crate) now: S,
    /// The proposed one.
    pub(crate) then: S,
}

/// Asks both rules about every case, as many at a time as there are threads; none for a case to which one of them fails. Nothing is kept.
/// Runs inside the engine's pool.
pub(crate) fn side_by_side<C: Sync, S: Side<C>>(
    cases: &[C],
    now: &S,
    then: &S,
    moment: Moment,
) -> Vec<Option<Answers<S::Said>>> {
    let ask = |case| {
        Some(Answers {
            now: now.ask(case, moment)?,
            then: then.ask(case, moment)?,
        })
    };
    cases.par_iter().map(ask).collect()
}
