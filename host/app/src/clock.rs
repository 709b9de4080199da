//! Where time and randomness enter.

use posthouse_domain::time::Clock;
use posthouse_domain::{Entropy, Instant};
use std::sync::{Mutex, PoisonError};
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
        let count = next_of(now);
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

/// Moments of which ids are counted: one of each clock, and some that are just past.
const MOMENTS: usize = 8;

/// The moments of which ids were made last, the latest used first, and the count of the last id of each.
static COUNTED: Mutex<[(Instant, u64); MOMENTS]> = Mutex::new([(Instant::MIN, 0); MOMENTS]);

/// The next number of a moment. The first is random: another host's are elsewhere, and nobody learns from two ids how many were made between them.
/// Half of what can be counted is left for those that follow.
fn next_of(now: Instant) -> u64 {
    let mut counted = COUNTED.lock().unwrap_or_else(PoisonError::into_inner);
    let place = match counted.iter().position(|(moment, _)| *moment == now) {
        Some(place) => {
            counted[place].1 += 1;
            place
        }
        None => {
            let mut random = [0; 8];
            SystemEntropy.fill(&mut random);
            counted[MOMENTS - 1] = (now, u64::from_be_bytes(random) >> 23);
            MOMENTS - 1
        }
    };
    counted[..=place].rotate_right(1);
    counted[0].1
}

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
        // other moments in between, as of another clock, do not begin a count anew
        let mut before = SystemEntropy.id(1_600_000_000_000);
        for other in 1_500_000_000_000..1_500_000_000_100 {
            SystemEntropy.id(other);
            let id = SystemEntropy.id(1_600_000_000_000);
            assert!(before < id);
            before = id;
        }
        // the end of an id is nobody's to guess
        let ends: std::collections::BTreeSet<_> = ids.iter().map(|id| id.as_bytes()[12..].to_vec()).collect();
        assert!(ends.len() > 9_900, "{}", ends.len());
    }
}
