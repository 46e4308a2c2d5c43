//! Looking after connections: which are due, what was found, and what was put right at Meta.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use socialhook_core::id::{ConnectionId, RepairId, TenantId};
use sqlx::PgConnection;

use crate::Result;

/// Takes some that are due to be looked after, of any tenant, and has them due again later.
pub async fn take_due(
    c: &mut PgConnection,
    limit: i64,
    (again_in, now): (TimeDelta, DateTime<Utc>),
) -> Result<Vec<(TenantId, ConnectionId)>> {
    let rows = sqlx::query!(
        "update connection n set check_due_at = $1::timestamptz + $3::interval
         from (select tenant_id, connection_id from connection where check_due_at <= $1 order by check_due_at limit $2 for update skip locked) next
         where n.tenant_id = next.tenant_id and n.connection_id = next.connection_id returning n.tenant_id, n.connection_id",
        now,
        limit,
        again_in as TimeDelta
    )
    .fetch_all(c)
    .await?;
    Ok(rows.into_iter().map(|row| (row.tenant_id.into(), row.connection_id.into())).collect())
}

/// What was found when it was looked after.
pub async fn note_check(
    c: &mut PgConnection,
    tenant_id: TenantId,
    connection_id: ConnectionId,
    findings: &Value,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update connection set findings = $3, checked_at = $4 where tenant_id = $1 and connection_id = $2",
        tenant_id.0,
        connection_id.0,
        findings,
        now
    )
    .execute(c)
    .await?;
    Ok(())
}

/// What Meta says of its token now.
pub async fn note_token(
    c: &mut PgConnection,
    tenant_id: TenantId,
    connection_id: ConnectionId,
    scopes: &[String],
    (expires_at, data_access_expires_at): (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
) -> Result<()> {
    sqlx::query!(
        "update connection set scopes = $3, token_expires_at = $4, data_access_expires_at = $5
         where tenant_id = $1 and connection_id = $2
           and (scopes, token_expires_at, data_access_expires_at) is distinct from ($3, $4, $5)",
        tenant_id.0,
        connection_id.0,
        scopes,
        expires_at,
        data_access_expires_at
    )
    .execute(c)
    .await?;
    Ok(())
}

/// Something that was put right at Meta.
pub async fn note_repair(
    c: &mut PgConnection,
    tenant_id: TenantId,
    connection_id: ConnectionId,
    what: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into repair (tenant_id, repair_id, connection_id, what) values ($1, $2, $3, $4)",
        tenant_id.0,
        RepairId::new(now).0,
        connection_id.0,
        what
    )
    .execute(c)
    .await?;
    Ok(())
}

/// The newest repairs of a connection.
pub async fn repairs(
    c: &mut PgConnection,
    tenant_id: TenantId,
    connection_id: ConnectionId,
    limit: i64,
) -> Result<Vec<(RepairId, String)>> {
    let rows = sqlx::query!(
        "select repair_id, what from repair where tenant_id = $1 and connection_id = $2 order by repair_id desc limit $3",
        tenant_id.0,
        connection_id.0,
        limit
    )
    .fetch_all(c)
    .await?;
    Ok(rows.into_iter().map(|row| (row.repair_id.into(), row.what)).collect())
}
