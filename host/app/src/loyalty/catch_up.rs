//! What the host does in the background, at once: for whoever turns the clock.

use crate::Loyalty;
use crate::error::{Result, repeating};
use crate::team::Caller;

impl Loyalty<'_> {
    /// Follows every booking that has changed, asks rules about what waits, and brings every member to today.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn catch_up(&self, caller: &Caller) -> Result<()> {
        let room = &caller.room;
        while repeating!(self.follow_slice(room))? {}
        while self.ask_next(room).await? {}
        self.turn_day(room).await
    }
}
