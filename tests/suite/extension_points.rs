//! Plugins of several extension points side by side: each is known for what it decides, and asked for nothing else.

use super::command_line::{run, text};
use super::intake::event;
use super::segments::CLOCK;
use posthouse_tests::campaigns::{basket, traced};
use posthouse_tests::guest::{Guest, LoyaltyGuest, PromotionGuest};
use posthouse_tests::plugins::packed;
use posthouse_tests::server::program;
use posthouse_tests::{Database, Options, Server};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};

on_both_engines!(
    a_plugin_decides_one_thing,
    the_project_of_a_promotion_makes_offers,
    a_loyalty_rule_comes_into_force_and_out_of_it,
    a_rule_of_complaint_routing_is_seen_beforehand_and_put_into_force,
);

fn a_plugin_decides_one_thing(database: Database) {
    let options = Options {
        clock: CLOCK,
        ..Options::default()
    };
    let server = Server::start(database, options);
    let client = server.agency("points");
    let segmentation = client.admit(&Guest::default().build());
    let offer = client.upload(&PromotionGuest::default().build()).expect(201);
    assert_eq!(offer["extension_point"], "promotion");
    assert_eq!(offer["segments"], json!([]));
    assert!(offer["self_test"]["baskets_tried"].as_u64() > Some(80), "{offer}");
    let listed = client.get("/api/v1/plugins").expect(200);
    let points: Vec<&Value> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|view| &view["extension_point"])
        .collect();
    assert_eq!(points, ["segmentation", "promotion"]);

    // it cannot be asked who is in which segment, and what is in force stays
    let path = "/api/v1/bindings/segmentation/calls";
    client
        .put(path, &json!({"digest": segmentation, "config": {}}))
        .expect(200);
    let body = json!({"digest": offer["digest"], "config": {}});
    let refused = client.put(path, &body);
    assert_eq!(refused.problem(422), "wrong_extension_point");
    let told = &refused.json()["detail"];
    let told = told.as_str().unwrap();
    assert!(
        told.contains("harmless-offer 1.2.3 decides promotion, segmentation is needed here"),
        "{told}"
    );
    assert_eq!(client.get(path).expect(200)["digest"], segmentation);

    let file = server.folder.path().join("offer.wasm");
    let again = PromotionGuest {
        version: "1.3.0".into(),
        ..PromotionGuest::default()
    };
    std::fs::write(&file, again.build()).unwrap();
    let output = run(&server, &client, &["plugin", "push", file.to_str().unwrap()]);
    let said = text(&output.stdout);
    assert!(said.contains("harmless-offer 1.3.0 is revision"), "{said}");
    assert!(said.contains(" baskets, ") && said.contains(" fuel a call."), "{said}");
}

/// `posthouse plugin …` without a server.
fn plugin(folder: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(program());
    command.arg("plugin").args(words).current_dir(folder);
    command.output().expect("the command runs")
}

#[test]
fn the_author_of_a_promotion_is_told_of_baskets() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("offer.wasm"), PromotionGuest::default().build()).unwrap();
    let said = |words: &[&str]| {
        let output = plugin(folder.path(), words);
        assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    let words = said(&["check", "offer.wasm"]);
    for part in [
        "harmless-offer 1.2.3 would be accepted as a promotion.",
        "reads     trips-24m, recency-days",
        "reasons   welcome",
        " baskets tried",
        " fuel a call with one line",
        "a full basket takes",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
    let document: Value = serde_json::from_str(&said(&["check", "offer.wasm", "--json"])).expect("one document");
    assert_eq!(document["extension_point"], "promotion");

    let words = said(&["bench", "offer.wasm"]);
    assert!(
        words.contains("lines") && words.contains("100") && words.contains("seed 1"),
        "{words}"
    );
    let bench = || -> Value { serde_json::from_str(&said(&["bench", "offer.wasm", "--json"])).expect("one document") };
    let fuel = |document: &Value| -> Vec<(u64, u64)> {
        let sizes = document["sizes"].as_array().unwrap().iter();
        sizes
            .map(|size| (size["lines"].as_u64().unwrap(), size["fuel"].as_u64().unwrap()))
            .collect()
    };
    let (first, second) = (bench(), bench());
    assert_eq!(first["extension_point"], "promotion");
    assert_eq!(fuel(&first), fuel(&second));
    assert_eq!(fuel(&first).iter().map(|size| size.0).collect::<Vec<_>>(), [1, 10, 100]);
}

/// The component with golden cases inside, as `plugin pack` puts them there.
fn with_cases(component: &[u8], cases: &str) -> Vec<u8> {
    let length = |mut length: usize| {
        let mut bytes = Vec::new();
        while length > 0x7f {
            bytes.push(length as u8 | 0x80);
            length >>= 7;
        }
        bytes.push(length as u8);
        bytes
    };
    let name = "posthouse:golden";
    let inside = [&length(name.len())[..], name.as_bytes(), cases.as_bytes()].concat();
    [component, &[0], &length(inside.len()), &inside].concat()
}

#[test]
fn golden_cases_of_a_promotion_name_the_line() {
    let folder = tempfile::tempdir().unwrap();
    let case = |name: &str, expect: &str| {
        format!(r#"{{"name": "{name}", "today": "2026-01-15", "lines": [{{"unit_price": 9}}], "expect": [{expect}]}}"#)
    };
    let cases = [
        case("a tenth off", r#"{"line": 0, "rate": 1000, "reason": "welcome"}"#),
        case("a gift", r#"{"line": 0, "amount": 9}"#),
    ];
    let component = with_cases(&PromotionGuest::default().build(), &format!("[{}]", cases.join(",")));
    std::fs::write(folder.path().join("offer.wasm"), component).unwrap();
    let output = plugin(folder.path(), &["test", "offer.wasm"]);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stdout);
    assert!(
        told.contains("a gift\n  line 0: saving is rate 1000, expected amount 9\n"),
        "{told}"
    );
    assert!(told.contains("1 of 2 golden cases passed."), "{told}");
}

/// The project that `plugin new --world promotion` writes, packed by `make test-build`, in a campaign of its own.
fn the_project_of_a_promotion_makes_offers(database: Database) {
    let (_server, shop) = super::quotes::start(database);
    let config =
        json!({"digest": shop.client.admit(&packed("sample-offer")), "config": {"rate": 800, "party_amount": 20_000}});
    shop.run(
        "thanks",
        &shop.plan(&packed("sample-offer"), 1, json!({"rule": config})),
    );
    let guest = super::quotes::customer(&shop.client, "M1");
    let trip = |kind: &str, id: &str| {
        let data = json!({"booking_id": "B-1", "booked_at": "2025-11-01", "departs": "2025-12-28", "returns": "2026-01-03", "amount": 800_000});
        event(kind, id, "2026-01-03T20:00:00+08:00", &[("member_no", "M1")], data)
    };
    shop.client
        .events(&[trip("booking.confirmed", "e1"), trip("booking.completed", "e2")]);
    let mut basket = basket(Some(&guest), 500_000, &[]);
    let pair = shop.client.post("/api/v1/quotes", &basket).expect(201);
    assert_eq!(
        (pair["price"].as_i64(), traced(&pair, "thanks").as_str()),
        (Some(460_000), "applied"),
        "8 %"
    );
    let reason = &pair["adjustments"][0]["reason"];
    assert_eq!(reason["code"], "came-back");
    assert_eq!(
        (reason["text"]["zh-CN"].as_str(), reason["text"]["en"].as_str()),
        (
            Some("12 天前回来，24 个月内出行 1 次"),
            Some("Days since the return: 12, trips in 24 months: 1")
        )
    );
    basket["lines"][0]["travellers"] = 6.into();
    let party = shop.client.post("/api/v1/quotes", &basket).expect(201);
    assert_eq!(party["price"], 500_000 - 6 * 20_000, "six travellers, 200.00 each");
    // nobody has come back where nobody is named
    let nobody = shop.quote(None, 500_000, &[]);
    assert_eq!(
        (nobody["price"].as_i64(), traced(&nobody, "thanks").as_str()),
        (Some(500_000), "no_offer")
    );
    assert_eq!(shop.replay_all(), 3);
}

/// A loyalty rule by itself: its grants, an older one back, out of force and back again, by calls and by commands.
fn a_loyalty_rule_comes_into_force_and_out_of_it(database: Database) {
    let options = Options {
        clock: CLOCK,
        ..Options::default()
    };
    let server = Server::start(database, options);
    let client = server.agency("club");
    let first = client.admit(&LoyaltyGuest::default().build());
    let club = client.upload(&packed("points-and-tiers")).expect(201);
    assert_eq!(club["extension_point"], "loyalty");
    assert_eq!(club["self_test"]["golden_cases"], 24);
    let path = "/api/v1/bindings/loyalty/main";
    let put = |digest: &Value, config: Value| client.put(path, &json!({"digest": digest, "config": config}));
    // what it reads is granted with it
    let bound = put(&first.as_str().into(), json!({})).expect(200);
    assert_eq!(
        (&bound["revision"], &bound["granted"]),
        (&1.into(), &json!(["trips-24m"]))
    );
    // a rule whose settings do not fit together never comes into force
    let refused = put(&club["digest"], json!({"gold": 20_000}));
    assert_eq!(refused.problem(422), "bad_config");
    let told = &refused.json()["detail"];
    let told = told.as_str().unwrap();
    assert!(
        told.contains("/gold: has to be more than the tier below takes, 20000"),
        "{told}"
    );
    let bound = put(&club["digest"], json!({"gold": 50_000})).expect(200);
    assert_eq!(
        (&bound["revision"], &bound["config"]),
        (&2.into(), &json!({"gold": 50_000}))
    );
    // whoever decides something else is not asked here, nor the other way round
    let other = client.admit(&PromotionGuest::default().build());
    assert_eq!(
        put(&other.as_str().into(), json!({})).problem(422),
        "wrong_extension_point"
    );
    let segmentation = "/api/v1/bindings/segmentation/calls";
    let body = json!({"digest": first, "config": {}});
    assert_eq!(client.put(segmentation, &body).problem(422), "wrong_extension_point");
    let back = client.post(&format!("{path}/rollback"), &json!({})).expect(200);
    assert_eq!(
        (&back["revision"], &back["digest"]),
        (&3.into(), &first.as_str().into())
    );
    let end = || client.send("DELETE", path, "", &[]).expect(200);
    let ended = end();
    assert_eq!(ended["revision"], 4);
    assert!(ended["ended_at"].is_string(), "{ended}");
    assert_eq!(end()["revision"], 4, "it has ended");
    let history = client.get(&format!("{path}/history")).expect(200);
    let causes: Vec<&str> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|revision| revision["cause"].as_str().unwrap())
        .collect();
    assert_eq!(causes, ["ending", "rollback", "activation", "activation"]);

    let file = server.folder.path().join("club.wasm");
    std::fs::write(&file, packed("points-and-tiers")).unwrap();
    let file = file.to_str().unwrap();
    let pushed = text(&run(&server, &client, &["plugin", "push", file]).stdout);
    assert!(pushed.contains("posthouse plugin activate loyalty/main "), "{pushed}");
    let activated = run(&server, &client, &["plugin", "activate", "loyalty/main", file]);
    assert!(activated.status.success(), "{}", text(&activated.stderr));
    let said = text(&activated.stdout);
    assert!(said.contains("loyalty/main"), "{said}");
    let back = run(&server, &client, &["plugin", "rollback", "loyalty/main"]);
    let said = text(&back.stdout);
    assert!(
        said.contains("Occasions from now on go by it; what was posted stands."),
        "{said}"
    );
    // it is played over what happened to members, so there have to be some
    let preview = || {
        run(
            &server,
            &client,
            &["plugin", "preview", "loyalty/main", file, "--days", "30"],
        )
    };
    let refused = preview();
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        text(&refused.stderr).contains("no loyalty programme yet"),
        "{}",
        text(&refused.stderr)
    );
    let terms = json!({"enrol": "on_request", "since": "2026-01-01"});
    client.put("/api/v1/loyalty/programme", &terms).expect(200);
    let played = preview();
    assert!(played.status.success(), "{}", text(&played.stderr));
    let said = text(&played.stdout);
    for part in [
        "Nothing was posted.",
        "platinum",
        "posthouse plugin activate loyalty/main",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let ended = run(&server, &client, &["plugin", "end", "loyalty/main"]);
    assert!(ended.status.success(), "{}", text(&ended.stderr));
}

#[test]
fn the_author_of_a_loyalty_rule_is_told_of_occasions() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("club.wasm"), packed("sample-club")).unwrap();
    let said = |words: &[&str]| {
        let output = plugin(folder.path(), words);
        assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    let words = said(&["check", "club.wasm"]);
    for part in [
        "sample-club 0.1.0 would be accepted as a loyalty rule.",
        "reads     no facts of customers",
        "self-test 8 golden cases pass; ",
        " occasions tried",
        " fuel a call for a new member",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
    let words = said(&["test", "club.wasm"]);
    assert!(
        words.contains("8 golden cases passed") || words.contains("8 of 8 golden cases passed"),
        "{words}"
    );
    let bench: Value = serde_json::from_str(&said(&["bench", "club.wasm", "--json"])).expect("one document");
    let sizes = bench["sizes"].as_array().unwrap().iter();
    let sizes: Vec<u64> = sizes.map(|size| size["status_days"].as_u64().unwrap()).collect();
    assert_eq!(
        (bench["extension_point"].as_str(), sizes),
        (Some("loyalty"), vec![1, 30, 730])
    );
}

#[test]
fn the_author_of_a_rule_of_complaint_routing_is_told_of_cases() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("desk.wasm"), packed("sample-desk")).unwrap();
    let said = |words: &[&str]| {
        let output = plugin(folder.path(), words);
        assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
        text(&output.stdout)
    };
    let words = said(&["check", "desk.wasm"]);
    for part in [
        "sample-desk 0.1.0 would be accepted as a rule of complaint routing.",
        "self-test 5 golden cases pass; ",
        " cases tried",
        " fuel a call for one desk",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
    let bench: Value = serde_json::from_str(&said(&["bench", "desk.wasm", "--json"])).expect("one document");
    let sizes = bench["sizes"].as_array().unwrap().iter();
    let sizes: Vec<u64> = sizes.map(|size| size["desks"].as_u64().unwrap()).collect();
    assert_eq!(
        (bench["extension_point"].as_str(), sizes),
        (Some("complaint-routing"), vec![1, 10, 50])
    );
}

fn a_rule_of_complaint_routing_is_seen_beforehand_and_put_into_force(database: Database) {
    let server = Server::start(database, Options::default());
    let client = server.agency("silk");
    let hurt = json!({"kind": "complaint", "channel": "phone", "text": "x", "cause": "safety", "contact": {"name": "Ms Hopper"}});
    client
        .put(
            "/api/v1/desks/senior",
            &json!({"title": {"zh-CN": "资深组", "en": "Senior"}, "skills": ["senior"]}),
        )
        .expect(201);
    for _ in 0..3 {
        client.post("/api/v1/complaints", &hurt).expect(201);
    }
    let digest = client.admit(&packed("complaint-desk"));
    let shown = run(
        &server,
        &client,
        &["plugin", "preview", "complaint-routing/main", &digest],
    );
    assert!(shown.status.success(), "{}", text(&shown.stderr));
    let said = text(&shown.stdout);
    for part in [
        "3 would go to another desk",
        "default → senior",
        "plugin activate complaint-routing/main",
        "--grant",
        "case-text",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let grant = "tier,spend-24m,complaints-12m,case-text";
    let words = [
        "plugin",
        "activate",
        "complaint-routing/main",
        &digest,
        "--grant",
        grant,
    ];
    let activated = run(&server, &client, &words);
    assert!(activated.status.success(), "{}", text(&activated.stderr));
    let case = client.post("/api/v1/complaints", &hurt).expect(201);
    assert_eq!(
        (case["desk"].as_str(), case["why"]["reason"]["code"].as_str()),
        (Some("senior"), Some("safety"))
    );
    let ended = run(&server, &client, &["plugin", "end", "complaint-routing/main"]);
    assert!(ended.status.success(), "{}", text(&ended.stderr));
    let case = client.post("/api/v1/complaints", &hurt).expect(201);
    assert_eq!(case["desk"], "default", "without a rule it has a desk all the same");
}
