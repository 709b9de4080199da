//! What the agency can learn of all its customers together.

mod clv;
mod loyal;
mod pareto;

pub use clv::ClvFit;
pub use loyal::{IndicatorCount, Loyal, LoyalCustomer, LoyalRequest};
pub use pareto::{Measure, Pareto, Window};

use crate::days::Of;
use crate::error::Result;
use crate::rules::Moment;
use crate::team::Caller;
use crate::{Insights, Room};
use std::sync::Arc;

impl Insights<'_> {
    /// Brings the frame to the last commit of the last day that was turned, and lends the room for questions about everyone.
    async fn everyone(&self, caller: &Caller) -> Result<(Arc<Room>, Moment)> {
        let room = caller.room.clone();
        let (desk, moment) = self.app.days().desk(&room, Of::LastDay).await?;
        drop(desk);
        // what has just been read is followed as well
        room.woken.notify_one();
        Ok((room, moment))
    }
}
