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
        ("kind = ", "line 1:"),
        ("sheet = \"a\"\nsheet = \"b\"", "line 2:"),
    ];
    for (text, expected) in cases {
        let detail = refused(text);
        assert!(detail.contains(expected), "{text}: {detail}");
    }
    assert!(refused(&"#".repeat(300_000)).contains("256 KiB"));
}
