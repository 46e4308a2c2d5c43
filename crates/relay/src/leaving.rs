//! What a deleted tenant had: swept away in batches, for a while after nothing more was found, then its row.
//!
//! What must hold: the row stays until whatever was under way when the tenant was deleted has been written, and deleted too.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use socialhook_core::id::TenantId;
use socialhook_store::{PgConnection, Result, leaving};

use crate::{Relay, media};

/// Rows of each table that are deleted together.
const BATCH: i64 = 1000;
/// Sweeping goes on for this long, then in a minute again.
const SWEEP_FOR: Duration = Duration::from_secs(20);
/// Long after the last process has heard of it, and after the last attempt that was under way.
const SETTLED_AFTER: TimeDelta = TimeDelta::hours(1);

/// Once, for all deleted tenants in turn. What fails for one does not keep the others waiting.
pub(crate) async fn sweep(relay: &Relay, c: &mut PgConnection, now: DateTime<Utc>) -> Result<()> {
    let began = Instant::now();
    let mut swept = Ok(());
    for (tenant_id, deleted_at) in leaving::under_way(c).await? {
        let is_settled = now - deleted_at > SETTLED_AFTER;
        swept = swept.and(sweep_one(relay, c, (tenant_id, is_settled), began).await);
    }
    swept
}

async fn sweep_one(
    relay: &Relay,
    c: &mut PgConnection,
    (tenant_id, is_settled): (TenantId, bool),
    began: Instant,
) -> Result<()> {
    if leaving::has_stragglers(c, tenant_id).await? {
        leaving::take_apart(c, tenant_id).await?;
    }
    let mut sum = 0;
    let is_empty = loop {
        let deleted = leaving::delete_batch(c, tenant_id, BATCH).await?;
        sum += deleted;
        if deleted == 0 {
            break true;
        }
        if began.elapsed() > SWEEP_FOR {
            break false;
        }
    };
    if sum > 0 {
        tracing::info!(tenant.id = %tenant_id, rows = sum, "a deleted tenant's rows were deleted");
    }
    // What was being fetched when it was deleted has ended long since.
    if is_empty && is_settled && media::delete_all(relay, tenant_id).await {
        leaving::finish(c, tenant_id).await?;
        tracing::info!(tenant.id = %tenant_id, "a deleted tenant is gone");
    }
    Ok(())
}
