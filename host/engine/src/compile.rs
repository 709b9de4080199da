//! From bytes to machine code: a bounded queue in front of the compiler.

use crate::refusal::{LoadError, Refusal};
use crate::runtime::lock;
use posthouse_domain::words;
use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use wasmtime::component::Component;

/// One component compiles at a time, on threads of its own; a few wait; the rest is turned away. However many want the same one, it has
/// one place in the line.
pub(crate) struct CompileQueue {
    state: Mutex<Line>,
    done: Condvar,
    most: usize,
    threads: rayon::ThreadPool,
}

#[derive(Default)]
struct Line {
    /// The component that compiles.
    busy: Option<String>,
    /// How many wait for each component.
    waiting: HashMap<String, usize>,
}

impl Line {
    /// How many other components have to be compiled, if this one has no place in the line yet.
    fn before(&self, digest: &str) -> Option<usize> {
        let busy = self.busy.as_deref()?;
        let is_new = busy != digest && !self.waiting.contains_key(digest);
        is_new.then(|| self.waiting.keys().filter(|waiting| *waiting != busy).count())
    }

    fn leave(&mut self, digest: &str) {
        if let Some(many) = self.waiting.get_mut(digest) {
            *many -= 1;
            if *many == 0 {
                self.waiting.remove(digest);
            }
        }
    }
}

impl CompileQueue {
    pub(crate) fn new(most: usize, threads: rayon::ThreadPool) -> Self {
        Self {
            state: Mutex::default(),
            done: Condvar::new(),
            most,
            threads,
        }
    }

    /// Waits for the compiler, unless too many wait already. Whoever waits for a component finds it in the cache once the first of them has
    /// compiled it.
    pub(crate) fn enter(&self, digest: &str) -> Result<Turn<'_>, LoadError> {
        let line = lock(&self.state);
        match line.before(digest).filter(|waiting| *waiting >= self.most) {
            Some(waiting) => Err(LoadError::QueueFull { waiting }),
            None => Ok(self.stand_in(line, digest)),
        }
    }

    /// Waits for the compiler however many do: for a component that was let in. There are no more of them than are in force.
    pub(crate) fn enter_with_what_was_let_in(&self, digest: &str) -> Turn<'_> {
        self.stand_in(lock(&self.state), digest)
    }

    fn stand_in(&self, mut line: MutexGuard<'_, Line>, digest: &str) -> Turn<'_> {
        if line.busy.is_some() {
            *line.waiting.entry(digest.to_owned()).or_default() += 1;
            line = self
                .done
                .wait_while(line, |line| line.busy.is_some())
                .unwrap_or_else(PoisonError::into_inner);
            line.leave(digest);
        }
        line.busy = Some(digest.to_owned());
        Turn(self)
    }
}

/// The right to compile.
pub(crate) struct Turn<'a>(&'a CompileQueue);

impl Turn<'_> {
    /// Compiles a component that has been inspected.
    pub(crate) fn compile(&self, engine: &wasmtime::Engine, bytes: &[u8]) -> Result<Component, Refusal> {
        self.0
            .threads
            .install(|| Component::from_binary(engine, bytes))
            .map_err(|error| {
                Refusal::new(
                    "does_not_compile",
                    words!(
                        "the component does not fit the sandbox: {error:#}",
                        "组件不符合沙箱的要求：{error:#}"
                    ),
                )
            })
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        lock(&self.0.state).busy = None;
        self.0.done.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_want_the_same_have_one_place_in_the_line() {
        let threads = rayon::ThreadPoolBuilder::new().num_threads(1).build();
        let queue = CompileQueue::new(1, threads.expect("a thread"));
        let waits = |digest: &str| lock(&queue.state).waiting.get(digest).copied().unwrap_or_default();
        let busy = queue.enter("a").expect("nobody compiles");
        std::thread::scope(|scope| {
            for digest in ["a", "b"] {
                for _ in 0..16 {
                    let queue = &queue;
                    scope.spawn(move || queue.enter(digest).map(drop).expect("its component has a place"));
                }
            }
            while waits("a") < 16 || waits("b") < 16 {
                std::thread::yield_now();
            }
            let full = queue.enter("c").err().expect("no place is left");
            assert_eq!(full, LoadError::QueueFull { waiting: 1 });
            let queue = &queue;
            scope.spawn(move || drop(queue.enter_with_what_was_let_in("d")));
            while waits("d") < 1 {
                std::thread::yield_now();
            }
            drop(busy);
        });
        let line = lock(&queue.state);
        assert!(line.busy.is_none() && line.waiting.is_empty());
    }
}
