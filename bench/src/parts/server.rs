//! The real server as a child process, and calls to it over loopback.

use super::house;
use crate::population::{DAY_MILLIS, NOW};
use crate::report::millis;
use crate::{Plan, Result, machine};
use posthouse_domain::time::instant_text;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

/// A running server; it ends with this.
pub(crate) struct Server {
    child: Child,
    base: String,
    key: String,
}

/// Calls with one key, over connections that stay open.
#[derive(Clone)]
pub(crate) struct Client {
    agent: ureq::Agent,
    base: String,
    bearer: String,
}

/// The binary beside this one: `make bench` builds both.
pub(crate) fn program() -> Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name("posthouse");
    if path.is_file() {
        Ok(path)
    } else {
        Err("there is no posthouse beside this binary; `make build` makes it".into())
    }
}

impl Server {
    /// Starts a server on the folder's database, its clock standing still a number of days after the beginning.
    pub(crate) fn start(folder: &Path, key: &str, days: i64) -> Result<Self> {
        Self::start_at(folder, key, &format!("fixed:{}", instant_text(NOW + days * DAY_MILLIS)))
    }

    /// Starts one on the machine's clock: what is written then has ids that go up, as in life.
    pub(crate) fn start_now(folder: &Path, key: &str) -> Result<Self> {
        Self::start_at(folder, key, "system")
    }

    /// Starts one on another database than the folder's, its clock standing still at the beginning.
    pub(crate) fn start_on(folder: &Path, address: &str, key: &str) -> Result<Self> {
        Self::launch(folder, address, key, &format!("fixed:{}", instant_text(NOW)))
    }

    /// Starts one whose clock is moved by hand from a number of days after the beginning.
    pub(crate) fn start_by_hand(folder: &Path, key: &str, days: i64) -> Result<Self> {
        Self::start_at(
            folder,
            key,
            &format!("manual:{}", instant_text(NOW + days * DAY_MILLIS)),
        )
    }

    fn start_at(folder: &Path, key: &str, clock: &str) -> Result<Self> {
        Self::launch(folder, &house::address(folder), key, clock)
    }

    fn launch(folder: &Path, address: &str, key: &str, clock: &str) -> Result<Self> {
        let log = std::fs::File::create(folder.join("server.log"))?;
        let mut child = Command::new(program()?)
            .current_dir(folder)
            .args(["serve", "--listen", "127.0.0.1:0", "--clock", clock])
            .args(["--database", address])
            // the receivers that stand beside are on this machine
            .env("POSTHOUSE_WEBHOOKS__ALLOW_PRIVATE", "true")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("no stdout")?).lines();
        let base = lines.find_map(|line| Some(line.ok()?.strip_prefix("listening on ")?.to_owned()));
        std::thread::spawn(move || lines.for_each(drop));
        let Some(base) = base else {
            let log = std::fs::read_to_string(folder.join("server.log"))?;
            return Err(format!("the server does not start: {log}").into());
        };
        Ok(Self {
            child,
            base,
            key: key.to_owned(),
        })
    }

    /// Calls with the owner's key.
    pub(crate) fn client(&self) -> Client {
        self.client_with(&self.key)
    }

    /// Calls with a new key that may do so much.
    pub(crate) fn client_for(&self, name: &str, scopes: &[&str]) -> Result<Client> {
        let made = self.client().post("keys", &json!({ "name": name, "scopes": scopes }))?;
        Ok(self.client_with(made["api_key"].as_str().ok_or("no key was made")?))
    }

    /// Calls with another key.
    pub(crate) fn client_with(&self, key: &str) -> Client {
        Client {
            agent: ureq::Agent::config_builder().http_status_as_error(false).build().into(),
            base: self.base.clone(),
            bearer: format!("Bearer {key}"),
        }
    }

    /// A command that talks to this server.
    pub(crate) fn command(&self, words: &[&str]) -> Result<Command> {
        let mut command = Command::new(program()?);
        command
            .args(words)
            .env("POSTHOUSE_URL", &self.base)
            .env("POSTHOUSE_API_KEY", &self.key);
        Ok(command)
    }

    /// Its largest resident memory so far, in MB.
    pub(crate) fn peak(&self) -> f64 {
        machine::peak_of(self.child.id())
    }

    /// Its resident memory, in MB.
    pub(crate) fn resident(&self) -> f64 {
        machine::resident_of(self.child.id())
    }

    /// Seconds it has computed so far.
    pub(crate) fn computed(&self) -> f64 {
        machine::process_time(self.child.id())
    }

    /// Puts the reference plugins into force in the bindings that have none.
    pub(crate) fn bind(&self, plan: &Plan) -> Result<()> {
        let client = self.client();
        let bound = client.get("bindings")?;
        let is_bound = |name: &str| {
            bound["items"]
                .as_array()
                .is_some_and(|all| all.iter().any(|one| one["name"] == name))
        };
        for name in house::BINDINGS.iter().filter(|name| !is_bound(name)) {
            let plugin = client.upload(plan.packed(name)?)?;
            let body = json!({ "digest": plugin["digest"], "config": {}, "mode": "active" });
            client.send("PUT", &format!("bindings/segmentation/{name}"), &body)?;
        }
        Ok(())
    }

    /// Ends it politely.
    pub(crate) fn stop(mut self) -> Result<()> {
        Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // it may have ended already
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Client {
    /// Posts a body of JSON.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.send("POST", path, body)
    }

    /// Posts a body as it is and gives the body of the answer as it is, with the milliseconds from the one to the other.
    pub(crate) fn timed(&self, path: &str, body: &[u8]) -> Result<(Vec<u8>, f64)> {
        self.timed_once(path, body, None)
    }

    /// The same under an idempotency key.
    pub(crate) fn timed_once(&self, path: &str, body: &[u8], key: Option<&str>) -> Result<(Vec<u8>, f64)> {
        let (url, began) = (self.url(path), Instant::now());
        let mut request = self.agent.post(url).header("authorization", &self.bearer);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let mut answer = request.content_type("application/json").send(body)?;
        let text = answer.body_mut().read_to_vec()?;
        let time = millis(began.elapsed());
        if answer.status().is_success() {
            Ok((text, time))
        } else {
            Err(format!("{}: {}", answer.status(), String::from_utf8_lossy(&text)).into())
        }
    }

    /// Whether the server says that it is ready.
    pub(crate) fn ready(&self) -> Result<bool> {
        Ok(self.agent.get(format!("{}/readyz", self.base)).call()?.status() == 200)
    }

    /// A page of the console, for whoever has the token: in how many milliseconds, and how many bytes it has.
    pub(crate) fn page(&self, token: &str, path: &str) -> Result<(f64, usize)> {
        let (url, began) = (format!("{}{path}", self.base), Instant::now());
        let request = self.agent.get(url).header("cookie", format!("posthouse={token}"));
        let mut answer = request.call()?;
        let page = answer.body_mut().read_to_vec()?;
        let took = millis(began.elapsed());
        match answer.status().as_u16() {
            200 => Ok((took, page.len())),
            status => Err(format!("{path}: {status}").into()),
        }
    }

    pub(crate) fn get(&self, path: &str) -> Result<Value> {
        let request = self.agent.get(self.url(path)).header("authorization", &self.bearer);
        read(request.call()?)
    }

    /// Reads an answer of any size to its end; how many bytes it has.
    pub(crate) fn drain(&self, path: &str) -> Result<u64> {
        let request = self.agent.get(self.url(path)).header("authorization", &self.bearer);
        let answer = request.call()?;
        let status = answer.status();
        let bytes = std::io::copy(&mut answer.into_body().into_reader(), &mut std::io::sink())?;
        if status.is_success() {
            Ok(bytes)
        } else {
            Err(format!("{path}: {status}").into())
        }
    }

    pub(crate) fn send(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let request = match method {
            "PUT" => self.agent.put(self.url(path)),
            _ => self.agent.post(self.url(path)),
        };
        read(request.header("authorization", &self.bearer).send_json(body)?)
    }

    pub(crate) fn upload(&self, component: Vec<u8>) -> Result<Value> {
        let request = self
            .agent
            .post(self.url("plugins"))
            .header("authorization", &self.bearer);
        read(request.content_type("application/wasm").send(component)?)
    }

    fn url(&self, path: &str) -> String {
        format!("{}/api/v1/{path}", self.base)
    }
}

fn read(mut answer: ureq::http::Response<ureq::Body>) -> Result<Value> {
    let body: Value = answer.body_mut().read_json()?;
    if answer.status().is_success() {
        Ok(body)
    } else {
        Err(format!("{}: {body}", answer.status()).into())
    }
}
