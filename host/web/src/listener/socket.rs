//! A socket that does not wait for ever.

use super::Patience;
use super::connections::{Connection, Stage};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

/// Fails when the headers of a request take too long, or nobody takes its answer.
pub(super) struct Watched {
    socket: TcpStream,
    connection: Arc<Connection>,
    patience: Patience,
    head: Alarm,
    send: Alarm,
}

impl Watched {
    pub(super) fn new(socket: TcpStream, connection: Arc<Connection>, patience: Patience) -> Self {
        let mut head = Alarm::default();
        head.set(patience.head);
        Self {
            socket,
            connection,
            patience,
            head,
            send: Alarm::default(),
        }
    }

    /// What became of writing; while nothing can be written, time passes.
    fn sent<T>(&mut self, context: &mut Context<'_>, sent: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if sent.is_ready() {
            self.send.stop();
            return sent;
        }
        if !self.send.is_set() {
            self.send.set(self.patience.send);
        }
        self.send.poll(context, "unread")
    }
}

impl AsyncRead for Watched {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.socket).poll_read(context, buffer);
        if this.connection.stage() == Stage::Idle && buffer.filled().len() > before {
            this.connection.awake();
            this.head.set(this.patience.head);
        }
        if read.is_pending() && this.connection.stage() == Stage::Head {
            return this.head.poll(context, "headers");
        }
        read
    }
}

impl AsyncWrite for Watched {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let sent = Pin::new(&mut this.socket).poll_write(context, bytes);
        this.sent(context, sent)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let sent = Pin::new(&mut this.socket).poll_write_vectored(context, pieces);
        this.sent(context, sent)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.socket).poll_flush(context);
        if matches!(flushed, Poll::Ready(Ok(()))) {
            self.connection.sent();
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}

/// A moment after which waiting is over. Most are never waited for, so the timer is made when the first is.
#[derive(Default)]
struct Alarm {
    at: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Alarm {
    fn set(&mut self, patience: Duration) {
        let at = Instant::now() + patience;
        self.at = Some(at);
        if let Some(timer) = &mut self.timer {
            timer.as_mut().reset(at);
        }
    }

    fn is_set(&self) -> bool {
        self.at.is_some()
    }

    fn stop(&mut self) {
        self.at = None;
    }

    /// Pending until the moment has come.
    fn poll<T>(&mut self, context: &mut Context<'_>, why: &'static str) -> Poll<io::Result<T>> {
        let Some(at) = self.at else { return Poll::Pending };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
        std::task::ready!(timer.as_mut().poll(context));
        metrics::counter!("posthouse_connections_closed_total", "why" => why).increment(1);
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}
