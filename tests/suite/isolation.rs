//! The walls between agencies, at every door: each operation of the OpenAPI document is asked with another agency's key.

mod cases;
mod club;

use super::intake::event;
use super::segments::{CLOCK, bind};
use cases::{Cases, cases};
use club::{Club, club, reward};
use posthouse_tests::campaigns::basket;
use posthouse_tests::guest::{Guest, PromotionGuest};
use posthouse_tests::{Answer, Campaigns, Client, Database, Options, Receiver, Server, eventually, plugins};
use regex::Regex;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

on_both_engines!(every_door_keeps_agencies_apart);

/// What one agency has, by the names that paths and bodies use.
struct Things {
    customer: String,
    companion: String,
    /// A member who is suspended.
    stranger: String,
    /// Somebody who is no member.
    newcomer: String,
    digest: String,
    /// A plugin that nothing names.
    spare: String,
    preview: String,
    job: String,
    /// Files that are looked at.
    looks: [String; 2],
    key: String,
    promotion: String,
    /// Ids of campaigns, by the operation that each of them waits for.
    campaigns: BTreeMap<&'static str, String>,
    /// Ids of quotes, by the operation that each of them waits for.
    quotes: BTreeMap<&'static str, String>,
    decision: String,
    /// A batch of coupons, and a code of another one.
    batch: String,
    code: String,
    webhook: String,
    task: String,
    person: String,
    session: String,
    branch: String,
    view: String,
    club: Club,
    cases: Cases,
}

impl Things {
    /// The campaign that waits for this operation.
    fn campaign(&self, door: &Door) -> &str {
        let amended = door.template.contains("{number}");
        let waits_for = match door.template.rsplit('/').next().unwrap() {
            "approve" if amended => "approve-amendment",
            "reject" if amended => "reject-amendment",
            "amendments" if door.method == "POST" => "propose",
            "coupons" => "coupons",
            _ if door.template.contains("/coupons/") => "coupons",
            last if self.campaigns.contains_key(last) => last,
            _ => "look",
        };
        &self.campaigns[waits_for]
    }
}

/// One operation of the document.
#[derive(Debug)]
struct Door {
    method: String,
    /// As the document has it.
    template: String,
    /// The statuses it may answer with.
    statuses: Vec<u16>,
}

impl Door {
    /// Every door, reading before writing and taking away last.
    fn all(client: &Client) -> Vec<Self> {
        let document = client.get("/api/openapi.json").expect(200);
        let mut doors = Vec::new();
        for (template, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                doors.push(Self {
                    method: method.to_uppercase(),
                    template: template.clone(),
                    statuses: operation["responses"]
                        .as_object()
                        .unwrap()
                        .keys()
                        .map(|status| status.parse().unwrap())
                        .collect(),
                });
            }
        }
        let order = |door: &Self| {
            ["GET", "PUT", "POST", "PATCH", "DELETE"]
                .iter()
                .position(|m| *m == door.method)
        };
        doors.sort_by_key(order);
        doors
    }

    /// The path that leads to what is ours.
    fn path(&self, ours: &Things) -> String {
        let mut path = String::new();
        let mut before = "";
        for part in self.template.split('/').skip(1) {
            let value = match (before, part) {
                (_, plain) if !plain.starts_with('{') => plain,
                ("attributes", "{key}") => "room",
                ("stacking-groups", "{key}") => "spare",
                ("campaigns", "{id}") => ours.campaign(self),
                ("tasks", "{id}") => &ours.task,
                (_, "{task}" | "{number}") => "1",
                (_, "{batch}") => &ours.batch,
                ("quotes", "{id}") => match self.template.rsplit('/').next() {
                    Some("release") => &ours.quotes["release"],
                    Some("confirm") => &ours.quotes["confirm"],
                    _ => &ours.quotes["look"],
                },
                ("decisions", "{id}") => &ours.decision,
                (_, "{extension_point}") => "segmentation",
                ("{kind}", "{name}") => "erp",
                (_, "{name}") => "rfm",
                // who was suspended is made active again
                ("members", "{customer_id}") if self.method == "PATCH" => &ours.stranger,
                ("customers", "{id}") | ("members", "{customer_id}") => &ours.customer,
                ("adjustments", "{id}") => &ours.club.adjustments[usize::from(self.template.ends_with("/reject"))],
                ("redemptions", "{id}") => &ours.club.orders[usize::from(self.template.ends_with("/cancel"))],
                ("rewards", "{key}") => "pillow",
                ("complaints", "{id}") => ours.cases.of(self.template.rsplit('/').next().unwrap()),
                ("crises", "{id}") => ours.cases.crisis_of(self.template.rsplit('/').next().unwrap()),
                ("compensations", "{id}") => &ours.cases.compensations[usize::from(self.template.ends_with("/reject"))],
                ("desks", "{key}") => "senior",
                ("calendars", "{key}") => "shops",
                (_, "{nth}") => "1",
                ("occasions", "{id}") => &ours.club.occasion,
                ("documents", "{kind}") => "passport",
                ("mappings", "{kind}") => "bookings",
                (_, "{kind}") => "family",
                (_, "{other}") => &ours.companion,
                ("imports", "{id}") if self.template.ends_with("look") => &ours.looks[0],
                ("imports", "{id}") if self.template.ends_with("land") => &ours.looks[1],
                ("imports", "{id}") => &ours.job,
                ("keys", "{id}") => &ours.key,
                ("webhooks", "{id}") => &ours.webhook,
                ("staff", "{id}") => &ours.person,
                ("sessions", "{id}") => &ours.session,
                ("roles", "{key}") if self.method == "DELETE" => "spare",
                ("roles", "{key}") => "clerk",
                ("branches", "{id}") => &ours.branch,
                ("views", "{id}") => &ours.view,
                (_, "{digest}") if self.method == "DELETE" => &ours.spare,
                (_, "{digest}") => &ours.digest,
                ("previews", "{id}") if self.template.contains("/loyalty/") => &ours.club.preview,
                ("links", "{id}") => &ours.club.link,
                ("previews", "{id}") => &ours.preview,
                (_, "{segment}") if self.template.ends_with("/flow") || self.template.ends_with("/trend") => "rfm",
                (_, "{segment}") => "rfm.new",
                _ => panic!("say here what of ours stands for {part} in {}", self.template),
            };
            path = format!("{path}/{value}");
            before = part;
        }
        let query = match self.template.rsplit('/').next() {
            Some("working-time") => "?from=2026-01-15&minutes=60",
            Some("flow") => "?from=2026-01-01&to=2026-01-02",
            Some("imports") if self.method == "POST" => "?kind=customers",
            Some("sample") => "?seed=1",
            Some("views") if self.method == "GET" => "?list=customers",
            Some("movements") => "?from=2026-01-01&to=2026-01-15",
            _ => "",
        };
        path + query
    }

    /// A body that the operation takes, naming what is ours wherever a body can.
    fn body(&self, ours: &Things) -> (String, Vec<u8>) {
        let last = self.template.rsplit('/').next().unwrap();
        let body = match (self.method.as_str(), last) {
            ("GET" | "DELETE", _)
            | ("PUT", "{other}")
            | ("POST", "samples" | "clv" | "release" | "replay" | "test" | "ask-again" | "invitation" | "land") => {
                return (String::new(), Vec::new());
            }
            ("POST", "quotes") => basket(Some(&ours.customer), 10_000, &[&ours.code]),
            ("POST", "complaints") => cases::complaint(&ours.customer),
            ("POST", "attachments") => {
                let body = [
                    b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"b.pdf\"\r\n\r\n".as_slice(),
                    b"%PDF-1.7 other %%EOF",
                    b"\r\n--b--\r\n",
                ];
                return ("multipart/form-data; boundary=b".into(), body.concat());
            }
            ("POST", "compensations") => json!({"remedy": "apology"}),
            ("POST", "crises") => {
                json!({"kind": "product", "title": "Marked crisis", "cases": [ours.cases.of("note")]})
            }
            ("POST", step) if self.template.starts_with("/api/v1/complaints/{id}/") => cases::step(step),
            ("POST", _) if self.template.starts_with("/api/v1/crises/") => json!({}),
            ("POST", "approve" | "reject") if self.template.contains("/compensations/") => json!({}),
            ("POST", "preview") if self.template.contains("/complaints/") => {
                json!({"digest": ours.cases.digest, "config": {}})
            }
            ("PUT", "terms") => cases::terms(),
            ("PUT", "{key}") if self.template.contains("/desks/") => {
                json!({"title": {"zh-CN": "资深组", "en": "Senior"}})
            }
            ("PUT", "{key}") if self.template.contains("/calendars/") => {
                json!({"week": {"monday": [{"from": "09:00", "to": "12:00"}]}})
            }
            ("POST", "confirm") => json!({"booking_id": "b77"}),
            ("POST", "coupons") => json!({"label": "Marked batch", "count": 1}),
            ("POST", "look-up") => json!({"code": ours.code}),
            ("POST", "revoke") if self.template.contains("{batch}") => return (String::new(), Vec::new()),
            ("POST", "revoke") => json!({"code": ours.code}),
            ("POST", "plugins") => return ("application/wasm".into(), plugins::packed("lifecycle")),
            ("POST", "imports") => {
                let body = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\nmember_no\nM9\n\r\n--b--\r\n";
                return ("multipart/form-data; boundary=b".into(), body.into());
            }
            ("PUT", "{key}") if self.template.contains("/stacking-groups/") => season(),
            ("PUT", "{key}") if self.template.contains("/roles/") => {
                json!({"title": {"zh-CN": "店员", "en": "Clerk"}, "permissions": ["read"]})
            }
            ("PATCH", "agency") => json!({"name": "Another name", "second_factor_needed": true}),
            ("PATCH", "{id}") if self.template.contains("/staff/") => json!({"branch": ours.branch}),
            ("PUT", "programme") => json!({"enrol": "on_request", "since": "2026-01-01"}),
            ("POST", "members") => json!({"customer_id": ours.newcomer}),
            ("POST", "adjust") => json!({"wallet": "points", "points": 1, "reason": "Marked reason"}),
            ("POST", "tier") => json!({"tier": "better", "valid_until": "2026-12-31", "reason": "Marked reason"}),
            ("POST", "redeem") => json!({"reward": "pillow"}),
            ("POST", "transfer") => json!({"to": ours.companion, "points": 1}),
            ("POST", "fulfil" | "cancel") => json!({}),
            ("POST", "events") if self.template.contains("/members/") => json!({"name": "marked-event", "data": {}}),
            ("POST", "referrals") => json!({"code": ours.club.referral_code, "customer_id": ours.companion}),
            ("POST", "rewards") => reward("mug", "Mug"),
            ("PATCH", "{key}") => json!({"stock": 500}),
            ("PATCH", "{customer_id}") => json!({"state": "active"}),
            ("PUT", "owner") => json!({"owner": ours.person}),
            ("POST", "owner") => json!({"customers": [ours.customer], "owner": null}),
            ("POST", "branches") => json!({"name": "Another branch"}),
            ("POST", "staff") => json!({"email": "new@silk.example", "role": "sales", "branch": ours.branch}),
            ("PUT", "{key}") => {
                json!({"kind": "text", "title": {"zh-CN": "房型", "en": "Room"}, "sensitivity": "ordinary"})
            }
            ("PUT", "{name}") if self.template.contains("/mappings/") => json!({"mapping": "source = \"erp\""}),
            ("PUT", "{name}") => json!({"digest": ours.digest, "config": {}}),
            ("POST", "look") => json!({"kind": "customers"}),
            ("POST", "rollback") => json!({}),
            ("POST", "customers") => json!({"identities": [{"kind": "member_no", "value": "M8"}]}),
            ("PATCH", "{id}") if self.template.contains("/branches/") => json!({"name": "Branch of another name"}),
            ("PATCH", "{id}") if self.template.contains("/tasks/") => json!({"done": true}),
            ("PATCH", "{id}") if self.template.contains("/webhooks/") => json!({"note": "Marked receiver"}),
            ("POST", "webhooks") => receiver("desk"),
            ("POST", "views") => json!({"list": "customers", "title": "Mine", "query": "sort=age"}),
            ("POST", "retry") => json!({"kind": "import.run", "key": ours.job}),
            ("PATCH", "{id}") => json!({"name": "Somebody"}),
            ("POST", "events") => json!({"events": [booking("b9", "M1")]}),
            ("POST", "clock") => json!({"advance": "1s"}),
            ("POST", "keys") => json!({"name": "desk", "scopes": ["read"]}),
            ("POST", "preview") if self.template.contains("/loyalty/") => {
                json!({"binding": "main", "digest": ours.club.digest, "config": {}, "days": 30})
            }
            ("POST", "links") => json!({"days": 7}),
            ("POST", "preview") => json!({"digest": ours.digest, "config": {}, "name": "rfm"}),
            ("POST", "runs") => json!({"binding": "rfm"}),
            ("POST", "campaigns") => campaign("new", plan(&ours.promotion, 99)),
            ("POST", "submit" | "approve" | "start" | "pause" | "resume" | "end") => json!({}),
            ("POST", "reject") => json!({"note": "too dear"}),
            ("POST", "evaluate") => json!({"judgement": "It went well.", "lessons": "Do it again."}),
            ("POST", "tasks") if !self.template.contains("/campaigns/") => {
                json!({"title": "Call them", "subject": format!("campaign/{}", ours.campaigns["look"])})
            }
            ("POST", "tasks") => json!({"kind": "other", "title": "Hang up the posters"}),
            ("PATCH", "{task}") => json!({"done": true}),
            ("POST", "amendments") => json!({"plan": plan(&ours.promotion, 98)}),
            _ => panic!("say here what {} {} takes", self.method, self.template),
        };
        ("application/json".into(), body.to_string().into_bytes())
    }

    fn ask(&self, client: &Client, ours: &Things) -> Answer {
        let (content_type, body) = self.body(ours);
        let answer = client.send(&self.method, &self.path(ours), &content_type, &body);
        assert!(
            self.statuses.contains(&answer.status),
            "{} {} is not documented for {self:?}",
            answer.status,
            answer.text
        );
        answer
    }

    /// Whether path or body name a thing that only its agency has. Keys of attributes and groups are everyone's to choose.
    fn names_a_thing(&self) -> bool {
        let set_up = self.method == "PUT"
            && ["/desks/", "/calendars/"]
                .iter()
                .any(|part| self.template.contains(part));
        let chosen = ["/attributes/", "/stacking-groups/", "/roles/", "/imports/mappings/"]
            .iter()
            .any(|part| self.template.contains(part))
            && !(self.method == "DELETE" && self.template.contains("/roles/"));
        let in_body = match self.method.as_str() {
            "POST" => [
                "/preview",
                "/runs",
                "/campaigns",
                "/tasks",
                "/quotes",
                "/look-up",
                "/coupons/revoke",
                "/staff",
                "/customers/owner",
                "/members",
                "/referrals",
                "/complaints",
                "/crises",
            ]
            .as_slice(),
            _ => &[],
        };
        let named = self.template.contains('{') || in_body.iter().any(|end| self.template.ends_with(end));
        named && !chosen && !set_up
    }

    /// Whether what it writes is not written down once more in the audit log: previews and replays change nothing, a price that is asked
    /// for is a quote with its decisions, events are records, a code that is looked up stays as it is, and a plugin that is known is known.
    fn leaves_no_entry(&self) -> bool {
        let ends = ["/preview", "/replay", "/quotes", "/events", "/look-up", "/plugins"];
        let is_one_of_these =
            ends.iter().any(|end| self.template.ends_with(end)) && !self.template.contains("/webhooks/");
        // an import that is over cannot be ended, a rule that was not set aside is asked anyway, and who has no second factor keeps none
        let changes_nothing = self.template.contains("/imports/")
            || self.template.ends_with("/{name}/ask-again")
            || self.template.ends_with("/second-factor");
        is_one_of_these || (["DELETE", "POST"].contains(&self.method.as_str()) && changes_nothing)
    }

    /// Whether it needs no key: it is no call on an agency's things, or the way to become known.
    fn is_open(&self) -> bool {
        !self.template.starts_with("/api/v1/") || ["/sign-in", "/join"].iter().any(|end| self.template.ends_with(end))
    }
}

fn booking(id: &str, member: &str) -> Value {
    let at = "2026-01-10T09:00:00+08:00";
    event(
        "booking.confirmed",
        id,
        at,
        &[("member_no", member)],
        json!({"amount": 120_000}),
    )
}

fn season() -> Value {
    json!({"mode": "best-of", "title": {"zh-CN": "季节", "en": "Season"}})
}

/// A webhook that is told nothing of what the test does.
fn receiver(note: &str) -> Value {
    json!({"url": "http://127.0.0.1:9/", "types": ["webhook.test"], "note": note})
}

/// A webhook that was told something.
fn webhook(client: &Client) -> String {
    let mut body = receiver("Marked receiver");
    body["url"] = Receiver::taking().base.into();
    let made = client.post("/api/v1/webhooks", &body).expect(201);
    let id = made["id"].as_str().unwrap().to_owned();
    client
        .send("POST", &format!("/api/v1/webhooks/{id}/test"), "", &[])
        .expect(202);
    let delivered = format!("/api/v1/webhooks/{id}/deliveries?state=delivered");
    eventually("it is told", Duration::from_secs(30), || {
        (!client.all(&delivered).is_empty()).then_some(id.clone())
    })
}

fn plan(digest: &str, priority: usize) -> Value {
    json!({"goal": {"purpose": "Marked plan"}, "window": {"from": "2026-01-01", "to": "2026-03-01"}, "budget": {"total": 100_000},
        "stacking": {"group": "season", "priority": priority}, "rule": {"digest": digest, "config": {}}})
}

fn campaign(key: &str, plan: Value) -> Value {
    json!({"key": key, "type": "festival", "name": "Marked campaign", "plan": plan})
}

/// A campaign for each operation that changes one, planned by a colleague, so that whoever asks may approve.
fn campaigns(client: &Client, digest: &str) -> BTreeMap<&'static str, String> {
    let body = json!({"name": "planner", "scopes": ["campaigns"]});
    let made = client.post("/api/v1/keys", &body).expect(201);
    let planner = Client::new(&client.base, made["api_key"].as_str().unwrap());
    for group in ["season", "spare"] {
        client
            .put(&format!("/api/v1/stacking-groups/{group}"), &season())
            .expect(200);
    }
    let running = ["submit", "approve", "start"];
    let ways: [(&str, &[&str]); 12] = [
        ("submit", &[]),
        ("approve", &running[..1]),
        ("reject", &running[..1]),
        ("start", &running[..2]),
        ("pause", &running),
        ("resume", &["submit", "approve", "start", "pause"]),
        ("end", &running),
        ("evaluate", &["submit", "approve", "start", "end"]),
        ("propose", &running),
        ("approve-amendment", &running),
        ("reject-amendment", &running),
        ("look", &running),
    ];
    let mut ids = BTreeMap::new();
    for (priority, (waits_for, way)) in ways.into_iter().enumerate() {
        let body = campaign(&format!("c-{waits_for}"), plan(digest, priority + 1));
        let made = planner.post("/api/v1/campaigns", &body).expect(201);
        let path = format!("/api/v1/campaigns/{}", made["id"].as_str().unwrap());
        for step in way {
            let who = if *step == "approve" { client } else { &planner };
            who.post(&format!("{path}/{step}"), &json!({})).expect(200);
        }
        if waits_for.ends_with("amendment") || waits_for == "look" {
            let body = json!({"plan": plan(digest, 50 + priority)});
            planner.post(&format!("{path}/amendments"), &body).expect(201);
        }
        let task = json!({"kind": "materials", "title": "Marked posters"});
        if waits_for == "look" {
            planner.post(&format!("{path}/tasks"), &task).expect(201);
        }
        ids.insert(waits_for, made["id"].as_str().unwrap().to_owned());
    }
    let over = planner
        .post("/api/v1/campaigns", &campaign("c-over", plan(digest, 40)))
        .expect(201);
    let path = format!("/api/v1/campaigns/{}", over["id"].as_str().unwrap());
    for step in ["submit", "approve", "start", "end"] {
        let who = if step == "approve" { client } else { &planner };
        who.post(&format!("{path}/{step}"), &json!({})).expect(200);
    }
    let learned = json!({"judgement": "Marked judgement", "lessons": "Marked lessons"});
    planner.post(&format!("{path}/evaluate"), &learned).expect(200);
    ids
}

/// A campaign that takes coupons, with a batch to be looked at and a code of another one.
fn coupons(client: &Client, digest: &str, campaigns: &mut BTreeMap<&'static str, String>) -> (String, String) {
    let shop = Campaigns::new(client);
    shop.group("vouchers", "stackable");
    let mut plan = plan(digest, 60);
    plan["needs_coupon"] = true.into();
    plan["stacking"]["group"] = "vouchers".into();
    let id = shop.run("c-coupons", &plan);
    let make = |uses: i32| {
        let body = json!({"label": "Marked coupons", "count": 1, "uses": uses});
        client
            .post(&format!("/api/v1/campaigns/{id}/coupons"), &body)
            .expect(201)
    };
    let (looked_at, used) = (make(1), make(100));
    campaigns.insert("coupons", id);
    (
        looked_at["id"].as_str().unwrap().to_owned(),
        used["codes"][0]["code"].as_str().unwrap().to_owned(),
    )
}

/// An agency that has one of everything.
fn fill(client: &Client) -> Things {
    let call = event(
        "contact.made",
        "c1",
        "2026-01-14T09:00:00+08:00",
        &[("member_no", "M1")],
        json!({}),
    );
    let review = event(
        "review.written",
        "r1",
        "2026-01-14T09:00:00+08:00",
        &[("member_no", "M1")],
        json!({"rating": 4}),
    );
    let conflict = event(
        "contact.made",
        "c2",
        "2026-01-14T09:00:00+08:00",
        &[("member_no", "M1"), ("phone", "13800138002")],
        json!({}),
    );
    let told = json!({"identities": [{"kind": "member_no", "value": "M2"}, {"kind": "phone", "value": "13800138002"}],
        "name": "Marked Companion", "attributes": {"room": "Marked Suite"}, "preferences": {"pace": "relaxed"}});
    let companion = client.post("/api/v1/customers", &told).expect(201)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let [stranger, newcomer] = ["M3", "M4"].map(|number| {
        let told = json!({"identities": [{"kind": "member_no", "value": number}], "name": "Marked Stranger"});
        let made = client.post("/api/v1/customers", &told).expect(201);
        made["id"].as_str().unwrap().to_owned()
    });
    let define = json!({"kind": "text", "title": {"zh-CN": "房型", "en": "Room"}, "sensitivity": "ordinary"});
    client.put("/api/v1/attributes/room", &define).expect(200);
    client.events(&[booking("b1", "M1"), call, review, conflict]);
    let found = client.all("/api/v1/customers?q=M1");
    let customer = found[0]["id"].as_str().unwrap().to_owned();
    let passport = json!({"identities": [{"kind": "passport", "value": "E77777777"}]});
    client
        .patch(&format!("/api/v1/customers/{customer}"), &passport)
        .expect(200);
    client
        .send(
            "PUT",
            &format!("/api/v1/customers/{customer}/links/family/{companion}"),
            "",
            &[],
        )
        .expect(200);
    let digest = client.admit(&plugins::packed("rfm"));
    client.admit(&plugins::packed("lifecycle"));
    let unused = Guest {
        name: "unused".into(),
        ..Guest::default()
    };
    let spare = client.admit(&unused.build());
    for _ in 0..2 {
        bind(client, "rfm", &plugins::packed("rfm"), json!({}));
    }
    let talkative = Guest {
        before: "(if (local.get $rows) (then (call $say (i32.const 1) (i32.const 1024) (i32.const 9))))".into(),
        ..Guest::default()
    };
    bind(client, "talkative", &talkative.build(), json!({}));
    let body = json!({"digest": digest, "config": {}, "name": "other"});
    let preview = client.post("/api/v1/segmentation/preview", &body).expect(200)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    client.events(&[booking("b2", "M2")]);
    let job = client.import(
        "customers",
        b"member_no,phone,birth_date\nM3,13800138003,soon\nM4,nonsense,\n",
    )["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let looks = ["M5", "M6"].map(|member| {
        let file = format!("member_no\n{member}\n");
        let sent = client.start_import_of("kind=customers&look=true", "a.csv", file.as_bytes(), None);
        client.imported(sent.expect(202)["id"].as_str().unwrap())["id"]
            .as_str()
            .unwrap()
            .to_owned()
    });
    let mapping = json!({"mapping": "source = \"Marked system\""});
    client
        .put("/api/v1/imports/mappings/bookings/erp", &mapping)
        .expect(201);
    client.post("/api/v1/insights/clv", &json!({}));
    let once = json!({"events": [booking("b3", "M1")]}).to_string();
    client
        .try_send(
            "POST",
            "/api/v1/events",
            "application/json",
            once.as_bytes(),
            &[("idempotency-key", "once")],
        )
        .unwrap()
        .expect(200);
    let body = json!({"name": "website", "scopes": ["intake"]});
    let key = client.post("/api/v1/keys", &body).expect(201)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let promotion = client.admit(&PromotionGuest::default().build());
    let mut campaigns = campaigns(client, &promotion);
    let (batch, code) = coupons(client, &promotion, &mut campaigns);
    let ask = |code: &str| {
        let quote = client.post("/api/v1/quotes", &basket(Some(&customer), 10_000, &[code]));
        quote.expect(201)["id"].as_str().unwrap().to_owned()
    };
    let quotes = BTreeMap::from(["look", "release", "confirm"].map(|waits_for| (waits_for, ask(&code))));
    let body = json!({"title": "Marked call", "assignee": "Marked person", "due_on": "2026-01-20"});
    let task = client.post("/api/v1/tasks", &body).expect(201)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let club = club(client, [&customer, &companion, &stranger]);
    let cases = cases(client, &customer);
    let decision = client.all("/api/v1/decisions")[0]["id"].as_str().unwrap().to_owned();
    let (person, session, branch) = people(client, &customer);
    let view = json!({"list": "customers", "title": "Marked view", "query": "sort=-spend-24m", "shared": true});
    let view = client.post("/api/v1/views", &view).expect(200)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    Things {
        customer,
        companion,
        stranger,
        newcomer,
        digest,
        spare,
        preview,
        job,
        looks,
        key,
        campaigns,
        promotion,
        quotes,
        decision,
        batch,
        code,
        webhook: webhook(client),
        task,
        person,
        session,
        branch,
        view,
        club,
        cases,
    }
}

/// Somebody who is signed in, of a role of the agency's own, and somebody who has not come yet: the id of the first, of the session and of a branch.
fn people(client: &Client, customer: &str) -> (String, String, String) {
    let role = json!({"title": {"zh-CN": "店员", "en": "Marked clerk"}, "permissions": ["read"]});
    client.put("/api/v1/roles/clerk", &role).expect(201);
    client.put("/api/v1/roles/spare", &role).expect(201);
    let branch = client
        .post("/api/v1/branches", &json!({"name": "Marked branch"}))
        .expect(201);
    let invite = |email: &str, branch: Value| {
        let body = json!({"email": email, "name": "Marked person", "role": "clerk", "branch": branch});
        client.post("/api/v1/staff", &body).expect(201)
    };
    let invited = invite("one@silk.example", Value::Null);
    let other = invite("other@silk.example", branch["id"].clone());
    let body = json!({"owner": other["staff"]["id"]});
    client
        .put(&format!("/api/v1/customers/{customer}/owner"), &body)
        .expect(200);
    let body = json!({"token": invited["token"], "password": "seventh camel on the road"});
    let joined = Client::new(&client.base, "").post("/api/v1/join", &body).expect(201);
    let text = |id: &Value| id.as_str().unwrap().to_owned();
    (
        text(&invited["staff"]["id"]),
        text(&joined["session"]),
        text(&branch["id"]),
    )
}

/// Everything that can be read, by its path.
fn everything(doors: &[Door], client: &Client, ours: &Things) -> BTreeMap<String, String> {
    // the log grows with every look
    let is_read = |door: &&Door| door.method == "GET" && !door.is_open() && !door.template.contains("/audit");
    let read = doors.iter().filter(is_read);
    // a rule that fails is asked again as time passes
    let passing = Regex::new(r#""(next_due|attempts|waiting|running|failing)":("[^"]*"|[0-9]+|null)"#).unwrap();
    read.map(|door| {
        let answer = door.ask(client, ours);
        assert_eq!(answer.status, 200, "{door:?} {}", answer.text);
        let text = match door.template.as_str() {
            "/api/v1/jobs" | "/api/v1/loyalty/occasions" => passing.replace_all(&answer.text, "").into_owned(),
            _ => answer.text,
        };
        (door.path(ours), text)
    })
    .collect()
}

/// How many entries the audit log has.
fn entries(client: &Client) -> i64 {
    let page = client.get("/api/v1/audit?limit=1").expect(200);
    page["items"][0]["entry"].as_i64().unwrap_or_default()
}

fn every_door_keeps_agencies_apart(database: Database) {
    let options = Options {
        clock: CLOCK,
        env: vec![("POSTHOUSE_WEBHOOKS__ALLOW_PRIVATE", "true".into())],
    };
    let server = Server::start(database, options);
    let (ours, theirs) = (server.agency("ours"), server.agency("theirs"));
    let doors = Door::all(&ours);
    assert!(doors.len() > 30, "{doors:?}");
    let things = fill(&ours);
    // what is ours is in none of their sums
    for (insight, found, nothing) in [
        ("pareto", "customers", json!(0)),
        ("loyal", "customers", json!(0)),
        ("clv", "latest", json!(null)),
    ] {
        let answer = theirs.get(&format!("/api/v1/insights/{insight}")).expect(200);
        assert_eq!(answer[found], nothing, "{insight} {answer}");
    }
    for list in [
        "customers",
        "plugins",
        "bindings",
        "segments",
        "attributes",
        "campaigns",
        "campaigns/lessons",
        "stacking-groups",
        "quotes",
        "decisions",
        "webhooks",
        "tasks",
        "imports",
        "imports/mappings",
        "members",
        "adjustments",
        "rewards",
        "redemptions",
        "referrals",
        "complaints",
        "crises",
        "views?list=customers",
    ] {
        let answer = theirs.get(&format!("/api/v1/{list}")).expect(200);
        assert_eq!(answer["items"], json!([]), "{list}");
    }
    assert_eq!(theirs.get("/api/v1/facts/export?format=jsonl").text, "");
    // they have a customer too, known by the same number: another person
    theirs.events(&[booking("b1", "M1")]);
    let programme = json!({"name": {"zh-CN": "里程", "en": "miles"}, "enrol": "on_request", "since": "2026-01-01"});
    theirs.put("/api/v1/loyalty/programme", &programme).expect(200);
    ours.segments_by_customer("rfm");
    let before = everything(&doors, &ours, &things);
    let marks = [
        &things.customer,
        &things.companion,
        &things.preview,
        &things.job,
        &things.looks[0],
        &things.looks[1],
        &things.key,
        &things.decision,
        &things.batch,
        &things.code,
        &things.webhook,
        &things.task,
        &things.person,
        &things.session,
        &things.branch,
        &things.view,
        &things.club.referral_code,
        &things.club.occasion,
        &things.club.preview,
        &things.club.link,
        &things.cases.compensations[0],
        &things.cases.watched,
    ];
    let ids = things
        .campaigns
        .values()
        .chain(things.quotes.values())
        .chain(things.cases.by_step.values());
    let marks: Vec<&String> = marks.into_iter().chain(ids).collect();
    for door in &doors {
        if door.is_open() {
            continue;
        }
        let nobody = Client::new(&server.base, "");
        assert_eq!(door.ask(&nobody, &things).problem(401), "key_missing", "{door:?}");
        let answer = door.ask(&theirs, &things);
        if door.names_a_thing() {
            assert_eq!(answer.problem(404), "not_found", "{door:?}");
        } else if door.template.ends_with("/clock") {
            // this server's clock is fixed; one that is moved by hand is everyone's
            assert_eq!(answer.problem(409), "clock_not_manual");
        } else if door.template.ends_with("/jobs/retry") {
            assert_eq!(
                answer.problem(404),
                "not_found",
                "ours was not given up, and is not theirs"
            );
        } else if door.template.ends_with("/samples") {
            assert_eq!(answer.problem(409), "has_customers");
        } else {
            assert!(answer.status < 300, "{door:?} {}", answer.text);
        }
        for mark in marks.iter().map(|mark| mark.as_str()).chain(["Marked"]) {
            assert!(!answer.text.contains(mark), "{door:?} shows {mark}: {}", answer.text);
        }
    }
    for (path, after) in everything(&doors, &ours, &things) {
        assert_eq!(after, before[&path], "{path} has changed");
    }
    // a thing of theirs does not open a door to one of ours
    let own = theirs.all("/api/v1/customers")[0]["id"].as_str().unwrap().to_owned();
    let link = format!("/api/v1/customers/{own}/links/family/{}", things.customer);
    assert_eq!(theirs.send("PUT", &link, "", &[]).problem(404), "not_found");
    // nor does the past of ours
    for path in [
        format!("/api/v1/customers/{}?as_of=2026-01-15", things.customer),
        "/api/v1/segments/rfm.new/members?as_of=2026-01-15".to_owned(),
        "/api/v1/segments/rfm.new/sample?as_of=2026-01-15".to_owned(),
    ] {
        assert_eq!(ours.get(&path).status, 200, "{path}");
        assert_eq!(theirs.get(&path).problem(404), "not_found", "{path}");
    }
    if database == Database::Postgres {
        the_second_wall_stands(&server);
    }
    // and with the right key every one of these requests is a good one
    for door in doors.iter().filter(|door| !door.is_open()) {
        let before = entries(&ours);
        let answer = door.ask(&ours, &things);
        // a clock that is fixed is moved by nobody, and samples are for who has no customers
        // nothing was given up that could be tried again
        let fixed = door.template.ends_with("/jobs/retry") && answer.problem(404) == "not_found"
            || door.template.ends_with("/clock") && answer.problem(409) == "clock_not_manual"
            || door.template.ends_with("/samples") && answer.problem(409) == "has_customers";
        assert!(fixed || answer.status < 300, "{door:?} {}", answer.text);
        // whatever was changed is written down
        if !fixed && door.method != "GET" && !door.leaves_no_entry() {
            assert!(entries(&ours) > before, "{door:?} is not in the audit log");
        }
    }
    let verified = ours.get("/api/v1/audit/verify").expect(200);
    assert_eq!(verified["whole"], true, "{verified}");
}

/// Every table that has rows of ours, read in their name without any predicate.
fn the_second_wall_stands(server: &Server) {
    let ask = |sql: &str| posthouse_tests::postgres::sql(&server.database, sql);
    let id = |slug: &str| ask(&format!("SELECT id FROM agency WHERE slug = '{slug}'"));
    let (ours, theirs) = (id("ours"), id("theirs"));
    // rows that come and go by themselves while a file is read, or only in a database of an older form
    ask(&format!(
        "INSERT INTO import_touched SELECT agency_id, id, 0, '', '' FROM import_job WHERE agency_id = '{ours}' LIMIT 1"
    ));
    ask(&format!(
        "INSERT INTO normal_form_clash SELECT agency_id, 'phone', 'form', 'was', 'value', id, 0 FROM customer
         WHERE agency_id = '{ours}' LIMIT 1"
    ));
    for (table, columns, values) in [
        ("second_factor", "sealed, last_step, created_at", "'x', 0, 0"),
        ("recovery_code", "hash", "'x'"),
        ("half_session", "hash, way, ends_at", "'x', 'password', 0"),
        ("staff_identity", "issuer, subject, created_at", "'x', 'x', 0"),
    ] {
        ask(&format!(
            "INSERT INTO {table} (agency_id, staff_id, {columns}) SELECT agency_id, id, {values} FROM staff WHERE agency_id = '{ours}' LIMIT 1"
        ));
    }
    let tables = ask(
        "SELECT string_agg(table_name, ' ' ORDER BY table_name) FROM information_schema.columns
         WHERE table_schema = 'public' AND column_name = 'agency_id'",
    );
    let mut empty = Vec::new();
    for table in tables.split(' ') {
        // what is noted of bookings is gone as soon as somebody follows them
        let noted = match table {
            "loyalty_touched" => {
                format!("INSERT INTO loyalty_touched VALUES ('{ours}', '{ours}', 'none') ON CONFLICT DO NOTHING;")
            }
            _ => String::new(),
        };
        let count = format!("BEGIN; {noted} SELECT count(*) FROM {table} WHERE agency_id = '{ours}'; ROLLBACK");
        if ask(&count) == "0" {
            empty.push(table);
            continue;
        }
        let foreign = ask(&format!(
            "BEGIN; {noted} SET LOCAL ROLE posthouse_agency; SET LOCAL posthouse.agency = '{theirs}';
             SELECT count(*) FROM {table} WHERE agency_id <> '{theirs}'; ROLLBACK"
        ));
        assert_eq!(foreign, "0", "{table}");
    }
    // no rule logs while it decides
    assert_eq!(empty, ["decision_log"], "fill these as well");
}
