//! Secrets that must be used again: sealed with AES-256-GCM-SIV, bound to the row they belong to.
//!
//! A sealed value is `version ‖ key id ‖ nonce ‖ ciphertext`. Its associated data names table, column, tenant and row, so
//! a ciphertext moved to another row does not open. A copy of the database alone opens nothing.

use std::sync::Arc;

use arc_swap::ArcSwap;
use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use sha2::{Digest, Sha256};
use socialhook_core::id::TenantId;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Error, Result};

/// Bytes of the key.
pub const KEY_BYTES: usize = 32;
const VERSION: u8 = 1;
const KEY_ID_BYTES: usize = 4;
const HEADER_BYTES: usize = 1 + KEY_ID_BYTES + NONCE_LEN;

/// Where a sealed value stands; becomes its associated data.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub column: &'static str,
    pub tenant_id: TenantId,
    pub row_id: Uuid,
}

impl Place {
    fn associated_data(self) -> Vec<u8> {
        [self.column.as_bytes(), b"\0", self.tenant_id.0.as_bytes(), self.row_id.as_bytes()].concat()
    }
}

/// A key in the ring.
struct RingKey {
    cipher: RandomizedNonceKey,
    key_id: [u8; KEY_ID_BYTES],
}

impl RingKey {
    fn new(key: &SecretBox<[u8; KEY_BYTES]>) -> Self {
        let digest = Sha256::digest(key.expose_secret());
        let mut key_id = [0; KEY_ID_BYTES];
        key_id.copy_from_slice(&digest[..KEY_ID_BYTES]);
        let cipher =
            RandomizedNonceKey::new(&AES_256_GCM_SIV, key.expose_secret()).expect("the key has the cipher's length");
        Self { cipher, key_id }
    }
}

/// Seals with the first key of a ring, and opens with any of them: while keys are rotated there are several.
pub struct Sealer(ArcSwap<Vec<RingKey>>);

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Sealer").finish_non_exhaustive()
    }
}

impl Sealer {
    /// With one key.
    #[must_use]
    pub fn new(key: &SecretBox<[u8; KEY_BYTES]>) -> Self {
        Self::with(std::slice::from_ref(key))
    }

    /// With a ring of keys; the first one seals.
    #[must_use]
    pub fn with(keys: &[SecretBox<[u8; KEY_BYTES]>]) -> Self {
        Self(ArcSwap::from_pointee(keys.iter().map(RingKey::new).collect()))
    }

    /// Goes on with other keys. None at all changes nothing.
    pub fn replace(&self, keys: &[SecretBox<[u8; KEY_BYTES]>]) {
        if !keys.is_empty() {
            self.0.store(Arc::new(keys.iter().map(RingKey::new).collect()));
        }
    }

    /// Of the key that seals. Tells keys apart without telling anything about them.
    #[must_use]
    pub fn key_id(&self) -> Vec<u8> {
        self.0.load().first().map(|key| key.key_id.to_vec()).unwrap_or_default()
    }

    /// Of all keys in the ring.
    #[must_use]
    pub fn key_ids(&self) -> Vec<Vec<u8>> {
        self.0.load().iter().map(|key| key.key_id.to_vec()).collect()
    }

    /// # Errors
    /// Only if the cipher itself fails.
    pub fn seal(&self, place: Place, secret: &SecretString) -> Result<Vec<u8>> {
        self.seal_bytes(place, secret.expose_secret().as_bytes())
    }

    /// The same for what is no text.
    ///
    /// # Errors
    /// Only if the cipher itself fails.
    pub fn seal_bytes(&self, place: Place, bytes: &[u8]) -> Result<Vec<u8>> {
        let mut text = bytes.to_vec();
        let ring = self.0.load();
        let key = ring.first().ok_or(Error::Seal)?;
        let nonce = key
            .cipher
            .seal_in_place_append_tag(Aad::from(place.associated_data()), &mut text)
            .map_err(|_| Error::Seal)?;
        Ok([&[VERSION], &key.key_id[..], nonce.as_ref(), &text].concat())
    }

    /// # Errors
    /// [`Error::Seal`] if the value was sealed with another key, for another place, or was changed.
    pub fn open(&self, place: Place, sealed: &[u8]) -> Result<SecretString> {
        String::from_utf8(self.open_bytes(place, sealed)?).map(SecretString::from).map_err(|_| Error::Seal)
    }

    /// The same for what is no text.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_bytes(&self, place: Place, sealed: &[u8]) -> Result<Vec<u8>> {
        let (header, text) = sealed.split_at_checked(HEADER_BYTES).ok_or(Error::Seal)?;
        let ring = self.0.load();
        let key = ring.iter().find(|key| header[1..=KEY_ID_BYTES] == key.key_id);
        let key = key.filter(|_| header[0] == VERSION).ok_or(Error::Seal)?;
        let nonce = Nonce::try_assume_unique_for_key(&header[1 + KEY_ID_BYTES..]).map_err(|_| Error::Seal)?;
        let mut text = text.to_vec();
        let open =
            key.cipher.open_in_place(nonce, Aad::from(place.associated_data()), &mut text).map_err(|_| Error::Seal)?;
        Ok(open.to_vec())
    }
}

/// Whether the database belongs to some key already.
pub async fn is_settled(c: &mut PgConnection) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"select exists (select from sealing_key) as "settled!""#).fetch_one(c).await?)
}

/// Makes the sealer's key the database's, unless it has one; returns whether it is in the ring.
pub async fn settle(c: &mut PgConnection, sealer: &Sealer) -> Result<bool> {
    sqlx::query!("insert into sealing_key (key_id) values ($1) on conflict do nothing", sealer.key_id())
        .execute(&mut *c)
        .await?;
    let settled = sqlx::query_scalar!("select key_id from sealing_key").fetch_one(c).await?;
    Ok(sealer.key_ids().contains(&settled))
}

/// Makes the sealer's first key the database's, once everything is sealed with it.
pub async fn settle_on(c: &mut PgConnection, sealer: &Sealer) -> Result<()> {
    sqlx::query!("update sealing_key set key_id = $1", sealer.key_id()).execute(c).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(row: u128) -> Place {
        Place { column: "app_secret.secret", tenant_id: TenantId(Uuid::from_u128(1)), row_id: Uuid::from_u128(row) }
    }

    fn sealer(byte: u8) -> Sealer {
        Sealer::new(&SecretBox::new(Box::new([byte; KEY_BYTES])))
    }

    #[test]
    fn opens_only_where_it_was_sealed_and_with_its_key() {
        let secret = SecretString::from("hunter2");
        let sealed = sealer(1).seal(place(1), &secret).expect("seals");
        assert_eq!(sealer(1).open(place(1), &sealed).expect("opens").expose_secret(), "hunter2");
        assert!(sealer(1).open(place(2), &sealed).is_err(), "moved to another row");
        assert!(sealer(2).open(place(1), &sealed).is_err(), "another key");
        let mut changed = sealed.clone();
        *changed.last_mut().expect("not empty") ^= 1;
        assert!(sealer(1).open(place(1), &changed).is_err(), "changed");
        assert!(sealer(1).open(place(1), &sealed[..10]).is_err(), "cut");
        let ring = Sealer::with(&[SecretBox::new(Box::new([2; KEY_BYTES])), SecretBox::new(Box::new([1; KEY_BYTES]))]);
        assert_eq!(ring.open(place(1), &sealed).expect("opens").expose_secret(), "hunter2", "an old key in the ring");
        let anew = ring.seal(place(1), &secret).expect("seals");
        assert!(sealer(2).open(place(1), &anew).is_ok() && sealer(1).open(place(1), &anew).is_err(), "the first seals");
        assert!(!sealed.windows(7).any(|window| window == b"hunter2"));
    }
}
