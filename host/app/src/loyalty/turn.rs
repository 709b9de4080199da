//! What happens to members by itself: lots become active or are over, and a tier's validity ends.

use super::point::Loyalty as Point;
use super::sheet::{Sheet, Why};
use super::state::MemberState;
use super::{LOYALTY, MAIN};
use crate::error::{Result, repeating};
use crate::rules::point::{Rule, RuleName};
use crate::{Loyalty, Room};
use posthouse_domain::words;
use posthouse_store::loyalty::{self as store, MemberRow};
use posthouse_store::{Access, attributes, plugins};
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// Members looked at before more are read.
const SLICE: i64 = 100;

impl Loyalty<'_> {
    /// Brings every member to today to whom something happens by itself.
    pub(crate) async fn turn_day(&self, room: &Arc<Room>) -> Result<()> {
        loop {
            let today = room.day_of(self.app.clock.now());
            let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
            let due = store::due(&mut tx, room.id, today, SLICE).await?;
            drop(tx);
            if due.is_empty() {
                return Ok(());
            }
            for customer in due {
                repeating!(self.turn_member(room, customer))?;
            }
        }
    }

    async fn turn_member(&self, room: &Arc<Room>, customer: Uuid) -> Result<()> {
        let moment = self.app.segments().moment(room);
        let mut tx = self.app.store.read(Access::Agency(room.id)).await?;
        let Some(member) = store::member(&mut tx, room.id, customer).await? else {
            return Ok(());
        };
        let lots = store::lots(&mut tx, room.id, &[customer]).await?;
        let wallets: HashMap<Uuid, _> = lots.iter().map(|row| (row.lot.id, row.lot.wallet)).collect();
        let mut sheet = Sheet::new(member.clone(), lots, moment);
        for turned in sheet.account.clone().turn(moment.today) {
            // one by one, so that each line has what there was behind it
            let Some(wallet) = wallets.get(&turned.lot) else {
                continue;
            };
            let moved = match turned.is_over {
                true => sheet.account.expire(turned.lot),
                false => sheet.account.activate(turned.lot, turned.on),
            };
            let why = Why {
                kind: if turned.is_over { "expired" } else { "activated" },
                about_kind: "lot",
                about: format!("{}/{}", turned.lot, turned.on),
                ..Why::default()
            };
            sheet.note(self.app, *wallet, &moved, why);
        }
        sheet.settle(self.app, &format!("day/{}", moment.today));
        sheet.give_notice();
        sheet.looked();
        // who has left stands in no tier that anybody looks at
        let rule = match member.state == MemberState::Closed.as_str() {
            true => None,
            false => self.main(room, &mut tx).await?,
        };
        let known = match &rule {
            Some((rule, own)) => {
                self.app.segments().ensure_loaded(room).await?;
                let known = self
                    .app
                    .facts()
                    .known(room, &mut tx, customer, own.clone(), moment)
                    .await?;
                crate::facts::known::project(rule.plugin.description(), rule.seed, Some(&known))
            }
            None => Vec::new(),
        };
        drop(tx);
        let mut made = Vec::new();
        if let Some((rule, _)) = rule {
            match self.place(room, &mut sheet, rule, known, moment).await? {
                Ok(placed) => made.extend(placed),
                Err(problem) => {
                    let problem = words!("{problem}", "{problem}");
                    tracing::warn!(agency = %room.slug, %customer, %problem, "a member keeps the tier: the rule failed");
                    keep_a_day(&mut sheet, moment.today);
                }
            }
        } else {
            keep_a_day(&mut sheet, moment.today);
        }
        self.write(room, &member, sheet, made, None, moment).await
    }

    /// The rule that gives tiers, with the kinds of the agency's own facts.
    #[allow(clippy::type_complexity, reason = "what a rule is told is read with it")]
    async fn main(
        &self,
        room: &Room,
        tx: &mut posthouse_store::Tx,
    ) -> Result<
        Option<(
            Arc<Rule<Point>>,
            Arc<HashMap<String, posthouse_domain::catalogue::FactKind>>,
        )>,
    > {
        let row = plugins::binding(tx, room.id, LOYALTY, MAIN).await?;
        let Some(row) = row.filter(|row| !row.is_ended()) else {
            return Ok(None);
        };
        let own = attributes::definitions(tx, room.id).await?;
        let rule = self
            .app
            .plugins()
            .rule::<Point>(tx, room.id, RuleName::in_force(&row), &own)
            .await?;
        let kinds = own.into_iter().map(|own| (own.key, own.kind)).collect();
        Ok(Some((Arc::new(rule), Arc::new(kinds))))
    }
}

/// A tier that nobody could look at stays for one more day, so that it is looked at again tomorrow.
fn keep_a_day(sheet: &mut Sheet, today: posthouse_domain::Day) {
    let member: &mut MemberRow = &mut sheet.member;
    if member.tier_until.is_some_and(|day| day < today) {
        member.tier_until = Some(today);
    }
}
