use serde_json::{Map, Value as Json};

use crate::Said;
use crate::said::said;

/// How the values of a fact are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole number of 32 bits.
    Count,
    /// Minor units of the agency's currency.
    Money,
    /// A number with decimals.
    Number,
    /// Yes or no.
    Flag,
    /// Days since 1970-01-01.
    Day,
    /// A text.
    Text,
}

impl Kind {
    /// The name used in JSON, WIT and messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Money => "money",
            Self::Number => "number",
            Self::Flag => "flag",
            Self::Day => "day",
            Self::Text => "text",
        }
    }

    /// How a field for it is written in Rust.
    pub const fn in_rust(self) -> &'static str {
        match self {
            Self::Count => "i32",
            Self::Money => "Money",
            Self::Number => "f64",
            Self::Flag => "bool",
            Self::Day => "Day",
            Self::Text => "Text",
        }
    }
}

/// A fact that a rule declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Its key.
    pub key: String,
    /// Its kind, as the rule sees it.
    pub kind: Kind,
    /// Whether the rule expects it to be unknown at times.
    pub nullable: bool,
}

/// The value of a fact.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Unknown.
    Null,
    /// Count, money, day.
    Int(i64),
    /// Number.
    Number(f64),
    /// Flag.
    Flag(bool),
    /// Text.
    Text(String),
}

/// What stands for nothing where a fact cannot be unknown.
pub fn zero(kind: Kind) -> Value {
    match kind {
        Kind::Count | Kind::Money | Kind::Day => Value::Int(0),
        Kind::Number => Value::Number(0.0),
        Kind::Flag => Value::Flag(false),
        Kind::Text => Value::Text(String::new()),
    }
}

/// One row in the order of the declared facts.
pub(crate) fn read(facts: &[Fact], row: &Map<String, Json>) -> Result<Vec<Value>, Said> {
    if let Some(unknown) = row.keys().find(|key| !facts.iter().any(|fact| fact.key == **key)) {
        let declared = facts.iter().map(|fact| fact.key.as_str());
        let meant = crate::meant::did_you_mean(unknown, declared);
        return Err(said!(
            "{unknown:?} is not among the facts the plugin declares",
            "{unknown:?} 不在插件声明的事实中"
        )
        .and(&meant));
    }
    facts.iter().map(|fact| value(fact, row.get(&fact.key))).collect()
}

fn value(fact: &Fact, json: Option<&Json>) -> Result<Value, Said> {
    let key = &fact.key;
    let whole = |json: &Json, least: i64, most: i64| match json.as_i64().filter(|value| (least..=most).contains(value))
    {
        Some(value) => Ok(Value::Int(value)),
        None => Err(said!(
            "{key} must be a whole number from {least} to {most}, it is {json}",
            "{key} 应为 {least} 到 {most} 的整数，现为 {json}"
        )),
    };
    match (fact.kind, json) {
        (_, None | Some(Json::Null)) if fact.nullable => Ok(Value::Null),
        (kind, None) => Ok(zero(kind)),
        (_, Some(Json::Null)) => Err(said!(
            "{key} is null, but the plugin declares it as never unknown",
            "{key} 为 null，而插件声明它不会未知"
        )),
        (Kind::Count, Some(json)) => whole(json, i32::MIN.into(), i32::MAX.into()),
        (Kind::Money, Some(json)) => whole(json, i64::MIN, i64::MAX),
        (Kind::Day, Some(json)) => match crate::day::read(json) {
            Ok(day) => Ok(Value::Int(day.into())),
            Err(problem) => {
                let key = format!("{key} ");
                Err(problem.behind(&key, &key))
            }
        },
        (Kind::Number, Some(json)) => json
            .as_f64()
            .map(Value::Number)
            .ok_or_else(|| said!("{key} must be a number, it is {json}", "{key} 应为数字，现为 {json}")),
        (Kind::Flag, Some(json)) => json.as_bool().map(Value::Flag).ok_or_else(|| {
            said!(
                "{key} must be true or false, it is {json}",
                "{key} 应为 true 或 false，现为 {json}"
            )
        }),
        (Kind::Text, Some(json)) => json
            .as_str()
            .map(|text| Value::Text(text.to_owned()))
            .ok_or_else(|| said!("{key} must be a text, it is {json}", "{key} 应为文本，现为 {json}")),
    }
}

/// Characters of a text that are shown.
const SHOWN: usize = 40;

/// A row as a golden case writes it, long texts cut: what an author copies into `golden.json` to see a fault again.
pub fn as_json<'a>(facts: impl IntoIterator<Item = &'a str>, row: &[Value]) -> String {
    let pairs = facts.into_iter().zip(row).map(|(key, value)| {
        let value = match value {
            Value::Null => "null".to_owned(),
            Value::Int(value) => value.to_string(),
            // a number without decimals stays one with a point
            Value::Number(value) => format!("{value:?}"),
            Value::Flag(value) => value.to_string(),
            Value::Text(text) => shortened(text),
        };
        format!("{}: {value}", Json::from(key))
    });
    format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
}

/// A text as JSON, its end left out if it is long.
pub(crate) fn shortened(text: &str) -> String {
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    let mut shown: String = text.chars().take(SHOWN).map(printable).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    Json::from(shown).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fact(key: &str, kind: Kind, nullable: bool) -> Fact {
        Fact {
            key: key.to_owned(),
            kind,
            nullable,
        }
    }

    #[test]
    fn a_row_is_written_as_it_is_read() {
        let facts = [
            fact("age", Kind::Count, true),
            fact("csat-12m", Kind::Number, true),
            fact("birth-date", Kind::Day, true),
            fact("home-city", Kind::Text, true),
            fact("consent-marketing", Kind::Flag, false),
        ];
        let row = json!({"age": 30, "csat-12m": 4, "birth-date": "1970-01-02", "home-city": "上海"});
        let row = read(&facts, row.as_object().expect("an object")).expect("it fits");
        let written = as_json(facts.iter().map(|fact| fact.key.as_str()), &row);
        let wanted =
            r#"{"age": 30, "csat-12m": 4.0, "birth-date": 1, "home-city": "上海", "consent-marketing": false}"#;
        assert_eq!(written, wanted);
        let again: Json = serde_json::from_str(&written).expect("JSON");
        assert_eq!(read(&facts, again.as_object().expect("an object")), Ok(row));
        let long = as_json(["home-city"], &[Value::Text("长\n".repeat(100))]);
        assert_eq!(long.chars().count(), r#"{"home-city": ""}"#.len() + SHOWN + 1, "{long}");
    }
}
