//! Bindings that end: everyone leaves, the rule is not asked any more, and what was can still be looked at.

use super::intake::event;
use super::quotes::rule;
use super::segments::{CLOCK, bind, file, purchases};
use posthouse_tests::guest::Saving;
use posthouse_tests::{Campaigns, Client, Database, Options, Server, plugins};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

on_both_engines!(a_binding_ends_and_is_put_back, what_a_campaign_goes_by_does_not_end,);

const RFM: &str = "/api/v1/bindings/segmentation/rfm";

/// An agency with customers and a rule that sorts them.
fn sorted(server: &Server, slug: &str) -> Client {
    let client = server.agency(slug);
    let imported = client.import("bookings", file(&purchases(80)).as_bytes());
    assert_eq!(imported["rejected"], 0);
    bind(&client, "rfm", &plugins::packed("rfm"), json!({}));
    client
}

fn names(client: &Client, query: &str) -> Vec<String> {
    let bindings = client.all(&format!("/api/v1/bindings{query}"));
    let name = |binding: &Value| binding["name"].as_str().unwrap().to_owned();
    bindings.iter().map(name).collect()
}

fn a_binding_ends_and_is_put_back(database: Database) {
    let options = Options {
        clock: CLOCK,
        ..Options::default()
    };
    let mut server = Server::start(database, options);
    let mut client = sorted(&server, "endings");
    let before = client.segments_by_customer("rfm");
    assert_eq!(before.len(), 80);
    // two days later
    server.restart_at("fixed:2026-01-17T12:00:00+08:00");
    server.base.clone_into(&mut client.base);

    // somebody who looked at another revision ends nothing
    let refused = client.try_send("DELETE", RFM, "", &[], &[("If-Match", "\"7\"")]);
    assert_eq!(refused.unwrap().problem(412), "revision_changed");
    // whoever asks for one that is there begins none
    let rule = json!({"digest": client.get(RFM).expect(200)["digest"]}).to_string();
    let other = RFM.replace("/rfm", "/other");
    let refused = client.try_send("PUT", &other, "application/json", rule.as_bytes(), &[("If-Match", "*")]);
    assert_eq!(refused.unwrap().problem(412), "revision_changed");
    let ended = client.send("DELETE", RFM, "", &[]).expect(200);
    assert_eq!((&ended["revision"], &ended["diff"]["changed"]), (&json!(2), &json!(80)));
    assert!(ended["ended_at"].is_string(), "{ended}");
    // again: it stays as it is
    let again = client.send("DELETE", RFM, "", &[]).expect(200);
    assert_eq!(
        (&again["revision"], &again["ended_at"]),
        (&json!(2), &ended["ended_at"])
    );

    let nobody = |client: &Client| {
        assert_eq!(names(client, ""), Vec::<String>::new());
        assert_eq!(names(client, "?ended=true"), ["rfm"]);
        assert_eq!(client.all("/api/v1/segments"), Vec::<Value>::new());
        let members = client.get("/api/v1/segments/rfm.champions/members");
        assert_eq!(members.problem(404), "not_found");
        let runs = client.post("/api/v1/segmentation/runs", &json!({"binding": "rfm"}));
        assert_eq!(runs.problem(404), "not_found");
    };
    nobody(&client);
    let history = client.all(&format!("{RFM}/history"));
    let causes: Vec<_> = history
        .iter()
        .map(|revision| revision["cause"].as_str().unwrap())
        .collect();
    assert_eq!(causes, ["ending", "activation"]);
    // the past stays: who was in which segment two days ago
    let mut was = BTreeMap::new();
    for segment in before.values().collect::<BTreeSet<_>>() {
        let path = format!("/api/v1/segments/rfm.{segment}/members?as_of=2026-01-15&limit=1000");
        for member in client.get(&path).expect(200)["items"].as_array().unwrap() {
            was.insert(member["customer_id"].as_str().unwrap().to_owned(), segment.clone());
        }
    }
    assert_eq!(was, before);

    if database == Database::Postgres {
        let second = server.beside();
        nobody(&Client::new(&second.base, &client.key));
    }
    server.restart();
    server.base.clone_into(&mut client.base);
    nobody(&client);
    // a new record moves nobody, and nothing is behind
    let booked = json!({"booking_id": "after", "amount": 900_000, "currency": "CNY"});
    let at = "2026-01-17T11:00:00+08:00";
    client.events(&[event("booking.completed", "after", at, &[("member_no", "C1")], booked)]);
    nobody(&client);

    let back = client.post(&format!("{RFM}/rollback"), &json!({})).expect(200);
    assert_eq!(
        (&back["revision"], &back["ended_at"], &back["diff"]["customers"]),
        (&json!(3), &json!(null), &json!(80))
    );
    assert_eq!(client.segments_by_customer("rfm").len(), 80);
    let history = client.all(&format!("{RFM}/history"));
    assert_eq!(
        (&history[0]["cause"], &history[0]["restores"]),
        (&json!("rollback"), &json!(1))
    );
    // nobody can go back to a revision that put nothing into force
    let to = client.post(&format!("{RFM}/rollback"), &json!({"to": 2}));
    assert_eq!(to.problem(409), "nothing_to_restore");
    // it is followed again
    client.send("DELETE", RFM, "", &[]).expect(200);
    let taken_up = bind(&client, "rfm", &plugins::packed("rfm"), json!({}));
    assert_eq!(
        (&taken_up["revision"], &taken_up["diff"]["changed"]),
        (&json!(5), &json!(80))
    );
}

fn what_a_campaign_goes_by_does_not_end(database: Database) {
    let options = Options {
        clock: super::quotes::CLOCK,
        ..Options::default()
    };
    let server = Server::start(database, options);
    let client = sorted(&server, "asked");
    let shop = Campaigns::new(&client);
    shop.group("season", "stackable");
    let plan = shop.plan(
        &rule(Saving::Amount(701)),
        1,
        json!({"audience": {"segments": ["rfm.champions"]}}),
    );
    let campaign = shop.run("spring", &plan);
    let later = shop.draft("autumn", &plan);
    let refused = client.send("DELETE", RFM, "", &[]);
    assert_eq!(refused.problem(409), "binding_in_use");
    assert!(refused.text.contains("spring"), "{}", refused.text);
    let promotion = client.send("DELETE", "/api/v1/bindings/promotion/spring", "", &[]);
    assert_eq!(promotion.problem(409), "amendment_needed");
    shop.step(&campaign, "end");
    client.send("DELETE", RFM, "", &[]).expect(200);
    // and nobody begins what goes by it
    let submit = client.post(&format!("/api/v1/campaigns/{later}/submit"), &json!({}));
    assert_eq!(submit.problem(422), "unknown_segment");
    let gone = client.send("DELETE", "/api/v1/bindings/segmentation/none", "", &[]);
    assert_eq!(gone.problem(404), "not_found");
}
