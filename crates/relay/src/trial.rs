//! Trying an endpoint out: one test event, sent by the same sender as every other, with its answer told at once.
//!
//! What must hold: nothing is stored, retried, or counted for the endpoint's health; it works while the endpoint is paused or down, since
//! that is when people need it; only so many run at once.

use std::time::Instant;

use socialhook_core::delivery::Outcome;
use socialhook_core::event::{DeliveryStamp, with_delivery};
use socialhook_core::id::{EndpointId, TenantId};
use socialhook_core::offline;

use crate::Relay;
use crate::request::Request;
use crate::sender::Answer;

/// At once, for all tenants together.
pub(crate) const TRIALS_MAX: usize = 16;

/// What came of a test event.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The event's word.
    pub event: &'static str,
    pub outcome: Outcome,
    pub latency_us: i32,
    /// The beginning of a failure's response.
    pub excerpt: Option<Vec<u8>>,
    /// A failure's response headers: `name: value`, one a line.
    pub headers: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotTried {
    #[error("there is no such endpoint")]
    Unknown,
    #[error("too many endpoints are being tried at this moment")]
    Busy,
    #[error("there is no event in the body")]
    NoEvent,
}

impl Relay {
    /// Sends the first event of a body as Meta would post it to one of the tenant's endpoints, as a test, whatever events the
    /// endpoint wants.
    pub async fn try_endpoint(
        &self,
        tenant_id: TenantId,
        endpoint_id: EndpointId,
        body: &[u8],
    ) -> Result<Trial, NotTried> {
        let known = self.0.directory.contents().endpoint(endpoint_id);
        let endpoint = known.filter(|endpoint| endpoint.tenant_id == tenant_id).ok_or(NotTried::Unknown)?;
        let _turn = self.0.trials.try_acquire().map_err(|_| NotTried::Busy)?;
        let now = self.0.means.clock.now();
        let event = offline::test_event(body, now).map_err(|_| NotTried::NoEvent)?;
        let (event, raw) = event.ok_or(NotTried::NoEvent)?;
        let stamp = DeliveryStamp { attempt: 1, latency_ms: 0, replay: false };
        let request = Request {
            event_id: event.event_id,
            event: event.event.as_str(),
            attempt: 1,
            timestamp: now.timestamp(),
            body: with_delivery(&event.body, endpoint.raw.then_some(raw.as_bytes()), stamp),
        };
        let clock = Instant::now();
        let Answer { outcome, excerpt, headers } = self.0.dispatcher.send_apart(&endpoint, request).await;
        let latency_us = i32::try_from(clock.elapsed().as_micros()).unwrap_or(i32::MAX);
        Ok(Trial { event: event.event.as_str(), outcome, latency_us, excerpt, headers })
    }
}
