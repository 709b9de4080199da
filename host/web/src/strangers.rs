//! Wrong keys: how many an address may try before nobody looks them up any more.
//!
//! Only wrong keys count. A key that was right lately is looked up whatever else comes from its address, so nobody's shop stops because
//! somebody guesses behind the same proxy.

use crate::listener::{Network, Peer, crowd_of};
use crate::problem::{Answer, Problem};
use axum::extract::Request;
use axum::http::{Extensions, HeaderMap, StatusCode};
use posthouse_domain::words;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The header in which proxies name whom they speak for.
const FORWARDED: &str = "x-forwarded-for";
/// Addresses that are remembered; those beyond count as one.
const ADDRESSES: usize = 10_000;
/// Keys that are remembered, in each of two halves.
const KEYS: usize = 10_000;
/// All addresses together may try so many times what one may.
const ALL: u32 = 20;

/// Marks an answer that is worth no hurry.
#[derive(Debug, Clone, Copy)]
pub struct Unhurried;

/// Who tries keys, and which were right.
pub struct Strangers {
    per_minute: u32,
    proxies: Vec<Network>,
    tried: Mutex<Tried>,
    right: Mutex<Right>,
}

#[derive(Default)]
struct Tried {
    all: Tries,
    by_address: HashMap<IpAddr, Tries>,
}

/// Wrong keys, of which one is forgotten every now and then.
#[derive(Debug, Clone, Copy, Default)]
struct Tries {
    /// How many had not been forgotten `at`.
    count: f64,
    at: Option<Instant>,
}

impl Tries {
    fn now(&self, per_minute: u32, now: Instant) -> f64 {
        let passed = self.at.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        (self.count - passed.as_secs_f64() * f64::from(per_minute) / 60.0).max(0.0)
    }

    fn another(&mut self, per_minute: u32, now: Instant) {
        // those that were under way at once do not keep an address out for ever
        self.count = (self.now(per_minute, now) + 1.0).min(f64::from(per_minute) + 1.0);
        self.at = Some(now);
    }

    /// How long until another may be tried.
    fn wait(&self, per_minute: u32, now: Instant) -> Option<Duration> {
        let over = self.now(per_minute, now) + 1.0 - f64::from(per_minute);
        (over > 0.0).then(|| Duration::from_secs_f64(over * 60.0 / f64::from(per_minute)))
    }
}

/// Hashes of keys that were right. When the young half is full, the old one is forgotten.
#[derive(Default)]
struct Right {
    young: HashSet<[u8; 32]>,
    old: HashSet<[u8; 32]>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn hash(key: &str) -> [u8; 32] {
    Sha256::digest(key).into()
}

impl Strangers {
    /// An address may try so many wrong keys a minute; what these proxies say of addresses is believed.
    pub fn new(per_minute: u32, proxies: Vec<Network>) -> Self {
        Self {
            per_minute: per_minute.max(1),
            proxies,
            tried: Mutex::default(),
            right: Mutex::default(),
        }
    }

    /// From where a request comes; what proxies say of it is believed.
    pub fn origin(&self, request: &Request) -> IpAddr {
        self.origin_of(request.extensions(), request.headers())
    }

    /// The same, of a request that has been taken apart.
    pub fn origin_of(&self, extensions: &Extensions, headers: &HeaderMap) -> IpAddr {
        let peer = extensions.get::<Peer>();
        let peer = peer.map_or(Ipv4Addr::UNSPECIFIED.into(), |peer| peer.0);
        self.behind(peer, headers)
    }

    fn behind(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let is_proxy = |address: IpAddr| self.proxies.iter().any(|proxy| proxy.contains(address));
        let sent: Vec<&str> = headers
            .get_all(FORWARDED)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .collect();
        let mut origin = peer;
        // each proxy has added from where it was asked; what stands before a stranger's address that stranger has made up
        for named in sent.into_iter().rev() {
            if !is_proxy(origin) {
                break;
            }
            let named = named.trim();
            let named = named
                .strip_prefix('[')
                .and_then(|named| named.strip_suffix(']'))
                .unwrap_or(named);
            let address = named
                .parse()
                .ok()
                .or_else(|| Some(named.parse::<SocketAddr>().ok()?.ip()));
            let Some(address) = address else { break };
            origin = address;
        }
        origin.to_canonical()
    }

    /// Before a key is looked up.
    ///
    /// # Errors
    /// `too_many_wrong_keys` if this address has tried enough, and the key was not right lately.
    pub fn admit(&self, origin: IpAddr, key: &str) -> Answer<()> {
        let now = Instant::now();
        let tried = lock(&self.tried);
        let own = tried.by_address.get(&self.counted(&tried, origin));
        // the bound on all of them is for those who have tried: an address that has sent no wrong key is let in whoever guesses elsewhere
        let all = own.and_then(|_| tried.all.wait(self.per_minute.saturating_mul(ALL), now));
        let own = own.and_then(|own| own.wait(self.per_minute, now));
        drop(tried);
        let Some(wait) = own.max(all) else { return Ok(()) };
        if self.was_right(key) {
            return Ok(());
        }
        let wait = wait.as_secs() + 1;
        let detail = words!(
            "too many wrong keys came from this address, and none is looked up for now; check the key, wait {wait} s and go on",
            "此地址发送的错误密钥过多，暂不核对密钥；请检查密钥，等待 {wait} 秒后继续"
        );
        Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_wrong_keys", detail).retry_after(wait))
    }

    /// The key was wrong, if it was right once.
    pub fn was_wrong(&self, origin: IpAddr, key: &str) {
        let hash = hash(key);
        let mut right = lock(&self.right);
        right.young.remove(&hash);
        right.old.remove(&hash);
        drop(right);
        let now = Instant::now();
        let mut tried = lock(&self.tried);
        let counted = self.counted(&tried, origin);
        tried
            .by_address
            .entry(counted)
            .or_default()
            .another(self.per_minute, now);
        tried.all.another(self.per_minute.saturating_mul(ALL), now);
    }

    /// The key was right.
    pub fn knows(&self, key: &str) {
        let hash = hash(key);
        let mut right = lock(&self.right);
        if right.young.contains(&hash) {
            return;
        }
        if right.young.len() >= KEYS {
            right.old = std::mem::take(&mut right.young);
        }
        right.young.insert(hash);
    }

    fn was_right(&self, key: &str) -> bool {
        let hash = hash(key);
        let right = lock(&self.right);
        right.young.contains(&hash) || right.old.contains(&hash)
    }

    /// As whom an address counts.
    fn counted(&self, tried: &Tried, origin: IpAddr) -> IpAddr {
        let crowd = crowd_of(origin);
        if tried.by_address.len() < ADDRESSES || tried.by_address.contains_key(&crowd) {
            crowd
        } else {
            Ipv4Addr::BROADCAST.into()
        }
    }

    /// Forgets addresses that have been quiet.
    pub fn tidy(&self) {
        let now = Instant::now();
        let per_minute = self.per_minute;
        lock(&self.tried)
            .by_address
            .retain(|_, tries| tries.now(per_minute, now) > 0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn strangers(per_minute: u32) -> Strangers {
        let proxies = ["127.0.0.1", "10.0.0.0/8"].map(|text| Network::parse(text).unwrap());
        Strangers::new(per_minute, proxies.to_vec())
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn wrong_keys_are_counted_by_address_and_right_ones_go_on() {
        let strangers = strangers(3);
        let (guesser, other) = (address("203.0.113.1"), address("203.0.113.2"));
        strangers.knows("right");
        for _ in 0..3 {
            strangers.admit(guesser, "wrong").unwrap();
            strangers.was_wrong(guesser, "wrong");
        }
        let refused = strangers.admit(guesser, "wrong").unwrap_err();
        assert_eq!(
            (refused.status.as_u16(), refused.code.as_str()),
            (429, "too_many_wrong_keys")
        );
        strangers.admit(guesser, "right").unwrap();
        strangers.admit(other, "wrong").unwrap();
    }

    #[test]
    fn tries_are_forgotten_in_time() {
        let (mut tries, began) = (Tries::default(), Instant::now());
        for _ in 0..500 {
            tries.another(60, began);
        }
        assert_eq!(
            tries.wait(60, began),
            Some(Duration::from_secs(2)),
            "however many there were at once"
        );
        assert_eq!(tries.wait(60, began + Duration::from_secs(2)), None);
        assert_eq!(tries.now(60, began + Duration::from_secs(61)), 0.0);
    }

    #[test]
    fn many_addresses_together_have_a_bound_and_take_little_memory() {
        let strangers = strangers(1);
        for i in 0..40_000u32 {
            strangers.was_wrong(std::net::Ipv4Addr::from_bits(0x0b00_0000 + i).into(), "wrong");
        }
        assert!(lock(&strangers.tried).by_address.len() <= ADDRESSES + 1);
        assert!(strangers.admit(address("198.51.100.1"), "wrong").is_err());
        for i in 0..40_000u32 {
            strangers.knows(&i.to_string());
        }
        let right = lock(&strangers.right);
        assert!(right.young.len() + right.old.len() <= 2 * KEYS);
        assert!(right.young.contains(&hash("39999")));
    }

    #[test]
    fn only_proxies_say_for_whom_they_ask() {
        let strangers = strangers(1);
        for (peer, sent, origin) in [
            ("203.0.113.1", vec![], "203.0.113.1"),
            ("203.0.113.1", vec!["198.51.100.7"], "203.0.113.1"),
            ("127.0.0.1", vec![], "127.0.0.1"),
            ("127.0.0.1", vec!["198.51.100.7"], "198.51.100.7"),
            ("127.0.0.1", vec!["6.6.6.6, 198.51.100.7"], "198.51.100.7"),
            ("127.0.0.1", vec!["6.6.6.6", "198.51.100.7, 10.1.2.3"], "198.51.100.7"),
            ("127.0.0.1", vec!["198.51.100.7:4711"], "198.51.100.7"),
            ("127.0.0.1", vec!["[2001:db8::1]:4711"], "2001:db8::1"),
            ("127.0.0.1", vec!["unknown"], "127.0.0.1"),
        ] {
            let mut headers = HeaderMap::new();
            for value in &sent {
                headers.append(FORWARDED, HeaderValue::from_str(value).unwrap());
            }
            assert_eq!(
                strangers.behind(address(peer), &headers),
                address(origin),
                "{peer} {sent:?}"
            );
        }
    }
}
