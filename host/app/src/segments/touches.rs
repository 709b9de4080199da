//! Moves between segments on a customer's timeline: those that followed an event, and those of runs.

use super::SEGMENTATION;
use super::diff::from_bytes;
use crate::error::Result;
use crate::timeline::{Look, Place, Seen, Source, TimelineEntry, Touch, Whose};
use posthouse_store::{Tx, history, plugins, segments};
use serde_json::json;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Runs looked at in one query.
const RUNS: i64 = 64;
/// Runs looked at for a page: whoever has few touches has them far back, and a run is a list of everybody it moved.
const MOST_RUNS: i64 = 4 * RUNS;
/// What moves are told by.
const SEGMENTS: &str = "segments";

/// Every move of a customer.
pub(crate) struct Moves;

impl Source for Moves {
    async fn touches(tx: &mut Tx, agency: Uuid, whose: Whose, look: &Look<'_>) -> Result<Seen> {
        let mut all = Seen::from(Vec::new());
        for binding in plugins::bindings(tx, agency).await? {
            if binding.extension_point == SEGMENTATION {
                let seen = moves(tx, agency, &binding.name, whose, look).await?;
                all.touches.extend(seen.touches);
                all.down_to = all.down_to.max(seen.down_to);
            }
        }
        Ok(all)
    }
}

/// A run by its number on the timeline. Numbers of one length are in order as texts.
fn run_id(binding: &str, run: i64) -> String {
    format!("{binding}/run-{run:012}")
}

/// The last run of a binding that lies before a place.
async fn run_before(tx: &mut Tx, agency: Uuid, binding: &str, before: &Place) -> Result<i64> {
    let mark = history::run_at(tx, agency, binding, before.at()).await?;
    let last = mark.map_or(0, |mark| mark.run);
    // many runs may share an instant where the clock stands still
    let (_, _, source, id) = before.parts();
    let itself = (source == SEGMENTS).then(|| id.strip_prefix(&run_id(binding, 0)[..binding.len() + 5]));
    let itself = itself.flatten().and_then(|number| number.parse::<i64>().ok());
    Ok(itself.map_or(last, |run| last.min(run - 1)))
}

/// Moves of a customer in a binding: all that are looked for, or the latest ones and enough of them.
async fn moves(tx: &mut Tx, agency: Uuid, binding: &str, whose: Whose, look: &Look<'_>) -> Result<Seen> {
    let moved = |external_id: String, at: i64, from: Option<String>, to: Option<String>| Touch {
        received: at,
        entry: TimelineEntry {
            r#type: "segment.moved".into(),
            occurred_at: at,
            source: SEGMENTS.into(),
            external_id,
            data: json!({"binding": binding, "from": from, "to": to}),
        },
    };
    let mut found = Vec::new();
    for row in segments::transitions_of(tx, agency, binding, &[whose.ordinal]).await? {
        let id = format!("{binding}/move-{:012}", row.transition);
        found.push(moved(id, row.at, row.origin, row.target));
    }
    let member = u32::try_from(whose.ordinal).unwrap_or(u32::MAX);
    let latest = run_before(tx, agency, binding, look.before).await?;
    // no run has moved anybody before they came
    let since = look.since.max(whose.created_at);
    let (mut until, mut by_runs, mut down_to) = (latest, 0, None);
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
            found.push(moved(run_id(binding, run), at, from, to));
        }
        let these = &found[before_these..];
        by_runs += these.iter().filter(|touch| touch.place() < *look.before).count();
        if oldest < since {
            break;
        }
        until = after;
        if latest - until >= MOST_RUNS && until > 0 && by_runs < look.limit {
            let last = segments::runs(tx, agency, binding, until + 1, 1).await?;
            down_to = last
                .first()
                .map(|run| Place::of(run.at, SEGMENTS, run_id(binding, run.run)));
            break;
        }
    }
    found.retain(|touch| touch.entry.occurred_at >= look.since);
    Ok(Seen {
        touches: found,
        down_to,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segments::diff::to_bytes;
    use crate::testing::{self, NOW, on_both_engines};
    use posthouse_store::plugins::{BindingRevisionRow, BindingRow, PluginRow};
    use posthouse_store::segments::RunRow;
    use posthouse_store::{Access, Store};
    use roaring::RoaringBitmap;

    on_both_engines!(a_move_of_long_ago_is_found_page_by_page);

    /// A binding with so many runs, all at one time, of which the first moves the customer and each of the others somebody else.
    async fn ran(tx: &mut Tx, agency: Uuid, runs: i64) {
        let plugin = PluginRow {
            digest: "d".into(),
            name: "rule".into(),
            version: "1.0.0".into(),
            extension_point: SEGMENTATION.into(),
            description: "{}".into(),
            segments: "[]".into(),
            self_test: "{}".into(),
            size: 1,
            created_at: NOW,
            bound: false,
            unopened: None,
        };
        plugins::insert(tx, agency, &plugin, b"x").await.expect("a plugin");
        let row = BindingRow {
            extension_point: SEGMENTATION.into(),
            name: "b".into(),
            revision: 1,
            run: runs,
            transition: 0,
            applied_change: 0,
            stale_since: None,
            stale_reason: None,
            digest: "d".into(),
            config: "{}".into(),
            config_digest: "c".into(),
            activated_at: NOW,
            set_aside_until: None,
            set_aside_why: None,
            set_asides: 0,
            unopened: None,
            cause: "activation".into(),
        };
        plugins::put_binding(tx, agency, 0, &row).await.expect("a binding");
        let revision = BindingRevisionRow {
            revision: 1,
            digest: "d".into(),
            config: "{}".into(),
            config_digest: "c".into(),
            restores: None,
            diff: "{}".into(),
            cause: "activation".into(),
            note: None,
            activated_by: None,
            activated_at: NOW,
        };
        plugins::insert_revision(tx, agency, SEGMENTATION, "b", &revision)
            .await
            .expect("a revision");
        for run in 1..=runs {
            let row = RunRow {
                run,
                revision: 1,
                digest: "d".into(),
                config_digest: "c".into(),
                cause: "request".into(),
                at: NOW,
                day: 20_468,
                change: 1,
                transition: 0,
                quantiles: "[]".into(),
                customers: 2,
                moved: 1,
                fuel: 0,
                duration_ms: 0,
            };
            segments::insert_run(tx, agency, "b", &row).await.expect("a run");
            let who = to_bytes(&RoaringBitmap::from([u32::from(run > 1)]));
            let nobody = to_bytes(&RoaringBitmap::new());
            segments::insert_moves(tx, agency, "b", run, &[("loyal".into(), who, nobody)])
                .await
                .expect("a move");
        }
    }

    async fn a_move_of_long_ago_is_found_page_by_page(store: Store) {
        let (app, _) = testing::host(&store, NOW);
        let (caller, customer) = testing::agency_with_a_trip(&app, "pages").await;
        let mut tx = store
            .write(Access::Agency(caller.room.id))
            .await
            .expect("a transaction");
        ran(&mut tx, caller.room.id, 2 * MOST_RUNS + 10).await;
        tx.commit().await.expect("a commit");
        let (mut pages, mut found, mut cursor) = (0, Vec::new(), None::<String>);
        loop {
            let page = app.profiles().timeline(&caller, customer, cursor.as_deref(), 50).await;
            let (entries, next) = page.expect("a page");
            (pages, cursor) = (pages + 1, next);
            found.extend(entries.into_iter().map(|entry| (entry.r#type, entry.external_id)));
            if cursor.is_none() {
                break;
            }
            assert!(pages < 10, "{cursor:?}");
        }
        let moved = ("segment.moved".to_owned(), "b/run-000000000001".to_owned());
        let booked = ("booking.confirmed".to_owned(), "1".to_owned());
        assert_eq!(
            (found, pages),
            (vec![moved, booked], 3),
            "each page looks at so many runs"
        );
    }
}
