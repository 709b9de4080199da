//! Few rows among many that are alike: what they are found by is an index of theirs, on either engine.

use crate::{STORED, an_agency, counted, customer, opened, put_customers};
use posthouse_domain::facts::FactRow;
use posthouse_store::campaigns::{self, CampaignRow};
use posthouse_store::coupons::{self, BatchRow, NewCoupon};
use posthouse_store::intake::{self, StoredFacts};
use posthouse_store::{Access, Store, Tx, attributes, budgets, profiles};
use uuid::Uuid;

const BATCH: Uuid = Uuid::from_u128(4_000_000);
const FEW: usize = 10;
/// Most rows that PostgreSQL reads for few: they and what leads to them.
const MOST_ROWS: i64 = 500;

fn campaign(number: u128) -> Uuid {
    Uuid::from_u128(number + 3_000_000)
}

fn is_of_few(number: u128) -> bool {
    number.is_multiple_of(STORED / FEW as u128)
}

/// Customers of whom few were told their seat and few changed late, campaigns of which few are in force, codes of which few were used.
async fn filled(store: &Store) -> Uuid {
    let agency = an_agency(store, 1).await;
    let mut tx = store.write(Access::Agency(agency)).await.expect("a transaction");
    put_customers(&mut tx, agency).await;
    let told = (0..STORED).map(|number| intake::AttributeRow {
        customer_id: customer(number),
        key: if is_of_few(number) { "seat" } else { "diet" }.into(),
        at: 1,
        source: "s".into(),
        source_kind: "declared".into(),
        value: "x".into(),
        received: 1,
    });
    intake::put_attributes(&mut tx, agency, &Vec::from_iter(told))
        .await
        .expect("values");
    let facts = |late: bool| {
        let these = (0..STORED).filter(move |number| is_of_few(*number) == late);
        Vec::from_iter(these.map(|number| StoredFacts {
            ordinal: number as i64,
            customer_id: customer(number),
            facts: FactRow::default(),
        }))
    };
    for (change, late) in [(1, false), (2, true)] {
        intake::put_facts(&mut tx, agency, change, &facts(late))
            .await
            .expect("facts");
    }
    for number in 0..STORED / 10 {
        let few = number % (STORED / 10 / FEW as u128) == 0;
        let row = CampaignRow {
            id: campaign(number),
            key: format!("c{number}"),
            kind: "new-product".into(),
            name: "C".into(),
            owner: "Li".into(),
            state: if few { "running" } else { "ended" }.into(),
            plan: "{}".into(),
            plan_hash: "h".into(),
            priority: number as i32,
            submitted_by: None,
            version: 1,
            created_by: agency,
            created_at: 1,
            updated_at: 1,
        };
        campaigns::insert(&mut tx, agency, &row).await.expect("a campaign");
    }
    let batch = BatchRow {
        id: BATCH,
        campaign_id: campaign(0),
        label: "Fair".into(),
        personal: false,
        count: STORED as i64,
        uses: 3,
        expires_at: None,
        state: "ready".into(),
        created_by: agency,
        created_at: 1,
    };
    coupons::insert_batch(&mut tx, agency, &batch).await.expect("a batch");
    let codes = (0..STORED).map(|number| NewCoupon {
        hash: number.to_be_bytes().to_vec(),
        customer_id: None,
    });
    coupons::insert(&mut tx, agency, BATCH, &Vec::from_iter(codes))
        .await
        .expect("codes");
    for number in (0..STORED).filter(|number| is_of_few(*number)) {
        let hash = number.to_be_bytes();
        coupons::shift(&mut tx, agency, &hash, 1, 1).await.expect("uses");
    }
    coupons::revoke(&mut tx, agency, &1u128.to_be_bytes(), 2)
        .await
        .expect("a code");
    tx.commit().await.expect("a commit");
    agency
}

/// Looks for few rows of each kind; calls `done` after each.
macro_rules! look_for_few {
    ($tx:expr, $agency:expr, |$what:ident| $around:expr) => {{
        let agency = $agency;
        let found = attributes::facts_with(&mut $tx, agency, "seat").await.expect("facts");
        assert_eq!(found.len(), FEW);
        let $what = "facts_with";
        $around;
        let found = profiles::changed_after(&mut $tx, agency, 1, 2).await.expect("ordinals");
        assert_eq!(found.len(), FEW);
        let $what = "changed_after";
        $around;
        let found = campaigns::running(&mut $tx, agency).await.expect("campaigns");
        assert_eq!(found.len(), FEW);
        let $what = "running";
        $around;
        let found = campaigns::in_force(&mut $tx, agency).await.expect("campaigns");
        assert_eq!(found.len(), FEW);
        let $what = "in_force";
        $around;
        let found = campaigns::count_in_force(&mut $tx, agency).await.expect("a number");
        assert_eq!(found, FEW as i64);
        let $what = "count_in_force";
        $around;
        let found = campaigns::open(&mut $tx, agency).await.expect("campaigns");
        assert_eq!(found.len(), FEW);
        let $what = "open";
        $around;
        let found = budgets::used_in_force(&mut $tx, agency, None, 1)
            .await
            .expect("budgets");
        assert_eq!(found.len(), FEW);
        let $what = "used_in_force";
        $around;
        let found = coupons::batch_use(&mut $tx, agency, BATCH).await.expect("sums");
        assert_eq!((found.held, found.used, found.revoked), (FEW as i64, FEW as i64, 1));
        let $what = "batch_use";
        $around;
    }};
}

#[tokio::test]
async fn few_are_found_among_many() {
    let (store, _folder) = opened().await;
    let agency = filled(&store).await;
    let mut tx = store.write(Access::Agency(agency)).await.expect("a transaction");
    let steps = counted(&mut tx).await;
    steps.begin();
    look_for_few!(tx, agency, |what| {
        steps.end(what);
        steps.begin();
    });
}

/// Rows that PostgreSQL has read in this transaction.
async fn rows_read(tx: &mut Tx) -> i64 {
    let Tx::Postgres(connection) = tx else {
        panic!("this is PostgreSQL")
    };
    let read = sqlx::query_scalar(
        "SELECT CAST(COALESCE(SUM(seq_tup_read + COALESCE(idx_tup_fetch, 0)), 0) AS BIGINT) FROM pg_stat_xact_user_tables",
    );
    read.fetch_one(&mut **connection).await.expect("what was read")
}

#[tokio::test]
async fn few_are_found_among_many_on_postgresql() {
    let address = posthouse_tests::postgres::database();
    let store = Store::open(&address).await.expect("PostgreSQL opens");
    let agency = filled(&store).await;
    let analysed = tokio::task::spawn_blocking(move || posthouse_tests::postgres::sql(&address, "ANALYZE"));
    analysed.await.expect("what it goes by");
    let mut tx = store.write(Access::Agency(agency)).await.expect("a transaction");
    let mut read = vec![rows_read(&mut tx).await];
    look_for_few!(tx, agency, |what| {
        let before = read[read.len() - 1];
        read.push(rows_read(&mut tx).await);
        let these = read[read.len() - 1] - before;
        assert!(these < MOST_ROWS, "{what} read {these} rows");
    });
}
