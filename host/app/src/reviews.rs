//! What customers write of their trips: it counts among their facts, and loyalty rules are asked about it.

use crate::error::Result;
use crate::facts::contributions::Contribution;
use posthouse_domain::Day;
use posthouse_domain::contribution::{Contributed, Fragment, Stored};
use posthouse_domain::facts::{Calendar, YEAR};
use posthouse_store::{Tx, reviews as store};
use std::collections::HashMap;
use uuid::Uuid;

/// Reviews as they count.
pub(crate) struct Reviews;

impl Contribution for Reviews {
    const NAME: &'static str = "reviews";
    const FACTS: &'static [&'static str] = &["reviews-12m"];

    async fn fold(tx: &mut Tx, agency: Uuid, customers: &[Uuid], today: Day) -> Result<HashMap<Uuid, Fragment>> {
        let mut written: HashMap<Uuid, (Calendar, i64)> = HashMap::new();
        for (whose, day) in store::days(tx, agency, today.saturating_sub(YEAR), customers).await? {
            let (calendar, times) = written.entry(whose).or_insert_with(|| (Calendar::of(today), 0));
            *times += i64::from(calendar.within(day, YEAR));
        }
        let fragment = |(whose, (calendar, times)): (Uuid, (Calendar, i64))| {
            let fragment = Fragment {
                edge_on: calendar.edge_on(),
                values: Contributed::from([("reviews-12m".to_owned(), Stored::Whole(times))]),
                ..Fragment::default()
            };
            (whose, fragment)
        };
        Ok(written.into_iter().map(fragment).collect())
    }
}
