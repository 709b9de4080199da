use super::*;
use serde_json::json;

fn form(text: &str) -> Form {
    let trade = Trade {
        currency: Currency::parse("CNY").unwrap(),
        today: 20_000,
    };
    Form::parse("x.toml", text, trade).unwrap()
}

#[test]
fn amounts_are_in_major_units_and_of_the_agency() {
    for (text, minor) in [
        ("50000", Some(5_000_000)),
        ("50_000", Some(5_000_000)),
        ("1234.5", Some(123_450)),
        ("\"50,000.00\"", Some(5_000_000)),
        ("\"CNY 50,000\"", Some(5_000_000)),
        ("\"¥80\"", Some(8_000)),
        ("\"80 元\"", Some(8_000)),
        ("\"5万\"", Some(5_000_000)),
        ("\"1.28万元\"", Some(1_280_000)),
        ("0", Some(0)),
        ("\"USD 50\"", None),
        ("\"$50\"", None),
        ("\"50k\"", None),
        ("\"\"", None),
        ("\"5,00\"", None),
        ("1e5", None),
        ("99999999999999999", None),
        ("true", None),
        ("[1]", None),
    ] {
        let form = form(&format!("a = {text}"));
        let read = form.top().may_amount("a");
        assert_eq!((read, form.passed().is_ok()), (minor, minor.is_some()), "{text}");
    }
}

#[test]
fn shares_are_in_percent() {
    for (text, points) in [
        ("80", Some(8_000)),
        ("12.5", Some(1_250)),
        ("\"80 %\"", Some(8_000)),
        ("\"80％\"", Some(8_000)),
        ("\"0.8 %\"", Some(80)),
        ("\"150%\"", Some(15_000)),
        ("0", Some(0)),
        ("100", Some(10_000)),
        ("0.8", None),
        ("8000", None),
        ("150", None),
        ("-5", None),
        ("\"%\"", None),
        ("\"eighty\"", None),
        ("\"12.345%\"", None),
        ("\"9999999 %\"", None),
    ] {
        let form = form(&format!("a = {text}"));
        let read = form.top().share("a");
        assert_eq!(
            (read, form.passed().is_ok()),
            (points.unwrap_or(0), points.is_some()),
            "{text}"
        );
    }
}

#[test]
fn what_is_hostile_is_refused() {
    let deep = format!("a = {}{}", "[".repeat(200), "]".repeat(200));
    let json = format!("{{\"a\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let trade = form("").trade;
    for text in [deep.as_str(), json.as_str(), "a = 1\na = 2", "a = \u{0}", "[a", "{]"] {
        assert!(Form::parse("x", text, trade).is_err());
    }
    assert!(Form::open("/no/such/file", trade).is_err());
}

#[test]
fn settings_are_passed_on_as_they_are() {
    let form = form("[a]\nn = 1\nf = 0.5\nt = \"x\"\nl = [true, 2026-01-01]\nd = {x = 1}");
    let top = form.top();
    assert_eq!(
        top.json("a"),
        json!({"n": 1, "f": 0.5, "t": "x", "l": [true, "2026-01-01"], "d": {"x": 1}})
    );
    assert_eq!(top.json("b"), json!({}));
}
