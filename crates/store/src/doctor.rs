//! What the database knows that tells why a channel gets nothing.

use chrono::{DateTime, TimeDelta, Utc};
use socialhook_core::event::Platform;
use socialhook_core::id::{AppId, ChannelId, ConnectionId, TenantId};
use sqlx::PgConnection;

use crate::{Result, channels};

/// Older refusals say nothing of now.
const REFUSALS_OF: TimeDelta = TimeDelta::days(7);

#[derive(Debug, Clone)]
pub struct Facts {
    pub channel_id: ChannelId,
    pub name: String,
    pub platform: Platform,
    pub external_id: String,
    pub app_tenant_id: TenantId,
    pub app_id: AppId,
    pub app_name: String,
    pub callback_key: String,
    pub connection_id: Option<ConnectionId>,
    pub disabled_at: Option<DateTime<Utc>>,
    pub last_receipt_at: Option<DateTime<Utc>>,
    /// When the app's last webhook came whose signature fits, whichever channel it was for.
    pub signed_at: Option<DateTime<Utc>>,
    /// Webhooks of the app whose signature did not fit, and when the last came.
    pub refused: Option<(i64, DateTime<Utc>)>,
    /// When the tenant's other channels of the app last got something.
    pub others_at: Option<DateTime<Utc>>,
}

/// Of one of the tenant's channels; another's is not found.
pub async fn facts(
    c: &mut PgConnection,
    tenant_id: TenantId,
    channel_id: ChannelId,
    now: DateTime<Utc>,
) -> Result<Option<Facts>> {
    let row = sqlx::query!(
        r#"select ch.name, ch.platform, ch.external_id, ch.app_tenant_id, ch.app_id, a.name as app_name, a.callback_key,
             ch.connection_id, ch.disabled_at, v.last_receipt_at as "last_receipt_at?", w.signed_at as "signed_at?",
             r.number as "refused?", r.last_at as "refused_at?",
             (select max(ov.last_receipt_at) from channel o join channel_activity ov using (tenant_id, channel_id)
              where o.tenant_id = $1 and o.app_id = ch.app_id and o.channel_id <> ch.channel_id) as others_at
           from channel ch
           join app a on a.tenant_id = ch.app_tenant_id and a.app_id = ch.app_id
           left join channel_activity v on v.tenant_id = ch.tenant_id and v.channel_id = ch.channel_id
           left join app_activity w on w.tenant_id = ch.app_tenant_id and w.app_id = ch.app_id
           left join lateral (
             select sum(f.count)::bigint as number, max(f.last_at) as last_at from refusal f
             where f.tenant_id = ch.app_tenant_id and f.app_id = ch.app_id and f.reason like 'signature%' and f.last_at > $3
             having count(*) > 0
           ) r on true
           where ch.tenant_id = $1 and ch.channel_id = $2"#,
        tenant_id.0,
        channel_id.0,
        now - REFUSALS_OF
    )
    .fetch_optional(c)
    .await?;
    row.map(|row| {
        Ok(Facts {
            channel_id,
            name: row.name,
            platform: channels::platform(&row.platform)?,
            external_id: row.external_id,
            app_tenant_id: row.app_tenant_id.into(),
            app_id: row.app_id.into(),
            app_name: row.app_name,
            callback_key: row.callback_key,
            connection_id: row.connection_id.map(ConnectionId),
            disabled_at: row.disabled_at,
            last_receipt_at: row.last_receipt_at,
            signed_at: row.signed_at,
            refused: row.refused.zip(row.refused_at),
            others_at: row.others_at,
        })
    })
    .transpose()
}
