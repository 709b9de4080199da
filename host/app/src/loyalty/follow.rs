//! What became of bookings that have changed: members who join, occasions to ask rules about, what a refund takes back, what a trip's end makes
//! active. Whatever the order in which records came, a booking is looked at as it is now.

use super::brought::brought;
use super::happened::of_booking;
use super::members;
use super::programme::{Enrol, Programme};
use super::rules::asked;
use super::sheet::{Sheet, Why, tell};
use super::slice::Slice;
use super::state::MemberState;
use super::written::write;
use crate::error::{Result, repeating};
use crate::jobs::{Done, Job, JobRow};
use crate::{App, Loyalty, Room};
use posthouse_domain::booking::Booking;
use posthouse_domain::loyalty::account::kept;
use posthouse_domain::loyalty::{Happening, Occasion, Waiting};
use posthouse_domain::{Day, canonical, time};
use posthouse_store::loyalty::{self as store, OccasionRow, WAITING};
use posthouse_store::{Access, intake};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// Bookings looked at in one transaction.
pub(super) const SLICE: i64 = 256;
/// How long it goes on at a time.
const TURN: Duration = Duration::from_secs(1);

/// Follows bookings and asks rules, until nothing is left to be done.
pub(crate) struct Follow;

impl Job for Follow {
    const KIND: &'static str = store::FOLLOW;
    /// What was noted is never given up.
    const ATTEMPTS: i64 = i64::MAX;

    async fn run(app: &App, job: &JobRow) -> Result<Done> {
        let room = app.room(job.agency_id).await?;
        let began = std::time::Instant::now();
        while app.loyalty().go_on(&room).await? {
            // what others have scheduled waits no longer than this
            if began.elapsed() > TURN {
                return Ok(Done::At(app.machine.now().max(job.due + 1)));
            }
        }
        let mut tx = app.store.read(Access::Agency(room.id)).await?;
        let next = store::next_occasion(&mut tx, room.id).await?;
        Ok(next.map_or(Done::Over, Done::At))
    }
}

/// An occasion of a booking as it should be.
struct Wanted {
    kind: &'static str,
    on: Day,
    occasion: String,
    basis: String,
    amount: i64,
}

impl Slice<'_> {
    /// The occasions that a booking is, the confirmation first.
    fn wanted(&self, booking: &Booking) -> Vec<Wanted> {
        let Some(happened) = of_booking(booking) else {
            return Vec::new();
        };
        let basis = canonical::digest(json!(happened.booked).to_string());
        let amount = happened.booked.amount;
        let since = self.programme.since;
        let wanted = |(on, what): (Day, Happening)| {
            let kind = what.kind();
            let at = time::start_of_day(on, self.room.terms.time_zone);
            Wanted {
                kind,
                on,
                occasion: json!(Occasion { at, on, what }).to_string(),
                basis: basis.clone(),
                amount,
            }
        };
        happened
            .occasions()
            .map(wanted)
            .filter(|wanted| wanted.on >= since)
            .collect()
    }

    fn follow(&mut self, id: &str, customer: Uuid, booking: &Booking) {
        let known = self.occasions.remove(id).unwrap_or_default();
        let wanted = self.wanted(booking);
        for binding in self.bindings.clone() {
            for (place, kind) in ["booking-confirmed", "booking-completed"].into_iter().enumerate() {
                let own = known.iter().filter(|row| row.binding == binding && row.kind == kind);
                let latest = own.max_by_key(|row| row.round).cloned();
                let wanted = wanted.iter().find(|wanted| wanted.kind == kind);
                // joining comes before what is confirmed, and that before what is completed
                self.one(id, customer, (&binding, 1 + place as i64), latest, wanted, booking);
            }
        }
    }

    /// Brings one occasion of a booking to what it should be.
    fn one(
        &mut self,
        id: &str,
        customer: Uuid,
        (binding, place): (&str, i64),
        latest: Option<OccasionRow>,
        wanted: Option<&Wanted>,
        booking: &Booking,
    ) {
        let round = latest.as_ref().map_or(0, |row| row.round);
        let again = match (latest.filter(|row| row.state != "undone"), wanted) {
            (Some(row), None) => {
                self.undo(row, customer);
                None
            }
            (Some(row), Some(wanted)) if row.state != "settled" => {
                if row.basis != wanted.basis {
                    self.changed.push(OccasionRow {
                        state: WAITING.to_owned(),
                        occasion: wanted.occasion.clone(),
                        on_day: wanted.on,
                        basis: wanted.basis.clone(),
                        amount: wanted.amount,
                        attempts: 0,
                        due_at: place,
                        problem: None,
                        ..row
                    });
                }
                None
            }
            (Some(row), Some(wanted)) if row.basis != wanted.basis => {
                self.undo(row, customer);
                Some(wanted)
            }
            (Some(row), Some(wanted)) => match self.keep(&row, customer, booking.paid_back()) {
                true => {
                    self.undo(row, customer);
                    Some(wanted)
                }
                false => {
                    self.activate(&row, customer, booking.over_on());
                    None
                }
            },
            (None, wanted) => wanted,
        };
        if let Some(wanted) = again {
            self.changed.push(OccasionRow {
                id: self.app.entropy.id(self.moment.now),
                customer_id: customer,
                kind: wanted.kind.to_owned(),
                about_kind: "booking".to_owned(),
                about: id.to_owned(),
                binding: binding.to_owned(),
                round: round + 1,
                state: WAITING.to_owned(),
                occasion: wanted.occasion.clone(),
                on_day: wanted.on,
                basis: wanted.basis.clone(),
                amount: wanted.amount,
                attempts: 0,
                due_at: place,
                problem: None,
                decision_id: None,
                created_at: self.moment.now,
            });
        }
    }

    /// Takes back all that an occasion earned: its booking was called off, or is another one by now.
    pub(super) fn undo(&mut self, row: OccasionRow, customer: Uuid) {
        self.take_back(&row, customer, "undone", |_| 0);
        self.changed.push(OccasionRow {
            state: "undone".to_owned(),
            ..row
        });
    }

    /// Takes back what a refund leaves nothing of; whether it leaves more than was taken back before, so that it earns again.
    fn keep(&mut self, row: &OccasionRow, customer: Uuid, refunded: i64) -> bool {
        let Some(sheet) = self.sheets.get(&customer) else {
            return false;
        };
        let lots = sheet.lots_of(row.id);
        let own = sheet.account.lots.iter().filter(|lot| lots.contains(&lot.id));
        let raised = own.into_iter().any(|lot| {
            let taken = lot.reversed + lot.charged;
            taken > 0 && kept(lot.issued, row.amount, refunded) > lot.issued - taken
        });
        if !raised {
            self.take_back(row, customer, &refunded.to_string(), |issued| {
                kept(issued, row.amount, refunded)
            });
        }
        raised
    }

    fn take_back(&mut self, row: &OccasionRow, customer: Uuid, mark: &str, keep: impl Fn(i64) -> i64) {
        let Some(sheet) = self.sheets.get_mut(&customer) else {
            return;
        };
        for id in sheet.lots_of(row.id) {
            let Some(lot) = sheet.account.lots.iter().find(|lot| lot.id == id) else {
                continue;
            };
            let (wallet, issued) = (lot.wallet, lot.issued);
            let moved = sheet.account.keep(id, keep(issued));
            let why = Why {
                kind: "reversed",
                about_kind: "lot",
                about: format!("{id}/{mark}"),
                binding: row.binding.clone(),
                ..Why::default()
            };
            sheet.note(self.app, wallet, &moved, why);
        }
    }

    fn activate(&mut self, row: &OccasionRow, customer: Uuid, over: Option<Day>) {
        let (Some(day), Some(sheet)) = (over, self.sheets.get_mut(&customer)) else {
            return;
        };
        for id in sheet.lots_of(row.id) {
            let waits = sheet
                .account
                .lots
                .iter()
                .find(|lot| lot.id == id && lot.waits == Some(Waiting::Trip));
            let Some(wallet) = waits.map(|lot| lot.wallet) else {
                continue;
            };
            let moved = sheet.account.activate(id, day);
            let why = Why {
                kind: "activated",
                about_kind: "lot",
                about: id.to_string(),
                binding: row.binding.clone(),
                ..Why::default()
            };
            sheet.note(self.app, wallet, &moved, why);
        }
        // a trip that was over long ago leaves points that are over by now
        sheet.turn(self.app);
        sheet.settle(self.app, &format!("{}/over", row.id));
    }
}

impl Loyalty<'_> {
    /// Follows some bookings while rules are asked about some occasions, and looks again at tiers of members who were given or lost status by
    /// hand. Whether there was anything to do.
    pub(super) async fn go_on(&self, room: &Arc<Room>) -> Result<bool> {
        // asking needs no writer, so bookings are followed meanwhile; whoever changes by that is asked about again
        let (followed, asked) = tokio::join!(async { repeating!(self.follow_slice(room)) }, self.ask_some(room));
        let (followed, asked) = (followed?, asked?);
        Ok(self.turn_some(room).await? || followed || asked)
    }

    /// Looks at some of the reviews that came and the bookings that have changed; whether there were any.
    pub(super) async fn follow_slice(&self, room: &Arc<Room>) -> Result<bool> {
        let agency = room.id;
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        intake::lock(&mut tx, agency).await?;
        // behind the lock: lines of a statement stand in the order of their days
        let moment = self.app.segments().moment(room);
        let Some(programme) = store::programme(&mut tx, agency).await? else {
            return Ok(false);
        };
        let programme = Programme::try_from(programme)?;
        let were_reviews = self.follow_reviews(&mut tx, room, &programme, moment).await?;
        let ids = store::settle_touched(&mut tx, agency, SLICE).await?;
        if ids.is_empty() {
            if were_reviews {
                tx.commit().await?;
            }
            return Ok(were_reviews);
        }
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let rows = intake::bookings(&mut tx, agency, &ids).await?;
        let mut customers: Vec<Uuid> = rows.iter().map(|row| row.customer_id).collect();
        customers.sort_unstable();
        customers.dedup();
        if programme.enrol == Enrol::Automatic {
            let firm = |row: &&intake::BookingRow| {
                let from = row.booking.over_on().unwrap_or_default().max(row.booking.booked_on());
                row.booking.status.is_trip() && from >= programme.since
            };
            let firm: Vec<Uuid> = rows.iter().filter(firm).map(|row| row.customer_id).collect();
            members::enrol(self.app, &mut tx, room, &firm, moment).await?;
        }
        let mut occasions: HashMap<String, Vec<OccasionRow>> = HashMap::new();
        for row in store::occasions_about(&mut tx, agency, "booking", &ids).await? {
            occasions.entry(row.about.clone()).or_default().push(row);
        }
        let brought = brought(&mut tx, agency, &customers).await?;
        customers.extend(brought.iter().map(|one| one.row.referrer_id));
        customers.sort_unstable();
        customers.dedup();
        let known = occasions
            .values()
            .flatten()
            .chain(brought.iter().flat_map(|one| &one.occasions));
        let known: Vec<Uuid> = known.map(|row| row.id).collect();
        let mut sheets = Sheet::lock_all(self.app, &mut tx, agency, (&customers, &known), moment).await?;
        sheets.retain(|_, sheet| sheet.member.state != MemberState::Closed.as_str());
        let mut slice = Slice {
            app: self.app,
            room,
            programme,
            bindings: asked(&mut tx, agency).await?,
            moment,
            sheets,
            occasions,
            brought,
            looks_again: Vec::new(),
            changed: Vec::new(),
        };
        for row in &rows {
            if slice.sheets.contains_key(&row.customer_id) {
                slice.follow(&row.id, row.customer_id, &row.booking);
                slice.complete_referral(&row.id, row.customer_id, &row.booking);
            }
        }
        let Slice {
            sheets,
            changed,
            brought,
            looks_again,
            ..
        } = slice;
        store::put_occasions(&mut tx, agency, &changed).await?;
        for one in brought.iter().filter(|one| one.is_changed) {
            store::put_referral(&mut tx, agency, &one.row).await?;
        }
        let again = intake::bookings_of(&mut tx, agency, &looks_again).await?;
        store::touch(&mut tx, agency, &again).await?;
        let members: Vec<Uuid> = sheets.keys().copied().collect();
        let told = write(&mut tx, agency, &sheets.values().collect::<Vec<_>>()).await?;
        self.app
            .facts()
            .contribute::<super::Standing>(&mut tx, agency, &members, moment.today)
            .await?;
        tell(self.app, &mut tx, agency, told).await?;
        tx.commit().await?;
        room.woken.notify_one();
        Ok(true)
    }
}
