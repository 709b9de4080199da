//! Campaigns: what is planned, who has to agree, and how one goes from plan to lessons.

mod audience;
pub mod effect;
mod intervals;
mod plan;
mod state;
mod student;

pub use audience::{Audience, Condition, MOST_CONDITIONS};
pub use plan::{CampaignType, Goal, Plan, Rule, Stacking, Target, Window};
pub use state::{Action, Situation, State, Wrong, next};
