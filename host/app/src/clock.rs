//! Where time and randomness enter.

use posthouse_domain::time::Clock;
use posthouse_domain::{Entropy, Instant};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::Uuid;

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the one place where the present comes from")]
    fn now(&self) -> Instant {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.map_or(0, |elapsed| elapsed.as_millis() as Instant)
    }
}

/// The operating system's random source.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        use rand::Rng;
        rand::rng().fill_bytes(bytes);
    }

    /// Of two ids of one moment the later is the larger, so that rows that are written together stand together in every index that begins with an
    /// id. Behind the time come 42 bits that count, and 32 that are random.
    fn id(&self, now: Instant) -> Uuid {
        let count = ISSUED.fetch_add(1, Ordering::Relaxed);
        let mut bytes = [0; 10];
        self.fill(&mut bytes[6..]);
        // version and variant take the upper halves of the first byte and of the third
        bytes[0] = (count >> 38) as u8 & 0x0f;
        bytes[1] = (count >> 30) as u8;
        bytes[2] = (count >> 24) as u8 & 0x3f;
        bytes[3..6].copy_from_slice(&(count as u32).to_be_bytes()[1..]);
        uuid::Builder::from_unix_timestamp_millis(now.max(0) as u64, &bytes).into_uuid()
    }
}

/// How many ids this process has given away, from a random beginning: another process counts elsewhere. Half of what can be counted is left.
static ISSUED: LazyLock<AtomicU64> = LazyLock::new(|| {
    let mut random = [0; 8];
    SystemEntropy.fill(&mut random);
    AtomicU64::new(u64::from_be_bytes(random) >> 23)
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_a_moment_ascend() {
        let ids: Vec<Uuid> = (0..10_000).map(|_| SystemEntropy.id(1_700_000_000_000)).collect();
        assert!(ids.is_sorted_by(|one, next| one < next));
        let id = ids[0];
        assert_eq!((id.get_version_num(), id.get_variant()), (7, uuid::Variant::RFC4122));
        assert!(id < SystemEntropy.id(1_700_000_000_001) && SystemEntropy.id(1_699_999_999_999) < id);
        // the end of an id is nobody's to guess
        let ends: std::collections::BTreeSet<_> = ids.iter().map(|id| id.as_bytes()[12..].to_vec()).collect();
        assert!(ends.len() > 9_900, "{}", ends.len());
    }
}
