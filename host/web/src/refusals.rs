//! Refusals in the log: the first of its kind has a line, and those that follow within a minute have one together.
//!
//! Whoever is refused has the time to be refused a thousand times a second; the log is for its readers.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// For how long refusals are counted before they are told.
const MINUTE: Duration = Duration::from_secs(60);

/// The code of a refusal, and the agency whose key it was, if it was anybody's.
type Kind = (String, String);

/// What was refused and has not been told.
#[derive(Default)]
pub struct Refusals(Mutex<HashMap<Kind, Untold>>);

struct Untold {
    since: Instant,
    count: u64,
    /// From where the latest came.
    latest: IpAddr,
}

impl Refusals {
    /// Counts a refusal; whether it is the first for a while, and is told by itself.
    pub fn count(&self, code: &str, agency: &str, origin: IpAddr) -> bool {
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(untold) = kinds.get_mut(&(code.to_owned(), agency.to_owned())) {
            untold.count += 1;
            untold.latest = origin;
            return false;
        }
        let first = Untold {
            since: Instant::now(),
            count: 0,
            latest: origin,
        };
        kinds.insert((code.to_owned(), agency.to_owned()), first);
        true
    }

    /// Tells what was counted for a minute, or all of it.
    pub fn report(&self, all: bool) {
        for ((code, agency), untold) in self.take(all, Instant::now()) {
            let (count, seconds) = (untold.count, untold.since.elapsed().as_secs());
            let latest = tracing::field::display(untold.latest);
            tracing::warn!(code, agency, count, seconds, latest, "refused as well");
        }
    }

    fn take(&self, all: bool, now: Instant) -> Vec<(Kind, Untold)> {
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = kinds.extract_if(|_, untold| all || now.saturating_duration_since(untold.since) >= MINUTE);
        // one alone has had its line
        due.filter(|(_, untold)| untold.count > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_two_lines() {
        let refusals = Refusals::default();
        let one = IpAddr::from([10, 0, 0, 1]);
        let other = IpAddr::from([10, 0, 0, 2]);
        let told = (0..1_000).filter(|_| refusals.count("key_unknown", "", one)).count();
        assert_eq!(told, 1);
        assert!(refusals.count("rate_limited", "silk", one), "another kind");
        assert!(!refusals.count("key_unknown", "", other));
        let now = Instant::now();
        assert_eq!(refusals.take(false, now).len(), 0);
        let due = refusals.take(false, now + MINUTE);
        let [((code, agency), untold)] = due.as_slice() else {
            panic!("{} lines", due.len())
        };
        assert_eq!(
            (code.as_str(), agency.as_str(), untold.count, untold.latest),
            ("key_unknown", "", 1_000, other)
        );
        assert!(refusals.count("key_unknown", "", one), "and from the beginning");
    }
}
