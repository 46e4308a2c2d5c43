//! What became of the account's messages. Messenger names a time up to which all were delivered or read, Instagram the one
//! message that was seen. They come from the customer, about a message to him.

use std::borrow::Cow;

use super::super::draft::Draft;
use super::super::terms::kind_and_rank;
use super::super::time;
use super::super::wire::{Direction, Status};
use super::Element;
use crate::event::EventType;
use crate::json::{self, Object};

/// The events of a `delivery` or `read`; none if the element is neither.
pub(super) fn drafts<'a>(element: &Element<'a>) -> Vec<Draft<'a>> {
    if let Some(delivery) = element.object.object("delivery") {
        let one = delivery.non_empty("mids");
        let mut messages =
            delivery.array("mids").filter_map(json::Value::text).chain(one).filter(|mid| !mid.is_empty()).peekable();
        if messages.peek().is_none() {
            return vec![draft(element, "delivered", delivery, None)];
        }
        return messages.map(|mid| draft(element, "delivered", delivery, Some(mid))).collect();
    }
    let read = element.object.object("read");
    read.map(|read| draft(element, "read", read, read.non_empty("mid"))).into_iter().collect()
}

fn draft<'a>(
    element: &Element<'a>,
    word: &'static str,
    receipt: Object<'a>,
    message_id: Option<Cow<'a, str>>,
) -> Draft<'a> {
    let (kind, rank): (EventType, u8) = kind_and_rank(word);
    let mut draft = element.event(kind, Direction::Inbound, Direction::Outbound);
    // One message may be named by two receipts, and one receipt come twice.
    draft.identity.provider_id = message_id.clone().or_else(|| receipt.text("watermark"));
    draft.identity.state = Some(if message_id.is_some() { "message" } else { "watermark" }.into());
    draft.identity.participant = element.id_of("sender");
    let watermark_at = time::seconds(receipt, "watermark");
    let status = Status { message_id, status: word.into(), rank, watermark_at, ..Status::default() };
    draft.status = Some(Box::new(status));
    let is_told = receipt.members().all(|(key, value)| match key.as_ref() {
        "watermark" | "mid" | "seq" => value.is_plain(),
        "mids" => value.elements().is_none_or(|mut mids| mids.all(json::Value::is_plain)),
        _ => false,
    });
    let beside = |key: &str| matches!(key, "sender" | "recipient" | "timestamp" | "delivery" | "read");
    if !is_told || !element.object.members().all(|(key, _)| beside(&key)) {
        draft.data = Some(element.raw().into());
    }
    draft
}
