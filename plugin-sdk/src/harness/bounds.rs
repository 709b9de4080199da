//! Settings held against their schema, as far as the schemas that this SDK writes go: types, bounds, lengths, choices, what is needed
//! and what is unknown. The host reads a schema whole; what is not looked at here (patterns, formats) `posthouse plugin test` finds.

use serde_json::{Map, Value};

/// References that are followed into each other.
pub(super) const DEPTH: usize = 32;

/// What is wrong with the settings, or with a default of the schema.
pub(super) fn check(schema: &Value, settings: &str) -> Vec<String> {
    let mut problems = Vec::new();
    Look { root: schema }.defaults(schema, "", DEPTH, &mut problems);
    // what is not JSON at all the rule itself refuses, in better words
    if let Ok(settings) = serde_json::from_str(settings) {
        let found = self::problems(schema, &settings).into_iter();
        problems.extend(found.map(|problem| format!("settings: {problem}")));
    }
    problems
}

/// What is wrong with settings under a schema, a sentence each. For the test that holds this against the host's reading.
#[doc(hidden)]
pub fn problems(schema: &Value, settings: &Value) -> Vec<String> {
    let mut found = Vec::new();
    Look { root: schema }.at(schema, settings, "", DEPTH, &mut found);
    found
}

struct Look<'a> {
    root: &'a Value,
}

impl Look<'_> {
    /// Defaults have to keep to the bounds where they stand.
    fn defaults(&self, schema: &Value, place: &str, depth: usize, found: &mut Vec<String>) {
        let (Value::Object(fields), Some(depth)) = (schema, depth.checked_sub(1)) else {
            return;
        };
        if let Some(value) = fields.get("default") {
            let mut problems = Vec::new();
            self.at(schema, value, place, depth, &mut problems);
            let told = |problem| format!("a default does not fit its own bounds: {problem}");
            found.extend(problems.into_iter().map(told));
        }
        if let Some(Value::Object(properties)) = fields.get("properties") {
            for (name, schema) in properties {
                self.defaults(schema, &format!("{place}/{name}"), depth, found);
            }
        }
    }

    fn at(&self, schema: &Value, value: &Value, place: &str, depth: usize, found: &mut Vec<String>) {
        let (Value::Object(fields), Some(depth)) = (schema, depth.checked_sub(1)) else {
            if *schema == Value::Bool(false) {
                found.push(format!("{}: nothing is allowed here", shown(place)));
            }
            return;
        };
        let mut problem = |text: String| found.push(format!("{}: {text}", shown(place)));
        if let Some(kind) = fields.get("type")
            && !is_of(kind, value)
        {
            return problem(format!("{value} is not of the type {kind}"));
        }
        if let Some(choices) = fields.get("enum").and_then(Value::as_array)
            && !choices.contains(value)
        {
            problem(format!("{value} is not one of {}", Value::from(choices.clone())));
        }
        if let Some(only) = fields.get("const")
            && only != value
        {
            problem(format!("{value} is not {only}"));
        }
        let bound = |name: &str| fields.get(name).and_then(Value::as_f64);
        if let Some(number) = value.as_f64() {
            for (name, holds, words) in [
                (
                    "minimum",
                    (|n, b| n >= b) as fn(f64, f64) -> bool,
                    "is less than the least,",
                ),
                ("maximum", |n, b| n <= b, "is more than the most,"),
                ("exclusiveMinimum", |n, b| n > b, "is not more than"),
                ("exclusiveMaximum", |n, b| n < b, "is not less than"),
                ("multipleOf", |n, b| (n / b).fract() == 0.0, "is not a multiple of"),
            ] {
                if let Some(bound) = bound(name).filter(|bound| !holds(number, *bound)) {
                    problem(format!("{value} {words} {bound}"));
                }
            }
        }
        let (length, what) = match value {
            Value::String(text) => (text.chars().count(), ("minLength", "maxLength", "characters")),
            Value::Array(items) => (items.len(), ("minItems", "maxItems", "entries")),
            Value::Object(fields) => (fields.len(), ("minProperties", "maxProperties", "fields")),
            _ => (0, ("", "", "")),
        };
        if bound(what.0).is_some_and(|least| (length as f64) < least) {
            problem(format!("{length} {}, fewer than {}", what.2, fields[what.0]));
        }
        if bound(what.1).is_some_and(|most| (length as f64) > most) {
            problem(format!("{length} {}, more than {}", what.2, fields[what.1]));
        }
        match value {
            Value::Object(set) => self.object(fields, set, place, depth, found),
            Value::Array(items) => self.array(fields, items, place, depth, found),
            _ => {}
        }
        self.others(fields, value, place, depth, found);
    }

    fn object(
        &self,
        fields: &Map<String, Value>,
        set: &Map<String, Value>,
        place: &str,
        depth: usize,
        found: &mut Vec<String>,
    ) {
        let needed = fields.get("required").and_then(Value::as_array).into_iter().flatten();
        for name in needed.filter_map(Value::as_str).filter(|name| !set.contains_key(*name)) {
            found.push(format!("{}: {name:?} is missing", shown(place)));
        }
        let known = fields.get("properties").and_then(Value::as_object);
        for (name, value) in set {
            let inside = format!("{place}/{name}");
            match (
                known.and_then(|known| known.get(name)),
                fields.get("additionalProperties"),
            ) {
                (Some(schema), _) => self.at(schema, value, &inside, depth, found),
                (None, Some(Value::Bool(false))) if !fields.contains_key("patternProperties") => {
                    let names = known.into_iter().flat_map(Map::keys).map(String::as_str);
                    let names: Vec<&str> = names.collect();
                    let meant = posthouse_golden::catalogue::did_you_mean(name, names.iter().copied());
                    let among = match names.is_empty() {
                        true => String::new(),
                        false => format!(" among {}", names.join(", ")),
                    };
                    found.push(format!("{}: there is no setting {name:?}{among}{meant}", shown(place)));
                }
                (None, Some(schema @ Value::Object(_))) => self.at(schema, value, &inside, depth, found),
                (None, _) => {}
            }
        }
    }

    fn array(&self, fields: &Map<String, Value>, items: &[Value], place: &str, depth: usize, found: &mut Vec<String>) {
        let first = fields.get("prefixItems").and_then(Value::as_array);
        for (index, item) in items.iter().enumerate() {
            let schema = first.and_then(|first| first.get(index)).or_else(|| fields.get("items"));
            if let Some(schema) = schema {
                self.at(schema, item, &format!("{place}/{index}"), depth, found);
            }
        }
        let twice = (1..items.len()).find(|index| items[..*index].contains(&items[*index]));
        if let (Some(Value::Bool(true)), Some(index)) = (fields.get("uniqueItems"), twice) {
            found.push(format!("{}: {} stands there twice", shown(place), items[index]));
        }
    }

    /// Schemas that a schema points to or is made of.
    fn others(&self, fields: &Map<String, Value>, value: &Value, place: &str, depth: usize, found: &mut Vec<String>) {
        let reference = fields.get("$ref").and_then(Value::as_str);
        if let Some(schema) = reference.and_then(|to| self.root.pointer(to.strip_prefix('#')?)) {
            self.at(schema, value, place, depth, found);
        }
        let schemas = |name: &str| fields.get(name).and_then(Value::as_array);
        for schema in schemas("allOf").into_iter().flatten() {
            self.at(schema, value, place, depth, found);
        }
        for (name, several) in [("anyOf", true), ("oneOf", false)] {
            let Some(schemas) = schemas(name) else { continue };
            let fits = |schema: &&Value| {
                let mut problems = Vec::new();
                self.at(schema, value, place, depth, &mut problems);
                problems.is_empty()
            };
            let fitting = schemas.iter().filter(fits).count();
            if fitting == 0 || (fitting > 1 && !several) {
                found.push(format!("{}: {value} fits none of the choices", shown(place)));
            }
        }
    }
}

fn shown(place: &str) -> &str {
    if place.is_empty() { "/" } else { place }
}

fn is_of(kind: &Value, value: &Value) -> bool {
    match kind {
        Value::Array(kinds) => kinds.iter().any(|kind| is_of(kind, value)),
        Value::String(kind) => match kind.as_str() {
            "null" => value.is_null(),
            "boolean" => value.is_boolean(),
            "string" => value.is_string(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            "number" => value.is_number(),
            "integer" => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|n| n.fract() == 0.0),
            _ => true,
        },
        _ => true,
    }
}
