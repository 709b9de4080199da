//! Document numbers are stored encrypted, and found again by a keyed hash; so are the secrets that people's codes are made of, and their recovery codes.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
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
    factors: [u8; 32],
    links: [u8; 32],
    cases: [u8; 32],
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
            factors: keyed(secret, &[b"posthouse second factor"]),
            links: keyed(secret, &[b"posthouse member link"]),
            cases: keyed(secret, &[b"posthouse case page"]),
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

    /// By what a recovery code of a person is looked up.
    pub(crate) fn recovery(&self, agency: Uuid, staff: Uuid, code: &str) -> Vec<u8> {
        keyed(&self.factors, &[agency.as_bytes(), staff.as_bytes(), code.as_bytes()]).to_vec()
    }

    /// Signs a link to something of an agency.
    pub(crate) fn sign_link(&self, agency: Uuid, link: Uuid) -> [u8; 32] {
        keyed(&self.links, &[agency.as_bytes(), link.as_bytes()])
    }

    /// Signs the page of a case; what was signed for an epoch before opens nothing any more.
    pub(crate) fn sign_case(&self, agency: Uuid, case: Uuid, epoch: i32) -> [u8; 32] {
        keyed(&self.cases, &[agency.as_bytes(), case.as_bytes(), &epoch.to_le_bytes()])
    }

    /// Whether this signs the page of a case; it takes as long whatever is wrong with it.
    pub(crate) fn signs_case(&self, agency: Uuid, (case, epoch): (Uuid, i32), signature: &[u8]) -> bool {
        same(&self.sign_case(agency, case, epoch), signature)
    }

    /// Whether this signs a link; it takes as long whatever is wrong with it.
    pub(crate) fn signs_link(&self, agency: Uuid, link: Uuid, signature: &[u8]) -> bool {
        same(&self.sign_link(agency, link), signature)
    }

    /// Encrypts a document number; `None` only if the cipher refuses, which it does for nothing this short.
    pub fn seal(&self, agency: Uuid, value: &str, entropy: &dyn Entropy) -> Option<Vec<u8>> {
        sealed(&self.sealing, agency.as_bytes(), value.as_bytes(), entropy)
    }

    /// Decrypts what [`Self::seal`] made; `None` if it was altered or sealed with another secret or for another agency.
    pub fn open(&self, agency: Uuid, sealed: &[u8]) -> Option<String> {
        String::from_utf8(opened(&self.sealing, agency.as_bytes(), sealed)?).ok()
    }

    /// Encrypts what a person's codes are made of; it opens for nobody else.
    pub(crate) fn seal_factor(
        &self,
        agency: Uuid,
        staff: Uuid,
        secret: &[u8],
        entropy: &dyn Entropy,
    ) -> Option<Vec<u8>> {
        let whose = [b"factor", agency.as_bytes().as_slice(), staff.as_bytes()].concat();
        sealed(&self.sealing, &whose, secret, entropy)
    }

    /// Decrypts what [`Self::seal_factor`] made.
    pub(crate) fn open_factor(&self, agency: Uuid, staff: Uuid, sealed: &[u8]) -> Option<Vec<u8>> {
        let whose = [b"factor", agency.as_bytes().as_slice(), staff.as_bytes()].concat();
        opened(&self.sealing, &whose, sealed)
    }

    /// Encrypts what a browser brings back from a provider of sign-ins.
    pub(crate) fn seal_errand(&self, errand: &[u8], entropy: &dyn Entropy) -> Option<Vec<u8>> {
        sealed(&self.sealing, b"errand", errand, entropy)
    }

    /// Decrypts what [`Self::seal_errand`] made.
    pub(crate) fn open_errand(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        opened(&self.sealing, b"errand", sealed)
    }
}

/// Compares two signatures in the same time wherever they differ.
fn same(right: &[u8], given: &[u8]) -> bool {
    let differs = right.iter().zip(given).fold(0, |all, (one, other)| all | (one ^ other));
    given.len() == right.len() && differs == 0
}

/// A nonce, and `plain` encrypted under it and bound to whose it is.
fn sealed(key: &[u8; 32], whose: &[u8], plain: &[u8], entropy: &dyn Entropy) -> Option<Vec<u8>> {
    let mut nonce = [0; 24];
    entropy.fill(&mut nonce);
    let payload = Payload { msg: plain, aad: whose };
    let sealed = XChaCha20Poly1305::new(&Key::from(*key)).encrypt(&XNonce::from(nonce), payload);
    Some([nonce.as_slice(), &sealed.ok()?].concat())
}

fn opened(key: &[u8; 32], whose: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_at_checked(24)?;
    let nonce: [u8; 24] = nonce.try_into().ok()?;
    let payload = Payload {
        msg: sealed,
        aad: whose,
    };
    XChaCha20Poly1305::new(&Key::from(*key))
        .decrypt(&XNonce::from(nonce), payload)
        .ok()
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
        let (one, other) = (Uuid::from_u128(3), Uuid::from_u128(4));
        let factor = keys
            .seal_factor(ours, one, b"secret", &SystemEntropy)
            .expect("a short text");
        assert_eq!(keys.open_factor(ours, one, &factor).as_deref(), Some(&b"secret"[..]));
        assert_eq!(keys.open_factor(ours, other, &factor), None);
        assert_eq!(keys.open_factor(theirs, one, &factor), None);
        assert_eq!(keys.open(ours, &factor), None);
        assert_ne!(keys.recovery(ours, one, "a"), keys.recovery(ours, other, "a"));
        assert_ne!(
            keys.hash(ours, IdentityKind::Passport, "E1"),
            keys.hash(theirs, IdentityKind::Passport, "E1")
        );
    }
}
