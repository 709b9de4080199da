//! What happened lately. What takes looking at many customers is kept for a minute, for everyone who asks.

use crate::Today;
use crate::error::{AppError, Result};
use crate::rules::Moment;
use crate::segments::SEGMENTATION;
use crate::team::{Caller, Mask, Rows};
use posthouse_domain::{Day, Instant, Localized, time};
use posthouse_store::{Access, Tx, budgets, campaigns, intake, profiles};
use std::collections::HashMap;
use std::sync::PoisonError;
use uuid::Uuid;

/// How long that is kept, in ms of the machine's clock.
const KEPT: i64 = 60_000;
/// Campaigns listed.
const CAMPAIGNS: usize = 20;
/// Customers whose bookings are read at once.
const PAGE: usize = 2_000;
/// How far back changes of segments are told of, in days.
const WEEK: Day = 7;

/// What happened lately.
#[derive(Debug, Clone)]
pub struct Happened {
    /// Trips booked yesterday; none for somebody who does not see every customer.
    pub bookings: Option<u64>,
    /// What they come to, less refunds, in minor units; none for somebody from whom money is kept as well.
    pub amount: Option<i64>,
    /// Customers who were new yesterday; none for somebody who does not see every customer.
    pub new_customers: Option<u64>,
    /// How segments have changed in seven days; those in which nothing moved are left out.
    pub segments: Vec<SegmentChange>,
    /// Campaigns that run, the first in line first.
    pub campaigns: Vec<CampaignSpend>,
    /// How many run in all.
    pub campaigns_running: u64,
}

/// How a segment has changed.
#[derive(Debug, Clone)]
pub struct SegmentChange {
    /// The binding.
    pub binding: String,
    /// The segment.
    pub key: String,
    /// Its title.
    pub title: Localized,
    /// Who was not in it and is now.
    pub entering: u64,
    /// Who was in it and is no more.
    pub leaving: u64,
}

/// A campaign with what of its budget is gone.
#[derive(Debug, Clone)]
pub struct CampaignSpend {
    /// Id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Spent and held, in minor units.
    pub used: i64,
    /// The budget, in minor units.
    pub budget: i64,
}

/// What is kept for a minute.
#[derive(Debug, Clone)]
pub(crate) struct Lately {
    at: Instant,
    day: Day,
    bookings: u64,
    amount: i64,
    new_customers: u64,
    segments: Vec<SegmentChange>,
}

impl Today<'_> {
    pub(super) async fn happened(&self, caller: &Caller, moment: Moment) -> Result<Happened> {
        let now = self.app.machine.now();
        let kept = caller
            .room
            .today
            .lately
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let fresh = kept.filter(|kept| kept.day == moment.today && (0..KEPT).contains(&(now - kept.at)));
        let lately = match fresh {
            // what is kept counts everybody
            _ if caller.rows != Rows::All => None,
            Some(lately) => Some(lately),
            None => {
                let lately = self.lately(caller, moment).await?;
                *caller.room.today.lately.lock().unwrap_or_else(PoisonError::into_inner) = Some(lately.clone());
                Some(lately)
            }
        };
        let sees_money = !caller.is_masked(Mask::Money);
        let agency = caller.room.id;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let used = budgets::used_in_force(&mut tx, agency, None, moment.today).await?;
        let used: HashMap<Uuid, i64> = used.into_iter().map(|row| (row.campaign_id, row.total)).collect();
        let running = campaigns::running(&mut tx, agency).await?;
        drop(tx);
        let campaigns_running = running.len() as u64;
        let spend = |row: campaigns::CampaignRow| {
            Ok(CampaignSpend {
                id: row.id,
                used: used.get(&row.id).copied().unwrap_or_default(),
                budget: crate::campaigns::plan_of(&row)?.budget.total,
                name: row.name,
            })
        };
        Ok(Happened {
            bookings: lately.as_ref().map(|lately| lately.bookings),
            amount: lately.as_ref().map(|lately| lately.amount).filter(|_| sees_money),
            new_customers: lately.as_ref().map(|lately| lately.new_customers),
            segments: lately.map_or_else(Vec::new, |lately| lately.segments),
            campaigns: match sees_money {
                true => running.into_iter().take(CAMPAIGNS).map(spend).collect::<Result<_>>()?,
                false => Vec::new(),
            },
            campaigns_running,
        })
    }

    async fn lately(&self, caller: &Caller, moment: Moment) -> Result<Lately> {
        let (agency, zone) = (caller.room.id, caller.room.terms.time_zone);
        let yesterday = moment.today - 1;
        // who booked yesterday booked last then, or today
        let booked = self.with_fact(caller, "recency-days", (0, 1), moment.today).await?;
        let ordinals: Vec<i64> = booked.iter().map(|ordinal| ordinal as i64).collect();
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let (mut bookings, mut amount) = (0, 0_i64);
        for page in ordinals.chunks(PAGE) {
            let rows = profiles::customers_at(&mut tx, agency, page).await?;
            let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
            let counted = intake::counted_bookings_of(&mut tx, agency, &ids).await?;
            let of_yesterday = counted.iter().map(|(_, booking)| booking);
            for booking in of_yesterday.filter(|booking| booking.status.is_trip() && booking.booked_on() == yesterday) {
                bookings += 1;
                amount = amount.saturating_add(booking.net_amount());
            }
        }
        let (_, customers) = profiles::counter(&mut tx, agency).await?;
        let first = self
            .first_since(&mut tx, agency, customers, time::start_of_day(yesterday, zone))
            .await?;
        let last = self
            .first_since(&mut tx, agency, customers, time::start_of_day(moment.today, zone))
            .await?;
        drop(tx);
        Ok(Lately {
            at: self.app.machine.now(),
            day: moment.today,
            bookings,
            amount,
            new_customers: (last - first) as u64,
            segments: self.changes(caller, moment).await?,
        })
    }

    /// The ordinal of the first customer who came at this time or later; ordinals are given in the order of coming.
    async fn first_since(&self, tx: &mut Tx, agency: Uuid, customers: i64, since: Instant) -> Result<i64> {
        let (mut low, mut high) = (0, customers);
        while low < high {
            let middle = low + (high - low) / 2;
            let there = profiles::customers_from(tx, agency, middle, 1).await?;
            match there.first() {
                Some(row) if row.created_at < since => low = row.ordinal + 1,
                _ => high = middle,
            }
        }
        Ok(low)
    }

    async fn changes(&self, caller: &Caller, moment: Moment) -> Result<Vec<SegmentChange>> {
        let bindings: Vec<String> = caller.room.live().keys().cloned().collect();
        let (from, to) = (time::day_text(moment.today - WEEK), time::instant_text(moment.now));
        let mut changes = Vec::new();
        for binding in bindings {
            let mut flow = match self.app.segments().flow(caller, &binding, &from, &to).await {
                Ok(flow) => flow,
                Err(AppError::NotFound(_)) => continue,
                Err(error) => return Err(error),
            };
            // to a rule of this week everybody has just come: what counts is what moved since
            if flow.from.revision.is_none() {
                let bindings = self.app.bindings();
                let mut first = bindings.history(caller, SEGMENTATION, &binding, Some(2), 1).await?;
                let Some(first) = first.pop() else { continue };
                let since = time::instant_text(first.activated_at);
                flow = self.app.segments().flow(caller, &binding, &since, &to).await?;
            }
            let moved = flow
                .segments
                .into_iter()
                .filter(|segment| segment.entering + segment.leaving > 0);
            changes.extend(moved.map(|segment| SegmentChange {
                binding: binding.clone(),
                key: segment.key,
                title: segment.title,
                entering: segment.entering,
                leaving: segment.leaving,
            }));
        }
        Ok(changes)
    }
}
