//! Segments: who is in which, by which rule, since when and why.

mod activation;
mod again;
mod as_of;
mod breaker;
mod cause;
mod classify;
mod desk;
mod diff;
mod ending;
mod flow;
mod follow;
mod frame;
mod history;
mod live;
mod past;
mod preview;
mod ranking;
mod read;
mod run;
mod sample;
mod summary;
#[cfg(test)]
mod tests;
mod told;
mod touches;
mod trend;

pub use as_of::{PastBinding, PastCustomer, PastPlace};
pub use flow::{Flow, FlowSegment};
pub use preview::{MovePage, Preview, PreviewRequest, PreviewSample};
pub use ranking::Sort;
pub use read::{CustomerSegment, Member, MemberPage, SegmentSummary};
pub use sample::{Drawn, Sample, SampleRequest};
pub use summary::RunSummary;
pub use trend::{Trend, TrendSegment};

pub(crate) use desk::seen_in;
pub(crate) use follow::follow;
pub(crate) use frame::Span;
pub(crate) use live::{Desk, Live};
pub(crate) use past::InForce;
pub(crate) use ranking::Rankings;
pub(crate) use touches::Moves;

/// The extension point of segment rules in paths and tables.
pub const SEGMENTATION: &str = "segmentation";
