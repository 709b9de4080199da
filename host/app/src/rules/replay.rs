//! Making a decision again: the same plugin, settings and input have to give the same bytes, whatever is in force by now.

use super::call::at_once;
use super::load::of_point;
use super::point::{Point, Rule, RuleName, ask_again};
use crate::Decisions;
use crate::error::{AppError, Result};
use crate::team::{Caller, Mask};
use posthouse_domain::{Instant, canonical, words};
use posthouse_engine::Plugin;
use posthouse_store::decisions::{self as store, DecisionRow};
use posthouse_store::{Access, Tx, plugins};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

/// The first place where two answers differ.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// JSON pointer into the output.
    pub at: String,
    /// What was said then; none if there was nothing.
    pub then: Option<Value>,
    /// What is said now; none if there is nothing.
    pub now: Option<Value>,
}

/// What a replay came to.
#[derive(Debug, Clone, Serialize)]
pub struct Replay {
    /// The decision.
    pub decision: Uuid,
    /// When it was made: business time, in ms since 1970.
    pub at: Instant,
    /// The extension point of its binding.
    pub extension_point: String,
    /// The binding.
    pub binding: String,
    /// Its revision then.
    pub revision: i64,
    /// Name of the plugin that decided.
    pub plugin: String,
    /// Its version.
    pub version: String,
    /// Its digest.
    pub digest: String,
    /// The settings it was made with.
    pub config: Value,
    /// Whether the output is the same byte for byte.
    pub identical: bool,
    /// The first difference, if there is one.
    pub difference: Option<Difference>,
    /// The output now.
    pub output: Value,
    /// Fuel used now; the output alone is compared.
    pub fuel: u64,
}

impl Decisions<'_> {
    /// Makes a decision again. Nothing is changed.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; a plugin that cannot be opened any more.
    pub async fn replay(&self, caller: &Caller, id: Uuid) -> Result<Replay> {
        let agency = caller.room.id;
        caller.must_see(&Mask::ALL)?;
        let mut tx = self.app.store.read(Access::Agency(agency)).await?;
        let row = store::decision(&mut tx, agency, id)
            .await?
            .ok_or(AppError::NotFound("decision"))?;
        let again = self.app.points.of(&row.extension_point)?;
        let config = settings(&mut tx, agency, &row).await?;
        drop(tx);
        let plugin = self.app.plugins().open(agency, &row.digest).await?;
        at_once(&self.app.engine, agency, move || again(agency, plugin, config, &row)).await?
    }
}

type Again = fn(Uuid, Plugin, String, &DecisionRow) -> Result<Replay>;

/// The extension points whose rules are asked one case at a time, by name: each says how a decision of it is made again.
#[derive(Debug, Clone, Default)]
pub(crate) struct Points(BTreeMap<&'static str, Again>);

impl Points {
    /// Registers an extension point.
    pub(crate) fn with<P: Point>(mut self) -> Self {
        self.0.insert(P::NAME, again::<P>);
        self
    }

    fn of(&self, name: &str) -> Result<Again> {
        let again = self.0.get(name).copied();
        again.ok_or_else(|| AppError::Internal(format!("a decision of {name}")))
    }
}

/// The settings a decision was made with.
async fn settings(tx: &mut Tx, agency: Uuid, row: &DecisionRow) -> Result<String> {
    let (point, binding) = (&row.extension_point, &row.binding);
    let revision = plugins::revisions(tx, agency, point, binding, row.revision + 1, 1)
        .await?
        .pop()
        .filter(|revision| revision.revision == row.revision && revision.config_digest == row.config_digest);
    let revision = revision.ok_or_else(|| AppError::Internal("a decision without its revision".into()))?;
    Ok(revision.config)
}

fn again<P: Point>(agency: Uuid, plugin: Plugin, config: String, row: &DecisionRow) -> Result<Replay> {
    let named = RuleName {
        binding: &row.binding,
        revision: row.revision,
        digest: &row.digest,
        config: &config,
    };
    let rule = Rule::<P>::new(agency, of_point::<P>(plugin)?, named);
    let made = ask_again(&rule, &row.input).map_err(|problem| {
        AppError::conflict(
            "not_replayable",
            words!(
                "the input of decision {id} cannot be read: {problem}",
                "决策 {id} 的输入无法读取：{problem}",
                id = row.id
            ),
        )
    })?;
    let output: Value = serde_json::from_str(made.output()).map_err(AppError::corrupt("output"))?;
    let identical = made.output() == row.output;
    let difference = if identical {
        None
    } else {
        let then: Value = serde_json::from_str(&row.output).map_err(AppError::corrupt("output"))?;
        // a stored text that is not canonical differs as a whole
        Some(
            first_difference(&then, &output, String::new()).unwrap_or_else(|| Difference {
                at: String::new(),
                then: Some(row.output.as_str().into()),
                now: Some(made.output().into()),
            }),
        )
    };
    let description = rule.plugin.description();
    Ok(Replay {
        decision: row.id,
        at: row.at,
        extension_point: row.extension_point.clone(),
        binding: row.binding.clone(),
        revision: row.revision,
        plugin: description.name.clone(),
        version: description.version.clone(),
        digest: row.digest.clone(),
        config: serde_json::from_str(&rule.config).map_err(AppError::corrupt("settings"))?,
        identical,
        difference,
        output,
        fuel: made.usage().fuel,
    })
}

/// The first place where two values differ, members in the order of their names.
fn first_difference(then: &Value, now: &Value, at: String) -> Option<Difference> {
    let differ = |at: String, then: Option<&Value>, now: Option<&Value>| {
        Some(Difference {
            at,
            then: then.cloned(),
            now: now.cloned(),
        })
    };
    match (then, now) {
        (Value::Object(a), Value::Object(b)) => {
            let mut names: Vec<&String> = a.keys().chain(b.keys()).collect();
            names.sort();
            names.dedup();
            names.into_iter().find_map(|name| {
                let place = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                match (a.get(name), b.get(name)) {
                    (Some(then), Some(now)) => first_difference(then, now, place),
                    (then, now) => differ(place, then, now),
                }
            })
        }
        (Value::Array(a), Value::Array(b)) => {
            (0..a.len().max(b.len())).find_map(|index| match (a.get(index), b.get(index)) {
                (Some(then), Some(now)) => first_difference(then, now, format!("{at}/{index}")),
                (then, now) => differ(format!("{at}/{index}"), then, now),
            })
        }
        _ if canonical::to_string(then).ok() == canonical::to_string(now).ok() => None,
        _ => differ(at, Some(then), Some(now)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_first_difference_is_found() {
        let then = json!({"offers": [{"line": 0, "rate": 500}, {"line": 1, "rate": 500}]});
        let find = |now: Value| first_difference(&then, &now, String::new());
        assert_eq!(find(then.clone()), None);
        for (now, at, was, is) in [
            (
                json!({"offers": [{"line": 0, "rate": 500}, {"line": 1, "rate": 700}]}),
                "/offers/1/rate",
                Some(json!(500)),
                Some(json!(700)),
            ),
            (
                json!({"offers": [{"line": 0, "rate": 500}]}),
                "/offers/1",
                Some(json!({"line": 1, "rate": 500})),
                None,
            ),
            (json!({"fault": "trap"}), "/fault", None, Some(json!("trap"))),
            (json!([]), "", Some(then.clone()), Some(json!([]))),
        ] {
            let found = find(now).expect("a difference");
            assert_eq!((found.at.as_str(), found.then, found.now), (at, was, is));
        }
    }
}
