//! Keys to the API: who may call it for a tenant, for what, and until when. Only hashes are kept.

use chrono::{DateTime, TimeDelta, Utc};
use socialhook_core::id::{AccountId, ApiKeyId, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::token;
use crate::{Error, Result};

/// How exactly it is known when a key was used last.
const USED_EVERY: TimeDelta = TimeDelta::minutes(1);

/// What a key is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Look at everything but secrets.
    Read,
    /// Add, change and delete endpoints.
    Endpoints,
    /// Have events sent: again, to another endpoint, as a replay, as a test.
    Deliveries,
}

impl Scope {
    pub const ALL: [Self; 3] = [Self::Read, Self::Endpoints, Self::Deliveries];

    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Endpoints => "endpoints",
            Self::Deliveries => "deliveries",
        }
    }

    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.word() == word)
    }
}

fn scopes(words: &[String]) -> Result<Vec<Scope>> {
    let unreadable = Error::Unreadable { table: "api_key", column: "scopes" };
    words.iter().map(|word| Scope::from_word(word)).collect::<Option<_>>().ok_or(unreadable)
}

#[derive(Debug, Clone)]
pub struct NewApiKey<'a> {
    pub api_key_id: ApiKeyId,
    pub name: &'a str,
    pub prefix: &'a str,
    pub scopes: &'a [Scope],
    pub created_by: AccountId,
    /// None: it holds until it is revoked.
    pub expires_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone)]
pub struct ApiKey {
    pub tenant_id: TenantId,
    pub api_key_id: ApiKeyId,
    pub name: String,
    pub prefix: String,
    pub scopes: Vec<Scope>,
    pub created_by: AccountId,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A key as it is stored.
struct Row {
    tenant_id: Uuid,
    api_key_id: Uuid,
    name: String,
    prefix: String,
    scopes: Vec<String>,
    created_by: Uuid,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
}

impl Row {
    fn read(self) -> Result<ApiKey> {
        Ok(ApiKey {
            tenant_id: self.tenant_id.into(),
            api_key_id: self.api_key_id.into(),
            scopes: scopes(&self.scopes)?,
            name: self.name,
            prefix: self.prefix,
            created_by: self.created_by.into(),
            created_at: self.created_at,
            expires_at: self.expires_at,
            revoked_at: self.revoked_at,
            last_used_at: self.last_used_at,
        })
    }
}

pub async fn create(
    c: &mut PgConnection,
    tenant_id: TenantId,
    key: &NewApiKey<'_>,
    key_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<()> {
    let words: Vec<String> = key.scopes.iter().map(|scope| scope.word().to_owned()).collect();
    sqlx::query!(
        "insert into api_key (tenant_id, api_key_id, name, prefix, key_hash, scopes, created_by, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tenant_id.0,
        key.api_key_id.0,
        key.name,
        key.prefix,
        key_hash,
        &words,
        key.created_by.0,
        now,
        key.expires_at
    )
    .execute(c)
    .await?;
    Ok(())
}

/// All of the tenant's, newest first, also those that hold no more.
pub async fn list(c: &mut PgConnection, tenant_id: TenantId) -> Result<Vec<ApiKey>> {
    let rows = sqlx::query_as!(
        Row,
        "select tenant_id, api_key_id, name, prefix, scopes, created_by, created_at, expires_at, revoked_at, last_used_at
         from api_key where tenant_id = $1 order by api_key_id desc",
        tenant_id.0
    )
    .fetch_all(c)
    .await?;
    rows.into_iter().map(Row::read).collect()
}

/// The key that this text is, if it holds. That it was used is noted.
pub async fn find(c: &mut PgConnection, text: &str, now: DateTime<Utc>) -> Result<Option<ApiKey>> {
    let row = sqlx::query_as!(
        Row,
        "select k.tenant_id, api_key_id, k.name, prefix, scopes, created_by, k.created_at, expires_at, revoked_at, last_used_at
         from api_key k join tenant t using (tenant_id)
         where key_hash = $1 and revoked_at is null and (expires_at is null or expires_at > $2) and t.deleted_at is null",
        token::hash(text),
        now
    )
    .fetch_optional(&mut *c)
    .await?;
    let Some(row) = row else { return Ok(None) };
    if row.last_used_at.is_none_or(|at| now - at >= USED_EVERY) {
        sqlx::query!(
            "update api_key set last_used_at = $3 where tenant_id = $1 and api_key_id = $2",
            row.tenant_id,
            row.api_key_id,
            now
        )
        .execute(c)
        .await?;
    }
    row.read().map(Some)
}

/// Makes it worth nothing; false if there is no such, or it was already.
pub async fn revoke(
    c: &mut PgConnection,
    tenant_id: TenantId,
    api_key_id: ApiKeyId,
    now: DateTime<Utc>,
) -> Result<bool> {
    let revoked = sqlx::query!(
        "update api_key set revoked_at = $3 where tenant_id = $1 and api_key_id = $2 and revoked_at is null",
        tenant_id.0,
        api_key_id.0,
        now
    );
    Ok(revoked.execute(c).await?.rows_affected() == 1)
}
