//! What a key reads that may upload rules and nothing else: counts. Its rules do their worst.

use super::author::house;
use super::campaigns::with_key;
use super::command_line::{run, text};
use super::intake::event;
use super::segments::bind;
use posthouse_tests::campaigns::{Campaigns, basket};
use posthouse_tests::guest::{Guest, PromotionGuest};
use posthouse_tests::{Answer, Client, Database, eventually};
use serde_json::{Value, json};
use std::time::Duration;

on_both_engines!(
    no_door_of_rules_shows_a_customer,
    what_is_sensitive_is_granted_by_those_who_may,
    a_campaign_grants_what_its_keys_may_grant,
);

/// What one customer has spent, in minor units; a rule looks for it.
const SPENT: i64 = 48_151_623;
/// The amount of row `$i`, the first column.
const AMOUNT: &str = "(i64.load (i32.add (local.get $values) (i32.mul (local.get $i) (i32.const 8))))";
/// Writes a number where nothing else stands.
const DIGITS: &str = "(func $digits (param $n i64) (local $i i32)
    (local.set $i (i32.const 20))
    (loop $next
      (local.set $i (i32.sub (local.get $i) (i32.const 1)))
      (i32.store8 (i32.add (i32.const 640) (local.get $i)) (i32.add (i32.const 48) (i32.wrap_i64 (i64.rem_u (local.get $n) (i64.const 10)))))
      (local.set $n (i64.div_u (local.get $n) (i64.const 10)))
      (br_if $next (local.get $i))))
  (func $spent_48151623 unreachable)";

fn spender(name: &str, segments: usize, segment: String) -> Guest {
    Guest {
        name: name.into(),
        facts: vec![("spend-24m".into(), "money", false)],
        reasons: vec![],
        schema: r#"{"type":"object","additionalProperties":false}"#.into(),
        segments: (0..segments).map(|i| format!("s{i}")).collect(),
        segment,
        score: "(f32.const 0)".into(),
        extra: DIGITS.into(),
        ..Guest::default()
    }
}

/// A segment for each of a thousand amounts, and a line of log for each customer.
fn thousand() -> Guest {
    let class = format!("(i32.wrap_i64 (i64.rem_u (i64.div_u {AMOUNT} (i64.const 100)) (i64.const 1000)))");
    let say = format!("(call $digits {AMOUNT}) (call $say (i32.const 1) (i32.const 640) (i32.const 20))");
    spender("thousand", 1_000, format!("(block (result i32) {say} {class})"))
}

/// Ends as it likes where somebody has spent so much.
fn ending(name: &str, end: &str) -> Guest {
    let found = format!("(i64.eq {AMOUNT} (i64.const {SPENT}))");
    spender(
        name,
        1,
        format!("(if (result i32) {found} (then {end}) (else (i32.const 0)))"),
    )
}

fn refusing() -> Guest {
    let end = format!("(call $digits {AMOUNT}) (return (call $refuse (i32.const 640) (i32.const 20)))");
    ending("refusing", &end)
}

fn stopping() -> Guest {
    ending("stopping", "(call $spent_48151623) (i32.const 0)")
}

/// Four customers with names, numbers and amounts.
fn people(client: &Client) -> Vec<String> {
    let mut secrets = Vec::new();
    for (i, (name, amount)) in [("欧阳修", 7_310_477), ("Su Dongpo", 7_310_588), ("李清照", 7_310_699)]
        .into_iter()
        .enumerate()
    {
        secrets.extend(spend(client, i, name, amount));
    }
    secrets
}

/// Somebody spends so much; everything that tells who that is and how much it was.
fn spend(client: &Client, i: usize, name: &str, amount: i64) -> Vec<String> {
    let (member, phone) = (format!("VIP-90{i}"), format!("1381234567{i}"));
    let who = [("member_no", member.as_str()), ("phone", phone.as_str())];
    let at = "2026-01-10T09:00:00+08:00";
    let mut booking = event(
        "booking.confirmed",
        &format!("spent-{i}"),
        at,
        &who,
        json!({"amount": amount}),
    );
    booking["customer"]["name"] = name.into();
    client.events(&[booking]);
    let found = client.get(&format!("/api/v1/customers?q={member}")).expect(200);
    let id = found["items"][0]["id"].as_str().unwrap().to_owned();
    let major = format!("{}.{:02}", amount / 100, amount % 100);
    vec![name.into(), member, phone, amount.to_string(), major, id]
}

/// Passes answers that tell nothing of anybody.
fn hides(answer: &Answer, secrets: &[String], door: &str) {
    let found = secrets.iter().find(|secret| answer.text.contains(secret.as_str()));
    assert_eq!(found, None, "{door}: {}", answer.text);
}

fn no_door_of_rules_shows_a_customer(database: Database) {
    let (server, owner) = house(database);
    let author = with_key(&server, &owner, &["rules"]);
    let mut secrets = people(&owner);
    for name in ["refusing", "stopping"] {
        bind(&owner, name, &Guest::default().build(), json!({}));
    }
    bind(&owner, "thousand", &thousand().build(), json!({}));
    let put = |name: &str, guest: &Guest| {
        let body = json!({"digest": owner.admit(&guest.build()), "config": {}, "grant": ["spend-24m"]});
        owner
            .put(&format!("/api/v1/bindings/segmentation/{name}"), &body)
            .expect(200);
    };
    put("refusing", &refusing());
    put("stopping", &stopping());

    // a preview counts
    let digest = author.admit(&thousand().build());
    let body = json!({"digest": digest, "config": {}, "name": "counted"});
    let answer = author.post("/api/v1/segmentation/preview", &body);
    hides(&answer, &secrets, "preview");
    let preview = answer.expect(200);
    assert_eq!((&preview["customers"], &preview["sample"]), (&json!(3), &json!([])));
    assert_eq!(preview["moves"].as_array().unwrap().len(), 3, "one for each amount");
    let whole = owner.post("/api/v1/segmentation/preview", &body);
    assert!(
        secrets[..2].iter().all(|secret| whole.text.contains(secret.as_str())),
        "{}",
        whole.text
    );
    let moves = format!(
        "/api/v1/segmentation/previews/{}/moves",
        preview["id"].as_str().unwrap()
    );
    assert_eq!(author.get(&moves).problem(403), "scope_missing");
    // and it is written down that it asked of what nobody has granted
    let looked = owner.all("/api/v1/audit?subject=binding/segmentation/counted");
    assert_eq!(looked.len(), 1, "the author's alone: {looked:?}");
    assert_eq!(
        (&looked[0]["action"], &looked[0]["detail"]["facts"]),
        (&json!("binding.preview"), &json!(["spend-24m"]))
    );

    // rules that fail say so in the host's words
    secrets.extend(spend(&owner, 3, "Xin Qiji", SPENT));
    let amount = SPENT.to_string();
    for (name, code) in [("refusing", "refused"), ("stopping", "trap")] {
        let path = format!("/api/v1/bindings/segmentation/{name}");
        let stale = |client: &Client| {
            client.get(&path).expect(200)["stale_reason"]
                .as_str()
                .map(str::to_owned)
        };
        let reason = eventually("the rule fails", Duration::from_secs(20), || stale(&owner));
        assert!(reason.contains(&amount), "{reason}");
        let told = stale(&author).unwrap();
        assert!(
            told.contains("the plugin ") && told.contains("the facts of one customer"),
            "{told}"
        );
        for run in 0..2 {
            let answer = author.post("/api/v1/segmentation/runs", &json!({ "binding": name }));
            hides(&answer, &secrets, "run");
            assert_eq!(answer.problem(422), code, "{run}");
        }
        // three faults in a row, and the host goes back
        let back = eventually("the host goes back", Duration::from_secs(20), || {
            let history = owner.get(&format!("{path}/history")).expect(200);
            history["items"][0]["note"].as_str().map(str::to_owned)
        });
        assert!(back.contains(&amount), "{back}");
        let history = author.get(&format!("{path}/history"));
        hides(&history, &secrets, "history");
        let note = &history.expect(200)["items"][0]["note"];
        assert!(note.as_str().is_some_and(|note| note.contains("the plugin ")), "{note}");
        let fault = |client: &Client| {
            let lines = client.all(&format!("{path}/logs"));
            lines.into_iter().find(|line| line["level"] == "fault")
        };
        let line = eventually("the log is written", Duration::from_secs(10), || fault(&owner));
        assert!(line["message"].as_str().unwrap().contains(&amount), "{line}");
        assert!(fault(&author).is_some());
        // neither does an activation that fails say more, nor the same in Chinese
        let digest = owner.get(&format!("{path}/history")).expect(200)["items"][1]["digest"].clone();
        let body = json!({ "digest": digest, "config": {} }).to_string();
        for language in ["en", "zh-CN"] {
            let send = |client: &Client| {
                let headers = [("accept-language", language)];
                client
                    .try_send("PUT", &path, "application/json", body.as_bytes(), &headers)
                    .unwrap()
            };
            hides(&send(&author), &secrets, "activation");
            assert_eq!(send(&author).problem(422), code);
            assert!(send(&owner).text.contains(&amount));
        }
    }
    let lines = eventually("the log is written", Duration::from_secs(10), || {
        Some(owner.all("/api/v1/bindings/segmentation/thousand/logs")).filter(|lines| !lines.is_empty())
    });
    assert!(
        lines
            .iter()
            .any(|line| line["message"].as_str().unwrap().contains("7310477"))
    );

    // a decision about somebody
    let campaigns = Campaigns::new(&owner);
    campaigns.group("season", "best-of");
    campaigns.run(
        "spring",
        &campaigns.plan(&PromotionGuest::default().build(), 1, json!({})),
    );
    let customer = secrets[5].clone();
    let quote = campaigns.quote(Some(&customer), 10_000, &[])["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let decision = owner.all(&format!("/api/v1/decisions?quote_id={quote}"))[0]["id"].clone();

    // every door there is
    let document = owner.get("/api/openapi.json").expect(200);
    let (mut asked, mut open) = (0, Vec::new());
    for (template, methods) in document["paths"].as_object().unwrap() {
        if !template.starts_with("/api/v1/") {
            continue;
        }
        for binding in ["thousand", "refusing", "stopping"] {
            let id = match template.split('/').nth(3) {
                Some("decisions") => decision.as_str().unwrap(),
                Some("segmentation") => preview["id"].as_str().unwrap(),
                Some("quotes") => &quote,
                Some("campaigns") => "spring",
                _ => &customer,
            };
            let path = template
                .replace("{id}", id)
                .replace("{extension_point}", "segmentation")
                .replace("{name}", binding)
                .replace("{digest}", &digest)
                .replace(
                    "{segment}",
                    if template.ends_with("/flow") {
                        binding
                    } else {
                        "thousand.s104"
                    },
                )
                .replace("{kind}", "family")
                .replace("{other}", &secrets[11]);
            for method in methods.as_object().unwrap().keys().filter(|method| *method != "delete") {
                let body = match (method.as_str(), template.rsplit('/').next().unwrap()) {
                    ("get", _) => Value::Null,
                    ("post", "preview") => json!({"digest": digest, "config": {}, "name": binding}),
                    ("post", "runs") => json!({ "binding": binding }),
                    ("post", "quotes") => basket(Some(&customer), 10_000, &[]),
                    ("put", "{name}") => json!({"digest": digest, "config": {}}),
                    _ => json!({}),
                };
                let content = if body.is_null() {
                    String::new()
                } else {
                    body.to_string()
                };
                let kind = if body.is_null() { "" } else { "application/json" };
                let answer = author.send(&method.to_uppercase(), &path, kind, content.as_bytes());
                hides(&answer, &secrets, &format!("{method} {path}"));
                asked += 1;
                if answer.status < 400 {
                    open.push(format!("{method} {template}"));
                }
            }
        }
    }
    open.sort();
    open.dedup();
    assert!(asked > 200, "{asked}");
    for door in [
        "get /api/v1/bindings/{extension_point}/{name}/logs",
        "get /api/v1/bindings/{extension_point}/{name}/history",
        "get /api/v1/bindings",
        "get /api/v1/plugins/{digest}",
        "post /api/v1/segmentation/preview",
        "post /api/v1/segmentation/runs",
    ] {
        assert!(
            open.iter().any(|known| known == door),
            "{door} was not tried: {open:#?}"
        );
    }
}

fn what_is_sensitive_is_granted_by_those_who_may(database: Database) {
    let (server, owner) = house(database);
    let author = with_key(&server, &owner, &["rules"]);
    let holder = with_key(&server, &owner, &["rules", "grants"]);
    let path = "/api/v1/bindings/segmentation/worth";
    let digest = author.admit(&spender("worth", 1, "(i32.const 0)".into()).build());
    let body = json!({"digest": digest, "config": {}});
    let named = json!({"digest": digest, "config": {}, "grant": ["spend-24m"]});

    // what a first activation would grant is shown beforehand, and not granted by whoever comes along
    let preview = json!({"digest": digest, "config": {}, "name": "worth"});
    let preview = author.post("/api/v1/segmentation/preview", &preview).expect(200);
    assert_eq!(
        (&preview["grant_needed"], &preview["sensitive"]),
        (&json!([]), &json!(["spend-24m"]))
    );
    for body in [&body, &named] {
        let refused = author.put(path, body);
        assert_eq!(refused.problem(403), "grant_not_allowed");
        assert!(refused.text.contains("spend-24m"), "{}", refused.text);
    }
    assert_eq!(author.get(path).problem(404), "not_found");
    let words = |client: &Client, more: &[&str]| run(&server, client, &[&["plugin"], more].concat());
    let shown = text(&words(&author, &["preview", "worth", &digest[..12]]).stdout);
    assert!(
        shown.contains("what they spend: spend-24m. Only a key with the scope grants"),
        "{shown}"
    );
    let refused = words(&author, &["activate", "worth", &digest[..12]]);
    assert_eq!(refused.status.code(), Some(1));
    let refused = text(&refused.stderr);
    assert!(
        refused.contains("spend-24m") && refused.contains("--scope rules,grants"),
        "{refused}"
    );

    // who may, grants it with the first activation, and that is written down
    assert_eq!(holder.put(path, &body).expect(200)["granted"], json!(["spend-24m"]));
    let log = owner.all("/api/v1/audit?subject=binding/segmentation/worth");
    let activation = log
        .iter()
        .find(|entry| entry["action"] == "binding.activation")
        .unwrap();
    assert_eq!(activation["detail"]["granted"], json!(["spend-24m"]));
    // what is granted stays granted, whoever changes the rule
    let again = author.put(path, &body).expect(200);
    assert_eq!(
        (&again["revision"], &again["granted"]),
        (&json!(2), &json!(["spend-24m"]))
    );

    // ordinary facts need no right of their own; a later rule that wants more asks for it, and again not everybody gives it
    let plain = "/api/v1/bindings/segmentation/plain";
    let trips = author.admit(&Guest::default().build());
    author.put(plain, &json!({"digest": trips, "config": {}})).expect(200);
    assert_eq!(author.put(plain, &body).problem(409), "grant_needed");
    assert_eq!(holder.put(plain, &body).problem(409), "grant_needed");
    assert_eq!(author.put(plain, &named).problem(403), "grant_not_allowed");
    assert_eq!(author.get(plain).expect(200)["revision"], 1);
    holder.put(plain, &named).expect(200);

    // an attribute is sensitive until somebody who may grant it says otherwise
    let attribute = "/api/v1/attributes/room";
    let titled = json!({"kind": "text", "title": {"zh-CN": "房型", "en": "Room"}});
    let mut ordinary = titled.clone();
    ordinary["sensitivity"] = "ordinary".into();
    assert_eq!(author.put(attribute, &ordinary).problem(403), "grant_not_allowed");
    assert_eq!(author.put(attribute, &titled).expect(200)["sensitivity"], "personal");
    assert_eq!(author.put(attribute, &ordinary).problem(403), "grant_not_allowed");
    let reader = Guest {
        name: "rooms".into(),
        facts: vec![("trips-24m".into(), "count", false), ("attr.room".into(), "text", true)],
        reasons: vec![],
        schema: r#"{"type":"object","additionalProperties":false}"#.into(),
        ..Guest::default()
    };
    let rooms = json!({"digest": author.admit(&reader.build()), "config": {}});
    let path = "/api/v1/bindings/segmentation/rooms";
    assert_eq!(author.put(path, &rooms).problem(403), "grant_not_allowed");
    holder.put(attribute, &ordinary).expect(200);
    author.put(attribute, &ordinary).expect(200);
    author.put(path, &rooms).expect(200);
}

fn a_campaign_grants_what_its_keys_may_grant(database: Database) {
    let (server, owner) = house(database);
    let campaigns = Campaigns::new(&owner);
    campaigns.group("season", "best-of");
    let planner = with_key(&server, &owner, &["campaigns"]);
    let holder = with_key(&server, &owner, &["campaigns", "grants"]);
    let curious = PromotionGuest {
        name: "curious".into(),
        facts: vec![
            ("trips-24m".into(), "count", false),
            ("spend-24m".into(), "money", false),
        ],
        ..PromotionGuest::default()
    };
    let plan = campaigns.plan(&curious.build(), 1, json!({}));
    let id = campaigns.draft("curious", &plan);
    campaigns.step(&id, "submit");
    campaigns.step(&id, "approve");
    let start = format!("/api/v1/campaigns/{id}/start");
    let refused = planner.post(&start, &json!({}));
    assert_eq!(refused.problem(403), "grant_not_allowed");
    assert!(refused.text.contains("spend-24m"), "{}", refused.text);
    let started = holder.post(&start, &json!({})).expect(200);
    assert_eq!(started["granted"], json!(["spend-24m", "trips-24m"]));

    // an amendment is proposed by somebody who may grant what it names
    let id = campaigns.run(
        "plain",
        &campaigns.plan(&PromotionGuest::default().build(), 2, json!({})),
    );
    let amendments = format!("/api/v1/campaigns/{id}/amendments");
    let rule = json!({"digest": plan["rule"]["digest"], "config": {}, "grant": ["spend-24m"]});
    assert_eq!(planner.post(&amendments, &rule).problem(403), "grant_not_allowed");
    holder.post(&amendments, &rule).expect(201);
}
