//! PostgreSQL for tests: `POSTHOUSE_TEST_POSTGRES_URL`, or a private cluster that ends with the test process.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Address of the server, without a database.
fn server() -> &'static str {
    static SERVER: OnceLock<String> = OnceLock::new();
    SERVER.get_or_init(|| {
        std::env::var("POSTHOUSE_TEST_POSTGRES_URL")
            .map_or_else(|_| Cluster::start().url, |url| url.trim_end_matches('/').to_owned())
    })
}

/// A new, empty database.
pub fn database() -> String {
    database_of(server())
}

fn database_of(server: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!(
        "posthouse_{}_{}",
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    );
    sql(&format!("{server}/postgres"), &format!("CREATE DATABASE {name}"));
    format!("{server}/{name}")
}

/// Runs SQL and returns what it prints, unaligned and without headers.
///
/// # Panics
/// If PostgreSQL's client is missing or the statement fails.
pub fn sql(url: &str, statement: &str) -> String {
    let output = Command::new("psql")
        .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement, url])
        .output();
    let output = output.expect("psql is installed (scripts/setup does it)");
    assert!(
        output.status.success(),
        "{statement}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn programs() -> PathBuf {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .collect();
    found.sort();
    found
        .into_iter()
        .rfind(|folder| folder.join("initdb").exists())
        .expect("PostgreSQL is installed (scripts/setup does it)")
}

/// PostgreSQL refuses to run as root; then its own user does.
fn as_plain_user(program: &Path) -> Command {
    let root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.starts_with(b"0\n"));
    if !root {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program);
    command
}

/// A private cluster, which ends with the test process.
#[derive(Debug)]
pub struct Cluster {
    url: String,
    data: PathBuf,
    port: u16,
    server: Child,
}

impl Cluster {
    /// Makes a cluster and starts it.
    ///
    /// # Panics
    /// If PostgreSQL is not installed or does not start.
    pub fn start() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("posthouse-postgres-")
            .tempdir()
            .expect("a temporary folder")
            .keep();
        let data = folder.join("data");
        let owned = Command::new("chmod").arg("0777").arg(&folder).status();
        assert!(owned.is_ok_and(|status| status.success()));
        let made = as_plain_user(&programs().join("initdb"))
            .args([
                "-U",
                "posthouse",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "--no-sync",
                "-D",
            ])
            .arg(&data)
            .stdout(Stdio::null())
            .output()
            .expect("initdb starts");
        assert!(
            made.status.success(),
            "initdb: {}",
            String::from_utf8_lossy(&made.stderr)
        );
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|socket| socket.local_addr())
            .expect("a free port")
            .port();
        let mut cluster = Self {
            url: format!("postgres://posthouse@127.0.0.1:{port}"),
            server: serve(&data, port),
            data,
            port,
        };
        cluster.watch(&folder);
        cluster.answers();
        cluster
    }

    /// A new, empty database of this cluster.
    pub fn database(&self) -> String {
        database_of(&self.url)
    }

    /// Ends the server and starts it again on its port: politely, or as if every process of it had failed.
    ///
    /// # Panics
    /// If it does not end or start.
    pub fn restart(&mut self, politely: bool) {
        let mode = if politely { "fast" } else { "immediate" };
        let stopped = as_plain_user(&programs().join("pg_ctl"))
            .args(["stop", "-w", "-m", mode, "-D"])
            .arg(&self.data)
            .stdout(Stdio::null())
            .status();
        assert!(stopped.is_ok_and(|status| status.success()), "PostgreSQL stops");
        self.server.wait().expect("a child");
        self.server = serve(&self.data, self.port);
        self.answers();
    }

    /// Whatever ends the tests, the cluster ends with them.
    fn watch(&self, folder: &Path) {
        let watch = format!(
            "while kill -0 {parent} 2>/dev/null; do sleep 1; done; kill -INT $(head -n 1 '{data}/postmaster.pid') 2>/dev/null; sleep 1; rm -rf '{folder}'",
            parent = std::process::id(),
            data = self.data.display(),
            folder = folder.display(),
        );
        #[allow(clippy::zombie_processes, reason = "it outlives the tests on purpose")]
        let _watch = Command::new("setsid")
            .args(["sh", "-c", &watch])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell starts");
    }

    fn answers(&mut self) {
        let url = format!("{}/postgres", self.url);
        crate::eventually("PostgreSQL answers", Duration::from_secs(60), || {
            assert!(
                self.server.try_wait().expect("a child").is_none(),
                "PostgreSQL ended at once"
            );
            let ready = Command::new("psql")
                .args(["-X", "-c", "SELECT 1", &url])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            ready.is_ok_and(|status| status.success()).then_some(())
        });
    }
}

fn serve(data: &Path, port: u16) -> Child {
    as_plain_user(&programs().join("postgres"))
        .arg("-D")
        .arg(data)
        .args(["-p", &port.to_string(), "-k", ""])
        .args([
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "fsync=off",
            "-c",
            "max_connections=300",
            "-c",
            "log_min_messages=panic",
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("postgres starts")
}
