//! The room that bodies of requests have in memory: no agency has all of it, and nobody waits for it.

use crate::problem::{Answer, OVERLOADED, Problem};
use axum::http::StatusCode;
use posthouse_domain::words;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

/// So much of each body is not counted: the places of requests bound it, and usual requests never meet with a full store.
pub const FREE: usize = 64 << 10;
/// The bodies of one agency have at most this part of the store, but for one that is larger by itself.
const SHARE: usize = 2;

/// The room that bodies have in memory.
#[derive(Debug, Clone)]
pub struct Store(Arc<Shelves>);

#[derive(Debug)]
struct Shelves {
    most: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_agency: HashMap<Uuid, usize>,
}

impl Store {
    /// Room for so many bytes.
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Shelves {
            most,
            taken: Mutex::default(),
        }))
    }

    /// Room for the body of a request of this agency; nothing is taken yet.
    pub fn ration(&self, agency: Uuid) -> Ration {
        Ration {
            store: self.clone(),
            agency,
            bytes: 0,
        }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one body has of the room, until it is dropped.
#[derive(Debug)]
pub struct Ration {
    store: Store,
    agency: Uuid,
    bytes: usize,
}

impl Ration {
    /// Makes room for a body that has reached this length.
    ///
    /// # Errors
    /// `overloaded` if there is none.
    pub fn reach(&mut self, length: usize) -> Answer<()> {
        let more = length.saturating_sub(FREE).saturating_sub(self.bytes);
        if more == 0 {
            return Ok(());
        }
        let most = self.store.0.most;
        let mut taken = self.store.taken();
        let own = taken.by_agency.get(&self.agency).copied().unwrap_or(0);
        // a body has room where nobody else is, however large its call takes it
        if taken.all + more > most && taken.all > self.bytes || own + more > most / SHARE && own > self.bytes {
            metrics::counter!("posthouse_overloaded_total").increment(1);
            let detail = words!(
                "too many large bodies are being received; nothing was changed, send the request again in a moment",
                "正在接收的大请求体过多；没有任何改动，请稍后重新发送请求"
            );
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, OVERLOADED, detail).retry_after(1));
        }
        taken.all += more;
        *taken.by_agency.entry(self.agency).or_default() += more;
        self.bytes += more;
        Ok(())
    }
}

impl Drop for Ration {
    fn drop(&mut self) {
        if self.bytes == 0 {
            return;
        }
        let mut taken = self.store.taken();
        taken.all -= self.bytes;
        if let Some(own) = taken.by_agency.get_mut(&self.agency) {
            *own -= self.bytes;
            if *own == 0 {
                taken.by_agency.remove(&self.agency);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Uuid = Uuid::from_u128(1);
    const OTHER: Uuid = Uuid::from_u128(2);
    const THIRD: Uuid = Uuid::from_u128(3);

    fn code(answer: Answer<()>) -> (u16, String) {
        let problem = answer.unwrap_err();
        (problem.status.as_u16(), problem.code)
    }

    #[test]
    fn no_agency_has_all_the_room_and_small_bodies_need_none() {
        let store = Store::new(8 << 20);
        let mut first = store.ration(ONE);
        first.reach(FREE + (3 << 20)).unwrap();
        let mut second = store.ration(ONE);
        second.reach(FREE + (1 << 20)).unwrap();
        assert_eq!(code(second.reach(FREE + (2 << 20))), (503, OVERLOADED.into()));
        let mut others = store.ration(OTHER);
        others.reach(FREE + (4 << 20)).unwrap();
        let mut third = store.ration(THIRD);
        assert_eq!(code(third.reach(FREE + 1)), (503, OVERLOADED.into()), "it is full");
        store.ration(THIRD).reach(FREE).unwrap();
        drop((first, second));
        third.reach(FREE + (4 << 20)).unwrap();
        drop((third, others));
        let taken = store.taken();
        assert_eq!((taken.all, taken.by_agency.len()), (0, 0));
    }

    #[test]
    fn a_body_as_large_as_its_call_takes_has_room_where_nobody_is() {
        let store = Store::new(1 << 20);
        let mut only = store.ration(ONE);
        for length in (0..=8 << 20).step_by(100_000) {
            only.reach(length).unwrap();
        }
        assert_eq!(code(store.ration(ONE).reach(FREE + 1)), (503, OVERLOADED.into()));
    }
}
