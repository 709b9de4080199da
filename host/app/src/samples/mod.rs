//! Made-up customers with their trips: what the demo is of, and what an agency that has nobody yet can have a look around with.

mod dice;
mod people;
mod trips;

pub use dice::Dice;
pub use trips::{Wish, story};

use crate::Samples;
use crate::caller::Caller;
use crate::error::{AppError, Result, retrying};
use crate::intake::MOST_EVENTS;
use posthouse_domain::{Day, time, words};
use posthouse_store::audit::{self as log, Filter};
use posthouse_store::{intake, profiles};
use serde_json::{Value, json};

/// How many customers an agency is lent.
pub const CUSTOMERS: u32 = 200;
/// The source of everything that is told of them.
pub const SOURCE: &str = "sample";
/// What is written in the log before it is told.
const LOADED: &str = "samples.load";
/// Every agency is lent the same.
const SEED: u64 = 7;
/// Most entries about the agency itself among which the loading is looked for.
const ENTRIES: i64 = 1_000;

/// What was loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loaded {
    /// Made-up customers of the agency.
    pub customers: u32,
    /// Events of theirs that landed now.
    pub events: usize,
    /// Events that had landed before.
    pub known: usize,
}

impl Samples<'_> {
    /// Tells the stories of [`CUSTOMERS`] made-up customers. What was interrupted is finished when it is asked for again: the day of the first time holds, and what has
    /// landed is known.
    ///
    /// # Errors
    /// `has_customers` where there are customers of another origin; failures of the database.
    pub async fn load(&self, caller: &Caller) -> Result<Loaded> {
        let today = retrying!(self.begin(caller))?;
        let mut loaded = Loaded {
            customers: CUSTOMERS,
            events: 0,
            known: 0,
        };
        let stories: Vec<Value> = (0..CUSTOMERS).flat_map(|number| told(number, today)).collect();
        for batch in stories.chunks(MOST_EVENTS) {
            let accepted = self.app.intake().accept(caller, batch).await?;
            if let Some(rejected) = accepted.rejected.first() {
                return Err(AppError::Internal(format!("a sample is rejected: {}", rejected.code)));
            }
            loaded.events += accepted.accepted;
            loaded.known += accepted.duplicates;
        }
        Ok(loaded)
    }

    /// Writes down that it begins, once, and returns the day up to which the stories go.
    async fn begin(&self, caller: &Caller) -> Result<Day> {
        let agency = caller.room.id;
        let subject = format!("agency/{}", caller.room.slug);
        let mut tx = self.app.idempotency().begin(caller).await?;
        // nobody becomes a customer meanwhile
        intake::lock(&mut tx, agency).await?;
        let filter = Filter {
            subject: Some(subject.clone()),
            ..Filter::default()
        };
        let (rows, _) = log::entries(&mut tx, agency, &filter, i64::MAX, ENTRIES).await?;
        if let Some(begun) = rows.iter().find(|row| row.entry.action == LOADED) {
            let day = begun.read_detail()?["day"].as_str().and_then(time::parse_day);
            return day.ok_or_else(|| AppError::Internal("the day of the samples is not known".into()));
        }
        let (_, customers) = profiles::counter(&mut tx, agency).await?;
        if customers > 0 {
            return Err(AppError::conflict(
                "has_customers",
                words!(
                    "this agency has customers already; samples are for one that has none, as they cannot be taken out again",
                    "该旅行社已有客户；示例数据载入后无法撤出，只能载入没有客户的旅行社"
                ),
            ));
        }
        let today = caller.room.day_of(self.app.now());
        let detail = json!({"customers": CUSTOMERS, "day": time::day_text(today)});
        let audit = self.app.audit();
        audit.note(&mut tx, caller, LOADED, &subject, detail).await?;
        tx.commit().await?;
        Ok(today)
    }
}

/// A story for an agency of any country: telephone numbers say theirs.
fn told(number: u32, today: Day) -> Vec<Value> {
    let mut events = story(SOURCE, SEED, number, today);
    for event in &mut events {
        let identities = event["customer"]["identities"].as_array_mut();
        for identity in identities.into_iter().flatten().filter(|one| one["kind"] == "phone") {
            if let Some(local) = identity["value"].as_str().filter(|value| !value.starts_with('+')) {
                identity["value"] = format!("+86{local}").into();
            }
        }
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, NOW, on_both_engines};
    use posthouse_domain::{AgencyTerms, event, money::Currency};
    use posthouse_store::Store;

    on_both_engines!(an_agency_without_customers_is_lent_some_once);

    #[test]
    fn samples_are_understood_in_every_country() {
        let today = time::parse_day("2026-01-15").unwrap();
        for (zone, currency, country) in [
            ("Asia/Shanghai", "CNY", "CN"),
            ("Europe/Berlin", "EUR", "DE"),
            ("America/Lima", "PEN", "PE"),
        ] {
            let terms = AgencyTerms {
                time_zone: zone.parse().unwrap(),
                currency: Currency::parse(currency).unwrap(),
                country: country.into(),
            };
            for event in (0..CUSTOMERS).flat_map(|number| told(number, today)) {
                event::parse(&event, &terms).unwrap_or_else(|rejection| panic!("{rejection} in {event}"));
            }
        }
    }

    async fn an_agency_without_customers_is_lent_some_once(store: Store) {
        let (app, _) = testing::host(&store, NOW);
        let (_, key) = testing::agency(&store, "a").await;
        let caller = app.team().authenticate(&key).await.expect("a caller");
        let first = app.samples().load(&caller).await.expect("samples");
        assert!(
            (first.customers, first.known) == (CUSTOMERS, 0) && first.events > 500,
            "{first:?}"
        );
        let again = app.samples().load(&caller).await.expect("the same");
        assert_eq!((again.events, again.known), (0, first.events));
        let rail = app.today().rail(&caller).await.expect("numbers");
        assert!(rail.customers > 150, "{rail:?}");
        let (_, key) = testing::agency(&store, "b").await;
        let caller = app.team().authenticate(&key).await.expect("a caller");
        let real = json!({"source": "shop", "external_id": "1", "type": "contact.made", "occurred_at": "2026-01-10T10:00:00Z",
            "customer": {"identities": [{"kind": "member_no", "value": "M1"}]}, "data": {}});
        let accepted = app.intake().accept(&caller, &[real]).await.expect("an answer");
        assert_eq!(accepted.accepted, 1);
        assert!(
            matches!(app.samples().load(&caller).await, Err(AppError::Conflict(why)) if why.code == "has_customers")
        );
    }
}
