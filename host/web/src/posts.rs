//! What somebody who has not signed in may send: a few forms a minute from one address, so that nobody fills an agency's desks by themselves.

use crate::problem::{Answer, Problem};
use axum::http::StatusCode;
use posthouse_domain::words;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Forms of an address in a minute, once it has sent as many.
const PER_MINUTE: f64 = 10.0;
/// Addresses that are remembered; beyond them those that were quiet for longest are forgotten.
const MOST: usize = 50_000;

/// What addresses have sent lately.
#[derive(Debug, Default)]
pub struct Posts(Mutex<HashMap<IpAddr, (f64, Instant)>>);

impl Posts {
    /// Before a form is read.
    ///
    /// # Errors
    /// `too_many_forms` if this address has sent enough for now.
    pub fn admit(&self, origin: IpAddr) -> Answer<()> {
        self.admit_at(network(origin), Instant::now())
    }

    fn admit_at(&self, origin: IpAddr, now: Instant) -> Answer<()> {
        let mut sent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if sent.len() >= MOST && !sent.contains_key(&origin) {
            let quiet = Duration::from_secs(60);
            sent.retain(|_, (_, at)| now.saturating_duration_since(*at) < quiet);
            if sent.len() >= MOST {
                return Err(too_many(60));
            }
        }
        let (count, at) = sent.entry(origin).or_insert((0.0, now));
        let passed = now.saturating_duration_since(*at).as_secs_f64();
        let left = (*count - passed * PER_MINUTE / 60.0).max(0.0);
        if left + 1.0 > PER_MINUTE {
            let wait = (left + 1.0 - PER_MINUTE) * 60.0 / PER_MINUTE;
            return Err(too_many(wait.ceil() as u64));
        }
        (*count, *at) = (left + 1.0, now);
        Ok(())
    }
}

/// One household has one network of the sixth version, and as many addresses in it as it likes.
fn network(origin: IpAddr) -> IpAddr {
    match origin.to_canonical() {
        IpAddr::V6(address) => IpAddr::from((u128::from(address) >> 64 << 64).to_be_bytes()),
        v4 => v4,
    }
}

fn too_many(wait: u64) -> Problem {
    let wait = wait.max(1);
    let detail = words!(
        "too many forms came from your address; wait {wait} s and send it again",
        "您的网络地址提交过于频繁；请等待 {wait} 秒后重新提交"
    );
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_forms", detail).retry_after(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_sends_a_few_forms_a_minute_and_others_do_not_mind() {
        let posts = Posts::default();
        let (mine, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let begin = Instant::now();
        let admitted = (0..1_000).filter(|_| posts.admit_at(mine, begin).is_ok()).count();
        assert_eq!(admitted, 10);
        assert!(posts.admit_at(other, begin).is_ok());
        let refused = posts.admit_at(mine, begin).expect_err("refused");
        assert_eq!(
            (refused.status, refused.code.as_ref()),
            (StatusCode::TOO_MANY_REQUESTS, "too_many_forms")
        );
        assert!(
            posts.admit_at(mine, begin + Duration::from_secs(7)).is_ok(),
            "one more after six seconds"
        );
        let admitted = (0..1_000).filter(|n| {
            posts
                .admit_at(mine, begin + Duration::from_millis(7_000 + n * 60))
                .is_ok()
        });
        assert!(admitted.count() <= 11, "a thousand in a minute are ten");
    }

    #[test]
    fn a_network_of_the_sixth_version_is_one_sender() {
        let one: IpAddr = "2001:db8:1:2::5".parse().expect("an address");
        let same: IpAddr = "2001:db8:1:2:ffff::1".parse().expect("an address");
        let other: IpAddr = "2001:db8:1:3::5".parse().expect("an address");
        assert_eq!(network(one), network(same));
        assert_ne!(network(one), network(other));
    }
}
