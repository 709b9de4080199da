//! Sending to an address that an agency gave: it may be anybody's, so what can be reached is bounded, and what is answered too.

use super::unanswered::{PRIVATE, why};
use super::{CONNECT, PATIENCE};
use crate::error::{AppError, Result};
use posthouse_domain::{webhook as domain, words};
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

/// How much of an answer is read, in bytes.
const ANSWER: u64 = 2_048;
/// How much of it is kept, in characters.
const KEPT: usize = 500;
/// Largest header of an answer, in bytes.
const ANSWER_HEADER: usize = 16 << 10;

/// What is sent.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) url: String,
    pub(super) id: String,
    pub(super) seconds: i64,
    pub(super) signature: String,
    pub(super) body: String,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    /// None if there was no answer.
    pub(super) status: Option<u16>,
    /// The beginning of the answer, or why there was none.
    pub(super) text: String,
}

impl Reply {
    /// There was none.
    pub(super) fn none(why: &impl std::fmt::Display) -> Self {
        Self {
            status: None,
            text: kept(&why.to_string()),
        }
    }

    /// Whether it was taken.
    pub(super) fn is_taken(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }

    /// Whether the receiver says that it is gone for good.
    pub(super) fn is_gone(&self) -> bool {
        self.status == Some(410)
    }
}

/// Whether to reach addresses of this machine and its network.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    allow_private: bool,
}

impl Bounds {
    fn allow(self, address: SocketAddr) -> bool {
        self.allow_private || (domain::is_public(address.ip()) && !is_own(address.ip()))
    }
}

/// Whether an address is one of this machine's, which it may have on the internet too: nobody can listen on another's, unless the machine is
/// set up so that everybody can, as some that share an address are.
fn is_own(address: IpAddr) -> bool {
    static TELLS: LazyLock<bool> = LazyLock::new(|| {
        let tells = UdpSocket::bind((NOBODYS, 0)).is_err();
        if !tells {
            tracing::warn!(
                "this machine listens on addresses that are not its own: webhooks may lead to its public ones"
            );
        }
        tells
    });
    *TELLS && UdpSocket::bind((address, 0)).is_ok()
}

/// An address for documentation, which no machine has.
const NOBODYS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

/// Looks names up, and leaves out addresses that are out of bounds. The connection goes to what it answers, so a name that is looked up
/// twice and answered differently changes nothing; and an address that is written out comes by here too.
#[derive(Debug)]
struct Bounded {
    bounds: Bounds,
    inner: DefaultResolver,
}

impl Resolver for Bounded {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> std::result::Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        let mut allowed = self.empty();
        for address in found.iter().filter(|address| self.bounds.allow(**address)) {
            allowed.push(*address);
        }
        if allowed.is_empty() {
            return Err(ureq::Error::Other(Box::new(OutOfBounds)));
        }
        Ok(allowed)
    }
}

/// A name led nowhere but to this machine or its network.
#[derive(Debug, thiserror::Error)]
#[error("{PRIVATE}")]
struct OutOfBounds;

/// The address is from a time at which it could be without TLS.
#[derive(Debug, thiserror::Error)]
#[error("the address is without TLS; only webhooks.allow-private lets the server send so")]
struct WithoutTls;

/// Asks others within bounds: nobody of this network unless `allow_private`, nobody whom the one asked names instead, and for no longer than
/// `patience`. A status is an answer.
pub(crate) fn bounded_agent(allow_private: bool, patience: Duration) -> ureq::Agent {
    let config = Config::builder()
        .http_status_as_error(false)
        .proxy(None)
        // where a receiver sends us is not where the agency wanted us to go
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(patience))
        .timeout_resolve(Some(CONNECT))
        .timeout_connect(Some(CONNECT))
        .max_response_header_size(ANSWER_HEADER)
        .user_agent(concat!("posthouse/", env!("CARGO_PKG_VERSION")))
        .build();
    let resolver = Bounded {
        bounds: Bounds { allow_private },
        inner: DefaultResolver::default(),
    };
    ureq::Agent::with_parts(config, DefaultConnector::default(), resolver)
}

/// Sends to webhooks. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    bounds: Bounds,
    agent: Arc<ureq::Agent>,
}

impl Sender {
    /// `allow_private` lets it reach this machine and its network, and send without TLS.
    pub(crate) fn new(allow_private: bool) -> Self {
        let bounds = Bounds { allow_private };
        let agent = bounded_agent(allow_private, PATIENCE);
        Self {
            bounds,
            agent: Arc::new(agent),
        }
    }

    /// Whether this is an address that could be sent to. What its name leads to is seen when something is sent.
    ///
    /// # Errors
    /// `bad_webhook_url`, `private_address`.
    pub(super) fn check(&self, url: &str) -> Result<()> {
        let bad = |detail| Err(AppError::invalid("bad_webhook_url", detail));
        if url.len() > super::LONGEST_URL {
            return bad(words!(
                "url has {bytes} bytes; at most {most}",
                "url 有 {bytes} 字节，最多 {most} 字节",
                bytes = url.len(),
                most = super::LONGEST_URL
            ));
        }
        if !url.contains("://") {
            return bad(words!(
                "url has no https://; write it like https://example.com/posthouse",
                "url 缺少 https://，应写成 https://example.com/posthouse 这样"
            ));
        }
        if url.contains('#') {
            return bad(words!("url must not have a #fragment", "url 不能带 #片段"));
        }
        let uri = match url.parse::<Uri>() {
            Ok(uri) if url.is_ascii() && !url.contains('\\') => uri,
            _ => {
                return bad(words!(
                    "url must be an address like https://example.com/posthouse",
                    "url 应为网址，如 https://example.com/posthouse"
                ));
            }
        };
        let schemes: &[&str] = if self.bounds.allow_private {
            &["https", "http"]
        } else {
            &["https"]
        };
        if !uri.scheme_str().is_some_and(|scheme| schemes.contains(&scheme)) {
            return bad(words!(
                "url must begin with https://; without TLS only if the operator has set webhooks.allow-private",
                "url 应以 https:// 开头；仅当运维设置了 webhooks.allow-private 时可不用 TLS"
            ));
        }
        let Some(authority) = uri.authority().filter(|authority| !authority.host().is_empty()) else {
            return bad(words!("url names no host", "url 缺少主机名"));
        };
        if authority.as_str().contains('@') {
            return bad(words!(
                "url must not hold a user or password; the signature says who sends",
                "url 中不能带用户名或密码；发送方由签名证明"
            ));
        }
        let is_port =
            authority.as_str().len() == authority.host().len() || authority.port_u16().is_some_and(|port| port > 0);
        if !(is_port && is_host(authority.host())) {
            return bad(words!(
                "nothing can be sent to {authority}; url names a host, and a port from 1 to 65535 if it has one",
                "无法发往 {authority}；url 应写明主机名，如带端口应在 1 到 65535 之间"
            ));
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        let private = host
            .parse()
            .is_ok_and(|ip| !self.bounds.allow(SocketAddr::new(ip, 443)));
        let local = host.eq_ignore_ascii_case("localhost") || host.to_ascii_lowercase().ends_with(".localhost");
        if private || (local && !self.bounds.allow_private) {
            return Err(AppError::invalid(
                "private_address",
                words!(
                    "{host} is an address of this machine or its network; the operator can allow those with webhooks.allow-private",
                    "{host} 是本机或内网地址；运维可用 webhooks.allow-private 放行"
                ),
            ));
        }
        Ok(())
    }

    /// Sends, and waits for the answer; blocks.
    pub(super) fn send(&self, letter: &Letter) -> Reply {
        // an address is checked when it is given; what the operator allows may have changed since
        let has_tls = letter
            .url
            .parse::<Uri>()
            .is_ok_and(|uri| uri.scheme_str() == Some("https"));
        if !(has_tls || self.bounds.allow_private) {
            return Reply::none(&WithoutTls);
        }
        let began = Instant::now();
        let sent = self
            .agent
            .post(&letter.url)
            .header("content-type", "application/cloudevents+json; charset=utf-8")
            .header("webhook-id", &letter.id)
            .header("webhook-timestamp", letter.seconds.to_string())
            .header("webhook-signature", &letter.signature)
            .send(&letter.body);
        let outcome = if sent.is_ok() { "answered" } else { "unanswered" };
        metrics::histogram!("posthouse_webhook_seconds", "outcome" => outcome).record(began.elapsed());
        match sent {
            Ok(mut answer) => {
                let status = answer.status().as_u16();
                let mut text = Vec::new();
                // a status is an answer, whatever becomes of the words behind it
                let _ = answer.body_mut().as_reader().take(ANSWER).read_to_end(&mut text);
                Reply {
                    status: Some(status),
                    text: kept(&String::from_utf8_lossy(&text)),
                }
            }
            Err(error) => Reply::none(&why(&error)),
        }
    }
}

/// Whether this can be a host: an address of IPv6 in brackets, or a name of labels as names have them, as which addresses of IPv4 pass.
fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[') {
        return address
            .strip_suffix(']')
            .is_some_and(|address| address.parse::<Ipv6Addr>().is_ok());
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    host.len() <= 253 && host.strip_suffix('.').unwrap_or(host).split('.').all(is_label)
}

/// The host of an address: what may stand in a log, as the rest may hold a token.
pub(super) fn host(url: &str) -> String {
    url.parse::<Uri>()
        .ok()
        .and_then(|uri| uri.host().map(str::to_owned))
        .unwrap_or_default()
}

/// What is kept of an answer.
fn kept(text: &str) -> String {
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    text.chars()
        .map(printable)
        .take(KEPT)
        .collect::<String>()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(sender: &Sender, url: &str) -> String {
        match sender.check(url) {
            Ok(()) => "fine".into(),
            Err(AppError::Invalid(rejection)) => rejection.code,
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_machine_knows_its_own_addresses() {
        for (own, address) in [
            (true, "127.0.0.1"),
            (true, "127.9.9.9"),
            (false, "192.0.2.1"),
            (false, "8.8.8.8"),
        ] {
            assert_eq!(is_own(address.parse().unwrap()), own, "{address}");
        }
    }

    #[test]
    fn addresses_are_checked() {
        let sender = Sender::new(false);
        for fine in [
            "https://example.com/hook",
            "https://example.com:8443/a?b=c",
            "https://8.8.8.8/",
            "https://example.com./",
            "https://hooks_1.example.com:65535/",
            "https://[2606:4700::1]/",
        ] {
            assert_eq!(code(&sender, fine), "fine", "{fine}");
        }
        for bad in [
            "",
            "example.com/hook",
            "http://example.com/",
            "ftp://example.com/",
            "file:///etc/passwd",
            "https:///hook",
            "https://user:secret@example.com/",
            "https://example.com\\@10.0.0.1/",
            "https://example.com/#a",
            "https://例子.com/",
            "https://example.com/é",
            "https://example.com:99999/",
            "https://example.com:-1/",
            "https://example.com:0/",
            "https://example.com:/",
            "https://[]/",
            "https://[2606:4700::1/",
            "https://[example.com]/",
            "https://.../",
            "https://a..b/",
        ] {
            assert_eq!(code(&sender, bad), "bad_webhook_url", "{bad}");
        }
        for private in [
            "https://127.0.0.1/",
            "https://localhost:7300/",
            "https://a.localhost/",
            "https://169.254.169.254/latest/meta-data",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
        ] {
            assert_eq!(code(&sender, private), "private_address", "{private}");
            assert_eq!(code(&Sender::new(true), private), "fine", "{private}");
        }
        assert_eq!(code(&Sender::new(true), "http://127.0.0.1:1/"), "fine");
    }

    fn letter_to(url: String) -> Letter {
        Letter {
            url,
            id: "a".into(),
            seconds: 1,
            signature: "v1,a".into(),
            body: "{}".into(),
        }
    }

    #[test]
    fn what_was_allowed_once_is_not_sent_without_tls() {
        // an address of the internet, so that only the scheme is against it
        let reply = Sender::new(false).send(&letter_to("http://203.0.114.1:9/".into()));
        assert_eq!(
            (reply.status, reply.text.contains("TLS")),
            (None, true),
            "{}",
            reply.text
        );
    }

    #[test]
    fn what_is_wrong_with_an_address_is_said() {
        let long = format!("https://example.com/{}", "x".repeat(2_104));
        for (url, said) in [
            ("example.com/hook", "no https://"),
            ("https://example.com/#a", "#fragment"),
            (&*long, "2124 bytes"),
            ("http://example.com/", "begin with https://"),
        ] {
            let refused = Sender::new(false).check(url).unwrap_err().to_string();
            assert!(refused.contains(said), "{refused}");
        }
        assert_eq!(host("https://example.com:8443/hook?token=a"), "example.com");
    }

    #[test]
    fn what_a_name_leads_to_is_seen_when_it_is_sent() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        // written so that only the look-up sees what it is
        for host in ["2130706433", "0x7f.1", "localhost", "127.1"] {
            let reply = Sender::new(false).send(&letter_to(format!("https://{host}:{port}/")));
            assert_eq!(reply.status, None, "{host}");
            assert!(reply.text.contains("private"), "{host}: {}", reply.text);
        }
        listener.set_nonblocking(true).unwrap();
        assert!(listener.accept().is_err(), "nobody came");
    }

    #[test]
    fn answers_are_kept_short_and_printable() {
        assert_eq!(kept("a\u{1b}[31m\r\nb "), "a [31m  b");
        assert_eq!(kept(&"x".repeat(2_000)).len(), KEPT);
    }
}
