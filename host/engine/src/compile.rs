//! The queue in front of the compiler.

use crate::refusal::LoadError;
use crate::runtime::lock;
use std::collections::{HashMap, HashSet};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Some components are compiled at a time; a few wait; the rest is turned away. An agency has one that is let in at a time, and half of
/// the places to wait; agencies take turns. What was let in before goes first and has a lane that nothing else may use, so that it never
/// waits for a component that nobody knows. However many want the same one, it has one place in the line.
pub(crate) struct CompileQueue {
    state: Mutex<Line>,
    moved: Condvar,
    lanes: usize,
    most: usize,
}

/// Calls of one agency that may wait at a time, for the same components or others: each has a thread.
const STANDING: usize = 64;

#[derive(Default)]
struct Line {
    busy: Vec<Place>,
    /// In the order in which they came.
    waiting: Vec<Place>,
    /// The next number, for places and turns.
    next: u64,
    /// When each agency that is here had its last turn.
    turns: HashMap<String, u64>,
    /// Nobody's turn comes.
    held: bool,
}

/// Somebody in the line.
#[derive(Clone)]
struct Place {
    number: u64,
    digest: String,
    /// The agency it is to be let in for; `None` if it was let in before.
    whose: Option<String>,
}

impl Line {
    /// How many components wait, of one agency or of all, that are not being compiled.
    fn count(&self, whose: Option<&str>) -> usize {
        let digests: HashSet<&str> = self
            .waiting
            .iter()
            .filter(|place| whose.is_none() || place.whose.as_deref() == whose)
            .map(|place| place.digest.as_str())
            .filter(|digest| !self.compiles(digest))
            .collect();
        digests.len()
    }

    fn compiles(&self, digest: &str) -> bool {
        self.busy.iter().any(|place| place.digest == digest)
    }

    /// Whether a lane is free for this one.
    fn may_go(&self, place: &Place, lanes: usize) -> bool {
        if self.held || self.compiles(&place.digest) {
            return false;
        }
        match &place.whose {
            None => self.busy.len() <= lanes,
            Some(agency) => self.busy.len() < lanes && self.busy.iter().all(|busy| busy.whose.as_ref() != Some(agency)),
        }
    }

    /// Whose turn it is.
    fn first(&self, lanes: usize) -> Option<&Place> {
        let turn = |place: &&Place| match &place.whose {
            None => (false, 0, place.number),
            Some(agency) => (true, self.turns.get(agency).copied().unwrap_or_default(), place.number),
        };
        let may_go = self.waiting.iter().filter(|place| self.may_go(place, lanes));
        may_go.min_by_key(turn)
    }

    fn leave(&mut self, number: u64) {
        self.busy.retain(|place| place.number != number);
        let (busy, waiting) = (&self.busy, &self.waiting);
        self.turns.retain(|agency, _| {
            busy.iter()
                .chain(waiting)
                .any(|place| place.whose.as_ref() == Some(agency))
        });
    }
}

impl CompileQueue {
    /// `lanes` components that are not let in yet at a time, while `most` wait.
    pub(crate) fn new(lanes: usize, most: usize) -> Self {
        Self {
            state: Mutex::default(),
            moved: Condvar::new(),
            lanes,
            most,
        }
    }

    /// Waits for the compiler, unless too many wait already. Whoever waits for a component finds it in the cache once the first of them has
    /// had it let in.
    pub(crate) fn enter(&self, whose: &str, digest: &str) -> Result<Turn<'_>, LoadError> {
        let line = lock(&self.state);
        let place = Place {
            number: 0,
            digest: digest.to_owned(),
            whose: Some(whose.to_owned()),
        };
        let stand = |place: &&Place| place.whose.as_deref() == Some(whose);
        if line.waiting.iter().filter(stand).count() >= STANDING {
            return Err(LoadError::QueueFull {
                waiting: line.count(None),
            });
        }
        let known = line.compiles(digest) || line.waiting.iter().any(|waiting| waiting.digest == digest);
        let goes_on = line.waiting.is_empty() && line.may_go(&place, self.lanes);
        if !known && !goes_on {
            let (waiting, own) = (line.count(None), line.count(Some(whose)));
            if waiting >= self.most || own >= self.most.div_ceil(2) {
                return Err(LoadError::QueueFull { waiting });
            }
        }
        Ok(self.stand_in(line, place))
    }

    /// Waits for the compiler however many do: for a component that was let in. There are no more of them than are in force.
    pub(crate) fn enter_with_what_was_let_in(&self, digest: &str) -> Turn<'_> {
        let place = Place {
            number: 0,
            digest: digest.to_owned(),
            whose: None,
        };
        self.stand_in(lock(&self.state), place)
    }

    fn stand_in(&self, mut line: MutexGuard<'_, Line>, mut place: Place) -> Turn<'_> {
        place.number = line.next;
        line.next += 1;
        let number = place.number;
        line.waiting.push(place);
        let mut line = self
            .moved
            .wait_while(line, |line| {
                line.first(self.lanes).map(|first| first.number) != Some(number)
            })
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = line.waiting.iter().position(|place| place.number == number) {
            let place = line.waiting.remove(at);
            let now = line.next;
            line.next += 1;
            if let Some(agency) = &place.whose {
                line.turns.insert(agency.clone(), now);
            }
            line.busy.push(place);
        }
        // another lane may be free for the next one
        self.moved.notify_all();
        Turn { queue: self, number }
    }

    /// Lets nobody go on until what is returned is dropped.
    pub(crate) fn hold(&self) -> impl Drop + '_ {
        let mut line = self
            .moved
            .wait_while(lock(&self.state), |line| line.held || !line.busy.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        line.held = true;
        Held(self)
    }
}

/// The right to compile.
pub(crate) struct Turn<'a> {
    queue: &'a CompileQueue,
    number: u64,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        lock(&self.queue.state).leave(self.number);
        self.queue.moved.notify_all();
    }
}

struct Held<'a>(&'a CompileQueue);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        lock(&self.0.state).held = false;
        self.0.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use std::thread;

    fn waits(queue: &CompileQueue, many: usize) {
        while lock(&queue.state).waiting.len() < many {
            thread::yield_now();
        }
    }

    #[test]
    fn those_who_want_the_same_have_one_place_in_the_line() {
        let queue = CompileQueue::new(1, 1);
        let busy = queue.enter("one", "a").expect("nobody compiles");
        thread::scope(|scope| {
            for digest in ["a", "b"] {
                for _ in 0..16 {
                    let queue = &queue;
                    scope.spawn(move || queue.enter("one", digest).map(drop).expect("its component has a place"));
                    // the first of them takes the place
                    waits(queue, 1);
                }
            }
            waits(&queue, 32);
            let full = queue.enter("two", "c").err().expect("no place is left");
            assert_eq!(full, LoadError::QueueFull { waiting: 1 });
            drop(busy);
        });
        let line = lock(&queue.state);
        assert!(line.busy.is_empty() && line.waiting.is_empty() && line.turns.is_empty());
    }

    #[test]
    fn an_agency_has_one_lane_and_half_of_the_places() {
        let queue = CompileQueue::new(2, 4);
        let greedy = queue.enter("greedy", "a").expect("nobody compiles");
        thread::scope(|scope| {
            for digest in ["b", "c"] {
                let queue = &queue;
                scope.spawn(move || drop(queue.enter("greedy", digest).expect("a place")));
            }
            waits(&queue, 2);
            let full = queue.enter("greedy", "d").err().expect("the others are for others");
            assert_eq!(full, LoadError::QueueFull { waiting: 2 });
            let other = queue.enter("other", "e").expect("the second lane is free for others");
            // both are taken, and what was let in goes on all the same
            drop(queue.enter_with_what_was_let_in("f"));
            drop((greedy, other));
        });
    }

    #[test]
    fn what_was_let_in_goes_first_and_agencies_take_turns() {
        let queue = CompileQueue::new(1, 8);
        let (tell, told) = channel();
        let busy = queue.enter("one", "a").expect("nobody compiles");
        let opening = queue.enter_with_what_was_let_in("z");
        thread::scope(|scope| {
            let mut count = 0;
            for (whose, digest) in [(Some("one"), "b"), (Some("one"), "c"), (Some("two"), "d"), (None, "e")] {
                let (queue, tell) = (&queue, tell.clone());
                scope.spawn(move || {
                    let turn = match whose {
                        Some(whose) => queue.enter(whose, digest).expect("a place"),
                        None => queue.enter_with_what_was_let_in(digest),
                    };
                    tell.send(digest).expect("somebody listens");
                    drop(turn);
                });
                count += 1;
                waits(queue, count);
            }
            drop(busy);
            drop(opening);
        });
        drop(tell);
        assert_eq!(told.iter().collect::<Vec<_>>(), ["e", "d", "b", "c"]);
    }
}
