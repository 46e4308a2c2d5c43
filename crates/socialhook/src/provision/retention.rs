//! How long a tenant's things are kept, as the file says it.

use serde::{Deserialize, Serialize};
use socialhook_core::id::TenantId;
use socialhook_store::PgConnection;
use socialhook_store::retention::{self, Own};

use super::{Error, TenantSpec};
use crate::config::RETENTION_DAYS;

/// In days; absent ones are the operator's.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "as the file names them")]
pub(super) struct RetentionSpec {
    receipt_days: Option<u32>,
    event_days: Option<u32>,
    /// What customers wrote; absent: as long as its event.
    body_days: Option<u32>,
}

pub(super) async fn apply(c: &mut PgConnection, tenant_id: TenantId, tenant: &TenantSpec) -> Result<(), Error> {
    let Some(RetentionSpec { receipt_days, event_days, body_days }) = tenant.retention else { return Ok(()) };
    // Bodies may go at once.
    let bodies = body_days.filter(|days| *days > 0);
    let wrong = receipt_days.into_iter().chain(event_days).chain(bodies).find(|days| !RETENTION_DAYS.contains(days));
    if let Some(days) = wrong {
        return Err(Error::Retention { tenant: tenant.name.clone(), days });
    }
    Ok(retention::choose(c, tenant_id, Own { receipt_days, event_days, body_days }).await?)
}
