//! Who did what: written with the change, and linked by hashes (what was altered is tried in the store's tests).

use super::quotes::{confirm, customer, release, rule};
use posthouse_tests::guest::Saving;
use posthouse_tests::{Campaigns, Client, Database, Options, Server};
use serde_json::{Value, json};

on_both_engines!(
    what_is_done_is_written_down_with_who_did_it,
    a_kept_hash_is_compared,
    two_keys_of_one_person_do_not_approve_for_each_other,
    the_log_is_looked_through_by_days,
);

fn start(database: Database) -> (Server, Client) {
    let options = Options {
        clock: Some("fixed:2026-01-15T04:00:00Z"),
        ..Options::default()
    };
    let server = Server::start(database, options);
    let client = server.agency("audited");
    (server, client)
}

fn log(client: &Client, query: &str) -> Vec<Value> {
    client.all(&format!("/api/v1/audit{query}"))
}

fn actions(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["action"].as_str().unwrap()).collect()
}

fn verify(client: &Client, query: &str) -> Value {
    client.get(&format!("/api/v1/audit/verify{query}")).expect(200)
}

fn what_is_done_is_written_down_with_who_did_it(database: Database) {
    let (server, client) = start(database);
    let began = log(&client, "");
    assert_eq!(actions(&began), ["agency.create"]);
    assert_eq!(began[0]["actor"]["kind"], "host");
    let shop = Campaigns::new(&client);
    shop.group("season", "stackable");
    let plan = shop.plan(&rule(Saving::Rate(1_000)), 1, json!({}));
    let campaign = shop.run("spring", &plan);
    let guest = customer(&client, "M1");
    let (kept, freed) = (
        shop.quote(Some(&guest), 500_000, &[]),
        shop.quote(Some(&guest), 500_000, &[]),
    );
    for _ in 0..2 {
        confirm(&client, &kept, "B-1").expect(200);
        release(&client, &freed).expect(200);
    }
    client
        .patch(
            &format!("/api/v1/customers/{guest}"),
            &json!({"name": "王小明", "preferences": {"pace": "relaxed"}}),
        )
        .expect(200);
    client
        .patch(&format!("/api/v1/campaigns/{campaign}"), &json!({"name": "Spring"}))
        .expect(200);
    client.import("customers", b"member_no,name\nM2,x\n,nobody\n");
    client.get("/api/v1/facts/export?format=csv");

    let of = |subject: String| log(&client, &format!("?subject={subject}"));
    let steps = of(format!("campaign/{campaign}"));
    assert_eq!(
        actions(&steps),
        [
            "campaign.rename",
            "campaign.start",
            "campaign.approve",
            "campaign.submit",
            "campaign.create"
        ]
    );
    // who agreed is another than who planned
    assert_eq!(steps[2]["actor"]["name"], "approver");
    assert_eq!(steps[1]["actor"]["name"], "owner");
    assert_ne!(steps[2]["actor"]["id"], steps[1]["actor"]["id"]);
    assert_eq!(steps[0]["detail"], json!({"fields": ["name"]}));
    let by = steps[2]["actor"]["id"].as_str().unwrap();
    assert_eq!(actions(&log(&client, &format!("?actor={by}"))), ["campaign.approve"]);
    let bound = of("binding/promotion/spring".into());
    assert_eq!(actions(&bound), ["binding.activation"]);
    assert_eq!(bound[0]["detail"]["revision"], 1);
    // what was asked for twice was done once
    let quote = |quote: &Value| of(format!("quote/{}", quote["id"].as_str().unwrap()));
    assert_eq!(actions(&quote(&kept)), ["quote.confirm"]);
    assert_eq!(actions(&quote(&freed)), ["quote.release"]);
    let changes = of(format!("customer/{guest}"));
    assert_eq!(actions(&changes), ["customer.change", "customer.create"]);
    assert_eq!(changes[0]["detail"], json!({"fields": ["name", "preferences.pace"]}));
    let all = log(&client, "");
    for action in [
        "stacking-group.define",
        "key.create",
        "plugin.upload",
        "import.start",
        "facts.export",
    ] {
        assert!(actions(&all).contains(&action), "{action}");
    }
    assert!(
        !all.iter().any(|entry| entry.to_string().contains("王小明")),
        "no values"
    );
    let numbers: Vec<i64> = all.iter().rev().map(|entry| entry["entry"].as_i64().unwrap()).collect();
    assert_eq!(numbers, (1..=all.len() as i64).collect::<Vec<_>>());
    let verified = verify(&client, "");
    assert_eq!(
        (&verified["whole"], &verified["entries"], &verified["hash"]),
        (&json!(true), &all[0]["entry"], &all[0]["hash"])
    );
    // who may not read it
    let key = client.post("/api/v1/keys", &json!({"name": "desk", "scopes": ["read"]}));
    let desk = Client::new(&client.base, key.expect(201)["api_key"].as_str().unwrap());
    assert_eq!(desk.get("/api/v1/audit").problem(403), "scope_missing");
    let other = server.agency("other");
    assert_eq!(actions(&log(&other, "")), ["agency.create"]);

    // the same on the command line, which the host's own commands are written by, too
    let run = |language: &str, words: &[&str]| {
        let output = server
            .command(words)
            .env("POSTHOUSE_URL", &server.base)
            .env("POSTHOUSE_API_KEY", &client.key)
            .env("LANG", language)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    run("C", &["agency", "key", "audited", "--name", "spare", "--scope", "read"]);
    let shown = run("C", &["audit", "--limit", "2"]);
    assert!(
        shown.contains("Posthouse (host)") && shown.contains("key.create"),
        "{shown}"
    );
    let kept = run("zh_CN.UTF-8", &["audit", "verify"]);
    let (_, command) = kept.split_once("posthouse audit verify ").unwrap();
    let words: Vec<&str> = ["audit", "verify"]
        .into_iter()
        .chain(command.split_whitespace())
        .collect();
    let again = run("C", &words);
    assert!(
        again.starts_with("Entry ") && again.contains(" is as it was kept. The log is whole"),
        "{again}"
    );
}

fn a_kept_hash_is_compared(database: Database) {
    let (server, client) = start(database);
    for n in 0..6 {
        customer(&client, &format!("M{n}"));
    }
    let kept = verify(&client, "");
    assert_eq!(kept["entries"], 7);
    let query = format!("?entry=7&hash={}", kept["hash"].as_str().unwrap());
    customer(&client, "later");
    assert_eq!(verify(&client, &query)["whole"], true);
    assert_eq!(
        client.get("/api/v1/audit/verify?entry=3").problem(422),
        "bad_audit_hash"
    );
    // a hash that was copied badly says nothing of the log
    for short in [format!("{query}0"), "?entry=7&hash=12".into()] {
        let refused = client.get(&format!("/api/v1/audit/verify{short}"));
        assert_eq!(refused.problem(422), "bad_audit_hash", "{short}");
    }
    let another = "0".repeat(64);
    for (entry, what) in [(7, "another hash"), (9, "an entry that is not there")] {
        let verified = verify(&client, &format!("?entry={entry}&hash={another}"));
        assert_eq!(verified["broken"], entry, "{what}");
    }
    // the command says which of the two it is, and of a document it prints only one
    let run = |words: &[&str]| {
        let output = server
            .command(&[&["audit", "verify", "--hash", &another], words].concat())
            .env("POSTHOUSE_URL", &server.base)
            .env("POSTHOUSE_API_KEY", &client.key)
            .env("LANG", "C")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (text(output.stdout), text(output.stderr))
    };
    assert!(
        run(&["--entry", "7"])
            .1
            .contains("entry 7 is not the one whose hash was kept")
    );
    assert!(
        run(&["--entry", "9"])
            .1
            .contains("the log has only 8 entries; entry 9 is missing")
    );
    let document: Value = serde_json::from_str(&run(&["--entry", "9", "--json"]).0).unwrap();
    assert_eq!(document["whole"], false);
}

fn two_keys_of_one_person_do_not_approve_for_each_other(database: Database) {
    let (_server, owner) = start(database);
    let key = |name: &str, scopes: &[&str], holder: Option<&str>| {
        let body = json!({"name": name, "scopes": scopes, "holder": holder});
        let made = owner.post("/api/v1/keys", &body).expect(201);
        Client::new(&owner.base, made["api_key"].as_str().unwrap())
    };
    let planner = key("plans", &["campaigns", "rules", "read"], Some("Marketing desk"));
    let same = key("approves", &["approvals"], Some("  marketing  DESK "));
    let other = key("agrees", &["approvals"], Some("Finance"));
    assert_eq!(
        owner
            .post("/api/v1/keys", &json!({"name": "x", "scopes": ["read"], "holder": " "}))
            .problem(422),
        "bad_key"
    );
    let shop = Campaigns {
        client: planner.clone(),
        approver: other.clone(),
    };
    shop.group("season", "stackable");
    let plan = shop.plan(&rule(Saving::Rate(1_000)), 1, json!({}));
    let id = shop.draft("spring", &plan);
    shop.step(&id, "submit");
    let approve = |client: &Client, path: &str| client.post(&format!("/api/v1/campaigns/{id}{path}"), &json!({}));
    assert_eq!(approve(&same, "/approve").problem(409), "own_plan");
    approve(&other, "/approve").expect(200);
    shop.step(&id, "start");
    let mut amended = plan.clone();
    amended["budget"]["total"] = 2_000_000.into();
    let body = json!({"plan": amended, "as_written": ["budget.total"]});
    let number = planner
        .post(&format!("/api/v1/campaigns/{id}/amendments"), &body)
        .expect(201)["amendment"]
        .clone();
    let path = format!("/amendments/{number}/approve");
    assert_eq!(approve(&same, &path).problem(409), "own_plan");
    approve(&other, &path).expect(200);
}

fn the_log_is_looked_through_by_days(database: Database) {
    let (_server, client) = start(database);
    for n in 0..3 {
        customer(&client, &format!("M{n}"));
    }
    let entries = log(&client, "");
    let numbers = |found: &[Value]| {
        found
            .iter()
            .map(|entry| entry["entry"].as_i64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(numbers(&entries), [4, 3, 2, 1]);
    // the log goes by the machine's clock, which stands nowhere: what was written since an entry are those at least as late
    let at = |number: usize| entries[4 - number]["at"].as_str().unwrap().to_owned();
    let late = |first: &str| {
        let late = entries.iter().filter(|entry| entry["at"].as_str().unwrap() >= first);
        late.cloned().collect::<Vec<_>>()
    };
    for number in 1..=4 {
        let since = log(&client, &format!("?since={}", at(number)));
        assert_eq!(numbers(&since), numbers(&late(&at(number))), "since {number}");
        let until = log(&client, &format!("?until={}", at(number)));
        assert_eq!(since.len() + until.len(), 4, "until {number}");
    }
    assert!(log(&client, "?since=2100-01-01T00:00:00Z").is_empty());
    assert_eq!(
        log(&client, "?until=2100-01-01T00:00:00Z&since=2000-01-01T00:00:00Z").len(),
        4
    );
    assert!(log(&client, "?until=2000-01-01T00:00:00Z").is_empty());
    assert_eq!(
        log(&client, "?since=2000-01-01T00:00:00Z&subject=agency/audited").len(),
        1
    );
    assert_eq!(client.get("/api/v1/audit?since=yesterday").problem(422), "bad_time");
}
