//! Work on whatever has a life: its steps, and what is to be done by whom.

pub use crate::steps::{StepRow, add_step, last_step, steps};
pub use crate::tasks::{
    Filter, Place, Progress, TaskRow, assignees_from, change_task, delete_task, insert_task, next_number, open_tasks,
    set_assignee_form, task, task_numbered, tasks, tasks_of,
};

use uuid::Uuid;

/// What is worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject<'s> {
    /// What it is: `campaign`.
    pub kind: &'s str,
    /// Its id.
    pub id: Uuid,
}
