//! What the inspector received, newest kept.

use chrono::{DateTime, Utc};
use socialhook_core::id::{EndpointId, InspectionId, TenantId};
use sqlx::PgConnection;

use crate::Result;

/// Kept per tenant; older ones go.
pub const KEPT: i64 = 200;

/// One request as the inspector saw it.
#[derive(Debug, Clone)]
pub struct Inspection {
    pub inspection_id: InspectionId,
    pub endpoint_id: EndpointId,
    pub received_at: DateTime<Utc>,
    /// Name and value, in the order received.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Checked with the endpoint's own secrets, as a tenant's server would.
    pub signature_valid: bool,
}

pub async fn add(c: &mut PgConnection, tenant_id: TenantId, inspection: &Inspection) -> Result<()> {
    sqlx::query!(
        "insert into inspection (tenant_id, inspection_id, endpoint_id, received_at, headers, body, signature_valid)
         values ($1, $2, $3, $4, $5, $6, $7)",
        tenant_id.0,
        inspection.inspection_id.0,
        inspection.endpoint_id.0,
        inspection.received_at,
        serde_json::json!(inspection.headers),
        inspection.body,
        inspection.signature_valid
    )
    .execute(&mut *c)
    .await?;
    Ok(())
}

/// Drops all but the newest [`KEPT`] of every tenant.
pub async fn prune(c: &mut PgConnection) -> Result<u64> {
    let pruned = sqlx::query!(
        "delete from inspection i using (
           select t.tenant_id, (select x.inspection_id from inspection x where x.tenant_id = t.tenant_id
             order by x.inspection_id desc offset $1 limit 1) as oldest
           from tenant t) k
         where i.tenant_id = k.tenant_id and i.inspection_id <= k.oldest",
        KEPT
    )
    .execute(c)
    .await?;
    Ok(pruned.rows_affected())
}

/// The newest `limit` after `after` (all if none), newest first.
pub async fn list(
    c: &mut PgConnection,
    tenant_id: TenantId,
    after: Option<InspectionId>,
    limit: i64,
) -> Result<Vec<Inspection>> {
    let rows = sqlx::query!(
        "select inspection_id, endpoint_id, received_at, headers, body, signature_valid from inspection
         where tenant_id = $1 and ($2::uuid is null or inspection_id > $2) order by inspection_id desc limit $3",
        tenant_id.0,
        after.map(|id| id.0),
        limit
    )
    .fetch_all(c)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Inspection {
            inspection_id: row.inspection_id.into(),
            endpoint_id: row.endpoint_id.into(),
            received_at: row.received_at,
            headers: serde_json::from_value(row.headers).unwrap_or_default(),
            body: row.body,
            signature_valid: row.signature_valid,
        })
        .collect())
}
