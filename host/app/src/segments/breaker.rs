//! The breaker: a rule that keeps failing gives way to the last one that did not, without anybody being called.

use super::classify::Moment;
use super::live::Desk;
use super::summary::{Cause, NewRevision};
use super::{Live, SEGMENTATION};
use crate::decisions::pointer;
use crate::error::{AppError, Result};
use crate::{App, Room};
use posthouse_store::Access;
use posthouse_store::plugins::BindingRevisionRow;
use std::sync::Arc;

/// Faults in a row after which the host goes back. One may be a single odd customer whose next booking mends it; a rule that has
/// failed three times has had its chance.
const FAULTS_IN_A_ROW: u32 = 3;

/// Notes that a rule failed through its own fault.
pub(crate) fn count_fault(room: &Room, name: &str) {
    if let Some(live) = room.live_mut().get_mut(name) {
        live.faults += 1;
        live.failed_change = live.seen_change;
    }
}

/// The same for a rule that follows events: the same customers asked about again fail again, and that counts once. Whether it counted.
pub(crate) fn count_new_fault(room: &Room, name: &str) -> bool {
    let news = |live: &Live| live.failed_change < live.seen_change;
    let counts = room.live().get(name).is_some_and(news);
    if counts {
        count_fault(room, name);
    }
    counts
}

impl App {
    /// Goes back to the last good revision wherever a rule has failed too often in a row. Where there is none, the last memberships
    /// go on standing. The caller holds the desk.
    pub(crate) async fn trip_breakers(&self, room: &Arc<Room>, desk: &mut Desk, moment: Moment) -> Result<()> {
        let tripped: Vec<(String, i64, String)> = room
            .live()
            .iter()
            .filter(|(_, live)| live.faults >= FAULTS_IN_A_ROW)
            .map(|(name, live)| {
                let fault = live.row.stale_reason.clone().unwrap_or_default();
                (name.clone(), live.row.revision, fault)
            })
            .collect();
        for (name, failing, fault) in tripped {
            let mut tx = self.store.read(Access::Agency(room.id)).await?;
            let good = pointer::good_revisions(&mut tx, room.id, SEGMENTATION, &name, failing).await?;
            drop(tx);
            for older in good {
                match self.go_back(room, desk, moment, &name, &older, &fault).await {
                    Ok(()) => {
                        let to = older.revision;
                        tracing::error!(agency = %room.slug, binding = %name, failing, to, reason = %fault, "the segment rule kept failing; the last good revision is back in force");
                        metrics::counter!("posthouse_breaker_trips_total", "extension_point" => SEGMENTATION)
                            .increment(1);
                        break;
                    }
                    Err(error) if error.is_transient() => return Err(error),
                    Err(error) => {
                        tracing::error!(%error, agency = %room.slug, binding = %name, revision = older.revision, "an older revision fails too");
                    }
                }
            }
            if let Some(live) = room.live_mut().get_mut(&name) {
                // whatever came of it, the next three faults are for the next look
                live.faults = 0;
            }
        }
        Ok(())
    }

    async fn go_back(
        &self,
        room: &Arc<Room>,
        desk: &mut Desk,
        moment: Moment,
        name: &str,
        older: &BindingRevisionRow,
        fault: &str,
    ) -> Result<()> {
        let config = serde_json::from_str(&older.config).map_err(AppError::corrupt("settings"))?;
        let new = NewRevision {
            rule: self.rule(room.id, name, &older.digest, &config).await?,
            digest: older.digest.clone(),
            grant: Vec::new(),
            restores: Some(older.revision),
            by: None,
            reads: false,
            note: Some(fault.to_owned()),
        };
        self.full_run(room, desk, moment, name, Some(new), Cause::Breaker)
            .await
            .map(drop)
    }
}
