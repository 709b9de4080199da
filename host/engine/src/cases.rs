//! Golden cases of any extension point, and the way from them to what a call takes: settings, columns of facts and quantile tables, and
//! what their format says in our words.

use crate::columns::{ColumnBuffer, Value};
use crate::context::{Context, QuantileTable};
use crate::description::{Description, FactUse};
use crate::fault::{Fault, LogLine, Usage};
use crate::problem::Problem;
use crate::schema::validate_config;
use posthouse_domain::catalogue::FactKind;
use posthouse_domain::{Words, canonical, quantiles, words};
use posthouse_golden::{self as format, Form, Mismatch, Said, Shape};
use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// One golden case, whatever extension point it is of.
#[derive(Clone)]
pub struct Case {
    name: String,
    shape: Shape,
    form: Arc<dyn Any + Send + Sync>,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.shape.point, self.name)
    }
}

impl Case {
    /// What the case shows, for people.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// It in the form of its extension point.
    pub(crate) fn form<C: Form + 'static>(&self) -> Result<&C, Failed> {
        let found = self.form.downcast_ref();
        found.ok_or_else(|| Failed::from(self.shape.instead_of(&C::SHAPE)))
    }

    /// The cases of a file in this form.
    pub(crate) fn read<C: Form + Send + Sync + 'static>(json: &[u8]) -> Result<Vec<Self>, Said> {
        let case = |case: C| Self {
            name: case.name().to_owned(),
            shape: C::SHAPE,
            form: Arc::new(case),
        };
        Ok(format::read(json)?.into_iter().map(case).collect())
    }
}

/// A case that ran.
pub(crate) struct Ran {
    /// The settings as canonical JSON.
    pub(crate) config: String,
    pub(crate) mismatches: Vec<Mismatch>,
    pub(crate) usage: Usage,
    pub(crate) log: Vec<LogLine>,
}

/// A case that gave no answer.
pub(crate) enum Failed {
    /// Something in the case cannot be.
    Mistake(Words),
    /// The plugin failed, asked this.
    Fault(Box<Fault>, Option<Words>),
}

impl From<Words> for Failed {
    fn from(mistake: Words) -> Self {
        Self::Mistake(mistake)
    }
}

impl From<Said> for Failed {
    fn from(mistake: Said) -> Self {
        Self::Mistake(words(mistake))
    }
}

/// The context of a case, without quantile tables. An error is a mistake in the case.
pub(crate) fn context(
    description: &Description,
    (today, now, seed): (i32, i64, u64),
    config: &serde_json::Value,
    validate: impl Fn(&str) -> Result<Vec<Problem>, Fault>,
) -> Result<Context, Failed> {
    if let Err(problems) = validate_config(&description.config_schema, config) {
        let problems = Words::join(&problems, &words!("; ", "；"));
        return Err(words!("config: {problems}", "config：{problems}").into());
    }
    let config = canonical::to_string(config).map_err(|error| words!("config: {error}", "config：{error}"))?;
    let problems = validate(&config).map_err(|fault| Failed::Fault(Box::new(fault), None))?;
    if !problems.is_empty() {
        let problems = Problem::join(&problems);
        return Err(words!("config: {problems}", "config：{problems}").into());
    }
    Ok(Context {
        now,
        today,
        seed,
        config,
        ..Context::default()
    })
}

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
