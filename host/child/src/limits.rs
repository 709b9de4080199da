//! What a child may use.

use rustix::process::{Resource, Rlimit, setrlimit};
use std::io;

/// What a child may use. Each limit is kept by the operating system, whatever the work does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Address space in bytes, the binary's own code included.
    pub memory_bytes: u64,
    /// Processor time in seconds.
    pub cpu_seconds: u64,
    /// Seconds the parent waits for the next byte.
    pub silence_seconds: u64,
}

/// Puts this process under its limits. Called by the child before it reads anything of its input; there is no way back.
///
/// # Errors
/// A limit the system does not accept.
pub fn confine(limits: &Limits) -> io::Result<()> {
    // the child shall not outlive its server, even one that is killed
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    let bounds = [
        (Resource::Core, 0),
        // nothing is written to files, and no further ones are opened
        (Resource::Fsize, 0),
        (Resource::Nofile, 16),
        (Resource::Cpu, limits.cpu_seconds),
        (Resource::As, limits.memory_bytes),
    ];
    for (resource, most) in bounds {
        let most = Some(most);
        setrlimit(
            resource,
            Rlimit {
                current: most,
                maximum: most,
            },
        )?;
    }
    Ok(())
}

/// Lets everything else on the machine go first: for work that nobody waits for on a page.
///
/// # Errors
/// A system that does not know of it.
pub fn stand_back() -> io::Result<()> {
    const LAST: i32 = 19;
    rustix::process::nice(LAST)?;
    Ok(())
}
