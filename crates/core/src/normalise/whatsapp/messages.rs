//! A customer's message: `value.messages[]` of the field `messages`, and what every message has whoever wrote it.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::super::address;
use super::super::draft::Draft;
use super::super::identity::{Identity, Peer};
use super::super::time;
use super::super::wire::{Direction, Edit, Message, Reaction, Referral, ReplyTo};
use super::people::{Keys, Person};
use super::{Change, content, errors, system};
use crate::json::Object;

const SENDER: Keys<'static> =
    Keys { number: "from", user_id: "from_user_id", parent_user_ids: &["from_parent_user_id"] };

/// The event of one message of a customer.
pub(super) fn draft<'a>(change: &Change<'a>, item: &'a RawValue, object: &Object<'a>) -> Draft<'a> {
    let sender = change.people.find(object, &SENDER);
    let message = read(change, "message.received", item, object);
    let group_id = object.non_empty("group_id");
    let draft = Draft {
        direction: Some(Direction::Inbound),
        from: sender.address(),
        to: group_id.clone().or_else(|| change.business.clone()),
        peer: group_id.clone().map(Peer::Group).or_else(|| sender.peer()),
        group_id,
        ..message
    };
    if object.text("type").as_deref() == Some("system") {
        return system::draft(draft, sender, item, object);
    }
    Draft { contact: sender.into_contact(), ..draft }
}

/// What the message says, without who wrote it to whom. `word` is the event of a message that is new.
pub(super) fn read<'a>(change: &Change<'a>, word: &'static str, item: &'a RawValue, object: &Object<'a>) -> Draft<'a> {
    let kind = object.text("type").unwrap_or_default();
    let id = object.non_empty("id");
    let mut draft = Draft {
        identity: Identity {
            provider_id: id.clone(),
            state: Some(kind.clone()),
            item: item.get(),
            ..Identity::default()
        },
        at: time::millis(object, "timestamp"),
        ..Draft::new(word, item)
    };
    let message = match kind.as_ref() {
        "edit" => edited(change, item, object, &mut draft),
        "revoke" => revoked(object, &mut draft),
        "reaction" => reacted(object, &mut draft),
        _ => content::read(&kind, object),
    };
    let mut message = message.unwrap_or_else(|| {
        draft.word = word;
        content::unsupported()
    });
    message.id = message.id.or(id);
    add_modifiers(change, object, &mut message);
    if message.kind == "unsupported" || matches!(kind.as_ref(), "system" | "request_welcome") {
        draft.data = Some(item);
    }
    draft.message = Some(message);
    draft
}

fn edited<'a>(
    change: &Change<'a>,
    item: &'a RawValue,
    object: &Object<'a>,
    draft: &mut Draft<'a>,
) -> Option<Message<'a>> {
    let edit = object.object("edit")?;
    let original = edit.non_empty("original_message_id")?;
    let new = edit.object("message").unwrap_or_default();
    let kind = new.text("type").unwrap_or_default();
    let mut message = content::read(&kind, &new).unwrap_or_else(|| {
        draft.data = Some(item);
        content::unsupported()
    });
    add_modifiers(change, &new, &mut message);
    message.id = Some(original);
    draft.word = "message.edited";
    draft.edit = Some(Edit { message_id: object.non_empty("id"), number: None });
    Some(message)
}

fn revoked<'a>(object: &Object<'a>, draft: &mut Draft<'a>) -> Option<Message<'a>> {
    let original = object.object("revoke")?.non_empty("original_message_id")?;
    draft.word = "message.deleted";
    Some(Message { id: Some(original), kind: "deleted", ..Message::default() })
}

/// A removed reaction has no emoji, or an empty one.
fn reacted<'a>(object: &Object<'a>, draft: &mut Draft<'a>) -> Option<Message<'a>> {
    let reaction = object.object("reaction")?;
    let emoji = reaction.non_empty("emoji");
    draft.word = "message.reaction";
    let action = if emoji.is_some() { "added" } else { "removed" };
    let reaction = Reaction { message_id: reaction.non_empty("message_id"), emoji, action };
    Some(Message { kind: "reaction", reaction: Some(reaction), ..Message::default() })
}

/// What any type of message may have: a quotation, forwarding marks, the advertisement it came from, errors.
fn add_modifiers<'a>(change: &Change<'a>, object: &Object<'a>, message: &mut Message<'a>) {
    if let Some(context) = object.object("context") {
        message.forwarded = if context.boolean("frequently_forwarded") == Some(true) {
            Some("many")
        } else {
            (context.boolean("forwarded") == Some(true)).then_some("once")
        };
        message.reply_to = message.reply_to.take().or_else(|| reply_to(change, &context));
    }
    message.errors = errors(object);
    message.referral =
        message.referral.take().or_else(|| object.object("referral").map(|referral| self::referral(&referral)));
}

fn reply_to<'a>(change: &Change<'a>, context: &Object<'a>) -> Option<ReplyTo<'a>> {
    // Edits quote the odd literal M0, which is no message.
    let message_id = context.non_empty("id").filter(|id| id != "M0");
    let product = context.get("referred_product");
    if message_id.is_none() && product.is_none() {
        return None;
    }
    let from = context.non_empty("from").or_else(|| context.non_empty("from_user_id"));
    let from =
        from.and_then(|from| if change.is_own(&from) { change.business.clone() } else { Some(address::address(from)) });
    Some(ReplyTo { message_id, from, story: None, product })
}

fn referral<'a>(referral: &Object<'a>) -> Referral<'a> {
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

/// The event of a message that the business wrote to `customer`.
pub(super) fn outbound<'a>(
    change: &Change<'a>,
    draft: Draft<'a>,
    customer: Person<'a>,
    group_id: Option<Cow<'a, str>>,
) -> Draft<'a> {
    Draft {
        direction: Some(Direction::Outbound),
        from: change.business.clone(),
        to: group_id.clone().or_else(|| customer.address()),
        peer: group_id.clone().map(Peer::Group).or_else(|| customer.peer()),
        group_id,
        contact: customer.into_contact(),
        ..draft
    }
}
