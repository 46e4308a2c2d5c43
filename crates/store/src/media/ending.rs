//! The end of files: what retention, an erasure or a tenant's end takes away. Objects first, rows after them.

use chrono::{DateTime, Utc};
use socialhook_core::id::{EventId, TenantId};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::Key;
use crate::Result;

/// Marks the files of some events, so that nobody is served them any more, and that their objects go.
pub async fn erase(c: &mut PgConnection, tenant_id: TenantId, events: &[Uuid]) -> Result<u64> {
    let marked = sqlx::query!(
        "update media set state = 'erasing', due_at = null, source = 'erased', filename = null, announced_sha256 = null
         where tenant_id = $1 and event_id = any($2) and state <> 'erasing'",
        tenant_id.0,
        events
    )
    .execute(c)
    .await?;
    Ok(marked.rows_affected())
}

/// Marks files of a tenant's events from before some time, about so many; returns how many.
pub async fn expire(c: &mut PgConnection, tenant_id: TenantId, before: DateTime<Utc>, limit: i64) -> Result<u64> {
    let events = sqlx::query_scalar!(
        "select event_id from media where tenant_id = $1 and event_id < $2 and received_at < $4 and state <> 'erasing'
         order by event_id limit $3",
        tenant_id.0,
        EventId::floor(before).0,
        limit,
        before
    )
    .fetch_all(&mut *c)
    .await?;
    erase(c, tenant_id, &events).await
}

/// Whose objects have to go, of any tenant.
pub async fn erasing(c: &mut PgConnection, limit: i64) -> Result<Vec<Key>> {
    let rows = sqlx::query!("select tenant_id, event_id, position from media where state = 'erasing' limit $1", limit)
        .fetch_all(c)
        .await?;
    let key = |(tenant_id, event_id, position): (Uuid, Uuid, i16)| Key {
        tenant_id: tenant_id.into(),
        event_id: event_id.into(),
        position,
    };
    Ok(rows.into_iter().map(|row| key((row.tenant_id, row.event_id, row.position))).collect())
}

/// Its object is gone: so is its row, and its bytes are not counted any more.
pub async fn forget(c: &mut PgConnection, tenant_id: TenantId, key: Key) -> Result<()> {
    let mut tx = c.begin().await?;
    let bytes = sqlx::query_scalar!(
        "delete from media where tenant_id = $1 and event_id = $2 and position = $3 and state = 'erasing'
         returning case when stored_at is null then null else size end",
        tenant_id.0,
        key.event_id.0,
        key.position
    )
    .fetch_optional(&mut *tx)
    .await?
    .flatten();
    if let Some(bytes) = bytes {
        sqlx::query!("update media_usage set bytes = greatest(bytes - $2, 0) where tenant_id = $1", tenant_id.0, bytes)
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await?;
    Ok(())
}
