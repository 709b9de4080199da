//! Schemas of settings, and settings under them.

use crate::{Guest, engine, refusal};
use posthouse_domain::Words;
use posthouse_engine::validate_config;
use serde_json::json;

fn refused(schema: &str) -> String {
    refusal(
        &Guest {
            schema: schema.into(),
            ..Guest::default()
        }
        .build(),
    )
    .to_string()
}

#[test]
fn schemas_that_are_refused() {
    insta::assert_snapshot!(refused("{"), @"bad_config_schema: the schema is not valid JSON: EOF while parsing an object at line 1 column 1");
    insta::assert_snapshot!(refused("[]"), @"bad_config_schema: the schema must be an object");
    insta::assert_snapshot!(refused(r#"{"type": "objekt"}"#), @r#"bad_config_schema: the schema is not valid JSON Schema 2020-12: "objekt" is not valid under any of the schemas listed in the 'anyOf' keyword"#);
    insta::assert_snapshot!(refused(r#"{"$schema": "http://json-schema.org/draft-07/schema#"}"#), @r#"bad_config_schema: $schema is "http://json-schema.org/draft-07/schema#"; only "https://json-schema.org/draft/2020-12/schema" is understood"#);
    insta::assert_snapshot!(refused(r#"{"required": ["edge"]}"#), @r#"bad_config_schema: `{}` must be valid, give every setting a default: "edge" is a required property"#);
    insta::assert_snapshot!(refused(r#"{"$ref": "https://example.com/schema.json"}"#), @r##"bad_config_schema: $ref "https://example.com/schema.json" leads outside; only references like "#/$defs/…" are allowed"##);
    insta::assert_snapshot!(refused(r#"{"properties": {"a": {"$ref": "file:///etc/passwd"}}}"#), @r##"bad_config_schema: $ref "file:///etc/passwd" leads outside; only references like "#/$defs/…" are allowed"##);
    insta::assert_snapshot!(refused(r##"{"properties": {"a": {"$ref": "#/$defs/gone"}}}"##), @r##"bad_config_schema: $ref "#/$defs/gone" leads to nothing"##);
    insta::assert_snapshot!(refused(r##"{"$ref": "#"}"##), @r##"bad_config_schema: $ref "#" leads back to itself; settings may not be recursive"##);
    insta::assert_snapshot!(
        refused(r##"{"$defs": {"a": {"properties": {"b": {"$ref": "#/$defs/a"}}}}, "$ref": "#/$defs/a"}"##), @r##"bad_config_schema: $ref "#/$defs/a" leads back to itself; settings may not be recursive"##);
    insta::assert_snapshot!(refused(r#"{"properties": {"a": {"pattern": "(a)\\1"}}}"#), @r#"bad_config_schema: the schema is not valid JSON Schema 2020-12: "(a)\\1" is not a "regex"; a pattern has no look-around and no back-references, and may take 1024 KiB when it is compiled, as one of 1"#);
    insta::assert_snapshot!(refused(r#"{"properties": {"a": {"pattern": "(((a{1000}){1000}){1000})"}}}"#), @r#"bad_config_schema: the schema is not valid JSON Schema 2020-12: "(((a{1000}){1000}){1000})" is not a "regex"; a pattern has no look-around and no back-references, and may take 1024 KiB when it is compiled, as one of 1"#);
    let long = format!(r#"{{"description": "{}"}}"#, "x".repeat(64 << 10));
    insta::assert_snapshot!(refused(&long), @"bad_config_schema: the schema has 65555 bytes, 65536 are allowed");
}

#[test]
fn defaults_that_break_their_own_bound_are_refused() {
    let days = json!({"type": "integer", "minimum": 2, "default": 1});
    insta::assert_snapshot!(refused(&json!({"properties": {"within_days": days}}).to_string()), @"bad_config_schema: the default of within_days does not fit its own schema: 1 is less than the minimum of 2; change the default or the bound");
    // below other settings, in lists, behind references, and where a setting is called like a word of the schema's
    for (schema, name) in [
        (
            json!({"properties": {"calls": {"properties": {"days": days}}}}),
            "calls.days",
        ),
        (json!({"properties": {"tiers": {"items": days}}}), "tiers[]"),
        (
            json!({"properties": {"tiers": {"items": {"minimum": 2}, "default": [3, 1]}}}),
            "tiers",
        ),
        (
            json!({"properties": {"days": {"anyOf": [days, {"type": "null"}]}}}),
            "days",
        ),
        (
            json!({"properties": {"days": {"$ref": "#/$defs/Days", "default": 1}}, "$defs": {"Days": {"minimum": 2}}}),
            "days",
        ),
        (
            json!({"properties": {"b": {"$ref": "#/properties/a", "default": 1}, "a": {"minimum": 2}}}),
            "b",
        ),
        (
            json!({"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"properties": {"days": days}}}}),
            "A.days",
        ),
        (json!({"properties": {"default": days}}), "default"),
        (json!({"default": 5, "type": "object"}), "the settings"),
    ] {
        let refusal = refused(&schema.to_string());
        let wanted = format!("bad_config_schema: the default of {name} does not fit");
        assert!(refusal.starts_with(&wanted), "{schema}: {refusal}");
    }
    let fine = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
        "properties": {
            "days": {"$ref": "#/$defs/Days", "default": 2},
            "none": {"type": ["integer", "null"], "minimum": 5, "default": null},
            "default": {"type": "object", "default": {"default": 1, "$ref": "#/nowhere"}},
            "词": {"items": {"type": "string", "minLength": 1}, "default": ["亲子"]},
        },
        "$defs": {"Days": {"type": "integer", "minimum": 2}},
    });
    engine()
        .admit(
            &Guest {
                schema: fine.to_string(),
                ..Guest::default()
            }
            .build(),
        )
        .expect("defaults that fit");
}

#[test]
fn references_that_multiply() {
    let mut defs = serde_json::Map::new();
    for level in 0..30 {
        let next = format!("#/$defs/d{}", level + 1);
        defs.insert(format!("d{level}"), json!({"allOf": [{"$ref": next}, {"$ref": next}]}));
    }
    defs.insert("d30".into(), json!({"type": "object"}));
    let schema = json!({"$defs": defs, "$ref": "#/$defs/d0"}).to_string();
    let too_many = "bad_config_schema: with its references written out the schema has more than 20000 parts";
    assert_eq!(refused(&schema), too_many);
    // a setting may have the name of a word that is passed over elsewhere
    let mut defs = json!({});
    for level in 0..30 {
        let next = json!({"$ref": format!("#/$defs/d{}", level + 1)});
        defs[format!("d{level}")] = json!({"properties": {"default": next, "enum": next}});
    }
    defs["d30"] = json!({"type": "object"});
    assert_eq!(
        refused(&json!({"$defs": defs, "$ref": "#/$defs/d0"}).to_string()),
        too_many
    );
}

#[test]
fn schemas_of_schemars_are_fine() {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Settings", "type": "object",
        "properties": {
            "name": {"type": "string", "pattern": "^(a+)+$"},
            "edges": {"type": "array", "items": {"$ref": "#/$defs/Edge"}, "maxItems": 9, "default": []},
            "first": {"anyOf": [{"$ref": "#/$defs/Edge"}, {"type": "null"}]},
            "$ref": {"type": "string"},
        },
        "$defs": {"Edge": {"type": "integer", "format": "uint8", "minimum": 0, "maximum": 255}},
    })
    .to_string();
    engine()
        .admit(
            &Guest {
                schema: schema.clone(),
                ..Guest::default()
            }
            .build(),
        )
        .expect("a usual schema");

    assert_eq!(
        validate_config(&schema, &json!({"edges": [1, 2], "first": null})),
        Ok(())
    );
    let problems = validate_config(&schema, &json!({"edges": [1, 300], "name": 5})).expect_err("two mistakes");
    let expected = [
        "/edges/1: 300 is greater than the maximum of 255",
        "/name: 5 is not of type \"string\"",
    ];
    assert_eq!(english(&problems), expected);
    // a misspelt setting is told with those there are
    let closed = r#"{"additionalProperties": false, "properties": {"within_days": {}, "adviser_from": {}}}"#;
    let problems = validate_config(closed, &json!({"withn_days": 14})).expect_err("a mistake");
    let expected = [
        "/: Additional properties are not allowed ('withn_days' was unexpected); the settings there are: adviser_from, within_days",
    ];
    assert_eq!(english(&problems), expected);
    // a pattern that would take a backtracking matcher for ever
    let begin = std::time::Instant::now();
    assert!(validate_config(&schema, &json!({"name": format!("{}!", "a".repeat(50_000))})).is_err());
    assert!(begin.elapsed().as_secs() < 5);
}

fn english(problems: &[Words]) -> Vec<&str> {
    problems.iter().map(|problem| problem.en.as_str()).collect()
}
