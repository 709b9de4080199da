//! Serving until told to stop, and stopping without dropping anything.

use crate::config::Config;
use crate::output::Failure;
use crate::{house, telemetry};
use posthouse_api::{self as api, Front, Metrics};
use posthouse_app::App;
use posthouse_console::Desk;
use posthouse_domain::words;
use posthouse_web::listener::{self, Bounds, Patience, Refused};
use posthouse_web::{Doors, Http};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::Write;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Serves `app` until SIGTERM or SIGINT. `ready` is called with the base address when requests are answered.
///
/// # Errors
/// An address that cannot be listened on.
pub(crate) async fn serve(config: &Config, app: App, ready: impl AsyncFnOnce(&str)) -> Result<(), Failure> {
    let handle = telemetry::start_metrics().map_err(Failure::failed)?;
    let listener = bind(&config.listen, "--listen").await?;
    let address = listener.local_addr().map_err(Failure::failed)?;
    let apart = match config.metrics_listen.as_str() {
        "" => None,
        apart => Some(bind(apart, "--metrics-listen").await?),
    };
    let here = apart.is_none() && address.ip().is_loopback();
    let metrics = Metrics {
        handle: Some(handle),
        here,
    };
    let doors = Doors::new(config.http.clone());
    let uploads = config.in_data("uploads".as_ref());
    let front = Front::new(app.clone(), doors.clone(), uploads.clone(), metrics);
    let base = format!("http://{address}");
    if !address.ip().is_loopback() {
        warn_of_the_world(&config.http, &base, apart.is_some());
    }
    let mut stop = std::pin::pin!(stop_signal()?);
    app.share_clock(house::clock_kind(&config.clock)).await?;
    app.start();
    let upkeep = tokio::spawn(keep_up(front.clone(), doors.clone()));

    // whoever started us on port 0 reads the address here
    let mut out = std::io::stdout();
    let _ = writeln!(out, "listening on {base}").and_then(|()| out.flush());
    tracing::info!(address = base, "listening");

    let closing = CancellationToken::new();
    let connections = connections(&config.http);
    if let Some(listener) = apart {
        let address = listener.local_addr().map_err(Failure::failed)?;
        tracing::info!(address = format!("http://{address}/metrics"), "metrics");
        let (bounds, patience) = connections.clone();
        let bounds = Bounds {
            all: bounds.all.min(SCRAPERS),
            ..bounds
        };
        let router = api::metrics_router(front.clone());
        tokio::spawn(listener::serve(
            listener,
            router,
            (bounds, patience),
            closing.clone(),
            |_, _| {},
        ));
    }
    let console = posthouse_console::router(Desk::new(app.clone(), doors.clone(), uploads));
    let router = console.fallback_service(api::router(front.clone()));
    let told = doors.clone();
    let refused = move |why: Refused, peer| {
        metrics::counter!("posthouse_connections_refused_total").increment(1);
        if told.refusals().count(why.code(), "", peer) {
            tracing::warn!(code = why.code(), %peer, "a connection is refused");
        }
    };
    let mut server = tokio::spawn(listener::serve(listener, router, connections, closing.clone(), refused));
    ready(&base).await;

    let ended = tokio::select! {
        ended = &mut server => Some(ended),
        reason = &mut stop => {
            tracing::info!(reason, "stopping");
            None
        }
    };
    doors.begin_to_stop();
    app.begin_to_stop();
    if ended.is_none() {
        tokio::time::sleep(Duration::from_secs(config.http.drain_seconds)).await;
        closing.cancel();
        let grace = Duration::from_secs(config.http.shutdown_seconds);
        doors.tasks().close();
        let finish = async {
            let _ = (&mut server).await;
            doors.tasks().wait().await;
        };
        tokio::select! {
            () = finish => {}
            () = tokio::time::sleep(grace) => tracing::warn!(seconds = grace.as_secs(), "some requests were not done in time"),
            reason = stop_signal()? => tracing::warn!(reason, "second signal: not waiting any longer"),
        }
        server.abort();
    }
    upkeep.abort();
    app.stop().await;
    tracing::info!("stopped");
    match ended {
        Some(Err(error)) => Err(Failure::failed(words!(
            "the server ended: {error}",
            "服务器已终止：{error}"
        ))),
        _ => Ok(()),
    }
}

/// Connections to the address of metrics, which has few readers.
const SCRAPERS: usize = 64;
/// Files that are kept free beside connections: for the database, uploads, workbooks and webhooks.
const FILES: u64 = 256;
/// As many files as are asked for unless a setting wants more connections.
const MOST_FILES: u64 = 4_096;

async fn bind(address: &str, flag: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|e| {
        Failure::failed(words!(
            "cannot listen on {address}: {e}; choose another address with {flag}, port 0 takes a free one",
            "无法监听 {address}：{e}；请用 {flag} 换一个地址，端口 0 表示任选空闲端口"
        ))
    })
}

/// What whoever opens the server to others should know.
fn warn_of_the_world(http: &Http, base: &str, metrics_apart: bool) {
    if !http.tls_in_front {
        let warning = words!(
            "{base} can be reached from other machines, and nothing is encrypted on the way: keys and customers' data can be read along. Put a proxy \
             with TLS in front, and say so with http.tls-in-front = true",
            "其他机器可以访问 {base}，而传输没有加密：密钥和客户数据可被窃听。请在前面放置带 TLS 的反向代理，并设置 http.tls-in-front = true"
        );
        tracing::warn!("{warning}");
    }
    if !metrics_apart {
        let note = words!(
            "/metrics is not served on {base}, which others can reach; metrics-listen gives it an address of its own",
            "{base} 可从外部访问，因此不提供 /metrics；请用 metrics-listen 为指标另设地址"
        );
        tracing::info!("{note}");
    }
}

/// How many connections there may be, and how patient the server is with each.
fn connections(http: &Http) -> (Bounds, Patience) {
    let bounds = Bounds {
        all: match http.connections {
            0 => beside(files(MOST_FILES)),
            set => set.min(beside(files(set as u64 + FILES))),
        },
        of_one: http.connections_per_address,
        proxies: http.proxies(),
    };
    let patience = Patience {
        head: Duration::from_secs(http.header_seconds),
        idle: Duration::from_secs(http.idle_seconds),
        send: Duration::from_secs(http.send_idle_seconds),
    };
    (bounds, patience)
}

/// How many files this process may have open, after it has asked for so many.
fn files(wanted: u64) -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum.unwrap_or(wanted).min(wanted);
    let current = limit.current.unwrap_or(wanted).min(wanted);
    if current >= most {
        return current;
    }
    let raised = Rlimit {
        current: Some(most),
        ..limit
    };
    setrlimit(Resource::Nofile, raised).map_or(current, |()| most)
}

/// How many connections leave files free.
fn beside(files: u64) -> usize {
    usize::try_from(files - FILES.min(files / 2)).unwrap_or(usize::MAX)
}

/// Small chores that nobody waits for.
async fn keep_up(front: Front, doors: Doors) {
    let mut tick = tokio::time::interval(Duration::from_secs(10));
    loop {
        tick.tick().await;
        doors.upkeep();
        front.upkeep();
    }
}

/// The name of the signal that says to stop.
fn stop_signal() -> Result<impl Future<Output = &'static str>, Failure> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::failed)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_for_everything_else() {
        assert_eq!(beside(1_024), 768);
        assert_eq!(beside(300), 150);
        assert_eq!(beside(MOST_FILES), 3_840);
    }
}
