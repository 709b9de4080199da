//! Telling one webhook what waits for it. One host at a time is at it, so that of one subject nothing overtakes.

use super::send::{Letter, Reply};
use super::{NEVER, deliveries, sign};
use crate::error::{AppError, Result, retrying};
use crate::jobs::{self, Done, Job, JobRow, Lane};
use crate::{App, Webhooks};
use futures_util::{StreamExt, stream};
use posthouse_domain::{Instant, time, webhook as domain};
use posthouse_store::Access;
use posthouse_store::webhooks::{self as store, Attempt, DueRow, WebhookRow};
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;
use uuid::Uuid;

/// Most deliveries of one turn; after it others may have theirs, and what came of it is written down.
const BATCH: i64 = 16;
/// How many are under way to one webhook at a time, each of another subject.
const AT_ONCE: usize = 8;
/// How long a turn begins new ones. Whoever takes longer to answer is not failing, but has others wait.
const TURN: Duration = Duration::from_secs(10);
/// From how long a turn on its receiver takes so long that others are better not behind it.
const SLOW: Duration = Duration::from_secs(2);
/// Turns in a row in which nothing was taken, after which a webhook is thought to be down: from then on one delivery at a time tries whether
/// it is.
pub(super) const DOWN: i64 = 3;
/// How long anything waits at most, in ms; then it is given up, even if its turn never came.
const LONGEST: i64 = 3 * 86_400_000;

/// Tells a webhook what waits for it.
pub(crate) struct Deliver;

impl Job for Deliver {
    const KIND: &'static str = store::DELIVER;
    const ATTEMPTS: i64 = i64::MAX;

    async fn run(app: &App, job: &JobRow) -> Result<Done> {
        let id =
            Uuid::try_parse(&job.key).map_err(|_| AppError::Internal(format!("a job on the webhook {:?}", job.key)))?;
        let agency = job.agency_id;
        let now = app.machine.now();
        let mut tx = app.store.read(Access::Agency(agency)).await?;
        let Some(webhook) = store::webhook(&mut tx, agency, id).await? else {
            return Ok(Done::Over);
        };
        if webhook.state != "active" {
            return Ok(Done::At(NEVER));
        }
        if webhook.retry_at > now {
            return Ok(Done::At(webhook.retry_at));
        }
        let most = if webhook.failures >= DOWN { 1 } else { BATCH };
        let due = store::due(&mut tx, agency, id, now, most).await?;
        drop(tx);
        let turn = Turn {
            is_full: due.len() as i64 == most,
            ..app.webhooks().take_turn(agency, &webhook, due).await?
        };
        retrying!(app.webhooks().note_turn(job, &webhook, &turn))?;
        Ok(Done::Finished)
    }
}

/// What was sent in one turn, and what came of it.
#[derive(Debug, Default)]
struct Turn {
    replies: Vec<(DueRow, Reply)>,
    /// Whether there was as much to send as a turn may have.
    is_full: bool,
    /// Whether it took so long that it was broken off.
    is_cut: bool,
    /// Whether it took long.
    is_slow: bool,
}

impl Webhooks<'_> {
    /// Sends what is due, a few at a time. Once one is not taken no further ones are begun: they wait as they are.
    async fn take_turn(&self, agency: Uuid, webhook: &WebhookRow, due: Vec<DueRow>) -> Result<Turn> {
        if due.is_empty() {
            return Ok(Turn::default());
        }
        let room = self.app.room(agency).await?;
        let source = format!("/agencies/{}", room.slug);
        let is_earlier_valid = webhook.earlier_until > Some(self.app.machine.now());
        let earlier = webhook.earlier.as_ref().filter(|_| is_earlier_valid);
        let sealed = std::iter::once(&webhook.secret).chain(earlier);
        let secrets = sealed.map(|sealed| self.app.documents.open(agency, sealed));
        let secrets: Vec<String> = secrets
            .collect::<Option<_>>()
            .ok_or_else(|| AppError::Internal("a webhook's secret cannot be opened".into()))?;
        let began = tokio::time::Instant::now();
        let failed = AtomicBool::new(false);
        let sent = stream::iter(due).map(|due| {
            let (failed, secrets, source) = (&failed, &secrets, &source);
            async move {
                if failed.load(Relaxed) || self.app.stopping.is_cancelled() || began.elapsed() > TURN {
                    return None;
                }
                // whoever has paused, moved or deleted it was answered that this is so
                if !self.is_as_read(agency, webhook).await {
                    return None;
                }
                let reply = match letter(webhook, secrets, source, &due, self.app.machine.now()) {
                    Ok(letter) => {
                        let sender = self.app.sender.clone();
                        let sent = tokio::task::spawn_blocking(move || sender.send(&letter)).await;
                        sent.unwrap_or_else(|panic| Reply::none(&panic))
                    }
                    // what cannot be told is given up after as many attempts as what nobody takes
                    Err(error) => Reply::none(&error),
                };
                failed.fetch_or(!reply.is_taken(), Relaxed);
                Some((due, reply))
            }
        });
        let replies: Vec<Option<_>> = sent.buffer_unordered(AT_ONCE).collect().await;
        Ok(Turn {
            replies: replies.into_iter().flatten().collect(),
            is_full: false,
            is_cut: began.elapsed() > TURN,
            is_slow: began.elapsed() > SLOW,
        })
    }

    /// Whether nobody has changed or deleted a webhook since it was read. If that cannot be told, it is not sent to.
    async fn is_as_read(&self, agency: Uuid, webhook: &WebhookRow) -> bool {
        let version = async {
            let mut tx = self.app.store.read(Access::Agency(agency)).await?;
            store::version(&mut tx, agency, webhook.id).await
        };
        match version.await {
            Ok(version) => version == Some(webhook.version),
            Err(error) => {
                tracing::warn!(%error, %agency, webhook = %webhook.id, "a webhook cannot be read; what it is to be told waits");
                false
            }
        }
    }

    /// Writes down what came of a turn, and when the next one is. The job is locked first, as by whoever tells the webhook something.
    async fn note_turn(&self, job: &JobRow, webhook: &WebhookRow, turn: &Turn) -> Result<()> {
        let (agency, id, now) = (job.agency_id, webhook.id, self.app.machine.now());
        let replies = &turn.replies;
        let mut tx = self.app.store.write(Access::Agency(agency)).await?;
        let version = jobs::lock_own(&mut tx, self.app.host, job).await?;
        let taken = replies.iter().filter(|(_, reply)| reply.is_taken()).count();
        let failed = replies.len() - taken;
        // one answer shows that somebody is there: what fails beside it fails for what it is
        let failures = match (taken, failed) {
            (0, 0) => webhook.failures,
            (0, _) => webhook.failures + 1,
            _ => 0,
        };
        let retry_at = if failures >= DOWN && failed > 0 {
            now + domain::probe_pause(failures - DOWN)
        } else {
            0
        };
        let told = (id, webhook.version);
        let is_same = store::note_answers(&mut tx, agency, told, failures, retry_at).await?;
        // what failed before somebody changed it is due at once since, and says nothing of what it is now
        let counting = replies.iter().filter(|(_, reply)| is_same || reply.is_taken());
        for (due, reply) in counting {
            store::attempted(&mut tx, agency, id, &attempt(due, reply, now), now).await?;
        }
        if webhook.failures >= DOWN && taken > 0 {
            store::hurry(&mut tx, agency, id, now).await?;
        }
        let given_up = store::give_up(&mut tx, agency, id, now - LONGEST, now).await?;
        let is_gone = replies.iter().any(|(_, reply)| reply.is_gone());
        if is_gone {
            store::note_gone(&mut tx, agency, told).await?;
        }
        if let Some(version) = version {
            let due = if version != job.version || !is_same || turn.is_full || turn.is_cut {
                // somebody told it more or changed it meanwhile, or there was more than one turn has room for
                now.max(if is_same { retry_at } else { 0 })
            } else if is_gone {
                NEVER
            } else if retry_at > 0 {
                retry_at
            } else {
                let next = store::next_due(&mut tx, agency, id).await?;
                next.map_or(NEVER, |next| next.max(now))
            };
            // the fast lane is for those of whom nothing else is known than that they answer, and soon
            let lane = match replies.len() {
                _ if failures > 0 || turn.is_slow || !is_same => Lane::Retries,
                0 => job.lane,
                _ => Lane::Deliveries,
            };
            jobs::put(&mut tx, agency, deliveries(&job.key, lane, due)).await?;
        }
        tx.commit().await?;
        let dead = if is_same { dead(replies) } else { 0 };
        count(taken, failed, given_up as usize + dead);
        if failures >= DOWN && webhook.failures < DOWN {
            let room = self.app.room(agency).await?;
            let host = super::send::host(&webhook.url);
            tracing::warn!(agency = room.slug, webhook = %id, host, "a webhook does not answer; it is tried again at longer intervals");
        }
        Ok(())
    }
}

fn count(taken: usize, failed: usize, dead: usize) {
    for (outcome, many) in [("delivered", taken), ("failed", failed), ("dead", dead)] {
        metrics::counter!("posthouse_webhook_deliveries_total", "outcome" => outcome).increment(many as u64);
    }
}

fn dead(replies: &[(DueRow, Reply)]) -> usize {
    let last = |(due, reply): &&(DueRow, Reply)| !reply.is_taken() && domain::pause(due.attempts + 1).is_none();
    replies.iter().filter(last).count()
}

fn attempt(due: &DueRow, reply: &Reply, now: Instant) -> Attempt {
    let pause = domain::pause(due.attempts + 1);
    let state = match pause {
        _ if reply.is_taken() => "delivered",
        Some(_) => "pending",
        None => "dead",
    };
    Attempt {
        seq: due.seq,
        state,
        next_at: now + pause.unwrap_or_default(),
        status: reply.status.map(i64::from),
        answer: reply.text.clone(),
    }
}

/// An event as a CloudEvent in its envelope.
fn letter(webhook: &WebhookRow, secrets: &[String], source: &str, due: &DueRow, now: Instant) -> Result<Letter> {
    let event = &due.event;
    let (id, seconds) = (event.id.to_string(), now.div_euclid(1_000));
    let body = json!({
        "specversion": "1.0",
        "id": id,
        "source": source,
        "type": event.kind,
        "subject": event.subject,
        "time": time::instant_text(event.at),
        "datacontenttype": "application/json",
        "data": event.read_data()?,
    })
    .to_string();
    let signature = sign::signatures(secrets, &id, seconds, body.as_bytes());
    Ok(Letter {
        url: webhook.url.clone(),
        signature: signature.ok_or_else(|| AppError::Internal("a webhook's secret is none".into()))?,
        id,
        seconds,
        body,
    })
}
