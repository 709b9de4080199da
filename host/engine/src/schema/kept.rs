//! Compiled schemas, so that each is compiled once and not for every golden case, campaign and binding.

use super::Schema;
use crate::runtime::lock;
use posthouse_domain::Words;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// Most that are kept. Compiled patterns take up to 4 MiB in each.
const MOST: usize = 32;

type Compiled = Arc<Result<Schema, Words>>;

#[derive(Default)]
struct Kept {
    schemas: HashMap<[u8; 32], (Compiled, u64)>,
    asked: u64,
}

static KEPT: Mutex<Option<Kept>> = Mutex::new(None);

/// The compiled schema of this text, from those that are kept or from `compile`; the one not asked for longest makes room.
pub(super) fn compiled(text: &str, compile: impl FnOnce() -> Result<Schema, Words>) -> Compiled {
    let digest: [u8; 32] = Sha256::digest(text).into();
    if let Some(known) = lock(&KEPT).get_or_insert_default().get(&digest) {
        return known;
    }
    // not under the lock: a long schema shall not keep others waiting
    let schema = Arc::new(compile());
    lock(&KEPT).get_or_insert_default().put(digest, schema.clone());
    schema
}

impl Kept {
    fn get(&mut self, digest: &[u8; 32]) -> Option<Compiled> {
        self.asked += 1;
        let (schema, asked) = self.schemas.get_mut(digest)?;
        *asked = self.asked;
        Some(schema.clone())
    }

    fn put(&mut self, digest: [u8; 32], schema: Compiled) {
        self.asked += 1;
        self.schemas.insert(digest, (schema, self.asked));
        while self.schemas.len() > MOST {
            let oldest = self.schemas.iter().min_by_key(|(_, (_, asked))| *asked);
            let Some(oldest) = oldest.map(|(digest, _)| *digest) else {
                break;
            };
            self.schemas.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_compiled_once_and_few_are_kept() {
        let mut compiled_times = 0;
        for text in ["{\"title\": \"kept\"}", "{\"title\": \"kept\"}"] {
            compiled(text, || {
                compiled_times += 1;
                Err(Words::default())
            });
        }
        assert_eq!(compiled_times, 1);
        let mut kept = Kept::default();
        for number in 0..100u8 {
            kept.put([number; 32], Arc::new(Err(Words::default())));
            assert!(kept.get(&[0; 32]).is_some(), "it is asked for all the time");
        }
        assert_eq!(kept.schemas.len(), MOST);
        assert!(kept.get(&[99; 32]).is_some() && kept.get(&[50; 32]).is_none());
    }
}
