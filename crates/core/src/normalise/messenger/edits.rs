//! Edited messages. Instagram's notices come without the new text as a rule, and sometimes without a sender (Instagram §4.4).

use super::super::draft::Draft;
use super::super::wire::{Edit, Message, MessageType};
use super::Element;
use crate::event::EventType;
use crate::json::Object;

pub(super) fn draft<'a>(element: &Element<'a>, edit: Object<'a>) -> Draft<'a> {
    let direction = element.direction();
    let mut draft = element.event(EventType::MessageEdited, direction, direction);
    draft.identity.provider_id = edit.non_empty("mid");
    draft.identity.state = edit.text("num_edit");
    draft.identity.participant = element.object.text("timestamp").or_else(|| edit.text("text"));
    draft.edit = Some(Edit { message_id: None, number: edit.int("num_edit") });
    if !edit.members().all(|(key, _)| matches!(key.as_ref(), "mid" | "text" | "num_edit")) {
        draft.data = Some(element.raw().into());
    }
    // Only texts can be edited.
    let (id, body) = (edit.non_empty("mid"), edit.text("text"));
    draft.message = Some(Box::new(Message { id, kind: MessageType::Text, body, ..Message::default() }));
    draft
}
