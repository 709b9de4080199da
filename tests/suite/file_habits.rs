//! What people do with files without a thought: units in headers, second telephones, stray quotes, separators at the end of every line,
//! error files sent again as they are, cells that spreadsheets would run.

use crate::intake::facts;
use posthouse_tests::{Client, Database, Options, Server};
use serde_json::{Value, json};
use std::collections::BTreeMap;

on_both_engines!(
    units_in_headers_count,
    what_a_unit_contradicts_is_rejected,
    notes_make_other_columns,
    a_second_telephone_is_theirs_as_well,
    a_shared_telephone_joins_nobody,
    a_stray_quote_swallows_no_row,
    cells_of_several_lines_are_one_however_they_end,
    separators_at_the_end_of_every_line,
    an_error_file_sent_again_stays_rejected,
    what_leaves_runs_nothing_and_comes_back,
);

const NOON: &str = "fixed:2026-01-15T04:00:00Z"; // noon in Shanghai

pub(crate) fn start(database: Database) -> (Server, Client) {
    let options = Options {
        clock: Some(NOON),
        ..Options::default()
    };
    let server = Server::start(database, options);
    let client = server.agency("shop");
    (server, client)
}

fn import(client: &Client, query: &str, file: &str, mapping: Option<&str>) -> Value {
    let job = client
        .start_import_of(query, "a.csv", file.as_bytes(), mapping)
        .expect(202);
    client.imported(job["id"].as_str().unwrap())
}

fn bookings(client: &Client, file: &str) -> Value {
    import(client, "kind=bookings", file, None)
}

/// Rows that landed, were known, were rejected.
fn counts(job: &Value) -> (i64, i64, i64) {
    let count = |key: &str| job[key].as_i64().unwrap();
    (count("accepted"), count("duplicates"), count("rejected"))
}

fn error_file(client: &Client, job: &Value) -> String {
    let answer = client.get(&format!("/api/v1/imports/{}/errors.csv", job["id"].as_str().unwrap()));
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.text
}

fn errors(client: &Client, job: &Value) -> Vec<BTreeMap<String, String>> {
    let text = error_file(client, job);
    let text = text.trim_start_matches('\u{feff}');
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .map(|row| row.unwrap())
        .collect()
}

fn codes(client: &Client, job: &Value) -> Vec<(String, String)> {
    let rows = errors(client, job).into_iter();
    rows.map(|mut row| (row.remove("row").unwrap(), row.remove("code").unwrap()))
        .collect()
}

fn spent(client: &Client, member: &str) -> String {
    facts(client)[member]["spend-total"].clone()
}

fn units_in_headers_count(database: Database) {
    let (server, _) = start(database);
    for (place, (header, amount, expected)) in [
        ("订单金额（万元）", "1.28", "1280000"),
        ("订单金额（千元）", "12.8", "1280000"),
        ("订单金额（百元）", "128", "1280000"),
        ("金额（万）", "1.28", "1280000"),
        ("*金额（单位：万元）（必填）", "1.28", "1280000"),
        ("金额/万元", "1.28", "1280000"),
        ("金额 万元", "1.28", "1280000"),
        ("金额:元", "\"12,800.00\"", "1280000"),
        ("金额（分）", "1280000", "1280000"),
        ("amount (k)", "12.8", "1280000"),
        ("Amount in CNY", "¥12800", "1280000"),
        ("金额（亿元）", "0.000128", "1280000"),
    ]
    .into_iter()
    .enumerate()
    {
        let client = server.agency(&format!("unit-{place}"));
        let job = bookings(&client, &format!("会员号,下单日期,{header}\nM1,2025-06-01,{amount}\n"));
        assert_eq!(counts(&job), (1, 0, 0), "{header}: {job}");
        assert_eq!(spent(&client, "M1"), expected, "{header}");
        assert_eq!(job["ignored_columns"], json!([]), "{header}");
    }
    let client = server.agency("reading");
    let job = bookings(
        &client,
        "会员号,下单日期,订单金额（万元）,成本（千元）\nM1,2025-06-01,1.28,9.5\n",
    );
    let columns = job["reading"]["columns"].as_array().unwrap();
    assert_eq!(columns[2]["unit"], json!({"tens": 4, "currency": "CNY"}), "{job}");
    assert_eq!(columns[3]["unit"], json!({"tens": 3, "currency": "CNY"}), "{job}");
    assert_eq!(columns[0]["unit"], Value::Null);
    // the same row below a header without a unit is the same row
    let plain = "会员号,下单日期,订单金额,成本\nM1,2025-06-01,12800.00,\"9,500\"\n";
    assert_eq!(counts(&bookings(&client, plain)), (0, 1, 0));

    // columns that a mapping names, and attributes of money
    let client = server.agency("mapped");
    let body = json!({"kind": "money", "title": {"en": "deposit", "zh-CN": "押金"}, "sensitivity": "ordinary"});
    client.put("/api/v1/attributes/deposit", &body).expect(200);
    let file = "会员号,下单日期,实付（万元）,attr.deposit（千元）\nM1,2025-06-01,1.28,2.5\n";
    let job = import(
        &client,
        "kind=bookings",
        file,
        Some("[columns]\namount = \"实付（万元）\""),
    );
    assert_eq!(counts(&job), (1, 0, 0), "{job}");
    let known = facts(&client);
    assert_eq!(
        (
            known["M1"]["spend-total"].as_str(),
            known["M1"]["attr.deposit"].as_str()
        ),
        ("1280000", "250000")
    );
    let job = import(&client, "kind=bookings", file, Some("[columns]\namount = \"下单日期\""));
    assert_eq!(job["state"], "failed", "{job}");
    let half = file.replace("实付（万元）", "实付（万两）");
    let job = import(
        &client,
        "kind=bookings",
        &half,
        Some("[columns]\namount = \"实付（万两）\""),
    );
    assert_eq!(job["failure"]["code"], "unknown_unit", "{job}");
}

fn what_a_unit_contradicts_is_rejected(database: Database) {
    let (_server, client) = start(database);
    for (header, rows, expected) in [
        // another currency needs the amount in the agency's own
        ("金额（美元）", "100", "currency_needs_base"),
        ("金额（USD）", "100", "currency_needs_base"),
        ("Amount (k EUR)", "1.5", "currency_needs_base"),
        ("金额（日元）", "100", "currency_needs_base"),
        ("金额（港币）", "100", "currency_needs_base"),
        // which dollar?
        ("金额（$）", "100", "currency_differs"),
        ("金额（美元）", "€100", "currency_differs"),
        ("金额（元）", "$100", "currency_differs"),
        // a hundredth of a fen
        ("金额（万元）", "1.2345678", "bad_amount"),
        ("金额（分）", "100.5", "bad_amount"),
        ("金额（万元）", "1.28万", "unit_differs"),
        ("金额（万元）", "12800元", "unit_differs"),
        ("金额（万元）", "-1", "negative_amount"),
        ("金额（万元）", "99999999999", "bad_amount"),
    ] {
        let job = bookings(&client, &format!("会员号,下单日期,{header}\nM1,2025-06-01,{rows}\n"));
        assert_eq!(
            codes(&client, &job),
            [("2".to_owned(), expected.to_owned())],
            "{header} {rows}: {job}"
        );
    }
    for (header, row, expected) in [
        ("金额（元）,币种", "100,USD", "currency_differs"),
        ("金额（美元）,币种", "100,CNY", "currency_differs"),
        ("金额（万美元）,成本（元）", "1,5", "currency_differs"),
    ] {
        let job = bookings(&client, &format!("会员号,下单日期,{header}\nM1,2025-06-01,{row}\n"));
        assert_eq!(
            codes(&client, &job),
            [("2".to_owned(), expected.to_owned())],
            "{header} {row}: {job}"
        );
    }
    assert_eq!(client.all("/api/v1/customers").len(), 0);
    // with the amount in the agency's currency they land
    for (member, header, row) in [
        ("M2", "金额（万美元）,本币金额（万元）", "1,7.2"),
        ("M3", "金额（$）,币种,本币金额", "10000,USD,72000"),
        ("M4", "Amount in USD,amount_base", "10000,72000"),
    ] {
        let job = bookings(
            &client,
            &format!("会员号,下单日期,{header}\n{member},2025-06-01,{row}\n"),
        );
        assert_eq!(counts(&job), (1, 0, 0), "{job}");
        assert_eq!(spent(&client, member), "7200000", "{header}");
    }
}

fn notes_make_other_columns(database: Database) {
    let (_server, client) = start(database);
    let file = "会员号,下单日期,手机(紧急联系人),人数（儿童）,金额（定金）,金额（桶）,成本（积分）,姓名（同行人）\n\
        M1,2025-06-01,13800138000,3,500,7,9,王芳\n";
    let job = bookings(&client, file);
    assert_eq!(counts(&job), (1, 0, 0), "{job}");
    assert_eq!(
        job["ignored_columns"],
        json!([
            "手机(紧急联系人)",
            "人数（儿童）",
            "金额（定金）",
            "金额（桶）",
            "成本（积分）",
            "姓名（同行人）"
        ])
    );
    let known = facts(&client);
    assert_eq!(known["M1"]["spend-total"], "0", "{known:?}");
    assert_eq!(
        client.get("/api/v1/customers?q=13800138000").expect(200)["items"],
        json!([])
    );
    // harmless notes go on being understood, and the notes of the columns beside them do not disturb
    let file = "*会员号（唯一）,下单日期（yyyy-mm-dd）,手机（必填，11位）,手机（家属）,人数（人）,金额（元）,金额（已退）\n\
        M2,2025-06-01,13800138001,13900139000,2,500,100\n";
    let job = bookings(&client, file);
    assert_eq!(counts(&job), (1, 0, 0), "{job}");
    assert_eq!(job["ignored_columns"], json!(["手机（家属）", "金额（已退）"]));
    assert_eq!(spent(&client, "M2"), "50000");
    // a header may say how its dates are written, and on whose clocks times are
    let file = "会员号,下单时间（UTC）,出发日期(dd/mm/yyyy),金额\nM3,2026-01-04 20:00,1/5/2026,1\n";
    let job = bookings(&client, file);
    assert_eq!(counts(&job), (1, 0, 0), "{job}");
    assert_eq!(facts(&client)["M3"]["recency-days"], "10", "it was the 5th in Shanghai");
    assert_eq!(
        bookings(&client, "手机（家属）,下单日期\n13800138002,2025-06-01\n")["failure"]["code"],
        "headers_missing"
    );
}

/// The one customer whom a search finds.
fn found(client: &Client, text: &str) -> Value {
    let items = client.get(&format!("/api/v1/customers?q={text}")).expect(200)["items"].clone();
    assert_eq!(items.as_array().unwrap().len(), 1, "{text}: {items}");
    items[0]["id"].clone()
}

fn a_second_telephone_is_theirs_as_well(database: Database) {
    let (_server, client) = start(database);
    let file = "会员号,手机,电话,邮箱,电子邮箱\n\
        M1,13800138000,010-65529988,a@example.com,b@example.com\n\
        M2,,13800138001,,c@example.com\n\
        M3,13800138002,13800138002,,\n";
    let job = import(&client, "kind=customers", file, None);
    assert_eq!(counts(&job), (3, 0, 0), "{job}");
    assert_eq!(job["ignored_columns"], json!([]));
    let first = found(&client, "13800138000");
    for text in ["01065529988", "a@example.com", "b@example.com"] {
        assert_eq!(found(&client, text), first, "{text}");
    }
    assert_ne!(found(&client, "13800138001"), first);
    // each of them is known from now on
    let file = "手机,预订日期,金额\n010-65529988,2025-06-01,100\n13800138001,2025-06-01,200\n";
    assert_eq!(counts(&bookings(&client, file)), (2, 0, 0));
    assert_eq!(
        (spent(&client, "M1"), spent(&client, "M2")),
        ("10000".into(), "20000".into())
    );
    // a row with both known is one of theirs
    let file = "联系电话,手机,预订日期,金额\n010-65529988,13800138000,2025-07-01,50\n";
    assert_eq!(counts(&bookings(&client, file)), (1, 0, 0));
    assert_eq!(spent(&client, "M1"), "15000");
    // any other field only once
    let twice = bookings(&client, "手机,预订日期,下单日期\n1,2,3\n");
    assert_eq!(twice["failure"]["code"], "header_twice", "{twice}");
}

fn a_shared_telephone_joins_nobody(database: Database) {
    let (_server, client) = start(database);
    // an office's line in the second column
    let file = "手机,电话,姓名\n\
        13800138000,010-65529988,李伟\n\
        13800138001,010-65529988,王芳\n\
        13800138002,,张敏\n";
    for dry in ["&dry_run=true", ""] {
        let job = import(&client, &format!("kind=customers{dry}"), file, None);
        assert_eq!(counts(&job), (2, 0, 1), "{job}");
        let rows = errors(&client, &job);
        assert_eq!(
            (rows[0]["row"].as_str(), rows[0]["code"].as_str()),
            ("3", "identity_conflict")
        );
        for word in ["010-65529988", "second phone", "mapping"] {
            assert!(rows[0]["reason"].contains(word), "{}", rows[0]["reason"]);
        }
    }
    assert_ne!(found(&client, "13800138000"), found(&client, "13800138002"));
    assert_eq!(
        client.get("/api/v1/customers?q=13800138001").expect(200)["items"],
        json!([])
    );
    // known people whose second telephone is another's stay apart
    let file = "手机,电话\n13800138002,13800138000\n";
    let job = import(&client, "kind=customers", file, None);
    assert_eq!(codes(&client, &job), [("2".to_owned(), "identity_conflict".to_owned())]);
    // the mapping that the reason speaks of
    let file = "手机,电话,姓名\n13800138001,010-65529988,王芳\n";
    let job = import(&client, "kind=customers", file, Some("[columns]\nphone = \"手机\""));
    assert_eq!(
        (counts(&job), &job["ignored_columns"]),
        ((1, 0, 0), &json!(["电话"])),
        "{job}"
    );
    assert_eq!(client.all("/api/v1/customers").len(), 3);
}

fn a_stray_quote_swallows_no_row(database: Database) {
    let (_server, client) = start(database);
    let file = "订单号,会员号,姓名,预订日期,金额\n\
        B1,M1,客1,2025-01-01,100\n\
        B2,M2,\"客2,2025-02-01,200\n\
        B3,M3,客3,2025-03-01,300\n\
        B4,M4,客4,2025-04-01,400\n\
        B5,M5,客5,2025-05-01,500\n\
        B6,M6,\"客6,2025-06-01,600\n\
        B7,M7,客7,2025-07-01,700\n";
    let job = bookings(&client, file);
    assert_eq!(counts(&job), (5, 0, 2), "{job}");
    let rows = errors(&client, &job);
    assert_eq!(
        codes(&client, &job),
        [("3", "broken_quotes"), ("7", "broken_quotes")].map(|(row, code)| (row.to_owned(), code.to_owned()))
    );
    assert!(rows[0]["reason"].contains("line 3 "), "{}", rows[0]["reason"]);
    assert_eq!((rows[0]["姓名"].as_str(), rows[0]["金额"].as_str()), ("\"客2", "200"));
    let known = facts(&client);
    for (member, spent) in [
        ("M1", "10000"),
        ("M3", "30000"),
        ("M4", "40000"),
        ("M5", "50000"),
        ("M7", "70000"),
    ] {
        assert_eq!(known[member]["spend-total"], spent, "{member}");
    }
    assert_eq!(known.len(), 5);
    // sent again as they are, they stay rejected; put right, they land
    let back = error_file(&client, &job);
    assert_eq!(counts(&bookings(&client, &back)), (0, 0, 2));
    let mended = back
        .replace("\"\"\"", "")
        .replace("客2\"", "客2")
        .replace("客6\"", "客6")
        .replace("stray quote", "");
    assert_eq!(counts(&bookings(&client, &mended)), (2, 0, 0), "{mended}");
    assert_eq!(spent(&client, "M6"), "60000");

    // in a file that quotes every cell: a quote lost before, within and behind a row
    for (file, landed) in [
        (
            "\"会员号\",\"预订日期\",\"姓名\"\nQ1\",\"2025-01-01\",\"甲\"\n\"Q2\",\"2025-01-01\",\"乙\"\n",
            "Q2",
        ),
        (
            "\"会员号\",\"预订日期\",\"姓名\"\n\"Q3\",\"2025-01-01,\"甲\"\n\"Q4\",\"2025-01-01\",\"乙\"\n",
            "Q4",
        ),
        (
            "\"会员号\",\"预订日期\",\"姓名\"\n\"Q5\",\"2025-01-01\",\"甲\n\"Q6\",\"2025-01-01\",\"乙\"\n",
            "Q6",
        ),
    ] {
        let job = bookings(&client, file);
        assert_eq!(counts(&job), (1, 0, 1), "{job}");
        let known = facts(&client);
        assert!(
            known.contains_key(landed) && !known.keys().any(|member| member.contains('"')),
            "{known:?}"
        );
    }
    // a header that lost one is still that header
    let job = bookings(&client, "会员号,\"预订日期,姓名\nQ7,2025-01-01,甲\nQ8,2025-01-01,乙\n");
    assert_eq!(counts(&job), (2, 0, 0), "{job}");

    // at the end of the file, in a column of days, with the closing quote where a good one would be
    for (place, (file, landed)) in [
        ("订单号,会员号,姓名,预订日期,金额\nC1,N1,客,2025-01-01,1\nC2,N2,\"客,2025-01-01,2\n", vec!["N1"]),
        (
            "订单号,会员号,姓名,预订日期,金额\nC3,N3,客,\"2025-01-01,3\nC4,N4,客,2025-01-01,4\nC5,N5,客,2025-01-01\",5\nC6,N6,客,2025-01-01,6\n",
            vec!["N4", "N6"],
        ),
        (
            "订单号,会员号,姓名,预订日期,金额\r\nC7,N7,\"客,2025-01-01,7\r\nC8,N8,客,2025-01-01,8\r\nC9,N9,客\",2025-01-01,9\r\n",
            vec!["N8"],
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let job = bookings(&client, file);
        let rejected = codes(&client, &job);
        assert!(rejected.iter().all(|(_, code)| code == "broken_quotes"), "{place}: {rejected:?}");
        let known = facts(&client);
        for member in &landed {
            assert!(known.contains_key(*member), "{member} of {place}");
        }
        assert_eq!(counts(&job).0 as usize, landed.len(), "{place}: {job}");
        assert_eq!(counts(&job).0 + counts(&job).2, file.lines().count() as i64 - 1, "no line is lost: {job}");
    }
}

fn cells_of_several_lines_are_one_however_they_end(database: Database) {
    let (_server, client) = start(database);
    let file = |end: &str, inner: &str| {
        let rows = [
            "会员号,预订日期,金额,姓名,备注".to_owned(),
            format!("M1,2025-06-01,100,\"王{inner}芳\",\"第一行, 一{inner}第二行, \"\"二\"\"\""),
        ];
        rows.map(|row| row + end).concat()
    };
    let job = bookings(&client, &file("\n", "\n"));
    assert_eq!(
        (counts(&job), &job["ignored_columns"]),
        ((1, 0, 0), &json!(["备注"])),
        "{job}"
    );
    for (end, inner) in [
        ("\n", "\r\n"),
        ("\r\n", "\r\n"),
        ("\r\n", "\n"),
        ("\r", "\r"),
        ("\n", "\r"),
    ] {
        let job = bookings(&client, &file(end, inner));
        assert_eq!(counts(&job), (0, 1, 0), "{end:?} {inner:?}: {job}");
    }
    let id = found(&client, "M1");
    let whole = client
        .get(&format!("/api/v1/customers/{}", id.as_str().unwrap()))
        .expect(200);
    assert!(whole.to_string().contains("王\\n芳"), "{whole}");
}

fn separators_at_the_end_of_every_line(database: Database) {
    let (server, client) = start(database);
    let job = import(&client, "kind=customers", "member_no,name,\nA1,甲,\nA2,乙,\n", None);
    assert_eq!(counts(&job), (2, 0, 0), "{job}");
    for (place, file) in [
        "会员号,预订日期,金额\nA1,2025-05-01,1.00,\nA2,2025-05-01,2.00,,,\n,,,,,\n",
        "会员号;预订日期;金额;\nA1;2025-05-01;1.00;\nA2;2025-05-01;2.00; ;\n",
        // what is missing at the end belongs to no field
        "会员号,预订日期,金额,备注,经办人\nA1,2025-05-01,1.00\nA2,2025-05-01,2.00,x\n",
    ]
    .into_iter()
    .enumerate()
    {
        let client = server.agency(&format!("ends-{place}"));
        let job = bookings(&client, file);
        assert_eq!(counts(&job), (2, 0, 0), "{file}: {job}");
        assert_eq!(
            (spent(&client, "A1"), spent(&client, "A2")),
            ("100".into(), "200".into())
        );
    }
    // where a column is missing that is understood, a row may be torn
    let job = bookings(&client, "会员号,预订日期,金额,备注\nA1,2025-05-01\nA1,2025-05-01,1\n");
    assert_eq!(counts(&job), (1, 0, 1), "{job}");
    let back = error_file(&client, &job);
    assert_eq!(
        counts(&bookings(&client, &back)),
        (0, 0, 1),
        "no amount is made up when it is sent again: {back}"
    );
    // the last line of a file that was cut off may have lost half a number
    let job = bookings(&client, "会员号,预订日期,金额,备注\nA1,2025-05-02,1,\nA1,2025-05-03,12");
    assert_eq!(codes(&client, &job), [("3".to_owned(), "wrong_cell_count".to_owned())]);
}

fn an_error_file_sent_again_stays_rejected(database: Database) {
    let (_server, client) = start(database);
    let job = bookings(
        &client,
        "订单号,会员号,预订日期,金额\nB1,M1,2025-05-01,1,234.50\nB2,M2,2025-05-01,1\n",
    );
    assert_eq!(counts(&job), (1, 0, 1), "{job}");
    let back = error_file(&client, &job);
    assert!(back.contains("B1,M1,2025-05-01,1,234.50,2,wrong_cell_count,"), "{back}");
    let again = bookings(&client, &back);
    assert_eq!(counts(&again), (0, 0, 1), "{again}");
    let twice = error_file(&client, &again);
    assert!(errors(&client, &again)[0]["reason"].contains("surplus"), "{twice}");
    assert!(
        twice.starts_with("订单号,会员号,预订日期,金额,surplus,row,code,reason\n"),
        "{twice}"
    );
    assert_eq!(counts(&bookings(&client, &twice)), (0, 0, 1), "however often");
    // saved by somebody who took away the columns behind
    let cut = "订单号,会员号,预订日期,金额,surplus\nB1,M1,2025-05-01,1,234.50\n";
    assert_eq!(counts(&bookings(&client, cut)), (0, 0, 1));
    assert!(!facts(&client).contains_key("M1"), "no 1.00 has landed");
    let mended = back.replace("2025-05-01,1,234.50,", "2025-05-01,\"1,234.50\",,");
    assert_eq!(counts(&bookings(&client, &mended)), (1, 0, 0), "{mended}");
    assert_eq!(spent(&client, "M1"), "123450");
}

fn what_leaves_runs_nothing_and_comes_back(database: Database) {
    let (_server, client) = start(database);
    let body = json!({"kind": "text", "title": {"en": "remark", "zh-CN": "备注"}, "sensitivity": "ordinary"});
    client.put("/api/v1/attributes/remark", &body).expect(200);
    let balance = json!({"kind": "money", "title": {"en": "balance", "zh-CN": "余额"}, "sensitivity": "ordinary"});
    client.put("/api/v1/attributes/balance", &balance).expect(200);
    let file = "会员号,手机,姓名,attr.remark,attr.balance,=CMD\n\
        =M1,+8613800138000,\"=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\",@SUM(A1),-12.50,x\n\
        M2,+8613800138000,-2+3,\"\tx\",＝1,x\n";
    let job = import(&client, "kind=customers", file, None);
    assert_eq!(counts(&job), (1, 0, 1), "{job}");
    let facts = facts(&client);
    assert_eq!(
        (
            facts["'=M1"]["attr.remark"].as_str(),
            facts["'=M1"]["attr.balance"].as_str()
        ),
        ("'@SUM(A1)", "-1250"),
        "numbers stay numbers: {facts:?}"
    );
    let back = error_file(&client, &job);
    for cell in ["'=CMD", "'+8613800138000", "'-2+3", "'＝1"] {
        assert!(back.contains(cell), "{cell}: {back}");
    }
    assert!(!back.contains(",="), "{back}");
    // another file says the same once the apostrophes are gone: the row that landed is known by its content
    let guarded = "会员号,手机,姓名,attr.remark,attr.balance,'=CMD\n\
        '=M1,'+8613800138000,\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\",'@SUM(A1),-12.50,x\n";
    let again = import(&client, "kind=customers", guarded, None);
    assert_eq!(
        (counts(&again), &again["ignored_columns"]),
        ((0, 1, 0), &json!(["=CMD"])),
        "{again}"
    );
}
