//! What is left of a body when its answer stands.
//!
//! A request can be refused before its body is read: too large, of a wrong type, without a key. If the connection were closed then,
//! a sender in the middle of its body would see it break and never learn why. So the rest is read and forgotten first, within bounds.

use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, EXPECT, TRANSFER_ENCODING};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::{Stream, StreamExt, stream};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

/// Most bytes that are read only to be forgotten; a sender of more may find the connection closed.
const MOST: usize = 64 << 20;
/// Longest time a finished answer waits for its sender.
const PATIENCE: Duration = Duration::from_secs(5);

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

    fn stream(self) -> impl Stream<Item = Result<Bytes, axum::Error>> {
        stream::poll_fn(move |context| self.poll(context))
    }
}

/// Answers, then reads what nobody has read.
pub(crate) async fn read_rest(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let has_body = headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING);
    // who waits for a word before sending has sent nothing yet
    if !has_body || headers.contains_key(EXPECT) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let shared = Shared(Arc::new(Mutex::new(Some(body.into_data_stream()))));
    let body = Body::from_stream(shared.clone().stream());
    let answer = next.run(Request::from_parts(parts, body)).await;
    let rest = async {
        let mut rest = std::pin::pin!(shared.stream());
        let mut read = 0;
        while let Some(Ok(bytes)) = rest.next().await {
            read += bytes.len();
            if read > MOST {
                break;
            }
        }
    };
    // too late or too long: the answer goes out all the same
    let _ = tokio::time::timeout(PATIENCE, rest).await;
    answer
}
