//! Contact cards, as Meta has them, with the E.164 form of every phone added.

use super::super::address;
use super::super::wire::{Message, MessageType, Raw};
use crate::json::{Object, Value, clean};

/// `origin` was at first announced for the message.
pub(super) fn read(object: Object<'_>) -> Option<Message<'_>> {
    let origin = object.get("origin");
    let cards: Vec<_> = object.array("contacts").filter_map(|card| self::card(card, origin)).collect();
    (!cards.is_empty()).then(|| Message { kind: MessageType::Contacts, contacts: cards, ..Message::default() })
}

fn card<'a>(raw: Value<'a>, origin: Option<Value<'a>>) -> Option<Raw<'a>> {
    let card = raw.object()?;
    let phones: Vec<String> = card.array("phones").map(phone).collect();
    if phones.is_empty() && origin.is_none() {
        return Some(raw.into());
    }
    let kept = card.members().filter(|(key, _)| key != "phones" || phones.is_empty());
    let mut members: Vec<String> = kept.map(|(key, value)| member(&key, value.raw())).collect();
    if !phones.is_empty() {
        members.push(member("phones", &format!("[{}]", phones.join(","))));
    }
    if let (Some(origin), None) = (origin, card.get("origin")) {
        members.push(member("origin", origin.raw()));
    }
    Some(Raw::new(clean(&format!("{{{}}}", members.join(","))).into_owned()))
}

fn phone(raw: Value<'_>) -> String {
    let Some(phone) = raw.object() else { return raw.raw().to_owned() };
    let from_id = phone.non_empty("wa_id").and_then(|id| address::e164(&id));
    let written = || {
        let international = phone.non_empty("phone").filter(|number| number.starts_with('+'))?;
        address::e164_of_written(&international)
    };
    let e164 = from_id.or_else(written).map_or(serde_json::Value::Null, serde_json::Value::from);
    let members = phone.members().map(|(key, value)| member(&key, value.raw()));
    let members: Vec<String> = members.chain([member("e164", &e164.to_string())]).collect();
    format!("{{{}}}", members.join(","))
}

/// `value` is JSON.
fn member(key: &str, value: &str) -> String {
    format!("{}:{value}", serde_json::Value::from(key))
}
