//! The real binary as a child process.

use crate::{Client, built, eventually, postgres};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;
use tempfile::TempDir;

/// Which engine a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    /// A file.
    Sqlite,
    /// A database of the private cluster.
    Postgres,
}

/// How a server is started.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `--clock`.
    pub clock: Option<&'static str>,
    /// Further environment.
    pub env: Vec<(&'static str, String)>,
}

/// A server with a database of its own.
#[derive(Debug)]
pub struct Server {
    /// Its folder: database, cache, secret.
    pub folder: TempDir,
    /// Address of the database.
    pub database: String,
    /// `http://127.0.0.1:PORT`.
    pub base: String,
    options: Options,
    child: Option<Child>,
    /// The owner keys of the agencies that were created.
    owners: Mutex<Vec<String>>,
}

impl Server {
    /// Starts a server on an empty database.
    pub fn start(database: Database, options: Options) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("posthouse-test-")
            .tempdir()
            .expect("a temporary folder");
        let database = match database {
            Database::Sqlite => format!("sqlite:{}", folder.path().join("posthouse.db").display()),
            Database::Postgres => postgres::database(),
        };
        Self::start_in(folder, database, options)
    }

    /// Starts a server on the database of this address.
    pub fn start_on(address: &str, options: Options) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("posthouse-test-")
            .tempdir()
            .expect("a temporary folder");
        Self::start_in(folder, address.to_owned(), options)
    }

    fn start_in(folder: TempDir, database: String, options: Options) -> Self {
        let mut server = Self {
            folder,
            database,
            base: String::new(),
            options,
            child: None,
            owners: Mutex::default(),
        };
        server.restart();
        server
    }

    /// Starts another host on this one's database, with the same options and the same secret.
    pub fn beside(&self) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("posthouse-test-")
            .tempdir()
            .expect("a temporary folder");
        let secret = |folder: &TempDir| folder.path().join("data/secret");
        std::fs::create_dir(folder.path().join("data")).expect("a folder");
        std::fs::copy(secret(&self.folder), secret(&folder)).expect("the secret of the first host");
        let mut server = Self {
            folder,
            database: self.database.clone(),
            base: String::new(),
            options: self.options.clone(),
            child: None,
            owners: Mutex::default(),
        };
        server.restart();
        server
    }

    /// Where it has its files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The binary with this server's database.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(program());
        command
            .current_dir(self.folder.path())
            .args(words)
            .env_remove("POSTHOUSE_URL")
            .env_remove("POSTHOUSE_API_KEY")
            .env_remove("LC_ALL")
            .env_remove("LC_MESSAGES")
            .env("LANG", "C");
        command.env("POSTHOUSE_DATABASE", &self.database);
        command
    }

    /// Starts the server again on the same database, with the same or another clock.
    pub fn restart(&mut self) {
        self.stop();
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0", "--database", &self.database]);
        if let Some(clock) = self.options.clock {
            command.args(["--clock", clock]);
        }
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log())
            .expect("a log file");
        // One key is all that most tests use; how often it may ask is tested beside the limiter.
        command
            .env("POSTHOUSE_HTTP__REQUESTS_PER_SECOND", "1000000")
            .envs(self.options.env.iter().cloned())
            .stdout(Stdio::piped())
            .stderr(log)
            .stdin(Stdio::null());
        let mut child = command.spawn().expect("the server starts");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout is piped")).lines();
        self.child = Some(child);
        self.base = lines
            .find_map(|line| line.ok()?.strip_prefix("listening on ").map(str::to_owned))
            .unwrap_or_else(|| {
                panic!(
                    "the server did not start: {}",
                    std::fs::read_to_string(self.log()).unwrap_or_default()
                )
            });
        std::thread::spawn(move || lines.for_each(drop));
        let client = Client::new(&self.base, "");
        eventually("the server is ready", Duration::from_secs(60), || {
            client
                .try_send("GET", "/readyz", "", &[], &[])
                .ok()
                .filter(|answer| answer.status == 200)
        });
    }

    /// Starts the server again with another clock.
    pub fn restart_at(&mut self, clock: &'static str) {
        self.options.clock = Some(clock);
        self.restart();
    }

    /// The running server's process.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("the server runs").id()
    }

    /// What the server has logged.
    pub fn log(&self) -> PathBuf {
        self.folder.path().join("server.log")
    }

    /// Ends the server politely and waits; returns whether it ended well.
    pub fn stop(&mut self) -> bool {
        let Some(mut child) = self.child.take() else {
            return true;
        };
        let _ = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
        child.wait().is_ok_and(|status| status.success())
    }

    /// Ends the server as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Creates an agency beside the running server and returns a client with its owner key.
    pub fn agency(&self, slug: &str) -> Client {
        self.agency_with(slug, &[])
    }

    /// The same with further words of the command.
    pub fn agency_with(&self, slug: &str, words: &[&str]) -> Client {
        let output = self
            .command(&[
                "agency",
                "create",
                slug,
                "--name",
                slug,
                "--json",
                "--database",
                &self.database,
            ])
            .args(words)
            .output()
            .expect("the command runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let made: Value = serde_json::from_slice(&output.stdout).expect("one document on stdout");
        let key = made["api_key"].as_str().expect("a key");
        self.owners.lock().expect("nobody panicked").push(key.to_owned());
        Client::new(&self.base, key)
    }

    /// Makes every decision again that this server's rules made, after a restart.
    fn replay(&mut self) {
        let owners = std::mem::take(&mut *self.owners.lock().expect("nobody panicked"));
        let has_decided = |key: &String| {
            let page = Client::new(&self.base, key).get("/api/v1/decisions?limit=1");
            page.status == 200 && page.json()["items"] != serde_json::json!([])
        };
        let deciding: Vec<String> = owners.into_iter().filter(has_decided).collect();
        if deciding.is_empty() {
            return;
        }
        self.restart();
        for key in deciding {
            crate::campaigns::replay_all(&Client::new(&self.base, &key));
        }
    }
}

/// The binary under test.
pub fn program() -> PathBuf {
    std::env::var_os("POSTHOUSE_TEST_BINARY").map_or_else(|| built("posthouse"), PathBuf::from)
}

impl Drop for Server {
    /// Whatever a test is about: the decisions it made have to be made again alike.
    fn drop(&mut self) {
        if !std::thread::panicking() && self.child.is_some() {
            self.replay();
        }
        self.kill();
    }
}
