//! Events and the receipts they came in, for reading.

use chrono::{DateTime, Utc};
use socialhook_core::id::{EventId, TenantId};
use sqlx::PgConnection;

use crate::Result;

#[derive(Debug, Clone)]
pub struct Event {
    pub event_id: EventId,
    pub event: String,
    pub received_at: DateTime<Utc>,
    /// The JSON as it is sent, but for its `delivery` key.
    pub body: Vec<u8>,
    /// What Meta sent: the tenant's part of the POST. None once its retention is over.
    pub receipt_body: Option<Vec<u8>>,
}

/// One of the tenant's events; another tenant's is not found.
pub async fn find(c: &mut PgConnection, tenant_id: TenantId, event_id: EventId) -> Result<Option<Event>> {
    let row = sqlx::query!(
        r#"select e.event_id, e.event, e.received_at, e.body, r.body as "receipt_body?"
           from event e
           left join receipt r on r.tenant_id = e.tenant_id and r.receipt_id = e.receipt_id
           where e.tenant_id = $1 and e.event_id = $2"#,
        tenant_id.0,
        event_id.0
    )
    .fetch_optional(c)
    .await?;
    Ok(row.map(|row| Event {
        event_id: row.event_id.into(),
        event: row.event,
        received_at: row.received_at,
        body: row.body,
        receipt_body: row.receipt_body,
    }))
}
