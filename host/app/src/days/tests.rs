//! The turn of a day, held up at moments of the tests' choice.

use super::turn::{FactsDay, Turning};
use crate::App;
use crate::error::AppError;
use crate::facts::export::{Export, Format};
use crate::insights::{Measure, Window};
use crate::intake::turn;
use crate::team::Caller;
use crate::testing::{self, Clocks, NOW};
use posthouse_domain::{Clock as _, Day};
use posthouse_store::{Access, Store, intake, profiles};
use serde_json::{Value, json};
use uuid::Uuid;

const DAY: i64 = 86_400_000;
const FIRST: Day = 20_468;
/// More than a look turns by itself.
const PEOPLE: usize = 250;
/// By then nobody's only trip is of the last year any more.
const LATER: i64 = 300;

fn booked(member: usize, id: &str, day: &str) -> Value {
    json!({
        "source": "shop", "external_id": id, "type": "booking.confirmed", "occurred_at": format!("{day}T08:00:00Z"),
        "customer": {"identities": [{"kind": "member_no", "value": format!("M{member}")}]},
        "data": {"booking_id": id, "amount": 10_000},
    })
}

/// Customers with a trip each, of two months before, and the host's frame of today.
async fn agency(store: &Store) -> (App, Clocks, Caller) {
    let (app, clocks) = testing::host(store, NOW);
    let (_, key) = testing::agency(store, "days").await;
    let caller = app.team().authenticate(&key).await.expect("a caller");
    let events: Vec<Value> = (0..PEOPLE).map(|n| booked(n, &format!("B{n}"), "2025-11-10")).collect();
    let answer = app.intake().accept(&caller, &events).await.expect("an answer");
    assert_eq!(answer.accepted, PEOPLE, "{answer:?}");
    let day = app.days().of_facts(&caller).await.expect("a day");
    assert_eq!((day.day, day.turning), (Some(FIRST), None));
    (app, clocks, caller)
}

/// The day of a question about everyone, and how many travelled within the year before it.
async fn travelled(app: &App, caller: &Caller) -> (Day, u64) {
    let pareto = app
        .insights()
        .pareto(caller, Window::Year, Measure::Spend)
        .await
        .expect("a view");
    (pareto.day, pareto.curve.customers)
}

/// Number and id of the customer with this member number.
async fn whose(app: &App, caller: &Caller, member: &str) -> (i64, Uuid) {
    let mut tx = app
        .store
        .read(Access::Agency(caller.room.id))
        .await
        .expect("a transaction");
    let all = profiles::member_numbers(&mut tx, caller.room.id, 0, PEOPLE as i64);
    let all = all.await.expect("customers");
    let found = all.into_iter().find(|(.., number)| number.as_deref() == Some(member));
    found.map(|(ordinal, id, _)| (ordinal, id)).expect("the customer")
}

/// How many trips of the last year a customer has, by the look at the one customer.
async fn trips(app: &App, caller: &Caller, member: &str) -> Value {
    let (_, id) = whose(app, caller, member).await;
    app.profiles().get(caller, id).await.expect("a customer").facts["trips-12m"].clone()
}

async fn a_look_meanwhile_is_of_the_last_day(store: Store) {
    let (app, clocks, caller) = agency(&store).await;
    clocks.business.set(NOW + LATER * DAY);
    // nobody is turned as long as somebody holds this
    let held = caller.room.turning.clone().lock_owned().await;
    let last = FactsDay {
        day: Some(FIRST),
        turning: Some(Turning {
            to: FIRST + LATER as Day,
            left: PEOPLE as u64,
        }),
    };
    assert_eq!(travelled(&app, &caller).await, (FIRST, PEOPLE as u64));
    assert_eq!(app.days().of_facts(&caller).await.expect("a day"), last);
    // what happens is recorded for today, but everyone together stays on the last day
    let answer = app
        .intake()
        .accept(&caller, &[booked(7, "new", "2026-11-10")])
        .await
        .expect("an answer");
    assert_eq!(answer.accepted, 1, "{answer:?}");
    assert_eq!(
        (trips(&app, &caller, "M7").await, trips(&app, &caller, "M8").await),
        (json!(1), json!(0))
    );
    assert_eq!(travelled(&app, &caller).await, (FIRST, PEOPLE as u64));
    let left = app
        .days()
        .of_facts(&caller)
        .await
        .expect("a day")
        .turning
        .map(|turning| turning.left);
    assert_eq!(left, Some(PEOPLE as u64 - 1), "the event has turned its customer");
    drop(held);
    app.days().bring_to_today(&caller).await.expect("a day");
    assert_eq!(travelled(&app, &caller).await, (FIRST + LATER as Day, 1));
    assert_eq!(
        app.days().of_facts(&caller).await.expect("a day"),
        FactsDay {
            day: Some(FIRST + LATER as Day),
            turning: None
        }
    );
}

async fn an_export_is_of_one_day(store: Store) {
    let (app, clocks, caller) = agency(&store).await;
    let whole = async |mut export: Export| {
        let mut bytes = Vec::new();
        while let Some(piece) = export.piece().await? {
            bytes.extend_from_slice(&piece);
        }
        Ok::<_, AppError>(String::from_utf8(bytes).expect("text").lines().count())
    };
    for (nth, format) in (1..).zip([Format::Csv, Format::Jsonl, Format::Arrow]) {
        let mut export = app.facts().export(&caller, format).await.expect("an export");
        assert!(export.piece().await.expect("first rows").is_some());
        clocks.business.set(NOW + nth * LATER * DAY);
        app.days().bring_to_today(&caller).await.expect("a day");
        let broken = export.piece().await;
        assert!(
            matches!(&broken, Err(AppError::Busy(problem)) if problem.code == "day_turning"),
            "{format:?}: {broken:?}"
        );
    }
    let export = app.facts().export(&caller, Format::Jsonl).await.expect("an export");
    assert_eq!(whole(export).await.expect("rows"), PEOPLE);
}

async fn whoever_changes_between_reading_and_writing_keeps_what_is_new(store: Store) {
    let (app, clocks, caller) = agency(&store).await;
    clocks.business.set(NOW + LATER * DAY);
    let held = caller.room.turning.clone().lock_owned().await;
    let (agency, today, now) = (caller.room.id, FIRST + LATER as Day, NOW + LATER * DAY);
    let (seven, _) = whose(&app, &caller, "M7").await;
    let others = (0..PEOPLE as i64).filter(|ordinal| *ordinal != seven);
    let half: Vec<i64> = std::iter::once(seven).chain(others).take(PEOPLE / 2).collect();
    let slice = turn::read(&store, agency, &half, today).await.expect("a slice");
    app.intake()
        .accept(&caller, &[booked(7, "new", "2026-11-10")])
        .await
        .expect("an answer");
    let written = turn::write(&store, agency, &slice, today, now).await.expect("a commit");
    assert_eq!(written, half.len() - 1);
    let mut tx = store.read(Access::Agency(agency)).await.expect("a transaction");
    let facts = profiles::facts_of(&mut tx, agency, seven)
        .await
        .expect("facts")
        .expect("a row");
    assert_eq!((facts.facts.trips_total, facts.facts.trips_12m), (2, 1));
    drop(tx);
    // of those who were turned nobody is due, and to read them again finds nothing to do
    let again = turn::read(&store, agency, &half, today).await.expect("a slice");
    assert_eq!(
        turn::write(&store, agency, &again, today, now)
            .await
            .expect("no commit"),
        0
    );

    // a host that starts now finds facts of two days, and waits until they are of one
    let (other, clocks) = testing::host(&store, now);
    let theirs = testing::owner(&other, agency, caller.actor).await;
    let turning = theirs.room.turning.clone().lock_owned().await;
    let day = other.days().of_facts(&theirs).await.expect("a day");
    let left = (PEOPLE - half.len()) as u64;
    assert_eq!((day.day, day.turning.map(|turning| turning.left)), (None, Some(left)));
    drop(turning);
    assert_eq!(travelled(&other, &theirs).await, (today, 1));
    drop(held);
    assert_eq!(travelled(&app, &caller).await, (today, 1));
    drop(clocks);
}

async fn a_row_that_does_not_say_enough_is_folded_from_everything(store: Store) {
    let (_, _, caller) = agency(&store).await;
    let agency = caller.room.id;
    let stored = async || {
        let mut tx = store.read(Access::Agency(agency)).await.expect("a transaction");
        let row = profiles::facts_of(&mut tx, agency, 3).await.expect("facts");
        row.expect("a row")
    };
    let whole = stored().await;
    let mut row = whole.clone();
    (row.facts.since_on, row.facts.completeness, row.facts.edge_on) = (None, 77, Some(FIRST));
    let mut tx = store.write(Access::Agency(agency)).await.expect("a transaction");
    let change = intake::next_change(&mut tx, agency).await.expect("a change").change;
    intake::put_facts(&mut tx, agency, change, [&row]).await.expect("a row");
    tx.commit().await.expect("a commit");
    let slice = turn::read(&store, agency, &[3], FIRST).await.expect("a slice");
    assert_eq!(
        turn::write(&store, agency, &slice, FIRST, NOW).await.expect("a commit"),
        1
    );
    assert_eq!(stored().await.facts, whole.facts);
}

testing::on_both_engines!(
    a_look_meanwhile_is_of_the_last_day,
    an_export_is_of_one_day,
    whoever_changes_between_reading_and_writing_keeps_what_is_new,
    a_row_that_does_not_say_enough_is_folded_from_everything,
);
