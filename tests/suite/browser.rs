//! The console in a browser: `tests/browser` has a file for each room, which works on a demo of its own.

use crate::demo::Demo;
use posthouse_tests::{Database, root};
use std::process::Command;

on_both_engines!(sign_in, today, customers, segments, campaigns, quotes, plugins);

/// Has Chromium try a room.
fn room(database: Database, name: &str) {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = match database {
        Database::Sqlite => None,
        Database::Postgres => Some(posthouse_tests::postgres::database()),
    };
    let demo = Demo::start_on(folder.path(), elsewhere.as_deref());
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
        .output()
        .expect("node runs; scripts/setup installs it");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{name}:\n{told}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn sign_in(database: Database) {
    room(database, "sign_in");
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
