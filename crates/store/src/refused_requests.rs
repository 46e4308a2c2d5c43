//! The newest refused POSTs of each app, kept so that a person can find out why. All of them are counted in [`crate::refusals`].
//!
//! What must hold: few of them are there, of every app and reason and of every tenant, and none for longer than [`KEPT_DAYS`] or than
//! the tenant keeps what Meta sends. A body is sealed: it was not signed as it should be, but may be a customer's message all the same.

use chrono::{DateTime, TimeDelta, Utc};
use socialhook_core::id::{AppId, RefusedId, TenantId};
use sqlx::PgConnection;

use crate::Result;
use crate::seal::{Place, Sealer};

/// Kept of one app under one reason: a flood of one kind does not take the place of another.
pub const KEPT_OF_REASON: i64 = 10;
/// Kept of a tenant in all.
const KEPT_OF_TENANT: i64 = 200;
/// Days that one is kept at most.
pub const KEPT_DAYS: i64 = 7;
/// Bytes of a body that are kept.
pub const BODY_KEPT: usize = 64 << 10;

/// A POST as it came, to be kept.
#[derive(Debug, Clone)]
pub struct NewRefused {
    pub tenant_id: TenantId,
    pub app_id: AppId,
    pub reason: &'static str,
    pub received_at: DateTime<Utc>,
    pub headers: Headers,
    /// At most [`BODY_KEPT`] of it.
    pub body: Vec<u8>,
    pub body_length: usize,
}

/// The headers that tell who sent it and how it was signed, each at most 512 characters.
#[derive(Debug, Clone, Default)]
pub struct Headers {
    pub signature: Option<String>,
    pub content_type: Option<String>,
    pub user_agent: Option<String>,
}

/// One as a list shows it.
#[derive(Debug, Clone)]
pub struct Line {
    pub refused_id: RefusedId,
    pub app_id: AppId,
    pub reason: String,
    pub received_at: DateTime<Utc>,
    pub user_agent: Option<String>,
    pub body_length: i32,
}

/// One as a whole.
#[derive(Debug, Clone)]
pub struct Refused {
    pub app_id: AppId,
    pub reason: String,
    pub received_at: DateTime<Utc>,
    pub headers: Headers,
    pub body: Vec<u8>,
    pub body_length: usize,
}

fn place(tenant_id: TenantId, refused_id: RefusedId) -> Place {
    Place { column: "refused_request.body", tenant_id, row_id: refused_id.0 }
}

/// Keeps one, and lets the oldest go that are too many by it.
pub async fn keep(c: &mut PgConnection, tenant_id: TenantId, new: &NewRefused, sealer: &Sealer) -> Result<()> {
    let refused_id = RefusedId::new(new.received_at);
    sqlx::query!(
        "insert into refused_request
           (tenant_id, refused_id, app_id, reason, received_at, signature, content_type, user_agent, body, body_length)
         select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 where exists (select from app where tenant_id = $1 and app_id = $3)",
        tenant_id.0,
        refused_id.0,
        new.app_id.0,
        new.reason,
        new.received_at,
        new.headers.signature,
        new.headers.content_type,
        new.headers.user_agent,
        sealer.seal_bytes(place(tenant_id, refused_id), &new.body)?,
        i32::try_from(new.body_length).unwrap_or(i32::MAX)
    )
    .execute(&mut *c)
    .await?;
    sqlx::query!(
        "delete from refused_request where tenant_id = $1 and refused_id in (
           (select refused_id from refused_request where tenant_id = $1 and app_id = $2 and reason = $3
            order by refused_id desc offset $4)
           union all
           (select refused_id from refused_request where tenant_id = $1 order by refused_id desc offset $5))",
        tenant_id.0,
        new.app_id.0,
        new.reason,
        KEPT_OF_REASON,
        KEPT_OF_TENANT
    )
    .execute(c)
    .await?;
    Ok(())
}

/// The newest of one app, newest first; of all of the tenant's apps if none is named.
pub async fn list(
    c: &mut PgConnection,
    tenant_id: TenantId,
    app_id: Option<AppId>,
    (now, limit): (DateTime<Utc>, i64),
) -> Result<Vec<Line>> {
    let rows = sqlx::query!(
        "select refused_id, app_id, reason, received_at, user_agent, body_length from refused_request
         where tenant_id = $1 and ($2::uuid is null or app_id = $2) and received_at >= $3
         order by refused_id desc limit $4",
        tenant_id.0,
        app_id.map(|id| id.0),
        now - TimeDelta::days(KEPT_DAYS),
        limit
    )
    .fetch_all(c)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Line {
            refused_id: row.refused_id.into(),
            app_id: row.app_id.into(),
            reason: row.reason,
            received_at: row.received_at,
            user_agent: row.user_agent,
            body_length: row.body_length,
        })
        .collect())
}

/// One of the tenant's, opened; another tenant's is not found.
pub async fn find(
    c: &mut PgConnection,
    tenant_id: TenantId,
    refused_id: RefusedId,
    (now, sealer): (DateTime<Utc>, &Sealer),
) -> Result<Option<Refused>> {
    let row = sqlx::query!(
        "select app_id, reason, received_at, signature, content_type, user_agent, body, body_length from refused_request
         where tenant_id = $1 and refused_id = $2 and received_at >= $3",
        tenant_id.0,
        refused_id.0,
        now - TimeDelta::days(KEPT_DAYS)
    )
    .fetch_optional(c)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Refused {
        app_id: row.app_id.into(),
        reason: row.reason,
        received_at: row.received_at,
        headers: Headers { signature: row.signature, content_type: row.content_type, user_agent: row.user_agent },
        body: sealer.open_bytes(place(tenant_id, refused_id), &row.body)?,
        body_length: usize::try_from(row.body_length).unwrap_or(0),
    }))
}

/// Lets go what is past its time, of all tenants: [`KEPT_DAYS`], or as long as the tenant keeps receipts or
/// bodies where that is shorter.
pub async fn prune(c: &mut PgConnection, default_days: u32, now: DateTime<Utc>) -> Result<u64> {
    let default_days = i32::try_from(default_days).unwrap_or(i32::MAX);
    let kept_days = i32::try_from(KEPT_DAYS).unwrap_or(i32::MAX);
    let pruned = sqlx::query!(
        "delete from refused_request r using tenant t
         where t.tenant_id = r.tenant_id
           and r.received_at < $1::timestamptz - make_interval(days => least($2, coalesce(t.receipt_days::int, $3), greatest(t.body_days::int, 1)))",
        now,
        kept_days,
        default_days
    )
    .execute(c)
    .await?;
    Ok(pruned.rows_affected())
}
