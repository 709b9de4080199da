//! Every answer the suite gets, held against the OpenAPI document: its status, its type, and its body, which has no field that the document
//! does not have.

use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

static CONTRACT: LazyLock<Contract> = LazyLock::new(Contract::read);
/// Larger bodies are lists of what smaller ones have as well.
const LARGEST: usize = 256 << 10;

/// Holds an answer against the document.
///
/// # Panics
/// If the document does not have it.
pub fn hold(method: &str, path: &str, status: u16, content_type: &str, body: &[u8]) {
    let path = path.split('?').next().unwrap_or_default();
    if let Some(operation) = CONTRACT.operation(method, path) {
        let problem = CONTRACT.problem(operation, status, content_type, body);
        assert!(
            problem.is_none(),
            "{method} {path} answers {status}, which is not as the document has it: {}\n{}",
            problem.unwrap_or_default(),
            String::from_utf8_lossy(&body[..body.len().min(2_000)])
        );
    }
}

/// The document, with types that allow no further fields.
struct Contract {
    document: Value,
    validators: Mutex<BTreeMap<String, Arc<jsonschema::Validator>>>,
}

impl Contract {
    fn read() -> Self {
        let text = std::fs::read_to_string(crate::root().join("host/api/openapi.json")).expect("the document is kept");
        let mut document: Value = serde_json::from_str(&text).expect("the document is JSON");
        let mut parts = BTreeSet::new();
        parts_of_all(&document["components"]["schemas"], &mut parts);
        for (name, schema) in document["components"]["schemas"]
            .as_object_mut()
            .expect("there are types")
        {
            if !parts.contains(name) {
                close(schema);
            }
        }
        Self {
            document,
            validators: Mutex::default(),
        }
    }

    /// Where the document describes a call; nothing for addresses and methods that it does not have.
    fn operation(&self, method: &str, path: &str) -> Option<&Value> {
        let fits = |template: &str| {
            let (wanted, given): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
            let one = |(wanted, given): (&&str, &&str)| wanted.starts_with('{') && !given.is_empty() || wanted == given;
            wanted.len() == given.len() && wanted.iter().zip(&given).all(one)
        };
        let paths = self.document["paths"].as_object()?;
        let found = paths.iter().filter(|(template, _)| fits(template));
        let (_, item) = found.min_by_key(|(template, _)| template.matches('{').count())?;
        item.get(method.to_lowercase())
    }

    /// What is wrong with an answer.
    fn problem(&self, operation: &Value, status: u16, content_type: &str, body: &[u8]) -> Option<String> {
        let Some(mut response) = operation["responses"].get(status.to_string()) else {
            return Some("the status is not documented".into());
        };
        if let Some(shared) = response["$ref"].as_str() {
            response = self.document.pointer(shared.trim_start_matches('#'))?;
        }
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let Some(content) = response["content"].as_object() else {
            return (!body.is_empty()).then(|| "it has a body, and the document has none".into());
        };
        let Some(media) = content.get(essence) else {
            return Some(format!("the type {essence:?} is not documented"));
        };
        if !(essence == "application/json" || essence.ends_with("+json")) || body.len() > LARGEST {
            return None;
        }
        let body = match serde_json::from_slice(body) {
            Ok(body) => body,
            Err(error) => return Some(format!("the body is not JSON: {error}")),
        };
        let validator = self.validator(&media["schema"]);
        let wrong: Vec<_> = validator
            .iter_errors(&body)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        (!wrong.is_empty()).then(|| wrong.join("; "))
    }

    fn validator(&self, schema: &Value) -> Arc<jsonschema::Validator> {
        let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        let made = validators.entry(schema.to_string()).or_insert_with(|| {
            let whole = json!({"allOf": [schema], "components": self.document["components"]});
            Arc::new(jsonschema::validator_for(&whole).expect("the document has JSON schemas"))
        });
        made.clone()
    }
}

/// The types that others contain as a part, which has not all fields of the whole.
fn parts_of_all(schema: &Value, parts: &mut BTreeSet<String>) {
    let of_list = |list: &Vec<Value>| {
        let names = list.iter().filter_map(|part| part["$ref"].as_str()?.rsplit('/').next());
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    if let Some(all) = schema["allOf"].as_array() {
        parts.extend(of_list(all));
    }
    for inner in schema.as_object().into_iter().flat_map(Map::values) {
        parts_of_all(inner, parts);
    }
}

/// Allows no further fields where the document names some.
fn close(schema: &mut Value) {
    let Some(object) = schema.as_object_mut() else {
        for inner in schema.as_array_mut().into_iter().flatten() {
            close(inner);
        }
        return;
    };
    if object.contains_key("allOf") {
        object.insert("unevaluatedProperties".into(), false.into());
        return;
    }
    for (name, inner) in object.iter_mut() {
        if !matches!(name.as_str(), "example" | "enum" | "default") {
            close(inner);
        }
    }
    if object.get("properties").is_some_and(Value::is_object) && object.get("type").is_some_and(Value::is_string) {
        object.entry("additionalProperties").or_insert(false.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(method: &str, path: &str, status: u16, body: &Value) -> Option<String> {
        let operation = CONTRACT.operation(method, path).expect("the document has it");
        let body = serde_json::to_vec(body).expect("JSON");
        CONTRACT.problem(operation, status, "application/json", &body)
    }

    #[test]
    fn an_answer_that_the_document_does_not_have_is_seen() {
        let attribute = json!({"key": "a", "fact": "attr.a", "kind": "text", "title": {"en": "A", "zh-CN": "A"}, "sensitivity": "personal"});
        let page = |attribute: &Value| json!({"items": [attribute], "next": null});
        let path = "/api/v1/attributes";
        assert_eq!(problem("GET", path, 200, &page(&attribute)), None);
        let with = |field: &str, value: Value| {
            let mut changed = attribute.clone();
            changed[field] = value;
            problem("GET", path, 200, &page(&changed))
        };
        assert!(with("kind", "colour".into()).is_some_and(|said| said.contains("/items/0/kind")));
        assert!(with("colour", "red".into()).is_some_and(|said| said.contains("colour")));
        assert!(problem("GET", path, 418, &page(&attribute)).is_some_and(|said| said.contains("status")));
        assert!(problem("GET", path, 200, &json!({"items": []})).is_some_and(|said| said.contains("next")));
        let operation = CONTRACT.operation("GET", path).expect("the document has it");
        assert!(
            CONTRACT
                .problem(operation, 200, "text/html", b"")
                .is_some_and(|said| said.contains("text/html"))
        );
    }

    #[test]
    fn an_address_is_the_one_with_the_fewest_variables() {
        let name = |path: &str| {
            CONTRACT
                .operation("GET", path)
                .map(|operation| operation["operationId"].clone())
        };
        assert_eq!(name("/api/v1/campaigns/lessons"), Some("listLessons".into()));
        assert_eq!(name("/api/v1/campaigns/spring"), Some("getCampaign".into()));
        assert_eq!(name("/api/v1/nothing"), None);
    }
}
