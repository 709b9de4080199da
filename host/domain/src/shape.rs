//! Why a document does not have the shape that is asked for: which field it is, what was expected and what came, in both languages.

use crate::money::{self, Currency};
use crate::rejection::quote;
use crate::{Words, words};
use serde::de::DeserializeOwned;

/// What a whole number of a field counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// Minor units of a currency.
    Money(Currency),
    /// Ten-thousandths of something.
    BasisPoints,
}

/// Fields of money, wherever they stand.
const MONEY: [&str; 10] = [
    "amount",
    "amount_base",
    "budget",
    "cost",
    "figure",
    "per_customer",
    "per_day",
    "total",
    "unit_cost",
    "unit_price",
];
/// Fields of shares.
const SHARES: [&str; 3] = ["holdout", "margin_floor", "price_floor"];

/// Reads JSON as what it has to be.
///
/// # Errors
/// What is wrong, and where: `plan.budget.total: expected a whole number of fen, got "50000元"`. Of text that is no JSON, serde's own words.
pub fn read_json<T: DeserializeOwned>(text: &[u8], currency: Option<Currency>) -> Result<T, Misshapen> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let read = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let error = error.into_inner();
        if error.is_data() {
            Misshapen::Field(explain(&path, &error.to_string(), currency))
        } else {
            Misshapen::NoJson(error.to_string())
        }
    })?;
    reader.end().map_err(|error| Misshapen::NoJson(error.to_string()))?;
    Ok(read)
}

/// Reads a document as what it has to be.
///
/// # Errors
/// What is wrong, and where.
pub fn read_value<T: DeserializeOwned>(value: &serde_json::Value, currency: Option<Currency>) -> Result<T, Words> {
    serde_path_to_error::deserialize(value)
        .map_err(|error| explain(&error.path().to_string(), &error.inner().to_string(), currency))
}

/// Why a text is not the document that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misshapen {
    /// It is not JSON; why not, in serde's words.
    NoJson(String),
    /// It is JSON, and a field is missing, unknown or of another kind.
    Field(Words),
}

/// What serde says of a field at `path`, in words that say what to do. `currency` is what money of this caller is kept in.
pub fn explain(path: &str, said: &str, currency: Option<Currency>) -> Words {
    let said = without_place(said);
    let problem = problem(path, said, currency);
    match path {
        "" | "." | "?" => problem,
        path => {
            let path = shortened(path);
            words!("{path}: {problem}", "{path}：{problem}")
        }
    }
}

/// serde's words without the line and column, which the path says better.
fn without_place(said: &str) -> &str {
    let end = said.rfind(" at line ").filter(|at| {
        let rest = &said[at + " at line ".len()..];
        rest.bytes().all(|b| b.is_ascii_digit() || b" column".contains(&b))
    });
    end.map_or(said, |end| &said[..end])
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn problem(path: &str, said: &str, currency: Option<Currency>) -> Words {
    let kinds = ["invalid type: ", "invalid value: "];
    if let Some((came, wanted)) = kinds
        .iter()
        .find_map(|kind| said.strip_prefix(kind)?.rsplit_once(", expected "))
    {
        let unit = unit_of(path, currency);
        let (came, hint) = (came_as(came), hint(came, unit));
        let wanted = expected(wanted, unit);
        return words!(
            "expected {wanted}, got {came}{hint}",
            "应为{wanted}，收到的是{came}{hint}"
        );
    }
    if let Some(field) = in_backticks(said, "missing field ") {
        return words!("{field} is missing", "缺少 {field}");
    }
    if let Some(field) = in_backticks(said, "duplicate field ") {
        return words!("{field} stands there twice", "{field} 重复出现");
    }
    if let Some(field) = in_backticks(said, "unknown field ") {
        let known = choices(said);
        let field = quote(field);
        return if known.is_empty() {
            words!(
                "field {field} is not known; there are no fields here",
                "字段 {field} 无法识别；此处没有字段"
            )
        } else {
            words!(
                "field {field} is not known; known are {known}",
                "字段 {field} 无法识别；可用的有 {known}"
            )
        };
    }
    if let Some(variant) = in_backticks(said, "unknown variant ") {
        let known = choices(said);
        let variant = quote(variant);
        return words!(
            "{variant} is not known; use {known}",
            "{variant} 无法识别；可用 {known}"
        );
    }
    if said == "invalid digit found in string" || said == "cannot parse integer from empty string" {
        return words!("expected a whole number", "应为整数");
    }
    if said == "provided string was not `true` or `false`" {
        return words!("expected true or false", "应为 true 或 false");
    }
    let said = shortened(said);
    words!("{said}", "{said}")
}

/// The name in backticks behind `begin`.
fn in_backticks<'s>(said: &'s str, begin: &str) -> Option<&'s str> {
    let rest = said.strip_prefix(begin)?.strip_prefix('`')?;
    // a sender's field may have backticks of its own; serde's own end stands before the comma
    let end = rest.find("`, ").or_else(|| rest.rfind('`'))?;
    Some(&rest[..end])
}

/// What may stand there, as serde lists it.
fn choices(said: &str) -> String {
    let Some((_, list)) = said.rsplit_once(", expected ") else {
        return String::new();
    };
    let names: Vec<&str> = list.split('`').skip(1).step_by(2).collect();
    shortened(&names.join(", "))
}

fn unit_of(path: &str, currency: Option<Currency>) -> Option<Unit> {
    let last = path.rsplit('.').next().unwrap_or("");
    if SHARES.contains(&last) {
        Some(Unit::BasisPoints)
    } else if MONEY.contains(&last) {
        currency.map(Unit::Money)
    } else {
        None
    }
}

/// What serde expected, in words for people.
fn expected(wanted: &str, unit: Option<Unit>) -> Words {
    let is_number = ["i64", "i32", "i16", "u64", "u32", "u16", "u8", "usize"].contains(&wanted);
    match unit {
        Some(Unit::Money(currency)) if is_number => return whole_money(currency),
        Some(Unit::BasisPoints) if is_number => {
            return words!(
                "a whole number of basis points, 8000 for 80 %",
                "基点整数（80% 写作 8000）"
            );
        }
        _ => {}
    }
    if is_number {
        return if wanted.starts_with('u') {
            words!("a whole number, not below 0", "不小于 0 的整数")
        } else {
            words!("a whole number", "整数")
        };
    }
    match wanted {
        "f64" | "f32" => words!("a number", "数字"),
        "a boolean" => words!("true or false", " true 或 false"),
        "a string" | "a borrowed string" | "str" => words!("a text", "文本"),
        "a sequence" => words!("a list", "列表"),
        "a map" => words!("an object", "对象"),
        other if other.starts_with("struct ") => words!("an object", "对象"),
        other if other.starts_with("a list of") || other.starts_with("tuple ") => words!("a list", "列表"),
        other if other.starts_with("internally tagged enum") || other.starts_with("enum ") => {
            words!("one of the names it has", "其中一个名称")
        }
        other if other.starts_with("a UUID") || other.contains("UUID") => {
            words!("an id (a UUID)", " id（UUID）")
        }
        other => words!("{other}", " {other}"),
    }
}

fn whole_money(currency: Currency) -> Words {
    match (currency.as_str(), currency.digits()) {
        ("CNY", _) => words!("a whole number of fen", "以分为单位的整数"),
        (_, 0) => words!("a whole number of {currency}", "以 {currency} 计的整数"),
        ("USD" | "EUR" | "AUD" | "CAD" | "HKD" | "SGD", _) => {
            words!("a whole number of cents ({currency})", "以分（{currency}）为单位的整数")
        }
        _ => words!(
            "a whole number of minor units of {currency}",
            "以 {currency} 最小单位计的整数"
        ),
    }
}

/// What came, as serde shows it: `string "x"`, `integer `5``, `null`.
fn came_as(came: &str) -> Words {
    if let Some(text) = came.strip_prefix("string ") {
        let text = shortened(text);
        return words!("{text}", " {text}");
    }
    if let Some((_, value)) = came.split_once('`') {
        let value = shortened(value.trim_end_matches('`'));
        return words!("{value}", " {value}");
    }
    match came {
        "null" | "unit value" => words!("null", " null"),
        "map" => words!("an object", "对象"),
        "sequence" => words!("a list", "列表"),
        other => {
            let other = shortened(other);
            words!("{other}", " {other}")
        }
    }
}

/// How the amount that was meant would be written, where it is plain.
fn hint(came: &str, unit: Option<Unit>) -> Words {
    let Some(Unit::Money(currency)) = unit else {
        return Words::default();
    };
    let bare = came.strip_prefix("string ").map(|text| text.trim_matches('"'));
    let bare = bare.or_else(|| Some(came.strip_prefix("floating point `")?.trim_end_matches('`')));
    let bare = bare.map(|text| text.trim_matches(|c: char| !c.is_ascii_digit()));
    match bare.and_then(|text| money::parse_major(text, currency).ok()) {
        Some(minor) => {
            let major = money::major_text(minor, currency);
            words!("; {currency} {major} is {minor}", "；{currency} {major} 写作 {minor}")
        }
        None => Words::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "read to be refused")]
    struct Body {
        plan: Plan,
        #[serde(default)]
        flags: Vec<bool>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "read to be refused")]
    struct Plan {
        budget: Budget,
        #[serde(default)]
        price_floor: u32,
        #[serde(default)]
        kind: Option<Kind>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "read to be refused")]
    struct Budget {
        total: i64,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Member,
        Festival,
    }

    fn wrong(value: serde_json::Value, currency: &str) -> (String, String) {
        let currency = Currency::parse(currency);
        let said = read_value::<Body>(&value, currency).expect_err("another shape");
        // text and document are read alike
        assert_eq!(
            read_json::<Body>(value.to_string().as_bytes(), currency).expect_err("another shape"),
            Misshapen::Field(said.clone())
        );
        (said.en, said.zh)
    }

    #[test]
    fn a_wrong_field_is_named_with_its_unit() {
        let total = |total: serde_json::Value| json!({"plan": {"budget": {"total": total}}});
        for (body, currency, en, zh) in [
            (
                total(json!("50000元")),
                "CNY",
                "plan.budget.total: expected a whole number of fen, got \"50000元\"; CNY 50,000.00 is 5000000",
                "plan.budget.total：应为以分为单位的整数，收到的是 \"50000元\"；CNY 50,000.00 写作 5000000",
            ),
            (
                total(json!(1234.5)),
                "EUR",
                "plan.budget.total: expected a whole number of cents (EUR), got 1234.5; EUR 1,234.50 is 123450",
                "plan.budget.total：应为以分（EUR）为单位的整数，收到的是 1234.5；EUR 1,234.50 写作 123450",
            ),
            (
                total(json!("lots")),
                "JPY",
                "plan.budget.total: expected a whole number of JPY, got \"lots\"",
                "plan.budget.total：应为以 JPY 计的整数，收到的是 \"lots\"",
            ),
            (
                json!({"plan": {"budget": {"total": 1}, "price_floor": "80%"}}),
                "CNY",
                "plan.price_floor: expected a whole number of basis points, 8000 for 80 %, got \"80%\"",
                "plan.price_floor：应为基点整数（80% 写作 8000），收到的是 \"80%\"",
            ),
            (
                json!({"plan": {"budget": {"total": 1}, "price_floor": -1}}),
                "CNY",
                "plan.price_floor: expected a whole number of basis points, 8000 for 80 %, got -1",
                "plan.price_floor：应为基点整数（80% 写作 8000），收到的是 -1",
            ),
            (
                json!({"plan": {"budget": {}}}),
                "CNY",
                "plan.budget: total is missing",
                "plan.budget：缺少 total",
            ),
            (
                json!({"plan": {"budget": {"total": 1, "totl": 1}}}),
                "CNY",
                "plan.budget.totl: field \"totl\" is not known; known are total",
                "plan.budget.totl：字段 \"totl\" 无法识别；可用的有 total",
            ),
            (
                json!({"plan": {"budget": {"total": 1}, "kind": "holiday"}}),
                "CNY",
                "plan.kind: \"holiday\" is not known; use member, festival",
                "plan.kind：\"holiday\" 无法识别；可用 member, festival",
            ),
            (
                json!({"plan": {"budget": {"total": 1}}, "flags": [true, "yes"]}),
                "CNY",
                "flags[1]: expected true or false, got \"yes\"",
                "flags[1]：应为 true 或 false，收到的是 \"yes\"",
            ),
            (
                json!({"plan": "x"}),
                "CNY",
                "plan: expected an object, got \"x\"",
                "plan：应为对象，收到的是 \"x\"",
            ),
            (json!({}), "CNY", "plan is missing", "缺少 plan"),
        ] {
            assert_eq!(wrong(body, currency), (en.to_owned(), zh.to_owned()));
        }
    }

    #[test]
    fn a_sender_cannot_make_a_message_long_or_strange() {
        let long = "`, expected ".repeat(1_000);
        let (en, zh) = wrong(json!({"plan": {"budget": {"total": long}}}), "CNY");
        assert!(en.len() < 1_000 && zh.len() < 1_500, "{en}");
        let (en, _) = wrong(json!({ long: 1 }), "CNY");
        assert!(en.len() < 1_500, "{}", en.len());
    }

    #[test]
    fn what_is_no_json_is_told_apart() {
        assert!(matches!(
            read_json::<Body>(b"{\"plan\":", None),
            Err(Misshapen::NoJson(_))
        ));
        assert!(matches!(
            read_json::<Budget>(b"{\"total\": 1} x", None),
            Err(Misshapen::NoJson(_))
        ));
    }

    #[test]
    fn words_that_look_like_a_place_are_kept() {
        assert_eq!(without_place("no at line of it"), "no at line of it");
        assert_eq!(without_place("no at line 3 column 7"), "no");
    }
}
