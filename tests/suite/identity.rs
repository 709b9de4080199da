//! One form for whatever identifies, at every door; what is said of the future; words by hand.

use super::intake::event;
use super::quotes::{confirm, rule};
use posthouse_tests::guest::Saving;
use posthouse_tests::{Campaigns, Client, Database, Options, Server};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

on_both_engines!(
    one_customer_however_the_number_is_written,
    dashes_and_extensions_keep_people_apart,
    one_booking_however_its_id_is_written,
    coupons_are_read_however_they_were_typed,
    what_was_written_is_shown,
    the_future_is_refused,
    a_word_by_hand_stands,
);

const AT: &str = "2026-01-10T10:00:00+08:00";

fn start(database: Database) -> (Server, Client) {
    let server = Server::start(
        database,
        Options {
            clock: Some("fixed:2026-01-15T04:00:00Z"),
            ..Options::default()
        },
    );
    let client = server.agency("shop");
    (server, client)
}

/// How many customers there are.
fn customers(client: &Client) -> usize {
    client.all("/api/v1/customers").len()
}

/// Sends one event and returns the code of its rejection.
fn refused(client: &Client, event: Value) -> Option<String> {
    let answer = client.events(&[event]);
    answer["rejected"][0]["code"].as_str().map(str::to_owned)
}

fn known(client: &Client, id: &str, identities: &[(&str, &str)]) {
    assert_eq!(
        refused(client, event("contact.made", id, AT, identities, json!({}))),
        None,
        "{id}"
    );
}

fn one_customer_however_the_number_is_written(database: Database) {
    let (_server, client) = start(database);
    let spellings: [(&str, &[&str]); 4] = [
        (
            "member_no",
            &[
                "C15M",
                "C15\u{2060}M",
                "C15\u{200e}M",
                "\u{202a}C15M\u{202c}",
                "ｃ１５ｍ",
                " c15 m\n",
                "\u{feff}C15M",
            ],
        ),
        (
            "email",
            &[
                "Li.Wei@Example.com",
                "li.wei@example.com",
                "LI.WEI@EXAMPLE.COM",
                "ｌｉ.wei＠example.com",
                "li.wei@\u{200b}example.com",
            ],
        ),
        (
            "phone",
            &[
                "13800138000",
                "+86 138\u{200b}0013 8000",
                "１３８－００１３－８０００",
                "0086 13800138000",
            ],
        ),
        (
            "ota_user",
            &["trip: Wei 7", "trip:\u{a0}Wei 7", "ｔｒｉｐ： Wei\u{2028}7"],
        ),
    ];
    for (place, (kind, written)) in spellings.iter().enumerate() {
        for (number, value) in written.iter().enumerate() {
            known(&client, &format!("{kind} {number}"), &[(kind, value)]);
        }
        assert_eq!(customers(&client), place + 1, "{kind}");
    }
    // files and events are the same door
    let file = "member_no,name\n\u{2066}C15M\u{2069},Wei\nＣ１５Ｍ,Wei\n";
    let job = client.import("customers", file.as_bytes());
    assert_eq!((&job["accepted"], customers(&client)), (&json!(2), 4), "{job}");
    // as are calls and searches
    let body = json!({"identities": [{"kind": "member_no", "value": "c15\u{200b}m"}]});
    assert_eq!(client.post("/api/v1/customers", &body).problem(409), "customer_exists");
    for q in ["c15m", "C15%E2%81%A0M", "%EF%BC%A315M", "LI.WEI@example.com"] {
        assert_eq!(
            client.get(&format!("/api/v1/customers?q={q}")).expect(200)["items"]
                .as_array()
                .unwrap()
                .len(),
            1,
            "{q}"
        );
    }
    // what has case keeps it
    known(&client, "w1", &[("wechat_openid", "oAbC")]);
    known(&client, "w2", &[("wechat_openid", "oABC")]);
    assert_eq!(customers(&client), 6);
    assert_eq!(
        refused(
            &client,
            event("contact.made", "x", AT, &[("device", "\u{200b}\u{2060}")], json!({}))
        )
        .as_deref(),
        Some("bad_identity")
    );
}

fn dashes_and_extensions_keep_people_apart(database: Database) {
    let (_server, client) = start(database);
    for (id, kind, value, people) in [
        ("1", "member_no", "1-12", 1),
        ("2", "member_no", "11-2", 2),
        ("3", "member_no", "112", 3),
        ("4", "member_no", "11–2", 3),
        ("5", "phone", "010-65529988 ext 101", 4),
        ("6", "phone", "010-65529988转102", 5),
        ("7", "phone", "010-65529988", 6),
        ("8", "phone", "(010) 6552 9988 分机 101", 6),
        ("9", "phone", "010-65529988-102", 6),
        ("10", "phone", "13800138000转1234", 7),
        ("11", "phone", "13800138000转5678", 8),
    ] {
        known(&client, id, &[(kind, value)]);
        assert_eq!(customers(&client), people, "{value}");
    }
    let unread = [("phone", "010-65529988 转 101/102")];
    assert_eq!(
        refused(&client, event("contact.made", "12", AT, &unread, json!({}))).as_deref(),
        Some("bad_identity")
    );
    let found = client.get("/api/v1/customers?q=010-65529988%20ext.%20101").expect(200);
    assert_eq!(found["items"][0]["phone"], "+8610****9988 ext. 101", "{found}");
}

fn one_booking_however_its_id_is_written(database: Database) {
    let (_server, client) = start(database);
    let member = [("member_no", "M1")];
    let file = "booking_id,customer_member_no,booked_at,amount\nＢＭ８,M1,2026-01-02,100\nB-77,M1,2026-01-02,200\n";
    assert_eq!(client.import("bookings", file.as_bytes())["accepted"], 2);
    for (id, booking) in [("e1", "BM8"), ("e2", "\u{202a}B\u{2011}77\u{202c}")] {
        let cancelled = event("booking.cancelled", id, AT, &member, json!({"booking_id": booking}));
        assert_eq!(refused(&client, cancelled), None);
    }
    let facts = super::intake::facts(&client);
    assert_eq!(
        (
            facts["M1"]["trips-total"].as_str(),
            facts["M1"]["cancellations-12m"].as_str()
        ),
        ("0", "2")
    );
    // an event is one event, whoever writes its id
    let again = json!({"booking_id": "BM8", "amount": 1});
    for written in ["e1", "ｅ１", "e\u{200b}1", " e1 "] {
        let answer = client.events(&[event("booking.confirmed", written, AT, &member, again.clone())]);
        assert_eq!(answer["duplicates"], 1, "{written:?}: {answer}");
    }
    let mut disguised = event("contact.made", "c", AT, &member, json!({}));
    disguised["source"] = json!("con\u{200b}sole");
    assert_eq!(refused(&client, disguised).as_deref(), Some("bad_source"));
    // a quote is confirmed with the booking that was meant
    let shop = Campaigns::new(&client);
    shop.group("season", "stackable");
    shop.run("spring", &shop.plan(&rule(Saving::Amount(700)), 1, json!({})));
    let quote = shop.quote(None, 10_000, &[]);
    let confirmed = confirm(&client, &quote, "\u{2066}ＢＭ－９\u{2069}").expect(200);
    assert_eq!(confirmed["booking_id"], "BM-9");
    assert_eq!(confirm(&client, &quote, "BM-9").expect(200)["state"], "confirmed");
    let called_off = event(
        "booking.cancelled",
        "e9",
        AT,
        &member,
        json!({"booking_id": "ＢＭ－９"}),
    );
    assert_eq!(refused(&client, called_off), None);
    let path = format!("/api/v1/quotes/{}", quote["id"].as_str().unwrap());
    posthouse_tests::eventually("the saving comes back", Duration::from_secs(20), || {
        (client.get(&path).expect(200)["returned"] == 700).then_some(())
    });
}

fn coupons_are_read_however_they_were_typed(database: Database) {
    let (_server, client) = start(database);
    let shop = Campaigns::new(&client);
    shop.group("season", "stackable");
    let plan = shop.plan(
        &rule(Saving::Amount(700)),
        1,
        json!({"needs_coupon": true, "places": ["ｓｈｏｐ"]}),
    );
    let campaign = shop.run("spring", &plan);
    let path = format!("/api/v1/campaigns/{campaign}/coupons");
    let batch = client
        .post(&path, &json!({"label": "Fair", "count": 1, "uses": 100}))
        .expect(201);
    let code = batch["codes"][0]["code"].as_str().unwrap();
    let wide: String = code
        .chars()
        .map(|c| char::from_u32(c as u32 + 0xfee0).unwrap())
        .collect();
    let typed = [
        code.to_owned(),
        wide,
        format!("{code}\n"),
        code.replace('-', "\t"),
        code.replace('-', "\r\n"),
        code.to_lowercase().replace('-', "\u{3000}"),
        format!("\u{202d}{code}\u{202c}"),
    ];
    for typed in &typed {
        let body = json!({"channel": "shop\u{200b}", "codes": [typed],
            "lines": [{"sku": "ＹＮ－７", "kind": "tour", "travellers": 1, "unit_price": 10_000, "quantity": 1}]});
        let quote = client.post("/api/v1/quotes", &body).expect(201);
        assert_eq!(
            (&quote["coupons"][0]["state"], &quote["price"]),
            (&json!("held"), &json!(9_300)),
            "{typed:?}: {quote}"
        );
        assert_eq!(quote["lines"][0]["sku"], "YN-7");
    }
    let all: Vec<&str> = typed.iter().map(String::as_str).collect();
    assert_eq!(
        shop.quote(None, 10_000, &all)["coupons"].as_array().unwrap().len(),
        1,
        "one code is one"
    );
}

fn what_was_written_is_shown(database: Database) {
    let (_server, client) = start(database);
    known(
        &client,
        "1",
        &[
            ("member_no", "Vip-\u{2060} 07"),
            ("phone", "138 0013 8000"),
            ("email", "Li.Wei@Example.com"),
            ("passport", "e1234-5678"),
        ],
    );
    let found = client.get("/api/v1/customers?q=VIP-07").expect(200);
    let listed = &found["items"][0];
    assert_eq!(
        (&listed["member_no"], &listed["phone"], &listed["name"]),
        (&json!("Vip- 07"), &json!("+86138****8000"), &Value::Null)
    );
    let whole = client
        .get(&format!("/api/v1/customers/{}", listed["id"].as_str().unwrap()))
        .expect(200);
    let mut identities: Vec<(&str, &Value, &Value)> = whole["identities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|identity| {
            (
                identity["kind"].as_str().unwrap(),
                &identity["value"],
                &identity["normal"],
            )
        })
        .collect();
    identities.sort_unstable_by_key(|(kind, ..)| *kind);
    assert_eq!(
        identities,
        [
            ("email", &json!("Li.Wei@Example.com"), &json!("li.wei@example.com")),
            ("member_no", &json!("Vip- 07"), &json!("vip-07")),
            ("passport", &Value::Null, &Value::Null),
            ("phone", &json!("138 0013 8000"), &json!("+8613800138000")),
        ]
    );
    assert!(super::intake::facts(&client).contains_key("Vip- 07"));
    assert_eq!(
        client.get("/api/v1/clashes").expect(200),
        json!({"items": [], "next": null})
    );
}

/// An instant so many hours from the machine's clock.
#[allow(clippy::disallowed_methods, reason = "the server compares with the machine's clock")]
fn hours_ahead(hours: i64) -> String {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs() as i64;
    let (days, seconds) = (
        (now + hours * 3_600).div_euclid(86_400),
        (now + hours * 3_600).rem_euclid(86_400),
    );
    // the civil date of a count of days, after Howard Hinnant
    let z = days + 719_468;
    let (era, doe) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (day, month) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
    let year = yoe + era * 400 + i64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        seconds / 3_600,
        seconds % 3_600 / 60,
        seconds % 60
    )
}

fn the_future_is_refused(database: Database) {
    let (_server, client) = start(database);
    let member = [("member_no", "M1")];
    let code = Some("in_the_future");
    let at = |id: &str, at: &str, kind: &str, data: Value| event(kind, id, at, &member, data);
    let b1 = json!({"booking_id": "B1", "amount": 100});
    let refused = |event: Value| refused(&client, event);
    assert_eq!(refused(at("e1", AT, "booking.confirmed", b1.clone())), None);
    // neither a cancellation of 2062 nor a correction counts, and the id stays free
    assert_eq!(
        refused(at("e2", "2062-01-10T10:00:00+08:00", "booking.cancelled", b1.clone())).as_deref(),
        code
    );
    assert_eq!(
        refused(at("e3", &hours_ahead(25), "booking.cancelled", b1.clone())).as_deref(),
        code
    );
    assert_eq!(
        refused(at("e4", "2062-01-10T10:00:00+08:00", "profile.updated", json!({}))).as_deref(),
        code
    );
    let booked = json!({"booking_id": "B2", "amount": 100, "booked_at": "2062-01-10"});
    assert_eq!(refused(at("e5", AT, "booking.confirmed", booked)).as_deref(), code);
    let facts = super::intake::facts(&client);
    assert_eq!(
        (
            facts["M1"]["trips-total"].as_str(),
            facts["M1"]["cancellations-12m"].as_str()
        ),
        ("1", "0")
    );
    // a day's grace, for clocks and zones; by the machine's clock, though the business clock stands still far behind it
    assert_eq!(refused(at("e6", &hours_ahead(23), "contact.made", json!({}))), None);
    // trips lie ahead
    let ahead = json!({"booking_id": "B3", "amount": 100, "departs": "2062-01-10", "returns": "2062-01-12"});
    assert_eq!(refused(at("e7", AT, "booking.confirmed", ahead)), None);
    assert_eq!(
        refused(at("e2", AT, "booking.cancelled", b1)),
        None,
        "the id was not used up"
    );
    // files
    let file = "booking_id,customer_member_no,booked_at,amount\nF1,M1,2062-01-02,100\nF2,M1,2026-01-02,100\n";
    let job = client.import("bookings", file.as_bytes());
    assert_eq!((&job["accepted"], &job["rejected"]), (&json!(1), &json!(1)), "{job}");
    let errors = client
        .get(&format!("/api/v1/imports/{}/errors.csv", job["id"].as_str().unwrap()))
        .text;
    assert!(
        errors.contains("in_the_future") && errors.contains("booked_at"),
        "{errors}"
    );
    let job = client.import("customers", b"member_no,since\nM2,2062-01-02\n");
    assert_eq!(job["rejected"], 1, "{job}");
}

fn a_word_by_hand_stands(database: Database) {
    let (_server, client) = start(database);
    let member = [("member_no", "M1")];
    let told = |id: &str, at: &str, name: &str, city: &str| {
        let mut told = event("profile.updated", id, at, &member, json!({}));
        told["customer"]["name"] = json!(name);
        told["customer"]["attributes"] = json!({"home_city": city});
        told["customer"]["preferences"] = json!({"pace": "intense", "theme": ["sea"]});
        assert_eq!(refused(&client, told), None, "{id}");
    };
    // told to be true later than the clock of the house says it is
    told("e1", &hours_ahead(20), "错名", "北京");
    let found = client.get("/api/v1/customers?q=M1").expect(200);
    let path = format!("/api/v1/customers/{}", found["items"][0]["id"].as_str().unwrap());
    let by_hand = json!({"name": "李伟", "attributes": {"home_city": "上海"}, "preferences": {"pace": "relaxed", "theme": ["food"]}});
    client.patch(&path, &by_hand).expect(200);
    let shown = || {
        let customer = client.get(&path).expect(200);
        let preferences: Vec<String> = customer["preferences"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|preference| preference["shown"] == true)
            .map(|preference| preference["value"].as_str().unwrap().to_owned())
            .collect();
        let text = |key: &str| customer["profile"][key].as_str().unwrap().to_owned();
        (text("name"), text("home_city"), preferences.join(" "))
    };
    let expected =
        |name: &str, city: &str, preferences: &str| (name.to_owned(), city.to_owned(), preferences.to_owned());
    assert_eq!(shown(), expected("李伟", "上海", "relaxed food"));
    // a stale word that arrives afterwards changes nothing; a later one wins by its day
    told("e2", "2026-01-14T10:00:00+08:00", "旧名", "广州");
    assert_eq!(shown(), expected("李伟", "上海", "relaxed food"));
    told("e3", &hours_ahead(1), "李维", "深圳");
    assert_eq!(shown().0, "李维");
    assert_eq!(shown().1, "深圳");
    client.patch(&path, &json!({"name": "李伟"})).expect(200);
    assert_eq!(
        (shown().0, shown().1),
        ("李伟".to_owned(), "深圳".to_owned()),
        "each attribute by itself"
    );
}
