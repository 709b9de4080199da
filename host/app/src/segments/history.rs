//! Since when somebody is in a segment: the later of the last full run that brought them in and their last single move.

use super::diff::from_bytes;
use super::past::Cut;
use crate::error::Result;
use posthouse_domain::Instant;
use posthouse_store::Tx;
use posthouse_store::segments as store;
use std::collections::HashMap;
use uuid::Uuid;

/// Runs looked at in one query.
const PAGE: i64 = 64;

/// When each of these members of `segment` entered it last; with a cut, when they had by then.
pub(crate) async fn since(
    tx: &mut Tx,
    agency: Uuid,
    binding: &str,
    segment: &str,
    ordinals: &[i64],
    until: Option<Cut>,
) -> Result<HashMap<i64, Instant>> {
    let mut entered: HashMap<i64, (i64, Instant)> = HashMap::new();
    for row in store::transitions_of(tx, agency, binding, ordinals).await? {
        let taken = until.is_none_or(|cut| row.transition <= cut.transition);
        if taken && row.target.as_deref() == Some(segment) {
            entered.entry(row.ordinal).or_insert((row.transition, row.at));
        }
    }
    let mut since: HashMap<i64, Instant> = HashMap::new();
    let mut open: Vec<i64> = ordinals.to_vec();
    let mut before = until.map_or(i64::MAX, |cut| cut.run + 1);
    while !open.is_empty() {
        let moves = store::moves_of_segment(tx, agency, binding, segment, before, PAGE).await?;
        let Some(last) = moves.last() else { break };
        before = last.run;
        for row in &moves {
            let bitmap = from_bytes(&row.entered)?;
            open.retain(|ordinal| {
                // a single move after this run is later than anything this and older runs know
                let moved_later = entered
                    .get(ordinal)
                    .filter(|(transition, _)| *transition > row.transition)
                    .map(|(_, at)| *at);
                let found = moved_later.or_else(|| {
                    u32::try_from(*ordinal)
                        .ok()
                        .filter(|o| bitmap.contains(*o))
                        .map(|_| row.at)
                });
                if let Some(at) = found {
                    since.insert(*ordinal, at);
                }
                found.is_none()
            });
        }
    }
    for ordinal in open {
        if let Some((_, at)) = entered.get(&ordinal) {
            since.insert(ordinal, *at);
        }
    }
    Ok(since)
}
