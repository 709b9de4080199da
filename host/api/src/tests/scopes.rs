//! Who may send what: the document and the doors say the same.

use super::house::House;
use super::{JSON, is};
use posthouse_app::team::Scope;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Every call of the document: method, an address it may have, and the scopes that each let it through.
fn calls(document: &Value) -> Vec<(String, String, Vec<BTreeSet<String>>)> {
    let mut calls = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let alternatives = operation["security"]
                .as_array()
                .unwrap_or_else(|| panic!("{method} {path} does not say who may send it"));
            let alternatives = alternatives
                .iter()
                .map(|way| serde_json::from_value(way["key"].clone()).unwrap())
                .collect();
            let nobody = uuid::Uuid::nil().to_string();
            let address = path
                .split('/')
                .map(|part| if part.starts_with('{') { nobody.as_str() } else { part })
                .collect::<Vec<_>>();
            calls.push((method.to_uppercase(), address.join("/"), alternatives));
        }
    }
    calls
}

#[tokio::test]
async fn the_document_names_the_scopes_that_are_asked_for() {
    let mut house = House::open().await;
    let (_, _, document) = house.ask("GET", "/api/openapi.json", &[], "").await;
    let calls = calls(&document);
    let mut sets: Vec<Vec<Scope>> = Scope::ALL.iter().map(|scope| vec![*scope]).collect();
    sets.push(vec![Scope::Rules, Scope::Read]);
    let mut keys = Vec::new();
    for scopes in sets {
        let body = json!({"name": "one", "scopes": scopes}).to_string();
        let (status, _, made) = house.ask("POST", "/api/v1/keys", &[JSON], &body).await;
        assert_eq!(status, 201, "{made}");
        keys.push((scopes, made["api_key"].as_str().unwrap().to_owned()));
    }
    let mut refused = 0;
    for (scopes, key) in keys {
        house.key = key;
        let has: BTreeSet<String> = scopes.iter().map(|scope| scope.as_str().to_owned()).collect();
        for (method, path, alternatives) in &calls {
            let (status, _, body) = house.ask(method, path, &[], "").await;
            let lets_in = alternatives.is_empty()
                || scopes.contains(&Scope::Owner)
                || alternatives.iter().any(|needed| needed.is_subset(&has));
            let is_refused = (status, body["code"].as_str().unwrap_or_default().to_owned()) == is(403, "scope_missing");
            assert_eq!(is_refused, !lets_in, "{method} {path} with {has:?}: {status} {body}");
            refused += usize::from(is_refused);
        }
    }
    assert!(refused > 300, "{refused}");
}
