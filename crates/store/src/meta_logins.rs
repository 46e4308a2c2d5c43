//! People on their way through a login of Meta's: who they are, what they wanted, and what came of it.
//!
//! What must hold: who comes back must know the state that was sent along, of which only the hash is stored, and may come back once.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use socialhook_core::id::{AccountId, AppId, LoginId, TenantId};
use sqlx::PgConnection;

use crate::Result;
use crate::token::hash;

/// A login takes minutes at most; the code that it ends with, seconds.
pub const LIVES: TimeDelta = TimeDelta::hours(1);

#[derive(Debug, Clone)]
pub struct Login {
    pub login_id: LoginId,
    pub account_id: AccountId,
    pub way: String,
    pub app_tenant_id: TenantId,
    pub app_id: AppId,
    pub message: Option<Value>,
}

/// Begins one.
pub async fn create(
    c: &mut PgConnection,
    tenant_id: TenantId,
    login: &Login,
    state: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into meta_login (tenant_id, login_id, account_id, way, app_tenant_id, app_id, state_hash, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        tenant_id.0,
        login.login_id.0,
        login.account_id.0,
        login.way,
        login.app_tenant_id.0,
        login.app_id.0,
        hash(state),
        now
    )
    .execute(c)
    .await?;
    Ok(())
}

/// Takes the one whose state that is, of this person: nobody else can any more.
pub async fn take(
    c: &mut PgConnection,
    tenant_id: TenantId,
    (account_id, state): (AccountId, &str),
    now: DateTime<Utc>,
) -> Result<Option<Login>> {
    let row = sqlx::query!(
        "update meta_login set taken_at = $5
         where tenant_id = $1 and account_id = $2 and state_hash = $3 and created_at > $4 and taken_at is null and outcome is null
         returning login_id, way, app_tenant_id, app_id, message",
        tenant_id.0,
        account_id.0,
        hash(state),
        now - LIVES,
        now
    )
    .fetch_optional(c)
    .await?;
    Ok(row.map(|row| Login {
        login_id: row.login_id.into(),
        account_id,
        way: row.way,
        app_tenant_id: row.app_tenant_id.into(),
        app_id: row.app_id.into(),
        message: row.message,
    }))
}

/// The newest of this person's that is still open.
pub async fn newest_open(
    c: &mut PgConnection,
    tenant_id: TenantId,
    account_id: AccountId,
    now: DateTime<Utc>,
) -> Result<Option<LoginId>> {
    let newest = sqlx::query_scalar!(
        "select login_id from meta_login
         where tenant_id = $1 and account_id = $2 and created_at > $3 and taken_at is null and outcome is null
         order by login_id desc limit 1",
        tenant_id.0,
        account_id.0,
        now - LIVES
    )
    .fetch_optional(c)
    .await?;
    Ok(newest.map(LoginId))
}

/// Keeps what the sign-up's window told.
pub async fn note_message(c: &mut PgConnection, tenant_id: TenantId, login_id: LoginId, message: &Value) -> Result<()> {
    sqlx::query!(
        "update meta_login set message = $3 where tenant_id = $1 and login_id = $2 and outcome is null",
        tenant_id.0,
        login_id.0,
        message
    )
    .execute(c)
    .await?;
    Ok(())
}

/// What came of it: told once.
pub async fn finish(c: &mut PgConnection, tenant_id: TenantId, login_id: LoginId, outcome: &Value) -> Result<()> {
    sqlx::query!(
        "update meta_login set outcome = $3 where tenant_id = $1 and login_id = $2 and outcome is null",
        tenant_id.0,
        login_id.0,
        outcome
    )
    .execute(c)
    .await?;
    Ok(())
}

/// The way and the outcome of one of the tenant's.
pub async fn outcome(c: &mut PgConnection, tenant_id: TenantId, login_id: LoginId) -> Result<Option<(String, Value)>> {
    let row = sqlx::query!(
        r#"select way, outcome as "outcome!" from meta_login where tenant_id = $1 and login_id = $2 and outcome is not null"#,
        tenant_id.0,
        login_id.0
    )
    .fetch_optional(c)
    .await?;
    Ok(row.map(|row| (row.way, row.outcome)))
}

/// Forgets those of yesterday.
pub async fn sweep(c: &mut PgConnection, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!("delete from meta_login where created_at < $1", now - TimeDelta::days(1)).execute(c).await?;
    Ok(())
}
