//! The sums over time that the overview is drawn from, for a seeded database.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use socialhook_core::histogram::Histogram;
use socialhook_core::id::{ChannelId, EndpointId, TenantId};
use socialhook_store::rollups::{self, Counts, Grain, Key, Subject};
use socialhook_store::{PgConnection, Result};

/// Sums of one statement.
const BATCH: usize = 2000;

pub(super) struct Sums {
    tenant_id: TenantId,
    now: DateTime<Utc>,
    counts: BTreeMap<Key, Counts>,
}

impl Sums {
    pub(super) fn new(tenant_id: TenantId, now: DateTime<Utc>) -> Self {
        Self { tenant_id, now, counts: BTreeMap::new() }
    }

    pub(super) fn event(&mut self, channel_id: ChannelId, at: DateTime<Utc>) {
        self.add(Subject::Channel(Some(channel_id)), at, &Counts { events: 1, ..Counts::default() });
    }

    /// `latency_us` if it was answered 2xx; else it failed, and was parked.
    pub(super) fn attempt(&mut self, endpoint_id: EndpointId, at: DateTime<Utc>, latency_us: Option<i32>) {
        let mut counts = Counts::default();
        match latency_us {
            Some(latency_us) => {
                counts.delivered = 1;
                counts.latencies.count(latency_us);
            }
            None => counts.parked = 1,
        }
        self.add(Subject::Endpoint(endpoint_id), at, &counts);
    }

    /// In those lengths of bucket that are kept for so long.
    fn add(&mut self, subject: Subject, at: DateTime<Utc>, counts: &Counts) {
        let age = self.now - at;
        let kept = [
            (Grain::Minutes5, TimeDelta::hours(6)),
            (Grain::Hour, TimeDelta::days(2)),
            (Grain::Hours6, TimeDelta::days(9)),
            (Grain::Day, TimeDelta::days(31)),
            (Grain::Days30, TimeDelta::days(31)),
        ];
        for (grain, _) in kept.into_iter().filter(|(_, long)| age < *long) {
            let latencies = if grain == Grain::Days30 { Histogram::default() } else { counts.latencies };
            let counts = Counts { latencies, ..*counts };
            for subject in [Subject::All, subject] {
                let key = Key { tenant_id: self.tenant_id, grain, subject, bucket_at: grain.floor(at) };
                self.counts.entry(key).or_default().add(&counts);
            }
        }
    }

    pub(super) async fn store(mut self, c: &mut PgConnection) -> Result<()> {
        while !self.counts.is_empty() {
            let rest =
                self.counts.keys().nth(BATCH).copied().map(|key| self.counts.split_off(&key)).unwrap_or_default();
            rollups::add(c, &self.counts).await?;
            self.counts = rest;
        }
        Ok(())
    }
}
