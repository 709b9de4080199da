//! Bad input of each kind: a clear error, and nothing lost or half applied.

use super::intake::{event, facts};
use super::segments::{CLOCK, bind};
use posthouse_tests::{Client, Database, Options, Server, plugins};
use serde_json::{Value, json};

on_both_engines!(
    events_are_refused_one_by_one,
    requests_are_refused_with_problems,
    uploads_are_refused_with_their_reason,
    the_largest_request_lands,
    files_of_many_cells_are_no_burden,
    long_words_are_refused_in_few,
);

fn start(database: Database) -> (Server, Client) {
    let server = Server::start(
        database,
        Options {
            clock: CLOCK,
            ..Options::default()
        },
    );
    let client = server.agency("bad");
    (server, client)
}

fn events_are_refused_one_by_one(database: Database) {
    let (_server, client) = start(database);
    let at = "2026-01-10T10:00:00+08:00";
    let who = [("member_no", "M1")];
    let good = event("booking.confirmed", "good", at, &who, json!({"amount": 100}));
    let with = |field: &str, value: Value| {
        let mut event = event("booking.confirmed", "x", at, &who, json!({"amount": 100}));
        event[field] = value;
        event
    };
    let data = |data: Value| event("booking.confirmed", "x", at, &who, data);
    let cases = [
        (json!(7), "bad_event"),
        (json!({}), "bad_event"),
        (with("colour", json!("red")), "bad_event"),
        (with("external_id", json!(" ")), "id_missing"),
        (with("external_id", json!("x".repeat(300))), "bad_id"),
        (with("source", json!("import:bookings")), "bad_source"),
        (with("source", json!("console")), "bad_source"),
        (with("source", json!("segments")), "bad_source"),
        (with("type", json!("booking.lost")), "unknown_type"),
        (with("occurred_at", json!("yesterday")), "bad_time"),
        (
            with("customer", json!({"identities": [{"kind": "horoscope", "value": "1"}]})),
            "unknown_identity_kind",
        ),
        (
            with("customer", json!({"identities": [{"kind": "phone", "value": "12"}]})),
            "bad_identity",
        ),
        (with("customer", json!({"identities": []})), "identity_missing"),
        (data(json!({"amount": -1})), "negative_amount"),
        (data(json!({"amount": 12.5})), "bad_amount"),
        (data(json!({"amount": "12"})), "bad_amount"),
        (data(json!({"amount": 1, "currency": "USD"})), "currency_needs_base"),
        (
            data(json!({"departs": "2026-02-10", "returns": "2026-02-01"})),
            "returns_before_departs",
        ),
        (data(json!({"travellers": 0})), "bad_travellers"),
        (data(json!({"remark": "x".repeat(20_000)})), "data_too_large"),
    ];
    let mut events: Vec<Value> = cases.iter().map(|(event, _)| event.clone()).collect();
    events.push(good.clone());
    let answer = client.events(&events);
    assert_eq!(
        (&answer["accepted"], &answer["duplicates"]),
        (&json!(1), &json!(0)),
        "{answer}"
    );
    let rejected = answer["rejected"].as_array().unwrap();
    for (index, (event, code)) in cases.iter().enumerate() {
        assert_eq!(
            (rejected[index]["index"].as_u64(), rejected[index]["code"].as_str()),
            (Some(index as u64), Some(*code)),
            "{event}"
        );
        assert!(rejected[index]["detail"].as_str().unwrap().len() > 15);
    }
    assert_eq!(facts(&client)["M1"]["spend-total"], "100");
}

fn requests_are_refused_with_problems(database: Database) {
    let (server, client) = start(database);
    let many: Vec<Value> = (0..1001).map(|_| json!({})).collect();
    assert_eq!(
        client.post("/api/v1/events", &json!({"events": many})).problem(422),
        "too_many_events"
    );
    assert_eq!(
        client
            .send("POST", "/api/v1/events", "application/json", b"{\"events\": [")
            .problem(400),
        "bad_json"
    );
    assert_eq!(
        client.send("POST", "/api/v1/events", "text/plain", b"{}").problem(415),
        "wrong_content_type"
    );
    // refused before they are read, and still every sender hears why
    let long = vec![b' '; 9 << 20];
    let nobody = Client::new(&server.base, "");
    for _ in 0..10 {
        let events = |client: &Client, media| client.send("POST", "/api/v1/events", media, &long);
        assert_eq!(events(&client, "application/json").problem(413), "body_too_large");
        assert_eq!(events(&client, "text/plain").problem(413), "body_too_large");
        assert_eq!(events(&nobody, "application/json").status, 401);
    }
    assert_eq!(client.get("/api/v1/nothing").problem(404), "unknown_path");
    assert_eq!(client.get("/api/v1/events").problem(405), "method_not_allowed");
    assert_eq!(client.get("/api/v1/customers/not-a-uuid").problem(404), "not_found");
    assert_eq!(client.get("/api/v1/customers?limit=0").problem(422), "bad_limit");
    assert_eq!(
        client.get("/api/v1/customers?cursor=%27%20OR%201%3D1").problem(422),
        "bad_cursor"
    );
    assert_eq!(
        client.get("/api/v1/segments/rfm.gold/members").problem(404),
        "not_found"
    );
    for q in ["%25", "_", "%27%3B%20DROP%20TABLE%20customer", "%22"] {
        assert_eq!(
            client.get(&format!("/api/v1/customers?q={q}")).expect(200)["items"],
            json!([]),
            "{q}"
        );
    }
    assert_eq!(
        client
            .put(
                "/api/v1/bindings/segmentation/rfm",
                &json!({"digest": "0".repeat(64), "config": {}})
            )
            .problem(404),
        "not_found"
    );
    let document = client.get("/api/openapi.json").expect(200);
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    for path in ["/api/v1/events", "/api/v1/segmentation/preview", "/api/v1/facts/export"] {
        assert!(document["paths"][path].is_object(), "{path} is documented");
    }
    assert!(client.get("/metrics").text.contains("posthouse_"));
    assert_eq!(client.get("/livez").status, 200);
}

fn uploads_are_refused_with_their_reason(database: Database) {
    let (_server, client) = start(database);
    let good = plugins::packed("rfm");
    let cases: [(&[u8], &str); 4] = [
        (b"", "not_a_component"),
        (b"hello", "not_a_component"),
        (b"\0asm\x01\0\0\0", "not_a_component"),
        (&good[..good.len() / 2], "truncated"),
    ];
    for (bytes, code) in cases {
        assert_eq!(client.upload(bytes).problem(422), code);
    }
    assert_eq!(client.upload(&vec![0; 3 << 20]).problem(422), "too_large");
    assert_eq!(
        client.get("/api/v1/plugins").expect(200)["items"],
        json!([]),
        "nothing of them was kept"
    );
    let first = client.upload(&good);
    let view = first.expect(201);
    for field in [
        "digest",
        "name",
        "version",
        "extension_point",
        "facts",
        "segments",
        "config_schema",
        "size",
        "state",
        "self_test",
    ] {
        assert!(!view[field].is_null(), "{field}");
    }
    assert_eq!(
        (&view["name"], &view["extension_point"]),
        (&json!("rfm"), &json!("segmentation"))
    );
    assert_eq!(
        client.upload(&good).expect(200)["digest"],
        view["digest"],
        "the same again is known"
    );
    assert_ne!(
        client.admit(&plugins::twin(&good, 1)),
        view["digest"],
        "another byte is another revision"
    );
    bind(&client, "rfm", &good, json!({}));
    for name in ["", "Upper", "with.dot", "a%2Fb"] {
        let answer = client.put(
            &format!("/api/v1/bindings/segmentation/{name}"),
            &json!({"digest": view["digest"], "config": {}}),
        );
        assert!(
            matches!(answer.status, 404 | 405 | 422),
            "{name}: {} {}",
            answer.status,
            answer.text
        );
    }
}

fn the_largest_request_lands(database: Database) {
    let (_server, client) = start(database);
    let events: Vec<Value> = (0..1_000)
        .map(|i| {
            let devices: Vec<String> = (0..20).map(|j| format!("device-{i}-{j}")).collect();
            let identities: Vec<(&str, &str)> = devices.iter().map(|value| ("device", value.as_str())).collect();
            event(
                "contact.made",
                &i.to_string(),
                "2026-01-10T10:00:00+08:00",
                &identities,
                json!({}),
            )
        })
        .collect();
    assert_eq!(client.events(&events)["accepted"], 1_000);
    assert_eq!(client.events(&events)["duplicates"], 1_000);
}

fn files_of_many_cells_are_no_burden(database: Database) {
    let (_server, client) = start(database);
    let wide = format!("customer_member_no,booked_at{}\n", ",x".repeat(999));
    let job = client.import("bookings", wide.as_bytes());
    assert_eq!(job["failure"]["code"], "too_many_columns", "{job}");

    let mut file = String::from("customer_member_no,booked_at\nM1,2025-01-01,left,over\nM2\n");
    for _ in 0..20 {
        file += &",".repeat(1_000_000);
        file += "\n";
    }
    file += "M3,2025-01-01\n";
    let job = client.import("bookings", file.as_bytes());
    assert_eq!(
        (&job["accepted"], &job["rejected"], &job["rows"]),
        (&json!(1), &json!(2), &json!(3)),
        "{job}"
    );
    let errors = client.get(&format!("/api/v1/imports/{}/errors.csv", job["id"].as_str().unwrap()));
    let mut reader = csv::Reader::from_reader(errors.text.as_bytes());
    let rows: Vec<std::collections::BTreeMap<String, String>> =
        reader.deserialize().take(2).map(|row| row.unwrap()).collect();
    assert_eq!(
        (rows[0]["surplus"].as_str(), rows[0]["code"].as_str()),
        ("left,over", "wrong_cell_count")
    );
    assert_eq!(
        (rows[1]["surplus"].as_str(), rows[1]["customer_member_no"].as_str()),
        ("1 missing", "M2")
    );
}

fn long_words_are_refused_in_few(database: Database) {
    let (_server, client) = start(database);
    let send = |body: &str| {
        let (path, form) = ("/api/v1/imports?kind=bookings", "multipart/form-data; boundary=b");
        let answer = client.try_send("POST", path, form, body.as_bytes(), &[("accept-language", "zh-CN")]);
        answer.unwrap()
    };
    let part = |name: &str| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\nx\r\n--b--\r\n");
    let unknown = send(&part(&"a".repeat(10_000)));
    assert_eq!(unknown.problem(422), "unknown_part");
    assert!(unknown.text.len() < 1_000, "{}", unknown.text);
    let nameless = send(&part("")).expect(422)["detail"].as_str().unwrap().to_owned();
    assert!(nameless.starts_with("无法识别名为 \"\" 的部分"), "{nameless}");
    let cut = send("--b\r\nConte");
    assert_eq!(cut.problem(400), "bad_multipart");
    assert!(!cut.text.contains("stream"), "{}", cut.text);

    for sheet in ["a".repeat(256), "a%1Bb".to_owned()] {
        let refused = client.start_import_of(&format!("kind=bookings&sheet={sheet}"), "a.csv", b"x", None);
        assert_eq!(refused.problem(422), "bad_mapping");
        assert!(refused.text.len() < 1_000, "{}", refused.text);
    }
    // what nobody could mean is left out like any other column
    let file = format!(
        "customer_member_no,booked_at,\"{}\"\nM1,2025-01-01,x\n",
        ",".repeat(300_000)
    );
    let job = client.import("bookings", file.as_bytes());
    assert_eq!(job["accepted"], 1, "{}", job["failure"]);
    let listed = job["ignored_columns"][0].as_str().unwrap();
    assert_eq!(listed, ",".repeat(200) + "…");
}
