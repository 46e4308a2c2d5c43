//! The event: what a tenant's endpoint receives (`event-schema.md`, version 1).
//!
//! [`Normalised`] is one event ready to be stored and sent: its JSON is built once, without `delivery`, which
//! [`with_delivery`] splices in for each attempt.

mod types;

use schemars::JsonSchema;

pub use self::types::{Described, EventType};
use crate::id::{ChannelId, ConversationId, EventId, TenantId};
use crate::json;

/// One of Meta's three messaging products.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    Whatsapp,
    Messenger,
    Instagram,
}

impl Platform {
    pub const ALL: [Self; 3] = [Self::Whatsapp, Self::Messenger, Self::Instagram];

    /// The word used in events, the database and URLs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Whatsapp => "whatsapp",
            Self::Messenger => "messenger",
            Self::Instagram => "instagram",
        }
    }

    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|platform| platform.as_str() == word)
    }
}

/// Who an event belongs to and where it came in: what a channel lends to the events it carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    pub tenant_id: TenantId,
    pub channel_id: ChannelId,
    pub platform: Platform,
    /// `phone_number_id`, page id or Instagram professional account id, as Meta prints it.
    pub external_id: String,
    /// The business's own address: E.164 for WhatsApp where known.
    pub address: Option<String>,
    pub name: String,
}

/// Statuses give way to messages when work queues up, and what is sent again gives way to both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    Message,
    Status,
    /// It is sent again, because a person or a drain asked for it.
    Backlog,
}

/// One event, ready to be stored and sent.
#[derive(Debug, Clone)]
pub struct Normalised {
    pub event_id: EventId,
    pub platform: Platform,
    pub event: EventType,
    pub conversation_id: Option<ConversationId>,
    /// First 8 bytes of SHA-256 of the provider's message id this event is about: finds a message's whole life.
    pub message_hash: Option<i64>,
    pub priority: Priority,
    /// The event's JSON object without `delivery`; ends in `}`.
    pub body: Vec<u8>,
}

/// This delivery of the event. It is the only part that differs between attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, JsonSchema)]
#[schemars(rename = "Delivery")]
pub struct DeliveryStamp {
    /// Counts from 1.
    #[schemars(range(min = 1))]
    pub attempt: u16,
    /// Milliseconds from our accepting the webhook to sending this attempt.
    pub latency_ms: i64,
    /// True when a person or a drain asked for this attempt.
    pub replay: bool,
}

/// Bytes of Meta's own JSON that go with an event as its `raw`. A change may hold a thousand messages, and each is an event of its own.
pub const RAW_MAX: usize = 256 << 10;

/// The body of one attempt: the event with `raw`, where the endpoint asks for it, and `delivery` spliced in as its last keys. `raw` is
/// JSON of Meta's, as it came in.
#[must_use]
pub fn with_delivery(event: &[u8], raw: Option<&[u8]>, stamp: DeliveryStamp) -> Vec<u8> {
    let open = event.strip_suffix(b"}").unwrap_or(event);
    let raw = raw.and_then(|raw| std::str::from_utf8(raw).ok()).map(json::clean);
    let mut body = Vec::with_capacity(open.len() + raw.as_ref().map_or(0, |raw| raw.len()) + 90);
    body.extend_from_slice(open);
    if let Some(raw) = raw {
        body.extend_from_slice(br#","raw":"#);
        body.extend_from_slice(raw.as_bytes());
    }
    body.extend_from_slice(
        format!(
            r#","delivery":{{"attempt":{},"latency_ms":{},"replay":{}}}}}"#,
            stamp.attempt, stamp.latency_ms, stamp.replay
        )
        .as_bytes(),
    );
    body
}
