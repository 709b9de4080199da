//! The first days of an agency: what is still to be done until it works.

use crate::Today;
use crate::error::Result;
use crate::team::{Caller, Scope};
use posthouse_store::Access;
use posthouse_store::today as store;

/// How long an agency that has customers is still led, in ms.
const FIRST_DAYS: i64 = 30 * 86_400_000;

/// Something that a new agency does, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstStep {
    /// Bring customers in.
    Customers,
    /// Let a plugin in, and put a rule into force.
    Rule,
    /// Plan a campaign.
    Campaign,
    /// Invite somebody.
    Colleague,
}

impl FirstStep {
    /// The name used in texts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customers => "customers",
            Self::Rule => "rule",
            Self::Campaign => "campaign",
            Self::Colleague => "colleague",
        }
    }

    /// Who may do it.
    fn scope(self) -> Scope {
        match self {
            Self::Customers => Scope::Intake,
            Self::Rule => Scope::Rules,
            Self::Campaign => Scope::Campaigns,
            Self::Colleague => Scope::Team,
        }
    }
}

/// How far an agency has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beginning {
    /// What the caller may do of it, and whether it is done.
    pub steps: Vec<(FirstStep, bool)>,
    /// Whether there is nobody yet.
    pub is_empty: bool,
    /// Whether there is a plugin, in force or not.
    pub has_plugin: bool,
}

impl Today<'_> {
    /// What a new agency still has to do; none for one that works, or is no longer new, and for whoever may do nothing of it.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn beginning(&self, caller: &Caller) -> Result<Option<Beginning>> {
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = store::beginning(&mut tx, agency).await?;
        drop(tx);
        let done = |step| match step {
            FirstStep::Customers => row.customers > 0,
            FirstStep::Rule => row.has_rule > 0,
            FirstStep::Campaign => row.has_campaign > 0,
            FirstStep::Colleague => row.people > 1,
        };
        let all = [
            FirstStep::Customers,
            FirstStep::Rule,
            FirstStep::Campaign,
            FirstStep::Colleague,
        ];
        let is_empty = row.customers == 0;
        let is_new = is_empty || self.app.machine.now() - row.created_at < FIRST_DAYS;
        if !is_new || all.into_iter().all(done) {
            return Ok(None);
        }
        let own = all.into_iter().filter(|step| caller.may(step.scope()).is_ok());
        let steps: Vec<_> = own.map(|step| (step, done(step))).collect();
        // whoever only sells is not led through what others set up
        let leads = caller.may(Scope::Team).is_ok();
        Ok(leads.then_some(Beginning {
            steps,
            is_empty,
            has_plugin: row.has_plugin > 0,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::team::{NewStaff, RowScope, Rows};
    use crate::testing::{self, NOW, on_both_engines};
    use posthouse_domain::Clock;
    use posthouse_store::Store;

    on_both_engines!(steps_are_ticked_by_what_is_there);

    async fn steps_are_ticked_by_what_is_there(store: Store) {
        let (app, clocks) = testing::host(&store, NOW);
        let (_, key) = testing::agency(&store, "a").await;
        let owner = app.team().authenticate(&key).await.expect("a caller");
        let ticks = async || {
            let beginning = app.today().beginning(&owner).await.expect("an answer");
            beginning.map(|found| {
                (
                    found.is_empty,
                    found.steps.iter().map(|(_, done)| *done).collect::<Vec<_>>(),
                )
            })
        };
        assert_eq!(ticks().await, Some((true, vec![false; 4])));
        app.samples().load(&owner).await.expect("samples");
        assert_eq!(ticks().await, Some((false, vec![true, false, false, false])));
        for email in ["li@silk.example", "chen@silk.example"] {
            let new = NewStaff {
                email,
                name: None,
                role: "sales",
                branch: None,
            };
            app.team().invite(&owner, new).await.expect("an invitation");
        }
        assert_eq!(ticks().await, Some((false, vec![true, false, false, true])));
        let sales = Caller {
            scopes: vec![Scope::Intake, Scope::Read],
            rows: Rows::Of(owner.actor),
            ..owner.clone()
        };
        assert_eq!(sales.row_scope(), RowScope::Own);
        assert_eq!(app.today().beginning(&sales).await.expect("an answer"), None);
        // an agency that works in another way than ours is not led for ever
        assert!(clocks.machine.set(NOW + FIRST_DAYS));
        assert_eq!(ticks().await, None);
    }
}
