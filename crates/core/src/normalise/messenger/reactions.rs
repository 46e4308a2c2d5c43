//! Reactions to messages. One has no id of its own; what it reacts to, who, how and when make it the one it is.

use super::super::draft::Draft;
use super::super::wire::{Message, MessageType, Reaction, ReactionAction};
use super::Element;
use crate::event::EventType;
use crate::json::Object;

pub(super) fn draft<'a>(element: &Element<'a>, reaction: Object<'a>) -> Draft<'a> {
    let direction = element.direction();
    let mut draft = element.event(EventType::MessageReaction, direction, direction);
    let action = match reaction.text("action").as_deref() {
        Some("unreact") => ReactionAction::Removed,
        _ => ReactionAction::Added,
    };
    let emoji = reaction.non_empty("emoji").filter(|_| action == ReactionAction::Added);
    let message_id = reaction.non_empty("mid");
    draft.identity.provider_id.clone_from(&message_id);
    draft.identity.state = reaction.text("action").map(|action| {
        let what = emoji.clone().or_else(|| reaction.text("reaction")).unwrap_or_default();
        format!("{action} {what}").into()
    });
    let (when, who) = (element.object.text("timestamp"), element.id_of("sender"));
    draft.identity.participant = Some(format!("{} {}", who.unwrap_or_default(), when.unwrap_or_default()).into());
    let reaction = Reaction { message_id, emoji, action };
    let message = Message { kind: MessageType::Reaction, reaction: Some(reaction), ..Message::default() };
    draft.message = Some(Box::new(message));
    // It also has a name, such as love.
    draft.data = Some(element.raw().into());
    draft
}
