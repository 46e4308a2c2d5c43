//! Tokens that open something to whoever holds them: 256 random bits, of which only the SHA-256 is kept.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rand::Rng;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

const BYTES: usize = 32;

/// A token at the moment of its making: afterwards nobody can say it again.
#[derive(Debug)]
pub struct Token {
    pub text: SecretString,
    pub hash: Vec<u8>,
}

impl Token {
    /// One that begins with some words of ours, so that it is recognised where it leaks.
    #[must_use]
    pub fn new(prefix: &str) -> Self {
        let mut bytes = [0; BYTES];
        rand::rng().fill_bytes(&mut bytes);
        let text = format!("{prefix}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes));
        Self { hash: hash(&text), text: text.into() }
    }

    /// For the one place that it is shown or sent in.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }
}

/// What stands for a token in the database. A search by it tells nothing by its time: whoever can choose the hash holds the token.
#[must_use]
pub fn hash(text: &str) -> Vec<u8> {
    Sha256::digest(text).to_vec()
}
