//! What happens to members by itself: lots become active or are over, and a tier's validity ends.

use crate::error::Result;
use crate::{Loyalty, Room};
use posthouse_store::Access;
use posthouse_store::loyalty as store;
use std::sync::Arc;

/// Members who are brought to a new day at once.
const SLICE: i64 = 256;

impl Loyalty<'_> {
    /// Brings every member to today to whom something happens by itself, and notes whose birthday it is.
    pub(crate) async fn turn_day(&self, room: &Arc<Room>) -> Result<()> {
        self.note_birthdays(room).await?;
        while self.turn_some(room).await? {}
        Ok(())
    }

    /// The same for some of them; whether there were any.
    pub(super) async fn turn_some(&self, room: &Arc<Room>) -> Result<bool> {
        let today = room.day_of(self.app.clock.now());
        let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
        let due = store::due(&mut tx, room.id, today, SLICE).await?;
        drop(tx);
        if due.is_empty() {
            return Ok(false);
        }
        self.settle(room, Vec::new(), &due).await?;
        Ok(true)
    }
}
