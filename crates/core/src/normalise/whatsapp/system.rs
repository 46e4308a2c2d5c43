//! A customer's number, BSUID or identity changed: `system` messages, which come without `contacts`, and the field
//! `user_id_update`, which Meta says does not exist and others have received.

use std::borrow::Cow;

use super::super::address;
use super::super::draft::Draft;
use super::super::identity::{Names, Them};
use super::super::time;
use super::super::wire::{Direction, Previous};
use super::Change;
use super::people::{Keys, Person, is_same_number};
use crate::event::EventType;
use crate::json::{Object, Value};

const CUSTOMER: Keys<'static> = Keys { number: "wa_id", user_id: "", parent_user_ids: &[] };

/// The event of a system message, given its draft as a message and the `sender` that the message names: who he was.
pub(super) fn draft<'a>(change: &Change<'a>, draft: Draft<'a>, sender: Person<'a>, object: Object<'a>) -> Draft<'a> {
    let system = object.object("system").unwrap_or_default();
    match system.text("type").as_deref() {
        Some(
            "user_changed_number" | "user_changed_user_id" | "customer_changed_number" | "customer_identity_changed",
        ) => {}
        _ => return change.inbound(draft, sender, object.non_empty("group_id")),
    }
    let now = changed(system, &sender);
    // Sources disagree whether `from_user_id` is the old or the new one; before August 2026 Meta told the old one only in words.
    let of_sender = || sender.user_id.clone().filter(|id| now.user_id.as_ref() != Some(id));
    let user_id = system.non_empty("previous_user_id").or_else(of_sender);
    let user_id = user_id.or_else(|| named_in_body(system).map(|(old, _)| old));
    let before = Names { number: sender.number.clone(), user_id };
    updated(change, Draft { message: None, ..draft }, now, before)
}

/// The event of one element of `user_id_update`.
pub(super) fn update<'a>(change: &Change<'a>, item: Value<'a>, object: Object<'a>) -> Draft<'a> {
    let ids = object.object("user_id").unwrap_or_default();
    let parents = object.object("parent_user_id").unwrap_or_default();
    let known = change.people.find(object, &CUSTOMER);
    let mut now = Person {
        user_id: ids.non_empty("current"),
        parent_user_id: parents.non_empty("current"),
        ..change.people.known_by(ids.non_empty("current")).unwrap_or(known)
    };
    now.number = object.non_empty("wa_id").or(now.number);
    now.tell_apart();
    let before = Names { number: None, user_id: ids.non_empty("previous") };
    let draft = Draft { at: time::millis(object, "timestamp"), ..Draft::with_data(EventType::ContactUpdated, item) };
    updated(change, draft, now, before)
}

/// The customer, who was known by the names in `before`, is `now`.
fn updated<'a>(change: &Change<'a>, draft: Draft<'a>, now: Person<'a>, before: Names<'a>) -> Draft<'a> {
    let user_id = before.user_id.filter(|old| now.user_id.as_ref() != Some(old));
    let is_same = |old: &str| now.number.as_deref().is_some_and(|new| is_same_number(old, new));
    let number = before.number.filter(|old| !is_same(old));
    let phone = number.as_deref().and_then(address::e164);
    let previous = (phone.is_some() || user_id.is_some()).then(|| Previous { phone, user_id: user_id.clone() });
    let names = now.names();
    Draft {
        kind: EventType::ContactUpdated,
        direction: Some(Direction::Inbound),
        from: now.address(),
        to: change.business.clone(),
        them: now.is_named().then_some(Them::Customer { now: names, before: Names { number, user_id } }),
        contact: now.into_contact(),
        previous,
        ..draft
    }
}

/// Who the customer is from now on.
fn changed<'a>(system: Object<'a>, sender: &Person<'a>) -> Person<'a> {
    let number = system.non_empty("wa_id").or_else(|| system.non_empty("new_wa_id"));
    let user_id = system.non_empty("user_id").or_else(|| Some(named_in_body(system)?.1));
    let is_same = |new: &str| sender.number.as_deref().is_some_and(|old| is_same_number(old, new));
    let is_new = number.as_deref().is_some_and(|new| !is_same(new)) || user_id.is_some();
    let mut changed = Person {
        number: number.or_else(|| sender.number.clone()),
        // It may be the old one, so it serves only if nothing changed.
        user_id: user_id.or_else(|| sender.user_id.clone().filter(|_| !is_new)),
        parent_user_id: system.non_empty("parent_user_id"),
        ..Person::default()
    };
    changed.tell_apart();
    changed
}

/// The two BSUIDs of `User Ada B. changed from GB.1 to GB.2`. The name is the customer's to choose, so what it says is left out.
fn named_in_body(system: Object<'_>) -> Option<(Cow<'_, str>, Cow<'_, str>)> {
    let body = system.text("body")?;
    let (_, change) = body.rsplit_once("changed from ")?;
    let (old, new) = change.split_once(" to ")?;
    let id = |word: &str| {
        let word = word.trim().trim_end_matches('.');
        address::is_bsuid(word).then(|| Cow::Owned(word.to_owned()))
    };
    Some((id(old)?, id(new)?))
}
