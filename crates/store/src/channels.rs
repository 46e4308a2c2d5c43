//! Channels: connected numbers, pages and Instagram accounts.

use chrono::{DateTime, Utc};
use socialhook_core::event::Platform;
use socialhook_core::id::{AppId, ChannelId, TenantId};
use sqlx::PgConnection;

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
    pub last_receipt_at: Option<DateTime<Utc>>,
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
    let rows = sqlx::query!(
        r#"select c.channel_id, c.app_id, a.name as app_name, c.platform, c.external_id, c.address, c.name,
             v.last_receipt_at as "last_receipt_at?"
           from channel c
           join app a on a.tenant_id = c.app_tenant_id and a.app_id = c.app_id
           left join channel_activity v on v.tenant_id = c.tenant_id and v.channel_id = c.channel_id
           where c.tenant_id = $1 order by c.created_at, c.channel_id"#,
        tenant_id.0
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
                last_receipt_at: row.last_receipt_at,
            })
        })
        .collect()
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
        "insert into channel (tenant_id, channel_id, app_tenant_id, app_id, platform, external_id, name, created_at)
         select $1, x.channel_id, $1, $2, x.platform, x.external_id, x.external_id, $3
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
