//! Referrals as bookings land: the first trip of whoever was brought completes one, and both sides are asked about.

use super::happened::{REFERRAL, occasion_row};
use super::referrals::YEAR;
use super::slice::{Brought, Slice};
use crate::error::{AppError, Result};
use crate::rules::Moment;
use crate::webhooks::Told;
use crate::{Loyalty, Room};
use posthouse_domain::Day;
use posthouse_domain::booking::Booking;
use posthouse_domain::loyalty::{Happening, Occasion, Referral, Side};
use posthouse_domain::promotion::returns::Undone;
use posthouse_domain::time;
use posthouse_store::Tx;
use posthouse_store::loyalty::{self as store, OccasionRow, ReferralRow};
use serde_json::json;
use uuid::Uuid;

impl Slice<'_> {
    /// Completes the referral by which a customer came, if this booking is their first trip; or undoes that, if it is so no longer.
    pub(super) fn complete_referral(&mut self, id: &str, customer: Uuid, booking: &Booking) {
        let Some(place) = self.brought.iter().position(|one| one.row.customer_id == customer) else {
            return;
        };
        // a trip that was wholly paid back is none, nor is one that was booked before somebody was brought
        let stands = booking.status.is_trip() && Undone::of(booking) != Undone::Wholly;
        let over = booking.over_on().filter(|_| stands);
        let brought = &self.brought[place];
        let registered = self.room.day_of(brought.row.registered_at);
        match (brought.row.booking_id.as_deref(), over) {
            (None, Some(day)) if day >= registered && booking.booked_on() >= registered => {
                self.first_trip(place, id, day);
            }
            (Some(own), None) if own == id => self.no_trip(place),
            _ => {}
        }
    }

    fn first_trip(&mut self, place: usize, id: &str, day: Day) {
        let brought = &mut self.brought[place];
        brought.row.state = "first_trip".to_owned();
        (brought.row.booking_id, brought.row.completed_on) = (Some(id.to_owned()), Some(day));
        brought.is_changed = true;
        let recent = brought.earlier.iter().filter(|other| day - **other < YEAR).count();
        let (earlier, earlier_12m) = (brought.earlier.len() as u32, recent as u32);
        let round = brought.occasions.iter().map(|row| row.round).max().unwrap_or_default() + 1;
        let (referral, referrer, customer) = (brought.row.id, brought.row.referrer_id, brought.row.customer_id);
        let others = self.brought.iter_mut().enumerate();
        for (_, other) in others.filter(|(other, one)| *other != place && one.row.referrer_id == referrer) {
            other.earlier.push(day);
        }
        for (whose, side) in [(referrer, Side::Referrer), (customer, Side::Referred)] {
            if !self.sheets.contains_key(&whose) {
                continue;
            }
            let referral_said = Referral {
                side,
                earlier,
                earlier_12m,
            };
            let occasion = Occasion {
                at: time::start_of_day(day, self.room.terms.time_zone),
                on: day,
                what: Happening::ReferralCompleted {
                    referral: referral_said,
                },
            };
            for binding in &self.bindings {
                let row = occasion_row(
                    self.app,
                    whose,
                    (REFERRAL, referral.to_string()),
                    binding,
                    &occasion,
                    self.moment,
                );
                self.changed.push(OccasionRow { round, ..row });
            }
        }
    }

    fn no_trip(&mut self, place: usize) {
        let brought = &mut self.brought[place];
        let (referrer, day) = (brought.row.referrer_id, brought.row.completed_on);
        // another trip of theirs may complete it
        self.looks_again.push(brought.row.customer_id);
        brought.row.state = "registered".to_owned();
        (
            brought.row.booking_id,
            brought.row.completed_on,
            brought.row.rewarded_at,
        ) = (None, None, None);
        brought.is_changed = true;
        for other in self
            .brought
            .iter_mut()
            .filter(|other| other.row.referrer_id == referrer)
        {
            if let Some(known) = other.earlier.iter().position(|earlier| Some(*earlier) == day) {
                other.earlier.swap_remove(known);
            }
        }
        let standing: Vec<OccasionRow> = self.brought[place]
            .occasions
            .iter()
            .filter(|row| row.state != "undone")
            .cloned()
            .collect();
        for row in standing {
            let whose = row.customer_id;
            self.undo(row, whose);
        }
    }
}

impl Loyalty<'_> {
    /// Notes that both sides of a referral were asked about, once they were.
    pub(super) async fn rewarded(&self, tx: &mut Tx, room: &Room, about: &str, moment: Moment) -> Result<Option<Told>> {
        let occasions = store::occasions_about(tx, room.id, REFERRAL, &[about]).await?;
        let is_open = |row: &OccasionRow| row.state != "settled" && row.state != "undone";
        let id = Uuid::parse_str(about).map_err(|_| AppError::Internal("an occasion of no referral".into()))?;
        let referral = store::referral(tx, room.id, id).await?;
        let Some(row) = referral.filter(|row| row.state == "first_trip" && !occasions.iter().any(is_open)) else {
            return Ok(None);
        };
        let row = ReferralRow {
            state: "rewarded".to_owned(),
            rewarded_at: Some(moment.now),
            ..row
        };
        store::put_referral(tx, room.id, &row).await?;
        Ok(Some(Told {
            kind: "referral.rewarded",
            subject: format!("member/{}", row.referrer_id),
            at: moment.now,
            data: json!({"referral_id": row.id, "referrer_id": row.referrer_id, "customer_id": row.customer_id}),
        }))
    }
}

/// The referrals by which these customers came, with what came of them.
pub(super) async fn brought(tx: &mut Tx, agency: Uuid, customers: &[Uuid]) -> Result<Vec<Brought>> {
    let rows = store::referrals_of(tx, agency, customers).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<String> = rows.iter().map(|row| row.id.to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let occasions = store::occasions_about(tx, agency, REFERRAL, &ids).await?;
    let referrers: Vec<Uuid> = rows.iter().map(|row| row.referrer_id).collect();
    let completed = store::completed_days(tx, agency, &referrers).await?;
    let one = |row: ReferralRow| {
        let about = row.id.to_string();
        let own = occasions.iter().filter(|one| one.about == about);
        let days = completed.iter().filter(|(whose, _)| *whose == row.referrer_id);
        Brought {
            occasions: own.cloned().collect(),
            earlier: days.map(|(_, day)| *day).collect(),
            is_changed: false,
            row,
        }
    };
    Ok(rows.into_iter().map(one).collect())
}
