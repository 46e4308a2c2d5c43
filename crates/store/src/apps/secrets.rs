//! An app's secrets one by one: which there are, and retiring one.
//!
//! What must hold: an app that has a live secret keeps at least one, whoever retires what at the same time.

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use socialhook_core::id::{AppId, AppSecretId, TenantId};
use sqlx::{Connection, PgConnection};

use super::secret_place;
use crate::Result;
use crate::seal::Sealer;

/// A live secret.
#[derive(Debug)]
pub struct Secret {
    pub app_secret_id: AppSecretId,
    pub created_at: DateTime<Utc>,
    /// None if it could not be opened.
    pub secret: Option<SecretString>,
}

/// The live ones of one app, newest first.
pub async fn live(c: &mut PgConnection, tenant_id: TenantId, app_id: AppId, sealer: &Sealer) -> Result<Vec<Secret>> {
    let rows = sqlx::query!(
        "select app_secret_id, secret, created_at from app_secret
         where tenant_id = $1 and app_id = $2 and retired_at is null order by app_secret_id desc",
        tenant_id.0,
        app_id.0
    )
    .fetch_all(c)
    .await?;
    let secrets = rows.into_iter().map(|row| Secret {
        app_secret_id: row.app_secret_id.into(),
        created_at: row.created_at,
        secret: sealer.open(secret_place(tenant_id, row.app_secret_id.into()), &row.secret).ok(),
    });
    Ok(secrets.collect())
}

/// Retires one of the app's live secrets, unless it is the last. False if it was not retired.
pub async fn retire(
    c: &mut PgConnection,
    tenant_id: TenantId,
    (app_id, app_secret_id): (AppId, AppSecretId),
    now: DateTime<Utc>,
) -> Result<bool> {
    let mut transaction = c.begin().await?;
    // Two that retire one another's last secret take turns here.
    sqlx::query!("select app_id from app where tenant_id = $1 and app_id = $2 for update", tenant_id.0, app_id.0)
        .fetch_optional(&mut *transaction)
        .await?;
    let retired = sqlx::query!(
        "update app_secret set retired_at = $4
         where tenant_id = $1 and app_id = $2 and app_secret_id = $3 and retired_at is null
           and exists (select from app_secret other where other.tenant_id = $1 and other.app_id = $2
                       and other.app_secret_id <> $3 and other.retired_at is null)",
        tenant_id.0,
        app_id.0,
        app_secret_id.0,
        now
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(retired.rows_affected() == 1)
}
