//! Somebody else's server, to which webhooks lead: takes what is sent to it, and answers as it is told to, well or badly.

use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// A request that came.
#[derive(Debug, Clone)]
pub struct Came {
    /// Its path.
    pub path: String,
    /// Its headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Its body as it came.
    pub body: Vec<u8>,
    /// Whether it was answered 200.
    pub taken: bool,
}

impl Came {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// The event's type.
    pub fn kind(&self) -> String {
        self.json()["type"].as_str().expect("a type").to_owned()
    }

    /// The event's subject.
    pub fn subject(&self) -> String {
        self.json()["subject"].as_str().expect("a subject").to_owned()
    }

    /// `webhook-id`.
    pub fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }
}

/// How a request is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// 200.
    Take,
    /// This status, with these words.
    Status(u16, &'static str),
    /// On to another address.
    Redirect(String),
    /// Nothing, for this long.
    Hang(Duration),
    /// The connection ends.
    Close,
    /// Words without end, one byte at a time.
    Drip,
}

type Script = Box<dyn Fn(&Came, usize) -> Reply + Send + Sync>;

/// A receiver on a port of its own. It goes on until the test ends.
pub struct Receiver {
    /// `http://127.0.0.1:PORT`.
    pub base: String,
    came: Arc<Mutex<Vec<Came>>>,
}

impl std::fmt::Debug for Receiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.base)
    }
}

impl Receiver {
    /// One that answers by a script: the request, and how many came with the same `webhook-id` to the same path before.
    pub fn start(script: impl Fn(&Came, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let came = Arc::new(Mutex::new(Vec::new()));
        let (script, all): (Arc<Script>, _) = (Arc::new(Box::new(script)), Arc::clone(&came));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (script, all) = (Arc::clone(&script), Arc::clone(&all));
                std::thread::spawn(move || while serve(&stream, &script, &all).is_some() {});
            }
        });
        Self { base, came }
    }

    /// One that takes everything.
    pub fn taking() -> Self {
        Self::start(|_, _| Reply::Take)
    }

    /// Everything that came, in its order.
    pub fn came(&self) -> Vec<Came> {
        lock(&self.came).clone()
    }

    /// What was taken, in its order.
    pub fn taken(&self) -> Vec<Came> {
        self.came().into_iter().filter(|came| came.taken).collect()
    }
}

fn lock(came: &Mutex<Vec<Came>>) -> MutexGuard<'_, Vec<Came>> {
    came.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Takes one request; `None` once the connection is of no more use.
fn serve(stream: &TcpStream, script: &Script, all: &Mutex<Vec<Came>>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let path = first.split(' ').nth(1)?.to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    let came = Came {
        path,
        headers,
        body,
        taken: false,
    };
    let (place, before) = {
        let mut all = lock(all);
        let same = |other: &&Came| (other.id(), &other.path) == (came.id(), &came.path);
        let before = all.iter().filter(same).count();
        all.push(came.clone());
        (all.len() - 1, before)
    };
    let reply = script(&came, before);
    lock(all)[place].taken = reply == Reply::Take;
    answer(stream, reply)
}

fn answer(mut stream: &TcpStream, reply: Reply) -> Option<()> {
    let whole = |status: u16, more: &str, words: &str| {
        let length = words.len();
        format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n{more}\r\n{words}")
    };
    let text = match reply {
        Reply::Take => whole(200, "", "thanks"),
        Reply::Status(status, words) => whole(status, "", words),
        Reply::Redirect(to) => whole(302, &format!("location: {to}\r\n"), ""),
        Reply::Hang(time) => {
            std::thread::sleep(time);
            return None;
        }
        Reply::Close => return None,
        Reply::Drip => {
            write!(stream, "HTTP/1.1 200 X\r\ncontent-length: 1000000\r\n\r\n").ok()?;
            while stream.write_all(b"x").is_ok() {
                std::thread::sleep(Duration::from_millis(100));
            }
            return None;
        }
    };
    stream.write_all(text.as_bytes()).ok()
}
