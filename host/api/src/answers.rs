//! What answers always have.
//!
//! A field that may be `null` may be left out of a request, and is always there in an answer. The types of both are derived alike, as fields
//! that need not be there; here those that only answers have get them back. What an answer does leave out is never `null` in its type.

use std::collections::{BTreeSet, VecDeque};
use utoipa::openapi::schema::{Object, OneOf, Schema, SchemaType, Type};
use utoipa::openapi::{Components, Paths, RefOr};

/// Requires what may be `null` of the types that no request has.
pub(super) fn complete(components: &mut Components, paths: &Paths) {
    let asked = asked(components, paths);
    for (name, schema) in &mut components.schemas {
        if !asked.contains(name)
            && let RefOr::T(schema) = schema
        {
            require(schema);
        }
    }
}

fn require(schema: &mut Schema) {
    match schema {
        Schema::Object(object) => {
            for (name, property) in &object.properties {
                if may_be_null(property) && !object.required.contains(name) {
                    object.required.push(name.clone());
                }
            }
        }
        Schema::AllOf(all) => {
            for part in &mut all.items {
                if let RefOr::T(part) = part {
                    require(part);
                }
            }
        }
        _ => {}
    }
}

fn may_be_null(schema: &RefOr<Schema>) -> bool {
    let null = |object: &Object| match &object.schema_type {
        SchemaType::Type(one) => *one == Type::Null,
        SchemaType::Array(several) => several.contains(&Type::Null),
        SchemaType::AnyValue => false,
    };
    match schema {
        RefOr::T(Schema::Object(object)) => null(object),
        RefOr::T(Schema::Array(array)) => {
            matches!(&array.schema_type, SchemaType::Array(several) if several.contains(&Type::Null))
        }
        RefOr::T(Schema::OneOf(OneOf { items, .. })) => items.iter().any(may_be_null),
        _ => false,
    }
}

/// The types that requests have, and those that these name.
fn asked(components: &Components, paths: &Paths) -> BTreeSet<String> {
    let mut open: VecDeque<String> = VecDeque::new();
    for item in paths.paths.values() {
        for operation in [&item.get, &item.put, &item.post, &item.patch, &item.delete]
            .into_iter()
            .flatten()
        {
            open.extend(named(&operation.request_body));
            open.extend(named(&operation.parameters));
        }
    }
    let mut asked = BTreeSet::new();
    while let Some(name) = open.pop_front() {
        if asked.insert(name.clone()) {
            open.extend(named(&components.schemas.get(&name)));
        }
    }
    asked
}

/// The types that something names.
fn named(part: &impl serde::Serialize) -> Vec<String> {
    let text = serde_json::to_string(part).unwrap_or_default();
    let names = text.split("\"#/components/schemas/").skip(1);
    names
        .filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
        .collect()
}
