//! Events and the receipts they came in, for reading.

use std::ops::Range;

use chrono::{DateTime, Utc};
use socialhook_core::id::{ChannelId, ConversationId, EventId, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Result;
use crate::ledger::Toward;

#[derive(Debug, Clone)]
pub struct Event {
    pub event_id: EventId,
    pub event: String,
    pub received_at: DateTime<Utc>,
    /// The JSON as it is sent, but for its `delivery` key.
    pub body: Vec<u8>,
    /// What was written is gone, so that it cannot be sent any more.
    pub is_dropped: bool,
    /// What Meta sent: the tenant's part of the POST. None once its retention is over.
    pub receipt_body: Option<Vec<u8>>,
    /// Where in it stands what the event was made of.
    raw: Option<Range<usize>>,
}

impl Event {
    /// The change or messaging element that it was made of, as Meta sent it. None once its retention is over, and where it is too long
    /// to go with an event.
    #[must_use]
    pub fn raw(&self) -> Option<&[u8]> {
        self.receipt_body.as_ref()?.get(self.raw.clone()?)
    }
}

fn range(start: i32, length: i32) -> Option<Range<usize>> {
    let start = usize::try_from(start).ok()?;
    Some(start..start + usize::try_from(length).ok()?)
}

/// One of the tenant's events; another tenant's is not found.
pub async fn find(c: &mut PgConnection, tenant_id: TenantId, event_id: EventId) -> Result<Option<Event>> {
    let row = sqlx::query!(
        r#"select e.event_id, e.event, e.received_at, e.body, e.is_dropped, e.raw_start, e.raw_length, r.body as "receipt_body?"
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
        is_dropped: row.is_dropped,
        receipt_body: row.receipt_body,
        raw: row.raw_start.zip(row.raw_length).and_then(|(start, length)| range(start, length)),
    }))
}

/// An event as a list of a message's or a conversation's shows it.
#[derive(Debug, Clone)]
pub struct Told {
    pub event_id: EventId,
    pub event: String,
    pub received_at: DateTime<Utc>,
    pub body: Vec<u8>,
    /// What was written is gone.
    pub is_dropped: bool,
}

/// Events of one message that are shown; one with more is one that a group reads.
pub const OF_MESSAGE_MAX: i64 = 200;

/// What is about a provider's message id, oldest first, by [`socialhook_core::normalise::message_hash`]. Other ids may share
/// the hash.
pub async fn of_message(c: &mut PgConnection, tenant_id: TenantId, message_hash: i64) -> Result<Vec<Told>> {
    let rows = sqlx::query_as!(
        Told,
        r#"select event_id as "event_id: Uuid", event, received_at, body, is_dropped from event
           where tenant_id = $1 and message_hash = $2 order by event_id limit $3"#,
        tenant_id.0,
        message_hash,
        OF_MESSAGE_MAX
    )
    .fetch_all(c)
    .await?;
    Ok(rows)
}

/// Up to so many events of a conversation and one more, on one side of an event: newest first before it, oldest first after it.
pub async fn of_conversation(
    c: &mut PgConnection,
    tenant_id: TenantId,
    (conversation_id, event_id): (ConversationId, EventId),
    toward: Toward,
    limit: i64,
) -> Result<Vec<Told>> {
    let (tenant, conversation, limit) = (tenant_id.0, conversation_id.0, limit + 1);
    let rows = match toward {
        Toward::Older => {
            sqlx::query_as!(
                Told,
                r#"select event_id as "event_id: Uuid", event, received_at, body, is_dropped from event
                   where tenant_id = $1 and conversation_id = $2 and event_id < $3 order by event_id desc limit $4"#,
                tenant,
                conversation,
                event_id.0,
                limit
            )
            .fetch_all(c)
            .await?
        }
        Toward::Newer => {
            sqlx::query_as!(
                Told,
                r#"select event_id as "event_id: Uuid", event, received_at, body, is_dropped from event
                   where tenant_id = $1 and conversation_id = $2 and event_id > $3 order by event_id limit $4"#,
                tenant,
                conversation,
                event_id.0,
                limit
            )
            .fetch_all(c)
            .await?
        }
    };
    Ok(rows)
}

/// Those of the conversations that have an event.
pub async fn conversations_with_events(
    c: &mut PgConnection,
    tenant_id: TenantId,
    conversation_ids: &[ConversationId],
) -> Result<Vec<ConversationId>> {
    let ids: Vec<Uuid> = conversation_ids.iter().map(|id| id.0).collect();
    let found = sqlx::query_scalar!(
        r#"select x.id as "id!" from unnest($2::uuid[]) x(id)
           where exists (select from event e where e.tenant_id = $1 and e.conversation_id = x.id)"#,
        tenant_id.0,
        &ids
    )
    .fetch_all(c)
    .await?;
    Ok(found.into_iter().map(ConversationId).collect())
}

/// Which events a list holds.
#[derive(Debug, Clone, Default)]
pub struct Filters {
    /// An event word, or the beginning of one such as `message.*`.
    pub event: Option<String>,
    pub channel_id: Option<ChannelId>,
    /// By the event's own time, `to` excluded.
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
}

/// Events that a list looks at, at most, however few of them fit.
const LOOK_BACK: i64 = 2000;

/// Up to so many events before one, newest first; and where to go on, if there may be more. Few may fit of those that were looked at: a list
/// may be short, or empty, and go on all the same.
pub async fn list(
    c: &mut PgConnection,
    tenant_id: TenantId,
    (filters, before): (&Filters, Option<EventId>),
    limit: usize,
) -> Result<(Vec<Told>, Option<EventId>)> {
    let end = filters.to.map_or(EventId(Uuid::max()), EventId::floor);
    let before = before.map_or(end, |before| before.min(end));
    let prefix = filters.event.as_ref().and_then(|event| event.strip_suffix('*'));
    let keys = sqlx::query!(
        r#"select event_id, ($4::uuid is null or channel_id = $4) is true
             and ($5::text is null or starts_with(event, $5)) and ($6::text is null or event = $6) as "fits!"
           from (select event_id, event, channel_id from event
                 where tenant_id = $1 and event_id < $2 and event_id >= $3 order by event_id desc limit $7) looked_at
           order by event_id desc"#,
        tenant_id.0,
        before.0,
        filters.from.map_or(Uuid::nil(), |from| EventId::floor(from).0),
        filters.channel_id.map(|id| id.0),
        prefix,
        filters.event.as_deref().filter(|_| prefix.is_none()),
        LOOK_BACK
    )
    .fetch_all(&mut *c)
    .await?;
    let fitting: Vec<Uuid> = keys.iter().filter(|key| key.fits).map(|key| key.event_id).take(limit).collect();
    let is_whole = i64::try_from(keys.len()).is_ok_and(|looked_at| looked_at < LOOK_BACK);
    let next = match fitting.last() {
        Some(last) if fitting.len() == limit => Some(*last),
        _ if is_whole => None,
        _ => keys.last().map(|key| key.event_id),
    };
    let rows = sqlx::query_as!(
        Told,
        r#"select event_id as "event_id: Uuid", event, received_at, body, is_dropped from event
           where tenant_id = $1 and event_id = any($2) order by event_id desc"#,
        tenant_id.0,
        &fitting
    )
    .fetch_all(c)
    .await?;
    Ok((rows, next.map(EventId)))
}
