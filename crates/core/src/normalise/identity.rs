//! Which id a thing gets, so that Meta repeating itself repeats the id and two different things never share one.

use std::borrow::Cow;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Context;
use super::address;
use crate::conversation::{Customer, Peer, PeerKey};
use crate::event::EventType;
use crate::id::{ChannelId, EventId};
use crate::json::Value;
use crate::meta::Part;

/// What makes an event the one it is, besides its tenant, its channel and its type.
#[derive(Debug, Clone)]
pub(super) struct Identity<'a> {
    /// The way it came, where the same thing may come in two: empty, `standby`, `history`.
    pub lane: &'static str,
    /// Meta's id of the message, or of whatever it is. Without one the item itself tells it apart.
    pub provider_id: Option<Cow<'a, str>>,
    /// Of several events with one provider id: the status word or the message's type.
    pub state: Option<Cow<'a, str>>,
    /// Of several events with one state: whose it is.
    pub participant: Option<Cow<'a, str>>,
    /// The item as Meta sent it.
    pub item: Value<'a>,
}

/// The other side of a conversation, as Meta names it.
#[derive(Debug, Clone)]
pub(super) enum Them<'a> {
    Group(Cow<'a, str>),
    /// By a page-scoped or Instagram-scoped id.
    Scoped(Cow<'a, str>),
    /// By WhatsApp's names, and what he was called before an event that tells of a change.
    Customer {
        now: Names<'a>,
        before: Names<'a>,
    },
}

/// A number, a BSUID, or both.
#[derive(Debug, Clone, Default)]
pub(super) struct Names<'a> {
    pub number: Option<Cow<'a, str>>,
    pub user_id: Option<Cow<'a, str>>,
}

impl Names<'_> {
    pub fn is_empty(&self) -> bool {
        self.number.is_none() && self.user_id.is_none()
    }
}

impl Them<'_> {
    /// A number is used as it is dialled: Meta may print one customer's number in both its forms.
    pub fn peer(&self, channel_id: ChannelId) -> Peer {
        let key = |name: &str| PeerKey::of_customer(channel_id, name);
        match self {
            Self::Group(id) => Peer::One(PeerKey::of_group(channel_id, id)),
            Self::Scoped(id) => Peer::One(key(id)),
            Self::Customer { now, before } => {
                let number = |names: &Names<'_>| {
                    let number = names.number.as_deref()?;
                    Some(key(&address::digits(number).map_or(Cow::Borrowed(number), address::dialled)))
                };
                let user_id = |names: &Names<'_>| Some(key(names.user_id.as_deref()?));
                Peer::Customer(Customer {
                    number: number(now),
                    user_id: user_id(now),
                    former_number: number(before),
                    former_user_id: user_id(before),
                })
            }
        }
    }
}

/// Fields to be hashed together, each preceded by its length so that none can run into the next.
struct Fields(Vec<u8>);

impl Fields {
    fn with(mut self, field: &[u8]) -> Self {
        self.0.extend_from_slice(&(field.len() as u64).to_be_bytes());
        self.0.extend_from_slice(field);
        self
    }
}

/// The id of an event whose id is to begin with `millis`: a `UUIDv8`.
pub(super) fn event_id(
    kind: EventType,
    identity: &Identity<'_>,
    millis: i64,
    part: &Part<'_>,
    context: &Context<'_>,
) -> EventId {
    let place: &[u8] = match context.channel {
        Some(channel) => channel.channel_id.0.as_bytes(),
        None => part.entry_id.as_deref().unwrap_or_default().as_bytes(),
    };
    let fields = Fields(Vec::with_capacity(256))
        .with(b"event")
        .with(context.tenant_id.0.as_bytes())
        .with(place)
        .with(kind.as_str().as_bytes())
        .with(identity.lane.as_bytes())
        .with(identity.provider_id.as_deref().unwrap_or_default().as_bytes())
        .with(identity.state.as_deref().unwrap_or_default().as_bytes())
        .with(identity.participant.as_deref().unwrap_or_default().as_bytes());
    let fields = if identity.provider_id.is_some() {
        fields
    } else {
        // The same may be true twice, at different times.
        let time = part.entry_time.as_deref().unwrap_or_default();
        let field = part.field.as_deref().unwrap_or_default();
        fields.with(time.as_bytes()).with(field.as_bytes()).with(&identity.item.fingerprint())
    };
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&Sha256::digest(&fields.0)[..16]);
    bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
    EventId(Uuid::new_v8(bytes))
}

/// What a customer or group on this channel may be kept as, who is called `name` by a person who looks for them: a number in
/// any of its usual spellings, a user id, a group's id.
#[must_use]
pub fn peer_keys(channel_id: ChannelId, name: &str) -> Vec<PeerKey> {
    let bare: String = name.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '.' | '/' | '\u{a0}')).collect();
    let number = address::digits(&bare).map(|digits| PeerKey::of_customer(channel_id, &address::dialled(digits)));
    let others = [PeerKey::of_customer(channel_id, name), PeerKey::of_group(channel_id, name)];
    number.into_iter().chain(others).collect()
}

/// The first 8 bytes of SHA-256 of a provider's message id, by which a message's whole life is found.
#[must_use]
pub fn message_hash(message_id: &str) -> i64 {
    let digest = Sha256::digest(message_id.as_bytes());
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(bytes)
}
