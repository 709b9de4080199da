//! What a plugin was asked, in the words of a golden case: an author copies it into `golden.json` and sees the fault again.
//!
//! Facts say who a customer is. So where the customers are real the host shows what was asked without them, if at all.

use crate::columns::Value;
use crate::description::Description;
use crate::fault::Fault;
use posthouse_domain::{Words, words};
use posthouse_golden as format;

/// Bytes shown in all.
const BYTES: usize = 2_000;

/// A fault, and behind it what brought it about.
pub(crate) fn behind(fault: Words, asked: Option<&Words>) -> Words {
    match asked {
        Some(asked) => words!("{fault}; asked about {asked}", "{fault}；当时询问的是 {asked}"),
        None => fault,
    }
}

/// The row that brings a rule to fail, where one by itself does.
pub(crate) fn row(description: &Description, fault: &Fault, rows: &[impl AsRef<[Value]>]) -> Option<Words> {
    let row = fault.row?;
    Some(of_row(description, row, rows.get(row)?.as_ref()))
}

/// A row and its facts.
pub(crate) fn of_row(description: &Description, row: usize, values: &[Value]) -> Words {
    let facts = facts(description, values);
    words!("row {row}: {facts}", "第 {row} 行：{facts}")
}

/// What a rule was asked about, as `told`, behind the facts of its customer if they may be shown.
pub(crate) fn question(told: &Words, customer: Option<(&Description, &[Value])>) -> Words {
    let told = match customer {
        Some((description, values)) => {
            let facts = facts(description, values);
            words!("\"facts\": {facts}, {told}", "\"facts\": {facts}, {told}")
        }
        None => told.clone(),
    };
    told.map(|told| crate::text::printable(told, BYTES))
}

fn facts(description: &Description, values: &[Value]) -> String {
    let value = |value: &Value| match value {
        Value::Null => format::Value::Null,
        Value::Int(value) => format::Value::Int(*value),
        Value::Number(value) => format::Value::Number(*value),
        Value::Flag(value) => format::Value::Flag(*value),
        Value::Text(value) => format::Value::Text(value.clone()),
    };
    let values: Vec<_> = values.iter().map(value).collect();
    let keys = description.facts.iter().map(|fact| fact.key.as_str());
    crate::text::printable(&format::as_json(keys, &values), BYTES)
}
