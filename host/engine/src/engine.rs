//! The door to the sandbox.

use crate::admission;
use crate::cache::{Cache, CacheBounds};
use crate::compile::CompileQueue;
use crate::compiler::{ChildCompiler, Compiler};
use crate::contract::Linked;
use crate::description::{Description, SegmentDef};
use crate::draws::Draws;
use crate::inspect::inspect;
use crate::limits::Limits;
use crate::plugin::Plugin;
use crate::points::Points;
use crate::refusal::{LoadError, Refusal};
use crate::runtime::{Runtime, lock};
use crate::turns::{Questions, Runs};
use crate::units::SelfTest;
use posthouse_domain::words;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use wasmtime::component::Component;

/// How to set up an [`Engine`].
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// What plugins may use.
    pub limits: Limits,
    /// Where compiled components are kept between starts; made and closed to others. `None` keeps none.
    pub cache_dir: Option<PathBuf>,
    /// Bytes of all compiled components kept; those not used for longest go first. 512 MiB by default.
    pub cache_bytes: u64,
    /// Bytes that stay free on the disk of the cache: below, nothing is kept. None by default.
    pub spared_bytes: u64,
    /// Threads that one agency's rules run on at a time; 0 means one per core, as far as there are places for calls.
    pub threads: usize,
    /// Components that may wait for the compiler, of which one agency has half. 8 by default.
    pub compile_queue: usize,
    /// The extension points it speaks: all that this host knows, by default.
    pub points: Points,
    /// The program that compiles, in processes of its own. `None` compiles in this one, which nothing bounds then.
    pub compiler: Option<ChildCompiler>,
    /// What its trials of plugins are drawn from. A server has those of its secret; without one they are everybody's.
    pub draws: Draws,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            cache_dir: None,
            cache_bytes: 512 << 20,
            spared_bytes: 0,
            threads: 0,
            compile_queue: 8,
            points: Points::default(),
            compiler: None,
            draws: Draws::default(),
        }
    }
}

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Limits that do not go together, or a machine without room for them.
    #[error("{}", words!("the sandbox cannot be set up; check the plugin limits in the configuration: {problem}", "沙箱无法建立；请检查配置中的插件限制：{problem}", problem = .0))]
    Sandbox(String),
    /// Threads cannot be started.
    #[error("{}", words!("the threads for plugins cannot be started: {problem}", "插件线程无法启动：{problem}", problem = .0))]
    Threads(String),
    /// The cache directory cannot be used.
    #[error("{}", words!("the compile cache {directory} cannot be used; it must belong to the server's user: {error}", "编译缓存 {directory} 无法使用；它须属于运行服务器的用户：{error}", directory = directory.display()))]
    Cache {
        /// The directory.
        directory: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
}

/// What an engine has done since it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct EngineStats {
    /// Components compiled.
    pub compiled: u64,
    /// Components taken from the cache of compiled ones.
    pub from_cache: u64,
    /// Plugins ready in memory now.
    pub loaded: usize,
}

/// Fewest and most components that are compiled at a time; half the cores in between.
const LANES: (usize, usize) = (2, 4);

/// Loads, limits and calls plugins. One per process; cheap to clone. Everything blocks: call it from blocking threads.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    runtime: Arc<Runtime>,
    queue: CompileQueue,
    compiler: Compiler,
    cache: Option<Cache>,
    points: Points,
    draws: Draws,
    questions: Questions,
    runs: Arc<Runs>,
    loaded: Mutex<Shelf>,
    compiled: AtomicU64,
    from_cache: AtomicU64,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

/// A component that passed everything an upload goes through.
#[derive(Debug, Clone)]
pub struct Admitted {
    /// SHA-256 of the component in lower-case hexadecimal.
    pub digest: String,
    /// What the plugin says of itself.
    pub description: Description,
    /// The segments in the order of their indices; none if it is no segmentation.
    pub segments: Vec<SegmentDef>,
    /// What the self-test found.
    pub self_test: SelfTest,
    /// Size of the component in bytes.
    pub size: usize,
    /// The plugin, ready to be called.
    pub plugin: Plugin,
}

impl Engine {
    /// Sets up the sandbox.
    ///
    /// # Errors
    /// See [`EngineError`]; each says what to change.
    pub fn new(config: EngineConfig) -> Result<Self, EngineError> {
        let EngineConfig {
            mut limits,
            cache_dir,
            cache_bytes,
            spared_bytes,
            threads,
            compile_queue,
            points,
            compiler,
            draws,
        } = config;
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let threads = match threads {
            0 => cores,
            threads => threads,
        };
        let threads = limits.make_places(threads);
        let stack = limits.thread_stack_bytes();
        let runtime = Runtime::new(limits).map_err(|error| EngineError::Sandbox(format!("{error:#}")))?;
        let cache = cache_dir
            .map(|directory| {
                let bounds = CacheBounds {
                    most: cache_bytes,
                    spared: spared_bytes,
                };
                Cache::open(&directory, bounds, &runtime.engine)
                    .map_err(|error| EngineError::Cache { directory, error })
            })
            .transpose()?;
        let pool = |name: &'static str, threads: usize| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .thread_name(move |n| format!("{name}-{n}"))
                .stack_size(stack)
                // the hook has told of it, and whoever waits sees that nothing comes
                .panic_handler(|_| {})
                .build()
                .map_err(|error| EngineError::Threads(error.to_string()))
        };
        let questions = Questions::new(threads, stack).map_err(|error| EngineError::Threads(error.to_string()))?;
        let half = cores / 2;
        let compiler = match compiler {
            Some(child) => Compiler::Child(child),
            None => Compiler::Here(pool("plugin-compile", half.max(1))?),
        };
        Ok(Self(Arc::new(Inner {
            runtime: Arc::new(runtime),
            queue: CompileQueue::new(half.clamp(LANES.0, LANES.1), compile_queue),
            compiler,
            cache,
            points,
            draws,
            questions,
            runs: Runs::new([pool("plugin-run", threads)?, pool("plugin-more", threads)?]),
            loaded: Mutex::default(),
            compiled: AtomicU64::new(0),
            from_cache: AtomicU64::new(0),
        })))
    }

    /// Everything an upload goes through: format, limits, imports and exports, compiling, description, self-test.
    ///
    /// # Errors
    /// [`LoadError::QueueFull`] when too many wait for the compiler, [`LoadError::NoCompiler`] when there is none, otherwise the refusal.
    pub fn admit(&self, bytes: &[u8]) -> Result<Admitted, LoadError> {
        self.admit_for("", bytes)
    }

    /// [`Engine::admit`] for an agency, which has one component admitted at a time; `whose` tells agencies apart.
    ///
    /// A panic is a refusal too: the libraries that read a component are many, and whatever one of them stumbles over shall not be asked
    /// again and again of a server that answers 500.
    ///
    /// # Errors
    /// As there.
    pub fn admit_for(&self, whose: &str, bytes: &[u8]) -> Result<Admitted, LoadError> {
        let digest = digest(bytes);
        let admitted = catch_unwind(AssertUnwindSafe(|| self.admitted(whose, &digest, bytes)));
        admitted.unwrap_or_else(|_| {
            // the hook has told of the panic and where it was
            tracing::error!(digest, whose, "the check of an uploaded component broke down");
            Err(Refusal::new(
                "check_broke_down",
                words!(
                    "the check of this component broke down, so it is refused; change the part that is unusual, and report it with the digest {digest}",
                    "检查该组件时程序出错，因此不予接受；请改动其中不寻常的部分，并附上摘要 {digest} 反馈问题"
                ),
            )
            .into())
        })
    }

    fn admitted(&self, whose: &str, digest: &str, bytes: &[u8]) -> Result<Admitted, LoadError> {
        inspect(bytes, self.limits(), self.points())?;
        // held through the self-test, which takes the machine's time as well
        let _turn = self.0.queue.enter(whose, digest)?;
        let (component, fresh) = self.component(digest, bytes)?;
        let (plugin, self_test) = self.with_stack(|| {
            let plugin = self.link(digest, &component)?;
            let self_test = admission::test(&plugin, bytes, self.limits(), self.points(), self.draws())?;
            Ok::<_, LoadError>((plugin, self_test))
        })?;
        if fresh {
            self.cache(digest, &component);
        }
        let plugin = self.keep(plugin);
        Ok(Admitted {
            digest: digest.to_owned(),
            description: plugin.description().clone(),
            segments: plugin.segments().to_vec(),
            self_test,
            size: bytes.len(),
            plugin,
        })
    }

    /// A plugin that was admitted before, by its digest. Quick when it is loaded or its compiled form is in the cache;
    /// it is not tested again.
    ///
    /// # Errors
    /// A refusal when `bytes` are not those of
    /// `digest` (`digest_mismatch`) or the limits or the catalogue have changed since.
    pub fn open(&self, digest: &str, bytes: &[u8]) -> Result<Plugin, LoadError> {
        if let Some(plugin) = self.loaded(digest) {
            return Ok(plugin);
        }
        let found = self::digest(bytes);
        if found != digest {
            let detail = words!(
                "the stored component has the digest {found}, not {digest}; upload the revision again",
                "存储的组件摘要为 {found}，而不是 {digest}；请重新上传该修订"
            );
            return Err(Refusal::new("digest_mismatch", detail).into());
        }
        // only what was inspected is in the cache, and what it may use is limited again in every call
        if let Some(component) = self.cached(digest) {
            return Ok(self.keep(self.with_stack(|| self.link(digest, &component))?));
        }
        inspect(bytes, self.limits(), self.points())?;
        let _turn = self.0.queue.enter_with_what_was_let_in(digest);
        // whoever was before us may have opened the same
        if let Some(plugin) = self.loaded(digest) {
            return Ok(plugin);
        }
        let (component, fresh) = self.component(digest, bytes)?;
        let plugin = self.keep(self.with_stack(|| self.link(digest, &component))?);
        if fresh {
            self.cache(digest, &component);
        }
        Ok(plugin)
    }

    /// Lets go of a plugin that nobody needs any more, in memory and in the cache.
    pub fn forget(&self, digest: &str) {
        lock(&self.0.loaded).plugins.remove(digest);
        if let Some(cache) = &self.0.cache {
            cache.forget(digest);
        }
    }

    fn keep(&self, plugin: Plugin) -> Plugin {
        lock(&self.0.loaded).put(plugin.clone(), self.limits().loaded_plugins);
        plugin
    }

    /// A plugin that is ready in memory. Saves reading its bytes.
    pub fn loaded(&self, digest: &str) -> Option<Plugin> {
        lock(&self.0.loaded).get(digest)
    }

    /// What all calls have cost so far: units of fuel, and microseconds of processor time.
    pub fn spent(&self) -> (u64, u64) {
        self.0.runtime.spent.so_far()
    }

    /// Threads that run plugins, for whoever is alone here. Chunks built and classified inside its `install` run side by side.
    pub fn pool(&self) -> &rayon::ThreadPool {
        self.0.runs.pool()
    }

    /// Has threads that run plugins do `work` for an agency, which goes over a population, and does not wait for it; rayon's parallel
    /// iterators inside use several. An agency has one such work done at a time, and agencies take turns. A panic ends the work alone.
    pub fn run(&self, whose: u128, work: impl FnOnce() + Send + 'static) {
        self.0.runs.begin(whose, work);
    }

    /// Has other threads call `ask` for an agency, once for each number below `pieces`, in their order and several at a time, and does not
    /// wait for it: for what somebody waits for. Agencies take turns by the time they use, and one alone has half the threads at most. `ask`
    /// is dropped behind the last; a panic ends it.
    pub fn ask(&self, whose: u128, pieces: usize, ask: impl Fn(usize) + Send + Sync + 'static) {
        self.0.questions.ask(whose, pieces, ask);
    }

    /// The limits in force.
    pub fn limits(&self) -> &Limits {
        &self.0.runtime.limits
    }

    /// The extension points it speaks.
    pub fn points(&self) -> &Points {
        &self.0.points
    }

    /// What its trials of plugins are drawn from, those in production as well.
    pub fn draws(&self) -> &Draws {
        &self.0.draws
    }

    /// What the engine has done so far.
    pub fn stats(&self) -> EngineStats {
        EngineStats {
            compiled: self.0.compiled.load(Ordering::Relaxed),
            from_cache: self.0.from_cache.load(Ordering::Relaxed),
            loaded: lock(&self.0.loaded).plugins.len(),
        }
    }

    /// Deletes compiled components that are of no use any more: made by another compiler or with other settings, not used for
    /// 30 days, or too many. Best called at the start and once a day; `now` is the machine's time in ms since 1970. Returns how many files went.
    ///
    /// # Errors
    /// What the system says; a cache that cannot be tidied still works.
    pub fn tidy_cache(&self, now: i64) -> std::io::Result<usize> {
        let Some(cache) = &self.0.cache else { return Ok(0) };
        let loaded = self.loaded_digests();
        let now = std::time::UNIX_EPOCH + std::time::Duration::from_millis(now.max(0).unsigned_abs());
        cache.tidy(now, loaded.into_iter())
    }

    fn loaded_digests(&self) -> Vec<String> {
        lock(&self.0.loaded).plugins.keys().cloned().collect()
    }

    /// The component from the cache, or compiled, which it is told then. Only whose turn it is may ask.
    fn component(&self, digest: &str, bytes: &[u8]) -> Result<(Component, bool), LoadError> {
        // whoever was before us may have compiled the same
        if let Some(component) = self.cached(digest) {
            return Ok((component, false));
        }
        let component = self.0.compiler.compile(&self.0.runtime.engine, digest, bytes)?;
        self.0.compiled.fetch_add(1, Ordering::Relaxed);
        Ok((component, true))
    }

    /// Keeps the machine code of a component that was let in.
    fn cache(&self, digest: &str, component: &Component) {
        if let Some(cache) = &self.0.cache {
            cache.store(digest, component, self.loaded_digests().into_iter());
        }
    }

    /// Calls plugins on a thread that has the stack for it, whatever the caller's has.
    fn with_stack<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let thread = std::thread::Builder::new()
            .name("plugin-trial".into())
            .stack_size(self.limits().thread_stack_bytes());
        std::thread::scope(|scope| {
            let begun = thread.spawn_scoped(scope, work);
            // as `std::thread::spawn` does: whoever called hears that their work failed
            let thread = begun.unwrap_or_else(|error| panic!("no thread for a plugin: {error}"));
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    fn link(&self, digest: &str, component: &Component) -> Result<Plugin, Refusal> {
        let linked = Linked::new(self.0.runtime.clone(), component)?;
        let point = self.points().served(&linked)?;
        Plugin::load(point, linked, digest.to_owned())
    }

    fn cached(&self, digest: &str) -> Option<Component> {
        let component = self.0.cache.as_ref()?.load(&self.0.runtime.engine, digest)?;
        self.0.from_cache.fetch_add(1, Ordering::Relaxed);
        Some(component)
    }

    /// Holds the compiler until the answer is dropped, as a long compilation would.
    #[doc(hidden)]
    pub fn hold_compiler(&self) -> impl Drop + '_ {
        self.0.queue.hold()
    }
}

/// SHA-256 in lower-case hexadecimal.
pub fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Plugins ready in memory; the one not asked for longest leaves first.
#[derive(Default)]
struct Shelf {
    plugins: HashMap<String, (Plugin, u64)>,
    asked: u64,
}

impl Shelf {
    fn get(&mut self, digest: &str) -> Option<Plugin> {
        self.asked += 1;
        let (plugin, asked) = self.plugins.get_mut(digest)?;
        *asked = self.asked;
        Some(plugin.clone())
    }

    fn put(&mut self, plugin: Plugin, most: usize) {
        self.asked += 1;
        self.plugins.insert(plugin.digest().to_owned(), (plugin, self.asked));
        while self.plugins.len() > most.max(1) {
            let oldest = self
                .plugins
                .iter()
                .min_by_key(|(_, (_, asked))| *asked)
                .map(|(digest, _)| digest.clone());
            if let Some(oldest) = oldest {
                self.plugins.remove(&oldest);
            }
        }
    }
}
