//! What live pages have in common: how often they look, and when their stream ends.
//!
//! What must hold: a stream holds a place of a bounded number, and no connection between two looks.

use std::convert::Infallible;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::Stream;
use tokio::time::{Instant, Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::arrivals::Listener;

/// Looks by itself this often: another process may have received something.
const POLL: Duration = Duration::from_secs(2);
/// Then the browser opens the stream anew, and whether it may is asked again.
const LIFETIME: Duration = Duration::from_mins(5);
const KEEP_ALIVE: Duration = Duration::from_secs(15);
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// When to look next.
pub struct Pace {
    listener: Listener,
    poll: Interval,
    ends_at: Instant,
    stopping: CancellationToken,
}

impl Pace {
    pub fn new(listener: Listener, stopping: CancellationToken) -> Self {
        let mut poll = tokio::time::interval(POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { listener, poll, ends_at: Instant::now() + LIFETIME, stopping }
    }

    /// Returns when it is time to look, at once the first time; none when the stream's time is over, or this process is stopping.
    pub async fn next(&mut self) -> Option<()> {
        tokio::select! {
            () = self.listener.heard() => Some(()),
            _ = self.poll.tick() => Some(()),
            () = tokio::time::sleep_until(self.ends_at) => None,
            () = self.stopping.cancelled() => None,
        }
    }
}

/// What the browser says it had last, after a connection that broke.
pub fn resumed(headers: &HeaderMap) -> Option<&str> {
    headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok())
}

pub fn response(events: impl Stream<Item = Result<Event, Infallible>> + Send + 'static) -> Response {
    let unbuffered = [(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"))];
    (unbuffered, Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))).into_response()
}
