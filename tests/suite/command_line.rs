//! The commands, as a person or a script runs them.

use super::segments::CLOCK;
use posthouse_tests::{Client, Database, Options, Server};
use serde_json::Value;
use std::process::{Command, Output};

on_both_engines!(
    import_says_what_happened_and_how_it_ended,
    agencies_are_created_beside_the_server
);

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn run(server: &Server, client: &Client, words: &[&str]) -> Output {
    let mut command: Command = server.command(words);
    command
        .env("POSTHOUSE_URL", &client.base)
        .env("POSTHOUSE_API_KEY", &client.key)
        .output()
        .expect("the command runs")
}

fn import_says_what_happened_and_how_it_ended(database: Database) {
    let server = Server::start(
        database,
        Options {
            clock: CLOCK,
            ..Options::default()
        },
    );
    let client = server.agency("cli");
    let file = server.folder.path().join("bookings.csv");
    let path = file.to_str().unwrap();
    std::fs::write(
        &file,
        "customer_member_no,booked_at,amount\nM1,2025-05-01,10\nM2,soon,10\n",
    )
    .unwrap();
    let output = run(&server, &client, &["import", "bookings", path, "--json"]);
    assert_eq!(
        output.status.code(),
        Some(1),
        "some rows were rejected: {}",
        text(&output.stderr)
    );
    let document: Value = serde_json::from_slice(&output.stdout).expect("one document on stdout");
    assert_eq!(
        (document["accepted"].as_i64(), document["rejected"].as_i64()),
        (Some(1), Some(1)),
        "{document}"
    );
    let errors = std::fs::read_to_string(format!("{path}.errors.csv")).expect("the error file lies beside the file");
    assert!(errors.contains("soon") && errors.contains("bad_date"), "{errors}");
    std::fs::write(&file, "customer_member_no,booked_at,amount\nM1,2025-05-01,10\n").unwrap();
    assert_eq!(
        run(&server, &client, &["import", "bookings", path]).status.code(),
        Some(0),
        "all are known"
    );
    assert_eq!(
        run(&server, &client, &["import", "bookings", "no-such-file.csv"])
            .status
            .code(),
        Some(2)
    );
    assert_eq!(
        run(&server, &client, &["import", "invoices", path]).status.code(),
        Some(2),
        "used wrongly"
    );
    assert_eq!(run(&server, &client, &["fly"]).status.code(), Some(2));
    let stranger = Client::new(&client.base, "ph_nobody");
    let refused = run(&server, &stranger, &["import", "bookings", path]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("API key"), "{}", text(&refused.stderr));
}

fn agencies_are_created_beside_the_server(database: Database) {
    let server = Server::start(database, Options::default());
    server.agency("one");
    let twice = server
        .command(&[
            "agency",
            "create",
            "one",
            "--name",
            "One",
            "--database",
            &server.database,
        ])
        .output()
        .unwrap();
    assert_eq!(twice.status.code(), Some(1));
    assert!(
        text(&twice.stderr).contains("exists already"),
        "{}",
        text(&twice.stderr)
    );
    for words in [
        &["--time-zone", "Mars/Base"],
        &["--currency", "gold"],
        &["--country", "Atlantis"],
    ] {
        let mut all = vec![
            "agency",
            "create",
            "two",
            "--name",
            "Two",
            "--database",
            &server.database,
        ];
        all.extend(words.iter());
        assert_eq!(
            server.command(&all).output().unwrap().status.code(),
            Some(1),
            "{words:?}"
        );
    }
    let made = server
        .command(&[
            "agency",
            "create",
            "two",
            "--name",
            "Two",
            "--json",
            "--database",
            &server.database,
        ])
        .output()
        .unwrap();
    let document: Value = serde_json::from_slice(&made.stdout).expect("one document on stdout");
    assert!(document["agency"].is_object() || document["agency"].is_string());
    assert_eq!(
        Client::new(&server.base, document["api_key"].as_str().unwrap())
            .get("/api/v1/segments")
            .status,
        200
    );
}
