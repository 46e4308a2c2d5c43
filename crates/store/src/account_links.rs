//! Links in mails by which the reader of an address may do one thing with an account, once.

use chrono::{DateTime, Utc};
use socialhook_core::id::AccountId;
use sqlx::PgConnection;

use crate::token;
use crate::{Error, Result};

/// What a link is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// Choosing a new password.
    Reset,
    /// Taking this address for the account.
    NewEmail(String),
    /// Taking this address back, which the account had.
    OldEmail(String),
}

impl Purpose {
    fn columns(&self) -> (&'static str, Option<&str>) {
        match self {
            Self::Reset => ("reset", None),
            Self::NewEmail(email) => ("new_email", Some(email)),
            Self::OldEmail(email) => ("old_email", Some(email)),
        }
    }

    fn from_columns(word: &str, email: Option<String>) -> Result<Self> {
        match (word, email) {
            ("reset", None) => Ok(Self::Reset),
            ("new_email", Some(email)) => Ok(Self::NewEmail(email)),
            ("old_email", Some(email)) => Ok(Self::OldEmail(email)),
            _ => Err(Error::Unreadable { table: "account_link", column: "purpose" }),
        }
    }
}

/// Makes the token's holder able to do it. An earlier link to a new address is worth nothing any more; other earlier links are, so that
/// nobody spoils another's by asking for more.
pub async fn add(
    c: &mut PgConnection,
    account_id: AccountId,
    purpose: &Purpose,
    (token_hash, expires_at): (&[u8], DateTime<Utc>),
) -> Result<()> {
    let (word, email) = purpose.columns();
    sqlx::query!(
        "with earlier as (delete from account_link where account_id = $2 and purpose = 'new_email' and $3 = 'new_email')
         insert into account_link (token_hash, account_id, purpose, email, expires_at) values ($1, $2, $3, $4, $5)",
        token_hash,
        account_id.0,
        word,
        email,
        expires_at
    )
    .execute(c)
    .await?;
    Ok(())
}

/// What the token's holder may do, and with which account, while it holds.
pub async fn find(c: &mut PgConnection, token: &str, now: DateTime<Utc>) -> Result<Option<(AccountId, Purpose)>> {
    let row = sqlx::query!(
        "select account_id, purpose, email from account_link where token_hash = $1 and expires_at > $2",
        token::hash(token),
        now
    )
    .fetch_optional(c)
    .await?;
    row.map(|row| Ok((row.account_id.into(), Purpose::from_columns(&row.purpose, row.email)?))).transpose()
}

/// Uses a link up; false if somebody else just did, or its time is over.
pub async fn take(c: &mut PgConnection, token: &str, now: DateTime<Utc>) -> Result<bool> {
    let used =
        sqlx::query!("delete from account_link where token_hash = $1 and expires_at > $2", token::hash(token), now);
    Ok(used.execute(c).await?.rows_affected() == 1)
}

/// Makes the account's links worth nothing, but for those that give an address back.
pub async fn remove_of(c: &mut PgConnection, account_id: AccountId) -> Result<()> {
    sqlx::query!("delete from account_link where account_id = $1 and purpose <> 'old_email'", account_id.0)
        .execute(c)
        .await?;
    Ok(())
}

/// Forgets those whose time is over.
pub async fn sweep(c: &mut PgConnection, now: DateTime<Utc>) -> Result<u64> {
    Ok(sqlx::query!("delete from account_link where expires_at <= $1", now).execute(c).await?.rows_affected())
}
