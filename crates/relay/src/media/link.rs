//! Signed links: which file, until when, and an HMAC-SHA256 over both.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use socialhook_store::media::Key;
use url::Url;

/// What a link opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    pub key: Key,
    /// Seconds since the epoch.
    pub expires_at: i64,
}

#[derive(Clone)]
pub(super) struct Links {
    mac: Hmac<Sha256>,
    public_url: Url,
}

impl Links {
    pub fn new(key: &SecretString, public_url: Url) -> Self {
        let mac = Hmac::new_from_slice(key.expose_secret().as_bytes()).expect("any length is a key");
        Self { mac, public_url }
    }

    fn signed(&self, link: Link) -> Hmac<Sha256> {
        let Link { key, expires_at } = link;
        let mut mac = self.mac.clone();
        mac.update(b"media v1\0");
        mac.update(key.tenant_id.0.as_bytes());
        mac.update(key.event_id.0.as_bytes());
        mac.update(&key.position.to_be_bytes());
        mac.update(&expires_at.to_be_bytes());
        mac
    }

    pub fn url(&self, link: Link) -> Url {
        let Link { key, expires_at } = link;
        let signature = URL_SAFE_NO_PAD.encode(self.signed(link).finalize().into_bytes());
        let path = format!(
            "media/{}/{}/{}?expires={expires_at}&signature={signature}",
            key.tenant_id, key.event_id, key.position
        );
        self.public_url.join(&path).unwrap_or_else(|_| self.public_url.clone())
    }

    /// Compared in constant time.
    pub fn fits(&self, link: Link, signature: &str) -> bool {
        let given = URL_SAFE_NO_PAD.decode(signature).unwrap_or_default();
        self.signed(link).verify_slice(&given).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use socialhook_core::id::{EventId, TenantId};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_link_opens_its_own_file_only() {
        let links = Links::new(&"key".into(), Url::parse("https://hooks.example.com/").expect("a URL"));
        let key = Key { tenant_id: TenantId(Uuid::from_u128(1)), event_id: EventId(Uuid::from_u128(2)), position: 0 };
        let link = Link { key, expires_at: 1_800_000_000 };
        let url = links.url(link);
        let signature = url.query_pairs().find(|(name, _)| name == "signature").expect("signed").1.into_owned();
        assert!(links.fits(link, &signature));
        assert!(!Links::new(&"other".into(), url.clone()).fits(link, &signature));
        let others = [
            Link { expires_at: 1_800_000_001, ..link },
            Link { key: Key { position: 1, ..key }, ..link },
            Link { key: Key { tenant_id: TenantId(Uuid::from_u128(3)), ..key }, ..link },
            Link { key: Key { event_id: EventId(Uuid::from_u128(3)), ..key }, ..link },
        ];
        assert!(others.into_iter().all(|other| !links.fits(other, &signature)));
        assert!(["", "x", "AAAA", &signature[1..]].into_iter().all(|bad| !links.fits(link, bad)));
    }
}
