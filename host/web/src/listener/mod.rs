//! Connections: taken in within bounds, watched while they say nothing, and let go without dropping an answer.
//!
//! Nobody has shown a key yet here. A peer can therefore hold nothing for long: it has seconds for the headers of a request, and when there is no
//! room for another connection the one that has waited longest makes way.

mod connections;
mod network;
mod socket;

pub use connections::{Bounds, Connection, Refused};
pub use network::{Network, crowd_of};

use axum::Router;
use axum::body::Body;
use connections::{Connections, Stage};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use posthouse_domain::words;
use socket::Watched;
use std::convert::Infallible;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_service::Service;

/// Longest headers of a request, its line among them. Addresses and keys are short; every connection may fill this much.
const HEAD: usize = 32 << 10;
/// What a connection takes in before somebody reads it.
const BUFFER: usize = 64 << 10;
/// Connections that are told why they are turned away, and for how long one may listen.
const TOLD: usize = 32;
const LISTENS: Duration = Duration::from_secs(1);
/// How long to wait when the system gives no more connections.
const BREATH: Duration = Duration::from_millis(100);
/// How long not to say it again.
const SILENT: Duration = Duration::from_secs(60);

/// How patient a listener is.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Until the headers of a request are whole.
    pub head: Duration,
    /// Between two requests.
    pub idle: Duration,
    /// Until a reader takes more of an answer.
    pub send: Duration,
}

/// Who is at the other end of a request's connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// Serves `router` until `closing`, and then what is under way. `refused` hears of every connection that was not taken in.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    (bounds, patience): (Bounds, Patience),
    closing: CancellationToken,
    refused: impl Fn(Refused, IpAddr),
) {
    let connections = Connections::new(bounds);
    let told = Arc::new(Semaphore::new(TOLD));
    let under_way = TaskTracker::new();
    let mut said: Option<Instant> = None;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = closing.cancelled() => break,
        };
        let (socket, peer) = match accepted {
            Ok(accepted) => accepted,
            // it was gone before it was here
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
                ) =>
            {
                continue;
            }
            Err(error) => {
                if said.is_none_or(|said| said.elapsed() > SILENT) {
                    said = Some(Instant::now());
                    tracing::error!(%error, "no connection can be accepted");
                }
                tokio::time::sleep(BREATH).await;
                continue;
            }
        };
        let peer = peer.ip().to_canonical();
        match connections.enter(peer) {
            Ok(connection) => {
                under_way.spawn(attend(
                    socket,
                    peer,
                    connection,
                    router.clone(),
                    patience,
                    closing.clone(),
                ));
            }
            Err(why) => {
                refused(why, peer);
                // beyond that it closes without a word
                if let Ok(place) = told.clone().try_acquire_owned() {
                    tokio::spawn(async move {
                        let _ = tokio::time::timeout(LISTENS, turn_away(socket, why)).await;
                        drop(place);
                    });
                }
            }
        }
    }
    drop(listener);
    under_way.close();
    under_way.wait().await;
}

/// One connection, until it ends, has nothing to say, or has to make way.
async fn attend(
    socket: TcpStream,
    peer: IpAddr,
    connection: Arc<Connection>,
    router: Router,
    patience: Patience,
    closing: CancellationToken,
) {
    // answers are small and wanted at once
    let _ = socket.set_nodelay(true);
    let service = service_fn(|mut request: hyper::Request<Incoming>| {
        connection.begin();
        request.extensions_mut().insert(Peer(peer));
        request.extensions_mut().insert(connection.clone());
        let answer = router.clone().call(request.map(Body::new));
        let connection = connection.clone();
        async move {
            let answer = answer.await?;
            Ok::<_, Infallible>(answer.map(|body| connections::Answer::new(body, connection)))
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(patience.idle.max(patience.head))
        .max_header_size(HEAD)
        .max_buf_size(BUFFER);
    let io = TokioIo::new(Watched::new(socket, connection.clone(), patience));
    let mut served = std::pin::pin!(http.serve_connection(io, service));
    let mut stopping = false;
    loop {
        tokio::select! {
            // an end that is no good one is the peer's affair
            _ = served.as_mut() => break,
            () = connection.must_go() => {
                // a request that began at the same moment is answered first
                if connection.stage() != Stage::Work {
                    break;
                }
                served.as_mut().graceful_shutdown();
            }
            () = closing.cancelled(), if !stopping => {
                stopping = true;
                served.as_mut().graceful_shutdown();
            }
        }
    }
}

/// Says why, and closes when the peer has heard it: what it sends meanwhile is read, or the system would take the answer back.
async fn turn_away(mut socket: TcpStream, why: Refused) {
    let code = why.code();
    let (status, title, detail) = match why {
        Refused::Full => (
            "503 Service Unavailable",
            words!("Overloaded", "服务器超负荷"),
            words!(
                "the server has as many connections as it takes; try again in a moment",
                "服务器的连接数已满；请稍后重试"
            ),
        ),
        Refused::TooMany => (
            "429 Too Many Requests",
            words!("Too many connections", "连接过多"),
            words!(
                "this address has as many connections as it may have; use those that are open",
                "此地址的连接数已达上限；请复用已有连接"
            ),
        ),
    };
    let number: u16 = status[..3].parse().unwrap_or(503);
    let body = serde_json::json!({
        "type": format!("urn:posthouse:problem:{code}"),
        "title": title.to_string(),
        "status": number,
        "code": code,
        "detail": detail.to_string(),
    })
    .to_string();
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\nretry-after: 1\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let _ = socket.write_all(answer.as_bytes()).await;
    let _ = socket.shutdown().await;
    let mut ignored = [0; 4_096];
    while socket.read(&mut ignored).await.is_ok_and(|read| read > 0) {}
}
