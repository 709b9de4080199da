//! Limits and patience of everything that speaks HTTP.

use crate::listener::Network;
use posthouse_domain::{Words, words};
use serde::{Deserialize, Serialize};

/// A setting whose value makes no sense.
#[derive(Debug, Clone)]
pub struct Strange {
    /// Its name in the configuration.
    pub setting: &'static str,
    /// What it is.
    pub value: String,
    /// What is wrong with that.
    pub problem: Words,
}

/// Limits and patience of everything that speaks HTTP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Http {
    /// Largest body of `POST /events`, in bytes.
    pub event_bytes: usize,
    /// Largest file of `POST /imports`, in bytes.
    pub upload_bytes: usize,
    /// Largest body of any other call with JSON, in bytes.
    pub json_bytes: usize,
    /// Bytes of bodies in memory at once, without the first 64 KiB of each.
    pub body_memory_bytes: usize,
    /// Requests a key may make in a second.
    pub requests_per_second: u32,
    /// Requests at work at once.
    pub requests_at_once: u32,
    /// Items of a page unless the call says otherwise.
    pub page_default: usize,
    /// Most items of a page.
    pub page_most: usize,
    /// Connections at once; 0 for as many as there are files to be opened.
    pub connections: usize,
    /// Of those, from one address.
    pub connections_per_address: usize,
    /// Wrong keys that an address may try in a minute.
    pub wrong_keys_per_minute: u32,
    /// Addresses and networks whose connections carry the requests of others.
    pub proxies: Vec<String>,
    /// Whether something in front of the server speaks TLS.
    pub tls_in_front: bool,
    /// Seconds until the headers of a request are whole.
    pub header_seconds: u64,
    /// Seconds that a connection is kept between two requests.
    pub idle_seconds: u64,
    /// Seconds in which a reader may take nothing of an answer.
    pub send_idle_seconds: u64,
    /// The slowest pace of a body, in bytes per second.
    pub body_bytes_per_second: u32,
    /// Seconds until a request is given up.
    pub request_seconds: u64,
    /// Seconds without a byte until an upload is given up.
    pub upload_idle_seconds: u64,
    /// Seconds between saying `not ready` and not accepting any more, for load balancers.
    pub drain_seconds: u64,
    /// Seconds that requests in flight get when the server stops.
    pub shutdown_seconds: u64,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            event_bytes: 8 << 20,
            upload_bytes: 512 << 20,
            json_bytes: 1 << 20,
            body_memory_bytes: 128 << 20,
            requests_per_second: 1_000,
            requests_at_once: 512,
            page_default: 100,
            page_most: 1_000,
            connections: 0,
            connections_per_address: 128,
            wrong_keys_per_minute: 60,
            proxies: vec!["127.0.0.0/8".into(), "::1".into()],
            tls_in_front: false,
            header_seconds: 10,
            idle_seconds: 180,
            send_idle_seconds: 120,
            body_bytes_per_second: 4_096,
            request_seconds: 120,
            upload_idle_seconds: 30,
            drain_seconds: 0,
            shutdown_seconds: 30,
        }
    }
}

impl Http {
    /// What must be at least 1.
    pub fn positive(&self) -> [(&'static str, u64); 13] {
        [
            ("http.requests-per-second", u64::from(self.requests_per_second)),
            ("http.requests-at-once", u64::from(self.requests_at_once)),
            ("http.body-memory-bytes", self.body_memory_bytes as u64),
            ("http.page-default", self.page_default as u64),
            ("http.page-most", self.page_most as u64),
            ("http.connections-per-address", self.connections_per_address as u64),
            ("http.wrong-keys-per-minute", u64::from(self.wrong_keys_per_minute)),
            ("http.header-seconds", self.header_seconds),
            ("http.idle-seconds", self.idle_seconds),
            ("http.send-idle-seconds", self.send_idle_seconds),
            ("http.body-bytes-per-second", u64::from(self.body_bytes_per_second)),
            ("http.request-seconds", self.request_seconds),
            ("http.upload-idle-seconds", self.upload_idle_seconds),
        ]
    }

    /// # Errors
    /// The first setting whose value makes no sense.
    pub fn check(&self) -> Result<(), Strange> {
        if let Some(strange) = self.proxies.iter().find(|text| Network::parse(text).is_none()) {
            return Err(Strange {
                setting: "http.proxies",
                value: format!("{strange:?}"),
                problem: words!(
                    "must be addresses or networks, like 10.0.0.7 or 10.0.0.0/8",
                    "应为地址或网段，如 10.0.0.7 或 10.0.0.0/8"
                ),
            });
        }
        if self.page_default > self.page_most {
            return Err(Strange {
                setting: "http.page-default",
                value: self.page_default.to_string(),
                problem: words!("must not exceed http.page-most", "不能超过 http.page-most"),
            });
        }
        Ok(())
    }

    /// The proxies in front.
    pub fn proxies(&self) -> Vec<Network> {
        self.proxies.iter().filter_map(|text| Network::parse(text)).collect()
    }
}
