//! A delivery in memory: what it takes to send it, whether it has just come in or was claimed from the database.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use socialhook_core::event::Priority;
use socialhook_core::id::{EndpointId, EventId, ManifestId, TenantId};
use socialhook_store::deliveries::Claimed;
use socialhook_store::ingest::{Hold, NewEvent};

use crate::queue::Queued;

/// What tells deliveries apart.
pub(crate) type Key = (TenantId, EventId, EndpointId);

/// A delivery in memory.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) tenant_id: TenantId,
    pub(crate) event_id: EventId,
    pub(crate) endpoint_id: EndpointId,
    /// Where it stands if it was never attempted; none: it has a row.
    pub(crate) manifest: Option<Arc<Manifest>>,
    pub(crate) event: Arc<Event>,
    pub(crate) attempts: u16,
    pub(crate) round_start: u16,
    pub(crate) replay: bool,
    /// Sent though the endpoint is down, to see whether it still is.
    pub(crate) probe: bool,
}

/// What a job sends; shared by the jobs of all its endpoints.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) word: Cow<'static, str>,
    pub(crate) priority: Priority,
    pub(crate) received_at: DateTime<Utc>,
    pub(crate) body: Vec<u8>,
    /// What Meta sent of it, if one of its endpoints asks for it.
    pub(crate) raw: Option<Bytes>,
}

/// A manifest of this process, while any of its deliveries is open.
#[derive(Debug)]
pub(crate) struct Manifest {
    pub(crate) manifest_id: ManifestId,
    open: AtomicUsize,
}

impl Manifest {
    pub(crate) fn new(manifest_id: ManifestId, deliveries: usize) -> Self {
        Self { manifest_id, open: AtomicUsize::new(deliveries) }
    }

    /// One more of its deliveries is stored; true for the last.
    pub(crate) fn settle_one(&self) -> bool {
        self.open.fetch_sub(1, Ordering::AcqRel) == 1
    }
}

/// Deliveries of an event that are sent at once.
pub(crate) fn sent_at_once(new: &NewEvent) -> usize {
    new.fan_out.iter().filter(|chosen| chosen.hold == Hold::No).count()
}

impl Job {
    /// The jobs of an event that has just come in; held ones have none.
    pub(crate) fn first(new: NewEvent, manifest: &Arc<Manifest>) -> impl Iterator<Item = Self> {
        let (tenant_id, event_id) = (new.tenant_id, new.event.event_id);
        let event = Arc::new(Event {
            word: Cow::Borrowed(new.event.event.as_str()),
            priority: new.event.priority,
            received_at: new.received_at,
            body: new.event.body,
            raw: new.raw_sent,
        });
        new.fan_out.into_iter().filter(|chosen| chosen.hold == Hold::No).map(move |chosen| Self {
            tenant_id,
            event_id,
            endpoint_id: chosen.endpoint_id,
            manifest: Some(manifest.clone()),
            event: event.clone(),
            attempts: 0,
            round_start: 0,
            replay: false,
            probe: false,
        })
    }

    /// A delivery that was claimed from the database. Its time has come already, so it does not wait behind messages.
    pub(crate) fn claimed(claimed: Claimed) -> Self {
        let priority = if claimed.replay { Priority::Backlog } else { Priority::Message };
        Self {
            tenant_id: claimed.tenant_id,
            event_id: claimed.event_id,
            endpoint_id: claimed.endpoint_id,
            manifest: None,
            event: Arc::new(Event {
                word: Cow::Owned(claimed.event),
                priority,
                received_at: claimed.received_at,
                body: claimed.body,
                raw: claimed.raw.map(Bytes::from),
            }),
            attempts: claimed.attempts,
            round_start: claimed.round_start,
            replay: claimed.replay,
            probe: false,
        }
    }

    pub(crate) fn key(&self) -> Key {
        (self.tenant_id, self.event_id, self.endpoint_id)
    }
}

impl Queued for Job {
    fn tenant_id(&self) -> TenantId {
        self.tenant_id
    }
    fn endpoint_id(&self) -> EndpointId {
        self.endpoint_id
    }
    fn priority(&self) -> Priority {
        self.event.priority
    }
    fn size(&self) -> usize {
        size_of::<Self>() + self.event.body.len() + self.event.raw.as_ref().map_or(0, Bytes::len)
    }
}
