//! What holds for any body: the order of keys and the way of batching do not matter, and nothing panics.

use serde_json::Value;
use socialhook_core::json::{self, Document};
use socialhook_core::meta::{self, Webhook};
use socialhook_core::sample::{self, Stage};

use crate::{NOON, change, events, invariants};

/// A small generator of pseudo-random numbers (xorshift), so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).expect("fewer than sides")
    }
}

fn bodies() -> Vec<String> {
    let stage = Stage { external_id: "109000000000001", address: None, at: NOON, serial: 3 };
    sample::all().iter().map(|sample| sample.body(&stage)).collect()
}

/// The JSON again with every object's members in the opposite order.
fn reversed(raw: json::Value<'_>) -> String {
    if let Some(object) = raw.object() {
        let mut members: Vec<_> =
            object.members().map(|(key, value)| format!("{}:{}", Value::from(key), reversed(value))).collect();
        members.reverse();
        return format!("{{{}}}", members.join(","));
    }
    match raw.elements() {
        Some(items) => format!("[{}]", items.map(reversed).collect::<Vec<_>>().join(",")),
        None => raw.raw().to_owned(),
    }
}

#[test]
fn the_order_of_keys_does_not_matter() {
    for body in bodies() {
        let document = Document::parse(&body).expect("JSON");
        let found = [body.clone(), reversed(document.root())]
            .map(|body| events(body.as_bytes()).iter().map(crate::json).collect::<Vec<_>>());
        assert_eq!(found[0], found[1], "{body}");
    }
}

#[test]
fn splitting_a_batch_changes_no_event() {
    let items: Vec<String> = (0..5)
        .map(|n| format!(r#"{{"from":"447700900456","id":"wamid.{n}","timestamp":"1795435000","type":"text","text":{{"body":"{n}"}}}}"#))
        .collect();
    let body = |changes: &str| {
        format!(r#"{{"object":"whatsapp_business_account","entry":[{{"id":"W","changes":[{changes}]}}]}}"#)
    };
    let ids = |body: &str| events(body.as_bytes()).iter().map(|event| event.body.clone()).collect::<Vec<_>>();
    let together = ids(&body(&change("111", "messages", &items.join(","))));
    let in_changes: Vec<_> = items.iter().map(|item| change("111", "messages", item)).collect();
    let apart: Vec<_> = in_changes.iter().flat_map(|change| ids(&body(change))).collect();
    assert_eq!(together.len(), 5);
    assert_eq!(together, apart);
    assert_eq!(together, ids(&body(&in_changes.join(","))));
}

/// What holds for any bytes, and the contract.
fn survive(body: &[u8]) {
    invariants::of_body(body);
    let Ok(document) = meta::document(body) else { return };
    let Ok(webhook) = Webhook::of(&document) else { return };
    webhook.parts().iter().for_each(|part| assert!(!crate::events_of_part(part).is_empty()));
}

#[test]
fn garbage_never_panics() {
    let bodies = bodies();
    let pieces: [&[u8]; 20] = [
        b"null",
        b"{}",
        b"[]",
        b"\"\"",
        b"0",
        b"-1",
        b"1e999",
        b"true",
        b"\"\\ud800\"",
        b"\"\\u0000\"",
        b"\"",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b"\\",
        b"\xff",
        b"\"GB.\"",
        b"99999999999999999999",
    ];
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for _ in 0..20_000 {
        let mut body = bodies[dice.roll(bodies.len())].clone().into_bytes();
        for _ in 0..=dice.roll(3) {
            let (from, length) = (dice.roll(body.len()), dice.roll(12));
            let to = (from + length).min(body.len());
            body.splice(from..to, pieces[dice.roll(pieces.len())].iter().copied());
        }
        survive(&body);
    }
}

/// Every value in turn replaced by values of every type: what most mutations of bytes do not reach.
#[test]
fn every_value_may_be_of_any_type() {
    let strange = [
        Value::Null,
        true.into(),
        (-1).into(),
        "".into(),
        "é\u{0}😀".into(),
        Value::Array(vec![1.into()]),
        serde_json::json!({"id":{}}),
    ];
    for body in bodies() {
        let value: Value = serde_json::from_str(&body).expect("JSON");
        for (place, pointer) in pointers(&value).into_iter().enumerate() {
            // Two of them each: so many samples have a value of any kind that each type meets each kind all the same.
            for replacement in strange.iter().cycle().skip(place + body.len()).take(2) {
                let mut changed = value.clone();
                *changed.pointer_mut(&pointer).expect("a pointer into it") = replacement.clone();
                survive(changed.to_string().as_bytes());
            }
        }
    }
}

fn pointers(value: &Value) -> Vec<String> {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(number, item)| (number.to_string(), item)).collect(),
        _ => Vec::new(),
    };
    let below = |(name, child): (String, &Value)| {
        let deeper = pointers(child).into_iter().map(|rest| format!("/{name}{rest}")).collect::<Vec<_>>();
        std::iter::once(format!("/{name}")).chain(deeper).collect::<Vec<_>>()
    };
    children.into_iter().flat_map(below).collect()
}

#[test]
fn depth_and_number_are_survived() {
    let deep = format!("{}1{}", "[".repeat(50_000), "]".repeat(50_000));
    survive(
        change_of(&format!(r#"{{"messages":[{{"id":"x","type":"text","text":{deep}}}],"contacts":{deep}}}"#))
            .as_bytes(),
    );
    let item = r#"{"from":"447700900456","id":"wamid.1","timestamp":"1","type":"text","text":{"body":"x"}}"#;
    let contact = r#"{"wa_id":"447700900456"}"#;
    let many = |one: &str| vec![one; 3000].join(",");
    let wide = change_of(&format!(r#"{{"messages":[{}],"contacts":[{}]}}"#, many(item), many(contact)));
    assert_eq!(events(wide.as_bytes()).len(), 3000);
    let repeated = change_of(&format!("{{{},\"messages\":[{item}]}}", many("\"messages\":[]")));
    assert_eq!(events(repeated.as_bytes()).len(), 1);
}

fn change_of(value: &str) -> String {
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"W","changes":[{{"field":"messages","value":{value}}}]}}]}}"#
    )
}
