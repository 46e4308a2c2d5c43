//! What a WhatsApp message says, by its type.
//!
//! A reader gives nothing if the type is unknown or its object is not there; the message is then `unsupported`.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde_json::value::RawValue;

use super::super::address;
use super::super::wire::{Location, Media, Message, Order, OrderItem};
use super::interactive;
use crate::json::Object;

pub(super) fn read<'a>(kind: &str, object: &Object<'a>) -> Option<Message<'a>> {
    match kind {
        "text" => {
            Some(Message { kind: "text", body: Some(object.object("text")?.text("body")?), ..Message::default() })
        }
        "image" => media("image", &object.object(kind)?),
        "video" => media("video", &object.object(kind)?),
        "audio" => media("audio", &object.object(kind)?),
        "document" => media("document", &object.object(kind)?),
        "sticker" => media("sticker", &object.object(kind)?),
        "location" => location(&object.object(kind)?),
        "contacts" => contacts(object),
        "interactive" => interactive::read(&object.object(kind)?),
        "button" => Some(interactive::button(&object.object(kind)?)),
        "order" => Some(order(&object.object(kind)?)),
        "system" => Some(Message { kind: "system", body: object.object(kind)?.text("body"), ..Message::default() }),
        "request_welcome" => Some(Message { kind: "system", ..Message::default() }),
        _ => None,
    }
}

/// Meta could not deliver the content, or we do not know it.
pub(super) fn unsupported<'a>() -> Message<'a> {
    Message { kind: "unsupported", ..Message::default() }
}

/// The url is left out: it needs Meta's token and lives five minutes.
fn media<'a>(kind: &'static str, object: &Object<'a>) -> Option<Message<'a>> {
    let media = Media {
        id: Some(object.non_empty("id")?),
        kind,
        mime_type: object.non_empty("mime_type"),
        sha256: object.non_empty("sha256").and_then(|digest| hex_digest(&digest)),
        filename: object.non_empty("filename"),
        voice: object.boolean("voice"),
        animated: object.boolean("animated"),
        ..Media::default()
    };
    Some(Message { kind, body: object.text("caption"), media: vec![media], ..Message::default() })
}

/// A SHA-256 in lower-case hex. Webhooks have base64, history and the media endpoint hex.
fn hex_digest(digest: &str) -> Option<String> {
    if digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Some(digest.to_ascii_lowercase());
    }
    let bytes = STANDARD.decode(digest).or_else(|_| STANDARD_NO_PAD.decode(digest)).ok()?;
    (bytes.len() == 32).then(|| bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(hex_digit).collect())
}

fn hex_digit(nibble: u8) -> Option<char> {
    char::from_digit(u32::from(nibble), 16)
}

fn location<'a>(object: &Object<'a>) -> Option<Message<'a>> {
    let location = Location {
        latitude: object.number("latitude")?,
        longitude: object.number("longitude")?,
        name: object.non_empty("name"),
        address: object.non_empty("address"),
        url: object.non_empty("url"),
    };
    Some(Message { kind: "location", location: Some(location), ..Message::default() })
}

/// Cards as Meta has them, every phone with its `e164` added. `origin` was at first announced for the message.
fn contacts<'a>(object: &Object<'a>) -> Option<Message<'a>> {
    let origin = object.get("origin");
    let cards: Vec<_> = object.array("contacts").into_iter().filter_map(|card| self::card(card, origin)).collect();
    (!cards.is_empty()).then(|| Message { kind: "contacts", contacts: cards, ..Message::default() })
}

fn card(raw: &RawValue, origin: Option<&RawValue>) -> Option<Box<RawValue>> {
    let card = Object::parse(raw)?;
    let phones = card.array("phones");
    let mut text = raw.get().to_owned();
    if !phones.is_empty() {
        let phones: Vec<String> = phones.into_iter().map(phone).collect();
        let others =
            card.members().filter(|(key, _)| *key != "phones").map(|(key, value)| (key, value.get().to_owned()));
        let members = others.chain([("phones", format!("[{}]", phones.join(",")))]);
        text = members.fold("{}".to_owned(), |object, (key, value)| with_member(&object, key, &value));
    }
    if let (Some(origin), None) = (origin, card.get("origin")) {
        text = with_member(&text, "origin", origin.get());
    }
    RawValue::from_string(text).ok()
}

fn phone(raw: &RawValue) -> String {
    let Some(phone) = Object::parse(raw) else { return raw.get().to_owned() };
    let from_id = phone.non_empty("wa_id").and_then(|id| address::e164(&id));
    let written = || {
        phone
            .non_empty("phone")
            .filter(|number| number.starts_with('+'))
            .and_then(|number| address::e164_of_written(&number))
    };
    let e164 = from_id.or_else(written).map_or(serde_json::Value::Null, serde_json::Value::from);
    with_member(raw.get(), "e164", &e164.to_string())
}

/// The JSON object `object` with one more member at its end; `value` is JSON.
fn with_member(object: &str, key: &str, value: &str) -> String {
    let open = object.trim_end().strip_suffix('}').unwrap_or(object).trim_end();
    let comma = if open.ends_with('{') { "" } else { "," };
    format!("{open}{comma}{}:{value}}}", serde_json::Value::from(key))
}

fn order<'a>(object: &Object<'a>) -> Message<'a> {
    let item = |raw| {
        let item = Object::parse(raw)?;
        Some(OrderItem {
            product_id: item.text("product_retailer_id"),
            quantity: item.int("quantity"),
            price: item.text("item_price"),
            currency: item.text("currency"),
        })
    };
    let items = object.array("product_items").into_iter().filter_map(item).collect();
    let text = object.non_empty("text");
    let order = Order { catalog_id: object.non_empty("catalog_id"), text: text.clone(), items };
    Message { kind: "order", body: text, order: Some(order), ..Message::default() }
}
