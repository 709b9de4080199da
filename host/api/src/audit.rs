//! The audit log: who did what, and whether the log is whole.

use super::Front;
use super::calls::Calls;
use super::extract::{Auth, Query};
use super::fixed;
use super::page::{At, Page, backwards};
use axum::extract::State;
use posthouse_app::audit::{AuditEntry, AuditFilter, Known, Verified};
use posthouse_app::team::{Caller, Scope};
use posthouse_domain::{Instant, time, words};
use posthouse_web::problem::{Answer, Problem};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;
use uuid::Uuid;

pub(super) fn routes() -> Calls {
    Calls::new()
        .open_to(&[Scope::Audit], routes!(list))
        .open_to(&[Scope::Audit], routes!(verify))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AuditQuery {
    /// Only what this actor did: the id that every `…_by` has.
    actor: Option<Uuid>,
    /// Only what was done to this.
    #[param(example = "campaign/01a204a1-193a-70a2-bedf-baa8a47b6e03")]
    subject: Option<String>,
    /// Only from this instant on, RFC 3339; without an offset it is in the agency's zone. Of the log's order: clocks of several hosts differ a little.
    #[param(example = "2026-01-15T00:00:00+08:00")]
    since: Option<String>,
    /// Only before this instant.
    #[param(example = "2026-01-16T00:00:00+08:00")]
    until: Option<String>,
    /// Items of the page, 1 to 1000; 100 if left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Who did something.
#[derive(Debug, Serialize, ToSchema)]
struct Actor {
    /// Id, as every `…_by` has it.
    id: Uuid,
    /// `key`, or `host`: the server by itself, and whoever works on its database with the command line.
    #[schema(value_type = fixed::ActorKind, example = "key")]
    kind: String,
    /// What the agency calls it.
    name: String,
}

/// Something that was done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
struct Entry {
    /// Its number, from 1 without gaps.
    entry: i64,
    /// When, by the machine's clock.
    at: At,
    /// Who.
    actor: Actor,
    /// What.
    #[schema(example = "campaign.approve")]
    action: String,
    /// To what.
    #[schema(example = "campaign/01a204a1-193a-70a2-bedf-baa8a47b6e03")]
    subject: String,
    /// More about it: names of things and fields, none of their values.
    #[schema(value_type = Object)]
    detail: Value,
    /// SHA-256 over this entry and the hash of the one before, in hexadecimal.
    hash: String,
}

impl From<AuditEntry> for Entry {
    fn from(entry: AuditEntry) -> Self {
        Self {
            entry: entry.entry,
            at: entry.at.into(),
            actor: Actor {
                id: entry.actor.id,
                kind: entry.actor.kind,
                name: entry.actor.name,
            },
            action: entry.action,
            subject: entry.subject,
            detail: entry.detail,
            hash: entry.hash,
        }
    }
}

/// The audit log: every change that keys and the host made, and who read what holds many people's data.
///
/// Records of events and files are their own log, and asking for a price is recorded as a quote with its decisions; neither is an entry
/// here.
#[utoipa::path(get, path = "/audit", tag = "team", operation_id = "listAudit", params(AuditQuery),
    responses((status = 200, description = "The latest first.", body = Page<Entry>)))]
async fn list(
    State(front): State<Front>,
    Auth(caller): Auth,
    Query(query): Query<AuditQuery>,
) -> Answer<axum::Json<Page<Entry>>> {
    let (limit, before) = backwards(&front, query.limit, query.cursor)?;
    let filter = AuditFilter {
        actor: query.actor,
        subject: query.subject,
        since: instant(query.since.as_deref(), &caller)?,
        until: instant(query.until.as_deref(), &caller)?,
    };
    let (found, next) = front.app().audit().list(&caller, &filter, before, limit as i64).await?;
    Ok(axum::Json(Page::of((found, next.map(|before| before.to_string())))))
}

fn instant(text: Option<&str>, caller: &Caller) -> Answer<Option<Instant>> {
    let read = |text: &str| {
        time::parse_instant(text, caller.room.terms.time_zone).ok_or_else(|| {
            Problem::unprocessable(
                "bad_time",
                words!(
                    "{text:?} is no instant; write it like 2026-01-15T00:00:00+08:00",
                    "{text:?} 不是时刻；请写成 2026-01-15T00:00:00+08:00 的形式"
                ),
            )
        })
    };
    text.map(read).transpose()
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct VerifyQuery {
    /// An entry of which a hash was kept elsewhere.
    entry: Option<i64>,
    /// The hash that was kept of it: the log is only whole if it still has that entry so.
    hash: Option<String>,
}

/// Whether the log is whole.
#[derive(Debug, Serialize, ToSchema)]
struct Verification {
    /// Whether every entry follows the one before, and the kept hash is still there.
    whole: bool,
    /// How many entries are linked from the first on; if the log is broken, those before the break.
    entries: i64,
    /// The hash of the last of them. Keep it elsewhere with the number: whoever can write to the database can compute all hashes anew,
    /// but not so that they end in one that you kept.
    hash: String,
    /// The first entry that was changed, is missing, or does not follow the one before; `null` if the log is whole.
    broken: Option<i64>,
}

impl From<Verified> for Verification {
    fn from(verified: Verified) -> Self {
        Self {
            whole: verified.broken.is_none(),
            entries: verified.entries,
            hash: verified.hash,
            broken: verified.broken,
        }
    }
}

/// Verify the audit log: every hash is computed again.
#[utoipa::path(get, path = "/audit/verify", tag = "team", operation_id = "verifyAudit", params(VerifyQuery),
    responses((status = 200, description = "Whether it is whole, or where it is broken first.", body = Verification)))]
async fn verify(
    State(front): State<Front>,
    Auth(caller): Auth,
    Query(query): Query<VerifyQuery>,
) -> Answer<axum::Json<Verification>> {
    let known = match (query.entry, query.hash) {
        (None, None) => None,
        (entry, hash) => Some(Known {
            // one without the other is no entry
            entry: entry.filter(|_| hash.is_some()).unwrap_or_default(),
            hash: hash.unwrap_or_default().to_ascii_lowercase(),
        }),
    };
    let verified = front.app().audit().verify(&caller, known.as_ref()).await?;
    Ok(axum::Json(verified.into()))
}
