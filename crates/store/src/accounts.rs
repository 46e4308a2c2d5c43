//! Accounts: the people who sign in, and their passwords (argon2id, only hashes are kept).

use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use socialhook_core::id::AccountId;
use sqlx::PgConnection;

use crate::{Error, Result};

/// Characters. Longer ones are welcome up to [`PASSWORD_MAX`].
pub const PASSWORD_MIN: usize = 10;
pub const PASSWORD_MAX: usize = 200;

/// A password's hash in PHC form.
#[derive(Debug, Clone)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes tens of milliseconds of one core and 19 MiB: call it where that blocks nobody.
    pub fn new(password: &SecretString) -> Result<Self> {
        let hash = Argon2::default().hash_password(password.expose_secret().as_bytes()).map_err(|_| Error::Password)?;
        Ok(Self(hash.to_string()))
    }

    pub(crate) fn of_text(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes as long as [`PasswordHash::new`].
    #[must_use]
    pub fn fits(&self, password: &SecretString) -> bool {
        argon2::PasswordHash::new(&self.0)
            .is_ok_and(|hash| Argon2::default().verify_password(password.expose_secret().as_bytes(), &hash).is_ok())
    }
}

#[derive(Debug, Clone)]
pub struct Account {
    pub account_id: AccountId,
    pub email: String,
    pub password_hash: PasswordHash,
}

/// Violates `account_email` if the address is taken.
pub async fn create(c: &mut PgConnection, account: &Account, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into account (account_id, email, password_hash, created_at) values ($1, $2, $3, $4)",
        account.account_id.0,
        account.email,
        account.password_hash.0,
        now
    )
    .execute(c)
    .await?;
    Ok(())
}

pub async fn find_by_email(c: &mut PgConnection, email: &str) -> Result<Option<Account>> {
    let row =
        sqlx::query!("select account_id, email, password_hash from account where lower(email) = lower($1)", email)
            .fetch_optional(c)
            .await?;
    Ok(row.map(|row| Account {
        account_id: row.account_id.into(),
        email: row.email,
        password_hash: PasswordHash(row.password_hash),
    }))
}

pub async fn find(c: &mut PgConnection, account_id: AccountId) -> Result<Option<Account>> {
    let row = sqlx::query!("select account_id, email, password_hash from account where account_id = $1", account_id.0)
        .fetch_optional(c)
        .await?;
    Ok(row.map(|row| Account {
        account_id: row.account_id.into(),
        email: row.email,
        password_hash: PasswordHash(row.password_hash),
    }))
}

/// Replaces the password.
pub async fn set_password(c: &mut PgConnection, account_id: AccountId, hash: &PasswordHash) -> Result<()> {
    sqlx::query!("update account set password_hash = $2 where account_id = $1", account_id.0, hash.0)
        .execute(c)
        .await?;
    Ok(())
}

/// Replaces the address. Violates `account_email` if another account has it.
pub async fn set_email(c: &mut PgConnection, account_id: AccountId, email: &str) -> Result<()> {
    sqlx::query!("update account set email = $2 where account_id = $1", account_id.0, email).execute(c).await?;
    Ok(())
}
