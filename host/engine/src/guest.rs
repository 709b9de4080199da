//! The host's side of one store: limits while the guest runs, and the log it writes.

use crate::fault::{LogLevel, LogLine};
use crate::limits::Limits;
use crate::text::printable;
use wasmtime::component::{ComponentType, Lift, Linker, WasmStr};
use wasmtime::{ResourceLimiter, Result, StoreContextMut, Trap};

/// Name of the only interface a plugin may import functions from.
const LOG: &str = "posthouse:plugin/log@1.0.0";

/// Fuel of one log line, besides one unit per byte. A line costs the host more than a few instructions, and without a
/// price a guest could keep the host busy for the price of a loop.
const LOG_LINE_FUEL: u64 = 1_000;

/// State of one store; lives for one call.
#[derive(Debug)]
pub(crate) struct Guest {
    memory_limit: usize,
    table_limit: usize,
    instance_limit: usize,
    log_lines: usize,
    log_line_bytes: usize,
    memory: usize,
    /// Largest sum of memories so far.
    pub(crate) peak_memory: usize,
    /// The growth that was refused, if one was.
    pub(crate) denied: Option<Denied>,
    pub(crate) log: Vec<LogLine>,
    /// Lines written, dropped ones included.
    pub(crate) logged: u64,
    /// Set by the adapter when it has read the answer.
    pub(crate) bytes_out: u64,
}

/// A growth beyond the limits.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Denied {
    Memory {
        asked: usize,
        limit: usize,
    },
    Table {
        asked: usize,
        limit: usize,
    },
    /// Processor time, in milliseconds.
    Time {
        limit: u64,
    },
}

impl Guest {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            memory_limit: limits.memory_bytes,
            table_limit: limits.table_elements,
            instance_limit: limits.instances as usize,
            log_lines: limits.log_lines,
            log_line_bytes: limits.log_line_bytes,
            memory: 0,
            peak_memory: 0,
            denied: None,
            log: Vec::new(),
            logged: 0,
            bytes_out: 0,
        }
    }
}

/// Growth beyond a limit ends the call instead of answering -1: most guests would only turn the -1 into a trap without
/// a reason, and the author should read the reason.
impl ResourceLimiter for Guest {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        let sum = self.memory.saturating_add(desired.saturating_sub(current));
        if sum > self.memory_limit {
            self.denied = Some(Denied::Memory {
                asked: sum,
                limit: self.memory_limit,
            });
            wasmtime::bail!("memory limit");
        }
        self.memory = sum;
        self.peak_memory = self.peak_memory.max(sum);
        Ok(true)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> Result<bool> {
        if desired > self.table_limit {
            self.denied = Some(Denied::Table {
                asked: desired,
                limit: self.table_limit,
            });
            wasmtime::bail!("table limit");
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        self.instance_limit
    }
}

#[allow(
    unsafe_code,
    reason = "wasmtime's derive macros write unsafe impls whose layout they compute from the type"
)]
mod wire {
    use super::*;

    #[derive(Debug, Clone, Copy, ComponentType, Lift)]
    #[component(enum)]
    #[repr(u8)]
    #[expect(dead_code, reason = "the derive makes the values from their discriminants")]
    pub(super) enum Level {
        #[component(name = "debug")]
        Debug,
        #[component(name = "info")]
        Info,
        #[component(name = "warn")]
        Warn,
        #[component(name = "error")]
        Error,
    }
}

/// Everything the host offers to guests, for all stores of one engine.
pub(crate) fn linker(engine: &wasmtime::Engine) -> Result<Linker<Guest>> {
    let mut linker = Linker::new(engine);
    linker.instance(LOG)?.func_wrap("write", write)?;
    Ok(linker)
}

fn write(mut store: StoreContextMut<'_, Guest>, (level, message): (wire::Level, WasmStr)) -> Result<()> {
    store.data_mut().logged += 1;
    let guest = store.data();
    let keep = guest.log.len() < guest.log_lines;
    // a dropped line is not read, so it costs only the fixed price
    let text = if keep {
        Some(message.to_str(&store)?.into_owned())
    } else {
        None
    };
    let price = LOG_LINE_FUEL + text.as_ref().map_or(0, |text| text.len() as u64);
    let left = store.get_fuel()?.checked_sub(price).ok_or(Trap::OutOfFuel)?;
    store.set_fuel(left)?;
    if let Some(text) = text {
        let limit = store.data().log_line_bytes;
        let message = printable(&text, limit);
        let level = match level {
            wire::Level::Debug => LogLevel::Debug,
            wire::Level::Info => LogLevel::Info,
            wire::Level::Warn => LogLevel::Warn,
            wire::Level::Error => LogLevel::Error,
        };
        store.data_mut().log.push(LogLine { level, message });
    }
    Ok(())
}
