//! Use-cases: one module per capability. They open transactions, ask the engine, apply what it answers, and queue what follows.

mod allowances;
pub mod attributes;
pub mod audit;
mod background;
mod beside;
mod caller;
pub mod campaigns;
mod capabilities;
pub mod clock;
pub mod complaints;
pub mod coupons;
pub mod days;
mod documents;
mod error;
pub mod facts;
pub mod idempotency;
mod in_step;
pub mod insights;
pub mod intake;
pub mod jobs;
mod labels;
pub mod links;
pub mod loyalty;
mod masks;
pub mod owners;
pub mod preferences;
pub mod profiles;
pub mod quotes;
mod reviews;
mod room;
pub mod rules;
pub mod samples;
pub mod search;
pub mod segments;
pub mod sheet;
pub mod team;
#[cfg(test)]
mod testing;
mod texts;
mod ticket;
pub mod timeline;
pub mod today;
mod together;
#[cfg(test)]
mod toy;
mod upkeep;
pub mod views;
pub mod webhooks;
pub mod work;
mod writable;

pub use allowances::Allowances;
pub use capabilities::{
    Amendments, Attributes, Audit, Bindings, Campaigns, Complaints, Coupons, Days, Decisions, Facts, Idempotency,
    Insights, Intake, Jobs, Loyalty, Plugins, Profiles, Quotes, Samples, Segments, StackingGroups, Tasks, Team, Today,
    Upkeep, Views, Webhooks,
};
pub use documents::DocumentKeys;
pub use error::{AppError, Result, thing};
pub use jobs::{ClockMove, ClockMoved};
pub use labels::Label;
pub use posthouse_child::Limits as ChildLimits;
pub use posthouse_store::dialect::ClockKind;
pub use posthouse_store::forms::ClashRow;
pub use posthouse_store::{Store, StoreError, database};
pub use room::Room;
pub use writable::{is_full, note_if_full, storage_full};

use facts::contributions::Contributions;
use in_step::InStep;
use intake::files::workbook::Workbooks;
use jobs::Kinds;
use posthouse_domain::{Clock, Entropy, words};
use posthouse_engine::Engine;
use rules::{Openings, Points};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
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
    in_step: Arc<InStep>,
    openings: Arc<Openings>,
    /// Whether what is in force was opened once since the start.
    warm: Arc<AtomicBool>,
    frames: Option<PathBuf>,
    workbooks: Workbooks,
    sender: webhooks::Sender,
    campaigns_in_force: u32,
    allowances: Arc<Allowances>,
    verifying: audit::Verifying,
    doorkeeper: team::Doorkeeper,
    key_uses: team::Uses,
    passwords: team::Passwords,
    provider: Option<team::Provider>,
    writable: Arc<writable::Writable>,
    points: Points,
    contributions: Contributions,
    /// Turns of imports on this host.
    imports: Arc<intake::Turns>,
    sources: timeline::Sources,
    kinds: Kinds,
    subjects: work::Subjects,
    /// Whoever takes jobs has it: the runner, or whoever moves the clock.
    turn: Arc<tokio::sync::Mutex<()>>,
    host: Uuid,
    rooms: Arc<RwLock<HashMap<Uuid, Arc<Room>>>>,
    /// Told when a job was scheduled that somebody waits for.
    job_waiting: Arc<Notify>,
    /// Requests that would go on for long end at the next halt.
    ending: CancellationToken,
    stopping: CancellationToken,
    /// What runs beside requests.
    background: TaskTracker,
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
    /// The folder where frames are saved, so that a start need not read every customer's facts; none to save none.
    pub frames: Option<PathBuf>,
    /// How workbooks are read.
    pub workbooks: Workbooks,
    /// Whether webhooks may lead to this machine and its network, and go without TLS.
    pub private_webhooks: bool,
    /// Most campaigns of an agency that run or are paused.
    pub campaigns_in_force: u32,
    /// How much room things may take.
    pub allowances: Allowances,
    /// By whom people may sign in beside their password.
    pub provider: Option<team::ProviderTerms>,
}

/// The kinds of work that capabilities have registered.
fn job_kinds() -> Kinds {
    Kinds::default()
        .with::<days::TurnDay>()
        .with::<days::RetryDay>()
        .with::<intake::ImportFile>()
        .with::<intake::ForgetUpload>()
        .with::<intake::LetGo>()
        .with::<campaigns::End>()
        .with::<coupons::Abandon>()
        .with_together::<complaints::Clock>()
        .with_together::<quotes::Expire>()
        .with::<quotes::Return>()
        .with::<loyalty::Follow>()
        .with::<loyalty::Play>()
        .with::<webhooks::Deliver>()
        .with::<webhooks::Tidy>()
}

/// Their names, for whoever has words for them.
pub fn job_kind_names() -> Vec<&'static str> {
    job_kinds().names().collect()
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
            in_step: Arc::default(),
            openings: Arc::default(),
            warm: Arc::default(),
            frames: parts.frames,
            workbooks: parts.workbooks,
            sender: webhooks::Sender::new(parts.private_webhooks),
            campaigns_in_force: parts.campaigns_in_force,
            allowances: Arc::new(parts.allowances),
            verifying: audit::Verifying::default(),
            doorkeeper: team::Doorkeeper::default(),
            key_uses: team::Uses::default(),
            passwords: team::Passwords::default(),
            provider: parts.provider.map(team::Provider::new),
            writable: Arc::default(),
            points: Points::default()
                .with::<campaigns::point::Promotion>()
                .with::<loyalty::point::Loyalty>()
                .with::<complaints::point::ComplaintRouting>(),
            contributions: Contributions::default()
                .with::<loyalty::Standing>()
                .with::<reviews::Reviews>()
                .with::<complaints::Complained>(),
            imports: Arc::default(),
            sources: timeline::Sources::default()
                .with::<intake::Records>()
                .with::<segments::Moves>()
                .with::<complaints::Touches>(),
            kinds: job_kinds(),
            subjects: work::Subjects::default()
                .with::<campaigns::Tasked>()
                .with::<loyalty::Ordered>()
                .with::<complaints::Complained>()
                .with::<complaints::InCrisis>(),
            turn: Arc::default(),
            host,
            rooms: Arc::default(),
            job_waiting: Arc::default(),
            ending: CancellationToken::new(),
            stopping: CancellationToken::new(),
            background: TaskTracker::new(),
        }
    }

    /// Makes sure that every host of this database has the same secret: documents sealed by one must open for all.
    ///
    /// # Errors
    /// `other_secret`; failures of the database.
    pub async fn check_secret(&self) -> Result<()> {
        let mine = self.documents.check();
        if posthouse_store::installation::key_check(&self.store, &mine).await? == mine {
            return Ok(());
        }
        Err(AppError::conflict(
            "other_secret",
            words!(
                "this database was filled under another secret; bring the secret file that belongs to it, or set POSTHOUSE_SECRET to its content",
                "此数据库是用另一个密钥写入的；请使用与它配套的密钥文件，或把 POSTHOUSE_SECRET 设为其内容"
            ),
        ))
    }

    /// Whether the rules in force were opened since the start, so that nobody waits for the compiler.
    pub fn is_warm(&self) -> bool {
        self.warm.load(Ordering::Acquire)
    }

    /// Business time.
    pub fn now(&self) -> posthouse_domain::Instant {
        self.clock.now()
    }

    /// The sandbox, for what it can tell of itself.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Has requests that would go on for long end where they can. [`App::stop`] follows once all are answered.
    pub fn begin_to_stop(&self) {
        self.ending.cancel();
    }

    /// Stops background work after what it has begun, and closes the database.
    pub async fn stop(&self) {
        self.ending.cancel();
        self.stopping.cancel();
        self.background.close();
        // the pool does not close while somebody has a connection
        drop(self.in_step.take_ear());
        // workers end when they have answered what was accepted
        self.background.wait().await;
        for room in self.open_rooms() {
            let mut desk = room.desk.lock().await;
            if let Err(error) = self.segments().save_frame(&room, &mut desk).await {
                tracing::warn!(%error, agency = %room.slug, "the frame could not be saved");
            }
        }
        self.rooms
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clear();
        self.store.close().await;
    }
}
