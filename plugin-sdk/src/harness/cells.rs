use serde_json::{Map, Value};

use crate::description::{FactKind, FactUse};
use crate::store::Cell;

/// Facts of a case as values in the declared order. A fact that is not given is unknown if it may be, else zero.
pub(super) fn cells(uses: &[FactUse], row: &Map<String, Value>, place: &str) -> Result<Vec<Cell>, String> {
    if let Some(key) = row.keys().find(|key| uses.iter().all(|fact| fact.key != key.as_str())) {
        return Err(format!("{place} `{key}`, which the rule does not read"));
    }
    uses.iter()
        .map(|fact| match row.get(fact.key) {
            None => Ok(nothing(fact)),
            Some(Value::Null) => Ok(Cell::Null),
            Some(value) => cell(fact.kind, value).ok_or_else(|| format!("`{}` cannot be {value}", fact.key)),
        })
        .collect()
}

/// What a fact is of whom nothing is known.
pub(super) fn nothing(fact: &FactUse) -> Cell {
    if fact.nullable {
        return Cell::Null;
    }
    match fact.kind {
        FactKind::Count | FactKind::Money | FactKind::Day => Cell::Whole(0),
        FactKind::Number => Cell::Number(0.0),
        FactKind::Flag => Cell::Flag(false),
        FactKind::Text => Cell::Text(String::new()),
    }
}

fn cell(kind: FactKind, value: &Value) -> Option<Cell> {
    Some(match kind {
        FactKind::Count | FactKind::Money | FactKind::Day => Cell::Whole(value.as_i64()?),
        FactKind::Number => Cell::Number(value.as_f64()?),
        FactKind::Flag => Cell::Flag(value.as_bool()?),
        FactKind::Text => Cell::Text(value.as_str()?.to_owned()),
    })
}
