//! What rows of files become and what is refused, word for word.

use posthouse_domain::booking::BookingStatus;
use posthouse_domain::identity::IdentityKind;
use posthouse_domain::money::Currency;
use posthouse_domain::record::Body;
use posthouse_domain::row::{FileKind, Layout, LeftOut};
use posthouse_domain::time::{instant_text, parse_day, parse_instant};
use posthouse_domain::{AgencyTerms, Day, Instant, Record, Rejection};
use serde_json::json;

fn terms() -> AgencyTerms {
    AgencyTerms {
        time_zone: chrono_tz::Asia::Shanghai,
        currency: Currency::parse("CNY").expect("a currency"),
        country: "CN".into(),
    }
}

fn day(text: &str) -> Day {
    parse_day(text).expect("a day")
}

fn now() -> Instant {
    parse_instant("2026-02-01 09:00", terms().time_zone).expect("an instant")
}

/// Reads one row given as header and cell in turn, with what it is read without.
fn leniently(kind: FileKind, row: &[(&str, &str)], terms: &AgencyTerms) -> Result<(Record, Vec<LeftOut>), Rejection> {
    let layout = Layout::read(kind, row.iter().map(|(header, _)| *header))?;
    layout.record(|i| row[i].1, "hash-1", now(), terms)
}

/// Reads one row of which every cell is good, or that is refused.
fn read(kind: FileKind, row: &[(&str, &str)], terms: &AgencyTerms) -> Result<Record, Rejection> {
    let (record, left_out) = leniently(kind, row, terms)?;
    assert_eq!(left_out, [], "every cell is good");
    Ok(record)
}

/// A good booking row with more cells.
fn booking<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut row = vec![("customer_member_no", "M-1"), ("booked_at", "2026-01-15")];
    row.retain(|(header, _)| !more.iter().any(|(other, _)| other == header));
    row.extend(more);
    row
}

fn good_booking(more: &[(&str, &str)]) -> Record {
    read(FileKind::Bookings, &booking(more), &terms()).expect("a good row")
}

/// Cells under their headers, and the code and detail they are refused with.
type Refused<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str);

#[test]
fn each_refusal_has_its_code_and_says_what_to_do() {
    const STATUSES: &str =
        "inquiry, quote, confirmed, contracted, paid, in_trip, completed, settled, cancelled, refunded";
    let long_id = "x".repeat(201);
    let status = format!(
        "status \"lost\" is not known; known are {STATUSES}; empty means confirmed. A mapping can say under [status] which of them it is"
    );
    let bookings: &[Refused<'_>] = &[
        (
            &[("customer_member_no", "")],
            "identity_missing",
            "fill in one of customer_member_no, customer_phone, customer_email, so that the customer can be recognised",
        ),
        (
            &[("customer_phone", "12")],
            "bad_identity",
            "phone \"12\" is not a telephone number; write it as dialled in the agency's country, or with + and the country code",
        ),
        (
            &[("customer_email", "li")],
            "bad_identity",
            "email \"li\" is not an e-mail address",
        ),
        (
            &[("booked_at", " ")],
            "date_missing",
            "booked_at is empty; write it like 2026-01-15",
        ),
        (
            &[("booked_at", "15.01.2026")],
            "bad_date",
            "booked_at \"15.01.2026\" is not a date; write it like 2026-01-15. For dates with the year last, set date_order in a mapping",
        ),
        (
            &[("departs", "2026-03-02"), ("returns", "2026-03-01")],
            "returns_before_departs",
            "the trip returns before it departs; check both dates",
        ),
        (&[("status", "lost")], "bad_status", &status),
        (
            &[("amount", "12,34")],
            "bad_amount",
            "amount \"12,34\" is not an amount; write it like 1234.50 or 1,234.50. If its comma is a decimal point, set decimal = \",\" in a mapping",
        ),
        (
            &[("cost", "1.005")],
            "bad_amount",
            "cost \"1.005\" has more decimals than the currency",
        ),
        (
            &[("amount", "10000000000000.01")],
            "bad_amount",
            "amount \"10000000000000.01\" is too large",
        ),
        (
            &[("amount", "-5")],
            "negative_amount",
            "amount \"-5\" is negative; a refund is a record with status refunded",
        ),
        (
            &[("currency", "RMB¥")],
            "bad_currency",
            "currency \"RMB¥\" is not a three-letter code like CNY",
        ),
        (
            &[("currency", "JPY"), ("amount", "1200")],
            "currency_needs_base",
            "the amount is in JPY, the agency keeps its books in CNY; send amount_base as well",
        ),
        (
            &[("currency", "JPY"), ("amount", "1200.5"), ("amount_base", "60")],
            "bad_amount",
            "amount \"1200.5\" has more decimals than the currency",
        ),
        (
            &[("external_id", &long_id)],
            "bad_id",
            "external_id is longer than 200 bytes or has control characters",
        ),
        (
            &[("booking_id", "a\u{7}b")],
            "bad_id",
            "booking_id is longer than 200 bytes or has control characters",
        ),
    ];
    for (more, code, detail) in bookings {
        let found = read(FileKind::Bookings, &booking(more), &terms()).expect_err(code);
        assert_eq!((found.code.as_str(), found.detail.en.as_str()), (*code, *detail));
    }
    let customers: &[Refused<'_>] = &[(
        &[("phone", ""), ("name", "Li")],
        "identity_missing",
        "fill in one of member_no, phone, email, so that the customer can be recognised",
    )];
    for (row, code, detail) in customers {
        let found = read(FileKind::Customers, row, &terms()).expect_err(code);
        assert_eq!((found.code.as_str(), found.detail.en.as_str()), (*code, *detail));
    }
}

#[test]
fn a_row_lands_without_the_optional_cells_that_cannot_be_read() {
    let long = "x".repeat(501);
    let bookings: &[Refused<'_>] = &[
        (
            &[("departs", "1800-01-01")],
            "bad_date",
            "departs \"1800-01-01\" is not a date; write it like 2026-01-15. Years are read from 1900 to 2999",
        ),
        (
            &[("returns", "待定")],
            "bad_date",
            "returns \"待定\" is not a date; write it like 2026-01-15",
        ),
        (
            &[("travellers", "2.5")],
            "bad_travellers",
            "travellers \"2.5\" must be a whole number between 1 and 10000",
        ),
        (
            &[("travellers", "0")],
            "bad_travellers",
            "travellers 0 must be between 1 and 10000",
        ),
        (
            &[("theme", &long)],
            "bad_field",
            "theme is longer than 500 bytes or has control characters",
        ),
        (
            &[("customer_name", "a\u{7}b")],
            "bad_attribute",
            "name \"a\\u{7}b\" is longer than 500 bytes or has control characters",
        ),
    ];
    let customers: &[Refused<'_>] = &[
        (
            &[("gender", "?")],
            "bad_attribute",
            "gender \"?\" must be female, male or other",
        ),
        (
            &[("birth_date", "88-8-8x")],
            "bad_attribute",
            "birth_date \"88-8-8x\" must be a date like 1985-04-23",
        ),
        (
            &[("birth_date", "2026-02-03")],
            "bad_attribute",
            "birth_date \"2026-02-03\" is later than the record itself",
        ),
        (
            &[("since", "long ago")],
            "bad_date",
            "since \"long ago\" is not a date; write it like 2026-01-15",
        ),
        (
            &[("consent_marketing", "perhaps")],
            "bad_attribute",
            "consent_marketing \"perhaps\" must be true or false",
        ),
        (
            &[("kind", "robot")],
            "bad_attribute",
            "kind \"robot\" must be person, company or group",
        ),
    ];
    for (kind, cases) in [(FileKind::Bookings, bookings), (FileKind::Customers, customers)] {
        for (more, code, detail) in cases {
            let good = match kind {
                FileKind::Bookings => booking(&[]),
                FileKind::Customers => vec![("member_no", "M-1")],
            };
            let row = [good.as_slice(), more].concat();
            let (record, left_out) = leniently(kind, &row, &terms()).expect("the row lands");
            let [LeftOut { field, why }] = left_out.as_slice() else {
                panic!("{left_out:?}")
            };
            assert_eq!(field, more[0].0);
            assert_eq!((why.code.as_str(), why.detail.to_string().as_str()), (*code, *detail));
            let without = read(kind, &good, &terms()).expect("a good row");
            assert_eq!(record, without, "it is the row without the cell");
        }
    }
}

#[test]
fn headers_may_be_untidy() {
    let headers = ["\u{feff}Customer_Phone", " BOOKED_AT ", "Colour", "amount", ""];
    let layout = Layout::read(FileKind::Bookings, headers).expect("good headers");
    assert_eq!(layout.ignored, ["Colour", ""]);
    let cells = ["13800138000", "2026-01-15", "red", " 1,234.50 ", "?"];
    let (record, _) = layout
        .record(|i| cells[i], "hash-1", now(), &terms())
        .expect("a good row");
    assert_eq!(record.identities[0].value, "+8613800138000");
    assert_eq!(
        json!(record.data),
        json!({"customer_phone": "13800138000", "booked_at": "2026-01-15", "amount": "1,234.50"}),
        "cells under unknown headers stay out"
    );
}

#[test]
fn headers_that_cannot_do() {
    let refused = |kind, headers: &[&str]| {
        let rejection = Layout::read(kind, headers.iter().copied()).expect_err("bad headers");
        (rejection.code, rejection.detail.en)
    };
    let case = |code: &str, detail: &str| (code.to_owned(), detail.to_owned());
    assert_eq!(
        refused(FileKind::Bookings, &["booked_at", "customer_phone", "Booked_At"]),
        case(
            "header_twice",
            "the header booked_at stands twice; remove or rename one"
        )
    );
    assert_eq!(
        refused(FileKind::Bookings, &["booked_at", "phone"]),
        case(
            "headers_missing",
            "the headers must have one of customer_member_no, customer_phone, customer_email; there are \"booked_at\", \"phone\""
        )
    );
    assert_eq!(
        refused(FileKind::Bookings, &["customer_phone"]),
        case(
            "headers_missing",
            "the headers must have booked_at; there are \"customer_phone\""
        )
    );
    assert_eq!(
        refused(FileKind::Customers, &["customer_phone"]),
        case(
            "headers_missing",
            "the headers must have one of member_no, phone, email; there are \"customer_phone\""
        )
    );
    assert_eq!(
        refused(FileKind::Customers, &[]),
        case(
            "headers_missing",
            "the headers must have one of member_no, phone, email; there are "
        )
    );
    // what is missing is said with the headers as the file has them
    let written = ["下单日期", "Paid", ""];
    let missing = Layout::of(FileKind::Bookings, ["booked_at", "Paid", ""], written).expect_err("nobody is known");
    assert_eq!(
        missing.detail.en,
        "the headers must have one of customer_member_no, customer_phone, customer_email; there are \"下单日期\", \"Paid\""
    );
    // a file without headers, or a wrong one, does not fill the screen
    let wide = vec!["x".repeat(1000); 1000];
    let (_, detail) = refused(
        FileKind::Customers,
        &wide.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    assert!(detail.len() < 3_000, "{}", detail.len());
}

#[test]
fn every_header_of_the_contract_is_understood() {
    let bookings = "external_id, booking_id, customer_member_no, customer_phone, customer_email, customer_name, booked_at, product, destination, theme, departs, returns, travellers, amount, cost, currency, amount_base, status, channel";
    let customers = "external_id, member_no, phone, email, name, name_latin, kind, gender, birth_date, home_city, language, since, consent_marketing";
    for (kind, headers) in [(FileKind::Bookings, bookings), (FileKind::Customers, customers)] {
        assert_eq!(kind.headers().join(", "), headers);
        let layout = Layout::read(kind, kind.headers().iter().copied()).expect("good headers");
        assert!(layout.ignored.is_empty());
        assert_eq!(FileKind::parse(kind.as_str()), Some(kind));
    }
}

#[test]
fn a_booking_row_in_normal_spelling() {
    let record = good_booking(&[
        ("external_id", " X-1 "),
        ("booking_id", "B-7"),
        ("customer_phone", "+86 138 0013 8000"),
        ("customer_email", "Li Wei <Li.Wei@Example.COM>"),
        ("customer_name", "李伟"),
        ("booked_at", "2026-01-14T18:00:00Z"),
        ("product", "云南八日"),
        ("destination", "云南"),
        ("theme", "亲子"),
        ("departs", "2026-03-01"),
        ("returns", "2026-03-08 21:00"),
        ("travellers", "4"),
        ("amount", "12,345.6"),
        ("cost", "9800"),
        ("status", "In_Trip"),
        ("channel", "wechat"),
    ]);
    assert_eq!(
        (record.source.as_str(), record.external_id.as_str()),
        ("import:bookings", "X-1")
    );
    assert_eq!(
        (record.kind.as_str(), record.on),
        ("booking.in_trip", day("2026-01-15"))
    );
    assert_eq!(instant_text(record.occurred_at), "2026-01-14T18:00:00.000Z");
    let identities: Vec<(IdentityKind, &str)> = record
        .identities
        .iter()
        .map(|identity| (identity.kind, identity.value.as_str()))
        .collect();
    assert_eq!(
        identities,
        [
            (IdentityKind::MemberNo, "m-1"),
            (IdentityKind::Phone, "+8613800138000"),
            (IdentityKind::Email, "li.wei@example.com"),
        ]
    );
    assert_eq!(
        (record.attributes[0].key.as_str(), record.attributes[0].value.as_str()),
        ("name", "李伟")
    );
    assert_eq!(record.attributes[0].at, record.occurred_at);
    assert!(!record.data.contains_key("external_id"));
    assert_eq!(record.data["amount"], "12,345.6");

    let Body::Booking(booking) = record.body else {
        panic!("a booking")
    };
    assert_eq!(
        (booking.booking_id.as_str(), booking.status),
        ("B-7", BookingStatus::InTrip)
    );
    assert_eq!((booking.happened_at, booking.on), (None, day("2026-01-15")));
    let details = booking.details;
    assert_eq!(details.booked_on, Some(day("2026-01-15")));
    assert_eq!(
        (details.departs_on, details.returns_on),
        (Some(day("2026-03-01")), Some(day("2026-03-08")))
    );
    assert_eq!(
        (details.travellers, details.amount, details.cost),
        (Some(4), Some(1_234_560), Some(980_000))
    );
    let texts = [details.product, details.destination, details.theme, details.channel];
    assert_eq!(
        texts.map(Option::unwrap_or_default),
        ["云南八日", "云南", "亲子", "wechat"]
    );
}

#[test]
fn what_a_booking_row_leaves_out() {
    let record = good_booking(&[("status", ""), ("amount", ""), ("theme", " ")]);
    assert_eq!(
        (record.kind.as_str(), record.external_id.as_str()),
        ("booking.confirmed", "hash-1")
    );
    let Body::Booking(booking) = record.body else {
        panic!("a booking")
    };
    assert_eq!(
        (booking.booking_id.as_str(), booking.status),
        ("hash-1", BookingStatus::Confirmed)
    );
    assert_eq!((booking.details.amount, booking.details.theme), (None, None));
}

#[test]
fn every_status_can_come_in_a_row() {
    for status in BookingStatus::ALL {
        let Body::Booking(booking) = good_booking(&[("status", status.as_str())]).body else {
            panic!("a booking")
        };
        assert_eq!(booking.status, status);
    }
}

#[test]
fn amounts_are_major_units_of_the_rows_currency() {
    let amounts = |more: &[(&str, &str)]| match good_booking(more).body {
        Body::Booking(booking) => (booking.details.amount, booking.details.cost),
        _ => panic!("a booking"),
    };
    assert_eq!(
        amounts(&[("amount", "1,234.50"), ("cost", "0")]),
        (Some(123_450), Some(0))
    );
    let yen = [
        ("currency", "jpy"),
        ("amount", "12,000"),
        ("cost", "6000"),
        ("amount_base", "600.00"),
    ];
    assert_eq!(amounts(&yen), (Some(60_000), Some(30_000)));
    let dinars = [("currency", "KWD"), ("amount", "1.255"), ("amount_base", "29.1")];
    assert_eq!(amounts(&dinars), (Some(2_910), None));
    assert_eq!(
        amounts(&[("currency", "CNY"), ("amount_base", "29.1")]),
        (Some(2_910), None)
    );

    let yen_agency = AgencyTerms {
        currency: Currency::parse("JPY").expect("a currency"),
        ..terms()
    };
    let row = booking(&[("amount", "1,200")]);
    let Body::Booking(own) = read(FileKind::Bookings, &row, &yen_agency).expect("a good row").body else {
        panic!("a booking")
    };
    assert_eq!(own.details.amount, Some(1_200));
}

#[test]
fn a_customer_row_in_normal_spelling() {
    let row = [
        ("external_id", "C-1"),
        ("member_no", " 00-17 "),
        ("phone", "010-6552 9988"),
        ("email", "li@EXAMPLE.com"),
        ("name", "李伟"),
        ("name_latin", "LI WEI"),
        ("kind", "公司"),
        ("gender", "F"),
        ("birth_date", "1985-04-23"),
        ("home_city", "上海"),
        ("language", "zh"),
        ("since", "2019-06-30"),
        ("consent_marketing", "是"),
    ];
    let record = read(FileKind::Customers, &row, &terms()).expect("a good row");
    assert_eq!(
        (record.source.as_str(), record.kind.as_str()),
        ("import:customers", "profile.updated")
    );
    assert_eq!((record.body.clone(), record.occurred_at), (Body::Profile, now()));
    assert_eq!(
        (record.customer_since, record.on),
        (Some(day("2019-06-30")), day("2019-06-30"))
    );
    let identities: Vec<&str> = record
        .identities
        .iter()
        .map(|identity| identity.value.as_str())
        .collect();
    assert_eq!(identities, ["00-17", "+861065529988", "li@example.com"]);
    let attributes: Vec<(&str, &str)> = record
        .attributes
        .iter()
        .map(|told| (told.key.as_str(), told.value.as_str()))
        .collect();
    assert_eq!(
        attributes,
        [
            ("name", "李伟"),
            ("name_latin", "LI WEI"),
            ("kind", "company"),
            ("gender", "female"),
            ("birth_date", "1985-04-23"),
            ("home_city", "上海"),
            ("language", "zh"),
            ("consent_marketing", "true"),
        ]
    );
    let new = read(FileKind::Customers, &[("member_no", "1")], &terms()).expect("a good row");
    assert_eq!((new.customer_since, new.on), (None, day("2026-02-01")));
}

#[test]
fn a_product_of_several_lines_is_one_line() {
    let record = good_booking(&[
        ("product", "云南八日\n 昆明 大理 \r\n\r\n丽江\r香格里拉"),
        ("channel", "门店\n"),
    ]);
    let Body::Booking(booking) = &record.body else {
        panic!("a booking")
    };
    assert_eq!(
        booking.details.product.as_deref(),
        Some("云南八日 昆明 大理 丽江 香格里拉")
    );
    assert_eq!(booking.details.channel.as_deref(), Some("门店"));
}

#[test]
fn the_future_is_said_on_the_agencys_clocks() {
    for (booked_at, said) in [
        ("2026-02-03 10:30", "booked_at 2026-02-03 10:30 is in the future"),
        ("2026-02-03", "booked_at 2026-02-03 is in the future"),
        ("2026-02-03T16:00:00Z", "booked_at 2026-02-04 is in the future"),
    ] {
        let record = good_booking(&[("booked_at", booked_at)]);
        let refused = record.check_past(now(), terms().time_zone).expect_err(booked_at);
        assert_eq!(refused.code, "in_the_future");
        assert!(refused.detail.en.starts_with(said), "{}", refused.detail);
        assert!(
            refused.detail.en.contains("in Asia/Shanghai it is 2026-02-01 09:00"),
            "{}",
            refused.detail
        );
        assert!(refused.detail.zh.contains("Asia/Shanghai 现在是 2026-02-01 09:00"));
    }
}

#[test]
fn the_content_hash_is_of_the_content() {
    let hash = |row: &[(&str, &str)]| {
        let layout = Layout::read(FileKind::Bookings, row.iter().map(|(header, _)| *header)).expect("good headers");
        layout.content_hash(|i| row[i].1)
    };
    let one = hash(&[("customer_phone", "1"), ("booked_at", "2026-01-15"), ("theme", "sea")]);
    assert_eq!(one.len(), 64);
    let same: [&[(&str, &str)]; 3] = [
        &[("theme", "sea"), ("booked_at", "2026-01-15"), ("customer_phone", "1")],
        &[
            ("Theme", " sea "),
            ("BOOKED_AT", "2026-01-15"),
            ("customer_phone", "1"),
            ("channel", " "),
        ],
        &[
            ("colour", "red"),
            ("customer_phone", "1"),
            ("booked_at", "2026-01-15"),
            ("theme", "sea"),
        ],
    ];
    for row in same {
        assert_eq!(hash(row), one, "{row:?}");
    }
    let other: [&[(&str, &str)]; 3] = [
        &[("customer_phone", "1"), ("booked_at", "2026-01-15"), ("theme", "Sea")],
        &[
            ("customer_phone", "1"),
            ("booked_at", "2026-01-15"),
            ("destination", "sea"),
        ],
        &[("customer_phone", "1"), ("booked_at", "2026-01-15\ntheme=sea")],
    ];
    for row in other {
        assert_ne!(hash(row), one, "{row:?}");
    }
}

#[test]
fn the_first_telephone_says_who_and_the_others_are_theirs_as_well() {
    let row = [
        ("member_no", "M-1"),
        ("phone", ""),
        ("phone", "13800138000"),
        ("email", "li@example.com"),
        ("phone", "010-65529988"),
        ("phone", "138 0013 8000"),
        ("email", "wei@example.com"),
    ];
    let record = read(FileKind::Customers, &row, &terms()).expect("a good row");
    let values = |identities: &[posthouse_domain::identity::Identity]| -> Vec<String> {
        identities.iter().map(|identity| identity.value.clone()).collect()
    };
    let first: Vec<IdentityKind> = record.identities.iter().map(|identity| identity.kind).collect();
    assert_eq!(
        first,
        [IdentityKind::MemberNo, IdentityKind::Phone, IdentityKind::Email]
    );
    assert_eq!(values(&record.identities)[1..], ["+8613800138000", "li@example.com"]);
    assert_eq!(
        values(&record.further),
        ["+861065529988", "wei@example.com"],
        "each once"
    );
    assert_eq!(record.all_identities().count(), 5);
    assert_eq!(record.data["phone"], json!("13800138000"));
    assert_eq!(record.data["phone_2"], json!("010-65529988"));
    assert_eq!(record.data["phone_3"], json!("138 0013 8000"));
    // one filled column of two says what one column says
    let of = |row: &[(&str, &str)]| {
        let layout = Layout::read(FileKind::Customers, row.iter().map(|(header, _)| *header)).expect("good headers");
        layout.content_hash(|i| row[i].1)
    };
    assert_eq!(
        of(&[("phone", ""), ("phone", "13800138000")]),
        of(&[("phone", "13800138000")])
    );
    let twice = Layout::read(FileKind::Customers, ["phone", "name", "name"]).expect_err("a name twice");
    assert_eq!(twice.code, "header_twice");
}
