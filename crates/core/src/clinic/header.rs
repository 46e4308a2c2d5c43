//! Reading the header's value as a person would: what it was meant to say, and what is wrong with how it says it.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use crate::signature::{self, HEADER};

/// What is wrong with the header's form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Missing,
    /// The older header's: SHA-1, which tells nothing here.
    Sha1,
    /// 64 digits without `sha256=`.
    NoScheme,
    /// `sha256=` in other letters.
    SchemeCase,
    /// In quotes, or with blanks in or around it.
    Wrapped,
    /// Base64 instead of hexadecimal digits.
    Base64,
    /// So many digits instead of 64.
    Length(usize),
    /// Something else than hexadecimal digits.
    NotHex,
}

/// The number that was meant, if it can be told, and what is wrong with how it is written.
pub(super) fn read(header: &[u8]) -> (Option<[u8; 32]>, Option<Fault>) {
    if let Some(number) = signature::parse(header) {
        return (Some(number), None);
    }
    let Ok(text) = std::str::from_utf8(header) else { return (None, Some(Fault::NotHex)) };
    let bare: String = without_name(text).chars().filter(|c| !c.is_whitespace() && !"\"'`".contains(*c)).collect();
    if bare.is_empty() {
        return (None, Some(Fault::Missing));
    }
    if let Some(number) = signature::parse(bare.as_bytes()) {
        return (Some(number), Some(Fault::Wrapped));
    }
    match split(&bare) {
        (Some(scheme), _) if scheme.eq_ignore_ascii_case("sha1") => (None, Some(Fault::Sha1)),
        (Some(scheme), digits) if scheme.eq_ignore_ascii_case("sha256") => match signature::digits(digits.as_bytes()) {
            Some(number) => (Some(number), Some(Fault::SchemeCase)),
            None => unlike(digits),
        },
        _ => match signature::digits(bare.as_bytes()) {
            Some(number) => (Some(number), Some(Fault::NoScheme)),
            None if bare.len() == 40 && is_hex(&bare) => (None, Some(Fault::Sha1)),
            None => unlike(&bare),
        },
    }
}

/// Without the header's own name, for those who paste the whole line.
fn without_name(text: &str) -> &str {
    let text = text.trim();
    match text.split_once(':') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case(HEADER) => value,
        _ => text,
    }
}

/// Scheme and number; base64 may end with `=` itself, so only a word in front of the first one is a scheme.
fn split(text: &str) -> (Option<&str>, &str) {
    match text.split_once('=') {
        Some((scheme, rest)) if scheme.len() <= 10 => (Some(scheme), rest),
        _ => (None, text),
    }
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What is not 64 digits.
fn unlike(text: &str) -> (Option<[u8; 32]>, Option<Fault>) {
    let decoded = STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text));
    if let Some(number) = decoded.ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()) {
        return (Some(number), Some(Fault::Base64));
    }
    (None, Some(if is_hex(text) { Fault::Length(text.len()) } else { Fault::NotHex }))
}
