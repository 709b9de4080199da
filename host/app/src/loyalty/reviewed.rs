//! Reviews that have come in: the rules are asked about those of members, each once.

use super::happened::{REVIEW, review_name, reviewed};
use super::programme::Programme;
use super::rules::asked;
use super::state::MemberState;
use crate::error::Result;
use crate::rules::Moment;
use crate::{Loyalty, Room};
use posthouse_store::loyalty::{self as store, OccasionRow};
use posthouse_store::{Tx, reviews};
use std::collections::HashSet;
use uuid::Uuid;

/// Reviews looked at in one transaction.
const SLICE: i64 = 256;

impl Loyalty<'_> {
    /// Looks at some of the reviews that nobody has looked at; whether there were any. Those from before the programme's beginning earn nothing, and
    /// whoever becomes a member later has theirs looked at then. The transaction has the lock of the agency's changes.
    pub(super) async fn follow_reviews(
        &self,
        tx: &mut Tx,
        room: &Room,
        programme: &Programme,
        moment: Moment,
    ) -> Result<bool> {
        let agency = room.id;
        let mut rows = reviews::follow(tx, agency, SLICE).await?;
        let were_any = !rows.is_empty();
        rows.retain(|row| row.on_day >= programme.since);
        let mut customers: Vec<Uuid> = rows.iter().map(|row| row.customer_id).collect();
        customers.sort_unstable();
        customers.dedup();
        let members = store::members(tx, agency, &customers).await?;
        let take_part = members.iter().filter(|row| row.state != MemberState::Closed.as_str());
        let take_part: HashSet<Uuid> = take_part.map(|row| row.customer_id).collect();
        rows.retain(|row| take_part.contains(&row.customer_id));
        if rows.is_empty() {
            return Ok(were_any);
        }
        let names: Vec<String> = rows.iter().map(review_name).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let known = store::occasions_about(tx, agency, REVIEW, &names).await?;
        let mut occasions: Vec<OccasionRow> = Vec::new();
        for binding in asked(tx, agency).await? {
            for (row, name) in rows.iter().zip(&names) {
                let is_own = |one: &&OccasionRow| {
                    (one.customer_id, one.about.as_str()) == (row.customer_id, *name) && one.binding == binding
                };
                let own = known.iter().filter(is_own);
                let round = match own.max_by_key(|one| one.round) {
                    None => 1,
                    // its member had left
                    Some(latest) if latest.state == "undone" => latest.round + 1,
                    Some(_) => continue,
                };
                let new = reviewed(self.app, row, &binding, moment);
                occasions.push(OccasionRow { round, ..new });
            }
        }
        store::put_occasions(tx, agency, &occasions).await?;
        Ok(were_any)
    }
}
