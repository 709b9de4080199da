//! What a call used, what it logged, and what went wrong with it.

use serde::Serialize;
use std::fmt;

/// What one call used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Fuel burnt; the same on every machine.
    pub fuel: u64,
    /// Wall-clock time in microseconds, instantiation included.
    pub micros: u64,
    /// Largest sum of linear memories, in bytes.
    pub peak_memory: u64,
    /// Bytes of columns or the basket, and of the context, handed to the guest.
    pub bytes_in: u64,
    /// Bytes of results taken from the guest.
    pub bytes_out: u64,
    /// Log lines written, those that were dropped included.
    pub log_lines: u64,
}

/// How serious the guest finds a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// For the author while developing.
    Debug,
    /// Worth knowing.
    Info,
    /// Worth looking at.
    Warn,
    /// Wrong.
    Error,
}

/// One line a guest wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogLine {
    /// How serious.
    pub level: LogLevel,
    /// The text, cut at the limit; control characters are replaced.
    pub message: String,
}

/// A fault behind the last line before it: the SDK logs there what a panic says, and where.
pub(crate) fn with_last_words(fault: &impl fmt::Display, log: &[LogLine]) -> String {
    match log.last() {
        Some(line) => format!("last log line: {}; {fault}", line.message),
        None => fault.to_string(),
    }
}

/// What a call left behind besides its answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// What it used.
    pub usage: Usage,
    /// The first log lines.
    pub log: Vec<LogLine>,
}

/// A call that gave no usable answer. Nothing of it survives: the next call begins afresh.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// What went wrong.
    pub kind: FaultKind,
    /// What the call used and logged until then.
    pub receipt: Box<Receipt>,
    /// Place of the row that by itself brings the call about, where the call was about several and one does.
    pub row: Option<usize>,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FaultKind {
    /// All fuel was burnt.
    #[error(
        "the plugin burnt its {budget} units of fuel without coming to an end: look for a loop that does not stop, or do less work per row or line"
    )]
    OutOfFuel {
        /// Fuel the call had.
        budget: u64,
    },
    /// The wall clock ran out while fuel was left, twice.
    #[error(
        "the call took longer than {limit_ms} ms although fuel was left: the machine is overloaded; try again, and raise `deadline-ms` if it stays"
    )]
    Deadline {
        /// Time a call has, in milliseconds.
        limit_ms: u64,
    },
    /// A memory or table wanted to grow beyond the limit.
    #[error("the plugin asked for {asked} {unit} of {what}, {limit} are allowed: keep less in memory at a time")]
    Memory {
        /// `memory` or `a table`.
        what: &'static str,
        /// `bytes` or `elements`.
        unit: &'static str,
        /// How much there would have been.
        asked: u64,
        /// How much there may be.
        limit: u64,
    },
    /// The guest stopped by itself.
    #[error("the plugin stopped: {message}{}", Within(.functions))]
    Trap {
        /// Why, in wasmtime's words.
        message: String,
        /// Names of the guest's functions on the stack, innermost first, without those of Rust's own libraries.
        functions: Vec<String>,
    },
    /// The answer does not fit the contract.
    #[error("the plugin's answer is not usable: {field}: {problem}")]
    BadOutput {
        /// Which part of the answer.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The guest refused the call with a message of its own.
    #[error("the plugin refused the call: {message}")]
    Refused {
        /// The guest's message.
        message: String,
    },
    /// The host asked for something impossible; not the plugin's fault.
    #[error("the host could not make the call: {message}")]
    Host {
        /// What was impossible.
        message: String,
    },
}

struct Within<'a>(&'a [String]);

impl fmt::Display for Within<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        write!(f, " (in {})", self.0.join(" < "))
    }
}

/// The functions of a stack that tell something: those that are not of Rust's own libraries, if there are any, and of them the first
/// eight.
pub(crate) fn telling(stack: Vec<String>) -> Vec<String> {
    let others = !stack.iter().all(|name| is_of_rust(name));
    let told = stack.into_iter().filter(|name| !others || !is_of_rust(name));
    told.take(8).collect()
}

/// Whether a function is one of Rust's own libraries: the machinery of a panic says nothing about where it came from.
fn is_of_rust(name: &str) -> bool {
    let name = name.trim_start_matches(['<', '&']);
    let own = [
        "std::",
        "core::",
        "alloc::",
        "__rust",
        "rust_begin_unwind",
        "rust_panic",
    ];
    own.iter().any(|start| name.starts_with(start))
}

/// The name of a guest's function as its author wrote it, without the compiler's mangling.
pub(crate) fn written_name(name: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(name))
}

impl Fault {
    /// A fault that happened before the guest ran.
    pub(crate) fn host(message: impl Into<String>) -> Self {
        Self {
            kind: FaultKind::Host {
                message: message.into(),
            },
            receipt: Box::default(),
            row: None,
        }
    }

    /// An answer that is not usable.
    pub(crate) fn output(field: impl Into<String>, problem: impl Into<String>, receipt: Receipt) -> Self {
        let kind = FaultKind::BadOutput {
            field: field.into(),
            problem: problem.into(),
        };
        Self {
            kind,
            receipt: Box::new(receipt),
            row: None,
        }
    }

    /// The guest's own refusal; the message is cut at `limit` bytes.
    pub(crate) fn refused(message: &str, limit: usize, receipt: Receipt) -> Self {
        let kind = FaultKind::Refused {
            message: crate::guest::printable(message, limit),
        };
        Self {
            kind,
            receipt: Box::new(receipt),
            row: None,
        }
    }

    /// Stable name of the kind, for APIs and counters.
    pub fn code(&self) -> &'static str {
        match &self.kind {
            FaultKind::OutOfFuel { .. } => "out_of_fuel",
            FaultKind::Deadline { .. } => "deadline",
            FaultKind::Memory { .. } => "memory",
            FaultKind::Trap { .. } => "trap",
            FaultKind::BadOutput { .. } => "bad_output",
            FaultKind::Refused { .. } => "refused",
            FaultKind::Host { .. } => "host",
        }
    }

    /// Whether the fault says something about the plugin. A deadline or a host's problem does not, and must not count
    /// towards its breaker.
    pub fn counts_against_plugin(&self) -> bool {
        !matches!(self.kind, FaultKind::Deadline { .. } | FaultKind::Host { .. })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_have_the_names_their_authors_wrote() {
        for (mangled, written) in [
            (
                "_ZN4core9panicking9panic_fmt17h0123456789abcdefE",
                "core::panicking::panic_fmt",
            ),
            ("_RNvCs1234_7welcome8classify", "welcome::classify"),
            ("classify", "classify"),
            ("_ZNot mangled", "_ZNot mangled"),
        ] {
            assert_eq!(written_name(mangled), written);
        }
    }

    #[test]
    fn a_trap_names_the_functions_that_are_not_of_rust() {
        let told = |stack: &[&str]| telling(stack.iter().map(|name| (*name).to_owned()).collect());
        let stack = [
            "__rustc::rust_begin_unwind",
            "core::panicking::panic_fmt",
            "<core::option::Option<i32> as core::ops::Try>::branch",
            "welcome_home::classify",
            "posthouse_sdk::segmentation::classify",
        ];
        assert_eq!(told(&stack), stack[3..]);
        assert_eq!(told(&stack[..2]), stack[..2], "nothing else is there");
        let deep = [["core::panicking::panic"; 9], ["welcome_home::again"; 9]].concat();
        assert_eq!(told(&deep), deep[9..17]);
        assert_eq!(told(&[]), [""; 0]);
    }
}
