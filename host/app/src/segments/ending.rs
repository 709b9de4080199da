//! Ending a binding: everyone leaves its segments, and its rule is not asked any more. It is a revision like any other: what was can still be
//! looked at, and an older one can be put back.

use super::cause::Cause;
use super::diff::{Movement, movement};
use super::live::Desk;
use super::run::is_known;
use super::{Live, SEGMENTATION};
use crate::beside::beside;
use crate::days::Of;
use crate::error::{AppError, Result, retrying};
use crate::rules::Diff;
use crate::rules::bindings::BindingView;
use crate::rules::check_present;
use crate::rules::pointer::{announce, find};
use crate::team::Caller;
use crate::{Room, Segments, campaigns};
use posthouse_domain::words;
use posthouse_engine::NONE;
use posthouse_store::intake::lock;
use posthouse_store::plugins::{self as bindings, BindingRevisionRow, BindingRow};
use posthouse_store::segments::{self as store, Moved, RunRow};
use posthouse_store::{StoreError, dialect};
use std::sync::Arc;
use std::time::Instant;

impl Segments<'_> {
    /// Ends a binding. One that has ended stays as it is.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `binding_in_use` while a campaign in force goes by its segments; `revision_changed` if `expected` is not the
    /// revision in force.
    pub async fn end(&self, caller: &Caller, name: &str, expected: Option<i64>) -> Result<BindingView> {
        let room = &caller.room;
        let (mut desk, _) = self.app.days().desk(room, Of::Today).await?;
        let diff = retrying!(self.try_end(caller, &mut desk, name, expected))?;
        drop(desk);
        let mut view = self.app.bindings().get(caller, SEGMENTATION, name).await?;
        view.diff = Some(diff);
        Ok(view)
    }

    async fn try_end(&self, caller: &Caller, desk: &mut Desk, name: &str, expected: Option<i64>) -> Result<Diff> {
        let (room, began) = (&caller.room, Instant::now());
        // what another host did to the binding is known after this
        let moment = self.sync(room, desk).await?;
        let mut tx = self.app.idempotency().begin(caller).await?;
        let change = lock(&mut tx, room.id).await?;
        let row = find(&mut tx, room.id, SEGMENTATION, name).await?;
        check_present(name, expected, row.revision)?;
        if row.is_ended() {
            tx.commit().await?;
            return Ok(Diff::default());
        }
        if !is_known(room.live().get(name), Some(&row)) {
            return Err(StoreError::Overtaken.into());
        }
        if let Some(campaign) = campaigns::goes_by(&mut tx, room.id, name).await? {
            let detail = words!(
                "campaign {campaign} goes by segments of {name}; amend or end it first",
                "活动 {campaign} 依据 {name} 的分群；请先变更或结束该活动"
            );
            return Err(AppError::conflict("binding_in_use", detail));
        }
        let (movement, moves) = dialect::awake(&mut tx, everyone_leaves(room, name)).await??;
        let to = BindingRow {
            revision: row.revision + 1,
            run: row.run + 1,
            applied_change: change,
            ..row.clone()
        };
        if !bindings::put_binding(&mut tx, room.id, row.revision, &to).await? {
            return Err(StoreError::Overtaken.into());
        }
        let cause = Cause::Ending.as_str();
        let revision = BindingRevisionRow {
            revision: to.revision,
            digest: row.digest.clone(),
            config: row.config,
            config_digest: row.config_digest.clone(),
            restores: None,
            diff: serde_json::to_string(&movement.diff).map_err(AppError::corrupt("diff"))?,
            cause: cause.to_owned(),
            note: None,
            activated_by: Some(caller.actor),
            activated_at: moment.now,
        };
        bindings::insert_revision(&mut tx, room.id, SEGMENTATION, name, &revision).await?;
        let run = RunRow {
            run: to.run,
            revision: to.revision,
            digest: row.digest,
            config_digest: row.config_digest,
            cause: cause.to_owned(),
            at: moment.now,
            day: moment.today,
            change,
            transition: row.transition,
            quantiles: "[]".to_owned(),
            customers: movement.diff.customers as i64,
            moved: movement.diff.changed as i64,
            fuel: 0,
            duration_ms: began.elapsed().as_millis() as i64,
        };
        store::insert_run(&mut tx, room.id, name, &run).await?;
        store::replace_memberships(&mut tx, room.id, name, &[]).await?;
        store::insert_moves(&mut tx, room.id, name, run.run, &moves).await?;
        announce(self.app, &mut tx, room.id, (SEGMENTATION, name), &revision, &[]).await?;
        self.tell_moves(&mut tx, room, name, moment.now, &movement).await?;
        dialect::notify(&mut tx, room.id).await?;
        tx.commit().await?;
        tracing::info!(agency = %room.slug, binding = %name, revision = to.revision, changed = run.moved, "a binding ended");
        room.live_mut().remove(name);
        Ok(movement.diff)
    }
}

/// Everyone's way out of the segments of a binding, and how that is stored.
async fn everyone_leaves(room: &Arc<Room>, name: &str) -> Result<(Movement, Vec<Moved>)> {
    let (room, name) = (room.clone(), name.to_owned());
    beside(move || {
        let all = room.live();
        let live = all.get(&name);
        let (keys, classes) = live.map_or_else(Default::default, |live: &Live| (live.keys(), live.classes.as_slice()));
        let movement = movement(&keys, classes, &[], &vec![NONE; classes.len()]);
        let moves = movement.rows();
        (movement, moves)
    })
    .await
}
