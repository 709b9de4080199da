//! Who may try passwords, and how often. Wrong ones count by address, and for a person in a row. For people the count is stored with them; for
//! addresses that are nobody's it is kept in memory and comes to the same, so that nobody learns from it who is of the staff.

use crate::error::{AppError, Result};
use posthouse_domain::{Instant, words};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Wrong passwords in a row that cost nothing.
const FREE: i64 = 5;
/// How long the door is closed after the next one, in ms; twice as long after each further one.
const FIRST_PAUSE: i64 = 30_000;
/// The longest pause, in ms.
const LONGEST_PAUSE: i64 = 15 * 60_000;
/// Wrong passwords that an address may have sent; one is forgotten every minute.
const OF_ADDRESS: i64 = 20;
const MINUTE: i64 = 60_000;
/// Addresses and strangers that are remembered; those beyond count as one.
const REMEMBERED: usize = 10_000;

/// Counts what came of somebody's wish to come in.
pub(super) fn count_outcome<T>(outcome: &Result<T>) {
    let said = match outcome {
        Ok(_) => "granted",
        Err(AppError::Invalid(rejection)) if rejection.code == "locked_out" => "locked_out",
        Err(AppError::Invalid(_)) => "refused",
        Err(_) => "failed",
    };
    metrics::counter!("posthouse_sign_ins_total", "outcome" => said).increment(1);
}

/// How long nobody is let in after so many wrong passwords in a row, in ms.
pub(super) fn pause(failures: i64) -> i64 {
    match failures - FREE {
        over if over < 0 => 0,
        over => FIRST_PAUSE
            .saturating_mul(1_i64.checked_shl(over.min(20) as u32).unwrap_or(i64::MAX))
            .min(LONGEST_PAUSE),
    }
}

/// The answer to whoever comes too early.
pub(super) fn locked_out(wait: i64) -> AppError {
    AppError::invalid(
        "locked_out",
        words!(
            "too many wrong passwords or codes; wait {seconds} s and try again, or ask for a new link",
            "密码或验证码错误次数过多；请等待 {seconds} 秒后再试，或请管理员发送新的链接",
            seconds = (wait.max(1) + 999) / 1_000
        ),
    )
}

/// Who has tried what.
#[derive(Debug, Clone, Default)]
pub(crate) struct Doorkeeper(Arc<Mutex<Tried>>);

#[derive(Debug, Default)]
struct Tried {
    addresses: HashMap<IpAddr, Level>,
    strangers: HashMap<[u8; 32], Row>,
}

/// Wrong passwords of an address, as milliseconds until all are forgotten.
#[derive(Debug, Clone, Copy)]
struct Level {
    empty_at: Instant,
}

/// Wrong passwords in a row for somebody who is not there.
#[derive(Debug, Clone, Copy, Default)]
struct Row {
    failures: i64,
    locked_until: Instant,
}

/// Addresses that are one: of a network of IPv6 somebody has all of them.
fn crowd(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
        v4 => v4,
    }
}

/// The place of a key, or the one that all share who are not remembered.
fn counted<K: Hash + Eq, V>(all: &mut HashMap<K, V>, key: K, shared: K, is_past: impl Fn(&V) -> bool) -> K {
    if all.len() >= REMEMBERED && !all.contains_key(&key) {
        all.retain(|_, value| !is_past(value));
    }
    if all.len() < REMEMBERED || all.contains_key(&key) {
        key
    } else {
        shared
    }
}

impl Doorkeeper {
    fn tried(&self) -> MutexGuard<'_, Tried> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Before anything is looked up.
    ///
    /// # Errors
    /// `locked_out` if this address has sent enough wrong passwords.
    pub(super) fn admit(&self, address: IpAddr, now: Instant) -> Result<()> {
        let mut tried = self.tried();
        let key = counted(
            &mut tried.addresses,
            crowd(address),
            Ipv6Addr::LOCALHOST.into(),
            |level| level.empty_at <= now,
        );
        let full = tried.addresses.get(&key).map_or(0, |level| level.empty_at - now);
        match full - (OF_ADDRESS - 1) * MINUTE {
            wait if wait > 0 => Err(locked_out(wait)),
            _ => Ok(()),
        }
    }

    /// An address has sent a wrong password.
    pub(super) fn count(&self, address: IpAddr, now: Instant) {
        let mut tried = self.tried();
        let key = counted(
            &mut tried.addresses,
            crowd(address),
            Ipv6Addr::LOCALHOST.into(),
            |level| level.empty_at <= now,
        );
        let level = tried.addresses.entry(key).or_insert(Level { empty_at: now });
        // those that were under way at once do not keep an address out for ever
        level.empty_at = (level.empty_at.max(now) + MINUTE).min(now + OF_ADDRESS * MINUTE);
    }

    /// Before a password is compared for somebody who is not there.
    ///
    /// # Errors
    /// `locked_out`, as for somebody who is.
    pub(super) fn admit_stranger(&self, name: &str, now: Instant) -> Result<()> {
        let mut tried = self.tried();
        let key = counted(&mut tried.strangers, Sha256::digest(name).into(), [0; 32], |row| {
            row.locked_until + LONGEST_PAUSE <= now
        });
        match tried.strangers.get(&key).map_or(0, |row| row.locked_until - now) {
            wait if wait > 0 => Err(locked_out(wait)),
            _ => Ok(()),
        }
    }

    /// Another wrong password for somebody who is not there.
    pub(super) fn count_stranger(&self, name: &str, now: Instant) {
        let mut tried = self.tried();
        let key = counted(&mut tried.strangers, Sha256::digest(name).into(), [0; 32], |row| {
            row.locked_until + LONGEST_PAUSE <= now
        });
        let row = tried.strangers.entry(key).or_default();
        row.failures += 1;
        row.locked_until = now + pause(row.failures);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn pauses_grow_and_have_an_end() {
        let seconds: Vec<i64> = (0..12).map(|failures| pause(failures) / 1_000).collect();
        assert_eq!(seconds, [0, 0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900]);
        assert_eq!(pause(i64::MAX), LONGEST_PAUSE);
    }

    #[test]
    fn an_address_is_let_in_again_in_time() {
        let door = Doorkeeper::default();
        let (guesser, other) = (address("203.0.113.1"), address("203.0.113.2"));
        for _ in 0..100 {
            door.count(guesser, 0);
        }
        assert!(door.admit(guesser, 0).is_err());
        assert!(door.admit(guesser, MINUTE - 1).is_err());
        assert!(door.admit(guesser, MINUTE).is_ok());
        assert!(door.admit(other, 0).is_ok());
        // whoever has a network has all its addresses
        (0..20).for_each(|n| door.count(address(&format!("2001:db8::{n}")), 0));
        assert!(door.admit(address("2001:db8::ffff"), 0).is_err());
        assert!(door.admit(address("2001:db8:0:1::1"), 0).is_ok());
    }

    #[test]
    fn somebody_who_is_not_there_is_locked_out_like_others() {
        let door = Doorkeeper::default();
        for _ in 0..FREE {
            assert!(door.admit_stranger("a", 0).is_ok());
            door.count_stranger("a", 0);
        }
        assert!(door.admit_stranger("a", FIRST_PAUSE - 1).is_err());
        assert!(door.admit_stranger("a", FIRST_PAUSE).is_ok());
        assert!(door.admit_stranger("b", 0).is_ok());
    }

    #[test]
    fn many_take_little_memory() {
        let door = Doorkeeper::default();
        for n in 0..40_000_u32 {
            door.count(IpAddr::from(n.to_be_bytes()), 0);
            door.count_stranger(&n.to_string(), 0);
        }
        let tried = door.tried();
        assert!(tried.addresses.len() <= REMEMBERED + 1 && tried.strangers.len() <= REMEMBERED + 1);
    }
}
