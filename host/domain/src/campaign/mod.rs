//! Campaigns: what is planned, who has to agree, and how one goes from plan to lessons.

mod audience;
mod condition;
mod doubts;
pub mod effect;
mod intervals;
mod plan;
mod said;
mod state;
mod student;

pub use audience::{Audience, MOST_CONDITIONS, MOST_SEGMENTS};
pub use condition::Condition;
pub use doubts::{Doubt, MEANT};
pub use plan::{CampaignRule, CampaignType, Goal, Plan, Stacking, Target, Window};
pub use said::{Said, Speaker, changes, share_text};
pub use state::{Action, Situation, State, Wrong, next};
