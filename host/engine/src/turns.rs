//! The threads that ask rules, and whose turn it is. Questions that somebody waits for have threads of their own, and what goes over a whole
//! population has others. Among each, agencies take turns by the time they have used, and one agency alone never holds all threads.

use crate::processor::used as cpu;
use crate::runtime::lock;
use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Time of a thread after which a question with more pieces stands at the end of its agency's line again.
const SLICE: Duration = Duration::from_millis(2);

/// Work that waits, by agency.
struct Line<W> {
    agencies: HashMap<u128, Agency<W>>,
    came: u64,
}

struct Agency<W> {
    waiting: VecDeque<W>,
    busy: usize,
    used: Duration,
    came: u64,
}

impl<W> Default for Line<W> {
    fn default() -> Self {
        Self {
            agencies: HashMap::new(),
            came: 0,
        }
    }
}

impl<W> Line<W> {
    /// Stands at the end of its agency's line. An agency that comes has used as much as the one that used least: neither what it left unused
    /// nor what it used before it went counts.
    fn stand(&mut self, whose: u128, work: W) {
        self.came += 1;
        let used = self.agencies.values().map(|agency| agency.used).min();
        let agency = self.agencies.entry(whose).or_insert(Agency {
            waiting: VecDeque::new(),
            busy: 0,
            used: used.unwrap_or_default(),
            came: self.came,
        });
        agency.waiting.push_back(work);
    }

    /// The first in the line of the agency that has used least, of those that have fewer than `most` under way.
    fn next(&mut self, most: usize) -> Option<(u128, W)> {
        let may_go = |agency: &Agency<W>| !agency.waiting.is_empty() && agency.busy < most;
        let first = self.agencies.iter_mut().filter(|(_, agency)| may_go(agency));
        let (whose, agency) = first.min_by_key(|(_, agency)| (agency.used, agency.busy, agency.came))?;
        let work = agency.waiting.pop_front()?;
        agency.busy += 1;
        Some((*whose, work))
    }

    /// What was under way is over, or stands in the line again, after so much time.
    fn leave(&mut self, whose: u128, spent: Duration) {
        let Some(agency) = self.agencies.get_mut(&whose) else {
            return;
        };
        agency.used += spent;
        agency.busy -= 1;
        if agency.busy == 0 && agency.waiting.is_empty() {
            self.agencies.remove(&whose);
        }
    }
}

/// Threads for questions that somebody waits for: twice as many as one agency may hold.
pub(crate) struct Questions(Arc<Desk>);

struct Desk {
    state: Mutex<State>,
    came: Condvar,
    /// Threads of one agency at most.
    each: usize,
}

#[derive(Default)]
struct State {
    line: Line<Arc<Question>>,
    over: bool,
}

/// A question in pieces that do not depend on each other.
struct Question {
    next: AtomicUsize,
    pieces: usize,
    ask: Box<dyn Fn(usize) + Send + Sync>,
}

impl Question {
    /// Asks the next piece, if there is one; says whether there are more. A panic ends the question.
    fn piece(&self) -> bool {
        let piece = self.next.fetch_add(1, Ordering::Relaxed);
        if piece >= self.pieces {
            return false;
        }
        // the hook has told of it, and whoever waits sees that no more comes
        if catch_unwind(AssertUnwindSafe(|| (self.ask)(piece))).is_err() {
            self.next.store(self.pieces, Ordering::Relaxed);
            return false;
        }
        piece + 1 < self.pieces
    }
}

impl Questions {
    pub(crate) fn new(each: usize, stack: usize) -> std::io::Result<Self> {
        let desk = Arc::new(Desk {
            state: Mutex::default(),
            came: Condvar::new(),
            each,
        });
        let questions = Self(desk);
        for n in 0..each * 2 {
            let desk = questions.0.clone();
            let thread = std::thread::Builder::new()
                .name(format!("plugin-ask-{n}"))
                .stack_size(stack);
            thread.spawn(move || desk.answer())?;
        }
        Ok(questions)
    }

    /// Has the threads call `ask` once for each number below `pieces`, in their order, several at a time; it is dropped behind the last.
    pub(crate) fn ask(&self, whose: u128, pieces: usize, ask: impl Fn(usize) + Send + Sync + 'static) {
        let question = Arc::new(Question {
            next: AtomicUsize::new(0),
            pieces,
            ask: Box::new(ask),
        });
        let mut state = lock(&self.0.state);
        for _ in 0..pieces.min(self.0.each) {
            state.line.stand(whose, question.clone());
            self.0.came.notify_one();
        }
    }
}

impl Desk {
    fn answer(&self) {
        let mut state = lock(&self.state);
        loop {
            let Some((whose, question)) = state.line.next(self.each) else {
                if state.over {
                    return;
                }
                state = self.came.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            drop(state);
            let began = cpu();
            let mut more = question.piece();
            while more && cpu().saturating_sub(began) < SLICE {
                more = question.piece();
            }
            let spent = cpu().saturating_sub(began);
            let again = more.then_some(question);
            state = lock(&self.state);
            if let Some(question) = again {
                state.line.stand(whose, question);
            }
            // this thread takes the place that is free now
            state.line.leave(whose, spent);
        }
    }
}

impl Drop for Questions {
    fn drop(&mut self) {
        // what waits is still asked
        lock(&self.0.state).over = true;
        self.0.came.notify_all();
    }
}

/// Pools for what goes over a population, one piece of work in each at a time.
pub(crate) struct Runs {
    line: Mutex<Places>,
    pools: [rayon::ThreadPool; POOLS],
}

/// One more than an agency may hold.
const POOLS: usize = 2;

struct Places {
    line: Line<Box<dyn FnOnce() + Send>>,
    free: Vec<usize>,
}

impl Runs {
    pub(crate) fn new(pools: [rayon::ThreadPool; POOLS]) -> Arc<Self> {
        let places = Places {
            line: Line::default(),
            free: (0..POOLS).rev().collect(),
        };
        Arc::new(Self {
            line: Mutex::new(places),
            pools,
        })
    }

    pub(crate) fn pool(&self) -> &rayon::ThreadPool {
        &self.pools[0]
    }

    /// Has one of the pools do `work`, in which rayon's parallel iterators use all its threads.
    pub(crate) fn begin(self: &Arc<Self>, whose: u128, work: impl FnOnce() + Send + 'static) {
        let mut places = lock(&self.line);
        places.line.stand(whose, Box::new(work));
        self.go(&mut places);
    }

    fn go(self: &Arc<Self>, places: &mut Places) {
        while let Some(pool) = places.free.pop() {
            let Some((whose, work)) = places.line.next(POOLS - 1) else {
                places.free.push(pool);
                return;
            };
            let under_way = UnderWay {
                runs: self.clone(),
                whose,
                pool,
                began: Instant::now(),
            };
            self.pools[pool].spawn(move || {
                let _under_way = under_way;
                work();
            });
        }
    }
}

/// Gives the pool back, also behind a panic.
struct UnderWay {
    runs: Arc<Runs>,
    whose: u128,
    pool: usize,
    began: Instant,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut places = lock(&self.runs.line);
        places.line.leave(self.whose, self.began.elapsed());
        places.free.push(self.pool);
        self.runs.go(&mut places);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, channel};

    /// Burns this much of the thread's own time.
    fn burn(time: Duration) {
        let began = cpu();
        while cpu().saturating_sub(began) < time {
            std::hint::spin_loop();
        }
    }

    fn questions(each: usize) -> Questions {
        Questions::new(each, 1 << 20).expect("threads")
    }

    /// The next of what was said, or none if all is said.
    fn next<T>(said: &Receiver<T>) -> Option<T> {
        said.recv_timeout(Duration::from_secs(20)).ok()
    }

    #[test]
    fn agencies_take_turns_by_what_they_used() {
        let mut line = Line::default();
        for work in ["a1", "a2", "a3"] {
            line.stand(1, work);
        }
        line.stand(2, "b1");
        assert_eq!(line.next(2), Some((1, "a1")));
        assert_eq!(line.next(2), Some((2, "b1")), "the other has one under way");
        line.stand(2, "b2");
        assert_eq!(line.next(2), Some((1, "a2")));
        line.leave(1, Duration::from_millis(5));
        assert_eq!(line.next(2), Some((2, "b2")));
        assert_eq!(line.next(1), None, "one of the first is under way");
        line.stand(3, "c1");
        assert_eq!(
            line.next(2),
            Some((3, "c1")),
            "who comes has used as little as the least"
        );
        for whose in [1, 2, 2, 3] {
            line.leave(whose, Duration::ZERO);
        }
        assert_eq!(line.next(1), Some((1, "a3")));
        line.leave(1, Duration::ZERO);
        assert!(line.agencies.is_empty());
    }

    #[test]
    fn every_piece_is_asked_once() {
        let (said, heard) = channel();
        let asked = questions(3);
        asked.ask(1, 1_000, move |piece| said.send(piece).expect("somebody listens"));
        drop(asked);
        let mut pieces: Vec<usize> = std::iter::from_fn(|| next(&heard)).collect();
        pieces.sort_unstable();
        assert_eq!(pieces, (0..1_000).collect::<Vec<_>>());
    }

    #[test]
    fn a_panic_ends_its_question_alone() {
        let asked = questions(1);
        let (said, heard) = channel();
        asked.ask(1, 4, move |piece| {
            assert!(piece < 2, "this one is broken");
            said.send(piece).expect("somebody listens");
        });
        assert_eq!(std::iter::from_fn(|| next(&heard)).collect::<Vec<_>>(), [0, 1]);
        let (said, heard) = channel();
        asked.ask(1, 1, move |piece| said.send(piece).expect("somebody listens"));
        assert_eq!(next(&heard), Some(0));
    }

    #[test]
    fn a_slow_agency_does_not_keep_another_waiting() {
        let asked = questions(2);
        let (slow, slowly) = channel();
        for _ in 0..20 {
            let slow = slow.clone();
            asked.ask(1, 2, move |_| {
                burn(Duration::from_millis(100));
                slow.send(()).expect("somebody listens");
            });
        }
        drop(slow);
        // four seconds of work stand before it
        let (said, heard) = channel();
        asked.ask(2, 8, move |piece| said.send(piece).expect("somebody listens"));
        assert_eq!(std::iter::from_fn(|| next(&heard)).count(), 8);
        let before = slowly.try_iter().count();
        assert!(before < 8, "{before} slow pieces came first");
        assert_eq!(before + std::iter::from_fn(|| next(&slowly)).count(), 40);
    }

    #[test]
    fn runs_of_one_agency_leave_a_pool_to_others() {
        let pool = || rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
        let runs = Runs::new([pool(), pool()]);
        let (open, gate) = channel::<()>();
        let (said, heard) = channel();
        let gate = Arc::new(Mutex::new(gate));
        for run in ["a1", "a2"] {
            let (gate, said) = (gate.clone(), said.clone());
            runs.begin(1, move || {
                next(&lock(&gate)).expect("it is opened");
                said.send(run).expect("somebody listens");
            });
        }
        let told = said.clone();
        runs.begin(2, move || told.send("b").expect("somebody listens"));
        assert_eq!(
            next(&heard),
            Some("b"),
            "the second run of the first waits for its first"
        );
        open.send(()).expect("it waits");
        assert_eq!(next(&heard), Some("a1"));
        open.send(()).expect("it waits");
        assert_eq!(next(&heard), Some("a2"));
    }
}
