//! The ledger: what became of each event at each endpoint, newest first, page by page.
//!
//! Each (event, endpoint) is open in `delivery`, or told by its last attempt, or being sent for the first time. A page is found by its keys first, driven by
//! the table that the filter is about, and then described; a page looks back only so far, and says where to go on.

mod keys;

use chrono::{DateTime, Utc};
use socialhook_core::id::{ChannelId, EndpointId, EventId, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Result;
use crate::deliveries::unsigned;
use crate::endpoints::removal::DISCARDED;
use keys::{Bounds, Key};

/// Rows of a page.
pub const PAGE: i64 = 50;

/// How much is read at once: so many rows, found by looking over at most so many. Nothing is ever slow, however few rows the
/// filters want.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    rows: i64,
    look_back: i64,
}

impl Size {
    pub const PAGE: Self = Self { rows: PAGE, look_back: 2000 };
    /// Of a page that looks again every few seconds.
    pub const TAIL: Self = Self { rows: PAGE, look_back: 1000 };
    /// Of a page of at most so many rows.
    #[must_use]
    pub fn of(rows: u8) -> Self {
        Self { rows: i64::from(rows), ..Self::PAGE }
    }

    /// Of an export.
    pub const CHUNK: Self = Self { rows: 500, look_back: 3000 };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Outcome {
    #[default]
    All,
    Delivered,
    /// Being sent, or waiting for its next attempt.
    Waiting,
    Parked,
    /// No endpoint wanted it.
    Unmatched,
}

/// What of the ledger is wanted; by default all of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filters {
    pub outcome: Outcome,
    /// None: of every channel, and what concerns none.
    pub channel_ids: Option<Vec<ChannelId>>,
    pub endpoint_id: Option<EndpointId>,
    /// An event word, or the beginning of one such as `message.*`.
    pub event: Option<String>,
    /// By the event's own time, `to` excluded.
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
}

/// Which way a page goes on from its cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Toward {
    #[default]
    Older,
    Newer,
}

/// A place in the ledger; a page holds what is older, or newer. An event without an endpoint has the nil one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    pub event_id: EventId,
    pub endpoint_id: EndpointId,
}

impl Cursor {
    /// Before everything.
    pub const NEWEST: Self = Self { event_id: EventId(Uuid::max()), endpoint_id: EndpointId(Uuid::max()) };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Delivered,
    Sending,
    Waiting {
        due_at: DateTime<Utc>,
    },
    Parked {
        at: DateTime<Utc>,
    },
    /// It was given up, by hand or with its endpoint.
    Discarded,
    Unmatched,
}

#[derive(Debug, Clone)]
pub struct Entry {
    pub event_id: EventId,
    /// None: no endpoint wanted the event.
    pub endpoint_id: Option<EndpointId>,
    pub endpoint_name: Option<String>,
    pub channel_name: Option<String>,
    pub event: String,
    pub received_at: DateTime<Utc>,
    /// The event's JSON without `delivery`.
    pub body: Vec<u8>,
    pub state: State,
    pub attempts: u16,
    pub last_status: Option<u16>,
    pub last_failure: Option<String>,
    pub last_latency_us: Option<i32>,
    pub last_attempt_at: Option<DateTime<Utc>>,
}

/// Newest first, and where to go on, if there may be something.
#[derive(Debug, Clone)]
pub struct Page {
    pub entries: Vec<Entry>,
    pub older: Option<Cursor>,
    pub newer: Option<Cursor>,
}

/// A page of what the filters want on one side of `cursor`.
pub async fn page(
    c: &mut PgConnection,
    tenant_id: TenantId,
    filters: &Filters,
    (cursor, toward): (Cursor, Toward),
    size: Size,
) -> Result<Page> {
    let (mut keys, horizon) = keys::find(c, tenant_id, &Bounds { filters, cursor, toward, size }).await?;
    let page = usize::try_from(size.rows).unwrap_or(usize::MAX);
    let more = keys.len() > page;
    keys.truncate(page);
    let last = keys.last().map(|(event_id, endpoint_id)| place(*event_id, *endpoint_id));
    let first = keys.first().map(|(event_id, endpoint_id)| place(*event_id, *endpoint_id));
    let ahead = if more { last } else { horizon };
    let (older, newer) = match toward {
        Toward::Older => (ahead, (cursor != Cursor::NEWEST).then(|| first.unwrap_or(cursor))),
        Toward::Newer => (Some(first.unwrap_or(cursor)), ahead),
    };
    if toward == Toward::Newer {
        keys.reverse();
    }
    Ok(Page { entries: describe(c, tenant_id, &keys).await?, older, newer })
}

fn place(event_id: Uuid, endpoint_id: Option<Uuid>) -> Cursor {
    Cursor { event_id: EventId(event_id), endpoint_id: EndpointId(endpoint_id.unwrap_or_default()) }
}

/// One delivery of the tenant, or, with the nil endpoint, an event that no endpoint got; another tenant's is not found.
pub async fn find(
    c: &mut PgConnection,
    tenant_id: TenantId,
    event_id: EventId,
    endpoint_id: EndpointId,
) -> Result<Option<Entry>> {
    let unmatched = endpoint_id.0.is_nil();
    if unmatched && was_sent(c, tenant_id, event_id).await? {
        return Ok(None);
    }
    let key = (event_id.0, (!unmatched).then_some(endpoint_id.0));
    let entries = describe(c, tenant_id, &[key]).await?;
    Ok(entries.into_iter().find(|entry| unmatched == (entry.state == State::Unmatched)))
}

/// Whether any endpoint has, or had, a delivery of it.
async fn was_sent(c: &mut PgConnection, tenant_id: TenantId, event_id: EventId) -> Result<bool> {
    let sent = sqlx::query_scalar!(
        r#"select exists (select from event where tenant_id = $1 and event_id = $2 and endpoint_ids <> '{}')
             or exists (select from delivery where tenant_id = $1 and event_id = $2)
             or exists (select from attempt where tenant_id = $1 and event_id = $2) as "sent!""#,
        tenant_id.0,
        event_id.0
    )
    .fetch_one(c)
    .await?;
    Ok(sent)
}

/// What became of each of these events at each endpoint, in the events' order.
pub async fn of_events(c: &mut PgConnection, tenant_id: TenantId, event_ids: &[EventId]) -> Result<Vec<Entry>> {
    let ids: Vec<Uuid> = event_ids.iter().map(|id| id.0).collect();
    let keys = sqlx::query!(
        r#"select e.event_id, x.endpoint_id as "endpoint_id?"
           from unnest($2::uuid[]) with ordinality w(event_id, place)
           join event e on e.tenant_id = $1 and e.event_id = w.event_id
           left join lateral (
             select unnest(e.endpoint_ids) as endpoint_id
             union
             select d.endpoint_id from delivery d where d.tenant_id = $1 and d.event_id = e.event_id
             union
             select a.endpoint_id from attempt a where a.tenant_id = $1 and a.event_id = e.event_id
           ) x on true
           order by w.place, x.endpoint_id"#,
        tenant_id.0,
        &ids
    )
    .fetch_all(&mut *c)
    .await?;
    let keys: Vec<Key> = keys.into_iter().map(|row| (row.event_id, row.endpoint_id)).collect();
    describe(c, tenant_id, &keys).await
}

async fn describe(c: &mut PgConnection, tenant_id: TenantId, keys: &[Key]) -> Result<Vec<Entry>> {
    let events: Vec<Uuid> = keys.iter().map(|key| key.0).collect();
    let endpoints: Vec<Option<Uuid>> = keys.iter().map(|key| key.1).collect();
    let rows = sqlx::query!(
        r#"select e.event_id, k.endpoint_id as "endpoint_id?", n.name as "endpoint_name?", ch.name as "channel_name?",
             e.event, e.received_at, e.body, d.due_at as "due_at?", d.parked_at as "parked_at?", d.owner as "owner?",
             a.number as "number?", a.status as "status?", a.failure as "failure?", a.latency_us as "latency_us?", a.started_at as "started_at?",
             coalesce(k.endpoint_id = any(e.endpoint_ids), false) as "chosen!"
           from unnest($2::uuid[], $3::uuid[]) with ordinality k(event_id, endpoint_id, place)
           join event e on e.tenant_id = $1 and e.event_id = k.event_id
           left join endpoint n on n.tenant_id = $1 and n.endpoint_id = k.endpoint_id
           left join channel ch on ch.tenant_id = $1 and ch.channel_id = e.channel_id
           left join delivery d on d.tenant_id = $1 and d.event_id = k.event_id and d.endpoint_id = k.endpoint_id
           left join lateral (
             select number, status, failure, latency_us, started_at from attempt
             where tenant_id = $1 and event_id = k.event_id and endpoint_id = k.endpoint_id order by number desc, started_at desc limit 1
           ) a on true
           order by k.place"#,
        tenant_id.0,
        &events,
        &endpoints as &[Option<Uuid>]
    )
    .fetch_all(c)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Entry {
            event_id: row.event_id.into(),
            endpoint_id: row.endpoint_id.map(EndpointId),
            endpoint_name: row.endpoint_name,
            channel_name: row.channel_name,
            event: row.event,
            received_at: row.received_at,
            body: row.body,
            state: match (row.parked_at, row.owner, row.due_at, row.number) {
                (Some(at), _, _, _) => State::Parked { at },
                (None, Some(_), _, _) => State::Sending,
                (None, None, Some(due_at), _) => State::Waiting { due_at },
                (None, None, None, Some(_)) if row.failure.as_deref() == Some(DISCARDED) => State::Discarded,
                (None, None, None, Some(_)) => State::Delivered,
                // It is being sent for the first time.
                (None, None, None, None) if row.chosen => State::Sending,
                (None, None, None, None) => State::Unmatched,
            },
            attempts: row.number.map_or(0, unsigned),
            last_status: row.status.map(unsigned),
            last_failure: row.failure,
            last_latency_us: row.latency_us,
            last_attempt_at: row.started_at,
        })
        .collect())
}
