//! Giving up what is kept for an endpoint, and the endpoint itself. History stays.
//!
//! What must hold: a delivery that was given up says so, like an attempt, so that nothing ever looks delivered that was not.

use chrono::{DateTime, Utc};
use socialhook_core::id::{EndpointId, TenantId};
use sqlx::PgConnection;

use crate::Result;

/// Deliveries of one statement.
const BATCH: i64 = 5000;
/// Statements of one call.
const BATCHES_MAX: usize = 20;
/// Instead of a failure class, in the attempt that stands for giving up.
pub const DISCARDED: &str = "discarded";

/// Gives up so many of the deliveries that nobody has under way: parked ones, and with `waiting` those that are to be sent later.
/// Returns how many; fewer than asked for mean that there are no more.
async fn discard_batch(
    c: &mut PgConnection,
    tenant_id: TenantId,
    endpoint_id: EndpointId,
    waiting: bool,
    now: DateTime<Utc>,
) -> Result<u64> {
    let done = sqlx::query!(
        "with gone as (
           delete from delivery d using (
             select event_id from delivery
             where tenant_id = $1 and endpoint_id = $2 and owner is null and (parked_at is not null or $3)
             order by event_id limit $4 for update skip locked
           ) x
           where d.tenant_id = $1 and d.endpoint_id = $2 and d.event_id = x.event_id
           returning d.event_id, d.attempts
         )
         insert into attempt (tenant_id, event_id, endpoint_id, number, replay, started_at, latency_us, status, failure, excerpt)
         select $1, event_id, $2, attempts + 1, true, $5, 0, null, $6, null from gone",
        tenant_id.0,
        endpoint_id.0,
        waiting,
        BATCH,
        now,
        DISCARDED
    )
    .execute(c)
    .await?;
    Ok(done.rows_affected())
}

/// What one call gave up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Discarded {
    pub number: u64,
    /// False: there may be more; call again.
    pub is_all: bool,
}

/// Gives up what is parked for an endpoint, and with `waiting` also what is to be sent later. Each batch is a transaction of its own, and
/// one call has an end: nobody waits for a million.
pub async fn discard(
    c: &mut PgConnection,
    tenant_id: TenantId,
    endpoint_id: EndpointId,
    waiting: bool,
    now: DateTime<Utc>,
) -> Result<Discarded> {
    let mut number = 0;
    for _ in 0..BATCHES_MAX {
        let batch = discard_batch(&mut *c, tenant_id, endpoint_id, waiting, now).await?;
        number += batch;
        if batch < BATCH.unsigned_abs() {
            return Ok(Discarded { number, is_all: true });
        }
    }
    Ok(Discarded { number, is_all: false })
}

/// Takes the endpoint away, with its secrets, and gives up what was kept for it in the meantime. What a process has under way is sent
/// still. False if the tenant has none.
pub async fn delete(
    c: &mut PgConnection,
    tenant_id: TenantId,
    endpoint_id: EndpointId,
    now: DateTime<Utc>,
) -> Result<bool> {
    let deleted =
        sqlx::query!("delete from endpoint where tenant_id = $1 and endpoint_id = $2", tenant_id.0, endpoint_id.0)
            .execute(&mut *c)
            .await?;
    discard(c, tenant_id, endpoint_id, true, now).await?;
    Ok(deleted.rows_affected() == 1)
}
