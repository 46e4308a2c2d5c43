//! Meta's side of an app: its id there, the secret that goes with it, and the logins that it is configured for.

use secrecy::SecretString;
use socialhook_core::id::{AppId, AppSecretId, TenantId};
use sqlx::PgConnection;

use super::secret_place;
use crate::Result;
use crate::seal::Sealer;

/// What Meta knows an app by. Ids are digits; none: not told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetaSide {
    pub meta_app_id: Option<String>,
    /// The login configuration for Embedded Signup.
    pub signup_config_id: Option<String>,
    /// The one for Facebook Login for Business.
    pub login_config_id: Option<String>,
    pub instagram_app_id: Option<String>,
}

/// An app that people may connect through: the tenant's own, or the operator's.
#[derive(Debug, Clone)]
pub struct Offer {
    pub app_tenant_id: TenantId,
    pub app_id: AppId,
    pub name: String,
    pub meta: MetaSide,
}

/// An id at Meta and the newest live secret that goes with it.
pub type Identity = (String, SecretString);

pub async fn set(c: &mut PgConnection, tenant_id: TenantId, app_id: AppId, meta: &MetaSide) -> Result<bool> {
    let changed = sqlx::query!(
        "update app set meta_app_id = $3, signup_config_id = $4, login_config_id = $5, instagram_app_id = $6
         where tenant_id = $1 and app_id = $2
           and (meta_app_id, signup_config_id, login_config_id, instagram_app_id) is distinct from ($3, $4, $5, $6)",
        tenant_id.0,
        app_id.0,
        meta.meta_app_id,
        meta.signup_config_id,
        meta.login_config_id,
        meta.instagram_app_id
    )
    .execute(c)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// The tenant's own apps and the operator's, of which Meta's id is known, its own first.
pub async fn offers(c: &mut PgConnection, tenant_id: TenantId) -> Result<Vec<Offer>> {
    let rows = sqlx::query!(
        "select tenant_id, app_id, name, meta_app_id, signup_config_id, login_config_id, instagram_app_id from app
         where tenant_id in ($1, $2) and (meta_app_id is not null or instagram_app_id is not null)
         order by tenant_id = $1 desc, created_at, app_id",
        tenant_id.0,
        TenantId::OPERATOR.0
    )
    .fetch_all(c)
    .await?;
    let offers = rows.into_iter().map(|row| Offer {
        app_tenant_id: row.tenant_id.into(),
        app_id: row.app_id.into(),
        name: row.name,
        meta: MetaSide {
            meta_app_id: row.meta_app_id,
            signup_config_id: row.signup_config_id,
            login_config_id: row.login_config_id,
            instagram_app_id: row.instagram_app_id,
        },
    });
    Ok(offers.collect())
}

/// What Meta knows one of the tenant's apps by.
pub async fn get(c: &mut PgConnection, tenant_id: TenantId, app_id: AppId) -> Result<MetaSide> {
    let found = sqlx::query_as!(
        MetaSide,
        "select meta_app_id, signup_config_id, login_config_id, instagram_app_id from app where tenant_id = $1 and app_id = $2",
        tenant_id.0,
        app_id.0
    )
    .fetch_optional(c)
    .await?;
    Ok(found.unwrap_or_default())
}

/// The last part of the callback URL of an app.
pub async fn callback_key(c: &mut PgConnection, tenant_id: TenantId, app_id: AppId) -> Result<Option<String>> {
    let key =
        sqlx::query_scalar!("select callback_key from app where tenant_id = $1 and app_id = $2", tenant_id.0, app_id.0);
    Ok(key.fetch_optional(c).await?)
}

/// Says that one of the app's secrets is the Instagram app's.
pub async fn mark_instagrams(
    c: &mut PgConnection,
    tenant_id: TenantId,
    app_secret_id: AppSecretId,
    app_id: AppId,
) -> Result<()> {
    sqlx::query!(
        "update app_secret set kind = 'instagram' where tenant_id = $1 and app_id = $2 and app_secret_id = $3",
        tenant_id.0,
        app_id.0,
        app_secret_id.0
    )
    .execute(c)
    .await?;
    Ok(())
}

/// What we show Meta in the app's name, and in the Instagram app's.
pub async fn identities(
    c: &mut PgConnection,
    tenant_id: TenantId,
    app_id: AppId,
    sealer: &Sealer,
) -> Result<(Option<Identity>, Option<Identity>)> {
    let rows = sqlx::query!(
        "select distinct on (s.kind) s.kind, s.app_secret_id, s.secret, a.meta_app_id, a.instagram_app_id
         from app_secret s join app a on a.tenant_id = s.tenant_id and a.app_id = s.app_id
         where s.tenant_id = $1 and s.app_id = $2 and s.retired_at is null order by s.kind, s.app_secret_id desc",
        tenant_id.0,
        app_id.0
    )
    .fetch_all(c)
    .await?;
    let (mut app, mut instagram) = (None, None);
    for row in rows {
        let secret = sealer.open(secret_place(tenant_id, row.app_secret_id.into()), &row.secret)?;
        if row.kind == "instagram" {
            instagram = row.instagram_app_id.map(|id| (id, secret));
        } else {
            app = row.meta_app_id.map(|id| (id, secret));
        }
    }
    Ok((app, instagram))
}
