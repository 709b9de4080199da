//! A basket as people write it into a file: prices in major units, days as days or from today on.

use super::super::Failure;
use super::super::form::{Form, Part};
use posthouse_domain::time;
use serde_json::{Map, Value, json};

/// Reads a basket: who buys, as the file names them, and the rest as the API takes it.
///
/// # Errors
/// `bad_file` with every mistake, its line and its field.
pub(super) fn read(form: &Form) -> Result<(Option<String>, Value), Failure> {
    let top = form.top();
    let customer = top.may_text("customer");
    let mut basket = json!({"channel": top.text("channel", "channel = \"app\""), "codes": top.texts("codes")});
    if let Some(minutes) = top.may_whole("hold_minutes") {
        basket["hold_minutes"] = minutes.into();
    }
    let lines = top.parts("lines");
    if lines.is_empty() && !top.has("lines") {
        top.doubt(
            "lines",
            posthouse_domain::words!(
                "is missing; write each line as a table: [[lines]]",
                "缺失；每项写成一个表：[[lines]]"
            ),
        );
    }
    basket["lines"] = lines.into_iter().map(line).collect();
    top.close();
    form.passed()?;
    Ok((customer, basket))
}

fn line(part: Part<'_>) -> Value {
    let mut line = Map::new();
    let mut put = |key: &str, value: Option<Value>| line.extend(value.map(|value| (key.to_owned(), value)));
    put("sku", Some(part.text("sku", "sku = \"YN-7\"").into()));
    put("kind", Some(part.text("kind", "kind = \"tour\"").into()));
    put("destination", part.may_text("destination").map(Value::from));
    put("theme", part.may_text("theme").map(Value::from));
    put("departs", part.may_day("departs").map(|day| time::day_text(day).into()));
    put("travellers", Some(part.whole("travellers", "travellers = 2").into()));
    put("quantity", Some(part.whole("quantity", "quantity = 2").into()));
    put(
        "unit_price",
        Some(part.amount("unit_price", "unit_price = \"4,980.00\"").into()),
    );
    put("unit_cost", part.may_amount("unit_cost").map(Value::from));
    part.close();
    Value::Object(line)
}

#[cfg(test)]
mod tests {
    use super::super::super::form::Trade;
    use super::*;
    use posthouse_domain::money::Currency;
    use posthouse_domain::words::{Language, speaking};

    const TRIP: &str = "customer = \"M1\"\nchannel = \"app\"\ncodes = [\"7XQ2\"]\nhold_minutes = 60\n\n[[lines]]\nsku = \"YN-7\"\nkind = \"tour\"\n\
        destination = \"云南\"\ndeparts = \"in 10 days\"\ntravellers = 2\nquantity = 2\nunit_price = \"4,980.00\"\nunit_cost = 3900\n";

    fn parsed(text: &str) -> Result<(Option<String>, Value), Failure> {
        let trade = Trade {
            currency: Currency::parse("CNY").unwrap(),
            today: time::parse_day("2027-01-06").unwrap(),
        };
        read(&Form::parse("trip.toml", text, trade)?)
    }

    #[test]
    fn a_file_becomes_the_basket_of_the_api() {
        let (customer, basket) = parsed(TRIP).unwrap();
        assert_eq!(customer.as_deref(), Some("M1"));
        assert_eq!(
            basket,
            json!({"channel": "app", "codes": ["7XQ2"], "hold_minutes": 60, "lines": [{"sku": "YN-7", "kind": "tour", "destination": "云南",
                "departs": "2027-01-16", "travellers": 2, "quantity": 2, "unit_price": 498_000, "unit_cost": 390_000}]})
        );
    }

    #[test]
    fn every_mistake_is_named_with_its_line_and_field_in_both_languages() {
        for (from, to, en, zh) in [
            (
                "\"4,980.00\"",
                "\"4,980.00 USD\"",
                "line 13: lines[1].unit_price is \"4,980.00 USD\"; write an amount of CNY",
                "第 13 行：lines[1].unit_price 为 \"4,980.00 USD\"",
            ),
            (
                "unit_price = \"4,980.00\"\n",
                "",
                "lines[1].unit_price is missing",
                "缺少 lines[1].unit_price",
            ),
            (
                "unit_price",
                "price",
                "lines[1].price is not known",
                "lines[1].price 不能识别",
            ),
            (
                "\"in 10 days\"",
                "\"Friday\"",
                "line 10: lines[1].departs is \"Friday\"",
                "第 10 行",
            ),
            (
                "travellers = 2",
                "travellers = 2.5",
                "lines[1].travellers is 2.5; write a whole number",
                "应为整数",
            ),
            ("channel = \"app\"\n", "", "channel is missing", "缺少 channel"),
            (
                "[[lines]]",
                "[lines]",
                "write each as a table: [[lines]]",
                "应逐个写成表：[[lines]]",
            ),
        ] {
            assert!(TRIP.contains(from));
            let text = TRIP.replacen(from, to, 1);
            for (language, part) in [(Language::En, en), (Language::Zh, zh)] {
                let said = speaking(language, || parsed(&text).expect_err(to).message.to_string());
                assert!(said.contains(part), "{to}: {said}");
            }
        }
        assert!(
            parsed("channel = \"app\"")
                .unwrap_err()
                .message
                .to_string()
                .contains("lines is missing")
        );
    }
}
