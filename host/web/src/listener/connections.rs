//! Who is connected, and who makes way for others.

use super::network::{Network, crowd_of};
use axum::body::{Body, Bytes};
use http_body::{Frame, SizeHint};
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::sync::Notify;

/// How many connections there may be.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// In all.
    pub all: usize,
    /// From one address.
    pub of_one: usize,
    /// From where there may be any number.
    pub proxies: Vec<Network>,
}

/// Why a connection is not taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Every connection has a request at work.
    Full,
    /// Every connection of this address has a request at work.
    TooMany,
}

impl Refused {
    /// Its stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Full => "overloaded",
            Self::TooMany => "too_many_connections",
        }
    }
}

/// The order in which connections make way: those that never had a request answered, then the others, each by how long they have waited.
type Turn = (bool, u64);

/// All connections of a listener.
#[derive(Debug, Clone)]
pub(super) struct Connections(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    bounds: Bounds,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Without those that have been told to go.
    count: usize,
    by_address: HashMap<IpAddr, usize>,
    waiting: BTreeMap<Turn, (IpAddr, Arc<Notify>)>,
    next: u64,
}

impl State {
    fn wait(&mut self, served: bool, crowd: IpAddr, go: Arc<Notify>) -> Turn {
        self.next += 1;
        let turn = (served, self.next);
        self.waiting.insert(turn, (crowd, go));
        turn
    }

    fn leave(&mut self, crowd: IpAddr) {
        self.count -= 1;
        if let Some(count) = self.by_address.get_mut(&crowd) {
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&crowd);
            }
        }
        metrics::gauge!("posthouse_connections").decrement(1.0);
    }

    /// Whether somebody could be told to go.
    fn dismiss(&mut self, of: Option<IpAddr>) -> bool {
        let mut turns = self.waiting.iter();
        let found = turns.find(|(_, (crowd, _))| of.is_none_or(|of| of == *crowd));
        let Some(turn) = found.map(|(turn, _)| *turn) else {
            return false;
        };
        if let Some((crowd, go)) = self.waiting.remove(&turn) {
            go.notify_one();
            self.leave(crowd);
            metrics::counter!("posthouse_connections_closed_total", "why" => "made_way").increment(1);
        }
        true
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connections {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self(Arc::new(Shared {
            bounds,
            state: Mutex::default(),
        }))
    }

    /// Takes in a connection from this address, for which another may have to go.
    ///
    /// # Errors
    /// If none of those that would have to go can.
    pub(super) fn enter(&self, peer: IpAddr) -> Result<Arc<Connection>, Refused> {
        let bounds = &self.0.bounds;
        let crowd = crowd_of(peer);
        let mut state = self.0.state();
        let of_one = state.by_address.get(&crowd).copied().unwrap_or(0);
        let bounded = !bounds.proxies.iter().any(|proxy| proxy.contains(peer));
        if bounded && of_one >= bounds.of_one && !state.dismiss(Some(crowd)) {
            return Err(Refused::TooMany);
        }
        if state.count >= bounds.all && !state.dismiss(None) {
            return Err(Refused::Full);
        }
        state.count += 1;
        *state.by_address.entry(crowd).or_default() += 1;
        metrics::gauge!("posthouse_connections").increment(1.0);
        let go = Arc::new(Notify::new());
        let turn = state.wait(false, crowd, go.clone());
        drop(state);
        Ok(Arc::new(Connection {
            all: self.clone(),
            crowd,
            go,
            stage: AtomicU8::new(Stage::Head as u8),
            answered: AtomicBool::new(false),
            turn: Mutex::new(Some(turn)),
        }))
    }
}

/// What a connection is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Stage {
    /// Nothing was asked since the last answer.
    Idle,
    /// A request has begun, or is awaited for the first time.
    Head,
    /// A request is at work.
    Work,
}

/// A connection among the others. It leaves them when it is dropped.
#[derive(Debug)]
pub struct Connection {
    all: Connections,
    crowd: IpAddr,
    go: Arc<Notify>,
    stage: AtomicU8,
    /// The answer is made, and on its way to the socket.
    answered: AtomicBool,
    /// Its turn to make way; none while a request is at work.
    turn: Mutex<Option<Turn>>,
}

impl Connection {
    fn turn(&self) -> MutexGuard<'_, Option<Turn>> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request is at work: the connection stays, whoever comes.
    pub fn begin(&self) {
        self.answered.store(false, Relaxed);
        self.stage.store(Stage::Work as u8, Relaxed);
        let mut turn = self.turn();
        // who was told to go meanwhile keeps their turn, so that they leave once
        if turn.is_some_and(|turn| self.all.0.state().waiting.remove(&turn).is_some()) {
            *turn = None;
        }
    }

    /// The answer stands, and nothing that follows is worth a place: the connection may make way.
    pub fn yield_place(&self) {
        let mut turn = self.turn();
        if turn.is_none() {
            *turn = Some(self.all.0.state().wait(true, self.crowd, self.go.clone()));
        }
    }

    /// Everything that was written has been sent, with it the answer if there is one.
    pub fn sent(&self) {
        if self.answered.swap(false, Relaxed) {
            self.rest();
        }
    }

    /// The answer is given.
    fn rest(&self) {
        self.stage.store(Stage::Idle as u8, Relaxed);
        self.yield_place();
    }

    /// The first bytes of a request have come.
    pub fn awake(&self) {
        let _ = self
            .stage
            .compare_exchange(Stage::Idle as u8, Stage::Head as u8, Relaxed, Relaxed);
    }

    pub(super) fn stage(&self) -> Stage {
        match self.stage.load(Relaxed) {
            0 => Stage::Idle,
            1 => Stage::Head,
            _ => Stage::Work,
        }
    }

    /// Until another needs the place.
    pub async fn must_go(&self) {
        self.go.notified().await;
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let turn = *self.turn();
        let mut state = self.all.0.state();
        // who was told to go has been taken off the list, and has left already
        if turn.is_none_or(|turn| state.waiting.remove(&turn).is_some()) {
            state.leave(self.crowd);
        }
    }
}

/// The body of an answer; its connection rests when it has been sent.
pub(super) struct Answer {
    body: Body,
    connection: Arc<Connection>,
}

impl Answer {
    pub(super) fn new(body: Body, connection: Arc<Connection>) -> Self {
        Self { body, connection }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.connection.answered.store(true, Relaxed);
    }
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(all: usize, of_one: usize) -> Connections {
        Connections::new(Bounds {
            all,
            of_one,
            proxies: vec![Network::parse("127.0.0.1").unwrap()],
        })
    }

    fn from(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    async fn was_told_to_go(connection: &Connection) -> bool {
        tokio::time::timeout(std::time::Duration::from_millis(20), connection.must_go())
            .await
            .is_ok()
    }

    #[tokio::test]
    async fn who_has_asked_nothing_yet_makes_way_first_and_who_is_at_work_never() {
        let all = connections(3, 10);
        let [working, kept, silent] = [1, 2, 3].map(|last| all.enter(from(last)).unwrap());
        working.begin();
        kept.begin();
        kept.rest();
        let fourth = all.enter(from(4)).unwrap();
        assert!(was_told_to_go(&silent).await);
        drop(silent);
        fourth.begin();
        let fifth = all.enter(from(5)).unwrap();
        assert!(was_told_to_go(&kept).await, "then one that rests");
        fifth.begin();
        assert_eq!(all.enter(from(6)).unwrap_err(), Refused::Full);
        drop(kept);
        assert_eq!(all.enter(from(6)).unwrap_err(), Refused::Full, "it has left before");
        drop(working);
        let sixth = all.enter(from(6)).unwrap();
        drop((fourth, fifth, sixth));
        let state = all.0.state();
        assert_eq!((state.count, state.by_address.len(), state.waiting.len()), (0, 0, 0));
    }

    #[tokio::test]
    async fn an_address_has_its_share_and_a_proxy_all_it_likes() {
        let all = connections(100, 2);
        let (one, other) = (all.enter(from(1)).unwrap(), all.enter(from(1)).unwrap());
        one.begin();
        let third = all.enter(from(1)).unwrap();
        assert!(was_told_to_go(&other).await, "its own oldest makes way");
        third.begin();
        assert_eq!(all.enter(from(1)).unwrap_err(), Refused::TooMany);
        let _neighbour = all.enter(from(2)).unwrap();
        let proxied: Vec<_> = (0..50)
            .map(|_| all.enter("127.0.0.1".parse().unwrap()).unwrap())
            .collect();
        assert_eq!(all.0.state().count, 2 + 1 + proxied.len());
    }

    #[tokio::test]
    async fn told_to_go_while_a_request_begins_it_leaves_once() {
        let all = connections(1, 10);
        let first = all.enter(from(1)).unwrap();
        let second = all.enter(from(2)).unwrap();
        first.begin();
        first.rest();
        assert!(was_told_to_go(&first).await);
        drop(first);
        assert_eq!(all.0.state().count, 1);
        drop(second);
        assert_eq!(all.0.state().count, 0);
    }
}
