//! Work on whatever has a life: the steps it takes, who agreed to what, and what is to be done by whom until when.
//!
//! A subject is named by its kind and its id. Kinds are registered by the capabilities they belong to (`Workable`); nothing here knows
//! any of them.

mod approval;
mod list;
mod steps;
mod subjects;
mod tasks;
mod view;

pub(crate) use approval::{agrees, approval, is_one_of};
pub use list::TaskFilter;
pub(crate) use steps::{Step, Taken, record};
pub(crate) use subjects::{Subjects, Workable};
pub use tasks::{Assignee, Due, NewTask, OTHER, TaskChange};
pub use view::{About, TaskView};
