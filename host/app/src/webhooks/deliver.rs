//! Telling one webhook what waits for it. One host at a time is at it, so that of one subject nothing overtakes.

use super::send::{Letter, Reply};
use super::{NEVER, deliveries, sign};
use crate::App;
use crate::error::{AppError, Result, retrying};
use crate::jobs::{self, Done, Job, JobRow, Lane};
use futures_util::{StreamExt, stream};
use posthouse_domain::{Instant, time, webhook as domain};
use posthouse_store::Access;
use posthouse_store::webhooks::{self as store, Attempt, DueRow, WebhookRow};
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use uuid::Uuid;

/// Most deliveries of one turn; after it others may have theirs.
const BATCH: i64 = 64;
/// How many are under way to one webhook at a time, each of another subject.
const AT_ONCE: usize = 8;
/// Turns in a row in which nothing was taken, after which a webhook is thought to be down: from then on one delivery at a time tries whether it is.
const DOWN: i64 = 3;
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
        let replies = if due.is_empty() {
            Vec::new()
        } else {
            app.send_all(agency, &webhook, due).await?
        };
        retrying!(app.note_replies(job, &webhook, &replies))?;
        Ok(Done::Finished)
    }
}

impl App {
    /// Sends what is due, a few at a time. Once one is not taken no further ones are begun: they wait as they are.
    async fn send_all(&self, agency: Uuid, webhook: &WebhookRow, due: Vec<DueRow>) -> Result<Vec<(DueRow, Reply)>> {
        let room = self.room(agency).await?;
        let source = format!("/agencies/{}", room.slug);
        let sealed = [
            Some(&webhook.secret),
            webhook
                .earlier
                .as_ref()
                .filter(|_| webhook.earlier_until > Some(self.machine.now())),
        ];
        let secrets = sealed
            .into_iter()
            .flatten()
            .map(|sealed| self.documents.open(agency, sealed));
        let secrets: Vec<String> = secrets
            .collect::<Option<_>>()
            .ok_or_else(|| AppError::Internal("a webhook's secret cannot be opened".into()))?;
        let failed = AtomicBool::new(false);
        let sent = stream::iter(due).map(|due| {
            let (failed, secrets, source) = (&failed, &secrets, &source);
            async move {
                if failed.load(Relaxed) || self.stopping.is_cancelled() {
                    return Ok(None);
                }
                let letter = letter(webhook, secrets, source, &due, self.machine.now())?;
                let sender = self.sender.clone();
                let reply = tokio::task::spawn_blocking(move || sender.send(&letter)).await;
                let reply = reply.map_err(|panic| AppError::Internal(panic.to_string()))?;
                failed.fetch_or(!reply.is_taken(), Relaxed);
                Ok(Some((due, reply)))
            }
        });
        let replies: Vec<Result<Option<_>>> = sent.buffered(AT_ONCE).collect().await;
        replies.into_iter().filter_map(Result::transpose).collect()
    }

    /// Writes down what came of it, and when the webhook is told next.
    async fn note_replies(&self, job: &JobRow, webhook: &WebhookRow, replies: &[(DueRow, Reply)]) -> Result<()> {
        let (agency, id, now) = (job.agency_id, webhook.id, self.machine.now());
        let mut tx = self.store.write(Access::Agency(agency)).await?;
        let taken = replies.iter().filter(|(_, reply)| reply.is_taken()).count();
        let failed = replies.len() - taken;
        for (due, reply) in replies {
            store::attempted(&mut tx, agency, id, &attempt(due, reply, now), now).await?;
        }
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
        if (failures, retry_at) != (webhook.failures, webhook.retry_at) {
            store::note_answers(&mut tx, agency, id, failures, retry_at).await?;
        }
        if webhook.failures >= DOWN && taken > 0 {
            store::hurry(&mut tx, agency, id, now).await?;
        }
        let given_up = store::give_up(&mut tx, agency, id, now - LONGEST, now).await?;
        let gone = replies.iter().any(|(_, reply)| reply.is_gone());
        if gone {
            store::note_gone(&mut tx, agency, id).await?;
        }
        let next = store::next_due(&mut tx, agency, id).await?.filter(|_| !gone);
        let lane = if failures > 0 { Lane::Retries } else { Lane::Deliveries };
        // whoever told it something meanwhile has woken the job: its row is locked from here on, and what they wrote is seen or follows
        let woken = jobs::wake(&mut tx, agency, (store::DELIVER, &job.key), NEVER, 0).await?;
        match woken {
            Some(version) if version != job.version => {
                let again = deliveries(&job.key, lane, now.max(retry_at));
                jobs::put(&mut tx, agency, again).await?;
            }
            Some(_) => {
                let due = next.map_or(NEVER, |next| next.max(retry_at).max(now));
                jobs::put(&mut tx, agency, deliveries(&job.key, lane, due)).await?;
            }
            None => {}
        }
        tx.commit().await?;
        count(taken, failed, given_up as usize + dead(replies));
        if failures >= DOWN && webhook.failures < DOWN {
            tracing::warn!(%agency, webhook = %id, "a webhook does not answer; it is tried again at longer intervals");
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
