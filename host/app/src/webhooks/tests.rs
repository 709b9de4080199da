//! A webhook that is changed while it is told something, on both engines. What receivers do to the host is tried in the suite.

use super::{Deliver, Listeners, NewWebhook, Sender, Told, WebhookChange};
use crate::App;
use crate::jobs::{Job, JobClock, Lane};
use crate::team::Caller;
use crate::testing::{self, NOW, on_both_engines};
use posthouse_domain::Instant;
use posthouse_store::jobs::{self as store, LeftOut};
use posthouse_store::{Access, Store};
use posthouse_tests::{Receiver, Reply};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;
use tokio::task::JoinHandle;
use uuid::Uuid;

on_both_engines!(
    what_was_under_way_during_a_change_is_tried_at_once,
    after_a_change_nothing_is_begun,
    who_fails_waits_apart,
);

/// A receiver that has everybody wait until it is told to answer.
struct Waiting {
    receiver: Receiver,
    may_answer: Arc<AtomicBool>,
}

impl Waiting {
    fn then(reply: Reply) -> Self {
        let may_answer = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&may_answer);
        let receiver = Receiver::start(move |_, _| {
            while !told.load(Relaxed) {
                std::thread::sleep(Duration::from_millis(5));
            }
            reply.clone()
        });
        Self { receiver, may_answer }
    }

    /// Has it answer, and waits for the end of the turn.
    async fn answer(&self, turn: JoinHandle<()>) {
        self.may_answer.store(true, Relaxed);
        turn.await.expect("a turn");
    }
}

async fn start(store: &Store) -> (App, Caller) {
    let (mut app, _) = testing::host(store, NOW);
    app.sender = Sender::new(true);
    let (_, key) = testing::agency(store, "teller").await;
    let caller = app.team().authenticate(&key).await.expect("a caller");
    (app, caller)
}

async fn webhook(app: &App, caller: &Caller, url: &str) -> Uuid {
    let new = NewWebhook {
        url: url.into(),
        note: String::new(),
        types: vec!["*".into()],
    };
    app.webhooks().create(caller, &new).await.expect("a webhook").id
}

/// So many things happen, to one subject each.
async fn tell(app: &App, caller: &Caller, webhook: Uuid, many: usize) {
    let told = (0..many).map(|n| Told {
        kind: "webhook.test",
        subject: format!("thing/{n}"),
        at: NOW,
        data: json!({}),
    });
    let mut tx = app
        .store
        .write(Access::Agency(caller.room.id))
        .await
        .expect("a transaction");
    let listeners = Listeners::only(webhook);
    listeners
        .tell(app, &mut tx, caller.room.id, told.collect())
        .await
        .expect("it is told");
    tx.commit().await.expect("a commit");
}

/// One turn of every webhook that is due.
async fn turn(app: &App) {
    for lane in [Lane::Deliveries, Lane::Retries] {
        turn_of(app, lane, NOW).await;
    }
}

/// One turn of every webhook of a lane that is due by then; how many there are.
async fn turn_of(app: &App, lane: Lane, now: Instant) -> usize {
    let mut tx = app.store.write(Access::Jobs).await.expect("a transaction");
    let (clock, host) = ((lane, JobClock::Machine), (app.host, now + 30_000));
    let jobs = store::take(&mut tx, clock, (now, now), host, (10, LeftOut::default())).await;
    tx.commit().await.expect("a commit");
    let jobs = jobs.expect("jobs");
    for job in &jobs {
        Deliver::run(app, job).await.expect("a turn");
    }
    jobs.len()
}

/// The turn of a webhook that has not failed.
fn begin_turn(app: &App) -> JoinHandle<()> {
    let app = app.clone();
    tokio::spawn(async move {
        turn_of(&app, Lane::Deliveries, NOW).await;
    })
}

/// Waits until so many requests have come.
async fn came(receiver: &Receiver, many: usize) {
    for _ in 0..1_000 {
        if receiver.came().len() >= many {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{} of {many} came", receiver.came().len());
}

fn to(url: &str) -> WebhookChange {
    WebhookChange {
        url: Some(url.to_owned()),
        ..WebhookChange::default()
    }
}

async fn what_was_under_way_during_a_change_is_tried_at_once(store: Store) {
    let (app, caller) = start(&store).await;
    let (failing, taking) = (Waiting::then(Reply::Close), Receiver::taking());
    let id = webhook(&app, &caller, &failing.receiver.base).await;
    tell(&app, &caller, id, 3).await;
    let under_way = begin_turn(&app);
    came(&failing.receiver, 3).await;
    let changed = app.webhooks().change(&caller, id, None, &to(&taking.base)).await;
    changed.expect("a change");
    failing.answer(under_way).await;
    assert!(taking.came().is_empty(), "only the next turn leads there");
    turn(&app).await;
    assert_eq!(taking.taken().len(), 3, "and nothing waits for a time of its own");
    let view = app.webhooks().get(&caller, id).await.expect("a webhook");
    assert_eq!((view.pending, view.failures), (0, 0));
}

async fn after_a_change_nothing_is_begun(store: Store) {
    let (app, caller) = start(&store).await;
    let taking = Receiver::taking();
    for way in ["paused", "moved", "deleted"] {
        let slow = Waiting::then(Reply::Take);
        let id = webhook(&app, &caller, &slow.receiver.base).await;
        tell(&app, &caller, id, 14).await;
        let under_way = begin_turn(&app);
        came(&slow.receiver, 8).await;
        let pause = WebhookChange {
            active: Some(false),
            ..WebhookChange::default()
        };
        let (webhooks, elsewhere) = (app.webhooks(), to(&taking.base));
        match way {
            "paused" => webhooks.change(&caller, id, None, &pause).await.map(drop),
            "moved" => webhooks.change(&caller, id, None, &elsewhere).await.map(drop),
            _ => webhooks.delete(&caller, id).await,
        }
        .expect(way);
        slow.answer(under_way).await;
        turn(&app).await;
        assert_eq!(slow.receiver.came().len(), 8, "{way}");
    }
    assert_eq!(taking.taken().len(), 6, "what was not begun goes where it leads now");
}

async fn who_fails_waits_apart(store: Store) {
    let (app, caller) = start(&store).await;
    let (quick, failing) = (Receiver::taking(), Receiver::start(|_, _| Reply::Close));
    let id = webhook(&app, &caller, &quick.base).await;
    tell(&app, &caller, id, 1).await;
    assert_eq!(turn_of(&app, Lane::Deliveries, NOW).await, 1);
    let moved = app.webhooks().change(&caller, id, None, &to(&failing.base)).await;
    moved.expect("a change");
    // nothing to tell says nothing of who is told
    assert_eq!(turn_of(&app, Lane::Deliveries, NOW).await, 1);
    tell(&app, &caller, id, 1).await;
    assert_eq!(turn_of(&app, Lane::Deliveries, NOW).await, 1);
    assert_eq!(
        turn_of(&app, Lane::Deliveries, NOW + 3_600_000).await,
        0,
        "it has failed"
    );
}
