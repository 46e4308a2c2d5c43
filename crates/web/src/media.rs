//! Files of messages, for whoever has a link: streamed, in ranges, and never as something that a browser would run in our name.
//!
//! What must hold: only kinds that cannot run anything are shown in place; all else is offered for saving, whatever it calls itself.

use std::ops::Range;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use socialhook_core::id::{EventId, TenantId};
use socialhook_core::signature::hex;
use socialhook_relay::media::{Link, NotServed, Served};
use socialhook_store::media::Key;

use crate::error::Error;
use crate::extract::{Path, Query};
use crate::state::App;

/// Kinds that a browser shows and cannot run: no SVG, no HTML, no XML.
const SHOWN: &[&str] = &[
    "image/jpeg",
    "image/png",
    "image/webp",
    "image/gif",
    "audio/aac",
    "audio/amr",
    "audio/mpeg",
    "audio/mp4",
    "audio/ogg",
    "video/mp4",
    "video/3gpp",
    "video/webm",
];
/// How a browser shows a file in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preview {
    Image,
    Audio,
    Video,
}

impl Preview {
    /// None: what is of this kind is saved rather than shown.
    #[must_use]
    pub fn of(content_type: &str) -> Option<Self> {
        let kind = kind(content_type);
        let (family, _) = SHOWN.iter().find(|shown| **shown == kind)?.split_once('/')?;
        match family {
            "image" => Some(Self::Image),
            "audio" => Some(Self::Audio),
            _ => Some(Self::Video),
        }
    }
}

/// A type without its parameters.
fn kind(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Kinds that are named, but saved rather than shown.
const SAVED: &[&str] = &["application/pdf", "text/plain", "text/csv", "application/zip"];
/// Characters of a name for saving.
const NAME_MAX: usize = 120;
/// Nothing in it runs, and no frame shows it.
const POLICY: &str = "default-src 'none'; sandbox; frame-ancestors 'none'";
const RETRY_AFTER_SECONDS: &str = "10";

#[derive(Deserialize)]
pub struct Signed {
    #[serde(default)]
    expires: i64,
    #[serde(default)]
    signature: String,
}

fn told(status: StatusCode, words: &str) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], format!("{words}\n")).into_response()
}

fn not_served(error: NotServed) -> Result<Response, Error> {
    Ok(match error {
        NotServed::Forged => told(
            StatusCode::FORBIDDEN,
            "This link is not one of ours, or was changed. Use it as it stands in the event.",
        ),
        NotServed::Over => told(StatusCode::GONE, "This link is over. Look the event up for a new one."),
        NotServed::NotThere => told(StatusCode::NOT_FOUND, "There is no such file any more."),
        NotServed::Gone(why) => told(StatusCode::GONE, &why),
        NotServed::NotYet(why) => {
            let answer = told(StatusCode::SERVICE_UNAVAILABLE, &why);
            ([(header::RETRY_AFTER, RETRY_AFTER_SECONDS)], answer).into_response()
        }
        NotServed::Store(error) => return Err(error.into()),
    })
}

pub async fn show(
    State(app): State<App>,
    Path((tenant_id, event_id, position)): Path<(TenantId, EventId, i16)>,
    Query(signed): Query<Signed>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let link = Link { key: Key { tenant_id, event_id, position }, expires_at: signed.expires };
    let served = match app.relay.media(link, &signed.signature).await {
        Ok(served) => served,
        Err(error) => return not_served(error),
    };
    let tag = format!("\"{}\"", hex(&served.sha256));
    let common = common(&served, &tag);
    let given = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    if given(header::IF_NONE_MATCH).is_some_and(|tags| tags.split(',').any(|one| one.trim() == tag)) {
        return Ok((StatusCode::NOT_MODIFIED, common).into_response());
    }
    // A range of something else than what is there now is no use.
    let is_same = given(header::IF_RANGE).is_none_or(|one| one == tag);
    let range = given(header::RANGE).filter(|_| is_same).map(|text| asked(text, served.size));
    let (status, range) = match range {
        Some(Asked::Some(range)) => (StatusCode::PARTIAL_CONTENT, Some(range)),
        Some(Asked::Nothing) => {
            let all = [(header::CONTENT_RANGE, format!("bytes */{}", served.size))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, all, common).into_response());
        }
        Some(Asked::All) | None => (StatusCode::OK, None),
    };
    let stream = match app.relay.read_media(&served, range.clone()).await {
        Ok(stream) => stream,
        Err(error) => return not_served(error),
    };
    let length = range.as_ref().map_or(served.size, |range| range.end - range.start);
    let mut answer = (status, common, Body::from_stream(stream)).into_response();
    let put = answer.headers_mut();
    put.insert(header::CONTENT_LENGTH, length.into());
    if let Some(range) = range {
        let text = format!("bytes {}-{}/{}", range.start, range.end - 1, served.size);
        put.insert(
            header::CONTENT_RANGE,
            HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("bytes */*")),
        );
    }
    Ok(answer)
}

fn common(served: &Served, tag: &str) -> HeaderMap {
    let kind = kind(&served.content_type);
    let known = SHOWN.iter().chain(SAVED).find(|known| **known == kind);
    let disposition = if SHOWN.contains(&kind.as_str()) { "inline" } else { "attachment" };
    let named = served.filename.as_deref().map(filename).filter(|name| !name.is_empty());
    let disposition = match named {
        Some(name) => format!("{disposition}; filename*=UTF-8''{name}"),
        None => disposition.to_owned(),
    };
    let text = |text: &str| HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""));
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, text(known.copied().unwrap_or("application/octet-stream")));
    headers.insert(header::CONTENT_DISPOSITION, text(&disposition));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(
        header::HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("cross-origin"),
    );
    // The address is the secret: a shared cache must not keep it.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=3600, immutable"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::ETAG, text(tag));
    headers
}

/// A customer's name for a file, as a header may carry it (RFC 8187), without a path.
fn filename(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last.chars().filter(|c| !c.is_control()).take(NAME_MAX).collect();
    let escape = |byte: u8| {
        let is_plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if is_plain { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    plain.bytes().map(escape).collect()
}

/// What a `Range` header asks for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Some(Range<u64>),
    /// It lies outside.
    Nothing,
    /// It is not understood, or asks for several stretches: then the whole is a right answer (RFC 9110 §14.2).
    All,
}

fn asked(header: &str, size: u64) -> Asked {
    let Some((first, last)) = header.trim().strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Asked::All;
    };
    let number = |text: &str| text.trim().parse::<u64>();
    let range = match (first.trim(), last.trim()) {
        ("", last) => number(last).map(|length| size.saturating_sub(length)..size),
        (first, "") => number(first).map(|first| first..size),
        (first, last) => number(first).and_then(|first| Ok(first..number(last)?.saturating_add(1).min(size))),
    };
    match range {
        Ok(range) if range.start < range.end => Asked::Some(range),
        Ok(_) => Asked::Nothing,
        Err(_) => Asked::All,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        for (header, asked_for) in [
            ("bytes=0-99", Asked::Some(0..100)),
            ("bytes=900-", Asked::Some(900..1000)),
            ("bytes=-100", Asked::Some(900..1000)),
            ("bytes=-5000", Asked::Some(0..1000)),
            ("bytes=990-5000", Asked::Some(990..1000)),
            ("bytes=1000-", Asked::Nothing),
            ("bytes=-0", Asked::Nothing),
            ("bytes=5-4", Asked::Nothing),
            ("bytes=0-1,5-6", Asked::All),
            ("bytes=x-", Asked::All),
            ("lines=1-2", Asked::All),
        ] {
            assert_eq!(asked(header, 1000), asked_for, "{header}");
        }
        assert_eq!(asked("bytes=0-0", 0), Asked::Nothing);
    }

    #[test]
    fn names_carry_no_path_and_no_header() {
        assert_eq!(filename("../../etc/passwd"), "passwd");
        assert_eq!(filename("C:\\a\\Über uns.pdf"), "%C3%9Cber%20uns.pdf");
        assert_eq!(filename("a\r\nset-cookie: x\".pdf"), "aset-cookie%3A%20x%22.pdf");
    }
}
