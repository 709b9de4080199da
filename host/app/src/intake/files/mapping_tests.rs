use super::*;

fn refused(text: &str) -> String {
    let rejection = Mapping::parse(FileKind::Bookings, text).expect_err(text);
    assert_eq!(rejection.code, "bad_mapping");
    let Words { en, zh } = rejection.detail;
    assert!(zh.starts_with("映射"), "{zh}");
    en
}

#[test]
fn every_key_is_read() {
    let text = r#"
        kind = "bookings"
        source = "erp"
        encoding = "gbk"
        delimiter = ";"
        sheet = "订单"
        header_row = 3
        time_zone = "Asia/Tokyo"
        date_order = "dmy"
        decimal = ","
        [columns]
        amount = "实付金额"
        [constants]
        channel = "shop"
        [status]
        "已出票" = "paid"
    "#;
    let mapping = Mapping::parse(FileKind::Bookings, text).expect("a mapping");
    assert_eq!(mapping.source.as_deref(), Some("erp"));
    assert_eq!(mapping.encoding, Some(encoding_rs::GB18030));
    assert_eq!((mapping.delimiter, mapping.header_row), (Some(';'), Some(3)));
    assert_eq!(mapping.sheet.as_deref(), Some("订单"));
    assert_eq!(mapping.time_zone, Some(chrono_tz::Asia::Tokyo));
    assert_eq!(
        (mapping.date_order, mapping.decimal_comma),
        (Some(DateOrder::Dmy), true)
    );
    assert_eq!(mapping.columns["amount"], "实付金额");
    assert_eq!(mapping.constants["channel"], "shop");
    assert_eq!(mapping.status["已出票"], BookingStatus::Paid);
    assert!(Mapping::parse(FileKind::Customers, "").is_ok());
}

#[test]
fn mistakes_are_named_with_their_line() {
    let cases = [
        ("kind = \"customers\"", "line 1: the mapping is for \"customers\""),
        (
            "\ncolums = 1",
            "line 2: \"colums\" is not known; did you mean \"columns\"?",
        ),
        (
            "[columns]\n\nammount = \"x\"",
            "line 3: \"ammount\" is not a field of bookings; did you mean \"amount\"?",
        ),
        (
            "[columns]\nphone = 7",
            "line 2: \"phone\" is not a field of bookings; did you mean \"customer_phone\"?",
        ),
        ("[columns]\namount = 7", "line 2: amount must be a text in quotes"),
        (
            "[status]\n\"x\" = \"payed\"",
            "line 2: \"payed\" is not a status; did you mean \"paid\"?",
        ),
        (
            "[status]\n\"已订票\" = \"confirmed\"\n\"已訂票\" = \"paid\"",
            "is given two meanings",
        ),
        ("header_row = 0", "header_row must be a number from 1 to 100"),
        ("header_row = \"1\"", "header_row must be a number from 1 to 100"),
        ("delimiter = \"-\"", "delimiter must be"),
        ("encoding = \"klingon\"", "encoding \"klingon\" is not known"),
        ("time_zone = \"CST-8\"", "time_zone must be a name"),
        ("date_order = \"mixed\"", "date_order must be"),
        ("decimal = \"\"", "decimal must be a text in quotes"),
        ("decimal = \";\"", "decimal must be"),
        ("source = \"console\"", "is the server's own"),
        ("source = \"con\u{200b}sole\"", "is the server's own"),
        ("[constants]\nexternal_id = \"1\"", "external_id tells rows apart"),
        ("[constants]\nbooking_id = \"1\"", "booking_id tells rows apart"),
        ("columns = 1", "columns must be a table"),
        (
            "[columns]\nreturns = \" Travel Date\"\namount = \"Paid\"\ndeparts = \"travel_date\"",
            "departs and returns are both under",
        ),
        ("kind = ", "line 1:"),
        ("sheet = \"a\"\nsheet = \"b\"", "line 2:"),
    ];
    for (text, expected) in cases {
        let detail = refused(text);
        assert!(detail.contains(expected), "{text}: {detail}");
    }
    assert!(refused(&"#".repeat(300_000)).contains("256 KiB"));
}

#[test]
fn what_is_too_long_is_refused_in_few_words() {
    let long = "a".repeat(100_000);
    for (text, expected) in [
        (format!("{long} = 1"), "is not known"),
        (format!("kind = \"{long}\""), "the mapping is for"),
        (format!("encoding = \"{long}\""), "is not known"),
        (format!("source = \"{long}\""), "200 bytes"),
        (format!("[columns]\n{long} = \"x\""), "is not a field of bookings"),
        (format!("[columns]\namount = \"{long}\""), "200 characters"),
        (format!("[status]\n{long} = 1"), "must be a text in quotes"),
        (format!("[status]\nx = \"{long}\""), "is not a status"),
        (
            format!("[status]\n{long} = \"paid\"\n{} = \"confirmed\"", long.to_uppercase()),
            "is given two meanings",
        ),
        (format!("sheet = \"{}\"", "表".repeat(256)), "255 characters"),
        ("sheet = \"a\\u0000\"".to_owned(), "control characters"),
        ("sheet = \"a\\tb\"".to_owned(), "control characters"),
    ] {
        let detail = refused(&text);
        assert!(
            detail.contains(expected) && detail.len() < 500,
            "{expected}: {detail:.500}"
        );
    }
    let fits = format!(
        "sheet = \"{}\"\n[columns]\namount = \"{}\"",
        "表".repeat(255),
        "额".repeat(200)
    );
    assert!(Mapping::parse(FileKind::Bookings, &fits).is_ok());
}

#[test]
fn what_is_not_toml_is_said_in_chinese() {
    let twice = Mapping::parse(FileKind::Bookings, "sheet = \"a\"\nsheet = \"b\"").expect_err("the sheet twice");
    assert_eq!(twice.detail.zh, "映射第 2 行：同一项写了两次");
    for (message, zh) in [
        ("invalid basic string, expected `\"`", "文本的引号不完整"),
        ("string values must be quoted, expected literal string", "文本要加引号"),
        (
            "invalid unquoted key, expected letters, numbers, `-`, `_`",
            "名称中有汉字、空格等字符时要加引号",
        ),
        ("missing assignment between key-value pairs, expected `=`", "名称 = 值"),
        ("unclosed table, expected `]`", "缺少右括号"),
        ("missing value", "值的写法有误"),
    ] {
        let said = not_toml(message);
        assert_eq!(said.en, message);
        assert!(said.zh.contains(zh), "{message}: {}", said.zh);
    }
}
