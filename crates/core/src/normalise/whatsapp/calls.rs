//! Calls: `calls[]`, and the statuses of calls. Errors beside them are about the call.

use std::borrow::Cow;

use super::super::draft::Draft;
use super::super::terms::lower_case;
use super::super::time;
use super::super::wire::Call;
use super::people::{RECEIVER, SENDER};
use super::statuses::RECIPIENT;
use super::{Change, each, errors, statuses};
use crate::event::EventType;
use crate::json::{Object, Value};

pub(super) fn drafts<'a>(change: &Change<'a>, value: Object<'a>) -> Vec<Draft<'a>> {
    // Of several calls it cannot be told whose the errors are.
    let is_explained = value.array("calls").count() == 1;
    let about_call = if is_explained { value } else { Object::default() };
    let mut drafts = each(value, "calls", |item, object| call(change, item, object, about_call));
    drafts.extend(each(value, "statuses", |item, object| match object.text("type").as_deref() {
        None => status(change, item, object),
        Some(_) => statuses::draft(change, item, object),
    }));
    if !is_explained {
        drafts.extend(value.array("errors").map(|item| Draft::with_data(EventType::ChannelUpdated, item)));
    }
    drafts
}

fn call<'a>(change: &Change<'a>, item: Value<'a>, object: Object<'a>, about_call: Object<'a>) -> Draft<'a> {
    let event = object.text("event").unwrap_or_default();
    let kind = match event.as_ref() {
        "connect" => EventType::CallConnected,
        "terminate" => EventType::CallTerminated,
        _ => EventType::CallStatus,
    };
    let direction = object.non_empty("direction").map(lower_case);
    let (is_from_us, is_to_us) = (change.names_itself(object, "from"), change.names_itself(object, "to"));
    let is_inbound = match direction.as_deref() {
        Some(direction) => direction != "business_initiated",
        None => !is_from_us,
    };
    // Meta's pages contradict each other on `from` and `to` of the business's calls: the customer is who is not the business.
    let is_sender = if is_from_us == is_to_us { is_inbound } else { is_to_us };
    let sides = if is_sender { [&SENDER, &RECEIVER] } else { [&RECEIVER, &SENDER] };
    let customer = sides.into_iter().find_map(|keys| {
        let person = change.people.find(object, keys);
        let is_us = person.number.as_deref().is_some_and(|number| change.is_own(number));
        (person.is_named() && !is_us).then_some(person)
    });
    let customer = customer.unwrap_or_default();
    let says_itself = kind == EventType::CallStatus && !event.is_empty();
    let status = object.non_empty("status").or_else(|| Some(event.clone()).filter(|_| says_itself));
    let mut draft = draft(kind, item, object, event);
    draft.call = Some(Box::new(Call {
        id: object.non_empty("id"),
        status: status.map(lower_case),
        direction,
        errors: [errors(object), errors(about_call)].into_iter().flatten().collect(),
    }));
    if is_inbound { change.inbound(draft, customer, None) } else { change.outbound(draft, customer, None) }
}

/// A status of a call that the business made.
pub(super) fn status<'a>(change: &Change<'a>, item: Value<'a>, object: Object<'a>) -> Draft<'a> {
    let word = object.text("status").unwrap_or_default();
    let mut draft = draft(EventType::CallStatus, item, object, word.clone());
    let (id, status) = (object.non_empty("id"), Some(lower_case(word)).filter(|word| !word.is_empty()));
    draft.call = Some(Box::new(Call { id, status, direction: None, errors: errors(object) }));
    change.outbound(draft, change.people.find(object, &RECIPIENT), None)
}

fn draft<'a>(kind: EventType, item: Value<'a>, object: Object<'a>, state: Cow<'a, str>) -> Draft<'a> {
    let mut draft = Draft { at: time::millis(object, "timestamp"), ..Draft::with_data(kind, item) };
    draft.identity.provider_id = object.non_empty("id");
    draft.identity.state = Some(lower_case(state));
    draft
}
