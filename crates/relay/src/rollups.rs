//! Sums over time, counted in memory and added to the database's every [`FLUSH_EVERY`] ticks.
//!
//! Counted where it happens and once what happened is stored: by the writer per batch of webhooks, by the recorder per batch of outcomes. On
//! the way of an event this is one look into a map (some 50 ns) under a lock that is taken once per batch. Memory grows with the endpoints and
//! channels that had traffic since the last flush, some 600 bytes each. A process that dies loses what it had not flushed: sums
//! may tell a few seconds too little, but never anything of the events themselves. A flush whose answer is lost may count twice.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use socialhook_core::histogram::Histogram;
use socialhook_core::id::{ChannelId, EndpointId, TenantId};
use socialhook_store::attempts::{Finished, Next};
use socialhook_store::endpoints::removal::DISCARDED;
use socialhook_store::rollups::{self, Counts, Grain, Key, Subject};
use socialhook_store::{PgConnection, Result};

/// Ticks between two flushes.
pub(crate) const FLUSH_EVERY: u64 = 10;

/// Shared by those who count. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Rollups(Arc<Mutex<Pending>>);

/// By the begin of the shortest bucket, from which that of every longer one follows.
#[derive(Default)]
struct Pending {
    events: HashMap<(TenantId, Option<ChannelId>, DateTime<Utc>), i64>,
    attempts: HashMap<(TenantId, EndpointId, DateTime<Utc>), Counts>,
    /// What an earlier flush could not store.
    unstored: BTreeMap<Key, Counts>,
}

/// Counts, as long as it lives. Nothing may be waited for meanwhile.
pub(crate) struct Counting<'a>(MutexGuard<'a, Pending>);

impl Counting<'_> {
    /// An event that is new.
    pub(crate) fn event(&mut self, tenant_id: TenantId, channel_id: Option<ChannelId>, at: DateTime<Utc>) {
        *self.0.events.entry((tenant_id, channel_id, Grain::Minutes5.floor(at))).or_default() += 1;
    }

    /// An attempt that is stored.
    pub(crate) fn attempt(&mut self, finished: &Finished) {
        // That it was given up is no attempt.
        if finished.failure == Some(DISCARDED) {
            return;
        }
        let bucket_at = Grain::Minutes5.floor(finished.started_at);
        let counts = self.0.attempts.entry((finished.tenant_id, finished.endpoint_id, bucket_at)).or_default();
        match finished.next {
            Next::Delivered => counts.delivered += 1,
            Next::DueAt(_) => counts.failed += 1,
            Next::ParkedAt(_) => counts.parked += 1,
        }
        if finished.status.is_some() {
            counts.latencies.count(finished.latency_us);
        }
    }
}

impl Rollups {
    pub(crate) fn counting(&self) -> Counting<'_> {
        Counting(self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes the counts out, added up for every length of bucket.
    fn take(&self) -> BTreeMap<Key, Counts> {
        let pending = std::mem::take(&mut *self.counting().0);
        let mut sums = pending.unstored;
        for ((tenant_id, channel_id, at), events) in pending.events {
            let counts = Counts { events, ..Counts::default() };
            add(&mut sums, (tenant_id, Subject::Channel(channel_id), at), &counts);
        }
        for ((tenant_id, endpoint_id, at), counts) in pending.attempts {
            add(&mut sums, (tenant_id, Subject::Endpoint(endpoint_id), at), &counts);
        }
        sums
    }

    /// Adds what was counted to the database's sums. What it refuses is added with the next.
    pub(crate) async fn flush(&self, c: &mut PgConnection) -> Result<()> {
        let sums = self.take();
        if sums.is_empty() {
            return Ok(());
        }
        let added = rollups::add(c, &sums).await;
        if added.is_err() {
            let mut pending = self.counting();
            for (key, counts) in sums {
                pending.0.unstored.entry(key).or_default().add(&counts);
            }
        }
        added
    }
}

/// To a thing's own sums and to its tenant's, in every length of bucket.
fn add(
    sums: &mut BTreeMap<Key, Counts>,
    (tenant_id, subject, at): (TenantId, Subject, DateTime<Utc>),
    counts: &Counts,
) {
    for grain in Grain::ALL {
        // Those only tell what had traffic.
        let latencies = if grain == Grain::Days30 { Histogram::default() } else { counts.latencies };
        let counts = &Counts { latencies, ..*counts };
        for subject in [Subject::All, subject] {
            let key = Key { tenant_id, grain, subject, bucket_at: grain.floor(at) };
            sums.entry(key).or_default().add(counts);
        }
    }
}
