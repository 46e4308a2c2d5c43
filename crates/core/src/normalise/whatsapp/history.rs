//! What happened before a number was connected: `history` comes in chunks of threads, possibly thousands of old messages
//! at once, and later the media of some of them. Nothing of it is to be answered.

use super::super::draft::Draft;
use super::super::time;
use super::people::{Keys, Person, SENDER};
use super::{Change, each, echoes, messages, strangers};
use crate::event::EventType;
use crate::json::{Object, Value};

/// A thread names its customer by itself, too.
const THREAD: Keys<'static> = Keys { number: "wa_id", user_id: "user_id", parent_user_ids: &["parent_user_id"] };

pub(super) fn drafts<'a>(change: &Change<'a>, value: Object<'a>) -> Vec<Draft<'a>> {
    let mut drafts = each(value, "messages", |item, object| messages::draft(change, item, object));
    drafts.extend(each(value, "message_echoes", |item, object| echoes::draft(change, item, object)));
    drafts.extend(value.array("errors").map(|item| Draft::with_data(EventType::ChannelUpdated, item)));
    for item in value.array("history") {
        match item.object() {
            Some(chunk) => add_chunk(change, item, chunk, &mut drafts),
            None => drafts.push(Draft::unknown(item)),
        }
    }
    drafts
}

/// Says of all of them that they are old.
pub(super) fn mark(drafts: &mut [Draft<'_>]) {
    for draft in drafts {
        draft.backfill = true;
        draft.identity.lane = "history";
    }
}

/// The messages of a chunk, and how far the history has come with it; or that there will be none.
fn add_chunk<'a>(change: &Change<'a>, item: Value<'a>, chunk: Object<'a>, drafts: &mut Vec<Draft<'a>>) {
    let before = drafts.len();
    for thread in chunk.array("threads") {
        match thread.object() {
            Some(object) if object.get("messages").is_none_or(|messages| messages.elements().is_some()) => {
                drafts.extend(messages_of(change, object));
                drafts.extend(strangers(object, |key, _| matches!(key, "id" | "context" | "messages")));
            }
            _ => drafts.push(Draft::unknown(thread)),
        }
    }
    let threads_read = chunk.get("threads").is_none_or(|threads| threads.elements().is_some());
    match chunk.get("metadata") {
        Some(progress) if threads_read && chunk.get("errors").is_none() => {
            let mut told = Draft::with_data(EventType::ChannelUpdated, progress);
            // So that one chunk's progress is not taken for another's that says the same.
            told.identity.participant = drafts.get(before).and_then(|draft| draft.identity.provider_id.clone());
            drafts.push(told);
        }
        _ => return drafts.push(Draft::with_data(EventType::ChannelUpdated, item)),
    }
    drafts.extend(strangers(chunk, |key, _| matches!(key, "metadata" | "threads" | "errors")));
}

fn messages_of<'a>(change: &Change<'a>, thread: Object<'a>) -> Vec<Draft<'a>> {
    let context = thread.object("context").unwrap_or_default();
    let mut customer = change.people.find(context, &THREAD);
    customer.number = customer.number.or_else(|| thread.non_empty("id"));
    customer.tell_apart();
    customer.username = customer.username.or_else(|| context.non_empty("username").map(super::address::username));
    each(thread, "messages", |item, object| message(change, &customer, item, object))
}

fn message<'a>(change: &Change<'a>, customer: &Person<'a>, item: Value<'a>, object: Object<'a>) -> Draft<'a> {
    let sender = change.people.find(object, &SENDER);
    let is_echo = change.names_itself(object, "from") || (!sender.is_named() && object.get("to").is_some());
    let kind = if is_echo { EventType::MessageEcho } else { EventType::MessageReceived };
    let draft = messages::read(change, kind, item, object);
    let customer = if customer.is_named() || is_echo { customer.clone() } else { sender };
    // An edit in the history is told as the customer's or the business's as well.
    let draft = Draft { at: time::millis(object, "timestamp"), ..draft };
    if is_echo { change.outbound(draft, customer, None) } else { change.inbound(draft, customer, None) }
}
