//! Events and files: who is known, what lands, what comes back.

use posthouse_tests::postgres::sql as query;
use posthouse_tests::{Client, Database, Options, Server, eventually};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

on_both_engines!(
    events_land_once_and_make_facts,
    conflicts_are_kept_and_tried_again,
    a_file_lands_once_and_its_bad_rows_come_back,
    customers_files_feed_the_profile,
    facts_follow_the_calendar,
    the_profile_is_changed_by_hand,
    customers_are_found_by_name_and_identity,
);

const NOON: &str = "fixed:2026-01-15T04:00:00Z"; // noon in Shanghai

pub(crate) fn event(kind: &str, id: &str, at: &str, identities: &[(&str, &str)], data: Value) -> Value {
    let identities: Vec<Value> = identities
        .iter()
        .map(|(kind, value)| json!({"kind": kind, "value": value}))
        .collect();
    json!({"source": "shop", "external_id": id, "type": kind, "occurred_at": at, "customer": {"identities": identities}, "data": data})
}

/// The export as rows by member number.
pub(crate) fn facts(client: &Client) -> BTreeMap<String, BTreeMap<String, String>> {
    let answer = client.get("/api/v1/facts/export?format=csv");
    assert_eq!(answer.status, 200, "{}", answer.text);
    let mut reader = csv::Reader::from_reader(answer.text.as_bytes());
    reader
        .deserialize::<BTreeMap<String, String>>()
        .map(|row| row.unwrap())
        .map(|row| (row["member_no"].clone(), row))
        .collect()
}

fn start(database: Database) -> (Server, Client) {
    let server = Server::start(
        database,
        Options {
            clock: Some(NOON),
            ..Options::default()
        },
    );
    let client = server.agency("shop");
    (server, client)
}

fn events_land_once_and_make_facts(database: Database) {
    let (_server, client) = start(database);
    let li = [("member_no", "M1"), ("phone", "138 0013 8000")];
    let events = [
        event(
            "booking.inquiry",
            "e1",
            "2025-12-01T10:00:00+08:00",
            &li,
            json!({"booking_id": "B1", "destination": "云南"}),
        ),
        event(
            "booking.confirmed",
            "e2",
            "2025-12-05T10:00:00+08:00",
            &li,
            json!({"booking_id": "B1", "amount": 880_000, "cost": 700_000, "departs": "2026-02-01", "returns": "2026-02-08", "travellers": 2, "channel": "shop"}),
        ),
        event(
            "contact.made",
            "e3",
            "2026-01-14T10:00:00+08:00",
            &[("phone", "+8613800138000")],
            json!({}),
        ),
        event(
            "site.viewed",
            "e4",
            "2026-01-15T09:00:00+08:00",
            &[("member_no", "m 1"), ("device", "d-1")],
            json!({"page": "/yunnan"}),
        ),
    ];
    let answer = client.events(&events);
    assert_eq!(
        (&answer["accepted"], &answer["duplicates"], &answer["rejected"]),
        (&json!(4), &json!(0), &json!([]))
    );
    let again = client.events(&events);
    assert_eq!((&again["accepted"], &again["duplicates"]), (&json!(0), &json!(4)));

    let all = facts(&client);
    assert_eq!(all.len(), 1);
    let li = &all["M1"];
    let expected = [
        ("trips-total", "1"),
        ("trips-12m", "1"),
        ("trips-24m", "1"),
        ("recency-days", "41"),
        ("first-trip-days", "41"),
        ("spend-total", "880000"),
        ("spend-24m", "880000"),
        ("margin-12m", "180000"),
        ("booking-value", "880000"),
        ("next-departure-days", "17"),
        ("days-since-return", ""),
        ("lead-time-days", "58"),
        ("party-size", "2"),
        ("favourite-destination", "云南"),
        ("main-channel", "shop"),
        ("last-contact-days", "1"),
        ("contacts-90d", "1"),
        ("views-30d", "1"),
        ("searches-30d", "0"),
        ("customer-since-days", "45"),
        ("kind", "person"),
        ("age", ""),
        ("points-balance", "0"),
        ("tier", ""),
        ("completeness", "12"),
        ("cancellations-12m", "0"),
        ("consent-marketing", ""),
    ];
    for (key, value) in expected {
        assert_eq!(li[key], value, "{key}");
    }
    client.events(&[event(
        "booking.cancelled",
        "e5",
        "2026-01-10T10:00:00+08:00",
        &[],
        json!({"booking_id": "B1"}),
    )]);
    let li = &facts(&client)["M1"];
    assert_eq!(
        (
            li["trips-total"].as_str(),
            li["cancellations-12m"].as_str(),
            li["spend-24m"].as_str()
        ),
        ("0", "1", "0")
    );

    // the three formats say the same
    let lines = client.get("/api/v1/facts/export?format=jsonl").text;
    let line: Value = serde_json::from_str(lines.trim()).unwrap();
    assert_eq!(
        (
            line["member_no"].as_str(),
            line["cancellations-12m"].as_i64(),
            line["tier"].is_null()
        ),
        (Some("M1"), Some(1), true)
    );
    let arrow = client.get("/api/v1/facts/export?format=arrow");
    assert_eq!(arrow.content_type, "application/vnd.apache.arrow.stream");
    let batches: Vec<_> = arrow_ipc::reader::StreamReader::try_new(arrow.bytes.as_slice(), None)
        .unwrap()
        .map(|batch| batch.unwrap())
        .collect();
    assert_eq!(batches.iter().map(|batch| batch.num_rows()).sum::<usize>(), 1);
    let cancellations = batches[0].column_by_name("cancellations-12m").unwrap();
    assert_eq!(
        arrow_array::cast::AsArray::as_primitive::<arrow_array::types::Int32Type>(cancellations).value(0),
        1
    );
    assert!(arrow_array::Array::is_null(
        batches[0].column_by_name("tier").unwrap(),
        0
    ));
    assert_eq!(client.get("/api/v1/facts/export?format=xml").problem(422), "bad_format");
}

fn conflicts_are_kept_and_tried_again(database: Database) {
    let (_server, client) = start(database);
    let at = "2026-01-10T10:00:00+08:00";
    let made = client.events(&[
        event(
            "profile.updated",
            "a",
            at,
            &[("member_no", "A"), ("phone", "13800000001")],
            json!({}),
        ),
        event(
            "profile.updated",
            "b",
            at,
            &[("member_no", "B"), ("phone", "13800000002")],
            json!({}),
        ),
    ]);
    assert_eq!(made["accepted"], 2);
    // two people at once, and a new member number for a phone whose owner has another
    let two = event(
        "contact.made",
        "c",
        at,
        &[("member_no", "A"), ("phone", "13800000002")],
        json!({}),
    );
    let other = event(
        "contact.made",
        "d",
        at,
        &[("member_no", "C"), ("phone", "13800000001")],
        json!({}),
    );
    let answer = client.events(&[
        two.clone(),
        other,
        event("contact.made", "e", at, &[("member_no", "A")], json!({})),
    ]);
    assert_eq!(answer["accepted"], 1);
    let codes: Vec<_> = answer["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["index"].as_i64().unwrap(), r["code"].as_str().unwrap()))
        .collect();
    assert_eq!(codes, [(0, "identity_conflict"), (1, "identity_conflict")]);
    // a rejected record does not use up its id
    let mended = event("contact.made", "c", at, &[("member_no", "A")], json!({}));
    assert_eq!(client.events(&[mended])["accepted"], 1);
    assert_eq!(client.events(&[two])["duplicates"], 1);
    assert_eq!(facts(&client)["A"]["contacts-90d"], "2");
    // documents are exclusive too, and never shown
    let passport = |id: &str, member: &str, number: &str| {
        event(
            "profile.updated",
            id,
            at,
            &[("member_no", member), ("passport", number)],
            json!({}),
        )
    };
    assert_eq!(client.events(&[passport("p1", "A", "e 123-456")])["accepted"], 1);
    assert_eq!(client.events(&[passport("p2", "A", "E123456")])["accepted"], 1);
    let refused = client.events(&[passport("p3", "A", "E999999"), passport("p4", "B", "E123456")]);
    assert_eq!(refused["rejected"].as_array().unwrap().len(), 2);
    assert!(
        !refused.to_string().contains("E123456"),
        "a document number is not repeated: {refused}"
    );
    let found = client.get("/api/v1/customers?q=A").expect(200);
    let id = found["items"][0]["id"].as_str().unwrap();
    let view = client.get(&format!("/api/v1/customers/{id}"));
    assert!(
        view.text.contains("passport") && !view.text.contains("123456"),
        "{}",
        view.text
    );
}

fn a_file_lands_once_and_its_bad_rows_come_back(database: Database) {
    let (_server, client) = start(database);
    let file = "\u{feff}booking_id,customer_member_no,Booked_At,amount,currency,amount_base,status,remark\n\
        B1,M1,2025-06-01,\"1,234.50\",,,,first\n\
        B2,M1,2025-07-01,100,USD,720,completed,abroad\n\
        B3,M2,01.07.2025,100,,,,bad date\n\
        B4,M2,2025-07-01,-5,,,,negative\n\
        B5,M2,2025-07-01,100,USD,,,no base\n\
        B6,,2025-07-01,100,,,,nobody\n\
        B7,M3,2025-07-01,100\n\
        B8,M3,2025-07-01,100,,,lost,bad status\n\
        B9,M4,2025-07-02,0,,,,free\n\
        B9,M4,2025-07-02,0,,,,free\n";
    let job = client.import("bookings", file.as_bytes());
    assert_eq!(job["state"], "done", "{job}");
    assert_eq!(
        (&job["accepted"], &job["duplicates"], &job["rejected"], &job["rows"]),
        (&json!(4), &json!(0), &json!(6), &json!(10))
    );
    assert_eq!(job["ignored_columns"], json!(["remark"]));
    let errors = client.get(&format!("/api/v1/imports/{}/errors.csv", job["id"].as_str().unwrap()));
    let mut reader = csv::Reader::from_reader(errors.text.as_bytes());
    let rows: Vec<BTreeMap<String, String>> = reader.deserialize().map(|row| row.unwrap()).collect();
    let codes: Vec<_> = rows
        .iter()
        .map(|row| (row["row"].as_str(), row["code"].as_str()))
        .collect();
    assert_eq!(
        codes,
        [
            ("4", "bad_date"),
            ("5", "negative_amount"),
            ("6", "currency_needs_base"),
            ("7", "identity_missing"),
            ("8", "wrong_cell_count"),
            ("9", "bad_status")
        ]
    );
    assert_eq!(
        (rows[0]["booking_id"].as_str(), rows[0]["remark"].as_str()),
        ("B3", "bad date"),
        "the row itself comes back"
    );
    assert!(
        rows[0]["reason"].contains("2026-01-15"),
        "the reason says what to do: {}",
        rows[0]["reason"]
    );

    let before = facts(&client);
    assert_eq!(
        (
            before["M1"]["spend-total"].as_str(),
            before["M1"]["trips-total"].as_str()
        ),
        ("195450", "2")
    );
    // two identical rows without an id of their own are two records about the booking they name
    assert_eq!(
        (
            before["M4"]["spend-total"].as_str(),
            before["M4"]["trips-total"].as_str()
        ),
        ("0", "1")
    );
    let again = client.import("bookings", file.as_bytes());
    assert_eq!(
        (&again["accepted"], &again["duplicates"], &again["rejected"]),
        (&json!(0), &json!(4), &json!(6))
    );
    assert_eq!(facts(&client), before, "the same file twice changes nothing");

    // the mended error file can be sent as it is; the row that was cut off lands once its column surplus is emptied
    let mended = errors.text.replace("01.07.2025", "2025-07-01");
    let job = client.import("bookings", mended.as_bytes());
    assert_eq!((&job["accepted"], &job["rejected"]), (&json!(1), &json!(5)), "{job}");
    let mended = mended.replace("4 missing", "");
    let job = client.import("bookings", mended.as_bytes());
    assert_eq!((&job["accepted"], &job["rejected"]), (&json!(1), &json!(4)), "{job}");

    for (file, code) in [
        (&b"\xff\xfe\x00"[..], "bad_encoding"),
        (b"a,b\n1,2\n", "headers_missing"),
        (b"customer_phone,amount\n1,2\n", "headers_missing"),
        (b"customer_phone,booked_at,booked_at\n1,2,3\n", "header_twice"),
    ] {
        let job = client.import("bookings", file);
        assert_eq!(
            (job["state"].as_str(), job["failure"]["code"].as_str()),
            (Some("failed"), Some(code)),
            "{job}"
        );
    }
    assert_eq!(client.start_import("bookings", b"").problem(422), "file_empty");
    assert_eq!(client.start_import("invoices", b"a\n").problem(422), "bad_kind");
    let open_quote = [
        b"customer_phone,booked_at\n13800138000,2025-01-01\n\"".as_slice(),
        &vec![b'x'; 3 << 20],
    ]
    .concat();
    let job = client.import("bookings", &open_quote);
    assert_eq!(job["failure"]["code"], "row_too_long", "{job}");
}

fn customers_files_feed_the_profile(database: Database) {
    let (_server, client) = start(database);
    let file = "member_no,phone,email,name,gender,birth_date,home_city,language,since,consent_marketing\n\
        M1,13800138000,Li@Example.COM,李伟,男,1990-01-16,上海,zh,2019-03-01,yes\n\
        M2,,,王芳,女,31.12.1990,,,,\n";
    let job = client.import("customers", file.as_bytes());
    // a birthday that may be another one is left out
    assert_eq!(
        (&job["accepted"], &job["rejected"], &job["warned"]),
        (&json!(2), &json!(0), &json!(1)),
        "{job}"
    );
    let li = &facts(&client)["M1"];
    let expected = [
        ("age", "35"),
        ("days-to-birthday", "1"),
        ("gender", "male"),
        ("home-city", "上海"),
        ("consent-marketing", "true"),
        ("completeness", "100"),
        ("customer-since-days", "2512"),
        ("birth-date", "7320"),
    ];
    for (key, value) in expected {
        assert_eq!(li[key], value, "{key}");
    }
    for q in ["李", "138 0013 8000", "Li@example.com", "M1"] {
        let found = client
            .get(&format!(
                "/api/v1/customers?q={}",
                q.replace(' ', "%20").replace('李', "%E6%9D%8E").replace('@', "%40")
            ))
            .expect(200);
        assert_eq!(found["items"].as_array().unwrap().len(), 1, "{q}");
    }
}

fn facts_follow_the_calendar(database: Database) {
    let mut server = Server::start(
        database,
        Options {
            clock: Some("fixed:2026-01-15T04:00:00Z"),
            ..Options::default()
        },
    );
    let mut client = server.agency("calendar");
    let member = [("member_no", "M1")];
    client.events(&[
        event(
            "booking.confirmed",
            "b1",
            "2025-01-16T12:00:00+08:00",
            &member,
            json!({"amount": 100, "departs": "2026-01-16", "returns": "2026-01-18"}),
        ),
        event("site.searched", "s1", "2026-01-10T12:00:00+08:00", &member, json!({})),
    ]);
    let seen = |client: &Client| {
        let all = facts(client);
        [
            "trips-12m",
            "trips-24m",
            "recency-days",
            "next-departure-days",
            "days-since-return",
            "searches-30d",
        ]
        .map(|key| all["M1"][key].clone())
    };
    assert_eq!(seen(&client), ["1", "1", "364", "1", "", "1"]);
    for (clock, expected) in [
        ("fixed:2026-01-15T16:00:00Z", ["0", "1", "365", "0", "", "1"]), // midnight in Shanghai
        ("fixed:2026-01-18T04:00:00Z", ["0", "1", "367", "", "0", "1"]),
        ("fixed:2026-02-08T15:59:59Z", ["0", "1", "388", "", "21", "1"]),
        ("fixed:2026-02-08T16:00:00Z", ["0", "1", "389", "", "22", "0"]),
        ("fixed:2027-01-16T04:00:00Z", ["0", "0", "730", "", "363", "0"]),
        ("fixed:2026-01-18T04:00:00Z", ["0", "1", "367", "", "0", "1"]), // set back
    ] {
        server.restart_at(clock);
        client.base.clone_from(&server.base);
        assert_eq!(seen(&client), expected, "{clock}");
    }
}

fn the_profile_is_changed_by_hand(database: Database) {
    let (_server, client) = start(database);
    let made = client.post("/api/v1/customers", &json!({"identities": [{"kind": "phone", "value": "13800138000"}], "name": "Li Wei", "attributes": {"home_city": "上海"}}));
    let view = made.expect(201);
    let path = format!("/api/v1/customers/{}", view["id"].as_str().unwrap());
    assert_eq!(view["profile"]["name"], "Li Wei");
    assert_eq!(view["facts"]["home-city"], "上海");
    let twice = client.post(
        "/api/v1/customers",
        &json!({"identities": [{"kind": "phone", "value": "+86 13800138000"}]}),
    );
    assert_eq!(twice.problem(409), "customer_exists");
    let before = client.get(&path).etag.unwrap();
    client.events(&[event(
        "contact.made",
        "c1",
        "2026-01-14T09:00:00+08:00",
        &[("phone", "13800138000"), ("wechat_openid", "wx-1")],
        json!({}),
    )]);
    let etag = client.get(&path).etag.unwrap();
    assert_ne!(etag, before, "an identity that came with an event is a change");
    let change = json!({"name": "李伟", "attributes": {"gender": "male"}, "identities": [{"kind": "email", "value": "li@example.com"}]}).to_string();
    let changed = client
        .try_send(
            "PATCH",
            &path,
            "application/json",
            change.as_bytes(),
            &[("if-match", &etag)],
        )
        .unwrap()
        .expect(200);
    assert_eq!(
        (
            changed["profile"]["name"].as_str(),
            changed["facts"]["completeness"].as_i64()
        ),
        (Some("李伟"), Some(62))
    );
    let values: Vec<_> = changed["attributes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|a| a["key"] == "name")
        .map(|a| (a["value"].as_str().unwrap(), a["shown"].as_bool().unwrap()))
        .collect();
    assert_eq!(
        values.iter().filter(|(_, shown)| *shown).collect::<Vec<_>>(),
        [&("李伟", true)],
        "{values:?}"
    );
    let stale = client
        .try_send(
            "PATCH",
            &path,
            "application/json",
            b"{\"name\": \"x\"}",
            &[("if-match", &etag)],
        )
        .unwrap();
    assert!(matches!(stale.status, 409 | 412), "{}", stale.text);
    assert_eq!(
        client
            .patch(&path, &json!({"attributes": {"birth_date": "yesterday"}}))
            .problem(422),
        "bad_attribute"
    );
}

fn customers_are_found_by_name_and_identity(database: Database) {
    let (_server, client) = start(database);
    let person = |member: &str, phone: &str, name: &str, more: Value| {
        json!({"identities": [{"kind": "member_no", "value": member}, {"kind": "phone", "value": phone}, {"kind": "email", "value": format!("{member}@Example.com")}],
            "name": name, "attributes": more})
    };
    let li = person(
        "M-1",
        "13800138001",
        "Li Wéi",
        json!({"name_latin": "LI WEI", "home_city": "Hangzhou"}),
    );
    let wang = person(
        "M-2",
        "13800138002",
        "王小明",
        json!({"home_city": "Lijiang", "language": "zh"}),
    );
    let odd = person("M-3", "13800138003", "50%_off!", json!({}));
    for one in [li, wang, odd] {
        client.post("/api/v1/customers", &one).expect(201);
    }
    let found = |q: &str| {
        let answer = client.get(&format!("/api/v1/customers?q={q}")).expect(200);
        let names: Vec<String> = answer["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["profile"]["name"].as_str().unwrap().to_owned())
            .collect();
        names.join(" ")
    };
    for q in [
        "li",
        "LI",
        "W%C3%89I",
        "Wei",
        "M1",
        "m-1@example.com".replace('m', "M").as_str(),
        "M%20-%201",
        "138%200013%208001",
        "%2B8613800138001",
    ] {
        assert_eq!(found(q), "Li Wéi", "{q}");
    }
    assert_eq!(found("%E5%B0%8F"), "王小明");
    assert_eq!(found("0%25_"), "50%_off!");
    // other fields, signs of the pattern and of JSON are not names
    for q in ["Lijiang", "hangzhou", "zh", "%25", "%22", "l_", "name"] {
        assert_eq!(found(q), if q == "%25" { "50%_off!" } else { "" }, "{q}");
    }
}

#[test]
fn unassigned_records_are_kept_whole() {
    let (server, client) = start(Database::Postgres);
    let at = "2026-01-10T10:00:00+08:00";
    client.events(&[
        event("profile.updated", "a", at, &[("member_no", "A")], json!({})),
        event("profile.updated", "b", at, &[("passport", "E123456")], json!({})),
    ]);
    let both = [("member_no", "A"), ("passport", "E123456")];
    let mut conflict = event("contact.made", "c", at, &both, json!({"remark": "asked for Yunnan"}));
    conflict["customer"]["name"] = json!("Li Wei");
    assert_eq!(client.events(&[conflict])["rejected"][0]["code"], "identity_conflict");
    let kept = query(&server.database, "SELECT record FROM unassigned_record");
    assert!(!kept.contains("E123456"), "a document number is not kept: {kept}");
    let kept: Value = serde_json::from_str(&kept).unwrap();
    assert_eq!(
        (
            &kept["identities"][0]["written"],
            &kept["attributes"][0]["value"],
            &kept["data"]["remark"]
        ),
        (&json!("A"), &json!("Li Wei"), &json!("asked for Yunnan")),
        "{kept}"
    );
    assert!(
        kept["identities"][1]["hash"].is_string() && kept["occurred_at"].is_i64(),
        "{kept}"
    );
}

#[test]
fn a_job_that_always_fails_is_given_up() {
    let (server, client) = start(Database::Postgres);
    let sql = |statement: &str| query(&server.database, statement);
    // a job of a kind that no host understands, made while none looks: the fault must be there before the work
    sql(
        "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.kind = 'spoilt'; RETURN NEW; END $$; \
         CREATE TRIGGER spoil BEFORE INSERT ON import_job FOR EACH ROW EXECUTE FUNCTION spoil()",
    );
    let file = b"customer_member_no,booked_at\nM1,2025-01-01\n";
    let job = client.start_import("bookings", file).expect(202);
    let path = format!("/api/v1/imports/{}", job["id"].as_str().unwrap());
    sql("DROP TRIGGER spoil ON import_job");
    eventually("the first attempt fails", Duration::from_secs(20), || {
        (sql("SELECT i.attempts > 0 AND j.failure IS NOT NULL FROM import_job i JOIN job j ON j.key = CAST(i.id AS TEXT)") == "t").then_some(())
    });
    assert_eq!(
        client.import("bookings", file)["state"],
        "done",
        "another job has its turn"
    );
    sql("UPDATE import_job SET attempts = 7 WHERE kind = 'spoilt'");
    sql("UPDATE job SET held_until = 0 WHERE kind = 'import.run'");
    eventually("the job is given up", Duration::from_secs(20), || {
        (sql("SELECT state FROM import_job WHERE kind = 'spoilt'") == "failed").then_some(())
    });
    // no answer may have a kind that the document does not have
    sql("UPDATE import_job SET kind = 'bookings' WHERE kind = 'spoilt'");
    let failed = client.get(&path).expect(200);
    assert_eq!(failed["state"], "failed");
    assert_eq!(failed["failure"]["code"], "import_failed", "{failed}");
    assert_eq!(sql("SELECT count(*) FROM import_chunk"), "0");
}

#[test]
fn an_upload_that_broke_off_is_cleared_away() {
    let (server, client) = start(Database::Postgres);
    let sql = |statement: &str| query(&server.database, statement);
    let mut file = String::from("customer_member_no,booked_at\n");
    while file.len() < 9 << 20 {
        file += &format!("nobody,never,{}\n", "too many ".repeat(1_000));
    }
    let job = client.import("bookings", file.as_bytes());
    assert_eq!(
        job["accepted"], 0,
        "a file of several transactions is read whole: {job}"
    );
    assert_eq!(job["rows"], file.lines().count() - 1);
    // the host died before the last piece; the job comes last, as it finds nothing to clear in an import that is done
    sql("DELETE FROM import_error");
    sql("UPDATE import_job SET state = 'uploading'");
    sql(
        "INSERT INTO job (agency_id, kind, key, lane, clock, due, version, attempts, held_until)
         SELECT agency_id, 'import.upload', CAST(id AS TEXT), 'timers', 'machine', 1, 1, 0, 0 FROM import_job",
    );
    eventually("the upload is deleted", Duration::from_secs(20), || {
        (sql("SELECT count(*) FROM import_job") == "0").then_some(())
    });
}
