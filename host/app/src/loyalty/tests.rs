//! Members over their bookings and days, on both engines: what is posted is the same whatever the order in which records come, and the statement,
//! the lots, the ledger and the member's own sums say the same.

mod books;
mod breaks;
mod by_hand;
mod foreseen;
mod in_quotes;
mod lists;
mod lives;
mod once;
mod own;
mod races;
mod reviews;
mod told;

use super::programme::{Enrol, Programme};
use super::{Follow, LOYALTY, MAIN, MemberView, StatementFilter};
use crate::App;
use crate::jobs::{Done, Job, JobRow, Lane};
use crate::rules::{Activation, DecisionFilter};
use crate::team::Caller;
use crate::testing::{self, Clocks, NOW, on_both_engines};
use posthouse_domain::{Clock as _, Day, Localized};
use posthouse_store::ledger::{self, Account};
use posthouse_store::loyalty as store;
use posthouse_store::{Access, Store};
use posthouse_tests::guest::{LoyaltyGuest, Post};
use posthouse_tests::plugins::packed;
use serde_json::{Value, json};
use uuid::Uuid;

on_both_engines!(
    a_booking_earns_is_paid_back_called_off_and_earns_again,
    the_order_of_records_makes_no_difference,
    a_year_expires_points_and_lowers_tiers_once,
    a_rule_that_fails_waits_and_is_for_review,
);

const DAY: i64 = 86_400_000;
/// 2026-01-15
const TODAY: Day = 20_468;

/// An agency with a programme and the reference rule.
async fn club(store: &Store, slug: &str, component: Vec<u8>) -> (App, Clocks, Caller) {
    let (app, clocks) = testing::host(store, NOW);
    let caller = club_of(&app, slug, component, json!({})).await;
    (app, clocks, caller)
}

/// The same on a host that is there, with settings of the rule.
async fn club_of(app: &App, slug: &str, component: Vec<u8>, config: Value) -> Caller {
    let (_, key) = testing::agency(&app.store, slug).await;
    let caller = app.team().authenticate(&key).await.expect("a caller");
    let programme = Programme {
        name: Localized::new("里程", "miles"),
        enrol: Enrol::Automatic,
        value_of_100: 100,
        return_grace_days: 30,
        transfer_per_day: 10_000,
        adjust_limits: std::collections::BTreeMap::new(),
        referrals_per_year: 50,
        since: TODAY - 365,
        updated_at: 0,
        version: 0,
    };
    app.loyalty()
        .put_programme(&caller, &programme, None)
        .await
        .expect("a programme");
    let digest = app
        .plugins()
        .upload(&caller, component.into())
        .await
        .expect("a plugin")
        .1
        .digest;
    let activation = Activation {
        digest,
        config,
        grant: None,
    };
    app.loyalty()
        .activate(&caller, MAIN, &activation, None)
        .await
        .expect("a rule");
    caller
}

/// Something that happened to the one booking of the one customer, so many hours after the beginning.
fn told(id: &str, kind: &str, hour: i64, data: Value) -> Value {
    let at = posthouse_domain::time::instant_text(NOW - 30 * DAY + hour * 3_600_000);
    let mut data = data;
    data["booking_id"] = "B1".into();
    json!({"source": "shop", "external_id": id, "type": format!("booking.{kind}"), "occurred_at": at,
           "customer": {"identities": [{"kind": "member_no", "value": "M1"}]}, "data": data})
}

async fn accept(app: &App, caller: &Caller, events: &[Value]) {
    let answer = app.intake().accept(caller, events).await.expect("an answer");
    assert!(answer.rejected.is_empty(), "{answer:?}");
    follow(app, caller).await;
}

/// What the host does when the job is due.
async fn follow(app: &App, caller: &Caller) {
    let job = JobRow {
        agency_id: caller.room.id,
        kind: Follow::KIND.to_owned(),
        key: String::new(),
        lane: Lane::Timers,
        due: 0,
        version: 1,
        attempts: 1,
    };
    // it comes again at once as long as there is something to do
    while let Done::At(due) = Follow::run(app, &job).await.expect("it is done") {
        if due > app.machine.now() {
            break;
        }
    }
}

async fn customer(app: &App, caller: &Caller) -> Uuid {
    let mut tx = app
        .store
        .read(Access::Agency(caller.room.id))
        .await
        .expect("a transaction");
    let all = posthouse_store::profiles::customers_from(&mut tx, caller.room.id, 0, 10).await;
    all.expect("customers")[0].id
}

async fn member(app: &App, caller: &Caller) -> MemberView {
    let id = customer(app, caller).await;
    let member = app.loyalty().member(caller, id, None).await.expect("a member");
    ties(app, caller, id).await;
    member
}

/// Lots, statement, ledger and the member's sums say the same, at every look.
async fn ties(app: &App, caller: &Caller, id: Uuid) {
    let agency = caller.room.id;
    let mut tx = app.store.read(Access::Agency(agency)).await.expect("a transaction");
    let row = store::member(&mut tx, agency, id)
        .await
        .expect("a look")
        .expect("a member");
    let lots = store::lots(&mut tx, agency, &[id]).await.expect("lots");
    let lines = store::entries(&mut tx, agency, id, (Day::MIN, Day::MAX), 0, 10_000)
        .await
        .expect("lines");
    assert_eq!(lines.len() as i64, row.entries);
    for (wallet, available, pending) in [
        ("points", row.available, row.pending),
        ("status", row.status, row.status_pending),
    ] {
        let own = || {
            lots.iter()
                .map(|row| &row.lot)
                .filter(|lot| lot.wallet.as_str() == wallet)
        };
        let active: i64 = own().filter(|lot| lot.waits.is_none()).map(|lot| lot.left).sum();
        let waiting: i64 = own().filter(|lot| lot.waits.is_some()).map(|lot| lot.left).sum();
        assert_eq!((active, waiting), (available, pending), "lots of {wallet}");
        let own = || lines.iter().filter(|line| line.wallet == wallet);
        let moved = (
            own().map(|line| line.available).sum::<i64>(),
            own().map(|line| line.pending).sum::<i64>(),
        );
        assert_eq!(moved, (available, pending), "lines of {wallet}");
        let held = if wallet == "points" { row.held } else { 0 };
        for (part, sum) in [("", available), ("-pending", pending), ("-held", held)] {
            let account = Account {
                kind: format!("{wallet}{part}").into(),
                owner: id,
            };
            let total = ledger::total(&mut tx, agency, &account).await.expect("a total");
            assert_eq!(total.credited - total.debited, sum, "{}", account.kind);
        }
    }
    assert_eq!(lots.iter().map(|row| row.lot.held).sum::<i64>(), row.held);
    assert_eq!(lines.iter().map(|line| line.owed).sum::<i64>(), row.owed);
}

fn points(member: &MemberView) -> (i64, i64, i64) {
    (member.points.available, member.points.pending, member.status)
}

fn tier(member: &MemberView) -> Option<(&str, Option<Day>)> {
    member.tier.as_ref().map(|tier| (tier.key.as_str(), tier.valid_until))
}

async fn a_booking_earns_is_paid_back_called_off_and_earns_again(store: Store) {
    let (app, _, caller) = club(&store, "club", packed("points-and-tiers")).await;
    accept(
        &app,
        &caller,
        &[told(
            "1",
            "confirmed",
            0,
            json!({"amount": 2_500_000, "destination": "云南"}),
        )],
    )
    .await;
    let new = member(&app, &caller).await;
    assert_eq!((points(&new), new.member_no.as_str()), ((0, 25_000, 0), "00000001"));
    assert_eq!(tier(&new), Some(("member", None)));
    accept(&app, &caller, &[told("2", "completed", 48, json!({}))]).await;
    let home = member(&app, &caller).await;
    assert_eq!(points(&home), (25_000, 0, 25_000));
    // 2027-12-31
    assert_eq!(tier(&home), Some(("silver", Some(21_183))));
    let silver = home.tier.expect("a tier");
    assert_eq!((silver.title.en.as_str(), silver.since), ("Silver", TODAY));
    assert_eq!(silver.reason.expect("a reason").text.en, "25000 status in 365 days");
    let next = silver.next.expect("a higher one");
    assert_eq!(
        (next.key.as_str(), next.have, next.need, next.unit.as_str()),
        ("gold", 25_000, 60_000, "status")
    );
    // they expire with the 24th month after the one of the trip's end, December 2025
    assert_eq!(
        home.points
            .expiring
            .iter()
            .map(|one| (one.on, one.points))
            .collect::<Vec<_>>(),
        [(21_183, 25_000)]
    );
    // two fifths are paid back; once more the same is nothing
    let back = told("3", "refunded", 50, json!({"amount": 1_000_000}));
    accept(&app, &caller, std::slice::from_ref(&back)).await;
    assert_eq!(points(&member(&app, &caller).await), (15_000, 0, 15_000));
    accept(&app, &caller, &[back]).await;
    let less = member(&app, &caller).await;
    assert_eq!(
        (points(&less), tier(&less)),
        ((15_000, 0, 15_000), Some(("silver", Some(21_183)))),
        "no tier is lowered while it is valid"
    );
    accept(&app, &caller, &[told("4", "cancelled", 60, json!({}))]).await;
    assert_eq!(points(&member(&app, &caller).await), (0, 0, 0));
    // it is on again after all: in silver a tenth more
    accept(&app, &caller, &[told("5", "completed", 70, json!({}))]).await;
    assert_eq!(points(&member(&app, &caller).await), (16_500, 0, 15_000));

    // the statement ties out, and says why
    let id = customer(&app, &caller).await;
    let statement = app
        .loyalty()
        .statement(&caller, id, &StatementFilter::of_days(TODAY, TODAY), 0, 100)
        .await
        .expect("a statement");
    assert_eq!(
        (
            statement.opening.available,
            statement.closing.available,
            statement.closing.status
        ),
        (0, 16_500, 15_000)
    );
    let kinds: Vec<(&str, &str, i64)> = statement
        .lines
        .iter()
        .filter(|line| line.wallet == "points")
        .map(|line| {
            (
                line.kind.as_str(),
                line.reason.as_ref().map_or("", |reason| reason.code.as_str()),
                line.moved[0] + line.moved[1],
            )
        })
        .collect();
    assert_eq!(
        kinds,
        [
            ("earned", "booking", 25_000),
            ("activated", "", 0),
            ("reversed", "", -10_000),
            ("reversed", "", -15_000),
            ("earned", "booking", 27_500),
            ("reversed", "", -11_000),
        ]
    );
    let pages = app
        .loyalty()
        .statement(&caller, id, &StatementFilter::of_days(TODAY, TODAY), 0, 5)
        .await
        .expect("a page");
    assert_eq!((pages.lines.len(), pages.next), (5, Some(5)));

    // facts follow, and what was decided is said again the same way
    let facts = app.profiles().get(&caller, id).await.expect("a customer").facts;
    assert_eq!(
        (&facts["points-balance"], &facts["tier"], &facts["tier-days"]),
        (&json!(16_500), &json!("silver"), &json!(0))
    );
    let (made, _) = app
        .decisions()
        .list(&caller, DecisionFilter::default(), None, 100)
        .await
        .expect("decisions");
    assert!(
        made.len() > 8 && made.iter().all(|one| one.extension_point == LOYALTY),
        "{}",
        made.len()
    );
    for one in made {
        assert!(
            app.decisions()
                .replay(&caller, one.id)
                .await
                .expect("a replay")
                .identical,
            "{}",
            one.id
        );
    }
}

async fn the_order_of_records_makes_no_difference(store: Store) {
    let records = [
        told("1", "confirmed", 0, json!({"amount": 1_000_000})),
        told("2", "confirmed", 5, json!({"amount": 1_200_000})),
        told("3", "completed", 48, json!({})),
        told("4", "refunded", 50, json!({"amount": 300_000})),
    ];
    let mut found = Vec::new();
    for (n, order) in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]]
        .into_iter()
        .enumerate()
    {
        let (app, _, caller) = club(&store, &format!("order-{n}"), packed("points-and-tiers")).await;
        for place in order {
            accept(&app, &caller, &[records[place].clone(), records[place].clone()]).await;
        }
        found.push(points(&member(&app, &caller).await));
        // all at once, as a file brings them
        let (app, _, caller) = club(&store, &format!("order-{n}-at-once"), packed("points-and-tiers")).await;
        let all: Vec<Value> = order.iter().map(|place| records[*place].clone()).collect();
        accept(&app, &caller, &all).await;
        found.push(points(&member(&app, &caller).await));
    }
    assert_eq!(found, [(9_000, 0, 9_000); 8]);
}

async fn a_year_expires_points_and_lowers_tiers_once(store: Store) {
    let (app, clocks, caller) = club(&store, "years", packed("points-and-tiers")).await;
    let all = [
        told("1", "confirmed", 0, json!({"amount": 7_000_000})),
        told("2", "completed", 48, json!({})),
    ];
    accept(&app, &caller, &all).await;
    let gold = member(&app, &caller).await;
    assert_eq!(
        (points(&gold), tier(&gold)),
        ((70_000, 0, 70_000), Some(("gold", Some(21_183))))
    );
    let id = customer(&app, &caller).await;
    let turn = async |days: i64| {
        clocks.business.set(NOW + days * DAY);
        // as often as it likes
        for _ in 0..2 {
            app.loyalty().turn_day(&caller.room).await.expect("the day is turned");
        }
        member(&app, &caller).await
    };
    // the last day of both, and the day behind it: 2027-12-31 and 2028-01-01
    let last = turn(i64::from(21_183 - TODAY)).await;
    assert_eq!(
        (points(&last), tier(&last)),
        ((70_000, 0, 70_000), Some(("gold", Some(21_183))))
    );
    let behind = turn(i64::from(21_184 - TODAY)).await;
    assert_eq!(points(&behind), (0, 0, 70_000));
    // one step a year: to the end of 2029, then of 2031, then for good
    assert_eq!(tier(&behind), Some(("silver", Some(21_914))));
    let later = turn(i64::from(21_915 - TODAY)).await;
    assert_eq!(tier(&later), Some(("member", None)));
    let mut tx = app
        .store
        .read(Access::Agency(caller.room.id))
        .await
        .expect("a transaction");
    let had = store::tiers(&mut tx, caller.room.id, id, i64::MAX, 10)
        .await
        .expect("tiers");
    let had: Vec<_> = had.iter().rev().filter_map(|row| row.tier.as_deref()).collect();
    assert_eq!(had, ["member", "gold", "silver", "member"]);
    drop(tx);
    // as it was on past days
    let on = async |day: Day| app.loyalty().member(&caller, id, Some(day)).await.expect("as of a day");
    let then = on(TODAY + 1).await;
    assert_eq!(
        (points(&then), tier(&then)),
        ((70_000, 0, 70_000), Some(("gold", Some(21_183))))
    );
    let then = on(21_184).await;
    assert_eq!(
        (then.points.available, tier(&then)),
        (0, Some(("silver", Some(21_914))))
    );
    assert!(
        app.loyalty().member(&caller, id, Some(TODAY - 1)).await.is_err(),
        "nobody was a member then"
    );
}

async fn a_rule_that_fails_waits_and_is_for_review(store: Store) {
    let guest = LoyaltyGuest {
        before_earn: LoyaltyGuest::at_amount(66_600, "(unreachable)"),
        facts: vec![],
        reasons: vec![("welcome".into(), "hello".into())],
        postings: vec![Post {
            active: (1, 0),
            ..Post::points(5)
        }],
        ..LoyaltyGuest::default()
    };
    // a completed posting is only for bookings, so joining earns nothing by this rule but a fault
    let guest = LoyaltyGuest {
        postings: vec![Post::points(5)],
        ..guest
    };
    let (app, clocks, caller) = club(&store, "faults", guest.build()).await;
    accept(&app, &caller, &[told("1", "confirmed", 0, json!({"amount": 66_600}))]).await;
    let agency = caller.room.id;
    let state = async || {
        let mut tx = app.store.read(Access::Agency(agency)).await.expect("a transaction");
        let rows = store::occasions_about(&mut tx, agency, "booking", &["B1"])
            .await
            .expect("occasions");
        (rows[0].state.clone(), rows[0].attempts)
    };
    assert_eq!(state().await, ("waiting".to_owned(), 1));
    // joining earned, as that did not fail
    assert_eq!(member(&app, &caller).await.points.available, 5);
    follow(&app, &caller).await;
    assert_eq!(
        state().await,
        ("waiting".to_owned(), 1),
        "it is not asked before its time"
    );
    for _ in 0..6 {
        clocks.machine.set(clocks.machine.now() + DAY);
        follow(&app, &caller).await;
    }
    assert_eq!(state().await, ("review".to_owned(), 5));
    assert_eq!(
        member(&app, &caller).await.points.available,
        5,
        "the member keeps what they had"
    );
    // somebody has a look, and has it asked once more
    let (listed, _) = app
        .loyalty()
        .occasions(&caller, "review", None, 10)
        .await
        .expect("a list");
    assert_eq!((listed.len(), listed[0].about.as_deref()), (1, Some("booking/B1")));
    assert!(listed[0].problem.is_some());
    let again = app.loyalty().ask_again(&caller, listed[0].id).await.expect("it waits");
    assert_eq!((again.state.as_str(), again.attempts), ("waiting", 0));
    follow(&app, &caller).await;
    assert_eq!(state().await, ("waiting".to_owned(), 1));
    // the price was wrong: it is asked about again, and posts once
    accept(&app, &caller, &[told("2", "confirmed", 3, json!({"amount": 77_700}))]).await;
    assert_eq!(state().await.0, "settled");
    assert_eq!(member(&app, &caller).await.points.available, 10);
}
