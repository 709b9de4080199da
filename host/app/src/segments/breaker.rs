//! A segment rule that keeps failing gives way to the last one that did not.

use super::cause::Cause;
use super::live::Desk;
use super::summary::NewRevision;
use super::{Live, SEGMENTATION};
use crate::error::{AppError, Result, retrying};
use crate::rules::Moment;
use crate::rules::REVISION_CHANGED;
use crate::rules::breaker::{Attempt, Failing, good_revisions, trips};
use crate::{Room, Segments};
use posthouse_domain::Words;
use posthouse_store::Access;
use posthouse_store::plugins::{self as bindings, BindingRevisionRow, Fault, Heard};
use std::sync::Arc;

/// Whether a fault of a rule that follows events is news to this host: the same customers asked about again fail again.
pub(crate) fn is_new_fault(room: &Room, name: &str) -> bool {
    let news = |live: &Live| live.failed_change < live.seen_change;
    room.live().get(name).is_some_and(news)
}

impl Segments<'_> {
    /// The rule failed through its own fault: its last memberships stand, everyone can see that they are old, and it is counted, over all hosts. A
    /// fault over events counts once for them, whichever hosts follow them; one of a full run always does.
    pub(crate) async fn count_fault(
        &self,
        room: &Room,
        name: &str,
        fault: &AppError,
        cause: Option<Cause>,
        moment: Moment,
    ) -> Result<()> {
        let reason = self.say_fault(room, name, fault);
        let Some((revision, change)) = room.live().get(name).map(|live| (live.row.revision, live.seen_change)) else {
            return Ok(());
        };
        if cause.is_none() && !is_new_fault(room, name) {
            return Ok(());
        }
        let fault = Fault {
            since: moment.now,
            reason: &reason,
            change,
            again: cause.is_some(),
        };
        let heard = Heard {
            revision,
            at: self.app.machine.now(),
        };
        let counted = retrying!(async {
            let mut tx = self.app.store.write(Access::Agency(room.id)).await?;
            let counted = bindings::count_fault(&mut tx, room.id, (SEGMENTATION, name), heard, fault).await?;
            tx.commit().await?;
            Ok::<_, AppError>(counted)
        })?;
        if let Some(live) = room.live_mut().get_mut(name) {
            live.row.stale_since.get_or_insert(moment.now);
            live.row.stale_reason = Some(reason);
            live.failed_change = change;
            live.tripped |= counted.is_some_and(trips);
        }
        Ok(())
    }

    /// Goes back to the last good revision wherever a rule has failed too often in a row. Where there is none, the last memberships
    /// go on standing. The caller holds the desk.
    pub(crate) async fn trip_breakers(&self, room: &Arc<Room>, desk: &mut Desk, moment: Moment) -> Result<()> {
        let tripped: Vec<(String, i64, String)> = room
            .live()
            .iter()
            .filter(|(_, live)| live.tripped)
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
                live.tripped = false;
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
