//! What the agency can learn of all its customers together.

mod clv;
mod loyal;
mod pareto;
mod rfm;

pub use clv::ClvFit;
pub use loyal::{IndicatorCount, Loyal, LoyalCustomer, LoyalRequest};
pub use pareto::{Measure, Pareto, Window};
pub use rfm::Rfm;

use crate::Insights;
use crate::beside::beside;
use crate::days::Of;
use crate::error::Result;
use crate::facts::Frame;
use crate::rules::Moment;
use crate::team::Caller;
use posthouse_domain::Day;

impl Insights<'_> {
    /// Asks a question about everyone, of the last commit of the last day that was turned. Away from the desk and from the async workers, so
    /// that events are followed meanwhile; should a day pass first, it is asked again.
    async fn ask<R: Send + 'static>(
        &self,
        caller: &Caller,
        question: impl Fn(&Frame, Day) -> R + Clone + Send + 'static,
    ) -> Result<(Day, R)> {
        let room = &caller.room;
        loop {
            let (desk, Moment { today, .. }) = self.app.days().desk(room, Of::LastDay).await?;
            drop(desk);
            // what has just been read is followed as well
            room.woken.notify_one();
            let (asked, question) = (room.clone(), question.clone());
            let answer = beside(move || Some(question(&*asked.frame_of(today)?, today)));
            if let Some(answer) = answer.await? {
                return Ok((today, answer));
            }
        }
    }
}
