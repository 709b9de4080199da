//! How the files of different agencies go on beside each other on a host: slice by slice, and where more agencies wait than files can be open, file
//! by file.

use posthouse_store::jobs::{LEFT_OUT, LeftOut};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, SemaphorePermit};
use uuid::Uuid;

/// Files that are open at once, of different agencies: each takes memory for the slices that it has read.
pub(crate) const FILES: u32 = LEFT_OUT as u32;
/// Slices that are worked out at once, of different files, while those before them are written.
const SLICES: usize = 2;
/// The shortest and the longest turn of a file while others wait to be opened.
const TURN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// A turn is so many times as long as it took to come to the file's first row that is not done: that is done again in the next turn.
const WORTH: u32 = 4;

/// The files that are open on this host.
#[derive(Debug)]
pub(crate) struct Turns {
    slices: Semaphore,
    under_way: Mutex<Vec<Uuid>>,
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            slices: Semaphore::new(SLICES),
            under_way: Mutex::default(),
        }
    }
}

impl Turns {
    /// A file of this agency is opened.
    pub(super) fn begin(&self, agency: Uuid) -> Place<'_> {
        self.agencies().push(agency);
        Place {
            turns: self,
            agency,
            began: Instant::now(),
            turn: None,
            left: false,
        }
    }

    /// The agencies whose files are open.
    pub(super) fn under_way(&self) -> LeftOut {
        let mut open = LeftOut::default();
        for (place, agency) in open.iter_mut().zip(self.agencies().iter()) {
            *place = *agency;
        }
        open
    }

    fn agencies(&self) -> MutexGuard<'_, Vec<Uuid>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An open file's place among the others.
#[derive(Debug)]
pub(super) struct Place<'t> {
    turns: &'t Turns,
    agency: Uuid,
    began: Instant,
    /// How long the file may stay open while others wait, once its first row has come.
    turn: Option<Duration>,
    left: bool,
}

impl<'t> Place<'t> {
    /// Waits for the turn of a slice that has been read: whoever has waited longest comes first. It lasts until the permit is dropped.
    pub(super) async fn slice(&mut self) -> Option<SemaphorePermit<'t>> {
        let came = self.began.elapsed();
        self.turn.get_or_insert((came * WORTH).clamp(TURN.0, TURN.1));
        // it is never closed
        self.turns.slices.acquire().await.ok()
    }

    /// Whether the file has been open for a turn.
    pub(super) fn was_long(&self) -> bool {
        self.turn.is_some_and(|turn| self.began.elapsed() > turn)
    }

    /// Gives the file's place to one that waits, unless there is another: of files that look at the same time one gives its place.
    pub(super) fn leave(&mut self) -> bool {
        let mut open = self.turns.agencies();
        if !self.left && open.len() >= FILES as usize {
            take_out(&mut open, self.agency);
            self.left = true;
        }
        self.left
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if !self.left {
            take_out(&mut self.turns.agencies(), self.agency);
        }
    }
}

fn take_out(open: &mut Vec<Uuid>, agency: Uuid) {
    if let Some(place) = open.iter().position(|one| *one == agency) {
        open.swap_remove(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_gives_its_place_where_all_are_taken() {
        let turns = Turns::default();
        let mut open: Vec<_> = (1..=u128::from(FILES))
            .map(|n| turns.begin(Uuid::from_u128(n)))
            .collect();
        assert!(open[0].leave());
        assert!(!turns.under_way().contains(&Uuid::from_u128(1)));
        assert!(!open[1].leave(), "there is one");
        let fifth = turns.begin(Uuid::from_u128(99));
        assert!(open[1].leave());
        drop((open, fifth));
        assert_eq!(turns.under_way(), LeftOut::default());
    }

    #[tokio::test]
    async fn slices_wait_in_line_and_a_turn_is_worth_its_beginning() {
        let turns = Turns::default();
        let [mut one, mut two, mut three] = [1, 2, 3].map(|n| turns.begin(Uuid::from_u128(n)));
        one.began -= Duration::from_secs(5);
        let (first, second) = (one.slice().await, two.slice().await);
        let waited = tokio::time::timeout(Duration::from_millis(20), three.slice()).await;
        assert!(waited.is_err(), "two at once");
        drop(first);
        assert!(three.slice().await.is_some());
        drop(second);
        assert!(!one.was_long() && !two.was_long());
        one.began -= Duration::from_secs(16);
        two.began -= Duration::from_secs(2);
        assert!(one.was_long() && two.was_long());
    }
}
