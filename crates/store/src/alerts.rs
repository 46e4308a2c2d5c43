//! Mail about what needs attention: what was told already, and whom it is told.
//!
//! What must hold: one process looks at a tenant at a time; what lasts is told once, and again only after it was over for a while.

use chrono::{DateTime, TimeDelta, Utc};
use socialhook_core::id::{AccountId, TenantId};
use sqlx::PgConnection;

use crate::Result;

/// What is told only once it has lasted so long.
pub const LASTS: TimeDelta = TimeDelta::minutes(5);
/// What was over for so long is told anew when it comes back.
pub const OVER_AFTER: TimeDelta = TimeDelta::hours(1);
/// Between two letters to a tenant's people: what comes meanwhile waits for the next.
pub const LETTERS_EVERY: TimeDelta = TimeDelta::minutes(30);

/// A tenant whose things are to be looked at.
#[derive(Debug, Clone)]
pub struct Due {
    pub tenant_id: TenantId,
    pub name: String,
    /// Of times in letters.
    pub time_zone: String,
}

/// Takes tenants that are due, and has them due again later.
pub async fn take_due(
    c: &mut PgConnection,
    limit: i64,
    (again_in, now): (TimeDelta, DateTime<Utc>),
) -> Result<Vec<Due>> {
    let due = sqlx::query_as!(
        Due,
        "update tenant t set alerts_due_at = $1::timestamptz + $3::interval
         from (select tenant_id from tenant where alerts_due_at <= $1 and deleted_at is null order by alerts_due_at limit $2 for update skip locked) next
         where t.tenant_id = next.tenant_id returning t.tenant_id, t.name, t.time_zone",
        now,
        limit,
        again_in as TimeDelta
    );
    Ok(due.fetch_all(c).await?)
}

/// Notes what needs attention now; gives which of it is to be told now, and counts it as told. In the caller's transaction, with the letters.
pub async fn note(
    c: &mut PgConnection,
    tenant_id: TenantId,
    subjects: &[String],
    now: DateTime<Utc>,
) -> Result<Vec<String>> {
    sqlx::query!(
        "insert into alert (tenant_id, subject, began_at, seen_at) select $1, subject, $3, $3 from unnest($2::text[]) s(subject)
         on conflict (tenant_id, subject) do update set seen_at = $3",
        tenant_id.0,
        subjects,
        now
    )
    .execute(&mut *c)
    .await?;
    sqlx::query!("delete from alert where tenant_id = $1 and seen_at < $2", tenant_id.0, now - OVER_AFTER)
        .execute(&mut *c)
        .await?;
    let told = sqlx::query_scalar!(
        "update alert a set told_at = $2
         where a.tenant_id = $1 and a.seen_at = $2 and a.told_at is null and a.began_at <= $3
           and not exists (select from alert b where b.tenant_id = $1 and b.told_at > $4)
         returning a.subject",
        tenant_id.0,
        now,
        now - LASTS,
        now - LETTERS_EVERY
    );
    Ok(told.fetch_all(c).await?)
}

/// The addresses of those who want to be told.
pub async fn recipients(c: &mut PgConnection, tenant_id: TenantId) -> Result<Vec<String>> {
    let addresses = sqlx::query_scalar!(
        "select a.email from member m join account a on a.account_id = m.account_id
         where m.tenant_id = $1 and m.wants_alerts and m.role <> 'viewer' order by a.email",
        tenant_id.0
    );
    Ok(addresses.fetch_all(c).await?)
}

/// Whether one of the members wants to be told.
pub async fn wants(c: &mut PgConnection, tenant_id: TenantId, account_id: AccountId) -> Result<bool> {
    let wants = sqlx::query_scalar!(
        "select wants_alerts from member where tenant_id = $1 and account_id = $2",
        tenant_id.0,
        account_id.0
    );
    Ok(wants.fetch_optional(c).await?.unwrap_or(false))
}

pub async fn choose(c: &mut PgConnection, tenant_id: TenantId, account_id: AccountId, wants: bool) -> Result<()> {
    sqlx::query!(
        "update member set wants_alerts = $3 where tenant_id = $1 and account_id = $2",
        tenant_id.0,
        account_id.0,
        wants
    )
    .execute(c)
    .await?;
    Ok(())
}
