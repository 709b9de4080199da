//! Nothing that anybody sends may bring the program down or make a sum run over.

use posthouse_domain::booking::{Booking, BookingDetails, BookingRecord, BookingStatus};
use posthouse_domain::facts::{FactRow, History, fold};
use posthouse_domain::identity::{Identity, IdentityKind};
use posthouse_domain::money::{Currency, LARGEST_AMOUNT, parse_major};
use posthouse_domain::record::ActivityKind;
use posthouse_domain::row::{FileKind, Layout, is_optional};
use posthouse_domain::{AgencyTerms, Day, catalogue, event, time};
use proptest::prelude::*;
use serde_json::{Value, json};

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn any_terms() -> impl Strategy<Value = AgencyTerms> {
    let zones = prop::sample::select(&[
        chrono_tz::Asia::Shanghai,
        chrono_tz::America::Asuncion,
        chrono_tz::Pacific::Apia,
    ]);
    let countries = prop::sample::select(&["CN", "US", "IT", "??", ""]);
    let currencies = prop::sample::select(&["CNY", "JPY", "KWD"]);
    (zones, countries, currencies).prop_map(|(time_zone, country, currency)| AgencyTerms {
        time_zone,
        currency: Currency::parse(currency).expect("a currency"),
        country: country.to_owned(),
    })
}

/// Texts that are nearly right, and any others.
fn any_text() -> impl Strategy<Value = String> {
    const NEARLY: [&str; 24] = [
        "2026-01-15",
        "2026-01-15T10:30:00+08:00",
        "2023-10-01",
        "2999-12-31",
        "1900-01-01",
        "9999-12-31T23:59:60Z",
        "-1",
        "1e9",
        "9223372036854775808",
        "10000000000000.00",
        "CNY",
        "eur",
        "M-1",
        "13800138000",
        "+8613800138000",
        "+1 650 253 0000",
        "+dwPAA;phone-context=AA",
        "tel:+86;ext=1",
        "a@b",
        "\"@\"@[1]",
        "<a@b.c>",
        "refunded",
        "female",
        "\u{feff}",
    ];
    prop_oneof![
        6 => prop::sample::select(&NEARLY).prop_map(str::to_owned),
        2 => "[-+0-9 .,:TZ/;=()]{0,24}",
        1 => "\\PC{0,12}",
        1 => any::<String>(),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any_text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let keys = prop_oneof![
            prop::sample::select(&["source", "data", "gender", "kind", "value"]).prop_map(str::to_owned),
            any_text()
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((keys, inner), 0..4).prop_map(|fields| fields.into_iter().collect()),
        ]
    })
}

/// The shape of an event around anything.
fn any_event() -> impl Strategy<Value = Value> {
    const FIELDS: [&str; 10] = [
        "booking_id",
        "booked_at",
        "departs",
        "returns",
        "travellers",
        "amount",
        "cost",
        "currency",
        "amount_base",
        "destination",
    ];
    let data = prop::collection::vec(
        (prop::sample::select(&FIELDS).prop_map(str::to_owned), any_json()),
        0..6,
    )
    .prop_map(|fields| fields.into_iter().collect::<Value>());
    let kinds = prop::sample::select(&IdentityKind::ALL).prop_map(IdentityKind::as_str);
    let identities = prop::collection::vec((kinds, any_text()), 0..4).prop_map(|list| {
        list.iter()
            .map(|(kind, value)| json!({"kind": kind, "value": value}))
            .collect::<Value>()
    });
    let keys = prop::sample::select(&[
        "gender",
        "birth_date",
        "kind",
        "consent_marketing",
        "shoe-size",
        "Bad Key",
    ]);
    let attributes = prop::collection::vec((keys.prop_map(str::to_owned), any_json()), 0..3)
        .prop_map(|fields| fields.into_iter().collect::<Value>());
    let times = prop_oneof![3 => Just("2026-01-15".to_owned()), 1 => any_text()];
    (prop::sample::select(&event::TYPES), times, identities, attributes, data).prop_map(
        |(kind, at, identities, attributes, data)| {
            json!({
                "source": "s", "external_id": "e", "type": kind, "occurred_at": at,
                "customer": {"identities": identities, "attributes": attributes}, "data": data,
            })
        },
    )
}

/// 1900 to 2999, with the day before for those whose zones lie in the west.
const REAL: std::ops::Range<Day> = -25_568..376_200;

/// Any day at all, the extreme ones often.
fn any_day() -> impl Strategy<Value = Day> {
    prop_oneof![
        2 => prop::sample::select(&[Day::MIN, Day::MIN + 1, Day::MIN + 730, -1, 0, 20_000, Day::MAX - 730, Day::MAX - 1, Day::MAX]),
        1 => any::<Day>(),
        2 => 19_000..21_000,
        1 => Just(15_338), // Apia went from 29 to 31 December 2011
    ]
}

fn any_booking() -> impl Strategy<Value = Booking> {
    let days = prop::collection::vec(prop::option::of(any_day()), 3);
    let money = prop::collection::vec(
        prop::option::of(prop_oneof![Just(LARGEST_AMOUNT), 0..=LARGEST_AMOUNT]),
        2,
    );
    let statuses = prop::collection::vec(
        (
            prop::sample::select(&BookingStatus::ALL),
            prop::option::of(any::<i64>()),
            any_day(),
        ),
        1..5,
    );
    (days, money, statuses).prop_map(|(days, money, statuses)| {
        let details = BookingDetails {
            booked_on: days[0],
            departs_on: days[1],
            returns_on: days[2],
            amount: money[0],
            cost: money[1],
            ..BookingDetails::default()
        };
        let record = |(status, happened_at, on)| BookingRecord {
            booking_id: "b".into(),
            status,
            happened_at,
            on,
            details: details.clone(),
        };
        let mut records = statuses.into_iter().map(record);
        let mut booking = Booking::begin(&records.next().expect("at least one"));
        records.for_each(|record| booking.apply(&record));
        booking
    })
}

proptest! {
    #![proptest_config(config(1_000))]

    #[test]
    fn any_json_is_an_event_or_refused(value in any_json(), terms in any_terms()) {
        prop_assert!(event::parse(&value, &terms).is_err(), "nothing without a type is an event");
    }

    #[test]
    fn anything_in_the_shape_of_an_event_is_taken_or_refused(value in any_event(), terms in any_terms()) {
        match event::parse(&value, &terms) {
            Ok(record) => prop_assert!(REAL.contains(&record.on)),
            Err(rejection) => {
                prop_assert!(!rejection.code.is_empty() && !rejection.detail.en.is_empty());
                prop_assert!(rejection.detail.en.len() < 1_000, "{}", rejection.detail.en.len());
            }
        }
    }

    #[test]
    fn any_cells_are_a_row_or_refused(
        cells in prop::collection::vec(any_text(), 19),
        kind in prop::sample::select(&[FileKind::Bookings, FileKind::Customers]),
        terms in any_terms(),
    ) {
        let layout = Layout::read(kind, kind.headers().iter().copied()).expect("good headers");
        let found = layout.record(|i| cells[i].as_str(), &layout.content_hash(|i| cells[i].as_str()), 0, &terms);
        match found {
            Err(rejection) => prop_assert!(!rejection.code.is_empty() && rejection.detail.en.len() < 1_000),
            Ok((record, left_out)) => for cell in left_out {
                prop_assert!(is_optional(&cell.field) && !record.data.contains_key(&cell.field), "{cell:?}");
            },
        }
    }

    #[test]
    fn any_cell_alone_is_good_or_refused(column in 0..17usize, text in any_text(), terms in any_terms()) {
        // the other cells are good, so that each column gets its turn
        let kind = FileKind::Bookings;
        let layout = Layout::read(kind, kind.headers().iter().copied()).expect("good headers");
        let good = |i: usize| match kind.headers()[i] {
            "customer_member_no" => "M-1",
            "booked_at" => "2026-01-15",
            "amount" | "amount_base" => "5",
            _ => "",
        };
        let _ = layout.record(|i| if i == column { &text } else { good(i) }, "x", 0, &terms);
    }

    #[test]
    fn any_headers_are_read_or_refused(headers in prop::collection::vec(any_text(), 0..6)) {
        prop_assert!(Layout::read(FileKind::Customers, headers.iter().map(String::as_str)).is_err());
    }

    #[test]
    fn normal_spellings_stay_as_they_are(kind in prop::sample::select(&IdentityKind::ALL), text in any_text(), terms in any_terms()) {
        if let Ok(once) = Identity::normalise(kind, &text, &terms.country) {
            let again = Identity::normalise(kind, &once.value, &terms.country);
            prop_assert!(again.as_ref().is_ok_and(|again| again.is(&once)), "{:?} {:?}", once, again);
        }
    }

    #[test]
    fn amounts_survive_being_written(minor in 0..=LARGEST_AMOUNT, currency in prop::sample::select(&["CNY", "JPY", "KWD"])) {
        let currency = Currency::parse(currency).expect("a currency");
        let unit = 10i64.pow(currency.digits());
        let text = match currency.digits() as usize {
            0 => minor.to_string(),
            digits => format!("{}.{:0digits$}", minor / unit, minor % unit),
        };
        prop_assert_eq!(parse_major(&text, currency), Ok(minor));
    }
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn the_fold_bears_extremes(
        bookings in prop::collection::vec(any_booking(), 0..6),
        activity in prop::collection::vec((any_day(), prop_oneof![Just(i32::MAX), 0..9]), 0..6),
        since_on in prop::option::of(any_day()),
        born in prop::option::of(any_day()),
        today in any_day(),
    ) {
        let kinds = [ActivityKind::Contact, ActivityKind::View, ActivityKind::Search].into_iter().cycle();
        let mut history = History { since_on, bookings, ..History::default() };
        history.profile.birth_date = born;
        history.activity = activity.into_iter().zip(kinds).map(|((day, count), kind)| (kind, day, count)).collect();
        let row = fold(&history, today);
        prop_assert!(row.edge_on.is_none_or(|edge| edge > today || today == Day::MAX));
        for fact in &catalogue::ALL {
            let _ = fact.value(&row, today);
        }
        let text = serde_json::to_string(&row).expect("a row has a JSON form");
        prop_assert_eq!(serde_json::from_str::<FactRow>(&text).expect("and is read from it"), row);
    }

    #[test]
    fn bookings_survive_being_written(booking in any_booking()) {
        let text = serde_json::to_string(&booking).expect("a booking has a JSON form");
        prop_assert_eq!(serde_json::from_str::<Booking>(&text).expect("and is read from it"), booking);
    }

    #[test]
    fn the_calendar_bears_extremes(day in any_day(), other in any_day(), at in any::<i64>(), terms in any_terms()) {
        let zone = terms.time_zone;
        let _ = (time::day_text(day), time::instant_text(at), time::age(day, other), time::day_of(at, zone));
        let ahead = time::days_to_birthday(day, other);
        prop_assert!(ahead >= 0 && (ahead < 366 || !REAL.contains(&day) || !REAL.contains(&other)), "{}", ahead);
        let start = time::start_of_day(day, zone);
        if REAL.contains(&day) {
            // a zone may have left out a whole day; that day begins where the next one does
            prop_assert!((day..=day + 1).contains(&time::day_of(start, zone)));
            prop_assert!(time::day_of(start - 1, zone) < day);
        }
    }
}

#[test]
fn a_lifetime_of_largest_amounts_does_not_run_over() {
    let record = |status, amount, cost| BookingRecord {
        booking_id: "b".into(),
        status,
        happened_at: None,
        on: 20_000,
        details: BookingDetails {
            amount,
            cost,
            ..BookingDetails::default()
        },
    };
    let mut bookings = vec![Booking::begin(&record(BookingStatus::Paid, Some(LARGEST_AMOUNT), None)); 9_000];
    let row = |bookings: &[Booking]| {
        fold(
            &History {
                bookings: bookings.to_vec(),
                ..History::default()
            },
            20_001,
        )
    };
    assert_eq!(
        row(&bookings).spend_total,
        9_000 * LARGEST_AMOUNT,
        "thousands of them are still exact"
    );
    bookings.extend(bookings.clone());
    let most = row(&bookings);
    assert_eq!([most.spend_total, most.spend_12m, most.spend_24m], [i64::MAX; 3]);

    let mut refunded = bookings[0].clone();
    for _ in 0..10_000 {
        refunded.apply(&record(
            BookingStatus::Refunded,
            Some(LARGEST_AMOUNT),
            Some(LARGEST_AMOUNT),
        ));
    }
    assert_eq!((refunded.net_amount(), refunded.margin()), (0, -LARGEST_AMOUNT));
    assert_eq!(row(&vec![refunded; 10_000]).margin_12m, i64::MIN);

    let activity = vec![
        (ActivityKind::View, 20_000, i32::MAX),
        (ActivityKind::View, 20_001, i32::MAX),
    ];
    let views = fold(
        &History {
            activity,
            ..History::default()
        },
        20_001,
    )
    .views_30d;
    assert_eq!(views, i32::MAX);
}
