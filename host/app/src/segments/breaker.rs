//! A segment rule that keeps failing gives way to the last one that did not.

use super::activation::REVISION_CHANGED;
use super::cause::Cause;
use super::live::Desk;
use super::summary::NewRevision;
use super::{Live, SEGMENTATION};
use crate::error::{AppError, Result};
use crate::rules::Moment;
use crate::rules::breaker::{Attempt, Failing, good_revisions};
use crate::{Room, Segments};
use posthouse_domain::Words;
use posthouse_store::Access;
use posthouse_store::plugins::BindingRevisionRow;
use std::sync::Arc;

/// Notes that a rule failed through its own fault.
pub(crate) fn count_fault(room: &Room, name: &str) {
    if let Some(live) = room.live_mut().get_mut(name) {
        live.breaker.count();
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

impl Segments<'_> {
    /// Goes back to the last good revision wherever a rule has failed too often in a row. Where there is none, the last memberships
    /// go on standing. The caller holds the desk.
    pub(crate) async fn trip_breakers(&self, room: &Arc<Room>, desk: &mut Desk, moment: Moment) -> Result<()> {
        let tripped: Vec<(String, i64, String)> = room
            .live()
            .iter()
            .filter(|(_, live)| live.breaker.has_tripped())
            .map(|(name, live)| {
                let fault = live.row.stale_reason.clone().unwrap_or_default();
                (name.clone(), live.row.revision, fault)
            })
            .collect();
        for (name, revision, note) in tripped {
            let failing = Failing {
                extension_point: SEGMENTATION,
                binding: &name,
                revision,
                fault: &Words::from_stored(&note),
            };
            let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
            let good = good_revisions(&mut tx, room.id, failing).await?;
            drop(tx);
            for older in good {
                let attempt = self.put_back(room, desk, moment, failing, &older).await;
                if failing.settle(room, &older, attempt)?.is_break() {
                    break;
                }
            }
            if let Some(live) = room.live_mut().get_mut(&name) {
                live.breaker.reset();
            }
        }
        Ok(())
    }

    async fn put_back(
        &self,
        room: &Arc<Room>,
        desk: &mut Desk,
        moment: Moment,
        failing: Failing<'_>,
        older: &BindingRevisionRow,
    ) -> Result<Attempt> {
        let config = serde_json::from_str(&older.config).map_err(AppError::corrupt("settings"))?;
        let new = NewRevision {
            rule: self.rule(room.id, failing.binding, &older.digest, &config).await?,
            digest: older.digest.clone(),
            grant: Vec::new(),
            restores: Some(older.revision),
            asker: None,
            instead_of: Some(failing.revision),
            note: Some(failing.fault.to_stored()),
        };
        let ran = self
            .full_run(room, desk, moment, failing.binding, Some(new), Cause::Breaker)
            .await;
        match ran {
            Ok(_) => Ok(Attempt::Done),
            Err(AppError::Conflict(rejection)) if rejection.code == REVISION_CHANGED => Ok(Attempt::Overtaken),
            Err(error) => Err(error),
        }
    }
}
