//! The schema of a plugin's settings, and settings under it.
//!
//! A schema comes from the plugin's author and runs in the host, outside any sandbox. So it may not fetch, its patterns
//! are matched in linear time, and it may not recurse: without recursion its size bounds the work of validating.

use crate::refusal::Refusal;
use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{Map, Value, json};

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
    if !problems.is_empty() {
        return Err(bad(format!(
            "`{{}}` must be valid, give every setting a default: {}",
            problems.join("; ")
        )));
    }
    check_defaults(&schema).map_err(bad)
}

/// Passes a schema whose defaults are valid where they stand: an agency is shown them as what holds when it sets nothing, and could
/// not set the same itself otherwise.
fn check_defaults(schema: &Value) -> Result<(), String> {
    let mut found = Vec::new();
    defaults(schema, "", &mut found);
    // all of them in one schema, so that it is compiled once however many there are
    let mut properties = Map::new();
    let mut values = Map::new();
    for (index, default) in found.iter().enumerate() {
        properties.insert(index.to_string(), below_root(default.schema));
        values.insert(index.to_string(), default.value.clone());
    }
    let mut root = below_root(schema);
    if let Value::Object(root) = &mut root {
        root.remove("$schema");
    }
    let validator = compile(&json!({ "properties": properties, "$defs": { "root": root } }))?;
    let values = Value::Object(values);
    let problems: Vec<String> = validator
        .iter_errors(&values)
        .take(PROBLEMS)
        .map(|error| {
            let place = error.instance_path().to_string();
            let index = place.split('/').nth(1).and_then(|index| index.parse::<usize>().ok());
            let name = index
                .and_then(|index| found.get(index))
                .map_or("", |default| &default.name);
            format!("the default of {name} does not fit its own schema: {error}")
        })
        .collect();
    if problems.is_empty() {
        return Ok(());
    }
    Err(format!("{}; change the default or the bound", problems.join("; ")))
}

/// A default in a schema.
struct Default<'a> {
    /// The setting it is for, with those around it.
    name: String,
    /// The schema it stands in.
    schema: &'a Value,
    value: &'a Value,
}

/// The defaults of a schema and of the settings below it.
fn defaults<'a>(schema: &'a Value, name: &str, found: &mut Vec<Default<'a>>) {
    let Value::Object(fields) = schema else { return };
    if let Some(value) = fields.get("default") {
        found.push(Default {
            name: if name.is_empty() { "the settings" } else { name }.to_owned(),
            schema,
            value,
        });
    }
    for (key, value) in fields {
        match (key.as_str(), value) {
            ("properties" | "patternProperties" | "$defs" | "definitions", Value::Object(named)) => {
                for (key, schema) in named {
                    let dot = if name.is_empty() { "" } else { "." };
                    defaults(schema, &format!("{name}{dot}{key}"), found);
                }
            }
            ("items" | "additionalProperties", schema) => defaults(schema, &format!("{name}[]"), found),
            ("prefixItems", Value::Array(schemas)) => {
                for (index, schema) in schemas.iter().enumerate() {
                    defaults(schema, &format!("{name}[{index}]"), found);
                }
            }
            ("allOf" | "anyOf" | "oneOf", Value::Array(schemas)) => {
                for schema in schemas {
                    defaults(schema, name, found);
                }
            }
            _ => {}
        }
    }
}

/// The schema with its references leading to where the root stands among the definitions of another one.
fn below_root(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let moved = fields.iter().map(|(key, value)| {
                let value = match (key.as_str(), value) {
                    ("$ref", Value::String(reference)) => match reference.strip_prefix('#') {
                        Some(pointer) => Value::String(format!("#/$defs/root{pointer}")),
                        None => value.clone(),
                    },
                    ("const" | "enum" | "default" | "examples", _) => value.clone(),
                    // the keys are names here, whatever they are called
                    (
                        "properties" | "patternProperties" | "dependentSchemas" | "$defs" | "definitions",
                        Value::Object(named),
                    ) => {
                        let named = named.iter().map(|(key, schema)| (key.clone(), below_root(schema)));
                        Value::Object(named.collect())
                    }
                    (_, value) => below_root(value),
                };
                (key.clone(), value)
            });
            Value::Object(moved.collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(below_root).collect()),
        other => other.clone(),
    }
}

/// Checks settings against a plugin's schema. Each message begins with the JSON pointer of the setting it is about.
///
/// # Errors
/// What is wrong with the settings, at most twenty messages; or the one message that the schema is not usable.
pub fn validate_config(schema: &str, settings: &Value) -> Result<(), Vec<String>> {
    let schema: Value =
        serde_json::from_str(schema).map_err(|error| vec![format!("the schema is not JSON: {error}")])?;
    let validator = compile(&schema).map_err(|problem| vec![problem])?;
    let known = schema["properties"].as_object();
    let message = |error: jsonschema::ValidationError<'_>| {
        let place = error.instance_path().to_string();
        let unknown = matches!(error.kind(), ValidationErrorKind::AdditionalProperties { .. });
        match known {
            Some(known) if unknown && place.is_empty() && !known.is_empty() => {
                let known: Vec<&str> = known.keys().map(String::as_str).collect();
                format!("/: {error}; the settings there are: {}", known.join(", "))
            }
            _ => format!("{}: {error}", if place.is_empty() { "/" } else { &place }),
        }
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
                        // the keys are names here, whatever they are called
                        ("properties" | "patternProperties" | "dependentSchemas", Value::Object(named)) => {
                            named.values().try_for_each(|schema| self.walk(schema))?;
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
