//! WhatsApp's changes: which field holds what, and the events in each.

mod content;
mod echoes;
mod interactive;
mod messages;
mod people;
mod statuses;
mod system;

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::draft::Draft;
use super::{Context, address, wire};
use crate::json::Object;
use crate::meta::Part;
use people::People;

/// What the items of one change share.
struct Change<'a> {
    people: People<'a>,
    /// The address of the business.
    business: Option<Cow<'a, str>>,
    /// `phone_number_id`, which Meta sometimes prints where the business's number is expected.
    phone_number_id: Option<Cow<'a, str>>,
    /// The digits of the business's own number.
    own_digits: Option<String>,
}

/// The events in a change; none if it is of a kind that is not known.
pub(super) fn change<'a>(part: &'a Part<'a>, context: &'a Context<'a>) -> Vec<Draft<'a>> {
    match part.field.as_deref() {
        Some("messages") => messages_field(part, context),
        Some("smb_message_echoes" | "message_echoes") => {
            let change = Change::read(part, context);
            each(part.content.array("message_echoes"), |item, object| echoes::draft(&change, item, object))
        }
        // A wrong or missing field name with messages in it happened in samples; elsewhere they mean other things.
        _ => Vec::new(),
    }
}

/// `messages` is also where statuses and errors come, all of them possibly at once.
fn messages_field<'a>(part: &'a Part<'a>, context: &'a Context<'a>) -> Vec<Draft<'a>> {
    let value = &part.content;
    let change = Change::read(part, context);
    let mut drafts = each(value.array("messages"), |item, object| messages::draft(&change, item, object));
    drafts.extend(each(value.array("statuses"), |item, object| statuses::draft(&change, item, object)));
    // Errors of the phone number as a whole, and clicks, which name no customer.
    drafts.extend(value.array("errors").into_iter().chain(value.array("user_actions")).map(|item| unknown_item(item)));
    if drafts.is_empty() { vec![Draft::unknown(part.value)] } else { drafts }
}

/// One event for each item; an item of a wrong type is an unknown event of its own.
fn each<'a>(items: Vec<&'a RawValue>, draft: impl Fn(&'a RawValue, &Object<'a>) -> Draft<'a>) -> Vec<Draft<'a>> {
    let event = |item| Object::parse(item).map_or_else(|| Draft::unknown(item), |object| draft(item, &object));
    items.into_iter().map(event).collect()
}

fn unknown_item(item: &RawValue) -> Draft<'_> {
    let at = Object::parse(item).and_then(|object| super::time::millis(&object, "timestamp"));
    Draft { at, ..Draft::unknown(item) }
}

impl<'a> Change<'a> {
    fn read(part: &Part<'a>, context: &'a Context<'a>) -> Self {
        let metadata = part.content.object("metadata").unwrap_or_default();
        let display = metadata.non_empty("display_phone_number");
        let own = display.as_deref().and_then(address::e164_of_written);
        let configured = context.channel.and_then(|channel| channel.address.as_deref());
        Self {
            people: People::read(&part.content),
            own_digits: display.map(|display| display.chars().filter(char::is_ascii_digit).collect()),
            business: configured.map(Cow::Borrowed).or(own.map(Cow::Owned)),
            phone_number_id: metadata.non_empty("phone_number_id"),
        }
    }

    /// Whether Meta's `value` stands for the business itself.
    fn is_own(&self, value: &str) -> bool {
        let digits = value.strip_prefix('+').unwrap_or(value);
        self.own_digits.as_deref() == Some(digits) || self.phone_number_id.as_deref() == Some(value)
    }
}

/// Meta's errors; nothing in them is required.
fn errors<'a>(object: &Object<'a>) -> Vec<wire::Error<'a>> {
    let error = |raw| {
        let error = Object::parse(raw)?;
        Some(wire::Error {
            code: error.int("code"),
            title: error.text("title"),
            message: error.text("message"),
            details: error.object("error_data").and_then(|data| data.text("details")),
            href: error.text("href"),
        })
    };
    object.array("errors").into_iter().filter_map(error).collect()
}
