//! Meta's `X-Hub-Signature-256`: HMAC-SHA256 with the app secret over the raw body.
//!
//! The bytes on the wire are hashed as they came, never re-serialised JSON (WhatsApp trap 11, Messenger trap 12).
//! Comparison takes constant time, and every live secret is tried, so the time does not tell which one fitted.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

/// The header that carries the signature, in lower case.
pub const HEADER: &str = "x-hub-signature-256";

const SCHEME: &str = "sha256=";

/// Why a POST was refused. Counted under these words, per app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    #[error("no X-Hub-Signature-256 header")]
    Missing,
    #[error("X-Hub-Signature-256 is not sha256= and 64 hexadecimal digits")]
    Malformed,
    #[error("the signature fits none of the app's secrets")]
    Wrong,
}

impl Refusal {
    /// The word under which it is counted.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Missing => "signature_missing",
            Self::Malformed => "signature_malformed",
            Self::Wrong => "signature_wrong",
        }
    }
}

/// An app secret, prepared for verifying: the HMAC's key schedule is done once.
#[derive(Clone)]
pub struct Key(Hmac<Sha256>);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

impl Key {
    /// Any non-empty or empty secret makes a key: HMAC takes keys of every length.
    #[must_use]
    pub fn new(secret: &SecretString) -> Self {
        Self(hmac(secret.expose_secret().as_bytes()))
    }

    /// The header's value for `body`, as Meta writes it.
    #[must_use]
    pub fn sign(&self, body: &[u8]) -> String {
        format!("{SCHEME}{}", hex(&self.mac(body)))
    }

    pub(crate) fn mac(&self, body: &[u8]) -> [u8; 32] {
        self.0.clone().chain_update(body).finalize().into_bytes().into()
    }
}

/// Accepts `body` if the header's signature fits any of `keys`.
///
/// # Errors
/// Says whether the header was missing, malformed, or fits no key.
pub fn verify(keys: &[Key], header: Option<&[u8]>, body: &[u8]) -> Result<(), Refusal> {
    let given = parse(header.ok_or(Refusal::Missing)?).ok_or(Refusal::Malformed)?;
    let mut fits = Choice::from(0);
    for key in keys {
        let mac = key.0.clone().chain_update(body).finalize().into_bytes();
        fits |= mac.as_slice().ct_eq(&given);
    }
    if bool::from(fits) { Ok(()) } else { Err(Refusal::Wrong) }
}

/// Whether the header's signature fits `body` with its letters escaped, as Meta's documentation has it: `ä` as `\u00e4`. On the wire
/// they nearly always are escaped already, so this is for where [`verify`] said [`Refusal::Wrong`]. It says no at once where escaping
/// changes nothing, and costs no more memory for a larger body.
#[must_use]
pub fn verify_escaped(keys: &[Key], header: Option<&[u8]>, body: &[u8]) -> bool {
    let Some(given) = header.and_then(parse) else { return false };
    let Ok(text) = std::str::from_utf8(body) else { return false };
    if body.iter().all(|byte| *byte < DELETE) {
        return false;
    }
    let mut fits = Choice::from(0);
    for key in keys {
        let mut mac = key.0.clone();
        escaped(text, |bytes| mac.update(bytes));
        fits |= mac.finalize().into_bytes().as_slice().ct_eq(&given);
    }
    bool::from(fits)
}

/// The last ASCII character. It and all beyond ASCII are escaped.
const DELETE: u8 = 0x7f;

/// Hands over `text` piece by piece, with each UTF-16 unit of what is not plain ASCII as `\uXXXX` in lower case.
pub(crate) fn escaped(text: &str, mut put: impl FnMut(&[u8])) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut plain_from = 0;
    for (at, character) in text.char_indices().filter(|(_, character)| *character >= char::from(DELETE)) {
        put(&text.as_bytes()[plain_from..at]);
        plain_from = at + character.len_utf8();
        for unit in character.encode_utf16(&mut [0; 2]) {
            let digit = |shift: u16| DIGITS[usize::from(*unit >> shift & 15)];
            put(&[b'\\', b'u', digit(12), digit(8), digit(4), digit(0)]);
        }
    }
    put(&text.as_bytes()[plain_from..]);
}

/// HMAC-SHA256 keyed with `key`.
pub(crate) fn hmac(key: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of every length")
}

pub(crate) fn parse(header: &[u8]) -> Option<[u8; 32]> {
    digits(header.strip_prefix(SCHEME.as_bytes())?)
}

/// The number that 64 hexadecimal digits are.
pub(crate) fn digits(digits: &[u8]) -> Option<[u8; 32]> {
    if digits.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Some(bytes)
}

fn nibble(digit: u8) -> Option<u8> {
    (digit as char).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(secret: &str) -> Key {
        Key::new(&SecretString::from(secret))
    }

    /// RFC 4231, test case 2.
    #[test]
    fn agrees_with_the_rfc() {
        assert_eq!(
            key("Jefe").sign(b"what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn any_live_secret_fits() {
        let signed = key("new").sign(b"body");
        let verdict = |keys: &[Key]| verify(keys, Some(signed.as_bytes()), b"body");
        assert_eq!(verdict(&[key("old"), key("new")]), Ok(()));
        assert_eq!(verdict(&[key("new"), key("old")]), Ok(()));
        assert_eq!(verdict(&[key("old")]), Err(Refusal::Wrong));
        assert_eq!(verdict(&[]), Err(Refusal::Wrong));
    }

    #[test]
    fn a_changed_byte_is_wrong() {
        let signed = key("k").sign(b"body");
        assert_eq!(verify(&[key("k")], Some(signed.as_bytes()), b"bodz"), Err(Refusal::Wrong));
    }

    #[test]
    fn malformed_headers() {
        let long = format!("sha256={}", "a".repeat(65));
        let not_hex = format!("sha256={}", "g".repeat(64));
        let sha1 = format!("sha1={}", "a".repeat(40));
        let multibyte = format!("sha256={}", "é".repeat(32));
        for header in ["", "sha256=", &long, &not_hex, &sha1, &multibyte] {
            assert_eq!(verify(&[key("k")], Some(header.as_bytes()), b""), Err(Refusal::Malformed), "{header}");
        }
        assert_eq!(verify(&[key("k")], None, b""), Err(Refusal::Missing));
    }

    #[test]
    fn the_escaped_form_of_letters() {
        let keys = [key("other"), key("k")];
        let fits = |signed: &str, body: &str| {
            verify_escaped(&keys, Some(key("k").sign(signed.as_bytes()).as_bytes()), body.as_bytes())
        };
        assert!(fits(r#"{"a":"\u00e4\u00f6 \ud83d\ude00 \u007f"}"#, "{\"a\":\"äö 😀 \u{7f}\"}"));
        assert!(!fits(r#"{"a":"\u00E4"}"#, r#"{"a":"ä"}"#), "only in lower case");
        assert!(!fits("{}", "{}"), "nothing to escape: that is what verify is for");
        assert!(!fits("ä", "ä"), "not what was signed in the escaped form");
        assert!(!verify_escaped(&keys, None, "ä".as_bytes()));
        assert!(!verify_escaped(&keys, Some(key("k").sign(b"x").as_bytes()), b"\xe4"), "not UTF-8");
    }

    #[test]
    fn upper_case_digits_are_the_same_number() {
        let signed = key("k").sign(b"x").to_uppercase().replace("SHA256", "sha256");
        assert_eq!(verify(&[key("k")], Some(signed.as_bytes()), b"x"), Ok(()));
    }
}
