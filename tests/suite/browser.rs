//! The console in a browser: `tests/browser` has a file for each room, which works on a demo of its own.

use crate::demo::Demo;
use posthouse_tests::{Database, root};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

on_both_engines!(
    sign_in, today, customers, segments, campaigns, quotes, members, complaints, imports, plugins, team, settings
);

/// A browser takes whatever cores there are; two at once only make each other late.
static BROWSER: Mutex<()> = Mutex::new(());

/// Has Chromium try a room.
fn room(database: Database, name: &str) {
    room_with(database, name, &[]);
}

/// The same on a demo with settings of its own.
fn room_with(database: Database, name: &str, settings: &[(&str, String)]) {
    // one that failed before says nothing about this one
    let _alone = BROWSER.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = match database {
        Database::Sqlite => None,
        Database::Postgres => Some(posthouse_tests::postgres::database()),
    };
    let demo = Demo::start_on(folder.path(), elsewhere.as_deref(), settings);
    let output = Command::new("node")
        .args([
            "--test",
            "--test-concurrency=1",
            "--test-reporter=spec",
            &format!("{name}.test.mjs"),
        ])
        .current_dir(root().join("tests/browser"))
        .env("POSTHOUSE_URL", &demo.client.base)
        .env("POSTHOUSE_OWNER", demo.login("Owner"))
        .env("POSTHOUSE_SALES", demo.login("Sales"))
        .env("POSTHOUSE_LOOKS", if elsewhere.is_none() { "4" } else { "1" })
        .output()
        .expect("node runs; scripts/setup installs it");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{name}:\n{told}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A provider of sign-ins, which ends with this.
struct Provider {
    child: Child,
    issuer: String,
}

impl Provider {
    fn start(accounts: &Value) -> Self {
        let mut child = Command::new("node")
            .args(["provider.mjs", &accounts.to_string()])
            .current_dir(root().join("tests/browser"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node runs; scripts/setup installs it");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let issuer = lines.find_map(|line| line.ok()?.strip_prefix("listening on ").map(str::to_owned));
        let issuer = issuer.expect("the provider starts; scripts/setup installs it");
        // it goes on talking, and ends where nobody listens
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, issuer }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn sign_in(database: Database) {
    let verified = |email: &str| json!({"email": email, "email_verified": true});
    let accounts = json!({
        "sales": verified("li.min@silkroad.example"),
        "stranger": verified("stranger@silkroad.example"),
        "unverified": {"email": "lin.xiao@silkroad.example", "email_verified": false},
        "elsewhere": verified("owner@elsewhere.example"),
        "fang": verified("invited@silkroad.example"),
        "successor": verified("invited@silkroad.example"),
    });
    let provider = Provider::start(&accounts);
    room_with(database, "sign_in", &provided(&provider));
}

/// The demo goes by this provider, for the addresses of its own people.
fn provided(provider: &Provider) -> Vec<(&'static str, String)> {
    [
        ("POSTHOUSE_OIDC__ISSUER", provider.issuer.as_str()),
        ("POSTHOUSE_OIDC__CLIENT_ID", "posthouse"),
        ("POSTHOUSE_OIDC__CLIENT_SECRET", "a secret of the tests"),
        ("POSTHOUSE_OIDC__ALLOW_PRIVATE", "true"),
        ("POSTHOUSE_OIDC__DOMAINS", "[\"silkroad.example\"]"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into()
}

/// A provider that asks for a second factor itself, and instead of which nobody uses a password who has come by it.
#[test]
fn provider_only() {
    let provider = Provider::start(&json!({"sales": {"email": "li.min@silkroad.example", "email_verified": true}}));
    let mut settings = provided(&provider);
    settings.push(("POSTHOUSE_OIDC__PASSWORD", "false".to_owned()));
    settings.push(("POSTHOUSE_OIDC__SECOND_FACTOR", "true".to_owned()));
    room_with(Database::Sqlite, "provider_only", &settings);
}

fn customers(database: Database) {
    room(database, "customers");
}

fn today(database: Database) {
    room(database, "today");
}

fn segments(database: Database) {
    room(database, "segments");
}

fn plugins(database: Database) {
    room(database, "plugins");
}

fn campaigns(database: Database) {
    room(database, "campaigns");
}

fn quotes(database: Database) {
    room(database, "quotes");
}

fn complaints(database: Database) {
    room(database, "complaints");
}

fn members(database: Database) {
    room(database, "members");
}

fn team(database: Database) {
    room(database, "team");
}

fn settings(database: Database) {
    room(database, "settings");
}

fn imports(database: Database) {
    room(database, "imports");
}
