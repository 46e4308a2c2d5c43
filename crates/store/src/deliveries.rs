//! Deliveries: the events that endpoints still have to get, and did not get at once. The row goes when the event is delivered.
//!
//! What is sent for the first time has no row, but stands in a manifest ([`crate::manifests`]). A process owns the rows that it has
//! in memory; a row without an owner waits for its time, or is parked. What must hold: a claim names one tenant and one commit
//! ends it; no row stays owned by a process that has no node row ([`crate::nodes`]).

use chrono::{DateTime, Utc};
use socialhook_core::id::{EndpointId, EventId, ManifestId, NodeId, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Result;

/// A claimed delivery, with all that sending it needs.
#[derive(Debug, Clone)]
pub struct Claimed {
    pub tenant_id: TenantId,
    pub event_id: EventId,
    pub endpoint_id: EndpointId,
    /// Made before.
    pub attempts: u16,
    pub round_start: u16,
    pub replay: bool,
    pub received_at: DateTime<Utc>,
    pub event: String,
    /// Empty: it is not kept any more.
    pub body: Vec<u8>,
    /// What Meta sent of it, if the endpoint asks for it and it is still kept.
    pub raw: Option<Vec<u8>>,
}

pub(crate) fn unsigned(number: i16) -> u16 {
    u16::try_from(number).unwrap_or(0)
}

/// What a claim returns, of one endpoint.
struct ClaimedRow {
    event_id: Uuid,
    attempts: i16,
    round_start: i16,
    replay: bool,
    received_at: DateTime<Utc>,
    event: String,
    body: Vec<u8>,
    raw: Option<Vec<u8>>,
}

impl ClaimedRow {
    fn of(self, tenant_id: TenantId, endpoint_id: EndpointId) -> Claimed {
        Claimed {
            tenant_id,
            event_id: self.event_id.into(),
            endpoint_id,
            attempts: unsigned(self.attempts),
            round_start: unsigned(self.round_start),
            replay: self.replay,
            received_at: self.received_at,
            event: self.event,
            body: self.body,
            raw: self.raw,
        }
    }
}

/// Endpoints that have something due, of all tenants; those that are paused or down not.
pub async fn due_endpoints(c: &mut PgConnection, now: DateTime<Utc>) -> Result<Vec<(TenantId, EndpointId)>> {
    let rows = sqlx::query!(
        "select e.tenant_id, e.endpoint_id from endpoint e
         where e.paused_at is null and not exists (
           select from endpoint_health h where h.tenant_id = e.tenant_id and h.endpoint_id = e.endpoint_id and h.probe_at is not null)
         and exists (
           select from delivery d where d.tenant_id = e.tenant_id and d.endpoint_id = e.endpoint_id
             and d.owner is null and d.parked_at is null and d.due_at <= $1)
         order by e.tenant_id, e.endpoint_id",
        now
    )
    .fetch_all(c)
    .await?;
    Ok(rows.into_iter().map(|row| (row.tenant_id.into(), row.endpoint_id.into())).collect())
}

/// Takes up to `limit` due deliveries of one endpoint, oldest first. Rows that another process is taking are skipped.
pub async fn claim_due(
    c: &mut PgConnection,
    tenant_id: TenantId,
    (endpoint_id, node_id): (EndpointId, NodeId),
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Claimed>> {
    let rows = sqlx::query_as!(
        ClaimedRow,
        r#"with due as (
             select event_id from delivery
             where tenant_id = $1 and endpoint_id = $2 and owner is null and parked_at is null and due_at <= $4
             order by due_at limit $5 for update skip locked
           ), claimed as (
             update delivery d set owner = $3 from due
             where d.tenant_id = $1 and d.endpoint_id = $2 and d.event_id = due.event_id
             returning d.event_id, d.attempts, d.round_start, d.replay, d.due_at
           )
           select c.event_id, c.attempts, c.round_start, c.replay, e.received_at, e.event,
             case when e.is_dropped then ''::bytea else e.body end as "body!",
             case when (select n.raw from endpoint n where n.tenant_id = $1 and n.endpoint_id = $2) then (
               select substring(r.body from e.raw_start + 1 for e.raw_length) from receipt r where r.tenant_id = $1 and r.receipt_id = e.receipt_id) end as raw
           from claimed c join event e on e.tenant_id = $1 and e.event_id = c.event_id
           order by c.due_at, c.event_id"#,
        tenant_id.0,
        endpoint_id.0,
        node_id.0,
        now,
        limit
    )
    .fetch_all(c)
    .await?;
    Ok(rows.into_iter().map(|row| row.of(tenant_id, endpoint_id)).collect())
}

/// A delivery that this process has and will not send now.
#[derive(Debug, Clone, Copy)]
pub struct Released {
    pub tenant_id: TenantId,
    pub event_id: EventId,
    pub endpoint_id: EndpointId,
    /// Where it stands, if it was not attempted yet; none: it has a row.
    pub manifest_id: Option<ManifestId>,
    /// Its endpoint is down: it is parked until that has recovered.
    pub park: bool,
}

/// Gives deliveries back: they wait without an owner, due at once, and those of a paused endpoint until it is resumed.
pub async fn release(c: &mut PgConnection, node_id: NodeId, batch: &[Released], now: DateTime<Utc>) -> Result<()> {
    let column = |of: fn(&Released) -> Uuid| batch.iter().map(of).collect::<Vec<_>>();
    let manifest_ids: Vec<Option<Uuid>> = batch.iter().map(|released| released.manifest_id.map(|id| id.0)).collect();
    sqlx::query!(
        "with x as (
           select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bool[]) x(tenant_id, event_id, endpoint_id, manifest_id, park)
         ), first as (
           insert into delivery (tenant_id, event_id, endpoint_id, owner, due_at, parked_at, attempts, round_start, replay)
           select x.tenant_id, x.event_id, x.endpoint_id, null, $7::timestamptz, case when x.park then $7::timestamptz end, 0, 0, false
           from x join manifest m on m.node_id = $6 and m.manifest_id = x.manifest_id
           on conflict do nothing
         )
         update delivery d set owner = null, due_at = $7::timestamptz, parked_at = case when x.park then $7::timestamptz end
         from x
         where x.manifest_id is null
           and d.tenant_id = x.tenant_id and d.event_id = x.event_id and d.endpoint_id = x.endpoint_id and d.owner = $6",
        &column(|released| released.tenant_id.0),
        &column(|released| released.event_id.0),
        &column(|released| released.endpoint_id.0),
        &manifest_ids as &[Option<Uuid>],
        &batch.iter().map(|released| released.park).collect::<Vec<_>>(),
        node_id.0,
        now
    )
    .execute(c)
    .await?;
    Ok(())
}

/// What this process owns and has owned since before `before`.
pub async fn owned(c: &mut PgConnection, node_id: NodeId, before: DateTime<Utc>) -> Result<Vec<Released>> {
    let rows = sqlx::query!(
        "select tenant_id, event_id, endpoint_id from delivery where owner = $1 and due_at < $2",
        node_id.0,
        before
    )
    .fetch_all(c)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Released {
            tenant_id: row.tenant_id.into(),
            event_id: row.event_id.into(),
            endpoint_id: row.endpoint_id.into(),
            manifest_id: None,
            park: false,
        })
        .collect())
}

/// Takes one delivery of an endpoint that is down, to see whether it still is: of those that are due the oldest, else of those that
/// are parked.
pub async fn claim_probe(
    c: &mut PgConnection,
    tenant_id: TenantId,
    endpoint_id: EndpointId,
    node_id: NodeId,
    now: DateTime<Utc>,
) -> Result<Option<Claimed>> {
    let row = sqlx::query_as!(
        ClaimedRow,
        r#"with due as (
             select event_id from delivery
             where tenant_id = $1 and endpoint_id = $2 and owner is null and parked_at is null and due_at <= $4
             order by due_at limit 1 for update skip locked
           ), parked as (
             select event_id from delivery
             where tenant_id = $1 and endpoint_id = $2 and parked_at is not null and not exists (select from due)
             order by event_id limit 1 for update skip locked
           ), claimed as (
             update delivery d set owner = $3, parked_at = null,
               round_start = case when d.parked_at is null then d.round_start else d.attempts end
             from (select event_id from due union all select event_id from parked) one
             where d.tenant_id = $1 and d.endpoint_id = $2 and d.event_id = one.event_id
             returning d.event_id, d.attempts, d.round_start, d.replay
           )
           select c.event_id, c.attempts, c.round_start, c.replay, e.received_at, e.event,
             case when e.is_dropped then ''::bytea else e.body end as "body!",
             case when (select n.raw from endpoint n where n.tenant_id = $1 and n.endpoint_id = $2) then (
               select substring(r.body from e.raw_start + 1 for e.raw_length) from receipt r where r.tenant_id = $1 and r.receipt_id = e.receipt_id) end as raw
           from claimed c join event e on e.tenant_id = $1 and e.event_id = c.event_id"#,
        tenant_id.0,
        endpoint_id.0,
        node_id.0,
        now
    )
    .fetch_optional(c)
    .await?;
    Ok(row.map(|row| row.of(tenant_id, endpoint_id)))
}

/// How many deliveries of an endpoint are due, counted up to `limit`.
pub async fn due_count(
    c: &mut PgConnection,
    tenant_id: TenantId,
    endpoint_id: EndpointId,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from (
             select from delivery where tenant_id = $1 and endpoint_id = $2 and owner is null and parked_at is null and due_at <= $3
             limit $4) due"#,
        tenant_id.0,
        endpoint_id.0,
        now,
        limit
    )
    .fetch_one(c)
    .await?;
    Ok(count)
}

/// What of the parked deliveries is drained, and how many at most.
#[derive(Debug, Clone, Copy)]
pub enum Drain {
    All(i64),
    /// Not what was drained or resent before.
    NeverSentAgain(i64),
}

/// Starts a new round for what was parked at an endpoint before a time, oldest first; returns how many.
pub async fn drain(
    c: &mut PgConnection,
    tenant_id: TenantId,
    endpoint_id: EndpointId,
    (before, now): (DateTime<Utc>, DateTime<Utc>),
    drain: Drain,
) -> Result<u64> {
    let (limit, all) = match drain {
        Drain::All(limit) => (limit, true),
        Drain::NeverSentAgain(limit) => (limit, false),
    };
    let drained = sqlx::query!(
        "update delivery d set due_at = $4, parked_at = null, round_start = d.attempts, replay = true
         from (select event_id from delivery
               where tenant_id = $1 and endpoint_id = $2 and parked_at is not null and parked_at <= $3 and ($6 or not replay)
               order by event_id limit $5 for update skip locked) p
         where d.tenant_id = $1 and d.endpoint_id = $2 and d.event_id = p.event_id",
        tenant_id.0,
        endpoint_id.0,
        before,
        now,
        limit,
        all
    )
    .execute(c)
    .await?;
    Ok(drained.rows_affected())
}
