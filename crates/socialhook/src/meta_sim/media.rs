//! Media: made from their id as they are read, so that large ones need no room.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::TimeDelta;
use futures_util::Stream;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use socialhook_core::signature::hex;

use super::MetaSim;
use super::faults::Fault;
use super::state::{AccessToken, Refused, random};

/// A media's address is good for so long (WhatsApp §10).
const URL_LIVES: TimeDelta = TimeDelta::minutes(5);
/// And its id for so long.
const ID_LIVES: TimeDelta = TimeDelta::days(7);
const CHUNK: usize = 64 << 10;
/// What an image begins with, so that there is something to see; what follows a picture's end is not looked at.
const PICTURE: &[u8] = include_bytes!("picture.jpg");

/// What a customer attaches.
#[derive(Debug, Clone)]
pub struct NewMedia {
    pub bytes: usize,
    pub mime_type: &'static str,
    pub filename: Option<&'static str>,
}

#[derive(Debug, Clone)]
pub struct Medium {
    pub new: NewMedia,
    /// What its bytes are made from.
    pub seed: u64,
    pub sha256: [u8; 32],
    pub uploaded_at: chrono::DateTime<chrono::Utc>,
    /// The number that got it.
    pub phone_number_id: String,
}

/// Bytes that look random, the same for the same seed.
fn fill(seed: u64, chunk: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ chunk.wrapping_mul(0xbf58_476d_1ce4_e5b9) | 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// The content of a medium, a piece at a time.
pub struct Content {
    seed: u64,
    chunk: u64,
    left: usize,
    /// What it begins with.
    head: &'static [u8],
    /// Ends with an error when so much is left.
    breaks_at: Option<usize>,
}

impl Content {
    fn new(seed: u64, new: &NewMedia) -> Self {
        let is_shown = new.mime_type == "image/jpeg" && new.bytes >= PICTURE.len();
        Self { seed, chunk: 0, left: new.bytes, head: if is_shown { PICTURE } else { &[] }, breaks_at: None }
    }
}

impl Iterator for Content {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let length = self.left.min(CHUNK);
        if length == 0 {
            return None;
        }
        let mut bytes = fill(self.seed, self.chunk, length);
        for (byte, of_head) in bytes.iter_mut().zip(std::mem::take(&mut self.head)) {
            *byte = *of_head;
        }
        self.chunk += 1;
        self.left -= length;
        Some(bytes.into())
    }
}

impl Stream for Content {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.breaks_at.is_some_and(|at| self.left <= at) {
            return Poll::Ready(Some(Err(std::io::Error::other("broken off"))));
        }
        Poll::Ready(self.next().map(Ok))
    }
}

impl MetaSim {
    /// Takes a customer's file; returns its id.
    pub(super) fn upload(&self, phone_number_id: &str, new: NewMedia) -> String {
        let (id, seed) = {
            let mut state = self.state();
            state.serial += 1;
            (format!("14800112{:08}", state.serial), state.serial)
        };
        let mut hash = Sha256::new();
        Content::new(seed, &new).for_each(|chunk| hash.update(&chunk));
        let sha256 = hash.finalize().into();
        let medium =
            Medium { new, seed, sha256, uploaded_at: self.0.clock.now(), phone_number_id: phone_number_id.to_owned() };
        self.state().media.insert(id.clone(), medium);
        id
    }

    /// As it stands in a webhook: the digest in base64.
    pub(super) fn announced(&self, id: &str) -> Value {
        let state = self.state();
        let Some(medium) = state.media.get(id) else { return Value::Null };
        let mut object =
            json!({ "id": id, "mime_type": medium.new.mime_type, "sha256": STANDARD.encode(medium.sha256) });
        if let Some(filename) = medium.new.filename {
            object["filename"] = json!(filename);
        }
        object
    }

    /// The SHA-256 of a medium's content, in hex.
    #[must_use]
    pub fn digest(&self, id: &str) -> Option<String> {
        self.state().media.get(id).map(|medium| hex(&medium.sha256))
    }

    /// `GET /{media}`: where it can be had for five minutes.
    pub(super) fn look_up(
        &self,
        caller: &AccessToken,
        id: &str,
        phone_number_id: &str,
    ) -> Result<Json<Value>, Refused> {
        let now = self.0.clock.now();
        let mut state = self.state();
        let medium = state.media.get(id).cloned().ok_or_else(|| Refused::not_there(id))?;
        let owner = state.number(&medium.phone_number_id).map(|(account, _)| account.id);
        let may = owner.is_some_and(|owner| caller.grant.targets.iter().any(|target| target == owner));
        let is_own = phone_number_id.is_empty() || phone_number_id == medium.phone_number_id;
        if !may || !is_own || now - medium.uploaded_at > ID_LIVES {
            return Err(Refused::not_there(id));
        }
        let key = random("m");
        let expires =
            if state.faults.contains(&Fault::MediaExpires) { now - TimeDelta::seconds(1) } else { now + URL_LIVES };
        state.media_urls.insert(key.clone(), (id.to_owned(), expires));
        Ok(Json(json!({
            "messaging_product": "whatsapp", "url": format!("{}media/{key}", self.url()), "mime_type": medium.new.mime_type,
            "sha256": hex(&medium.sha256), "file_size": medium.new.bytes, "id": id,
        })))
    }
}

impl MetaSim {
    /// Puts a file where anybody can have it, as Messenger and Instagram do; returns its address and its id.
    #[must_use]
    pub fn publish(&self, new: NewMedia) -> (String, String) {
        let id = self.upload("", new);
        (format!("{}cdn/{id}", self.url()), id)
    }
}

/// What was put where anybody can have it.
pub async fn public(State(sim): State<MetaSim>, Path(id): Path<String>) -> Response {
    let state = sim.state();
    let Some(medium) = state.media.get(&id).filter(|medium| medium.phone_number_id.is_empty()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let head = [(header::CONTENT_TYPE, medium.new.mime_type)];
    (head, Body::from_stream(Content::new(medium.seed, &medium.new))).into_response()
}

/// The content, for whoever has the address and a token.
pub async fn download(State(sim): State<MetaSim>, Path(key): Path<String>, headers: HeaderMap) -> Response {
    if sim.caller(&headers, &super::tokens::Params::new()).is_err() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let state = sim.state();
    let found = state.media_urls.get(&key).filter(|(_, until)| *until >= sim.0.clock.now());
    let Some(medium) = found.and_then(|(id, _)| state.media.get(id)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let seed = if state.faults.contains(&Fault::MediaDiffers) { medium.seed + 1 } else { medium.seed };
    let mut content = Content::new(seed, &medium.new);
    if state.faults.contains(&Fault::MediaBreaksOff) {
        content.breaks_at = Some(medium.new.bytes / 2);
    }
    let head = [
        (header::CONTENT_TYPE, medium.new.mime_type.to_owned()),
        (header::CONTENT_LENGTH, medium.new.bytes.to_string()),
    ];
    (head, Body::from_stream(content)).into_response()
}
