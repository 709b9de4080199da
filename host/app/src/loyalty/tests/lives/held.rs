//! What both ways have to say alike: lots, balances and tiers after each step, every past evening, and every decision.

use super::slow::{Fate, Member, TIERS};
use super::{Lives, MEMBERS, TODAY, ties};
use crate::rules::DecisionFilter;
use posthouse_domain::Day;
use posthouse_domain::loyalty::Wallet;
use posthouse_store::Access;
use posthouse_store::loyalty as store;
use std::collections::{BTreeMap, BTreeSet};

/// Everything a lot is told by but its id.
type Lots = BTreeMap<(bool, Option<Day>, Option<Day>), (usize, usize)>;

fn lots(member: &Member) -> Lots {
    let mut lots = Lots::new();
    for lot in &member.lots {
        let (left, held) = (lot.count(Fate::Left), lot.count(Fate::Held));
        if left + held > 0 {
            let sums = lots.entry((lot.is_status, lot.since, lot.until)).or_default();
            *sums = (sums.0 + left, sums.1 + held);
        }
    }
    lots
}

impl Lives {
    /// Whether both ways say the same.
    pub(super) async fn compare(&self, step: &str) {
        for (owner, member) in self
            .world
            .members
            .iter()
            .enumerate()
            .filter(|(_, member)| member.is_member)
        {
            let (agency, id) = (self.caller.room.id, self.id(owner).await);
            ties(&self.app, &self.caller, id).await;
            let mut tx = self
                .app
                .store
                .read(Access::Agency(agency))
                .await
                .expect("a transaction");
            let row = store::member(&mut tx, agency, id)
                .await
                .expect("a look")
                .expect("a member");
            let mut found = Lots::new();
            for row in store::lots(&mut tx, agency, &[id]).await.expect("lots") {
                let lot = &row.lot;
                let sums = found
                    .entry((lot.wallet == Wallet::Status, lot.since, lot.until))
                    .or_default();
                *sums = (sums.0 + lot.left as usize, sums.1 + lot.held as usize);
            }
            let place = format!("M{owner} on day {} after {step}", self.today - TODAY);
            assert_eq!(found, lots(member), "lots of {place}");
            assert_eq!(row.owed, member.owed as i64, "owed of {place}");
            if self.world.by_tier {
                let stands = (row.tier.as_deref(), row.tier_until);
                assert_eq!(stands, (Some(TIERS[member.tier].0), member.until), "tier of {place}");
            }
        }
    }

    /// Whether every evening is told as it was.
    pub(super) async fn look_back(&self) {
        for owner in 0..MEMBERS {
            let id = self.id(owner).await;
            for (day, all) in self.evenings.iter().step_by(3) {
                let Some((sums, tier)) = &all[owner] else { continue };
                let then = self.app.loyalty().member(&self.caller, id, Some(*day)).await;
                let then = then.expect("a past day");
                let points = &then.points;
                let told = [points.available, points.pending, points.held, points.owed, then.status];
                let place = format!("M{owner} on day {}", day - TODAY);
                assert_eq!(told, sums.map(|sum| sum as i64), "{place}");
                assert_eq!(then.tier.expect("a tier").key, *tier, "{place}");
            }
        }
    }

    /// What happened, by the lines of all statements.
    pub(super) async fn happened(&self) -> BTreeSet<String> {
        let mut kinds = BTreeSet::new();
        for owner in 0..MEMBERS {
            let (agency, id) = (self.caller.room.id, self.id(owner).await);
            let mut tx = self
                .app
                .store
                .read(Access::Agency(agency))
                .await
                .expect("a transaction");
            let lines = store::entries(&mut tx, agency, id, (Day::MIN, Day::MAX), 0, 10_000).await;
            kinds.extend(lines.expect("lines").into_iter().map(|line| line.kind));
        }
        kinds
    }

    pub(super) async fn replay(&self) {
        let decisions = self.app.decisions();
        let made = decisions.list(&self.caller, DecisionFilter::default(), None, 200).await;
        for one in made.expect("decisions").0 {
            let again = decisions.replay(&self.caller, one.id).await.expect("a replay");
            assert!(again.identical, "{}", one.id);
        }
    }
}
