//! The second wall between agencies, and the sameness of the two engines. The first one is in `statements`.

use posthouse_domain::booking::{Booking, BookingDetails, BookingRecord, BookingStatus};
use posthouse_domain::facts::FactRow;
use posthouse_store::{Access, Store, StoreError, Tx, intake, profiles, team};
use uuid::Uuid;

async fn agency(store: &Store, id: u128) -> Uuid {
    let id = Uuid::from_u128(id);
    let mut tx = store.write(Access::Agency(id)).await.expect("a transaction");
    let row = team::AgencyRow {
        id,
        slug: format!("a{}", id.as_u128()),
        name: "A".into(),
        time_zone: "Asia/Shanghai".into(),
        currency: "CNY".into(),
        country: "CN".into(),
    };
    team::create_agency(&mut tx, &row, 1).await.expect("a new slug");
    let customer = Uuid::from_u128(id.as_u128() + 100);
    let intake::Counter {
        change,
        ordinals: ordinal,
    } = intake::next_change(&mut tx, id).await.expect("a number");
    intake::take_ordinals(&mut tx, id, 1).await.expect("an ordinal");
    let row = intake::CustomerRow {
        id: customer,
        ordinal,
        profile: "{}".into(),
        since_on: 1,
        created_at: 1,
        updated_at: 1,
        version: 1,
    };
    intake::put_customers(&mut tx, id, &[row]).await.expect("a customer");
    let identity = intake::NewIdentity {
        kind: "phone",
        value: "+8613800138000".into(),
        customer_id: customer,
        sealed: None,
        written: None,
    };
    intake::insert_identities(&mut tx, id, &[identity], 1)
        .await
        .expect("an identity");
    let record = BookingRecord {
        booking_id: "b".into(),
        status: BookingStatus::Paid,
        happened_at: Some(5),
        on: 7,
        details: BookingDetails::default(),
    };
    let booking = intake::BookingRow {
        id: "b".into(),
        customer_id: customer,
        known_as: 1,
        booking: Booking::begin(&record),
    };
    intake::put_bookings(&mut tx, id, &[booking]).await.expect("a booking");
    let facts = intake::StoredFacts {
        ordinal,
        customer_id: customer,
        facts: FactRow {
            trips_total: 3,
            edge_on: Some(9),
            ..FactRow::default()
        },
    };
    intake::put_facts(&mut tx, id, change, &[facts]).await.expect("facts");
    tx.commit().await.expect("a commit");
    id
}

async fn sqlite() -> (Store, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(&format!("sqlite:{}", folder.path().join("walls.db").display()))
        .await
        .expect("SQLite opens");
    (store, folder)
}

async fn count(tx: &mut Tx, sql: &'static str) -> Result<i64, sqlx::Error> {
    match tx {
        Tx::Sqlite(c) => sqlx::query_scalar(sql).fetch_one(&mut **c).await,
        Tx::Postgres(c) => sqlx::query_scalar(sql).fetch_one(&mut **c).await,
    }
}

#[tokio::test]
async fn a_query_without_its_predicate_sees_no_foreign_row() {
    let store = Store::open(&posthouse_tests::postgres::database())
        .await
        .expect("PostgreSQL opens");
    let (ours, _theirs) = (agency(&store, 1).await, agency(&store, 2).await);
    for sql in [
        "SELECT count(*) FROM customer",
        "SELECT count(*) FROM identity",
        "SELECT count(*) FROM booking",
        "SELECT count(*) FROM fact",
        "SELECT count(*) FROM counter",
        "SELECT count(*) FROM agency",
    ] {
        let mut tx = store.read(Access::Agency(ours)).await.expect("a transaction");
        assert_eq!(count(&mut tx, sql).await.expect("own rows are seen"), 1, "{sql}");
        let mut tx = store
            .read(Access::Agency(Uuid::from_u128(3)))
            .await
            .expect("a transaction");
        assert_eq!(count(&mut tx, sql).await.expect("nothing is seen"), 0, "{sql}");
    }
    // nor can a row be put into another agency
    let mut tx = store
        .write(Access::Agency(Uuid::from_u128(3)))
        .await
        .expect("a transaction");
    let row = intake::CustomerRow {
        id: Uuid::from_u128(9),
        ordinal: 9,
        profile: "{}".into(),
        since_on: 1,
        created_at: 1,
        updated_at: 1,
        version: 1,
    };
    let foreign = intake::put_customers(&mut tx, ours, &[row]).await;
    assert!(matches!(foreign, Err(StoreError::Database(_))));
    // background work sees agencies and imports, and nothing else
    let mut tx = store.read(Access::Jobs).await.expect("a transaction");
    assert_eq!(
        count(&mut tx, "SELECT count(*) FROM agency")
            .await
            .expect("agencies are seen"),
        2
    );
    assert!(count(&mut tx, "SELECT count(*) FROM customer").await.is_err());
}

#[tokio::test]
async fn every_table_has_the_second_wall() {
    let url = posthouse_tests::postgres::database();
    let store = Store::open(&url).await.expect("PostgreSQL opens");
    let open = posthouse_tests::postgres::sql(
        &url,
        "SELECT string_agg(relname, ', ') FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
         AND relname <> '_sqlx_migrations' AND NOT (relrowsecurity AND relforcerowsecurity)",
    );
    assert_eq!(open, "", "tables without forced row-level security");
    let slow = posthouse_tests::postgres::sql(
        &url,
        "SELECT string_agg(tablename, ', ') FROM pg_policies WHERE schemaname = 'public' AND policyname = 'own_rows'
         AND qual NOT LIKE '%( SELECT %current_setting%'",
    );
    assert_eq!(
        slow, "",
        "tables whose policy asks for every row: migration 0009 has the form, to be repeated after a new table"
    );
    store.close().await;
}

#[test]
fn both_engines_have_the_same_migrations() {
    let numbers = |folder: &str| -> Vec<String> {
        let folder = posthouse_tests::root().join("migrations").join(folder);
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .expect("a folder")
            .map(|e| e.expect("a file").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    };
    assert_eq!(numbers("sqlite"), numbers("postgres"));
}

#[tokio::test]
async fn rows_come_back_as_they_went() {
    let (sqlite, _folder) = sqlite().await;
    let postgres = Store::open(&posthouse_tests::postgres::database())
        .await
        .expect("PostgreSQL opens");
    for store in [sqlite, postgres] {
        let id = agency(&store, 1).await;
        let mut tx = store.write(Access::Agency(id)).await.expect("a transaction");
        assert_eq!(profiles::counter(&mut tx, id).await.expect("a counter"), (1, 1));
        let facts = profiles::facts_after(&mut tx, id, 0, i64::MAX).await.expect("facts");
        assert_eq!((facts.len(), facts[0].0, facts[0].1.facts.trips_total), (1, 1, 3));
        assert_eq!(intake::due(&mut tx, id, 8, 10).await.expect("a list"), []);
        assert_eq!(intake::due(&mut tx, id, 9, 10).await.expect("a list"), [(9, 0)]);
        assert_eq!(intake::count_due(&mut tx, id, 9).await.expect("a count"), 1);
        assert_eq!(intake::written_after(&mut tx, id, 0).await.expect("a list"), [0]);
        let (edge, stored) = intake::facts_at(&mut tx, id, &[0, 1]).await.expect("facts").remove(0);
        assert_eq!((edge, stored.facts.trips_total), (Some(9), 3));
        let booking = &intake::bookings(&mut tx, id, &["b"]).await.expect("bookings")[0].booking;
        assert_eq!(
            (booking.status, booking.newest_event_at, booking.seen_on),
            (BookingStatus::Paid, Some(5), 7)
        );
        let taken = intake::NewIdentity {
            kind: "phone",
            value: "+8613800138000".into(),
            customer_id: Uuid::from_u128(101),
            sealed: None,
            written: None,
        };
        assert!(matches!(
            intake::insert_identities(&mut tx, id, &[taken], 2).await,
            Err(StoreError::Duplicate { .. })
        ));
    }
}
