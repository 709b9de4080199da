//! One customer's facts of today, as every look at a single customer sees them: also between the turn of the day and the refold that
//! follows it.

use crate::error::Result;
use crate::intake::refold;
use crate::{Facts, Room};
use posthouse_domain::Day;
use posthouse_domain::facts::FactRow;
use posthouse_store::intake::CustomerRow;
use posthouse_store::{Tx, profiles};

impl Facts<'_> {
    /// A customer's facts of today. The model must have been loaded.
    pub(crate) async fn today(&self, room: &Room, tx: &mut Tx, row: &CustomerRow, today: Day) -> Result<FactRow> {
        let mut facts = match profiles::facts_of(tx, room.id, row.ordinal).await? {
            Some(stored) if stored.facts.holds_on(today) => stored.facts,
            Some(_) => refold::fold_now(tx, room.id, row, today).await?,
            None => FactRow::default(),
        };
        facts.contributed = self.contributed(tx, room.id, (row.ordinal, row.id), today).await?;
        facts.clv_24m = room.frame().worth(&facts);
        Ok(facts)
    }
}
