//! The people at Meta who connected something: what Meta tells of them concerns whatever tenants they did it for.

use chrono::{DateTime, TimeDelta, Utc};
use socialhook_core::id::{AppId, ConnectionId, TenantId};
use sqlx::PgConnection;

use crate::Result;

/// Notes that Meta asked to delete what is kept of a person, for whoever holds the code that was given back.
pub async fn note_deletion(
    c: &mut PgConnection,
    code_hash: &[u8],
    connections: usize,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into data_deletion (code_hash, requested_at, connections) values ($1, $2, $3)",
        code_hash,
        now,
        i32::try_from(connections).unwrap_or(i32::MAX)
    )
    .execute(c)
    .await?;
    Ok(())
}

/// When a deletion was asked for, and how many connections went.
pub async fn find_deletion(c: &mut PgConnection, code_hash: &[u8]) -> Result<Option<(DateTime<Utc>, i32)>> {
    let row = sqlx::query!("select requested_at, connections from data_deletion where code_hash = $1", code_hash)
        .fetch_optional(c)
        .await?;
    Ok(row.map(|row| (row.requested_at, row.connections)))
}

/// How long it can be looked up what came of a deletion.
const TOLD_FOR: TimeDelta = TimeDelta::days(180);

/// Forgets deletions that were asked for long ago.
pub async fn sweep_deletions(c: &mut PgConnection, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!("delete from data_deletion where requested_at < $1", now - TOLD_FOR).execute(c).await?;
    Ok(())
}

/// The connections of an app that a person of Meta's made, whoever's they are.
pub async fn of_meta_user(
    c: &mut PgConnection,
    app_id: AppId,
    meta_user_id: &str,
) -> Result<Vec<(TenantId, ConnectionId)>> {
    let rows = sqlx::query!(
        "select tenant_id, connection_id from connection where app_id = $1 and meta_user_id = $2 order by connection_id",
        app_id.0,
        meta_user_id
    )
    .fetch_all(c)
    .await?;
    Ok(rows.into_iter().map(|row| (row.tenant_id.into(), row.connection_id.into())).collect())
}
