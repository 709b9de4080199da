//! An agency at work on this host: its terms, its intake, its frame and its segments.

mod away;

use crate::error::{AppError, Result};
use crate::facts::frame::Frame;
use crate::intake::queue::IntakeQueue;
use crate::owners::Owners;
use crate::quotes::{Prepared, Promotions};
use crate::rules::Logbook;
use crate::segments::{Desk, Live, Rankings};
use crate::together::Together;
use crate::{App, team, today};
use posthouse_domain::{AgencyTerms, Day, Instant, time};
use posthouse_engine::{Spent, Usage};
use posthouse_store::Access;
use posthouse_store::quotes::QuoteRow;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::sync::{Mutex, Notify, Semaphore};
use uuid::Uuid;

/// Faults of quotes' rules that are counted at once: each is a small transaction, and all of one rule are of the same row.
const COUNTING: usize = 8;

/// Plugins whose cost is known at a time.
const MOST_SPENT: usize = 1_000;

/// An agency at work on this host.
#[derive(Debug)]
pub struct Room {
    /// The agency.
    pub id: Uuid,
    /// Its short name.
    pub slug: String,
    /// Its terms of trade.
    pub terms: AgencyTerms,
    pub(crate) intake: IntakeQueue,
    /// Something was committed that segments have to follow.
    pub(crate) woken: Arc<Notify>,
    /// Whoever changes frame or segments holds this.
    pub(crate) desk: Mutex<Desk>,
    /// Whoever folds the facts for a new day holds this.
    pub(crate) turning: Arc<Mutex<()>>,
    /// Why the last attempt at that failed.
    turn_problem: std::sync::Mutex<Option<String>>,
    /// Whether frame and segments were read once.
    pub(crate) loaded: AtomicBool,
    /// The day for which this host knows that customer lifetime values were fitted.
    pub(crate) fitted_on: AtomicI32,
    /// The campaigns in force and how their rules fare.
    pub(crate) promotions: Promotions,
    /// Quotes that wait to be written.
    pub(crate) holding: Together<Prepared, Result<QuoteRow>>,
    /// Places of those who count faults of quotes' rules.
    pub(crate) counting: Arc<Semaphore>,
    /// What the quotes and full runs of each plugin have cost here, by digest.
    spent: std::sync::Mutex<HashMap<String, Spent>>,
    /// What the rules wrote and nobody has stored yet.
    pub(crate) logbook: Logbook,
    /// Orders of members that were made lately.
    pub(crate) rankings: Rankings,
    /// Numbers that are shown for moments before they are counted again.
    pub(crate) today: today::Kept,
    /// Whose customers are whose, of those who see only some.
    pub(crate) owners: Owners,
    /// When somebody last asked for it, by the machine's clock.
    used: AtomicI64,
    frame: RwLock<Frame>,
    live: RwLock<BTreeMap<String, Live>>,
}

impl Room {
    /// Adds what a rule used to what its plugin has cost this agency here.
    pub(crate) fn spend(&self, digest: &str, usage: &Usage) {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        if !spent.contains_key(digest) {
            // no more than there are revisions of an agency; those of long ago begin anew
            if spent.len() >= MOST_SPENT {
                spent.clear();
            }
            spent.insert(digest.to_owned(), Spent::default());
        }
        if let Some(spent) = spent.get(digest) {
            spent.add(usage);
        }
    }

    /// Nanoseconds of processor time that a unit of a plugin's fuel has taken for this agency here.
    pub(crate) fn nanos_per_unit(&self, digest: &str) -> Option<f64> {
        let spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        spent.get(digest)?.nanos_per_unit()
    }

    /// The day it is for the agency.
    pub fn day_of(&self, at: Instant) -> Day {
        time::day_of(at, self.terms.time_zone)
    }

    /// When somebody last asked for it, by the machine's clock.
    pub(crate) fn used_at(&self) -> Instant {
        self.used.load(Ordering::Relaxed)
    }

    /// Whether nothing is left to be done in it.
    pub(crate) fn is_idle(&self) -> bool {
        self.intake.is_empty() && self.logbook.is_empty()
    }

    pub(crate) fn turn_problem(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.turn_problem.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn frame(&self) -> RwLockReadGuard<'_, Frame> {
        self.frame.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The frame, if everyone's facts are of this day: whoever is not at the desk may find it on its way from one day to another.
    pub(crate) fn frame_of(&self, day: Day) -> Option<RwLockReadGuard<'_, Frame>> {
        Some(self.frame()).filter(|frame| frame.day == Some(day))
    }

    pub(crate) fn frame_mut(&self) -> RwLockWriteGuard<'_, Frame> {
        self.frame.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The segment bindings as they stand. Held for moments only.
    pub(crate) fn live(&self) -> RwLockReadGuard<'_, BTreeMap<String, Live>> {
        self.live.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the revisions of the bindings of segments add up to, as far as this host has followed.
    pub(crate) fn segment_revisions(&self) -> i64 {
        self.live().values().map(|live| live.row.revision).sum()
    }

    pub(crate) fn live_mut(&self) -> RwLockWriteGuard<'_, BTreeMap<String, Live>> {
        self.live.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App {
    /// The agency's room, opened at its first use.
    pub(crate) async fn room(&self, agency: Uuid) -> Result<Arc<Room>> {
        if let Some(room) = self.rooms.read().unwrap_or_else(PoisonError::into_inner).get(&agency) {
            room.used.store(self.machine.now(), Ordering::Relaxed);
            return Ok(room.clone());
        }
        let mut tx = self.store.read(Access::Agency(agency)).await?;
        let row = posthouse_store::team::agency(&mut tx, agency)
            .await?
            .ok_or(AppError::NotFound("agency"))?;
        drop(tx);
        let terms = team::terms(&row)?;
        let mut rooms = self.rooms.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(room) = rooms.get(&agency) {
            return Ok(room.clone());
        }
        let (intake, work) = IntakeQueue::new();
        let room = Arc::new(Room {
            id: row.id,
            slug: row.slug,
            terms,
            intake,
            woken: Arc::default(),
            desk: Mutex::default(),
            turning: Arc::default(),
            turn_problem: std::sync::Mutex::default(),
            loaded: AtomicBool::new(false),
            fitted_on: AtomicI32::new(Day::MIN),
            promotions: Promotions::default(),
            holding: Together::default(),
            counting: Arc::new(Semaphore::new(COUNTING)),
            spent: std::sync::Mutex::default(),
            logbook: Logbook::default(),
            rankings: Rankings::default(),
            today: today::Kept::default(),
            owners: Owners::default(),
            used: AtomicI64::new(self.machine.now()),
            frame: RwLock::default(),
            live: RwLock::default(),
        });
        self.background.spawn(work.run(self.clone(), Arc::downgrade(&room)));
        self.background.spawn(crate::segments::follow(
            self.clone(),
            Arc::downgrade(&room),
            room.woken.clone(),
        ));
        self.background.spawn(crate::rules::keep_log(
            self.clone(),
            Arc::downgrade(&room),
            room.logbook.woken.clone(),
        ));
        rooms.insert(agency, room.clone());
        Ok(room)
    }

    /// Every room that is open on this host.
    pub(crate) fn open_rooms(&self) -> Vec<Arc<Room>> {
        self.rooms
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect()
    }
}
