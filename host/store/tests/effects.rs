//! What campaigns brought, summed up by the database, beside a slow sum over the bookings themselves.

use posthouse_domain::booking::{Booking, BookingDetails, BookingStatus};
use posthouse_domain::campaign::effect::{Arm, Uptake};
use posthouse_domain::ledger::Hold;
use posthouse_store::campaigns::{self, CampaignRow};
use posthouse_store::ledger::{self, Account, Cause, Posting};
use posthouse_store::{Access, Store, Tx, budgets, effects, intake, team};
use uuid::Uuid;

const AGENCY: Uuid = Uuid::from_u128(1);
const CAMPAIGN: Uuid = Uuid::from_u128(2);
/// The last booking day that counts.
const THROUGH: i32 = 200;

/// Runs a statement with these values on whichever engine it is.
macro_rules! run {
    ($tx:expr, $sql:expr, $($bind:expr),+ $(,)?) => {
        match $tx {
            Tx::Sqlite(c) => sqlx::query($sql)$(.bind($bind))+.execute(&mut **c).await.map(drop),
            Tx::Postgres(c) => sqlx::query($sql)$(.bind($bind))+.execute(&mut **c).await.map(drop),
        }
        .expect("a row is written")
    };
}

/// Somebody who asked for a price.
struct Guest {
    id: Uuid,
    arm: &'static str,
    day: i32,
    bookings: Vec<(String, Booking)>,
}

/// Guests with uneven bookings, from a small generator.
fn guests() -> Vec<Guest> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    (0..300)
        .map(|number| {
            let bookings = (0..next(4)).map(|place| {
                let status = BookingStatus::ALL[next(10) as usize];
                let amount = (next(8) > 0).then(|| next(3_000_000_000) as i64);
                let details = BookingDetails {
                    booked_on: (next(3) > 0).then(|| 90 + next(130) as i32),
                    amount,
                    cost: (next(2) > 0).then(|| next(2_000_000_000) as i64),
                    ..BookingDetails::default()
                };
                let booking = Booking {
                    status,
                    details,
                    seen_on: 90 + next(130) as i32,
                    seen_firm: true,
                    newest_event_at: None,
                    told_at: [None; 10],
                    cancelled_on: None,
                    refunded: if next(4) == 0 { next(4_000_000_000) as i64 } else { 0 },
                    completed_on: None,
                    refunded_in_full: next(10) == 0,
                };
                (format!("b{number}-{place}"), booking)
            });
            let bookings = bookings.collect();
            Guest {
                id: Uuid::from_u128(1_000 + number),
                arm: if next(4) == 0 { "holdout" } else { "treatment" },
                day: 100 + next(60) as i32,
                bookings,
            }
        })
        .collect()
}

async fn fill(tx: &mut Tx, guests: &[Guest]) {
    let row = team::AgencyRow {
        id: AGENCY,
        slug: "a".into(),
        name: "A".into(),
        time_zone: "Asia/Shanghai".into(),
        currency: "CNY".into(),
        country: "CN".into(),
    };
    team::create_agency(tx, &row, 1).await.expect("a new slug");
    for (place, id) in [CAMPAIGN, Uuid::from_u128(3)].into_iter().enumerate() {
        let row = CampaignRow {
            id,
            key: format!("c{place}"),
            kind: "festival".into(),
            name: "C".into(),
            owner: String::new(),
            state: "running".into(),
            plan: "{}".into(),
            plan_hash: "h".into(),
            priority: place as i32,
            submitted_by: None,
            version: 1,
            created_by: Uuid::from_u128(9),
            created_at: 1,
            updated_at: 1,
        };
        campaigns::insert(tx, AGENCY, &row).await.expect("a campaign");
    }
    let customer = |(ordinal, guest): (usize, &Guest)| intake::CustomerRow {
        id: guest.id,
        ordinal: ordinal as i64,
        profile: "{}".into(),
        since_on: 1,
        created_at: 1,
        updated_at: 1,
        version: 1,
    };
    let customers: Vec<_> = guests.iter().enumerate().map(customer).collect();
    intake::put_customers(tx, AGENCY, &customers).await.expect("customers");
    for guest in guests {
        let rows = guest.bookings.iter().map(|(id, booking)| intake::BookingRow {
            id: id.clone(),
            customer_id: guest.id,
            known_as: 1,
            booking: booking.clone(),
        });
        let rows: Vec<_> = rows.collect();
        intake::put_bookings(tx, AGENCY, &rows).await.expect("bookings");
        run!(
            &mut *tx,
            "INSERT INTO campaign_assignment (agency_id, campaign_id, customer_id, arm, day, at) VALUES ($1, $2, $3, $4, $5, 1)",
            AGENCY,
            CAMPAIGN,
            guest.id,
            guest.arm,
            guest.day
        );
    }
}

/// A quote with what two campaigns take off it, of which so much came back.
async fn quote(tx: &mut Tx, number: u128, customer: Option<Uuid>, state: &str, booking: Option<&str>) {
    let id = Uuid::from_u128(50_000 + number);
    run!(
        &mut *tx,
        "INSERT INTO quote (agency_id, id, customer_id, state, basket, list_price, price, answer, day, at, expires_at, booking_id)
         VALUES ($1, $2, $3, $4, '{}', 900, 800, '{}', 120, 1, 2, $5)",
        AGENCY,
        id,
        customer,
        state,
        booking
    );
    let taking = |(campaign, amount)| Posting {
        account: budgets::account(campaign),
        amount,
        at_most: None,
        parts: Vec::new(),
    };
    let savings = [(CAMPAIGN, 70_i64), (Uuid::from_u128(3), 30)].map(taking);
    let cause = Cause { kind: "quote", id };
    assert!(ledger::reserve(tx, AGENCY, cause, 1, &savings).await.expect("no limit"));
    match state {
        "confirmed" => assert!(ledger::commit(tx, AGENCY, cause, 2).await.expect("it is held")),
        "expired" => assert!(ledger::release(tx, AGENCY, cause, 2).await.expect("it is held")),
        _ => return,
    }
    if state == "confirmed" && number > 0 {
        let holds = ledger::holds(tx, AGENCY, cause).await.expect("holds");
        let back = |(account, hold): &(Account, Hold)| Posting {
            account: account.clone(),
            amount: hold.amount.min(number as i64),
            at_most: None,
            parts: Vec::new(),
        };
        let back: Vec<_> = holds.iter().map(|held| (&held.1, back(held))).collect();
        ledger::give_back(tx, AGENCY, cause, 3, &back)
            .await
            .expect("it was used");
    }
}

fn slow_arm(guests: &[Guest], name: &str) -> Arm {
    let mut arm = Arm::default();
    for guest in guests.iter().filter(|guest| guest.arm == name) {
        arm.customers += 1;
        let (mut sales, mut margin, mut trips) = (0, 0, 0);
        for (_, booking) in &guest.bookings {
            let counts = (guest.day..=THROUGH).contains(&booking.booked_on());
            if booking.status.is_trip() && counts {
                trips += 1;
                arm.costed += i64::from(booking.details.cost.is_some());
                sales += booking.net_amount();
                margin += booking.margin();
            }
        }
        arm.buyers += i64::from(trips > 0);
        arm.bookings += trips;
        arm.sales += sales;
        arm.margin += margin;
        arm.sales_squares += sales as f64 * sales as f64;
        arm.margin_squares += margin as f64 * margin as f64;
    }
    arm
}

async fn stores() -> (Vec<Store>, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let sqlite = format!("sqlite:{}", folder.path().join("effects.db").display());
    let mut stores = Vec::new();
    for address in [sqlite, posthouse_tests::postgres::database()] {
        stores.push(Store::open(&address).await.expect("it opens"));
    }
    (stores, folder)
}

#[tokio::test]
async fn arms_are_summed_as_bookings_say() {
    let guests = guests();
    let (stores, _folder) = stores().await;
    for store in stores {
        let mut tx = store.write(Access::Agency(AGENCY)).await.expect("a transaction");
        fill(&mut tx, &guests).await;
        let found = effects::arms(&mut tx, AGENCY, CAMPAIGN, THROUGH).await.expect("arms");
        for (found, name) in [(found.0, "treatment"), (found.1, "holdout")] {
            let slow = slow_arm(&guests, name);
            assert!(slow.buyers > 10 && slow.costed > 10 && slow.sales > 0, "{slow:?}");
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * b.abs();
            assert!(
                near(found.sales_squares, slow.sales_squares) && near(found.margin_squares, slow.margin_squares),
                "{} {name}: {found:?} {slow:?}",
                store.engine()
            );
            let whole = |arm: Arm| Arm {
                sales_squares: 0.0,
                margin_squares: 0.0,
                ..arm
            };
            assert_eq!(whole(found), whole(slow), "{} {name}", store.engine());
        }
        let other = Uuid::from_u128(3);
        let nobody = effects::arms(&mut tx, AGENCY, other, THROUGH).await.expect("arms");
        assert_eq!(nobody, (Arm::default(), Arm::default()));
        drop(tx);
        store.close().await;
    }
}

#[tokio::test]
async fn offers_are_followed_to_their_bookings() {
    let guests = guests();
    let trip = |guests: &[Guest], wanted: bool| {
        let of = |guest: &Guest| {
            let booking = guest.bookings.iter().find(|(_, booking)| {
                booking.status.is_trip() == wanted && booking.details.cost.is_some() && booking.net_amount() > 0
            })?;
            Some((guest.id, booking.0.clone(), booking.1.clone()))
        };
        guests.iter().find_map(of).expect("such a booking")
    };
    // three different guests
    let ((one, booked, kept), (other, called_off, _)) = (trip(&guests[1..100], true), trip(&guests[100..], false));
    let (stores, _folder) = stores().await;
    for store in stores {
        let mut tx = store.write(Access::Agency(AGENCY)).await.expect("a transaction");
        fill(&mut tx, &guests).await;
        let nothing = effects::uptake(&mut tx, AGENCY, CAMPAIGN).await.expect("sums");
        assert_eq!(nothing, Uptake::default());
        // two quotes of one trip, a trip that was called off, one that nobody has told yet, and quotes that came to nothing
        quote(&mut tx, 0, Some(one), "confirmed", Some(&booked)).await;
        quote(&mut tx, 1, Some(one), "confirmed", Some(&booked)).await;
        quote(&mut tx, 70, Some(other), "confirmed", Some(&called_off)).await;
        quote(&mut tx, 2, None, "confirmed", Some("unheard-of")).await;
        quote(&mut tx, 3, Some(guests[0].id), "expired", None).await;
        quote(&mut tx, 4, Some(guests[0].id), "open", None).await;
        let found = effects::uptake(&mut tx, AGENCY, CAMPAIGN).await.expect("sums");
        let expected = Uptake {
            quotes: 6,
            quoted_customers: 3,
            confirmed: 4,
            participants: 2,
            bookings: 1,
            costed: 1,
            sales: kept.net_amount(),
            margin: kept.margin(),
            // 70 each, less 0, 1, 70 and 2 that came back
            discount: 70 + 69 + 68,
        };
        assert_eq!(found, expected, "{}", store.engine());
        drop(tx);
        store.close().await;
    }
}
