//! One event of a seeded database, with what became of it.

use chrono::{DateTime, TimeDelta, Utc};
use socialhook_core::id::{AppId, ChannelId, EventId, TenantId};
use socialhook_core::normalise;
use socialhook_store::channels::Channel;
use socialhook_store::endpoints::Endpoint;
use socialhook_store::seed::Rows;
use uuid::Uuid;

use super::sums::Sums;

/// Customers that write.
const CUSTOMERS: u64 = 200_000;

pub(super) struct Open {
    /// One event in so many has an open delivery.
    pub(super) one_in: u64,
    /// To the first so many endpoints.
    pub(super) endpoints: usize,
}

pub(super) struct Maker {
    pub(super) tenant_id: TenantId,
    pub(super) app_id: AppId,
    pub(super) channels: Vec<Channel>,
    pub(super) endpoints: Vec<Endpoint>,
    pub(super) open: Open,
    /// Receipts are kept for a shorter time.
    pub(super) receipts_from: DateTime<Utc>,
}

/// A number that looks like chance and is always the same for the same `n` (`SplitMix64`).
fn mix(n: u64) -> u64 {
    let mut z = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The n-th of `all` by a number that looks like chance.
fn pick<T>(all: &[T], chance: u64) -> &T {
    let length = u64::try_from(all.len()).unwrap_or(u64::MAX);
    &all[usize::try_from(chance % length).unwrap_or(0)]
}

impl Maker {
    /// Adds the n-th event, which happened at `at`, to the rows of events, attempts, deliveries and receipts.
    pub(super) fn make(
        &self,
        n: u64,
        at: DateTime<Utc>,
        [events, attempts, deliveries, receipts]: &mut [Rows; 4],
        sums: &mut Sums,
    ) {
        let chance = mix(n);
        let channel = pick(&self.channels, chance);
        let is_open = n.is_multiple_of(self.open.one_in);
        let (dead, alive) = self.endpoints.split_at(self.open.endpoints.min(self.endpoints.len() - 1));
        let endpoint = if is_open { pick(dead, chance >> 8) } else { pick(alive, chance >> 8) }.endpoint_id;
        let event_id = event_id(at, n);
        let receipt_id = receipt_id(at, n);
        let customer = format!("+447{:09}", mix(chance) % CUSTOMERS);
        let message = format!("wamid.SEED{n:012}");
        let word = pick(&["message.received", "message.received", "message.sent", "message.read"], chance >> 20);
        // The first is that of the number.
        let conversation = normalise::peer_keys(channel.channel_id, &customer)[0].own_conversation();
        let body = body(&Told {
            event_id,
            at,
            word,
            customer: &customer,
            channel,
            conversation: conversation.to_string(),
            message: &message,
        });
        events.row(10).uuid(self.tenant_id.0).uuid(event_id.0).uuid(receipt_id).uuid(channel.channel_id.0).time(at);
        events.bytes(word.as_bytes()).uuid(conversation.0).number(normalise::message_hash(&message));
        events.bytes(body.as_bytes()).one_uuid(endpoint.0);
        sums.event(channel.channel_id, at);
        let delivery = (event_id.0, endpoint.0);
        if is_open {
            sums.attempt(endpoint, at, None);
            self.open(n, at, delivery, (attempts, deliveries));
        } else {
            let latency = 4000 + i32::try_from((chance >> 30) % 60_000).unwrap_or(0);
            sums.attempt(endpoint, at, Some(latency));
            attempt(attempts.row(9).uuid(self.tenant_id.0), delivery, at, latency, None);
        }
        if at >= self.receipts_from {
            receipts.row(5).uuid(self.tenant_id.0).uuid(receipt_id).uuid(self.app_id.0).time(at).bytes(body.as_bytes());
        }
    }

    /// Nine of ten are parked, half of them without an attempt; one of ten waits for its next.
    fn open(&self, n: u64, at: DateTime<Utc>, delivery: (Uuid, Uuid), (attempts, deliveries): (&mut Rows, &mut Rows)) {
        let chance = mix(n ^ 0x5eed);
        let waits = chance.is_multiple_of(10);
        let tried = waits || (chance >> 8).is_multiple_of(2);
        if tried {
            attempt(attempts.row(9).uuid(self.tenant_id.0), delivery, at, 12_000, Some((500, "status")));
        }
        deliveries.row(8).uuid(self.tenant_id.0).uuid(delivery.0).uuid(delivery.1);
        deliveries.time(at + TimeDelta::seconds(30));
        if waits {
            deliveries.null()
        } else {
            deliveries.time(at + TimeDelta::seconds(331))
        };
        deliveries.small(i16::from(tried)).small(0).truth(false);
    }
}

fn attempt(row: &mut Rows, delivery: (Uuid, Uuid), at: DateTime<Utc>, latency_us: i32, failure: Option<(i16, &str)>) {
    row.uuid(delivery.0)
        .uuid(delivery.1)
        .small(1)
        .truth(false)
        .time(at + TimeDelta::milliseconds(2))
        .integer(latency_us);
    match failure {
        None => row.small(200).null(),
        Some((status, class)) => row.small(status).bytes(class.as_bytes()),
    };
}

/// As events have it: a v8 uuid that begins with the event's own time.
fn event_id(at: DateTime<Utc>, n: u64) -> EventId {
    EventId(Uuid::new_v8(timed(at, n)))
}

fn receipt_id(at: DateTime<Utc>, n: u64) -> Uuid {
    let bytes = timed(at, n ^ 0x00fe_ed00);
    uuid::Builder::from_bytes(bytes).with_version(uuid::Version::SortRand).into_uuid()
}

fn timed(at: DateTime<Utc>, n: u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&mix(n ^ 0x1d).to_be_bytes());
    bytes[8..].copy_from_slice(&mix(n).to_be_bytes());
    bytes[..6].copy_from_slice(&at.timestamp_millis().to_be_bytes()[2..]);
    bytes
}

struct Told<'a> {
    event_id: EventId,
    at: DateTime<Utc>,
    word: &'a str,
    customer: &'a str,
    channel: &'a Channel,
    conversation: String,
    message: &'a str,
}

/// The event as it is stored, without `delivery`.
fn body(told: &Told<'_>) -> String {
    let Told { event_id, at, word, customer, channel, conversation, message } = told;
    let (channel_id, external_id, name): (ChannelId, _, _) = (channel.channel_id, &channel.external_id, &channel.name);
    let address = channel.address.as_deref().unwrap_or_default();
    let wa_id = customer.trim_start_matches('+');
    let seconds = at.timestamp();
    let is_message = *word == "message.received";
    let (direction, from, to) =
        if is_message { ("inbound", *customer, address) } else { ("outbound", address, *customer) };
    let kind = if is_message {
        r#","type":"text","body":"Hello, can I still change my order? I would like it delivered to the other address, please.""#
    } else {
        r#","type":null"#
    };
    format!(
        r#"{{"id":"{event_id}","version":1,"platform":"whatsapp","event":"{word}","timestamp":{seconds},"direction":"{direction}","from":"{from}","to":"{to}","conversation_id":"{conversation}","contact":{{"phone":"{customer}","wa_id":"{wa_id}","user_id":null,"username":null,"name":"Ada Lovelace"}},"channel":{{"id":"{channel_id}","external_id":"{external_id}","name":"{name}"}},"message":{{"id":"{message}"{kind}}},"signature_verified":true}}"#
    )
}
