//! The rules as SQL expressions over a flat table, the way a nightly job would do it. Each gives the segment's place in the
//! plugin, with the plugin's own settings.

use super::{Edges, segment};

/// RFM, `NULL`-safe, for a table with `last_trip_on, trips_total, trips_24m, spend_24m`.
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

/// The stages of `lifecycle`, less the complaints, which nothing feeds yet.
pub(crate) fn stage(today: i32) -> String {
    format!(
        "CASE WHEN last_trip_on IS NULL THEN 0 WHEN {today} - last_trip_on >= 730 THEN 5 WHEN {today} - last_trip_on >= 365 THEN 4 \
         WHEN {today} - first_trip_on < 90 THEN 1 WHEN trips_total >= 4 AND last_trip_on - first_trip_on >= 730 THEN 3 ELSE 2 END"
    )
}

/// The quadrants of `value-quadrants`. The fourth of the edges between fifths is the 80th percentile.
pub(crate) fn quadrant(edges: &Edges, today: i32) -> String {
    let large = edges.spend[3];
    format!(
        "CASE WHEN trips_24m = 0 OR last_trip_on IS NULL THEN NULL \
         ELSE (spend_24m < {large}) * 2 + (trips_24m < 2 OR {today} - last_trip_on > 365) END"
    )
}
