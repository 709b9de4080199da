//! Each unique key is known by its violation on either engine, and by no other.

use posthouse_store::campaign_changes::{self, AmendmentRow};
use posthouse_store::campaigns::{self, CampaignRow};
use posthouse_store::imports::{self, ImportRow};
use posthouse_store::quotes::{self, QuoteRow};
use posthouse_store::roles::{self, BranchRow};
use posthouse_store::staff::{self, StaffRow};
use posthouse_store::team::{self, AgencyRow};
use posthouse_store::unique::{
    ACTIVE_IMPORT, BRANCH_NAME, CAMPAIGN_KEY, OPEN_AMENDMENT, PRIORITY, QUOTE_ID, SLUG, STAFF_EMAIL, UniqueKey,
};
use posthouse_store::{Access, Store, StoreError, Tx};
use uuid::Uuid;

const AGENCY: Uuid = Uuid::from_u128(1);
const ALL: [UniqueKey; 8] = [
    SLUG,
    CAMPAIGN_KEY,
    PRIORITY,
    OPEN_AMENDMENT,
    ACTIVE_IMPORT,
    QUOTE_ID,
    STAFF_EMAIL,
    BRANCH_NAME,
];

posthouse_tests::on_both_engines!(a_violation_is_of_one_key);

fn agency(id: u128, slug: &str) -> AgencyRow {
    AgencyRow {
        id: Uuid::from_u128(id),
        slug: slug.into(),
        name: "A".into(),
        time_zone: "Asia/Shanghai".into(),
        currency: "CNY".into(),
        country: "CN".into(),
    }
}

fn campaign(id: u128, key: &str, priority: i32) -> CampaignRow {
    CampaignRow {
        id: Uuid::from_u128(id),
        key: key.into(),
        kind: "new-product".into(),
        name: "C".into(),
        owner: "Li".into(),
        state: "running".into(),
        plan: "{}".into(),
        plan_hash: "h".into(),
        priority,
        submitted_by: None,
        version: 1,
        created_by: AGENCY,
        created_at: 1,
        updated_at: 1,
    }
}

fn amendment(number: i64) -> AmendmentRow {
    AmendmentRow {
        amendment: number,
        state: "proposed".into(),
        plan: "{}".into(),
        plan_hash: "h".into(),
        granted: "[]".into(),
        preview: "{}".into(),
        note: None,
        proposed_by: AGENCY,
        proposed_at: 1,
        decided_by: None,
        decided_at: None,
    }
}

fn import(id: u128) -> ImportRow {
    ImportRow {
        agency_id: AGENCY,
        id: Uuid::from_u128(id),
        kind: "bookings".into(),
        file_name: "a.csv".into(),
        digest: "d".into(),
        mapping: None,
        mapping_digest: String::new(),
        dry_run: false,
        size: 1,
        state: "uploading".into(),
        rows_done: 0,
        bytes_done: 0,
        accepted: 0,
        duplicates: 0,
        rejected: 0,
        warned: 0,
        passed_over: 0,
        header: "[]".into(),
        ignored: "[]".into(),
        reading: None,
        report: None,
        failure: None,
        attempts: 0,
        created_at: 1,
        finished_at: None,
        kept_until: None,
        round: 0,
        glimpse: None,
        actor_id: None,
        mends: None,
        sent_again: 0,
    }
}

fn quote() -> QuoteRow {
    QuoteRow {
        id: Uuid::from_u128(7),
        customer_id: None,
        state: "open".into(),
        basket: "{}".into(),
        list_price: 1,
        price: 1,
        answer: String::new(),
        document: None,
        day: 1,
        at: 1,
        expires_at: 2,
        booking_id: None,
        closed_at: None,
        points: None,
    }
}

fn person(id: u128, email: &str) -> StaffRow {
    StaffRow {
        id: Uuid::from_u128(id),
        email: email.into(),
        name: "Li".into(),
        role: "sales".into(),
        branch_id: None,
        language: None,
        theme: None,
        password: None,
        failures: 0,
        locked_until: 0,
        signed_in_at: None,
        disabled_at: None,
        created_at: 1,
        version: 1,
    }
}

fn branch(id: u128) -> BranchRow {
    BranchRow {
        id: Uuid::from_u128(id),
        name: "A".into(),
        created_at: 1,
    }
}

async fn begin(store: &Store) -> Tx {
    store.write(Access::Agency(AGENCY)).await.expect("a transaction")
}

/// It is a violation of this key, or of one that nobody asks for.
fn assert_of<T>(what: &str, written: Result<T, StoreError>, key: Option<UniqueKey>) {
    let error = written.err().unwrap_or_else(|| panic!("{what} was there already"));
    assert!(matches!(error, StoreError::Duplicate { .. }), "{what}: {error}");
    let of: Vec<UniqueKey> = ALL.into_iter().filter(|key| error.is_duplicate_of(*key)).collect();
    assert_eq!(of, Vec::from_iter(key), "{what}: {error}");
}

async fn a_violation_is_of_one_key(store: Store) {
    let mut tx = begin(&store).await;
    team::create_agency(&mut tx, &agency(1, "a"), 1)
        .await
        .expect("an agency");
    campaigns::insert(&mut tx, AGENCY, &campaign(2, "spring", 1))
        .await
        .expect("a campaign");
    let of = Uuid::from_u128(2);
    campaign_changes::insert_amendment(&mut tx, AGENCY, of, &amendment(1))
        .await
        .expect("an amendment");
    for number in [3, 4] {
        imports::create(&mut tx, &import(number)).await.expect("an import");
    }
    imports::enqueue(&mut tx, AGENCY, Uuid::from_u128(3))
        .await
        .expect("a whole file");
    quotes::insert(&mut tx, AGENCY, &[&quote()]).await.expect("a quote");
    staff::insert(&mut tx, AGENCY, &person(10, "li@silk.example"))
        .await
        .expect("a person");
    roles::insert_branch(&mut tx, AGENCY, &branch(12), "a")
        .await
        .expect("a branch");
    tx.commit().await.expect("a commit");

    // each in a transaction of its own, as PostgreSQL gives one up that has failed
    let mut tx = store
        .write(Access::Agency(Uuid::from_u128(9)))
        .await
        .expect("a transaction");
    let written = team::create_agency(&mut tx, &agency(9, "a"), 1).await;
    assert_of("the slug", written, Some(SLUG));
    drop(tx);
    let mut tx = begin(&store).await;
    let written = team::create_agency(&mut tx, &agency(1, "b"), 1).await;
    assert_of("the agency", written, None);
    drop(tx);
    for (row, key) in [
        (campaign(5, "spring", 5), Some(CAMPAIGN_KEY)),
        (campaign(5, "autumn", 1), Some(PRIORITY)),
        (campaign(2, "autumn", 5), None),
    ] {
        let mut tx = begin(&store).await;
        assert_of("the campaign", campaigns::insert(&mut tx, AGENCY, &row).await, key);
    }
    for (row, key) in [
        (amendment(2), Some(OPEN_AMENDMENT)),
        (
            AmendmentRow {
                state: "rejected".into(),
                ..amendment(1)
            },
            None,
        ),
    ] {
        let mut tx = begin(&store).await;
        let written = campaign_changes::insert_amendment(&mut tx, AGENCY, of, &row).await;
        assert_of("the amendment", written, key);
    }
    let mut tx = begin(&store).await;
    let written = imports::enqueue(&mut tx, AGENCY, Uuid::from_u128(4)).await;
    assert_of("the file", written, Some(ACTIVE_IMPORT));
    drop(tx);
    let mut tx = begin(&store).await;
    assert_of(
        "the quote",
        quotes::insert(&mut tx, AGENCY, &[&quote()]).await,
        Some(QUOTE_ID),
    );
    drop(tx);
    let mut tx = begin(&store).await;
    let written = staff::insert(&mut tx, AGENCY, &person(11, "li@silk.example")).await;
    assert_of("the address", written, Some(STAFF_EMAIL));
    drop(tx);
    let mut tx = begin(&store).await;
    let written = staff::insert(&mut tx, AGENCY, &person(10, "chen@silk.example")).await;
    assert_of("the person", written, None);
    drop(tx);
    let mut tx = begin(&store).await;
    let written = roles::insert_branch(&mut tx, AGENCY, &branch(13), "a").await;
    assert_of("the branch", written, Some(BRANCH_NAME));
}
