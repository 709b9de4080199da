//! The commands, as a person or a script runs them.

use super::segments::CLOCK;
use posthouse_tests::server::program;
use posthouse_tests::{Client, Database, Options, Server};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};

on_both_engines!(
    import_says_what_happened_and_how_it_ended,
    a_mapping_and_a_dry_run_from_the_command_line,
    agencies_are_created_beside_the_server,
    keys_are_made_again_and_revoked_beside_the_server,
    doctor_looks_and_leaves_everything_as_it_is,
    an_agency_is_created_with_its_owner,
);

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn run(server: &Server, client: &Client, words: &[&str]) -> Output {
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
    // what was corrected by hand is not lost when the same file is sent again
    let corrected = errors.replace("soon", "2025-05-02");
    std::fs::write(format!("{path}.errors.csv"), &corrected).unwrap();
    let again = run(&server, &client, &["import", "bookings", path, "--json"]);
    let document: Value = serde_json::from_slice(&again.stdout).expect("one document on stdout");
    assert_eq!(document["error_file"], json!(format!("{path}.errors-2.csv")));
    assert_eq!(
        std::fs::read_to_string(format!("{path}.errors.csv")).unwrap(),
        corrected
    );
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

fn a_mapping_and_a_dry_run_from_the_command_line(database: Database) {
    let options = Options {
        clock: CLOCK,
        ..Options::default()
    };
    let server = Server::start(database, options);
    let client = server.agency("cli");
    let write = |name: &str, content: &str| {
        let file = server.folder.path().join(name);
        std::fs::write(&file, content).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let file = write(
        "orders.csv",
        "Guest no;Ordered;Price;State\nM1;15.1.2025;1.234,50;Back home\nM2;16.1.2025;5;?\n",
    );
    let words = |mapping: &str, dry: &[&str]| {
        let import = ["import", "bookings", &file, "--mapping", mapping, "--json"];
        run(&server, &client, &[&import, dry].concat())
    };
    let said = |output: &Output| -> Value { serde_json::from_slice(&output.stdout).expect("one document on stdout") };
    let mapping = write(
        "orders.toml",
        "date_order = \"dmy\"\ndecimal = \",\"\n[columns]\ncustomer_member_no = \"Guest no\"\nbooked_at = \"Ordered\"\n\
         amount = \"Price\"\nstatus = \"State\"\n[constants]\nchannel = \"partner\"\n[status]\n\"Back home\" = \"completed\"\n",
    );
    let output = words(&mapping, &["--dry-run"]);
    assert_eq!(
        output.status.code(),
        Some(1),
        "one row would be rejected: {}",
        text(&output.stderr)
    );
    let would = said(&output);
    assert_eq!(
        (&would["accepted"], &would["rejected"], &would["dry_run"]),
        (&json!(1), &json!(1), &json!(true)),
        "{would}"
    );
    assert_eq!(client.all("/api/v1/customers"), [json!(null); 0], "nothing has landed");

    let landed = said(&words(&mapping, &[]));
    assert_eq!(
        (&landed["accepted"], &landed["rejected"]),
        (&json!(1), &json!(1)),
        "{landed}"
    );
    let id = client.all("/api/v1/customers")[0]["id"].as_str().unwrap().to_owned();
    let facts = client.get(&format!("/api/v1/customers/{id}")).expect(200)["facts"].clone();
    assert_eq!(
        (&facts["spend-total"], &facts["main-channel"], &facts["recency-days"]),
        (&json!(123_450), &json!("partner"), &json!(365)),
        "{facts}"
    );

    // a mapping that is wrong is said to be, with what it could mean; one that is not there was named wrongly
    let wrong = write("wrong.toml", "[columns]\nbooked_on = \"Ordered\"\n");
    let output = words(&wrong, &[]);
    let detail = said(&output)["error"]["detail"].to_string();
    assert_eq!(output.status.code(), Some(1), "{detail}");
    assert!(detail.contains("booked_on") && detail.contains("booked_at"), "{detail}");
    let output = words("nowhere.toml", &[]);
    let detail = said(&output)["error"]["detail"].to_string();
    assert_eq!(output.status.code(), Some(2), "{detail}");
    assert!(detail.contains("nowhere.toml"), "{detail}");
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

/// One document on standard output of a command that went well.
fn document(output: &Output) -> Value {
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("one document on stdout")
}

fn an_agency_is_created_with_its_owner(database: Database) {
    let server = Server::start(database, Options::default());
    let create = |slug: &str, email: &str, more: &[&str]| {
        let words = [
            &["agency", "create", slug, "--name", "Silk Road", "--owner", email],
            more,
        ]
        .concat();
        let mut command = server.command(&words);
        command
            .env("POSTHOUSE_URL", &server.base)
            .output()
            .expect("the command runs")
    };
    let refused = create("silk", "nonsense", &[]);
    assert_eq!(refused.status.code(), Some(1));
    let made = document(&create("silk", "lin@silk.example", &["--json"]));
    let link = made["owner"]["link"].as_str().unwrap();
    let token = link.strip_prefix(&format!("{}/join/", server.base)).unwrap();
    let body = json!({"token": token, "password": "seventh camel on the road"});
    let joined = Client::new(&server.base, "").post("/api/v1/join", &body).expect(201);
    let lin = Client::new(&server.base, joined["token"].as_str().unwrap());
    let agency = lin.get("/api/v1/agency").expect(200);
    assert_eq!(
        (&agency["slug"], &agency["scopes"]),
        (&json!("silk"), &json!(["owner"]))
    );
    let key = Client::new(&server.base, made["api_key"].as_str().unwrap());
    assert_eq!(key.all("/api/v1/staff").len(), 1);
    let told = text(&create("jade", "guo@jade.example", &[]).stdout);
    assert!(
        told.contains("guo@jade.example is its owner") && told.contains("/join/phi_"),
        "{told}"
    );
}

fn keys_are_made_again_and_revoked_beside_the_server(database: Database) {
    let server = Server::start(database, Options::default());
    let lost = server.agency("one");
    server.agency("two");
    let beside = |words: &[&str]| server.command(words).output().expect("the command runs");
    let listed = document(&beside(&["agency", "list", "--json"]));
    let slugs: Vec<&str> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a["slug"].as_str().unwrap())
        .collect();
    assert_eq!(slugs, ["one", "two"]);

    let made = document(&beside(&["agency", "key", "one", "--json"]));
    assert_eq!(made["scopes"], json!(["owner"]));
    let owner = Client::new(&server.base, made["api_key"].as_str().unwrap());
    let limited = document(&beside(&[
        "agency",
        "key",
        "one",
        "--scope",
        "read,rules",
        "--name",
        "desk",
        "--json",
    ]));
    let reader = Client::new(&server.base, limited["api_key"].as_str().unwrap());
    assert_eq!(owner.get("/api/v1/segments").status, 200);
    assert_eq!(reader.get("/api/v1/plugins").status, 200);
    assert_eq!(
        reader.post("/api/v1/events", &json!({"events": []})).problem(403),
        "scope_missing"
    );

    let keys = document(&beside(&["agency", "keys", "one", "--json"]));
    let keys = keys["items"].as_array().unwrap();
    assert_eq!(keys.len(), 3, "only those of the agency");
    assert!(!json!(keys).to_string().contains("ph_"), "nothing that opens anything");
    let first = keys[0]["id"].as_str().unwrap();
    assert_eq!(lost.get("/api/v1/segments").status, 200);
    assert!(beside(&["agency", "revoke-key", "one", first]).status.success());
    assert_eq!(lost.get("/api/v1/segments").status, 401, "at once");
    assert_eq!(owner.get("/api/v1/segments").status, 200);
    let keys = text(&beside(&["agency", "keys", "one"]).stdout);
    assert!(keys.contains("desk") && keys.contains("read, rules"), "{keys}");

    for (words, part) in [
        (vec!["agency", "revoke-key", "one", first], "has no key"),
        (vec!["agency", "revoke-key", "two", first], "has no key"),
        (vec!["agency", "key", "three"], "agency list"),
        (vec!["agency", "list", "--database", "sqlite:no-such.db"], "no database"),
    ] {
        let refused = beside(&words);
        assert_eq!(refused.status.code(), Some(1), "{words:?}");
        assert!(text(&refused.stderr).contains(part), "{}", text(&refused.stderr));
    }
    assert!(
        !server.folder.path().join("no-such.db").exists(),
        "looking makes nothing"
    );
    assert_eq!(
        beside(&["agency", "key", "one", "--scope", "all"]).status.code(),
        Some(2)
    );
}

fn doctor_looks_and_leaves_everything_as_it_is(database: Database) {
    let mut server = Server::start(database, Options::default());
    let beside = document(&server.command(&["doctor", "--json"]).output().unwrap());
    assert_eq!(beside["ok"], true, "{beside}");
    assert!(beside.to_string().contains("tables up to date"), "{beside}");
    server.stop();
    // a house that nobody has opened yet
    let folder = tempfile::tempdir().unwrap();
    let looked = Command::new(program())
        .args(["doctor", "--json", "--database", "sqlite:data/new.db"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let looked = document(&looked);
    assert_eq!(
        (&looked["ok"], looked.to_string().matches("is missing").count()),
        (&json!(true), 4),
        "{looked}"
    );
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        0,
        "looking makes nothing"
    );
    // what would stop a start is said
    let output = Command::new(program())
        .args(["doctor", "--database", "sqlite:data/new.db"])
        .env("POSTHOUSE_SECRET", "zz")
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stdout).contains("64 hexadecimal digits"),
        "{}",
        text(&output.stdout)
    );
}

/// Ends the demo that ran in `folder` as soon as it serves.
fn demo(folder: &std::path::Path, words: &[&str]) -> Output {
    let mut child = Command::new(program())
        .arg("demo")
        .args(words)
        .args(["--listen", "127.0.0.1:0", "--customers", "20"])
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    if lines.any(|line| line.is_ok_and(|line| line.contains("Ctrl-C"))) {
        let ended = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
        assert!(ended.is_ok_and(|status| status.success()));
    }
    child.wait_with_output().unwrap()
}

#[test]
fn the_demo_takes_no_database_of_others() {
    let folder = tempfile::tempdir().unwrap();
    let database = ["--database", "sqlite:books.db"];
    assert!(demo(folder.path(), &database).status.success(), "an empty one is fine");
    let create = ["agency", "create", "real", "--name", "Real", "--json"];
    let made = Command::new(program())
        .args(create)
        .args(database)
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", text(&made.stderr));
    let refused = demo(folder.path(), &[&database[..], &["--fresh"]].concat());
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        text(&refused.stderr).contains("holds other agencies (real)"),
        "{}",
        text(&refused.stderr)
    );
    let listed = Command::new(program())
        .args(["agency", "list", "--json"])
        .args(database)
        .current_dir(folder.path())
        .output()
        .unwrap();
    let agencies = document(&listed)["items"].as_array().unwrap().len();
    assert_eq!(agencies, 2, "everyone is still there");
    // one that cannot be opened is anew where only the demo has its own, and stays anywhere else
    for (name, code) in [("data/demo.db", Some(0)), ("broken.db", Some(1))] {
        let broken = folder.path().join(name);
        std::fs::write(&broken, "this was a database once, before the disk went bad").unwrap();
        std::fs::remove_file(folder.path().join("data/demo.json")).ok();
        let database = format!("sqlite:{name}");
        let mut words = vec!["--fresh"];
        if name == "broken.db" {
            let state = json!({"database": database, "seed": 1, "customers": 20, "today": 20_000, "api_key": "ph_x", "complete": true});
            std::fs::write(folder.path().join("data/demo.json"), state.to_string()).unwrap();
            words.extend(["--database", &database]);
        }
        let ended = demo(folder.path(), &words);
        assert_eq!(ended.status.code(), code, "{name}: {}", text(&ended.stderr));
        assert_eq!(
            std::fs::read(&broken).unwrap().starts_with(b"this was"),
            code == Some(1)
        );
    }
    // nor does it move in with somebody else
    let elsewhere = ["--database", "sqlite:others.db"];
    let made = Command::new(program())
        .args(create)
        .args(elsewhere)
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", text(&made.stderr));
    std::fs::remove_file(folder.path().join("data/demo.json")).unwrap();
    let refused = demo(folder.path(), &elsewhere);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        text(&refused.stderr).contains("holds other agencies (real)"),
        "{}",
        text(&refused.stderr)
    );
}

#[test]
fn who_waits_is_told_at_once() {
    // a port that is taken for a moment and then nobody's
    let url = TcpListener::bind("127.0.0.1:0")
        .and_then(|taken| taken.local_addr())
        .map(|address| format!("http://{address}"))
        .unwrap();
    let mut waiting = Command::new(program())
        .args(["plugin", "list"])
        .env("POSTHOUSE_URL", &url)
        .env("POSTHOUSE_API_KEY", "ph_x")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command runs");
    let mut said = String::new();
    let mut lines = BufReader::new(waiting.stderr.take().unwrap());
    lines.read_line(&mut said).unwrap();
    assert!(said.starts_with(&format!("waiting for {url}")), "{said}");
    assert!(waiting.try_wait().unwrap().is_none(), "it goes on waiting");
    waiting.kill().unwrap();
    waiting.wait().unwrap();
    for bad in ["127.0.0.1:7300", "ftp://127.0.0.1", "http://"] {
        let refused = Command::new(program())
            .args(["plugin", "list"])
            .env("POSTHOUSE_URL", bad)
            .env("POSTHOUSE_API_KEY", "ph_x")
            .output()
            .unwrap();
        assert_eq!(refused.status.code(), Some(2), "{bad}");
        assert!(
            text(&refused.stderr).contains("POSTHOUSE_URL"),
            "{}",
            text(&refused.stderr)
        );
    }
}

#[test]
fn settings_nobody_knows_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let explain = |name: &str| {
        Command::new(program())
            .args(["config", "explain"])
            .current_dir(folder.path())
            .env(name, "1")
            .output()
            .unwrap()
    };
    let strange = explain("POSTHOUSE_SERVICE_PORT");
    assert!(strange.status.success());
    assert_eq!(
        text(&strange.stderr),
        "warning: POSTHOUSE_SERVICE_PORT is not a setting and changes nothing\n"
    );
    let near = text(&explain("POSTHOUSE_HTTP__PAGE_DEFUALT").stderr);
    assert!(near.contains("did you mean POSTHOUSE_HTTP__PAGE_DEFAULT?"), "{near}");
    std::fs::write(folder.path().join("posthouse.toml"), "[http]\npage-defualt = 5\n").unwrap();
    let refused = explain("POSTHOUSE_URL");
    assert_eq!(refused.status.code(), Some(2));
    assert_eq!(
        text(&refused.stderr),
        "error: posthouse.toml: http.page-defualt is not a setting; did you mean http.page-default? [bad_configuration]\n"
    );
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    for words in [["completions", "zsh"], ["config", "explain"], ["plugin", "--help"]] {
        let mut command = Command::new(program())
            .args(words)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command runs");
        // nobody reads what it prints
        drop(command.stdout.take());
        let mut said = String::new();
        command.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(
            (command.wait().unwrap().code(), said.as_str()),
            (Some(0), ""),
            "{words:?}"
        );
    }
}
