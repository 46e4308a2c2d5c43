//! `system` messages: a customer's number, BSUID or identity changed. They come without `contacts`.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::super::address;
use super::super::draft::Draft;
use super::super::wire::Previous;
use super::people::Person;
use crate::json::Object;

/// The event of a system message, given its draft as a message and the `sender` that the message names: who he was.
pub(super) fn draft<'a>(draft: Draft<'a>, sender: Person<'a>, item: &'a RawValue, object: &Object<'a>) -> Draft<'a> {
    let system = object.object("system").unwrap_or_default();
    match system.text("type").as_deref() {
        Some(
            "user_changed_number" | "user_changed_user_id" | "customer_changed_number" | "customer_identity_changed",
        ) => {}
        _ => return Draft { contact: sender.into_contact(), ..draft },
    }
    let changed = changed(&system, &sender);
    let previous = previous(&system, &sender, &changed);
    Draft {
        word: "contact.updated",
        from: changed.address(),
        peer: changed.peer(),
        contact: changed.into_contact(),
        message: None,
        previous,
        data: Some(item),
        ..draft
    }
}

/// Who the customer is from now on.
fn changed<'a>(system: &Object<'a>, sender: &Person<'a>) -> Person<'a> {
    let number = system.non_empty("wa_id").or_else(|| system.non_empty("new_wa_id"));
    let user_id = system.non_empty("user_id").or_else(|| {
        let (_, new) = named_in_body(system)?;
        Some(new)
    });
    let is_new = number.is_some() || user_id.is_some();
    let mut changed = Person {
        number: number.or_else(|| sender.number.clone()),
        // Sources disagree whether `from_user_id` is the old or the new one, so it serves only if nothing changed.
        user_id: user_id.or_else(|| sender.user_id.clone().filter(|_| !is_new)),
        parent_user_id: system.non_empty("parent_user_id"),
        ..Person::default()
    };
    changed.tell_apart();
    changed
}

/// Who he was, if that differs. Before August 2026 Meta told the old BSUID only in words.
fn previous<'a>(system: &Object<'a>, sender: &Person<'a>, changed: &Person<'a>) -> Option<Previous<'a>> {
    let in_body = || named_in_body(system).map(|(old, _)| old);
    let user_id = system.non_empty("previous_user_id").or_else(|| sender.user_id.clone()).or_else(in_body);
    let user_id = user_id.filter(|old| changed.user_id.as_ref() != Some(old));
    let number = sender.number.as_ref().filter(|old| changed.number.as_ref() != Some(old));
    let phone = number.and_then(|old| address::e164(old));
    (phone.is_some() || user_id.is_some()).then_some(Previous { phone, user_id })
}

/// The two BSUIDs of `User Ada B. changed from GB.1 to GB.2`.
fn named_in_body<'a>(system: &Object<'a>) -> Option<(Cow<'a, str>, Cow<'a, str>)> {
    let body = system.text("body")?;
    let mut ids =
        body.split_whitespace().map(|word| word.trim_end_matches(['.', ','])).filter(|word| address::is_bsuid(word));
    let (old, new) = (ids.next()?, ids.next()?);
    Some((Cow::Owned(old.to_owned()), Cow::Owned(new.to_owned())))
}
