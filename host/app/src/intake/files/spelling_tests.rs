use super::*;
use posthouse_domain::money::parse_major;
use posthouse_domain::row::FileKind;
use proptest::prelude::*;

fn terms() -> AgencyTerms {
    AgencyTerms {
        time_zone: chrono_tz::Asia::Shanghai,
        currency: Currency::parse("CNY").expect("a currency"),
        country: "CN".into(),
    }
}

/// 15 January 2026, noon in Shanghai.
const NOW: i64 = 1_768_449_600_000;

/// The spelling of a cell, or the code it is refused with.
fn spelt(mapping: &str, field: &str, text: &str, currency: &str) -> String {
    below(mapping, field, Unit::default(), text, currency)
}

/// The same below a header with a unit.
fn below(mapping: &str, field: &str, unit: Unit, text: &str, currency: &str) -> String {
    let mapping = Mapping::parse(FileKind::Bookings, mapping).expect("a mapping");
    let terms = terms();
    let spelling = Spelling {
        mapping: &mapping,
        terms: &terms,
        epoch: Epoch::Y1900,
        now: NOW,
    };
    let currency = spelling.currency(Some(&Cell::text(currency)), unit.money.mark);
    spelling
        .read(field, unit, &Cell::text(text), currency)
        .unwrap_or_else(|rejection| format!("!{}", rejection.code))
}

#[test]
fn amounts() {
    let cases = [
        ("1234.50", "", "1234.5"),
        ("1,234.50", "", "1234.5"),
        ("￥1,234", "", "1234"),
        ("¥1,234.5", "", "1234.5"),
        ("CNY 1,234", "", "1234"),
        ("1,234 cny", "", "1234"),
        ("RMB1234", "", "1234"),
        ("1234元", "", "1234"),
        ("１，２３４．５", "", "1234.5"),
        ("1.2万", "", "12000"),
        ("1.23456万元", "", "12345.6"),
        ("3万", "", "30000"),
        ("0", "", "0"),
        ("000.00", "", "0"),
        ("$100", "USD", "100"),
        ("USD 100", "usd", "100"),
        ("100", "美元", "100"),
        ("$100", "", "!currency_differs"),
        ("€5", "CNY", "!currency_differs"),
        ("¥5", "JPY", "5"),
        ("-5", "", "-5"),
        ("¥-5", "", "-5"),
        ("(5)", "", "(5)"),
        ("12,34", "", "12,34"),
        ("1.234,50", "", "1.234,50"),
        ("1e5", "", "1e5"),
        ("USD 100", "", "!currency_differs"),
        ("100美元", "美元", "100"),
        ("100美元", "", "!currency_differs"),
        ("1.2亿", "", "120000000"),
        ("3.5k", "", "3500"),
        ("100000.000", "", "100000"),
        ("万", "", "万"),
        ("#N/A", "", "!broken_cell"),
        ("####", "", "!broken_cell"),
    ];
    for (text, currency, expected) in cases {
        assert_eq!(spelt("", "amount", text, currency), expected, "{text} {currency}");
    }
    assert_eq!(spelt("", "amount_base", "$5", "USD"), "!currency_differs");
}

#[test]
fn amounts_below_a_unit() {
    let cases = [
        ("万元", "1.28", "", "12800"),
        ("万元", "¥1.28", "", "12800"),
        ("万元", "1.23456", "", "12345.6"),
        ("万元", "1.2345678", "", "12345.678"),
        ("万元", "-1.28", "", "-12800"),
        ("万元", "1.28万", "", "!unit_differs"),
        ("万元", "12800元", "", "!unit_differs"),
        ("万元", "1.28", "USD", "!currency_differs"),
        ("万元", "about 2", "", "!bad_amount"),
        ("万", "1.28", "USD", "12800"),
        ("千元", "12.8", "", "12800"),
        ("百元", "128", "", "12800"),
        ("亿", "0.5", "", "50000000"),
        ("分", "1280000", "", "12800"),
        ("分", "1280000.5", "", "12800.005"),
        ("k USD", "1.5", "", "1500"),
        ("k USD", "1.5", "USD", "1500"),
        ("k USD", "1.5", "CNY", "!currency_differs"),
        ("USD", "€5", "", "!currency_differs"),
        ("$", "5", "", "!currency_differs"),
        ("$", "5", "HKD", "5"),
        ("€", "5", "", "5"),
        ("元", "5元", "", "5"),
        ("元", "1.2万", "", "12000"),
    ];
    for (unit, text, currency, expected) in cases {
        let money = Money::parse(unit).expect(unit);
        let unit = Unit {
            money,
            ..Unit::default()
        };
        assert_eq!(
            below("", "amount", unit, text, currency),
            expected,
            "{text} {currency} in {}",
            money.tens
        );
    }
    // more decimals than the currency has are left to be rejected
    assert!(parse_major("12345.678", terms().currency).is_err());
    let leading = format!("{}1.28", "0".repeat(60));
    let money = Money::parse("万元").expect("a unit");
    let unit = Unit {
        money,
        ..Unit::default()
    };
    assert_eq!(below("", "amount", unit, &leading, ""), "!bad_amount", "never unscaled");
    let comma = Money::parse("千元").expect("a unit");
    let unit = Unit {
        money: comma,
        ..Unit::default()
    };
    assert_eq!(below("decimal = \",\"", "amount", unit, "1.234,5", ""), "1234500");
}

#[test]
fn whose_currency_differs_is_said() {
    let mapping = Mapping::default();
    let terms = terms();
    let spelling = Spelling {
        mapping: &mapping,
        terms: &terms,
        epoch: Epoch::Y1900,
        now: NOW,
    };
    let said = |unit: &str, text: &str, currency: &str| {
        let unit = Unit {
            money: Money::parse(unit).unwrap_or_default(),
            ..Unit::default()
        };
        let currency = spelling.currency(Some(&Cell::text(currency)), unit.money.mark);
        let refused = spelling.read("amount", unit, &Cell::text(text), currency);
        refused.expect_err(text).detail
    };
    for (unit, text, currency, en, zh) in [
        (
            "美元",
            "€100",
            "",
            "but its header says 美元; write this amount in 美元",
            "而表头写的是“美元”",
        ),
        ("", "$100", "", "fill in the column currency", "请填写 currency 列"),
        (
            "元",
            "100",
            "USD",
            "is in 元 by its header, but the row's currency is USD",
            "按表头为“元”",
        ),
    ] {
        let detail = said(unit, text, currency);
        assert!(
            detail.en.contains(en) && detail.zh.contains(zh),
            "{unit} {text}: {detail:?}"
        );
    }
}

#[test]
fn headers_say_how_dates_are_written() {
    let order = Unit {
        order: Some(super::dates::DateOrder::Dmy),
        ..Unit::default()
    };
    assert_eq!(below("", "departs", order, "1/5/2026", ""), "2026-05-01");
    assert_eq!(
        below("date_order = \"mdy\"", "departs", order, "1/5/2026", ""),
        "2026-01-05",
        "the mapping is asked first"
    );
    let utc = Unit {
        zone: Some(Tz::UTC),
        ..Unit::default()
    };
    assert_eq!(
        below("", "booked_at", utc, "2026-01-05 20:00", ""),
        "2026-01-05T20:00:00.000Z"
    );
    let own = Unit {
        zone: Some(Tz::Asia__Shanghai),
        ..Unit::default()
    };
    assert_eq!(
        below("", "booked_at", own, "2026-01-05 20:00", ""),
        "2026-01-05 20:00:00"
    );
}

#[test]
fn amounts_with_a_decimal_comma() {
    let cases = [
        ("1.234,50", "1234.5"),
        ("1 234,5", "1234.5"),
        ("1234,5 €", "1234.5"),
        ("1.234", "1234"),
        ("12", "12"),
        ("-1,5", "-1.5"),
        ("1,234.50", "!bad_amount"),
        ("1234.5", "!bad_amount"),
    ];
    for (text, expected) in cases {
        assert_eq!(spelt("decimal = \",\"", "amount", text, "EUR"), expected, "{text}");
    }
}

#[test]
fn phones_and_ids() {
    let phones = [
        ("1.3800138E+10", "13800138000"),
        ("13800138000.0", "13800138000"),
        ("１３８ ００１３ ８０００", "138 0013 8000"),
        ("'13800138000", "13800138000"),
        ("=\"13800138000\"", "13800138000"),
        ("13800138000\t", "13800138000"),
        ("1.38E+10", "!number_rounded"),
        ("1.38001E+10", "!number_rounded"),
        ("1.3800138E+99", "!number_rounded"),
        ("010-6552.99", "010-6552.99"),
    ];
    for (text, expected) in phones {
        assert_eq!(spelt("", "customer_phone", text, ""), expected, "{text}");
    }
    assert_eq!(spelt("", "booking_id", "2.02601E+13", ""), "!number_rounded");
    assert_eq!(spelt("", "booking_id", "12E5", ""), "12E5");
    assert_eq!(spelt("", "booking_id", "=\"0012\"", ""), "0012");
    for lost in ["B1\"", "\"B1", "B\"1"] {
        assert_eq!(spelt("", "member_no", lost, ""), "!broken_quotes", "{lost}");
    }
}

#[test]
fn words_dates_and_people() {
    let cases = [
        ("status", "已付款", "paid"),
        ("status", "In_Trip", "in_trip"),
        ("status", "已出票", "已出票"),
        ("currency", "人民币", "CNY"),
        ("currency", "人民幣", "CNY"),
        ("status", "已確認", "confirmed"),
        ("kind", "個人", "person"),
        ("consent_marketing", "拒絕", "false"),
        ("amount", "1.2萬", "12000"),
        ("gender", "女士", "female"),
        ("gender", "保密", ""),
        ("consent_marketing", "√", "true"),
        ("consent_marketing", "ＮＯ", "false"),
        ("kind", "散客", "person"),
        ("travellers", "２人", "2"),
        ("travellers", "2.0", "2"),
        ("travellers", "2.5", "2.5"),
        ("booked_at", "2026年1月5日", "2026-01-05"),
        ("booked_at", "46027.5", "2026-01-05 12:00:00"),
        ("booked_at", "1/5/2026", "!bad_date"),
        // the reader of rows refuses what is handed on
        ("booked_at", "5.20", "5.20"),
        ("booked_at", "8508", "8508"),
        ("departs", "8.8", "8.8"),
        ("birth_date", "85", "85"),
        ("birth_date", "9999", "9999"),
        ("birth_date", "10000", "1927-05-18"),
        ("booked_at", "2026-01-05 10:00-12:00", "2026-01-05 10:00-12:00"),
        ("departs", "2026-01-05 08:00-09:30", "2026-01-05 08:00-09:30"),
        ("departs", "2026-01-05 10:00-18:00", "2026-01-05 10:00-18:00"),
        ("departs", "2026-01-05 10:00~12:00", "2026-01-05 10:00~12:00"),
        ("booked_at", "2026-01-05 10:00:00-18:00", "!bad_date"),
        ("birth_date", "1988-08-08T10:00:00+23:00", "!bad_date"),
        ("booked_at", "2026-01-05 10:00 +08:00", "2026-01-05T02:00:00.000Z"),
        ("booked_at", "2026-01-05T14:30:00+08:00", "2026-01-05T14:30:00+08:00"),
        ("departs", "2026/1/5 23:30", "2026-01-05"),
        ("booked_at", "2026-01-05 14:30:00 +08:00", "2026-01-05T06:30:00.000Z"),
        ("booked_at", "2026-01-05T14:30Z", "2026-01-05T14:30:00.000Z"),
        ("departs", "2026-01-05T10:00:00+08:00", "2026-01-05T10:00:00+08:00"),
        ("departs", "2026-01-05T16:00Z", "2026-01-06"),
        ("returns", "2026-01-05 23:30:00 +0800", "2026-01-05"),
        ("birth_date", "88-8-8", "1988-08-08"),
        ("birth_date", "８８／８／８", "1988-08-08"),
        ("birth_date", "88-8-8x", "88-8-8x"),
        ("birth_date", "26-1-16", "26-1-16"),
        ("birth_date", "1988-08-07T15:00:00.000Z", "1988-08-08"),
        ("birth_date", "1988-08-08T10:00:00+08:00", "1988-08-08"),
        ("birth_date", "1988-08-08 10:00:00.5+08:00", "1988-08-08"),
        ("birth_date", "1988/8/8", "1988-08-08"),
        ("booked_at", "88-8-8", "88-8-8"),
        ("departs", "88-8-8", "88-8-8"),
        ("consent_marketing", "退订", "false"),
        ("customer_name", " 李\u{3000}伟\u{a0}", "李\u{3000}伟"),
        ("customer_name", "李\u{fffd}", "!bad_encoding"),
    ];
    for (field, text, expected) in cases {
        assert_eq!(spelt("", field, text, ""), expected, "{field} {text}");
    }
    assert_eq!(spelt("[status]\n\"已出票\" = \"paid\"", "status", "已出票", ""), "paid");
    let births = "date_order = \"ymd\"";
    assert_eq!(spelt(births, "birth_date", "05-8-8", ""), "!bad_date", "1905 or 2005");
    assert_eq!(spelt(births, "birth_date", "26-1-16", ""), "1926-01-16");
    assert_eq!(
        spelt("time_zone = \"Asia/Tokyo\"", "booked_at", "2026-01-05 00:30", ""),
        "2026-01-04T15:30:00.000Z"
    );
    assert_eq!(
        spelt("time_zone = \"Asia/Tokyo\"", "booked_at", "2026-01-05", ""),
        "2026-01-05",
        "a day alone is a day of the agency"
    );
}

proptest! {
    #[test]
    fn nothing_panics(text in ".{0,40}", money in "[-0-9.,万元¥$ E+]{0,20}", currency in "[A-Z]{0,4}") {
        for mapping in ["", "decimal = \",\""] {
            for field in FileKind::Bookings.headers().iter().chain(FileKind::Customers.headers()) {
                spelt(mapping, field, &text, &currency);
                spelt(mapping, field, &money, &currency);
            }
        }
    }

    #[test]
    fn an_amount_keeps_its_value(minor in 0i64..1_000_000_000_000) {
        let (whole, rest) = ((minor / 100).to_string(), minor % 100);
        let mut grouped = String::new();
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        let cny = terms().currency;
        for text in [format!("{whole}.{rest:02}"), format!("¥{grouped}.{rest:02}"), format!("{grouped}.{rest:02} 元")] {
            prop_assert_eq!(parse_major(&spelt("", "amount", &text, ""), cny), Ok(minor));
        }
        let european = format!("{}, {rest:02}", grouped.replace(',', ".")).replace(", ", ",");
        prop_assert_eq!(parse_major(&spelt("decimal = \",\"", "amount", &european, ""), cny), Ok(minor));
    }
}

#[test]
fn attributes_of_the_agencys_own() {
    let mapping = Mapping::default();
    let terms = terms();
    let spelling = Spelling {
        mapping: &mapping,
        terms: &terms,
        epoch: Epoch::Y1900,
        now: NOW,
    };
    let told = |kind: FactKind, text: &str| {
        spelling
            .attribute("attr.own", Unit::default(), kind, &Cell::text(text))
            .unwrap_or_else(|rejection| format!("!{}", rejection.code))
    };
    for (kind, text, expected) in [
        (FactKind::Money, "￥1,234.50", "123450"),
        (FactKind::Money, "-5", "-500"),
        (FactKind::Money, "$5", "!currency_differs"),
        (FactKind::Money, "much", "!bad_attribute"),
        (FactKind::Money, " ", ""),
        (FactKind::Day, "2026年1月5日", "2026-01-05"),
        (FactKind::Day, "1/5/2026", "!bad_date"),
        (FactKind::Day, "2026-01-04T16:00:00Z", "2026-01-05"),
        (FactKind::Flag, "同意", "true"),
        (FactKind::Count, "１２", "12"),
        (FactKind::Text, "=\"007\"", "007"),
        (FactKind::Text, "#REF!", "!broken_cell"),
    ] {
        assert_eq!(told(kind, text), expected, "{kind:?} {text}");
    }
}
