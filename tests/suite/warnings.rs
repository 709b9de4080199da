//! What files say that cannot be read and need not be: cells that are left out, words that say nothing, rows that only add up; and what
//! one reads before a file lands, and after it.

use crate::command_line::run;
use crate::file_habits::start;
use crate::intake::{event, facts};
use posthouse_tests::{Client, Database, root};
use serde_json::{Value, json};
use std::collections::BTreeMap;

on_both_engines!(
    a_row_lands_without_a_bad_optional_cell,
    what_a_row_cannot_do_without_rejects_it,
    words_that_say_nothing_are_no_values,
    corrected_rows_land_and_known_ones_stay,
    warnings_are_kept_to_a_bound_and_counted_beyond,
    the_report_is_the_same_before_and_after,
    reports_are_bounded_whatever_the_file_says,
    families_may_share_a_telephone,
    the_command_line_shows_it_all,
);

pub(crate) fn import(client: &Client, query: &str, file: &str) -> Value {
    let job = client
        .start_import_of(query, "file.csv", file.as_bytes(), None)
        .expect(202);
    client.imported(job["id"].as_str().unwrap())
}

pub(crate) fn counts(job: &Value) -> [i64; 6] {
    ["rows", "accepted", "duplicates", "rejected", "warned", "passed_over"].map(|key| job[key].as_i64().unwrap())
}

pub(crate) type Row = BTreeMap<String, String>;

pub(crate) fn csv_of(client: &Client, job: &Value, name: &str) -> Vec<Row> {
    let answer = client.get(&format!("/api/v1/imports/{}/{name}.csv", job["id"].as_str().unwrap()));
    assert_eq!(answer.status, 200, "{}", answer.text);
    let text = answer.text.trim_start_matches('\u{feff}').to_owned();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(|row| row.unwrap()).collect()
}

/// Row, column, cell and code of each warning.
pub(crate) fn warnings(client: &Client, job: &Value) -> Vec<[String; 4]> {
    let rows = csv_of(client, job, "warnings");
    let cells = |row: Row| ["row", "column", "cell", "code"].map(|key| row[key].clone());
    rows.into_iter().map(cells).collect()
}

fn optional() -> String {
    std::fs::read_to_string(root().join("tests/fixtures/imports/customers.optional.csv")).unwrap()
}

fn a_row_lands_without_a_bad_optional_cell(database: Database) {
    let (_server, client) = start(database);
    let job = import(&client, "kind=customers", &optional());
    assert_eq!(counts(&job), [6, 5, 0, 1, 4, 1], "{job}");
    let expected = [
        ["2", "生日", "88-8-8x", "bad_attribute"],
        ["4", "性别", "?", "bad_attribute"],
        ["4", "接受营销", "也许", "bad_attribute"],
        ["5", "注册日期", "待查", "bad_date"],
        ["6", "生日", "05-8-8", "bad_attribute"],
    ];
    assert_eq!(warnings(&client, &job), expected.map(|row| row.map(str::to_owned)));
    let reasons: Vec<String> = csv_of(&client, &job, "warnings")
        .iter()
        .map(|row| row["reason"].clone())
        .collect();
    assert!(
        reasons[0].starts_with("birth_date \"88-8-8x\" must be a date like 1985-04-23. The row lands without it. "),
        "{reasons:?}"
    );
    let chinese = client
        .try_send(
            "GET",
            &format!("/api/v1/imports/{}/warnings.csv", job["id"].as_str().unwrap()),
            "text/csv",
            b"",
            &[("accept-language", "zh-CN")],
        )
        .unwrap();
    assert!(chinese.text.contains("该行入库时不含这一项"), "{}", chinese.text);

    let all = facts(&client);
    let known = |member: &str, fact: &str| all[member][fact].clone();
    for (member, birth) in [("A1", ""), ("A2", "6794"), ("A3", "6794"), ("A4", "6794"), ("A5", "")] {
        assert_eq!(known(member, "birth-date"), birth, "{member}");
    }
    // what is not known is no consent, and no refusal either
    for (member, consent) in [("A1", "true"), ("A2", ""), ("A3", ""), ("A4", "false"), ("A5", "")] {
        assert_eq!(known(member, "consent-marketing"), consent, "{member}");
    }
    for (member, gender, city) in [
        ("A1", "male", "上海"),
        ("A2", "female", ""),
        ("A3", "", ""),
        ("A4", "", "杭州"),
        ("A5", "", ""),
    ] {
        assert_eq!(
            (known(member, "gender"), known(member, "home-city")),
            (gender.into(), city.into()),
            "{member}"
        );
    }
    // whoever is without a day is a customer since the file came
    for (member, days) in [("A1", "2202"), ("A2", "0"), ("A3", "10"), ("A4", "0"), ("A5", "2202")] {
        assert_eq!(known(member, "customer-since-days"), days, "{member}");
    }
    let errors = csv_of(&client, &job, "errors");
    assert_eq!(
        (errors[0]["row"].as_str(), errors[0]["code"].as_str()),
        ("7", "identity_missing")
    );

    // bookings, with a workbook's habits
    let file = "订单号,会员号,预订日期,出发日期,返回日期,人数,金额,渠道,状态\n\
        B1,M1,2025-05-01,待定,2026-01-05T10:00:00+08:00,两大一小,100,-,\n\
        B2,M2,2025-05-01,2026-01-14T20:00:00Z,2026-01-20 08:00:00 +08:00,2人,100,门店,\n\
        B3,M3,2025-05-01,88-8-8,,0,100,,已付款\n\
        小计,,,,,,300,,\n\
        ,,,,,,300,,\n";
    let job = import(&client, "kind=bookings", file);
    assert_eq!(counts(&job), [4, 3, 0, 1, 2, 1], "{job}");
    let expected = [
        ["2", "出发日期", "待定", "bad_date"],
        ["2", "人数", "两大一小", "bad_travellers"],
        ["4", "出发日期", "88-8-8", "bad_date"],
        ["4", "人数", "0", "bad_travellers"],
    ];
    assert_eq!(warnings(&client, &job), expected.map(|row| row.map(str::to_owned)));
    let all = facts(&client);
    assert_eq!(
        all["M1"]["days-since-return"], "10",
        "a day of RFC 3339 is the agency's"
    );
    assert_eq!(
        (all["M1"]["party-size"].as_str(), all["M1"]["main-channel"].as_str()),
        ("", "")
    );
    // 20:00 in London is four in the morning in Shanghai
    assert_eq!(all["M2"]["lead-time-days"], "259");
    assert_eq!(
        (all["M2"]["party-size"].as_str(), all["M3"]["spend-total"].as_str()),
        ("2", "10000")
    );
}

fn what_a_row_cannot_do_without_rejects_it(database: Database) {
    let (_server, client) = start(database);
    let header = "外部编号,订单号,会员号,手机,预订日期,出发日期,返回日期,金额,成本,币种,本币金额,状态\n";
    let cases = [
        (",B1,M1,,不详,,,1,,,,", "date_missing"),
        (",B1,M1,,88-8-8,,,1,,,,", "bad_date"),
        (",B1,M1,1234,2025-05-01,,,1,,,,", "bad_identity"),
        (",B1,无,-,2025-05-01,,,1,,,,", "identity_missing"),
        (",B1,M1,,2025-05-01,,,约一千,,,,", "bad_amount"),
        (",B1,M1,,2025-05-01,,,1,看情况,,,", "bad_amount"),
        (",B1,M1,,2025-05-01,,,1,,未知,,", "bad_currency"),
        (",B1,M1,,2025-05-01,,,1,,USD,大约,", "bad_amount"),
        (",B1,M1,,2025-05-01,,,1,,,,不详", "bad_status"),
        // nothing, or everything? an empty cell means everything
        (",B1,M1,,2025-05-01,,,-,,,,已退款", "bad_amount"),
        // a mapping says which is the day; then the row lands with it
        (",B1,M1,,2025-05-01,1/5/2025,,1,,,,", "bad_date"),
        // one of them is wrong, and nobody knows which
        (
            ",B1,M1,,2025-05-01,2025-06-02,2025-06-01,1,,,,",
            "returns_before_departs",
        ),
    ];
    let file: String = cases.iter().map(|(row, _)| format!("{row}\n")).collect();
    let job = import(&client, "kind=bookings", &(header.to_owned() + &file));
    assert_eq!(counts(&job), [12, 0, 0, 12, 0, 0], "{job}");
    let codes: Vec<String> = csv_of(&client, &job, "errors")
        .iter()
        .map(|row| row["code"].clone())
        .collect();
    assert_eq!(codes, cases.map(|(_, code)| code.to_owned()));
    assert_eq!(job["report"]["first_rows"], json!([]));
    assert_eq!(client.all("/api/v1/customers").len(), 0);
}

fn words_that_say_nothing_are_no_values(database: Database) {
    let (_server, client) = start(database);
    let words = [
        "不详", "未知", "无", "暂无", "没有", "N/A", "NA", "n/a", "-", "--", "/", "null", "None", "空", "－",
    ];
    let mut file = String::from("会员号,邮箱,姓名,拼音,性别,生日,类型,城市,语言,注册日期,接受营销\n");
    for (n, word) in words.iter().enumerate() {
        let cells = [*word; 8].join(",");
        // a person may be called None, in one column and with one capital
        let name = if *word == "None" { "none" } else { word };
        file += &format!("W{n},{word},{name},{}\n", cells.replacen("None", "none", 1));
    }
    // nobody is known by such a word
    for word in ["无", "N/A", "-", "null"] {
        file += &format!("{word},{word},王五,,,,,,,,\n");
    }
    file += "W90,,Null,Na,,,,无锡,na,,\n";
    let job = import(&client, "kind=customers", &file);
    assert_eq!(counts(&job), [20, 16, 0, 4, 0, 0], "{job}");
    for member in client.all("/api/v1/customers") {
        let expected = match member["member_no"].as_str().unwrap() {
            "W90" => json!({"name": "Null", "name_latin": "Na", "home_city": "无锡", "language": "na"}),
            _ => json!({}),
        };
        assert_eq!(member["profile"], expected, "{member}");
    }
    // bookings whose number is such a word are bookings of their own
    let file =
        "订单号,会员号,预订日期,金额\n-,M1,2025-05-01,1\n-,M2,2025-05-01,2\n无,M3,2025-05-01,3\nnull,M3,2025-05-02,-\n";
    let job = import(&client, "kind=bookings", file);
    assert_eq!(counts(&job), [4, 4, 0, 0, 0, 0], "{job}");
    let all = facts(&client);
    assert_eq!(
        (all["M1"]["spend-total"].as_str(), all["M2"]["spend-total"].as_str()),
        ("100", "200")
    );
    assert_eq!(
        (all["M3"]["trips-total"].as_str(), all["M3"]["spend-total"].as_str()),
        ("2", "300")
    );
}

fn corrected_rows_land_and_known_ones_stay(database: Database) {
    let (_server, client) = start(database);
    let file = optional();
    let first = import(&client, "kind=customers", &file);
    let again = import(&client, "kind=customers", &file);
    assert_eq!(
        counts(&again),
        [6, 0, 5, 1, 4, 1],
        "the same file changes nothing, and says the same: {again}"
    );
    assert_eq!(warnings(&client, &again), warnings(&client, &first));
    assert_eq!(again["report"]["customers_new"], 0);
    let corrected = import(&client, "kind=customers", &file.replace("88-8-8x", "88-8-8"));
    assert_eq!(counts(&corrected), [6, 1, 4, 1, 3, 1], "{corrected}");
    assert_eq!(facts(&client)["A1"]["birth-date"], "6794");

    // a booking without an id is the same whether the cell is bad or blank
    let file = "会员号,预订日期,人数,金额\nM1,2025-05-01,两三人,100\n";
    let job = import(&client, "kind=bookings", file);
    assert_eq!(counts(&job), [1, 1, 0, 0, 1, 0], "{job}");
    let reason = &csv_of(&client, &job, "warnings")[0]["reason"];
    assert!(
        reason.contains("it would be a second booking. Send an event for booking "),
        "{reason}"
    );
    let blank = import(&client, "kind=bookings", &file.replace("两三人", ""));
    assert_eq!(counts(&blank), [1, 0, 1, 0, 0, 0], "{blank}");
    // with one it is corrected by the row itself, and one with an id of the row by an event
    let file = "订单号,会员号,预订日期,人数,金额\nB1,M2,2025-05-01,两三人,100\n";
    assert_eq!(counts(&import(&client, "kind=bookings", file))[4], 1);
    let corrected = import(&client, "kind=bookings", &file.replace("两三人", "2人"));
    assert_eq!(counts(&corrected), [1, 1, 0, 0, 0, 0], "{corrected}");
    let all = facts(&client);
    assert_eq!(
        ["trips-total", "spend-total", "party-size"].map(|fact| all["M2"][fact].as_str()),
        ["1", "10000", "2"]
    );
    let file = "外部编号,会员号,预订日期,人数,金额\nX1,M3,2025-05-01,两三人,100\n";
    let job = import(&client, "kind=bookings", file);
    let reason = &csv_of(&client, &job, "warnings")[0]["reason"];
    assert!(
        reason.contains("known by its external_id from now on; send an event for booking X1"),
        "{reason}"
    );
    let corrected = json!({"booking_id": "X1", "travellers": 2});
    let member = [("member_no", "M3")];
    let sent = client.events(&[event(
        "booking.confirmed",
        "e1",
        "2026-01-15T09:00:00+08:00",
        &member,
        corrected,
    )]);
    assert_eq!(sent["accepted"], 1, "{sent}");
    assert_eq!(facts(&client)["M3"]["party-size"], "2");
}

fn warnings_are_kept_to_a_bound_and_counted_beyond(database: Database) {
    let (_server, client) = start(database);
    let columns = 50;
    let mut header = String::from("member_no");
    for n in 0..columns {
        let path = format!("/api/v1/attributes/own{n}");
        let title = json!({"zh-CN": "栏", "en": "Field"});
        let answer = client.put(
            &path,
            &json!({"kind": "count", "title": title, "sensitivity": "ordinary"}),
        );
        assert!(answer.status < 300, "{}", answer.text);
        header += &format!(",attr.own{n}");
    }
    let rows = 2_010;
    let file: String = (0..rows).map(|n| format!("M{n}{}\n", ",x".repeat(columns))).collect();
    let job = import(&client, "kind=customers", &format!("{header}\n{file}"));
    assert_eq!(counts(&job), [rows, rows, 0, 0, rows, 0], "{}", job["failure"]);
    assert_eq!(job["report"]["cells_left_out"], 100_500);
    assert_eq!(
        warnings(&client, &job).len(),
        100_000,
        "the first of them can be fetched"
    );
    let group = &job["report"]["warnings"][49];
    assert_eq!(
        (&group["column"], &group["rows"]),
        (&json!("attr.own49"), &json!(rows)),
        "all are counted"
    );
    assert!(facts(&client)["M0"]["attr.own0"].is_empty());
}

fn the_report_is_the_same_before_and_after(database: Database) {
    let (_server, client) = start(database);
    import(
        &client,
        "kind=bookings",
        "订单号,会员号,预订日期,金额\nB0,M0,2025-01-01,1\nB00,M0,2025-01-01,1\n",
    );
    let mut file = String::from("订单号,会员号,手机,姓名,预订日期,金额,币种,本币金额,状态,备注\n");
    file += "B1,M1,13800138000,李伟,2025-02-12 14:30,\"12,800\",,,已付款,甲\n";
    file += "B2,M2,,王芳,2025年3月1日,100.5,USD,720,,\n";
    file += "B3,,,,2025-03-02,5,,,,\n";
    file += "B4,M0,,,2025-03-02,,,,,\n";
    file += "B5,M5,13800138000,,2025-03-02,5,,,,\n";
    // beyond one slice, so that people and bookings come again in another
    for n in 0..1_200 {
        file += &format!("C{},N{},,客{n},2025-0{}-05,{n}.25,,,,\n", n % 800, n % 400, 4 + n / 400);
    }
    file += "B0,M0,,,2025-01-01,2,,,,\n合计,,,,,999,,,,\n";
    let dry = import(&client, "kind=bookings&dry_run=true", &file);
    assert_eq!(counts(&dry), [1_206, 1_204, 0, 2, 0, 1], "{dry}");
    let report = &dry["report"];
    assert_eq!(
        ["customers_new", "customers_joined", "bookings_new", "bookings_changed"]
            .map(|key| report[key].as_i64().unwrap()),
        [402, 1, 803, 1],
        "{report}"
    );
    assert_eq!(
        report["first_rows"][0],
        json!({"row": 2, "fields": [
            {"field": "external_id", "value": report["first_rows"][0]["fields"][0]["value"]},
            {"field": "customer_member_no", "value": "M1"},
            {"field": "customer_phone", "value": "+8613800138000"},
            {"field": "booking_id", "value": "B1"},
            {"field": "booked_at", "value": "2025-02-12 14:30"},
            {"field": "status", "value": "paid"},
            {"field": "amount", "value": "CNY 12,800.00"},
            {"field": "customer_name", "value": "李伟"},
        ]})
    );
    let second = report["first_rows"][1]["fields"].to_string();
    for value in ["\"2025-03-01\"", "\"USD 100.50\"", "\"CNY 720.00\"", "\"confirmed\""] {
        assert!(second.contains(value), "{value}: {second}");
    }
    assert_eq!(report["first_rows"].as_array().unwrap().len(), 3);
    assert_eq!(
        report["first_rows"][2]["row"], 5,
        "rejected rows are not shown as understood"
    );
    assert_eq!(report["names"], json!(["李伟", "王芳", "客0", "客1", "客2"]));
    assert_eq!(
        (&report["first_day"], &report["last_day"]),
        (&json!("2025-01-01"), &json!("2025-06-05"))
    );
    let cents = |from: i64, to: i64| (from..to).map(|n| n * 100 + 25).sum::<i64>();
    let total = |month: Option<&str>, currency: &str, rows: i64, amount: i64| json!({"month": month, "currency": currency, "rows": rows, "amount": amount});
    assert_eq!(
        report["months"],
        json!([
            total(Some("2025-01"), "CNY", 1, 200),
            total(Some("2025-02"), "CNY", 1, 1_280_000),
            total(Some("2025-03"), "CNY", 1, 0),
            total(Some("2025-03"), "USD", 1, 10_050),
            total(Some("2025-04"), "CNY", 400, cents(0, 400)),
            total(Some("2025-05"), "CNY", 400, cents(400, 800)),
            total(Some("2025-06"), "CNY", 400, cents(800, 1_200)),
        ])
    );
    assert_eq!(
        report["totals"],
        json!([
            total(None, "CNY", 1_203, 1_280_200 + cents(0, 1_200)),
            total(None, "USD", 1, 10_050)
        ])
    );
    assert_eq!(dry["ignored_columns"], json!(["备注"]));
    let real = import(&client, "kind=bookings", &file);
    assert_eq!(counts(&real), counts(&dry));
    assert_eq!(real["report"], dry["report"]);
    assert_eq!(real["reading"], dry["reading"]);
    let known = import(&client, "kind=bookings", &file);
    assert_eq!(counts(&known), [1_206, 0, 1_204, 2, 0, 1], "{known}");
    assert_eq!(
        ["customers_new", "customers_joined", "bookings_new", "bookings_changed"]
            .map(|key| known["report"][key].as_i64()),
        [Some(0); 4]
    );
    assert_eq!(
        known["report"]["months"], real["report"]["months"],
        "the file says what it said"
    );
}

fn reports_are_bounded_whatever_the_file_says(database: Database) {
    let (_server, client) = start(database);
    let long = "长".repeat(150);
    let mut file = format!("会员号,姓名,预订日期,金额,币种,本币金额,{long},产品\n");
    let mut rows = 0;
    for month in 0..600 {
        let (year, month) = (1950 + month / 12, month % 12 + 1);
        file += &format!("M{rows},{long},{year}-{month:02}-01,1,,,x,{long}\n");
        rows += 1;
    }
    for n in 0..60u8 {
        let code = String::from_utf8(vec![b'A' + n / 26, b'A' + n % 26, b'X']).unwrap();
        file += &format!("M{rows},,2025-01-01,1,{code},1,x,\n");
        rows += 1;
    }
    let job = import(&client, "kind=bookings", &file);
    assert_eq!(counts(&job), [rows, rows, 0, 0, 0, 0], "{job}");
    let report = &job["report"];
    let months = report["months"].as_array().unwrap();
    assert_eq!(months.len(), 241);
    let sum = |totals: &Value| {
        totals
            .as_array()
            .unwrap()
            .iter()
            .map(|total| total["rows"].as_i64().unwrap())
            .sum::<i64>()
    };
    assert_eq!(
        (sum(&report["months"]), sum(&report["totals"])),
        (rows, rows),
        "every row is in one of them"
    );
    assert_eq!(
        (&months[0]["month"], &months[0]["currency"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(report["totals"].as_array().unwrap().len(), 31);
    assert!(report.to_string().len() < 60_000, "{}", report.to_string().len());
}

fn families_may_share_a_telephone(database: Database) {
    let (_server, client) = start(database);
    let file = "会员号,手机,邮箱,姓名\n\
        M1,13800138000,home@example.com,李伟\n\
        M2,13800138000,,王芳\n\
        M3,,home@example.com,李小\n\
        M4,13900139000,,赵六\n\
        M4,13800138000,,赵六\n";
    let job = import(&client, "kind=customers", file);
    assert_eq!(counts(&job), [5, 2, 0, 3, 0, 0], "{job}");
    let errors = csv_of(&client, &job, "errors");
    let reasons: Vec<&str> = errors.iter().map(|row| row["reason"].as_str()).collect();
    assert!(
        errors.iter().all(|row| row["code"] == "identity_conflict"),
        "{errors:?}"
    );
    assert_eq!(
        reasons,
        [
            "phone 13800138000 belongs to a customer with member_no M1, and member_no M2 is new. If two people share phone 13800138000, as families do, send the record without it and link the two customers (PUT /api/v1/customers/{id}/links/family/{other}); if it is the same person, send it without member_no M2",
            "email home@example.com belongs to a customer with member_no M1, and member_no M3 is new. If two people share email home@example.com, as families do, send the record without it and link the two customers (PUT /api/v1/customers/{id}/links/family/{other}); if it is the same person, send it without member_no M3",
            "member_no M4 and phone 13800138000 belong to two customers. If they share phone 13800138000, as families do, send the record without it and link the two (PUT /api/v1/customers/{id}/links/family/{other}); if they are one person, send it again once the two are one customer",
        ]
    );
    let dry = import(&client, "kind=customers&dry_run=true", "会员号,手机\nM9,13800138000\n");
    assert!(
        dry["report"]["rejections"][0]["examples"][0]["detail"]
            .as_str()
            .unwrap()
            .contains("customer with member_no M1")
    );

    // two passports on one telephone; their numbers are not repeated
    let traveller = |id: &str, passport: &str| {
        let known = [("phone", "13700137000"), ("passport", passport)];
        event("contact.made", id, "2026-01-14T09:00:00+08:00", &known, json!({}))
    };
    let sent = client.events(&[traveller("p1", "E12345678"), traveller("p2", "E87654321")]);
    let detail = sent["rejected"][0]["detail"].as_str().unwrap();
    assert!(
        detail.contains("phone 13700137000 belongs to a customer with another passport, and the passport is new. If two people share"),
        "{detail}"
    );
    assert!(!detail.contains("E8765") && !detail.contains("E1234"), "{detail}");

    // what the message says to do is possible
    let job = import(&client, "kind=customers", "会员号,姓名\nM2,王芳\n");
    assert_eq!(counts(&job), [1, 1, 0, 0, 0, 0]);
    let id = |member: &str| {
        let found = client.get(&format!("/api/v1/customers?q={member}")).expect(200);
        found["items"][0]["id"].as_str().unwrap().to_owned()
    };
    let linked = client.put(
        &format!("/api/v1/customers/{}/links/family/{}", id("M1"), id("M2")),
        &json!({}),
    );
    assert_eq!(linked.expect(200)["items"][0]["kind"], "family");

    // another's booking is no family matter
    client.import("bookings", "订单号,会员号,预订日期\nB1,M1,2025-05-01\n".as_bytes());
    let job = import(&client, "kind=bookings", "订单号,会员号,预订日期\nB1,M2,2025-05-02\n");
    let reason = &csv_of(&client, &job, "errors")[0]["reason"];
    assert!(
        reason.starts_with("booking B1 is recorded for another customer than member_no M2."),
        "{reason}"
    );
}

fn the_command_line_shows_it_all(database: Database) {
    let (server, client) = start(database);
    let file = server.folder.path().join("members.csv");
    let path = file.to_str().unwrap();
    std::fs::write(&file, optional().replace("-,周己,1990-01-01,男,是,,,\n", "")).unwrap();
    let dry = run(&server, &client, &["import", "customers", path, "--dry-run"]);
    let said = String::from_utf8(dry.stdout).unwrap();
    assert_eq!(dry.status.code(), Some(0), "warnings reject nothing: {said}");
    for part in [
        "5 rows. 5 would land, 0 known before, 0 would be rejected. Nothing was written.",
        "Rows with a warning: 4.",
        "Rows that only add up others, passed over: 1.",
        "Read as CSV, UTF-8, commas, headers in row 1.",
        "  header    understood as             row 2       row 3       row 4",
        "  生日      birth_date                            1988-08-08  1988-08-08",
        "  备注      not understood, left out",
        "Customers: 5 new, 0 updated. Customers since 2020-01-05 to 2026-01-05.",
        "  生日: bad_attribute, rows: 2",
        "members.csv.warnings.csv has the warnings, each with its reason and what to do.",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    let warned = std::fs::read_to_string(format!("{path}.warnings.csv")).expect("the warnings lie beside the file");
    assert!(warned.contains("2,生日,88-8-8x,bad_attribute,"), "{warned}");
    let real = run(&server, &client, &["--json", "import", "customers", path]);
    let document: Value = serde_json::from_slice(&real.stdout).expect("one document");
    assert_eq!(real.status.code(), Some(0));
    assert_eq!(
        document["warning_file"],
        json!(format!("{path}.warnings.csv")),
        "it is the same file"
    );
    assert_eq!(
        (&document["warned"], &document["error_file"]),
        (&json!(4), &Value::Null)
    );
    assert_eq!(document["report"]["names"], json!(["赵甲", "钱乙", "孙丙", "李戊"]));
    let chinese = run(&server, &client, &["--lang", "zh-CN", "import", "customers", path]);
    let said = String::from_utf8(chinese.stdout).unwrap();
    assert!(said.contains("共 5 行。0 行已入库，5 行已有，0 行未通过。"), "{said}");
}
