//! What the command line gives of lists: in the agency's own time, under the names people know, to a file or a terminal.

use super::command_line::{run, text};
use super::segments::{CLOCK, bind, file, purchases};
use posthouse_tests::campaigns::Campaigns;
use posthouse_tests::guest::Guest;
use posthouse_tests::plugins::packed;
use posthouse_tests::{Client, Database, Options, Server};
use serde_json::{Value, json};

on_both_engines!(
    samples_and_exports_are_those_of_the_api,
    the_log_is_asked_by_the_names_people_know,
    lists_tell_the_agencys_own_time,
);

fn house(database: Database) -> (Server, Client) {
    let options = Options {
        clock: CLOCK,
        ..Options::default()
    };
    let server = Server::start(database, options);
    let client = server.agency("terminal");
    let all = purchases(60);
    assert_eq!(client.import("bookings", file(&all).as_bytes())["rejected"], 0);
    (server, client)
}

fn said(server: &Server, client: &Client, words: &[&str]) -> String {
    let output = run(server, client, words);
    assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

fn refused(server: &Server, client: &Client, words: &[&str]) -> String {
    let output = run(server, client, words);
    assert!(!output.status.success(), "{words:?}: {}", text(&output.stdout));
    text(&output.stderr)
}

fn samples_and_exports_are_those_of_the_api(database: Database) {
    let (server, client) = house(database);
    bind(&client, "calls", &packed("rfm"), json!({}));
    let segments = client.get("/api/v1/segments").expect(200);
    let largest = segments["items"]
        .as_array()
        .unwrap()
        .iter()
        .max_by_key(|one| one["count"].as_i64());
    let segment = format!("calls.{}", largest.unwrap()["key"].as_str().unwrap());
    let words = ["segments", "sample", &segment, "--size", "3", "--seed", "spring survey"];
    let told = said(&server, &client, &words);
    let path = format!("/api/v1/segments/{segment}/sample?size=3&seed=spring%20survey");
    let drawn = client.get(&path).expect(200);
    let people: Vec<&str> = drawn["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["customer_id"].as_str().unwrap())
        .collect();
    assert_eq!(people.len(), 3, "{drawn}");
    let lines: Vec<&str> = told.lines().collect();
    assert!(
        lines[0].starts_with(&format!(
            "3 of {} customers in {segment}, drawn with the seed spring survey",
            drawn["members"]
        )),
        "{told}"
    );
    for (line, id) in lines[3..].iter().zip(&people) {
        assert!(line.ends_with(id), "{told}");
    }
    let document = said(&server, &client, &[&words[..], &["--json"]].concat());
    let document: Value = serde_json::from_str(&document).expect("one document on stdout");
    assert_eq!(document["items"], drawn["items"]);
    let unknown = refused(&server, &client, &["segments", "sample", "calls.nobody"]);
    assert!(unknown.starts_with("error: "), "{unknown}");

    let export = client.get("/api/v1/facts/export?format=csv");
    assert_eq!(said(&server, &client, &["facts", "export"]), export.text);
    let path = server.folder.path().join("facts.jsonl");
    let name = path.to_str().unwrap();
    let words = ["facts", "export", "--format", "jsonl", "--out", name, "--json"];
    let document: Value = serde_json::from_str(&said(&server, &client, &words)).expect("one document on stdout");
    let written = std::fs::read_to_string(&path).unwrap();
    assert_eq!(written, client.get("/api/v1/facts/export?format=jsonl").text);
    assert_eq!(
        (&document["file"], document["bytes"].as_u64()),
        (&json!(name), Some(written.len() as u64))
    );
    let nowhere = refused(
        &server,
        &client,
        &["facts", "export", "--out", "/no/such/folder/facts.csv"],
    );
    assert!(
        nowhere.contains("/no/such/folder/facts.csv cannot be written"),
        "{nowhere}"
    );
}

fn the_log_is_asked_by_the_names_people_know(database: Database) {
    let (server, client) = house(database);
    let shop = Campaigns::new(&client);
    shop.group("season", "stackable");
    let id = shop.draft("spring-2026", &shop.plan(&packed("early-bird"), 1, json!({})));
    let by_key = said(&server, &client, &["audit", "--subject", "campaign/spring-2026"]);
    assert_eq!(
        by_key,
        said(&server, &client, &["audit", "--subject", &format!("campaign/{id}")])
    );
    assert!(by_key.contains(&format!("campaign/{id}")), "{by_key}");
    let nobody = refused(&server, &client, &["audit", "--subject", "campaign/autumn"]);
    assert!(nobody.contains("campaign"), "{nobody}");

    let customers = client.get("/api/v1/customers?limit=1").expect(200);
    let (id, member) = (
        customers["items"][0]["id"].clone(),
        customers["items"][0]["member_no"].clone(),
    );
    let change = json!({"attributes": {}, "name": "Li Wei"});
    client
        .patch(&format!("/api/v1/customers/{}", id.as_str().unwrap()), &change)
        .expect(200);
    let found = said(
        &server,
        &client,
        &["audit", "--subject", &format!("customer/{}", member.as_str().unwrap())],
    );
    assert!(found.contains(&format!("customer/{}", id.as_str().unwrap())), "{found}");
    for (subject, sentence) in [
        ("spring-2026", "does not say what it is; write campaign/KEY"),
        ("quote/Q-17", "a quote is known by its id, which \"Q-17\" is not"),
        (
            "customer/nobody",
            "there is no customer with the member number \"nobody\"",
        ),
    ] {
        let told = refused(&server, &client, &["audit", "--subject", subject]);
        assert!(told.contains(sentence), "{told}");
    }
}

fn lists_tell_the_agencys_own_time(database: Database) {
    let (server, client) = house(database);
    let binding = bind(&client, "calls", &Guest::default().build(), json!({}));
    assert_eq!(
        binding["activated_at"].as_str(),
        Some("2026-01-15T04:00:00.000Z"),
        "{binding}"
    );
    for (words, head, cell) in [
        (
            &["plugin", "history", "calls"][..],
            "since (Asia/Shanghai)",
            "2026-01-15 12:00",
        ),
        (&["segments"], "latest full run (Asia/Shanghai)", "2026-01-15 12:00"),
        (&["plugin", "list"], "uploaded (Asia/Shanghai)", "harmless"),
        (&["imports"], "came (Asia/Shanghai)", "bookings"),
        (&["audit"], "when (Asia/Shanghai)", "binding/segmentation/calls"),
    ] {
        let told = said(&server, &client, words);
        let (first, rest) = told.split_once('\n').unwrap();
        assert!(first.contains(head) && rest.contains(cell), "{words:?}: {told}");
        assert!(
            !rest.contains("Shanghai") && !rest.contains("00Z"),
            "the zone once, and no UTC: {told}"
        );
    }
}
