//! Moves between segments on a customer's timeline: those that followed an event, and those of runs.

use super::SEGMENTATION;
use super::diff::from_bytes;
use crate::error::Result;
use crate::timeline::{Look, Source, TimelineEntry, Touch, Whose};
use posthouse_store::{Tx, history, plugins, segments};
use serde_json::json;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Runs looked at in one query.
const RUNS: i64 = 64;
/// What moves are told by.
const SEGMENTS: &str = "segments";

/// Every move of a customer.
pub(crate) struct Moves;

impl Source for Moves {
    async fn touches(tx: &mut Tx, agency: Uuid, whose: Whose, look: &Look<'_>) -> Result<Vec<Touch>> {
        let mut found = Vec::new();
        for binding in plugins::bindings(tx, agency).await? {
            if binding.extension_point == SEGMENTATION {
                found.extend(moves(tx, agency, &binding.name, whose.ordinal, look).await?);
            }
        }
        Ok(found)
    }
}

/// Moves of a customer in a binding: all that are looked for, or the latest ones and enough of them.
async fn moves(tx: &mut Tx, agency: Uuid, binding: &str, ordinal: i64, look: &Look<'_>) -> Result<Vec<Touch>> {
    let moved = |number: String, at: i64, from: Option<String>, to: Option<String>| Touch {
        received: at,
        entry: TimelineEntry {
            r#type: "segment.moved".into(),
            occurred_at: at,
            source: SEGMENTS.into(),
            external_id: format!("{binding}/{number}"),
            data: json!({"binding": binding, "from": from, "to": to}),
        },
    };
    let mut found = Vec::new();
    for row in segments::transitions_of(tx, agency, binding, &[ordinal]).await? {
        // numbers of one length are in order as texts
        found.push(moved(
            format!("move-{:012}", row.transition),
            row.at,
            row.origin,
            row.target,
        ));
    }
    let member = u32::try_from(ordinal).unwrap_or(u32::MAX);
    let mut until = history::run_at(tx, agency, binding, look.before.at())
        .await?
        .map_or(0, |mark| mark.run);
    let mut by_runs = 0;
    while until > 0 && by_runs < look.limit {
        let after = (until - RUNS).max(0);
        let mut runs: BTreeMap<i64, (i64, Option<String>, Option<String>)> = BTreeMap::new();
        let mut oldest = i64::MAX;
        for row in history::moves_between(tx, agency, binding, after, until, None).await? {
            oldest = oldest.min(row.at);
            if from_bytes(&row.entered)?.contains(member) {
                runs.entry(row.run).or_insert((row.at, None, None)).2 = Some(row.segment);
            } else if from_bytes(&row.departed)?.contains(member) {
                runs.entry(row.run).or_insert((row.at, None, None)).1 = Some(row.segment);
            }
        }
        let before_these = found.len();
        for (run, (at, from, to)) in runs {
            found.push(moved(format!("run-{run:012}"), at, from, to));
        }
        let these = &found[before_these..];
        by_runs += these.iter().filter(|touch| touch.place() < *look.before).count();
        if oldest < look.since {
            break;
        }
        until = after;
    }
    found.retain(|touch| touch.entry.occurred_at >= look.since);
    Ok(found)
}
