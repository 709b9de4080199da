//! Landing a batch of records: match, apply, fold, write, in one transaction.

use super::Outcome;
use super::plan::{Basis, Plan};
use super::recent::Recent;
use crate::error::Result;
use crate::{App, Room};
use posthouse_domain::Record;
use posthouse_store::{Tx, intake as store};

/// What landing a batch came to.
#[derive(Debug)]
pub(crate) struct Landing {
    /// One per record.
    pub(crate) outcomes: Vec<Outcome>,
    /// Whether there is anything to commit.
    pub(crate) wrote: bool,
}

/// Lands `records` in order and brings the facts of everyone they touch up to the present. The caller commits. A record's id is used up
/// only if it lands.
///
/// # Errors
/// Failures of the database; nothing of the batch may be committed then.
pub(crate) async fn land(app: &App, room: &Room, tx: &mut Tx, records: &[&Record]) -> Result<Landing> {
    // the lock: from here on nobody else changes this agency's customers until the transaction ends
    let counter = store::next_change(tx, room.id).await?;
    // only now: whoever waited for the lock across midnight belongs to the new day
    let now = app.clock.now();
    let basis = Basis {
        counter,
        now,
        today: room.day_of(now),
        ahead: None,
        recent: &mut Recent::default(),
    };
    let plan = Plan::make(app, room, tx, records, basis).await?;
    plan.write(app, room, tx).await?;
    Ok(Landing {
        wrote: plan.writes(),
        outcomes: plan.outcomes,
    })
}
