//! Keys: made, revoked, and kept only as hashes.

use crate::audit;
use crate::caller::Scope;
use crate::error::{AppError, Result, retrying};
use posthouse_domain::{Entropy, Instant, normal, words};
use posthouse_store::team::{self as store, KeyEntry, KeyRow};
use posthouse_store::{Access, Store, Tx};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use uuid::Uuid;

/// How exactly it is known when a key was last used, in ms.
pub(super) const USED_MILLIS: i64 = 3_600_000;
/// Most keys of which it is remembered.
const USES: usize = 10_000;

/// When this host last noted that a key was used.
#[derive(Debug, Clone, Default)]
pub(crate) struct Uses(Arc<Mutex<HashMap<Uuid, Instant>>>);

impl Uses {
    /// Whether it is to be noted now: once an hour for each key.
    pub(super) fn is_new(&self, key: Uuid, now: Instant) -> bool {
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if uses.get(&key).is_some_and(|noted| now - noted < USED_MILLIS) {
            return false;
        }
        // whoever has more keys notes some of them again
        if uses.len() >= USES {
            uses.clear();
        }
        uses.insert(key, now);
        true
    }
}

/// Every key of an agency, the oldest first, without what opens anything.
///
/// # Errors
/// Failures of the database.
pub async fn keys(store: &Store, agency: Uuid) -> Result<Vec<KeyEntry>> {
    let mut tx = store.read(Access::Agency(agency)).await?;
    Ok(store::keys(&mut tx, agency).await?)
}

/// A key to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewKey<'k> {
    /// What the agency calls it.
    pub name: &'k str,
    /// What it may do.
    pub scopes: &'k [Scope],
    /// Whose it is: a person or a program. Keys of one holder are one person: none of them approves what another submitted.
    pub holder: Option<&'k str>,
}

/// Whether everything in a name can be told by eye: nothing controls, steers or hides what stands beside it, and nothing means what only
/// somebody's font knows.
pub(crate) fn is_plain(name: &str) -> bool {
    name.chars().all(|c| match c {
        '\u{2028}' | '\u{2029}' | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' => false,
        // how an emoji is drawn
        '\u{fe00}'..='\u{fe0f}' => true,
        c if c.is_control() => false,
        c => c.is_whitespace() || !normal::visible(c.encode_utf8(&mut [0; 4])).is_empty(),
    })
}

/// Whose a key is, as it is compared.
fn holder(name: Option<&str>) -> Result<Option<String>> {
    let Some(name) = name else { return Ok(None) };
    let form = normal::caseless(name);
    if form.is_empty() || form.len() > 200 || !is_plain(name) {
        return Err(AppError::invalid(
            "bad_key",
            words!(
                "the holder must have 1 to 200 bytes and no characters that cannot be seen; leave it out if nobody is named",
                "持有人应为 1 到 200 字节，且不含看不见的字符；不指明则不填"
            ),
        ));
    }
    Ok(Some(form))
}

/// Gives an agency another key on behalf of the host; returned this once and kept only as a hash.
///
/// # Errors
/// `bad_key` for a name, holder or scopes that are none; failures of the database.
pub async fn create_key(
    store: &Store,
    agency: Uuid,
    new: NewKey<'_>,
    now: i64,
    entropy: &dyn Entropy,
) -> Result<(Uuid, String)> {
    retrying!(async {
        let mut tx = store.write(Access::Agency(agency)).await?;
        let made = put_key(&mut tx, agency, new, None, now, entropy).await?;
        tx.commit().await?;
        Ok(made)
    })
}

/// Writes another key down. `by` is the key that asks; none for the host.
pub(super) async fn put_key(
    tx: &mut Tx,
    agency: Uuid,
    new: NewKey<'_>,
    by: Option<Uuid>,
    now: i64,
    entropy: &dyn Entropy,
) -> Result<(Uuid, String)> {
    let NewKey { name, scopes, .. } = new;
    if scopes.len() > Scope::ALL.len() {
        return Err(AppError::invalid(
            "bad_key",
            words!(
                "there are {most} scopes; name each at most once",
                "权限共 {most} 项；每项最多写一次",
                most = Scope::ALL.len()
            ),
        ));
    }
    if name.trim().is_empty() || name.len() > 200 || !is_plain(name) || scopes.is_empty() {
        return Err(AppError::invalid(
            "bad_key",
            words!(
                "a key needs a name of 1 to 200 bytes without characters that cannot be seen, and at least one scope",
                "密钥须有名称（1 到 200 字节，不含看不见的字符）和至少一项权限"
            ),
        ));
    }
    let scopes = Scope::each_once(scopes);
    let (secret, hash) = new_secret(agency, entropy);
    let key = KeyRow {
        id: entropy.id(now),
        name: name.trim().to_owned(),
        scopes: serde_json::to_string(&scopes).map_err(AppError::corrupt("scopes"))?,
        holder: holder(new.holder)?,
    };
    store::create_key(&mut *tx, agency, &key, &hash, now).await?;
    let subject = format!("key/{}", key.id);
    audit::write(
        tx,
        agency,
        by,
        ("key.create", &subject),
        &json!({"scopes": scopes, "holder": key.holder}),
        now,
    )
    .await?;
    Ok((key.id, secret))
}

/// Revokes a key at once. `by` is the key that asks; none for the host.
///
/// # Errors
/// [`AppError::NotFound`] if the agency has no such active key.
pub async fn revoke_key(store: &Store, agency: Uuid, key: Uuid, by: Option<Uuid>, now: i64) -> Result<()> {
    let subject = format!("key/{key}");
    retrying!(async {
        let mut tx = store.write(Access::Agency(agency)).await?;
        if !store::revoke_key(&mut tx, agency, key, now).await? {
            return Err(AppError::NotFound("key"));
        }
        audit::write(&mut tx, agency, by, ("key.revoke", &subject), &json!({}), now).await?;
        Ok(tx.commit().await?)
    })
}

/// A new key: `ph_`, the agency, 256 random bits. With so much randomness a plain hash is enough to keep it.
pub(super) fn new_secret(agency: Uuid, entropy: &dyn Entropy) -> (String, Vec<u8>) {
    let mut random = [0; 32];
    entropy.fill(&mut random);
    let secret = format!("ph_{}_{}", agency.simple(), hex::encode(random));
    let hash = hash(&secret);
    (secret, hash)
}

pub(super) fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_is_noted_once_an_hour() {
        let (uses, key) = (Uses::default(), Uuid::from_u128(1));
        let noted: Vec<bool> = [0, 1, USED_MILLIS - 1, USED_MILLIS, USED_MILLIS + 1]
            .map(|now| uses.is_new(key, now))
            .into();
        assert_eq!(noted, [true, false, false, true, false]);
        assert!(uses.is_new(Uuid::from_u128(2), 0), "another key");
    }

    #[test]
    fn what_cannot_be_seen_is_in_no_name() {
        for plain in [
            "Li Wei",
            "李伟",
            "李伟\u{3000}门市",
            "☎\u{fe0f} desk",
            "Zoë",
            "shop-1",
            "José",
        ] {
            assert!(is_plain(plain), "{plain:?}");
            assert!(holder(Some(plain)).is_ok_and(|form| form.is_some()), "{plain:?}");
        }
        for hidden in [
            "a\0b",
            "a\nb",
            "a\u{200b}b",
            "a\u{202e}b",
            "a\u{feff}",
            "a\u{e000}",
            "a\u{10fffd}",
            "a\u{2028}b",
        ] {
            assert!(!is_plain(hidden), "{hidden:?}");
            let Err(AppError::Invalid(rejection)) = holder(Some(hidden)) else {
                panic!("{hidden:?}")
            };
            assert_eq!(rejection.code, "bad_key");
        }
    }
}
