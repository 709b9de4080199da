//! What one agency may keep, and how it makes room.

use super::segments::bind;
use posthouse_tests::guest::{Guest, PromotionGuest};
use posthouse_tests::{Campaigns, Client, Database, Options, Server, eventually};
use serde_json::json;
use std::collections::BTreeSet;
use std::process::Output;
use std::time::Duration;

on_both_engines!(
    plugins_have_a_most_and_can_be_deleted,
    rejected_rows_take_a_bounded_room,
    imports_under_way_have_a_most_and_can_be_ended,
    old_lines_of_rules_go_at_midnight,
    keys_are_listed_without_what_opens_anything,
    a_nearly_full_disk_takes_what_is_needed_only,
);

fn component(name: &str) -> Vec<u8> {
    Guest {
        name: name.into(),
        ..Guest::default()
    }
    .build()
}

fn run(server: &Server, client: &Client, language: &str, words: &[&str]) -> Output {
    server
        .command(words)
        .env("POSTHOUSE_URL", &server.base)
        .env("POSTHOUSE_API_KEY", &client.key)
        .env("LANG", language)
        .output()
        .unwrap()
}

fn plugins_have_a_most_and_can_be_deleted(database: Database) {
    let options = Options {
        env: vec![("POSTHOUSE_PLUGINS__REVISIONS", "4".into())],
        ..Options::default()
    };
    let server = Server::start(database, options);
    let (client, other) = (server.agency("full"), server.agency("other"));
    let compiled = |digest: &str| {
        let files = std::fs::read_dir(server.folder.path().join("data/cache")).unwrap();
        let mut names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        names.any(|name| name.starts_with(digest))
    };
    let delete = |client: &Client, digest: &str| client.send("DELETE", &format!("/api/v1/plugins/{digest}"), "", &[]);

    let unused = client.admit(&component("unused"));
    bind(&client, "kept", &component("replaced"), json!({}));
    let bound = bind(&client, "kept", &component("bound"), json!({}));
    let shop = Campaigns::new(&client);
    shop.group("season", "stackable");
    let plan = shop.plan(&PromotionGuest::default().build(), 1, json!({}));
    let planned = plan["rule"]["digest"].as_str().unwrap().to_owned();
    shop.draft("spring", &plan);

    let further = client.upload(&component("further"));
    assert_eq!(further.problem(409), "too_many_plugins", "{}", further.text);
    // what is known takes no room, and others have room of their own
    assert_eq!(client.upload(&component("unused")).status, 200);
    other.admit(&component("unused"));

    let listed = client.all("/api/v1/plugins");
    for plugin in &listed {
        let is_bound = ["bound", "replaced"].contains(&plugin["name"].as_str().unwrap());
        assert_eq!(plugin["bound"], is_bound, "{plugin}");
        assert!(plugin["size"].as_i64().unwrap() > 0);
    }
    let digest_of = |name: &str| {
        let plugin = listed.iter().find(|plugin| plugin["name"] == name).unwrap();
        plugin["digest"].as_str().unwrap().to_owned()
    };
    assert_eq!(digest_of("bound"), bound["digest"]);
    // what is in force, what was, and what is planned stay
    for (digest, named) in [
        (digest_of("bound"), "revision 2 of the binding segmentation/kept"),
        (digest_of("replaced"), "revision 1 of the binding segmentation/kept"),
        (planned, "the plan of the campaign spring"),
    ] {
        let refused = delete(&client, &digest);
        assert_eq!(refused.problem(409), "plugin_in_use");
        assert!(refused.text.contains(named), "{}", refused.text);
    }

    assert!(compiled(&unused));
    let gone = run(&server, &client, "C", &["plugin", "delete", &unused[..12]]);
    assert_eq!(String::from_utf8_lossy(&gone.stdout), "unused 1.2.3 is deleted\n");
    assert!(!compiled(&unused));
    assert_eq!(delete(&client, &unused).problem(404), "not_found");
    client.admit(&component("further"));
    // a name is not enough to say what is to go
    let named = run(&server, &client, "zh_CN.UTF-8", &["plugin", "delete", "further"]);
    assert!(!named.status.success());
    let said = String::from_utf8_lossy(&named.stderr).into_owned();
    assert!(said.contains("further 是插件名"), "{said}");

    // the other agency still has it, and takes it into force although its machine code is gone
    bind(&other, "kept", &component("unused"), json!({}));
    let entries = client.all("/api/v1/audit");
    let deleted: Vec<_> = entries
        .iter()
        .filter(|entry| entry["action"] == "plugin.delete")
        .collect();
    assert_eq!(deleted.len(), 1);
    assert_eq!(deleted[0]["subject"], format!("plugin/{unused}"));
}

fn rejected_rows_take_a_bounded_room(database: Database) {
    let server = Server::start(database, Options::default());
    let client = server.agency("hasty");
    // 400 KB, each row of which was kept with a reason in two languages
    let file = "member_no,birth_date\n".to_owned() + &",x\n".repeat(133_000);
    let job = client.import("customers", file.as_bytes());
    assert_eq!(
        (&job["state"], &job["rejected"]),
        (&json!("done"), &json!(133_000)),
        "{job}"
    );
    let fetch = |job: &serde_json::Value| {
        let path = format!("/api/v1/imports/{}/errors.csv", job["id"].as_str().unwrap());
        client.get(&path).text
    };
    let errors = fetch(&job);
    let rows: Vec<&str> = errors.lines().collect();
    let (last, kept) = (rows[rows.len() - 1], rows.len() - 2);
    assert!((1_000..20_000).contains(&kept), "{kept} rows");
    assert!(errors.len() < 1_500_000, "{} bytes", errors.len());
    let left_out = 133_000 - kept;
    assert!(
        last.starts_with(",,,,rows_left_out,") && last.contains(&format!("{left_out} further rows")),
        "{last}"
    );
    assert_eq!(errors.matches("rows_left_out").count(), 1);

    // what came back can be sent as it is: that rows are missing is no row
    let again = client.import("customers", errors.as_bytes());
    assert_eq!(
        (&again["rows"], &again["rejected"]),
        (&json!(kept), &json!(kept)),
        "{again}"
    );
    // a file whose rejected rows are all kept says nothing of the kind
    let few = client.import("customers", b"member_no,birth_date\n,x\n");
    assert_eq!(few["rejected"], 1, "{few}");
    assert!(!fetch(&few).contains("rows_left_out"));
}

fn imports_under_way_have_a_most_and_can_be_ended(database: Database) {
    let options = Options {
        env: vec![("POSTHOUSE_IMPORTS__UNDER_WAY", "2".into())],
        ..Options::default()
    };
    let server = Server::start(database, options);
    let (client, other) = (server.agency("busy"), server.agency("quiet"));
    let file = |begin: &str, rows: u32| {
        let rows: String = (0..rows).map(|row| format!("{begin}{row}\n")).collect();
        format!("member_no\n{rows}")
    };
    let start =
        |client: &Client, begin: &str, rows: u32| client.start_import("customers", file(begin, rows).as_bytes());
    let first = start(&client, "A", 60_000).expect(202);
    let second = start(&client, "B", 60_000).expect(202);
    let third = start(&client, "C", 1);
    assert_eq!(third.problem(409), "too_many_imports", "{}", third.text);
    // the same file joins its job, and others have room of their own
    assert_eq!(start(&client, "B", 60_000).expect(202)["id"], second["id"]);
    other.imported(start(&other, "C", 1).expect(202)["id"].as_str().unwrap());

    let listed = client.all("/api/v1/imports");
    let ids: Vec<_> = listed.iter().map(|job| &job["id"]).collect();
    assert_eq!(ids, [&second["id"], &first["id"]], "the newest first");
    let second = second["id"].as_str().unwrap();
    let ended = run(&server, &client, "C", &["imports", "end", second]);
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(said.starts_with(&format!("Import {second} is over (failed)")), "{said}");
    let ended = client.get(&format!("/api/v1/imports/{second}")).expect(200);
    assert_eq!(
        (&ended["state"], &ended["failure"]["code"]),
        (&json!("failed"), &json!("import_ended"))
    );
    // there is room again
    let third = start(&client, "C", 1).expect(202);
    let first = first["id"].as_str().unwrap();
    let path = format!("/api/v1/imports/{first}");
    assert_eq!(client.send("DELETE", &path, "", &[]).expect(200)["state"], "failed");
    assert_eq!(client.imported(third["id"].as_str().unwrap())["accepted"], 1);
    // nobody goes on with what was ended, and it stays as it was when it is ended again
    let rows = client.get(&path).expect(200)["rows"].as_i64().unwrap();
    assert!(rows < 60_000, "{rows}");
    assert_eq!(client.send("DELETE", &path, "", &[]).expect(200)["rows"], rows);
    let entries = client.all("/api/v1/audit");
    assert_eq!(
        entries.iter().filter(|entry| entry["action"] == "import.end").count(),
        2
    );
    let list = run(&server, &client, "zh_CN.UTF-8", &["imports"]);
    let list = String::from_utf8_lossy(&list.stdout).into_owned();
    assert!(list.contains("编号") && list.matches("failed").count() == 2, "{list}");
    assert_eq!(other.send("DELETE", &path, "", &[]).problem(404), "not_found");
}

/// A rule that writes a line whenever it is asked.
fn talkative() -> Vec<u8> {
    Guest {
        before: "(if (local.get $rows) (then (call $say (i32.const 1) (i32.const 1024) (i32.const 9))))".into(),
        ..Guest::default()
    }
    .build()
}

fn a_nearly_full_disk_takes_what_is_needed_only(database: Database) {
    let options = Options {
        env: vec![("POSTHOUSE_DISK_RESERVE_BYTES", i64::MAX.to_string())],
        ..Options::default()
    };
    let mut server = Server::start(database, options);
    let client = server.agency("tight");
    let member = json!({"identities": [{"kind": "member_no", "value": "M1"}]});
    client.post("/api/v1/customers", &member).expect(201);
    let bound = bind(&client, "talkative", &talkative(), json!({}));
    assert_eq!(bound["diff"]["customers"], 1, "{bound}");
    let lines = || client.all("/api/v1/bindings/segmentation/talkative/logs").len();
    if database == Database::Postgres {
        // that is another disk, of which this host knows nothing
        eventually("the line is written", Duration::from_secs(20), || {
            (lines() > 0).then_some(())
        });
    } else {
        std::thread::sleep(Duration::from_secs(2));
        assert_eq!(lines(), 0);
    }
    let files = |server: &Server, folder: &str| {
        let folder = server.folder.path().join("data").join(folder);
        std::fs::read_dir(folder).map_or(0, Iterator::count)
    };
    assert_eq!(files(&server, "cache"), 0);
    let log = std::fs::read_to_string(server.log()).unwrap();
    assert!(log.contains("the disk is nearly full"), "{log}");
    assert!(server.stop());
    assert_eq!(files(&server, "frames"), 0);
}

fn old_lines_of_rules_go_at_midnight(database: Database) {
    let options = Options {
        clock: Some("manual:2026-01-15T10:00:00+08:00"),
        env: vec![("POSTHOUSE_PLUGINS__LOG_DAYS", "5".into())],
    };
    let server = Server::start(database, options);
    let client = server.agency("talkative");
    let member = |name: &str| json!({"identities": [{"kind": "member_no", "value": name}]});
    client.post("/api/v1/customers", &member("M1")).expect(201);
    bind(&client, "talkative", &talkative(), json!({}));
    let days = || -> BTreeSet<String> {
        let lines = client.all("/api/v1/bindings/segmentation/talkative/logs");
        let day = |line: &serde_json::Value| line["at"].as_str().unwrap()[..10].to_owned();
        lines.iter().map(day).collect()
    };
    eventually("the line is written", Duration::from_secs(20), || {
        days().contains("2026-01-15").then_some(())
    });
    // each night the rule runs and writes another line
    for _ in 0..4 {
        client.post("/api/v1/clock", &json!({"advance": "1d"})).expect(200);
    }
    assert!(
        days().contains("2026-01-15"),
        "four nights later it is there: {:?}",
        days()
    );
    // lines are written in the background, and those that are too old by then go the night after
    eventually(
        "the first lines are gone, and the last are there",
        Duration::from_secs(60),
        || {
            client.post("/api/v1/clock", &json!({"advance": "1d"})).expect(200);
            std::thread::sleep(Duration::from_millis(300));
            let days = days();
            (!days.contains("2026-01-15") && !days.is_empty()).then_some(())
        },
    );
}

fn keys_are_listed_without_what_opens_anything(database: Database) {
    let server = Server::start(database, Options::default());
    let client = server.agency("keys");
    let body = json!({"name": "desk", "scopes": ["read"], "holder": "Li Wei"});
    let made = client.post("/api/v1/keys", &body).expect(201);
    let desk = Client::new(&client.base, made["api_key"].as_str().unwrap());
    assert_eq!(desk.get("/api/v1/keys").problem(403), "scope_missing");
    let id = made["id"].as_str().unwrap();
    let answer = client.get("/api/v1/keys");
    assert!(!answer.text.contains("ph_"), "{}", answer.text);
    let listed = client.all("/api/v1/keys");
    assert_eq!(listed.len(), 2);
    assert_eq!(
        (&listed[0]["scopes"], &listed[0]["revoked_at"]),
        (&json!(["owner"]), &json!(null))
    );
    assert_eq!(
        (&listed[1]["id"], &listed[1]["name"], &listed[1]["scopes"]),
        (&json!(id), &json!("desk"), &json!(["read"]))
    );
    client.send("DELETE", &format!("/api/v1/keys/{id}"), "", &[]);
    assert!(client.all("/api/v1/keys")[1]["revoked_at"].is_string());
}
