//! The audit log: who did what in a tenant, when, and from where. The database refuses to change a record.

use chrono::{DateTime, Utc};
use socialhook_core::id::{AccountId, AuditId, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Result;

/// What somebody has done.
#[derive(Debug, Clone, Copy)]
pub struct Deed<'a> {
    pub account_id: AccountId,
    /// At that time.
    pub email: &'a str,
    /// The address or network that it came from; none: it is not known for sure.
    pub network: Option<&'a str>,
    /// In words, beginning with a verb in the past.
    pub action: &'a str,
    /// Ids of what it was done to.
    pub subjects: &'a [String],
}

pub async fn add(c: &mut PgConnection, tenant_id: TenantId, deed: Deed<'_>, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into audit (tenant_id, audit_id, at, account_id, email, network, action, subjects)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        tenant_id.0,
        AuditId::new(now).0,
        now,
        deed.account_id.0,
        deed.email,
        deed.network,
        deed.action,
        deed.subjects
    )
    .execute(c)
    .await?;
    Ok(())
}

#[derive(Debug, Clone)]
pub struct Record {
    pub audit_id: AuditId,
    pub at: DateTime<Utc>,
    pub account_id: AccountId,
    pub email: String,
    pub network: Option<String>,
    pub action: String,
    pub subjects: Vec<String>,
}

/// Up to so many records before one, newest first; without one, the newest.
pub async fn list(
    c: &mut PgConnection,
    tenant_id: TenantId,
    before: Option<AuditId>,
    limit: i64,
) -> Result<Vec<Record>> {
    let rows = sqlx::query_as!(
        Record,
        r#"select audit_id as "audit_id: Uuid", at, account_id as "account_id: Uuid", email, network, action, subjects
           from audit where tenant_id = $1 and ($2::uuid is null or audit_id < $2) order by audit_id desc limit $3"#,
        tenant_id.0,
        before.map(|id| id.0),
        limit
    )
    .fetch_all(c)
    .await?;
    Ok(rows)
}
