//! A rule that fails: its last memberships stand and say that they are old, everything else goes on, and a good rule heals it.

use super::intake::event;
use super::segments::{CLOCK, bind};
use posthouse_tests::guest::Guest;
use posthouse_tests::{Database, Options, Server, eventually, plugins};
use serde_json::{Value, json};
use std::time::Duration;

on_both_engines!(
    a_failing_rule_leaves_its_last_memberships,
    a_rule_that_fails_at_once_never_comes_into_force,
    the_breaker_goes_back_to_the_last_good_revision,
    a_slow_moment_is_the_hosts_and_not_the_rules,
);

/// Decides by pages looked at; traps for somebody who looked at exactly 541.
pub(super) fn fragile() -> Guest {
    Guest {
        name: "fragile".into(),
        facts: vec![
            ("views-30d".into(), "count", false),
            ("trips-12m".into(), "count", false),
            ("recency-days".into(), "count", true),
        ],
        reasons: vec![("views".into(), "{views-30d} views".into())],
        segment: format!(
            "(if (result i32) {} (then unreachable) (else (i32.gt_s (local.get $v) (i32.const 3))))",
            Guest::at_value(541)
        ),
        ..Guest::default()
    }
}

pub(super) fn views(member: &str, from: usize, count: usize) -> Vec<Value> {
    let one = |i| {
        event(
            "site.viewed",
            &format!("{member}-{i}"),
            "2026-01-14T09:00:00+08:00",
            &[("member_no", member)],
            json!({}),
        )
    };
    (from..from + count).map(one).collect()
}

fn a_failing_rule_leaves_its_last_memberships(database: Database) {
    let server = Server::start(
        database,
        Options {
            clock: CLOCK,
            ..Options::default()
        },
    );
    let client = server.agency("faults");
    client.events(&views("A", 0, 10));
    client.events(&views("B", 0, 1));
    bind(&client, "sites", &fragile().build(), json!({}));
    bind(&client, "rfm", &plugins::packed("rfm"), json!({}));
    let count = |key: &str| {
        let segments = client.get("/api/v1/segments").expect(200);
        let found = segments["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|s| s["binding"] == "sites" && s["key"] == key)
            .cloned();
        let found = found.unwrap_or_else(|| panic!("{key} in {segments}"));
        (found["count"].as_u64().unwrap(), found["stale"].as_bool().unwrap())
    };
    assert_eq!((count("frequent"), count("rare")), ((1, false), (1, false)));
    assert_eq!(
        client.events(&views("A", 10, 531))["accepted"],
        531,
        "events land whatever the rules do"
    );
    eventually("the binding says that it is old", Duration::from_secs(10), || {
        count("frequent").1.then_some(())
    });
    assert_eq!(
        (count("frequent"), count("rare")),
        ((1, true), (1, true)),
        "the last memberships stand"
    );
    let binding = client.get("/api/v1/bindings/segmentation/sites").expect(200);
    assert!(
        binding["stale_reason"].as_str().unwrap().contains("unreachable"),
        "{binding}"
    );
    assert!(client.get("/metrics").text.contains("posthouse_rule_faults_total"));
    // the other binding is none the worse
    client.events(&[event(
        "booking.confirmed",
        "b",
        "2026-01-14T09:00:00+08:00",
        &[("member_no", "B")],
        json!({"amount": 1}),
    )]);
    eventually("the other rule follows", Duration::from_secs(5), || {
        let members = client.all("/api/v1/segments/rfm.new/members");
        (members.len() == 1).then_some(())
    });
    // a run says why it cannot be
    assert_eq!(
        client
            .post("/api/v1/segmentation/runs", &json!({"binding": "sites"}))
            .problem(422),
        "trap"
    );
    assert_eq!(count("frequent"), (1, true));
    // the repair can be previewed against what stands
    let mended = Guest {
        version: "1.2.4".into(),
        segment: Guest::default().segment,
        ..fragile()
    };
    let digest = client.admit(&mended.build());
    let request = json!({"digest": digest, "config": {}, "name": "sites"});
    let preview = client.post("/api/v1/segmentation/preview", &request).expect(200);
    assert_eq!(
        (&preview["stale"], &preview["drift"], &preview["changed"]),
        (&json!(true), &json!(0), &json!(0))
    );
    // a run of all rules reports the fault
    assert_eq!(
        client.post("/api/v1/segmentation/runs", &json!({})).problem(422),
        "trap"
    );
    // what is wrong with the customer passes, and the rule follows by itself: nobody has to start it
    client.events(&views("A", 541, 1));
    eventually("the rule is well again", Duration::from_secs(10), || {
        (!count("frequent").1).then_some(())
    });
    client.events(&views("C", 0, 541));
    eventually("and fails again", Duration::from_secs(10), || {
        count("frequent").1.then_some(())
    });
    // a mended rule heals it, and nothing that came meanwhile is missing
    client.events(&views("B", 1, 20));
    bind(&client, "sites", &mended.build(), json!({}));
    assert_eq!((count("frequent"), count("rare")), ((3, false), (0, false)));
}

fn a_rule_that_fails_at_once_never_comes_into_force(database: Database) {
    let server = Server::start(
        database,
        Options {
            clock: CLOCK,
            ..Options::default()
        },
    );
    let client = server.agency("faults");
    client.events(&views("A", 0, 541));
    let good = Guest {
        segment: Guest::default().segment,
        ..fragile()
    };
    bind(&client, "sites", &good.build(), json!({}));
    let before = client.segments_by_customer("sites");
    let digest = client.admit(&fragile().build());
    let path = "/api/v1/bindings/segmentation/sites";
    assert_eq!(
        client.put(path, &json!({"digest": digest, "config": {}})).problem(422),
        "trap"
    );
    assert_eq!(
        client
            .post(
                "/api/v1/segmentation/preview",
                &json!({"digest": digest, "config": {}, "name": "sites"})
            )
            .problem(422),
        "trap"
    );
    assert_eq!(
        (
            client.get(path).expect(200)["revision"].as_i64(),
            client.segments_by_customer("sites")
        ),
        (Some(1), before)
    );
}

fn the_breaker_goes_back_to_the_last_good_revision(database: Database) {
    let server = Server::start(
        database,
        Options {
            clock: CLOCK,
            ..Options::default()
        },
    );
    let client = server.agency("faults");
    client.events(&views("A", 0, 10));
    let good = Guest {
        segment: Guest::default().segment,
        ..fragile()
    };
    bind(&client, "sites", &good.build(), json!({}));
    bind(&client, "sites", &fragile().build(), json!({}));
    let path = "/api/v1/bindings/segmentation/sites";
    let revision = || client.get(path).expect(200)["revision"].as_i64().unwrap();
    let stale = || !client.get(path).expect(200)["stale_since"].is_null();
    client.events(&views("A", 10, 531));
    eventually("the rule fails", Duration::from_secs(10), || stale().then_some(()));
    assert_eq!(revision(), 2, "one fault is not enough");
    // it is asked again for whoever comes, and once more: then it has had its chance
    let run = || client.post("/api/v1/segmentation/runs", &json!({})).problem(422);
    assert_eq!(run(), "trap");
    assert_eq!(revision(), 2);
    assert_eq!(run(), "trap");
    assert_eq!((revision(), stale()), (3, false), "the third fault in a row goes back");
    let history = client.get(&format!("{path}/history")).expect(200);
    let latest = &history["items"][0];
    assert_eq!(
        (&latest["cause"], &latest["restores"], &latest["activated_by"]),
        (&json!("breaker"), &json!(1), &Value::Null),
        "{latest}"
    );
    assert!(latest["note"].as_str().unwrap().contains("unreachable"), "{latest}");
    assert_eq!(history["items"][1]["cause"], "activation");
    assert_eq!(
        client.segments_by_customer("sites").len(),
        1,
        "the good rule decides everyone"
    );
    assert!(client.get("/metrics").text.contains("posthouse_breaker_trips_total"));
    // it goes on by the good rule
    client.events(&views("B", 0, 10));
    eventually("the good rule follows", Duration::from_secs(10), || {
        (client.segments_by_customer("sites").len() == 2).then_some(())
    });
    assert!(!stale());
}

/// A deadline in a run leaves the memberships out of date, which the mark says; it never counts towards the breaker, and is no mistake of
/// whoever asks for the run.
fn a_slow_moment_is_the_hosts_and_not_the_rules(database: Database) {
    let server = Server::start(
        database,
        Options {
            clock: CLOCK,
            env: vec![
                // so that the clock ends a loop
                ("POSTHOUSE_PLUGINS__LIMITS__DECISION_FUEL", (1u64 << 60).to_string()),
                ("POSTHOUSE_PLUGINS__LIMITS__DEADLINE_MS", "100".into()),
            ],
        },
    );
    let client = server.agency("slow");
    client.events(&views("A", 0, 10));
    let good = Guest {
        segment: Guest::default().segment,
        ..fragile()
    };
    bind(&client, "sites", &good.build(), json!({}));
    let slow = Guest {
        version: "1.2.5".into(),
        segment: format!(
            "(if {} (then (loop $again (br $again)))) (i32.gt_s (local.get $v) (i32.const 3))",
            Guest::at_value(541)
        ),
        ..fragile()
    };
    bind(&client, "sites", &slow.build(), json!({}));
    let binding = || client.get("/api/v1/bindings/segmentation/sites").expect(200);
    client.events(&views("A", 10, 531));
    for _ in 0..4 {
        let answer = client.post("/api/v1/segmentation/runs", &json!({"binding": "sites"}));
        assert_eq!(answer.problem(503), "deadline");
    }
    let marked = binding();
    assert!(
        marked["stale_reason"].as_str().unwrap().contains("100 ms"),
        "the memberships are out of date all the same: {marked}"
    );
    assert_eq!(marked["revision"], 2, "no deadline counts against the rule");
    client.events(&views("A", 541, 1));
    eventually("the rule is well again", Duration::from_secs(10), || {
        binding()["stale_since"].is_null().then_some(())
    });
    assert_eq!(binding()["revision"], 2);
}
