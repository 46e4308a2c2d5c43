//! What the business wrote elsewhere, in its phone app or through another app: `value.message_echoes[]`.

use serde_json::value::RawValue;

use super::super::draft::Draft;
use super::people::Keys;
use super::{Change, messages};
use crate::json::Object;

const RECEIVER: Keys<'static> = Keys { number: "to", user_id: "to_user_id", parent_user_ids: &["to_parent_user_id"] };
const SENDER: Keys<'static> =
    Keys { number: "from", user_id: "from_user_id", parent_user_ids: &["from_parent_user_id"] };

/// The event of one echo. The field tells the direction: seen edits and deletions have `from` and `to` swapped, so
/// the customer is whichever side is not the business.
pub(super) fn draft<'a>(change: &Change<'a>, item: &'a RawValue, object: &Object<'a>) -> Draft<'a> {
    let to_is_own = object.non_empty("to").is_some_and(|to| change.is_own(&to));
    let customer = change.people.find(object, if to_is_own { &SENDER } else { &RECEIVER });
    let message = messages::read(change, "message.echo", item, object);
    messages::outbound(change, message, customer, object.non_empty("group_id"))
}
