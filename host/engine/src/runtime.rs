//! One wasmtime engine with its settings, its clock, and the way every call goes.

use crate::fault::{Fault, FaultKind, Receipt, Usage};
use crate::guest::{Denied, Guest, linker};
use crate::limits::Limits;
use crate::processor::used as cpu;
use crate::spent::Spent;
use posthouse_domain::{Words, words};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use wasmtime::component::Linker;
use wasmtime::{
    Config, Enabled, InstanceAllocationStrategy, OperatorCost, OptLevel, PoolConcurrencyLimitError,
    PoolingAllocationConfig, Store, Strategy, Trap, UpdateDeadline, WasmBacktrace,
};

/// What all plugins of one process share.
pub(crate) struct Runtime {
    pub(crate) engine: wasmtime::Engine,
    pub(crate) linker: Linker<Guest>,
    pub(crate) limits: Limits,
    /// What the calls of all plugins have cost so far.
    pub(crate) spent: Spent,
    calls: Gate,
    _ticker: Ticker,
}

impl Runtime {
    pub(crate) fn new(limits: Limits) -> wasmtime::Result<Self> {
        let engine = wasmtime::Engine::new(&config(&limits))?;
        let linker = linker(&engine)?;
        let ticker = Ticker::start(&engine, &limits)?;
        Ok(Self {
            linker,
            spent: Spent::default(),
            calls: Gate::new(limits.concurrent_calls.max(1)),
            _ticker: ticker,
            engine,
            limits,
        })
    }

    /// Runs `work` in a fresh store with `budget` units of fuel. `what` names the called function in faults.
    ///
    /// A call that the wall clock ended while fuel and processor time were left is made once more: that is an overloaded machine, not a
    /// plugin that is too slow. One that used its thread's time up is the plugin's fault.
    pub(crate) fn call<T>(
        &self,
        what: &'static str,
        budget: u64,
        bytes_in: u64,
        work: impl Fn(&mut Store<Guest>) -> wasmtime::Result<T>,
    ) -> Result<(T, Receipt), Fault> {
        let _permit = self.calls.enter();
        match self.attempt(what, budget, bytes_in, &work) {
            Err(Fault {
                kind: FaultKind::Deadline { .. },
                ..
            }) => self.attempt(what, budget, bytes_in, &work),
            answer => answer,
        }
    }

    fn attempt<T>(
        &self,
        what: &'static str,
        budget: u64,
        bytes_in: u64,
        work: &impl Fn(&mut Store<Guest>) -> wasmtime::Result<T>,
    ) -> Result<(T, Receipt), Fault> {
        let (begin, began) = (Instant::now(), cpu());
        let mut store = Store::new(&self.engine, Guest::new(&self.limits));
        store.limiter(|guest| guest);
        let (deadline, limit) = (
            Duration::from_millis(self.limits.deadline_ms),
            self.limits.cpu_ms(budget),
        );
        let most = Duration::from_millis(limit);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |mut store| {
            if cpu().saturating_sub(began) >= most {
                store.data_mut().denied = Some(Denied::Time { limit });
                return Ok(UpdateDeadline::Interrupt);
            }
            Ok(match begin.elapsed() < deadline {
                true => UpdateDeadline::Continue(1),
                false => UpdateDeadline::Interrupt,
            })
        });
        store.set_hostcall_fuel(self.limits.host_call_bytes);
        let answer = store.set_fuel(budget).and_then(|()| work(&mut store));
        let left = store.get_fuel().unwrap_or(0);
        let guest = store.into_data();
        let receipt = Receipt {
            usage: Usage {
                fuel: budget.saturating_sub(left),
                micros: begin.elapsed().as_micros() as u64,
                cpu_micros: cpu().saturating_sub(began).as_micros() as u64,
                peak_memory: guest.peak_memory as u64,
                bytes_in,
                bytes_out: guest.bytes_out,
                log_lines: guest.logged,
            },
            log: guest.log,
        };
        match answer {
            Ok(answer) => Ok((answer, receipt)),
            Err(error) => {
                let kind = self.explain(what, budget, guest.denied, &error);
                Err(Fault {
                    kind,
                    receipt: Box::new(receipt),
                    row: None,
                })
            }
        }
    }

    fn explain(&self, what: &str, budget: u64, denied: Option<Denied>, error: &wasmtime::Error) -> FaultKind {
        match denied {
            Some(Denied::Memory { asked, limit }) => {
                let (asked, limit) = (asked as u64, limit as u64);
                return FaultKind::Memory {
                    what: "memory",
                    unit: "bytes",
                    asked,
                    limit,
                };
            }
            Some(Denied::Table { asked, limit }) => {
                let (asked, limit) = (asked as u64, limit as u64);
                return FaultKind::Memory {
                    what: "a table",
                    unit: "elements",
                    asked,
                    limit,
                };
            }
            Some(Denied::Time { limit }) => return FaultKind::OutOfTime { limit_ms: limit },
            None => {}
        }
        if error.is::<PoolConcurrencyLimitError>() {
            return FaultKind::Host {
                message: Words::same(error.to_string()),
            };
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::OutOfFuel) => FaultKind::OutOfFuel { budget },
            Some(Trap::Interrupt) => FaultKind::Deadline {
                limit_ms: self.limits.deadline_ms,
            },
            Some(trap) => {
                let message = trap.to_string();
                let message = message.strip_prefix("wasm trap: ").unwrap_or(&message).to_owned();
                FaultKind::Trap {
                    message,
                    functions: functions(error),
                }
            }
            None => {
                let mut problem = Words::same(error.root_cause().to_string());
                if problem.en.contains("fuel allocated for hostcalls") {
                    problem = words!(
                        "it has more than {most} bytes",
                        "超过 {most} 字节",
                        most = self.limits.host_call_bytes
                    );
                }
                FaultKind::BadOutput {
                    field: format!("{what}()"),
                    problem,
                }
            }
        }
    }
}

/// Frames of the guest's stack that are looked at. A panic takes about eight for itself.
const FRAMES: usize = 32;

/// Names of the functions on the guest's stack, innermost first.
fn functions(error: &wasmtime::Error) -> Vec<String> {
    let Some(trace) = error.downcast_ref::<WasmBacktrace>() else {
        return Vec::new();
    };
    let name = |frame: &wasmtime::FrameInfo| match frame.func_name() {
        Some(name) => crate::text::printable(&crate::fault::written_name(name), 200),
        None => format!("function {}", frame.func_index()),
    };
    crate::fault::telling(trace.frames().iter().map(name).collect())
}

fn config(limits: &Limits) -> Config {
    let mut pool = PoolingAllocationConfig::new();
    let calls = limits.concurrent_calls.max(1);
    pool.total_component_instances(calls)
        .total_core_instances(calls.saturating_mul(limits.instances))
        .total_memories(calls.saturating_mul(limits.memories))
        .total_tables(calls.saturating_mul(limits.tables))
        .max_core_instances_per_component(limits.instances)
        .max_memories_per_component(limits.memories)
        .max_tables_per_component(limits.tables)
        .max_memory_size(limits.memory_bytes)
        .table_elements(limits.table_elements)
        // A slot that is used again keeps its pages: clearing them costs less than giving them back and faulting them in.
        .linear_memory_keep_resident(limits.memory_bytes.min(2 << 20))
        .table_keep_resident(64 << 10)
        // With the kernel's help (Linux 6.7) only pages that were written are cleared.
        .pagemap_scan(Enabled::Auto);

    let mut config = compiling();
    config
        .max_wasm_stack(limits.stack_bytes)
        // nothing runs on such stacks, but wasmtime wants them to be no smaller
        .async_stack_size(limits.thread_stack_bytes())
        .wasm_backtrace_max_frames(std::num::NonZeroUsize::new(FRAMES))
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

/// Memory that is always laid out as one image, holes included. A larger one is only where at least half of it is filled: a segment of
/// a byte at the end of an empty memory would take that many bytes of machine code otherwise. What has no image is copied at each start.
const SPARSE_IMAGE: u64 = 64 << 10;

/// Fuel of the instructions: one unit each, and one for each byte or element of those that go through many. A reference to a function
/// costs a call into the host.
fn costs() -> OperatorCost {
    OperatorCost {
        RefFunc: 16,
        ..OperatorCost::new()
    }
}

/// What machine code depends on: whoever compiles and whoever runs have the same.
pub(crate) fn compiling() -> Config {
    let mut config = Config::new();
    config
        .strategy(Strategy::Cranelift)
        .cranelift_opt_level(OptLevel::Speed)
        // The same bits for NaN on every machine, so that a replay gives the same answer.
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(false)
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_component_model(true)
        .consume_fuel(true)
        .operator_cost(costs())
        .epoch_interruption(true)
        .memory_guaranteed_dense_image_size(SPARSE_IMAGE)
        // Guests are synchronous; without tasks a store is cheaper to make.
        .concurrency_support(false)
        .parallel_compilation(true);
    config
}

/// The thread that moves the epoch on. It ends when the engine is dropped: the channel's other end is gone then.
struct Ticker {
    stop: Option<Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Ticker {
    fn start(engine: &wasmtime::Engine, limits: &Limits) -> wasmtime::Result<Self> {
        let (stop, stopped) = channel::<()>();
        let (engine, tick) = (engine.clone(), limits.tick());
        let thread = std::thread::Builder::new().name("plugin-epoch".into()).spawn(move || {
            while stopped.recv_timeout(tick) == Err(RecvTimeoutError::Timeout) {
                engine.increment_epoch();
            }
        })?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Lets a number of callers in at a time. The pooling allocator has that many slots; a caller beyond them waits instead
/// of failing.
struct Gate {
    free: Mutex<u32>,
    freed: Condvar,
}

impl Gate {
    fn new(places: u32) -> Self {
        Self {
            free: Mutex::new(places),
            freed: Condvar::new(),
        }
    }

    fn enter(&self) -> Permit<'_> {
        let free = lock(&self.free);
        let mut free = self
            .freed
            .wait_while(free, |free| *free == 0)
            .unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
        Permit(self)
    }
}

struct Permit<'a>(&'a Gate);

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        *lock(&self.0.free) += 1;
        self.0.freed.notify_one();
    }
}

/// Locks `mutex`, also when a thread panicked while it held it: what these locks guard is valid at every step.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use wasmtime::{Instance, Module};

    /// What comes of a call whose thread is held up for longer than the deadline, so many times, before its guest goes round a short loop.
    fn held_up(times: u32) -> (Result<(), Fault>, u32) {
        let limits = Limits {
            deadline_ms: 20,
            epoch_tick_ms: 1,
            ..Limits::default()
        };
        let runtime = Runtime::new(limits).expect("a sandbox");
        let short = r#"(module (func (export "go") (local i32) (loop $again
            (br_if $again (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 1000))))))"#;
        let module = Module::new(&runtime.engine, wat::parse_str(short).expect("a module")).expect("it compiles");
        let attempts = Cell::new(0);
        let called = runtime.call("go", runtime.limits.decision_fuel, 0, |store| {
            attempts.set(attempts.get() + 1);
            if attempts.get() <= times {
                std::thread::sleep(Duration::from_millis(60));
            }
            let instance = Instance::new(&mut *store, &module, &[])?;
            instance.get_typed_func::<(), ()>(&mut *store, "go")?.call(store, ())
        });
        (called.map(drop), attempts.get())
    }

    #[test]
    fn who_is_held_up_is_asked_once_more_and_never_blamed() {
        assert_eq!(held_up(0), (Ok(()), 1));
        assert_eq!(held_up(1), (Ok(()), 2));
        let (called, attempts) = held_up(2);
        let fault = called.expect_err("it is held up twice");
        assert_eq!((fault.code(), attempts), ("deadline", 2));
        assert!(!fault.counts_against_plugin());
        let usage = fault.receipt.usage;
        assert!(usage.micros >= 60_000 && usage.cpu_micros < 20_000, "{usage:?}");
    }

    #[test]
    fn a_call_with_more_fuel_has_more_time() {
        let limits = Limits::default();
        let times = [0, 20_000_000, limits.chunk_fuel(8_192)].map(|fuel| limits.cpu_ms(fuel));
        assert_eq!(times, [250, 250, 762]);
        let endless = Limits {
            decision_fuel: 0,
            cpu_ms: u64::MAX,
            ..Limits::default()
        };
        assert_eq!(endless.cpu_ms(u64::MAX), u64::MAX);
    }
}
