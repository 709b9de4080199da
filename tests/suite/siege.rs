//! An attack on a server while another agency sells: the time of its quotes before and during, and what the attack took.
//!
//! For a moment in every suite; `make torture` goes on for longer and looks at the time of quotes more closely.

use super::torture::setting;
use posthouse_tests::campaigns::basket;
use posthouse_tests::{Client, Server};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// What somebody does until they are told to stop.
pub(super) type Attack<'a> = &'a (dyn Fn(&AtomicBool) + Sync);

/// A figure of `/proc` about the server: `VmHWM` in KiB, say.
pub(super) fn figure(server: &Server, name: &str) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// How many files the server has open.
pub(super) fn files(server: &Server) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap().count()
}

/// Bytes of the files in a folder and those within. One that goes away meanwhile has none.
fn bytes(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let size = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(about) if about.is_dir() => bytes(&entry.path()),
        Ok(about) => about.len(),
        Err(_) => 0,
    };
    entries.map(size).sum()
}

/// What an attack took.
#[derive(Debug)]
pub(super) struct Took {
    /// Bytes of memory by which the server's peak rose.
    pub(super) memory: usize,
    /// Bytes by which its folder grew.
    pub(super) disk: u64,
    /// Files that it had open at the end.
    pub(super) files: usize,
}

/// A server with somebody who sells.
pub(super) struct Siege<'a> {
    server: &'a Server,
    buyer: &'a Client,
    /// How long an attack lasts.
    last: Duration,
    /// What a quote may take longer for reasons of its own: in the suite others are at work on the same cores.
    noise: Duration,
}

impl<'a> Siege<'a> {
    pub(super) fn of(server: &'a Server, buyer: &'a Client) -> Self {
        let asked = std::env::var_os("POSTHOUSE_TEST_TORTURE").is_some();
        let siege = Self {
            server,
            buyer,
            last: Duration::from_secs(setting("POSTHOUSE_TEST_TORTURE", 2).clamp(2, 20)),
            noise: Duration::from_millis(if asked { 10 } else { 5_000 }),
        };
        // the first quotes are not like the others
        siege.p99(&calm);
        siege
    }

    /// Sells before, during and after an attack.
    pub(super) fn withstand(&self, name: &str, attack: Attack<'_>) -> Took {
        let memory = figure(self.server, "VmHWM");
        let folder = self.server.folder();
        let disk = bytes(folder);
        let before = self.p99(&calm);
        let during = self.p99(attack);
        let took = Took {
            memory: figure(self.server, "VmHWM").saturating_sub(memory) << 10,
            disk: bytes(folder).saturating_sub(disk),
            files: files(self.server),
        };
        // the machine has other things to do as well, and not always as many
        let calm = before.max(self.p99(&calm));
        println!(
            "{name}: quote p99 {before:?} before, {during:?} during; {} MiB of memory and {} MiB of disk more; {} files",
            took.memory >> 20,
            took.disk >> 20,
            took.files
        );
        assert!(during <= 2 * calm + self.noise, "{name}: {calm:?} {during:?}");
        took
    }

    /// Sells while somebody attacks; the 99th percentile.
    fn p99(&self, attack: Attack<'_>) -> Duration {
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let attack = scope.spawn(|| attack(&stop));
            let selling = scope.spawn(|| self.sell(&stop));
            // how long an attack lasts is what is measured
            std::thread::sleep(self.last);
            stop.store(true, Relaxed);
            let took = selling.join().unwrap();
            attack.join().unwrap();
            assert!(!took.is_empty());
            took[took.len() * 99 / 100]
        })
    }

    /// Sells until told to stop; how long each quote took, in order of length.
    fn sell(&self, stop: &AtomicBool) -> Vec<Duration> {
        let mut took = Vec::new();
        while !stop.load(Relaxed) {
            let began = Instant::now();
            self.buyer.post("/api/v1/quotes", &basket(None, 1_000, &[])).expect(201);
            took.push(began.elapsed());
        }
        took.sort_unstable();
        took
    }
}

/// Nothing.
fn calm(stop: &AtomicBool) {
    while !stop.load(Relaxed) {
        std::thread::sleep(Duration::from_millis(20));
    }
}
