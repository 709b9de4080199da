use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;

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
}
