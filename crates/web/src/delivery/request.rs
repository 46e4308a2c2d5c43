//! What was sent: the request of the last attempt, the same as a curl command, and both bodies as files.
//!
//! What must hold: the request is made by the code that sends, so its signature is one; only who may resend gets one that a receiver
//! would still take.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use socialhook_core::event::{DeliveryStamp, with_delivery};
use socialhook_core::id::EventId;
use socialhook_relay::request::{MASK, Shown};
use socialhook_store::attempts::Attempt;
use socialhook_store::endpoints::removal::DISCARDED;
use socialhook_store::endpoints::{Endpoint, Target};
use socialhook_store::events::Event;

use super::{Told, load, parse};
use crate::error::Error;
use crate::extract::Path;
use crate::member::Member;
use crate::state::App;

/// Bytes of a body that stand in the curl command itself; a longer one is read from the file that the page offers.
const INLINE_MAX: usize = 16 << 10;

pub(super) struct Sent {
    pub(super) number: u16,
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    /// Signed anew: receivers refuse signatures that are minutes old. None: the member may not send.
    pub(super) curl: Option<String>,
    /// The curl command reads the body from its file.
    pub(super) needs_file: bool,
    /// Values of the tenant's own headers are not in it.
    pub(super) is_masked: bool,
}

impl Sent {
    pub(super) fn of(app: &App, member: &Member, told: &Told) -> Option<Self> {
        let attempt = last(&told.attempts).filter(|_| !told.event.is_dropped)?;
        let endpoint = told.endpoint.as_ref().filter(|endpoint| matches!(endpoint.target, Target::Http { .. }))?;
        let shown = request(app, member, endpoint, (&told.event, attempt), attempt.started_at.timestamp())?;
        let signed_now = || request(app, member, endpoint, (&told.event, attempt), app.clock.now().timestamp());
        let needs_file = shown.body.len() > INLINE_MAX;
        let is_masked = shown.headers.iter().any(|(_, value)| value == MASK);
        let file = needs_file.then(|| file_name(told.event.event_id));
        let curl = member.may_act().then(signed_now).flatten().map(|request| curl(&request, file.as_deref()));
        Some(Self { number: attempt.number, url: shown.url, headers: shown.headers, curl, needs_file, is_masked })
    }
}

/// The last request that was made: giving up makes none.
fn last(attempts: &[Attempt]) -> Option<&Attempt> {
    attempts.iter().rev().find(|attempt| attempt.failure.as_deref() != Some(DISCARDED))
}

fn stamp(event: &Event, attempt: &Attempt) -> DeliveryStamp {
    DeliveryStamp {
        attempt: attempt.number,
        latency_ms: (attempt.started_at - event.received_at).num_milliseconds(),
        replay: attempt.replay,
    }
}

fn request(
    app: &App,
    member: &Member,
    endpoint: &Endpoint,
    (event, attempt): (&Event, &Attempt),
    timestamp: i64,
) -> Option<Shown> {
    let to = (member.tenant_id, endpoint.endpoint_id);
    app.relay.request_for(to, event, stamp(event, attempt), timestamp)
}

/// The body as it was sent last; before the first attempt, the event alone.
pub(super) fn body(app: &App, member: &Member, told: &Told) -> Vec<u8> {
    let attempt = last(&told.attempts).filter(|_| !told.event.is_dropped);
    let Some(attempt) = attempt else { return told.event.body.clone() };
    let shown = told
        .endpoint
        .as_ref()
        .and_then(|endpoint| request(app, member, endpoint, (&told.event, attempt), attempt.started_at.timestamp()));
    let without_endpoint = || with_delivery(&told.event.body, None, stamp(&told.event, attempt));
    shown.map_or_else(without_endpoint, |request| request.body)
}

fn file_name(event_id: EventId) -> String {
    format!("{event_id}.json")
}

/// For a POSIX shell: within single quotes nothing has a meaning but the quote.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn curl(request: &Shown, file: Option<&str>) -> String {
    let headers = request.headers.iter().map(|(name, value)| format!("-H {}", quoted(&format!("{name}: {value}"))));
    let body = match file {
        Some(file) => format!("--data-binary {}", quoted(&format!("@{file}"))),
        None => format!("--data-raw {}", quoted(&String::from_utf8_lossy(&request.body))),
    };
    let parts: Vec<String> =
        std::iter::once(format!("curl -i {}", quoted(&request.url))).chain(headers).chain([body]).collect();
    parts.join(" \\\n  ")
}

/// Our event as a file, byte for byte as it was sent last.
pub async fn event_file(
    State(app): State<App>,
    member: Member,
    Path((event_id, endpoint)): Path<(EventId, String)>,
) -> Result<Response, Error> {
    let told = load(&app, &member, event_id, parse(&endpoint)?).await?;
    Ok(file(&file_name(event_id), body(&app, &member, &told)))
}

/// Meta's original as a file.
pub async fn raw_file(
    State(app): State<App>,
    member: Member,
    Path((event_id, endpoint)): Path<(EventId, String)>,
) -> Result<Response, Error> {
    let told = load(&app, &member, event_id, parse(&endpoint)?).await?;
    let raw = told.event.receipt_body.ok_or(Error::NotFound)?;
    Ok(file(&format!("{event_id}-meta.json"), raw))
}

fn file(name: &str, body: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, body).into_response()
}
