//! The door to the sandbox.

use crate::admission;
use crate::cache::{Cache, CacheBounds};
use crate::compile::{CompileQueue, Turn};
use crate::contract::Linked;
use crate::description::{Description, SegmentDef};
use crate::inspect::inspect;
use crate::limits::Limits;
use crate::plugin::Plugin;
use crate::points::Points;
use crate::refusal::{LoadError, Refusal};
use crate::runtime::{Runtime, lock};
use crate::units::SelfTest;
use posthouse_domain::words;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt;
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
    /// Threads that run plugins; 0 means one per core.
    pub threads: usize,
    /// Components that may wait for the compiler. 8 by default.
    pub compile_queue: usize,
    /// The extension points it speaks: all that this host knows, by default.
    pub points: Points,
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
    Threads(#[from] rayon::ThreadPoolBuildError),
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

/// Loads, limits and calls plugins. One per process; cheap to clone. Everything blocks: call it from blocking threads.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    runtime: Arc<Runtime>,
    queue: CompileQueue,
    cache: Option<Cache>,
    points: Points,
    /// Compiled components that are being tested, each with how many test it: they come into the cache when they are let in.
    on_trial: Mutex<HashMap<String, (Component, usize)>>,
    pool: rayon::ThreadPool,
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
            limits,
            cache_dir,
            cache_bytes,
            spared_bytes,
            threads,
            compile_queue,
            points,
        } = config;
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
        };
        let compilers = std::thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).max(1));
        Ok(Self(Arc::new(Inner {
            runtime: Arc::new(runtime),
            queue: CompileQueue::new(compile_queue, pool("plugin-compile", compilers)?),
            cache,
            points,
            on_trial: Mutex::default(),
            pool: pool("plugin-call", threads)?,
            loaded: Mutex::default(),
            compiled: AtomicU64::new(0),
            from_cache: AtomicU64::new(0),
        })))
    }

    /// Everything an upload goes through: format, limits, imports and exports, compiling, description, self-test.
    ///
    /// # Errors
    /// [`LoadError::QueueFull`] when too many wait for the compiler, otherwise the refusal.
    pub fn admit(&self, bytes: &[u8]) -> Result<Admitted, LoadError> {
        inspect(bytes, self.limits(), self.points())?;
        let digest = digest(bytes);
        let (trial, is_kept) = match self.cached(&digest) {
            Some(component) => (self.try_out(&digest, component), true),
            None => {
                let turn = self.0.queue.enter(&digest)?;
                let (component, is_kept) = self.compiled(&turn, &digest, bytes)?;
                // whoever has the next turn finds it there
                (self.try_out(&digest, component), is_kept)
            }
        };
        let (plugin, self_test) = self.with_stack(|| {
            let plugin = self.link(&digest, &trial.component)?;
            let self_test = admission::test(&plugin, bytes, self.limits(), self.points())?;
            Ok::<_, LoadError>((plugin, self_test))
        })?;
        let plugin = self.keep(plugin);
        if !is_kept {
            self.cache(&digest, &trial.component);
        }
        Ok(Admitted {
            digest,
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
        let turn = self.0.queue.enter_with_what_was_let_in(digest);
        // whoever was before us may have opened the same
        if let Some(plugin) = self.loaded(digest) {
            return Ok(plugin);
        }
        let (component, is_kept) = self.compiled(&turn, digest, bytes)?;
        let plugin = self.keep(self.with_stack(|| self.link(digest, &component))?);
        if !is_kept {
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

    /// The threads that run plugins. Chunks built and classified inside its `install` run side by side.
    pub fn pool(&self) -> &rayon::ThreadPool {
        &self.0.pool
    }

    /// Has the threads that run plugins do `work`, and does not wait for it; rayon's parallel iterators inside use them all. A panic ends
    /// the work alone.
    pub fn spawn(&self, work: impl FnOnce() + Send + 'static) {
        self.0.pool.spawn(work);
    }

    /// The limits in force.
    pub fn limits(&self) -> &Limits {
        &self.0.runtime.limits
    }

    /// The extension points it speaks.
    pub fn points(&self) -> &Points {
        &self.0.points
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

    /// Compiles in turn. With it goes whether the cache has it.
    fn compiled(&self, turn: &Turn<'_>, digest: &str, bytes: &[u8]) -> Result<(Component, bool), LoadError> {
        // whoever was before us may have compiled the same
        if let Some((component, _)) = lock(&self.0.on_trial).get(digest) {
            return Ok((component.clone(), false));
        }
        match self.cached(digest) {
            Some(component) => Ok((component, true)),
            None => Ok((self.compile(turn, bytes)?, false)),
        }
    }

    /// Begins to test a compiled component, which others find until that is over.
    fn try_out(&self, digest: &str, component: Component) -> Trial<'_> {
        let mut on_trial = lock(&self.0.on_trial);
        let (_, many) = on_trial
            .entry(digest.to_owned())
            .or_insert_with(|| (component.clone(), 0));
        *many += 1;
        Trial {
            engine: self,
            digest: digest.to_owned(),
            component,
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

    fn compile(&self, turn: &Turn<'_>, bytes: &[u8]) -> Result<Component, Refusal> {
        let component = turn.compile(&self.0.runtime.engine, bytes)?;
        self.0.compiled.fetch_add(1, Ordering::Relaxed);
        Ok(component)
    }

    /// Keeps the machine code of a component that was let in.
    fn cache(&self, digest: &str, component: &Component) {
        if let Some(cache) = &self.0.cache {
            cache.store(digest, component, self.loaded_digests().into_iter());
        }
    }

    /// Holds the compiler until the answer is dropped, as a long compilation would.
    #[doc(hidden)]
    pub fn hold_compiler(&self) -> Result<impl Drop + '_, LoadError> {
        self.0.queue.enter("")
    }
}

/// SHA-256 in lower-case hexadecimal.
pub fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A compiled component while it is tested.
struct Trial<'e> {
    engine: &'e Engine,
    digest: String,
    component: Component,
}

impl Drop for Trial<'_> {
    fn drop(&mut self) {
        let mut on_trial = lock(&self.engine.0.on_trial);
        if let Some((_, many)) = on_trial.get_mut(&self.digest) {
            *many -= 1;
            if *many == 0 {
                on_trial.remove(&self.digest);
            }
        }
    }
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
