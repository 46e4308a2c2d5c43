//! What customers wrote, for tenants that keep it less long than they keep their events.
//!
//! What must hold: what happened stays told, with what became of it; nothing of who it was or what they wrote does, neither in the event, nor in
//! Meta's original, nor in what endpoints answered. Nothing goes that is still to be delivered, but for what is too old for its tenant:
//! then its delivery says that it was given up. Files go by their own sweep, and are there for a day at least, since receivers fetch them later.

use chrono::{DateTime, Utc};
use socialhook_core::id::TenantId;
use sqlx::PgConnection;

use super::Span;
use crate::Result;
use crate::endpoints::removal::DISCARDED;

/// Of the first `limit` events of a span: drops the bodies of those that came in before some time. Returns what is left of the span.
pub async fn drop_old(
    c: &mut PgConnection,
    tenant_id: TenantId,
    span: Span,
    (before, now): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<Span> {
    let left = span.first_events(&mut *c, tenant_id, limit).await?;
    sqlx::query!(
        "with old as (
           select event_id from event
           where tenant_id = $1 and event_id >= $2 and event_id < $3 and received_at < $4 and not is_dropped
         ), gone as (
           delete from delivery d using old where d.tenant_id = $1 and d.event_id = old.event_id
           returning d.event_id, d.endpoint_id, d.attempts
         ), told as (
           insert into attempt (tenant_id, event_id, endpoint_id, number, replay, started_at, latency_us, status, failure, excerpt)
           select $1, event_id, endpoint_id, attempts + 1, true, $5, 0, null, $6, null from gone
         ), answers as (
           update attempt a set excerpt = null from old
           where a.tenant_id = $1 and a.event_id >= $2 and a.event_id < $3 and a.event_id = old.event_id and a.excerpt is not null
         )
         update event e set body = without_content(e.body), is_fleeting = false, is_dropped = true from old
         where e.tenant_id = $1 and e.event_id >= $2 and e.event_id < $3 and e.event_id = old.event_id",
        tenant_id.0,
        span.from,
        left.from,
        before,
        now,
        DISCARDED
    )
    .execute(c)
    .await?;
    Ok(left)
}

/// Drops the bodies of up to `limit` fleeting events of which nothing is to be delivered any more, and their originals; returns of how many.
pub async fn drop_settled(c: &mut PgConnection, tenant_id: TenantId, limit: i64) -> Result<u64> {
    let dropped = sqlx::query!(
        "with settled as (
           select e.event_id, e.receipt_id from event e
           where e.tenant_id = $1 and e.is_fleeting
             and not exists (select from delivery d where d.tenant_id = $1 and d.event_id = e.event_id)
             and not exists (select from manifest m where e.event_id = any(m.event_ids))
           order by e.event_id limit $2
         ), answers as (
           update attempt a set excerpt = null from settled
           where a.tenant_id = $1 and a.event_id = settled.event_id and a.excerpt is not null
         ), originals as (
           delete from receipt r using (select distinct receipt_id from settled) of_settled
           where r.tenant_id = $1 and r.receipt_id = of_settled.receipt_id and not exists (
             select from event o where o.tenant_id = $1 and o.is_fleeting and o.receipt_id = r.receipt_id
               and o.event_id not in (select event_id from settled))
         )
         update event e set body = without_content(e.body), is_fleeting = false, is_dropped = true from settled
         where e.tenant_id = $1 and e.event_id = settled.event_id",
        tenant_id.0,
        limit
    )
    .execute(c)
    .await?;
    Ok(dropped.rows_affected())
}

/// Deletes what the inspector received before some time.
pub async fn drop_inspections(c: &mut PgConnection, tenant_id: TenantId, before: DateTime<Utc>) -> Result<()> {
    sqlx::query!("delete from inspection where tenant_id = $1 and received_at < $2", tenant_id.0, before)
        .execute(c)
        .await?;
    Ok(())
}
