//! Messages, echoes and withdrawn messages: the key `message`, told apart by its flags.

use super::super::draft::Draft;
use super::super::wire::{Direction, Message, MessageType, Reply, ReplyKind, ReplyTo, Story};
use super::{Element, attachments, referral};
use crate::event::EventType;
use crate::json::{Object, Value};

pub(super) fn draft<'a>(element: &Element<'a>, message: Object<'a>) -> Draft<'a> {
    let is = |flag| message.boolean(flag) == Some(true);
    let (sender, recipient) = (element.id_of("sender"), element.id_of("recipient"));
    // An account that writes to itself is its own customer, so that the owner's first try is seen.
    let is_self = is("is_self") || (sender.is_some() && sender == recipient);
    // Whoever is the account is not a customer, also where the flag is missing, as on what it unsends.
    let is_own = sender.as_deref().is_some_and(|sender| element.is_account(sender));
    let is_echo = (is("is_echo") || is_own) && !is_self;
    let direction = if is_echo { Direction::Outbound } else { Direction::Inbound };
    let kind = match (is("is_deleted"), is_echo) {
        (true, _) => EventType::MessageDeleted,
        (false, true) => EventType::MessageEcho,
        (false, false) => EventType::MessageReceived,
    };
    let mut draft = Draft { to_self: is_self, ..element.event(kind, direction, direction) };
    if is_self {
        (draft.from, draft.to) = (sender, recipient);
    }
    let (content, is_whole) = if is("is_deleted") {
        (Message { kind: MessageType::Deleted, ..Message::default() }, true)
    } else if is("is_unsupported") {
        (Message::default(), false)
    } else {
        content(message)
    };
    if !is_whole || draft.contact.is_none() || !is_told(element.object, message) {
        draft.data = Some(element.raw().into());
    }
    draft.identity.provider_id = message.non_empty("mid");
    draft.identity.state = Some(content.kind.as_str().into());
    draft.message = Some(Box::new(Message { id: message.non_empty("mid"), ..content }));
    draft
}

/// Whether the event tells all that Meta does: no key is there that has no place in it, and none is of another type.
fn is_told(element: Object<'_>, message: Object<'_>) -> bool {
    let mut about_element = element.members();
    let mut about_message = message.members();
    let is_withdrawn = message.boolean("is_deleted") == Some(true);
    let has_sticker = |raw: Value<'_>| raw.object().and_then(|it| it.object("payload")?.get("sticker_id")).is_some();
    about_element.all(|(key, _)| matches!(key.as_ref(), "sender" | "recipient" | "timestamp" | "message"))
        && about_message.all(|(key, value)| match key.as_ref() {
            _ if value.is_null() => true,
            "sticker_id" => message.array("attachments").any(has_sticker),
            "mid" | "seq" | "is_echo" | "is_self" | "is_deleted" | "is_unsupported" => true,
            "text" => !is_withdrawn,
            "attachments" => !is_withdrawn && value.elements().is_some(),
            "quick_reply" => value.object().is_some_and(|quick| quick.members().all(|(key, _)| key == "payload")),
            "reply_to" => value.object().is_some_and(is_quotation_told),
            _ => false,
        })
}

fn is_quotation_told(quoted: Object<'_>) -> bool {
    quoted.members().all(|(key, value)| match key.as_ref() {
        "mid" | "story" => true,
        "is_self_reply" => value.raw() == "false",
        _ => false,
    })
}

/// What a message says, and whether that is all there is in it.
fn content(object: Object<'_>) -> (Message<'_>, bool) {
    let text = object.text("text");
    let reply = object.object("quick_reply").map(|quick| Reply {
        id: quick.text("payload"),
        title: text.clone(),
        ..Reply::new(ReplyKind::QuickReply)
    });
    let mut message = Message {
        kind: MessageType::Text,
        reply,
        reply_to: object.object("reply_to").and_then(reply_to),
        referral: object.object("referral").map(referral),
        ..Message::default()
    };
    let is_whole = attachments::read(object, &mut message);
    let is_empty = text.is_none() && object.array("attachments").next().is_none();
    if is_empty {
        message.kind = MessageType::Unsupported;
    }
    message.body = text;
    (message, is_whole && !is_empty)
}

fn reply_to(quoted: Object<'_>) -> Option<ReplyTo<'_>> {
    let message_id = quoted.non_empty("mid");
    let story = quoted.object("story").map(|story| Story { id: story.text("id"), url: story.text("url") });
    (message_id.is_some() || story.is_some()).then(|| ReplyTo { message_id, story, ..ReplyTo::default() })
}
