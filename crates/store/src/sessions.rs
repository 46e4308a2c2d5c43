//! Sessions of signed-in browsers, for tower-sessions.
//!
//! What must hold: only the SHA-256 of a session's id is kept, so that a copy of the database opens none.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sha2::{Digest, Sha256};
use socialhook_core::clock::Clock;
use socialhook_core::id::AccountId;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};
use uuid::Uuid;

#[derive(Clone, Debug)]
pub struct PgSessions {
    pool: PgPool,
    clock: Clock,
}

impl PgSessions {
    #[must_use]
    pub fn new(pool: PgPool, clock: Clock) -> Self {
        Self { pool, clock }
    }
}

/// What stands for a session in the database.
#[must_use]
pub fn hash(id: Id) -> Vec<u8> {
    Sha256::digest(id.0.to_le_bytes()).to_vec()
}

/// What is kept of a session under these keys says who is signed in, since when (in seconds since the epoch), and with which browser.
pub const ACCOUNT_KEY: &str = "account_id";
pub const SINCE_KEY: &str = "since";
pub const BROWSER_KEY: &str = "browser";

fn account(record: &Record) -> Option<Uuid> {
    let account_id: AccountId = serde_json::from_value(record.data.get(ACCOUNT_KEY)?.clone()).ok()?;
    Some(account_id.0)
}

fn expiry(record: &Record) -> Result<DateTime<Utc>> {
    DateTime::from_timestamp(record.expiry_date.unix_timestamp(), 0)
        .ok_or_else(|| Error::Encode("the session's expiry is out of range".to_owned()))
}

fn backend(error: &sqlx::Error) -> Error {
    Error::Backend(error.to_string())
}

#[async_trait]
impl SessionStore for PgSessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        loop {
            let data = serde_json::to_vec(&record.data).map_err(|error| Error::Encode(error.to_string()))?;
            let inserted = sqlx::query!(
                "insert into session (session_hash, data, expires_at, account_id) values ($1, $2, $3, $4) on conflict do nothing",
                hash(record.id),
                data,
                expiry(record)?,
                account(record)
            )
            .execute(&self.pool)
            .await
            .map_err(|error| backend(&error))?;
            if inserted.rows_affected() == 1 {
                return Ok(());
            }
            record.id = Id::default();
        }
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let data = serde_json::to_vec(&record.data).map_err(|error| Error::Encode(error.to_string()))?;
        sqlx::query!(
            "insert into session (session_hash, data, expires_at, account_id) values ($1, $2, $3, $4)
             on conflict (session_hash) do update set data = excluded.data, expires_at = excluded.expires_at, account_id = excluded.account_id",
            hash(record.id),
            data,
            expiry(record)?,
                account(record)
        )
        .execute(&self.pool)
        .await
        .map_err(|error| backend(&error))?;
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let row = sqlx::query!(
            "select data, expires_at from session where session_hash = $1 and expires_at > $2",
            hash(*id),
            self.clock.now()
        )
        .fetch_optional(&self.pool)
        .await
        .map_err(|error| backend(&error))?;
        let Some(row) = row else { return Ok(None) };
        let data = serde_json::from_slice(&row.data).map_err(|error| Error::Decode(error.to_string()))?;
        let expiry_date = OffsetDateTime::from_unix_timestamp(row.expires_at.timestamp())
            .map_err(|error| Error::Decode(error.to_string()))?;
        Ok(Some(Record { id: *id, data, expiry_date }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        sqlx::query!("delete from session where session_hash = $1", hash(*id))
            .execute(&self.pool)
            .await
            .map_err(|error| backend(&error))?;
        Ok(())
    }
}

/// Forgets sessions that have ended.
pub async fn sweep(c: &mut PgConnection, now: DateTime<Utc>) -> crate::Result<u64> {
    Ok(sqlx::query!("delete from session where expires_at <= $1", now).execute(c).await?.rows_affected())
}

/// A browser in which an account is signed in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub session_hash: Vec<u8>,
    /// None for sessions that were begun before this was kept.
    pub since: Option<DateTime<Utc>>,
    pub browser: Option<String>,
}

/// Where an account is signed in, the newest first.
pub async fn of_account(
    c: &mut PgConnection,
    account_id: AccountId,
    now: DateTime<Utc>,
) -> crate::Result<Vec<SignedIn>> {
    let rows = sqlx::query!(
        "select session_hash, data from session where account_id = $1 and expires_at > $2",
        account_id.0,
        now
    )
    .fetch_all(c)
    .await?;
    let told = rows.into_iter().map(|row| {
        let data: Value = serde_json::from_slice(&row.data).unwrap_or_default();
        SignedIn {
            session_hash: row.session_hash,
            since: data[SINCE_KEY].as_i64().and_then(|seconds| DateTime::from_timestamp(seconds, 0)),
            browser: data[BROWSER_KEY].as_str().map(str::to_owned),
        }
    });
    let mut told: Vec<SignedIn> = told.collect();
    told.sort_by_key(|one| std::cmp::Reverse(one.since));
    Ok(told)
}

/// Ends all sessions of an account.
pub async fn end_all(c: &mut PgConnection, account_id: AccountId) -> crate::Result<()> {
    sqlx::query!("delete from session where account_id = $1", account_id.0).execute(c).await?;
    Ok(())
}

/// Ends an account's sessions but one; returns how many.
pub async fn end_others(c: &mut PgConnection, account_id: AccountId, kept: Id) -> crate::Result<u64> {
    let ended =
        sqlx::query!("delete from session where account_id = $1 and session_hash <> $2", account_id.0, hash(kept));
    Ok(ended.execute(c).await?.rows_affected())
}
