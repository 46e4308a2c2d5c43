//! What is attached to a Messenger or Instagram message: media, places, and things shared.
//!
//! Several attachments are one message; its type is that of the first.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::super::time;
use super::super::wire::{Location, Media, Message, Share};
use crate::json::Object;

/// Adds the attachments to `message`. False if some of them is not fully told by that.
pub(super) fn read<'a>(object: &Object<'a>, message: &mut Message<'a>) -> bool {
    let mut is_whole = true;
    for (number, raw) in object.array("attachments").into_iter().enumerate() {
        let has_shared = message.share.is_some();
        let kind = attachment(raw, message);
        // A template has more in it than a share tells, and only the first of several shares is told.
        is_whole &= match kind {
            "unsupported" | "template" => false,
            "share" | "story" => !has_shared,
            _ => true,
        };
        if number == 0 {
            message.kind = kind;
        }
    }
    is_whole
}

/// Adds one attachment, and gives the type that a message of it alone has.
fn attachment<'a>(raw: &'a RawValue, message: &mut Message<'a>) -> &'static str {
    let attachment = Object::parse(raw).unwrap_or_default();
    let payload = attachment.object("payload").unwrap_or_default();
    let kind = attachment.text("type").unwrap_or_default();
    match kind.as_ref() {
        "image" => media("image", &payload, message),
        "video" => media("video", &payload, message),
        "audio" => media("audio", &payload, message),
        "file" => media("document", &payload, message),
        "sticker" | "like_heart" => media("sticker", &payload, message),
        "location" => location(&payload, message),
        "story_mention" | "ig_story" | "story" => share("story", kind, &attachment, message),
        "template" => share("template", kind, &attachment, message),
        "share" | "fallback" | "post" | "ig_post" | "reel" | "ig_reel" => share("share", kind, &attachment, message),
        _ => "unsupported",
    }
}

fn media<'a>(kind: &'static str, payload: &Object<'a>, message: &mut Message<'a>) -> &'static str {
    let id = payload.non_empty("sticker_id").or_else(|| payload.non_empty("attachment_id"));
    // In the summer of 2026 a sticker came twice in one message, as an image and as itself.
    let kind = if payload.get("sticker_id").is_some() { "sticker" } else { kind };
    let is_repeated = kind == "sticker" && id.is_some() && message.media.iter().any(|other| other.id == id);
    if !is_repeated {
        let url = payload.non_empty("url");
        let url_expires_at = url.as_deref().and_then(url_expiry);
        message.media.push(Media { id, kind, url, url_expires_at, ..Media::default() });
    }
    kind
}

/// When a url of Meta's CDN ends to work, in seconds: `oe=`, a time in hex.
fn url_expiry(url: &str) -> Option<i64> {
    let (_, query) = url.split_once('?')?;
    let hex = query.split('&').find_map(|pair| pair.strip_prefix("oe="))?;
    time::from_number(i64::from_str_radix(hex, 16).ok()?).map(|millis| millis / 1000)
}

fn location<'a>(payload: &Object<'a>, message: &mut Message<'a>) -> &'static str {
    let coordinates = payload.object("coordinates").unwrap_or_default();
    let (Some(latitude), Some(longitude)) = (coordinates.number("lat"), coordinates.number("long")) else {
        return "unsupported";
    };
    message.location = Some(Location { latitude, longitude, name: None, address: None, url: None });
    "location"
}

/// The first thing shared is the message's: Instagram sends a shared post twice, as `share` and as `ig_post`.
fn share<'a>(
    kind: &'static str,
    word: Cow<'a, str>,
    attachment: &Object<'a>,
    message: &mut Message<'a>,
) -> &'static str {
    let payload = attachment.object("payload").unwrap_or_default();
    let product = payload.object("product").and_then(|product| Object::parse(product.array("elements").first()?));
    let of_payload = |keys: &[&str]| keys.iter().find_map(|key| payload.non_empty(key));
    let of_product = |key: &str| product.as_ref().and_then(|product| product.non_empty(key));
    let share = Share {
        kind: word,
        id: of_payload(&["id", "ig_post_media_id", "reel_video_id", "story_media_id"]).or_else(|| of_product("id")),
        title: of_payload(&["title"]).or_else(|| attachment.non_empty("title")).or_else(|| of_product("title")),
        // In echoes the url stands beside the type.
        url: of_payload(&["url", "story_media_url"]).or_else(|| attachment.non_empty("url")),
    };
    message.share.get_or_insert(share);
    kind
}
