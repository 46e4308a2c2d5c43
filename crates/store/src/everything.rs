//! All that is stored of one tenant, in pieces, for taking it elsewhere.
//!
//! What must hold: a piece has a bounded size whatever is in it, and begins after the last one by id, so that nothing is read twice.

use chrono::{DateTime, Utc};
use socialhook_core::id::{AppId, EventId, ReceiptId, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Result;

/// Rows of a piece, at most.
const ROWS: i64 = 500;
/// Bytes of a piece, unless a single row has more.
const BYTES: i64 = 2 << 20;
/// Deliveries of the events of a piece, unless a single event has more.
const DELIVERIES: i64 = 2000;

/// What Meta sent, as it came.
#[derive(Debug, Clone)]
pub struct Receipt {
    pub receipt_id: ReceiptId,
    pub app_id: AppId,
    pub received_at: DateTime<Utc>,
    pub body: Vec<u8>,
}

/// The next receipts after one, oldest first; empty: there are no more.
pub async fn receipts(c: &mut PgConnection, tenant_id: TenantId, after: ReceiptId) -> Result<Vec<Receipt>> {
    let rows = sqlx::query_as!(
        Receipt,
        r#"select receipt_id as "receipt_id: Uuid", app_id as "app_id: Uuid", received_at, body from (
             select *, sum(octet_length(body)) over (order by receipt_id) as bytes, row_number() over (order by receipt_id) as place
             from (select * from receipt where tenant_id = $1 and receipt_id > $2 order by receipt_id limit $3) next
           ) counted
           where bytes <= $4 or place = 1 order by receipt_id"#,
        tenant_id.0,
        after.0,
        ROWS,
        BYTES
    )
    .fetch_all(c)
    .await?;
    Ok(rows)
}

#[derive(Debug, Clone)]
pub struct Event {
    pub event_id: EventId,
    pub receipt_id: ReceiptId,
    pub received_at: DateTime<Utc>,
    /// JSON without `delivery`.
    pub body: Vec<u8>,
}

/// The next events after one, oldest first; empty: there are no more. Fewer where each went to many endpoints.
pub async fn events(c: &mut PgConnection, tenant_id: TenantId, after: EventId) -> Result<Vec<Event>> {
    let rows = sqlx::query_as!(
        Event,
        r#"select event_id as "event_id: Uuid", receipt_id as "receipt_id: Uuid", received_at, body from (
             select *, sum(octet_length(body)) over (order by event_id) as bytes,
               sum(cardinality(endpoint_ids)) over (order by event_id) as deliveries, row_number() over (order by event_id) as place
             from (select * from event where tenant_id = $1 and event_id > $2 order by event_id limit $3) next
           ) counted
           where bytes <= $4 and deliveries <= $5 or place = 1 order by event_id"#,
        tenant_id.0,
        after.0,
        ROWS,
        BYTES,
        DELIVERIES
    )
    .fetch_all(c)
    .await?;
    Ok(rows)
}
