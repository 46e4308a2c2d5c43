//! A conversation passes from one app to another: `messaging_handovers`, and the summary beside the first messages after.

use super::super::draft::Draft;
use super::super::time;
use super::people::{Keys, Person};
use super::{Change, with};
use crate::event::EventType;
use crate::json::{Object, Value};

const CUSTOMER: Keys<'static> =
    Keys { number: "phone_number", user_id: "user_id", parent_user_ids: &["parent_user_id"] };

pub(super) fn draft<'a>(change: &Change<'a>, item: Value<'a>, value: Object<'a>) -> Draft<'a> {
    let customer = change.people.find(value.object("sender").unwrap_or_default(), &CUSTOMER);
    Draft { at: time::of_item(value), ..about(customer, item) }
}

/// It is neither's doing, so it has no direction and no addresses.
pub(super) fn about<'a>(customer: Person<'a>, item: Value<'a>) -> Draft<'a> {
    with(Draft::with_data(EventType::ConversationHandover, item), customer, None)
}
