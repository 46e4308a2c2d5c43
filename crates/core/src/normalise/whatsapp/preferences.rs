//! A customer wants marketing messages, or wants them no more: `user_preferences[]`.

use super::super::draft::Draft;
use super::Change;
use super::people::Keys;
use crate::event::EventType;
use crate::json::{Object, Value};

const CUSTOMER: Keys<'static> = Keys { number: "wa_id", user_id: "user_id", parent_user_ids: &["parent_user_id"] };

pub(super) fn draft<'a>(change: &Change<'a>, item: Value<'a>, object: Object<'a>) -> Draft<'a> {
    let kind = match object.text("value").as_deref() {
        Some("stop") => EventType::ConversationOptOut,
        Some("resume" | "signup") => EventType::ConversationOptIn,
        _ => EventType::Unknown,
    };
    let customer = change.people.find(object, &CUSTOMER);
    let draft = Draft::with_data(kind, item);
    if kind == EventType::Unknown { super::with(draft, customer, None) } else { change.inbound(draft, customer, None) }
}
