//! Holding what quotes take. Those of an agency that are made at the same moment are written together, in one transaction: each moves the same
//! budgets, and syncs the same log.

use super::purse;
use crate::Quotes;
use crate::error::{AppError, Result};
use crate::jobs::{self, JobClock, Lane, NewJob};
use crate::loyalty::{self, PointsOffer};
use crate::team::Caller;
use posthouse_store::decision_sets::{self, DecisionSet};
use posthouse_store::ledger::{self, Moving, Posting};
use posthouse_store::quotes::{self as store, Assigned, QuoteRow};
use posthouse_store::{StoreError, campaigns, coupons, intake};

/// Most quotes of a transaction: beyond that the first of them would wait too long.
const MOST: usize = 16;

/// A quote that is worked out, with all that is to be written.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(super) caller: Caller,
    pub(super) row: QuoteRow,
    /// The number of the campaigns in force that it was worked out from.
    pub(super) version: i64,
    /// The arms to which its customer belongs from now on.
    pub(super) assigned: Vec<Assigned>,
    pub(super) decided: Vec<DecisionSet>,
    /// What it takes of the budgets of campaigns.
    pub(super) taking: Vec<Posting>,
    /// Hashes of the coupons it uses, and how often each may be used.
    pub(super) coupons: Vec<(Vec<u8>, i32)>,
    /// The points it uses, and by which reward.
    pub(super) points: Option<(PointsOffer, i64)>,
}

impl Quotes<'_> {
    /// Writes a quote and holds what it takes.
    ///
    /// # Errors
    /// [`StoreError::Overtaken`] if what it was worked out from has changed meanwhile: whoever was faster with a budget or a coupon has it, and
    /// everything is worked out again. Failures of the database.
    pub(super) async fn hold(&self, prepared: Prepared) -> Result<QuoteRow> {
        let room = prepared.caller.room.clone();
        let held = room.holding.run(prepared, MOST, |all| self.hold_all(all)).await;
        // whoever was to write it is gone
        held.unwrap_or_else(|| Err(StoreError::left_in_doubt().into()))
    }

    async fn hold_all(&self, all: Vec<Prepared>) -> Vec<Result<QuoteRow>> {
        let done = |prepared: Prepared| prepared.row;
        let failed = match self.write(&all).await {
            Ok(()) => return all.into_iter().map(|prepared| Ok(done(prepared))).collect(),
            Err(failed) => failed,
        };
        if all.len() == 1 {
            return vec![Err(failed)];
        }
        let for_all = || match &failed {
            AppError::Store(error) => error.for_all(),
            _ => None,
        };
        let mut held = Vec::with_capacity(all.len());
        for prepared in all {
            held.push(match for_all() {
                Some(error) => Err(error.into()),
                // the others shall not fail with the one whose fault it is
                None => self
                    .write(std::slice::from_ref(&prepared))
                    .await
                    .map(|()| done(prepared)),
            });
        }
        held
    }

    async fn write(&self, all: &[Prepared]) -> Result<()> {
        let Some(agency) = all.first().map(|first| first.caller.room.id) else {
            return Ok(());
        };
        let subjects: Vec<String> = all.iter().map(|each| format!("quote/{}", each.row.id)).collect();
        let keys: Vec<String> = all.iter().map(|each| each.row.id.to_string()).collect();
        let on: Vec<(&Caller, &str)> = all
            .iter()
            .map(|each| &each.caller)
            .zip(subjects.iter().map(String::as_str))
            .collect();
        let mut tx = self.app.idempotency().begin_on_each(agency, &on, 201).await?;
        if all.iter().any(|each| each.points.is_some()) {
            // before any row that whoever has it waits for
            intake::lock(&mut tx, agency).await?;
        }
        let version = campaigns::version(&mut tx, agency).await?;
        if all.iter().any(|each| each.version != version) {
            // what is in force has changed since rules were asked
            return Err(StoreError::Overtaken.into());
        }
        let rows: Vec<&QuoteRow> = all.iter().map(|each| &each.row).collect();
        store::insert(&mut tx, agency, &rows).await?;
        let expiries = rows.iter().zip(&keys).map(|(row, key)| NewJob {
            kind: store::EXPIRE,
            key,
            lane: Lane::Timers,
            clock: JobClock::Business,
            due: row.expires_at,
        });
        jobs::put_all(&mut tx, agency, &expiries.collect::<Vec<_>>()).await?;
        let mut assigned: Vec<Assigned> = all.iter().flat_map(|each| each.assigned.iter().copied()).collect();
        assigned.sort_unstable();
        store::assign(&mut tx, agency, &assigned).await?;
        let decided: Vec<&DecisionSet> = all.iter().flat_map(|each| &each.decided).collect();
        decision_sets::insert(&mut tx, agency, &decided).await?;
        // budgets and coupons last: their rows are what others wait for
        let taking = all.iter().map(|each| Moving {
            cause: purse::cause(each.row.id),
            at: each.row.at,
            postings: &each.taking,
        });
        ledger::reserve_all(&mut tx, agency, &taking.collect::<Vec<_>>()).await?;
        let mut held: Vec<_> = all
            .iter()
            .flat_map(|each| each.coupons.iter().map(move |(hash, uses)| (hash, *uses, &each.row)))
            .collect();
        held.sort_by_key(|(hash, _, row)| (*hash, row.id));
        for (hash, uses, row) in held {
            if !coupons::hold(&mut tx, agency, hash, uses, row.at).await? {
                // another quote took it, or it was revoked: the price is without it
                return Err(StoreError::Overtaken.into());
            }
            coupons::redeem(&mut tx, agency, row.id, hash, "hold", row.at).await?;
        }
        let mut told = Vec::new();
        for each in all {
            if let (Some((offer, points)), Some(customer)) = (&each.points, each.row.customer_id) {
                let (who, whose) = ((agency, each.caller.actor), (each.row.id, customer));
                // as it is under the lock: lines of a statement stand in the order of their days
                let moment = self.app.segments().moment(&each.caller.room);
                let loyalty = self.app.loyalty();
                told.extend(loyalty.set_aside(&mut tx, who, moment, whose, (offer, *points)).await?);
            }
        }
        loyalty::tell(self.app, &mut tx, agency, told).await?;
        Ok(tx.commit().await?)
    }
}
