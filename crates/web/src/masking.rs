//! What viewers see of customers' phone numbers: the last three digits.
//!
//! What must hold: whatever shows a member what customers wrote has it from [`Member::sees`]. What is masked keeps its length and stays the
//! JSON that it was, so that places in it stay true; rather too much is masked than too little.

use std::ops::Range;

use socialhook_store::attempts::Attempt;
use socialhook_store::events::{Event, Told};
use socialhook_store::inspections::Inspection;
use socialhook_store::ledger::Entry;
use socialhook_store::media::Media;
use socialhook_store::onboarding::Newest;
use socialhook_store::refused_requests::Refused;

use crate::member::Member;

const MASK: u8 = b'*';
/// Digits of a number that are left.
const LEFT: usize = 3;
/// Digits of an international number (E.164); fewer than seven are none, and with gaps between fewer than nine may be a date.
const DIGITS_MIN: usize = 7;
const DIGITS_MAX: usize = 15;
const WITH_GAPS_MIN: usize = 9;
/// So many in a row are a number even amid letters.
const CERTAIN_MIN: usize = 9;
/// Signs between two groups of digits, at most.
const GAP_MAX: usize = 3;
/// What Meta's ids of messages begin with; the number is in them, in base 64.
const MESSAGE_ID: &[u8] = b"wamid.";
/// Keys of Meta's ids and times, which are digits too.
const PLAIN_KEYS: [&[u8]; 4] = [b"id", b"external_id", b"phone_number_id", b"timestamp"];

/// Something that holds what customers wrote.
pub trait Masked {
    fn mask(&mut self);
}

impl Member {
    /// As this member may see it.
    pub fn sees<T: Masked>(&self, mut what: T) -> T {
        if !self.may_act() {
            what.mask();
        }
        what
    }
}

impl<T: Masked> Masked for Vec<T> {
    fn mask(&mut self) {
        self.iter_mut().for_each(Masked::mask);
    }
}

impl<T: Masked> Masked for Option<T> {
    fn mask(&mut self) {
        self.iter_mut().for_each(Masked::mask);
    }
}

impl Masked for String {
    fn mask(&mut self) {
        let mut bytes = std::mem::take(self).into_bytes();
        text(&mut bytes, false);
        // Digits became asterisks, and nothing else changed.
        *self = String::from_utf8(bytes).unwrap_or_default();
    }
}

impl Masked for Event {
    fn mask(&mut self) {
        body(&mut self.body);
        self.receipt_body.iter_mut().for_each(|bytes| body(bytes));
    }
}

macro_rules! masked_bodies {
    ($($holder:ty),+) => {$(
        impl Masked for $holder {
            fn mask(&mut self) {
                body(&mut self.body);
            }
        }
    )+};
}

masked_bodies!(Told, Entry, Newest, Inspection, Refused);

/// Its name is the customer's.
impl Masked for Media {
    fn mask(&mut self) {
        self.filename.mask();
    }
}

/// What an endpoint answers may repeat what it was sent, in any form.
impl Masked for Attempt {
    fn mask(&mut self) {
        self.excerpt.iter_mut().for_each(|bytes| text(bytes, false));
        self.response_headers.mask();
    }
}

/// JSON, or what should be.
fn body(bytes: &mut [u8]) {
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{' | b'[') => json(bytes),
        _ => text(bytes, false),
    }
}

/// The strings of JSON, but for those of keys that hold ids and times. Where it breaks off, its beginning.
fn json(bytes: &mut [u8]) {
    let mut key = 0..0;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'"' => {
                let string = at..string_end(bytes, at);
                at = string.end + 1;
                let after = bytes.get(at..).unwrap_or_default().iter().find(|byte| !byte.is_ascii_whitespace());
                if after == Some(&b':') {
                    key = string;
                } else {
                    value(bytes, &key, string);
                }
            }
            // What follows within the same list has no key any more: it is masked whatever it is.
            b'}' | b']' => key = 0..0,
            _ => {}
        }
    }
}

/// Where the string that begins at `from` ends: at its quote.
fn string_end(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn value(bytes: &mut [u8], key: &Range<usize>, string: Range<usize>) {
    let is_plain = bytes.get(key.clone()).is_some_and(|key| PLAIN_KEYS.contains(&key));
    let Some(string) = bytes.get_mut(string) else { return };
    if string.starts_with(MESSAGE_ID) {
        let last = string.len().saturating_sub(LEFT);
        string.iter_mut().take(last).skip(MESSAGE_ID.len()).for_each(|byte| *byte = MASK);
    } else if !is_plain {
        text(string, true);
    }
}

/// Digits that belong together, with what stands between groups of them.
#[derive(Default)]
struct Run {
    groups: Vec<Range<usize>>,
    /// A letter stands directly before it.
    is_glued: bool,
    is_international: bool,
}

/// The numbers in a text; in a JSON string, escapes are no letters.
fn text(bytes: &mut [u8], is_json: bool) {
    let mut run = Run::default();
    let (mut at, mut before) = (0, None);
    while let Some(byte) = bytes.get(at).copied() {
        let end = run.groups.last().map_or(0, |group| group.end);
        if byte.is_ascii_digit() {
            match run.groups.last_mut() {
                Some(group) if group.end == at => group.end += 1,
                Some(_) => run.groups.push(at..at + 1),
                None => {
                    run.is_glued = before.is_some_and(is_letter);
                    run.is_international = before == Some(b'+');
                    run.groups.push(at..at + 1);
                }
            }
        } else if run.groups.is_empty() || !b" -.()".contains(&byte) || at - end >= GAP_MAX {
            run.hide(bytes, end == at && is_letter(byte));
            run = Run::default();
        }
        let escape = match bytes.get(at + 1) {
            _ if !is_json || byte != b'\\' => None,
            Some(b'u') => Some(6),
            _ => Some(2),
        };
        before = Some(byte).filter(|_| escape.is_none());
        at += escape.unwrap_or(1);
    }
    run.hide(bytes, false);
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

impl Run {
    fn hide(&self, bytes: &mut [u8], is_glued_after: bool) {
        let digits: usize = self.groups.iter().map(Range::len).sum();
        let is_glued = self.is_glued || is_glued_after;
        let min = if self.is_international { DIGITS_MIN } else { WITH_GAPS_MIN };
        if self.groups.len() > 1 && !is_glued && (min..=DIGITS_MAX).contains(&digits) {
            hide(bytes, &self.groups, digits);
            return;
        }
        let min = if is_glued { CERTAIN_MIN } else { DIGITS_MIN };
        for group in self.groups.iter().filter(|group| (min..=DIGITS_MAX).contains(&group.len())) {
            hide(bytes, std::slice::from_ref(group), group.len());
        }
    }
}

fn hide(bytes: &mut [u8], groups: &[Range<usize>], digits: usize) {
    for place in groups.iter().cloned().flatten().take(digits.saturating_sub(LEFT)) {
        if let Some(digit) = bytes.get_mut(place) {
            *digit = MASK;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(of: fn(&mut [u8]), text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        of(&mut bytes);
        assert_eq!(bytes.len(), text.len());
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn numbers_are_found_in_texts_however_they_are_written() {
        for (text, expected) in [
            ("+447700900456", "+*********456"),
            ("call 447700900456!", "call *********456!"),
            ("wa.me/447700900456", "wa.me/*********456"),
            ("tel447700900456x", "tel*********456x"),
            ("+44 7700 900-456.", "+** **** ***-456."),
            ("+1 (940) 555-1234", "+* (***) ***-*234"),
            ("+49 30 12345", "+** ** **345"),
            ("447700900456 447700900457", "*********456 *********457"),
            ("447700900456,447700900457", "*********456,*********457"),
            ("5551234", "****234"),
            // No numbers of anybody's.
            ("order 123456", "order 123456"),
            ("2026-11-27T12:34:56.123456Z", "2026-11-27T12:34:56.123456Z"),
            ("on 27.11.2026", "on 27.11.2026"),
            ("17841400000000000", "17841400000000000"),
            ("a1234567", "a1234567"),
        ] {
            assert_eq!(masked(|bytes| super::text(bytes, false), text), expected);
        }
    }

    #[test]
    fn json_keeps_its_shape_its_ids_and_its_times() {
        for (text, expected) in [
            (
                r#"{"from":"447700900456","timestamp":"1714510003"}"#,
                r#"{"from":"*********456","timestamp":"1714510003"}"#,
            ),
            (
                r#"{"phone_number_id":"106540352242922","t":1714510003}"#,
                r#"{"phone_number_id":"106540352242922","t":1714510003}"#,
            ),
            (r#"{"body":"me:\n447700900456\u00fc447700900456"}"#, r#"{"body":"me:\n*********456\u00fc*********456"}"#),
            (r#"{"body":"n\n7700900 \"7700900\""}"#, r#"{"body":"n\n****900 \"****900\""}"#),
            (
                r#"{"ids":[{"id":"106540352242922"},"447700900456"]}"#,
                r#"{"ids":[{"id":"106540352242922"},"*********456"]}"#,
            ),
            (
                r#"{"id":"wamid.HBgMNDQ3NzAwOTAwNDU2FQIA","a":"\\"}"#,
                r#"{"id":"wamid.*********************QIA","a":"\\"}"#,
            ),
            (
                r#"{"response_json":"{\"phone\":\"+447700900456\"}"}"#,
                r#"{"response_json":"{\"phone\":\"+*********456\"}"}"#,
            ),
            (r#"{"breaks":"off 447700900456"#, r#"{"breaks":"off *********456"#),
            ("phone=447700900456", "phone=*********456"),
            ("", ""),
        ] {
            assert_eq!(masked(body, text), expected);
        }
    }
}
