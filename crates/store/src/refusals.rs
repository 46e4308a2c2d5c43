//! Refused POSTs, counted by app, reason and day. The newest are kept as they came in [`crate::refused_requests`].

use chrono::{DateTime, Utc};
use socialhook_core::id::{AppId, TenantId};
use sqlx::PgConnection;

use crate::Result;

#[derive(Debug, Clone)]
pub struct Count {
    pub tenant_id: TenantId,
    pub app_id: AppId,
    pub reason: &'static str,
    pub count: i64,
    pub last_at: DateTime<Utc>,
}

/// Adds counts to those of their day.
pub async fn add(c: &mut PgConnection, counts: &[Count]) -> Result<()> {
    for count in counts {
        sqlx::query!(
            "insert into refusal (tenant_id, app_id, reason, day, count, last_at)
             select $1, $2, $3, $4, $5, $6 where exists (select from app where tenant_id = $1 and app_id = $2)
             on conflict (tenant_id, app_id, reason, day) do update
               set count = refusal.count + excluded.count, last_at = greatest(refusal.last_at, excluded.last_at)",
            count.tenant_id.0,
            count.app_id.0,
            count.reason,
            count.last_at.date_naive(),
            count.count,
            count.last_at
        )
        .execute(&mut *c)
        .await?;
    }
    Ok(())
}

/// Refusals of one app under one reason, over the days that are kept.
#[derive(Debug, Clone)]
pub struct Total {
    pub app_id: AppId,
    pub reason: String,
    pub count: i64,
    pub last_at: DateTime<Utc>,
}

/// What was refused since `since`, per app and reason, latest first.
pub async fn since(c: &mut PgConnection, tenant_id: TenantId, since: DateTime<Utc>) -> Result<Vec<Total>> {
    let rows = sqlx::query!(
        r#"select app_id, reason, sum(count)::bigint as "count!", max(last_at) as "last_at!" from refusal
           where tenant_id = $1 and day >= $2 group by app_id, reason order by max(last_at) desc"#,
        tenant_id.0,
        since.date_naive()
    )
    .fetch_all(c)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Total { app_id: row.app_id.into(), reason: row.reason, count: row.count, last_at: row.last_at })
        .collect())
}
