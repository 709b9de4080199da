//! Why there was no answer, in words that whoever runs the receiver knows.

use super::{CONNECT, PATIENCE};
use posthouse_domain::Words;
use std::io::ErrorKind;
use ureq::{Error, Timeout};

const NOT_RESOLVED: &str = "the name cannot be resolved";
/// It leads to the server's own network.
pub(super) const PRIVATE: &str = "the address is private; webhooks.allow-private lets the server reach such addresses";
const REFUSED: &str = "connection refused";
const RESET: &str = "connection reset";
const NOT_CONNECTED: &str = "no connection";
const BAD_CERTIFICATE: &str = "certificate not valid";

/// What is stored of it: English, as an answer of the receiver's would be in its own language.
pub(super) fn why(error: &Error) -> String {
    let said = error.to_string();
    if let Some((_, problem)) = said.split_once("invalid peer certificate: ") {
        return format!("{BAD_CERTIFICATE}: {}", problem_of(problem));
    }
    match error {
        Error::Timeout(Timeout::Resolve) => format!("{NOT_RESOLVED} within {} s", CONNECT.as_secs()),
        Error::Timeout(Timeout::Connect) => format!("{NOT_CONNECTED} within {} s", CONNECT.as_secs()),
        Error::Timeout(_) => format!("no answer within {} s", PATIENCE.as_secs()),
        Error::HostNotFound => NOT_RESOLVED.into(),
        // the resolver's own error has no kind
        Error::Io(_) if said.contains("failed to lookup address") => NOT_RESOLVED.into(),
        Error::Io(error) if error.kind() == ErrorKind::ConnectionRefused => REFUSED.into(),
        Error::Io(error) if error.kind() == ErrorKind::ConnectionReset => RESET.into(),
        // this server's own reasons
        Error::Other(error) => error.to_string(),
        Error::ConnectionFailed => NOT_CONNECTED.into(),
        _ => said,
    }
}

/// What is wrong with a certificate. The library gives names of its own, and details after some of them.
fn problem_of(said: &str) -> &str {
    match said {
        "UnknownIssuer" => "unknown issuer",
        "Expired" => "expired",
        _ if said.contains("CaUsedAsEndEntity") => "self-signed",
        _ if said.contains("expired") => "expired",
        _ if said.contains("not valid for name") => "for another name",
        other => other,
    }
}

/// The same in the reader's language, if it is known; a receiver's own words stay as they are.
pub fn unanswered(stored: &str) -> Words {
    let zh = match stored {
        NOT_RESOLVED => "域名解析失败".into(),
        REFUSED => "连接被拒绝".into(),
        RESET => "连接被重置".into(),
        NOT_CONNECTED => "连接失败".into(),
        PRIVATE => "地址属于内网；设置 webhooks.allow-private 后服务器才能访问".into(),
        _ => within(stored).unwrap_or_else(|| stored.to_owned()),
    };
    Words {
        en: stored.to_owned(),
        zh,
    }
}

/// Those of them that have something behind them.
fn within(stored: &str) -> Option<String> {
    if let Some(problem) = stored.strip_prefix(BAD_CERTIFICATE) {
        let problem = match problem.trim_start_matches(": ") {
            "unknown issuer" => "签发机构未知",
            "self-signed" => "自签名",
            "expired" => "已过期",
            "for another name" => "域名不符",
            other => other,
        };
        return Some(format!("证书无效：{problem}"));
    }
    let (what, seconds) = stored.strip_suffix(" s")?.split_once(" within ")?;
    match what {
        "no answer" => Some(format!("{seconds} 秒内没有答复")),
        NOT_CONNECTED => Some(format!("{seconds} 秒内没有连上")),
        NOT_RESOLVED => Some(format!("{seconds} 秒内没有解析出域名")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_wrong_is_said_in_both_languages() {
        let io = |kind: ErrorKind| Error::Io(kind.into());
        let looked_up = std::io::Error::other("failed to lookup address information: Name or service not known");
        let issuer = std::io::Error::other("invalid peer certificate: UnknownIssuer");
        for (error, en, zh) in [
            (
                Error::Timeout(Timeout::Global),
                "no answer within 15 s",
                "15 秒内没有答复",
            ),
            (
                Error::Timeout(Timeout::Connect),
                "no connection within 5 s",
                "5 秒内没有连上",
            ),
            (
                Error::Timeout(Timeout::Resolve),
                "the name cannot be resolved within 5 s",
                "5 秒内没有解析出域名",
            ),
            (
                Error::Other(Box::new(std::io::Error::other(PRIVATE))),
                "the address is private; webhooks.allow-private lets the server reach such addresses",
                "地址属于内网；设置 webhooks.allow-private 后服务器才能访问",
            ),
            (Error::HostNotFound, "the name cannot be resolved", "域名解析失败"),
            (Error::Io(looked_up), "the name cannot be resolved", "域名解析失败"),
            (io(ErrorKind::ConnectionRefused), "connection refused", "连接被拒绝"),
            (
                Error::Io(issuer),
                "certificate not valid: unknown issuer",
                "证书无效：签发机构未知",
            ),
        ] {
            let stored = why(&error);
            assert_eq!(stored, en);
            assert_eq!(unanswered(&stored).zh, zh);
        }
        // what nobody foresaw stays as it is
        assert_eq!(unanswered("a new trouble").zh, "a new trouble");
    }
}
