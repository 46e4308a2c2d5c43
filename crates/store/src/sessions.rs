//! Sessions of signed-in browsers, for tower-sessions.
//!
//! What must hold: only the SHA-256 of a session's id is kept, so that a copy of the database opens none.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use socialhook_core::clock::Clock;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};

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

fn hash(id: Id) -> Vec<u8> {
    Sha256::digest(id.0.to_le_bytes()).to_vec()
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
                "insert into session (session_hash, data, expires_at) values ($1, $2, $3) on conflict do nothing",
                hash(record.id),
                data,
                expiry(record)?
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
            "insert into session (session_hash, data, expires_at) values ($1, $2, $3)
             on conflict (session_hash) do update set data = excluded.data, expires_at = excluded.expires_at",
            hash(record.id),
            data,
            expiry(record)?
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
