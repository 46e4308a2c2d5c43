//! What the business wrote elsewhere, in its phone app or through another app: `message_echoes[]`, in three shapes.

use super::super::draft::Draft;
use super::super::time;
use super::super::wire::{Message, MessageType, Share};
use super::people::{Keys, Person, RECEIVER, SENDER};
use super::{Change, messages};
use crate::event::EventType;
use crate::json::{Object, Value};

/// As a request to Meta's API names the receiver.
const ADDRESSEE: Keys<'static> = Keys { number: "to", user_id: "recipient", parent_user_ids: &[] };

/// The event of one echo. The field tells the direction: seen edits and deletions have `from` and `to` swapped, so
/// the customer is whichever side is not the business.
pub(super) fn draft<'a>(change: &Change<'a>, item: Value<'a>, object: Object<'a>) -> Draft<'a> {
    if let Some(request) = object.object("message") {
        return requested(change, item, object, request);
    }
    let customer = customer(change, object);
    let mut draft = messages::read(change, EventType::MessageEcho, item, object);
    add_request_content(&mut draft, object);
    draft.to_self = change.names_itself(object, "from") && change.names_itself(object, "to");
    change.outbound(draft, customer, object.non_empty("group_id"))
}

fn customer<'a>(change: &Change<'a>, object: Object<'a>) -> Person<'a> {
    let receiver = change.people.find(object, &RECEIVER);
    let is_swapped = change.names_itself(object, "to");
    if receiver.is_named() && !is_swapped {
        return receiver;
    }
    let sender = change.people.find(object, &SENDER);
    if is_swapped || (sender.is_named() && !change.names_itself(object, "from")) { sender } else { receiver }
}

/// In standby an echo holds the request with which another app sent the message.
fn requested<'a>(change: &Change<'a>, item: Value<'a>, object: Object<'a>, request: Object<'a>) -> Draft<'a> {
    let mut draft = messages::read(change, EventType::MessageEcho, item, request);
    let id = object.non_empty("id");
    draft.at = time::millis(object, "timestamp");
    draft.identity.provider_id.clone_from(&id);
    if let Some(message) = &mut draft.message {
        message.id = id;
    }
    add_request_content(&mut draft, request);
    draft.data = Some(item.into());
    let to_group = request.text("recipient_type").as_deref() == Some("group");
    let group_id = request.non_empty("to").filter(|_| to_group);
    let customer = if to_group { Person::default() } else { change.people.find(request, &ADDRESSEE) };
    change.outbound(draft, customer, group_id)
}

/// Templates and offers of buttons look as they do in a request: they are what a customer may answer.
fn add_request_content<'a>(draft: &mut Draft<'a>, request: Object<'a>) {
    let Some(message) = draft.message.as_mut().filter(|message| message.kind == MessageType::Unsupported) else {
        return;
    };
    let offered = match request.text("type").as_deref() {
        Some("interactive") => request.object("interactive").map(|offer| Message {
            kind: MessageType::Interactive,
            body: offer.object("body").and_then(|body| body.text("text")),
            ..Message::default()
        }),
        Some("template") => request.object("template").map(|template| Message {
            kind: MessageType::Template,
            share: Some(Share { kind: "template".into(), id: None, title: template.text("name"), url: None }),
            ..Message::default()
        }),
        _ => None,
    };
    if let Some(offered) = offered {
        message.kind = offered.kind;
        message.body = offered.body;
        message.share = offered.share;
    }
}
