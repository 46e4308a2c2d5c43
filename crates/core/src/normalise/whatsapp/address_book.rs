//! The address book of a business's phone app, kept in step: `smb_app_state_sync`.

use super::super::address;
use super::super::draft::Draft;
use super::super::time;
use super::Change;
use super::people::Keys;
use crate::event::EventType;
use crate::json::{Object, Value};

const CONTACT: Keys<'static> =
    Keys { number: "phone_number", user_id: "user_id", parent_user_ids: &["parent_user_id"] };

/// The event of one entry that was added, edited or removed.
pub(super) fn draft<'a>(change: &Change<'a>, item: Value<'a>, object: Object<'a>) -> Draft<'a> {
    if object.non_empty("type").is_some_and(|kind| kind != "contact") {
        return Draft::unknown(item);
    }
    let contact = object.object("contact").unwrap_or_default();
    let mut person = change.people.find(contact, &CONTACT);
    person.name = contact.non_empty("full_name").or_else(|| contact.non_empty("first_name")).or(person.name);
    person.username = contact.non_empty("username").map(address::username).or(person.username);
    let metadata = object.object("metadata").unwrap_or_default();
    let draft = Draft {
        at: time::millis(metadata, "timestamp").or_else(|| time::of_item(object)),
        ..Draft::with_data(EventType::ContactUpdated, item)
    };
    change.inbound(draft, person, None)
}
