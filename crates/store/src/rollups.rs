//! Sums over time: events received and what became of attempts, per tenant, channel and endpoint, in buckets of several lengths.
//!
//! What must hold: processes only ever add, so several of them add up, and each in the same order, so that none waits in a circle; a page
//! about any stretch of time reads at most some dozens of buckets of each thing that it shows, since there is a length of bucket for each.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use socialhook_core::histogram::Histogram;
use socialhook_core::id::{ChannelId, EndpointId, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Error, Result};

/// The length of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grain {
    Minutes5,
    Hour,
    Hours6,
    Day,
    /// Only tells what had much traffic, so that the finer buckets need not be read of everything; holds no latencies.
    Days30,
}

impl Grain {
    pub const ALL: [Self; 5] = [Self::Minutes5, Self::Hour, Self::Hours6, Self::Day, Self::Days30];

    #[must_use]
    pub fn length(self) -> TimeDelta {
        match self {
            Self::Minutes5 => TimeDelta::minutes(5),
            Self::Hour => TimeDelta::hours(1),
            Self::Hours6 => TimeDelta::hours(6),
            Self::Day => TimeDelta::days(1),
            Self::Days30 => TimeDelta::days(30),
        }
    }

    /// How long buckets are kept: as long as a page may ask for them, and some more.
    fn kept(self) -> TimeDelta {
        match self {
            Self::Minutes5 => TimeDelta::hours(6),
            Self::Hour => TimeDelta::days(2),
            Self::Hours6 => TimeDelta::days(9),
            Self::Day => TimeDelta::days(33),
            Self::Days30 => TimeDelta::days(65),
        }
    }

    /// When the bucket begins that a moment falls into.
    #[must_use]
    pub fn floor(self, at: DateTime<Utc>) -> DateTime<Utc> {
        let seconds = at.timestamp();
        DateTime::from_timestamp(seconds - seconds.rem_euclid(self.length().num_seconds()), 0).unwrap_or(at)
    }

    fn seconds(self) -> i32 {
        i32::try_from(self.length().num_seconds()).unwrap_or(i32::MAX)
    }
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// Everything of the tenant.
    All,
    /// Events; none: those of the whole account.
    Channel(Option<ChannelId>),
    /// Attempts.
    Endpoint(EndpointId),
}

impl Subject {
    fn kind(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Channel(_) => "channel",
            Self::Endpoint(_) => "endpoint",
        }
    }

    fn id(self) -> Uuid {
        match self {
            Self::All | Self::Channel(None) => Uuid::nil(),
            Self::Channel(Some(channel_id)) => channel_id.0,
            Self::Endpoint(endpoint_id) => endpoint_id.0,
        }
    }

    fn from_columns(kind: &str, id: Uuid) -> Result<Self> {
        match kind {
            "all" => Ok(Self::All),
            "channel" => Ok(Self::Channel((!id.is_nil()).then_some(ChannelId(id)))),
            "endpoint" => Ok(Self::Endpoint(EndpointId(id))),
            _ => Err(Error::Unreadable { table: "rollup", column: "kind" }),
        }
    }
}

/// Whose bucket, and which. Their order is the order of adding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub tenant_id: TenantId,
    pub grain: Grain,
    pub subject: Subject,
    pub bucket_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub events: i64,
    /// Attempts that were answered 2xx.
    pub delivered: i64,
    /// Attempts that failed, and will be followed by another.
    pub failed: i64,
    /// Attempts that failed, after which the event was parked.
    pub parked: i64,
    /// Of answered attempts.
    pub latencies: Histogram,
}

impl Counts {
    pub fn add(&mut self, other: &Self) {
        self.events += other.events;
        self.delivered += other.delivered;
        self.failed += other.failed;
        self.parked += other.parked;
        self.latencies.add(&other.latencies);
    }

    #[must_use]
    pub fn attempts(&self) -> i64 {
        self.delivered + self.failed + self.parked
    }
}

/// Adds counts to those of their buckets, in one statement.
pub async fn add(c: &mut PgConnection, counts: &BTreeMap<Key, Counts>) -> Result<()> {
    let n = Columns::of(counts);
    sqlx::query!(
        "insert into rollup as r (tenant_id, grain, kind, subject_id, bucket_at, events, delivered, failed, parked, latencies)
         select x.tenant_id, x.grain, x.kind, x.subject_id, x.bucket_at, x.events, x.delivered, x.failed, x.parked, x.latencies::bigint[]
         from unnest($1::uuid[], $2::integer[], $3::text[], $4::uuid[], $5::timestamptz[], $6::bigint[], $7::bigint[], $8::bigint[],
           $9::bigint[], $10::text[]) x(tenant_id, grain, kind, subject_id, bucket_at, events, delivered, failed, parked, latencies)
         on conflict (tenant_id, grain, kind, bucket_at, subject_id) do update
           set events = r.events + excluded.events, delivered = r.delivered + excluded.delivered,
             failed = r.failed + excluded.failed, parked = r.parked + excluded.parked,
             latencies = case when excluded.latencies = '{}' then r.latencies else add_counts(r.latencies, excluded.latencies) end",
        &n.tenant_ids,
        &n.grains,
        &n.kinds as &[&str],
        &n.subject_ids,
        &n.buckets,
        &n.events,
        &n.delivered,
        &n.failed,
        &n.parked,
        &n.latencies
    )
    .execute(c)
    .await?;
    Ok(())
}

#[derive(Default)]
struct Columns {
    tenant_ids: Vec<Uuid>,
    grains: Vec<i32>,
    kinds: Vec<&'static str>,
    subject_ids: Vec<Uuid>,
    buckets: Vec<DateTime<Utc>>,
    events: Vec<i64>,
    delivered: Vec<i64>,
    failed: Vec<i64>,
    parked: Vec<i64>,
    /// Arrays in their text form: a column of arrays of different lengths cannot be passed otherwise.
    latencies: Vec<String>,
}

impl Columns {
    fn of(counts: &BTreeMap<Key, Counts>) -> Self {
        let mut columns = Self::default();
        for (key, counts) in counts {
            columns.tenant_ids.push(key.tenant_id.0);
            columns.grains.push(key.grain.seconds());
            columns.kinds.push(key.subject.kind());
            columns.subject_ids.push(key.subject.id());
            columns.buckets.push(key.bucket_at);
            columns.events.push(counts.events);
            columns.delivered.push(counts.delivered);
            columns.failed.push(counts.failed);
            columns.parked.push(counts.parked);
            let slots: Vec<String> = counts.latencies.slots().iter().map(ToString::to_string).collect();
            columns.latencies.push(format!("{{{}}}", slots.join(",")));
        }
        columns
    }
}

/// Deletes buckets that no page asks for any more, of all tenants.
pub async fn prune(c: &mut PgConnection, now: DateTime<Utc>) -> Result<u64> {
    let grains = Grain::ALL.map(Grain::seconds);
    let oldest = Grain::ALL.map(|grain| now - grain.kept());
    let pruned = sqlx::query!(
        "delete from rollup r using unnest($1::integer[], $2::timestamptz[]) x(grain, oldest)
         where r.grain = x.grain and r.bucket_at < x.oldest",
        &grains,
        &oldest
    )
    .execute(c)
    .await?;
    Ok(pruned.rows_affected())
}

/// A bucket of one of the tenant's things.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    pub subject: Subject,
    pub bucket_at: DateTime<Utc>,
    pub counts: Counts,
}

/// Buckets of one length, those that begin at `buckets`, of those that are asked for.
pub async fn series(
    c: &mut PgConnection,
    tenant_id: TenantId,
    grain: Grain,
    buckets: &[DateTime<Utc>],
    subjects: &[Subject],
) -> Result<Vec<Bucket>> {
    let kinds: Vec<&str> = subjects.iter().map(|subject| subject.kind()).collect();
    let ids: Vec<Uuid> = subjects.iter().map(|subject| subject.id()).collect();
    let rows = sqlx::query!(
        "select r.kind, r.subject_id, r.bucket_at, r.events, r.delivered, r.failed, r.parked, r.latencies
         from unnest($3::timestamptz[]) b(bucket_at), unnest($4::text[], $5::uuid[]) x(kind, subject_id), rollup r
         where r.tenant_id = $1 and r.grain = $2 and r.kind = x.kind and r.bucket_at = b.bucket_at and r.subject_id = x.subject_id",

        tenant_id.0,
        grain.seconds(),
        buckets,
        &kinds as &[&str],
        &ids
    )
    .fetch_all(c)
    .await?;
    let bucket = |subject, row: Counts, bucket_at| Bucket { subject, bucket_at, counts: row };
    rows.into_iter()
        .map(|row| {
            let slots = row.latencies.into_iter().map(|count| u64::try_from(count).unwrap_or(0));
            let counts = Counts {
                events: row.events,
                delivered: row.delivered,
                failed: row.failed,
                parked: row.parked,
                latencies: Histogram::of_slots(slots),
            };
            Ok(bucket(Subject::from_columns(&row.kind, row.subject_id)?, counts, row.bucket_at))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_begin_at_multiples_of_their_length() {
        let at: DateTime<Utc> = "2026-11-02T13:37:12.5Z".parse().expect("a time");
        let begins =
            [Grain::Minutes5, Grain::Hour, Grain::Hours6, Grain::Day].map(|grain| grain.floor(at).to_rfc3339());
        let expected = ["2026-11-02T13:35", "2026-11-02T13:00", "2026-11-02T12:00", "2026-11-02T00:00"];
        assert_eq!(begins, expected.map(|text| format!("{text}:00+00:00")));
        for pair in Grain::ALL.windows(2) {
            assert_eq!(pair[1].floor(pair[0].floor(at)), pair[1].floor(at), "a longer bucket holds whole shorter ones");
        }
    }
}
