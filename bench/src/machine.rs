//! What the numbers were measured on, and memory.

use std::process::Command;

/// Cores, processor, memory, compiler; no names of hosts or folders.
pub(crate) fn describe() -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let model = field("/proc/cpuinfo", "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let memory = field("/proc/meminfo", "MemTotal").and_then(kilobytes).unwrap_or(0);
    let rustc = Command::new("rustc").arg("--version").output().ok();
    let rustc = rustc
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .unwrap_or_default();
    let rustc = rustc.split(" (").next().unwrap_or_default().trim().to_owned();
    format!(
        "{cores} cores ({model}), {:.0} GiB of memory, {rustc}",
        memory as f64 / (1024.0 * 1024.0)
    )
}

/// Seconds this thread has computed so far.
pub(crate) fn thread_time() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Resident memory of this process in MB.
pub(crate) fn resident() -> f64 {
    memory("self", "VmRSS")
}

/// The largest resident memory of this process so far, in MB.
pub(crate) fn peak() -> f64 {
    memory("self", "VmHWM")
}

/// The largest resident memory of another process so far, in MB.
pub(crate) fn peak_of(process: u32) -> f64 {
    memory(&process.to_string(), "VmHWM")
}

/// Resident memory of another process, in MB.
pub(crate) fn resident_of(process: u32) -> f64 {
    memory(&process.to_string(), "VmRSS")
}

/// Seconds all threads of another process have computed so far.
pub(crate) fn process_time(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // the name before may have anything in it; user and system time are the 12th and 13th field after it
    let fields = stat.rsplit(") ").next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    ticks as f64 / rustix::param::clock_ticks_per_second() as f64
}

fn memory(process: &str, name: &str) -> f64 {
    let kilobytes = field(&format!("/proc/{process}/status"), name)
        .and_then(kilobytes)
        .unwrap_or(0);
    kilobytes as f64 * 1024.0 / 1e6
}

fn field(file: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text
        .lines()
        .find(|line| line.split(':').next().is_some_and(|key| key.trim() == name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn kilobytes(text: String) -> Option<u64> {
    text.split_whitespace().next()?.parse().ok()
}
