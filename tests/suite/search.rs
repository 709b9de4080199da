//! Finding customers, and the order of members.

use super::intake::event;
use super::segments::bind;
use posthouse_tests::guest::Guest;
use posthouse_tests::{Client, Database, Options, Server};
use serde_json::{Value, json};

on_both_engines!(
    several_words_have_to_fit_each,
    a_name_is_found_by_every_way_to_spell_it,
    members_come_by_score_or_as_asked,
);

fn start(database: Database) -> (Server, Client) {
    let server = Server::start(
        database,
        Options {
            clock: Some("fixed:2026-01-15T04:00:00Z"),
            ..Options::default()
        },
    );
    let client = server.agency("desk");
    (server, client)
}

fn person(client: &Client, member: &str, phone: &str, name: &str) {
    let mut identities = vec![json!({"kind": "member_no", "value": member})];
    if !phone.is_empty() {
        identities.push(json!({"kind": "phone", "value": phone}));
    }
    client
        .post("/api/v1/customers", &json!({"identities": identities, "name": name}))
        .expect(201);
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Member numbers of those who are found, in order, read page by page.
fn found(client: &Client, q: &str) -> String {
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = client
            .get(&format!("/api/v1/customers?q={}&limit=2{cursor}", encoded(q)))
            .expect(200);
        let items = page["items"].as_array().unwrap();
        all.extend(items.iter().map(|item| item["member_no"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all.join(" "),
        }
    }
}

fn several_words_have_to_fit_each(database: Database) {
    let (_server, client) = start(database);
    person(&client, "A1", "13800138001", "李伟");
    person(&client, "A2", "13900139002", "李伟");
    person(&client, "A3", "13700008001", "王芳");
    person(&client, "A4", "13680015555", "刘文");
    person(&client, "A5", "13512345678", "LI WEI");
    person(&client, "A6", "13412345678", "Wei Lin");
    person(&client, "VIP-8001", "13312345678", "赵敏");
    for (q, expected) in [
        ("李伟 8001", "A1"),
        ("8001 李伟", "A1"),
        ("lw 8001", "A1 A4"),
        ("liwei 8001", "A1"),
        ("li wei 8001", "A1"),
        ("ＬＷ　８００１", "A1 A4"),
        ("伟 139", "A2"),
        ("wang 8001", "A3"),
        // the whole number of 刘文, whose initials are the same
        ("lw 13680015555", "A4"),
        ("赵 8001", "VIP-8001"),
        ("敏 vip", "VIP-8001"),
        ("李伟 9999", ""),
        ("李伟 王芳", ""),
        // the whole name, then what begins so; then both words, wherever they are
        ("li wei", "A1 A2 A5 A6"),
        ("wei li", "A6 A5 A1 A2"),
        // the end of a number, then the middle
        ("8001", "A1 A3 VIP-8001 A4"),
        ("138 0013 8001", "A1"),
        ("+86 138-0013-8001", "A1"),
    ] {
        assert_eq!(found(&client, q), expected, "{q}");
    }
    let page = client
        .get(&format!("/api/v1/customers?q={}", encoded("李伟 8001")))
        .expect(200);
    let item = &page["items"][0];
    assert_eq!(
        (&item["name"], &item["phone"], &item["member_no"]),
        (&json!("李伟"), &json!("+86138****8001"), &json!("A1"))
    );
    assert_eq!(client.get("/api/v1/customers?q=a+b+c+d+e+f+g").problem(422), "bad_q");
    // of several numbers the one that was asked for is shown
    person(&client, "B1", "15000001111", "何强");
    let path = format!(
        "/api/v1/customers/{}",
        client.get("/api/v1/customers?q=B1").expect(200)["items"][0]["id"]
            .as_str()
            .unwrap()
    );
    client
        .patch(
            &path,
            &json!({"identities": [{"kind": "phone", "value": "15000002222"}]}),
        )
        .expect(200);
    for (q, phone) in [
        ("2222", "+86150****2222"),
        ("1111", "+86150****1111"),
        ("何强 2222", "+86150****2222"),
        ("何强", "+86150****1111"),
    ] {
        let page = client.get(&format!("/api/v1/customers?q={}", encoded(q))).expect(200);
        assert_eq!(page["items"][0]["phone"], phone, "{q}");
    }
}

fn a_name_is_found_by_every_way_to_spell_it(database: Database) {
    let (_server, client) = start(database);
    let people = [
        ("吕布", &["lü", "lv", "lyu", "lu", "lübu", "lvbu", "lb"][..]),
        ("费玉", &["fei", "bi", "feiyu", "biyu"]),
        ("曾乐", &["zeng", "zengle", "zengyue"]),
        ("单雄", &["shan", "shanxiong"]),
        ("仇英", &["qiu", "qiuying"]),
        ("查良", &["zha", "zhaliang"]),
        ("区桃", &["ou", "outao"]),
        ("尉迟恭", &["yuchi", "ycg"]),
        ("万俟卨", &["moqi"]),
        ("张\u{200b}三", &["张三", "zhangsan", "zs"]),
        ("ＷＡＮＧ　Ｗｕ", &["wang wu", "wangwu", "ww"]),
        ("Jose\u{301} Díaz", &["josé", "jose", "diaz", "DÍAZ", "josediaz"]),
        ("\u{202e}Anna\u{202c}", &["anna"]),
    ];
    for (number, (name, _)) in people.iter().enumerate() {
        person(&client, &format!("P{number:02}"), "", name);
    }
    for (number, (name, spellings)) in people.iter().enumerate() {
        for spelling in *spellings {
            assert!(
                found(&client, spelling).contains(&format!("P{number:02}")),
                "{name:?} by {spelling}"
            );
        }
    }
    // by the surname's own reading before the other one
    person(&client, "D1", "", "单丹");
    person(&client, "D2", "", "但丁");
    assert_eq!(found(&client, "dan"), "D2 D1 P03");
    assert_eq!(found(&client, "shan"), "P03 D1");
}

fn members_come_by_score_or_as_asked(database: Database) {
    let (_server, client) = start(database);
    for (member, trips, name) in [
        ("M1", 2, "丁"),
        ("M2", 3, "Bo"),
        ("M3", 1, ""),
        ("M4", 3, "陈"),
        ("M5", 2, "an"),
    ] {
        let events: Vec<Value> = (0..trips)
            .map(|trip| {
                let id = format!("{member}-{trip}");
                let mut event = event(
                    "booking.confirmed",
                    &id,
                    "2026-01-10T10:00:00+08:00",
                    &[("member_no", member)],
                    json!({"amount": 100}),
                );
                if !name.is_empty() {
                    event["customer"]["name"] = json!(name);
                }
                event
            })
            .collect();
        client.events(&events);
    }
    let guest = Guest {
        score_title: Some(("出行次数".into(), "trips".into())),
        ..Guest::default()
    };
    bind(&client, "visits", &guest.build(), json!({}));
    let path = "/api/v1/segments/visits.rare/members";
    let members = |sort: &str| {
        let mut all = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = client.get(&format!("{path}?limit=2{sort}{cursor}")).expect(200);
            assert_eq!(
                page["score_title"],
                json!({"zh-CN": "出行次数", "en": "trips"}),
                "{page}"
            );
            all.extend(
                page["items"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|member| member["member_no"].as_str().unwrap().to_owned()),
            );
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return all.join(" "),
            }
        }
    };
    assert_eq!(members(""), "M2 M4 M1 M5 M3");
    assert_eq!(members("&sort=score"), "M2 M4 M1 M5 M3");
    assert_eq!(members("&sort=joined"), "M1 M2 M3 M4 M5");
    assert_eq!(
        members("&sort=name"),
        "M5 M2 M1 M4 M3",
        "in the order of letters, the nameless last"
    );
    // somebody who comes later comes first by `since`
    let late = event(
        "booking.confirmed",
        "late",
        "2026-01-11T10:00:00+08:00",
        &[("member_no", "M6")],
        json!({"amount": 100}),
    );
    client.events(&[late]);
    posthouse_tests::eventually("the newcomer is there", std::time::Duration::from_secs(10), || {
        (members("&sort=joined") == "M1 M2 M3 M4 M5 M6").then_some(())
    });
    assert!(members("&sort=score").ends_with("M3 M6"));
    // a page goes on where it ended, whatever moved meanwhile
    let first = client.get(&format!("{path}?limit=2")).expect(200);
    let more = event(
        "booking.confirmed",
        "more",
        "2026-01-11T10:00:00+08:00",
        &[("member_no", "M6")],
        json!({"amount": 100}),
    );
    client.events(&[more]);
    let next = first["next"].as_str().unwrap();
    let second = client.get(&format!("{path}?limit=2&cursor={next}")).expect(200);
    let second: Vec<&str> = second["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| member["member_no"].as_str().unwrap())
        .collect();
    assert_eq!(second, ["M1", "M5"]);
    assert_eq!(
        client.get(&format!("{path}?sort=name&cursor={next}")).problem(422),
        "bad_cursor"
    );
    assert_eq!(client.get(&format!("{path}?sort=fame")).problem(422), "bad_sort");
    assert_eq!(
        client.get(&format!("{path}?sort=score&as_of=2026-01-15")).problem(422),
        "sort_not_with_as_of"
    );
    let past = client.get(&format!("{path}?as_of=2026-01-15")).expect(200);
    assert_eq!(
        (&past["sort"], &past["score_title"], &past["items"][0]["score"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    // of a rule that does not say what its scores count
    bind(
        &client,
        "older",
        &Guest {
            name: "older".into(),
            ..Guest::default()
        }
        .build(),
        json!({}),
    );
    let older = client.get("/api/v1/segments/older.rare/members").expect(200);
    assert_eq!(
        (&older["score_title"], &older["items"][0]["member_no"]),
        (&Value::Null, &json!("M2"))
    );
}
