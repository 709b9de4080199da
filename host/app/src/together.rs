//! Group commit: what requests that come at the same moment have to write is written by one of them, in one transaction and with one sync to
//! disk. Whoever comes alone waits for nobody.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use tokio::sync::oneshot;

/// Work that waits for the same writer.
#[derive(Debug)]
pub(crate) struct Together<W, A> {
    waiting: Mutex<VecDeque<(W, oneshot::Sender<A>)>>,
    /// Whoever writes holds this.
    turn: tokio::sync::Mutex<()>,
}

impl<W, A> Default for Together<W, A> {
    fn default() -> Self {
        Self {
            waiting: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }
}

impl<W, A> Together<W, A> {
    /// Has `write` do this work with what else waits by the time it is its turn, `most` at once, in the order in which it came. `write` gives an
    /// answer for each. `None` if whoever was to do it is gone, and nobody knows what became of it.
    pub(crate) async fn run<F>(&self, work: W, most: usize, write: impl Fn(Vec<W>) -> F) -> Option<A>
    where
        F: Future<Output = Vec<A>>,
    {
        let (answer, mut answered) = oneshot::channel();
        self.waiting().push_back((work, answer));
        loop {
            let turn = tokio::select! {
                biased;
                done = &mut answered => return done.ok(),
                turn = self.turn.lock() => turn,
            };
            let (all, answers): (Vec<W>, Vec<_>) = {
                let mut waiting = self.waiting();
                let count = waiting.len().min(most);
                waiting.drain(..count).unzip()
            };
            for (answer, done) in answers.into_iter().zip(write(all).await) {
                // who asked may be gone; it is done all the same
                let _ = answer.send(done);
            }
            drop(turn);
        }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, VecDeque<(W, oneshot::Sender<A>)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use tokio::sync::{Semaphore, mpsc};

    /// Has the tasks that were spawned go as far as they can.
    async fn everybody_waits() {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }

    /// Work is done when there is a permit; how much of it at once is told.
    async fn started() -> (
        Arc<Together<u32, u32>>,
        Arc<Semaphore>,
        mpsc::UnboundedSender<usize>,
        mpsc::UnboundedReceiver<usize>,
    ) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Arc::default(), Arc::new(Semaphore::new(0)), sender, receiver)
    }

    #[tokio::test]
    async fn what_comes_meanwhile_is_done_together() {
        let (together, permits, sender, mut sizes) = started().await;
        let ask = |number: u32| {
            let (together, permits, sender) = (together.clone(), permits.clone(), sender.clone());
            tokio::spawn(async move {
                let write = |all: Vec<u32>| {
                    let (permits, sender) = (permits.clone(), sender.clone());
                    async move {
                        permits.acquire().await.unwrap().forget();
                        sender.send(all.len()).unwrap();
                        all.into_iter().map(|number| number * 10).collect()
                    }
                };
                together.run(number, 4, write).await
            })
        };
        let first = ask(1);
        everybody_waits().await;
        let others: Vec<_> = (2..=7).map(ask).collect();
        everybody_waits().await;
        permits.add_permits(3);
        assert_eq!(first.await.unwrap(), Some(10));
        for (number, other) in (2..=7).zip(others) {
            assert_eq!(other.await.unwrap(), Some(number * 10));
        }
        let sizes: Vec<usize> = [sizes.recv().await, sizes.recv().await, sizes.recv().await]
            .into_iter()
            .flatten()
            .collect();
        assert_eq!(sizes, [1, 4, 2]);
    }

    #[tokio::test]
    async fn those_behind_one_who_is_gone_hear_of_it() {
        let (together, permits, _, _) = started().await;
        let ask = |number: u32| {
            let (together, permits) = (together.clone(), permits.clone());
            tokio::spawn(async move {
                let write = |all: Vec<u32>| {
                    let permits = permits.clone();
                    async move {
                        permits.acquire().await.unwrap().forget();
                        all
                    }
                };
                together.run(number, 4, write).await
            })
        };
        let first = ask(1);
        everybody_waits().await;
        let (second, third) = (ask(2), ask(3));
        everybody_waits().await;
        first.abort();
        everybody_waits().await;
        // the second has its turn by now, with the third
        second.abort();
        assert_eq!(third.await.unwrap(), None);
        permits.add_permits(1);
        assert_eq!(ask(4).await.unwrap(), Some(4));
    }
}
