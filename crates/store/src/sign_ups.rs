//! Who wants to sign up and has not shown yet that they read the address that they gave.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::Result;
use crate::accounts::PasswordHash;
use crate::token;

#[derive(Debug)]
pub struct SignUp {
    pub email: String,
    pub tenant_name: String,
    pub password_hash: PasswordHash,
}

/// Keeps it for whoever holds the token.
pub async fn add(c: &mut PgConnection, sign_up: &SignUp, token_hash: &[u8], expires_at: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into sign_up (token_hash, email, tenant_name, password_hash, expires_at) values ($1, $2, $3, $4, $5)",
        token_hash,
        sign_up.email,
        sign_up.tenant_name,
        sign_up.password_hash.as_str(),
        expires_at
    )
    .execute(c)
    .await?;
    Ok(())
}

/// What belongs to the token, while it holds.
pub async fn find(c: &mut PgConnection, token: &str, now: DateTime<Utc>) -> Result<Option<SignUp>> {
    let row = sqlx::query!(
        "select email, tenant_name, password_hash from sign_up where token_hash = $1 and expires_at > $2",
        token::hash(token),
        now
    )
    .fetch_optional(c)
    .await?;
    Ok(row.map(|row| SignUp {
        email: row.email,
        tenant_name: row.tenant_name,
        password_hash: PasswordHash::of_text(row.password_hash),
    }))
}

/// Forgets all that were begun with an address: one of them has become an account.
pub async fn remove_of(c: &mut PgConnection, email: &str) -> Result<()> {
    sqlx::query!("delete from sign_up where lower(email) = lower($1)", email).execute(c).await?;
    Ok(())
}

/// Forgets those whose time is over.
pub async fn sweep(c: &mut PgConnection, now: DateTime<Utc>) -> Result<u64> {
    Ok(sqlx::query!("delete from sign_up where expires_at <= $1", now).execute(c).await?.rows_affected())
}
