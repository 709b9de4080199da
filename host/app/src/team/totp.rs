//! Codes of an authenticator app (RFC 6238): six digits of an HMAC-SHA-1 over the half minute that it is. SHA-1 is what every such app speaks; as
//! a keyed hash of a counter nothing is known against it.

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use posthouse_domain::{Entropy, Instant};
use sha1::Sha1;

/// How long a code is shown, in ms.
const STEP: i64 = 30_000;
/// How many steps a device may be ahead or behind.
const DRIFT: i64 = 1;
const DIGITS: usize = 6;
/// As long as the hash, as the RFC has it.
const SECRET: usize = 20;

/// What the codes of somebody are made of.
pub(super) struct Secret(Vec<u8>);

impl Secret {
    pub(super) fn new(entropy: &dyn Entropy) -> Self {
        let mut bytes = vec![0; SECRET];
        entropy.fill(&mut bytes);
        Self(bytes)
    }

    pub(super) fn of(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// As people type it into an app that cannot see.
    pub(super) fn text(&self) -> String {
        BASE32_NOPAD.encode(&self.0)
    }

    /// What the picture says: whose codes these are, and where. Short, as each letter makes the picture finer.
    pub(super) fn address(&self, agency: &str, email: &str) -> String {
        let plain = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let issuer = plain(&format!("Posthouse {agency}"));
        format!(
            "otpauth://totp/{issuer}:{}?secret={}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={}",
            plain(email),
            self.text(),
            STEP / 1_000
        )
    }

    pub(super) fn code(&self, step: i64) -> String {
        #[allow(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.0).expect("any length is a key");
        mac.update(&step.to_be_bytes());
        let hash: [u8; 20] = mac.finalize().into_bytes().into();
        let from = usize::from(hash[19] & 0xf);
        let number = hash[from..from + 4]
            .iter()
            .fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
    }

    /// The step whose code this is, of those around now and after `last`; each is compared, wherever the first one fits.
    pub(super) fn step(&self, code: &str, now: Instant, last: i64) -> Option<i64> {
        let present = now.div_euclid(STEP);
        let fits = |step: &i64| {
            let right = self.code(*step);
            let differs = right
                .bytes()
                .zip(code.bytes())
                .fold(right.len() ^ code.len(), |differs, (a, b)| differs | usize::from(a ^ b));
            differs == 0 && *step > last
        };
        let steps: Vec<i64> = (present - DRIFT..=present + DRIFT).filter(fits).collect();
        steps.first().copied()
    }
}

/// What somebody typed, without what only makes it readable.
pub(super) fn plain(typed: &str) -> String {
    let is_kept = |c: &char| !c.is_whitespace() && *c != '-';
    typed
        .chars()
        .filter(is_kept)
        .take(64)
        .flat_map(char::to_uppercase)
        .collect()
}

/// Whether this is written like a code of an app.
pub(super) fn is_code(plain: &str) -> bool {
    plain.len() == DIGITS && plain.bytes().all(|b| b.is_ascii_digit())
}

/// A new recovery code, of 50 bits: `ABCDE-FGHIJ`.
pub(super) fn recovery_code(entropy: &dyn Entropy) -> String {
    let mut random = [0; 7];
    entropy.fill(&mut random);
    let text = BASE32_NOPAD.encode(&random);
    format!("{}-{}", &text[..5], &text[5..10])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemEntropy;

    /// RFC 6238, appendix B, for SHA-1; its codes have eight digits, of which apps show the last six.
    #[test]
    fn codes_are_those_of_the_rfc() {
        let secret = Secret::of(b"12345678901234567890".to_vec());
        for (seconds, code) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            assert_eq!(secret.code(seconds / 30), code[2..], "{seconds}");
            assert_eq!(secret.step(&code[2..], seconds * 1_000, 0), Some(seconds / 30));
        }
        assert_eq!(secret.text(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn a_device_may_be_a_step_off_and_a_code_is_taken_once() {
        let secret = Secret::of(b"12345678901234567890".to_vec());
        let code = secret.code(1_000);
        let at = |step: i64| step * STEP + 7_000;
        for (step, last, found) in [
            (998, 0, None),
            (999, 0, Some(1_000)),
            (1_000, 999, Some(1_000)),
            (1_001, 0, Some(1_000)),
            (1_002, 0, None),
            (1_000, 1_000, None),
            (1_000, 1_001, None),
        ] {
            assert_eq!(secret.step(&code, at(step), last), found, "{step} {last}");
        }
        for wrong in ["", "1", &code[1..], &format!("{code}0"), "abcdef", "一二"] {
            assert_eq!(secret.step(wrong, at(1_000), 0), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_typed_may_have_gaps() {
        assert_eq!(plain(" 123 456 "), "123456");
        assert_eq!(plain("abcde-fghij"), "ABCDEFGHIJ");
        assert!(is_code("012345"));
        for other in ["", "12345", "1234567", "12345a", "ABCDEFGHIJ"] {
            assert!(!is_code(other), "{other}");
        }
        let code = recovery_code(&SystemEntropy);
        assert_eq!((code.len(), &code[5..6], plain(&code).len()), (11, "-", 10), "{code}");
        assert_ne!(code, recovery_code(&SystemEntropy));
    }

    #[test]
    fn an_app_reads_whose_codes_these_are() {
        let secret = Secret::of(b"12345678901234567890".to_vec());
        assert_eq!(
            secret.address("silk-road", "li+a@silk.example"),
            "otpauth://totp/Posthouse%20silk%2Droad:li%2Ba%40silk%2Eexample?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Posthouse%20silk%2Droad&algorithm=SHA1&digits=6&period=30"
        );
    }
}
