//! Which id a thing gets, so that Meta repeating itself repeats the id and two different things never share one.

use std::borrow::Cow;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Context;
use crate::id::{ConversationId, EventId};
use crate::meta::Part;

/// What makes an event the one it is, besides its tenant, its channel and its word.
#[derive(Debug, Clone, Default)]
pub(super) struct Identity<'a> {
    /// The way it came, where the same thing may come in two: empty, `standby`, …
    pub lane: &'static str,
    /// Meta's id of the message, or of whatever it is. Without one the item's own bytes tell it apart.
    pub provider_id: Option<Cow<'a, str>>,
    /// Of several events with one provider id: the status word or the message's type.
    pub state: Option<Cow<'a, str>>,
    /// Of several events with one state: whose it is.
    pub participant: Option<Cow<'a, str>>,
    /// The item as Meta sent it.
    pub item: &'a str,
}

/// The other side of a conversation.
#[derive(Debug, Clone)]
pub(super) enum Peer<'a> {
    Customer(Cow<'a, str>),
    Group(Cow<'a, str>),
}

/// SHA-256 over fields, each preceded by its length so that none can run into the next.
struct Fields(Sha256);

impl Fields {
    fn new(purpose: &str) -> Self {
        Self(Sha256::new()).with(purpose.as_bytes())
    }

    fn with(mut self, field: &[u8]) -> Self {
        self.0.update((field.len() as u64).to_be_bytes());
        self.0.update(field);
        self
    }

    /// The first 16 bytes.
    fn finish(self) -> [u8; 16] {
        let digest = self.0.finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        bytes
    }
}

/// The id of an event that happened at `millis`: a `UUIDv8` that begins with that time.
pub(super) fn event_id(
    word: &str,
    identity: &Identity<'_>,
    millis: i64,
    part: &Part<'_>,
    context: &Context<'_>,
) -> EventId {
    let place: &[u8] = match context.channel {
        Some(channel) => channel.channel_id.0.as_bytes(),
        None => part.entry_id.as_deref().unwrap_or_default().as_bytes(),
    };
    let fields = Fields::new("event").with(context.tenant_id.0.as_bytes()).with(place).with(word.as_bytes());
    let fields = [&identity.provider_id, &identity.state, &identity.participant]
        .into_iter()
        .fold(fields.with(identity.lane.as_bytes()), |fields, part| {
            fields.with(part.as_deref().unwrap_or_default().as_bytes())
        });
    let fields = match identity.provider_id {
        Some(_) => fields,
        // The same change may be true twice, at different times.
        None => fields.with(part.entry_time.as_deref().unwrap_or_default().as_bytes()).with(identity.item.as_bytes()),
    };
    let mut bytes = fields.finish();
    bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
    EventId(Uuid::new_v8(bytes))
}

/// The conversation with `peer` on the context's channel; account-level events have none.
///
/// A customer's key is his BSUID or, where Meta gave none, his number. The one place where a number and a BSUID that
/// are known to be one person are to be united.
pub(super) fn conversation_id(peer: &Peer<'_>, context: &Context<'_>) -> Option<ConversationId> {
    let (kind, key) = match peer {
        Peer::Customer(key) => ("customer", key),
        Peer::Group(key) => ("group", key),
    };
    let channel_id = context.channel?.channel_id.0;
    let bytes =
        Fields::new("conversation").with(channel_id.as_bytes()).with(kind.as_bytes()).with(key.as_bytes()).finish();
    Some(ConversationId(Uuid::new_v8(bytes)))
}

/// The first 8 bytes of SHA-256 of a provider's message id, by which a message's whole life is found.
pub(super) fn message_hash(message_id: &str) -> i64 {
    let digest = Sha256::digest(message_id.as_bytes());
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(bytes)
}
