//! What holds for any bytes at all. The tests and the fuzzer ask the same.

use chrono::DateTime;
use secrecy::SecretString;
use serde_json::Value;
use socialhook_core::event::Normalised;
use socialhook_core::json::{self, Document};
use socialhook_core::meta::Webhook;
use socialhook_core::signature::{Key, Refusal, verify};
use socialhook_core::{meta, offline};

/// Present in every event.
const ALWAYS: [&str; 12] = [
    "id",
    "version",
    "platform",
    "event",
    "timestamp",
    "direction",
    "from",
    "to",
    "conversation_id",
    "contact",
    "channel",
    "signature_verified",
];
/// Meta's own JSON, for which the rules on ids and times do not hold.
const VERBATIM: [&str; 6] = ["data", "pricing", "conversation", "contacts", "product", "raw"];

/// Panics if a body breaks something.
pub fn of_body(body: &[u8]) {
    let Ok(text) = std::str::from_utf8(body) else {
        assert!(meta::document(body).is_err());
        return;
    };
    let Some(document) = Document::parse(text) else { return };
    is_read_as_others_read_it(text, &document);
    let Ok(webhook) = Webhook::of(&document) else { return };
    let received_at = DateTime::from_timestamp(1_795_435_200, 0).expect("a time");
    let events = offline::events(body, received_at, true).expect("it is of Meta's shape");
    assert_eq!(events.is_empty(), webhook.parts().is_empty(), "every part gives an event");
    let again = offline::events(body, received_at, true).expect("it still is");
    assert!(events.iter().map(|event| &event.body).eq(again.iter().map(|event| &event.body)), "the same again");
    events.iter().for_each(is_in_order);
    for number in 0..webhook.parts().len().min(3) {
        let excerpt = webhook.excerpt(|other| other == number);
        let document = meta::document(&excerpt).expect("an excerpt is JSON");
        assert_eq!(Webhook::of(&document).expect("of Meta's shape").parts().len(), 1);
    }
}

/// The same values as `serde_json` finds, but for what we replace.
fn is_read_as_others_read_it(text: &str, document: &Document<'_>) {
    let Ok(theirs) = serde_json::from_str::<Value>(text) else { return };
    assert_eq!(without_nul(theirs), ours(document.root()));
}

fn ours(value: json::Value<'_>) -> Value {
    if let Some(object) = value.object() {
        return Value::Object(object.members().map(|(key, value)| (key.into_owned(), ours(value))).collect());
    }
    if let Some(elements) = value.elements() {
        return Value::Array(elements.map(ours).collect());
    }
    match value.raw() {
        raw if raw.starts_with('"') => Value::String(value.text().expect("a string").into_owned()),
        raw => serde_json::from_str(raw).expect("a number or a word"),
    }
}

fn without_nul(value: Value) -> Value {
    let replaced = |text: String| text.replace('\0', "\u{fffd}");
    match value {
        Value::String(text) => Value::String(replaced(text)),
        Value::Array(items) => Value::Array(items.into_iter().map(without_nul).collect()),
        Value::Object(members) => {
            Value::Object(members.into_iter().map(|(key, value)| (replaced(key), without_nul(value))).collect())
        }
        other => other,
    }
}

/// An event is JSON that every reader takes, its ids are strings and its times whole seconds.
pub fn is_in_order(event: &Normalised) {
    let text = std::str::from_utf8(&event.body).expect("UTF-8");
    let document = Document::parse(text).expect("JSON");
    let object = document.root().object().expect("an object");
    for key in ALWAYS {
        assert!(object.members().any(|(name, _)| name == key), "{key} is missing: {text}");
    }
    match serde_json::from_str::<Value>(text) {
        Ok(value) => is_well_typed("", &value),
        // Meta's own JSON may be deeper, and its numbers larger, than this reader takes.
        Err(error) => {
            let why = error.to_string();
            assert!(why.contains("recursion limit") || why.contains("out of range"), "{why}: {text}");
        }
    }
}

fn is_well_typed(key: &str, value: &Value) {
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| !VERBATIM.contains(&name.as_str()) || (*name == "data" && key == "reply"))
            .filter(|(name, _)| *name != "data")
            .for_each(|(name, value)| is_well_typed(name, value)),
        Value::Array(items) => items.iter().for_each(|item| is_well_typed(key, item)),
        _ if key == "id" || key.ends_with("_id") => assert!(value.is_string() || value.is_null(), "{key}: {value}"),
        _ if key == "timestamp" || key.ends_with("_at") => assert!(value.is_i64() || value.is_null(), "{key}: {value}"),
        Value::String(text) => assert!(!text.contains('\0'), "{key}"),
        _ => {}
    }
}

/// Panics if a header breaks something, or is taken without being the body's signature.
pub fn of_signature(header: &[u8]) {
    // The first byte says how much of it is the body.
    let (length, rest) = header.split_first().map_or((0, header), |(first, rest)| (usize::from(*first), rest));
    let (body, header) = rest.split_at(length.min(rest.len()));
    let keys = [Key::new(&SecretString::from("one")), Key::new(&SecretString::from(""))];
    let taken = verify(&keys, Some(header), body);
    let right = |key: &Key| header.eq_ignore_ascii_case(key.sign(body).as_bytes()) && header.starts_with(b"sha256=");
    assert_eq!(taken.is_ok(), keys.iter().any(right));
    if taken == Err(Refusal::Wrong) {
        assert_eq!(header.len(), "sha256=".len() + 64);
    }
    assert!(verify(&[], Some(header), body).is_err());
    assert_eq!(verify(&keys, None, body), Err(Refusal::Missing));
    let signed = keys[0].sign(header);
    assert_eq!(verify(&keys, Some(signed.as_bytes()), header), Ok(()));
    assert_eq!(verify(&keys[1..], Some(signed.as_bytes()), header), Err(Refusal::Wrong));
}
