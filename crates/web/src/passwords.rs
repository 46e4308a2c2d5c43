//! Hashing passwords without letting it take the machine: one at a time, off the async threads, and behind everything else.
//!
//! A hash costs tens of milliseconds of a core and 19 MiB. What must hold: a crowd at the sign-in page waits for its turn, or is told to try
//! again; webhooks are not slowed.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use socialhook_store::accounts::{PASSWORD_MAX, PASSWORD_MIN, PasswordHash};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use zxcvbn::Score;
use zxcvbn::feedback::Feedback;

use crate::error::Error;

/// Hashes at the same time: leaves the other cores to the relay.
const AT_ONCE: usize = 1;
/// Beyond what can be guessed online, even without our counting of tries.
const STRENGTH: Score = Score::Three;
/// Rather a "try again" than a page that hangs.
const TURN_WITHIN: Duration = Duration::from_secs(5);

#[derive(Clone, Debug)]
pub struct Passwords(Arc<Semaphore>);

impl Default for Passwords {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Passwords {
    pub async fn hash(&self, password: SecretString) -> Result<PasswordHash, Error> {
        Ok(self.apart(move || PasswordHash::new(&password)).await??)
    }

    /// Takes as long for an unknown account, which has no hash, as for a known one.
    pub async fn fits(&self, hash: Option<PasswordHash>, password: SecretString) -> Result<bool, Error> {
        let fits = move || match hash {
            Some(hash) => Ok(hash.fits(&password)),
            None => PasswordHash::new(&password).map(|_| false),
        };
        Ok(self.apart(fits).await??)
    }

    /// On a thread of its own, since a thread that has stepped back stays there.
    async fn apart<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let turn = self.turn().await?;
        let (done, result) = oneshot::channel();
        let work = move || {
            socialhook_relay::priority::step_back();
            let _ = done.send(work());
            drop(turn);
        };
        thread::Builder::new().name("password".to_owned()).spawn(work).map_err(|_| Error::Busy)?;
        result.await.map_err(|_| Error::Unexpected("hashing a password failed"))
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, Error> {
        let turn = tokio::time::timeout(TURN_WITHIN, self.0.clone().acquire_owned()).await;
        turn.map_err(|_| Error::Busy)?.map_err(|_| Error::Unexpected("the semaphore is never closed"))
    }
}

/// What is wrong with a new password; `known` are words that whoever guesses it would try first.
#[must_use]
pub fn complaint(password: &SecretString, known: &[&str]) -> Option<String> {
    let password = password.expose_secret();
    match password.chars().count() {
        ..PASSWORD_MIN => {
            return Some(format!("Use at least {PASSWORD_MIN} characters. A few words in a row are good."));
        }
        PASSWORD_MIN..=PASSWORD_MAX => {}
        _ => return Some(format!("Use at most {PASSWORD_MAX} characters.")),
    }
    let known: Vec<&str> = known.iter().copied().chain(["socialhook", "webhook"]).collect();
    let strength = zxcvbn::zxcvbn(password, &known);
    if strength.score() >= STRENGTH {
        return None;
    }
    let why = strength.feedback().and_then(Feedback::warning).map(|warning| warning.to_string());
    let why = why.unwrap_or_else(|| "It is easy to guess.".to_owned());
    Some(format!("{why} Use some words in a row that do not belong together."))
}

/// No account has a longer password, so an endless one is not worth hashing.
#[must_use]
pub fn bounded(password: SecretString) -> SecretString {
    if password.expose_secret().chars().count() > PASSWORD_MAX { SecretString::default() } else { password }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_guessed_first_is_refused() {
        let refused =
            |password: &str| complaint(&SecretString::from(password), &["ada@lovelace.test", "Analytical"]).is_some();
        for bad in [
            "short",
            "password123",
            "qwertyuiop",
            "aaaaaaaaaaaa",
            "ada@lovelace.test",
            "Analytical1",
            "socialhook1",
            "1234567890",
        ] {
            assert!(refused(bad), "{bad}");
        }
        for good in ["correct horse battery", "another long password", "xk3#mvR8!qz2"] {
            assert!(!refused(good), "{good}");
        }
        assert!(refused(&"x y".repeat(100)));
    }

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only() {
        let passwords = Passwords::default();
        let hash = passwords.hash(SecretString::from("correct horse")).await.expect("hashes");
        assert!(passwords.fits(Some(hash.clone()), SecretString::from("correct horse")).await.expect("answers"));
        assert!(!passwords.fits(Some(hash), SecretString::from("wrong horse")).await.expect("answers"));
        assert!(!passwords.fits(None, SecretString::from("correct horse")).await.expect("answers"));
    }
}
