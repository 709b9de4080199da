//! Talking to a server, with patience: a connection that breaks is made again, a server that is away is waited for.

use super::Failure;
use posthouse_app::clock::SystemEntropy;
use posthouse_domain::words::spoken;
use posthouse_domain::{Entropy, Words, words};
use serde::Serialize;
use serde_json::Value;
use std::cell::Cell;
use std::io::{Read, Write};
use std::net::ToSocketAddrs;
use std::time::{Duration, Instant};
use ureq::http::{Response, StatusCode, Uri};
use ureq::{Agent, Body};

/// How long a server may be away.
const PATIENCE: Duration = Duration::from_secs(30);
/// Pause between two tries.
const PAUSE: Duration = Duration::from_millis(500);
/// Time between two words to whoever waits.
const WORD_EVERY: Duration = Duration::from_secs(5);
/// Where a server is looked for.
const DEFAULT_URL: &str = "http://127.0.0.1:7300";

/// A server and a key for it.
pub(crate) struct Client {
    agent: Agent,
    url: String,
    authorization: String,
    /// The language in which the server is to answer.
    language: &'static str,
    patience: Duration,
    /// Whether the server has answered anything yet.
    met: Cell<bool>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The server is away or too busy; it may come back.
    Away(String),
    /// The server said no.
    Refused(Failure),
}

/// The server that the environment names.
///
/// # Errors
/// An address that cannot be one of a server.
pub(super) fn environment_url() -> Result<String, Failure> {
    let named = std::env::var("POSTHOUSE_URL").ok().filter(|url| !url.trim().is_empty());
    server_address(named.as_deref().unwrap_or(DEFAULT_URL))
}

impl Client {
    /// The server and key that the environment names.
    ///
    /// # Errors
    /// No key, an address that cannot be one of a server.
    pub(crate) fn from_environment() -> Result<Self, Failure> {
        let read = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        let key = read("POSTHOUSE_API_KEY").ok_or_else(|| {
            Failure::usage(
                words!("set POSTHOUSE_API_KEY to a key of the agency; `posthouse agency create` prints the first one, `posthouse agency key` a new one", "请把 POSTHOUSE_API_KEY 设为旅行社的密钥；首个密钥由 `posthouse agency create` 显示，新密钥用 `posthouse agency key` 创建"),
            )
        })?;
        if !key.trim().bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Failure::usage(words!(
                "POSTHOUSE_API_KEY is not a key: keys have letters, digits and underscores; copy it again from where it was printed",
                "POSTHOUSE_API_KEY 不是密钥：密钥由字母、数字和下划线组成；请重新复制"
            )));
        }
        let url = environment_url()?;
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(5)))
            .timeout_recv_response(Some(Duration::from_secs(300)))
            .user_agent(concat!("posthouse/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Self {
            agent: config.into(),
            url,
            authorization: format!("Bearer {}", key.trim()),
            language: spoken().tag(),
            patience: PATIENCE,
            met: Cell::new(false),
        })
    }

    /// The server's address.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    fn address(&self, path: &str) -> String {
        format!("{}/api/v1{path}", self.url)
    }

    /// Reads a document.
    ///
    /// # Errors
    /// What the server says, or that it is away.
    pub(crate) fn get(&self, path: &str) -> Result<Value, Failure> {
        self.patiently(|| document(self.call("GET", path).call()))
    }

    /// Copies an answer to `out`, without trying again.
    ///
    /// # Errors
    /// What the server says, what the system says.
    pub(crate) fn download(&self, path: &str, out: &mut impl std::io::Write) -> Result<(), Failure> {
        self.patiently(|| {
            let mut response = checked(self.call("GET", path).call())?;
            let mut bytes = Vec::new();
            response
                .body_mut()
                .as_reader()
                .read_to_end(&mut bytes)
                .map_err(|e| Trouble::Away(e.to_string()))?;
            Ok(bytes)
        })
        .and_then(|bytes| out.write_all(&bytes).map_err(Failure::failed))
    }

    /// Sends a document. It may be tried again: the server carries it out once.
    ///
    /// # Errors
    /// What the server says, or that it is away.
    pub(crate) fn send(&self, method: &str, path: &str, body: &impl Serialize) -> Result<Value, Failure> {
        self.send_if(method, path, body, None)
    }

    /// The same, if the thing still is at this version.
    ///
    /// # Errors
    /// What the server says, or that it is away.
    pub(crate) fn send_if(
        &self,
        method: &str,
        path: &str,
        body: &impl Serialize,
        version: Option<i64>,
    ) -> Result<Value, Failure> {
        let mut random = [0; 16];
        SystemEntropy.fill(&mut random);
        let key = hex::encode(random);
        self.patiently(|| {
            let mut request = self.with_body(method, path).header("idempotency-key", &key);
            if let Some(version) = version {
                request = request.header("if-match", format!("\"{version}\""));
            }
            document(request.send_json(body))
        })
    }

    /// Takes a thing away.
    ///
    /// # Errors
    /// What the server says, or that it is away.
    pub(crate) fn delete(&self, path: &str) -> Result<Value, Failure> {
        self.patiently(|| document(self.call("DELETE", path).call()))
    }

    /// Sends a document once, for an answer that the server keeps nowhere.
    ///
    /// # Errors
    /// What the server says, or that it is away.
    pub(crate) fn send_once(&self, method: &str, path: &str, body: &impl Serialize) -> Result<Value, Trouble> {
        document(self.with_body(method, path).send_json(body))
    }

    /// Sends bytes that say themselves what they are. The answer comes with whether something new was made of them.
    ///
    /// # Errors
    /// What the server says, or that it is away.
    pub(crate) fn send_bytes(&self, path: &str, content_type: &str, bytes: &[u8]) -> Result<(Value, bool), Failure> {
        self.patiently(|| {
            let request = self.with_body("POST", path).header("content-type", content_type);
            let response = checked(request.send(bytes))?;
            let new = response.status() == StatusCode::CREATED;
            Ok((read(response)?, new))
        })
    }

    /// Sends a file as the part `file` of a form, once, behind a mapping if there is one. The server may say no before the file is on
    /// its way.
    ///
    /// # Errors
    /// Whether trying again makes sense, and why it did not work.
    pub(crate) fn send_file(
        &self,
        path: &str,
        name: &str,
        file: impl Read,
        length: u64,
        mapping: Option<&str>,
    ) -> Result<Value, Trouble> {
        let mut random = [0; 16];
        SystemEntropy.fill(&mut random);
        let boundary = format!("posthouse-{}", hex::encode(random));
        let name: String = name
            .chars()
            .map(|c| {
                if c.is_control() || matches!(c, '"' | '\\') {
                    '_'
                } else {
                    c
                }
            })
            .collect();
        let mapping = mapping.map_or_else(String::new, |text| {
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"mapping\"\r\n\r\n{text}\r\n")
        });
        let head = format!(
            "{mapping}--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: application/octet-stream\r\n\r\n"
        );
        let tail = format!("\r\n--{boundary}--\r\n");
        // a file that grows meanwhile is sent as long as it was
        let mut body = head.as_bytes().chain(file.take(length)).chain(tail.as_bytes());
        let request = self
            .with_body("POST", path)
            .header("content-type", format!("multipart/form-data; boundary={boundary}"))
            .header(
                "content-length",
                (head.len() as u64 + length + tail.len() as u64).to_string(),
            )
            .header("expect", "100-continue");
        document(request.send(ureq::SendBody::from_reader(&mut body)))
    }

    fn call(&self, method: &str, path: &str) -> ureq::RequestBuilder<ureq::typestate::WithoutBody> {
        let address = self.address(path);
        let request = match method {
            "DELETE" => self.agent.delete(address),
            _ => self.agent.get(address),
        };
        request
            .header("authorization", &self.authorization)
            .header("accept-language", self.language)
    }

    fn with_body(&self, method: &str, path: &str) -> ureq::RequestBuilder<ureq::typestate::WithBody> {
        let address = self.address(path);
        let request = match method {
            "PUT" => self.agent.put(address),
            "PATCH" => self.agent.patch(address),
            _ => self.agent.post(address),
        };
        request
            .header("authorization", &self.authorization)
            .header("accept-language", self.language)
    }

    /// Tries until there is an answer, or the server has been away too long. Whoever waits is told at once, and again now and then.
    ///
    /// # Errors
    /// The answer, if it is a refusal; that the server is away.
    pub(crate) fn patiently<T>(&self, mut attempt: impl FnMut() -> Result<T, Trouble>) -> Result<T, Failure> {
        let mut away_since = None;
        let mut words = 0;
        loop {
            match attempt() {
                Ok(answer) => {
                    self.met.set(true);
                    return Ok(answer);
                }
                Err(Trouble::Refused(failure)) => return Err(failure),
                Err(Trouble::Away(problem)) => {
                    if away_since.is_none() && !self.met.get() {
                        self.check_host()?;
                    }
                    let since = *away_since.get_or_insert_with(Instant::now);
                    let waited = since.elapsed();
                    if waited >= self.patience {
                        return Err(Failure::coded("server_away", self.given_up(&problem)));
                    }
                    if waited >= WORD_EVERY * words {
                        self.say_waiting(waited, &problem);
                        words += 1;
                    }
                    std::thread::sleep(PAUSE.min(self.patience));
                }
            }
        }
    }

    /// Waiting does not mend the name of a host that nobody knows.
    fn check_host(&self) -> Result<(), Failure> {
        let address: Option<Uri> = self.url.parse().ok();
        let host = address.as_ref().and_then(Uri::host).unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        match (bare, 80).to_socket_addrs() {
            Ok(_) => Ok(()),
            Err(error) => Err(Failure::coded(
                "host_unknown",
                words!(
                    "the host of POSTHOUSE_URL {url} cannot be found: {error}; check its spelling",
                    "找不到 POSTHOUSE_URL {url} 的主机：{error}；请核对拼写",
                    url = self.url
                ),
            )),
        }
    }

    fn say_waiting(&self, waited: Duration, problem: &str) {
        let left = (self.patience - waited).as_secs_f64().ceil();
        let url = &self.url;
        let said = if waited < WORD_EVERY {
            words!(
                "waiting for {url}, at most {left} s: {problem}",
                "正在等待 {url}，最多 {left} 秒：{problem}"
            )
        } else {
            words!(
                "still waiting for {url}, {left} s left",
                "仍在等待 {url}，还剩 {left} 秒"
            )
        };
        // nobody is left to hear it if this fails
        let _ = writeln!(std::io::stderr(), "{said}");
    }

    fn given_up(&self, problem: &str) -> Words {
        words!(
            "no answer from {url} for {patience} s: {problem}. If no server runs there, start one with `posthouse serve`, or set POSTHOUSE_URL to where it is; then run the command again",
            "{url} 已有 {patience} 秒没有响应：{problem}。如果那里没有运行服务器，请用 `posthouse serve` 启动，或把 POSTHOUSE_URL 设为其地址；然后重新运行命令",
            url = self.url,
            patience = self.patience.as_secs()
        )
    }
}

/// The address of a server without what stands behind it, refused at once if no server can be there.
fn server_address(text: &str) -> Result<String, Failure> {
    let wrong = |problem: Words| {
        Failure::usage(words!(
            "POSTHOUSE_URL {text:?} {problem}; write the server's address like {DEFAULT_URL}",
            "POSTHOUSE_URL {text:?} {problem}；请写成 {DEFAULT_URL} 的形式"
        ))
    };
    let text = text.trim().trim_end_matches('/');
    if !text.contains("://") {
        return Err(wrong(words!(
            "must begin with http:// or https://",
            "须以 http:// 或 https:// 开头"
        )));
    }
    let address: Uri = text
        .parse()
        .map_err(|_| wrong(words!("is not an address", "不是地址")))?;
    if !matches!(address.scheme_str(), Some("http" | "https")) {
        return Err(wrong(words!(
            "must begin with http:// or https://",
            "须以 http:// 或 https:// 开头"
        )));
    }
    if address.host().is_none_or(str::is_empty) {
        return Err(wrong(words!("names no host", "没有主机名")));
    }
    if address.query().is_some() {
        return Err(wrong(words!("must not have a query", "不能带查询参数")));
    }
    Ok(text.to_owned())
}

fn checked(answer: Result<Response<Body>, ureq::Error>) -> Result<Response<Body>, Trouble> {
    let mut response = match answer {
        Ok(response) => response,
        Err(error @ (ureq::Error::BadUri(_) | ureq::Error::Http(_))) => {
            return Err(Trouble::Refused(Failure::usage(error)));
        }
        // waiting does not mend these
        Err(error @ (ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::Protocol(_))) => {
            return Err(Trouble::Refused(Failure::coded(
                "not_a_server",
                words!(
                    "what answers at POSTHOUSE_URL is not a server this command can talk to: {error}; check http or https, and the port",
                    "POSTHOUSE_URL 处的服务无法通信：{error}；请核对 http 还是 https，以及端口"
                ),
            )));
        }
        Err(error) => return Err(Trouble::Away(error.to_string())),
    };
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let text = response.body_mut().read_to_string().unwrap_or_default();
    let problem: Value = serde_json::from_str(&text).unwrap_or_default();
    let code = problem["code"].as_str().unwrap_or("http_error").to_owned();
    let detail = problem["detail"].as_str().map_or_else(
        || words!("the server answers {status}", "服务器返回 {status}").to_string(),
        str::to_owned,
    );
    let again = matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    ) || code == "request_running";
    Err(if again {
        Trouble::Away(detail)
    } else {
        // the server has said it in the language it was asked for
        Trouble::Refused(Failure::coded(code, Words::same(detail)))
    })
}

fn document(answer: Result<Response<Body>, ureq::Error>) -> Result<Value, Trouble> {
    read(checked(answer)?)
}

fn read(mut response: Response<Body>) -> Result<Value, Trouble> {
    let text = response
        .body_mut()
        .with_config()
        .limit(1 << 30)
        .read_to_string()
        .map_err(|e| Trouble::Away(e.to_string()))?;
    if text.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(&text).map_err(|e| {
        Trouble::Refused(Failure::failed(words!(
            "the answer is not JSON, is this a Posthouse server? {e}",
            "响应不是 JSON，那里运行的是 Posthouse 吗？{e}"
        )))
    })
}

#[cfg(test)]
mod tests;
