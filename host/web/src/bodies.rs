//! Bodies of requests: read whole before anything is begun, within the limit of their call, at a fair pace, and not too many at a time.

use crate::crowd::Held;
use crate::problem::{Answer, Problem};
use crate::rations::{FREE, Ration};
use crate::{Doors, Http};
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::StreamExt;
use http_body::Body as _;
use posthouse_domain::words;
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// What the calls of a route do with their bodies.
#[derive(Debug, Clone, Copy)]
pub enum Taking {
    /// They take them whole, up to so many bytes.
    Whole(usize),
    /// They take them piece by piece, up to so many bytes, and look at their pace themselves.
    Pieces(usize),
}

impl Taking {
    /// The largest body.
    pub fn most(self) -> usize {
        let (Self::Whole(most) | Self::Pieces(most)) = self;
        most
    }
}

/// Reads the body. The scopes of the call have been asked for, and nothing has begun.
///
/// # Errors
/// As [`read`].
pub async fn receive(doors: &Doors, agency: Uuid, most: usize, request: Request, next: Next) -> Answer<Response> {
    Ok(next.run(read(doors, agency, most, request).await?).await)
}

/// The request with its body in memory. `agency` is whose it is.
///
/// # Errors
/// `body_too_large`, `body_stalled`, `body_incomplete`; `overloaded` if bodies have no room.
pub async fn read(doors: &Doors, agency: Uuid, most: usize, request: Request) -> Answer<Request> {
    let writes = matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH);
    if !writes || request.body().is_end_stream() {
        return Ok(request);
    }
    let announced = announced(request.headers());
    if announced.is_some_and(|announced| announced > most as u64) {
        return Err(Problem::too_large(most));
    }
    let mut ration = doors.bodies().ration(agency);
    let (mut parts, body) = request.into_parts();
    let body = whole(body, announced, most, &Pace::begin(doors.http()), &mut ration).await?;
    if let Some(held) = parts.extensions.remove::<Held>() {
        parts.extensions.insert(held.with_body(ration));
    }
    Ok(Request::from_parts(parts, Body::from(body)))
}

/// How long the body says it is.
pub fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn whole(body: Body, announced: Option<u64>, most: usize, pace: &Pace, ration: &mut Ration) -> Answer<Bytes> {
    let mut pieces = body.into_data_stream();
    let mut read = Vec::new();
    loop {
        let next = tokio::time::timeout_at(pace.deadline(read.len() as u64), pieces.next());
        let Some(piece) = next.await.map_err(|_| pace.stalled("body_stalled"))? else {
            return Ok(read.into());
        };
        let piece = piece.map_err(|_| broken_off())?;
        let length = read.len() + piece.len();
        if length > most {
            return Err(Problem::too_large(most));
        }
        ration.reach(length)?;
        if read.len() <= FREE && length > FREE {
            // whoever has sent this much is believed
            let announced = announced.and_then(|announced| usize::try_from(announced).ok());
            read.reserve_exact(announced.unwrap_or(0).min(most).saturating_sub(read.len()));
        }
        read.extend_from_slice(&piece);
    }
}

/// The connection ended in the middle of a body.
pub fn broken_off() -> Problem {
    Problem::bad(
        "body_incomplete",
        words!(
            "the body ended before it was whole; send the request again",
            "请求体不完整；请重新发送"
        ),
    )
}

/// How fast a body has to come.
#[derive(Debug)]
pub struct Pace {
    began: Instant,
    silence: Duration,
    per_second: u32,
    /// When even a steady body is given up; pieces that are put away take as long as they like.
    end: Option<Instant>,
}

impl Pace {
    /// From now on, for a body that is read whole.
    pub fn begin(http: &Http) -> Self {
        let began = Instant::now();
        Self {
            end: Some(began + Duration::from_secs(http.request_seconds)),
            ..Self::of_pieces(http)
        }
    }

    /// From now on, for a body that is put away piece by piece.
    pub fn of_pieces(http: &Http) -> Self {
        Self {
            began: Instant::now(),
            silence: Duration::from_secs(http.upload_idle_seconds),
            per_second: http.body_bytes_per_second.max(1),
            end: None,
        }
    }

    /// When the next piece has to be there.
    pub fn deadline(&self, read: u64) -> Instant {
        let paced = Duration::from_millis(read.saturating_mul(1_000) / u64::from(self.per_second));
        let due = (self.began + self.silence + paced).min(Instant::now() + self.silence);
        self.end.map_or(due, |end| due.min(end))
    }

    /// The problem of a body that did not keep up.
    pub fn stalled(&self, code: &'static str) -> Problem {
        let detail = words!(
            "nothing came for {silence} s, or less than {pace} bytes a second; send it again",
            "{silence} 秒内没有收到数据，或平均每秒不足 {pace} 字节；请重新发送",
            silence = self.silence.as_secs(),
            pace = self.per_second
        );
        Problem::new(StatusCode::REQUEST_TIMEOUT, code, detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rations::Store;
    use futures_util::stream;

    const ONE: Uuid = Uuid::from_u128(1);

    fn pace() -> Pace {
        Pace::begin(&Http::default())
    }

    fn code<T: std::fmt::Debug>(answer: Answer<T>) -> (u16, String) {
        let problem = answer.unwrap_err();
        (problem.status.as_u16(), problem.code)
    }

    #[tokio::test]
    async fn a_body_is_read_to_its_limit_and_no_further() {
        let store = Store::new(8 << 20);
        let read = async |length: usize, most: usize| {
            let piece = || Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; 1_000]));
            let pieces = stream::iter(std::iter::repeat_with(piece).take(length / 1_000));
            whole(Body::from_stream(pieces), None, most, &pace(), &mut store.ration(ONE)).await
        };
        assert_eq!(read(200_000, 200_000).await.unwrap().len(), 200_000);
        assert_eq!(code(read(200_000, 199_999).await), (413, "body_too_large".into()));
    }

    #[tokio::test]
    async fn a_body_that_stops_or_crawls_is_given_up() {
        const SECOND: Duration = Duration::from_secs(1);
        let store = Store::new(8 << 20);
        let read = async |piece: usize, every: Duration, per_second: u32, seconds: u32| {
            let pace = Pace {
                began: Instant::now(),
                silence: SECOND,
                per_second,
                end: Some(Instant::now() + SECOND * seconds),
            };
            let pieces = stream::unfold(0, move |length| async move {
                tokio::time::sleep(every).await;
                Some((Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; piece])), length + piece))
            });
            let began = Instant::now();
            let read = whole(Body::from_stream(pieces), None, 1_000, &pace, &mut store.ration(ONE)).await;
            (code(read), began.elapsed().as_secs())
        };
        let stalled = (408, "body_stalled".to_owned());
        let tenth = SECOND / 10;
        let (silent, crawling, steady, long) = tokio::join!(
            read(1, SECOND * 60, 1, 60),
            read(1, tenth, 100, 60),
            read(100, tenth, 100, 60),
            read(20, tenth, 1, 2),
        );
        assert_eq!(silent, (stalled.clone(), 1));
        assert_eq!(
            crawling,
            (stalled.clone(), 1),
            "ten bytes a second are fewer than a hundred"
        );
        assert_eq!(steady.0, (413, "body_too_large".to_owned()), "a slow line is no crime");
        assert_eq!(long, (stalled, 2), "no request takes for ever");
    }
}
