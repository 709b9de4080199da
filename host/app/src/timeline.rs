//! Every touch of a customer, the latest first: what was told, what was changed by hand, and each move between segments.

use crate::App;
use crate::error::{AppError, Result};
use crate::segments::from_bytes;
use crate::team::Caller;
use posthouse_store::{Access, Tx, history, plugins, profiles as store, segments};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Something that happened.
#[derive(Debug, Clone, Serialize)]
pub struct TimelineEntry {
    /// Event type, or `segment.moved`.
    pub r#type: String,
    /// When it happened, in ms since 1970.
    pub occurred_at: i64,
    /// Where it was told; `segments` of moves.
    pub source: String,
    /// The source's number of it; of moves the binding and the number of the run or single move.
    pub external_id: String,
    /// The sender's fields; of changes by hand what was set; of moves binding, from and to.
    pub data: Value,
}

/// A place on the timeline: when it happened, when it came, source and number. No two entries share one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Place(i64, i64, String, String);

/// Runs looked at in one query.
const RUNS: i64 = 64;
/// What moves are told by.
const SEGMENTS: &str = "segments";

/// A page of a timeline.
pub(crate) type Touches = (Vec<TimelineEntry>, Option<String>);

impl App {
    /// A page of a customer's timeline.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; `bad_cursor`.
    pub async fn timeline(&self, caller: &Caller, id: Uuid, cursor: Option<&str>, limit: usize) -> Result<Touches> {
        let agency = caller.room.id;
        let mut tx = self.store.read(Access::Agency(agency)).await?;
        let row = store::customer(&mut tx, agency, id)
            .await?
            .ok_or(AppError::NotFound("customer"))?;
        touches(&mut tx, agency, id, row.ordinal, cursor, limit).await
    }
}

/// What happened to a customer before the place of the cursor, the latest first.
pub(crate) async fn touches(
    tx: &mut Tx,
    agency: Uuid,
    customer: Uuid,
    ordinal: i64,
    cursor: Option<&str>,
    limit: usize,
) -> Result<Touches> {
    let before = match cursor {
        None => Place(i64::MAX, i64::MAX, String::new(), String::new()),
        Some(text) => read(text).ok_or_else(AppError::bad_cursor)?,
    };
    let Place(at, received, source, external_id) = &before;
    let place = (*at, *received, source.as_str(), external_id.as_str());
    let events = store::timeline(tx, agency, customer, place, limit as i64 + 1).await?;
    // moves older than the last event of a full page belong to a later page
    let since = if events.len() > limit {
        events.last().map_or(i64::MIN, |row| row.occurred_at)
    } else {
        i64::MIN
    };
    let mut found: Vec<(Place, TimelineEntry)> = events
        .into_iter()
        .map(|row| {
            let place = Place(
                row.occurred_at,
                row.received_at,
                row.source.clone(),
                row.external_id.clone(),
            );
            let entry = TimelineEntry {
                r#type: row.kind,
                occurred_at: row.occurred_at,
                source: row.source,
                external_id: row.external_id,
                data: serde_json::from_str(&row.data).unwrap_or(Value::Null),
            };
            (place, entry)
        })
        .collect();
    for binding in plugins::bindings(tx, agency).await? {
        if binding.extension_point == "segmentation" {
            found.extend(moves(tx, agency, &binding.name, ordinal, since, &before, limit).await?);
        }
    }
    found.sort_unstable_by(|a, b| b.0.cmp(&a.0));
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|(place, _)| written(place));
    Ok((found.into_iter().map(|(_, entry)| entry).collect(), next))
}

/// Moves of a customer in a binding from `since` on and before a place: all of them, or the latest ones and more than `limit`.
async fn moves(
    tx: &mut Tx,
    agency: Uuid,
    binding: &str,
    ordinal: i64,
    since: i64,
    before: &Place,
    limit: usize,
) -> Result<Vec<(Place, TimelineEntry)>> {
    let moved = |number: String, at: i64, from: Option<String>, to: Option<String>| {
        let entry = TimelineEntry {
            r#type: "segment.moved".into(),
            occurred_at: at,
            source: SEGMENTS.into(),
            external_id: format!("{binding}/{number}"),
            data: json!({"binding": binding, "from": from, "to": to}),
        };
        (Place(at, at, SEGMENTS.into(), entry.external_id.clone()), entry)
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
    let mut until = history::run_at(tx, agency, binding, before.0)
        .await?
        .map_or(0, |mark| mark.run);
    let mut by_runs = 0;
    while until > 0 && by_runs <= limit {
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
        by_runs += found[before_these..].iter().filter(|(place, _)| place < before).count();
        if oldest < since {
            break;
        }
        until = after;
    }
    found.retain(|(place, entry)| place < before && entry.occurred_at >= since);
    Ok(found)
}

fn written(place: &Place) -> String {
    hex::encode(json!(place).to_string())
}

fn read(cursor: &str) -> Option<Place> {
    serde_json::from_slice(&hex::decode(cursor).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let place = Place(5, 6, "shop".into(), "№ 1".into());
        assert_eq!(read(&written(&place)), Some(place));
        assert_eq!(read("zz"), None);
        assert_eq!(read(&hex::encode("[1]")), None);
    }
}
