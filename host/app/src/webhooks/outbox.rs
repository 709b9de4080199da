//! Writing down what happened, with the change that made it happen, for those who want to be told.

use crate::error::{AppError, Result};
use crate::jobs;
use crate::{App, Webhooks};
use posthouse_domain::{Instant, canonical, webhook as domain};
use posthouse_store::Tx;
use posthouse_store::webhooks::{self as store, EventRow, NewDelivery};
use serde_json::Value;
use uuid::Uuid;

/// Something that happened.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// One of [`domain::EVENT_TYPES`].
    pub(crate) kind: &'static str,
    /// What it happened to: a word, a slash, its id. Of one subject, what happened first is told first.
    pub(crate) subject: String,
    /// When, by the business clock.
    pub(crate) at: Instant,
    /// More about it.
    pub(crate) data: Value,
}

/// Who wants to be told what, as it stands in a transaction. Most agencies tell nobody: whoever writes asks first, and then puts
/// together what there is to tell.
#[derive(Debug, Default)]
pub(crate) struct Listeners(Vec<Listener>);

#[derive(Debug)]
struct Listener {
    webhook: Uuid,
    types: Vec<String>,
    /// Before this nothing is sent.
    from: Instant,
}

impl Listeners {
    /// Those of an agency.
    pub(crate) async fn of(tx: &mut Tx, agency: Uuid) -> Result<Self> {
        let rows = store::listening(tx, agency).await?.into_iter();
        let read = |(webhook, types, from): (Uuid, String, Instant)| {
            let types = serde_json::from_str(&types).map_err(AppError::corrupt("types"))?;
            Ok(Listener { webhook, types, from })
        };
        rows.map(read).collect::<Result<_>>().map(Self)
    }

    /// One webhook, whatever it wants.
    pub(super) fn only(id: Uuid) -> Self {
        Self(vec![Listener {
            webhook: id,
            types: vec!["*".to_owned()],
            from: 0,
        }])
    }

    /// Whether anybody wants to be told this.
    pub(crate) fn want(&self, kind: &str) -> bool {
        self.0.iter().any(|listener| wants(&listener.types, kind))
    }

    /// Writes down what happened, for those who want to be told; returns the ids of what was written. Comes last in its transaction:
    /// until that ends, others of the agency who tell the same webhooks wait.
    pub(crate) async fn tell(&self, app: &App, tx: &mut Tx, agency: Uuid, told: Vec<Told>) -> Result<Vec<Uuid>> {
        let now = app.machine.now();
        let row = |told: Told| {
            Ok(EventRow {
                id: app.entropy.id(now),
                kind: told.kind.to_owned(),
                subject: told.subject,
                at: told.at,
                data: canonical::to_string(&told.data).map_err(AppError::corrupt("data"))?,
            })
        };
        let wanted = told.into_iter().filter(|told| self.want(told.kind));
        let events = wanted.map(row).collect::<Result<Vec<_>>>()?;
        if events.is_empty() {
            return Ok(Vec::new());
        }
        store::insert_events(tx, agency, &events, now).await?;
        for Listener { webhook, types, from } in &self.0 {
            let own: Vec<&EventRow> = events.iter().filter(|event| wants(types, &event.kind)).collect();
            if own.is_empty() {
                continue;
            }
            let (key, steps) = (webhook.to_string(), own.len() as i64);
            // its lock keeps the webhook from being deleted, and has versions in the order of commits
            let woken = jobs::wake(tx, agency, (store::DELIVER, &key), now.max(*from), steps).await?;
            let Some(last) = woken else {
                // it was deleted since we looked
                continue;
            };
            let deliveries: Vec<NewDelivery<'_>> = own
                .iter()
                .zip(last - steps + 1..)
                .map(|(event, seq)| NewDelivery {
                    seq,
                    event: event.id,
                    subject: &event.subject,
                })
                .collect();
            store::insert_deliveries(tx, agency, *webhook, &deliveries, now).await?;
        }
        Ok(events.into_iter().map(|event| event.id).collect())
    }
}

fn wants(types: &[String], kind: &str) -> bool {
    types.iter().any(|pattern| domain::names(pattern, kind))
}

impl Webhooks<'_> {
    /// Tells those who want to know of one thing that happened. Comes last in its transaction.
    pub(crate) async fn tell(&self, tx: &mut Tx, agency: Uuid, told: Told) -> Result<()> {
        let listeners = Listeners::of(tx, agency).await?;
        listeners.tell(self.app, tx, agency, vec![told]).await.map(drop)
    }
}
