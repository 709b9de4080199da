//! How the rule that sends cases to desks fares: one that keeps failing gives way to the last one that did not. Cases go to the default desk meanwhile.

use super::COMPLAINT_ROUTING;
use super::point::ComplaintRouting as Point;
use crate::error::{Result, retrying};
use crate::rules::breaker::{Attempt, Failing, good_revisions, trips};
use crate::rules::point::Rule;
use crate::rules::{Activation, BindingView, Moment};
use crate::team::Caller;
use crate::{Complaints, Room};
use posthouse_domain::Words;
use posthouse_store::Access;
use posthouse_store::plugins::{self as bindings, BindingRevisionRow, Fault, Heard};

impl Complaints<'_> {
    /// Puts a rule into force, for cases from then on.
    ///
    /// # Errors
    /// A plugin that is not there or of another extension point; `bad_config`; `grant_needed`, `grant_not_allowed`, `unknown_fact`;
    /// `revision_changed` if `expected` is not the revision in force.
    pub async fn activate(
        &self,
        caller: &Caller,
        name: &str,
        activation: &Activation,
        expected: Option<i64>,
    ) -> Result<BindingView> {
        let bindings = self.app.bindings();
        bindings.activate::<Point>(caller, name, activation, expected).await
    }

    /// Puts an older rule back into force.
    ///
    /// # Errors
    /// [`crate::AppError::NotFound`]; `nothing_to_restore`; `revision_changed`.
    pub async fn roll_back(
        &self,
        caller: &Caller,
        name: &str,
        to: Option<i64>,
        expected: Option<i64>,
    ) -> Result<BindingView> {
        self.app.bindings().roll_back::<Point>(caller, name, to, expected).await
    }

    /// Takes a rule out of force. Cases stay where they are, and new ones go to the default desk.
    ///
    /// # Errors
    /// [`crate::AppError::NotFound`]; `revision_changed`.
    pub async fn end(&self, caller: &Caller, name: &str, expected: Option<i64>) -> Result<BindingView> {
        self.app.bindings().end::<Point>(caller, name, expected).await
    }

    /// Marks a rule that fails, and takes the mark from one that answers again; one that has failed too often in a row gives way. What came of asking
    /// is written, whether or not this can be written down.
    pub(super) async fn note_health(
        &self,
        room: &Room,
        rule: &Rule<Point>,
        heard: (i64, Option<&Words>),
        moment: Moment,
    ) {
        if let Err(error) = self.see_to(room, rule, heard, moment).await {
            tracing::error!(%error, agency = %room.slug, binding = %rule.binding, "how a rule fares could not be written down");
        }
    }

    async fn see_to(
        &self,
        room: &Room,
        rule: &Rule<Point>,
        heard: (i64, Option<&Words>),
        moment: Moment,
    ) -> Result<()> {
        let Some(fault) = retrying!(self.count(room, rule, heard, moment))? else {
            return Ok(());
        };
        let failing = Failing {
            extension_point: COMPLAINT_ROUTING,
            binding: &rule.binding,
            revision: rule.revision,
            fault,
        };
        let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
        let good = good_revisions(&mut tx, room.id, failing).await?;
        drop(tx);
        for older in good {
            let attempt = retrying!(self.go_back(room, failing, &older));
            if failing.settle(room, &older, attempt)?.is_break() {
                return Ok(());
            }
        }
        tracing::error!(agency = %room.slug, binding = %rule.binding, %fault, "a rule keeps failing, and no older one can come back; cases go to the default desk");
        Ok(())
    }

    /// Writes down how a rule fared, if that is news; the fault, if it is one too many.
    async fn count<'h>(
        &self,
        room: &Room,
        rule: &Rule<Point>,
        (at, fault): (i64, Option<&'h Words>),
        moment: Moment,
    ) -> Result<Option<&'h Words>> {
        let (agency, named) = (room.id, (COMPLAINT_ROUTING, rule.binding.as_str()));
        let heard = Heard {
            revision: rule.revision,
            at,
        };
        let Some(fault) = fault else {
            let mut tx = self.app.store.read(Access::Agency(agency)).await?;
            let bound = bindings::binding(&mut tx, agency, named.0, named.1).await?;
            drop(tx);
            if bound.is_some_and(|row| row.stale_since.is_some()) {
                let mut tx = self.app.store.write(Access::Agency(agency)).await?;
                bindings::mark_well(&mut tx, agency, named, heard).await?;
                tx.commit().await?;
            }
            return Ok(None);
        };
        let reason = fault.to_stored();
        let counted = Fault {
            since: moment.now,
            reason: &reason,
            change: 0,
            again: true,
        };
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        let faults = bindings::count_fault(&mut tx, agency, named, heard, counted).await?;
        tx.commit().await?;
        Ok(faults.is_some_and(trips).then_some(fault))
    }

    async fn go_back(&self, room: &Room, failing: Failing<'_>, older: &BindingRevisionRow) -> Result<Attempt> {
        match self
            .app
            .bindings()
            .begin_way_back::<Point>(room, failing, older)
            .await?
        {
            Some(tx) => {
                tx.commit().await?;
                Ok(Attempt::Done)
            }
            None => Ok(Attempt::Overtaken),
        }
    }
}
