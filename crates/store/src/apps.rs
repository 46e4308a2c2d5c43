//! Meta apps and their secrets.

pub mod meta_side;
pub mod secrets;

use chrono::{DateTime, Utc};
use rand::Rng;
use secrecy::SecretString;
use socialhook_core::id::{AppId, AppSecretId, TenantId};
use sqlx::PgConnection;

use crate::Result;
use crate::onboarding::AppActivity;
use crate::seal::{Place, Sealer};

#[derive(Debug)]
pub struct App {
    pub app_id: AppId,
    pub name: String,
    pub callback_key: String,
    pub verify_token: SecretString,
    pub created_at: DateTime<Utc>,
    /// None: not told.
    pub meta_app_id: Option<String>,
    pub live_secrets: i64,
    pub channels: i64,
    /// What Meta did last, as the relay saw it.
    pub activity: AppActivity,
}

/// What a new app is made of.
#[derive(Debug)]
pub struct NewApp<'a> {
    pub app_id: AppId,
    pub name: &'a str,
    /// The last part of the callback URL: long enough not to be guessed.
    pub callback_key: &'a str,
    pub verify_token: &'a SecretString,
}

/// 24 random characters of lower-case base32: 120 bits that nobody guesses.
#[must_use]
pub fn new_callback_key() -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut random = [0; 24];
    rand::rng().fill_bytes(&mut random);
    random.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect()
}

pub(crate) fn token_place(tenant_id: TenantId, app_id: AppId) -> Place {
    Place { column: "app.verify_token", tenant_id, row_id: app_id.0 }
}

pub(crate) fn secret_place(tenant_id: TenantId, app_secret_id: AppSecretId) -> Place {
    Place { column: "app_secret.secret", tenant_id, row_id: app_secret_id.0 }
}

/// Violates `app_name` if the tenant has one of that name.
pub async fn create(
    c: &mut PgConnection,
    tenant_id: TenantId,
    app: &NewApp<'_>,
    sealer: &Sealer,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into app (tenant_id, app_id, name, callback_key, verify_token, created_at) values ($1, $2, $3, $4, $5, $6)",
        tenant_id.0,
        app.app_id.0,
        app.name,
        app.callback_key,
        sealer.seal(token_place(tenant_id, app.app_id), app.verify_token)?,
        now
    )
    .execute(c)
    .await?;
    Ok(())
}

pub async fn set_verify_token(
    c: &mut PgConnection,
    tenant_id: TenantId,
    app_id: AppId,
    token: &SecretString,
    sealer: &Sealer,
) -> Result<()> {
    sqlx::query!(
        "update app set verify_token = $3 where tenant_id = $1 and app_id = $2",
        tenant_id.0,
        app_id.0,
        sealer.seal(token_place(tenant_id, app_id), token)?
    )
    .execute(c)
    .await?;
    Ok(())
}

/// Violates `app_name` if the tenant has another of that name. False if it is not the tenant's.
pub async fn rename(c: &mut PgConnection, tenant_id: TenantId, app_id: AppId, name: &str) -> Result<bool> {
    let renamed =
        sqlx::query!("update app set name = $3 where tenant_id = $1 and app_id = $2", tenant_id.0, app_id.0, name)
            .execute(c)
            .await?;
    Ok(renamed.rows_affected() == 1)
}

/// Takes away an app that has no channels and no connections, with its secrets and refusals. False if it has some, or is not the tenant's.
pub async fn delete(c: &mut PgConnection, tenant_id: TenantId, app_id: AppId) -> Result<bool> {
    let deleted = sqlx::query!(
        "delete from app where tenant_id = $1 and app_id = $2
           and not exists (select from channel where app_tenant_id = $1 and app_id = $2)
           and not exists (select from connection where app_tenant_id = $1 and app_id = $2)",
        tenant_id.0,
        app_id.0
    )
    .execute(c)
    .await?;
    Ok(deleted.rows_affected() == 1)
}

/// Adds a live secret beside those that there are.
pub async fn add_secret(
    c: &mut PgConnection,
    tenant_id: TenantId,
    app_id: AppId,
    (secret, sealer): (&SecretString, &Sealer),
    now: DateTime<Utc>,
) -> Result<AppSecretId> {
    let app_secret_id = AppSecretId::new(now);
    sqlx::query!(
        "insert into app_secret (tenant_id, app_id, app_secret_id, secret, created_at) values ($1, $2, $3, $4, $5)",
        tenant_id.0,
        app_id.0,
        app_secret_id.0,
        sealer.seal(secret_place(tenant_id, app_secret_id), secret)?,
        now
    )
    .execute(c)
    .await?;
    Ok(app_secret_id)
}

/// Retires every live secret but `kept`.
pub async fn retire_other_secrets(
    c: &mut PgConnection,
    tenant_id: TenantId,
    app_id: AppId,
    kept: AppSecretId,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update app_secret set retired_at = $4 where tenant_id = $1 and app_id = $2 and app_secret_id <> $3 and retired_at is null and kind = 'app'",
        tenant_id.0,
        app_id.0,
        kept.0,
        now
    )
    .execute(c)
    .await?;
    Ok(())
}

/// The live secrets, opened.
pub async fn live_secrets(
    c: &mut PgConnection,
    tenant_id: TenantId,
    app_id: AppId,
    sealer: &Sealer,
) -> Result<Vec<SecretString>> {
    let rows = sqlx::query!(
        "select app_secret_id, secret from app_secret where tenant_id = $1 and app_id = $2 and retired_at is null
         order by app_secret_id desc",
        tenant_id.0,
        app_id.0
    )
    .fetch_all(c)
    .await?;
    rows.into_iter().map(|row| sealer.open(secret_place(tenant_id, row.app_secret_id.into()), &row.secret)).collect()
}

pub async fn list(c: &mut PgConnection, tenant_id: TenantId, sealer: &Sealer) -> Result<Vec<App>> {
    let rows = sqlx::query!(
        r#"select a.app_id, a.name, a.callback_key, a.verify_token, a.created_at, a.meta_app_id,
             (select count(*) from app_secret s
              where s.tenant_id = a.tenant_id and s.app_id = a.app_id and s.retired_at is null) as "live_secrets!",
             (select count(*) from channel ch where ch.tenant_id = a.tenant_id and ch.app_id = a.app_id) as "channels!",
             v.challenged_at as "challenged_at?", v.challenge_failed_at as "challenge_failed_at?", v.signed_at as "signed_at?"
           from app a left join app_activity v on v.tenant_id = a.tenant_id and v.app_id = a.app_id
           where a.tenant_id = $1 order by a.created_at, a.app_id"#,
        tenant_id.0
    )
    .fetch_all(c)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(App {
                app_id: row.app_id.into(),
                name: row.name,
                callback_key: row.callback_key,
                verify_token: sealer.open(token_place(tenant_id, row.app_id.into()), &row.verify_token)?,
                created_at: row.created_at,
                meta_app_id: row.meta_app_id,
                live_secrets: row.live_secrets,
                channels: row.channels,
                activity: AppActivity {
                    challenged_at: row.challenged_at,
                    challenge_failed_at: row.challenge_failed_at,
                    signed_at: row.signed_at,
                },
            })
        })
        .collect()
}

/// One of the tenant's own apps; another tenant's is not found.
pub async fn find(c: &mut PgConnection, tenant_id: TenantId, app_id: AppId, sealer: &Sealer) -> Result<Option<App>> {
    Ok(list(c, tenant_id, sealer).await?.into_iter().find(|app| app.app_id == app_id))
}
