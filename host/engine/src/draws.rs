//! What a host draws its trials of plugins from. Whoever writes a plugin does not know it, so no plugin can tell a trial from life.

use sha2::{Digest, Sha256};
use std::fmt;

/// Tells this use of a secret from every other.
const LABEL: &[u8] = b"posthouse plugin trials";

/// Where the numbers of trials come from: the same host draws the same for the same component, another host others.
#[derive(Clone)]
pub struct Draws(Source);

#[derive(Clone)]
enum Source {
    Key([u8; 32]),
    Seed(u64),
}

impl Draws {
    /// Those of a host with this secret, which cannot be found from what is drawn.
    pub fn of_secret(secret: &[u8; 32]) -> Self {
        Self(Source::Key(
            Sha256::new().chain_update(LABEL).chain_update(secret).finalize().into(),
        ))
    }

    /// Always this seed, to repeat what another host drew.
    pub fn of_seed(seed: u64) -> Self {
        Self(Source::Seed(seed))
    }

    /// The seed of what is named by `parts`.
    pub fn seed(&self, parts: &[&[u8]]) -> u64 {
        let key = match &self.0 {
            Source::Key(key) => key,
            Source::Seed(seed) => return *seed,
        };
        let mut hash = Sha256::new_with_prefix(key);
        for part in parts {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(hash.finalize());
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }
}

/// Those of nobody's secret: of an author without a server, and of tests.
impl Default for Draws {
    fn default() -> Self {
        Self::of_secret(&[0; 32])
    }
}

impl fmt::Debug for Draws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Draws(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_differ_by_secret_and_by_what_they_are_for() {
        let [mine, yours] = [[1; 32], [2; 32]].map(|secret| Draws::of_secret(&secret));
        assert_eq!(mine.seed(&[b"ab"]), Draws::of_secret(&[1; 32]).seed(&[b"ab"]));
        assert_ne!(mine.seed(&[b"ab"]), yours.seed(&[b"ab"]));
        assert_ne!(mine.seed(&[b"ab"]), mine.seed(&[b"a", b"b"]));
        assert_eq!(Draws::of_seed(7).seed(&[b"ab"]), 7);
        assert_eq!(format!("{mine:?}"), format!("{yours:?}"), "no key in a log");
    }
}
