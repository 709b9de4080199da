//! From one version of a rule to the next on the command line: settings that stay, files that are old, revisions and the way back.

use super::command_line::{run, text};
use super::segments::CLOCK;
use posthouse_tests::guest::Guest;
use posthouse_tests::{Client, Database, Options, Server};
use serde_json::{Value, json};
use std::fs::File;
use std::process::Output;
use std::time::{Duration, SystemTime};

on_both_engines!(settings_stay_until_others_are_given, the_way_back_is_told);

const PATH: &str = "/api/v1/bindings/segmentation/calls";

/// A server, an agency, and where components can be put.
struct House {
    server: Server,
    client: Client,
}

impl House {
    fn new(database: Database) -> Self {
        let options = Options {
            clock: CLOCK,
            ..Options::default()
        };
        let server = Server::start(database, options);
        let client = server.agency("versions");
        Self { server, client }
    }

    fn file(&self, name: &str, guest: &Guest) -> String {
        let file = self.server.folder.path().join(name);
        std::fs::write(&file, guest.build()).unwrap();
        file.to_str().unwrap().to_owned()
    }

    /// `posthouse plugin …`
    fn plugin(&self, words: &[&str]) -> Output {
        run(&self.server, &self.client, &[&["plugin"], words].concat())
    }

    /// What a command that goes well prints for people, and what it says on the way.
    fn said(&self, words: &[&str]) -> (String, String) {
        let output = self.plugin(words);
        assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
        (text(&output.stdout), text(&output.stderr))
    }

    /// What a command that fails says.
    fn refused(&self, words: &[&str]) -> String {
        let output = self.plugin(words);
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        text(&output.stderr)
    }

    fn config(&self) -> Value {
        self.client.get(PATH).expect(200)["config"].clone()
    }
}

fn version(version: &str) -> Guest {
    Guest {
        version: version.into(),
        ..Guest::default()
    }
}

fn settings_stay_until_others_are_given(database: Database) {
    let house = House::new(database);
    let first = house.file("first.wasm", &version("1.0.0"));
    let second = house.file("second.wasm", &version("1.1.0"));
    let (_, said) = house.said(&["preview", "calls", &first]);
    assert!(said.contains("settings: {}, the defaults\n"), "{said}");
    let (_, said) = house.said(&["activate", "calls", &first, "--settings", r#"{"edge": 3}"#]);
    assert!(said.contains("settings: {\"edge\":3}\n"), "{said}");
    let kept = "settings kept: {\"edge\":3}; --settings '{}' for the defaults\n";
    for command in ["preview", "activate"] {
        let (_, said) = house.said(&[command, "calls", &second]);
        assert!(said.contains(kept), "{command}: {said}");
    }
    assert_eq!(house.config(), json!({"edge": 3}));
    // for programs they are said beside the document, not in it
    let output = house.plugin(&["preview", "calls", &first, "--json"]);
    let document: Value = serde_json::from_slice(&output.stdout).expect("one document on stdout");
    assert!(
        document["segments"].is_array() && document["config"].is_null(),
        "{document}"
    );
    assert!(text(&output.stderr).contains(kept), "{}", text(&output.stderr));
    // those of another rule mean something else
    let other = house.file(
        "other.wasm",
        &Guest {
            name: "other".into(),
            ..Guest::default()
        },
    );
    let (_, said) = house.said(&["preview", "calls", &other]);
    assert!(
        said.contains("settings: {}, the defaults; those in force are for harmless and not kept: {\"edge\":3}\n"),
        "{said}"
    );
    house.said(&["activate", "calls", &second, "--settings", "{}"]);
    assert_eq!(house.config(), json!({}));
    let misspelt = house.refused(&["activate", "calls", &second, "--settings", r#"{"egde": 3}"#]);
    assert!(
        misspelt.contains("'egde' was unexpected") && misspelt.contains("the settings there are: edge"),
        "{misspelt}"
    );
    let curious = Guest {
        facts: [("views-30d".into(), "count", false)]
            .into_iter()
            .chain(Guest::default().facts)
            .collect(),
        ..version("1.2.0")
    };
    let curious = house.file("curious.wasm", &curious);
    let refused = house.refused(&["activate", "calls", &curious]);
    assert!(
        refused.contains("views-30d") && refused.contains("--grant FACT,FACT"),
        "{refused}"
    );
}

fn the_way_back_is_told(database: Database) {
    let house = House::new(database);
    let first = house.file("first.wasm", &version("1.0.0"));
    let second = house.file("second.wasm", &version("1.1.0"));
    for (told, words) in [(true, "new on this server"), (false, "already on this server")] {
        let (printed, _) = house.said(&["push", &first]);
        assert!(printed.contains(words), "{told}: {printed}");
        assert!(
            printed.contains("posthouse plugin preview BINDING ") && printed.contains("BINDING is your name"),
            "{printed}"
        );
    }
    house.said(&["activate", "calls", &first, "--settings", r#"{"edge": 3}"#]);
    house.said(&["activate", "calls", &second]);
    house.said(&["activate", "calls", &second, "--settings", r#"{"edge": 5}"#]);
    let (printed, _) = house.said(&["rollback", "calls"]);
    assert!(printed.contains("calls is at revision 4: "), "{printed}");
    assert!(
        printed.contains("brings back revision 2, with the settings {\"edge\":3}.\n"),
        "{printed}"
    );
    let (printed, _) = house.said(&["rollback", "calls"]);
    assert!(printed.contains("brings back revision 1, "), "{printed}");
    let refused = house.refused(&["rollback", "calls"]);
    assert!(
        refused.contains("posthouse plugin history calls") && refused.contains("--to REVISION"),
        "{refused}"
    );
    let (printed, _) = house.said(&["rollback", "calls", "--to", "3"]);
    assert!(
        printed.contains("brings back revision 3, with the settings {\"edge\":5}.\n"),
        "{printed}"
    );

    let (printed, _) = house.said(&["history", "calls"]);
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines.len(), 7, "{printed}");
    let digest = |version_of: &str| house.client.admit(&version(version_of).build())[..12].to_owned();
    let (one, two) = (digest("1.0.0"), digest("1.1.0"));
    for (line, cause, digest, settings) in [
        (lines[1], "rollback to 3", &two, r#"{"edge":5}"#),
        (lines[2], "rollback to 1", &one, r#"{"edge":3}"#),
        (lines[6], "activation", &one, r#"{"edge":3}"#),
    ] {
        for part in [cause, digest.as_str(), settings, "2026-01-15 12:00"] {
            assert!(line.contains(part), "{line}");
        }
    }
    let (printed, _) = house.said(&["history", "calls", "--revisions", "2"]);
    assert!(
        printed.lines().count() == 5 && printed.contains("--revisions lists more"),
        "{printed}"
    );
    let (document, _) = house.said(&["history", "calls", "--json"]);
    let document: Value = serde_json::from_str(&document).expect("one document on stdout");
    assert_eq!(document, house.client.get(&format!("{PATH}/history")).expect(200));

    for words in [["history", "cals"], ["rollback", "cals"], ["logs", "cals"]] {
        let refused = house.refused(&words);
        assert!(
            refused.contains("Check the name cals: `posthouse plugin list`"),
            "{refused}"
        );
    }
    let (printed, _) = house.said(&["list"]);
    let came = house.client.all("/api/v1/plugins")[0]["created_at"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        printed.starts_with("plugin") && printed.contains("uploaded (Asia/Shanghai)") && !printed.contains(&came),
        "{printed}"
    );
}

#[test]
fn a_file_that_is_old_or_without_cases_is_warned_about() {
    let house = House::new(Database::Sqlite);
    let file = house.file("rule.wasm", &version("1.0.0"));
    let folder = house.server.folder.path();
    std::fs::write(folder.join("Cargo.toml"), "[package]\nname = \"rule\"\n").unwrap();
    std::fs::create_dir(folder.join("src")).unwrap();
    let source = File::create(folder.join("src/lib.rs")).unwrap();
    let made = File::open(&file).unwrap().metadata().unwrap().modified().unwrap();
    File::open(folder.join("Cargo.toml"))
        .unwrap()
        .set_modified(made)
        .unwrap();
    let change = |time: SystemTime| source.set_modified(time).unwrap();
    let old = "rule.wasm is older than src/lib.rs; `posthouse plugin pack` packs it anew\n";
    for words in [
        &["push", file.as_str()][..],
        &["preview", "calls", &file],
        &["activate", "calls", &file],
    ] {
        change(made + Duration::from_secs(1));
        let (_, said) = house.said(words);
        assert!(
            said.contains(old) && said.contains("rule.wasm has no golden cases inside"),
            "{said}"
        );
        change(made);
        let (_, said) = house.said(words);
        assert!(!said.contains("older"), "{said}");
    }
}
