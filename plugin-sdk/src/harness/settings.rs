//! What is wrong with the settings of a call: by their schema, and by the rule itself.

use posthouse_golden::catalogue::did_you_mean;
use serde_json::Value;

use super::bounds;
use crate::problems::Problem;

/// Passes settings that fit their schema and that the rule has nothing against. All that is wrong is told together.
pub(super) fn check(schema: &str, settings: &str, found: Result<Vec<Problem>, String>) -> Result<(), String> {
    let schema: Value = serde_json::from_str(schema).map_err(|error| format!("the schema is not JSON: {error}"))?;
    let mut told = bounds::check(&schema, settings);
    match found {
        Ok(problems) => told.extend(problems.iter().map(|problem| tell(problem, &schema))),
        // the schema says it in better words, if it is JSON at all
        Err(unreadable) if told.is_empty() => told.push(unreadable),
        Err(_) => {}
    }
    match told.is_empty() {
        true => Ok(()),
        false => Err(told.join("; ")),
    }
}

/// A problem behind its place, as the host tells it; one whose place is none is a mistake of the rule.
fn tell(problem: &Problem, schema: &Value) -> String {
    let Problem { path, en, .. } = problem;
    let parts: Vec<String> = match path.strip_prefix('/') {
        Some(path) => path
            .split('/')
            .map(|part| part.replace("~1", "/").replace("~0", "~"))
            .collect(),
        None if path.is_empty() => return format!("settings: {en}"),
        None => return format!("validate: {path:?} is not a JSON Pointer, which begins with a slash; it says: {en}"),
    };
    if leads(schema, schema, &parts, bounds::DEPTH) {
        return format!("settings: {path}: {en}");
    }
    let names = schema["properties"].as_object().into_iter().flatten();
    let meant = did_you_mean(&parts[0], names.map(|(name, _)| name.as_str()));
    format!("validate: {path:?} leads to no setting{meant}; it says: {en}")
}

/// Whether the schema has a setting there. What it leaves open it may have.
fn leads(root: &Value, schema: &Value, path: &[String], depth: usize) -> bool {
    if *schema == Value::Bool(false) {
        return false;
    }
    let (Some((part, rest)), Some(depth)) = (path.split_first(), depth.checked_sub(1)) else {
        return true;
    };
    let Value::Object(fields) = schema else {
        return true;
    };
    let into = |schema: &Value| leads(root, schema, rest, depth);
    let same = |schema: &Value| leads(root, schema, path, depth);
    let reference = fields.get("$ref").and_then(Value::as_str);
    if let Some(schema) = reference.and_then(|to| root.pointer(to.strip_prefix('#')?)) {
        return same(schema);
    }
    for several in ["allOf", "anyOf", "oneOf"] {
        if let Some(Value::Array(schemas)) = fields.get(several) {
            return schemas.iter().any(same);
        }
    }
    if let Ok(place) = part.parse::<usize>() {
        let first = fields.get("prefixItems").and_then(|first| first.get(place));
        if let Some(entry) = first.or_else(|| fields.get("items")) {
            return into(entry);
        }
    }
    if let Some(setting) = fields.get("properties").and_then(|properties| properties.get(part)) {
        return into(setting);
    }
    match fields.get("additionalProperties") {
        Some(others) => into(others),
        // of a number, a text or a list there is nothing below
        None => fields.get("type").is_none_or(|kind| kind == "object"),
    }
}
