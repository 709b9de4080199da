//! Values, facts and tables as the golden cases have them.

use posthouse_golden::{Fact, Kind, Quantiles, Rule, Value};

use crate::bindings::posthouse::plugin::facts::Value as Sent;
use crate::description::{FactKind, FactUse, QuantileUse};
use crate::store::Cell;

/// What is known of a rule by its types.
pub(super) fn rule(uses: &[FactUse], quantiles: &[QuantileUse]) -> Rule {
    let fact = |fact: &FactUse| Fact {
        key: fact.key.to_owned(),
        kind: kind(fact.kind),
        nullable: fact.nullable,
    };
    let table = |request: &QuantileUse| Quantiles {
        fact: request.fact.to_owned(),
        buckets: request.buckets,
        among: request.among.map(str::to_owned),
    };
    Rule {
        facts: uses.iter().map(fact).collect(),
        quantiles: quantiles.iter().map(table).collect(),
    }
}

fn kind(kind: FactKind) -> Kind {
    match kind {
        FactKind::Count => Kind::Count,
        FactKind::Money => Kind::Money,
        FactKind::Number => Kind::Number,
        FactKind::Flag => Kind::Flag,
        FactKind::Day => Kind::Day,
        FactKind::Text => Kind::Text,
    }
}

impl From<Value> for Cell {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Int(value) => Self::Whole(value),
            Value::Number(value) => Self::Number(value),
            Value::Flag(value) => Self::Flag(value),
            Value::Text(value) => Self::Text(value),
        }
    }
}

/// What a reason tells.
impl From<Sent> for Cell {
    fn from(value: Sent) -> Self {
        match value {
            Sent::Unknown => Self::Null,
            Sent::Whole(value) => Self::Whole(value),
            Sent::Number(value) => Self::Number(value),
            Sent::Flag(value) => Self::Flag(value),
            Sent::Text(value) => Self::Text(value),
        }
    }
}

/// A fact as the host would send it.
pub(super) fn value(fact: &FactUse, cell: &Cell) -> Result<Sent, String> {
    match cell {
        Cell::Null if !fact.nullable => Err(format!("`{}` is unknown, but the rule declares it known", fact.key)),
        cell => Ok(cell.clone().into()),
    }
}

/// What a fact is of whom nothing is known.
pub(super) fn nothing(fact: &FactUse) -> Cell {
    match fact.nullable {
        true => Cell::Null,
        false => posthouse_golden::zero(kind(fact.kind)).into(),
    }
}

/// What the host would say of the facts at upload.
pub(super) fn check_facts(rule: &Rule) -> Result<(), String> {
    let problems = posthouse_golden::catalogue::check(&rule.facts);
    if problems.is_empty() {
        return Ok(());
    }
    let details: Vec<String> = problems.into_iter().map(|problem| problem.detail.en).collect();
    Err(format!("the host would refuse this rule: {}", details.join("; ")))
}
