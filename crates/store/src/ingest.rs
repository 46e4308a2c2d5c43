//! Storing what came in: receipts, events and what is to be delivered of one batch, in one statement, one commit.
//!
//! What must hold: after this returned, the batch survives a crash. A repeat stores nothing: the event's id is derived from
//! the event, so the primary key finds it, in the same statement and across statements.

use std::collections::HashSet;
use std::ops::Range;

use chrono::{DateTime, Utc};
use socialhook_core::event::Normalised;
use socialhook_core::id::{AppId, ChannelId, EndpointId, EventId, ManifestId, NodeId, ReceiptId, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Result;
use crate::media::{FileColumns, NewMedia};

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
    /// Where in the receipt stands what it was made of; none: that is too long to go with an event.
    pub raw: Option<Range<usize>>,
    /// That itself, where an endpoint that it is sent to asks for it. Not stored: the receipt is.
    pub raw_sent: Option<bytes::Bytes>,
    pub fan_out: Vec<FanOut>,
    /// Its body goes once nothing of it is to be delivered.
    pub is_fleeting: bool,
    /// Its files that are to be fetched.
    pub media: Vec<NewMedia>,
}

/// An endpoint chosen for an event.
#[derive(Debug, Clone, Copy)]
pub struct FanOut {
    pub endpoint_id: EndpointId,
    pub hold: Hold,
}

/// Whether a delivery is to be sent at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// It is, by the process that takes it in.
    No,
    /// Its endpoint is paused: it waits until that is resumed.
    Waiting,
    /// Its endpoint is down: it is parked until that has recovered.
    Parked,
}

/// Consecutive events of a batch, whose deliveries stand in one manifest.
#[derive(Debug, Clone)]
pub struct NewManifest {
    pub manifest_id: ManifestId,
    /// Places in the batch.
    pub events: Range<usize>,
}

/// Which events of a batch were new.
#[derive(Debug, PartialEq, Eq)]
pub enum Fresh {
    All,
    Only(HashSet<(TenantId, EventId)>),
}

impl Fresh {
    #[must_use]
    pub fn has(&self, tenant_id: TenantId, event_id: EventId) -> bool {
        match self {
            Self::All => true,
            Self::Only(keys) => keys.contains(&(tenant_id, event_id)),
        }
    }
}

/// The statement that stores a batch, with what is to be stored besides; gives how many events were new, and which if not all.
macro_rules! store_batch {
    ($c:expr, $node_id:expr, ($event:ident, $manifest:ident, $held:ident, $receipt:ident, $in_all:ident), $besides:literal $(, $more:expr)*) => {{
        let row = sqlx::query!(
            r#"with e as (
             insert into event (tenant_id, event_id, receipt_id, channel_id, received_at, event, conversation_id, message_hash, body, endpoint_ids,
               raw_start, raw_length, is_fleeting)
             select x.tenant_id, x.event_id, x.receipt_id, x.channel_id, x.at, x.event, x.conversation_id, x.message_hash, x.body, ($11::uuid[])[x.first:x.last],
               x.raw_start, x.raw_length, x.is_fleeting
             from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::timestamptz[], $6::text[], $7::uuid[], $8::bigint[], $9::bytea[], $12::int[], $13::int[],
                 $32::int[], $33::int[], $34::bool[])
               x(tenant_id, event_id, receipt_id, channel_id, at, event, conversation_id, message_hash, body, first, last, raw_start, raw_length,
                 is_fleeting)
             on conflict do nothing
             returning tenant_id, event_id, receipt_id
           ), m as (
             insert into manifest (node_id, manifest_id, tenant_ids, event_ids, endpoint_ids)
             select $10, x.manifest_id, ($14::uuid[])[x.first:x.last], ($15::uuid[])[x.first:x.last], ($16::uuid[])[x.first:x.last]
             from unnest($17::uuid[], $18::int[], $19::int[]) x(manifest_id, first, last)
           ), h as (
             insert into delivery (tenant_id, event_id, endpoint_id, owner, due_at, parked_at, attempts, round_start, replay)
             select x.tenant_id, x.event_id, x.endpoint_id, null, x.at, case when x.parked then x.at end, 0, 0, false
             from unnest($20::uuid[], $21::uuid[], $22::uuid[], $23::bool[], $24::timestamptz[]) x(tenant_id, event_id, endpoint_id, parked, at)
             join e on e.tenant_id = x.tenant_id and e.event_id = x.event_id
             on conflict do nothing
           ), r as (
             insert into receipt (tenant_id, receipt_id, app_id, received_at, body)
             select x.tenant_id, x.receipt_id, x.app_id, x.at, x.body
             from unnest($25::uuid[], $26::uuid[], $27::uuid[], $28::timestamptz[], $29::bytea[], $30::bool[]) x(tenant_id, receipt_id, app_id, at, body, without_events)
             where x.without_events or exists (select from e where e.receipt_id = x.receipt_id)
           )"# + $besides + r#"
           -- Nearly always all are new, and that is all that needs to be said.
           select count(*) as "fresh!", case when count(*) < $31::bigint then array_agg(tenant_id) end as tenant_ids,
             case when count(*) < $31::bigint then array_agg(event_id) end as event_ids from e"#,

        &$event.tenant_ids,
        &$event.event_ids,
        &$event.receipt_ids,
        &$event.channel_ids as &[Option<Uuid>],
        &$event.received_at,
        &$event.words as &[&str],
        &$event.conversation_ids as &[Option<Uuid>],
        &$event.message_hashes as &[Option<i64>],
        &$event.bodies as &[&[u8]],
        $node_id.0,
        &$event.endpoint_ids,
        &$event.first_endpoints,
        &$event.last_endpoints,
        &$manifest.tenant_ids,
        &$manifest.event_ids,
        &$manifest.endpoint_ids,
        &$manifest.manifest_ids,
        &$manifest.first,
        &$manifest.last,
        &$held.tenant_ids,
        &$held.event_ids,
        &$held.endpoint_ids,
        &$held.parked,
        &$held.received_at,
        &$receipt.tenant_ids,
        &$receipt.receipt_ids,
        &$receipt.app_ids,
        &$receipt.received_at,
        &$receipt.bodies as &[&[u8]],
        &$receipt.without_events,
        $in_all,
        &$event.raw_starts as &[Option<i32>],
        &$event.raw_lengths as &[Option<i32>],
        &$event.is_fleeting,
            $($more),*
        )
        .fetch_one($c)
        .await?;
        (row.fresh, row.tenant_ids, row.event_ids)
    }};
}

/// Stores a batch. No event may be in it twice, and they should be sorted by (tenant, id), so that batches that hold the same
/// ones do not wait for each other in a circle.
pub async fn write(
    c: &mut PgConnection,
    node_id: NodeId,
    receipts: &[&NewReceipt],
    events: &[&NewEvent],
    manifests: &[NewManifest],
) -> Result<Fresh> {
    let event = EventColumns::of(events);
    let manifest = ManifestColumns::of(events, manifests);
    let held = HeldColumns::of(events);
    let receipt = ReceiptColumns::of(receipts);
    let events_in_all = i64::try_from(events.len()).unwrap_or(i64::MAX);
    let files: Vec<&NewMedia> = events.iter().flat_map(|new| &new.media).collect();
    // Files are few: a batch without any asks for nothing more.
    let (fresh, tenant_ids, event_ids) = if files.is_empty() {
        store_batch!(c, node_id, (event, manifest, held, receipt, events_in_all), "")
    } else {
        let file = FileColumns::of(&files);
        store_batch!(
            c, node_id, (event, manifest, held, receipt, events_in_all),
            ", f as (
               insert into media (tenant_id, event_id, position, channel_id, source, is_public, announced_sha256, mime_type, filename, received_at, state, due_at)
               select x.tenant_id, x.event_id, x.position, x.channel_id, x.source, x.is_public, x.digest, x.mime_type, x.filename, x.at, 'waiting', x.at
               from unnest($35::uuid[], $36::uuid[], $37::smallint[], $38::uuid[], $39::text[], $40::bool[], $41::bytea[], $42::text[], $43::text[], $44::timestamptz[])
                 x(tenant_id, event_id, position, channel_id, source, is_public, digest, mime_type, filename, at)
               join e on e.tenant_id = x.tenant_id and e.event_id = x.event_id
               on conflict do nothing
             )",
            &file.tenant_ids,
            &file.event_ids,
            &file.positions,
            &file.channel_ids,
            &file.sources as &[&str],
            &file.is_public,
            &file.digests as &[Option<&[u8]>],
            &file.mime_types as &[Option<&str>],
            &file.filenames as &[Option<&str>],
            &file.received_at
        )
    };
    if fresh == events_in_all {
        return Ok(Fresh::All);
    }
    let tenants = tenant_ids.unwrap_or_default().into_iter().map(TenantId);
    Ok(Fresh::Only(tenants.zip(event_ids.unwrap_or_default().into_iter().map(EventId)).collect()))
}

/// A length or a place, as PostgreSQL counts them.
fn place(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
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
    /// Of all events, one after the other, and where each one's begin and end.
    endpoint_ids: Vec<Uuid>,
    first_endpoints: Vec<i32>,
    last_endpoints: Vec<i32>,
    raw_starts: Vec<Option<i32>>,
    raw_lengths: Vec<Option<i32>>,
    is_fleeting: Vec<bool>,
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
            columns.first_endpoints.push(place(columns.endpoint_ids.len() + 1));
            columns.endpoint_ids.extend(new.fan_out.iter().map(|chosen| chosen.endpoint_id.0));
            columns.last_endpoints.push(place(columns.endpoint_ids.len()));
            columns.raw_starts.push(new.raw.as_ref().map(|raw| place(raw.start)));
            columns.raw_lengths.push(new.raw.as_ref().map(|raw| place(raw.len())));
            columns.is_fleeting.push(new.is_fleeting);
        }
        columns
    }
}

/// What is sent at once: of all manifests, one after the other, and where each one's begins and ends.
#[derive(Default)]
struct ManifestColumns {
    tenant_ids: Vec<Uuid>,
    event_ids: Vec<Uuid>,
    endpoint_ids: Vec<Uuid>,
    manifest_ids: Vec<Uuid>,
    first: Vec<i32>,
    last: Vec<i32>,
}

impl ManifestColumns {
    fn of(events: &[&NewEvent], manifests: &[NewManifest]) -> Self {
        let mut columns = Self::default();
        for manifest in manifests {
            columns.manifest_ids.push(manifest.manifest_id.0);
            columns.first.push(place(columns.event_ids.len() + 1));
            for new in events.get(manifest.events.clone()).unwrap_or_default() {
                for chosen in new.fan_out.iter().filter(|chosen| chosen.hold == Hold::No) {
                    columns.tenant_ids.push(new.tenant_id.0);
                    columns.event_ids.push(new.event.event_id.0);
                    columns.endpoint_ids.push(chosen.endpoint_id.0);
                }
            }
            columns.last.push(place(columns.event_ids.len()));
        }
        columns
    }
}

#[derive(Default)]
struct HeldColumns {
    tenant_ids: Vec<Uuid>,
    event_ids: Vec<Uuid>,
    endpoint_ids: Vec<Uuid>,
    parked: Vec<bool>,
    received_at: Vec<DateTime<Utc>>,
}

impl HeldColumns {
    fn of(events: &[&NewEvent]) -> Self {
        let mut columns = Self::default();
        for new in events {
            for chosen in new.fan_out.iter().filter(|chosen| chosen.hold != Hold::No) {
                columns.tenant_ids.push(new.tenant_id.0);
                columns.event_ids.push(new.event.event_id.0);
                columns.endpoint_ids.push(chosen.endpoint_id.0);
                columns.parked.push(chosen.hold == Hold::Parked);
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
