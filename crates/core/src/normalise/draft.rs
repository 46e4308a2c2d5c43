//! An event as a product's reader leaves it, before it has an id, a time and a channel.

use std::borrow::Cow;

use chrono::{DateTime, NaiveTime};

use super::identity::{self, Identity, Them};
use super::wire::{
    Call, ChannelRef, Comment, Contact, Direction, Edit, Event, Message, Previous, Raw, Referral, Status,
    TimestampSource,
};
use super::{Context, time};
use crate::conversation::Peer;
use crate::event::{EventType, Normalised, Platform, Priority};
use crate::id::{ConversationId, EventId};
use crate::json::Value;
use crate::meta::{Part, Route};

/// An event time may be this far after our own clock before it is taken for nonsense, in milliseconds.
const CLOCK_SKEW: i64 = 60 * 60 * 1000;

/// It is moved about while it is filled, so what is large in it stands elsewhere.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    pub kind: EventType,
    pub identity: Identity<'a>,
    /// When it happened, in milliseconds since the epoch; the entry's time stands in for it.
    pub at: Option<i64>,
    pub direction: Option<Direction>,
    pub from: Option<Cow<'a, str>>,
    pub to: Option<Cow<'a, str>>,
    pub group_id: Option<Cow<'a, str>>,
    /// The customer or group whose conversation it is part of.
    pub them: Option<Them<'a>>,
    pub contact: Option<Contact<'a>>,
    pub message: Option<Box<Message<'a>>>,
    pub edit: Option<Edit<'a>>,
    pub status: Option<Box<Status<'a>>>,
    pub referral: Option<Box<Referral<'a>>>,
    pub call: Option<Box<Call<'a>>>,
    pub comment: Option<Box<Comment<'a>>>,
    pub previous: Option<Previous<'a>>,
    pub data: Option<Raw<'a>>,
    pub standby: bool,
    pub backfill: bool,
    pub to_self: bool,
}

impl<'a> Draft<'a> {
    /// An event about `item`, Meta's own JSON of it, that is still to be filled.
    pub fn new(kind: EventType, item: Value<'a>) -> Self {
        Self {
            kind,
            identity: Identity { lane: "", provider_id: None, state: None, participant: None, item },
            at: None,
            direction: None,
            from: None,
            to: None,
            group_id: None,
            them: None,
            contact: None,
            message: None,
            edit: None,
            status: None,
            referral: None,
            call: None,
            comment: None,
            previous: None,
            data: None,
            standby: false,
            backfill: false,
            to_self: false,
        }
    }

    /// An event that carries the item as Meta sent it, at the item's own time.
    pub fn with_data(kind: EventType, item: Value<'a>) -> Self {
        let at = item.object().and_then(time::of_item);
        Self { at, data: Some(item.into()), ..Self::new(kind, item) }
    }

    /// At this time, if there is one.
    pub fn at(self, at: Option<i64>) -> Self {
        Self { at: at.or(self.at), ..self }
    }

    pub fn unknown(item: Value<'a>) -> Self {
        Self::with_data(EventType::Unknown, item)
    }

    /// Whom its conversation is with, if it belongs to one. Events of an account have no channel, hence none.
    pub fn peer(&self, context: &Context<'_>) -> Option<Peer> {
        Some(self.them.as_ref()?.peer(context.channel?.channel_id))
    }

    /// When it happened, in milliseconds; the entry's time stands in for it.
    fn happened(&self, part: &Part<'_>) -> Option<i64> {
        self.at.or_else(|| time::from_number(part.entry_time.as_ref()?.parse().ok()?))
    }

    pub fn event_id(&self, part: &Part<'_>, context: &Context<'_>) -> EventId {
        let at = id_time(self.happened(part), part, context);
        identity::event_id(self.kind, &self.identity, at, part, context)
    }

    /// The event, its ids computed and its JSON written.
    pub fn finish(
        &self,
        part: &Part<'_>,
        context: &Context<'_>,
        conversation_id: Option<ConversationId>,
    ) -> Normalised {
        let at = self.happened(part);
        let platform = context.channel.map(|channel| channel.platform).or(part.platform);
        let event = Event {
            id: self.event_id(part, context),
            version: 1,
            // Objects without a channel product, such as `permissions`, are Facebook's own, as Messenger is.
            platform: platform.unwrap_or(Platform::Messenger),
            event: self.kind,
            timestamp: at.unwrap_or(context.received_at.timestamp_millis()).div_euclid(1000),
            timestamp_source: at.is_none().then_some(TimestampSource::Received),
            direction: self.direction,
            from: self.from.as_deref(),
            to: self.to.as_deref(),
            conversation_id,
            group_id: self.group_id.as_deref(),
            contact: self.contact.as_ref(),
            channel: context.channel.map(|channel| ChannelRef {
                id: channel.channel_id,
                external_id: &channel.external_id,
                name: &channel.name,
            }),
            message: self.message.as_deref(),
            edit: self.edit.as_ref(),
            status: self.status.as_deref(),
            referral: self.referral.as_deref(),
            call: self.call.as_deref(),
            comment: self.comment.as_deref(),
            previous: self.previous.as_ref(),
            data: self.data.as_ref(),
            test: context.test,
            backfill: self.backfill,
            standby: self.standby,
            to_self: self.to_self,
            signature_verified: context.signature_verified,
        };
        Normalised {
            event_id: event.id,
            platform: event.platform,
            event: event.event,
            conversation_id,
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

/// The time that an id begins with: the event's own where it can be one, in milliseconds.
///
/// Of what is too old for its day's table, or has no time, it is the beginning of the day on which it was received: then
/// Meta repeating itself repeats the id that day. Meta's Test button always sends one id and one old time, and yet each
/// press is to be seen.
fn id_time(at: Option<i64>, part: &Part<'_>, context: &Context<'_>) -> i64 {
    let received = context.received_at.timestamp_millis();
    let usable = context.oldest.timestamp_millis()..=received + CLOCK_SKEW;
    match at {
        Some(at) if usable.contains(&at) => at,
        _ if *part.route() == Route::MetaTest => received,
        _ => start_of_day(context.received_at),
    }
}

fn start_of_day(at: DateTime<chrono::Utc>) -> i64 {
    at.date_naive().and_time(NaiveTime::MIN).and_utc().timestamp_millis()
}

fn write(event: &Event<'_>) -> Vec<u8> {
    let mut body = Vec::with_capacity(1024);
    serde_json::to_writer(&mut body, event).expect("an event has no keys but strings and is written to memory");
    body
}
