//! Messages, echoes and withdrawn messages: the key `message`, told apart by its flags.

use super::super::draft::Draft;
use super::super::wire::{Direction, Message, Reply, ReplyTo, Story};
use super::{attachments, between, referral};
use crate::json::Object;
use crate::meta::Part;

pub(super) fn draft<'a>(part: &'a Part<'a>, message: &Object<'a>) -> Draft<'a> {
    let is = |flag| message.boolean(flag) == Some(true);
    // An account that writes to itself is its own customer, so that the owner's first try is seen.
    let is_self = is("is_self");
    let is_echo = is("is_echo") && !is_self;
    let direction = if is_echo { Direction::Outbound } else { Direction::Inbound };
    let word = match (is("is_deleted"), is_echo) {
        (true, _) => "message.deleted",
        (false, true) => "message.echo",
        (false, false) => "message.received",
    };
    let mut draft = Draft { to_self: is_self, ..between(part, word, direction, message.non_empty("mid")) };
    let (content, is_whole) = if is("is_deleted") {
        (Message { kind: "deleted", ..Message::default() }, true)
    } else if is("is_unsupported") {
        (Message { kind: "unsupported", ..Message::default() }, false)
    } else {
        content(message)
    };
    if !is_whole {
        draft.data = Some(part.raw);
    }
    draft.identity.state = Some(content.kind.into());
    draft.message = Some(Message { id: message.non_empty("mid"), ..content });
    draft
}

/// What a message says, and whether that is all there is in it.
fn content<'a>(object: &Object<'a>) -> (Message<'a>, bool) {
    let text = object.text("text");
    let reply = object.object("quick_reply").map(|quick| Reply {
        kind: "quick_reply",
        id: quick.text("payload"),
        title: text.clone(),
        ..Reply::default()
    });
    let mut message = Message {
        kind: "text",
        reply,
        reply_to: object.object("reply_to").and_then(|quoted| reply_to(&quoted)),
        referral: referral(object),
        ..Message::default()
    };
    let is_whole = attachments::read(object, &mut message);
    let is_empty = text.is_none() && object.array("attachments").is_empty();
    if is_empty {
        message.kind = "unsupported";
    }
    message.body = text;
    (message, is_whole && !is_empty)
}

fn reply_to<'a>(quoted: &Object<'a>) -> Option<ReplyTo<'a>> {
    let message_id = quoted.non_empty("mid");
    let story = quoted.object("story").map(|story| Story { id: story.text("id"), url: story.text("url") });
    (message_id.is_some() || story.is_some()).then(|| ReplyTo { message_id, story, ..ReplyTo::default() })
}
