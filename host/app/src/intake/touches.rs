//! Records on a customer's timeline: what was told of them, and what was changed by hand.

use crate::error::Result;
use crate::timeline::{Look, Seen, Source, TimelineEntry, Touch, Whose};
use posthouse_store::{Tx, profiles};
use serde_json::Value;
use uuid::Uuid;

/// Every record of a customer.
pub(crate) struct Records;

impl Source for Records {
    async fn touches(tx: &mut Tx, agency: Uuid, whose: Whose, look: &Look<'_>) -> Result<Seen> {
        let rows = profiles::timeline(tx, agency, whose.id, look.before.parts(), look.limit as i64).await?;
        let touches = rows.into_iter().map(|row| Touch {
            received: row.received_at,
            entry: TimelineEntry {
                r#type: row.kind,
                occurred_at: row.occurred_at,
                source: row.source,
                external_id: row.external_id,
                data: serde_json::from_str(&row.data).unwrap_or(Value::Null),
            },
        });
        Ok(touches.collect::<Vec<_>>().into())
    }
}
