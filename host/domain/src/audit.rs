//! What an entry of the audit log is, and how its hash is made.

use crate::canonical;
use serde_json::json;
use uuid::Uuid;

/// An entry of the audit log: who did what to what, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number, from 1 without gaps.
    pub entry: i64,
    /// When, in ms since 1970 by the machine's clock.
    pub at: i64,
    /// Who.
    pub actor: Uuid,
    /// What, as `campaign.approve`.
    pub action: String,
    /// To what: a word, a slash, its id.
    pub subject: String,
    /// More about it, as JSON.
    pub detail: String,
}

impl Entry {
    /// The hash of this entry after one with the hash `previous`, which is empty before the first: SHA-256 of the canonical JSON of both.
    /// Anybody can compute it again, so whoever keeps a hash elsewhere can tell whether anything up to there was changed.
    pub fn hash(&self, previous: &str) -> String {
        let Self {
            entry,
            at,
            actor,
            action,
            subject,
            detail,
        } = self;
        let link = json!({
            "previous": previous,
            "entry": entry.to_string(),
            "at": at.to_string(),
            "actor": actor.to_string(),
            "action": action,
            "subject": subject,
            "detail": detail,
        });
        // an object of strings always has a canonical form
        canonical::digest(canonical::to_string(&link).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_covers_every_field_and_the_entry_before() {
        let entry = Entry {
            entry: 1,
            at: 1_768_449_600_000,
            actor: Uuid::from_u128(1),
            action: "campaign.approve".into(),
            subject: "campaign/a".into(),
            detail: "{}".into(),
        };
        let hash = entry.hash("");
        assert_eq!(hash, "1e527d0280ca034ef5be63e86c9cf88c9d279df4030196d3a846f68a6f41414d");
        let others = [
            Entry {
                entry: 2,
                ..entry.clone()
            },
            Entry { at: 0, ..entry.clone() },
            Entry {
                actor: Uuid::nil(),
                ..entry.clone()
            },
            Entry {
                action: "campaign.reject".into(),
                ..entry.clone()
            },
            Entry {
                subject: "campaign/b".into(),
                ..entry.clone()
            },
            Entry {
                detail: "{\"a\":1}".into(),
                ..entry.clone()
            },
        ];
        assert!(others.iter().all(|other| other.hash("") != hash));
        assert_ne!(entry.hash("a"), hash);
    }
}
