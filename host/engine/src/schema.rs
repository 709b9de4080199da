//! The schema of a plugin's settings, and settings under it.
//!
//! A schema comes from the plugin's author and runs in the host, outside any sandbox. So it may not fetch, its patterns
//! are matched in linear time, their number and size are bounded together, and it may not recurse: without recursion its size bounds the
//! work of validating.

mod bounds;
mod kept;
mod problem;

use crate::refusal::Refusal;
use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, PatternOptions, Validator};
use posthouse_domain::{Words, words};
use problem::said;
use serde_json::{Map, Value, json};
use std::sync::OnceLock;

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
/// Problems reported at once.
const PROBLEMS: usize = 20;

/// A schema, and what validates settings under it.
struct Schema {
    schema: Value,
    validator: Validator,
    /// Whether it fits plugins: what [`check`] came to.
    fits: OnceLock<Result<(), Words>>,
}

impl Schema {
    fn read(text: &str) -> Result<Self, Words> {
        let schema: Value = serde_json::from_str(text).map_err(|error| {
            words!(
                "the schema is not valid JSON: {error}",
                "schema 不是有效的 JSON：{error}"
            )
        })?;
        Ok(Self {
            validator: compile(&schema)?,
            schema,
            fits: OnceLock::new(),
        })
    }

    /// Passes a schema under which nothing has to be set, and whose defaults are valid.
    fn fits(&self) -> Result<(), Words> {
        let empty = Value::Object(Map::new());
        let problems: Vec<Words> = self
            .validator
            .iter_errors(&empty)
            .take(PROBLEMS)
            .map(|error| said(&error))
            .collect();
        if !problems.is_empty() {
            return Err(words!(
                "`{{}}` must be valid, give every setting a default: {problems}",
                "`{{}}` 必须有效，请给每个设置默认值：{problems}",
                problems = Words::join(&problems, &words!("; ", "；"))
            ));
        }
        check_defaults(&self.schema)
    }
}

/// Passes the schema of a plugin's settings.
pub(crate) fn check(text: &str, limit: usize) -> Result<(), Refusal> {
    let bad = |detail: Words| Refusal::new("bad_config_schema", detail);
    if text.len() > limit {
        return Err(bad(words!(
            "the schema has {size} bytes, {limit} are allowed",
            "schema 有 {size} 字节，上限为 {limit}",
            size = text.len()
        )));
    }
    match kept::compiled(text, || Schema::read(text)).as_ref() {
        Ok(schema) => schema.fits.get_or_init(|| schema.fits()).clone().map_err(bad),
        Err(problem) => Err(bad(problem.clone())),
    }
}

/// Passes a schema whose defaults are valid where they stand: an agency is shown them as what holds when it sets nothing, and could
/// not set the same itself otherwise.
fn check_defaults(schema: &Value) -> Result<(), Words> {
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
    let problems: Vec<Words> = validator
        .iter_errors(&values)
        .take(PROBLEMS)
        .map(|error| {
            let place = error.instance_path().to_string();
            let index = place.split('/').nth(1).and_then(|index| index.parse::<usize>().ok());
            let name = index
                .and_then(|index| found.get(index))
                .map_or_else(Words::default, |default| match default.name.as_str() {
                    "" => words!("the settings", "整个设置"),
                    name => Words::same(name),
                });
            words!(
                "the default of {name} does not fit its own schema: {error}",
                "{name} 的默认值不符合它自己的 schema：{error}",
                error = said(&error)
            )
        })
        .collect();
    if problems.is_empty() {
        return Ok(());
    }
    let problems = Words::join(&problems, &words!("; ", "；"));
    Err(words!(
        "{problems}; change the default or the bound",
        "{problems}；请修改默认值或范围"
    ))
}

/// A default in a schema.
struct Default<'a> {
    /// The setting it is for, with those around it; empty for all of them.
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
            name: name.to_owned(),
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
pub fn validate_config(schema: &str, settings: &Value) -> Result<(), Vec<Words>> {
    let compiled = kept::compiled(schema, || Schema::read(schema));
    let Schema { schema, validator, .. } = compiled.as_ref().as_ref().map_err(|problem| vec![problem.clone()])?;
    let known = schema["properties"].as_object();
    let message = |error: jsonschema::ValidationError<'_>| {
        let place = error.instance_path().to_string();
        let unknown = matches!(error.kind(), ValidationErrorKind::AdditionalProperties { .. });
        let error = said(&error);
        match known {
            Some(known) if unknown && place.is_empty() && !known.is_empty() => {
                let known: Vec<&str> = known.keys().map(String::as_str).collect();
                words!(
                    "/: {error}; the settings there are: {en}",
                    "/：{error}；可用的设置有 {zh}",
                    en = known.join(", "),
                    zh = known.join("、")
                )
            }
            _ => {
                let place = if place.is_empty() { "/" } else { &place };
                words!("{place}: {error}", "{place}：{error}")
            }
        }
    };
    let problems: Vec<Words> = validator.iter_errors(settings).take(PROBLEMS).map(message).collect();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn compile(schema: &Value) -> Result<Validator, Words> {
    match schema {
        Value::Object(root) => match root.get("$schema") {
            None => {}
            Some(Value::String(dialect)) if dialect.trim_end_matches('#') == DIALECT => {}
            Some(other) => {
                return Err(words!(
                    "$schema is {other}; only {DIALECT:?} is understood",
                    "$schema 为 {other}；只支持 {DIALECT:?}"
                ));
            }
        },
        Value::Bool(_) => {}
        _ => return Err(words!("the schema must be an object", "schema 必须是对象")),
    }
    let patterns = bounds::check(schema)?;
    let most = patterns.most_bytes();
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .offline()
        .with_pattern_options(
            PatternOptions::regex()
                .size_limit(most)
                .dfa_size_limit(most),
        )
        .build(schema)
        .map_err(|error| {
            let problem = words!(
                "the schema is not valid JSON Schema 2020-12: {error}",
                "schema 不是有效的 JSON Schema 2020-12：{error}",
                error = said(&error)
            );
            match error.kind() {
                // the validator does not tell a pattern that is wrong from one that is too large
                ValidationErrorKind::Format { .. } if patterns.count > 0 => words!(
                    "{problem}; a pattern has no look-around and no back-references, and may take {kib} KiB when it is compiled, as one of {count}",
                    "{problem}；pattern 不支持环视和反向引用，编译后不得超过 {kib} KiB（共 {count} 个）",
                    kib = most >> 10,
                    count = patterns.count
                ),
                _ => problem,
            }
        })
}
