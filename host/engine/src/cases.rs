//! From golden cases to what a call takes: columns of facts and quantile tables, and what their format says in our words.

use crate::columns::{ColumnBuffer, Value};
use crate::context::QuantileTable;
use crate::description::{Description, FactUse};
use posthouse_domain::catalogue::FactKind;
use posthouse_domain::{Words, quantiles};
use posthouse_golden::{self as format, Said};

/// What the format says, as everything else is said here.
pub fn words(Said { en, zh }: Said) -> Words {
    Words { en, zh }
}

/// What golden cases have to know of a plugin.
pub(crate) fn rule(description: &Description) -> format::Rule {
    let table = |request: &crate::description::QuantileRequest| format::Quantiles {
        fact: request.fact.clone(),
        buckets: request.buckets,
        among: request.among.clone(),
    };
    format::Rule {
        facts: description.facts.iter().map(fact).collect(),
        quantiles: description.quantiles.iter().map(table).collect(),
    }
}

/// A declared fact as golden cases and the catalogue know it.
pub(crate) fn fact(fact: &FactUse) -> format::Fact {
    let kind = match fact.kind {
        FactKind::Count => format::Kind::Count,
        FactKind::Money => format::Kind::Money,
        FactKind::Number => format::Kind::Number,
        FactKind::Flag => format::Kind::Flag,
        FactKind::Day => format::Kind::Day,
        FactKind::Text => format::Kind::Text,
    };
    format::Fact {
        key: fact.key.clone(),
        kind,
        nullable: fact.nullable,
    }
}

/// The values of a case as the engine has them.
pub(crate) fn values(values: Vec<format::Value>) -> Vec<Value> {
    let value = |value| match value {
        format::Value::Null => Value::Null,
        format::Value::Int(value) => Value::Int(value),
        format::Value::Number(value) => Value::Number(value),
        format::Value::Flag(value) => Value::Flag(value),
        format::Value::Text(value) => Value::Text(value),
    };
    values.into_iter().map(value).collect()
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
