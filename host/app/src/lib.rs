//! Use-cases: one module per capability. They open transactions, ask the engine, apply what it answers, and queue what follows.

pub mod clock;
mod documents;
mod error;
pub mod facts;
pub mod idempotency;
pub mod insights;
pub mod intake;
mod jobs;
pub mod plugins;
pub mod profiles;
mod room;
pub mod segments;
pub mod team;

pub use documents::DocumentKeys;
pub use error::{AppError, Result};
pub use posthouse_store::Store;
pub use room::Room;

use posthouse_domain::{Clock, Entropy};
use posthouse_engine::Engine;
use std::collections::HashMap;
use std::sync::{Arc, RwLock};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// The house: everything use-cases need. Cheap to clone.
#[derive(Clone)]
pub struct App {
    store: Store,
    engine: Engine,
    clock: Arc<dyn Clock>,
    machine: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    documents: DocumentKeys,
    host: Uuid,
    rooms: Arc<RwLock<HashMap<Uuid, Arc<Room>>>>,
    import_waiting: Arc<Notify>,
    stopping: CancellationToken,
    tasks: TaskTracker,
}

/// What an [`App`] is made of.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// The sandbox.
    pub engine: Engine,
    /// The business clock: facts, holds, deadlines.
    pub clock: Arc<dyn Clock>,
    /// The machine's clock: leases, keys, retries.
    pub machine: Arc<dyn Clock>,
    /// The random source.
    pub entropy: Arc<dyn Entropy>,
    /// The installation's secret of 32 bytes.
    pub secret: [u8; 32],
}

impl App {
    /// Furnishes the house. Background work begins with [`App::start`].
    pub fn new(parts: Parts) -> Self {
        let host = parts.entropy.id(parts.machine.now());
        Self {
            store: parts.store,
            engine: parts.engine,
            clock: parts.clock,
            machine: parts.machine,
            entropy: parts.entropy,
            documents: DocumentKeys::new(&parts.secret),
            host,
            rooms: Arc::default(),
            import_waiting: Arc::default(),
            stopping: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn ready(&self) -> Result<()> {
        Ok(self.store.ping().await?)
    }

    /// Business time.
    pub fn now(&self) -> posthouse_domain::Instant {
        self.clock.now()
    }

    /// The sandbox, for what it can tell of itself.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Stops background work after what it has begun, and closes the database.
    pub async fn stop(&self) {
        self.stopping.cancel();
        self.tasks.close();
        // workers end when they have answered what was accepted
        self.tasks.wait().await;
        self.rooms
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clear();
        self.store.close().await;
    }
}
