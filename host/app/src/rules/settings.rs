//! Settings of a rule: held against the schema of its plugin, and looked at by the plugin itself.

use super::call::{at_once, told};
use crate::Plugins;
use crate::error::{AppError, Result};
use posthouse_domain::{Words, canonical, words};
use posthouse_engine::{Description, Plugin, Problem};
use serde_json::Value;
use uuid::Uuid;

/// Whether nothing but `{}` is valid under a schema of settings.
fn has_no_settings(schema: &str) -> bool {
    let schema: Value = serde_json::from_str(schema).unwrap_or_default();
    let named = schema["properties"].as_object().is_some_and(|named| !named.is_empty());
    schema["additionalProperties"] == false && !named && schema["patternProperties"].is_null()
}

/// Settings as canonical JSON, held against the plugin's schema.
///
/// # Errors
/// `bad_config`.
pub(crate) fn checked_config(description: &Description, config: &Value) -> Result<String> {
    if let Err(problems) = posthouse_engine::validate_config(&description.config_schema, config) {
        let detail = if has_no_settings(&description.config_schema) {
            words!(
                "plugin {name} has no settings; leave them out or send {{}}",
                "插件 {name} 没有设置项；请不填或发送 {{}}",
                name = description.name
            )
        } else {
            words!(
                "the settings do not fit the plugin's schema: {problems}",
                "设置不符合插件的 schema：{problems}",
                problems = Words::join(&problems, &words!("; ", "；"))
            )
        };
        return Err(AppError::invalid("bad_config", detail));
    }
    if !canonical::is_exact(config) {
        let detail = words!(
            "the settings have a whole number beyond 9,007,199,254,740,992, which no JSON keeps exactly; write a smaller one",
            "设置中有整数超过 9,007,199,254,740,992，JSON 无法精确保存；请改用较小的数"
        );
        return Err(AppError::invalid("bad_config", detail));
    }
    canonical::to_string(config).map_err(|e| AppError::invalid("bad_config", Words::same(e.to_string())))
}

impl Plugins<'_> {
    /// Settings as canonical JSON, which the plugin's schema allows and the plugin itself has nothing against.
    ///
    /// # Errors
    /// `bad_config` with every problem and its place; a plugin that does not come to an answer.
    pub(crate) async fn fitting(&self, agency: Uuid, plugin: &Plugin, config: &Value) -> Result<String> {
        let (plugin, config) = (plugin.clone(), config.clone());
        let look = move || {
            // compiling a schema takes a while too
            let config = checked_config(plugin.description(), &config)?;
            Ok::<_, AppError>((plugin.validate(&config), config))
        };
        let (problems, config) = at_once(&self.app.engine, agency, look).await??;
        // it was told nothing of customers, so what it wrote may be seen
        let problems = problems.map_err(|fault| told(&fault, &Words::default(), true))?;
        if problems.is_empty() {
            return Ok(config);
        }
        let detail = words!(
            "the plugin rejects these settings: {problems}",
            "插件不接受这些设置：{problems}",
            problems = Problem::join(&problems)
        );
        Err(AppError::invalid("bad_config", detail))
    }

    /// Has the plugin of this digest look at settings that are about to be written. One that is not there is told of by whoever writes them.
    ///
    /// # Errors
    /// As [`Plugins::fitting`]; those of opening it.
    pub(crate) async fn check_settings(&self, agency: Uuid, digest: &str, config: &Value) -> Result<()> {
        match self.open(agency, digest).await {
            Ok(plugin) => self.fitting(agency, &plugin, config).await.map(drop),
            Err(AppError::Missing(_) | AppError::NotFound(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
