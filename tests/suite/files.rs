//! Files as agencies have them: encodings, separators, workbooks, mappings; and files that are none.

use crate::intake::facts;
use crate::workbooks;
use posthouse_tests::{Client, Database, Options, Server, root};
use serde_json::{Value, json};
use std::collections::BTreeMap;

on_both_engines!(
    every_file_of_bookings_lands_the_same,
    every_file_of_customers_lands_the_same,
    workbooks_by_hand,
    what_workbooks_were_misread,
    files_that_are_no_tables,
    a_mapping_is_part_of_the_job,
    rows_come_back_from_every_file,
    a_dry_run_says_what_would_land,
    a_dry_run_remembers_what_earlier_rows_would_do,
);

const NOON: &str = "fixed:2026-01-15T04:00:00Z"; // noon in Shanghai

fn start(database: Database) -> (Server, Client) {
    start_with(database, Options::default())
}

pub(crate) fn start_with(database: Database, options: Options) -> (Server, Client) {
    let options = Options {
        clock: Some(NOON),
        ..options
    };
    let server = Server::start(database, options);
    let client = server.agency("shop");
    (server, client)
}

pub(crate) fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(root().join("tests/fixtures/imports").join(name)).unwrap()
}

pub(crate) fn text(name: &str) -> String {
    String::from_utf8(fixture(name)).unwrap()
}

/// Everyone's facts, but for the ids that chance makes.
fn known(client: &Client) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut all = facts(client);
    for row in all.values_mut() {
        row.remove("customer_id");
    }
    all
}

pub(crate) fn import(client: &Client, query: &str, name: &str, file: &[u8], mapping: Option<&str>) -> Value {
    let job = client.start_import_of(query, name, file, mapping).expect(202);
    client.imported(job["id"].as_str().unwrap())
}

/// Lands each file at an agency of its own, and compares what everyone has.
fn all_land_the_same(database: Database, kind: &str, files: &[(&str, Vec<u8>, Option<String>, Value)]) {
    let (server, _) = start(database);
    let query = format!("kind={kind}");
    let plain = server.agency("plain");
    let job = import(
        &plain,
        &query,
        "plain.csv",
        &fixture(&format!("{kind}.plain.csv")),
        None,
    );
    assert_eq!((&job["state"], &job["rejected"]), (&json!("done"), &json!(0)), "{job}");
    assert_eq!(job["ignored_columns"], json!([]));
    let expected = known(&plain);
    assert!(expected.len() >= 3);
    for (index, (name, bytes, mapping, reading)) in files.iter().enumerate() {
        let client = server.agency(&format!("agency-{index}"));
        let job = import(&client, &query, name, bytes, mapping.as_deref());
        assert_eq!(
            (&job["state"], &job["rejected"], &job["accepted"], &job["failure"]),
            (&json!("done"), &json!(0), &plain_rows(kind), &Value::Null),
            "{name}: {job}"
        );
        for (key, value) in reading.as_object().unwrap() {
            assert_eq!(&job["reading"][key], value, "{name}");
        }
        assert_eq!(known(&client), expected, "{name}");
        let again = import(&client, &query, name, bytes, mapping.as_deref());
        assert_eq!(again["duplicates"], plain_rows(kind), "{name} twice changes nothing");
        if kind == "bookings" {
            // the ids are the same, so the plain file brings nothing new either
            let plain = import(&client, &query, "plain.csv", &fixture("bookings.plain.csv"), None);
            assert_eq!(plain["duplicates"], plain_rows(kind), "{name}");
        }
    }
}

fn plain_rows(kind: &str) -> Value {
    json!(text(&format!("{kind}.plain.csv")).lines().count() - 1)
}

fn every_file_of_bookings_lands_the_same(database: Database) {
    let plain = text("bookings.plain.csv");
    let files = [
        (
            "utf8-bom.csv",
            fixture("bookings.zh.utf8-bom.csv"),
            None,
            json!({"format": "csv", "encoding": "UTF-8", "delimiter": ",", "header_row": 1, "sheet": null}),
        ),
        (
            "gb18030.csv",
            fixture("bookings.zh.gb18030.csv"),
            None,
            json!({"encoding": "gb18030", "delimiter": ","}),
        ),
        (
            "utf16-tabs.txt",
            fixture("bookings.zh.utf16-tabs.txt"),
            None,
            json!({"encoding": "UTF-16LE", "delimiter": "\t", "header_row": 2}),
        ),
        (
            "semicolons.csv",
            fixture("bookings.semicolons.csv"),
            Some(text("bookings.semicolons.toml")),
            json!({"encoding": "UTF-8", "delimiter": ";", "header_row": 3}),
        ),
        (
            "bookings.xlsx",
            workbooks::bookings(&plain),
            None,
            json!({"format": "xlsx", "sheet": "订单", "header_row": 3, "encoding": null, "delimiter": null,
                "sheets": [{"name": "订单", "hidden": false}, {"name": "说明", "hidden": false}]}),
        ),
        (
            "bookings.xls",
            fixture("bookings.xls"),
            None,
            json!({"format": "xls", "sheet": "订单", "header_row": 3}),
        ),
        (
            "bookings.xlsb",
            fixture("bookings.xlsb"),
            None,
            json!({"format": "xlsb", "sheet": "订单", "header_row": 3}),
        ),
        (
            "bookings.ods",
            fixture("bookings.ods"),
            None,
            json!({"format": "ods", "sheet": "订单", "header_row": 3}),
        ),
    ];
    all_land_the_same(database, "bookings", &files);
}

fn every_file_of_customers_lands_the_same(database: Database) {
    let cells = |line: usize, row: &[&str]| -> String {
        let cells = row.iter().enumerate().filter(|(_, text)| !text.is_empty());
        let cells = cells.map(|(index, text)| {
            let place = (b'A' + index as u8) as char;
            format!("<c r=\"{place}{line}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
        });
        cells.collect()
    };
    let sheet: String = text("customers.plain.csv")
        .lines()
        .enumerate()
        .map(|(index, line)| {
            let row: Vec<&str> = line.split(',').collect();
            format!("<row r=\"{}\">{}</row>", index + 1, cells(index + 1, &row))
        })
        .collect();
    let files = [
        (
            "bars.txt",
            fixture("customers.zh.gb18030.csv"),
            None,
            json!({"encoding": "gb18030", "delimiter": "|"}),
        ),
        (
            "customers.xlsx",
            workbooks::by_hand(&sheet, "", false),
            None,
            json!({"sheet": "A & B"}),
        ),
    ];
    all_land_the_same(database, "customers", &files);
}

fn workbooks_by_hand(database: Database) {
    let (_server, client) = start(database);
    // phonetic guides, runs, entities, escapes; cells without places; the date system of 1904; a formula's text, a boolean
    let texts = "<si><t>会员号</t><rPh><t>kai</t></rPh></si><si><r><t>下单</t></r><r><t xml:space=\"preserve\">时间</t></r></si>\
                 <si><t>M&amp;1_x000D_</t></si><si/>";
    let sheet = "<row r=\"2\"><c t=\"s\"><v>0</v></c><c t=\"s\"><v>1</v></c><c t=\"str\"><f>X</f><v>金额</v></c><c t=\"inlineStr\"><is><t>备注</t></is></c></row>\
                 <row><c t=\"s\"><v>2</v></c><c><v>44565</v></c><c><v>1234.4999999999998</v></c><c t=\"b\"><v>1</v></c></row>\
                 <row r=\"9\"><c r=\"A9\" t=\"str\"><v>M2</v></c><c r=\"B9\" t=\"d\"><v>2026-01-06T10:00:00</v></c><c r=\"C9\" t=\"e\"><v>#N/A</v></c></row>";
    let book = workbooks::by_hand(sheet, texts, true);
    let job = import(&client, "kind=bookings", "1904.xlsx", &book, None);
    assert_eq!((&job["accepted"], &job["rejected"]), (&json!(1), &json!(1)), "{job}");
    assert_eq!(job["ignored_columns"], json!(["备注"]));
    let all = known(&client);
    assert_eq!(all["M&1"]["spend-total"], "123450", "{all:?}");
    assert_eq!(all["M&1"]["recency-days"], "10", "5 January in the system of 1904");
    let errors = errors(&client, &job);
    assert_eq!(
        (errors[0]["row"].as_str(), errors[0]["code"].as_str()),
        ("9", "broken_cell")
    );
    assert_eq!(
        (errors[0]["金额"].as_str(), errors[0]["会员号"].as_str()),
        ("#N/A", "M2")
    );

    let other = import(&client, "kind=bookings", "1904.xlsx", &book, Some("sheet = \"C\""));
    assert_eq!(other["failure"]["code"], "sheet_missing", "{other}");
    let detail = other["failure"]["detail"].as_str().unwrap();
    assert!(detail.contains("A & B") && detail.contains("--sheet"), "{detail}");
}

/// What a reader of our own once took for something else.
fn what_workbooks_were_misread(database: Database) {
    let (_server, client) = start(database);
    let row = |cells: &[&str]| -> String {
        let cells: Vec<String> = cells
            .iter()
            .map(|cell| match cell.strip_prefix('<') {
                Some(_) => (*cell).to_owned(),
                None => format!("<c t=\"inlineStr\"><is><t>{cell}</t></is></c>"),
            })
            .collect();
        format!("<row>{}</row>", cells.concat())
    };
    let table = |rows: &[&[&str]]| -> String { rows.iter().map(|cells| row(cells)).collect() };
    let land = |name: &str, file: &[u8]| import(&client, "kind=bookings", name, file, None);

    // the date system stands, whatever another namespace calls a workbookPr, and empty shared texts are blank
    let sheet = table(&[
        &["会员号", "下单时间", "金额", "渠道"],
        &["W1", "<c><v>44238</v></c>", "<c><v>100</v></c>", "<c t=\"s\"></c>"],
        &["W2", "<c><v>44238</v></c>", "<c><v>100</v></c>", "<c t=\"s\"/>"],
    ]);
    let book = workbooks::of_1904_twice(&sheet);
    let job = land("1904-twice.xlsx", &book);
    assert_eq!(job["accepted"], 2, "{job}");
    let days = |member: &str| known(&client)[member]["recency-days"].clone();
    assert_eq!(
        (days("W1"), days("W2")),
        ("337".into(), "337".into()),
        "2025-02-12 in the system of 1904"
    );

    // parts by other names, found by their relations, and paths with backslashes
    for (member, parts) in [
        ("W3", ["xl/workbook22.xml", "xl/data/first.xml"]),
        ("W4", ["xl\\workbook.xml", "xl\\worksheets\\sheet1.xml"]),
    ] {
        let sheet = table(&[&["会员号", "下单时间"], &[member, "2026-01-05"]]);
        let job = land("elsewhere.xlsx", &workbooks::elsewhere(&sheet, parts));
        assert_eq!(job["accepted"], 1, "{parts:?}: {job}");
    }

    // a formula without its result, in an amount, a status, and by a library that leaves the result empty
    let sheet = table(&[
        &["会员号", "下单时间", "金额", "状态"],
        &["W5", "2026-01-05", "<c><f>SUM(A1:A3)</f></c>", "paid"],
        &["W6", "2026-01-05", "<c><v>5</v></c>", "<c><f>B9</f><v></v></c>"],
        &[
            "W7",
            "2026-01-05",
            "<c><f>2+3</f><v>5</v></c>",
            "<c t=\"str\"><f>IF(1,\"\",0)</f><v></v></c>",
        ],
    ]);
    let job = land("formulas.xlsx", &workbooks::by_hand(&sheet, "", false));
    assert_eq!((&job["accepted"], &job["rejected"]), (&json!(1), &json!(2)), "{job}");
    let found = errors(&client, &job);
    assert!(found.iter().all(|row| row["code"] == "broken_cell"), "{found:?}");
    assert!(found[0]["reason"].contains("SUM(A1:A3)"), "{found:?}");
    assert_eq!(known(&client)["W7"]["spend-total"], "500");

    // digits that a number has no room for: a document in a field of the agency's own, a name, a product
    let sheet = table(&[
        &["会员号", "下单时间", "attr.card", "姓名", "产品"],
        &["W8", "2026-01-05", "<c><v>130102199001011234</v></c>", "李", "x"],
        &["W9", "2026-01-05", "x", "<c><v>1234567890123456</v></c>", "x"],
        &["W10", "2026-01-05", "6.22202E+18", "李", "x"],
        &[
            "W11",
            "2026-01-05",
            "<c><v>123456789012345</v></c>",
            "李",
            "<c><v>0.30000000000000004</v></c>",
        ],
    ]);
    let job = land("digits.xlsx", &workbooks::by_hand(&sheet, "", false));
    assert_eq!(
        (&job["accepted"], &job["rejected"], &job["warned"]),
        (&json!(4), &json!(0), &json!(3)),
        "{job}"
    );
    let path = format!("/api/v1/imports/{}/warnings.csv", job["id"].as_str().unwrap());
    let warnings = client.get(&path).text;
    assert_eq!(warnings.matches("number_rounded").count(), 3, "{warnings}");

    // a workbook that is rejected says which sheets it has and which was read
    let wrong = land(
        "no-headers.xlsx",
        &workbooks::by_hand(&table(&[&["a", "b"], &["1", "2"]]), "", false),
    );
    let detail = wrong["failure"]["detail"].as_str().unwrap_or_default();
    assert!(
        ["Hidden", "A & B", "--sheet"].iter().all(|word| detail.contains(word)),
        "{wrong}"
    );
    let other = import(
        &client,
        "kind=bookings&sheet=%E8%AF%B4%E6%98%8E",
        "b.xlsx",
        &workbooks::bookings(&text("bookings.plain.csv")),
        None,
    );
    assert_eq!(
        (&other["reading"]["sheet"], &other["state"]),
        (&json!(null), &json!("failed")),
        "{other}"
    );
    assert!(other["failure"]["detail"].as_str().unwrap().contains("说明"), "{other}");
}

fn errors(client: &Client, job: &Value) -> Vec<BTreeMap<String, String>> {
    let answer = client.get(&format!("/api/v1/imports/{}/errors.csv", job["id"].as_str().unwrap()));
    assert_eq!(answer.status, 200, "{}", answer.text);
    let mut reader = csv::Reader::from_reader(answer.text.as_bytes());
    reader.deserialize().map(|row| row.unwrap()).collect()
}

pub(crate) fn refused(client: &Client, file: &[u8], mapping: Option<&str>) -> String {
    let job = import(client, "kind=bookings", "file.xlsx", file, mapping);
    assert_eq!(job["state"], "failed", "{job}");
    assert!(job["failure"]["detail"].as_str().unwrap().len() > 20, "{job}");
    job["failure"]["code"].as_str().unwrap().to_owned()
}

fn files_that_are_no_tables(database: Database) {
    let (_server, client) = start(database);
    let ole = |stream: &str| -> Vec<u8> {
        let name: Vec<u8> = stream.encode_utf16().flat_map(u16::to_le_bytes).collect();
        [
            &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1][..],
            &[0; 600],
            &name,
            &[0; 300],
        ]
        .concat()
    };
    let wide = "x,".repeat(10_000) + "booked_at\n1\n";
    let cases: [(Vec<u8>, &str); 13] = [
        (ole("Workbook"), "bad_workbook"),
        (fixture("encrypted.xlsx"), "file_encrypted"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec(), "file_not_a_table"),
        (b"<html><table><tr><td>1</td></tr></table>".to_vec(), "file_not_a_table"),
        (b"\x7fELF\x02\x01\x01\0\0\0\0".to_vec(), "file_is_binary"),
        (workbooks::archive(&[("photo.txt", b"x")]), "file_not_a_table"),
        (workbooks::archive(&[("xl/workbook.bin", b"x")]), "bad_workbook"),
        (b"customer_phone,booked_at\n".to_vec(), "no_rows"),
        (b"\n\n \n".to_vec(), "file_empty"),
        (b"\xef\xbb\xbf".to_vec(), "file_empty"),
        (wide.into_bytes(), "too_many_columns"),
        (
            workbooks::by_hand("<row r=\"1\"><c r=\"A1\"><v>1</v></c></row>", "", false),
            "headers_missing",
        ),
        (workbooks::by_hand("", "", false), "file_empty"),
    ];
    for (file, code) in cases {
        assert_eq!(
            refused(&client, &file, None),
            code,
            "{:?}",
            String::from_utf8_lossy(&file[..file.len().min(40)])
        );
    }
    let twice = "手机,预订日期,下单日期\n1,2,3\n";
    assert_eq!(refused(&client, twice.as_bytes(), None), "header_twice");
    let resolved = "[columns]\ncustomer_phone = \"电话\"";
    let job = import(
        &client,
        "kind=bookings",
        "a.csv",
        "手机,电话,预订日期\n1,13800138000,2026-01-05\n".as_bytes(),
        Some(resolved),
    );
    assert_eq!(
        (&job["accepted"], &job["ignored_columns"]),
        (&json!(1), &json!(["手机"])),
        "{job}"
    );
    assert_eq!(
        refused(&client, twice.as_bytes(), Some("[columns]\namount = \"金额\"")),
        "mapped_header_missing"
    );
    // the server goes on answering
    assert_eq!(client.import("bookings", &fixture("bookings.plain.csv"))["accepted"], 5);
}

/// What the system says of the server's memory: `VmRSS` now, `VmHWM` at most so far. In bytes.
pub(crate) fn memory(server: &Server, what: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(what)?.strip_prefix(':'))
        .unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
}

fn a_mapping_is_part_of_the_job(database: Database) {
    let (_server, client) = start(database);
    let bad = |mapping: &str| {
        let answer = client.start_import_of("kind=bookings", "a.csv", b"x\n", Some(mapping));
        assert_eq!(answer.problem(422), "bad_mapping");
        answer.json()["detail"].as_str().unwrap().to_owned()
    };
    assert!(
        bad("[columns]\nammount = \"x\"")
            .contains("line 2: \"ammount\" is not a field of bookings; did you mean \"amount\"?")
    );
    assert!(bad("kind = \"customers\"").contains("was sent as bookings"));
    assert!(bad(&"#".repeat(300 << 10)).contains("256 KiB"));

    // what a mapping calls the same words decides what they are
    let file =
        "会员号,下单时间,订单号,订单状态,支付,渠道\nM1,2026-01-05,B1,已出票,100,\nM2,2026-01-05,B2,已出票,200,app\n";
    let without = import(&client, "kind=bookings", "a.csv", file.as_bytes(), None);
    assert_eq!(
        (&without["rejected"], &without["ignored_columns"]),
        (&json!(2), &json!(["支付"])),
        "{without}"
    );
    let mapping = "source = \"erp\"\n[columns]\namount = \"支付\"\n[constants]\nchannel = \"shop\"\n[status]\n\"已出票\" = \"paid\"\n";
    let with = import(&client, "kind=bookings", "a.csv", file.as_bytes(), Some(mapping));
    assert_ne!(with["id"], without["id"]);
    assert_eq!((&with["accepted"], &with["rejected"]), (&json!(2), &json!(0)), "{with}");
    let all = known(&client);
    assert_eq!(
        (all["M1"]["spend-total"].as_str(), all["M1"]["main-channel"].as_str()),
        ("10000", "shop")
    );
    assert_eq!(
        all["M2"]["main-channel"], "app",
        "a constant stands where a row says nothing"
    );
    let found = client.get("/api/v1/customers?q=M1").expect(200)["items"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let whole = client.get(&format!("/api/v1/customers/{found}")).text;
    assert!(whole.contains("\"erp\""), "the source is the mapping's: {whole}");
}

fn rows_come_back_from_every_file(database: Database) {
    let (_server, client) = start(database);
    let plain = text("bookings.plain.csv").replace("2025-10-20,2025-10-22", "2025-10-22,2025-10-20");
    let job = import(&client, "kind=bookings", "a.xlsx", &workbooks::bookings(&plain), None);
    assert_eq!((&job["accepted"], &job["rejected"]), (&json!(4), &json!(1)), "{job}");
    let answer = client.get(&format!("/api/v1/imports/{}/errors.csv", job["id"].as_str().unwrap()));
    assert!(
        answer.bytes.starts_with(b"\xef\xbb\xbf"),
        "spreadsheets read it as UTF-8"
    );
    let rows = errors(&client, &job);
    assert_eq!(
        (rows[0]["row"].as_str(), rows[0]["code"].as_str()),
        ("7", "returns_before_departs")
    );
    assert_eq!(
        (
            rows[0]["手机"].as_str(),
            rows[0]["出发日期"].as_str(),
            rows[0]["金额"].as_str()
        ),
        ("13700137000", "2025-10-22", "1234.5")
    );
    assert_eq!(rows[0]["surplus"], "备注在表外");
    let mended = answer.text.replace("2025-10-22,2025-10-20", "2025-10-20,2025-10-22");
    let job = import(&client, "kind=bookings", "a.csv", mended.as_bytes(), None);
    assert_eq!((&job["accepted"], &job["rejected"]), (&json!(1), &json!(0)), "{job}");

    // a mapping goes with the error file, too: its headers stand in the first row now
    let mapping = text("bookings.semicolons.toml");
    let broken = text("bookings.semicolons.csv").replace("1.234,50", "1,234.50");
    let job = import(&client, "kind=bookings", "b.csv", broken.as_bytes(), Some(&mapping));
    assert_eq!((&job["duplicates"], &job["rejected"]), (&json!(4), &json!(1)), "{job}");
    let back = client
        .get(&format!("/api/v1/imports/{}/errors.csv", job["id"].as_str().unwrap()))
        .text;
    assert!(back.starts_with("No;Ref;"), "{back}");
    let mended = back.replace("1,234.50", "1.234,50");
    let job = import(&client, "kind=bookings", "b.csv", mended.as_bytes(), Some(&mapping));
    assert_eq!(
        (&job["duplicates"], &job["rejected"]),
        (&json!(1), &json!(0)),
        "the row is known since the workbook was mended: {job}"
    );

    // a cell that cannot be decoded is named
    let file = "customer_phone,booked_at,customer_name\n13800138000,2026-01-05,李伟*\n13800138001,2026-01-05,王芳\n";
    let file: Vec<u8> = file
        .bytes()
        .map(|byte| if byte == b'*' { 0xff } else { byte })
        .collect();
    let job = import(&client, "kind=bookings", "c.csv", &file, None);
    assert_eq!((&job["accepted"], &job["rejected"]), (&json!(1), &json!(1)), "{job}");
    let rows = errors(&client, &job);
    assert_eq!(rows[0]["code"], "bad_encoding");
    assert!(rows[0]["reason"].starts_with("customer_name "), "{}", rows[0]["reason"]);
    // accents of a Western encoding are read, and said
    let file = b"customer_phone,booked_at,customer_name\n13800138002,2026-01-05,Ren\xe9\n13800138003,2026-01-05,Ann\n";
    for query in ["kind=bookings", "kind=bookings&encoding=windows-1252"] {
        let latin = import(&client, query, "d.csv", file, None);
        assert_eq!(latin["rejected"], 0, "{latin}");
        assert_eq!(latin["reading"]["encoding"], "windows-1252");
    }
    // two encodings that fit are both shown, until one is named
    let (file, _, _) = encoding_rs::GB18030.encode("member_no,name\n1,王玥\n");
    let unclear = import(&client, "kind=customers", "e.csv", &file, None);
    assert_eq!(unclear["failure"]["code"], "encoding_unclear", "{unclear}");
    assert!(
        unclear["failure"]["detail"].as_str().unwrap().contains("王玥"),
        "{unclear}"
    );
    let named = import(&client, "kind=customers&encoding=gb18030", "e.csv", &file, None);
    assert_eq!(
        (&named["accepted"], &named["reading"]["encoding"]),
        (&json!(1), &json!("gb18030")),
        "{named}"
    );
    // names that are UTF-8 by chance
    let (file, _, _) = encoding_rs::GB18030.encode("member_no,name\n1,钱伟\n2,郑梅\n3,陆毛\n");
    let job = import(&client, "kind=customers", "f.csv", &file, None);
    assert_eq!(
        (&job["accepted"], &job["reading"]["encoding"]),
        (&json!(3), &json!("gb18030")),
        "{job}"
    );
    let twice = client.start_import_of(
        "kind=customers&encoding=gbk",
        "f.csv",
        &file,
        Some("encoding = \"utf-8\""),
    );
    assert_eq!(twice.problem(422), "bad_mapping");
}

/// What an agency has, to see that nothing was written.
fn everything(client: &Client) -> (usize, String) {
    let customers = client.all("/api/v1/customers").len();
    (customers, client.get("/api/v1/facts/export?format=csv").text)
}

fn a_dry_run_says_what_would_land(database: Database) {
    let (_server, client) = start(database);
    let plain = text("bookings.plain.csv");
    let first: String = plain.lines().take(3).map(|line| format!("{line}\n")).collect();
    assert_eq!(client.import("bookings", first.as_bytes())["accepted"], 2);
    let before = everything(&client);

    let file = plain
        + "R6,B1,M1,,李伟,2026-01-10,,,,,,,,,,,refunded,shop\n\
           R7,B7,M1,13900139000,?,2026-01-10,,,,,,,,,,,,\n\
           R8,B8,,,,2026-01-10,,,,,,,,,,,,\n\
           R9,B9,M9,,,10.01.2026,,,,,,,,,,,,\n";
    let job = import(&client, "kind=bookings&dry_run=true", "a.csv", file.as_bytes(), None);
    assert_eq!(
        (&job["state"], &job["dry_run"]),
        (&json!("done"), &json!(true)),
        "{job}"
    );
    assert_eq!(
        (&job["rows"], &job["accepted"], &job["duplicates"], &job["rejected"]),
        (&json!(9), &json!(4), &json!(2), &json!(3)),
        "{job}"
    );
    let report = &job["report"];
    assert_eq!(
        (
            &report["customers_new"],
            &report["customers_joined"],
            &report["bookings_new"],
            &report["bookings_changed"]
        ),
        (&json!(2), &json!(1), &json!(3), &json!(1)),
        "{report}"
    );
    let codes: Vec<(&str, i64, i64)> = report["rejections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| {
            let first = group["examples"][0]["row"].as_i64().unwrap();
            (group["code"].as_str().unwrap(), group["rows"].as_i64().unwrap(), first)
        })
        .collect();
    assert_eq!(
        codes,
        [
            ("identity_conflict", 1, 7),
            ("identity_missing", 1, 8),
            ("bad_date", 1, 9)
        ]
        .map(|(code, rows, row)| (code, rows, row + 1))
    );
    assert_eq!(errors(&client, &job).len(), 3, "the rows themselves are there, too");
    assert_eq!(everything(&client), before, "nothing was written");

    let real = import(&client, "kind=bookings", "a.csv", file.as_bytes(), None);
    for count in ["rows", "accepted", "duplicates", "rejected"] {
        assert_eq!(real[count], job[count], "{count} as announced");
    }
    assert_eq!(real["report"], job["report"], "and for the same reasons");
}

fn a_dry_run_remembers_what_earlier_rows_would_do(database: Database) {
    let (_server, client) = start(database);
    // more rows than one slice: the same people, bookings and ids come again later, some in conflict
    let mut file = String::from("external_id,booking_id,customer_member_no,customer_phone,booked_at\n");
    let phone = |n: usize| format!("138{:08}", n);
    for new in 0..5_000 {
        file += &format!("E{new},B{new},M{new},{},2026-01-05\n", phone(new));
        // in the same slice, or while the one before is being written, or after that
        let Some(n) = usize::checked_sub(new, 1_500) else {
            continue;
        };
        file += &match n % 4 {
            0 => format!("E{n},B{n},M{n},{},2026-01-05\n", phone(n)), // known by then
            1 => format!("F{n},B{n},M{n},,2026-01-06\n"),             // changes a booking of its own
            2 => format!("G{n},C{n},X{n},{},2026-01-06\n", phone(n)), // another member number: a conflict
            _ => format!("H{n},B{n},M{},,2026-01-06\n", n + 1),       // another's booking: a conflict
        };
    }
    let dry = import(&client, "kind=bookings&dry_run=true", "a.csv", file.as_bytes(), None);
    assert_eq!(
        (&dry["accepted"], &dry["duplicates"], &dry["rejected"]),
        (&json!(5_875), &json!(875), &json!(1_750)),
        "{dry}"
    );
    assert_eq!(
        (
            &dry["report"]["customers_new"],
            &dry["report"]["customers_joined"],
            &dry["report"]["bookings_new"]
        ),
        (&json!(5_000), &json!(0), &json!(5_000))
    );
    assert_eq!(client.all("/api/v1/customers").len(), 0);
    let real = import(&client, "kind=bookings", "a.csv", file.as_bytes(), None);
    for count in ["rows", "accepted", "duplicates", "rejected"] {
        assert_eq!(real[count], dry[count], "{count} as announced");
    }
    assert_eq!(client.all("/api/v1/customers").len(), 5_000);
}
