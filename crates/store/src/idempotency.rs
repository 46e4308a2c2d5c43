//! Requests to the API that may be sent again: what was answered to each, for a day.
//!
//! What must hold: of requests with the same key at the same time one is worked on; an answer is kept sealed.

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use socialhook_core::id::{ApiKeyId, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Result;
use crate::seal::{Place, Sealer};

/// How long an answer is kept.
pub const KEPT_FOR: TimeDelta = TimeDelta::hours(24);
/// Whoever works on a request for longer than this is taken for dead.
const WORKED_ON_FOR: TimeDelta = TimeDelta::minutes(1);

/// A request that is told apart from others.
#[derive(Debug, Clone)]
pub struct Asked {
    pub api_key_id: ApiKeyId,
    key_hash: Vec<u8>,
    request_hash: Vec<u8>,
}

impl Asked {
    /// By the key that its sender gave it, and what it says.
    #[must_use]
    pub fn new(api_key_id: ApiKeyId, key: &[u8], request: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in request {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        Self { api_key_id, key_hash: Sha256::digest(key).to_vec(), request_hash: hash.finalize().to_vec() }
    }
}

/// What is known of a request.
#[derive(Debug)]
pub enum Known {
    /// Nothing: it is now this caller's to work on.
    New(Uuid),
    /// Somebody works on it.
    UnderWay,
    /// Its key came with another request before.
    Other,
    Answered {
        status: u16,
        answer: Vec<u8>,
    },
}

fn place(tenant_id: TenantId, idempotency_id: Uuid) -> Place {
    Place { column: "idempotency.answer", tenant_id, row_id: idempotency_id }
}

pub async fn begin(
    c: &mut PgConnection,
    tenant_id: TenantId,
    asked: &Asked,
    sealer: &Sealer,
    now: DateTime<Utc>,
) -> Result<Known> {
    let id = Uuid::now_v7();
    let begun = sqlx::query_scalar!(
        r#"insert into idempotency (tenant_id, api_key_id, key_hash, request_hash, idempotency_id, created_at) values ($1, $2, $3, $4, $5, $6)
           on conflict (tenant_id, api_key_id, key_hash) do update
             set request_hash = excluded.request_hash, idempotency_id = excluded.idempotency_id, created_at = excluded.created_at,
               status = null, answer = null
             where idempotency.created_at <= $7 or (idempotency.status is null and idempotency.created_at <= $8)
           returning true as "begun!""#,
        tenant_id.0,
        asked.api_key_id.0,
        asked.key_hash,
        asked.request_hash,
        id,
        now,
        now - KEPT_FOR,
        now - WORKED_ON_FOR
    )
    .fetch_optional(&mut *c)
    .await?;
    if begun.is_some() {
        return Ok(Known::New(id));
    }
    let row = sqlx::query!(
        "select request_hash, idempotency_id, status, answer from idempotency where tenant_id = $1 and api_key_id = $2 and key_hash = $3",
        tenant_id.0,
        asked.api_key_id.0,
        asked.key_hash
    )
    .fetch_optional(c)
    .await?;
    let Some(row) = row else { return Ok(Known::UnderWay) };
    if row.request_hash != asked.request_hash {
        return Ok(Known::Other);
    }
    let (Some(status), Some(answer)) = (row.status, row.answer) else { return Ok(Known::UnderWay) };
    let answer = sealer.open_bytes(place(tenant_id, row.idempotency_id), &answer)?;
    Ok(Known::Answered { status: u16::try_from(status).unwrap_or(500), answer })
}

/// Keeps what was answered.
pub async fn finish(
    c: &mut PgConnection,
    tenant_id: TenantId,
    (asked, idempotency_id): (&Asked, Uuid),
    (status, answer, sealer): (u16, &[u8], &Sealer),
) -> Result<()> {
    sqlx::query!(
        "update idempotency set status = $4, answer = $5 where tenant_id = $1 and api_key_id = $2 and idempotency_id = $3",
        tenant_id.0,
        asked.api_key_id.0,
        idempotency_id,
        i16::try_from(status).unwrap_or(500),
        sealer.seal_bytes(place(tenant_id, idempotency_id), answer)?
    )
    .execute(c)
    .await?;
    Ok(())
}

/// Nothing came of it: its repeat is worked on.
pub async fn forget(c: &mut PgConnection, tenant_id: TenantId, asked: &Asked, idempotency_id: Uuid) -> Result<()> {
    sqlx::query!(
        "delete from idempotency where tenant_id = $1 and api_key_id = $2 and idempotency_id = $3",
        tenant_id.0,
        asked.api_key_id.0,
        idempotency_id
    )
    .execute(c)
    .await?;
    Ok(())
}

/// Forgets what is old.
pub async fn sweep(c: &mut PgConnection, now: DateTime<Utc>) -> Result<u64> {
    let old = sqlx::query!("delete from idempotency where created_at <= $1", now - KEPT_FOR);
    Ok(old.execute(c).await?.rows_affected())
}
