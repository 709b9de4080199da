//! Segments: who is in which, by which rule, since when and why.

mod activation;
mod breaker;
mod classify;
mod desk;
mod diff;
mod follow;
mod frame;
mod history;
mod preview;
mod read;
mod run;

pub use activation::{Activation, BindingView, RevisionView};
pub use diff::{Diff, MoveCount, SegmentChange};
pub use preview::{MovePage, Preview, PreviewRequest, PreviewSample};
pub use read::{CustomerSegment, Member, MemberPage, Reason, SegmentSummary};
pub use run::RunSummary;

pub(crate) use desk::{Desk, Live};
pub(crate) use follow::follow;

/// The extension point of segment rules in paths and tables.
pub const SEGMENTATION: &str = "segmentation";
