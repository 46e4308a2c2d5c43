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
    pub paused: Option<(DateTime<Utc>, PauseReason)>,
    /// Since when it does not answer.
    pub down_since: Option<DateTime<Utc>>,
    pub is_recovering: bool,
    /// Attempts in the stretch that was asked for.
    pub attempts: i64,
    pub has_parked: bool,
    /// For their next attempt, or for a paused endpoint.
    pub has_waiting: bool,
}

/// All of the tenant's endpoints, those with the most attempts first. Those with open deliveries are found by leaping from one to the next in
/// their index, so that neither many endpoints nor many deliveries make it slow.
pub async fn endpoints(c: &mut PgConnection, tenant_id: TenantId, traffic: Stretch) -> Result<Vec<EndpointNow>> {
    let rows = sqlx::query!(
        r#"with recursive parked as (
             (select endpoint_id from delivery where tenant_id = $1 and parked_at is not null order by endpoint_id limit 1)
             union all
             select (select d.endpoint_id from delivery d where d.tenant_id = $1 and d.parked_at is not null
               and d.endpoint_id > p.endpoint_id order by d.endpoint_id limit 1) from parked p where p.endpoint_id is not null
           ), waiting as (
             (select endpoint_id from delivery where tenant_id = $1 and owner is null and parked_at is null order by endpoint_id limit 1)
             union all
             select (select d.endpoint_id from delivery d where d.tenant_id = $1 and d.owner is null and d.parked_at is null
               and d.endpoint_id > w.endpoint_id order by d.endpoint_id limit 1) from waiting w where w.endpoint_id is not null
           ), traffic as (
             select subject_id, sum(delivered + failed + parked)::bigint as attempts from rollup
             where tenant_id = $1 and grain = $2 and kind = 'endpoint' and bucket_at >= $3 group by subject_id
           )
           select e.endpoint_id, e.name, e.paused_at, e.pause_reason,
             h.down_since as "down_since?", h.probe_at as "probe_at?", coalesce(t.attempts, 0) as "attempts!",
             p.endpoint_id is not null as "has_parked!", w.endpoint_id is not null as "has_waiting!"
           from endpoint e
           left join endpoint_health h on h.tenant_id = e.tenant_id and h.endpoint_id = e.endpoint_id
           left join traffic t on t.subject_id = e.endpoint_id
           left join parked p on p.endpoint_id = e.endpoint_id
           left join waiting w on w.endpoint_id = e.endpoint_id
           where e.tenant_id = $1
           order by coalesce(t.attempts, 0) desc, e.created_at, e.endpoint_id"#,
        tenant_id.0,
        traffic.seconds(),
        traffic.from
    )
    .fetch_all(c)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| EndpointNow {
            endpoint_id: row.endpoint_id.into(),
            name: row.name,
            paused: row.paused_at.zip(row.pause_reason).map(|(at, reason)| (at, pause_reason(&reason))),
            down_since: row.down_since.filter(|_| row.probe_at.is_some()),
            is_recovering: row.down_since.is_some() && row.probe_at.is_none(),
            attempts: row.attempts,
            has_parked: row.has_parked,
            has_waiting: row.has_waiting,
        })
        .collect())
}

/// Open deliveries of one endpoint; [`OPEN_COUNTED`] is that many or more.
#[derive(Debug, Clone, Copy, Default)]
pub struct Open {
    pub parked: i64,
    pub waiting: i64,
    /// When the oldest of those that wait came in.
    pub oldest: Option<DateTime<Utc>>,
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
                and d.owner is null and d.parked_at is null limit $3) k) as "waiting!",
             (select min(v.received_at) from (
                select d.event_id from delivery d where d.tenant_id = $1 and d.endpoint_id = x.endpoint_id
                  and d.owner is null and d.parked_at is null order by d.due_at limit $4
              ) w join event v on v.tenant_id = $1 and v.event_id = w.event_id) as "oldest?"
           from unnest($2::uuid[]) x(endpoint_id)"#,
        tenant_id.0,
        &ids,
        OPEN_COUNTED,
        OLDEST_AMONG
    )
    .fetch_all(c)
    .await?;
    let open = |row: (i64, i64, Option<DateTime<Utc>>)| Open { parked: row.0, waiting: row.1, oldest: row.2 };
    Ok(rows.into_iter().map(|row| (row.endpoint_id.into(), open((row.parked, row.waiting, row.oldest)))).collect())
}

#[derive(Debug, Clone)]
pub struct ChannelNow {
    pub channel_id: ChannelId,
    pub name: String,
    pub platform: Platform,
    pub last_receipt_at: Option<DateTime<Utc>>,
    /// Events in the stretch that was asked for.
    pub events: i64,
    /// Events between then and the last one, over a month or two: how busy it is.
    pub pace: Option<(i64, DateTime<Utc>)>,
}

/// All of the tenant's channels, those with the most events first.
pub async fn channels(
    c: &mut PgConnection,
    tenant_id: TenantId,
    traffic: Stretch,
    now: DateTime<Utc>,
) -> Result<Vec<ChannelNow>> {
    let rows = sqlx::query!(
        r#"with traffic as (
             select subject_id, sum(events)::bigint as events from rollup
             where tenant_id = $1 and grain = $2 and kind = 'channel' and bucket_at >= $3 group by subject_id
           ), month as (
             select subject_id, sum(events)::bigint as events from rollup
             where tenant_id = $1 and grain = 2592000 and kind = 'channel' and bucket_at >= $4 group by subject_id
           )
           select ch.channel_id, ch.name, ch.platform, v.last_receipt_at as "last_receipt_at?",
             coalesce(t.events, 0) as "events!", m.events as "of_month?", greatest(ch.created_at, $4) as "since!"
           from channel ch
           left join channel_activity v on v.tenant_id = ch.tenant_id and v.channel_id = ch.channel_id
           left join traffic t on t.subject_id = ch.channel_id
           left join month m on m.subject_id = ch.channel_id
           where ch.tenant_id = $1
           order by coalesce(t.events, 0) desc, ch.created_at, ch.channel_id"#,
        tenant_id.0,
        traffic.seconds(),
        traffic.from,
        Grain::Days30.floor(now - TimeDelta::days(30))
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
                pace: row.of_month.map(|events| (events, row.since)),
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
