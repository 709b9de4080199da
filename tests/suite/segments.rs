//! Rules in force: preview, activation, runs, members, history, rollback, and events in between.

use super::expected::{Purchase, compare};
use super::intake::event;
use posthouse_tests::guest::Guest;
use posthouse_tests::{Client, Database, Options, Server, eventually, plugins};
use serde_json::{Value, json};
use std::time::Duration;

on_both_engines!(
    segments_equal_an_independent_computation,
    a_preview_lists_every_move_and_activation_makes_them,
    rollbacks_walk_back_one_revision_after_the_other,
    an_event_moves_its_customer_at_once,
    a_new_day_runs_the_rules_again,
    memberships_survive_a_restart,
    more_facts_need_a_grant,
);

pub(crate) const CLOCK: Option<&str> = Some("fixed:2026-01-15T04:00:00Z");
const TODAY: i64 = 20_468;

/// A few hundred customers with uneven habits, from a small generator.
pub(crate) fn purchases(customers: usize) -> Vec<Purchase> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let mut all = Vec::new();
    for customer in 0..customers {
        let habit = next(5);
        for _ in 0..=next(1 + 3 * habit) {
            all.push(Purchase {
                customer: format!("C{customer}"),
                day: TODAY - next(400 + 250 * (5 - habit)) as i64,
                amount: (100 + next(4000) * (1 + habit)) as i64,
            });
        }
    }
    all
}

pub(crate) fn file(purchases: &[Purchase]) -> String {
    let mut file = String::from("customer_member_no,booked_at,amount,returns\n");
    for purchase in purchases {
        let (booked, back) = (date(purchase.day), date(TODAY - purchase.amount % 40));
        file += &format!(
            "{},{booked},{}.{:02},{back}\n",
            purchase.customer,
            purchase.amount / 100,
            purchase.amount % 100
        );
    }
    file
}

pub(crate) fn date(day: i64) -> String {
    // civil date of a day count, by walking the years
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let (mut year, mut rest) = (1970, day);
    while rest >= if leap(year) { 366 } else { 365 } {
        rest -= if leap(year) { 366 } else { 365 };
        year += 1;
    }
    let mut month = 1;
    for length in [
        31,
        if leap(year) { 29 } else { 28 },
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ] {
        if rest < length {
            break;
        }
        rest -= length;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", rest + 1)
}

pub(crate) fn bind(client: &Client, name: &str, component: &[u8], config: Value) -> Value {
    let digest = client.admit(component);
    client
        .put(
            &format!("/api/v1/bindings/segmentation/{name}"),
            &json!({"digest": digest, "config": config}),
        )
        .expect(200)
}

fn segment_of(client: &Client, member: &str) -> (String, Value) {
    let found = client.get(&format!("/api/v1/customers?q={member}")).expect(200);
    let id = found["items"][0]["id"].as_str().unwrap().to_owned();
    let view = client.get(&format!("/api/v1/customers/{id}")).expect(200);
    (id, view["segments"][0].clone())
}

fn segments_equal_an_independent_computation(database: Database) {
    let server = Server::start(
        database,
        Options {
            clock: CLOCK,
            ..Options::default()
        },
    );
    let client = server.agency("rfm");
    let all = purchases(600);
    assert_eq!(client.import("bookings", file(&all).as_bytes())["rejected"], 0);
    let bound = bind(&client, "rfm", &plugins::packed("rfm"), json!({}));
    assert_eq!(
        (
            &bound["revision"],
            &bound["diff"]["customers"],
            &bound["diff"]["changed"]
        ),
        (&json!(1), &json!(600), &json!(600))
    );
    compare(&client, "rfm", &all, TODAY);
    // a run over the same facts moves nobody
    let run = client.post("/api/v1/segmentation/runs", &json!({})).expect(200);
    let run = if run["items"].is_array() {
        run["items"][0].clone()
    } else {
        run
    };
    assert_eq!(
        (&run["changed"], &run["customers"], &run["run"]),
        (&json!(0), &json!(600), &json!(2))
    );
}

fn a_preview_lists_every_move_and_activation_makes_them(database: Database) {
    let server = Server::start(
        database,
        Options {
            clock: CLOCK,
            ..Options::default()
        },
    );
    let client = server.agency("preview");
    client.import("bookings", file(&purchases(400)).as_bytes());
    bind(&client, "value", &plugins::packed("rfm"), json!({}));
    let before = client.segments_by_customer("value");
    let other = client.admit(&plugins::packed("sample"));
    let request = json!({"digest": other, "config": {}, "name": "value"});
    let preview = client.post("/api/v1/segmentation/preview", &request).expect(200);
    let moves = client.all(&format!(
        "/api/v1/segmentation/previews/{}/moves",
        preview["id"].as_str().unwrap()
    ));
    assert_eq!(preview["changed"].as_u64(), Some(moves.len() as u64));
    assert_eq!((&preview["drift"], &preview["customers"]), (&json!(0), &json!(400)));
    assert!(preview["fuel"].as_u64() > Some(0) && !preview["sample"].as_array().unwrap().is_empty());
    assert_eq!(
        client.segments_by_customer("value"),
        before,
        "a preview changes nothing"
    );
    for kind in preview["moves"].as_array().unwrap() {
        let (from, to) = (kind["from"].as_str().unwrap_or(""), kind["to"].as_str().unwrap_or(""));
        let path = format!(
            "/api/v1/segmentation/previews/{}/moves?from={from}&to={to}",
            preview["id"].as_str().unwrap()
        );
        assert_eq!(
            kind["count"].as_u64(),
            Some(client.all(&path).len() as u64),
            "{from} to {to}"
        );
    }
    let granted: Vec<String> = client.get(&format!("/api/v1/plugins/{other}")).expect(200)["facts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fact| fact["key"].as_str().unwrap().to_owned())
        .collect();
    let bound = client
        .put(
            "/api/v1/bindings/segmentation/value",
            &json!({"digest": other, "config": {}, "grant": granted}),
        )
        .expect(200);
    assert_eq!(
        bound["diff"]["moves"], preview["moves"],
        "the swap does what the preview showed"
    );
    let mut foretold = before.clone();
    for one in &moves {
        let id = one["customer_id"].as_str().unwrap().to_owned();
        assert_eq!(before.get(&id).map(String::as_str), one["from"].as_str());
        match one["to"].as_str() {
            Some(to) => foretold.insert(id, to.to_owned()),
            None => foretold.remove(&id),
        };
    }
    assert_eq!(client.segments_by_customer("value"), foretold);
    // back again
    let back = client
        .post("/api/v1/bindings/segmentation/value/rollback", &json!({}))
        .expect(200);
    assert_eq!(back["revision"], 3);
    assert_eq!(client.segments_by_customer("value"), before);
    let history = client.all("/api/v1/bindings/segmentation/value/history");
    let numbers: Vec<_> = history
        .iter()
        .map(|row| (row["revision"].as_i64().unwrap(), row["restores"].as_i64()))
        .collect();
    assert_eq!(numbers, [(3, Some(1)), (2, None), (1, None)]);
    assert_eq!(
        history[1]["diff"]["changed"], preview["changed"],
        "the diff is kept with the activation"
    );
}

fn rollbacks_walk_back_one_revision_after_the_other(database: Database) {
    let server = Server::start(
        database,
        Options {
            clock: CLOCK,
            ..Options::default()
        },
    );
    let client = server.agency("walk");
    let path = "/api/v1/bindings/segmentation/walk";
    let digest = client.admit(&Guest::default().build());
    let activate = |edge: i64| {
        client
            .put(path, &json!({"digest": digest, "config": {"edge": edge}}))
            .expect(200);
    };
    let back = |body: Value| {
        let binding = client.post(&format!("{path}/rollback"), &body).expect(200);
        let latest = client.get(&format!("{path}/history?limit=1")).expect(200)["items"][0].clone();
        assert_eq!(latest["revision"], binding["revision"]);
        (
            binding["config"]["edge"].as_i64().unwrap(),
            latest["restores"].as_i64().unwrap(),
        )
    };
    for edge in [1, 2, 3] {
        activate(edge);
    }
    assert_eq!(back(json!({})), (2, 2));
    // what is new after a rollback stands on what the rollback brought back
    activate(4);
    assert_eq!(back(json!({})), (2, 4), "revision 4 brought 2 back");
    assert_eq!(back(json!({})), (1, 1), "3 and 4 were left before");
    let refused = client.post(&format!("{path}/rollback"), &json!({}));
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert_eq!(refused.problem(409), "nothing_to_restore");
    assert!(
        detail.contains("revision 7") && detail.contains("brought back revision 1"),
        "{detail}"
    );
    assert_eq!(client.get(path).expect(200)["revision"], 7, "nothing has changed");
    // a later one can still be named, and the walk goes on from there
    assert_eq!(back(json!({"to": 3})), (3, 3));
    assert_eq!(back(json!({})), (2, 2));
    for to in [0, -1, 9, 10, i64::MAX] {
        let refused = client.post(&format!("{path}/rollback"), &json!({"to": to}));
        assert_eq!(refused.problem(409), "nothing_to_restore", "{to}");
    }
}

fn an_event_moves_its_customer_at_once(database: Database) {
    let server = Server::start(
        database,
        Options {
            clock: CLOCK,
            ..Options::default()
        },
    );
    let client = server.agency("event");
    client.import("bookings", file(&purchases(300)).as_bytes());
    client.events(&[event(
        "profile.updated",
        "p",
        "2026-01-01T00:00:00Z",
        &[("member_no", "NEW")],
        json!({}),
    )]);
    bind(&client, "rfm", &plugins::packed("rfm"), json!({}));
    let (_, place) = segment_of(&client, "NEW");
    assert_eq!(
        (&place["key"], &place["score"], &place["reason"]["code"]),
        (&json!("prospect"), &json!(0.0), &json!("no-trip-yet"))
    );
    client.events(&[event(
        "booking.confirmed",
        "b",
        "2026-01-15T09:00:00+08:00",
        &[("member_no", "NEW")],
        json!({"amount": 50_000}),
    )]);
    let place = eventually("the segment follows", Duration::from_secs(5), || {
        Some(segment_of(&client, "NEW").1).filter(|place| place["key"] == "new")
    });
    assert!(
        place["reason"]["text"]["en"].as_str().unwrap().contains("0 days"),
        "facts are filled in: {}",
        place["reason"]
    );
    assert!(
        place["reason"]["text"]["zh-CN"].as_str().unwrap().contains('0')
            && place["title"]["zh-CN"].is_string()
            && place["policy"]["en"].is_string()
    );
    // somebody who was not there at the latest run
    client.events(&[event(
        "booking.confirmed",
        "c",
        "2026-01-15T10:00:00+08:00",
        &[("member_no", "LATE")],
        json!({"amount": 50_000}),
    )]);
    eventually("the newcomer has a segment", Duration::from_secs(5), || {
        Some(segment_of(&client, "LATE").1).filter(|place| place["key"] == "new")
    });
    let members = client.all("/api/v1/segments/rfm.new/members");
    assert!(
        members
            .iter()
            .all(|member| member["since"].is_string() || member["since"].is_i64())
    );
}

fn a_new_day_runs_the_rules_again(database: Database) {
    let mut server = Server::start(
        database,
        Options {
            clock: CLOCK,
            ..Options::default()
        },
    );
    let mut client = server.agency("midnight");
    let all = purchases(300);
    client.import("bookings", file(&all).as_bytes());
    bind(&client, "rfm", &plugins::packed("rfm"), json!({}));
    server.restart_at("fixed:2026-03-20T16:00:00Z"); // 64 days later, midnight in Shanghai
    client.base.clone_from(&server.base);
    let at = eventually("the new day is run", Duration::from_secs(20), || {
        let segments = client.get("/api/v1/segments").expect(200);
        let at = segments["items"][0]["as_of"].clone();
        (at == "2026-03-20T16:00:00.000Z" || at == "2026-03-20T16:00:00Z" || at == 1_774_022_400_000_i64).then_some(at)
    });
    assert!(!at.is_null());
    compare(&client, "rfm", &all, TODAY + 65);
}

fn memberships_survive_a_restart(database: Database) {
    let mut server = Server::start(
        database,
        Options {
            clock: CLOCK,
            ..Options::default()
        },
    );
    let mut client = server.agency("restart");
    client.import("bookings", file(&purchases(300)).as_bytes());
    bind(&client, "rfm", &plugins::packed("rfm"), json!({}));
    let events: Vec<_> = (0..40)
        .map(|i| {
            event(
                "booking.confirmed",
                &format!("b{i}"),
                "2026-01-15T09:00:00+08:00",
                &[("member_no", &format!("C{i}"))],
                json!({"amount": 900_000}),
            )
        })
        .collect();
    assert_eq!(client.events(&events)["accepted"], 40);
    // at once: what was not followed yet is followed after the restart
    server.kill();
    server.restart();
    client.base.clone_from(&server.base);
    let run = |client: &Client| {
        client
            .post("/api/v1/segmentation/runs", &json!({"binding": "rfm"}))
            .expect(200)
    };
    eventually("everyone is in place", Duration::from_secs(10), || {
        let (_, place) = segment_of(&client, "C7");
        (place["since"].is_string() || place["since"].is_i64()).then_some(())
    });
    // whatever was still to be followed has been by the end of a run
    run(&client);
    let before = client.segments_by_customer("rfm");
    assert_eq!(before.len(), 300);
    assert!(server.stop(), "a polite stop ends well");
    server.restart();
    client.base.clone_from(&server.base);
    assert_eq!(client.segments_by_customer("rfm"), before);
    run(&client);
}

fn more_facts_need_a_grant(database: Database) {
    let server = Server::start(
        database,
        Options {
            clock: CLOCK,
            ..Options::default()
        },
    );
    let client = server.agency("grant");
    bind(&client, "value", &plugins::packed("rfm"), json!({}));
    let digest = client.admit(&plugins::packed("sample"));
    let path = "/api/v1/bindings/segmentation/value";
    let refused = client.put(path, &json!({"digest": digest, "config": {}}));
    assert_eq!(refused.problem(409), "grant_needed");
    assert_eq!(client.get(path).expect(200)["revision"], 1);
    let bad = client.put(
        path,
        &json!({"digest": digest, "config": {"no-such-setting": 1}, "grant": []}),
    );
    assert_eq!(bad.problem(422), "bad_config");
    assert_eq!(
        client
            .put(path, &json!({"digest": digest, "config": {}, "mode": "shadow"}))
            .problem(422),
        "mode_not_available"
    );
    assert_eq!(
        client
            .put("/api/v1/bindings/care/x", &json!({"digest": digest, "config": {}}))
            .problem(422),
        "extension_point_not_available"
    );
    assert_eq!(
        client.post(&format!("{path}/rollback"), &json!({})).problem(409),
        "nothing_to_restore"
    );
    let rfm = client.admit(&plugins::packed("rfm"));
    let body = json!({"digest": rfm, "config": {}}).to_string();
    let stale = client
        .try_send(
            "PUT",
            path,
            "application/json",
            body.as_bytes(),
            &[("if-match", "\"7\"")],
        )
        .unwrap();
    assert!(matches!(stale.status, 409 | 412), "{}", stale.text);
}
