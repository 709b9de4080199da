//! What people say of a webhook, and what they see of it.

use super::deliver::DOWN;
use crate::error::{AppError, Result};
use crate::team::is_plain;
use posthouse_domain::{Instant, webhook as domain, words};
use posthouse_store::webhooks::{DeliveryRow, Waiting, WebhookRow};
use serde_json::Value;
use uuid::Uuid;

/// Longest note, in bytes.
const LONGEST_NOTE: usize = 200;

/// A webhook to be made.
#[derive(Debug, Clone)]
pub struct NewWebhook {
    /// Where to.
    pub url: String,
    /// What the agency says of it.
    pub note: String,
    /// Types, or patterns of them, as `quote.*`.
    pub types: Vec<String>,
}

/// What is to be different about a webhook.
#[derive(Debug, Clone, Default)]
pub struct WebhookChange {
    /// Where to.
    pub url: Option<String>,
    /// What the agency says of it.
    pub note: Option<String>,
    /// Types, or patterns of them.
    pub types: Option<Vec<String>>,
    /// Whether it is told anything.
    pub active: Option<bool>,
    /// Give it another secret.
    pub rotate: bool,
}

impl WebhookChange {
    /// Whether everything stays as it is.
    pub(super) fn is_empty(&self) -> bool {
        self.url.is_none() && self.note.is_none() && self.types.is_none() && self.active.is_none() && !self.rotate
    }
}

/// A webhook.
#[derive(Debug, Clone)]
pub struct WebhookView {
    /// Id.
    pub id: Uuid,
    /// Where to.
    pub url: String,
    /// What the agency says of it.
    pub note: String,
    /// Patterns of types.
    pub types: Vec<String>,
    /// `active`, `paused`, or `gone` as its receiver said.
    pub state: String,
    /// Until when the earlier secret is valid too, in ms since 1970.
    pub earlier_until: Option<Instant>,
    /// Turns in a row in which nothing was taken.
    pub failures: i64,
    /// Whether so many that it is only tried now and then.
    pub is_down: bool,
    /// Until when nothing is sent, in ms since 1970.
    pub retry_at: Option<Instant>,
    /// Deliveries that wait.
    pub pending: i64,
    /// Deliveries that were given up.
    pub dead: i64,
    /// When it was made, in ms since 1970.
    pub created_at: Instant,
    /// The key that made it.
    pub created_by: Uuid,
    /// Counts changes by people.
    pub version: i64,
    /// The secret, where it is new.
    pub secret: Option<String>,
}

/// Something that a webhook was told or is to be told.
#[derive(Debug, Clone)]
pub struct DeliveryView {
    /// Its place among what the webhook is told.
    pub seq: i64,
    /// Id of the event.
    pub event_id: Uuid,
    /// Type of the event.
    pub kind: String,
    /// What it happened to.
    pub subject: String,
    /// When it happened, in ms since 1970.
    pub at: Instant,
    /// `pending`, `delivered` or `dead`.
    pub state: String,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried next, in ms since 1970.
    pub next_at: Option<Instant>,
    /// When it was told or given up, in ms since 1970.
    pub ended_at: Option<Instant>,
    /// The status of the last answer.
    pub status: Option<i64>,
    /// The beginning of the last answer, or why there was none.
    pub answer: Option<String>,
    /// More about what happened.
    pub data: Value,
}

impl DeliveryView {
    pub(super) fn of(row: DeliveryRow) -> Result<Self> {
        let data = row.event.read_data()?;
        Ok(Self {
            seq: row.seq,
            event_id: row.event.id,
            kind: row.event.kind,
            subject: row.event.subject,
            at: row.event.at,
            next_at: (row.state == "pending").then_some(row.next_at),
            state: row.state,
            attempts: row.attempts,
            ended_at: row.ended_at,
            status: row.status,
            answer: row.answer,
            data,
        })
    }
}

pub(super) fn view(row: WebhookRow, waiting: Waiting, now: Instant, secret: Option<String>) -> Result<WebhookView> {
    Ok(WebhookView {
        id: row.id,
        url: row.url,
        note: row.note,
        types: serde_json::from_str(&row.types).map_err(AppError::corrupt("types"))?,
        state: row.state,
        earlier_until: row.earlier_until.filter(|until| *until > now),
        failures: row.failures,
        is_down: row.failures >= DOWN,
        retry_at: Some(row.retry_at).filter(|at| *at > now),
        pending: waiting.pending,
        dead: waiting.dead,
        created_at: row.created_at,
        created_by: row.created_by,
        version: row.version,
        secret,
    })
}

/// The types as they are stored.
pub(super) fn types(patterns: &[String]) -> Result<String> {
    let known = || {
        let names: Vec<&str> = domain::EVENT_TYPES.iter().map(|kind| kind.name).collect();
        names.join(", ")
    };
    if patterns.is_empty() || patterns.len() > domain::EVENT_TYPES.len() {
        return Err(AppError::invalid(
            "bad_event_type",
            words!(
                "types lists what the webhook is told; use names of events ({known}), quote.* or *",
                "types 列出要通知的事件；可用事件名（{known}）、quote.* 或 *",
                known = known()
            ),
        ));
    }
    if let Some(unknown) = patterns.iter().find(|pattern| !domain::is_known(pattern)) {
        return Err(AppError::invalid(
            "bad_event_type",
            words!(
                "{unknown:?} names no type of event; use names of events ({known}), quote.* or *",
                "没有 {unknown:?} 这类事件；可用事件名（{known}）、quote.* 或 *",
                unknown = unknown.chars().take(64).collect::<String>(),
                known = known()
            ),
        ));
    }
    let mut patterns: Vec<&String> = patterns.iter().collect();
    patterns.sort();
    patterns.dedup();
    serde_json::to_string(&patterns).map_err(AppError::corrupt("types"))
}

pub(super) fn note(text: &str) -> Result<String> {
    let text = text.trim();
    if text.len() > LONGEST_NOTE || !is_plain(text) {
        return Err(AppError::invalid(
            "bad_note",
            words!(
                "the note may have {LONGEST_NOTE} bytes and no characters that cannot be seen",
                "备注不超过 {LONGEST_NOTE} 字节，且不含看不见的字符"
            ),
        ));
    }
    Ok(text.to_owned())
}
