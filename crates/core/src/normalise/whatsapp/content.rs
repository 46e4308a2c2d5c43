//! What a WhatsApp message says, by its type.
//!
//! A reader gives nothing if the type is unknown or its object is not there; the message is then `unsupported`.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use super::super::wire::{Location, Media, MediaKind, Message, MessageType, Order, OrderItem, Raw};
use super::{contacts, interactive};
use crate::json::{Object, Value};
use crate::signature::hex;

/// Of these Meta's url is the one that is left out on purpose.
const MEDIA_KEYS: [&str; 10] =
    ["id", "mime_type", "sha256", "caption", "filename", "file_size", "voice", "animated", "link", "url"];

pub(super) fn read<'a>(kind: &str, object: Object<'a>) -> Option<Message<'a>> {
    match kind {
        "text" => Some(text(object.object("text")?.text("body")?)),
        "image" => media(MediaKind::Image, object.object(kind)?),
        "video" => media(MediaKind::Video, object.object(kind)?),
        "audio" => media(MediaKind::Audio, object.object(kind)?),
        "document" => media(MediaKind::Document, object.object(kind)?),
        "sticker" => media(MediaKind::Sticker, object.object(kind)?),
        "location" => location(object.object(kind)?),
        "contacts" => contacts::read(object),
        "interactive" => interactive::read(object.object(kind)?),
        "button" => Some(interactive::button(object.object(kind)?)),
        "order" => Some(order(object.object(kind)?)),
        "system" => {
            let body = object.object(kind)?.text("body");
            Some(Message { kind: MessageType::System, body, ..Message::default() })
        }
        "request_welcome" => Some(Message { kind: MessageType::System, ..Message::default() }),
        _ => None,
    }
}

/// Whether the message tells all that is in the object of its type, as far as that has no place for more.
pub(super) fn is_told(kind: &str, content: Value<'_>) -> bool {
    let Some(object) = content.object() else { return kind == "contacts" && are_objects(content) };
    match kind {
        "text" => has_only(object, &["body", "preview_url"]),
        "image" | "video" | "audio" | "document" | "sticker" => has_only(object, &MEDIA_KEYS),
        "location" => has_only(object, &["latitude", "longitude", "name", "address", "url"]),
        "button" => has_only(object, &["payload", "text"]),
        "reaction" => has_only(object, &["message_id", "emoji"]),
        "interactive" => interactive::is_told(object),
        "order" => object.members().all(|(key, value)| match key.as_ref() {
            "catalog_id" | "text" => value.is_plain(),
            "product_items" => are_objects(value),
            _ => false,
        }),
        _ => true,
    }
}

/// Whether all members are of these names, and neither objects nor lists.
pub(super) fn has_only(object: Object<'_>, known: &[&str]) -> bool {
    object.members().all(|(key, value)| value.is_null() || (known.contains(&key.as_ref()) && value.is_plain()))
}

fn are_objects(list: Value<'_>) -> bool {
    list.elements().is_some_and(|mut items| items.all(|item| item.object().is_some()))
}

fn text(body: std::borrow::Cow<'_, str>) -> Message<'_> {
    Message { kind: MessageType::Text, body: Some(body), ..Message::default() }
}

/// Meta's url is left out: it needs Meta's token and lives five minutes. What the business itself sent may have a link of
/// its own instead of an id.
fn media(kind: MediaKind, object: Object<'_>) -> Option<Message<'_>> {
    let (id, url) = (object.non_empty("id"), object.non_empty("link"));
    if id.is_none() && url.is_none() {
        return None;
    }
    let media = Media {
        id,
        mime_type: object.non_empty("mime_type"),
        sha256: object.non_empty("sha256").and_then(|digest| hex_digest(&digest)),
        filename: object.non_empty("filename"),
        size: object.int("file_size"),
        voice: object.boolean("voice"),
        animated: object.boolean("animated"),
        url,
        ..Media::new(kind)
    };
    Some(Message { kind: kind.into(), body: object.text("caption"), media: vec![media], ..Message::default() })
}

/// A SHA-256 in lower-case hex. Webhooks have base64, history and the media endpoint hex.
fn hex_digest(digest: &str) -> Option<String> {
    if digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Some(digest.to_ascii_lowercase());
    }
    let bytes = STANDARD.decode(digest).or_else(|_| STANDARD_NO_PAD.decode(digest)).ok()?;
    (bytes.len() == 32).then(|| hex(&bytes))
}

fn location(object: Object<'_>) -> Option<Message<'_>> {
    let location = Location {
        latitude: Raw::new(object.number("latitude")?),
        longitude: Raw::new(object.number("longitude")?),
        name: object.non_empty("name"),
        address: object.non_empty("address"),
        url: object.non_empty("url"),
    };
    Some(Message { kind: MessageType::Location, location: Some(location), ..Message::default() })
}

fn order<'a>(object: Object<'a>) -> Message<'a> {
    let item = |raw: Value<'a>| {
        let item = raw.object()?;
        Some(OrderItem {
            product_id: item.text("product_retailer_id"),
            quantity: item.int("quantity"),
            price: item.text("item_price"),
            currency: item.text("currency"),
        })
    };
    let items = object.array("product_items").filter_map(item).collect();
    let text = object.non_empty("text");
    let order = Order { catalog_id: object.non_empty("catalog_id"), text: text.clone(), items };
    Message { kind: MessageType::Order, body: text, order: Some(order), ..Message::default() }
}
