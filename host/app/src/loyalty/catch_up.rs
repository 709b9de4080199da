//! What the host does in the background, at once: for whoever turns the clock.

use crate::Loyalty;
use crate::error::Result;
use crate::team::Caller;

impl Loyalty<'_> {
    /// Follows every booking that has changed and every review that has come, asks rules about what waits, and brings every member to today.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn catch_up(&self, caller: &Caller) -> Result<()> {
        while self.go_on(&caller.room).await? {}
        Ok(())
    }
}
