//! What every front of the house stands behind, whoever it speaks to: connections, places, bodies, the language of an answer, errors.
//!
//! Nothing here knows what is asked for. The API and the console are beside each other on top of it.

pub mod bodies;
pub mod crowd;
pub mod listener;
pub mod observe;
pub mod posts;
pub mod problem;
pub mod rations;
pub mod reader;
pub mod refusals;
pub mod rest;
mod settings;
pub mod strangers;
mod titles;
pub mod uploads;

pub use posts::Posts;
pub use problem::{Answer, Problem};
pub use settings::{Http, Strange};

use crowd::Crowd;
use rations::Store;
use refusals::Refusals;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use strangers::Strangers;
use tokio_util::task::TaskTracker;

/// What the fronts of a server share: the bounds hold for all of them together. Cheap to clone.
#[derive(Clone)]
pub struct Doors(Arc<Shared>);

struct Shared {
    http: Http,
    crowd: Crowd,
    bodies: Store,
    strangers: Strangers,
    refusals: Refusals,
    stopping: AtomicBool,
    tasks: TaskTracker,
}

impl Doors {
    /// Doors with these limits.
    pub fn new(http: Http) -> Self {
        Self(Arc::new(Shared {
            crowd: Crowd::new(http.requests_at_once),
            bodies: Store::new(http.body_memory_bytes),
            strangers: Strangers::new(http.wrong_keys_per_minute, http.proxies()),
            refusals: Refusals::default(),
            stopping: AtomicBool::new(false),
            tasks: TaskTracker::new(),
            http,
        }))
    }

    /// Limits and patience.
    pub fn http(&self) -> &Http {
        &self.0.http
    }

    /// Who is at work.
    pub fn crowd(&self) -> &Crowd {
        &self.0.crowd
    }

    /// The room that bodies have in memory.
    pub fn bodies(&self) -> &Store {
        &self.0.bodies
    }

    /// Who tries keys.
    pub fn strangers(&self) -> &Strangers {
        &self.0.strangers
    }

    /// What was refused lately.
    pub fn refusals(&self) -> &Refusals {
        &self.0.refusals
    }

    /// Writes under way, some of whose senders may be gone.
    pub fn tasks(&self) -> &TaskTracker {
        &self.0.tasks
    }

    /// From now on the server says that it is not ready.
    pub fn begin_to_stop(&self) {
        self.0.stopping.store(true, Ordering::Relaxed);
        self.refusals().report(true);
    }

    /// Whether the server is about to stop.
    pub fn is_stopping(&self) -> bool {
        self.0.stopping.load(Ordering::Relaxed)
    }

    /// What has to be done now and then.
    pub fn upkeep(&self) {
        self.strangers().tidy();
        self.refusals().report(false);
    }
}

/// A sender's words in an answer: not too many of them.
pub fn shown(text: &str) -> String {
    text.chars().take(200).collect()
}
