//! What became of marketing messages: flat objects under fields of their own, whose place in the envelope Meta does not
//! show. Their `message_id` is the campaign's, so it is not an event's message.

use std::borrow::Cow;

use super::super::draft::Draft;
use super::super::identity::Them;
use super::super::terms::kind_and_rank;
use super::super::time;
use super::super::wire::{Contact, Direction, Error, Message, MessageType, Share, Status};
use crate::event::EventType;
use crate::meta::Part;

/// The event under `field`, if it is one of these.
pub(super) fn draft<'a>(part: &'a Part<'a>, field: &str) -> Option<Draft<'a>> {
    let it = part.content;
    let (kind, word) = match field.strip_prefix("marketing_message_")? {
        "echoes" => (EventType::MessageEcho, ""),
        "deliveries" => (EventType::MessageDelivered, "delivered"),
        "reads" => (EventType::MessageRead, "read"),
        "delivery_failed" => (EventType::MessageFailed, "failed"),
        "clicks" => (EventType::ClickRecorded, ""),
        _ => return None,
    };
    let is_click = kind == EventType::ClickRecorded;
    let customer = it.non_empty("recipient_id");
    let business = it.non_empty("page_id").or_else(|| part.entry_id.clone());
    let (from, to) = if is_click { (customer.clone(), business) } else { (business, customer.clone()) };
    let mut draft = Draft {
        at: time::millis(it, "timestamp"),
        direction: Some(if is_click { Direction::Inbound } else { Direction::Outbound }),
        from,
        to,
        them: customer.clone().map(Them::Scoped),
        contact: customer.map(|user_id| Contact { user_id: Some(user_id), ..Contact::default() }),
        ..Draft::with_data(kind, part.raw)
    };
    if kind == EventType::MessageEcho {
        let share = Share { kind: "marketing_message".into(), id: it.non_empty("message_id"), title: None, url: None };
        let id = it.non_empty("mid");
        let message = Message { id, kind: MessageType::Template, share: Some(share), ..Message::default() };
        draft.message = Some(Box::new(message));
    } else if !word.is_empty() {
        draft.status = Some(Box::new(status(word, it.non_empty("mid"), it.text("error_message"))));
    }
    Some(draft)
}

fn status<'a>(word: &'static str, message_id: Option<Cow<'a, str>>, failure: Option<Cow<'a, str>>) -> Status<'a> {
    let error = |message| Error { code: None, title: None, message: Some(message), details: None, href: None };
    let errors = failure.map(error).into_iter().collect();
    Status { message_id, status: word.into(), rank: kind_and_rank(word).1, errors, ..Status::default() }
}
