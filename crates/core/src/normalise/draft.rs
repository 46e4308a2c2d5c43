//! An event as a product's reader leaves it, before it has an id, a time and a channel.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::identity::{self, Identity, Peer};
use super::wire::{ChannelRef, Contact, Direction, Edit, Event, Message, Previous, Status};
use super::{Context, time};
use crate::event::{Normalised, Platform, Priority};
use crate::meta::Part;

/// An event time may be this far after our own clock before it is taken for nonsense, in milliseconds.
const CLOCK_SKEW: i64 = 60 * 60 * 1000;

#[derive(Debug)]
pub(super) struct Draft<'a> {
    /// The `event` word.
    pub word: &'static str,
    pub identity: Identity<'a>,
    /// When it happened, in milliseconds since the epoch; the entry's time stands in for it.
    pub at: Option<i64>,
    pub direction: Option<Direction>,
    pub from: Option<Cow<'a, str>>,
    pub to: Option<Cow<'a, str>>,
    pub group_id: Option<Cow<'a, str>>,
    /// The customer or group whose conversation it is part of.
    pub peer: Option<Peer<'a>>,
    pub contact: Option<Contact<'a>>,
    pub message: Option<Message<'a>>,
    pub edit: Option<Edit<'a>>,
    pub status: Option<Status<'a>>,
    pub previous: Option<Previous<'a>>,
    pub data: Option<&'a RawValue>,
    pub standby: bool,
    pub to_self: bool,
}

impl<'a> Draft<'a> {
    /// An event about `item`, Meta's own JSON of it, that is still to be filled.
    pub fn new(word: &'static str, item: &'a RawValue) -> Self {
        Self {
            word,
            identity: Identity { item: item.get(), ..Identity::default() },
            at: None,
            direction: None,
            from: None,
            to: None,
            group_id: None,
            peer: None,
            contact: None,
            message: None,
            edit: None,
            status: None,
            previous: None,
            data: None,
            standby: false,
            to_self: false,
        }
    }

    /// What we do not know goes on as Meta sent it.
    pub fn unknown(item: &'a RawValue) -> Self {
        Self { data: Some(item), ..Self::new("unknown", item) }
    }

    /// The event, its ids computed and its JSON written.
    pub fn finish(&self, part: &Part<'_>, context: &Context<'_>) -> Normalised {
        let received = context.received_at.timestamp_millis();
        let at = self.at.or_else(|| time::from_number(part.entry_time.as_ref()?.parse().ok()?));
        let is_plausible = |at: &i64| (context.oldest.timestamp_millis()..=received + CLOCK_SKEW).contains(at);
        let id_time = at.filter(is_plausible).unwrap_or(received);
        let platform = context.channel.map(|channel| channel.platform).or(part.platform);
        let event = Event {
            id: identity::event_id(self.word, &self.identity, id_time, part, context),
            version: 1,
            // Objects without a channel product, such as `permissions`, are Facebook's own, as Messenger is.
            platform: platform.unwrap_or(Platform::Messenger),
            event: self.word,
            timestamp: at.unwrap_or(received).div_euclid(1000),
            timestamp_source: at.is_none().then_some("received"),
            direction: self.direction,
            from: self.from.as_deref(),
            to: self.to.as_deref(),
            conversation_id: self.peer.as_ref().and_then(|peer| identity::conversation_id(peer, context)),
            group_id: self.group_id.as_deref(),
            contact: self.contact.as_ref(),
            channel: context.channel.map(|channel| ChannelRef {
                id: channel.channel_id,
                external_id: &channel.external_id,
                name: &channel.name,
            }),
            message: self.message.as_ref(),
            edit: self.edit.as_ref(),
            status: self.status.as_ref(),
            previous: self.previous.as_ref(),
            data: self.data,
            test: context.test,
            standby: self.standby,
            to_self: self.to_self,
            signature_verified: true,
        };
        Normalised {
            event_id: event.id,
            platform: event.platform,
            event: event.event,
            conversation_id: event.conversation_id,
            message_hash: self.about().map(identity::message_hash),
            priority: if self.status.is_some() { Priority::Status } else { Priority::Message },
            body: write(&event),
        }
    }

    /// The message that the event is about: of a reaction, the one reacted to.
    fn about(&self) -> Option<&str> {
        let reacted_to = self.message.as_ref().and_then(|message| message.reaction.as_ref()?.message_id.as_deref());
        let message = self.message.as_ref().and_then(|message| message.id.as_deref());
        let status = self.status.as_ref().and_then(|status| status.message_id.as_deref());
        reacted_to.or(message).or(status)
    }
}

fn write(event: &Event<'_>) -> Vec<u8> {
    let mut body = Vec::with_capacity(1024);
    serde_json::to_writer(&mut body, event).expect("an event has no keys but strings and is written to memory");
    body
}
