//! Standard Webhooks signatures: how a tenant knows that a delivery is ours.
//!
//! The signed content is `id.timestamp.body`; the secret is `whsec_` and base64; the header holds one `v1,…` per live
//! secret, so that a secret can be rotated without a gap. The official libraries verify it unchanged.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::id::EventId;
use crate::signature::hmac;

pub const ID_HEADER: &str = "webhook-id";
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
pub const SIGNATURE_HEADER: &str = "webhook-signature";

const PREFIX: &str = "whsec_";
/// The specification asks for 24 to 64 bytes.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// Of the secrets that we make.
const NEW_KEY_BYTES: usize = 32;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a signing secret is whsec_ followed by base64 of 24 to 64 bytes")]
pub struct InvalidSecret;

/// A signing secret, prepared for use.
#[derive(Clone)]
pub struct SigningKey(Hmac<Sha256>);

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

impl SigningKey {
    /// # Errors
    /// If the secret is not `whsec_` and base64 of 24 to 64 bytes.
    pub fn parse(secret: &SecretString) -> Result<Self, InvalidSecret> {
        let encoded = secret.expose_secret().strip_prefix(PREFIX).ok_or(InvalidSecret)?;
        let key = STANDARD.decode(encoded).map_err(|_| InvalidSecret)?;
        if KEY_BYTES.contains(&key.len()) { Ok(Self(hmac(&key))) } else { Err(InvalidSecret) }
    }
}

/// A new signing secret of 32 random bytes.
#[must_use]
pub fn new_secret(random: &mut impl rand::Rng) -> SecretString {
    let mut key = [0; NEW_KEY_BYTES];
    random.fill_bytes(&mut key);
    SecretString::from(format!("{PREFIX}{}", STANDARD.encode(key)))
}

/// The `webhook-signature` header: one signature per key, newest first, separated by spaces.
#[must_use]
pub fn sign(keys: &[SigningKey], event_id: EventId, timestamp: i64, body: &[u8]) -> String {
    let head = format!("{event_id}.{timestamp}.");
    let mut header = String::with_capacity(keys.len() * 48);
    for key in keys {
        let mac = key.0.clone().chain_update(head.as_bytes()).chain_update(body).finalize().into_bytes();
        if !header.is_empty() {
            header.push(' ');
        }
        header.push_str("v1,");
        STANDARD.encode_string(mac, &mut header);
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_checked() {
        let parse = |text: &str| SigningKey::parse(&SecretString::from(text)).map(|_| ());
        assert_eq!(parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), Ok(()));
        for text in
            ["", "whsec_", "whsec_short", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_!!KQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
        {
            assert_eq!(parse(text), Err(InvalidSecret), "{text}");
        }
    }

    #[test]
    fn new_secrets_parse_and_differ() {
        let (one, two) = (new_secret(&mut rand::rng()), new_secret(&mut rand::rng()));
        assert!(SigningKey::parse(&one).is_ok());
        assert_ne!(one.expose_secret(), two.expose_secret());
    }

    #[test]
    fn one_signature_per_key() {
        let keys =
            [new_secret(&mut rand::rng()), new_secret(&mut rand::rng())].map(|s| SigningKey::parse(&s).expect("valid"));
        let id: EventId = "evt_01h455vb4pex5vsknk084sn02q".parse().expect("id");
        let header = sign(&keys, id, 1, b"{}");
        assert_eq!(header.split(' ').filter(|part| part.starts_with("v1,")).count(), 2);
        assert_ne!(sign(&keys, id, 1, b"{}"), sign(&keys, id, 2, b"{}"));
    }
}
