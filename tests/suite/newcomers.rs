//! What newcomers stumble over in their files: one telephone for a family, a header named twice, and messages that have to say what to do.

use crate::command_line::run;
use crate::file_habits::start;
use crate::warnings::{counts, csv_of, import, warnings};
use posthouse_tests::{Client, Database};
use serde_json::{Value, json};

on_both_engines!(
    one_telephone_of_two_people_is_warned_of,
    two_fields_under_one_header_are_refused,
    each_telephone_is_shown_in_its_own_column,
    a_text_file_has_no_sheets,
    rejected_rows_say_what_is_wrong,
    rejected_files_say_what_is_wrong,
    files_from_taiwan_are_understood,
    a_product_may_have_several_lines,
    sums_with_a_count_are_passed_over,
    a_price_may_be_the_same_in_all_rows,
    the_command_line_says_it_well,
);

/// What is answered in Chinese.
fn in_chinese(client: &Client, path: &str) -> String {
    let chinese = [("accept-language", "zh-CN")];
    client
        .try_send("GET", path, "application/json", b"", &chinese)
        .unwrap()
        .text
}

fn path(job: &Value, what: &str) -> String {
    format!("/api/v1/imports/{}{what}", job["id"].as_str().unwrap())
}

fn named(row: [&str; 4]) -> [String; 4] {
    row.map(str::to_owned)
}

fn one_telephone_of_two_people_is_warned_of(database: Database) {
    let (server, client) = start(database);
    let file = "姓名,手机,邮箱,生日,性别\n\
        李伟,13800138000,,1985-04-23,男\n\
        王芳,138 0013 8000,,1988-08-08,女\n\
        李 伟,13800138000,,,\n\
        赵六,13900139000,home@example.com,,\n\
        赵小,,Home@example.com,,\n\
        孙七,13700137000,,,\n\
        孙七,13700137000,,1990-01-01,\n";
    let expected = [
        named(["3", "手机", "138 0013 8000", "contact_shared"]),
        named(["6", "邮箱", "Home@example.com", "contact_shared"]),
    ];
    for query in ["kind=customers&dry_run=true", "kind=customers"] {
        let job = import(&client, query, file);
        assert_eq!(counts(&job), [7, 7, 0, 0, 2, 0], "{job}");
        assert_eq!(warnings(&client, &job), expected, "{query}");
        let report = &job["report"];
        assert_eq!(
            (&report["contacts_shared"], &report["cells_left_out"]),
            (&json!(2), &json!(0)),
            "{report}"
        );
        let reason = &csv_of(&client, &job, "warnings")[0]["reason"];
        for part in ["row 2 ", "another name and date of birth and gender", "member number"] {
            assert!(reason.contains(part), "{part}: {reason}");
        }
        assert!(!reason.contains("lands without it"), "{reason}");
        let chinese = in_chinese(&client, &path(&job, "/warnings.csv"));
        assert!(
            chinese.contains("第 2 行有同一个电话“138 0013 8000”，但姓名、生日、性别不同"),
            "{chinese}"
        );
    }
    assert_eq!(client.all("/api/v1/customers").len(), 3);

    // numbers of their own tell them apart: the second row is rejected, and nobody is overwritten
    let client = server.agency("numbered");
    let file = "会员号,姓名,手机\nM1,李伟,13800138000\nM2,王芳,13800138000\nM1,李维,13800138000\n";
    let job = import(&client, "kind=customers", file);
    assert_eq!(counts(&job), [3, 2, 0, 1, 0, 0], "{job}");

    // bookings name people as well
    let client = server.agency("bookings");
    let file = "订单号,姓名,电话,预订日期\nB1,李伟,13800138000,2025-05-01\nB2,王芳,13800138000,2025-05-02\n";
    let job = import(&client, "kind=bookings", file);
    assert_eq!(counts(&job), [2, 2, 0, 0, 1, 0], "{job}");
    assert_eq!(
        warnings(&client, &job),
        [named(["3", "电话", "13800138000", "contact_shared"])]
    );
}

fn two_fields_under_one_header_are_refused(database: Database) {
    let (_server, client) = start(database);
    let mapping = "[columns]\nbooked_at = \"日期\"\ndeparts = \"日期\"\n";
    let file = "会员号,日期\nM1,2025-05-01\n";
    let answer = client.start_import_of("kind=bookings", "a.csv", file.as_bytes(), Some(mapping));
    assert_eq!(answer.problem(422), "bad_mapping");
    assert!(
        answer.text.contains("booked_at and departs are both under"),
        "{}",
        answer.text
    );
}

fn each_telephone_is_shown_in_its_own_column(database: Database) {
    let (server, client) = start(database);
    let file = "手机,姓名,电话,邮箱\n13800138000,李伟,010-65529988,li@example.com\n,王芳,13900139000,\n";
    let job = import(&client, "kind=customers&dry_run=true", file);
    let phones = |row: usize| -> Vec<Value> {
        let fields = job["report"]["first_rows"][row]["fields"].as_array().unwrap().clone();
        fields.into_iter().filter(|field| field["field"] == "phone").collect()
    };
    assert_eq!(
        phones(0),
        [
            json!({"field": "phone", "value": "+8613800138000", "place": 1}),
            json!({"field": "phone", "value": "+861065529988", "place": 2}),
        ]
    );
    assert_eq!(
        phones(1),
        [json!({"field": "phone", "value": "+8613900139000", "place": 2})]
    );
    let place = server.folder.path().join("two.csv");
    std::fs::write(&place, file).unwrap();
    let dry = run(
        &server,
        &client,
        &["import", "customers", place.to_str().unwrap(), "--dry-run"],
    );
    let said = String::from_utf8(dry.stdout).unwrap();
    let line = |header: &str| -> Vec<String> {
        let found = said.lines().find(|line| line.trim_start().starts_with(header));
        let found = found.unwrap_or_else(|| panic!("{header}: {said}"));
        found.split_whitespace().map(str::to_owned).collect()
    };
    assert_eq!(line("手机"), ["手机", "phone", "+8613800138000"]);
    assert_eq!(line("电话"), ["电话", "phone", "+861065529988", "+8613900139000"]);
}

fn a_text_file_has_no_sheets(database: Database) {
    let (_server, client) = start(database);
    let file = "会员号,姓名\nM1,李伟\n";
    let answer = client.start_import_of("kind=customers&sheet=Orders", "a.csv", file.as_bytes(), None);
    assert_eq!(answer.problem(422), "not_a_workbook");
    // the mapping of a workbook goes with its error file, which is text
    let job = client.start_import_of("kind=customers", "a.csv", file.as_bytes(), Some("sheet = \"Orders\""));
    let job = client.imported(job.expect(202)["id"].as_str().unwrap());
    assert_eq!(counts(&job), [1, 1, 0, 0, 0, 0], "{job}");
}

fn rejected_rows_say_what_is_wrong(database: Database) {
    let (server, client) = start(database);
    let header = "会员号,手机,邮箱,预订日期,金额,状态\n";
    let cases = [
        (
            ",1234,,2025-05-01,1,",
            "bad_identity",
            "phone \"1234\" is not a telephone number",
            "phone \"1234\" 不是电话号码",
        ),
        (
            ",,li.wei,2025-05-01,1,",
            "bad_identity",
            "email \"li.wei\" is not an e-mail",
            "email \"li.wei\" 不是邮箱地址",
        ),
        (
            "M1,,,12-25-88,1,",
            "bad_date",
            "Write the year with four digits",
            "年份要写四位数",
        ),
        ("M1,,,2025-02-30,1,", "bad_date", "There is no such day", "没有这一天"),
        (
            "M1,,,1/5/2025,1,",
            "bad_date",
            "date_order in a mapping",
            "在映射中设置 date_order",
        ),
        (
            "M1,,,2025-05-01,\"1.234,50\",",
            "bad_amount",
            "set decimal = \",\" in a mapping",
            "请在映射中设置 decimal = \",\"",
        ),
        (
            "M1,,,2025-05-01,1,已出票",
            "bad_status",
            "under [status]",
            "映射的 [status]",
        ),
        (
            "M1,,,2062-01-02 10:30,1,",
            "in_the_future",
            "booked_at 2062-01-02 10:30 is in the future; in Asia/Shanghai it is 20",
            "booked_at 2062-01-02 10:30 在将来；Asia/Shanghai 现在是 20",
        ),
    ];
    let file: String = cases.iter().map(|(row, ..)| format!("{row}\n")).collect();
    let job = import(&client, "kind=bookings", &(header.to_owned() + &file));
    let rows = csv_of(&client, &job, "errors");
    assert_eq!(rows.len(), cases.len(), "{job}");
    let chinese = in_chinese(&client, &path(&job, "/errors.csv")).replace("\"\"", "\"");
    for (row, (text, code, english, zh)) in rows.iter().zip(cases) {
        assert_eq!(row["code"], code, "{text}");
        assert!(row["reason"].contains(english), "{text}: {}", row["reason"]);
        assert!(chinese.contains(zh), "{zh}: {chinese}");
    }
    // where the currency stands in the header, the cell or the header is wrong, and not the column currency
    let job = import(
        &client,
        "kind=bookings",
        "会员号,预订日期,金额（美元）,本币金额\nM1,2025-05-01,€100,700\n",
    );
    let reason = &csv_of(&client, &job, "errors")[0]["reason"];
    assert!(
        reason.contains("is marked €, but its header says 美元; write this amount in 美元"),
        "{reason}"
    );
    let log = std::fs::read_to_string(server.log()).unwrap();
    assert!(!log.contains("li.wei"), "who is in a file is in no log");
}

fn rejected_files_say_what_is_wrong(database: Database) {
    let (_server, client) = start(database);
    let failure = |file: &str, mapping: Option<&str>| -> (String, String, String) {
        let job = client.start_import_of("kind=bookings", "a.csv", file.as_bytes(), mapping);
        let job = client.imported(job.expect(202)["id"].as_str().unwrap());
        let text = |key: &str| job["failure"][key].as_str().unwrap_or_default().to_owned();
        (text("code"), text("detail"), in_chinese(&client, &path(&job, "")))
    };
    let (code, detail, chinese) = failure("姓名,Paid,下单日期\n李伟,1,2025-05-01\n", None);
    assert_eq!(code, "headers_missing");
    assert!(
        detail.contains("there are \"姓名\", \"Paid\", \"下单日期\""),
        "{detail}"
    );
    assert!(chinese.contains("表头须有 customer_member_no"), "{chinese}");

    let (code, _, chinese) = failure("%PDF-1.7\n", None);
    assert_eq!(code, "file_not_a_table");
    assert!(chinese.contains("文件是 PDF 文档；"), "{chinese}");

    for (header, expected, zh) in [
        ("金额（元）/人", "a unit price (\"元/人\")", "那是单价"),
        ("USD Price (EUR)", "two units", "两个单位"),
        ("实付（万两）", "the unit \"万两\" is not understood", "无法识别"),
    ] {
        let file = format!("会员号,预订日期,{header}\nM1,2025-05-01,1\n");
        let (code, detail, chinese) = failure(&file, Some(&format!("[columns]\namount = \"{header}\"")));
        assert_eq!(code, "unknown_unit", "{header}");
        assert!(detail.contains(expected), "{header}: {detail}");
        assert!(chinese.contains(zh), "{header}: {chinese}");
    }
}

fn files_from_taiwan_are_understood(database: Database) {
    let (_server, client) = start(database);
    let text = "訂單編號,聯絡電話,姓名,預訂日期,訂單金額,訂單狀態\n\
        B1,13800138000,李偉,2025-06-01,12800,已確認\n\
        B2,13900139000,張麗華,2025年6月2號,1.28萬,已付款\n\
        總計：2 筆,,,,25600,\n";
    let (file, _, _) = encoding_rs::BIG5.encode(text);
    let job = client.start_import_of("kind=bookings&encoding=big5", "a.csv", &file, None);
    let job = client.imported(job.expect(202)["id"].as_str().unwrap());
    assert_eq!(counts(&job), [2, 2, 0, 0, 0, 1], "{job}");
    assert_eq!(job["ignored_columns"], json!([]));
    assert_eq!(
        job["report"]["names"],
        json!(["李偉", "張麗華"]),
        "names stay as they are written"
    );
    assert_eq!(job["report"]["totals"][0]["amount"], 2_560_000, "{job}");
}

fn a_product_may_have_several_lines(database: Database) {
    let (_server, client) = start(database);
    let file = "订单号,会员号,预订日期,产品\nB1,M1,2025-05-01,\"云南八日\n昆明 大理\"\n";
    let job = import(&client, "kind=bookings", file);
    assert_eq!(counts(&job), [1, 1, 0, 0, 0, 0], "{job}");
    let fields = job["report"]["first_rows"][0]["fields"].to_string();
    assert!(fields.contains("\"云南八日 昆明 大理\""), "{fields}");
}

fn sums_with_a_count_are_passed_over(database: Database) {
    let (_server, client) = start(database);
    let file = "订单号,会员号,预订日期,金额\nB1,M1,2025-05-01,1\n合计：1笔,,,1\n小计4,M2,2025-05-02,1\n";
    let job = import(&client, "kind=bookings", file);
    assert_eq!(
        counts(&job),
        [2, 2, 0, 0, 0, 1],
        "a row with a member number is no sum: {job}"
    );
}

fn a_price_may_be_the_same_in_all_rows(database: Database) {
    let (_server, client) = start(database);
    let file = "会员号,预订日期\nM1,2025-05-01\nM2,2025-05-02\n";
    let mapping = Some("[constants]\namount = \"99\"\n");
    let job = client.start_import_of("kind=bookings", "a.csv", file.as_bytes(), mapping);
    let job = client.imported(job.expect(202)["id"].as_str().unwrap());
    assert_eq!(counts(&job), [2, 2, 0, 0, 0, 0], "{job}");
    assert_eq!(job["report"]["totals"][0]["amount"], 19_800, "{job}");
}

fn the_command_line_says_it_well(database: Database) {
    let (server, client) = start(database);
    let place = server.folder.path().join("one.csv");
    let name = place.to_str().unwrap();
    let said = |words: &[&str]| {
        let output = run(&server, &client, words);
        let (out, err) = (
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        );
        (out, err)
    };
    std::fs::write(&place, "会员号,姓名\nM1,李伟\n").unwrap();
    let (out, _) = said(&["import", "customers", name]);
    assert!(out.contains("one.csv: 1 row. 1 landed"), "{out}");
    std::fs::write(&place, "姓名\n李伟\n").unwrap();
    let (out, _) = said(&["import", "customers", name]);
    assert!(
        out.starts_with("The file was rejected: the headers must have one of"),
        "{out}"
    );
    let (_, err) = said(&["--lang", "zh-CN", "import", "customers", "/nowhere.csv"]);
    assert!(err.contains("/nowhere.csv 无法读取：没有这个文件或目录"), "{err}");
}
