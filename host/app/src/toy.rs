//! A capability of the tests. It registers all that a capability can, and no line of the machinery knows of it.

mod rule;

use crate::error::{AppError, Result};
use crate::facts::contributions::{Contribution, Contributions};
use crate::jobs::{self, Done, Job, JobClock, JobRow, Kinds, Lane, NewJob};
use crate::team::Caller;
use crate::testing::{self, NOW};
use crate::timeline::{Look, Seen, Source, Sources, TimelineEntry, Touch, Whose};
use crate::work::{Assignee, Due, NewTask, Subjects, TaskFilter, Workable};
use crate::{App, intake, segments};
use posthouse_domain::contribution::{Contributed, Fragment, Stored};
use posthouse_domain::facts::{Calendar, YEAR};
use posthouse_domain::time::{Clock, ManualClock, day_of};
use posthouse_domain::{Day, Instant, catalogue, words};
use posthouse_store::ledger::{self, Account, Cause, Posting};
use posthouse_store::{Access, Store, Tx, fragments, profiles};
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use uuid::Uuid;

const DAY: i64 = 86_400_000;
/// What an answer is worth.
const THANKS: i64 = 10;

/// An answer to a survey.
#[derive(Debug, Clone, Copy)]
struct Answer {
    agency: Uuid,
    customer: Uuid,
    at: Instant,
    score: i64,
}

/// The capability's own records.
static ANSWERS: Mutex<Vec<Answer>> = Mutex::new(Vec::new());

fn answers(agency: Uuid, customer: Uuid) -> Vec<Answer> {
    let all = ANSWERS.lock().unwrap();
    let own = all.iter().filter(|a| (a.agency, a.customer) == (agency, customer));
    own.copied().collect()
}

/// What customers say when they are asked.
struct Voice;

impl Contribution for Voice {
    const NAME: &'static str = "voice";
    const FACTS: &'static [&'static str] = &["nps", "csat-12m", "reviews-12m"];

    async fn fold(_: &mut Tx, agency: Uuid, customers: &[Uuid], today: Day) -> Result<HashMap<Uuid, Fragment>> {
        let mut folded = HashMap::new();
        for customer in customers {
            let (mut calendar, mut values) = (Calendar::of(today), Contributed::new());
            let (mut times, mut sum) = (0, 0);
            for answer in answers(agency, *customer) {
                let day = day_of(answer.at, chrono_tz::Asia::Shanghai);
                if calendar.has_come(day) {
                    values.insert("nps".into(), Stored::Whole(answer.score));
                }
                if calendar.within(day, YEAR) {
                    (times, sum) = (times + 1, sum + answer.score);
                }
            }
            values.insert("reviews-12m".into(), Stored::Whole(times));
            if times > 0 {
                values.insert("csat-12m".into(), Stored::Number(sum as f64 / times as f64));
            }
            let fragment = Fragment {
                edge_on: calendar.edge_on(),
                values,
                ..Fragment::default()
            };
            folded.insert(*customer, fragment);
        }
        Ok(folded)
    }
}

impl Source for Voice {
    async fn touches(_: &mut Tx, agency: Uuid, whose: Whose, look: &Look<'_>) -> Result<Seen> {
        let touch = |answer: Answer| Touch {
            received: answer.at,
            entry: TimelineEntry {
                r#type: "survey.answered".into(),
                occurred_at: answer.at,
                source: "voice".into(),
                external_id: answer.at.to_string(),
                data: json!({"score": answer.score}),
            },
        };
        let found = answers(agency, whose.id).into_iter();
        Ok(found
            .filter(|a| a.at >= look.since)
            .map(touch)
            .collect::<Vec<_>>()
            .into())
    }
}

/// Somebody answers.
impl Job for Voice {
    const KIND: &'static str = "voice.answer";

    async fn run(app: &App, job: &JobRow) -> Result<Done> {
        let (agency, now) = (job.agency_id, app.now());
        let (customer, score) = job.key.split_once('/').expect("a customer and a score");
        let customer = customer.parse().expect("an id");
        let score = score.parse().expect("a score");
        ANSWERS.lock().unwrap().push(Answer {
            agency,
            customer,
            at: now,
            score,
        });
        let room = app.room(agency).await?;
        let mut tx = app.store.write(Access::Agency(agency)).await?;
        let cause = Cause {
            kind: "answer",
            id: Uuid::from_u128(now as u128),
        };
        let thanks = Posting {
            account: Account::new("thanks", customer),
            amount: THANKS,
            at_most: None,
            parts: Vec::new(),
        };
        // an answer that is told twice is paid once
        for first in [true, false] {
            let credited = ledger::credit(&mut tx, agency, cause, now, std::slice::from_ref(&thanks)).await?;
            assert_eq!(credited, first);
        }
        app.facts()
            .contribute::<Self>(&mut tx, agency, &[customer], room.day_of(now))
            .await?;
        jobs::finish(&mut tx, app.host, job).await?;
        tx.commit().await?;
        room.woken.notify_one();
        Ok(Done::Finished)
    }
}

/// Customers who answered have something to be done about them.
impl Workable for Voice {
    const KIND: &'static str = "customer";
    const TASK_KINDS: &'static [&'static str] = &["call-back"];

    async fn find(tx: &mut Tx, agency: Uuid, name: &str) -> Result<Uuid> {
        let id = Uuid::try_parse(name).map_err(|_| AppError::NotFound("customer"))?;
        let row = profiles::customer(tx, agency, id).await?;
        Ok(row.ok_or(AppError::NotFound("customer"))?.id)
    }

    async fn hold(_: &mut Tx, agency: Uuid, id: Uuid) -> Result<()> {
        match answers(agency, id).is_empty() {
            true => Err(AppError::conflict("wrong_state", words!("no answer yet", "尚无答复"))),
            false => Ok(()),
        }
    }

    async fn names(_: &mut Tx, _: Uuid, ids: &[Uuid]) -> Result<HashMap<Uuid, String>> {
        Ok(ids.iter().map(|id| (*id, "A guest".to_owned())).collect())
    }
}

/// A host with the capability, at a time of business.
fn host(store: &Store, at: Instant) -> (App, Arc<ManualClock>) {
    let (mut app, clocks) = testing::host(store, at);
    app.kinds = Kinds::default().with::<Voice>();
    app.contributions = Contributions::default().with::<Voice>();
    app.subjects = Subjects::default().with::<Voice>();
    app.sources = Sources::default()
        .with::<intake::Records>()
        .with::<segments::Moves>()
        .with::<Voice>();
    (app, clocks.business)
}

/// The customer answers now.
async fn answer(app: &App, caller: &Caller, customer: Uuid, score: i64) {
    let mut tx = app
        .store
        .write(Access::Agency(caller.room.id))
        .await
        .expect("a transaction");
    let job = NewJob {
        kind: <Voice as Job>::KIND,
        key: &format!("{customer}/{score}"),
        lane: Lane::Timers,
        clock: JobClock::Business,
        due: app.now(),
    };
    jobs::put(&mut tx, caller.room.id, job).await.expect("a job");
    tx.commit().await.expect("a commit");
    while app.run_timers().await.expect("jobs run") > 0 {}
}

/// Facts of the only customer, as the frame has them.
async fn in_frame(app: &App, caller: &Caller) -> Vec<serde_json::Value> {
    let mut desk = caller.room.desk.lock().await;
    let moment = app.segments().sync(&caller.room, &mut desk).await.expect("a frame");
    let frame = caller.room.frame();
    let value = |key: &&str| frame.value_at(catalogue::position(key), 0, moment.today).to_json();
    ["nps", "csat-12m", "reviews-12m", "trips-total"]
        .iter()
        .map(value)
        .collect()
}

async fn in_profile(app: &App, caller: &Caller, customer: Uuid) -> Vec<serde_json::Value> {
    let view = app.profiles().get(caller, customer).await.expect("a customer");
    let value = |key: &&str| view.facts[*key].clone();
    ["nps", "csat-12m", "reviews-12m", "trips-total"]
        .iter()
        .map(value)
        .collect()
}

async fn a_capability_contributes_its_facts(store: Store) {
    let (app, clock) = host(&store, NOW);
    let (caller, customer) = testing::agency_with_a_trip(&app, "voice").await;
    let nobody_said_anything = [json!(null), json!(null), json!(0), json!(1)];
    assert_eq!(in_frame(&app, &caller).await, nobody_said_anything);
    let mut tx = store.read(Access::Agency(caller.room.id)).await.expect("a transaction");
    let (before, _) = profiles::counter(&mut tx, caller.room.id).await.expect("a counter");
    drop(tx);
    answer(&app, &caller, customer, 9).await;
    clock.set(NOW + DAY);
    answer(&app, &caller, customer, 6).await;
    let both = [json!(6), json!(7.5), json!(2), json!(1)];
    assert_eq!(in_frame(&app, &caller).await, both);
    assert_eq!(in_profile(&app, &caller, customer).await, both);
    // nothing else of the customer was folded for it
    let mut tx = store.read(Access::Agency(caller.room.id)).await.expect("a transaction");
    let folded = profiles::facts_after(&mut tx, caller.room.id, before, i64::MAX).await;
    assert_eq!(folded.expect("rows").len(), 0);
    drop(tx);
    // windows move by themselves: for a single look at once, for everyone when the day turns
    clock.set(NOW + 365 * DAY);
    let one = [json!(6), json!(6.0), json!(1), json!(1)];
    assert_eq!(in_profile(&app, &caller, customer).await, one);
    assert_eq!(in_frame(&app, &caller).await, one);
    // and what another host reads is the same
    let (other, _) = host(&store, NOW + 365 * DAY);
    let there = testing::owner(&other, caller.room.id, caller.actor).await;
    assert_eq!(in_frame(&other, &there).await, one);
    // where the business clock stands before, they are folded for that day
    let (earlier, _) = host(&store, NOW + DAY);
    let then = testing::owner(&earlier, caller.room.id, caller.actor).await;
    assert_eq!(in_frame(&earlier, &then).await, both);
}

async fn its_entries_stand_among_the_others(store: Store) {
    let (app, clock) = host(&store, NOW);
    let (caller, customer) = testing::agency_with_a_trip(&app, "touches").await;
    for (day, score) in [(0, 3), (1, 4), (2, 5)] {
        clock.set(NOW + day * DAY);
        answer(&app, &caller, customer, score).await;
    }
    let told = json!({
        "source": "shop", "external_id": "2", "type": "site.viewed", "occurred_at": "2026-01-15T12:00:00Z",
        "customer": {"identities": [{"kind": "phone", "value": "13800138000"}]}, "data": {},
    });
    let accepted = app.intake().accept(&caller, &[told]).await.expect("an answer");
    assert_eq!(accepted.accepted, 1, "{accepted:?}");
    let all = [
        "survey.answered",
        "survey.answered",
        "site.viewed",
        "survey.answered",
        "booking.confirmed",
    ];
    for limit in 1..=5 {
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let page = app
                .profiles()
                .timeline(&caller, customer, cursor.as_deref(), limit)
                .await;
            let (entries, next) = page.expect("a page");
            assert!(entries.len() <= limit);
            seen.extend(entries.into_iter().map(|entry| entry.r#type));
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, all, "in pages of {limit}");
    }
}

async fn its_account_and_its_tasks_are_kept(store: Store) {
    let (app, clock) = host(&store, NOW);
    let (caller, customer) = testing::agency_with_a_trip(&app, "work").await;
    let about = format!("customer/{customer}");
    let call = NewTask {
        kind: Some("call-back".into()),
        title: "Ask what went wrong".into(),
        assignee: Assignee::Nobody,
        due: Due::Never,
    };
    let refused = app.tasks().add(&caller, Some(&about), &call).await;
    assert!(matches!(refused, Err(AppError::Conflict(_))), "{refused:?}");
    for day in [0, 1] {
        clock.set(NOW + day * DAY);
        answer(&app, &caller, customer, 2).await;
    }
    let mut tx = store.read(Access::Agency(caller.room.id)).await.expect("a transaction");
    let account = Account::new("thanks", customer);
    let sums = ledger::total(&mut tx, caller.room.id, &account).await.expect("sums");
    assert_eq!((sums.credited, sums.debited, sums.held), (2 * THANKS, 0, 0));
    drop(tx);
    app.tasks().add(&caller, Some(&about), &call).await.expect("a task");
    let filter = TaskFilter {
        subject: Some(&about),
        ..TaskFilter::default()
    };
    let (tasks, _) = app.tasks().list(&caller, &filter, None, 10).await.expect("tasks");
    let shown: Vec<_> = tasks
        .iter()
        .map(|task| (task.kind.as_str(), task.about.as_ref().map(|about| about.name.as_str())))
        .collect();
    assert_eq!(shown, [("call-back", Some("A guest"))]);
}

/// Contributes what is not its own.
struct Greedy;

impl Contribution for Greedy {
    const NAME: &'static str = "greedy";
    const FACTS: &'static [&'static str] = &["tier"];

    async fn fold(_: &mut Tx, _: Uuid, customers: &[Uuid], _: Day) -> Result<HashMap<Uuid, Fragment>> {
        let fragment = Fragment {
            values: Contributed::from([("points-balance".to_owned(), Stored::Whole(1))]),
            ..Fragment::default()
        };
        Ok(customers.iter().map(|id| (*id, fragment.clone())).collect())
    }
}

async fn only_its_own_facts_are_stored(store: Store) {
    let (mut app, _) = host(&store, NOW);
    app.contributions = Contributions::default().with::<Greedy>();
    let (caller, customer) = testing::agency_with_a_trip(&app, "greedy").await;
    let mut tx = store
        .write(Access::Agency(caller.room.id))
        .await
        .expect("a transaction");
    let refused = app
        .facts()
        .contribute::<Greedy>(&mut tx, caller.room.id, &[customer], 0)
        .await;
    assert!(matches!(refused, Err(AppError::Internal(_))), "{refused:?}");
    let rows = fragments::of(&mut tx, caller.room.id, 0).await.expect("rows");
    assert_eq!(rows, []);
    let unknown = app
        .facts()
        .contribute::<Voice>(&mut tx, caller.room.id, &[customer], 0)
        .await;
    assert!(matches!(unknown, Err(AppError::Internal(_))), "{unknown:?}");
}

#[test]
#[should_panic(expected = "not a fact that can be contributed")]
fn facts_that_are_folded_from_records_are_nobodys_to_contribute() {
    struct Other;
    impl Contribution for Other {
        const NAME: &'static str = "other";
        const FACTS: &'static [&'static str] = &["trips-total"];

        async fn fold(_: &mut Tx, _: Uuid, _: &[Uuid], _: Day) -> Result<HashMap<Uuid, Fragment>> {
            Ok(HashMap::new())
        }
    }
    let _ = Contributions::default().with::<Other>();
}

testing::on_both_engines!(
    a_capability_contributes_its_facts,
    its_entries_stand_among_the_others,
    its_account_and_its_tasks_are_kept,
    only_its_own_facts_are_stored,
);
