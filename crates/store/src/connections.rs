//! Connections: business accounts, pages and Instagram accounts that somebody let us into, with the access tokens they gave us.
//!
//! What must hold: what one app reaches belongs to one tenant; a token is stored sealed, and a new one of the same tenant replaces it.

pub mod care;
pub mod people;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde_json::Value;
use socialhook_core::id::{AppId, ChannelId, ConnectionId, TenantId};
use sqlx::PgConnection;

use crate::seal::{Place, Sealer};
use crate::{Error, Result};

/// What is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A WhatsApp business account.
    Whatsapp,
    /// A Facebook page, with the Instagram account linked to it.
    Page,
    /// An Instagram professional account by itself.
    Instagram,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::Whatsapp, Self::Page, Self::Instagram];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Whatsapp => "whatsapp",
            Self::Page => "page",
            Self::Instagram => "instagram",
        }
    }

    fn from_word(word: &str) -> Result<Self> {
        let kind = Self::ALL.into_iter().find(|kind| kind.as_str() == word);
        kind.ok_or(Error::Unreadable { table: "connection", column: "kind" })
    }
}

/// Why a token is dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    Expired,
    Revoked,
    /// The person took the app's permissions back.
    Deauthorized,
}

impl Death {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Deauthorized => "deauthorized",
        }
    }
}

/// Not its token.
#[derive(Debug, Clone)]
pub struct Connection {
    pub tenant_id: TenantId,
    pub connection_id: ConnectionId,
    pub app_tenant_id: TenantId,
    pub app_id: AppId,
    pub kind: Kind,
    /// At Meta.
    pub external_id: String,
    pub name: String,
    pub token_made_at: DateTime<Utc>,
    pub token_expires_at: Option<DateTime<Utc>>,
    pub data_access_expires_at: Option<DateTime<Utc>>,
    pub scopes: Vec<String>,
    pub checked_at: Option<DateTime<Utc>>,
    /// As the reconciler wrote them.
    pub findings: Option<Value>,
    pub dead_at: Option<DateTime<Utc>>,
    pub dead_reason: Option<String>,
}

/// A token, and what Meta says of it.
#[derive(Debug, Clone)]
pub struct NewToken<'a> {
    pub token: &'a SecretString,
    pub expires_at: Option<DateTime<Utc>>,
    pub data_access_expires_at: Option<DateTime<Utc>>,
    pub scopes: &'a [String],
    pub meta_user_id: Option<&'a str>,
}

#[derive(Debug, Clone)]
pub struct NewConnection<'a> {
    pub app_tenant_id: TenantId,
    pub app_id: AppId,
    pub kind: Kind,
    pub external_id: &'a str,
    pub name: &'a str,
    pub token: NewToken<'a>,
}

fn place(tenant_id: TenantId, connection_id: ConnectionId) -> Place {
    Place { column: "connection.token", tenant_id, row_id: connection_id.0 }
}

/// Connects, or gives what is connected already the new token. None if it is another tenant's.
pub async fn put(
    c: &mut PgConnection,
    tenant_id: TenantId,
    new: &NewConnection<'_>,
    sealer: &Sealer,
    now: DateTime<Utc>,
) -> Result<Option<ConnectionId>> {
    let found = sqlx::query!(
        "select tenant_id, connection_id from connection where app_id = $1 and kind = $2 and external_id = $3 for update",
        new.app_id.0,
        new.kind.as_str(),
        new.external_id
    )
    .fetch_optional(&mut *c)
    .await?;
    let connection_id = match found {
        Some(row) if row.tenant_id != tenant_id.0 => return Ok(None),
        Some(row) => row.connection_id.into(),
        None => ConnectionId::new(now),
    };
    let token = &new.token;
    let row = sqlx::query_scalar!(
        "insert into connection (tenant_id, connection_id, app_tenant_id, app_id, kind, external_id, name, meta_user_id, token,
           token_made_at, token_expires_at, data_access_expires_at, scopes, created_at, check_due_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $10, $10)
         on conflict on constraint connection_external_id do update set name = excluded.name, meta_user_id = excluded.meta_user_id,
           token = excluded.token, token_made_at = excluded.token_made_at, token_expires_at = excluded.token_expires_at,
           data_access_expires_at = excluded.data_access_expires_at, scopes = excluded.scopes, check_due_at = excluded.check_due_at,
           dead_at = null, dead_reason = null
           where connection.tenant_id = $1 and connection.connection_id = $2
         returning connection_id",
        tenant_id.0,
        connection_id.0,
        new.app_tenant_id.0,
        new.app_id.0,
        new.kind.as_str(),
        new.external_id,
        new.name,
        token.meta_user_id,
        sealer.seal(place(tenant_id, connection_id), token.token)?,
        now,
        token.expires_at,
        token.data_access_expires_at,
        token.scopes
    )
    .fetch_optional(c)
    .await?;
    Ok(row.map(ConnectionId))
}

/// A token that takes another's place, with all else as it was.
pub async fn renew(
    c: &mut PgConnection,
    tenant_id: TenantId,
    connection_id: ConnectionId,
    (token, sealer): (&SecretString, &Sealer),
    (expires_at, now): (Option<DateTime<Utc>>, DateTime<Utc>),
) -> Result<()> {
    sqlx::query!(
        "update connection set token = $3, token_expires_at = $4, token_made_at = $5 where tenant_id = $1 and connection_id = $2",
        tenant_id.0,
        connection_id.0,
        sealer.seal(place(tenant_id, connection_id), token)?,
        expires_at,
        now
    )
    .execute(c)
    .await?;
    Ok(())
}

/// The access token itself.
pub async fn token(
    c: &mut PgConnection,
    tenant_id: TenantId,
    connection_id: ConnectionId,
    sealer: &Sealer,
) -> Result<Option<SecretString>> {
    let found = sqlx::query_scalar!(
        "select token from connection where tenant_id = $1 and connection_id = $2",
        tenant_id.0,
        connection_id.0
    )
    .fetch_optional(c)
    .await?;
    found.map(|sealed| sealer.open(place(tenant_id, connection_id), &sealed)).transpose()
}

pub async fn list(c: &mut PgConnection, tenant_id: TenantId) -> Result<Vec<Connection>> {
    read(c, tenant_id, None).await
}

/// One of the tenant's; another's is not found.
pub async fn find(
    c: &mut PgConnection,
    tenant_id: TenantId,
    connection_id: ConnectionId,
) -> Result<Option<Connection>> {
    Ok(read(c, tenant_id, Some(connection_id)).await?.into_iter().next())
}

async fn read(c: &mut PgConnection, tenant_id: TenantId, only: Option<ConnectionId>) -> Result<Vec<Connection>> {
    let rows = sqlx::query!(
        "select connection_id, app_tenant_id, app_id, kind, external_id, name, token_made_at, token_expires_at,
           data_access_expires_at, scopes, checked_at, findings, dead_at, dead_reason
         from connection where tenant_id = $1 and ($2::uuid is null or connection_id = $2) order by created_at, connection_id",
        tenant_id.0,
        only.map(|id| id.0)
    )
    .fetch_all(c)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Connection {
                tenant_id,
                connection_id: row.connection_id.into(),
                app_tenant_id: row.app_tenant_id.into(),
                app_id: row.app_id.into(),
                kind: Kind::from_word(&row.kind)?,
                external_id: row.external_id,
                name: row.name,
                token_made_at: row.token_made_at,
                token_expires_at: row.token_expires_at,
                data_access_expires_at: row.data_access_expires_at,
                scopes: row.scopes,
                checked_at: row.checked_at,
                findings: row.findings,
                dead_at: row.dead_at,
                dead_reason: row.dead_reason,
            })
        })
        .collect()
}

/// Which connection a channel was made with, and the channel's id at Meta.
pub async fn of_channel(
    c: &mut PgConnection,
    tenant_id: TenantId,
    channel_id: ChannelId,
) -> Result<Option<(ConnectionId, String)>> {
    let found = sqlx::query!(
        "select connection_id, external_id from channel where tenant_id = $1 and channel_id = $2",
        tenant_id.0,
        channel_id.0
    )
    .fetch_optional(c)
    .await?;
    Ok(found.and_then(|row| Some((row.connection_id?.into(), row.external_id))))
}

/// Forgets a connection and its token. Its channels stay; nothing more is asked about them.
pub async fn delete(c: &mut PgConnection, tenant_id: TenantId, connection_id: ConnectionId) -> Result<bool> {
    let deleted = sqlx::query!(
        "delete from connection where tenant_id = $1 and connection_id = $2",
        tenant_id.0,
        connection_id.0
    )
    .execute(c)
    .await?;
    Ok(deleted.rows_affected() == 1)
}

/// Its token is known not to work any more.
pub async fn bury(
    c: &mut PgConnection,
    tenant_id: TenantId,
    connection_id: ConnectionId,
    death: Death,
    now: DateTime<Utc>,
) -> Result<bool> {
    let buried = sqlx::query!(
        "update connection set dead_at = $4, dead_reason = $3 where tenant_id = $1 and connection_id = $2 and dead_at is null",
        tenant_id.0,
        connection_id.0,
        death.as_str(),
        now
    )
    .execute(c)
    .await?;
    Ok(buried.rows_affected() == 1)
}
