//! Messenger's calls, which stand in the entry's own list, and the answers whether the page may call.

use std::borrow::Cow;

use super::super::draft::Draft;
use super::super::identity::Them;
use super::super::terms::lower_case;
use super::super::time;
use super::super::wire::{Call, Contact, Direction};
use super::Element;
use crate::event::EventType;
use crate::json::Object;
use crate::meta::Part;

/// One without an event is of a kind that is not known.
pub(super) fn draft<'a>(part: &'a Part<'a>) -> Option<Draft<'a>> {
    let it = part.content;
    it.non_empty("event").or_else(|| it.non_empty("call_status"))?;
    let event = it.text("event").unwrap_or_default();
    let kind = match event.as_ref() {
        "connect" => EventType::CallConnected,
        "terminate" => EventType::CallTerminated,
        _ => EventType::CallStatus,
    };
    let direction = it.non_empty("call_direction").map(lower_case);
    // The statuses of the page's own calls name whom it called.
    let is_outbound = direction.as_deref() == Some("business_initiated")
        || it.non_empty("recipient_id").is_some_and(|to| part.entry_id.as_ref() != Some(&to))
        || it.non_empty("from").is_some_and(|from| part.entry_id.as_ref() == Some(&from));
    let status = it.non_empty("call_status").or_else(|| Some(event.clone()).filter(|_| kind == EventType::CallStatus));
    let sides = [it.non_empty("from"), it.non_empty("to"), it.non_empty("recipient_id")];
    let customer = sides.into_iter().flatten().find(|side| part.entry_id.as_ref() != Some(side));
    let business = part.entry_id.clone();
    let (from, to) = if is_outbound { (business, customer.clone()) } else { (customer.clone(), business) };
    let mut draft = Draft {
        at: time::millis(it, "timestamp"),
        direction: Some(if is_outbound { Direction::Outbound } else { Direction::Inbound }),
        from,
        to,
        ..with(customer, Draft::with_data(kind, part.raw))
    };
    draft.identity.provider_id = it.non_empty("id");
    draft.identity.state = Some(format!("{event} {}", status.as_deref().unwrap_or_default()).into());
    draft.identity.participant = it.text("timestamp");
    let status = status.map(lower_case);
    draft.call = Some(Box::new(Call { id: it.non_empty("id"), status, direction, errors: Vec::new() }));
    Some(draft)
}

fn with<'a>(customer: Option<Cow<'a, str>>, draft: Draft<'a>) -> Draft<'a> {
    let contact = |user_id| Contact { user_id: Some(user_id), ..Contact::default() };
    Draft { them: customer.clone().map(Them::Scoped), contact: customer.map(contact), ..draft }
}

/// An answer in a messaging element, or on an entry as one page of Meta's draws it.
pub(super) fn permission<'a>(element: &Element<'a>) -> Draft<'a> {
    let answer = element.object.object("call_permission_reply").unwrap_or_default();
    Draft { call: Some(Box::new(response(answer))), ..element.inbound(EventType::CallPermission) }
}

/// An answer that says nothing of who gave it.
pub(super) fn answer<'a>(part: &'a Part<'a>) -> Draft<'a> {
    Draft {
        direction: Some(Direction::Inbound),
        to: part.entry_id.clone(),
        call: Some(Box::new(response(part.content))),
        ..Draft::with_data(EventType::CallPermission, part.raw)
    }
}

fn response(answer: Object<'_>) -> Call<'_> {
    Call { status: answer.non_empty("response").map(lower_case), ..Call::default() }
}
