//! From Meta's parts to events: `event-schema.md` as code.
//!
//! A part becomes one event for each thing in it. What is not known becomes an `unknown` event that carries Meta's
//! own JSON, so every part gives at least one event, and an item of a wrong type costs only itself. The same part
//! always gives the same ids.
//!
//! It takes two steps, since which conversation an event belongs to may have to be looked up: [`read`] tells whom each
//! event is with, [`Reading::finish`] writes the event. [`normalise`] does both for whoever can answer at once.
//!
//! A file per product, and in it per noun: `whatsapp` and `messenger` (which is Instagram's shape too) read Meta's
//! JSON into a `Draft`; `wire` is the JSON that a tenant receives; `identity`, `address`, `time` and `terms` hold the
//! rules that all products share.

mod address;
mod draft;
mod identity;
mod messenger;
mod terms;
mod time;
mod whatsapp;
pub(crate) mod wire;

use chrono::{DateTime, Utc};

use crate::conversation::Peer;
use crate::event::{Channel, EventType, Normalised, Platform};
use crate::id::{ConversationId, EventId, TenantId};
use crate::meta::{Part, Shape};
use draft::Draft;
pub use identity::{message_hash, peer_keys};

/// What is known about a part besides what Meta sent.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    pub tenant_id: TenantId,
    /// Nothing for parts that belong to an account as a whole.
    pub channel: Option<&'a Channel>,
    pub received_at: DateTime<Utc>,
    /// An event id begins with the event's time; one before this, or more than an hour after `received_at`, begins
    /// with the day of receipt instead. The `timestamp` in the event stays Meta's.
    pub oldest: DateTime<Utc>,
    /// Adds `"test": true`.
    pub test: bool,
    /// What the event says of its webhook's signature.
    pub signature_verified: bool,
}

/// An event that still has to be told which conversation it is part of.
#[derive(Debug)]
pub struct Reading<'a> {
    draft: Draft<'a>,
    part: &'a Part<'a>,
    context: &'a Context<'a>,
}

/// A file of a message, as the webhook tells of it.
#[derive(Debug, Clone, Copy)]
pub struct File<'a> {
    pub id: Option<&'a str>,
    /// Where anybody can fetch it.
    pub url: Option<&'a str>,
    /// In lower-case hex.
    pub sha256: Option<&'a str>,
    pub mime_type: Option<&'a str>,
    /// As the customer named it.
    pub filename: Option<&'a str>,
}

impl<'a> Reading<'a> {
    /// Whom its conversation is with; nothing for what is part of none.
    #[must_use]
    pub fn peer(&self) -> Option<Peer> {
        self.draft.peer(self.context)
    }

    #[must_use]
    pub fn context(&self) -> &'a Context<'a> {
        self.context
    }

    /// What it was read in.
    #[must_use]
    pub fn part(&self) -> &'a Part<'a> {
        self.part
    }

    /// The id that it will have.
    #[must_use]
    pub fn event_id(&self) -> EventId {
        self.draft.event_id(self.part, self.context)
    }

    /// The files that it tells of, in their order.
    pub fn files(&self) -> impl Iterator<Item = File<'_>> {
        let media = self.draft.message.as_ref().map(|message| message.media.as_slice()).unwrap_or_default();
        media.iter().map(|one| File {
            id: one.id.as_deref(),
            url: one.url.as_deref(),
            sha256: one.sha256.as_deref(),
            mime_type: one.mime_type.as_deref(),
            filename: one.filename.as_deref(),
        })
    }

    /// Has the event say where one of its files can be fetched, until when in seconds since the epoch. `position` counts from 0.
    pub fn link(&mut self, position: usize, url: String, expires_at: i64) {
        let message = self.draft.message.as_mut();
        if let Some(one) = message.and_then(|message| message.media.get_mut(position)) {
            one.url = Some(url.into());
            one.url_expires_at = Some(expires_at);
        }
    }

    #[must_use]
    pub fn finish(&self, conversation_id: Option<ConversationId>) -> Normalised {
        self.draft.finish(self.part, self.context, conversation_id)
    }
}

/// The events in a part, at least one.
pub fn read<'a>(part: &'a Part<'a>, context: &'a Context<'a>) -> impl Iterator<Item = Reading<'a>> {
    drafts(part, context).into_iter().map(move |draft| Reading { draft, part, context })
}

/// The events in a part, at least one, given the conversation with each peer.
pub fn normalise(
    part: &Part<'_>,
    context: &Context<'_>,
    mut conversation: impl FnMut(&Peer) -> ConversationId,
) -> Vec<Normalised> {
    let finish = |reading: Reading<'_>| {
        let conversation_id = reading.peer().map(|peer| conversation(&peer));
        reading.finish(conversation_id)
    };
    read(part, context).map(finish).collect()
}

fn drafts<'a>(part: &'a Part<'a>, context: &'a Context<'a>) -> Vec<Draft<'a>> {
    let known = match (part.platform, part.shape) {
        (Some(Platform::Whatsapp), Shape::Change) => whatsapp::change(part, context),
        (Some(Platform::Messenger | Platform::Instagram), _) => messenger::part(part),
        // Somebody gave the app its permissions, or took them back.
        (None, Shape::Change) if part.is_about_permissions => {
            vec![Draft::with_data(EventType::AccountUpdated, part.raw)]
        }
        _ => Vec::new(),
    };
    if known.is_empty() { vec![Draft::unknown(part.raw).at(time::of_item(part.content))] } else { known }
}
