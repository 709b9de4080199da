//! The rule as one SQL expression over a flat table, the way a nightly job would do it.

use super::{Edges, segment};

/// The expression that gives the segment, `NULL`-safe, for a table with `last_trip_on, trips_total, trips_24m, spend_24m`.
pub(crate) fn case(edges: &Edges, today: i32) -> String {
    let Edges { recency, trips, spend } = edges;
    let recent = format!("{today} - last_trip_on <= {}", recency[1]);
    let silent = format!("{today} - last_trip_on > {}", recency[2]);
    format!(
        "CASE WHEN trips_total = 0 THEN {} WHEN trips_24m = 0 OR last_trip_on IS NULL THEN {} \
         WHEN trips_24m > {often} AND {recent} AND spend_24m > {} THEN {} WHEN trips_24m > {often} THEN {} \
         WHEN {recent} AND trips_total = 1 THEN {} WHEN {recent} THEN {} \
         WHEN {silent} AND trips_24m > {} THEN {} WHEN {silent} THEN {} ELSE {} END",
        segment::PROSPECT,
        segment::LAPSED,
        spend[2],
        segment::CHAMPIONS,
        segment::LOYAL,
        segment::NEW,
        segment::PROMISING,
        trips[1],
        segment::AT_RISK,
        segment::HIBERNATING,
        segment::STEADY,
        often = trips[2],
    )
}
