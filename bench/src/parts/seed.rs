//! A database with the agency's customers, their identities, bookings and facts, written in bulk through the store.
//!
//! Beside it a flat table with what the rules read, for the SQL that stands beside the house.

use super::house;
use crate::population::{NOW, Person, TODAY, person};
use crate::rules::{Edges, Guest};
use crate::{Plan, Result};
use posthouse_app::clock::SystemEntropy;
use posthouse_domain::Entropy;
use posthouse_domain::facts::FactRow;
use posthouse_store::intake::{self, BookingRow, Counter, CustomerRow, NewIdentity, StoredFacts};
use posthouse_store::{Access, Store, Tx};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sqlx::{Connection, SqliteConnection};
use std::path::Path;
use std::time::Instant;
use uuid::Uuid;

/// Written last: what the other parts have to know.
pub(crate) const READY: &str = "seeded.json";

/// What the other parts have to know.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Seeded {
    /// The owner's key.
    pub(crate) key: String,
    /// The rule's tables on the first day.
    pub(crate) edges: Edges,
    /// How many days the clock has been moved on since.
    pub(crate) days: i64,
}

impl Seeded {
    /// What was written down in the folder.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        Ok(serde_json::from_slice(&std::fs::read(folder.join(READY))?)?)
    }

    /// Writes it down.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        Ok(std::fs::write(folder.join(READY), serde_json::to_vec(self)?)?)
    }
}

/// Customers of one transaction.
const BATCH: u32 = 20_000;

/// Seeds the plan's folder.
pub(crate) async fn run(plan: &Plan) -> Result<()> {
    let began = Instant::now();
    let store = Store::open(&house::address(&plan.folder)).await?;
    let key = house::found(&store).await?;
    let mut beside = flat(&plan.folder).await?;
    let mut tx = store.read(Access::Jobs).await?;
    let agency = posthouse_store::team::agencies(&mut tx).await?.remove(0).id;
    drop(tx);
    let mut guests = Vec::with_capacity(plan.customers as usize);
    for from in (0..plan.customers).step_by(BATCH as usize) {
        let numbers = from..plan.customers.min(from + BATCH);
        let people: Vec<(Person, FactRow)> = numbers
            .into_par_iter()
            .map(|number| {
                let person = person(number);
                let facts = person.facts();
                (person, facts)
            })
            .collect();
        guests.extend(people.iter().map(|(_, row)| guest(row)));
        let trips: Vec<FlatTrip> = (i64::from(from)..)
            .zip(&people)
            .flat_map(|(ordinal, (person, _))| {
                let details = person.trips.iter().map(|trip| &trip.details);
                details.map(move |details| (ordinal, details.booked_on, details.amount))
            })
            .collect();
        let mut tx = store.write(Access::Agency(agency)).await?;
        let facts = put_people(&mut tx, agency, people).await?;
        tx.commit().await?;
        fill(&mut beside, &facts, &trips).await?;
    }
    store.close().await;
    beside.close().await?;
    let edges = Edges::of(guests.into_iter());
    Seeded { key, edges, days: 0 }.write(&plan.folder)?;
    eprintln!(
        "  {} customers seeded in {:.0} s",
        plan.customers,
        began.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Writes new customers of an agency with their identities, bookings and facts; gives the facts.
pub(crate) async fn put_people(tx: &mut Tx, agency: Uuid, people: Vec<(Person, FactRow)>) -> Result<Vec<StoredFacts>> {
    let Counter {
        change,
        ordinals: first,
    } = intake::next_change(tx, agency).await?;
    intake::take_ordinals(tx, agency, people.len() as i64).await?;
    let (mut customers, mut identities, mut bookings, mut facts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (ordinal, (person, row)) in (first..).zip(people) {
        let id = SystemEntropy.id(NOW);
        customers.push(CustomerRow {
            id,
            ordinal,
            profile: serde_json::to_string(&row.profile)?,
            since_on: person.since(),
            created_at: NOW,
            updated_at: NOW,
            version: 1,
        });
        identities.push(NewIdentity {
            kind: "member_no",
            value: person.member_no().to_lowercase(),
            customer_id: id,
            sealed: None,
            written: Some(person.member_no()),
        });
        let known_as = change * 1_000_000 + bookings.len() as i64;
        bookings.extend(
            (known_as..)
                .zip(person.bookings())
                .map(|(known_as, (booking_id, booking))| BookingRow {
                    id: booking_id,
                    customer_id: id,
                    known_as,
                    booking,
                }),
        );
        facts.push(StoredFacts {
            ordinal,
            customer_id: id,
            facts: row,
        });
    }
    intake::put_customers(tx, agency, &customers).await?;
    intake::insert_identities(tx, agency, &identities, NOW).await?;
    intake::put_bookings(tx, agency, &bookings).await?;
    intake::put_facts(tx, agency, change, &facts).await?;
    Ok(facts)
}

/// What the rule reads of a row of facts on the first day.
pub(crate) fn guest(row: &FactRow) -> Guest {
    Guest {
        recency_days: row.last_trip_on.map(|day| TODAY - day),
        trips_total: row.trips_total,
        trips_24m: row.trips_24m,
        spend_24m: row.spend_24m,
    }
}

/// Opens the flat table's database, as quick as SQLite is when it need not survive a power cut.
pub(crate) async fn flat(folder: &Path) -> Result<SqliteConnection> {
    let address = format!("sqlite:{}?mode=rwc", folder.join("flat.db").display());
    let mut connection = SqliteConnection::connect(&address).await?;
    for pragma in ["journal_mode = WAL", "synchronous = NORMAL", "cache_size = -65536"] {
        sqlx::query(sqlx::AssertSqlSafe(format!("PRAGMA {pragma}")))
            .execute(&mut connection)
            .await?;
    }
    for statement in [
        "CREATE TABLE IF NOT EXISTS trip (ordinal INTEGER, booked_on INTEGER, amount INTEGER)",
        "CREATE INDEX IF NOT EXISTS trip_of ON trip (ordinal, booked_on, amount)",
        "CREATE INDEX IF NOT EXISTS trip_on ON trip (booked_on, ordinal)",
    ] {
        sqlx::query(statement).execute(&mut connection).await?;
    }
    sqlx::query(
        "CREATE TABLE IF NOT EXISTS flat (ordinal INTEGER PRIMARY KEY, first_trip_on INTEGER, last_trip_on INTEGER, \
         trips_total INTEGER, trips_24m INTEGER, spend_24m INTEGER, rfm INTEGER, lifecycle INTEGER, \"value-quadrants\" INTEGER)",
    )
    .execute(&mut connection)
    .await?;
    Ok(connection)
}

/// A trip in the flat database: whose, the day it was booked, the amount.
type FlatTrip = (i64, Option<i32>, Option<i64>);

async fn fill(connection: &mut SqliteConnection, rows: &[StoredFacts], trips: &[FlatTrip]) -> Result<()> {
    let mut transaction = connection.begin().await?;
    for trips in trips.chunks(5_000) {
        let mut query = sqlx::QueryBuilder::<sqlx::Sqlite>::new("INSERT INTO trip (ordinal, booked_on, amount) ");
        query.push_values(trips, |mut row, (ordinal, booked_on, amount)| {
            row.push_bind(*ordinal).push_bind(*booked_on).push_bind(*amount);
        });
        query.build().persistent(false).execute(&mut *transaction).await?;
    }
    for rows in rows.chunks(5_000) {
        let mut query = sqlx::QueryBuilder::<sqlx::Sqlite>::new(
            "INSERT INTO flat (ordinal, first_trip_on, last_trip_on, trips_total, trips_24m, spend_24m) ",
        );
        query.push_values(rows, |mut row, facts| {
            row.push_bind(facts.ordinal)
                .push_bind(facts.facts.first_trip_on)
                .push_bind(facts.facts.last_trip_on)
                .push_bind(facts.facts.trips_total)
                .push_bind(facts.facts.trips_24m)
                .push_bind(facts.facts.spend_24m);
        });
        query.build().persistent(false).execute(&mut *transaction).await?;
    }
    Ok(transaction.commit().await?)
}
