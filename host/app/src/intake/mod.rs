//! Taking in what the agency is told: one door for events and rows of files.

mod batch;
mod conflict;
pub mod files;
pub mod imports;
mod land;
mod looks;
pub mod mappings;
mod matching;
pub mod mend;
mod pace;
mod pipeline;
mod plan;
mod progress;
pub(crate) mod queue;
mod recent;
pub(crate) mod refold;
mod rehearsal;
mod rejected;
pub mod report;
mod terms;
mod told;
mod touches;
pub(crate) mod turn;
mod turns;
mod under_way;
pub mod understood;
mod uploads;
mod warnings;
mod work;

pub(crate) use batch::{meant, source_kind};
pub(crate) use land::land;
pub(crate) use looks::LetGo;
pub(crate) use terms::renew as renew_terms;
pub(crate) use touches::Records;
pub(crate) use turns::{FILES, Turns};
pub(crate) use uploads::ForgetUpload;
pub(crate) use work::ImportFile;

use crate::error::{AppError, Result};
use crate::team::Caller;
use crate::{App, Intake, Room};
use posthouse_domain::{Record, Rejection, Words, event, words};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;

/// Most events of one request.
pub const MOST_EVENTS: usize = 1_000;

/// What became of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is part of the customer's history now.
    Landed,
    /// It was before.
    Known,
    /// It was sent back.
    Rejected(Rejection),
}

/// An event that was sent back.
#[derive(Debug, Clone, Serialize)]
pub struct RejectedEvent {
    /// Position in the request, from 0.
    pub index: usize,
    /// Stable code.
    pub code: String,
    /// What is wrong and what to do.
    pub detail: Words,
}

/// What became of a request's events.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Accepted {
    /// How many landed.
    pub accepted: usize,
    /// How many were known before.
    pub duplicates: usize,
    /// Which were sent back.
    pub rejected: Vec<RejectedEvent>,
}

impl Intake<'_> {
    /// Takes in events. When this returns, what was accepted is on disk, counted exactly once, and the customers' facts are true;
    /// their segments follow at once.
    ///
    /// # Errors
    /// Too many events, failures of the database. Single events that cannot be taken are in the answer.
    pub async fn accept(&self, caller: &Caller, events: &[Value]) -> Result<Accepted> {
        if events.len() > MOST_EVENTS {
            let detail = words!(
                "a request may carry {MOST_EVENTS} events, this one has {events}; send several requests",
                "一次请求最多 {MOST_EVENTS} 个事件，本次有 {events} 个；请分多次发送",
                events = events.len()
            );
            return Err(AppError::invalid("too_many_events", detail));
        }
        let room = &caller.room;
        let mut rejected: Vec<(usize, Rejection)> = Vec::new();
        let mut records: Vec<(usize, Record)> = Vec::new();
        for (index, value) in events.iter().enumerate() {
            match event::parse(value, &room.terms) {
                Ok(record) => records.push((index, record)),
                Err(rejection) => rejected.push((index, rejection)),
            }
        }
        let mut answer = Accepted::default();
        let (indices, records): (Vec<usize>, Vec<Record>) = records.into_iter().unzip();
        let outcomes = if records.is_empty() {
            Vec::new()
        } else {
            room.intake.send(records).await?
        };
        for (index, outcome) in indices.into_iter().zip(outcomes) {
            match outcome {
                Outcome::Landed => answer.accepted += 1,
                Outcome::Known => answer.duplicates += 1,
                Outcome::Rejected(rejection) => rejected.push((index, rejection)),
            }
        }
        rejected.sort_by_key(|(index, _)| *index);
        answer.rejected = rejected
            .into_iter()
            .map(|(index, r)| RejectedEvent {
                index,
                code: r.code,
                detail: r.detail,
            })
            .collect();
        metrics::counter!("posthouse_events_accepted_total").increment(answer.accepted as u64);
        metrics::counter!("posthouse_events_duplicate_total").increment(answer.duplicates as u64);
        metrics::counter!("posthouse_events_rejected_total").increment(answer.rejected.len() as u64);
        Ok(answer)
    }
}

/// Lands records in a transaction of their own.
pub(crate) async fn land_alone(app: &App, room: &Arc<Room>, records: &[Record]) -> Result<Vec<Outcome>> {
    let mut tx = app.store.write(posthouse_store::Access::Agency(room.id)).await?;
    let landing = land(app, room, &mut tx, &records.iter().collect::<Vec<_>>()).await?;
    if landing.wrote {
        posthouse_store::dialect::notify(&mut tx, room.id).await?;
        tx.commit().await?;
        room.woken.notify_one();
    }
    Ok(landing.outcomes)
}
