//! Storing what came in: receipts, events and deliveries of one batch, in one statement, one commit.
//!
//! What must hold: after this returned, the batch survives a crash. A repeat stores nothing: the event's id is derived from
//! the event, so the primary key finds it, in the same statement and across statements.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use socialhook_core::event::Normalised;
use socialhook_core::id::{AppId, ChannelId, EndpointId, EventId, NodeId, ReceiptId, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Result;

#[derive(Debug)]
pub struct NewReceipt {
    pub tenant_id: TenantId,
    pub receipt_id: ReceiptId,
    pub app_id: AppId,
    pub received_at: DateTime<Utc>,
    pub body: bytes::Bytes,
    /// True where it gave no event, so that no event's freshness decides whether it is kept.
    pub without_events: bool,
}

#[derive(Debug)]
pub struct NewEvent {
    pub tenant_id: TenantId,
    pub receipt_id: ReceiptId,
    pub channel_id: Option<ChannelId>,
    pub received_at: DateTime<Utc>,
    pub event: Normalised,
    pub fan_out: Vec<FanOut>,
}

/// An endpoint chosen for an event.
#[derive(Debug, Clone, Copy)]
pub struct FanOut {
    pub endpoint_id: EndpointId,
    /// A paused endpoint's delivery waits in the database, owned by nobody, until it is resumed.
    pub held: bool,
}

/// Stores a batch and returns the events that were new. Events should be sorted by (tenant, id), so that batches that hold
/// the same ones do not wait for each other in a circle.
pub async fn write(
    c: &mut PgConnection,
    node_id: NodeId,
    receipts: &[&NewReceipt],
    events: &[&NewEvent],
) -> Result<HashSet<(TenantId, EventId)>> {
    let e = EventColumns::of(events);
    let d = DeliveryColumns::of(events);
    let r = ReceiptColumns::of(receipts);
    let rows = sqlx::query!(
        r#"with e as (
             insert into event (tenant_id, event_id, receipt_id, channel_id, received_at, event, conversation_id, message_hash, body)
             select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::timestamptz[], $6::text[], $7::uuid[], $8::bigint[], $9::bytea[])
             on conflict do nothing
             returning tenant_id, event_id, receipt_id
           ), d as (
             insert into delivery (tenant_id, event_id, endpoint_id, owner, due_at, attempts, round_start, replay)
             select x.tenant_id, x.event_id, x.endpoint_id, case when x.held then null else $10::uuid end, x.at, 0, 0, false
             from unnest($11::uuid[], $12::uuid[], $13::uuid[], $14::bool[], $15::timestamptz[]) x(tenant_id, event_id, endpoint_id, held, at)
             join e on e.tenant_id = x.tenant_id and e.event_id = x.event_id
             on conflict do nothing
           ), r as (
             insert into receipt (tenant_id, receipt_id, app_id, received_at, body)
             select x.tenant_id, x.receipt_id, x.app_id, x.at, x.body
             from unnest($16::uuid[], $17::uuid[], $18::uuid[], $19::timestamptz[], $20::bytea[], $21::bool[]) x(tenant_id, receipt_id, app_id, at, body, without_events)
             where x.without_events or exists (select from e where e.receipt_id = x.receipt_id)
           )
           select tenant_id as "tenant_id!", event_id as "event_id!" from e"#,
        &e.tenant_ids,
        &e.event_ids,
        &e.receipt_ids,
        &e.channel_ids as &[Option<Uuid>],
        &e.received_at,
        &e.words as &[&str],
        &e.conversation_ids as &[Option<Uuid>],
        &e.message_hashes as &[Option<i64>],
        &e.bodies as &[&[u8]],
        node_id.0,
        &d.tenant_ids,
        &d.event_ids,
        &d.endpoint_ids,
        &d.held,
        &d.received_at,
        &r.tenant_ids,
        &r.receipt_ids,
        &r.app_ids,
        &r.received_at,
        &r.bodies as &[&[u8]],
        &r.without_events,
    )
    .fetch_all(c)
    .await?;
    Ok(rows.into_iter().map(|row| (row.tenant_id.into(), row.event_id.into())).collect())
}

#[derive(Default)]
struct EventColumns<'a> {
    tenant_ids: Vec<Uuid>,
    event_ids: Vec<Uuid>,
    receipt_ids: Vec<Uuid>,
    channel_ids: Vec<Option<Uuid>>,
    received_at: Vec<DateTime<Utc>>,
    words: Vec<&'a str>,
    conversation_ids: Vec<Option<Uuid>>,
    message_hashes: Vec<Option<i64>>,
    bodies: Vec<&'a [u8]>,
}

impl<'a> EventColumns<'a> {
    fn of(events: &[&'a NewEvent]) -> Self {
        let mut columns = Self::default();
        for new in events {
            columns.tenant_ids.push(new.tenant_id.0);
            columns.event_ids.push(new.event.event_id.0);
            columns.receipt_ids.push(new.receipt_id.0);
            columns.channel_ids.push(new.channel_id.map(|id| id.0));
            columns.received_at.push(new.received_at);
            columns.words.push(new.event.event.as_str());
            columns.conversation_ids.push(new.event.conversation_id.map(|id| id.0));
            columns.message_hashes.push(new.event.message_hash);
            columns.bodies.push(&new.event.body);
        }
        columns
    }
}

#[derive(Default)]
struct DeliveryColumns {
    tenant_ids: Vec<Uuid>,
    event_ids: Vec<Uuid>,
    endpoint_ids: Vec<Uuid>,
    held: Vec<bool>,
    received_at: Vec<DateTime<Utc>>,
}

impl DeliveryColumns {
    fn of(events: &[&NewEvent]) -> Self {
        let mut columns = Self::default();
        for new in events {
            for chosen in &new.fan_out {
                columns.tenant_ids.push(new.tenant_id.0);
                columns.event_ids.push(new.event.event_id.0);
                columns.endpoint_ids.push(chosen.endpoint_id.0);
                columns.held.push(chosen.held);
                columns.received_at.push(new.received_at);
            }
        }
        columns
    }
}

#[derive(Default)]
struct ReceiptColumns<'a> {
    tenant_ids: Vec<Uuid>,
    receipt_ids: Vec<Uuid>,
    app_ids: Vec<Uuid>,
    received_at: Vec<DateTime<Utc>>,
    bodies: Vec<&'a [u8]>,
    without_events: Vec<bool>,
}

impl<'a> ReceiptColumns<'a> {
    fn of(receipts: &[&'a NewReceipt]) -> Self {
        let mut columns = Self::default();
        for new in receipts {
            columns.tenant_ids.push(new.tenant_id.0);
            columns.receipt_ids.push(new.receipt_id.0);
            columns.app_ids.push(new.app_id.0);
            columns.received_at.push(new.received_at);
            columns.bodies.push(&new.body);
            columns.without_events.push(new.without_events);
        }
        columns
    }
}
