//! Passwords: which will do, and how they are kept. Hashing takes memory and a processor on purpose, so few are hashed at once.

use crate::error::{AppError, Result};
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use posthouse_domain::{Entropy, Rejection, words};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use unicode_normalization::UnicodeNormalization;

/// Passwords that are hashed at once, each in 19 MiB.
const AT_ONCE: usize = 2;
/// How long somebody waits for a place.
const PATIENCE: Duration = Duration::from_secs(10);
/// Fewest characters of a password.
const SHORTEST: usize = 10;
/// Longest password, in bytes.
const LONGEST: usize = 256;
/// Fewest characters that are not the same.
const DISTINCT: usize = 5;

/// What is compared where there is no password, so that it takes as long as with one: argon2id of nothing that anybody can type, with the
/// parameters of all others.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$cG9zdGhvdXNlIG5vYm9keQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Places of those whose passwords are hashed.
#[derive(Debug, Clone)]
pub(crate) struct Passwords(Arc<Semaphore>);

impl Default for Passwords {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

/// A place to hash passwords, one after the other.
#[derive(Debug)]
pub(super) struct Place {
    _held: OwnedSemaphorePermit,
}

impl Passwords {
    /// # Errors
    /// `sign_in_busy` if none comes free in time.
    pub(super) async fn place(&self) -> Result<Place> {
        match tokio::time::timeout(PATIENCE, self.0.clone().acquire_owned()).await {
            Ok(Ok(held)) => Ok(Place { _held: held }),
            _ => Err(AppError::Busy(Rejection::new(
                "sign_in_busy",
                words!(
                    "many people are signing in; try again in a moment",
                    "登录的人较多；请稍后再试"
                ),
            ))),
        }
    }
}

impl Place {
    /// The PHC string of a password.
    ///
    /// # Errors
    /// [`AppError::Internal`], which only a defect of the library brings about.
    pub(super) async fn hash(&self, password: &str, entropy: &dyn Entropy) -> Result<String> {
        let mut salt = [0; 16];
        entropy.fill(&mut salt);
        let password = password.to_owned();
        let work = move || {
            let hash: PasswordHash = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt)?;
            Ok::<_, argon2::password_hash::Error>(hash.to_string())
        };
        let hashed = tokio::task::spawn_blocking(work).await;
        hashed
            .map_err(|error| AppError::Internal(error.to_string()))?
            .map_err(|error| AppError::Internal(format!("a password cannot be hashed: {error}")))
    }

    /// Whether this is the password; never where there is none, and that takes as long.
    ///
    /// # Errors
    /// [`AppError::Internal`], which only a defect of the library brings about.
    pub(super) async fn is_right(&self, password: &str, kept: Option<&str>) -> Result<bool> {
        let (is_there, kept) = (kept.is_some(), kept.unwrap_or(NOBODYS).to_owned());
        let password: String = password.chars().take(LONGEST).nfkc().collect();
        let work = move || {
            Argon2::default()
                .verify_password(password.as_bytes(), kept.as_str())
                .is_ok()
        };
        let verified = tokio::task::spawn_blocking(work).await;
        Ok(verified.map_err(|error| AppError::Internal(error.to_string()))? && is_there)
    }
}

/// A password as it is hashed, whichever keyboard it was typed on.
///
/// # Errors
/// `weak_password`.
pub(super) fn acceptable(password: &str, email: &str, name: &str) -> Result<String> {
    let form: String = password.nfkc().collect();
    let folded = form.to_lowercase();
    let local = email.split('@').next().unwrap_or_default();
    let says_who = [local, &name.to_lowercase()]
        .iter()
        .any(|own| own.chars().count() >= 4 && folded.contains(own));
    let is_weak = form.chars().count() < SHORTEST
        || form.len() > LONGEST
        || form.chars().any(char::is_control)
        || folded.chars().collect::<HashSet<_>>().len() < DISTINCT
        || is_run(&folded)
        || says_who;
    if is_weak {
        return Err(AppError::invalid(
            "weak_password",
            words!(
                "choose a password of at least {SHORTEST} characters that is neither a row of keys nor made of your name or address; \
                 a few words that only you would put together are good",
                "密码至少 {SHORTEST} 个字符，不能是连续或重复的字符，也不能含姓名或邮箱；可用几个只有您会想到的词组成"
            ),
        ));
    }
    Ok(form)
}

/// Whether each character follows the one before, on a keyboard or in the alphabet.
fn is_run(folded: &str) -> bool {
    const ROWS: [&str; 5] = [
        "1234567890",
        "qwertyuiop",
        "asdfghjkl;",
        "zxcvbnm,./",
        "abcdefghijklmnopqrstuvwxyz",
    ];
    let pairs = || folded.chars().zip(folded.chars().skip(1));
    let follow = |(one, other): (char, char)| {
        let next = |row: &&str| row.contains(&format!("{one}{other}")) || row.contains(&format!("{other}{one}"));
        one == other || ROWS.iter().any(next)
    };
    let all = pairs().count();
    pairs().filter(|pair| follow(*pair)).count() * 10 >= all * 8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemEntropy;

    #[test]
    fn weak_passwords_are_told_from_good_ones() {
        let tried = |password: &str| acceptable(password, "li.min@silk.example", "Li Min");
        for good in [
            "correct horse",
            "丝路上的第七匹骆驼叫阿福",
            "Tr4vel-agents rest",
            "k7#pW!x2mQ",
        ] {
            assert!(tried(good).is_ok(), "{good}");
        }
        for weak in [
            "",
            "short",
            "1111111111",
            "12345678901",
            "qwertyuiop",
            "QWERTYUIOP1",
            "abababababab",
            "my li.min pass",
            "Li Min 2026!",
            "tab\tinside it",
            &"x".repeat(300),
        ] {
            let Err(AppError::Invalid(rejection)) = tried(weak) else {
                panic!("{weak}")
            };
            assert_eq!(rejection.code, "weak_password");
        }
        assert_eq!(tried("ｃｏｒｒｅｃｔ　ｈｏｒｓｅ").unwrap(), "correct horse");
    }

    #[tokio::test]
    async fn a_password_is_known_by_its_hash() {
        let place = Passwords::default().place().await.unwrap();
        let kept = place.hash("correct horse", &SystemEntropy).await.unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert_ne!(kept, place.hash("correct horse", &SystemEntropy).await.unwrap());
        assert!(place.is_right("correct horse", Some(&kept)).await.unwrap());
        assert!(place.is_right("ｃorrect horse", Some(&kept)).await.unwrap());
        assert!(!place.is_right("correct house", Some(&kept)).await.unwrap());
        assert!(!place.is_right("", None).await.unwrap());
        // or the time it takes would say that nobody is there
        assert!(PasswordHash::new(NOBODYS).is_ok());
    }
}
