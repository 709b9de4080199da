//! Segments: who is in which, by which rule, since when and why.

mod activation;
mod as_of;
mod breaker;
mod classify;
mod desk;
mod diff;
mod flow;
mod follow;
mod frame;
mod history;
mod live;
mod log;
mod past;
mod preview;
mod ranking;
mod read;
mod run;
mod sample;
mod summary;

pub use activation::Activation;
pub use as_of::{PastCustomer, PastPlace, Standing};
pub use diff::{Diff, MoveCount, SegmentChange};
pub use flow::{Flow, FlowSegment};
pub use log::LogEntry;
pub use preview::{MovePage, Preview, PreviewRequest, PreviewSample};
pub use ranking::Sort;
pub use read::{CustomerSegment, Member, MemberPage, Reason, SegmentSummary};
pub use sample::{Drawn, Sample, SampleRequest};
pub use summary::RunSummary;

pub(crate) use classify::{Moment, in_pool, without_its_words};
pub(crate) use diff::from_bytes;
pub(crate) use follow::follow;
pub(crate) use live::{Desk, Live};
pub(crate) use log::{Logbook, keep_log};
pub(crate) use past::InForce;
pub(crate) use ranking::Rankings;
pub(crate) use read::fill;

/// The extension point of segment rules in paths and tables.
pub const SEGMENTATION: &str = "segmentation";
