//! Deliveries whose endpoint was deleted while they were under way.

use chrono::TimeDelta;
use socialhook_core::id::{EndpointId, EventId};
use socialhook_store::attempts::{Finished, Next};
use socialhook_store::endpoints::removal::DISCARDED;

use super::Dispatcher;
use crate::job::Job;
use crate::recorder::Entry;

/// Every process knows of a new endpoint by then.
const HEARD_OF_WITHIN: TimeDelta = TimeDelta::minutes(5);

impl Dispatcher {
    /// Of an endpoint that is not in the directory: whether it was there once. A new one may only not have been heard of yet.
    pub(super) fn is_deleted(&self, endpoint_id: EndpointId) -> bool {
        let made_at = EventId(endpoint_id.0).time();
        self.0.means.clock.now() - made_at > HEARD_OF_WITHIN
    }

    /// There is nobody to send it to any more: that is recorded as its end.
    pub(super) async fn give_up(&self, job: Job) {
        let finished = Finished {
            tenant_id: job.tenant_id,
            event_id: job.event_id,
            endpoint_id: job.endpoint_id,
            manifest_id: job.manifest.as_ref().map(|manifest| manifest.manifest_id),
            number: job.attempts + 1,
            replay: true,
            started_at: self.0.means.clock.now(),
            latency_us: 0,
            status: None,
            failure: Some(DISCARDED),
            excerpt: None,
            response_headers: None,
            next: Next::Delivered,
        };
        self.0.recorder.record(Entry::Finished(finished, job.manifest)).await;
    }
}
