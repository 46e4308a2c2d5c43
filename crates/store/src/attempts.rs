//! Attempts: one HTTP request each, append-only. Recording them also settles their deliveries, in one statement.
//!
//! What must hold: an attempt and what follows from it are stored together or not at all. Only the owner settles a
//! delivery: who has its manifest, or the row. The attempt of a process that lost it is still a fact, and is kept.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use socialhook_core::id::{EndpointId, EventId, ManifestId, NodeId, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Result;
use crate::deliveries::unsigned;

/// Bytes of a failed response's body that are kept.
pub const EXCERPT_MAX: usize = 2048;
/// Bytes of a failed response's headers that are kept.
pub const RESPONSE_HEADERS_MAX: usize = 2048;

#[derive(Debug, Clone)]
pub struct Finished {
    pub tenant_id: TenantId,
    pub event_id: EventId,
    pub endpoint_id: EndpointId,
    /// Where the delivery stands: in a manifest, if this was its first attempt; none: it has a row.
    pub manifest_id: Option<ManifestId>,
    pub number: u16,
    pub replay: bool,
    pub started_at: DateTime<Utc>,
    pub latency_us: i32,
    pub status: Option<u16>,
    /// The failure class's word; none if delivered.
    pub failure: Option<&'static str>,
    pub excerpt: Option<Vec<u8>>,
    /// Of a failure's response: `name: value`, one a line; at most [`RESPONSE_HEADERS_MAX`].
    pub response_headers: Option<String>,
    pub next: Next,
}

/// What becomes of the delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    Delivered,
    DueAt(DateTime<Utc>),
    ParkedAt(DateTime<Utc>),
}

/// Stores a batch of outcomes, once: a second time it is refused as a duplicate ([`crate::Error::is_duplicate`]), so that nothing has to be
/// looked up the first time. Also deletes manifests of which every delivery had its outcome stored before, or has it in this batch.
pub async fn record(c: &mut PgConnection, node_id: NodeId, batch: &[Finished], closed: &[ManifestId]) -> Result<()> {
    let n = Columns::of(batch);
    let closed: Vec<Uuid> = closed.iter().map(|id| id.0).collect();
    sqlx::query!(
        "with x as (
           select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::smallint[], $5::bool[], $6::timestamptz[], $7::int[],
             $8::smallint[], $9::text[], $10::bytea[], $11::timestamptz[], $12::timestamptz[], $15::uuid[], $16::text[])
             x(tenant_id, event_id, endpoint_id, number, replay, started_at, latency_us, status, failure, excerpt, due_at, parked_at, manifest_id,
               response_headers)
         ), a as (
           insert into attempt (tenant_id, event_id, endpoint_id, number, replay, started_at, latency_us, status, failure, excerpt, response_headers)
           select tenant_id, event_id, endpoint_id, number, replay, started_at, latency_us, status, failure, excerpt, response_headers from x
         ), first as (
           insert into delivery (tenant_id, event_id, endpoint_id, owner, due_at, parked_at, attempts, round_start, replay)
           select x.tenant_id, x.event_id, x.endpoint_id, null, x.due_at, x.parked_at, x.number, 0, x.replay
           from x join manifest m on m.node_id = $13 and m.manifest_id = x.manifest_id
           where x.due_at is not null
           on conflict do nothing
         ), done as (
           delete from delivery d using x
           where x.due_at is null and x.manifest_id is null
             and d.tenant_id = x.tenant_id and d.event_id = x.event_id and d.endpoint_id = x.endpoint_id and d.owner = $13
         ), again as (
           update delivery d set owner = null, attempts = x.number, due_at = x.due_at, parked_at = x.parked_at from x
           where x.due_at is not null and x.manifest_id is null
             and d.tenant_id = x.tenant_id and d.event_id = x.event_id and d.endpoint_id = x.endpoint_id and d.owner = $13
         )
         delete from manifest m using unnest($14::uuid[]) over(manifest_id) where m.node_id = $13 and m.manifest_id = over.manifest_id",
        &n.tenant_ids,
        &n.event_ids,
        &n.endpoint_ids,
        &n.numbers,
        &n.replays,
        &n.started_at,
        &n.latencies_us,
        &n.statuses as &[Option<i16>],
        &n.failures as &[Option<&str>],
        &n.excerpts as &[Option<&[u8]>],
        &n.due_at as &[Option<DateTime<Utc>>],
        &n.parked_at as &[Option<DateTime<Utc>>],
        node_id.0,
        &closed,
        &n.manifest_ids as &[Option<Uuid>],
        &n.response_headers as &[Option<&str>],
    )
    .execute(c)
    .await?;
    Ok(())
}

#[derive(Default)]
struct Columns<'a> {
    tenant_ids: Vec<Uuid>,
    event_ids: Vec<Uuid>,
    endpoint_ids: Vec<Uuid>,
    manifest_ids: Vec<Option<Uuid>>,
    numbers: Vec<i16>,
    replays: Vec<bool>,
    started_at: Vec<DateTime<Utc>>,
    latencies_us: Vec<i32>,
    statuses: Vec<Option<i16>>,
    failures: Vec<Option<&'a str>>,
    excerpts: Vec<Option<&'a [u8]>>,
    response_headers: Vec<Option<&'a str>>,
    due_at: Vec<Option<DateTime<Utc>>>,
    parked_at: Vec<Option<DateTime<Utc>>>,
}

impl<'a> Columns<'a> {
    fn of(batch: &'a [Finished]) -> Self {
        let mut columns = Self::default();
        for finished in batch {
            let (due_at, parked_at) = match finished.next {
                Next::Delivered => (None, None),
                Next::DueAt(at) => (Some(at), None),
                Next::ParkedAt(at) => (Some(at), Some(at)),
            };
            columns.tenant_ids.push(finished.tenant_id.0);
            columns.event_ids.push(finished.event_id.0);
            columns.endpoint_ids.push(finished.endpoint_id.0);
            columns.manifest_ids.push(finished.manifest_id.map(|id| id.0));
            columns.numbers.push(i16::try_from(finished.number).unwrap_or(i16::MAX));
            columns.replays.push(finished.replay);
            columns.started_at.push(finished.started_at);
            columns.latencies_us.push(finished.latency_us);
            columns.statuses.push(finished.status.and_then(|status| i16::try_from(status).ok()));
            columns.failures.push(finished.failure);
            columns.excerpts.push(finished.excerpt.as_deref().map(|text| &text[..text.len().min(EXCERPT_MAX)]));
            columns.response_headers.push(finished.response_headers.as_deref());
            columns.due_at.push(due_at);
            columns.parked_at.push(parked_at);
        }
        columns
    }
}

/// An attempt as it is shown.
#[derive(Debug, Clone)]
pub struct Attempt {
    pub number: u16,
    pub replay: bool,
    pub started_at: DateTime<Utc>,
    pub latency_us: i32,
    pub status: Option<u16>,
    /// A failure class's word; none if delivered.
    pub failure: Option<String>,
    pub excerpt: Option<Vec<u8>>,
    /// Of a failure's response: `name: value`, one a line.
    pub response_headers: Option<String>,
}

/// An attempt as it is stored.
struct Row {
    event_id: Uuid,
    endpoint_id: Uuid,
    number: i16,
    replay: bool,
    started_at: DateTime<Utc>,
    latency_us: i32,
    status: Option<i16>,
    failure: Option<String>,
    excerpt: Option<Vec<u8>>,
    response_headers: Option<String>,
}

impl From<Row> for Attempt {
    fn from(row: Row) -> Self {
        Self {
            number: unsigned(row.number),
            replay: row.replay,
            started_at: row.started_at,
            latency_us: row.latency_us,
            status: row.status.map(unsigned),
            failure: row.failure,
            excerpt: row.excerpt,
            response_headers: row.response_headers,
        }
    }
}

/// All attempts of one delivery, in order.
pub async fn of_delivery(
    c: &mut PgConnection,
    tenant_id: TenantId,
    event_id: EventId,
    endpoint_id: EndpointId,
) -> Result<Vec<Attempt>> {
    let rows = sqlx::query_as!(
        Row,
        "select event_id, endpoint_id, number, replay, started_at, latency_us, status, failure, excerpt, response_headers from attempt
         where tenant_id = $1 and event_id = $2 and endpoint_id = $3 order by number, started_at",
        tenant_id.0,
        event_id.0,
        endpoint_id.0
    )
    .fetch_all(c)
    .await?;
    Ok(rows.into_iter().map(Attempt::from).collect())
}

/// All attempts of some events, by event and endpoint, each in order.
pub async fn of_events(
    c: &mut PgConnection,
    tenant_id: TenantId,
    event_ids: &[EventId],
) -> Result<HashMap<(EventId, EndpointId), Vec<Attempt>>> {
    let ids: Vec<Uuid> = event_ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        Row,
        "select event_id, endpoint_id, number, replay, started_at, latency_us, status, failure, excerpt, response_headers from attempt
         where tenant_id = $1 and event_id = any($2) order by number, started_at",
        tenant_id.0,
        &ids
    )
    .fetch_all(c)
    .await?;
    let mut attempts: HashMap<(EventId, EndpointId), Vec<Attempt>> = HashMap::new();
    for row in rows {
        let delivery = (row.event_id.into(), row.endpoint_id.into());
        attempts.entry(delivery).or_default().push(row.into());
    }
    Ok(attempts)
}
