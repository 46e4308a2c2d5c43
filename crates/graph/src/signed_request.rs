//! `signed_request`: how Meta tells that a person took an app's permissions back, or wants their data deleted (Messenger §10.5).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::Sha256;

use crate::tokens::Id;

/// Characters that are looked at; real ones have a few hundred.
const LENGTH_MAX: usize = 8 << 10;

/// A request that was signed with the app's secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedRequest {
    /// The person who logged in, as this app knows them.
    pub user_id: String,
}

#[derive(Deserialize)]
struct Payload {
    algorithm: String,
    user_id: Id,
}

impl SignedRequest {
    /// None unless it is signed with this secret. The signature is over the payload as it is written, and is compared first, in constant
    /// time.
    #[must_use]
    pub fn read(text: &str, secret: &SecretString) -> Option<Self> {
        let (signature, payload) = text.split_once('.').filter(|_| text.len() <= LENGTH_MAX)?;
        let signature = URL_SAFE_NO_PAD.decode(signature.trim_end_matches('=')).ok()?;
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).ok()?;
        mac.update(payload.as_bytes());
        mac.verify_slice(&signature).ok()?;
        let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        let payload: Payload = serde_json::from_slice(&payload).ok()?;
        (payload.algorithm.eq_ignore_ascii_case("HMAC-SHA256")).then_some(Self { user_id: payload.user_id.0 })
    }

    /// One as Meta would make it, for whoever stands for Meta.
    #[must_use]
    pub fn make(user_id: &str, issued_at: i64, secret: &SecretString) -> String {
        let payload = serde_json::json!({
            "algorithm": "HMAC-SHA256", "expires": issued_at + 3600, "issued_at": issued_at, "user_id": user_id
        });
        let payload = URL_SAFE_NO_PAD.encode(payload.to_string());
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).expect("any length is a key");
        mac.update(payload.as_bytes());
        format!("{}.{payload}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_secret_signed_is_read() {
        let secret: SecretString = "secret".into();
        let text = SignedRequest::make("218471", 1_795_436_400, &secret);
        assert_eq!(SignedRequest::read(&text, &secret), Some(SignedRequest { user_id: "218471".to_owned() }));
        assert_eq!(SignedRequest::read(&text, &"other".into()), None);
        let (signature, _) = text.split_once('.').expect("two parts");
        let other = URL_SAFE_NO_PAD.encode(r#"{"algorithm":"HMAC-SHA256","user_id":"1"}"#);
        for bad in ["", ".", "a.b", "nothing", &format!("{signature}.{other}"), &format!("{text}x")] {
            assert_eq!(SignedRequest::read(bad, &secret), None, "{bad}");
        }
    }
}
