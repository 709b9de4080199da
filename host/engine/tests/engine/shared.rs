//! What host and SDK read alike: the catalogue, days, quantiles, baskets, the bounds of settings.

use posthouse_domain::catalogue::{self, NO_SOURCE};
use posthouse_domain::promotion::{Basket, Line, ProductKind};
use posthouse_domain::{quantiles, time};
use posthouse_golden as golden;
use posthouse_sdk::harness::{problems, shown};
use serde_json::{Value, json};
use std::path::Path;

/// The catalogue as the SDK has it, in Rust.
fn written() -> String {
    let entries = catalogue::readable().map(|fact| {
        let kind = format!("{:?}", fact.kind);
        let (zh, en) = fact.meaning;
        format!(
            "    Entry {{ key: {:?}, kind: {kind}, unit: {:?}, nullable: {}, fed: {}, zh: {zh:?}, en: {en:?} }},\n",
            fact.key,
            fact.unit,
            fact.nullable,
            fact.source != NO_SOURCE
        )
    });
    format!(
        "//! Every fact. Written by a test from `host/domain/src/catalogue`:\n\
         //! `POSTHOUSE_UPDATE_CATALOGUE=1 cargo test -p posthouse-engine catalogue`.\n\n\
         use super::Entry;\n\
         use crate::facts::Kind::{{Count, Day, Flag, Money, Number, Text}};\n\n\
         /// Every fact a rule can read: those of the customer, in the order of the export, and the lot.\n\
         #[rustfmt::skip]\n\
         pub static ALL: [Entry; {}] = [\n{}];\n",
        catalogue::readable().count(),
        entries.collect::<String>()
    )
}

#[test]
fn the_sdk_has_the_catalogue() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugin-sdk/golden/src/catalogue/all.rs");
    if std::env::var_os("POSTHOUSE_UPDATE_CATALOGUE").is_some() {
        std::fs::write(&file, written()).expect("the file can be written");
    }
    let found = std::fs::read_to_string(&file).expect("the SDK has a catalogue");
    assert_eq!(
        found,
        written(),
        "POSTHOUSE_UPDATE_CATALOGUE=1 cargo test -p posthouse-engine catalogue writes it"
    );
}

#[test]
fn days_are_the_same() {
    for text in [
        "1970-01-01",
        "2026-01-15",
        "2028-02-29",
        "1900-03-01",
        "2999-12-31",
        "2026-02-29",
        "1899-12-31",
        "soon",
    ] {
        assert_eq!(golden::day(text), time::parse_day(text), "{text}");
    }
    for day in (-25_000..376_000).step_by(17) {
        assert_eq!(golden::day(&time::day_text(day)), Some(day));
    }
}

#[test]
fn values_in_reasons_are_told_the_same() {
    use catalogue::{FactKind as Host, Value as Told};
    use posthouse_domain::money::Currency;
    use posthouse_sdk::FactKind as Sdk;
    use posthouse_sdk::private::Cell;

    let both = |host: (Host, Told<'_>), sdk: (Sdk, Cell), code: &str| {
        let currency = Currency::parse(code).expect("a code");
        assert_eq!(shown(sdk.0, &sdk.1, code), host.1.spoken(host.0, currency), "{code}");
    };
    let codes = "CNY EUR USD GBP HKD JPY KRW VND CLP ISK UGX XPF BIF DJF GNF KMF PYG RWF VUV XAF XOF BHD KWD OMR JOD TND IQD LYD";
    for code in codes.split(' ') {
        for minor in [0, 7, -7, 99, 12_345, -1_234_567, 100_000_000, i64::MAX, i64::MIN] {
            both(
                (Host::Money, Told::Whole(minor)),
                (Sdk::Money, Cell::Whole(minor)),
                code,
            );
        }
    }
    for day in [0, 20_468, -1] {
        both((Host::Day, Told::Whole(day)), (Sdk::Day, Cell::Whole(day)), "CNY");
        both((Host::Count, Told::Whole(day)), (Sdk::Count, Cell::Whole(day)), "CNY");
    }
    for number in [0.0, 4.5, -1.005, 1e9] {
        both(
            (Host::Number, Told::Number(number)),
            (Sdk::Number, Cell::Number(number)),
            "CNY",
        );
    }
    both((Host::Flag, Told::Flag(true)), (Sdk::Flag, Cell::Flag(true)), "CNY");
    both(
        (Host::Text, Told::Text("上海 {x}")),
        (Sdk::Text, Cell::Text("上海 {x}".into())),
        "CNY",
    );
    both((Host::Money, Told::Unknown), (Sdk::Money, Cell::Null), "CNY");
}

#[test]
fn quantiles_are_the_same() {
    for size in [0, 1, 2, 7, 100, 101] {
        for buckets in [2, 3, 5, 20] {
            let population: Vec<i64> = (0..size).map(|n| n * 7_919 % 31).collect();
            let edges = quantiles::edges(&mut population.clone(), buckets);
            assert_eq!(golden::edges(population, buckets), edges, "{size} in {buckets}");
        }
    }
}

#[test]
fn products_are_the_same() {
    assert_eq!(ProductKind::ALL.map(ProductKind::as_str), golden::PRODUCTS);
}

#[test]
fn baskets_that_one_takes_the_other_takes() {
    let thing = json!({"sku": "A", "travellers": 1, "unit_price": 1, "quantity": 1});
    let with = |field: &str, value: Value| {
        let mut thing = thing.clone();
        thing[field] = value;
        json!([thing])
    };
    let largest = 100_000_000_000_i64;
    let baskets = [
        json!([]),
        json!(vec![thing.clone(); 100]),
        json!(vec![thing.clone(); 101]),
        with("travellers", 0.into()),
        with("travellers", 10_000.into()),
        with("travellers", 10_001.into()),
        with("quantity", 0.into()),
        with("quantity", (-1).into()),
        with("quantity", 10_001.into()),
        with("unit_price", (-1).into()),
        with("unit_price", largest.into()),
        with("unit_price", (largest + 1).into()),
        with("sku", "".into()),
        with("sku", "A\u{7}".into()),
        with("sku", "长".repeat(66).into()),
        with("sku", "长".repeat(67).into()),
        with("theme", " ".into()),
        with("theme", "x".repeat(201).into()),
        with("destination", "\n".into()),
        json!([{"sku": "A", "unit_price": largest, "quantity": 10_000}, {"unit_price": 1}]),
    ];
    for lines in baskets {
        let case = json!([{"name": "n", "today": "2026-01-15", "lines": lines, "expect": []}]);
        let cases: Vec<golden::PromotionCase> =
            golden::parse(case.to_string().as_bytes()).expect("the cases have their format");
        let ours = cases[0].read(&golden::Rule::default());
        let number = |line: &Value, field: &str| line[field].as_i64().unwrap_or(1);
        let text = |line: &Value, field: &str| line[field].as_str().map(str::to_owned);
        let line = |line: &Value| Line {
            sku: text(line, "sku").unwrap_or("S1".into()),
            kind: ProductKind::Tour,
            destination: text(line, "destination"),
            theme: text(line, "theme"),
            departs: None,
            travellers: number(line, "travellers") as i32,
            unit_price: number(line, "unit_price"),
            unit_cost: None,
            quantity: number(line, "quantity") as i32,
        };
        let basket = Basket {
            channel: "app".into(),
            lines: lines.as_array().expect("a list").iter().map(line).collect(),
        };
        let theirs = basket.check();
        assert_eq!(ours.is_ok(), theirs.is_ok(), "{lines}: {ours:?} and {theirs:?}");
    }
}

#[test]
fn settings_that_one_takes_the_other_takes() {
    let schema = json!({
        "type": "object", "additionalProperties": false,
        "properties": {
            "days": {"type": "integer", "minimum": 1, "maximum": 90},
            "share": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
            "even": {"type": "integer", "multipleOf": 2},
            "name": {"type": "string", "minLength": 2, "maxLength": 3},
            "stage": {"type": ["string", "null"]},
            "word": {"enum": ["tour", "hotel"]},
            "only": {"const": 7},
            "list": {"type": "array", "items": {"$ref": "#/$defs/step"}, "minItems": 1, "maxItems": 2, "uniqueItems": true},
            "either": {"oneOf": [{"type": "integer"}, {"type": "number", "minimum": 10}]},
            "some": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
            "both": {"allOf": [{"minimum": 1}, {"maximum": 3}]},
            "free": {"type": "object", "additionalProperties": {"type": "integer"}},
            "pair": {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "items": false}
        },
        "$defs": {"step": {"type": "object", "required": ["at"], "additionalProperties": false, "properties": {"at": {"type": "integer"}}}}
    });
    let candidates: [(&str, Vec<Value>); 13] = [
        (
            "days",
            vec![
                json!(1),
                json!(90),
                json!(0),
                json!(91),
                json!(7.0),
                json!(7.5),
                json!("7"),
                json!(null),
            ],
        ),
        ("share", vec![json!(0.5), json!(0), json!(1), json!(true)]),
        ("even", vec![json!(4), json!(5), json!(0), json!(-2)]),
        (
            "name",
            vec![json!("ab"), json!("云南省"), json!("a"), json!("云南省内"), json!(3)],
        ),
        ("stage", vec![json!(null), json!("x"), json!(1)]),
        ("word", vec![json!("tour"), json!("Tour")]),
        ("only", vec![json!(7), json!(8)]),
        (
            "list",
            vec![
                json!([{"at": 1}]),
                json!([]),
                json!([{"at": 1}, {"at": 2}, {"at": 3}]),
                json!([{"at": 1}, {"at": 1}]),
                json!([{}]),
                json!([{"at": "x"}]),
                json!([{"at": 1, "to": 2}]),
            ],
        ),
        ("either", vec![json!(5), json!(12.5), json!(12), json!(5.5)]),
        ("some", vec![json!(5), json!("x"), json!(true)]),
        ("both", vec![json!(2), json!(0), json!(4)]),
        ("free", vec![json!({}), json!({"a": 1}), json!({"a": "x"})]),
        (
            "pair",
            vec![json!([1, "x"]), json!(["x"]), json!([1, "x", 2]), json!([])],
        ),
    ];
    let text = schema.to_string();
    let mut refused = 0;
    for (name, values) in candidates {
        for value in values {
            let settings = json!({ name: value });
            let (host, sdk) = (
                posthouse_engine::validate_config(&text, &settings),
                problems(&schema, &settings),
            );
            assert_eq!(host.is_ok(), sdk.is_empty(), "{settings}: {host:?} and {sdk:?}");
            refused += usize::from(host.is_err());
        }
    }
    assert_eq!(refused, 29, "as many are refused as are wrong");
    for settings in [json!({"day": 1}), json!([]), json!(7)] {
        let host = posthouse_engine::validate_config(&text, &settings);
        assert!(host.is_err() && !problems(&schema, &settings).is_empty(), "{settings}");
    }
}
