//! Which app owns a conversation: the keys of handovers. `app_roles` is about the account, and names no customer.

use super::super::draft::Draft;
use super::Element;
use crate::event::EventType;

const KEYS: [&str; 4] = ["pass_thread_control", "take_thread_control", "request_thread_control", "app_roles"];

pub(super) fn draft<'a>(element: &Element<'a>) -> Option<Draft<'a>> {
    let is_handover = KEYS.iter().any(|key| element.object.get(key).is_some());
    is_handover.then(|| element.about(EventType::ConversationHandover))
}
