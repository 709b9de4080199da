//! The capability's own extension point: whether somebody who answered is called back is for the agency's rule to say.

use super::host;
use crate::App;
use crate::error::Result;
use crate::rules::breaker::{Attempt, Failing, good_revisions, trips};
use crate::rules::load::of_point;
use crate::rules::point::{About, Point, Rule, RuleName, Subject, decide};
use crate::rules::pointer::{BREAKER, NewRule, put_rule};
use crate::rules::preview::{Answers, Side, side_by_side};
use crate::rules::{DecisionFilter, Moment, Points};
use crate::team::Caller;
use crate::testing::{self, NOW};
use posthouse_domain::{Words, words};
use posthouse_engine::{Description, EngineConfig, ExtensionPoint, Value};
use posthouse_store::plugins::{self as bindings, BindingRevisionRow, Heard};
use posthouse_store::{Access, Store, Tx, decisions};
use posthouse_tests::guest::VoiceGuest;
use serde_json::{Value as Json, json};
use std::ops::ControlFlow;
use uuid::Uuid;

/// What the engine has to know of the point, which its own tests have.
#[path = "../../../engine/tests/engine/voice/point.rs"]
mod voice;

enum CallBack {}

impl Point for CallBack {
    type Engine = voice::Voice;
    type Request = i64;

    fn asked(score: &i64) -> (&i64, &[Value]) {
        (score, &[])
    }

    fn write(score: &i64, _: &Description) -> String {
        format!(r#"{{"score":{score}}}"#)
    }

    fn read(written: &Json, _: &Description) -> std::result::Result<i64, Words> {
        let score = written["score"].as_i64();
        score.ok_or_else(|| words!("there is no score", "没有评分"))
    }

    fn pin(call_back: &bool, _: &Description) -> Json {
        json!({"call_back": call_back})
    }
}

impl Side<i64> for Rule<CallBack> {
    type Said = bool;

    fn ask(&self, score: &i64, moment: Moment) -> Option<bool> {
        decide(self, moment, score).answer.ok()
    }
}

const BINDING: &str = "calls";
const MOMENT: Moment = Moment {
    now: NOW,
    today: 20_468,
};

/// A rule that calls back whoever gave exactly this score, or does something else instead.
async fn upload(app: &App, caller: &Caller, version: &str, score: i64, instead: &str) -> String {
    let guest = VoiceGuest {
        version: version.into(),
        score,
        before: VoiceGuest::at_score(score, instead),
    };
    let uploaded = app.plugins().upload(caller, guest.build().into()).await;
    uploaded.expect("a plugin").1.digest
}

const YES: &str = "";

/// Puts a rule into force, as a person does or the breaker.
async fn put(app: &App, caller: &Caller, digest: &str, back_to: Option<&BindingRevisionRow>) -> i64 {
    let mut tx = write(app, caller).await;
    let rule = NewRule {
        extension_point: CallBack::NAME,
        name: BINDING,
        digest,
        config: "{}",
        cause: if back_to.is_some() { BREAKER } else { "activation" },
        restores: back_to.map(|older| older.revision),
        by: back_to.is_none().then_some(caller.actor),
        note: None,
        grant: &[],
    };
    let revision = put_rule(app, &mut tx, caller.room.id, &rule, NOW).await;
    let revision = revision.expect("a revision");
    tx.commit().await.expect("a commit");
    revision
}

async fn write(app: &App, caller: &Caller) -> Tx {
    let tx = app.store.write(Access::Agency(caller.room.id)).await;
    tx.expect("a transaction")
}

async fn in_force(app: &App, caller: &Caller) -> Rule<CallBack> {
    let mut tx = write(app, caller).await;
    let bound = bindings::binding(&mut tx, caller.room.id, CallBack::NAME, BINDING).await;
    let bound = bound.expect("bindings").expect("a binding");
    let named = RuleName::in_force(&bound);
    let rule = app.plugins().rule(&mut tx, caller.room.id, named, &[]).await;
    rule.expect("a rule")
}

/// The host with the extension point on every floor.
fn points(app: &mut App) {
    let config = EngineConfig {
        points: posthouse_engine::Points::default().with(ExtensionPoint::of::<voice::Voice>()),
        ..EngineConfig::default()
    };
    app.engine = posthouse_engine::Engine::new(config).expect("an engine");
    app.points = Points::default().with::<CallBack>();
}

async fn its_rules_decide_and_are_asked_again(store: Store) {
    let (mut app, _) = host(&store, NOW);
    points(&mut app);
    let (caller, customer) = testing::agency_with_a_trip(&app, "rules").await;
    let (three, six) = (
        upload(&app, &caller, "1.0.0", 3, YES).await,
        upload(&app, &caller, "2.0.0", 6, YES).await,
    );
    assert_eq!(put(&app, &caller, &three, None).await, 1);
    let rule = in_force(&app, &caller).await;
    let mut made = Vec::new();
    for score in [3, 9] {
        let decision = decide(&rule, MOMENT, &score);
        assert_eq!(decision.answer.as_ref().ok(), Some(&(score == 3)));
        let subject = Subject {
            kind: "answer",
            id: Uuid::from_u128(score as u128),
        };
        let about = About {
            customer: Some(customer),
            subject: Some(subject),
            at: NOW,
        };
        made.push(decision.row(app.entropy.id(NOW), &rule, about, &json!({"called": score == 3})));
    }
    let mut tx = write(&app, &caller).await;
    decisions::insert(&mut tx, caller.room.id, &made).await.expect("rows");
    tx.commit().await.expect("a commit");
    // another rule is in force by now, and what was decided is still said the same way
    assert_eq!(put(&app, &caller, &six, None).await, 2);
    let filter = DecisionFilter {
        subject: Some(("answer".into(), Uuid::from_u128(3))),
        ..DecisionFilter::default()
    };
    let (found, _) = app
        .decisions()
        .list(&caller, filter, None, 10)
        .await
        .expect("decisions");
    let shown = found.iter().map(|one| (one.id, &one.output)).collect::<Vec<_>>();
    assert_eq!(shown, [(made[0].id, &json!({"call_back": true}))]);
    for row in &made {
        let again = app.decisions().replay(&caller, row.id).await.expect("a replay");
        assert_eq!(
            (again.identical, again.revision, again.extension_point.as_str()),
            (true, 1, "voice")
        );
    }
    let bound = app
        .bindings()
        .get(&caller, CallBack::NAME, BINDING)
        .await
        .expect("a binding");
    assert_eq!((bound.revision, bound.digest), (2, six));
}

async fn another_rule_is_previewed(store: Store) {
    let (mut app, _) = host(&store, NOW);
    points(&mut app);
    let (caller, _) = testing::agency_with_a_trip(&app, "previews").await;
    let digest = upload(&app, &caller, "1.0.0", 3, YES).await;
    put(&app, &caller, &digest, None).await;
    let now = in_force(&app, &caller).await;
    let proposed = upload(&app, &caller, "2.0.0", 6, YES).await;
    let mut tx = write(&app, &caller).await;
    let named = (BINDING, proposed.as_str(), &json!({}));
    let then = app.plugins().trial_rule(&mut tx, caller.room.id, named, &[]).await;
    let then: Rule<CallBack> = then.expect("a rule");
    drop(tx);
    let scores: Vec<i64> = (1..=9).collect();
    let said = side_by_side(&scores, &now, &then, MOMENT);
    let wanted = scores.iter().map(|score| {
        let (now, then) = (*score == 3, *score == 6);
        Some(Answers { now, then })
    });
    assert_eq!(said, wanted.collect::<Vec<_>>());
}

async fn a_rule_that_keeps_failing_gives_way(store: Store) {
    let (mut app, _) = host(&store, NOW);
    points(&mut app);
    let (caller, _) = testing::agency_with_a_trip(&app, "breaks").await;
    let good = upload(&app, &caller, "1.0.0", 3, YES).await;
    let bad = upload(&app, &caller, "2.0.0", 3, "(unreachable)").await;
    put(&app, &caller, &good, None).await;
    put(&app, &caller, &bad, None).await;
    let rule = in_force(&app, &caller).await;
    let fault = loop {
        let fault = decide(&rule, MOMENT, &3).answer.err();
        let fault = fault.map(|fault| words!("{fault}", "{fault}")).expect("a fault");
        let heard = Heard {
            revision: rule.revision,
            at: NOW,
        };
        let reason = fault.to_stored();
        let counting = bindings::Fault {
            since: NOW,
            reason: &reason,
            change: 0,
            again: true,
        };
        let mut tx = write(&app, &caller).await;
        let named = (CallBack::NAME, BINDING);
        let faults = bindings::count_fault(&mut tx, caller.room.id, named, heard, counting).await;
        tx.commit().await.expect("a commit");
        if faults.expect("a count").is_some_and(trips) {
            break fault;
        }
    };
    let failing = Failing {
        extension_point: CallBack::NAME,
        binding: BINDING,
        revision: rule.revision,
        fault: &fault,
    };
    let mut tx = write(&app, &caller).await;
    let older = good_revisions(&mut tx, caller.room.id, failing)
        .await
        .expect("revisions");
    drop(tx);
    assert_eq!(older.iter().map(|row| row.revision).collect::<Vec<_>>(), [1]);
    put(&app, &caller, &older[0].digest, Some(&older[0])).await;
    let settled: Result<ControlFlow<()>> = failing.settle(&caller.room, &older[0], Ok(Attempt::Done));
    assert_eq!(settled.expect("settled"), ControlFlow::Break(()));
    let again = in_force(&app, &caller).await;
    assert_eq!(decide(&again, MOMENT, &3).answer.ok(), Some(true));
    let history = app.bindings().history(&caller, CallBack::NAME, BINDING, None, 10).await;
    let causes: Vec<_> = history
        .expect("revisions")
        .into_iter()
        .map(|revision| (revision.cause, revision.restores, revision.activated_by))
        .collect();
    assert_eq!(
        causes,
        [
            ("breaker".to_owned(), Some(1), None),
            ("activation".to_owned(), None, Some(caller.actor)),
            ("activation".to_owned(), None, Some(caller.actor)),
        ]
    );
}

async fn a_plugin_of_another_point_is_refused(store: Store) {
    let (app, _) = host(&store, NOW);
    let (caller, _) = testing::agency_with_a_trip(&app, "points").await;
    let component = posthouse_tests::guest::Guest::default().build();
    let digest = app
        .plugins()
        .upload(&caller, component.into())
        .await
        .expect("a plugin")
        .1
        .digest;
    let opened = app.plugins().open(caller.room.id, &digest).await.expect("a plugin");
    let refused = of_point::<CallBack>(opened).expect_err("a segmentation").to_string();
    assert!(refused.contains("voice is needed here"), "{refused}");
}

testing::on_both_engines!(
    its_rules_decide_and_are_asked_again,
    another_rule_is_previewed,
    a_rule_that_keeps_failing_gives_way,
    a_plugin_of_another_point_is_refused,
);
