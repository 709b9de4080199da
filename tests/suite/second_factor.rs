//! A second factor, as programs and browsers meet it: asked for beside the password, taken once, wanted of everybody, taken away.

use super::console::Browser;
use super::people::{PASSWORD, person};
use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use posthouse_tests::{Answer, Client, Database, Options, Server};
use regex::Regex;
use serde_json::{Value, json};
use sha1::Sha1;
use std::time::{SystemTime, UNIX_EPOCH};

on_both_engines!(
    a_code_is_asked_for_beside_the_password,
    an_agency_wants_everybody_to_have_one
);

/// The telephone of somebody.
struct Phone {
    secret: Vec<u8>,
    codes: Vec<String>,
}

impl Phone {
    /// What it shows, so many half minutes from now (RFC 6238).
    #[allow(clippy::disallowed_methods, reason = "telephones go by the present")]
    fn code(&self, ahead: i64) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.secret).unwrap();
        mac.update(&(now / 30 + ahead).to_be_bytes());
        let hash = mac.finalize().into_bytes();
        let from = usize::from(hash[19] % 16);
        let number = u32::from_be_bytes(hash[from..from + 4].try_into().unwrap());
        format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
    }

    /// Sets it up on the pages of the console.
    fn enrol(server: &Server, session: &Client) -> Self {
        let browser = Browser::of(server, Some(&session.key));
        let found = |pattern: &str, text: &str| -> Vec<String> {
            let pattern = Regex::new(pattern).unwrap();
            pattern.captures_iter(text).map(|found| found[1].to_owned()).collect()
        };
        let page = browser.get("/me/second-factor").text;
        let csrf = &found(r#"name="csrf" value="([^"]+)""#, &page)[0];
        let begun = browser.ask("POST", "/me/second-factor", &[], &format!("csrf={csrf}"));
        assert_eq!((begun.status, &*begun.location), (303, "/me/second-factor"));
        let page = browser.get("/me/second-factor").text;
        let secret = &found(r#"id="secret">([A-Z2-7]+)<"#, &page)[0];
        let mut phone = Self {
            secret: BASE32_NOPAD.decode(secret.as_bytes()).unwrap(),
            codes: Vec::new(),
        };
        let body = format!("csrf={csrf}&code={}", phone.code(0));
        let page = browser.ask("POST", "/me/second-factor/confirm", &[], &body);
        assert_eq!(page.status, 200, "{}", page.text);
        phone.codes = found("<code>([A-Z2-7-]+)</code>", &page.text);
        assert_eq!(phone.codes.len(), 10, "{}", page.text);
        phone
    }
}

fn sign_in(server: &Server, code: Option<&str>) -> Answer {
    let mut body = json!({"email": "li@silk.example", "password": PASSWORD});
    if let Some(code) = code {
        body["code"] = code.into();
    }
    Client::new(&server.base, "").post("/api/v1/sign-in", &body)
}

fn a_code_is_asked_for_beside_the_password(database: Database) {
    let server = Server::start(database, Options::default());
    let owner = server.agency("silk");
    let (li, id) = person(&server, &owner, "li@silk.example", "sales");
    let path = format!("/api/v1/staff/{id}");
    assert_eq!(owner.get(&path).expect(200)["second_factor"], false);
    let phone = Phone::enrol(&server, &li);
    assert_eq!(owner.get(&path).expect(200)["second_factor"], true);
    assert_eq!(sign_in(&server, None).problem(422), "code_needed");
    assert_eq!(sign_in(&server, Some("wrong")).problem(422), "code_refused");
    let next = phone.code(1);
    let opened = sign_in(&server, Some(&next)).expect(201);
    assert_eq!(opened["person"]["email"], "li@silk.example");
    assert_eq!(sign_in(&server, Some(&next)).problem(422), "code_refused", "once");
    sign_in(&server, Some(&phone.codes[0])).expect(201);
    assert_eq!(
        sign_in(&server, Some(&phone.codes[0])).problem(422),
        "code_refused",
        "once"
    );
    // a new password by a link takes a code as well
    let link = owner.send("POST", &format!("{path}/invitation"), "", &[]).expect(201);
    let body = json!({"token": link["token"], "password": PASSWORD});
    let nobody = Client::new(&server.base, "");
    assert_eq!(nobody.post("/api/v1/join", &body).problem(422), "code_needed");
    assert_eq!(nobody.post("/api/v1/join", &body).problem(422), "invitation_over");
    // who looks after the team takes it away, and the machine as well
    owner
        .send("DELETE", &format!("{path}/second-factor"), "", &[])
        .expect(204);
    let opened = sign_in(&server, None).expect(201);
    let session = Client::new(&server.base, opened["token"].as_str().unwrap());
    Phone::enrol(&server, &session);
    let staff = |words: &[&str]| -> Value {
        let output = server
            .command(&[&["staff"], words, &["--json"]].concat())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    assert_eq!(staff(&["list"])["items"][0]["second_factor"], true);
    staff(&["reset", "li@silk.example", "--second-factor"]);
    assert_eq!(staff(&["list"])["items"][0]["second_factor"], false);
    let entries = owner.all(&format!("/api/v1/audit?subject=staff/{id}"));
    let done = |action: &str| entries.iter().filter(|entry| entry["action"] == action).count();
    assert_eq!(
        (
            done("staff.second-factor-on"),
            done("staff.second-factor-off"),
            done("staff.recovery-code")
        ),
        (2, 2, 1)
    );
    assert!(!entries.iter().any(|entry| entry.to_string().contains(&phone.codes[0])));
}

fn an_agency_wants_everybody_to_have_one(database: Database) {
    let server = Server::start(database, Options::default());
    let owner = server.agency("silk");
    let (li, _) = person(&server, &owner, "li@silk.example", "sales");
    let (lead, _) = person(&server, &owner, "lead@silk.example", "crm_lead");
    let wanted = json!({"second_factor_needed": true});
    assert_eq!(lead.patch("/api/v1/agency", &wanted).problem(403), "scope_missing");
    assert_eq!(
        owner.patch("/api/v1/agency", &wanted).expect(200)["second_factor_needed"],
        true
    );
    assert_eq!(li.get("/api/v1/agency").problem(403), "second_factor_needed");
    let browser = Browser::of(&server, Some(&li.key));
    for path in ["/", "/customers", "/palette?q=a"] {
        let page = browser.get(path);
        assert_eq!((page.status, &*page.location), (303, "/me/second-factor"), "{path}");
    }
    let sent = browser.ask("POST", "/customers/new", &[], "");
    assert!(
        sent.status == 403 && sent.text.contains("second_factor_needed"),
        "{}",
        sent.status
    );
    Phone::enrol(&server, &li);
    assert_eq!(li.get("/api/v1/agency").expect(200)["second_factor_needed"], true);
    assert_eq!(browser.get("/").status, 200);
    assert_eq!(owner.get("/api/v1/agency").status, 200, "keys go on");
}

#[test]
fn two_hosts_take_a_code_once() {
    let first = Server::start(Database::Postgres, Options::default());
    let owner = first.agency("silk");
    let (li, _) = person(&first, &owner, "li@silk.example", "sales");
    let phone = Phone::enrol(&first, &li);
    let second = first.beside();
    for code in [phone.code(1), phone.codes[0].clone()] {
        let answers: Vec<Answer> = std::thread::scope(|scope| {
            let ask = |server| {
                let code = &code;
                scope.spawn(move || sign_in(server, Some(code)))
            };
            let asked = [&first, &second, &first, &second].map(ask);
            asked.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let let_in = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(let_in, 1, "{answers:?}");
        for answer in answers.into_iter().filter(|answer| answer.status != 201) {
            assert_eq!(answer.problem(422), "code_refused");
        }
    }
}
