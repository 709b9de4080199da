use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::values::{Day, Money, Rate};

/// What an agency may set: a struct under [`#[settings]`](macro@crate::settings), or any type that is `Deserialize` and
/// `JsonSchema` and accepts `{}`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the settings of a plugin",
    label = "neither readable nor described",
    note = "write `#[settings]` above the struct and give it a `Default`, or use `NoSettings`"
)]
pub trait Settings: Sized + 'static {
    /// JSON Schema 2020-12.
    fn schema() -> String;
    /// Reads JSON that is valid under the schema. The error is a sentence for the agency.
    fn parse(json: &str) -> Result<Self, String>;
}

impl<T: DeserializeOwned + JsonSchema + 'static> Settings for T {
    fn schema() -> String {
        schemars::schema_for!(T).as_value().to_string()
    }

    fn parse(json: &str) -> Result<Self, String> {
        serde_json::from_str(json).map_err(|error| format!("the settings do not fit this plugin: {error}"))
    }
}

/// The settings of a rule that has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoSettings {}

/// Settings hold a rate as a whole number of basis points.
impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let points = u32::deserialize(deserializer)?;
        if points > Self::ALL.points() {
            return Err(D::Error::custom(format!(
                "a rate of {points} basis points is more than the whole price, 10000"
            )));
        }
        Ok(Self::basis_points(points))
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.points().serialize(serializer)
    }
}

impl JsonSchema for Rate {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Rate".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "integer", "format": RATE.0, "minimum": 0, "maximum": Self::ALL.points()})
    }
}

/// The largest amount that the host takes anywhere.
const LARGEST_AMOUNT: i64 = 1_000_000_000_000_000;

/// Settings hold an amount of money as a whole number of minor units, nothing or more.
impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let minor = i64::deserialize(deserializer)?;
        if !(0..=LARGEST_AMOUNT).contains(&minor) {
            return Err(D::Error::custom(format!(
                "an amount is 0 to {LARGEST_AMOUNT} minor units, not {minor}"
            )));
        }
        Ok(Self(minor))
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl JsonSchema for Money {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Money".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "integer", "format": MONEY.0, "minimum": 0, "maximum": LARGEST_AMOUNT})
    }
}

/// The format of an amount of money in a schema, and what descriptions say of its unit, in English and Chinese; a word by which to see
/// that they say it already.
const MONEY: Unit = (
    "money",
    ("In minor units of the agency's currency.", "minor unit"),
    ("以货币最小单位计。", "最小单位"),
);
/// The same of a rate.
const RATE: Unit = (
    "rate",
    ("In basis points: 1000 is 10 %.", "basis points"),
    ("以万分之一计：1000 即 10%。", "万分之一"),
);

type Unit = (&'static str, (&'static str, &'static str), (&'static str, &'static str));

/// Adds to what a setting says of itself in which unit it is, in both languages.
pub fn tell_unit(schema: &mut Schema) {
    let format = schema.get("format").and_then(Value::as_str);
    let Some((_, en, zh)) = [MONEY, RATE].into_iter().find(|unit| format == Some(unit.0)) else {
        return;
    };
    let Some(setting) = schema.as_object_mut() else { return };
    add(setting, en, " ");
    if let Some(Value::Object(chinese)) = setting.get_mut("x-zh-CN") {
        add(chinese, zh, "");
    }
}

fn add(to: &mut Map<String, Value>, (unit, known): (&str, &str), between: &str) {
    let said = to.get("description").and_then(Value::as_str).unwrap_or_default();
    let text = match said {
        said if said.contains(known) => return,
        "" => unit.to_owned(),
        said => [said, between, unit].concat(),
    };
    to.insert("description".to_owned(), text.into());
}

/// Settings hold a day as a date, `2026-01-15`.
impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let date = Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&date).ok_or_else(|| D::Error::custom(format!("`{date}` is not a date like 2026-01-15")))
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Day {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Day".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_settings_accept_the_empty_object_and_nothing_else() {
        assert_eq!(NoSettings::parse("{}"), Ok(NoSettings {}));
        let refused = NoSettings::parse(r#"{"vip":1}"#).unwrap_err();
        assert!(
            refused.starts_with("the settings do not fit this plugin: unknown field `vip`"),
            "{refused}"
        );
        assert!(
            NoSettings::schema().contains(r#""additionalProperties":false"#),
            "{}",
            NoSettings::schema()
        );
    }
    #[test]
    fn rates_and_days_are_written_as_people_write_them() {
        #[derive(Deserialize, Serialize, JsonSchema)]
        struct Both {
            rate: Rate,
            day: Day,
        }
        let both = Both::parse(r#"{"rate": 800, "day": "2026-02-15"}"#).expect("valid");
        assert_eq!(
            (both.rate, both.day),
            (Rate::percent(8), Day::of(2026, 2, 15).expect("a date"))
        );
        assert_eq!(
            serde_json::to_string(&both).expect("JSON"),
            r#"{"rate":800,"day":"2026-02-15"}"#
        );
        let refusal = |json| Both::parse(json).err().unwrap_or_default();
        let too_much = refusal(r#"{"rate": 10001, "day": "2026-02-15"}"#);
        assert!(
            too_much.contains("10001 basis points is more than the whole price"),
            "{too_much}"
        );
        let no_date = refusal(r#"{"rate": 800, "day": "2026-02-30"}"#);
        assert!(
            no_date.contains("`2026-02-30` is not a date like 2026-01-15"),
            "{no_date}"
        );
        assert!(Both::schema().contains(r#""maximum":10000"#), "{}", Both::schema());
    }
}
