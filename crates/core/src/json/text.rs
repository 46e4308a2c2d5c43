//! What the inside of a JSON string stands for, and JSON that every reader takes.

use std::borrow::Cow;

/// JSON in which no string holds U+0000 or half a surrogate pair: they become U+FFFD, as in every text of ours.
/// Databases refuse the one and many parsers the other, and a customer could send them to have an event refused.
#[must_use]
pub fn clean(json: &str) -> Cow<'_, str> {
    let mut cleaned = String::new();
    let (mut copied, mut at) = (0, 0);
    while let Some(found) = json.get(at..).and_then(|rest| memchr::memchr(b'\\', rest.as_bytes())) {
        let escape = at + found;
        at = escape + 2;
        if json.as_bytes().get(escape + 1) != Some(&b'u') {
            continue;
        }
        let (character, length) = code_point(&json[escape + 2..]);
        at += length;
        if character == char::REPLACEMENT_CHARACTER {
            cleaned.push_str(&json[copied..escape]);
            cleaned.push_str("\\ufffd");
            copied = at;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(json);
    }
    cleaned.push_str(&json[copied..]);
    Cow::Owned(cleaned)
}

/// The text that `quoted`, the inside of a valid JSON string, stands for.
pub(super) fn unescape(quoted: &str) -> String {
    let mut plain = String::with_capacity(quoted.len());
    let mut rest = quoted;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        plain.push_str(&rest[..at]);
        let escape = &rest[at + 1..];
        let Some(kind) = escape.chars().next() else { return plain };
        rest = &escape[kind.len_utf8()..];
        match kind {
            'b' => plain.push('\u{8}'),
            'f' => plain.push('\u{c}'),
            'n' => plain.push('\n'),
            'r' => plain.push('\r'),
            't' => plain.push('\t'),
            'u' => {
                let (character, length) = code_point(rest);
                plain.push(character);
                rest = &rest[length..];
            }
            itself => plain.push(itself),
        }
    }
    plain.push_str(rest);
    plain
}

/// The character whose `\u` digits `digits` begins with, and the length of what stands for it: of both halves where it
/// takes two. What no text may hold is U+FFFD.
fn code_point(digits: &str) -> (char, usize) {
    let Some((first, rest)) = four_digits(digits) else { return (char::REPLACEMENT_CHARACTER, digits.len()) };
    let low = rest.strip_prefix("\\u").and_then(four_digits);
    let (unit, length) = match (first, low) {
        (0xd800..0xdc00, Some((low @ 0xdc00..0xe000, _))) => (0x1_0000 + ((first - 0xd800) << 10) + (low - 0xdc00), 10),
        _ => (first, 4),
    };
    let usable = char::from_u32(unit).filter(|character| *character != '\0');
    (usable.unwrap_or(char::REPLACEMENT_CHARACTER), length)
}

/// The value of four hex digits, and what follows them. The JSON was checked, so they are there.
fn four_digits(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    Some((u32::from_str_radix(digits, 16).ok()?, rest))
}
