use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::values::{Day, Rate};

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
        json_schema!({"type": "integer", "minimum": 0, "maximum": Self::ALL.points()})
    }
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
