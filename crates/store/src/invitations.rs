//! Who was asked to join a tenant, and has not yet.

use chrono::{DateTime, Utc};
use socialhook_core::id::{InvitationId, TenantId};
use sqlx::PgConnection;

use crate::Result;
use crate::tenants::Role;
use crate::token;

#[derive(Debug, Clone)]
pub struct Invitation {
    pub invitation_id: InvitationId,
    pub email: String,
    pub role: Role,
    pub expires_at: DateTime<Utc>,
}

/// One that the holder of a token was sent.
#[derive(Debug, Clone)]
pub struct Received {
    pub tenant_id: TenantId,
    pub tenant_name: String,
    pub email: String,
    pub role: Role,
}

/// Asks somebody; an earlier invitation to the same address is worth nothing any more.
pub async fn add(
    c: &mut PgConnection,
    tenant_id: TenantId,
    invitation: &Invitation,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into invitation (tenant_id, invitation_id, email, role, token_hash, created_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (tenant_id, lower(email)) do update set invitation_id = excluded.invitation_id, email = excluded.email,
           role = excluded.role, token_hash = excluded.token_hash, created_at = excluded.created_at, expires_at = excluded.expires_at",
        tenant_id.0,
        invitation.invitation_id.0,
        invitation.email,
        invitation.role.word(),
        token_hash,
        now,
        invitation.expires_at
    )
    .execute(c)
    .await?;
    Ok(())
}

/// Those that are open, oldest first.
pub async fn list(c: &mut PgConnection, tenant_id: TenantId, now: DateTime<Utc>) -> Result<Vec<Invitation>> {
    let rows = sqlx::query!(
        "select invitation_id, email, role, expires_at from invitation where tenant_id = $1 and expires_at > $2 order by invitation_id",
        tenant_id.0,
        now
    )
    .fetch_all(c)
    .await?;
    let told = rows.into_iter().map(|row| {
        Ok(Invitation {
            invitation_id: row.invitation_id.into(),
            email: row.email,
            role: Role::from_word(&row.role)?,
            expires_at: row.expires_at,
        })
    });
    told.collect()
}

/// Takes one back; false if there is no such.
pub async fn remove(c: &mut PgConnection, tenant_id: TenantId, invitation_id: InvitationId) -> Result<bool> {
    let removed = sqlx::query!(
        "delete from invitation where tenant_id = $1 and invitation_id = $2",
        tenant_id.0,
        invitation_id.0
    );
    Ok(removed.execute(c).await?.rows_affected() == 1)
}

/// What the token's holder was asked, while it holds.
pub async fn find(c: &mut PgConnection, token: &str, now: DateTime<Utc>) -> Result<Option<Received>> {
    let row = sqlx::query!(
        "select i.tenant_id, t.name, i.email, i.role from invitation i join tenant t using (tenant_id)
         where i.token_hash = $1 and i.expires_at > $2 and t.deleted_at is null",
        token::hash(token),
        now
    )
    .fetch_optional(c)
    .await?;
    row.map(|row| {
        let role = Role::from_word(&row.role)?;
        Ok(Received { tenant_id: row.tenant_id.into(), tenant_name: row.name, email: row.email, role })
    })
    .transpose()
}

/// Uses one up; false if somebody else just did, or it was taken back.
pub async fn take(c: &mut PgConnection, token: &str, now: DateTime<Utc>) -> Result<bool> {
    let used =
        sqlx::query!("delete from invitation where token_hash = $1 and expires_at > $2", token::hash(token), now);
    Ok(used.execute(c).await?.rows_affected() == 1)
}

/// Forgets those whose time is over.
pub async fn sweep(c: &mut PgConnection, now: DateTime<Utc>) -> Result<u64> {
    Ok(sqlx::query!("delete from invitation where expires_at <= $1", now).execute(c).await?.rows_affected())
}
