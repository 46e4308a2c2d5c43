//! Channels: connected numbers, pages and Instagram accounts.

use chrono::{DateTime, Utc};
use socialhook_core::event::Platform;
use socialhook_core::id::{AppId, ChannelId, ConnectionId, TenantId};
use sqlx::{Connection, PgConnection};

use crate::{Error, Result};

#[derive(Debug, Clone)]
pub struct Channel {
    pub channel_id: ChannelId,
    pub app_id: AppId,
    pub app_name: String,
    pub platform: Platform,
    pub external_id: String,
    pub address: Option<String>,
    pub name: String,
    pub created_at: DateTime<Utc>,
    /// It is reached through an app of the operator's, not of the tenant's own.
    pub is_operators: bool,
    /// A signed webhook named it before a person did.
    pub discovered: bool,
    /// Since when its events go to no endpoint.
    pub disabled_at: Option<DateTime<Utc>>,
    pub last_receipt_at: Option<DateTime<Utc>>,
    /// Events of the last 24 hours, from the sums by the hour.
    pub events_of_day: i64,
    /// What it was connected with.
    pub connection_id: Option<ConnectionId>,
}

#[derive(Debug, Clone)]
pub struct NewChannel<'a> {
    pub channel_id: ChannelId,
    /// The tenant itself, or the operator.
    pub app_tenant_id: TenantId,
    pub app_id: AppId,
    pub platform: Platform,
    pub external_id: &'a str,
    pub address: Option<&'a str>,
    pub name: &'a str,
}

pub(crate) fn platform(word: &str) -> Result<Platform> {
    Platform::from_word(word).ok_or(Error::Unreadable { table: "channel", column: "platform" })
}

/// Violates `channel_external_id` if that number of that app is connected already, to whichever tenant.
pub async fn create(
    c: &mut PgConnection,
    tenant_id: TenantId,
    channel: &NewChannel<'_>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into channel (tenant_id, channel_id, app_tenant_id, app_id, platform, external_id, address, name, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tenant_id.0,
        channel.channel_id.0,
        channel.app_tenant_id.0,
        channel.app_id.0,
        channel.platform.as_str(),
        channel.external_id,
        channel.address,
        channel.name,
        now
    )
    .execute(c)
    .await?;
    Ok(())
}

/// Makes a channel of what a connection reaches, or has the tenant's own channel reached through it. A name that a person gave it stays.
/// None if it is another tenant's.
pub async fn connect(
    c: &mut PgConnection,
    tenant_id: TenantId,
    channel: &NewChannel<'_>,
    connection_id: ConnectionId,
    now: DateTime<Utc>,
) -> Result<Option<ChannelId>> {
    let channel_id = sqlx::query_scalar!(
        "insert into channel (tenant_id, channel_id, app_tenant_id, app_id, platform, external_id, address, name, created_at, connection_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict on constraint channel_external_id do update set connection_id = excluded.connection_id,
           address = coalesce(channel.address, excluded.address), discovered = false,
           name = case when channel.name = channel.external_id then excluded.name else channel.name end
           where channel.tenant_id = $1
         returning channel_id",
        tenant_id.0,
        channel.channel_id.0,
        channel.app_tenant_id.0,
        channel.app_id.0,
        channel.platform.as_str(),
        channel.external_id,
        channel.address,
        channel.name,
        now,
        connection_id.0
    )
    .fetch_optional(c)
    .await?;
    Ok(channel_id.map(ChannelId))
}

/// The channels of a connection, with platform and id at Meta.
pub async fn of_connection(
    c: &mut PgConnection,
    tenant_id: TenantId,
    connection_id: ConnectionId,
) -> Result<Vec<(ChannelId, Platform, String)>> {
    let rows = sqlx::query!(
        "select channel_id, platform, external_id from channel where tenant_id = $1 and connection_id = $2 order by created_at, channel_id",
        tenant_id.0,
        connection_id.0
    )
    .fetch_all(c)
    .await?;
    rows.into_iter().map(|row| Ok((row.channel_id.into(), platform(&row.platform)?, row.external_id))).collect()
}

/// Changes what a person may change: name and address.
pub async fn describe(
    c: &mut PgConnection,
    tenant_id: TenantId,
    channel_id: ChannelId,
    name: &str,
    address: Option<&str>,
) -> Result<bool> {
    let changed = sqlx::query!(
        "update channel set name = $3, address = $4 where tenant_id = $1 and channel_id = $2 and (name, address) is distinct from ($3, $4)",
        tenant_id.0,
        channel_id.0,
        name,
        address
    )
    .execute(c)
    .await?;
    Ok(changed.rows_affected() == 1)
}

pub async fn list(c: &mut PgConnection, tenant_id: TenantId) -> Result<Vec<Channel>> {
    read(c, tenant_id, None, None).await
}

/// All of the tenant's, with how many events each had since `day`.
pub async fn list_with_traffic(c: &mut PgConnection, tenant_id: TenantId, day: DateTime<Utc>) -> Result<Vec<Channel>> {
    read(c, tenant_id, None, Some(day)).await
}

/// One of the tenant's, with its traffic; another tenant's is not found.
pub async fn find(
    c: &mut PgConnection,
    tenant_id: TenantId,
    channel_id: ChannelId,
    day: DateTime<Utc>,
) -> Result<Option<Channel>> {
    Ok(read(c, tenant_id, Some(channel_id), Some(day)).await?.into_iter().next())
}

async fn read(
    c: &mut PgConnection,
    tenant_id: TenantId,
    only: Option<ChannelId>,
    day: Option<DateTime<Utc>>,
) -> Result<Vec<Channel>> {
    let rows = sqlx::query!(
        r#"with traffic as (
             select subject_id, sum(events)::bigint as events from rollup
             where tenant_id = $1 and grain = 3600 and kind = 'channel' and bucket_at >= $3 and ($2::uuid is null or subject_id = $2)
             group by subject_id
           )
           select c.channel_id, c.app_tenant_id, c.app_id, a.name as app_name, c.platform, c.external_id, c.address, c.name,
             c.created_at, c.discovered, c.disabled_at, c.connection_id, v.last_receipt_at as "last_receipt_at?",
             coalesce(t.events, 0) as "events_of_day!"
           from channel c
           join app a on a.tenant_id = c.app_tenant_id and a.app_id = c.app_id
           left join channel_activity v on v.tenant_id = c.tenant_id and v.channel_id = c.channel_id
           left join traffic t on t.subject_id = c.channel_id
           where c.tenant_id = $1 and ($2::uuid is null or c.channel_id = $2) order by c.created_at, c.channel_id"#,
        tenant_id.0,
        only.map(|id| id.0),
        day
    )
    .fetch_all(c)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Channel {
                channel_id: row.channel_id.into(),
                app_id: row.app_id.into(),
                app_name: row.app_name,
                platform: platform(&row.platform)?,
                external_id: row.external_id,
                address: row.address,
                name: row.name,
                created_at: row.created_at,
                is_operators: TenantId(row.app_tenant_id) != tenant_id,
                discovered: row.discovered,
                disabled_at: row.disabled_at,
                last_receipt_at: row.last_receipt_at,
                events_of_day: row.events_of_day,
                connection_id: row.connection_id.map(ConnectionId),
            })
        })
        .collect()
}

/// From now on its events go to no endpoint; with `None` they do again. False if it is that way already, or not there.
pub async fn disable(
    c: &mut PgConnection,
    tenant_id: TenantId,
    channel_id: ChannelId,
    since: Option<DateTime<Utc>>,
) -> Result<bool> {
    let changed = sqlx::query!(
        "update channel set disabled_at = $3
         where tenant_id = $1 and channel_id = $2 and (disabled_at is null) <> ($3::timestamptz is null)",
        tenant_id.0,
        channel_id.0,
        since
    )
    .execute(c)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// Reached through another of the tenant's own apps from now on. Violates `channel_external_id` if that app has such a channel
/// already. False if either is not the tenant's.
pub async fn move_to(c: &mut PgConnection, tenant_id: TenantId, channel_id: ChannelId, app_id: AppId) -> Result<bool> {
    let moved = sqlx::query!(
        "update channel set app_tenant_id = $1, app_id = $3
         where tenant_id = $1 and channel_id = $2 and exists (select from app where tenant_id = $1 and app_id = $3)",
        tenant_id.0,
        channel_id.0,
        app_id.0
    )
    .execute(c)
    .await?;
    Ok(moved.rows_affected() == 1)
}

/// Takes the channel away, and what is known of its customers' names with it. Its events stay, as long as retention says. False if it
/// is not the tenant's.
pub async fn delete(c: &mut PgConnection, tenant_id: TenantId, channel_id: ChannelId) -> Result<bool> {
    let mut transaction = c.begin().await?;
    let deleted =
        sqlx::query!("delete from channel where tenant_id = $1 and channel_id = $2", tenant_id.0, channel_id.0)
            .execute(&mut *transaction)
            .await?;
    sqlx::query!("delete from conversation_key where tenant_id = $1 and channel_id = $2", tenant_id.0, channel_id.0)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(deleted.rows_affected() == 1)
}

/// Notes that webhooks came in: channels and times of one batch, each channel at most once.
pub async fn note_activity(c: &mut PgConnection, seen: &[(TenantId, ChannelId, DateTime<Utc>)]) -> Result<()> {
    let tenants: Vec<_> = seen.iter().map(|(tenant_id, _, _)| tenant_id.0).collect();
    let channels: Vec<_> = seen.iter().map(|(_, channel_id, _)| channel_id.0).collect();
    let times: Vec<_> = seen.iter().map(|(_, _, at)| *at).collect();
    sqlx::query!(
        "insert into channel_activity (tenant_id, channel_id, last_receipt_at)
         select x.tenant_id, x.channel_id, x.at from unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) x(tenant_id, channel_id, at)
         join channel c on c.tenant_id = x.tenant_id and c.channel_id = x.channel_id
         on conflict (tenant_id, channel_id) do update set last_receipt_at = greatest(excluded.last_receipt_at, channel_activity.last_receipt_at)",
        &tenants,
        &channels,
        &times
    )
    .execute(c)
    .await?;
    Ok(())
}

/// Connects channels of the tenant's own app that a signed webhook named, unless they are there already.
pub async fn discover(
    c: &mut PgConnection,
    tenant_id: TenantId,
    app_id: AppId,
    named: &[(Platform, &str)],
    now: DateTime<Utc>,
) -> Result<()> {
    let ids: Vec<_> = named.iter().map(|_| ChannelId::new(now).0).collect();
    let platforms: Vec<_> = named.iter().map(|(platform, _)| platform.as_str()).collect();
    let external_ids: Vec<_> = named.iter().map(|(_, external_id)| *external_id).collect();
    sqlx::query!(
        "insert into channel (tenant_id, channel_id, app_tenant_id, app_id, platform, external_id, name, created_at, discovered)
         select $1, x.channel_id, $1, $2, x.platform, x.external_id, x.external_id, $3, true
         from unnest($4::uuid[], $5::text[], $6::text[]) x(channel_id, platform, external_id)
         on conflict on constraint channel_external_id do nothing",
        tenant_id.0,
        app_id.0,
        now,
        &ids,
        &platforms as &[&str],
        &external_ids as &[&str]
    )
    .execute(c)
    .await?;
    Ok(())
}
