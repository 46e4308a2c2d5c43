//! The event types: the closed list of what an event can be, and what each promises its receiver.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;

/// What happened. The `event` of an event's JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EventType {
    MessageReceived,
    MessageEcho,
    MessageEdited,
    MessageDeleted,
    MessageReaction,
    MessageSent,
    MessageDelivered,
    MessageRead,
    MessagePlayed,
    MessageFailed,
    MessageStatus,
    ConversationReferral,
    ConversationOptIn,
    ConversationOptOut,
    ConversationHandover,
    ConversationLinked,
    ConversationUnlinked,
    ContactUpdated,
    CallConnected,
    CallTerminated,
    CallStatus,
    CallPermission,
    CommentCreated,
    MentionCreated,
    FeedUpdated,
    LeadCreated,
    PaymentUpdated,
    ClickRecorded,
    GroupUpdated,
    TemplateUpdated,
    ChannelUpdated,
    AccountUpdated,
    FlowUpdated,
    Unknown,
}

/// What is told of an event type.
#[derive(Debug, Clone, Copy)]
pub struct Described {
    /// The word in an event's JSON.
    pub word: &'static str,
    /// The top-level keys that every event of the type has besides those that all events have.
    pub carries: &'static [&'static str],
    /// Whose doing it is: `inbound`, `outbound`, either of them, or null.
    pub directions: &'static [Option<&'static str>],
    /// A sentence for those who receive it.
    pub meaning: &'static str,
}

const INBOUND: &[Option<&str>] = &[Some("inbound")];
const OUTBOUND: &[Option<&str>] = &[Some("outbound")];
const EITHER: &[Option<&str>] = &[Some("inbound"), Some("outbound")];
const NEITHER: &[Option<&str>] = &[None];

impl EventType {
    pub const ALL: [Self; 34] = [
        Self::MessageReceived,
        Self::MessageEcho,
        Self::MessageEdited,
        Self::MessageDeleted,
        Self::MessageReaction,
        Self::MessageSent,
        Self::MessageDelivered,
        Self::MessageRead,
        Self::MessagePlayed,
        Self::MessageFailed,
        Self::MessageStatus,
        Self::ConversationReferral,
        Self::ConversationOptIn,
        Self::ConversationOptOut,
        Self::ConversationHandover,
        Self::ConversationLinked,
        Self::ConversationUnlinked,
        Self::ContactUpdated,
        Self::CallConnected,
        Self::CallTerminated,
        Self::CallStatus,
        Self::CallPermission,
        Self::CommentCreated,
        Self::MentionCreated,
        Self::FeedUpdated,
        Self::LeadCreated,
        Self::PaymentUpdated,
        Self::ClickRecorded,
        Self::GroupUpdated,
        Self::TemplateUpdated,
        Self::ChannelUpdated,
        Self::AccountUpdated,
        Self::FlowUpdated,
        Self::Unknown,
    ];

    /// The word in events, the database and endpoint filters.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.described().word
    }

    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    #[must_use]
    pub fn described(self) -> Described {
        let (word, carries, directions, meaning): (_, &[&str], _, _) = match self {
            Self::MessageReceived => (
                "message.received",
                &["message"],
                INBOUND,
                "A customer wrote, tapped a button, filled in a form or ordered.",
            ),
            Self::MessageEcho => (
                "message.echo",
                &["message"],
                OUTBOUND,
                "The business itself sent a message elsewhere: in its phone app, Meta's inbox or another app.",
            ),
            Self::MessageEdited => (
                "message.edited",
                &["message", "edit"],
                EITHER,
                "A message was edited. message.id is the edited message, message.body its new text; where Meta tells no text it is null and nothing is to be changed.",
            ),
            Self::MessageDeleted => {
                ("message.deleted", &["message"], EITHER, "A message was withdrawn. message.id is the withdrawn one.")
            }
            Self::MessageReaction => (
                "message.reaction",
                &["message"],
                EITHER,
                "A reaction to a message was added or removed. message.reaction.message_id is the message reacted to.",
            ),
            Self::MessageSent => {
                ("message.sent", &["status"], OUTBOUND, "A message of the business left Meta for the customer.")
            }
            Self::MessageDelivered => {
                ("message.delivered", &["status"], OUTBOUND, "A message of the business reached the customer's device.")
            }
            Self::MessageRead => ("message.read", &["status"], OUTBOUND, "The customer saw a message of the business."),
            Self::MessagePlayed => {
                ("message.played", &["status"], OUTBOUND, "The customer played a voice message of the business.")
            }
            Self::MessageFailed => (
                "message.failed",
                &["status"],
                OUTBOUND,
                "A message of the business will not arrive; status.errors says why.",
            ),
            Self::MessageStatus => (
                "message.status",
                &["status"],
                OUTBOUND,
                "A message of the business has a status that has no event of its own, word for word in status.status.",
            ),
            other => return other.described_further(),
        };
        Described { word, carries, directions, meaning }
    }

    fn described_further(self) -> Described {
        let data: &[&str] = &["data"];
        let (word, carries, directions, meaning): (_, &[&str], _, _) = match self {
            Self::ConversationReferral => (
                "conversation.referral",
                &["referral", "data"],
                INBOUND,
                "A customer came back to a conversation through a link or an advertisement.",
            ),
            Self::ConversationOptIn => ("conversation.opt_in", data, INBOUND, "A customer agreed to receive messages."),
            Self::ConversationOptOut => {
                ("conversation.opt_out", data, INBOUND, "A customer asked for no more (marketing) messages.")
            }
            Self::ConversationHandover => (
                "conversation.handover",
                data,
                NEITHER,
                "A conversation passed from one app to another, or its summary for the next owner.",
            ),
            Self::ConversationLinked => {
                ("conversation.linked", data, INBOUND, "A customer linked an account of yours to the conversation.")
            }
            Self::ConversationUnlinked => {
                ("conversation.unlinked", data, INBOUND, "A customer took the link to an account of yours back.")
            }
            Self::ContactUpdated => (
                "contact.updated",
                data,
                INBOUND,
                "A customer's number or user id changed (previous tells the old one), or the business's address book did.",
            ),
            Self::CallConnected => ("call.connected", &["call", "data"], EITHER, "A call is being set up."),
            Self::CallTerminated => ("call.terminated", &["call", "data"], EITHER, "A call ended."),
            Self::CallStatus => {
                ("call.status", &["call", "data"], EITHER, "Something else about a call, in call.status.")
            }
            Self::CallPermission => {
                ("call.permission", &["call", "data"], INBOUND, "A customer answered whether the business may call.")
            }
            Self::CommentCreated => (
                "comment.created",
                &["comment", "data"],
                EITHER,
                "Someone commented on a post, a reel or a live video.",
            ),
            Self::MentionCreated => ("mention.created", data, EITHER, "Someone mentioned the page or account."),
            Self::FeedUpdated => {
                ("feed.updated", data, EITHER, "Something else about posts: a reaction, a rating, an edit, figures.")
            }
            other => return other.described_last(),
        };
        Described { word, carries, directions, meaning }
    }

    fn described_last(self) -> Described {
        let (word, directions, meaning) = match self {
            Self::LeadCreated => ("lead.created", INBOUND, "Someone filled in a lead form; Meta tells its ids only."),
            Self::PaymentUpdated => ("payment.updated", INBOUND, "A customer's payment of an order changed its state."),
            Self::ClickRecorded => ("click.recorded", INBOUND, "A link in a marketing message was clicked."),
            Self::GroupUpdated => ("group.updated", NEITHER, "A group, its settings or its participants changed."),
            Self::TemplateUpdated => {
                ("template.updated", NEITHER, "A message template's status, quality, category or content changed.")
            }
            Self::ChannelUpdated => (
                "channel.updated",
                NEITHER,
                "The number or page itself: its name, quality, settings, security, username, errors, or the progress of its history.",
            ),
            Self::AccountUpdated => {
                ("account.updated", NEITHER, "The account behind it: its review, restrictions, partners and limits.")
            }
            Self::FlowUpdated => ("flow.updated", NEITHER, "A flow's status or health changed."),
            _ => (
                "unknown",
                NEITHER,
                "Something that has no event type yet. data is Meta's own object, so that nothing is lost.",
            ),
        };
        Described { word, carries: &["data"], directions, meaning }
    }
}

impl Serialize for EventType {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl JsonSchema for EventType {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "EventType".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let words: Vec<&str> = Self::ALL.into_iter().map(Self::as_str).collect();
        schemars::json_schema!({ "type": "string", "enum": words, "description": "What happened." })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_again_and_unique() {
        for kind in EventType::ALL {
            assert_eq!(EventType::from_word(kind.as_str()), Some(kind));
            assert!(kind.described().meaning.ends_with('.'));
        }
        assert_eq!(EventType::from_word("message"), None);
    }
}
