//! What stands around a campaign's life: its place in line, its preparation, its amendments, its group, its end.

use super::campaigns::{Office, detail, group, with_key};
use posthouse_tests::guest::PromotionGuest;
use posthouse_tests::{Database, eventually};
use serde_json::json;
use std::time::Duration;

on_both_engines!(
    of_two_campaigns_one_stands_first,
    tasks_come_before_the_start,
    an_amendment_waits_for_another_person,
    groups_that_are_used_stay,
    a_campaign_ends_with_its_window,
    one_of_two_steps_at_once_is_taken,
);

fn of_two_campaigns_one_stands_first(database: Database) {
    let office = Office::open(database);
    office.running("first", 7);
    office.draft("second", 7);
    office.take("second", &["submit", "approve"]);
    let refused = office.step("second", "start");
    assert_eq!(refused.problem(409), "priority_taken");
    assert!(detail(&refused).contains("campaign first"), "{}", refused.text);
    assert_eq!(office.campaign("second")["state"], "approved");
    assert_eq!(office.binding("second"), None, "nothing of it is in force");
    office.step("first", "pause").expect(200);
    assert_eq!(office.step("second", "start").problem(409), "priority_taken");
    office.step("first", "end").expect(200);
    office.step("second", "start").expect(200);
    // nor does an amendment take another's place
    office.running("third", 8);
    let propose = json!({"plan": office.plan(7)});
    office
        .planner
        .post("/api/v1/campaigns/third/amendments", &propose)
        .expect(201);
    let taken = office
        .approver
        .post("/api/v1/campaigns/third/amendments/1/approve", &json!({}));
    assert_eq!(taken.problem(409), "priority_taken");
    assert!(detail(&taken).contains("campaign second"), "{}", taken.text);
    assert_eq!(office.campaign("third")["open_amendment"], 1);
    office.step("second", "end").expect(200);
    let amended = office
        .approver
        .post("/api/v1/campaigns/third/amendments/1/approve", &json!({}))
        .expect(200);
    assert_eq!(amended["plan"]["stacking"]["priority"], 7);
    assert_eq!(office.binding("third").unwrap()["revision"], 1, "the rule is the same");
}

fn tasks_come_before_the_start(database: Database) {
    let office = Office::open(database);
    office.draft("prepared", 10);
    let path = "/api/v1/campaigns/prepared/tasks";
    let training = json!({"kind": "training", "title": "Train the shops", "assignee": "Mr Wu", "due_on": "2026-01-18"});
    let one = office.planner.post(path, &training).expect(201);
    assert_eq!(
        (&one["task"], &one["done"], &one["due_on"]),
        (&json!(1), &json!(false), &json!("2026-01-18"))
    );
    let materials = json!({"kind": "materials", "title": "Print posters"});
    assert_eq!(office.planner.post(path, &materials).expect(201)["task"], 2);
    let odd = json!({"kind": "party", "title": "Drink tea"});
    assert_eq!(office.planner.post(path, &odd).problem(422), "bad_kind");
    let odd = json!({"kind": "other", "title": "Drink tea", "due_on": "soon"});
    assert_eq!(office.planner.post(path, &odd).problem(422), "bad_day");
    assert_eq!(office.reader.post(path, &materials).problem(403), "scope_missing");
    let approved = office.take("prepared", &["submit", "approve"]);
    assert_eq!(
        (&approved["state"], &approved["open_tasks"]),
        (&json!("preparing"), &json!(2))
    );
    let early = office.step("prepared", "start");
    assert_eq!(early.problem(409), "open_tasks");
    assert!(detail(&early).contains("open tasks: 2"), "{}", early.text);
    let done = office
        .planner
        .patch(&format!("{path}/1"), &json!({"done": true}))
        .expect(200);
    assert!(done["done"] == true && done["done_by"].is_string() && done["done_at"].is_string());
    assert_eq!(done["assignee"], "Mr Wu", "what is left out stays");
    let renamed = json!({"title": "Print a thousand posters", "assignee": "Ms He"});
    assert_eq!(
        office.planner.patch(&format!("{path}/2"), &renamed).expect(200)["assignee"],
        "Ms He"
    );
    assert_eq!(office.step("prepared", "start").problem(409), "open_tasks");
    let undone = office
        .planner
        .patch(&format!("{path}/1"), &json!({"done": false}))
        .expect(200);
    assert_eq!((&undone["done"], &undone["done_by"]), (&json!(false), &json!(null)));
    office
        .planner
        .patch(&format!("{path}/1"), &json!({"done": true}))
        .expect(200);
    office.planner.send("DELETE", &format!("{path}/2"), "", &[]).expect(204);
    assert_eq!(
        office
            .planner
            .send("DELETE", &format!("{path}/2"), "", &[])
            .problem(404),
        "not_found"
    );
    let tasks = office.reader.get(path).expect(200);
    assert_eq!(tasks["items"].as_array().unwrap().len(), 1);
    office.take("prepared", &["start", "end"]);
    assert_eq!(office.planner.post(path, &materials).problem(409), "wrong_state");
}

fn an_amendment_waits_for_another_person(database: Database) {
    let office = Office::open(database);
    let amendments = "/api/v1/campaigns/amended/amendments";
    let curious = PromotionGuest {
        name: "curious".into(),
        facts: vec![("trips-24m".into(), "count", false), ("birth-date".into(), "day", true)],
        ..PromotionGuest::default()
    };
    let curious = office.owner.admit(&curious.build());
    office.draft("amended", 10);
    let rule = json!({"digest": curious, "config": {}, "note": "younger guests"});
    assert_eq!(office.planner.post(amendments, &rule).problem(409), "wrong_state");
    let before = office.take("amended", &["submit", "approve", "start"]);
    // what may be proposed
    let same = json!({"digest": office.digest, "config": {}});
    assert_eq!(office.planner.post(amendments, &same).problem(422), "nothing_changed");
    let refused = office.planner.post(amendments, &rule);
    assert_eq!(refused.problem(409), "grant_needed");
    assert!(detail(&refused).contains("birth-date"), "{}", refused.text);
    for odd in [
        json!({}),
        json!({"digest": curious, "plan": office.plan(10)}),
        json!({"config": {}}),
    ] {
        assert_eq!(
            office.planner.post(amendments, &odd).problem(422),
            "bad_amendment",
            "{odd}"
        );
    }
    let mut past = office.plan(10);
    past["window"]["to"] = json!("2026-01-15");
    assert_eq!(
        office.planner.post(amendments, &json!({"plan": past})).problem(422),
        "window_over"
    );
    let granted = json!({"digest": curious, "config": {}, "grant": ["birth-date"], "note": "younger guests"});
    let both = with_key(&office.server, &office.owner, &["campaigns", "approvals", "grants"]);
    assert_eq!(
        office.planner.post(amendments, &granted).problem(403),
        "grant_not_allowed"
    );
    let proposed = both.post(amendments, &granted).expect(201);
    assert_eq!(
        (&proposed["amendment"], &proposed["state"], &proposed["grant"]),
        (&json!(1), &json!("proposed"), &json!(["birth-date"]))
    );
    assert!(proposed["preview"].is_object());
    assert_eq!(office.planner.post(amendments, &granted).problem(409), "amendment_open");
    // the old one serves on
    let present = office.campaign("amended");
    assert_eq!(
        (&present["plan"], &present["open_amendment"]),
        (&before["plan"], &json!(1))
    );
    assert_eq!(office.binding("amended").unwrap()["digest"], json!(office.digest));
    // until another person agrees
    let approve = format!("{amendments}/1/approve");
    assert_eq!(both.post(&approve, &json!({})).problem(409), "own_plan");
    assert_eq!(office.planner.post(&approve, &json!({})).problem(403), "scope_missing");
    let amended = office.approver.post(&approve, &json!({"note": "agreed"})).expect(200);
    assert_eq!(amended["plan"]["rule"]["digest"], json!(curious));
    assert_eq!(
        (&amended["state"], &amended["approval"]["holds"]),
        (&json!("running"), &json!(true))
    );
    assert_eq!(amended["granted"], json!(["birth-date", "recency-days", "trips-24m"]));
    let bound = office.binding("amended").unwrap();
    assert_eq!((&bound["revision"], &bound["digest"]), (&json!(2), &json!(curious)));
    assert_eq!(office.approver.post(&approve, &json!({})).problem(409), "wrong_state");
    // another plan with the same rule: no new revision, and what is rejected changes nothing
    let mut plan = office.plan(10);
    plan["rule"] = json!({"digest": curious, "config": {}});
    plan["budget"]["total"] = json!(2_000_000);
    office.step("amended", "pause").expect(200);
    office.planner.post(amendments, &json!({"plan": plan})).expect(201);
    let reject = format!("{amendments}/2/reject");
    assert_eq!(office.approver.post(&reject, &json!({})).problem(422), "note_missing");
    let rejected = office.approver.post(&reject, &json!({"note": "too dear"})).expect(200);
    assert_eq!(rejected["state"], "rejected");
    assert_eq!(office.campaign("amended")["plan"]["budget"]["total"], 1_000_000);
    office.planner.post(amendments, &json!({"plan": plan})).expect(201);
    office
        .approver
        .post(&format!("{amendments}/3/approve"), &json!({}))
        .expect(200);
    let present = office.campaign("amended");
    assert_eq!(
        (&present["plan"]["budget"]["total"], &present["state"]),
        (&json!(2_000_000), &json!("paused"))
    );
    assert_eq!(office.binding("amended").unwrap()["revision"], 2);
    // a campaign that is over is not amended
    plan["budget"]["total"] = json!(3_000_000);
    office.planner.post(amendments, &json!({"plan": plan})).expect(201);
    office.step("amended", "end").expect(200);
    let all = office.reader.get(amendments).expect(200);
    let states: Vec<&str> = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|amendment| amendment["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["rejected", "approved", "rejected", "approved"]);
    assert_eq!(all["items"][0]["decided_by"], json!(null));
    assert_eq!(
        office
            .approver
            .post(&format!("{amendments}/9/approve"), &json!({}))
            .problem(404),
        "not_found"
    );
    let steps = office.reader.get("/api/v1/campaigns/amended/history").expect(200);
    let actions: Vec<&str> = steps["items"]
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .map(|step| step["action"].as_str().unwrap())
        .collect();
    assert_eq!(
        actions.join(" "),
        "create submit approve start amend pause reject-amendment amend end"
    );
}

fn groups_that_are_used_stay(database: Database) {
    let office = Office::open(database);
    let delete = |key: &str| {
        office
            .planner
            .send("DELETE", &format!("/api/v1/stacking-groups/{key}"), "", &[])
    };
    assert_eq!(group(&office.planner, "season", "sometimes").problem(422), "bad_mode");
    assert_eq!(group(&office.planner, "Season", "ordered").problem(422), "bad_key");
    let untitled = json!({"mode": "ordered", "title": {"zh-CN": "", "en": "Season"}});
    assert_eq!(
        office
            .planner
            .put("/api/v1/stacking-groups/season", &untitled)
            .problem(422),
        "bad_name"
    );
    group(&office.planner, "spare", "exclusive").expect(200);
    delete("spare").expect(204);
    assert_eq!(delete("spare").problem(404), "not_found");
    office.draft("using", 10);
    assert_eq!(delete("season").problem(409), "group_in_use");
    group(&office.planner, "season", "ordered").expect(200);
    for (step, state) in [("submit", "submitted"), ("approve", "approved")] {
        office.take("using", &[step]);
        let refused = group(&office.planner, "season", "stackable");
        assert_eq!(refused.problem(409), "group_in_use", "{state}");
    }
    office.take("using", &["start"]);
    for state in ["running", "paused"] {
        let refused = group(&office.planner, "season", "stackable");
        assert_eq!(refused.problem(409), "group_in_use", "{state}");
        assert!(
            detail(&refused).contains(&format!("using is {state}")),
            "{}",
            refused.text
        );
        // another title is nobody's agreement
        let retitled = json!({"mode": "ordered", "title": {"zh-CN": "春季", "en": "Spring"}});
        office
            .planner
            .put("/api/v1/stacking-groups/season", &retitled)
            .expect(200);
        if state == "running" {
            office.step("using", "pause").expect(200);
        }
    }
    let groups = office.reader.get("/api/v1/stacking-groups").expect(200);
    assert_eq!(
        groups["items"],
        json!([{"key": "season", "mode": "ordered", "title": {"zh-CN": "春季", "en": "Spring"}, "campaigns": ["using"], "understood": [{
            "en": "All of its campaigns apply, each measured on what the one before it left.",
            "zh-CN": "组内活动全部享受，依次按前一项优惠后的价格计算。"}]}])
    );
    office.step("using", "end").expect(200);
    group(&office.planner, "season", "stackable").expect(200);
    delete("season").expect(204);
}

fn a_campaign_ends_with_its_window(database: Database) {
    let mut office = Office::open(database);
    office.running("short", 10);
    office.running("stopped", 11);
    office.step("stopped", "pause").expect(200);
    let mut long = office.plan(12);
    long["window"]["to"] = json!("2026-12-31");
    office.create("long", &long).expect(201);
    office.take("long", &["submit", "approve", "start"]);
    office.draft("late", 13);
    let propose = json!({"plan": office.plan(20)});
    office
        .planner
        .post("/api/v1/campaigns/short/amendments", &propose)
        .expect(201);
    // the window ends at midnight in Shanghai
    office.server.restart_at("fixed:2026-02-09T16:00:00Z");
    let base = office.server.base.clone();
    for client in [&mut office.planner, &mut office.approver, &mut office.reader] {
        client.base.clone_from(&base);
    }
    for key in ["short", "stopped"] {
        eventually("the campaign is over", Duration::from_secs(30), || {
            (office.campaign(key)["state"] == "ended").then_some(())
        });
        let steps = office
            .reader
            .get(&format!("/api/v1/campaigns/{key}/history"))
            .expect(200);
        let last = &steps["items"][0];
        assert_eq!((&last["action"], &last["by"]), (&json!("end"), &json!(null)));
        assert!(
            last["note"].as_str().unwrap().contains("2026-02-09T16:00:00.000Z"),
            "{last}"
        );
    }
    assert_eq!(office.campaign("long")["state"], "running");
    let amendments = office.reader.get("/api/v1/campaigns/short/amendments").expect(200);
    assert_eq!(
        amendments["items"][0]["state"], "rejected",
        "nothing waits for a decision any more"
    );
    assert_eq!(office.step("late", "submit").problem(409), "window_over");
    let effect = office.reader.get("/api/v1/campaigns/short/effect").expect(200);
    assert_eq!(effect["through"], "2026-02-09", "the last day of the window");
}

fn one_of_two_steps_at_once_is_taken(database: Database) {
    let office = Office::open(database);
    office.draft("raced", 10);
    let race = |action: &str| {
        let taken: Vec<u16> = std::thread::scope(|scope| {
            let asked: Vec<_> = (0..8).map(|_| scope.spawn(|| office.step("raced", action))).collect();
            asked
                .into_iter()
                .map(|asked| {
                    let answer = asked.join().unwrap();
                    if answer.status != 200 {
                        assert_eq!(answer.problem(409), "wrong_state");
                    }
                    answer.status
                })
                .collect()
        });
        assert_eq!(
            taken.iter().filter(|status| **status == 200).count(),
            1,
            "{action} {taken:?}"
        );
    };
    for action in ["submit", "approve", "start", "pause", "resume", "end", "evaluate"] {
        race(action);
    }
    let steps = office.reader.get("/api/v1/campaigns/raced/history").expect(200);
    assert_eq!(steps["items"].as_array().unwrap().len(), 8);
    // tasks written down at once have numbers of their own
    office.draft("busy", 11);
    let tasks: Vec<i64> = std::thread::scope(|scope| {
        let add = || {
            let body = json!({"kind": "other", "title": "One of many"});
            let task = office.planner.post("/api/v1/campaigns/busy/tasks", &body).expect(201);
            task["task"].as_i64().unwrap()
        };
        let asked: Vec<_> = (0..8).map(|_| scope.spawn(add)).collect();
        asked.into_iter().map(|asked| asked.join().unwrap()).collect()
    });
    let mut sorted = tasks.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (1..=8).collect::<Vec<i64>>());
}
