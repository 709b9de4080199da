//! Group commit: requests that wait for the write lock at the same time share one transaction, and one sync to disk.

use super::{Outcome, land_alone};
use crate::error::{AppError, Result};
use crate::writable::is_full;
use crate::{App, Room};
use posthouse_domain::{Record, Rejection, words};
use posthouse_store::StoreError;
use std::sync::{Arc, Weak};
use tokio::sync::{mpsc, oneshot};

/// Records of requests that wait to be landed.
#[derive(Debug)]
pub(crate) struct IntakeQueue {
    sender: mpsc::Sender<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    records: Vec<Record>,
    answer: oneshot::Sender<Result<Vec<Outcome>>>,
}

/// Most records that share a transaction; beyond that the first of them would wait too long.
const GROUP: usize = 500;
/// Most requests that wait; further ones wait at their sockets.
const WAITING: usize = 1_024;

impl IntakeQueue {
    /// A queue whose worker starts with [`IntakeWork::run`].
    pub(crate) fn new() -> (Self, IntakeWork) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self { sender }, IntakeWork { receiver })
    }

    /// Whether nothing waits to be landed.
    pub(crate) fn is_empty(&self) -> bool {
        self.sender.capacity() == self.sender.max_capacity()
    }

    /// Lands `records` together with whatever else waits.
    pub(crate) async fn send(&self, records: Vec<Record>) -> Result<Vec<Outcome>> {
        let (answer, answered) = oneshot::channel();
        let closing = || {
            AppError::Busy(Rejection::new(
                "shutting_down",
                words!(
                    "the server is stopping; send the events again in a moment",
                    "服务器正在停止；请稍后重新发送事件"
                ),
            ))
        };
        self.sender
            .send(Waiting { records, answer })
            .await
            .map_err(|_| closing())?;
        answered.await.map_err(|_| closing())?
    }
}

/// The receiving end.
#[derive(Debug)]
pub(crate) struct IntakeWork {
    receiver: mpsc::Receiver<Waiting>,
}

impl IntakeWork {
    /// Lands what comes until the server stops. A request that was taken is answered even then, and even when its sender is gone.
    pub(crate) async fn run(mut self, app: App, room: Weak<Room>) {
        let stopping = app.stopping.clone();
        loop {
            let first = tokio::select! {
                first = self.receiver.recv() => first,
                // nobody can send any more; what was sent before is still received
                () = stopping.cancelled(), if !self.receiver.is_closed() => {
                    self.receiver.close();
                    continue;
                }
            };
            let (Some(first), Some(room)) = (first, room.upgrade()) else {
                return;
            };
            let mut group = vec![first];
            let mut count = group[0].records.len();
            while count < GROUP {
                let Ok(next) = self.receiver.try_recv() else { break };
                count += next.records.len();
                group.push(next);
            }
            land_group(&app, &room, group).await;
        }
    }
}

async fn land_group(app: &App, room: &Arc<Room>, group: Vec<Waiting>) {
    let mut requests = Vec::with_capacity(group.len());
    let mut records = Vec::new();
    for waiting in group {
        requests.push((waiting.records.len(), waiting.answer));
        records.extend(waiting.records);
    }
    let result = crate::error::retrying!(land_alone(app, room, &records));
    if result.as_ref().is_err_and(|error| !error.will_pass()) && requests.len() > 1 {
        // the others shall not fail with the one whose fault it is
        for (length, answer) in requests {
            let rest = records.split_off(length);
            let alone = std::mem::replace(&mut records, rest);
            let result = crate::error::retrying!(land_alone(app, room, &alone));
            let _ = answer.send(result.map_err(|error| {
                if !is_full(&error) {
                    tracing::error!(%error, agency = %room.slug, "a request's events could not be landed");
                }
                refusal(&error)
            }));
        }
        return;
    }
    match result {
        Ok(mut outcomes) => {
            for (length, answer) in requests {
                let rest = outcomes.split_off(length);
                // the sender may be gone; its records landed all the same
                let _ = answer.send(Ok(std::mem::replace(&mut outcomes, rest)));
            }
        }
        Err(error) => {
            if !is_full(&error) {
                tracing::error!(%error, agency = %room.slug, "events could not be landed");
            }
            for (_, answer) in requests {
                let _ = answer.send(Err(refusal(&error)));
            }
        }
    }
}

/// What a sender hears of a failure.
fn refusal(error: &AppError) -> AppError {
    match error {
        AppError::Invalid(rejection) => AppError::Invalid(rejection.clone()),
        AppError::Store(StoreError::Full(said)) => StoreError::Full(said.clone()).into(),
        error if error.is_in_doubt() => AppError::Busy(Rejection::new(
            "outcome_unknown",
            words!(
                "the connection to the database was lost at the last moment: all of the events landed or none; send them again, what landed \
                 counts as duplicates",
                "最后一刻与数据库的连接中断：事件或已全部入库，或全部没有；请重新发送，已入库的计为 duplicates"
            ),
        )),
        _ => AppError::Busy(Rejection::new(
            "not_stored",
            words!(
                "the events could not be stored; none of them landed, send them again",
                "事件未能保存；全部未入库，请重新发送"
            ),
        )),
    }
}
