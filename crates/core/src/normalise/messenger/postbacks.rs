//! Taps on buttons, menus and ice breakers. In standby a postback has no payload; old ones have no id.

use super::super::draft::Draft;
use super::super::wire::{Direction, Message, MessageType, Reply, ReplyKind};
use super::{Element, referral};
use crate::event::EventType;
use crate::json::Object;

pub(super) fn draft<'a>(element: &Element<'a>, postback: Object<'a>) -> Draft<'a> {
    let id = postback.non_empty("mid");
    let title = postback.text("title");
    let message = Message {
        id: id.clone(),
        kind: MessageType::Interactive,
        body: title.clone(),
        reply: Some(Reply { id: postback.text("payload"), title, ..Reply::new(ReplyKind::Postback) }),
        referral: postback.object("referral").map(referral),
        ..Message::default()
    };
    let mut draft = element.event(EventType::MessageReceived, Direction::Inbound, Direction::Inbound);
    let is_told = postback.members().all(|(key, _)| matches!(key.as_ref(), "mid" | "title" | "payload"))
        && element.object.members().all(|(key, value)| {
            value.is_null() || matches!(key.as_ref(), "sender" | "recipient" | "timestamp" | "postback")
        });
    // A visitor of a page's chat plugin has no id yet.
    if !is_told || draft.contact.is_none() {
        draft.data = Some(element.raw().into());
    }
    draft.identity.provider_id = id;
    draft.message = Some(Box::new(message));
    draft
}
