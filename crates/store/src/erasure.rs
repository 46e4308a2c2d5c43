//! Erasing what is stored of one conversation: its events, what became of them, and Meta's originals that they came in.
//!
//! What must hold: an original goes whole, though others may be told of in it too; events of others stay. What stays of the conversation are hashes by
//! which its next message is given the same id.

use socialhook_core::id::{ConversationId, EventId, TenantId};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::Result;
use crate::media::ending;

/// Events of one step.
const STEP: i64 = 500;

/// How much was erased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Erased {
    pub events: u64,
    pub attempts: u64,
    /// Deliveries that were still open.
    pub deliveries: u64,
    pub receipts: u64,
    /// Requests that the inspector showed.
    pub inspections: u64,
    /// Files of messages: nobody is served them any more, and they go from the storage within a minute.
    pub files: u64,
}

impl std::ops::AddAssign for Erased {
    fn add_assign(&mut self, more: Self) {
        self.events += more.events;
        self.attempts += more.attempts;
        self.deliveries += more.deliveries;
        self.receipts += more.receipts;
        self.inspections += more.inspections;
        self.files += more.files;
    }
}

/// Erases some of a conversation, in one transaction; nothing is left once no event was erased.
pub async fn some(c: &mut PgConnection, tenant_id: TenantId, conversation_id: ConversationId) -> Result<Erased> {
    let mut tx = c.begin().await?;
    let rows = sqlx::query!(
        "select event_id, receipt_id from event where tenant_id = $1 and conversation_id = $2 order by event_id limit $3",
        tenant_id.0,
        conversation_id.0,
        STEP
    )
    .fetch_all(&mut *tx)
    .await?;
    let events: Vec<Uuid> = rows.iter().map(|row| row.event_id).collect();
    let receipts: Vec<Uuid> = rows.iter().map(|row| row.receipt_id).collect();
    let named: Vec<String> = events.iter().map(|id| EventId(*id).to_string()).collect();
    let inspections = sqlx::query!(
        "delete from inspection i where i.tenant_id = $1
           and exists (select from unnest($2::text[]) x(named) where position(convert_to(x.named, 'UTF8') in i.body) > 0)",
        tenant_id.0,
        &named
    );
    let inspections = inspections.execute(&mut *tx).await?.rows_affected();
    let deliveries =
        sqlx::query!("delete from delivery where tenant_id = $1 and event_id = any($2)", tenant_id.0, &events);
    let deliveries = deliveries.execute(&mut *tx).await?.rows_affected();
    let attempts =
        sqlx::query!("delete from attempt where tenant_id = $1 and event_id = any($2)", tenant_id.0, &events);
    let attempts = attempts.execute(&mut *tx).await?.rows_affected();
    let erased =
        sqlx::query!("delete from receipt where tenant_id = $1 and receipt_id = any($2)", tenant_id.0, &receipts);
    let receipts = erased.execute(&mut *tx).await?.rows_affected();
    let files = ending::erase(&mut tx, tenant_id, &events).await?;
    let erased = sqlx::query!("delete from event where tenant_id = $1 and event_id = any($2)", tenant_id.0, &events);
    let events = erased.execute(&mut *tx).await?.rows_affected();
    tx.commit().await?;
    Ok(Erased { events, attempts, deliveries, receipts, inspections, files })
}
