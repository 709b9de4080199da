//! What loyalty contributes to the facts of a customer.

use super::referrals::YEAR;
use crate::error::Result;
use crate::facts::contributions::Contribution;
use posthouse_domain::Day;
use posthouse_domain::contribution::{Contributed, Fragment, Stored};
use posthouse_store::{Tx, loyalty as store};
use std::collections::HashMap;
use uuid::Uuid;

/// Days within which points are said to expire.
const SOON: Day = 90;

/// Where a member stands.
pub(crate) struct Standing;

/// A sum of points as a fact, which is a count of 32 bits.
fn count(points: i64) -> Stored {
    Stored::Whole(points.min(i64::from(i32::MAX)))
}

impl Contribution for Standing {
    const NAME: &'static str = "loyalty";
    const FACTS: &'static [&'static str] = &[
        "points-balance",
        "points-expiring-90d",
        "tier",
        "tier-days",
        "referrals-12m",
    ];

    async fn fold(tx: &mut Tx, agency: Uuid, customers: &[Uuid], today: Day) -> Result<HashMap<Uuid, Fragment>> {
        let members = store::members(tx, agency, customers).await?;
        let ids: Vec<Uuid> = members.iter().map(|row| row.customer_id).collect();
        let (mut expiring, mut edges): (HashMap<Uuid, i64>, HashMap<Uuid, Day>) = Default::default();
        let mut edge = |whose: Uuid, day: Day| {
            let first = edges.entry(whose).or_insert(day);
            *first = day.min(*first);
        };
        for row in store::lots(tx, agency, &ids).await? {
            let Some(until) = row.lot.ends() else { continue };
            // the day on which it begins to count, or the one on which it no longer does
            match until.saturating_sub(SOON) {
                from if from > today => edge(row.customer_id, from),
                _ if until < today => {}
                _ => {
                    *expiring.entry(row.customer_id).or_default() += row.lot.left;
                    edge(row.customer_id, until.saturating_add(1));
                }
            }
        }
        let mut brought: HashMap<Uuid, i64> = HashMap::new();
        for (whose, day) in store::completed_days(tx, agency, &ids).await? {
            if (0..YEAR).contains(&(today - day)) {
                *brought.entry(whose).or_default() += 1;
                edge(whose, day.saturating_add(YEAR));
            }
        }
        let fragment = |row: store::MemberRow| {
            let id = row.customer_id;
            let sum = |of: &HashMap<Uuid, i64>| count(of.get(&id).copied().unwrap_or_default());
            let mut values = Contributed::from([
                ("points-balance".to_owned(), count(row.available)),
                ("points-expiring-90d".to_owned(), sum(&expiring)),
                ("referrals-12m".to_owned(), sum(&brought)),
            ]);
            if let Some(tier) = row.tier {
                values.insert("tier".to_owned(), Stored::Text(tier));
            }
            if let Some(since) = row.tier_since {
                values.insert("tier-days".to_owned(), Stored::Whole(since.into()));
            }
            let fragment = Fragment {
                values,
                edge_on: edges.get(&id).copied(),
                ..Fragment::default()
            };
            (id, fragment)
        };
        Ok(members.into_iter().map(fragment).collect())
    }
}
