//! How far a newcomer has come, told by facts; and what Meta did with an app last, as the relay saw it.

use chrono::{DateTime, Utc};
use socialhook_core::id::{AppId, EndpointId, EventId, TenantId};
use sqlx::PgConnection;

use crate::Result;
use crate::deliveries::unsigned;

/// Attempts, the newest events' first, among which each endpoint's latest is looked for.
const ATTEMPTS_READ: i64 = 100;

/// What one process saw Meta do with an app since it last told.
#[derive(Debug, Clone, Copy, Default)]
pub struct AppActivity {
    pub challenged_at: Option<DateTime<Utc>>,
    pub challenge_failed_at: Option<DateTime<Utc>>,
    pub signed_at: Option<DateTime<Utc>>,
}

/// Notes what happened to apps, each at most once, of all tenants.
pub async fn note_apps(c: &mut PgConnection, seen: &[(TenantId, AppId, AppActivity)]) -> Result<()> {
    let tenants: Vec<_> = seen.iter().map(|one| one.0.0).collect();
    let apps: Vec<_> = seen.iter().map(|one| one.1.0).collect();
    let challenged: Vec<_> = seen.iter().map(|one| one.2.challenged_at).collect();
    let failed: Vec<_> = seen.iter().map(|one| one.2.challenge_failed_at).collect();
    let signed: Vec<_> = seen.iter().map(|one| one.2.signed_at).collect();
    sqlx::query!(
        "insert into app_activity as v (tenant_id, app_id, challenged_at, challenge_failed_at, signed_at)
         select x.tenant_id, x.app_id, x.challenged_at, x.challenge_failed_at, x.signed_at
         from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[])
           x(tenant_id, app_id, challenged_at, challenge_failed_at, signed_at)
         join app a on a.tenant_id = x.tenant_id and a.app_id = x.app_id
         order by 1, 2
         on conflict (tenant_id, app_id) do update set challenged_at = greatest(v.challenged_at, excluded.challenged_at),
           challenge_failed_at = greatest(v.challenge_failed_at, excluded.challenge_failed_at),
           signed_at = greatest(v.signed_at, excluded.signed_at)",
        &tenants,
        &apps,
        &challenged as &[Option<DateTime<Utc>>],
        &failed as &[Option<DateTime<Utc>>],
        &signed as &[Option<DateTime<Utc>>]
    )
    .execute(c)
    .await?;
    Ok(())
}

/// Whether a newcomer is still to be led: nothing was ever delivered, and nobody closed the guide.
pub async fn is_open(c: &mut PgConnection, tenant_id: TenantId) -> Result<bool> {
    let open = sqlx::query_scalar!(
        r#"select start_dismissed_at is null and not exists (
             select from rollup r where r.tenant_id = $1 and r.grain = 2592000 and r.kind = 'endpoint' and r.delivered > 0
           ) as "open!" from tenant where tenant_id = $1"#,
        tenant_id.0
    )
    .fetch_one(c)
    .await?;
    Ok(open)
}

pub async fn dismiss(c: &mut PgConnection, tenant_id: TenantId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!("update tenant set start_dismissed_at = $2 where tenant_id = $1", tenant_id.0, now).execute(c).await?;
    Ok(())
}

/// The tenant's newest event.
#[derive(Debug, Clone)]
pub struct Newest {
    pub event_id: EventId,
    pub event: String,
    pub received_at: DateTime<Utc>,
    pub channel_name: Option<String>,
    pub body: Vec<u8>,
}

pub async fn newest_event(c: &mut PgConnection, tenant_id: TenantId) -> Result<Option<Newest>> {
    let row = sqlx::query!(
        r#"select e.event_id, e.event, e.received_at, e.body, ch.name as "channel_name?"
           from (select * from event where tenant_id = $1 order by event_id desc limit 1) e
           left join channel ch on ch.tenant_id = e.tenant_id and ch.channel_id = e.channel_id"#,
        tenant_id.0
    )
    .fetch_optional(c)
    .await?;
    Ok(row.map(|row| Newest {
        event_id: row.event_id.into(),
        event: row.event,
        received_at: row.received_at,
        channel_name: row.channel_name,
        body: row.body,
    }))
}

/// An endpoint's latest attempt, and whether one ever succeeded.
#[derive(Debug, Clone)]
pub struct Answer {
    pub endpoint_id: EndpointId,
    pub name: String,
    pub is_inspector: bool,
    pub url: Option<String>,
    pub delivered: bool,
    /// Of the newest events' attempts the one that was made last; none: none of them was to it.
    pub last: Option<LastAttempt>,
}

#[derive(Debug, Clone)]
pub struct LastAttempt {
    pub event_id: EventId,
    pub at: DateTime<Utc>,
    pub status: Option<u16>,
    /// A failure class's word; none if delivered.
    pub failure: Option<String>,
}

/// What each endpoint answered last, oldest endpoint first.
pub async fn answers(c: &mut PgConnection, tenant_id: TenantId) -> Result<Vec<Answer>> {
    let rows = sqlx::query!(
        r#"with recent as (
             select endpoint_id, event_id, started_at, status, failure from attempt where tenant_id = $1 order by event_id desc limit $2
           ), delivered as (
             select subject_id from rollup where tenant_id = $1 and grain = 2592000 and kind = 'endpoint' and delivered > 0
             union
             select endpoint_id from recent where failure is null
           )
           select e.endpoint_id, e.name, e.kind, e.url, a.event_id as "event_id?", a.started_at as "started_at?",
             a.status as "status?", a.failure as "failure?",
             exists (select from delivered where subject_id = e.endpoint_id) as "delivered!"
           from endpoint e
           left join lateral (select * from recent r where r.endpoint_id = e.endpoint_id order by r.started_at desc limit 1) a on true
           where e.tenant_id = $1 order by e.created_at, e.endpoint_id limit 50"#,
        tenant_id.0,
        ATTEMPTS_READ
    )
    .fetch_all(c)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Answer {
            endpoint_id: row.endpoint_id.into(),
            name: row.name,
            is_inspector: row.kind == "inspector",
            url: row.url,
            delivered: row.delivered,
            last: row.event_id.zip(row.started_at).map(|(event_id, at)| LastAttempt {
                event_id: event_id.into(),
                at,
                status: row.status.map(unsigned),
                failure: row.failure,
            }),
        })
        .collect())
}
