//! Serving until told to stop, and stopping without dropping anything.

use crate::api::{self, Front};
use crate::config::Config;
use crate::output::Failure;
use crate::{house, telemetry};
use axum::serve::ListenerExt;
use posthouse_app::App;
use posthouse_domain::words;
use std::io::Write;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Serves `app` until SIGTERM or SIGINT. `ready` is called with the base address when requests are answered.
///
/// # Errors
/// An address that cannot be listened on.
pub(crate) async fn serve(config: &Config, app: App, ready: impl AsyncFnOnce(&str)) -> Result<(), Failure> {
    let _alone = house::serve_alone(config)?;
    let metrics = telemetry::start_metrics().map_err(Failure::failed)?;
    let front = Front::new(
        app.clone(),
        config.http.clone(),
        config.in_data("uploads".as_ref()),
        Some(metrics),
    );
    let listener = TcpListener::bind(&config.listen).await.map_err(|e| {
        Failure::failed(words!(
            "cannot listen on {address}: {e}; choose another address with --listen, port 0 takes a free one",
            "无法监听 {address}：{e}；请用 --listen 换一个地址，端口 0 表示任选空闲端口",
            address = config.listen
        ))
    })?;
    let address = listener.local_addr().map_err(Failure::failed)?;
    let base = format!("http://{address}");
    // answers are small and wanted at once
    let listener = listener.tap_io(|socket| {
        let _ = socket.set_nodelay(true);
    });
    let mut stop = std::pin::pin!(stop_signal()?);
    app.share_clock(house::clock_kind(&config.clock)).await?;
    app.start();
    let upkeep = tokio::spawn(keep_up(front.clone()));

    // whoever started us on port 0 reads the address here
    let mut out = std::io::stdout();
    let _ = writeln!(out, "listening on {base}").and_then(|()| out.flush());
    tracing::info!(address = base, "listening");

    let (close, closed) = tokio::sync::oneshot::channel::<()>();
    let server = axum::serve(listener, api::router(front.clone())).with_graceful_shutdown(async {
        let _ = closed.await;
    });
    let mut server = tokio::spawn(server.into_future());
    ready(&base).await;

    let ended = tokio::select! {
        ended = &mut server => Some(ended),
        reason = &mut stop => {
            tracing::info!(reason, "stopping");
            None
        }
    };
    front.begin_to_stop();
    if ended.is_none() {
        tokio::time::sleep(Duration::from_secs(config.http.drain_seconds)).await;
        let _ = close.send(());
        let grace = Duration::from_secs(config.http.shutdown_seconds);
        front.tasks().close();
        let finish = async {
            let _ = (&mut server).await;
            front.tasks().wait().await;
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
        Some(Ok(Err(error))) => Err(Failure::failed(words!(
            "the server ended: {error}",
            "服务器已终止：{error}"
        ))),
        Some(Err(error)) => Err(Failure::failed(words!(
            "the server ended: {error}",
            "服务器已终止：{error}"
        ))),
        _ => Ok(()),
    }
}

/// Small chores that nobody waits for.
async fn keep_up(front: Front) {
    let mut tick = tokio::time::interval(Duration::from_secs(10));
    loop {
        tick.tick().await;
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
