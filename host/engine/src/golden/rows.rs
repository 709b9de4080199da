//! From rows of facts to what a call takes: columns and quantile tables.

use crate::columns::{ColumnBuffer, Value};
use crate::context::QuantileTable;
use crate::description::{Description, FactUse};
use posthouse_domain::catalogue::FactKind;
use posthouse_domain::{quantiles, time};
use serde_json::{Map, Value as Json};

/// One row in the order of the declared facts.
pub(super) fn read(facts: &[FactUse], row: &Map<String, Json>) -> Result<Vec<Value>, String> {
    if let Some(unknown) = row.keys().find(|key| !facts.iter().any(|fact| fact.key == **key)) {
        return Err(format!("{unknown:?} is not among the facts the plugin declares"));
    }
    facts.iter().map(|fact| value(fact, row.get(&fact.key))).collect()
}

fn value(fact: &FactUse, json: Option<&Json>) -> Result<Value, String> {
    let key = &fact.key;
    let whole = |json: &Json, least: i64, most: i64| match json.as_i64().filter(|value| (least..=most).contains(value))
    {
        Some(value) => Ok(Value::Int(value)),
        None => Err(format!(
            "{key} must be a whole number from {least} to {most}, it is {json}"
        )),
    };
    match (fact.kind, json) {
        (_, None) if fact.nullable => Ok(Value::Null),
        (kind, None) => Ok(Value::zero(kind)),
        (_, Some(Json::Null)) if fact.nullable => Ok(Value::Null),
        (_, Some(Json::Null)) => Err(format!("{key} is null, but the plugin declares it as never unknown")),
        (FactKind::Count, Some(json)) => whole(json, i32::MIN.into(), i32::MAX.into()),
        (FactKind::Money, Some(json)) => whole(json, i64::MIN, i64::MAX),
        (FactKind::Day, Some(Json::String(text))) => time::parse_day(text)
            .map(|day| Value::Int(day.into()))
            .ok_or_else(|| format!("{key} must be a day like 2026-01-15, it is {text:?}")),
        (FactKind::Day, Some(json)) => whole(json, i32::MIN.into(), i32::MAX.into()),
        (FactKind::Number, Some(json)) => json
            .as_f64()
            .map(Value::Number)
            .ok_or_else(|| format!("{key} must be a number, it is {json}")),
        (FactKind::Flag, Some(json)) => json
            .as_bool()
            .map(Value::Flag)
            .ok_or_else(|| format!("{key} must be true or false, it is {json}")),
        (FactKind::Text, Some(json)) => json
            .as_str()
            .map(|text| Value::Text(text.to_owned()))
            .ok_or_else(|| format!("{key} must be a text, it is {json}")),
    }
}

/// The rows as columns, in the order of the declared facts.
pub(crate) fn columns<'r>(facts: &[FactUse], rows: impl IntoIterator<Item = &'r Vec<Value>>) -> Vec<ColumnBuffer> {
    let mut columns: Vec<ColumnBuffer> = facts.iter().map(|fact| ColumnBuffer::new(fact.kind)).collect();
    for row in rows {
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(value);
        }
    }
    columns
}

/// The quantile tables the plugin asks for, with the rows as the population.
pub(crate) fn tables(description: &Description, rows: &[Vec<Value>]) -> Vec<QuantileTable> {
    let place = |key: &str| description.facts.iter().position(|fact| fact.key == key);
    let table = |request: &crate::description::QuantileRequest| {
        let fact = place(&request.fact);
        let among = request.among.as_deref().map(place);
        let counts = |row: &&Vec<Value>| match among {
            None => true,
            Some(among) => among
                .and_then(|among| row[among].as_int())
                .is_some_and(|value| value > 0),
        };
        let mut population: Vec<i64> = rows
            .iter()
            .filter(counts)
            .filter_map(|row| fact.and_then(|fact| row[fact].as_int()))
            .collect();
        QuantileTable {
            fact: request.fact.clone(),
            edges: quantiles::edges(&mut population, request.buckets),
        }
    };
    description.quantiles.iter().map(table).collect()
}
