//! Cases on both engines: a desk always, each clock once, each step by one, what is promised carried out once.

mod lives;
mod rules;

use super::{
    CaseFilter, CaseView, Clock, Contact, CrisisFilter, CrisisStep, Deed, DeskView, Links, NewCase, Outcome, Promised,
    Seat, WaitFor,
};
use crate::App;
use crate::error::AppError;
use crate::jobs::{Job, JobRow, Lane, Together};
use crate::team::{Caller, Mask, NewKey, NewStaff, Scope, create_key};
use crate::testing::{self, Clocks, NOW, on_both_engines};
use crate::work::TaskFilter;
use posthouse_domain::complaints::{Cause, ClockKind, Compensation, Kind, Liability, Remedy, State};
use posthouse_domain::{Clock as _, Localized};
use posthouse_store::complaints as store;
use posthouse_store::jobs::{self, JobClock};
use posthouse_store::{Access, Store};
use std::collections::HashMap;
use uuid::Uuid;

on_both_engines!(
    without_a_rule_a_case_has_a_desk_a_number_and_clocks,
    a_case_goes_its_way,
    what_is_due_happens_once_however_often_and_late_somebody_looks,
    sixty_four_at_once_are_one,
    a_compensation_is_carried_out_once,
    complaints_of_one_product_and_cause_are_a_crisis,
    the_least_loaded_gets_the_next_case,
    a_case_that_is_over_can_be_found_again,
    what_a_role_does_not_see_is_in_no_case,
);

const HOUR: i64 = 3_600_000;

struct Agency {
    app: App,
    clocks: Clocks,
    caller: Caller,
    customer: Uuid,
}

impl Agency {
    async fn new(store: &Store, slug: &str) -> Self {
        let (app, clocks) = testing::host(store, NOW);
        let (caller, customer) = testing::agency_with_a_trip(&app, slug).await;
        Self {
            app,
            clocks,
            caller,
            customer,
        }
    }

    async fn open(&self, new: NewCase) -> CaseView {
        self.app.complaints().open(&self.caller, &new).await.expect("a case")
    }

    async fn act(&self, case: &CaseView, deed: Deed) -> Result<CaseView, AppError> {
        self.app
            .complaints()
            .act(&self.caller, &case.id.to_string(), &deed, None)
            .await
    }

    async fn done(&self, case: &CaseView, deed: Deed) -> CaseView {
        self.act(case, deed).await.expect("it is done")
    }

    async fn case(&self, id: Uuid) -> CaseView {
        self.app
            .complaints()
            .case(&self.caller, &id.to_string())
            .await
            .expect("a case")
    }

    async fn officer(&self, email: &str) -> Uuid {
        let new = NewStaff {
            email,
            name: None,
            role: "complaint_officer",
            branch: None,
        };
        self.app
            .team()
            .invite(&self.caller, new)
            .await
            .expect("an invitation")
            .person
            .id
    }

    async fn desk(&self, key: &str, skills: &[&str], people: &[Uuid]) {
        let desk = DeskView {
            key: key.into(),
            title: Localized::new(key, key),
            calendar: "standard".into(),
            skills: skills.iter().map(|skill| (*skill).to_owned()).collect(),
            people: people
                .iter()
                .map(|person| Seat {
                    person: *person,
                    on_duty: true,
                })
                .collect(),
            version: 0,
        };
        self.app
            .complaints()
            .put_desk(&self.caller, &desk, None)
            .await
            .expect("a desk");
    }

    fn at(&self, at: i64) {
        self.clocks.business.set(at);
        self.clocks.machine.set(at);
    }

    /// Has the clock of a case looked at, as the host does when it is due.
    async fn tick(&self, id: Uuid) {
        Clock::run(&self.app, &self.job(id)).await.expect("it is done");
    }

    fn job(&self, id: Uuid) -> JobRow {
        JobRow {
            agency_id: self.caller.room.id,
            kind: Clock::KIND.to_owned(),
            key: id.to_string(),
            lane: Lane::Timers,
            due: 0,
            version: 1,
            attempts: 1,
        }
    }

    async fn kinds(&self, id: Uuid) -> HashMap<String, usize> {
        let entries = self
            .app
            .complaints()
            .entries(&self.caller, &id.to_string(), None, 200)
            .await;
        let mut kinds = HashMap::new();
        for entry in entries.expect("entries") {
            let clock = entry.data["clock"].as_str().unwrap_or_default();
            let percent = entry.data["percent"]
                .as_i64()
                .map(|percent| percent.to_string())
                .unwrap_or_default();
            *kinds
                .entry(format!("{} {clock} {percent}", entry.kind).trim().to_owned())
                .or_default() += 1;
        }
        kinds
    }

    async fn fact(&self, key: &str) -> serde_json::Value {
        let seen = self
            .app
            .profiles()
            .get(&self.caller, self.customer)
            .await
            .expect("a customer");
        seen.facts[key].clone()
    }

    /// When the host looks at something of a case next, of all agencies.
    async fn next(&self) -> Option<i64> {
        let mut tx = self.app.store.read(Access::Jobs).await.expect("a transaction");
        let nobody = [Uuid::nil(); 4];
        let next = jobs::next_due(&mut tx, Lane::Timers, JobClock::Business, i64::MAX, nobody).await;
        next.expect("an answer")
    }
}

fn complaint(booking: Option<&str>) -> NewCase {
    NewCase {
        booking: booking.map(str::to_owned),
        text: "no lake view".into(),
        ..NewCase::default()
    }
}

fn code<T: std::fmt::Debug>(answer: Result<T, AppError>) -> String {
    match answer.expect_err("it is refused") {
        AppError::Invalid(said) | AppError::Conflict(said) | AppError::Denied(said) => said.code,
        AppError::NotFound(what) => format!("no {what}"),
        other => panic!("{other:?}"),
    }
}

async fn without_a_rule_a_case_has_a_desk_a_number_and_clocks(store: Store) {
    let it = Agency::new(&store, "opened").await;
    let case = it.open(complaint(Some("B1"))).await;
    assert_eq!(
        (case.number.as_str(), case.desk.as_str(), case.person),
        ("C2601-0001", "default", None)
    );
    assert_eq!(
        (case.customer, case.state, case.severity),
        (Some(it.customer), State::New, 3)
    );
    assert_eq!(case.clocks.len(), 6, "{:?}", case.clocks);
    assert!(
        case.clocks.iter().all(|clock| clock.due_at.is_some()),
        "{:?}",
        case.clocks
    );
    // Thursday noon: four working hours for the first response
    let first = case
        .clocks
        .iter()
        .find(|clock| clock.kind == ClockKind::FirstResponse)
        .expect("a clock");
    assert_eq!(first.due_at, Some(NOW + 4 * HOUR));
    assert!(it.next().await.is_some_and(|due| due > NOW && due <= NOW + 4 * HOUR));
    let second = it.open(complaint(None)).await;
    assert_eq!((second.number.as_str(), second.customer), ("C2601-0002", None));
    // somebody is known by the telephone number as well
    let contact = Contact {
        phone: Some("138 0013 8000".into()),
        ..Contact::default()
    };
    let third = it
        .open(NewCase {
            contact,
            ..complaint(None)
        })
        .await;
    assert_eq!(third.customer, Some(it.customer));
    assert_eq!(it.fact("open-complaints").await, 2);
    let by_number = it
        .app
        .complaints()
        .case(&it.caller, "C2601-0002")
        .await
        .expect("a case");
    assert_eq!(by_number.id, second.id);
    let empty = NewCase {
        text: " ".into(),
        ..complaint(None)
    };
    assert_eq!(
        code(it.app.complaints().open(&it.caller, &empty).await),
        "bad_complaint"
    );
    let stranger = NewCase {
        customer: Some(Uuid::from_u128(9)),
        ..complaint(None)
    };
    assert_eq!(
        code(it.app.complaints().open(&it.caller, &stranger).await),
        "no customer"
    );
}

async fn a_case_goes_its_way(store: Store) {
    let it = Agency::new(&store, "ways").await;
    let officer = it.officer("lin@example.com").await;
    it.desk("senior", &["senior"], &[officer]).await;
    let case = it.open(complaint(Some("B1"))).await;
    assert_eq!(code(it.act(&case, Deed::Accept(None)).await), "wrong_state");
    let unknown = Deed::Assign(Some("nowhere".into()), None, None);
    assert_eq!(code(it.act(&case, unknown).await), "unknown_desk");
    let case = it
        .done(
            &case,
            Deed::Assign(Some("senior".into()), None, Some("asks for the manager".into())),
        )
        .await;
    assert_eq!(
        (case.desk.as_str(), case.person, case.state),
        ("senior", Some(officer), State::Assigned)
    );
    let case = it.done(&case, Deed::Reply("we look into it".into())).await;
    assert_eq!((case.state, case.first_response_at), (State::Investigating, Some(NOW)));
    let case = it.done(&case, Deed::Wait(WaitFor::Customer, None)).await;
    let running: Vec<ClockKind> = case
        .clocks
        .iter()
        .filter(|one| one.due_at.is_some())
        .map(|one| one.kind)
        .collect();
    assert_eq!(running, [ClockKind::StatutoryReply, ClockKind::StatutoryMediation]);
    it.at(NOW + HOUR);
    let case = it.done(&case, Deed::Answer("here is the photograph".into())).await;
    assert_eq!(case.state, State::Investigating);
    let links = Links {
        liability: Some(Liability::Agency),
        cause: Some(Cause::Product),
        ..Links::default()
    };
    let case = it.done(&case, Deed::Link(links)).await;
    assert_eq!(
        (case.liability.as_deref(), case.cause.as_deref()),
        (Some("agency"), Some("product"))
    );
    let case = it
        .done(&case, Deed::Propose("half of it back".into(), Vec::new()))
        .await;
    let case = it.done(&case, Deed::Accept(None)).await;
    assert_eq!((case.state, case.resolved_at), (State::Resolved, Some(NOW + HOUR)));
    assert_eq!(it.next().await, None, "nothing runs any more");
    assert_eq!(it.fact("open-complaints").await, 0);
    assert_eq!(
        code(it.act(&case, Deed::Close(Outcome::default())).await),
        "outcome_missing"
    );
    let case = it.done(&case, Deed::Rate(1, Some("late".into()))).await;
    assert_eq!((case.rating, it.fact("badly-resolved-12m").await), (Some(1), 1.into()));
    let outcome = Outcome {
        root_cause: Some("sold twice".into()),
        rectification: Some("the hotel confirms by name".into()),
        ..Outcome::default()
    };
    let case = it.done(&case, Deed::Close(outcome)).await;
    assert_eq!(case.state, State::Closed);
    let case = it.done(&case, Deed::Reopen("still no refund".into())).await;
    assert_eq!(
        (case.state.is_open(), case.reopened, case.desk.as_str()),
        (true, 1, "senior")
    );
    assert_eq!(it.fact("open-complaints").await, 1);
    let stale = it
        .app
        .complaints()
        .act(&it.caller, &case.id.to_string(), &Deed::Note("x".into()), Some(1))
        .await;
    assert_eq!(code(stale), "version_changed");
    // a suggestion is not closed before its author has heard what was made of it
    let suggestion = it
        .open(NewCase {
            kind: Kind::Suggestion,
            ..complaint(Some("B1"))
        })
        .await;
    assert_eq!(suggestion.clocks.len(), 3, "the law says nothing of suggestions");
    let suggestion = it.done(&suggestion, Deed::Resolve(Outcome::default())).await;
    assert_eq!(
        code(it.act(&suggestion, Deed::Close(Outcome::default())).await),
        "outcome_missing"
    );
    let told = Outcome {
        assessment: Some("from May on".into()),
        ..Outcome::default()
    };
    assert_eq!(it.done(&suggestion, Deed::Close(told)).await.state, State::Closed);
}

async fn what_is_due_happens_once_however_often_and_late_somebody_looks(store: Store) {
    let it = Agency::new(&store, "due").await;
    let (case, other) = (it.open(complaint(Some("B1"))).await, it.open(complaint(None)).await);
    it.at(NOW + 2 * HOUR);
    for _ in 0..3 {
        it.tick(case.id).await;
    }
    assert_eq!(it.kinds(case.id).await.get("warned first_response 50"), Some(&1));
    assert!(!it.case(case.id).await.breached);
    // two hosts at once, a month later
    it.at(NOW + 30 * 24 * HOUR);
    let jobs = [it.job(case.id), it.job(other.id)];
    let (one, two, three) = tokio::join!(
        Clock::run(&it.app, &jobs[0]),
        Clock::run_all(&it.app, &jobs),
        Clock::run(&it.app, &jobs[1])
    );
    one.expect("done");
    two.expect("done");
    three.expect("done");
    for id in [case.id, other.id] {
        let kinds = it.kinds(id).await;
        for clock in [
            "first_response",
            "next_update",
            "resolution",
            "statutory_acceptance",
            "statutory_reply",
        ] {
            assert_eq!(kinds.get(&format!("breached {clock}")), Some(&1), "{clock}: {kinds:?}");
            for percent in [50, 80] {
                assert_eq!(
                    kinds.get(&format!("warned {clock} {percent}")),
                    Some(&1),
                    "{clock}: {kinds:?}"
                );
            }
        }
        assert_eq!(
            kinds.get("breached statutory_mediation"),
            None,
            "sixty days have not passed"
        );
        let case = it.case(id).await;
        assert!(case.breached && case.state.is_open());
    }
    // resolved late is resolved badly
    let case = it.done(&case, Deed::Resolve(Outcome::default())).await;
    assert_eq!(case.state, State::Resolved);
    assert_eq!(it.fact("badly-resolved-12m").await, 1);
    // a clock that goes back says nothing again
    it.at(NOW + HOUR);
    it.tick(other.id).await;
    assert_eq!(it.kinds(other.id).await.get("breached first_response"), Some(&1));
}

async fn sixty_four_at_once_are_one(store: Store) {
    let it = Agency::new(&store, "sixty-four").await;
    let case = it.open(complaint(Some("B1"))).await;
    it.done(&case, Deed::Propose("half of it back".into(), Vec::new()))
        .await;
    let all = (0..64).map(|_| {
        let (app, caller, id) = (it.app.clone(), it.caller.clone(), case.id.to_string());
        tokio::spawn(async move { app.complaints().act(&caller, &id, &Deed::Accept(None), None).await })
    });
    let (mut accepted, mut refused) = (0, 0);
    for one in all.collect::<Vec<_>>() {
        match one.await.expect("no panic") {
            Ok(_) => accepted += 1,
            Err(AppError::Conflict(said)) if said.code == "wrong_state" => refused += 1,
            Err(error) => assert!(error.will_pass(), "{error:?}"),
        }
    }
    assert_eq!(accepted, 1, "{refused} were refused");
    assert_eq!(it.kinds(case.id).await.get("accept"), Some(&1));
    // nobody's assignment is lost, and no two of them are one
    let desks = ["a", "b", "c", "d"];
    for key in desks {
        it.desk(key, &[], &[]).await;
    }
    let case = it.open(complaint(None)).await;
    let all = (0..64).map(|n| {
        let (app, caller, id) = (it.app.clone(), it.caller.clone(), case.id.to_string());
        let deed = Deed::Assign(Some(desks[n % 4].to_owned()), None, None);
        tokio::spawn(async move { app.complaints().act(&caller, &id, &deed, None).await.is_ok() })
    });
    let mut assigned = 0;
    for one in all.collect::<Vec<_>>() {
        assigned += usize::from(one.await.expect("no panic"));
    }
    assert!(assigned > 0);
    assert_eq!(it.kinds(case.id).await.get("assign"), Some(&assigned));
    assert!(desks.contains(&it.case(case.id).await.desk.as_str()));
}

async fn a_compensation_is_carried_out_once(store: Store) {
    let it = Agency::new(&store, "promises").await;
    let case = it.open(complaint(Some("B1"))).await;
    let complaints = it.app.complaints();
    let of = |remedy, amount| Promised {
        what: Compensation { remedy, amount },
        reason: Some("no lake view".into()),
        coupon: None,
    };
    let name = case.id.to_string();
    // a key that may not do everything promises nothing alone
    let key = NewKey {
        name: "desk",
        scopes: &[Scope::Intake, Scope::Read],
        holder: None,
    };
    let (_, key) = create_key(&it.app.store, it.caller.room.id, key, NOW, &crate::clock::SystemEntropy)
        .await
        .expect("a key");
    let clerk = it.app.team().authenticate(&key).await.expect("a caller");
    let waiting = complaints
        .promise(&clerk, &name, &of(Remedy::Refund, 60_000))
        .await
        .expect("a promise");
    assert_eq!((waiting.state.as_str(), waiting.cost), ("waiting", 0));
    assert!(matches!(
        complaints.approve(&clerk, waiting.id, None).await,
        Err(AppError::Forbidden(_))
    ));
    it.done(&case, Deed::Resolve(Outcome::default())).await;
    assert_eq!(
        code(it.act(&case, Deed::Close(Outcome::default())).await),
        "compensations_waiting"
    );
    let all = (0..64).map(|_| {
        let (app, caller, id) = (it.app.clone(), it.caller.clone(), waiting.id);
        tokio::spawn(async move { app.complaints().approve(&caller, id, Some("yes")).await })
    });
    for one in all.collect::<Vec<_>>() {
        if let Err(error) = one.await.expect("no panic") {
            assert!(error.will_pass(), "{error:?}");
        }
    }
    assert_eq!(
        code(complaints.reject(&it.caller, waiting.id, None).await),
        "compensation_decided"
    );
    assert_eq!(it.case(case.id).await.cost, Some(60_000));
    let subject = format!("complaint/{}", case.number);
    let filter = TaskFilter {
        subject: Some(&subject),
        ..TaskFilter::default()
    };
    let (tasks, _) = it
        .app
        .tasks()
        .list(&it.caller, &filter, None, 100)
        .await
        .expect("tasks");
    assert_eq!(tasks.len(), 1, "{tasks:?}");
    assert_eq!(tasks[0].kind, "refund");
    // within the owner's limit nobody else is asked, above it somebody is
    let own = complaints
        .promise(&it.caller, &name, &of(Remedy::Gift, 1_000))
        .await
        .expect("a promise");
    assert_eq!((own.state.as_str(), own.cost), ("approved", 1_000));
    let much = complaints
        .promise(&it.caller, &name, &of(Remedy::Refund, 2_000_000))
        .await
        .expect("a promise");
    assert_eq!(much.state, "waiting");
    assert_eq!(
        code(complaints.approve(&it.caller, much.id, None).await),
        "own_compensation"
    );
    let rejected = complaints
        .reject(&it.caller, much.id, Some("too much"))
        .await
        .expect("an answer");
    assert_eq!(rejected.state, "rejected");
    // points are for members, and whoever nobody knows is none
    assert_eq!(
        code(complaints.promise(&it.caller, &name, &of(Remedy::Points, 500)).await),
        "not_a_member"
    );
    let unknown = it.open(complaint(None)).await;
    let promised = complaints
        .promise(&it.caller, &unknown.id.to_string(), &of(Remedy::Points, 500))
        .await;
    assert_eq!(code(promised), "customer_missing");
    assert_eq!(
        it.case(unknown.id).await.entries,
        unknown.entries,
        "nothing is half done"
    );
}

async fn complaints_of_one_product_and_cause_are_a_crisis(store: Store) {
    let it = Agency::new(&store, "crises").await;
    let complaints = it.app.complaints();
    let mut cases = Vec::new();
    for n in 1..=5 {
        let booked = serde_json::json!({
            "source": "shop", "external_id": format!("crisis-{n}"), "type": "booking.confirmed", "occurred_at": "2026-01-10T08:00:00Z",
            "customer": {"identities": [{"kind": "phone", "value": format!("1380013900{n}")}]},
            "data": {"booking_id": format!("K{n}"), "amount": 10_000, "product": "SY-5"},
        });
        assert_eq!(
            it.app
                .intake()
                .accept(&it.caller, &[booked])
                .await
                .expect("an answer")
                .accepted,
            1
        );
        let new = NewCase {
            cause: Some(Cause::Product),
            ..complaint(Some(&format!("K{n}")))
        };
        cases.push(it.open(new).await);
        let (crises, _) = complaints
            .crises(&it.caller, &CrisisFilter::default(), None, 10)
            .await
            .expect("crises");
        assert_eq!(crises.len(), usize::from(n >= 4), "after {n}");
    }
    let (crises, _) = complaints
        .crises(&it.caller, &CrisisFilter { open: Some(true) }, None, 10)
        .await
        .expect("crises");
    let crisis = &crises[0];
    assert_eq!(
        (crisis.state.as_str(), crisis.kind.as_str(), crisis.cases),
        ("watch", "product", 5)
    );
    assert_eq!(crisis.product.as_deref(), Some("SY-5"));
    for case in &cases {
        assert_eq!(it.case(case.id).await.crisis, Some(crisis.id));
    }
    let silent = async |it: &Agency| {
        let mut tx = it
            .app
            .store
            .read(Access::Agency(it.caller.room.id))
            .await
            .expect("a transaction");
        store::products_in_crisis(&mut tx, it.caller.room.id)
            .await
            .expect("products")
    };
    assert_eq!(silent(&it).await, Vec::<String>::new(), "a watch stops nothing");
    let step = async |step| {
        complaints
            .move_crisis(&it.caller, &crisis.number, step, None, None)
            .await
    };
    assert_eq!(code(step(CrisisStep::Contain).await), "wrong_state");
    assert_eq!(step(CrisisStep::Open).await.expect("it is one").state, "open");
    assert_eq!(
        step(CrisisStep::Open).await.expect("it is one").version,
        2,
        "opened before"
    );
    assert_eq!(silent(&it).await, ["SY-5"]);
    assert_eq!(step(CrisisStep::Contain).await.expect("contained").state, "contained");
    assert_eq!(step(CrisisStep::Repair).await.expect("repair").state, "repair");
    let closed = step(CrisisStep::Close).await.expect("over");
    assert_eq!((closed.state.as_str(), closed.closed_at), ("closed", Some(NOW)));
    assert_eq!(silent(&it).await, Vec::<String>::new());
    let subject = format!("complaint/{}", cases[0].id);
    let filter = TaskFilter {
        subject: Some(&subject),
        ..TaskFilter::default()
    };
    let (tasks, _) = it
        .app
        .tasks()
        .list(&it.caller, &filter, None, 100)
        .await
        .expect("tasks");
    let mut kinds: Vec<&str> = tasks.iter().map(|task| task.kind.as_str()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["call", "follow-up", "give-back", "survey"]);
}

async fn the_least_loaded_gets_the_next_case(store: Store) {
    let it = Agency::new(&store, "loads").await;
    let (one, two) = (it.officer("one@example.com").await, it.officer("two@example.com").await);
    it.desk("default", &[], &[one, two]).await;
    let all = (0..20).map(|_| {
        let (app, caller) = (it.app.clone(), it.caller.clone());
        tokio::spawn(async move {
            app.complaints()
                .open(&caller, &complaint(None))
                .await
                .expect("a case")
                .person
        })
    });
    let mut loads: HashMap<Option<Uuid>, usize> = HashMap::new();
    for person in all.collect::<Vec<_>>() {
        *loads.entry(person.await.expect("no panic")).or_default() += 1;
    }
    assert_eq!(loads, HashMap::from([(Some(one), 10), (Some(two), 10)]));
    // whoever goes off duty gets no more, and keeps what they have
    let desk = DeskView {
        people: vec![
            Seat {
                person: one,
                on_duty: false,
            },
            Seat {
                person: two,
                on_duty: true,
            },
        ],
        ..it.app.complaints().desk(&it.caller, "default").await.expect("a desk")
    };
    it.app
        .complaints()
        .put_desk(&it.caller, &desk, Some(desk.version))
        .await
        .expect("a desk");
    assert_eq!(it.open(complaint(None)).await.person, Some(two));
}

async fn a_case_that_is_over_can_be_found_again(store: Store) {
    let it = Agency::new(&store, "found").await;
    let case = it.open(complaint(Some("B1"))).await;
    it.open(NewCase {
        text: "车上没有空调".into(),
        ..complaint(None)
    })
    .await;
    it.done(&case, Deed::Withdraw(Some("a mistake".into()))).await;
    let found = async |filter: CaseFilter| {
        let (cases, _) = it
            .app
            .complaints()
            .list(&it.caller, &filter, None, 50)
            .await
            .expect("cases");
        cases.into_iter().map(|case| case.number).collect::<Vec<_>>()
    };
    let by = |q: &str| CaseFilter {
        q: Some(q.into()),
        ..CaseFilter::default()
    };
    assert_eq!(found(by("LAKE view")).await, ["C2601-0001"]);
    assert_eq!(found(by("空调")).await, ["C2601-0002"]);
    assert_eq!(found(by("%")).await, Vec::<String>::new());
    let open = CaseFilter {
        open: Some(true),
        by_due: true,
        ..CaseFilter::default()
    };
    assert_eq!(found(open).await, ["C2601-0002"]);
    let of_customer = CaseFilter {
        customer: Some(it.customer),
        ..CaseFilter::default()
    };
    assert_eq!(found(of_customer).await, ["C2601-0001"]);
    assert_eq!(
        code(
            it.app
                .complaints()
                .list(
                    &it.caller,
                    &CaseFilter {
                        state: Some("x".into()),
                        ..CaseFilter::default()
                    },
                    None,
                    5
                )
                .await
        ),
        "bad_state"
    );
    let lived = it
        .app
        .profiles()
        .timeline(&it.caller, it.customer, None, 50)
        .await
        .expect("a timeline");
    let kinds: Vec<&str> = lived.0.iter().map(|entry| entry.r#type.as_str()).collect();
    assert!(kinds.contains(&"complaint.opened"), "{kinds:?}");
    // another agency sees nothing of it
    let (other, _) = testing::agency_with_a_trip(&it.app, "stranger").await;
    assert_eq!(
        code(it.app.complaints().case(&other, &case.id.to_string()).await),
        "no complaint"
    );
    assert_eq!(
        code(it.app.complaints().case(&other, &case.number).await),
        "no complaint"
    );
}

async fn what_a_role_does_not_see_is_in_no_case(store: Store) {
    let it = Agency::new(&store, "masked").await;
    let complaints = it.app.complaints();
    let contact = Contact {
        phone: Some("13700137000".into()),
        ..Contact::default()
    };
    let case = it
        .open(NewCase {
            contact,
            ..complaint(None)
        })
        .await;
    let promised = Promised {
        what: Compensation {
            remedy: Remedy::Refund,
            amount: 4_321,
        },
        reason: None,
        coupon: None,
    };
    complaints
        .promise(&it.caller, &case.number, &promised)
        .await
        .expect("a promise");
    let file = b"%PDF-1.7 13700137000 %%EOF".to_vec();
    complaints
        .attach(&it.caller, &case.number, "13700137000.pdf", file)
        .await
        .expect("a file");
    let masked = Caller {
        masks: vec![Mask::Contact, Mask::Money],
        ..it.caller.clone()
    };
    let found = async |q: &str| {
        let filter = CaseFilter {
            q: Some(q.into()),
            ..CaseFilter::default()
        };
        let (cases, _) = complaints.list(&masked, &filter, None, 10).await.expect("cases");
        cases.len()
    };
    assert_eq!((found(&case.number).await, found("c2601").await), (1, 1));
    for kept in ["13700137000", "lake view", "\u{1f}", "1370%"] {
        assert_eq!(found(kept).await, 0, "{kept:?}");
    }
    let seen = complaints.case(&masked, &case.number).await.expect("a case");
    let entries = complaints
        .entries(&masked, &case.number, None, 50)
        .await
        .expect("entries");
    let files = complaints.files(&masked, &case.number).await.expect("files");
    let shown = format!("{seen:?} {entries:?} {files:?}");
    for kept in ["13700137000", "lake view", "4321", "4_321"] {
        assert!(!shown.contains(kept), "{kept}: {shown}");
    }
    assert_eq!(seen.cost, None);
    let filter = TaskFilter::default();
    let (tasks, _) = it.app.tasks().list(&masked, &filter, None, 10).await.expect("tasks");
    assert!(tasks.iter().all(|task| !task.title.contains("43.21")), "{tasks:?}");
    assert_eq!(
        code(complaints.compensations(&masked, &case.number).await),
        "data_masked"
    );
    assert_eq!(
        code(complaints.attachment(&masked, &case.number, 1).await),
        "data_masked"
    );
    assert_eq!(code(complaints.page_of(&masked, &case.number).await), "data_masked");
    let offer = Deed::Propose("half of it".into(), vec![promised]);
    assert_eq!(
        code(complaints.act(&masked, &case.number, &offer, None).await),
        "data_masked"
    );
    // and nobody is promised anything for what was taken back
    let case = it.open(complaint(None)).await;
    let key = NewKey {
        name: "clerk",
        scopes: &[Scope::Intake, Scope::Read],
        holder: None,
    };
    let (_, key) = create_key(&it.app.store, it.caller.room.id, key, NOW, &crate::clock::SystemEntropy)
        .await
        .expect("a key");
    let clerk = it.app.team().authenticate(&key).await.expect("a caller");
    let much = Promised {
        what: Compensation {
            remedy: Remedy::Refund,
            amount: 100,
        },
        reason: None,
        coupon: None,
    };
    let waiting = complaints
        .promise(&clerk, &case.number, &much)
        .await
        .expect("a promise");
    it.done(&case, Deed::Withdraw(None)).await;
    assert_eq!(
        code(complaints.approve(&it.caller, waiting.id, None).await),
        "wrong_state"
    );
    let rejected = complaints
        .reject(&it.caller, waiting.id, None)
        .await
        .expect("an answer");
    assert_eq!(rejected.state, "rejected");
}
