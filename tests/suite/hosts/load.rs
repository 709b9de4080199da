//! Who buys at three hosts: each sends a key until it is answered, to another host whenever one does not answer.

use super::super::exactly_once::id_of;
use super::{Act, PATIENCE, PRICE};
use posthouse_tests::campaigns::basket;
use posthouse_tests::{Answer, Client, Server, eventually};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant};

/// How long anybody waits for a host that is known to be in trouble, before they ask another one.
const HASTE: Duration = Duration::from_millis(300);

/// Numbers that a seed decides.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        // neighbouring seeds have nothing in common
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(super) fn below(&mut self, many: u64) -> u64 {
        (self.next() >> 16) % many
    }
}

/// What became of a quote, as the buyer was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Confirmed,
    Released,
    /// Nobody settled it, or its hold had ended before.
    Left,
}

/// A quote that was answered.
#[derive(Debug)]
pub(super) struct Sold {
    pub(super) quote: Value,
    pub(super) fate: Fate,
}

impl Sold {
    /// What a campaign takes off.
    pub(super) fn off(&self, key: &str) -> i64 {
        let adjustments = self.quote["adjustments"].as_array().unwrap().iter();
        adjustments
            .filter(|one| one["campaign"]["key"] == key)
            .map(|one| one["off"].as_i64().unwrap())
            .sum()
    }
}

/// What buyers and those who make things happen know of each other.
#[derive(Debug, Clone)]
pub(super) struct Field(Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    hosts: [Host; 3],
    key: String,
    bound: Duration,
    pub(super) customers: Vec<String>,
    pub(super) codes: Vec<String>,
    keys: AtomicU64,
    closed: AtomicBool,
    /// A buyer has failed, so that nothing is worth waiting for.
    failed: AtomicBool,
    act: Mutex<Act>,
    figures: Mutex<BTreeMap<Act, Figures>>,
}

#[derive(Debug, Default)]
struct Host {
    base: RwLock<String>,
    /// Odd while something is done to it; what it answers is judged if this stayed the same and even meanwhile.
    disturbed: AtomicU64,
    sold: AtomicU64,
}

/// Of the answers of hosts to which nothing was done.
#[derive(Debug, Default)]
struct Figures {
    answers: u64,
    /// How many were 503.
    refused: u64,
    slowest: Duration,
}

impl Deref for Field {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// Closes the shop when it goes.
pub(super) struct Closes<'a>(pub(super) &'a Field);

impl Drop for Closes<'_> {
    fn drop(&mut self) {
        self.0.closed.store(true, Ordering::SeqCst);
    }
}

/// Tells everybody when a thread has failed.
pub(super) struct Fails<'a>(pub(super) &'a Field);

impl Drop for Fails<'_> {
    fn drop(&mut self) {
        self.0.failed.fetch_or(std::thread::panicking(), Ordering::SeqCst);
    }
}

impl Field {
    pub(super) fn new(
        servers: [&Server; 3],
        key: &str,
        bound: Duration,
        customers: Vec<String>,
        codes: Vec<String>,
    ) -> Self {
        let host = |server: &Server| Host {
            base: RwLock::new(server.base.clone()),
            ..Host::default()
        };
        Self(Arc::new(Inner {
            hosts: servers.map(host),
            key: key.to_owned(),
            bound,
            customers,
            codes,
            keys: AtomicU64::new(0),
            closed: AtomicBool::new(false),
            failed: AtomicBool::new(false),
            act: Mutex::new(super::ACTS[0]),
            figures: Mutex::default(),
        }))
    }

    pub(super) fn base(&self, host: usize) -> String {
        self.hosts[host].base.read().unwrap().clone()
    }

    pub(super) fn moved(&self, host: usize, server: &Server) {
        self.hosts[host].base.write().unwrap().clone_from(&server.base);
    }

    pub(super) fn now(&self, act: Act) {
        *self.act.lock().unwrap() = act;
    }

    /// Does something to a host, whose answers are not judged meanwhile.
    pub(super) fn disturb(&self, host: usize, what: impl FnOnce()) {
        self.hosts[host].disturbed.fetch_add(1, Ordering::SeqCst);
        what();
        self.hosts[host].disturbed.fetch_add(1, Ordering::SeqCst);
    }

    /// Waits until so many more quotes are answered, wherever.
    pub(super) fn until_sold(&self, many: u64) {
        self.until("quotes are answered", many, || {
            self.hosts.iter().map(|host| host.sold.load(Ordering::SeqCst)).sum()
        });
    }

    /// Waits until a host has answered so many more quotes.
    pub(super) fn until_sold_by(&self, host: usize, many: u64) {
        let sold = || self.hosts[host].sold.load(Ordering::SeqCst);
        self.until(&format!("host {host} answers quotes"), many, sold);
    }

    fn until(&self, what: &str, many: u64, sold: impl Fn() -> u64) {
        let before = sold();
        eventually(what, PATIENCE, || {
            self.has_not_failed();
            (sold() >= before + many).then_some(())
        });
    }

    pub(super) fn has_not_failed(&self) {
        assert!(!self.failed.load(Ordering::SeqCst), "a buyer has failed");
    }

    pub(super) fn say(&self) {
        for (act, figures) in &*self.figures.lock().unwrap() {
            println!(
                "  {act:?}: {} answers of healthy hosts, {} of them 503, the slowest after {:?}",
                figures.answers, figures.refused, figures.slowest
            );
        }
    }

    /// Sends something to a host, and judges how long it takes if nothing was done to the host meanwhile; `None` without an answer.
    fn ask(&self, host: usize, path: &str, body: &Value, key: &str) -> Option<Answer> {
        let at = &self.hosts[host];
        let disturbed = at.disturbed.load(Ordering::SeqCst);
        let well = disturbed.is_multiple_of(2);
        let client = Client::patient(&self.base(host), &self.key, self.bound * 4);
        let (path, body, key) = (path.to_owned(), body.to_string(), key.to_owned());
        let send = move || {
            let headers = [("idempotency-key", &*key)];
            client.try_send("POST", &path, "application/json", body.as_bytes(), &headers)
        };
        let began = Instant::now();
        let sent = if well { send() } else { self.haste(send)? };
        let took = began.elapsed();
        let act = *self.act.lock().unwrap();
        if well && at.disturbed.load(Ordering::SeqCst) == disturbed {
            let answer = sent.as_ref().unwrap_or_else(|e| panic!("host {host}, {act:?}: {e}"));
            assert!(took < self.bound, "{act:?}: host {host} took {took:?}: {}", answer.text);
            let mut figures = self.figures.lock().unwrap();
            let figures = figures.entry(act).or_default();
            figures.answers += 1;
            figures.refused += u64::from(answer.status == 503);
            figures.slowest = figures.slowest.max(took);
        }
        sent.ok()
    }

    /// Does not wait long for a host in trouble, which does what it was asked to all the same when it comes round.
    fn haste(
        &self,
        send: impl FnOnce() -> Result<Answer, ureq::Error> + Send + 'static,
    ) -> Option<Result<Answer, ureq::Error>> {
        let (tell, told) = std::sync::mpsc::channel();
        let field = self.clone();
        std::thread::spawn(move || {
            let _fails = Fails(&field);
            // nobody may be listening any more
            let _ = tell.send(send());
        });
        told.recv_timeout(HASTE).ok()
    }

    /// Sends something with its key until it is known what became of it, to one host after the other.
    fn insist(&self, home: usize, path: &str, body: &Value, key: &str) -> Answer {
        let began = Instant::now();
        for attempt in 0.. {
            assert!(began.elapsed() < PATIENCE, "{path} is not answered");
            match self.ask((home + attempt) % 3, path, body, key) {
                // nobody can know yet: the first attempt may be at work where it was frozen
                Some(answer) if answer.status == 503 => {}
                Some(answer) if answer.status == 409 && answer.problem(409) == "request_running" => {}
                Some(answer) => {
                    if path == "/api/v1/quotes" {
                        self.hosts[(home + attempt) % 3].sold.fetch_add(1, Ordering::SeqCst);
                    }
                    return answer;
                }
                None => continue,
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        unreachable!("it gives up before")
    }

    fn key(&self, what: &str) -> String {
        format!("{what}-{}", self.keys.fetch_add(1, Ordering::SeqCst))
    }

    /// A quote of one host, which must be answered at once.
    pub(super) fn sell_at_once(&self, host: usize, customer: Option<&str>) -> Sold {
        let answer = self.ask(
            host,
            "/api/v1/quotes",
            &basket(customer, PRICE, &[]),
            &self.key("probe"),
        );
        Sold {
            quote: answer.expect("an answer").expect(201),
            fate: Fate::Left,
        }
    }

    /// Buys until the shop closes.
    pub(super) fn sell(&self, seller: usize, mut dice: Dice) -> Vec<Sold> {
        let home = seller % 3;
        let mut sold = Vec::new();
        while !self.closed.load(Ordering::SeqCst) {
            let customer = &self.customers[dice.below(self.customers.len() as u64) as usize];
            let code = &*self.codes[dice.below(self.codes.len() as u64) as usize];
            let (known, coupon, short) = (dice.below(2) == 0, dice.below(3) == 0, dice.below(4) == 0);
            let codes: &[&str] = if coupon { &[code] } else { &[] };
            let mut body = basket(known.then_some(customer.as_str()), PRICE, codes);
            body["hold_minutes"] = json!(if short { 1 } else { 30 });
            let answer = self.insist(home, "/api/v1/quotes", &body, &self.key("quote"));
            let quote = answer.expect(201);
            let id = id_of(&quote);
            let fate = match dice.below(8) {
                0..=2 => self.settle(home, &id, "confirm", short),
                3..=6 => self.settle(home, &id, "release", short),
                _ => Fate::Left,
            };
            sold.push(Sold { quote, fate });
        }
        sold
    }

    fn settle(&self, home: usize, id: &str, how: &str, short: bool) -> Fate {
        let body = if how == "confirm" {
            json!({"booking_id": id})
        } else {
            json!({})
        };
        let answer = self.insist(home, &format!("/api/v1/quotes/{id}/{how}"), &body, &self.key(how));
        if short && answer.status == 409 {
            assert_eq!(answer.problem(409), "quote_expired");
            return Fate::Left;
        }
        match answer.expect(200)["state"].as_str().unwrap() {
            "confirmed" => Fate::Confirmed,
            "released" => Fate::Released,
            // there is nothing to release any more, which is what was asked for
            "expired" if short && how == "release" => Fate::Left,
            state => panic!("{how}: {state}"),
        }
    }
}
