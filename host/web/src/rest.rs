//! What is left of a body when its answer stands.
//!
//! A request can be refused before its body is read: too large, of a wrong type, without a key. If the connection were closed then,
//! a sender in the middle of its body would see it break and never learn why. So the rest is read and forgotten first, within bounds.

use crate::listener::Connection;
use crate::strangers::Unhurried;
use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, EXPECT, TRANSFER_ENCODING};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::{Stream, StreamExt, stream};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// Most bytes that are read only to be forgotten; a sender of more may find the connection closed.
const MOST: usize = 64 << 20;
/// Longest time a finished answer waits for its sender.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long an answer is kept back that is worth no hurry.
const PAUSE: Duration = Duration::from_secs(1);

/// How fast bodies are read to be forgotten, all together, in bytes per second; so much may have been saved up. Whoever is refused sends no faster.
const PACE: u64 = 64 << 20;
const SAVED: Duration = Duration::from_secs(1);

/// Bodies that are read to be forgotten at once; further senders may find the connection closed.
const SENDERS: usize = 64;

/// When the next bytes may be forgotten, and of how many senders.
#[derive(Debug, Clone)]
pub struct Forgetting {
    next: Arc<Mutex<Option<Instant>>>,
    senders: Arc<Semaphore>,
}

impl Default for Forgetting {
    fn default() -> Self {
        Self {
            next: Arc::default(),
            senders: Arc::new(Semaphore::new(SENDERS)),
        }
    }
}

impl Forgetting {
    /// How long so many bytes have to wait.
    fn wait(&self, bytes: usize, now: Instant) -> Duration {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let cost = Duration::from_micros(bytes as u64 * 1_000_000 / PACE);
        let free = now.checked_sub(SAVED).unwrap_or(now);
        let at = next.map_or(free, |next| next.max(free)) + cost;
        *next = Some(at);
        at.saturating_duration_since(now)
    }
}

/// A body that its reader and this layer have between them.
#[derive(Clone)]
struct Shared(Arc<Mutex<Option<BodyDataStream>>>);

impl Shared {
    fn poll(&self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, axum::Error>>> {
        let mut stream = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(open) = stream.as_mut() else {
            return Poll::Ready(None);
        };
        let polled = Pin::new(open).poll_next(context);
        if !matches!(polled, Poll::Pending | Poll::Ready(Some(Ok(_)))) {
            *stream = None;
        }
        polled
    }

    /// Whether something may be left.
    fn is_open(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn stream(self) -> impl Stream<Item = Result<Bytes, axum::Error>> {
        stream::poll_fn(move |context| self.poll(context))
    }
}

/// Answers, then reads what nobody has read.
pub async fn read_rest(State(forgetting): State<Forgetting>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let has_body = headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING);
    let connection = request.extensions().get::<Arc<Connection>>().cloned();
    // who waits for a word before sending has sent nothing yet
    if !has_body || headers.contains_key(EXPECT) {
        let answer = next.run(request).await;
        return unhurried(answer, connection.as_deref()).await;
    }
    let (parts, body) = request.into_parts();
    let shared = Shared(Arc::new(Mutex::new(Some(body.into_data_stream()))));
    let body = Body::from_stream(shared.clone().stream());
    let answer = next.run(Request::from_parts(parts, body)).await;
    let answer = unhurried(answer, connection.as_deref()).await;
    // whoever did not send for so long is not waited for again
    if answer.status() == StatusCode::REQUEST_TIMEOUT {
        return answer;
    }
    let Ok(_sender) = forgetting.senders.try_acquire() else {
        return answer;
    };
    if let Some(connection) = connection.filter(|_| shared.is_open()) {
        connection.yield_place();
    }
    let rest = async {
        let mut rest = std::pin::pin!(shared.stream());
        let mut read = 0;
        while let Some(Ok(bytes)) = rest.next().await {
            read += bytes.len();
            if read > MOST {
                break;
            }
            tokio::time::sleep(forgetting.wait(bytes.len(), Instant::now())).await;
        }
    };
    // too late or too long: the answer goes out all the same
    let _ = tokio::time::timeout(PATIENCE, rest).await;
    answer
}

/// Keeps an answer back for a while if it is worth no hurry: whoever guesses keys gets on no faster by asking faster.
async fn unhurried(answer: Response, connection: Option<&Connection>) -> Response {
    if answer.extensions().get::<Unhurried>().is_some() {
        if let Some(connection) = connection {
            connection.yield_place();
        }
        tokio::time::sleep(PAUSE).await;
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_forgotten_has_a_pace() {
        let (forgetting, now) = (Forgetting::default(), Instant::now());
        assert_eq!(forgetting.wait(MOST, now), Duration::ZERO, "one body at once");
        let second = usize::try_from(PACE).unwrap();
        assert_eq!(forgetting.wait(second, now), Duration::from_secs(1));
        assert_eq!(
            forgetting.wait(second, now + Duration::from_secs(1)),
            Duration::from_secs(1)
        );
        assert_eq!(
            forgetting.wait(MOST, now + Duration::from_secs(60)),
            Duration::ZERO,
            "it is saved up again"
        );
    }
}
