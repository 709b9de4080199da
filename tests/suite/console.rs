//! The console's doors, found in its sources: nobody gets in without a session, a right and, to write, a page of their own.

use super::people::person;
use posthouse_tests::{Database, Options, Server, root};
use regex::Regex;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;

on_both_engines!(
    nobody_gets_in_without_a_session,
    a_form_comes_from_a_page_of_its_session,
    a_role_opens_its_own_rooms_and_no_agency_anothers,
    what_others_wrote_is_only_text,
    what_a_role_does_not_see_is_on_no_page,
    a_new_agency_is_led_until_it_works,
    rejected_rows_are_mended_in_the_page,
    a_member_sees_their_own_page_by_its_link,
);

/// Pages for whoever comes.
const OPEN: [&str; 11] = [
    "/sign-in",
    "/sign-in/code",
    "/sign-in/provider",
    "/sign-in/provider/back",
    "/join/{token}",
    "/p/{agency}/m/{token}",
    "/p/{agency}/complaint",
    "/p/{agency}/c/{token}",
    "/p/{agency}/c/{token}/files",
    "/p/{agency}/c/{token}/files/{nth}",
    "/assets/{file}",
];
/// Those that everybody who is signed in has.
const OWN: [&str; 11] = [
    "/",
    "/palette",
    "/sign-out",
    "/me",
    "/me/second-factor",
    "/me/second-factor/confirm",
    "/me/second-factor/codes",
    "/me/second-factor/remove",
    "/settings",
    "/settings/password",
    "/settings/sessions",
];

fn sources(folder: &Path, found: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
}

/// Every method and path that the console serves.
fn doors() -> BTreeSet<(&'static str, String)> {
    let mut text = String::new();
    sources(&root().join("host/console/src"), &mut text);
    let route = Regex::new(r#"\.route\(\s*"([^"]+)",((?:[^()]|\([^()]*\))*)\)"#).unwrap();
    let mut doors = BTreeSet::new();
    for found in route.captures_iter(&text) {
        for method in ["get", "post"] {
            if found[2].contains(&format!("{method}(")) {
                doors.insert((if method == "get" { "GET" } else { "POST" }, found[1].to_owned()));
            }
        }
    }
    assert!(doors.len() > 15, "{doors:?}");
    doors
}

/// An answer of the console: status, headers and page.
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) location: String,
    pub(crate) text: String,
}

/// A browser of somebody, or of nobody, that follows nothing by itself.
pub(crate) struct Browser {
    agent: ureq::Agent,
    base: String,
    token: Option<String>,
}

impl Browser {
    pub(crate) fn of(server: &Server, token: Option<&str>) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .build();
        Self {
            agent: config.into(),
            base: server.base.clone(),
            token: token.map(str::to_owned),
        }
    }

    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Page {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept-language", "en");
        if let Some(token) = &self.token {
            request = request.header("cookie", format!("posthouse={token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = match method {
            "GET" => self.agent.run(request.body(()).unwrap()),
            _ => self.agent.run(request.body(body.as_bytes()).unwrap()),
        }
        .unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        let location = answer.headers().get("location").and_then(|value| value.to_str().ok());
        Page {
            status: answer.status().as_u16(),
            location: location.unwrap_or_default().to_owned(),
            text: answer.body_mut().read_to_string().unwrap_or_default(),
        }
    }

    pub(crate) fn get(&self, path: &str) -> Page {
        self.ask("GET", path, &[], "")
    }

    /// What forms of this session bring along.
    fn csrf(&self) -> String {
        let page = self.get("/").text;
        let token = Regex::new(r#"name="csrf" value="([^"]+)""#).unwrap();
        token.captures(&page).expect("a form on the first page")[1].to_owned()
    }
}

/// A path with something in the place of its parameters.
fn filled(path: &str, id: &str) -> String {
    Regex::new(r"\{[^}]+\}").unwrap().replace_all(path, id).into_owned()
}

fn nobody_gets_in_without_a_session(database: Database) {
    let server = Server::start(database, Options::default());
    let made_up = format!("phs_{}_{}", "0".repeat(32), "0".repeat(32));
    for token in [None, Some(made_up.as_str()), Some("x")] {
        let browser = Browser::of(&server, token);
        for (method, path) in doors() {
            if OPEN.contains(&path.as_str()) {
                continue;
            }
            let page = browser.ask(method, &filled(&path, "1"), &[], "");
            match method {
                "GET" => assert!(
                    page.status == 303 && page.location.starts_with("/sign-in"),
                    "{path}: {} {}",
                    page.status,
                    page.location
                ),
                _ => assert!(
                    page.status == 401 && page.text.contains("session_over"),
                    "{path}: {}",
                    page.status
                ),
            }
        }
    }
}

fn a_form_comes_from_a_page_of_its_session(database: Database) {
    let server = Server::start(database, Options::default());
    let owner = server.agency("silk");
    let (somebody, _) = person(&server, &owner, "lin@silk.example", "owner");
    let (other, _) = person(&server, &owner, "wang@silk.example", "owner");
    let browser = Browser::of(&server, Some(&somebody.key));
    let theirs = Browser::of(&server, Some(&other.key)).csrf();
    let csrf = browser.csrf();
    assert_ne!(csrf, theirs);
    for (method, path) in doors() {
        if method == "GET" || OPEN.contains(&path.as_str()) || path == "/sign-out" {
            continue;
        }
        let path = filled(&path, "00000000-0000-7000-8000-000000000000");
        for (headers, body) in [
            (vec![], String::new()),
            (vec![], format!("csrf={theirs}")),
            (vec![("x-csrf", theirs.as_str())], String::new()),
            (vec![("sec-fetch-site", "cross-site")], format!("csrf={csrf}")),
            (vec![("origin", "https://evil.example")], format!("csrf={csrf}")),
        ] {
            let page = browser.ask(method, &path, &headers, &body);
            assert!(
                page.status == 403 && page.text.contains("foreign_form"),
                "{path} {headers:?} {body}: {}",
                page.status
            );
        }
        let page = browser.ask(method, &path, &[("x-csrf", &csrf)], "");
        assert!(
            !page.text.contains("foreign_form") && page.status < 500,
            "{path}: {}",
            page.status
        );
    }
}

fn a_role_opens_its_own_rooms_and_no_agency_anothers(database: Database) {
    let server = Server::start(database, Options::default());
    let owner = server.agency("silk");
    let body = json!({"title": {"en": "Doorkeeper", "zh-CN": "门卫"}, "permissions": ["documents"]});
    owner.put("/api/v1/roles/doorkeeper", &body).expect(201);
    let (keeper, _) = person(&server, &owner, "keeper@silk.example", "doorkeeper");
    let keeper = Browser::of(&server, Some(&keeper.key));
    let csrf = keeper.csrf();
    let new = json!({"name": "李伟", "identities": [{"kind": "member_no", "value": "M-1"}]});
    let customer = owner.post("/api/v1/customers", &new).expect(201);
    let id = customer["id"].as_str().unwrap();
    let elsewhere = server.agency("jade");
    let (stranger, _) = person(&server, &elsewhere, "guo@jade.example", "owner");
    let stranger = Browser::of(&server, Some(&stranger.key));
    let strange = stranger.csrf();
    for (method, path) in doors() {
        if OPEN.contains(&path.as_str()) || OWN.contains(&path.as_str()) {
            continue;
        }
        let there = filled(&path, id);
        let page = keeper.ask(method, &there, &[("x-csrf", &csrf)], "");
        // a form that lacks a field may be refused before anything is asked
        assert!(
            matches!(page.status, 403 | 404 | 422 | 400),
            "{method} {path}: {}",
            page.status
        );
        assert!(!page.text.contains("李伟"), "{path}");
        if path.contains('{') {
            let page = stranger.ask(method, &there, &[("x-csrf", &strange)], "");
            assert!(
                matches!(page.status, 404 | 422 | 400 | 409),
                "{method} {path}: {}",
                page.status
            );
            assert!(!page.text.contains("李伟"), "{path}");
        }
    }
    assert!(stranger.get("/customers").text.contains("No customers yet"));
}

fn what_others_wrote_is_only_text(database: Database) {
    let server = Server::start(database, Options::default());
    let owner = server.agency("silk");
    let hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}&lt;";
    let body = json!({"name": hostile, "identities": [{"kind": "member_no", "value": "M\"><u>7"}]});
    let customer = owner.post("/api/v1/customers", &body).expect(201);
    let (lin, _) = person(&server, &owner, "lin@silk.example", "owner");
    let browser = Browser::of(&server, Some(&lin.key));
    let id = customer["id"].as_str().unwrap();
    let record = format!("/customers/{id}");
    let points =
        json!({"name": {"zh-CN": "<u>7", "en": hostile.get(..20)}, "enrol": "on_request", "since": "2026-01-01"});
    owner.put("/api/v1/loyalty/programme", &points).expect(200);
    owner.post("/api/v1/members", &json!({"customer_id": id})).expect(201);
    let made = owner.post(&format!("/api/v1/members/{id}/links"), &json!({"days": 7}));
    let made = made.expect(201);
    for path in [
        "/members".to_owned(),
        "/members?q=script&tier=%3Cu%3E7&state=%3Cu%3E7".to_owned(),
        "/members/programme".to_owned(),
        "/members/books?from=%3Cu%3E7".to_owned(),
        made["path"].as_str().unwrap().to_owned(),
        format!("/members/{id}"),
        format!("/members/{id}?tab=tiers&part=%3Cu%3E7&as_of=%3Cu%3E7"),
        "/customers".to_owned(),
        "/customers?q=script".to_owned(),
        "/palette?q=script".to_owned(),
        record.clone(),
        format!("{record}?tab=profile"),
        format!("{record}/edit"),
        "/customers?q=%3Cscript%3Ealert(1)%3C/script%3E".to_owned(),
        "/customers?segment=%3Cscript%3E.x&fact=%22%3E%3Cb%3E:1".to_owned(),
        "/nowhere/%3Cscript%3Ealert(1)".to_owned(),
    ] {
        let page = browser.get(&path);
        assert!(page.status < 500, "{path}: {}", page.status);
        for active in ["<script>alert", "<img src=x", "<u>7"] {
            assert!(!page.text.contains(active), "{path}: {active}");
        }
    }
    let list = browser.get("/customers").text;
    assert!(list.contains("&#60;script&#62;alert(1)"), "{list}");
    let long = json!({"name": "长".repeat(60), "identities": [{"kind": "member_no", "value": "M-2"}]});
    owner.post("/api/v1/customers", &long).expect(201);
    assert_eq!(browser.get("/customers").status, 200);
}

fn what_a_role_does_not_see_is_on_no_page(database: Database) {
    let server = Server::start(database, Options::default());
    let owner = server.agency("silk");
    let event = json!({"events": [{
        "source": "shop", "external_id": "E-1", "type": "booking.completed", "occurred_at": "2026-01-10T10:00:00+08:00",
        "customer": {"identities": [{"kind": "phone", "value": "13800138000"}], "name": "李伟"},
        "data": {"booking_id": "B-1", "product": "Kyoto", "amount": 7_654_321, "departs": "2026-01-02", "returns": "2026-01-09"}}]});
    owner.post("/api/v1/events", &event).expect(200);
    let found = owner.get("/api/v1/customers").expect(200);
    let id = found["items"][0]["id"].as_str().unwrap().to_owned();
    let role = json!({"title": {"en": "Guide", "zh-CN": "领队"}, "permissions": ["read", "exports"], "masks": ["money", "contact"], "rows": "all"});
    owner.put("/api/v1/roles/escort", &role).expect(201);
    let (guide, _) = person(&server, &owner, "guide@silk.example", "escort");
    let guide = Browser::of(&server, Some(&guide.key));
    let (lin, _) = person(&server, &owner, "lin@silk.example", "owner");
    let lin = Browser::of(&server, Some(&lin.key));
    let pages = [
        "/".to_owned(),
        "/customers".to_owned(),
        "/customers?q=李".to_owned(),
        "/palette?q=李".to_owned(),
        "/customers.csv".to_owned(),
        format!("/customers/{id}"),
        format!("/customers/{id}?tab=trips"),
        format!("/customers/{id}?tab=quotes"),
        format!("/customers/{id}?tab=facts"),
        format!("/customers/{id}?tab=profile"),
    ];
    let mut shown = String::new();
    for path in &pages {
        let path = path.replace('李', "%E6%9D%8E");
        let page = guide.get(&path);
        assert_eq!(page.status, 200, "{path}");
        for kept in ["76,543", "76543", "8000", "13800138000"] {
            assert!(!page.text.contains(kept), "{path} tells {kept}: {}", page.text);
        }
        shown += &lin.get(&path).text;
    }
    assert!(
        shown.contains("76,543.21") && shown.contains("13800138000"),
        "whoever may see it does"
    );
    assert!(
        lin.get("/customers.csv").text.contains("13800138000"),
        "a file is to be of use"
    );
    // points are money: the room is not there, nor anything of it on a customer's page
    let programme = json!({"enrol": "on_request", "since": "2026-01-01"});
    owner.put("/api/v1/loyalty/programme", &programme).expect(200);
    owner.post("/api/v1/members", &json!({"customer_id": id})).expect(201);
    for path in ["/", &format!("/customers/{id}")] {
        assert!(!guide.get(path).text.contains("/members"), "{path}");
        assert!(lin.get(path).text.contains("/members"), "{path}");
    }
    for path in [
        "/members",
        "/members.csv",
        "/members/programme",
        "/members/books",
        &format!("/members/{id}"),
        &format!("/members/{id}/statement.csv"),
    ] {
        let page = guide.get(path);
        assert!(
            page.status == 403 && page.text.contains("data_masked"),
            "{path}: {}",
            page.status
        );
        assert_eq!(lin.get(path).status, 200, "{path}");
    }
    let sorted = guide.get("/customers?sort=-spend-24m");
    assert!(
        sorted.status == 403 && sorted.text.contains("data_masked"),
        "{}",
        sorted.status
    );
    assert_eq!(guide.get("/customers?fact=spend-24m:1..").status, 403);
    assert!(guide.get("/customers?q=8000").text.contains("No customers match"));
}

fn a_new_agency_is_led_until_it_works(database: Database) {
    let server = Server::start(database, Options::default());
    let owner = server.agency("silk");
    let (lin, _) = person(&server, &owner, "lin@silk.example", "owner");
    let lin = Browser::of(&server, Some(&lin.key));
    // how many steps are done, and how many are left
    let steps = |page: &str| {
        (
            page.matches("<li class=\"done\">").count(),
            page.matches("<span class=\"mark\"><i>").count(),
        )
    };
    let first = lin.get("/").text;
    assert_eq!(steps(&first), (0, 4), "{first}");
    for path in ["/customers/new", "/plugins", "/campaigns/new", "/team"] {
        assert!(first.contains(&format!("href=\"{path}\"")), "{path}: {first}");
        assert_eq!(lin.get(path).status, 200, "{path}");
    }
    assert!(first.contains("action=\"/settings/samples\""));
    let csrf = lin.csrf();
    let loaded = lin.ask("POST", "/settings/samples", &[("x-csrf", &csrf)], "");
    assert_eq!(
        (loaded.status, &*loaded.location),
        (303, "/customers"),
        "{}",
        loaded.text
    );
    let second = lin.get("/").text;
    assert_eq!(steps(&second), (1, 3), "{second}");
    assert!(!second.contains("action=\"/settings/samples\""), "once");
    owner.admit(&posthouse_tests::plugins::packed("rfm"));
    assert!(
        lin.get("/").text.contains("href=\"/segments\""),
        "there is something to be tried"
    );
    person(&server, &owner, "chen@silk.example", "crm_lead");
    assert_eq!(steps(&lin.get("/").text), (2, 2));
    // whoever only sells has their day, and nothing of this
    let (sales, _) = person(&server, &owner, "li@silk.example", "sales");
    assert_eq!(steps(&Browser::of(&server, Some(&sales.key)).get("/").text), (0, 0));
}

fn rejected_rows_are_mended_in_the_page(database: Database) {
    let server = Server::start(database, Options::default());
    let owner = server.agency("silk");
    let file = "member_no,phone,note\nM1,13800138000,a\nM2,nonsense,\"b, b\"\nM3,nothing,c\n";
    let job = owner.import("customers", file.as_bytes());
    let path = format!("/imports/{}", job["id"].as_str().unwrap());
    assert_eq!(job["rejected"], 2);
    let (lin, _) = person(&server, &owner, "lin@silk.example", "owner");
    let lin = Browser::of(&server, Some(&lin.key));
    let page = lin.get(&path).text;
    assert!(
        page.contains("value=\"nonsense\"") && page.contains("bad_identity"),
        "{page}"
    );
    assert!(!page.contains("b, b"), "what is not imported is not to be mended");
    let send = |browser: &Browser, body: &str| {
        browser.ask("POST", &format!("{path}/mend"), &[("x-csrf", &browser.csrf())], body)
    };
    let unchanged = "after=0&c3.0=M2&c3.1=nonsense&c4.0=M3&c4.1=nothing";
    let refused = send(&lin, unchanged);
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("nothing_mended"), "{}", refused.text);
    // whoever does not see everything of everybody sees none of it
    let role = json!({"title": {"en": "Clerk", "zh-CN": "文员"}, "permissions": ["read", "intake"], "masks": ["contact"], "rows": "all"});
    owner.put("/api/v1/roles/clerk", &role).expect(201);
    let (clerk, _) = person(&server, &owner, "clerk@silk.example", "clerk");
    let clerk = Browser::of(&server, Some(&clerk.key));
    for tab in ["", "?tab=rejects", "?tab=overview", "?tab=warnings"] {
        let page = clerk.get(&format!("{path}{tab}"));
        assert_eq!(page.status, 200, "{tab}");
        for kept in ["13800138000", "nonsense", "nothing"] {
            assert!(!page.text.contains(kept), "{tab} tells {kept}: {}", page.text);
        }
    }
    let mended = "after=0&c3.0=M2&c3.1=13800138002&c4.0=M3&c4.1=nothing";
    let denied = send(&clerk, mended);
    assert!(
        denied.status == 403 && denied.text.contains("data_masked"),
        "{}",
        denied.status
    );
    assert_eq!(clerk.get(&format!("{path}/errors.csv")).status, 403);
    let sent = send(&lin, mended);
    assert_eq!(sent.status, 303, "{}", sent.text);
    let second = owner.imported(sent.location.trim_start_matches("/imports/"));
    assert_eq!(
        (&second["accepted"], &second["rejected"]),
        (&json!(1), &json!(0)),
        "{second}"
    );
    assert_eq!(
        (&second["mends"], &second["file_name"]),
        (&job["id"], &json!("customers.mended.csv"))
    );
    let first = owner.get(&format!("/api/v1{path}")).expect(200);
    assert_eq!(first["sent_again"], 1);
    // one is left, which today tells of as well
    let page = lin.get(&path).text;
    assert!(page.contains("nothing") && !page.contains("nonsense"), "{page}");
    let waits = |browser: &Browser| browser.get("/").text.matches(&path).count();
    assert!(waits(&lin) > 0);
    let sent = send(&lin, "after=0&c4.1=13800138003");
    owner.imported(sent.location.trim_start_matches("/imports/"));
    assert_eq!(waits(&lin), 0);
    assert!(lin.get(&path).text.contains("Overview"));
    // the same row sent once more, by its own hand, is known
    let again = send(&lin, "after=0&c4.1=13800138004");
    assert!(again.text.contains("nothing_mended"));
    assert_eq!(owner.all("/api/v1/customers").len(), 3);
}

fn a_member_sees_their_own_page_by_its_link(database: Database) {
    let server = Server::start(database, Options::default());
    let owner = server.agency("silk");
    let elsewhere = server.agency("jade");
    let terms = json!({"name": {"zh-CN": "里程", "en": "miles"}, "enrol": "on_request", "since": "2026-01-01"});
    let member = |client: &posthouse_tests::Client, name: &str| {
        client.put("/api/v1/loyalty/programme", &terms).expect(200);
        let new = json!({"name": name, "identities": [{"kind": "member_no", "value": "M1"}]});
        let made = client.post("/api/v1/customers", &new).expect(201);
        let id = made["id"].as_str().unwrap().to_owned();
        client.post("/api/v1/members", &json!({"customer_id": id})).expect(201);
        id
    };
    let (one, other) = (member(&owner, "李伟"), member(&elsewhere, "Guo"));
    let links = format!("/api/v1/members/{one}/links");
    for days in [0, 367] {
        assert_eq!(owner.post(&links, &json!({"days": days})).problem(422), "bad_days");
    }
    let made = owner.post(&links, &json!({"days": 7})).expect(201);
    let path = made["path"].as_str().unwrap().to_owned();
    let anybody = Browser::of(&server, None);
    let page = anybody.get(&path);
    assert_eq!(page.status, 200);
    assert!(
        page.text.contains("李伟") && page.text.contains("Available miles"),
        "{}",
        page.text
    );
    let chinese = anybody.get(&format!("{path}?lang=zh-CN")).text;
    assert!(
        chinese.contains("可用里程") && chinese.contains("lang=\"zh-CN\""),
        "{chinese}"
    );
    // nobody finds one by trying: not by another signature, another link's, or in another agency
    let theirs = elsewhere.post(&format!("/api/v1/members/{other}/links"), &json!({"days": 7}));
    let theirs = theirs.expect(201)["path"].as_str().unwrap().to_owned();
    let token = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    let (own, foreign) = (token(&path), token(&theirs));
    let changed = match own.strip_suffix('A') {
        Some(rest) => format!("{rest}E"),
        None => format!("{}A", &own[..own.len() - 1]),
    };
    for wrong in [
        format!("/p/silk/m/{foreign}"),
        format!("/p/jade/m/{own}"),
        format!("/p/nowhere/m/{own}"),
        format!("/p/silk/m/{changed}"),
        format!("/p/silk/m/{}{}", &own[..22], &foreign[22..]),
        "/p/silk/m/x".to_owned(),
        "/p/silk/m/%3Cu%3E".to_owned(),
    ] {
        let page = anybody.get(&wrong);
        assert_eq!(page.status, 404, "{wrong}");
        assert!(!page.text.contains("李伟") && !page.text.contains("Guo"), "{wrong}");
    }
    // it is the one door it opens
    let (lin, _) = person(&server, &owner, "lin@silk.example", "owner");
    let lin = Browser::of(&server, Some(&lin.key));
    assert!(lin.get(&format!("/members/{one}")).text.contains("Works until"));
    let id = made["id"].as_str().unwrap();
    let listed = owner.get(&links).expect(200);
    assert_eq!(listed["items"][0]["id"], id);
    let elsewhere_too = format!("/api/v1/members/{other}/links/{id}");
    assert_eq!(elsewhere.send("DELETE", &elsewhere_too, "", &[]).status, 404);
    assert_eq!(owner.send("DELETE", &format!("{links}/{id}"), "", &[]).status, 204);
    assert_eq!(anybody.get(&path).status, 404);
    assert_eq!(owner.get(&links).expect(200)["items"], json!([]));
}
