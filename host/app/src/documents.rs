//! Document numbers are stored encrypted, and found again by a keyed hash.

use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use posthouse_domain::Entropy;
use posthouse_domain::identity::IdentityKind;
use sha2::Sha256;
use uuid::Uuid;

/// The installation's secret, from which the keys for hashing and sealing are drawn.
#[derive(Clone)]
pub struct DocumentKeys {
    hashing: [u8; 32],
    sealing: [u8; 32],
    sessions: [u8; 32],
}

impl std::fmt::Debug for DocumentKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DocumentKeys(…)")
    }
}

fn keyed(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    #[allow(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length is a key");
    for part in parts {
        mac.update(&(part.len() as u64).to_le_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

impl DocumentKeys {
    /// Draws both keys from a secret of 32 bytes.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self {
            hashing: keyed(secret, &[b"posthouse document hash"]),
            sealing: keyed(secret, &[b"posthouse document seal"]),
            sessions: keyed(secret, &[b"posthouse session form"]),
        }
    }

    /// What these keys answer to a fixed question: tells two secrets apart and nothing of either.
    pub fn check(&self) -> String {
        hex::encode(keyed(&self.hashing, &[b"posthouse key check"]))
    }

    /// By what a document is looked up: the same number gives different hashes in different agencies.
    pub fn hash(&self, agency: Uuid, kind: IdentityKind, value: &str) -> String {
        hex::encode(keyed(
            &self.hashing,
            &[agency.as_bytes(), kind.as_str().as_bytes(), value.as_bytes()],
        ))
    }

    /// What the forms of a session send along: nobody who cannot read them knows it.
    pub(crate) fn csrf(&self, agency: Uuid, session: Uuid) -> String {
        hex::encode(keyed(&self.sessions, &[agency.as_bytes(), session.as_bytes()]))
    }

    /// Encrypts a document number; `None` only if the cipher refuses, which it does for nothing this short.
    pub fn seal(&self, agency: Uuid, value: &str, entropy: &dyn Entropy) -> Option<Vec<u8>> {
        let mut nonce = [0; 24];
        entropy.fill(&mut nonce);
        let cipher = XChaCha20Poly1305::new(&Key::from(self.sealing));
        let sealed = cipher
            .encrypt(
                &XNonce::from(nonce),
                chacha20poly1305::aead::Payload {
                    msg: value.as_bytes(),
                    aad: agency.as_bytes(),
                },
            )
            .ok()?;
        Some([nonce.as_slice(), &sealed].concat())
    }

    /// Decrypts what [`Self::seal`] made; `None` if it was altered or sealed with another secret or for another agency.
    pub fn open(&self, agency: Uuid, sealed: &[u8]) -> Option<String> {
        let (nonce, sealed) = sealed.split_at_checked(24)?;
        let nonce: [u8; 24] = nonce.try_into().ok()?;
        let cipher = XChaCha20Poly1305::new(&Key::from(self.sealing));
        let plain = cipher
            .decrypt(
                &XNonce::from(nonce),
                chacha20poly1305::aead::Payload {
                    msg: sealed,
                    aad: agency.as_bytes(),
                },
            )
            .ok()?;
        String::from_utf8(plain).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemEntropy;

    #[test]
    fn a_document_opens_only_where_it_was_sealed() {
        let keys = DocumentKeys::new(&[7; 32]);
        let (ours, theirs) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let mut sealed = keys.seal(ours, "E12345678", &SystemEntropy).expect("a short text");
        assert_eq!(keys.open(ours, &sealed).as_deref(), Some("E12345678"));
        assert_eq!(keys.open(theirs, &sealed), None);
        assert_eq!(DocumentKeys::new(&[8; 32]).open(ours, &sealed), None);
        sealed[30] ^= 1;
        assert_eq!(keys.open(ours, &sealed), None);
        assert_ne!(
            keys.hash(ours, IdentityKind::Passport, "E1"),
            keys.hash(theirs, IdentityKind::Passport, "E1")
        );
    }
}
