//! What the suite stands on: the real binary as a child process, a private PostgreSQL cluster, and a plain HTTP client.

pub mod campaigns;
pub mod client;
pub mod contract;
pub mod guest;
pub mod guide;
pub mod line;
pub mod plugins;
pub mod postgres;
pub mod receiver;
pub mod server;

pub use campaigns::Campaigns;
pub use client::{Answer, Client};
pub use line::Line;
pub use receiver::{Came, Receiver, Reply};
pub use server::{Database, Options, Server};

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The repository.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// A program built beside the tests.
pub fn built(name: &str) -> PathBuf {
    let deps = std::env::current_exe().expect("the tests run from a file");
    let folder = deps
        .parent()
        .and_then(Path::parent)
        .expect("the tests run in target/PROFILE/deps");
    let program = folder.join(name);
    assert!(
        program.exists(),
        "{} is missing; build it with `cargo build -p posthouse` (make test does)",
        program.display()
    );
    program
}

/// Waits until `holds` gives something, at most `patience`.
pub fn eventually<T>(what: &str, patience: Duration, mut holds: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = holds() {
            return found;
        }
        assert!(began.elapsed() < patience, "waited {patience:?} in vain until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Runs each test, an async function of a new `posthouse_store::Store`, on SQLite and on PostgreSQL.
#[macro_export]
macro_rules! on_both_engines {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                let folder = tempfile::tempdir().expect("a folder");
                let address = format!("sqlite:{}", folder.path().join("house.db").display());
                super::$test(posthouse_store::Store::open(&address).await.expect("a database")).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                let address = $crate::postgres::database();
                super::$test(posthouse_store::Store::open(&address).await.expect("a database")).await;
            })+
        }
    };
}
