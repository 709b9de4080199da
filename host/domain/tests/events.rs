//! What `POST /events` takes and what it refuses, word for word.

use posthouse_domain::booking::BookingStatus;
use posthouse_domain::identity::IdentityKind;
use posthouse_domain::money::Currency;
use posthouse_domain::profile::SourceKind;
use posthouse_domain::record::{ActivityKind, Body, ReviewRecord};
use posthouse_domain::time::{instant_text, parse_day};
use posthouse_domain::{AgencyTerms, Day, Record, event};
use serde_json::{Value, json};

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

/// A good booking event with some of its parts replaced; `null` takes a part away.
fn event(changes: Value) -> Value {
    let mut event = json!({
        "source": "shop",
        "external_id": "e-1",
        "type": "booking.paid",
        "occurred_at": "2026-01-15T10:30:00+08:00",
        "customer": {"identities": [{"kind": "member_no", "value": "M-1"}]},
        "data": {"amount": 123450},
    });
    for (part, value) in changes.as_object().expect("an object") {
        event[part] = value.clone();
        if value.is_null() {
            event.as_object_mut().expect("an object").remove(part);
        }
    }
    event
}

fn good(changes: Value) -> Record {
    event::parse(&event(changes), &terms()).expect("a good event")
}

fn with_data(data: Value) -> Value {
    json!({ "data": data })
}

fn with_customer(customer: Value) -> Value {
    json!({ "customer": customer })
}

#[test]
fn each_refusal_has_its_code_and_says_what_to_do() {
    const NAMES: &str = "an event has source, external_id, type, occurred_at, customer and data";
    const BOOKING: &str = "booking.inquiry, booking.quote, booking.confirmed, booking.contracted, booking.paid, booking.in_trip, booking.completed, booking.cancelled, booking.refunded";
    let unknown_type = |shown: &str| {
        format!(
            "type {shown} is not known; known are {BOOKING}, contact.made, site.viewed, site.searched, review.written, profile.updated"
        )
    };
    let money = |key: &str, shown: &str| {
        format!("data.{key} is {shown}; money in JSON is a whole number of minor units, 1234.50 is 123450")
    };
    let phone = "phone \"12\" is not a telephone number; write it as dialled in the agency's country, or with + and the country code";
    let identity = |kind: &str, value: &str| with_customer(json!({"identities": [{"kind": kind, "value": value}]}));
    let attribute = |key: &str, value: Value| with_customer(json!({"attributes": {key: value}}));
    let long = "x".repeat(501);
    let cut = format!("{}…", "x".repeat(80));
    let many: Vec<Value> = (0..21)
        .map(|i| json!({"kind": "device", "value": i.to_string()}))
        .collect();
    let attributes: Value = (0..51).map(|i| (format!("a{i}"), json!(i))).collect();

    let cases: Vec<(Value, &str, String)> = vec![
        // the envelope
        (json!({"source": null}), "bad_event", format!("source is missing; {NAMES}")),
        (json!({"type": null}), "bad_event", format!("type is missing; {NAMES}")),
        (
            json!({"occurred_at": 5}),
            "bad_event",
            format!("occurred_at: expected a text, got 5; {NAMES}"),
        ),
        (
            json!({"colour": "red"}),
            "bad_event",
            format!(
                "colour: field \"colour\" is not known; known are source, external_id, type, occurred_at, customer, data; {NAMES}"
            ),
        ),
        (
            with_customer(json!({"identities": [{"kind": "phone"}]})),
            "bad_event",
            format!("customer.identities[0]: value is missing; {NAMES}"),
        ),
        (json!({"source": " "}), "id_missing", "source is empty; every record needs one".into()),
        (json!({"external_id": ""}), "id_missing", "external_id is empty; every record needs one".into()),
        (
            json!({"external_id": "x".repeat(201)}),
            "bad_id",
            "external_id is longer than 200 bytes or has control characters".into(),
        ),
        (
            json!({"source": "a\u{0}b"}),
            "bad_id",
            "source is longer than 200 bytes or has control characters".into(),
        ),
        (
            json!({"source": "import:bookings"}),
            "bad_source",
            "sources beginning with import: belong to file imports, and console and segments to the server itself; choose another name".into(),
        ),
        (
            json!({"source": "console"}),
            "bad_source",
            "sources beginning with import: belong to file imports, and console and segments to the server itself; choose another name".into(),
        ),
        (
            json!({"occurred_at": "yesterday"}),
            "bad_time",
            "occurred_at \"yesterday\" is not a time; write it like 2026-01-15T10:30:00+08:00".into(),
        ),
        (json!({"type": "booking.settled"}), "unknown_type", unknown_type("\"booking.settled\"")),
        (json!({"type": long}), "unknown_type", unknown_type(&format!("\"{cut}\""))),
        (
            with_data(json!({"note": "x".repeat(event::MOST_DATA)})),
            "data_too_large",
            "data is larger than 16384 bytes; send what the booking needs, not the whole document".into(),
        ),
        // the customer
        (
            with_customer(json!({ "identities": many })),
            "too_many_identities",
            "a record may carry 20 identities, this one has 21".into(),
        ),
        (
            identity("fax", "1"),
            "unknown_identity_kind",
            "identity kind \"fax\" is not known; known are phone, email, wechat_openid, id_card, passport, member_no, ota_user, device".into(),
        ),
        (identity("phone", "12"), "bad_identity", phone.into()),
        (identity("phone", ""), "bad_identity", "phone is empty".into()),
        (identity("email", "li.wei"), "bad_identity", "email \"li.wei\" is not an e-mail address".into()),
        (identity("passport", "- -"), "bad_identity", "passport has no letters or digits".into()),
        (
            identity("device", &"x".repeat(129)),
            "bad_identity",
            "device is longer than 128 bytes or has control characters".into(),
        ),
        (
            with_customer(json!({"identities": [
                {"kind": "member_no", "value": "M-1"}, {"kind": "member_no", "value": "M-2"},
            ]})),
            "identity_conflict",
            "the record carries two different values of member_no; a customer has one".into(),
        ),
        (
            with_customer(json!({ "attributes": attributes })),
            "too_many_attributes",
            "a record may carry 50 attributes".into(),
        ),
        (
            attribute("Shoe size", json!(42)),
            "bad_attribute",
            "attribute name \"Shoe size\" must be lower-case letters, digits and underscores, at most 64".into(),
        ),
        (
            attribute("pets", json!(["cat"])),
            "bad_attribute",
            "attribute pets is a list or an object; send a text, a number or true/false".into(),
        ),
        (
            attribute("gender", json!("maybe")),
            "bad_attribute",
            "gender \"maybe\" must be female, male or other".into(),
        ),
        (
            attribute("kind", json!("robot")),
            "bad_attribute",
            "kind \"robot\" must be person, company or group".into(),
        ),
        (
            attribute("consent_marketing", json!("perhaps")),
            "bad_attribute",
            "consent_marketing \"perhaps\" must be true or false".into(),
        ),
        (
            attribute("birth_date", json!("2090-01-01")),
            "bad_attribute",
            "birth_date \"2090-01-01\" is later than the record itself".into(),
        ),
        (
            attribute("birth_date", json!("23.4.1985")),
            "bad_attribute",
            "birth_date \"23.4.1985\" must be a date like 1985-04-23".into(),
        ),
        (
            attribute("hobby", json!(long)),
            "bad_attribute",
            format!("hobby \"{cut}\" is longer than 500 bytes or has control characters"),
        ),
        // the booking
        (
            json!({"type": "review.written", "data": {"rating": 6}}),
            "bad_field",
            "data.rating is 6; it must be 1 to 5, or left out".into(),
        ),
        (
            json!({"type": "review.written", "data": {"rating": "5"}}),
            "bad_field",
            "data.rating is \"5\"; it must be a whole number".into(),
        ),
        (
            json!({"type": "review.written", "data": {"rating": 5, "text": "好"}}),
            "",
            String::new(),
        ),
        (with_data(json!({"booking_id": 17})), "bad_field", "data.booking_id is 17; it must be a text".into()),
        (
            with_data(json!({"booking_id": " "})),
            "", // an empty one is none
            String::new(),
        ),
        (
            with_data(json!({"booking_id": "x".repeat(201)})),
            "bad_id",
            "booking_id is longer than 200 bytes or has control characters".into(),
        ),
        (
            with_data(json!({"theme": long})),
            "bad_field",
            "theme is longer than 500 bytes or has control characters".into(),
        ),
        (
            with_data(json!({"theme": "a\u{0}b"})),
            "bad_field",
            "theme is longer than 500 bytes or has control characters".into(),
        ),
        (
            with_data(json!({"travellers": "four"})),
            "bad_field",
            "data.travellers is \"four\"; it must be a whole number".into(),
        ),
        (
            with_data(json!({"travellers": 2.5})),
            "bad_field",
            "data.travellers is 2.5; it must be a whole number".into(),
        ),
        (
            with_data(json!({"travellers": 0})),
            "bad_travellers",
            "travellers 0 must be between 1 and 10000".into(),
        ),
        (
            with_data(json!({"travellers": 10_001})),
            "bad_travellers",
            "travellers 10001 must be between 1 and 10000".into(),
        ),
        (with_data(json!({"amount": 1234.5})), "bad_amount", money("amount", "1234.5")),
        (with_data(json!({"cost": "980"})), "bad_amount", money("cost", "\"980\"")),
        (
            with_data(json!({"amount": u64::MAX})),
            "bad_amount",
            money("amount", "18446744073709551615"),
        ),
        (
            with_data(json!({"amount": 1_000_000_000_000_001i64})),
            "bad_amount",
            "amount \"1000000000000001\" is too large".into(),
        ),
        (
            with_data(json!({"amount": -1})),
            "negative_amount",
            "amount \"-1\" is negative; a refund is a record with status refunded".into(),
        ),
        (
            with_data(json!({"cost": -1})),
            "negative_amount",
            "cost \"-1\" is negative; a refund is a record with status refunded".into(),
        ),
        (
            with_data(json!({"amount": 1, "currency": "EUR", "amount_base": -8})),
            "negative_amount",
            "amount_base \"-8\" is negative; a refund is a record with status refunded".into(),
        ),
        (
            with_data(json!({"currency": "yuan"})),
            "bad_currency",
            "currency \"yuan\" is not a three-letter code like CNY".into(),
        ),
        (
            with_data(json!({"currency": "eur", "amount": 100})),
            "currency_needs_base",
            "the amount is in EUR, the agency keeps its books in CNY; send amount_base as well".into(),
        ),
        (
            with_data(json!({"departs": "soon"})),
            "bad_date",
            "departs \"soon\" is not a date; write it like 2026-01-15".into(),
        ),
        (
            with_data(json!({"booked_at": "2026-02-30"})),
            "bad_date",
            "booked_at \"2026-02-30\" is not a date; write it like 2026-01-15".into(),
        ),
        (
            with_data(json!({"departs": 20_000})),
            "bad_field",
            "data.departs is 20000; it must be a text".into(),
        ),
        (
            with_data(json!({"departs": "2026-03-01", "returns": "2026-02-28"})),
            "returns_before_departs",
            "the trip returns before it departs; check both dates".into(),
        ),
    ];
    for (changes, code, detail) in cases {
        match event::parse(&event(changes.clone()), &terms()) {
            Ok(_) => assert_eq!(code, "", "taken: {changes}"),
            Err(found) => assert_eq!((found.code.as_str(), found.detail.en.as_str()), (code, detail.as_str())),
        }
    }
    let inner = good(json!({})).source;
    for none in [
        json!("no event"),
        json!([inner, "1", "contact.made", "2026-01-10T09:00:00+08:00"]),
    ] {
        let found = event::parse(&none, &terms()).expect_err("not an object");
        assert_eq!(found.code, "bad_event");
    }
}

#[test]
fn a_booking_event_in_normal_spelling() {
    let record = good(json!({
        "source": " shop ",
        "customer": {
            "identities": [
                {"kind": "phone", "value": "138 0013 8000"},
                {"kind": "phone", "value": "１３８００１３８０００"},
                {"kind": "phone", "value": "+86 138-0013-8000"},
                {"kind": "email", "value": "Li.Wei@Example.COM"},
                {"kind": "id_card", "value": "1101 0519 4912 3100 2x"},
            ],
            "name": " 李伟 ",
            "attributes": {"gender": "女", "shoe-size": 42, "vip": true, "home_city": "", "language": null},
        },
        "data": {
            "booking_id": " B-7 ", "booked_at": "2026-01-14T18:00:00Z", "product": "云南八日", "destination": "云南",
            "theme": "亲子", "departs": "2026-03-01", "returns": "2026-03-08", "travellers": 4, "amount": 0,
            "cost": 98000, "currency": "cny", "channel": "wechat", "colour": {"any": "thing"},
        },
    }));
    assert_eq!((record.source.as_str(), record.external_id.as_str()), ("shop", "e-1"));
    assert_eq!(record.kind, "booking.paid");
    let longest = "x".repeat(200);
    assert_eq!(good(json!({ "external_id": longest })).external_id, longest);
    assert_eq!(instant_text(record.occurred_at), "2026-01-15T02:30:00.000Z");
    assert_eq!(record.on, day("2026-01-15"));
    let identities: Vec<(IdentityKind, &str)> = record
        .identities
        .iter()
        .map(|identity| (identity.kind, identity.value.as_str()))
        .collect();
    assert_eq!(
        identities,
        [
            (IdentityKind::Phone, "+8613800138000"),
            (IdentityKind::Email, "li.wei@example.com"),
            (IdentityKind::IdCard, "11010519491231002X"),
        ]
    );
    let attributes: Vec<(&str, &str)> = record
        .attributes
        .iter()
        .map(|told| (told.key.as_str(), told.value.as_str()))
        .collect();
    assert_eq!(
        attributes,
        [
            ("name", "李伟"),
            ("gender", "female"),
            ("shoe_size", "42"),
            ("vip", "true")
        ]
    );
    assert!(
        record
            .attributes
            .iter()
            .all(|told| told.source_kind == SourceKind::Declared && told.at == record.occurred_at)
    );
    assert_eq!(
        record.data["colour"],
        json!({"any": "thing"}),
        "the timeline keeps what was sent"
    );

    let Body::Booking(booking) = record.body else {
        panic!("a booking")
    };
    assert_eq!(
        (booking.booking_id.as_str(), booking.status),
        ("B-7", BookingStatus::Paid)
    );
    assert_eq!((booking.happened_at, booking.on), (Some(record.occurred_at), record.on));
    let details = booking.details;
    assert_eq!(
        details.booked_on,
        Some(day("2026-01-15")),
        "18:00Z is the next day in Shanghai"
    );
    assert_eq!(
        (details.departs_on, details.returns_on),
        (Some(day("2026-03-01")), Some(day("2026-03-08")))
    );
    assert_eq!(
        (details.travellers, details.amount, details.cost),
        (Some(4), Some(0), Some(98_000))
    );
    let texts = [details.product, details.destination, details.theme, details.channel];
    assert_eq!(
        texts.map(Option::unwrap_or_default),
        ["云南八日", "云南", "亲子", "wechat"]
    );
}

#[test]
fn every_type_becomes_its_body() {
    for kind in event::TYPES {
        let record = good(json!({"type": kind, "data": {}}));
        let expected = match kind {
            "contact.made" => Body::Activity(ActivityKind::Contact),
            "site.viewed" => Body::Activity(ActivityKind::View),
            "site.searched" => Body::Activity(ActivityKind::Search),
            "review.written" => Body::Review(ReviewRecord { rating: None }),
            "profile.updated" => Body::Profile,
            _ => {
                let Body::Booking(booking) = &record.body else {
                    panic!("{kind} is about a booking")
                };
                assert_eq!(format!("booking.{}", booking.status.as_str()), kind);
                assert_eq!(booking.booking_id, "e-1", "without a booking_id the external_id is one");
                continue;
            }
        };
        assert_eq!(record.body, expected, "{kind}");
    }
    let seen = good(json!({"type": "site.viewed", "customer": {"name": "Li"}, "data": {"amount": "any"}}));
    assert_eq!(seen.attributes[0].source_kind, SourceKind::Observed);
}

#[test]
fn money_is_kept_in_the_agencys_currency() {
    let amounts = |data| match good(with_data(data)).body {
        Body::Booking(booking) => (booking.details.amount, booking.details.cost),
        _ => panic!("a booking"),
    };
    assert_eq!(amounts(json!({"amount": 100, "cost": 70})), (Some(100), Some(70)));
    assert_eq!(
        amounts(json!({"amount": 100, "amount_base": 900, "currency": "CNY"})),
        (Some(100), None)
    );
    assert_eq!(
        amounts(json!({"amount_base": 900})),
        (Some(900), None),
        "the base amount is the amount here"
    );
    // a cost in another currency follows the rate of the amount, rounded half up
    let foreign = |cost: Value| json!({"amount": 200, "cost": cost, "amount_base": 1501, "currency": "eur"});
    assert_eq!(amounts(foreign(json!(100))), (Some(1501), Some(751)));
    assert_eq!(amounts(foreign(Value::Null)), (Some(1501), None));
    assert_eq!(
        amounts(json!({"amount": 0, "cost": 5, "amount_base": 0, "currency": "EUR"})),
        (Some(0), None)
    );
    assert_eq!(
        amounts(json!({"amount_base": 300, "cost": 5, "currency": "EUR"})),
        (Some(300), None)
    );
    assert_eq!(
        amounts(json!({"currency": "EUR"})),
        (None, None),
        "without amounts a currency does no harm"
    );
    let absurd = json!({"amount": 1, "cost": 1_000, "amount_base": 1_000_000_000_000_000i64, "currency": "EUR"});
    assert_eq!(amounts(absurd), (Some(1_000_000_000_000_000), None));
}

#[test]
fn times_come_as_days_and_instants() {
    for (text, expected, on) in [
        ("2026-01-15", "2026-01-14T16:00:00.000Z", "2026-01-15"),
        ("2026-01-15 23:30", "2026-01-15T15:30:00.000Z", "2026-01-15"),
        ("2026-01-15T23:30:00Z", "2026-01-15T23:30:00.000Z", "2026-01-16"),
        (
            "2026-01-15T00:30:00.250-08:00",
            "2026-01-15T08:30:00.250Z",
            "2026-01-15",
        ),
    ] {
        let record = good(json!({ "occurred_at": text }));
        assert_eq!(
            (instant_text(record.occurred_at).as_str(), record.on),
            (expected, day(on)),
            "{text}"
        );
    }
    let Body::Booking(booking) = good(with_data(json!({"departs": "2026-03-01 23:00", "returns": ""}))).body else {
        panic!("a booking")
    };
    assert_eq!(
        (booking.details.departs_on, booking.details.returns_on),
        (Some(day("2026-03-01")), None)
    );
}
