//! Campaigns from plan to lessons: who plans, who agrees, and what is remembered.

use super::segments::{CLOCK, bind};
use posthouse_tests::guest::{Guest, PromotionGuest};
use posthouse_tests::plugins;
use posthouse_tests::{Answer, Campaigns, Client, Database, Options, Server};
use serde_json::{Value, json};

on_both_engines!(
    a_campaign_goes_from_plan_to_lessons,
    every_wrong_step_says_what_the_state_is,
    a_changed_plan_is_not_approved,
    nobody_approves_their_own_plan,
    what_a_plan_names_has_to_be_there,
    no_more_are_in_force_than_may_be,
);

/// An agency with people of different duties.
pub(crate) struct Office {
    pub(crate) server: Server,
    pub(crate) owner: Client,
    pub(crate) planner: Client,
    pub(crate) approver: Client,
    pub(crate) reader: Client,
    pub(crate) digest: String,
}

pub(crate) fn with_key(server: &Server, owner: &Client, scopes: &[&str]) -> Client {
    let made = owner
        .post("/api/v1/keys", &json!({"name": scopes.join(" "), "scopes": scopes}))
        .expect(201);
    Client::new(&server.base, made["api_key"].as_str().unwrap())
}

pub(crate) fn group(client: &Client, key: &str, mode: &str) -> Answer {
    let body = json!({"mode": mode, "title": {"zh-CN": "季节", "en": "Season"}});
    client.put(&format!("/api/v1/stacking-groups/{key}"), &body)
}

impl Office {
    pub(crate) fn open(database: Database) -> Self {
        let options = Options {
            clock: CLOCK,
            ..Options::default()
        };
        let server = Server::start(database, options);
        let owner = server.agency("promo");
        let planner = with_key(&server, &owner, &["campaigns"]);
        let approver = with_key(&server, &owner, &["approvals"]);
        let reader = with_key(&server, &owner, &["read"]);
        let digest = owner.admit(&PromotionGuest::default().build());
        group(&planner, "season", "best-of").expect(200);
        Self {
            server,
            owner,
            planner,
            approver,
            reader,
            digest,
        }
    }

    pub(crate) fn plan(&self, priority: i32) -> Value {
        json!({
            "goal": {"purpose": "Fill the spring departures", "targets": [
                {"measure": "sales", "figure": 50_000_000}, {"measure": "brand-awareness", "figure": 30}]},
            "window": {"from": "2026-01-10", "to": "2026-02-10"},
            "budget": {"total": 1_000_000, "per_customer": 50_000},
            "stacking": {"group": "season", "priority": priority},
            "rule": {"digest": self.digest, "config": {}},
        })
    }

    pub(crate) fn create(&self, key: &str, plan: &Value) -> Answer {
        let body = json!({"key": key, "type": "festival", "name": "Spring", "owner": "Ms Lin", "plan": plan});
        self.planner.post("/api/v1/campaigns", &body)
    }

    pub(crate) fn draft(&self, key: &str, priority: i32) -> Value {
        self.create(key, &self.plan(priority)).expect(201)
    }

    pub(crate) fn step(&self, key: &str, action: &str) -> Answer {
        let client = match action {
            "approve" | "reject" => &self.approver,
            _ => &self.planner,
        };
        let body = match action {
            "evaluate" => json!({"judgement": "The shops liked it.", "lessons": "Begin two weeks earlier."}),
            _ => json!({"note": format!("let us {action}")}),
        };
        client.post(&format!("/api/v1/campaigns/{key}/{action}"), &body)
    }

    pub(crate) fn take(&self, key: &str, steps: &[&str]) -> Value {
        let mut campaign = Value::Null;
        for action in steps {
            campaign = self.step(key, action).expect(200);
        }
        campaign
    }

    /// A campaign that is running.
    pub(crate) fn running(&self, key: &str, priority: i32) -> Value {
        self.draft(key, priority);
        self.take(key, &["submit", "approve", "start"])
    }

    pub(crate) fn campaign(&self, key: &str) -> Value {
        self.reader.get(&format!("/api/v1/campaigns/{key}")).expect(200)
    }

    pub(crate) fn binding(&self, key: &str) -> Option<Value> {
        let bindings = self.owner.get("/api/v1/bindings").expect(200);
        let bindings = bindings["items"].as_array().unwrap();
        let own = |binding: &&Value| binding["extension_point"] == "promotion" && binding["name"] == key;
        bindings.iter().find(own).cloned()
    }
}

pub(crate) fn detail(answer: &Answer) -> String {
    answer.json()["detail"].as_str().unwrap().to_owned()
}

fn a_campaign_goes_from_plan_to_lessons(database: Database) {
    let office = Office::open(database);
    let draft = office.draft("spring", 10);
    let id = draft["id"].as_str().unwrap();
    assert_eq!((&draft["state"], &draft["version"]), (&json!("draft"), &json!(1)));
    // a day begins where the agency is
    assert_eq!(draft["plan"]["window"]["from"], "2026-01-09T16:00:00.000Z");
    assert_eq!(draft["facts"], json!(["trips-24m", "recency-days"]));
    assert_eq!(
        (&draft["granted"], &draft["approval"], &draft["lessons"]),
        (&json!([]), &json!(null), &json!([]))
    );
    assert_eq!(office.binding("spring"), None);
    let mut states = Vec::new();
    for action in [
        "submit", "reject", "submit", "approve", "start", "pause", "resume", "end", "evaluate",
    ] {
        states.push(office.step("spring", action).expect(200)["state"].clone());
        if action == "start" {
            let bound = office.binding("spring").expect("the start binds the rule");
            assert_eq!(
                (&bound["revision"], &bound["digest"]),
                (&json!(1), &json!(office.digest))
            );
            assert_eq!(
                office.campaign("spring")["granted"],
                json!(["recency-days", "trips-24m"])
            );
        }
    }
    let way = json!([
        "submitted",
        "draft",
        "submitted",
        "approved",
        "running",
        "paused",
        "running",
        "ended",
        "evaluated"
    ]);
    assert_eq!(json!(states), way);
    // every step is a row, page by page the same
    let steps = office.reader.get("/api/v1/campaigns/spring/history").expect(200);
    let steps = steps["items"].as_array().unwrap();
    let actions: Vec<&str> = steps
        .iter()
        .rev()
        .map(|step| step["action"].as_str().unwrap())
        .collect();
    assert_eq!(
        actions.join(" "),
        "create submit reject submit approve start pause resume end evaluate"
    );
    assert!(
        steps
            .iter()
            .all(|step| step["plan_hash"] == draft["plan_hash"] && step["by"].is_string())
    );
    assert_eq!(steps.last().unwrap()["from"], "draft");
    let rejected = &steps[steps.len() - 3];
    assert_eq!(
        (&rejected["from"], &rejected["to"], &rejected["note"]),
        (&json!("submitted"), &json!("draft"), &json!("let us reject"))
    );
    let first = office
        .reader
        .get("/api/v1/campaigns/spring/history?limit=4")
        .expect(200);
    let cursor = first["next"].as_str().unwrap();
    let rest = office
        .reader
        .get(&format!("/api/v1/campaigns/spring/history?limit=100&cursor={cursor}"))
        .expect(200);
    assert_eq!(rest["items"][0], steps[4]);
    // its effect: nobody asked for a price yet
    let effect = office.reader.get("/api/v1/campaigns/spring/effect").expect(200);
    assert_eq!(effect["through"], "2026-01-15");
    assert_eq!(effect["uptake"]["participants"], 0);
    assert_eq!(
        (&effect["lift"]["enough"], &effect["lift"]["why"]["code"]),
        (&json!(false), &json!("no_holdout"))
    );
    assert_eq!(effect["satisfaction"], json!({"value": null, "source": "no_source"}));
    assert_eq!(
        effect["targets"],
        json!([{"measure": "sales", "figure": 50_000_000, "reached": 0, "measured": true},
            {"measure": "brand-awareness", "figure": 30, "reached": null, "measured": false}])
    );
    // what was learned is there when the next like it is planned, and beside its effect
    let next = office.draft("spring-again", 10);
    assert_eq!(next["lessons"][0]["key"], "spring");
    assert_eq!(next["lessons"][0]["judgement"], "The shops liked it.");
    assert_eq!(next["lessons"][0]["lessons"], "Begin two weeks earlier.");
    let effect = office.reader.get("/api/v1/campaigns/spring-again/effect").expect(200);
    assert_eq!(
        (&effect["earlier"]["key"], &effect["earlier"]["evaluated"]),
        (&json!("spring"), &json!(true))
    );
    let body = json!({"key": "members", "type": "member", "name": "Members", "plan": office.plan(10)});
    let other = office.planner.post("/api/v1/campaigns", &body).expect(201);
    assert_eq!((&other["lessons"], &other["owner"]), (&json!([]), &json!(null)));
    assert_eq!(office.campaign("spring")["evaluation"]["key"], "spring");
    let lessons = |query: &str| {
        let found = office
            .reader
            .get(&format!("/api/v1/campaigns/lessons{query}"))
            .expect(200);
        found["items"].as_array().unwrap().len()
    };
    assert_eq!(
        (lessons(""), lessons("?type=festival"), lessons("?type=joint")),
        (1, 1, 0)
    );
    // lists: the newest first, by state and type
    let keys = |query: &str| {
        let all = office.reader.all(&format!("/api/v1/campaigns{query}"));
        let keys = all.iter().map(|campaign| campaign["key"].as_str().unwrap().to_owned());
        keys.collect::<Vec<String>>().join(" ")
    };
    assert_eq!(keys(""), "members spring-again spring");
    assert_eq!(keys("?state=draft&type=festival"), "spring-again");
    assert_eq!(
        office.reader.get("/api/v1/campaigns?state=lost").problem(422),
        "bad_state"
    );
    assert_eq!(
        office.reader.get("/api/v1/campaigns?type=lost").problem(422),
        "bad_type"
    );
    // by its id too
    assert_eq!(office.campaign(id)["key"], "spring");
    assert_eq!(office.reader.get("/api/v1/campaigns/nobody").problem(404), "not_found");
}

fn every_wrong_step_says_what_the_state_is(database: Database) {
    let office = Office::open(database);
    let ways: [(&str, &[&str], &[&str]); 7] = [
        ("draft", &[], &["submit"]),
        ("submitted", &["submit"], &["approve", "reject"]),
        ("approved", &["submit", "approve"], &["start"]),
        ("running", &["submit", "approve", "start"], &["pause", "end"]),
        ("paused", &["submit", "approve", "start", "pause"], &["resume", "end"]),
        ("ended", &["submit", "approve", "start", "end"], &["evaluate"]),
        ("evaluated", &["submit", "approve", "start", "end", "evaluate"], &[]),
    ];
    let actions = [
        "submit", "approve", "reject", "start", "pause", "resume", "end", "evaluate",
    ];
    for (priority, (state, way, good)) in ways.into_iter().enumerate() {
        office.draft(state, priority as i32 + 1);
        office.take(state, way);
        assert_eq!(office.campaign(state)["state"], state);
        for action in actions.iter().filter(|action| !good.contains(action)) {
            let answer = office.step(state, action);
            assert_eq!(answer.problem(409), "wrong_state", "{state} {action}");
            let detail = detail(&answer);
            assert!(
                detail.contains(&format!("a campaign that is {state} cannot be")),
                "{detail}"
            );
            for possible in good {
                assert!(detail.contains(possible), "{detail}");
            }
        }
        let change = json!({"plan": office.plan(40 + priority as i32)});
        let changed = office.planner.patch(&format!("/api/v1/campaigns/{state}"), &change);
        if ["running", "paused", "ended", "evaluated"].contains(&state) {
            assert_eq!(changed.problem(409), "wrong_state", "{state}");
            assert_eq!(
                detail(&changed).contains("amendments"),
                ["running", "paused"].contains(&state)
            );
        } else {
            assert_eq!(changed.expect(200)["state"], "draft");
        }
    }
    // words that are needed
    office.draft("words", 20);
    office.take("words", &["submit"]);
    let silent = office.approver.post("/api/v1/campaigns/words/reject", &json!({}));
    assert_eq!(silent.problem(422), "note_missing");
    let silent = json!({"judgement": " ", "lessons": "some"});
    office.draft("over", 30);
    office.take("over", &["submit", "approve", "start", "end"]);
    let evaluated = office.planner.post("/api/v1/campaigns/over/evaluate", &silent);
    assert_eq!(evaluated.problem(422), "note_missing");
}

fn a_changed_plan_is_not_approved(database: Database) {
    let office = Office::open(database);
    for (key, way) in [
        ("one", ["submit"].as_slice()),
        ("two", ["submit", "approve"].as_slice()),
    ] {
        let before = office.draft(key, 10);
        office.take(key, way);
        let path = format!("/api/v1/campaigns/{key}");
        // another name or owner, and the same plan again, change nothing that was agreed to
        let same = json!({"name": "Early spring", "owner": "", "plan": office.plan(10)});
        let named = office.planner.patch(&path, &same).expect(200);
        assert_ne!(named["state"], "draft");
        assert_eq!(
            (&named["name"], &named["owner"]),
            (&json!("Early spring"), &json!(null))
        );
        assert_eq!(named["plan_hash"], before["plan_hash"]);
        let mut plan = office.plan(10);
        plan["budget"]["total"] = json!(1_000_001);
        let changed = office.planner.patch(&path, &json!({"plan": plan})).expect(200);
        assert_eq!(
            (&changed["state"], &changed["submitted_by"]),
            (&json!("draft"), &json!(null))
        );
        assert_ne!(changed["plan_hash"], before["plan_hash"]);
        if key == "two" {
            assert_eq!(changed["approval"]["plan_hash"], before["plan_hash"]);
            assert_eq!(changed["approval"]["holds"], false);
        }
        assert_eq!(office.step(key, "start").problem(409), "wrong_state");
        let approved = office.take(key, &["submit", "approve"]);
        assert_eq!(approved["approval"]["holds"], true);
    }
    // whoever read something else changes and approves nothing
    let draft = office.draft("three", 10);
    assert_eq!(draft["version"], 1);
    let send = |method: &str, path: &str, body: Value, tag: &str| {
        let headers = [("if-match", tag)];
        let path = format!("/api/v1/campaigns/three{path}");
        let client = if path.ends_with("approve") {
            &office.approver
        } else {
            &office.planner
        };
        client
            .try_send(method, &path, "application/json", body.to_string().as_bytes(), &headers)
            .unwrap()
    };
    let renamed = send("PATCH", "", json!({"name": "Third"}), "\"1\"");
    assert_eq!((renamed.status, renamed.etag.as_deref()), (200, Some("\"2\"")));
    assert_eq!(
        send("PATCH", "", json!({"name": "Fourth"}), "\"1\"").problem(412),
        "version_changed"
    );
    assert_eq!(
        send("POST", "/submit", json!({}), "\"1\"").problem(412),
        "version_changed"
    );
    send("POST", "/submit", json!({}), "\"2\"").expect(200);
    assert_eq!(
        send("POST", "/approve", json!({}), "\"2\"").problem(412),
        "version_changed"
    );
    send("POST", "/approve", json!({}), "\"3\"").expect(200);
}

fn nobody_approves_their_own_plan(database: Database) {
    let office = Office::open(database);
    let both = with_key(&office.server, &office.owner, &["campaigns", "approvals"]);
    let approve = |client: &Client| client.post("/api/v1/campaigns/own/approve", &json!({}));
    office.draft("own", 10);
    // the one who submitted
    both.post("/api/v1/campaigns/own/submit", &json!({})).expect(200);
    assert_eq!(approve(&both).problem(409), "own_plan");
    assert_eq!(office.step("own", "reject").expect(200)["state"], "draft");
    // the one who changed the plan last, though somebody else submitted it
    let change = json!({"plan": office.plan(11)});
    both.patch("/api/v1/campaigns/own", &change).expect(200);
    office.step("own", "submit").expect(200);
    assert_eq!(approve(&both).problem(409), "own_plan");
    approve(&office.approver).expect(200);
    // duties
    let body = json!({"key": "x", "type": "joint", "name": "X", "plan": office.plan(1)});
    for client in [&office.approver, &office.reader] {
        assert_eq!(client.post("/api/v1/campaigns", &body).problem(403), "scope_missing");
        assert_eq!(
            client.post("/api/v1/campaigns/own/start", &json!({})).problem(403),
            "scope_missing"
        );
        assert_eq!(group(client, "g", "ordered").problem(403), "scope_missing");
        client.get("/api/v1/campaigns/own").expect(200);
        client.get("/api/v1/stacking-groups").expect(200);
    }
    for client in [&office.planner, &office.reader] {
        assert_eq!(approve(client).problem(403), "scope_missing");
    }
    let intake = with_key(&office.server, &office.owner, &["intake"]);
    assert_eq!(intake.get("/api/v1/campaigns").problem(403), "scope_missing");
}

fn what_a_plan_names_has_to_be_there(database: Database) {
    let office = Office::open(database);
    let segmentation = office.owner.admit(&Guest::default().build());
    let picky = PromotionGuest {
        name: "picky".into(),
        schema: r#"{"type":"object","additionalProperties":false,"properties":{"days":{"type":"integer"}}}"#.into(),
        ..PromotionGuest::default()
    };
    let picky = office.owner.admit(&picky.build());
    let own = PromotionGuest {
        name: "own".into(),
        facts: vec![("attr.card-level".into(), "count", true)],
        reasons: vec![("welcome".into(), "welcome".into())],
        ..PromotionGuest::default()
    };
    let own = office.owner.admit(&own.build());
    let early = office.owner.admit(&plugins::packed("early-bird"));
    let wrong = |pointer: &str, value: Value, status: u16, code: &str| {
        let mut plan = office.plan(1);
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        plan.pointer_mut(parent).unwrap()[key] = value.clone();
        let refused = office.create("wrong", &plan);
        assert_eq!(refused.problem(status), code, "{pointer} {value} {}", refused.text);
    };
    wrong("/rule/digest", json!("0".repeat(64)), 404, "not_found");
    wrong("/rule/digest", json!("none"), 404, "not_found");
    wrong("/rule/digest", json!(segmentation), 422, "wrong_extension_point");
    wrong("/rule/config", json!({"days": 3}), 422, "bad_config");
    wrong(
        "/rule",
        json!({"digest": picky, "config": {"days": "x"}}),
        422,
        "bad_config",
    );
    let twice = json!({"steps": [{"days": 30, "rate": 500}, {"days": 30, "rate": 600}]});
    wrong("/rule", json!({"digest": early, "config": twice}), 422, "bad_config");
    wrong("/rule/digest", json!(own), 422, "unknown_fact");
    wrong("/stacking/group", json!("winter"), 422, "unknown_group");
    wrong("/stacking/priority", json!(0), 422, "bad_plan");
    wrong(
        "/audience",
        json!({"segments": ["rfm.champions"]}),
        422,
        "unknown_segment",
    );
    wrong("/window/to", json!("tomorrow"), 422, "bad_window");
    wrong("/window/to", json!("2026-01-10"), 422, "bad_plan");
    wrong("/budget/total", json!(-1), 422, "bad_plan");
    wrong("/colour", json!("red"), 422, "bad_body");
    let condition = |condition: Value| wrong("/audience", json!({"facts": [condition]}), 422, "bad_audience");
    condition(json!({"fact": "shoe-size", "at_least": 40}));
    condition(json!({"fact": "attr.card-level", "at_least": 1}));
    condition(json!({"fact": "trips-24m", "is": true}));
    condition(json!({"fact": "consent-marketing", "one_of": ["yes"]}));
    condition(json!({"fact": "home-city", "at_least": 1}));
    condition(json!({"fact": "age", "at_least": 2, "at_most": 1}));
    for (key, code) in [("", "bad_key"), ("Spring", "bad_key"), ("a/b", "bad_key")] {
        assert_eq!(office.create(key, &office.plan(1)).problem(422), code, "{key}");
    }
    let id = "0198d1a0-0000-7000-8000-000000000001";
    assert_eq!(office.create(id, &office.plan(1)).problem(422), "bad_key");
    let body = json!({"key": "x", "type": "winter", "name": "X", "plan": office.plan(1)});
    assert_eq!(office.planner.post("/api/v1/campaigns", &body).problem(422), "bad_type");
    let body = json!({"key": "x", "type": "joint", "name": " ", "plan": office.plan(1)});
    assert_eq!(office.planner.post("/api/v1/campaigns", &body).problem(422), "bad_name");
    // and once it is there, it is good
    let level = json!({"kind": "count", "title": {"zh-CN": "级别", "en": "Level"}});
    office.owner.put("/api/v1/attributes/card-level", &level).expect(200);
    bind(&office.owner, "who", &Guest::default().build(), json!({}));
    let segment = office.owner.get("/api/v1/segments").expect(200)["items"][0].clone();
    let mut plan = office.plan(1);
    plan["rule"] = json!({"digest": own, "config": {}});
    plan["audience"] = json!({"segments": [format!("who.{}", segment["key"].as_str().unwrap())], "facts": [
        {"fact": "attr.card-level", "at_least": 1}, {"fact": "home-city", "one_of": ["上海"]},
        {"fact": "consent-marketing", "is": true}, {"fact": "birth-date", "at_most": 7_000}]});
    let good = office.create("good", &plan).expect(201);
    assert_eq!(good["plan"]["audience"], plan["audience"]);
    assert_eq!(office.create("good", &plan).problem(409), "key_taken");
    // what somebody in force goes by stays
    let mut own_fact = office.plan(2);
    own_fact["audience"] = json!({"facts": [{"fact": "attr.card-level", "at_least": 1}]});
    office.create("levels", &own_fact).expect(201);
    office.take("levels", &["submit", "approve", "start"]);
    let delete = || office.owner.send("DELETE", "/api/v1/attributes/card-level", "", &[]);
    let refused = delete();
    assert_eq!(refused.problem(409), "attribute_in_use");
    assert!(detail(&refused).contains("campaign levels"), "{}", refused.text);
    office.step("levels", "end").expect(200);
    // what goes away meanwhile is missed when it is submitted
    delete().expect(204);
    assert_eq!(office.step("good", "submit").problem(422), "unknown_fact");
}

fn no_more_are_in_force_than_may_be(database: Database) {
    let options = Options {
        clock: CLOCK,
        env: vec![("POSTHOUSE_CAMPAIGNS__IN_FORCE", "2".into())],
    };
    let server = Server::start(database, options);
    let shop = Campaigns::new(&server.agency("many"));
    shop.group("season", "best-of");
    let rule = PromotionGuest::default().build();
    let ready: Vec<String> = (1..=5)
        .map(|priority| {
            let id = shop.draft(&format!("c{priority}"), &shop.plan(&rule, priority, json!({})));
            ["submit", "approve"]
                .iter()
                .for_each(|action| drop(shop.step(&id, action)));
            id
        })
        .collect();
    let start = |id: &str| shop.client.post(&format!("/api/v1/campaigns/{id}/start"), &json!({}));
    // all at once: as many start as may
    let started: Vec<bool> = std::thread::scope(|scope| {
        let starting: Vec<_> = ready.iter().map(|id| scope.spawn(|| start(id))).collect();
        let answers = starting.into_iter().map(|thread| thread.join().unwrap());
        answers
            .map(|answer| match answer.status {
                200 => true,
                _ => {
                    assert_eq!(answer.problem(409), "too_many_in_force");
                    false
                }
            })
            .collect()
    });
    assert_eq!(started.iter().filter(|started| **started).count(), 2, "{started:?}");
    let running = &ready[started.iter().position(|started| *started).unwrap()];
    let waiting = &ready[started.iter().position(|started| !*started).unwrap()];
    // one that is paused keeps its place, one that is over leaves it
    shop.step(running, "pause");
    assert_eq!(start(waiting).problem(409), "too_many_in_force");
    shop.step(running, "resume");
    shop.step(running, "end");
    assert_eq!(start(waiting).expect(200)["state"], "running");
}
