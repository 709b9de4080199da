//! What a call used, what it logged, and what went wrong with it.

use crate::limits::Limits;
use crate::problem::Problem;
use posthouse_domain::{Words, words};
use serde::Serialize;
use std::fmt;

/// What one call used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Fuel burnt; the same on every machine.
    pub fuel: u64,
    /// Wall-clock time in microseconds, instantiation included.
    pub micros: u64,
    /// Processor time of the thread in microseconds, instantiation included. What a unit of fuel cost: this over `fuel`.
    pub cpu_micros: u64,
    /// Largest sum of linear memories, in bytes.
    pub peak_memory: u64,
    /// Bytes of what was asked about, and of the context, handed to the guest.
    pub bytes_in: u64,
    /// Bytes of results taken from the guest.
    pub bytes_out: u64,
    /// Log lines written, those that were dropped included.
    pub log_lines: u64,
}

impl Usage {
    /// How long it took and how much memory, in a sentence.
    pub fn words(&self) -> Words {
        words!(
            "{micros} µs and {memory} KiB of memory",
            "{micros} µs，内存 {memory} KiB",
            micros = self.micros,
            memory = self.peak_memory / 1024
        )
    }
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
pub(crate) fn with_last_words(fault: &impl fmt::Display, log: &[LogLine]) -> Words {
    match log.last() {
        Some(line) => words!(
            "last log line: {message}; {fault}",
            "最后一行日志：{message}；{fault}",
            message = line.message
        ),
        None => Words::of(fault),
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
    #[error("{}", words!(
        "the plugin burnt its {budget} units of fuel without coming to an end: look for a loop that does not stop, or do less work per row or line",
        "插件用尽了 {budget} 单位燃料仍未结束：请检查有没有停不下来的循环，或减少每行的工作量"
    ))]
    OutOfFuel {
        /// Fuel the call had.
        budget: u64,
    },
    /// The processor time was used up while fuel was left: the plugin does what costs more than its fuel says.
    #[error("{}", words!(
        "the plugin used its {limit_ms} ms of processor time although fuel was left: look for large memory that is read all over or written again and again, or do less work per row or line",
        "插件用尽了 {limit_ms} 毫秒处理器时间，而燃料尚未用尽：请检查有没有在大块内存中到处读取或反复写入，或减少每行的工作量"
    ))]
    OutOfTime {
        /// Processor time the call had, in milliseconds.
        limit_ms: u64,
    },
    /// The wall clock ran out while fuel and processor time were left, twice.
    #[error("{}", words!(
        "the call took longer than {limit_ms} ms although fuel was left: the machine is overloaded; try again, and raise `deadline-ms` if it stays",
        "调用超过 {limit_ms} 毫秒，而燃料尚未用尽：机器过载；请重试，如果一直这样，请调高 `deadline-ms`"
    ))]
    Deadline {
        /// Time a call has, in milliseconds.
        limit_ms: u64,
    },
    /// A memory or table wanted to grow beyond the limit.
    #[error("{}", words!(
        "the plugin asked for {asked} {unit} of {what}, {limit} are allowed: keep less in memory at a time",
        "插件请求的{zh}，上限为 {limit}：请减少同时放在内存中的内容",
        zh = in_chinese(what, *asked)
    ))]
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
    #[error("{}", words!(
        "the plugin stopped: {message}{within}",
        "插件中止：{message}{within}",
        within = within(functions)
    ))]
    Trap {
        /// Why, in wasmtime's words.
        message: String,
        /// Names of the guest's functions on the stack, innermost first, without those of Rust's own libraries.
        functions: Vec<String>,
    },
    /// The answer does not fit the contract.
    #[error("{}", words!("the plugin's answer is not usable: {field}: {problem}", "插件的结果无法使用：{field}：{problem}"))]
    BadOutput {
        /// Which part of the answer.
        field: String,
        /// What is wrong with it.
        problem: Words,
    },
    /// Asked again, with other rows around them or in another order, rows got other answers.
    #[error("{}", words!(
        "customers who were asked about a second time, with others around them and in another order, got another {field}: {alone}",
        "对部分客户换一种顺序、与其他客户一起再问一次，得到的 {field} 不同：{alone}",
        alone = alone()
    ))]
    RowDependence {
        /// `segment`, `score` or `reason`.
        field: &'static str,
    },
    /// The guest refused the call with a message of its own.
    #[error("{}", words!("the plugin refused the call: {message}", "插件拒绝了调用：{message}"))]
    Refused {
        /// The guest's message.
        message: Words,
    },
    /// The host asked for something impossible; not the plugin's fault.
    #[error("{}", words!("the host could not make the call: {message}", "服务器无法发起调用：{message}"))]
    Host {
        /// What was impossible.
        message: Words,
    },
}

/// What to do about answers that depend on other rows.
pub(crate) fn alone() -> Words {
    words!(
        "decide each row by itself, without counters, `static`s, neighbours or the row's place; ask for quantiles to learn about the population",
        "请逐行独立判断，不要用计数器、`static`、相邻的行或行的位置；要了解总体，请使用分位数"
    )
}

fn within(functions: &[String]) -> Words {
    if functions.is_empty() {
        return Words::default();
    }
    let functions = functions.join(" < ");
    words!(" (in {functions})", "（位于 {functions}）")
}

/// How much of which memory there would have been.
fn in_chinese(what: &str, asked: u64) -> String {
    match what {
        "memory" => format!("内存为 {asked} 字节"),
        _ => format!("表为 {asked} 个元素"),
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
    pub(crate) fn host(message: Words) -> Self {
        Self {
            kind: FaultKind::Host { message },
            receipt: Box::default(),
            row: None,
        }
    }

    /// An answer that is not usable.
    pub(crate) fn output(field: impl Into<String>, problem: Words, receipt: Receipt) -> Self {
        let kind = FaultKind::BadOutput {
            field: field.into(),
            problem,
        };
        Self {
            kind,
            receipt: Box::new(receipt),
            row: None,
        }
    }

    /// The guest's own refusal.
    pub(crate) fn refused(problem: Problem, limits: &Limits, receipt: Receipt) -> Self {
        let kind = FaultKind::Refused {
            message: problem.checked(limits).words(),
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
            FaultKind::OutOfTime { .. } => "out_of_time",
            FaultKind::Deadline { .. } => "deadline",
            FaultKind::Memory { .. } => "memory",
            FaultKind::Trap { .. } => "trap",
            FaultKind::BadOutput { .. } => "bad_output",
            FaultKind::RowDependence { .. } => "row_dependence",
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
