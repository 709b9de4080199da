//! Complaints as facts of their customers, as things that happened to them, and as things there is work about.

use super::COMPLAINT;
use super::compensations::{GIFT, REFUND};
use super::crises::REPAIR_KINDS;
use crate::error::{AppError, Result};
use crate::facts::contributions::Contribution;
use crate::timeline::{Look, Seen, Source, TimelineEntry, Touch, Whose};
use crate::work::Workable;
use posthouse_domain::Day;
use posthouse_domain::contribution::{Contributed, Fragment, Stored};
use posthouse_domain::facts::{Calendar, YEAR};
use posthouse_store::complaints::{self as store, Wanted};
use posthouse_store::{Tx, intake};
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;

/// Complaints as they count.
pub(crate) struct Complained;

#[derive(Debug)]
struct Counted {
    calendar: Calendar,
    open: i64,
    lately: i64,
    badly: i64,
    last: Option<Day>,
}

impl Contribution for Complained {
    const NAME: &'static str = "complaints";
    const FACTS: &'static [&'static str] = &[
        "open-complaints",
        "complaints-12m",
        "badly-resolved-12m",
        "last-complaint-days",
    ];

    async fn fold(tx: &mut Tx, agency: Uuid, customers: &[Uuid], today: Day) -> Result<HashMap<Uuid, Fragment>> {
        let mut counted: HashMap<Uuid, Counted> = HashMap::new();
        for row in store::counted(tx, agency, customers).await? {
            let own = counted.entry(row.customer_id).or_insert_with(|| Counted {
                calendar: Calendar::of(today),
                open: 0,
                lately: 0,
                badly: 0,
                last: None,
            });
            if !own.calendar.has_come(row.opened_on) {
                continue;
            }
            own.open += i64::from(row.is_open);
            own.lately += i64::from(own.calendar.within(row.opened_on, YEAR));
            let badly = row.bad_on.is_some_and(|day| own.calendar.within(day, YEAR));
            own.badly += i64::from(badly && !row.is_open);
            own.last = own.last.max(Some(row.opened_on));
        }
        let fragment = |(whose, own): (Uuid, Counted)| {
            let mut values = Contributed::from([
                ("open-complaints".to_owned(), Stored::Whole(own.open)),
                ("complaints-12m".to_owned(), Stored::Whole(own.lately)),
                ("badly-resolved-12m".to_owned(), Stored::Whole(own.badly)),
            ]);
            if let Some(last) = own.last {
                values.insert("last-complaint-days".to_owned(), Stored::Whole(last.into()));
            }
            let fragment = Fragment {
                edge_on: own.calendar.edge_on(),
                values,
                ..Fragment::default()
            };
            (whose, fragment)
        };
        Ok(counted.into_iter().map(fragment).collect())
    }
}

/// Cases of a customer that a look takes in at most: who has more looks at the list of cases.
const MOST: i64 = 200;

/// Complaints as things that happened to a customer.
pub(crate) struct Touches;

impl Source for Touches {
    async fn touches(tx: &mut Tx, agency: Uuid, whose: Whose, look: &Look<'_>) -> Result<Seen> {
        let wanted = Wanted {
            customer: Some(whose.id),
            ..Wanted::default()
        };
        let mut touches = Vec::new();
        for row in store::latest(tx, agency, &wanted, None, MOST).await? {
            let mut touch = |kind: &str, at: i64, data: serde_json::Value| {
                if at < look.since {
                    return;
                }
                touches.push(Touch {
                    received: at,
                    entry: TimelineEntry {
                        r#type: kind.to_owned(),
                        occurred_at: at,
                        source: "complaints".to_owned(),
                        external_id: row.id.to_string(),
                        data,
                    },
                });
            };
            let about = json!({"subject": row.number, "topic": row.cause, "status": row.state});
            touch("complaint.opened", row.opened_at, about.clone());
            if let Some(at) = row.resolved_at.filter(|at| *at > row.opened_at) {
                touch("complaint.resolved", at, about);
            }
        }
        Ok(touches.into())
    }
}

/// Cases as things there is work about.
impl Workable for Complained {
    const KIND: &'static str = COMPLAINT;
    const TASK_KINDS: &'static [&'static str] = &[
        REFUND,
        GIFT,
        REPAIR_KINDS[0],
        REPAIR_KINDS[1],
        REPAIR_KINDS[2],
        REPAIR_KINDS[3],
    ];

    async fn find(tx: &mut Tx, agency: Uuid, name: &str) -> Result<Uuid> {
        let row = match Uuid::try_parse(name) {
            Ok(id) => store::case(tx, agency, id).await?,
            Err(_) => store::numbered(tx, agency, name).await?,
        };
        Ok(row.ok_or(AppError::NotFound(COMPLAINT))?.id)
    }

    /// Something may be left to be done about a case that is closed, as a refund.
    async fn hold(tx: &mut Tx, agency: Uuid, id: Uuid) -> Result<()> {
        intake::lock(tx, agency).await?;
        let row = store::case(tx, agency, id).await?;
        row.map(drop).ok_or(AppError::NotFound(COMPLAINT))
    }

    async fn names(tx: &mut Tx, agency: Uuid, ids: &[Uuid]) -> Result<HashMap<Uuid, String>> {
        let rows = store::cases(tx, agency, ids).await?;
        Ok(rows.into_iter().map(|row| (row.id, row.number)).collect())
    }
}
