//! The schema of a plugin's settings, and settings under it.
//!
//! A schema comes from the plugin's author and runs in the host, outside any sandbox. So it may not fetch, its patterns
//! are matched in linear time, and it may not recurse: without recursion its size bounds the work of validating.

use crate::refusal::Refusal;
use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{Map, Value};

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
/// Schemas a schema may come to when every reference is written out.
const EXPANDED: usize = 20_000;
/// Memory of one compiled pattern, in bytes.
const PATTERN_BYTES: usize = 1 << 20;
/// Problems reported at once.
const PROBLEMS: usize = 20;

/// Passes the schema of a plugin's settings.
pub(crate) fn check(text: &str, limit: usize) -> Result<(), Refusal> {
    let bad = |detail: String| Refusal::new("bad_config_schema", detail);
    if text.len() > limit {
        return Err(bad(format!("the schema has {} bytes, {limit} are allowed", text.len())));
    }
    let schema: Value =
        serde_json::from_str(text).map_err(|error| bad(format!("the schema is not valid JSON: {error}")))?;
    let validator = compile(&schema).map_err(bad)?;
    let empty = Value::Object(Map::new());
    let problems: Vec<String> = validator
        .iter_errors(&empty)
        .take(PROBLEMS)
        .map(|error| error.to_string())
        .collect();
    if problems.is_empty() {
        return Ok(());
    }
    Err(bad(format!(
        "`{{}}` must be valid, give every setting a default: {}",
        problems.join("; ")
    )))
}

/// Checks settings against a plugin's schema. Each message begins with the JSON pointer of the setting it is about.
///
/// # Errors
/// What is wrong with the settings, at most twenty messages; or the one message that the schema is not usable.
pub fn validate_config(schema: &str, settings: &Value) -> Result<(), Vec<String>> {
    let schema: Value =
        serde_json::from_str(schema).map_err(|error| vec![format!("the schema is not JSON: {error}")])?;
    let validator = compile(&schema).map_err(|problem| vec![problem])?;
    let message = |error: jsonschema::ValidationError<'_>| {
        let place = error.instance_path().to_string();
        format!("{}: {error}", if place.is_empty() { "/" } else { &place })
    };
    let problems: Vec<String> = validator.iter_errors(settings).take(PROBLEMS).map(message).collect();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn compile(schema: &Value) -> Result<Validator, String> {
    match schema {
        Value::Object(root) => match root.get("$schema") {
            None => {}
            Some(Value::String(dialect)) if dialect.trim_end_matches('#') == DIALECT => {}
            Some(other) => return Err(format!("$schema is {other}; only {DIALECT:?} is understood")),
        },
        Value::Bool(_) => {}
        _ => return Err("the schema must be an object".into()),
    }
    Expansion {
        root: schema,
        left: EXPANDED,
        path: Vec::new(),
    }
    .walk(schema)?;
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .offline()
        .with_pattern_options(
            PatternOptions::regex()
                .size_limit(PATTERN_BYTES)
                .dfa_size_limit(PATTERN_BYTES),
        )
        .build(schema)
        .map_err(|error| format!("the schema is not valid JSON Schema 2020-12: {error}"))
}

/// Walks the schema with every reference written out.
struct Expansion<'a> {
    root: &'a Value,
    left: usize,
    /// References being followed.
    path: Vec<&'a str>,
}

impl<'a> Expansion<'a> {
    fn walk(&mut self, schema: &'a Value) -> Result<(), String> {
        self.left = self
            .left
            .checked_sub(1)
            .ok_or_else(|| format!("with its references written out the schema has more than {EXPANDED} parts"))?;
        match schema {
            Value::Array(items) => items.iter().try_for_each(|item| self.walk(item)),
            Value::Object(fields) => {
                for (key, value) in fields {
                    match (key.as_str(), value) {
                        ("$ref", Value::String(reference)) => self.follow(reference)?,
                        ("$dynamicRef" | "$recursiveRef" | "$id", Value::String(_)) => {
                            return Err(format!("{key} is not allowed; refer with \"$ref\": \"#/$defs/…\""));
                        }
                        // definitions count where they are used
                        ("$defs" | "definitions" | "const" | "enum" | "default" | "examples", _) => {}
                        (_, value) => self.walk(value)?,
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn follow(&mut self, reference: &'a str) -> Result<(), String> {
        let Some(pointer) = reference.strip_prefix('#') else {
            return Err(format!(
                "$ref {reference:?} leads outside; only references like \"#/$defs/…\" are allowed"
            ));
        };
        if self.path.contains(&reference) || pointer.is_empty() {
            return Err(format!(
                "$ref {reference:?} leads back to itself; settings may not be recursive"
            ));
        }
        let root = self.root;
        let target = root
            .pointer(pointer)
            .ok_or_else(|| format!("$ref {reference:?} leads to nothing"))?;
        self.path.push(reference);
        self.walk(target)?;
        self.path.pop();
        Ok(())
    }
}
