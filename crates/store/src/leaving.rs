//! Deleting a tenant: at once nobody belongs to it and nothing comes in or goes out; what it had goes in batches, then its row.
//!
//! What must hold: every table with a tenant's rows is emptied of them; an account that belongs elsewhere too stays; what may end anywhere
//! begins again where things stand, since the row that says so goes last.

use chrono::{DateTime, Utc};
use socialhook_core::id::TenantId;
use sqlx::PgConnection;

use crate::Result;

/// What a tenant has, for people who are about to delete it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    pub apps: i64,
    pub channels: i64,
    pub endpoints: i64,
    pub members: i64,
    /// At most [`EVENTS_COUNTED`].
    pub events: i64,
}

/// Beyond so many, events are not counted.
pub const EVENTS_COUNTED: i64 = 20_000;

pub async fn extent(c: &mut PgConnection, tenant_id: TenantId) -> Result<Extent> {
    let extent = sqlx::query_as!(
        Extent,
        r#"select (select count(*) from app where tenant_id = $1) as "apps!",
             (select count(*) from channel where tenant_id = $1) as "channels!",
             (select count(*) from endpoint where tenant_id = $1) as "endpoints!",
             (select count(*) from member where tenant_id = $1) as "members!",
             (select count(*) from (select from event where tenant_id = $1 limit $2) e) as "events!""#,
        tenant_id.0,
        EVENTS_COUNTED
    )
    .fetch_one(c)
    .await?;
    Ok(extent)
}

/// Marks the tenant as deleted and takes away, in the caller's transaction, all that makes it work: endpoints, channels and apps with
/// their secrets, memberships, and accounts that belong to no other tenant. An error if channels of others are reached through its apps.
pub async fn begin(c: &mut PgConnection, tenant_id: TenantId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update tenant set deleted_at = $2, provisioned_name = null where tenant_id = $1 and deleted_at is null",
        tenant_id.0,
        now
    )
    .execute(&mut *c)
    .await?;
    take_apart(c, tenant_id).await
}

/// Whether a deleted tenant has something again that makes it work: somebody added it who had come in before it was deleted.
pub async fn has_stragglers(c: &mut PgConnection, tenant_id: TenantId) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from endpoint where tenant_id = $1) or exists (select from channel where tenant_id = $1)
             or exists (select from connection where tenant_id = $1) or exists (select from meta_login where tenant_id = $1)
             or exists (select from app where tenant_id = $1) or exists (select from member where tenant_id = $1)
             or exists (select from invitation where tenant_id = $1)
             or exists (select from api_key where tenant_id = $1) or exists (select from alert where tenant_id = $1) as "found!""#,
        tenant_id.0
    )
    .fetch_one(c)
    .await?;
    Ok(found)
}

/// Takes away what makes a deleted tenant work. Every process reads the directory anew after it, whatever was there.
pub async fn take_apart(c: &mut PgConnection, tenant_id: TenantId) -> Result<()> {
    sqlx::query!("delete from endpoint where tenant_id = $1", tenant_id.0).execute(&mut *c).await?;
    sqlx::query!("delete from channel where tenant_id = $1", tenant_id.0).execute(&mut *c).await?;
    sqlx::query!("delete from connection where tenant_id = $1", tenant_id.0).execute(&mut *c).await?;
    sqlx::query!("delete from meta_login where tenant_id = $1", tenant_id.0).execute(&mut *c).await?;
    sqlx::query!("delete from app where tenant_id = $1", tenant_id.0).execute(&mut *c).await?;
    sqlx::query!("delete from api_key where tenant_id = $1", tenant_id.0).execute(&mut *c).await?;
    sqlx::query!("delete from alert where tenant_id = $1", tenant_id.0).execute(&mut *c).await?;
    sqlx::query!("delete from invitation where tenant_id = $1", tenant_id.0).execute(&mut *c).await?;
    sqlx::query!(
        "with gone as (delete from member where tenant_id = $1 returning account_id)
         delete from account a using gone
         where a.account_id = gone.account_id
           and not exists (select from member m where m.tenant_id <> $1 and m.account_id = a.account_id)",
        tenant_id.0
    )
    .execute(c)
    .await?;
    Ok(())
}

/// Tenants that are deleted and not gone yet, and since when.
pub async fn under_way(c: &mut PgConnection) -> Result<Vec<(TenantId, DateTime<Utc>)>> {
    let rows = sqlx::query!(
        r#"select tenant_id, deleted_at as "deleted_at!" from tenant where deleted_at is not null order by deleted_at"#
    )
    .fetch_all(c)
    .await?;
    Ok(rows.into_iter().map(|row| (row.tenant_id.into(), row.deleted_at)).collect())
}

/// Deletes a tenant's rows of one table, about so many, chosen by a part of the key; gives how many.
macro_rules! delete_some {
    ($c:expr, $tenant:expr, $limit:expr, $table:literal, $key:literal) => {
        sqlx::query!(
            "delete from "
                + $table
                + " where tenant_id = $1 and "
                + $key
                + " = any(array(select "
                + $key
                + " from "
                + $table
                + " where tenant_id = $1 limit $2))",
            $tenant.0,
            $limit
        )
        .execute(&mut *$c)
        .await?
        .rows_affected()
    };
}

/// Deletes up to about so many rows of a tenant that is deleted from each table; returns how many in all. Each statement is a transaction.
pub async fn delete_batch(c: &mut PgConnection, tenant_id: TenantId, limit: i64) -> Result<u64> {
    // What is still to be sent goes first, so that as little as can be is sent to nobody.
    Ok(delete_some!(c, tenant_id, limit, "delivery", "event_id")
        + delete_some!(c, tenant_id, limit, "attempt", "event_id")
        + delete_some!(c, tenant_id, limit, "event", "event_id")
        + delete_some!(c, tenant_id, limit, "media", "event_id")
        + delete_some!(c, tenant_id, limit, "media_usage", "tenant_id")
        + delete_some!(c, tenant_id, limit, "receipt", "receipt_id")
        + delete_some!(c, tenant_id, limit, "inspection", "inspection_id")
        + delete_some!(c, tenant_id, limit, "audit", "audit_id")
        + delete_some!(c, tenant_id, limit, "conversation_key", "peer_key")
        // Its key has too many parts.
        + delete_some!(c, tenant_id, limit, "rollup", "ctid"))
}

/// Takes the row of a tenant that is deleted and has nothing left.
pub async fn finish(c: &mut PgConnection, tenant_id: TenantId) -> Result<()> {
    sqlx::query!("delete from tenant where tenant_id = $1 and deleted_at is not null", tenant_id.0).execute(c).await?;
    Ok(())
}
