//! What the overview tells of endpoints, channels and apps: their state now, and which had traffic.
//!
//! What must hold: everything is read through keys of the one tenant and bounded, whatever lies in the big tables.

use chrono::{DateTime, TimeDelta, Utc};
use socialhook_core::event::Platform;
use socialhook_core::id::{AppId, ChannelId, EndpointId, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Result;
use crate::channels::platform;
use crate::endpoints::{PauseReason, pause_reason};
use crate::rollups::Grain;

/// Open deliveries of one endpoint are counted no further.
pub const OPEN_COUNTED: i64 = 1000;
/// Deliveries, those due first, among which an endpoint's oldest is looked for.
const OLDEST_AMONG: i64 = 20;
/// A channel is not thought silent before.
pub const SILENT_AFTER: TimeDelta = TimeDelta::hours(12);

/// A stretch of buckets of one length, up to now.
#[derive(Debug, Clone, Copy)]
pub struct Stretch {
    pub grain: Grain,
    pub from: DateTime<Utc>,
}

impl Stretch {
    fn seconds(self) -> i32 {
        i32::try_from(self.grain.length().num_seconds()).unwrap_or(i32::MAX)
    }
}

#[derive(Debug, Clone)]
pub struct EndpointNow {
    pub endpoint_id: EndpointId,
    pub name: String,
    pub is_inspector: bool,
    pub paused: Option<(DateTime<Utc>, PauseReason)>,
    /// Since when it does not answer.
    pub down_since: Option<DateTime<Utc>>,
    pub is_recovering: bool,
    /// Attempts in the stretch that was asked for.
    pub attempts: i64,
    pub has_parked: bool,
    /// When the oldest came in of those that wait for their next attempt, or for a paused endpoint.
    pub oldest_waiting: Option<DateTime<Utc>>,
}

/// All of the tenant's endpoints, those with the most attempts first.
pub async fn endpoints(c: &mut PgConnection, tenant_id: TenantId, traffic: Stretch) -> Result<Vec<EndpointNow>> {
    let rows = sqlx::query!(
        r#"select e.endpoint_id, e.name, e.kind, e.paused_at, e.pause_reason,
             h.down_since as "down_since?", h.probe_at as "probe_at?",
             coalesce((select sum(r.delivered + r.failed + r.parked) from rollup r where r.tenant_id = e.tenant_id and r.grain = $2
               and r.kind = 'endpoint' and r.subject_id = e.endpoint_id and r.bucket_at >= $3), 0)::bigint as "attempts!",
             exists (select from delivery d where d.tenant_id = e.tenant_id and d.endpoint_id = e.endpoint_id
               and d.parked_at is not null) as "has_parked!",
             (select min(v.received_at) from (
                select d.event_id from delivery d where d.tenant_id = e.tenant_id and d.endpoint_id = e.endpoint_id
                  and d.owner is null and d.parked_at is null order by d.due_at limit $4
              ) w join event v on v.tenant_id = e.tenant_id and v.event_id = w.event_id) as "oldest_waiting?"
           from endpoint e left join endpoint_health h on h.tenant_id = e.tenant_id and h.endpoint_id = e.endpoint_id
           where e.tenant_id = $1
           order by 8 desc, e.created_at, e.endpoint_id"#,
        tenant_id.0,
        traffic.seconds(),
        traffic.from,
        OLDEST_AMONG
    )
    .fetch_all(c)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| EndpointNow {
            endpoint_id: row.endpoint_id.into(),
            name: row.name,
            is_inspector: row.kind == "inspector",
            paused: row.paused_at.zip(row.pause_reason).map(|(at, reason)| (at, pause_reason(&reason))),
            down_since: row.down_since.filter(|_| row.probe_at.is_some()),
            is_recovering: row.down_since.is_some() && row.probe_at.is_none(),
            attempts: row.attempts,
            has_parked: row.has_parked,
            oldest_waiting: row.oldest_waiting,
        })
        .collect())
}

/// Open deliveries of one endpoint; [`OPEN_COUNTED`] is that many or more.
#[derive(Debug, Clone, Copy, Default)]
pub struct Open {
    pub parked: i64,
    pub waiting: i64,
}

/// What is open for some of the tenant's endpoints.
pub async fn open(
    c: &mut PgConnection,
    tenant_id: TenantId,
    endpoint_ids: &[EndpointId],
) -> Result<Vec<(EndpointId, Open)>> {
    let ids: Vec<Uuid> = endpoint_ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"select x.endpoint_id as "endpoint_id!",
             (select count(*) from (select from delivery d where d.tenant_id = $1 and d.endpoint_id = x.endpoint_id
                and d.parked_at is not null limit $3) k) as "parked!",
             (select count(*) from (select from delivery d where d.tenant_id = $1 and d.endpoint_id = x.endpoint_id
                and d.owner is null and d.parked_at is null limit $3) k) as "waiting!"
           from unnest($2::uuid[]) x(endpoint_id)"#,
        tenant_id.0,
        &ids,
        OPEN_COUNTED
    )
    .fetch_all(c)
    .await?;
    let open = rows.into_iter().map(|row| (row.endpoint_id.into(), Open { parked: row.parked, waiting: row.waiting }));
    Ok(open.collect())
}

#[derive(Debug, Clone)]
pub struct ChannelNow {
    pub channel_id: ChannelId,
    pub name: String,
    pub platform: Platform,
    pub last_receipt_at: Option<DateTime<Utc>>,
    /// Events in the stretch that was asked for.
    pub events: i64,
    /// Events in the week before it fell silent, if it has been for [`SILENT_AFTER`].
    pub week_before_silence: Option<i64>,
}

/// All of the tenant's channels, those with the most events first.
pub async fn channels(
    c: &mut PgConnection,
    tenant_id: TenantId,
    traffic: Stretch,
    now: DateTime<Utc>,
) -> Result<Vec<ChannelNow>> {
    let rows = sqlx::query!(
        r#"select ch.channel_id, ch.name, ch.platform, v.last_receipt_at as "last_receipt_at?",
             coalesce((select sum(r.events) from rollup r where r.tenant_id = ch.tenant_id and r.grain = $2
               and r.kind = 'channel' and r.subject_id = ch.channel_id and r.bucket_at >= $3), 0)::bigint as "events!",
             case when v.last_receipt_at < $4 then (select sum(r.events)::bigint from rollup r where r.tenant_id = ch.tenant_id
               and r.grain = 86400 and r.kind = 'channel' and r.subject_id = ch.channel_id
               and r.bucket_at >= v.last_receipt_at - interval '7 days') end as "week_before_silence?"
           from channel ch left join channel_activity v on v.tenant_id = ch.tenant_id and v.channel_id = ch.channel_id
           where ch.tenant_id = $1
           order by 5 desc, ch.created_at, ch.channel_id"#,
        tenant_id.0,
        traffic.seconds(),
        traffic.from,
        now - SILENT_AFTER
    )
    .fetch_all(c)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(ChannelNow {
                channel_id: row.channel_id.into(),
                name: row.name,
                platform: platform(&row.platform)?,
                last_receipt_at: row.last_receipt_at,
                events: row.events,
                week_before_silence: row.week_before_silence,
            })
        })
        .collect()
}

/// What Meta did with an app last.
#[derive(Debug, Clone)]
pub struct AppNow {
    pub app_id: AppId,
    pub name: String,
    pub challenged_at: Option<DateTime<Utc>>,
    pub challenge_failed_at: Option<DateTime<Utc>>,
    /// The last webhook whose signature fitted.
    pub signed_at: Option<DateTime<Utc>>,
    /// Webhooks whose signature fitted no secret, since the day before, and the last of them.
    pub unsigned: Option<(i64, DateTime<Utc>)>,
}

/// All of the tenant's own apps, oldest first.
pub async fn apps(c: &mut PgConnection, tenant_id: TenantId, now: DateTime<Utc>) -> Result<Vec<AppNow>> {
    let rows = sqlx::query!(
        r#"select a.app_id, a.name, v.challenged_at as "challenged_at?", v.challenge_failed_at as "challenge_failed_at?",
             v.signed_at as "signed_at?", u.count as "count?", u.last_at as "last_at?"
           from app a
           left join app_activity v on v.tenant_id = a.tenant_id and v.app_id = a.app_id
           left join lateral (
             select sum(r.count)::bigint as count, max(r.last_at) as last_at from refusal r
             where r.tenant_id = a.tenant_id and r.app_id = a.app_id and r.reason = 'signature_wrong' and r.day >= $2
           ) u on true
           where a.tenant_id = $1 order by a.created_at, a.app_id"#,
        tenant_id.0,
        (now - TimeDelta::days(1)).date_naive()
    )
    .fetch_all(c)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| AppNow {
            app_id: row.app_id.into(),
            name: row.name,
            challenged_at: row.challenged_at,
            challenge_failed_at: row.challenge_failed_at,
            signed_at: row.signed_at,
            unsigned: row.count.zip(row.last_at),
        })
        .collect())
}
