//! Endpoints: where a tenant's events go, and the secrets that sign them.

pub mod removal;
pub mod secrets;

use chrono::{DateTime, Utc};
use socialhook_core::id::{ChannelId, EndpointId, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::health::{State, Unwell};
use crate::{Error, Result};

/// What an endpoint's requests go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Http {
        url: String,
    },
    /// A page of ours that shows what arrives.
    Inspector,
}

impl Target {
    pub(crate) fn from_columns(kind: &str, url: Option<String>) -> Result<Self> {
        match (kind, url) {
            ("http", Some(url)) => Ok(Self::Http { url }),
            ("inspector", None) => Ok(Self::Inspector),
            _ => Err(Error::Unreadable { table: "endpoint", column: "kind" }),
        }
    }
}

/// No more are counted on an endpoint's own page: a page must not count a million.
pub const KEPT_COUNTED: i64 = 20_000;
/// And in the list of all, of each.
pub const KEPT_COUNTED_EACH: i64 = 1000;

/// Who paused an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PauseReason {
    Person,
    /// It answered 410.
    Gone,
    /// It did not answer for days.
    Unhealthy,
}

impl PauseReason {
    fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Gone => "gone",
            Self::Unhealthy => "unhealthy",
        }
    }
}

#[derive(Debug, Clone)]
pub struct Endpoint {
    pub endpoint_id: EndpointId,
    pub name: String,
    pub target: Target,
    /// Event words, prefixes such as `message.*`, or `*`.
    pub events: Vec<String>,
    /// None: every channel.
    pub channel_ids: Option<Vec<ChannelId>>,
    pub paused: Option<(DateTime<Utc>, PauseReason)>,
    pub created_at: DateTime<Utc>,
    /// None: it answers.
    pub unwell: Option<Unwell>,
    /// Deliveries kept for it: parked, or waiting for a paused endpoint. As many as are counted is that many or more.
    pub kept: i64,
}

#[derive(Debug)]
pub struct NewEndpoint<'a> {
    pub endpoint_id: EndpointId,
    pub name: &'a str,
    pub target: &'a Target,
    pub events: &'a [String],
    pub channel_ids: Option<&'a [ChannelId]>,
}

fn uuids(channel_ids: Option<&[ChannelId]>) -> Option<Vec<Uuid>> {
    channel_ids.map(|ids| ids.iter().map(|id| id.0).collect())
}

/// Violates `endpoint_name` if the tenant has one of that name.
pub async fn create(
    c: &mut PgConnection,
    tenant_id: TenantId,
    endpoint: &NewEndpoint<'_>,
    now: DateTime<Utc>,
) -> Result<()> {
    let (kind, url) = match endpoint.target {
        Target::Http { url } => ("http", Some(url.as_str())),
        Target::Inspector => ("inspector", None),
    };
    let channel_ids = uuids(endpoint.channel_ids);
    sqlx::query!(
        "insert into endpoint (tenant_id, endpoint_id, name, kind, url, events, channel_ids, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        tenant_id.0,
        endpoint.endpoint_id.0,
        endpoint.name,
        kind,
        url,
        endpoint.events,
        channel_ids.as_deref(),
        now
    )
    .execute(c)
    .await?;
    Ok(())
}

/// Replaces what a form or a provision file says of an endpoint. False if the tenant has no such endpoint.
pub async fn update(c: &mut PgConnection, tenant_id: TenantId, endpoint: &NewEndpoint<'_>) -> Result<bool> {
    let url = match endpoint.target {
        Target::Http { url } => Some(url.as_str()),
        Target::Inspector => None,
    };
    let channel_ids = uuids(endpoint.channel_ids);
    let updated = sqlx::query!(
        "update endpoint set name = $3, url = $4, events = $5, channel_ids = $6 where tenant_id = $1 and endpoint_id = $2",
        tenant_id.0,
        endpoint.endpoint_id.0,
        endpoint.name,
        url,
        endpoint.events,
        channel_ids.as_deref()
    )
    .execute(c)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// All of the tenant's, oldest first; of each, [`KEPT_COUNTED_EACH`] kept deliveries are counted at most.
pub async fn list(c: &mut PgConnection, tenant_id: TenantId) -> Result<Vec<Endpoint>> {
    fetch(c, tenant_id, None, KEPT_COUNTED_EACH).await
}

async fn fetch(
    c: &mut PgConnection,
    tenant_id: TenantId,
    only: Option<EndpointId>,
    counted: i64,
) -> Result<Vec<Endpoint>> {
    let rows = sqlx::query!(
        r#"select e.endpoint_id, name, kind, url, events, channel_ids, paused_at, pause_reason, created_at,
             h.down_since as "down_since?", h.probe_at as "probe_at?", h.drain_before as "drain_before?",
             (select count(*) from (
                (select from delivery d where d.tenant_id = e.tenant_id and d.endpoint_id = e.endpoint_id and d.parked_at is not null
                 limit $2)
                union all
                (select from delivery d where d.tenant_id = e.tenant_id and d.endpoint_id = e.endpoint_id
                   and e.paused_at is not null and d.owner is null and d.parked_at is null limit $2) limit $2) kept) as "kept!"
           from endpoint e left join endpoint_health h on h.tenant_id = e.tenant_id and h.endpoint_id = e.endpoint_id
           where e.tenant_id = $1 and ($3::uuid is null or e.endpoint_id = $3) order by created_at, endpoint_id"#,
        tenant_id.0,
        counted,
        only.map(|id| id.0)
    )
    .fetch_all(c)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Endpoint {
                endpoint_id: row.endpoint_id.into(),
                name: row.name,
                target: Target::from_columns(&row.kind, row.url)?,
                events: row.events,
                channel_ids: row.channel_ids.map(|ids| ids.into_iter().map(ChannelId).collect()),
                paused: row.paused_at.zip(row.pause_reason).map(|(at, reason)| (at, pause_reason(&reason))),
                created_at: row.created_at,
                unwell: row.down_since.and_then(|down_since| {
                    Some(Unwell { down_since, state: State::from_columns(row.probe_at, row.drain_before)? })
                }),
                kept: row.kept,
            })
        })
        .collect()
}

pub(crate) fn pause_reason(word: &str) -> PauseReason {
    let reasons = [PauseReason::Gone, PauseReason::Unhealthy];
    reasons.into_iter().find(|reason| reason.as_str() == word).unwrap_or(PauseReason::Person)
}

/// Ids and names, in the order of the names: much cheaper than all that is known of each.
pub async fn names(c: &mut PgConnection, tenant_id: TenantId) -> Result<Vec<(EndpointId, String)>> {
    let rows = sqlx::query!("select endpoint_id, name from endpoint where tenant_id = $1 order by name", tenant_id.0)
        .fetch_all(c)
        .await?;
    Ok(rows.into_iter().map(|row| (row.endpoint_id.into(), row.name)).collect())
}

/// One of the tenant's endpoints; another tenant's is not found. [`KEPT_COUNTED`] kept deliveries are counted at most.
pub async fn find(c: &mut PgConnection, tenant_id: TenantId, endpoint_id: EndpointId) -> Result<Option<Endpoint>> {
    Ok(fetch(c, tenant_id, Some(endpoint_id), KEPT_COUNTED).await?.pop())
}

/// Pauses: nothing is sent, and events wait, parked. False if it was paused already or does not exist.
pub async fn pause(
    c: &mut PgConnection,
    tenant_id: TenantId,
    endpoint_id: EndpointId,
    reason: PauseReason,
    now: DateTime<Utc>,
) -> Result<bool> {
    let paused = sqlx::query!(
        "update endpoint set paused_at = $4, pause_reason = $3 where tenant_id = $1 and endpoint_id = $2 and paused_at is null",
        tenant_id.0,
        endpoint_id.0,
        reason.as_str(),
        now
    )
    .execute(c)
    .await?;
    Ok(paused.rows_affected() == 1)
}

/// Resumes; what is parked for it stays so until it is drained ([`crate::health::send_parked`]).
pub async fn resume(c: &mut PgConnection, tenant_id: TenantId, endpoint_id: EndpointId) -> Result<bool> {
    let resumed = sqlx::query!(
        "update endpoint set paused_at = null, pause_reason = null
         where tenant_id = $1 and endpoint_id = $2 and paused_at is not null",
        tenant_id.0,
        endpoint_id.0
    )
    .execute(c)
    .await?;
    Ok(resumed.rows_affected() == 1)
}
