//! People of an agency as they come and go: invited, signed in, locked out, disabled.

use super::intake::event;
use posthouse_tests::{Answer, Client, Database, Options, Server, eventually};
use serde_json::{Value, json};
use std::time::Duration;

on_both_engines!(
    people_are_invited_sign_in_and_are_disabled,
    nobody_is_locked_out_of_the_machine,
    roles_say_what_people_may_do,
    another_person_has_to_agree,
    what_nobody_has_is_taken_away_and_names_change,
    an_empty_agency_is_lent_customers,
);

pub(crate) const PASSWORD: &str = "seventh camel on the road";

/// Signs in and has the token sent with every request.
fn sign_in(server: &Server, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    Client::new(&server.base, "").post("/api/v1/sign-in", &body)
}

/// Takes up an invitation.
fn join(server: &Server, token: &Value) -> Client {
    let body = json!({"token": token, "password": PASSWORD});
    let joined = Client::new(&server.base, "").post("/api/v1/join", &body).expect(201);
    Client::new(&server.base, joined["token"].as_str().unwrap())
}

/// Somebody who has just taken up an invitation, with their id.
pub(crate) fn person(server: &Server, owner: &Client, email: &str, role: &str) -> (Client, String) {
    let body = json!({"email": email, "role": role, "name": email});
    let invited = owner.post("/api/v1/staff", &body).expect(201);
    let id = invited["staff"]["id"].as_str().unwrap().to_owned();
    (join(server, &invited["token"]), id)
}

fn people_are_invited_sign_in_and_are_disabled(database: Database) {
    let server = Server::start(database, Options::default());
    let owner = server.agency("silk");
    let body = json!({"email": "Li.Min@silk.example", "role": "sales", "name": "李敏"});
    let invited = owner.post("/api/v1/staff", &body).expect(201);
    assert_eq!(
        (
            &invited["staff"]["state"],
            &invited["staff"]["email"],
            &invited["staff"]["role_title"]["zh-CN"]
        ),
        (&json!("invited"), &json!("li.min@silk.example"), &json!("销售顾问"))
    );
    let token = invited["token"].as_str().unwrap();
    assert_eq!(invited["path"], format!("/join/{token}"));
    assert_eq!(owner.post("/api/v1/staff", &body).problem(409), "staff_exists");
    let nobody = Client::new(&server.base, "");
    let weak = json!({"token": token, "password": "1234567890"});
    assert_eq!(nobody.post("/api/v1/join", &weak).problem(422), "weak_password");
    let li = join(&server, &invited["token"]);
    let again = json!({"token": token, "password": PASSWORD});
    assert_eq!(nobody.post("/api/v1/join", &again).problem(422), "invitation_over");
    // they see what their role may, and themselves
    assert_eq!(
        li.get("/api/v1/agency").expect(200)["scopes"],
        json!(["intake", "read", "quotes", "documents"])
    );
    assert_eq!(li.get("/api/v1/staff").problem(403), "scope_missing");
    let sessions = li.all("/api/v1/sessions");
    assert_eq!(sessions.len(), 1, "{sessions:?}");
    assert_eq!(sessions[0]["address"], "127.0.0.1");
    let second = sign_in(&server, "LI.MIN@silk.example", PASSWORD).expect(201);
    assert_eq!(second["person"]["name"], "李敏");
    assert_eq!(li.all("/api/v1/sessions").len(), 2);
    let other = Client::new(&server.base, second["token"].as_str().unwrap());
    let path = format!("/api/v1/sessions/{}", second["session"].as_str().unwrap());
    li.send("DELETE", &path, "", &[]).expect(204);
    assert_eq!(other.get("/api/v1/agency").problem(401), "key_unknown", "revoked");
    // five wrong passwords, and the right one does not open either
    for _ in 0..5 {
        assert_eq!(
            sign_in(&server, "li.min@silk.example", "wrong").problem(422),
            "sign_in_refused"
        );
    }
    assert_eq!(
        sign_in(&server, "li.min@silk.example", PASSWORD).problem(422),
        "locked_out"
    );
    assert_eq!(li.get("/api/v1/agency").status, 200, "who is in stays in");
    let id = invited["staff"]["id"].as_str().unwrap();
    let link = owner
        .send("POST", &format!("/api/v1/staff/{id}/invitation"), "", &[])
        .expect(201);
    let li = join(&server, &link["token"]);
    // disabled in the middle of their work
    let path = format!("/api/v1/staff/{id}");
    let disabled = owner.patch(&path, &json!({"disabled": true})).expect(200);
    assert_eq!(disabled["state"], "disabled");
    assert_eq!(li.get("/api/v1/customers").problem(401), "key_unknown");
    assert_eq!(
        sign_in(&server, "li.min@silk.example", PASSWORD).problem(422),
        "sign_in_refused"
    );
    owner
        .patch(&path, &json!({"disabled": false, "branch": null}))
        .expect(200);
    sign_in(&server, "li.min@silk.example", PASSWORD).expect(201);
    // what was done is in the log, by whom
    let entries = owner.all(&format!("/api/v1/audit?subject=staff/{id}"));
    let done = |action: &str| entries.iter().filter(|entry| entry["action"] == action).count();
    assert_eq!(
        (
            done("staff.invite"),
            done("staff.accept"),
            done("staff.lock-out"),
            done("staff.change")
        ),
        (2, 2, 1, 2)
    );
    let by_themselves = entries.iter().find(|entry| entry["action"] == "staff.accept").unwrap();
    assert_eq!(
        (&by_themselves["actor"]["kind"], &by_themselves["actor"]["name"]),
        (&json!("staff"), &json!("李敏"))
    );
    assert!(
        !entries.iter().any(|entry| entry.to_string().contains("camel")),
        "{entries:?}"
    );
    assert_eq!(owner.get("/api/v1/audit/verify").expect(200)["whole"], true);
}

fn nobody_is_locked_out_of_the_machine(database: Database) {
    let server = Server::start(database, Options::default());
    server.agency("silk");
    let staff = |words: &[&str]| -> Value {
        let mut command = server.command(&[&["staff"], words, &["--json"]].concat());
        let output = command
            .env("POSTHOUSE_URL", &server.base)
            .output()
            .expect("the command runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("a document")
    };
    let made = staff(&["invite", "boss@silk.example", "--role", "owner", "--name", "林晓"]);
    let link = made["link"].as_str().unwrap();
    assert_eq!(
        link,
        format!("{}/join/{}", server.base, made["token"].as_str().unwrap())
    );
    let boss = join(&server, &made["token"]);
    assert_eq!(boss.all("/api/v1/staff").len(), 1);
    let listed = staff(&["list", "--agency", "silk"]);
    assert_eq!(
        (&listed["items"][0]["state"], &listed["items"][0]["name"]),
        (&json!("active"), &json!("林晓"))
    );
    // beside the running server
    let refused = server
        .command(&["staff", "disable", "boss@silk.example"])
        .output()
        .expect("the command runs");
    assert!(
        String::from_utf8_lossy(&refused.stderr).contains("last owner"),
        "{refused:?}"
    );
    let (other, _) = person(&server, &boss, "second@silk.example", "owner");
    staff(&["disable", "boss@silk.example"]);
    assert_eq!(boss.get("/api/v1/staff").problem(401), "key_unknown");
    let again = staff(&["reset", "boss@silk.example"]);
    assert_eq!(join(&server, &again["token"]).all("/api/v1/staff").len(), 2);
    assert_eq!(other.all("/api/v1/sessions").len(), 2);
    // with several agencies one has to be named
    server.agency("amber");
    let output = server.command(&["staff", "list"]).output().expect("the command runs");
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("--agency"),
        "{output:?}"
    );
    for wrong in [
        &["staff", "list", "--agency", "nowhere"][..],
        &["staff", "reset", "nobody@silk.example", "--agency", "silk"],
    ] {
        assert!(
            !server
                .command(wrong)
                .output()
                .expect("the command runs")
                .status
                .success(),
            "{wrong:?}"
        );
    }
}

fn roles_say_what_people_may_do(database: Database) {
    let server = Server::start(database, Options::default());
    let owner = server.agency("silk");
    let (lead, _) = person(&server, &owner, "lead@silk.example", "crm_lead");
    let roles = lead.all("/api/v1/roles");
    assert_eq!(roles.len(), 11);
    assert!(roles.iter().all(|role| role["built_in"] == true));
    let clerk = |permissions: &[&str]| json!({"title": {"zh-CN": "店员", "en": "Clerk"}, "permissions": permissions, "masks": ["money"], "rows": "branch"});
    assert_eq!(
        lead.put("/api/v1/roles/clerk", &clerk(&["read", "audit"])).problem(403),
        "not_yours_to_give"
    );
    assert_eq!(
        lead.put("/api/v1/roles/sales", &clerk(&["read"])).problem(409),
        "role_built_in"
    );
    assert_eq!(
        lead.put("/api/v1/roles/clerk", &clerk(&["owner"])).problem(422),
        "bad_role"
    );
    let (path, body) = ("/api/v1/roles/clerk", clerk(&["read"]).to_string());
    let nothing = lead.try_send("PUT", path, "application/json", body.as_bytes(), &[("If-Match", "*")]);
    assert_eq!(nothing.unwrap().problem(412), "version_changed");
    let made = lead.put(path, &clerk(&["read"])).expect(201);
    assert_eq!(made["version"], 1);
    let branch = lead.post("/api/v1/branches", &json!({"name": "静安门店"})).expect(201);
    assert_eq!(
        lead.post("/api/v1/branches", &json!({"name": "静安门店"})).problem(409),
        "branch_exists"
    );
    let (clerk_client, id) = person(&server, &lead, "clerk@silk.example", "clerk");
    let moved = lead
        .patch(&format!("/api/v1/staff/{id}"), &json!({"branch": branch["id"]}))
        .expect(200);
    assert_eq!(moved["branch"]["name"], "静安门店");
    assert_eq!(clerk_client.get("/api/v1/customers").status, 200);
    assert_eq!(
        clerk_client.get("/api/v1/facts/export").problem(403),
        "scope_missing",
        "no file of many"
    );
    assert_eq!(clerk_client.get("/api/v1/campaigns").status, 200);
    lead.put("/api/v1/roles/clerk", &clerk(&["quotes"])).expect(200);
    assert_eq!(
        clerk_client.get("/api/v1/customers").problem(403),
        "scope_missing",
        "from the next request on"
    );
    let new = json!({"email": "boss@silk.example", "role": "owner"});
    assert_eq!(lead.post("/api/v1/staff", &new).problem(403), "not_yours_to_give");
    let unknown = json!({"email": "x@silk.example", "role": "emperor"});
    assert_eq!(lead.post("/api/v1/staff", &unknown).problem(422), "unknown_role");
    assert_eq!(
        lead.post("/api/v1/staff", &json!({"email": "nonsense", "role": "sales"}))
            .problem(422),
        "bad_email"
    );
    assert_eq!(lead.get("/api/v1/audit").problem(403), "scope_missing");
    let (auditor, _) = person(&server, &owner, "audit@silk.example", "auditor");
    assert_eq!(auditor.get("/api/v1/audit").status, 200);
    assert_eq!(auditor.get("/api/v1/webhooks").problem(403), "scope_missing");
    let (operator, _) = person(&server, &owner, "ops@silk.example", "operator");
    assert_eq!(operator.get("/api/v1/webhooks").status, 200);
    assert_eq!(operator.get("/api/v1/customers").problem(403), "scope_missing");
}

fn another_person_has_to_agree(database: Database) {
    let server = Server::start(database, Options::default());
    let owner = server.agency("silk");
    let (one, id) = person(&server, &owner, "one@silk.example", "owner");
    let (other, _) = person(&server, &owner, "other@silk.example", "crm_lead");
    let body = json!({"name": "script", "scopes": ["owner"], "holder": "ONE@silk.example"});
    let made = owner.post("/api/v1/keys", &body).expect(201);
    let own_key = Client::new(&server.base, made["api_key"].as_str().unwrap());
    let digest = one.admit(&posthouse_tests::guest::PromotionGuest::default().build());
    one.put(
        "/api/v1/stacking-groups/season",
        &json!({"mode": "best-of", "title": {"zh-CN": "季节", "en": "Season"}}),
    )
    .expect(200);
    let plan = json!({"goal": {"purpose": "Fill the coaches"}, "window": {"from": "2099-01-01", "to": "2099-03-01"}, "budget": {"total": 100_000},
        "stacking": {"group": "season", "priority": 1}, "rule": {"digest": digest, "config": {}}});
    let campaign = json!({"key": "spring", "type": "festival", "name": "Spring", "plan": plan});
    one.post("/api/v1/campaigns", &campaign).expect(201);
    one.post("/api/v1/campaigns/spring/submit", &json!({})).expect(200);
    assert_eq!(
        one.post("/api/v1/campaigns/spring/approve", &json!({})).problem(409),
        "own_plan"
    );
    assert_eq!(
        own_key
            .post("/api/v1/campaigns/spring/approve", &json!({}))
            .problem(409),
        "own_plan",
        "their own key"
    );
    other.post("/api/v1/campaigns/spring/approve", &json!({})).expect(200);
    // who did something is named wherever it is shown
    let task = one.post(
        "/api/v1/tasks",
        &json!({"title": "Call the coaches", "assignee_id": id}),
    );
    task.expect(201);
    assert_eq!(one.all("/api/v1/tasks?mine=true").len(), 1);
    assert_eq!(own_key.all("/api/v1/tasks?mine=true").len(), 1);
    assert!(other.all("/api/v1/tasks?mine=true").is_empty());
    one.events(&[event(
        "contact.made",
        "c1",
        "2026-01-14T09:00:00+08:00",
        &[("member_no", "M1")],
        json!({}),
    )]);
}

fn what_nobody_has_is_taken_away_and_names_change(database: Database) {
    let server = Server::start(database, Options::default());
    let owner = server.agency("silk");
    let (lead, _) = person(&server, &owner, "lead@silk.example", "crm_lead");
    let role = |permissions: &[&str]| json!({"title": {"zh-CN": "店员", "en": "Clerk"}, "permissions": permissions});
    owner.put("/api/v1/roles/clerk", &role(&["read"])).expect(201);
    owner.put("/api/v1/roles/watcher", &role(&["audit"])).expect(201);
    let delete = |client: &Client, key: &str| client.send("DELETE", &format!("/api/v1/roles/{key}"), "", &[]);
    let (_, clerk) = person(&server, &owner, "clerk@silk.example", "clerk");
    assert_eq!(delete(&owner, "clerk").problem(409), "role_in_use");
    let path = format!("/api/v1/staff/{clerk}");
    owner.patch(&path, &json!({"disabled": true})).expect(200);
    assert_eq!(
        delete(&owner, "clerk").problem(409),
        "role_in_use",
        "of somebody who left"
    );
    owner.patch(&path, &json!({"role": "guide"})).expect(200);
    delete(&owner, "clerk").expect(204);
    assert_eq!(delete(&owner, "clerk").problem(404), "not_found");
    assert_eq!(delete(&owner, "sales").problem(409), "role_built_in");
    assert_eq!(delete(&lead, "watcher").problem(403), "not_yours_to_give");
    // branches
    let add = |name: &str| owner.post("/api/v1/branches", &json!({"name": name})).expect(201);
    let (first, _) = (add("静安门店"), add("徐汇门店"));
    let rename = |id: &str, name: &str| owner.patch(&format!("/api/v1/branches/{id}"), &json!({"name": name}));
    let id = first["id"].as_str().unwrap();
    assert_eq!(rename(id, "徐汇门店").problem(409), "branch_exists");
    assert_eq!(rename(id, " 南京西路店 ").expect(200)["name"], "南京西路店");
    assert_eq!(rename(id, "").problem(422), "bad_name");
    assert_eq!(rename(&clerk, "x").problem(404), "not_found");
    // the agency itself, for whoever is signed in already
    assert_eq!(
        lead.patch("/api/v1/agency", &json!({"name": "X"})).problem(403),
        "scope_missing"
    );
    assert_eq!(
        owner
            .patch("/api/v1/agency", &json!({"name": "a\u{200b}"}))
            .problem(422),
        "bad_name"
    );
    let renamed = owner
        .patch("/api/v1/agency", &json!({"name": "玉门旅行社"}))
        .expect(200);
    assert_eq!(
        (&renamed["name"], &renamed["slug"]),
        (&json!("玉门旅行社"), &json!("silk"))
    );
    assert_eq!(lead.get("/api/v1/agency").expect(200)["name"], "玉门旅行社");
    // what was so already is no entry of its own
    let entries = owner.all("/api/v1/audit?subject=agency/silk").len();
    owner
        .patch("/api/v1/agency", &json!({"name": "玉门旅行社"}))
        .expect(200);
    assert_eq!(owner.all("/api/v1/audit?subject=agency/silk").len(), entries);
    // a key is seen to be used, and one that is not is not
    let unused = owner
        .post("/api/v1/keys", &json!({"name": "idle", "scopes": ["read"]}))
        .expect(201);
    let keys = eventually("the use is noted", Duration::from_secs(10), || {
        let keys = owner.all("/api/v1/keys");
        keys[0]["used_at"].is_string().then_some(keys)
    });
    let idle = keys.iter().find(|key| key["id"] == unused["id"]).unwrap();
    assert_eq!(idle["used_at"], Value::Null);
}

fn an_empty_agency_is_lent_customers(database: Database) {
    let server = Server::start(database, Options::default());
    let owner = server.agency("silk");
    let (lead, _) = person(&server, &owner, "lead@silk.example", "crm_lead");
    let load = |client: &Client| client.send("POST", "/api/v1/samples", "", &[]);
    assert_eq!(load(&lead).problem(403), "scope_missing");
    let loaded = load(&owner).expect(200);
    assert_eq!((&loaded["customers"], &loaded["duplicates"]), (&json!(200), &json!(0)));
    let again = load(&owner).expect(200);
    assert_eq!(
        (&again["accepted"], &again["duplicates"]),
        (&json!(0), &loaded["accepted"])
    );
    let customers = owner.all("/api/v1/customers");
    assert_eq!(customers.len(), 200, "everybody is somebody else");
    let other = server.agency("jade");
    let new = json!({"name": "李伟", "identities": [{"kind": "member_no", "value": "M-1"}]});
    other.post("/api/v1/customers", &new).expect(201);
    assert_eq!(load(&other).problem(409), "has_customers");
}
