//! Room for jobs that run beside each other, of which no agency has all.

use posthouse_store::jobs::LeftOut;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use uuid::Uuid;

/// How many agencies fill a lane, each with its share.
const AGENCIES: u32 = posthouse_store::jobs::LEFT_OUT as u32;

/// Room for jobs that run at once. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Slots {
    width: u32,
    taken: Arc<Mutex<HashMap<Uuid, u32>>>,
    freed: Arc<Notify>,
}

impl Slots {
    pub(super) fn new(width: u32) -> Self {
        Self {
            width,
            taken: Arc::default(),
            freed: Arc::default(),
        }
    }

    /// A slot for a job of this agency, given back when it is dropped; none if the agency has its share, or all are taken.
    pub(super) fn take(&self, agency: Uuid) -> Option<Slot> {
        let mut taken = self.taken();
        if taken.values().sum::<u32>() >= self.width || taken.get(&agency).is_some_and(|own| *own >= self.share()) {
            return None;
        }
        *taken.entry(agency).or_default() += 1;
        Some(Slot(self.clone(), agency))
    }

    /// How many are free, once there are any. Only one waits at a time.
    pub(super) async fn free(&self) -> i64 {
        loop {
            let free = self.width - self.taken().values().sum::<u32>();
            if free > 0 {
                return i64::from(free);
            }
            self.freed.notified().await;
        }
    }

    /// The agencies that have their share.
    pub(super) fn full(&self) -> LeftOut {
        let mut full = LeftOut::default();
        let taken = self.taken();
        let agencies = taken.iter().filter(|(_, own)| **own >= self.share());
        for (place, (agency, _)) in full.iter_mut().zip(agencies) {
            *place = *agency;
        }
        full
    }

    /// Waits until one was given back since this was last waited for.
    pub(super) async fn freed(&self) {
        self.freed.notified().await;
    }

    /// Waits until all are given back.
    pub(super) async fn all_free(&self) {
        while !self.taken().is_empty() {
            self.freed.notified().await;
        }
    }

    fn share(&self) -> u32 {
        self.width.div_ceil(AGENCIES)
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<Uuid, u32>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A slot that a job of an agency has.
#[derive(Debug)]
pub(super) struct Slot(Slots, Uuid);

impl Drop for Slot {
    fn drop(&mut self) {
        let Self(slots, agency) = self;
        let mut taken = slots.taken();
        if let Some(own) = taken.get_mut(agency) {
            *own -= 1;
            if *own == 0 {
                taken.remove(agency);
            }
        }
        drop(taken);
        slots.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_agency_has_its_share_and_no_more() {
        let slots = Slots::new(8);
        let agencies = [1, 2, 3, 4].map(Uuid::from_u128);
        let mut held = Vec::new();
        for (n, agency) in agencies.into_iter().enumerate() {
            assert_eq!(slots.free().await, 8 - 2 * n as i64);
            held.extend([slots.take(agency).unwrap(), slots.take(agency).unwrap()]);
            assert!(slots.take(agency).is_none(), "its share");
            if n < 3 {
                let full = slots.full();
                assert_eq!(full.iter().filter(|full| !full.is_nil()).count(), n + 1);
                assert!(full.contains(&agency));
            }
        }
        assert!(slots.take(Uuid::from_u128(5)).is_none(), "all are taken");
        held.remove(0);
        assert_eq!(slots.free().await, 1);
        assert!(!slots.full().contains(&agencies[0]));
        let last = slots.take(Uuid::from_u128(5)).unwrap();
        drop((held, last));
        slots.all_free().await;
        assert_eq!(slots.free().await, 8);
    }
}
