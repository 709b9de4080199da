//! Members of the version before their lots said where they come from.

use super::{AGENCY, CUSTOMER, ROLES, blob, postgres_at, quoted, sqlite_at};
use posthouse_store::loyalty::{self, LotSource};
use posthouse_store::{Access, Store};
use uuid::Uuid;

const OCCASION: Uuid = Uuid::from_u128(21);
const EARNED: Uuid = Uuid::from_u128(22);
const BY_HAND: Uuid = Uuid::from_u128(23);

/// A programme with a member, an occasion that earned a lot, and a lot that was given by hand.
fn before_previews(id: impl Fn(Uuid) -> String) -> Vec<String> {
    let (agency, customer, occasion) = (id(AGENCY), id(CUSTOMER), id(OCCASION));
    let lot = |lot, issued, occasion: Option<Uuid>| {
        let (lot, occasion) = (id(lot), occasion.map_or("NULL".to_owned(), &id));
        format!(
            "INSERT INTO points_lot (agency_id, customer_id, id, wallet, issued, waits, active_on, expires, until_on, rest, held, reversed, expired,
                charged, is_open, occasion_id)
             VALUES ({agency}, {customer}, {lot}, 'points', {issued}, NULL, 20460, '\"never\"', NULL, {issued}, 0, 0, 0, 0, TRUE, {occasion})"
        )
    };
    vec![
        format!(
            "INSERT INTO agency (id, slug, name, time_zone, currency, country, created_at)
             VALUES ({agency}, 'a', 'A', 'Asia/Shanghai', 'CNY', 'CN', 1)"
        ),
        format!(
            "INSERT INTO loyalty_programme (agency_id, name_zh, name_en, enrol, value_of_100, return_grace_days, since_on, members, updated_at)
             VALUES ({agency}, '里程', 'miles', 'automatic', 100, 30, 20000, 1, 1)"
        ),
        format!(
            "INSERT INTO customer (agency_id, id, ordinal, profile, since_on, created_at, updated_at, version)
             VALUES ({agency}, {customer}, 0, '{{}}', 1, 1, 1, 1)"
        ),
        format!(
            "INSERT INTO member (agency_id, customer_id, member_no, state, since_on, referral_code, tier, tier_since, tier_until, tier_by_hand,
                tier_reason, tier_next, available, pending, held, owed, status, status_pending, entries, tiers, due_on, version, created_at)
             VALUES ({agency}, {customer}, '00000001', 'active', 20400, 'K7', NULL, NULL, NULL, FALSE, 'null', 'null', 150, 0, 0, 0, 0, 0, 2, 0,
                NULL, 3, 1)"
        ),
        format!(
            "INSERT INTO loyalty_occasion (agency_id, id, customer_id, kind, about_kind, about, binding, round, state, occasion, basis, amount,
                attempts, due_at, problem, decision_id, created_at)
             VALUES ({agency}, {occasion}, {customer}, 'booking-completed', 'booking', 'B1', 'main', 1, 'settled',
                '{{\"at\": 5, \"on\": 20460, \"kind\": \"booking-completed\"}}', 'x', 10000, 0, 0, NULL, NULL, 5)"
        ),
        lot(EARNED, 100, Some(OCCASION)),
        lot(BY_HAND, 50, None),
        format!(
            "INSERT INTO booking (agency_id, id, customer_id, known_as, status, seen_on, seen_firm, told_at, refunded, refunded_in_full)
             VALUES ({agency}, 'B2', {customer}, 1, 'confirmed', 20460, TRUE, '{{}}', 0, FALSE)"
        ),
        format!("INSERT INTO loyalty_touched (agency_id, booking_id) VALUES ({agency}, 'B2')"),
    ]
}

async fn lots_say_where_they_come_from(address: &str) {
    let store = Store::open(address).await.expect("the database is brought up to date");
    let mut tx = store.write(Access::Agency(AGENCY)).await.expect("a transaction");
    let lots = loyalty::lots_named(&mut tx, AGENCY, CUSTOMER, &[EARNED, BY_HAND]).await;
    let mut lots = lots.expect("lots");
    lots.sort_by_key(|row| row.lot.id);
    let earned = LotSource {
        occasion: Some(OCCASION),
        binding: "main".into(),
        earned_on: Some(20_460),
    };
    let sources: Vec<LotSource> = lots.iter().map(|row| row.source.clone()).collect();
    assert_eq!(sources, [earned, LotSource::default()]);
    assert_eq!(lots.iter().map(|row| row.lot.left).collect::<Vec<_>>(), [100, 50]);
    let occasion = loyalty::occasion(&mut tx, AGENCY, OCCASION)
        .await
        .expect("a look")
        .expect("an occasion");
    assert_eq!(occasion.on_day, 20_460);
    // terms go on, and know from now on how often they were changed
    let programme = loyalty::programme(&mut tx, AGENCY)
        .await
        .expect("a look")
        .expect("a programme");
    assert_eq!(
        (programme.version, programme.transfer_per_day, programme.birthdays_to),
        (1, 10_000, None)
    );
    loyalty::put_programme(&mut tx, AGENCY, &programme)
        .await
        .expect("it is changed");
    let changed = loyalty::programme(&mut tx, AGENCY)
        .await
        .expect("a look")
        .expect("a programme");
    assert_eq!(changed.version, 2);
    // what was still to be followed is so
    let noted = loyalty::settle_touched(&mut tx, AGENCY, 10).await.expect("bookings");
    assert_eq!(noted, ["B2"]);
    assert!(
        loyalty::settle_touched(&mut tx, AGENCY, 10)
            .await
            .expect("bookings")
            .is_empty()
    );
    drop(tx);
    store.close().await;
}

#[tokio::test]
async fn lots_say_where_they_come_from_on_sqlite() {
    let (_folder, address) = sqlite_at(42, before_previews(blob)).await;
    lots_say_where_they_come_from(&address).await;
}

#[tokio::test]
async fn lots_say_where_they_come_from_on_postgres() {
    let _alone = ROLES.lock().await;
    lots_say_where_they_come_from(&postgres_at(42, before_previews(quoted)).await).await;
}
