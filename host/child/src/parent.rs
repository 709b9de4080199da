//! The parent's side: starting a child, reading what it says, finding out how it ended.

use crate::Limits;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

/// How a child ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// It finished its work.
    Done,
    /// It asked for more memory than it may have.
    Memory,
    /// It used up its processor time.
    Processor,
    /// It was silent for too long.
    Silence,
    /// Anything else, with the last line it wrote.
    Failed(String),
}

/// A child at work. Reading gives what it writes; dropping it ends it.
#[derive(Debug)]
pub struct Child {
    process: std::process::Child,
    output: ChildStdout,
    complaints: Option<ChildStderr>,
    patience: Duration,
    silent: bool,
}

/// Most bytes looked at of what a child complains about.
const COMPLAINTS: u64 = 4 * 1024;
/// Exit status of a panic.
const PANICKED: i32 = 101;

/// Starts `program` with `arguments`, reading `input`, in a process that shall put itself under `limits` with [`crate::confine`].
///
/// # Errors
/// A program that cannot be started.
pub fn start<A: AsRef<OsStr>>(
    program: &Path,
    arguments: impl IntoIterator<Item = A>,
    input: File,
    limits: &Limits,
) -> io::Result<Child> {
    let mut process = Command::new(program)
        .args(arguments)
        // addresses and secrets of the server are none of its business
        .env_clear()
        // mimalloc would take a gigabyte of addresses before the limits are set, and then give memory from it that no limit counts
        .env("MIMALLOC_DISALLOW_ARENA_ALLOC", "1")
        .current_dir("/")
        .stdin(Stdio::from(input))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let (Some(output), complaints) = (process.stdout.take(), process.stderr.take()) else {
        return Err(io::Error::other("the child has no output"));
    };
    Ok(Child {
        process,
        output,
        complaints,
        patience: Duration::from_secs(limits.silence_seconds),
        silent: false,
    })
}

impl Read for Child {
    /// Waits for the child's next bytes, but not longer than its limit allows.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let patience = Timespec::try_from(self.patience).map_err(io::Error::other)?;
        loop {
            let mut waiting = [PollFd::new(&self.output, PollFlags::IN)];
            match poll(&mut waiting, Some(&patience)) {
                Ok(0) => {
                    self.silent = true;
                    return Err(io::ErrorKind::TimedOut.into());
                }
                Ok(_) => return self.output.read(buffer),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Child {
    /// How the child ended; whatever still runs of it is killed.
    ///
    /// # Errors
    /// A process that cannot be waited for.
    pub fn end(mut self) -> io::Result<End> {
        let status = self.process.wait_briefly()?;
        let mut said = String::new();
        if let Some(complaints) = self.complaints.take() {
            let mut bytes = Vec::new();
            complaints.take(COMPLAINTS).read_to_end(&mut bytes)?;
            said = String::from_utf8_lossy(&bytes).into_owned();
        }
        Ok(match status {
            None => End::Silence,
            Some(_) if self.silent => End::Silence,
            Some(status) => reason(status, &said),
        })
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // it may have ended already
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

trait WaitBriefly {
    /// The status of a process that is about to end; one that is not is killed.
    fn wait_briefly(&mut self) -> io::Result<Option<ExitStatus>>;
}

impl WaitBriefly for std::process::Child {
    fn wait_briefly(&mut self) -> io::Result<Option<ExitStatus>> {
        // a process closes its output a moment before it is gone
        for _ in 0..200 {
            if let Some(status) = self.try_wait()? {
                return Ok(Some(status));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        self.kill()?;
        self.wait()?;
        Ok(None)
    }
}

fn reason(status: ExitStatus, said: &str) -> End {
    use rustix::process::Signal;
    let signal = status.signal();
    let is = |wanted: Signal| signal == Some(wanted.as_raw());
    if status.success() {
        End::Done
    } else if said.contains("memory allocation of ") || said.contains("out of memory") {
        End::Memory
    } else if is(Signal::XCPU) || is(Signal::KILL) {
        // the system kills what goes on beyond its processor time
        End::Processor
    } else {
        let last = said
            .lines()
            .rfind(|line| !line.trim().is_empty() && !line.starts_with("note:"));
        let how = match (status.code(), signal) {
            (Some(PANICKED), _) => "it panicked".to_owned(),
            (Some(code), _) => format!("it exited with {code}"),
            (_, Some(signal)) => format!("it was ended by signal {signal}"),
            (None, None) => "it ended".to_owned(),
        };
        End::Failed(last.map_or_else(|| how.clone(), |line| format!("{how}: {}", line.trim())))
    }
}
