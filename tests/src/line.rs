//! A line to PostgreSQL on which answers to commits can get lost: the server hears the commit, and the client never what became of it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// The message by which a client commits.
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";

/// A line that ends with the tests.
#[derive(Debug, Clone)]
pub struct Line {
    url: String,
    ways: Arc<Ways>,
}

#[derive(Debug, Default)]
struct Ways {
    /// One commit in so many is not answered; 0 for none.
    loses: AtomicU64,
    commits: AtomicU64,
    lost: AtomicU64,
    /// Whether who calls now waits.
    held_up: AtomicBool,
}

impl Line {
    /// A line to the database of this address.
    ///
    /// # Panics
    /// If the address has no host and port that are numbers.
    pub fn to(url: &str) -> Self {
        let from = url.find('@').expect("a user") + 1;
        let to = from + url[from..].find('/').expect("a database");
        let server: SocketAddr = url[from..to].parse().expect("an address and a port");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let own = listener.local_addr().expect("an address");
        let line = Self {
            url: format!("{}{own}{}", &url[..from], &url[to..]),
            ways: Arc::default(),
        };
        let ways = line.ways.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let ways = ways.clone();
                std::thread::spawn(move || {
                    while ways.held_up.load(Ordering::SeqCst) {
                        std::thread::sleep(Duration::from_millis(5));
                    }
                    match TcpStream::connect(server) {
                        Ok(server) => carry(&client, &server, &ways),
                        Err(_) => refuse(&client),
                    }
                });
            }
        });
        line
    }

    /// The address of the database through this line.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// From now on the answer to one commit in `one_in` gets lost, on average; to none with 0.
    pub fn lose(&self, one_in: u64) {
        self.ways.loses.store(one_in, Ordering::SeqCst);
    }

    /// Whether from now on a call is not put through until this is over.
    pub fn hold_up(&self, held_up: bool) {
        self.ways.held_up.store(held_up, Ordering::SeqCst);
    }

    /// How many got lost.
    pub fn lost(&self) -> u64 {
        self.ways.lost.load(Ordering::SeqCst)
    }
}

/// Carries both ways until one end is gone or an answer gets lost.
fn carry(client: &TcpStream, server: &TcpStream, ways: &Ways) {
    let cut = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let (mut from, mut to) = (server, client);
            let mut bytes = vec![0; 1 << 16];
            while let Ok(read @ 1..) = from.read(&mut bytes) {
                if cut.load(Ordering::SeqCst) || to.write_all(&bytes[..read]).is_err() {
                    break;
                }
            }
            hang_up(client, server);
        });
        let (mut from, mut to) = (client, server);
        let mut bytes = vec![0; 1 << 16];
        while let Ok(read @ 1..) = from.read(&mut bytes) {
            if bytes[..read].windows(COMMIT.len()).any(|window| window == COMMIT) {
                let number = ways.commits.fetch_add(1, Ordering::SeqCst) + 1;
                let loses = ways.loses.load(Ordering::SeqCst);
                if loses > 0 && scattered(number).is_multiple_of(loses) {
                    ways.lost.fetch_add(1, Ordering::SeqCst);
                    cut.store(true, Ordering::SeqCst);
                }
            }
            if to.write_all(&bytes[..read]).is_err() {
                break;
            }
        }
        if !cut.load(Ordering::SeqCst) {
            hang_up(client, server);
        }
    });
}

/// Who queues with others comes round at even intervals: lost answers at even intervals would hit the same one each time.
fn scattered(number: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    number.hash(&mut hasher);
    hasher.finish()
}

/// Nobody listens at the other end, and that is what it has to look like: a connection that goes with something unread is reset.
fn refuse(client: &TcpStream) {
    // it may be gone already
    let _ = client.peek(&mut [0]);
}

fn hang_up(client: &TcpStream, server: &TcpStream) {
    for end in [client, server] {
        // it may be gone already
        let _ = end.shutdown(Shutdown::Both);
    }
}
