//! What loyalty contributes to the facts of a customer.

use crate::error::Result;
use crate::facts::contributions::Contribution;
use posthouse_domain::Day;
use posthouse_domain::contribution::{Contributed, Fragment, Stored};
use posthouse_store::{Tx, loyalty as store};
use std::collections::HashMap;
use uuid::Uuid;

/// Where a member stands.
pub(crate) struct Standing;

impl Contribution for Standing {
    const NAME: &'static str = "loyalty";
    const FACTS: &'static [&'static str] = &["points-balance", "tier", "tier-days"];

    async fn fold(tx: &mut Tx, agency: Uuid, customers: &[Uuid], _: Day) -> Result<HashMap<Uuid, Fragment>> {
        let members = store::members(tx, agency, customers).await?;
        let fragment = |row: store::MemberRow| {
            // a fact is a count of 32 bits
            let balance = row.available.min(i64::from(i32::MAX));
            let mut values = Contributed::from([("points-balance".to_owned(), Stored::Whole(balance))]);
            if let Some(tier) = row.tier {
                values.insert("tier".to_owned(), Stored::Text(tier));
            }
            if let Some(since) = row.tier_since {
                values.insert("tier-days".to_owned(), Stored::Whole(since.into()));
            }
            let fragment = Fragment {
                values,
                ..Fragment::default()
            };
            (row.customer_id, fragment)
        };
        Ok(members.into_iter().map(fragment).collect())
    }
}
