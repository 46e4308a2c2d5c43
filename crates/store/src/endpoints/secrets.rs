//! Signing secrets of endpoints: at least one is live, and after a rotation two are for a while.

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use socialhook_core::id::{EndpointId, EndpointSecretId, TenantId};
use sqlx::PgConnection;

use crate::Result;
use crate::seal::{Place, Sealer};

pub(crate) fn secret_place(tenant_id: TenantId, endpoint_secret_id: EndpointSecretId) -> Place {
    Place { column: "endpoint_secret.secret", tenant_id, row_id: endpoint_secret_id.0 }
}

/// Adds a live signing secret.
pub async fn add(
    c: &mut PgConnection,
    tenant_id: TenantId,
    endpoint_id: EndpointId,
    (secret, sealer): (&SecretString, &Sealer),
    now: DateTime<Utc>,
) -> Result<EndpointSecretId> {
    let endpoint_secret_id = EndpointSecretId::new(now);
    sqlx::query!(
        "insert into endpoint_secret (tenant_id, endpoint_id, endpoint_secret_id, secret, created_at) values ($1, $2, $3, $4, $5)",
        tenant_id.0,
        endpoint_id.0,
        endpoint_secret_id.0,
        sealer.seal(secret_place(tenant_id, endpoint_secret_id), secret)?,
        now
    )
    .execute(c)
    .await?;
    Ok(endpoint_secret_id)
}

/// Retires every live secret but `kept`.
pub async fn retire_others(
    c: &mut PgConnection,
    tenant_id: TenantId,
    endpoint_id: EndpointId,
    kept: EndpointSecretId,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update endpoint_secret set retired_at = $4
         where tenant_id = $1 and endpoint_id = $2 and endpoint_secret_id <> $3 and retired_at is null",
        tenant_id.0,
        endpoint_id.0,
        kept.0,
        now
    )
    .execute(c)
    .await?;
    Ok(())
}

/// A live signing secret.
#[derive(Debug)]
pub struct Secret {
    pub endpoint_secret_id: EndpointSecretId,
    pub secret: SecretString,
    pub created_at: DateTime<Utc>,
    /// None: until it is rotated.
    pub retires_at: Option<DateTime<Utc>>,
}

/// The live signing secrets, newest first.
pub async fn live(
    c: &mut PgConnection,
    tenant_id: TenantId,
    endpoint_id: EndpointId,
    sealer: &Sealer,
) -> Result<Vec<Secret>> {
    let rows = sqlx::query!(
        "select endpoint_secret_id, secret, created_at, retires_at from endpoint_secret
         where tenant_id = $1 and endpoint_id = $2 and retired_at is null order by endpoint_secret_id desc",
        tenant_id.0,
        endpoint_id.0
    )
    .fetch_all(c)
    .await?;
    rows.into_iter()
        .map(|row| {
            let endpoint_secret_id = EndpointSecretId(row.endpoint_secret_id);
            Ok(Secret {
                endpoint_secret_id,
                secret: sealer.open(secret_place(tenant_id, endpoint_secret_id), &row.secret)?,
                created_at: row.created_at,
                retires_at: row.retires_at,
            })
        })
        .collect()
}

/// Retires one. The newest always stays; false if it is that, or not the endpoint's, or retired.
pub async fn retire(
    c: &mut PgConnection,
    tenant_id: TenantId,
    (endpoint_id, secret_id): (EndpointId, EndpointSecretId),
    now: DateTime<Utc>,
) -> Result<bool> {
    let retired = sqlx::query!(
        "update endpoint_secret s set retired_at = $4
         where tenant_id = $1 and endpoint_id = $2 and endpoint_secret_id = $3 and retired_at is null
           and exists (select from endpoint_secret n where n.tenant_id = $1 and n.endpoint_id = $2 and n.retired_at is null
             and n.endpoint_secret_id > s.endpoint_secret_id)",
        tenant_id.0,
        endpoint_id.0,
        secret_id.0,
        now
    )
    .execute(c)
    .await?;
    Ok(retired.rows_affected() == 1)
}

/// All live ones but `kept` are retired at `at`, unless they are sooner.
pub async fn retire_others_at(
    c: &mut PgConnection,
    tenant_id: TenantId,
    endpoint_id: EndpointId,
    kept: EndpointSecretId,
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update endpoint_secret set retires_at = least(retires_at, $4)
         where tenant_id = $1 and endpoint_id = $2 and endpoint_secret_id <> $3 and retired_at is null",
        tenant_id.0,
        endpoint_id.0,
        kept.0,
        at
    )
    .execute(c)
    .await?;
    Ok(())
}

/// Retires those whose time has come, of all tenants. Looked for first, since a change makes every process read its configuration anew.
pub async fn retire_due(c: &mut PgConnection, now: DateTime<Utc>) -> Result<()> {
    let is_due = sqlx::query_scalar!(
        r#"select exists (select from endpoint_secret where retires_at <= $1 and retired_at is null) as "is_due!""#,
        now
    )
    .fetch_one(&mut *c)
    .await?;
    if is_due {
        sqlx::query!("update endpoint_secret set retired_at = $1 where retires_at <= $1 and retired_at is null", now)
            .execute(c)
            .await?;
    }
    Ok(())
}
