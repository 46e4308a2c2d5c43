//! A lenient, lazy view of JSON: an object's members are found, but nothing in them is decoded until asked for.
//!
//! Meta changes types, adds keys and repeats itself, so a value of an unexpected type is simply absent and costs
//! only itself, never its neighbours. Nothing here recurses and nothing is quadratic in the input, so depth and
//! number of items are bounded by the size of the body alone.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members of one JSON object, in order. Where a key is repeated, the last one is found.
#[derive(Debug, Default)]
pub struct Object<'a> {
    members: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Object<'a> {
    /// The object in `raw`, or nothing if it holds another type.
    #[must_use]
    pub fn parse(raw: &'a RawValue) -> Option<Self> {
        Self::from_text(raw.get())
    }

    /// The object in a text of JSON, or nothing if it is not JSON or another type.
    #[must_use]
    pub fn from_text(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Every member as sent: in order, repeated keys and nulls included.
    pub fn members(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.members.iter().map(|(key, value)| (key.as_ref(), *value))
    }

    /// The value of `key`; null counts as absent.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&'a RawValue> {
        let (_, value) = self.members.iter().rev().find(|(name, _)| name == key)?;
        (value.get() != "null").then_some(*value)
    }

    /// A string, or a number as its literal.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        text(self.get(key)?)
    }

    /// As [`Object::text`]; `""`, null and absent alike are nothing. For ids and names, where Meta means them alike.
    #[must_use]
    pub fn non_empty(&self, key: &str) -> Option<Cow<'a, str>> {
        self.text(key).filter(|text| !text.is_empty())
    }

    /// An integer, or a string of digits.
    #[must_use]
    pub fn int(&self, key: &str) -> Option<i64> {
        self.text(key)?.parse().ok()
    }

    #[must_use]
    pub fn boolean(&self, key: &str) -> Option<bool> {
        self.get(key)?.get().parse().ok()
    }

    /// A number as its literal, so that no digit is lost.
    #[must_use]
    pub fn number(&self, key: &str) -> Option<&'a RawValue> {
        self.get(key).filter(|raw| raw.get().starts_with(|first: char| first == '-' || first.is_ascii_digit()))
    }

    #[must_use]
    pub fn object(&self, key: &str) -> Option<Object<'a>> {
        Self::parse(self.get(key)?)
    }

    /// The elements of an array; empty if there is none.
    #[must_use]
    pub fn array(&self, key: &str) -> Vec<&'a RawValue> {
        self.get(key).and_then(array).unwrap_or_default()
    }
}

/// The elements of an array, or nothing if `raw` holds another type.
#[must_use]
pub fn array(raw: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(raw.get()).ok()
}

/// A string, or a number as its literal. U+0000 and lone surrogates, which no database takes, become U+FFFD.
#[must_use]
pub fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    let literal = raw.get();
    match literal.as_bytes().first()? {
        b'"' => {
            let quoted = literal.get(1..literal.len() - 1)?;
            Some(if quoted.contains('\\') { Cow::Owned(unescape(quoted)) } else { Cow::Borrowed(quoted) })
        }
        b'-' | b'0'..=b'9' => Some(Cow::Borrowed(literal)),
        _ => None,
    }
}

/// The text that `quoted`, the inside of a valid JSON string, stands for.
fn unescape(quoted: &str) -> String {
    let mut plain = String::with_capacity(quoted.len());
    let mut rest = quoted;
    while let Some(at) = rest.find('\\') {
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
            'u' => rest = push_code_point(&mut plain, rest),
            itself => plain.push(itself),
        }
    }
    plain.push_str(rest);
    plain
}

/// Adds the character whose `\u` digits begin `digits`, and gives what follows them and their surrogate pair.
fn push_code_point<'a>(plain: &mut String, digits: &'a str) -> &'a str {
    let (first, rest) = four_digits(digits);
    let (unit, rest) = match (first, rest.strip_prefix("\\u").map(four_digits)) {
        (0xd800..0xdc00, Some((low @ 0xdc00..0xe000, after))) => {
            (0x1_0000 + ((first - 0xd800) << 10) + (low - 0xdc00), after)
        }
        _ => (first, rest),
    };
    let usable = char::from_u32(unit).filter(|character| *character != '\0');
    plain.push(usable.unwrap_or(char::REPLACEMENT_CHARACTER));
    rest
}

/// The value of four hex digits and what follows them. The JSON was checked, so they are there; if not, U+0000.
fn four_digits(text: &str) -> (u32, &str) {
    match text.split_at_checked(4) {
        Some((digits, rest)) => (u32::from_str_radix(digits, 16).unwrap_or(0), rest),
        None => (0, ""),
    }
}

/// Keeps what `derive` would refuse: repeated keys.
impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::with_capacity(8);
        // A key is read undecoded too: one with a lone surrogate would otherwise cost the whole object.
        while let Some((key, value)) = map.next_entry::<&RawValue, &RawValue>()? {
            members.push((text(key).unwrap_or_default(), value));
        }
        Ok(Object { members })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(text: &str) -> Object<'_> {
        Object::from_text(text).expect("an object")
    }

    #[test]
    fn each_getter_takes_its_types_and_nothing_else() {
        let it = object(r#"{"s":"x","n":12.50,"i":"7","e":"","z":null,"b":true,"o":{"k":1},"a":[1,"2"],"neg":-3}"#);
        assert_eq!(it.text("s").as_deref(), Some("x"));
        assert_eq!(it.text("n").as_deref(), Some("12.50"));
        assert_eq!(it.text("e").as_deref(), Some(""));
        assert_eq!(it.non_empty("e"), None);
        assert_eq!((it.get("z").is_none(), it.text("b"), it.text("o")), (true, None, None));
        assert_eq!((it.int("i"), it.int("n"), it.int("s"), it.int("neg")), (Some(7), None, None, Some(-3)));
        assert_eq!((it.boolean("b"), it.boolean("s")), (Some(true), None));
        assert_eq!(it.object("o").and_then(|o| o.int("k")), Some(1));
        assert!(it.object("a").is_none() && it.object("missing").is_none());
        assert_eq!((it.array("a").len(), it.array("o").len(), it.array("z").len()), (2, 0, 0));
        assert_eq!((it.number("n").map(RawValue::get), it.number("s").is_none()), (Some("12.50"), true));
    }

    #[test]
    fn the_last_of_a_repeated_key_is_found() {
        assert_eq!(object(r#"{"a":1,"a":2}"#).int("a"), Some(2));
    }

    #[test]
    fn escapes_are_undone_and_what_no_text_may_hold_is_replaced() {
        let it = object(
            r#"{"a":"\u00e4\/\"\\\n\ud83d\ude00","nul":"x\u0000y","high":"\ud83d!","low":"\ude00","pair":"\ud83d\ud83d\ude00","\ud800":1,"\u0061b":2}"#,
        );
        assert_eq!(it.text("a").as_deref(), Some("ä/\"\\\n😀"));
        assert_eq!(it.text("nul").as_deref(), Some("x\u{fffd}y"));
        assert_eq!(it.text("high").as_deref(), Some("\u{fffd}!"));
        assert_eq!(it.text("low").as_deref(), Some("\u{fffd}"));
        assert_eq!(it.text("pair").as_deref(), Some("\u{fffd}😀"));
        assert_eq!((it.int("\u{fffd}"), it.int("ab")), (Some(1), Some(2)));
    }

    #[test]
    fn depth_and_number_are_survived() {
        let deep = format!(r#"{{"deep":{}1{},"after":1}}"#, "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(object(&deep).int("after"), Some(1));
        let wide = format!("{{{}\"last\":1}}", "\"k\":0,".repeat(100_000));
        assert_eq!(object(&wide).int("last"), Some(1));
    }

    #[test]
    fn what_is_no_object_is_nothing() {
        for text in ["", "[]", "1", "null", "\"x\"", "{", "{\"a\":}", "{} {}"] {
            assert!(Object::from_text(text).is_none(), "{text}");
        }
    }
}
