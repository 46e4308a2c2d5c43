//! What is attached to a Messenger or Instagram message: media, places, and things shared.
//!
//! Several attachments are one message; its type is that of the first.

use std::borrow::Cow;

use super::super::time;
use super::super::wire::{Location, Media, MediaKind, Message, MessageType, Raw, Share};
use crate::json::{Object, Value};

/// Adds the attachments to `message`. False if some of them is not fully told by that.
pub(super) fn read<'a>(object: Object<'a>, message: &mut Message<'a>) -> bool {
    let mut is_whole = true;
    for (number, raw) in object.array("attachments").enumerate() {
        let (has_shared, has_place) = (message.share.is_some(), message.location.is_some());
        let kind = attachment(raw, message);
        // A template has more in it than a share tells, and only one of several shares or places is told.
        is_whole &= match kind {
            MessageType::Unsupported | MessageType::Template => false,
            MessageType::Share | MessageType::Story => !has_shared && is_told(raw, &SHARE_KEYS, true),
            MessageType::Location => !has_place && is_told(raw, &["coordinates"], true),
            // There is no place for a picture's title.
            _ => is_told(raw, &["url", "sticker_id", "attachment_id"], false),
        };
        if number == 0 {
            message.kind = kind;
        }
    }
    is_whole
}

const SHARE_KEYS: [&str; 7] =
    ["url", "title", "id", "ig_post_media_id", "reel_video_id", "story_media_id", "story_media_url"];

/// Whether no key is there but those of an attachment and, in its payload, `known` ones.
fn is_told(raw: Value<'_>, known: &[&str], has_title: bool) -> bool {
    let attachment = raw.object().unwrap_or_default();
    let mut payload = attachment.object("payload").unwrap_or_default().members();
    payload.all(|(key, _)| known.contains(&key.as_ref()))
        && attachment.members().all(|(key, value)| match key.as_ref() {
            "type" | "url" => true,
            "payload" => value.is_null() || value.object().is_some(),
            "title" => has_title,
            _ => false,
        })
}

/// Adds one attachment, and gives the type that a message of it alone has.
fn attachment<'a>(raw: Value<'a>, message: &mut Message<'a>) -> MessageType {
    let attachment = raw.object().unwrap_or_default();
    let kind = attachment.text("type").unwrap_or_default();
    match kind.as_ref() {
        "image" => media(MediaKind::Image, attachment, message),
        "video" => media(MediaKind::Video, attachment, message),
        "audio" => media(MediaKind::Audio, attachment, message),
        "file" => media(MediaKind::Document, attachment, message),
        "sticker" | "like_heart" => media(MediaKind::Sticker, attachment, message),
        "location" => location(attachment, message),
        "story_mention" | "ig_story" | "story" => share(MessageType::Story, kind, attachment, message),
        "template" | "appointment_booking" => share(MessageType::Template, kind, attachment, message),
        "share" | "fallback" | "post" | "ig_post" | "reel" | "ig_reel" | "media" => {
            share(MessageType::Share, kind, attachment, message)
        }
        _ => MessageType::Unsupported,
    }
}

fn media<'a>(kind: MediaKind, attachment: Object<'a>, message: &mut Message<'a>) -> MessageType {
    let payload = attachment.object("payload").unwrap_or_default();
    let id = payload.non_empty("sticker_id").or_else(|| payload.non_empty("attachment_id"));
    // In the summer of 2026 a sticker came twice in one message, as an image and as itself.
    let kind = if payload.get("sticker_id").is_some() { MediaKind::Sticker } else { kind };
    let is_repeated = kind == MediaKind::Sticker && id.is_some() && message.media.iter().any(|other| other.id == id);
    if !is_repeated {
        // In echoes the url may stand beside the type.
        let url = payload.non_empty("url").or_else(|| attachment.non_empty("url"));
        let url_expires_at = url.as_deref().and_then(url_expiry);
        message.media.push(Media { id, url, url_expires_at, ..Media::new(kind) });
    }
    kind.into()
}

/// When a url of Meta's CDN ends to work, in seconds: `oe=`, a time in hex.
fn url_expiry(url: &str) -> Option<i64> {
    let (_, query) = url.split_once('?')?;
    let hex = query.split('&').find_map(|pair| pair.strip_prefix("oe="))?;
    time::from_number(i64::from_str_radix(hex, 16).ok()?).map(|millis| millis / 1000)
}

/// Of several places the first is the message's.
fn location<'a>(attachment: Object<'a>, message: &mut Message<'a>) -> MessageType {
    let payload = attachment.object("payload").unwrap_or_default();
    let coordinates = payload.object("coordinates").unwrap_or_default();
    let (Some(latitude), Some(longitude)) = (coordinates.number("lat"), coordinates.number("long")) else {
        return MessageType::Unsupported;
    };
    let (name, url) = (attachment.non_empty("title"), attachment.non_empty("url"));
    let (latitude, longitude) = (Raw::new(latitude), Raw::new(longitude));
    message.location.get_or_insert(Location { latitude, longitude, name, address: None, url });
    MessageType::Location
}

/// The first thing shared is the message's, unless Instagram sends a shared post twice: as `share`, and as `ig_post`, which
/// tells more.
fn share<'a>(kind: MessageType, word: Cow<'a, str>, attachment: Object<'a>, message: &mut Message<'a>) -> MessageType {
    let payload = attachment.object("payload").unwrap_or_default();
    let product = payload.object("product").and_then(|product| product.array("elements").next()?.object());
    let of_payload = |keys: &[&str]| keys.iter().find_map(|key| payload.non_empty(key));
    let of_product = |key: &str| product.and_then(|product| product.non_empty(key));
    let id = of_payload(&["id", "ig_post_media_id", "reel_video_id", "story_media_id", "booking_id"]);
    let share = Share {
        id: id.or_else(|| of_product("id")),
        title: of_payload(&["title"]).or_else(|| attachment.non_empty("title")).or_else(|| of_product("title")),
        // In echoes the url stands beside the type.
        url: of_payload(&["url", "story_media_url"]).or_else(|| attachment.non_empty("url")),
        kind: word,
    };
    match &message.share {
        Some(first) if first.kind != "share" || share.kind != "ig_post" => {}
        _ => message.share = Some(share),
    }
    kind
}
