//! A customer's message: `value.messages[]` of the field `messages`, and what every message has whoever wrote it.

use super::super::address;
use super::super::draft::Draft;
use super::super::time;
use super::super::wire::{Edit, Forwarded, Message, MessageType, Reaction, ReactionAction, Referral, ReplyTo};
use super::people::SENDER;
use super::{Change, content, errors, errors_are_told, system};
use crate::event::EventType;
use crate::json::{Object, Value};

/// The event of one message of a customer.
pub(super) fn draft<'a>(change: &Change<'a>, item: Value<'a>, object: Object<'a>) -> Draft<'a> {
    let sender = change.people.find(object, &SENDER);
    let to_self = change.names_itself(object, "from");
    let message = Draft { to_self, ..read(change, EventType::MessageReceived, item, object) };
    if object.text("type").as_deref() == Some("system") {
        return system::draft(change, message, sender, object);
    }
    change.inbound(message, sender, object.non_empty("group_id"))
}

/// What the message says, without who wrote it to whom. `new` is the event of a message that is new.
pub(super) fn read<'a>(change: &Change<'a>, new: EventType, item: Value<'a>, object: Object<'a>) -> Draft<'a> {
    let kind = object.text("type").unwrap_or_default();
    let id = object.non_empty("id");
    let mut draft = Draft { at: time::millis(object, "timestamp"), ..Draft::new(new, item) };
    draft.identity.provider_id.clone_from(&id);
    draft.identity.state = Some(kind.clone());
    let message = match kind.as_ref() {
        "edit" => edited(change, item, object, &mut draft),
        "revoke" => revoked(object, &mut draft),
        "reaction" => reacted(object, &mut draft),
        _ => content::read(&kind, object),
    };
    let mut message = message.unwrap_or_default();
    message.id = message.id.or(id);
    add_modifiers(change, object, &mut message);
    if matches!(message.kind, MessageType::Unsupported | MessageType::System) || !is_told(object, &kind) {
        draft.data = Some(item.into());
    }
    draft.message = Some(Box::new(message));
    draft
}

/// Whether the event tells all that Meta does: no key is there that has no place in it, and none is of another type.
fn is_told(object: Object<'_>, kind: &str) -> bool {
    object.members().all(|(key, value)| match key.as_ref() {
        _ if value.is_null() => true,
        "id"
        | "timestamp"
        | "type"
        | "origin"
        | "group_id"
        | "from"
        | "from_user_id"
        | "from_parent_user_id"
        | "to"
        | "to_user_id"
        | "to_parent_user_id" => value.is_plain(),
        "context" => value.object().is_some_and(is_quotation_told),
        "errors" => errors_are_told(value),
        other => other == kind && content::is_told(kind, value),
    })
}

fn is_quotation_told(context: Object<'_>) -> bool {
    let has_quoted = ["id", "message_id", "referred_product"].iter().any(|key| context.get(key).is_some());
    context.members().all(|(key, value)| match key.as_ref() {
        _ if value.is_null() => true,
        "id" | "message_id" | "forwarded" | "frequently_forwarded" => value.is_plain(),
        "from" | "from_user_id" | "from_parent_user_id" => value.is_plain() && has_quoted,
        "referred_product" => true,
        _ => false,
    })
}

fn edited<'a>(change: &Change<'a>, item: Value<'a>, object: Object<'a>, draft: &mut Draft<'a>) -> Option<Message<'a>> {
    let edit = object.object("edit")?;
    let original = edit.non_empty("original_message_id")?;
    let new = edit.object("message").unwrap_or_default();
    let kind = new.text("type").unwrap_or_default();
    let mut message = content::read(&kind, new).unwrap_or_default();
    if message.kind == MessageType::Unsupported || !is_told(new, &kind) {
        draft.data = Some(item.into());
    }
    add_modifiers(change, new, &mut message);
    message.id = Some(original);
    draft.kind = EventType::MessageEdited;
    draft.edit = Some(Edit { message_id: object.non_empty("id"), number: None });
    Some(message)
}

fn revoked<'a>(object: Object<'a>, draft: &mut Draft<'a>) -> Option<Message<'a>> {
    let original = object.object("revoke")?.non_empty("original_message_id")?;
    draft.kind = EventType::MessageDeleted;
    Some(Message { id: Some(original), kind: MessageType::Deleted, ..Message::default() })
}

/// A removed reaction has no emoji, or an empty one.
fn reacted<'a>(object: Object<'a>, draft: &mut Draft<'a>) -> Option<Message<'a>> {
    let reaction = object.object("reaction")?;
    let emoji = reaction.non_empty("emoji");
    draft.kind = EventType::MessageReaction;
    let action = if emoji.is_some() { ReactionAction::Added } else { ReactionAction::Removed };
    let reaction = Reaction { message_id: reaction.non_empty("message_id"), emoji, action };
    Some(Message { kind: MessageType::Reaction, reaction: Some(reaction), ..Message::default() })
}

/// What any type of message may have: a quotation, forwarding marks, the advertisement it came from, errors.
fn add_modifiers<'a>(change: &Change<'a>, object: Object<'a>, message: &mut Message<'a>) {
    if let Some(context) = object.object("context") {
        message.forwarded = if context.boolean("frequently_forwarded") == Some(true) {
            Some(Forwarded::Many)
        } else {
            (context.boolean("forwarded") == Some(true)).then_some(Forwarded::Once)
        };
        message.reply_to = message.reply_to.take().or_else(|| reply_to(change, context));
    }
    message.errors = errors(object);
    message.referral = message.referral.take().or_else(|| object.object("referral").map(referral));
}

fn reply_to<'a>(change: &Change<'a>, context: Object<'a>) -> Option<ReplyTo<'a>> {
    // Edits quote the odd literal M0, which is no message. What the business sent says message_id.
    let message_id = context.non_empty("id").filter(|id| id != "M0").or_else(|| context.non_empty("message_id"));
    let product = context.get("referred_product");
    if message_id.is_none() && product.is_none() {
        return None;
    }
    let from = context.non_empty("from").or_else(|| context.non_empty("from_user_id"));
    let from =
        from.and_then(|from| if change.is_own(&from) { change.business.clone() } else { Some(address::address(from)) });
    Some(ReplyTo { message_id, from, story: None, product: product.map(Into::into) })
}

fn referral(referral: Object<'_>) -> Referral<'_> {
    Referral {
        source: referral.text("source_type"),
        source_id: referral.text("source_id"),
        source_url: referral.text("source_url"),
        headline: referral.text("headline"),
        body: referral.text("body"),
        reference: referral.text("ref"),
        ctwa_clid: referral.text("ctwa_clid"),
        ad_id: None,
        media_url: referral.text("image_url").or_else(|| referral.text("video_url")),
    }
}
