//! WhatsApp's changes: which field holds what, and the events in each.

mod address_book;
mod calls;
mod contacts;
mod content;
mod echoes;
mod groups;
mod handovers;
mod history;
mod interactive;
mod messages;
mod people;
mod preferences;
mod statuses;
mod system;

use std::borrow::Cow;

use super::draft::Draft;
use super::wire::{Direction, Raw};
use super::{Context, address, time, wire};
use crate::event::EventType;
use crate::json::{Object, Value};
use crate::meta::Part;
use people::{People, Person};

/// What the items of one change share.
struct Change<'a> {
    people: People<'a>,
    /// The address of the business.
    business: Option<Cow<'a, str>>,
    /// `phone_number_id`, which Meta sometimes prints where the business's number is expected.
    phone_number_id: Option<Cow<'a, str>>,
    /// The digits of the business's own number.
    own_digits: Option<Cow<'a, str>>,
}

/// The events in a change; none if it is of a kind that is not known.
pub(super) fn change<'a>(part: &'a Part<'a>, context: &'a Context<'a>) -> Vec<Draft<'a>> {
    let field = part.field.as_deref().unwrap_or_default();
    if let Some(kind) = management(field) {
        return vec![Draft::with_data(kind, part.raw).at(time::of_item(part.content))];
    }
    let value = part.content;
    let change = Change::read(part, context, value);
    let mut drafts = match field {
        "messages" => messages_field(&change, value),
        "smb_message_echoes" | "message_echoes" => {
            each(value, "message_echoes", |item, object| echoes::draft(&change, item, object))
        }
        "standby" => return standby(part, context),
        "history" => history::drafts(&change, value),
        "smb_app_state_sync" => each(value, "state_sync", |item, object| address_book::draft(&change, item, object)),
        "calls" => calls::drafts(&change, value),
        "messaging_handovers" => return vec![handovers::draft(&change, part.raw, value)],
        "user_preferences" => each(value, "user_preferences", |item, object| preferences::draft(&change, item, object)),
        "user_id_update" => each(value, "user_id_update", |item, object| system::update(&change, item, object)),
        // The contract has no type for conversions, but they are told one by one.
        "automatic_events" => value.array("automatic_events").map(Draft::unknown).collect(),
        "tracking_events" => value.array("events").map(Draft::unknown).collect(),
        // One page of Meta's spells group_participants_update in the singular.
        _ if field.starts_with("group_") => each(value, "groups", groups::draft),
        _ => return Vec::new(),
    };
    add_strangers(field, value, &mut drafts);
    if field == "history" {
        history::mark(&mut drafts);
    }
    drafts
}

/// The fields about a template, a number, an account or a flow: each of them one flat object (WhatsApp §8).
fn management(field: &str) -> Option<EventType> {
    match field {
        "message_template_status_update"
        | "message_template_quality_update"
        | "message_template_components_update"
        | "template_category_update"
        | "template_correct_category_detection" => Some(EventType::TemplateUpdated),
        "phone_number_quality_update"
        | "phone_number_name_update"
        | "phone_number_username_update"
        | "business_username_update"
        | "business_username_updates"
        | "account_settings_update"
        | "security" => Some(EventType::ChannelUpdated),
        "account_update"
        | "account_alerts"
        | "account_review_update"
        | "account_offboarded"
        | "account_reconnected"
        | "business_capability_update"
        | "business_status_update"
        | "campaign_status_update"
        | "partner_solutions"
        | "payment_configuration_update" => Some(EventType::AccountUpdated),
        "flows" => Some(EventType::FlowUpdated),
        _ => None,
    }
}

/// `messages` is also where echoes, statuses, errors, clicks and summaries come, all of them possibly at once.
fn messages_field<'a>(change: &Change<'a>, value: Object<'a>) -> Vec<Draft<'a>> {
    let mut drafts = each(value, "messages", |item, object| messages::draft(change, item, object));
    let first_at = drafts.first().and_then(|draft| draft.at);
    let is_explained = explain(&mut drafts, value);
    drafts.extend(each(value, "message_echoes", |item, object| echoes::draft(change, item, object)));
    drafts.extend(each(value, "statuses", |item, object| statuses::draft(change, item, object)));
    if !is_explained {
        // Of the number as a whole.
        drafts.extend(value.array("errors").map(|item| Draft::with_data(EventType::ChannelUpdated, item)));
    }
    drafts.extend(each(value, "user_actions", |item, _| click(change, item)));
    drafts.extend(value.get("conversation_context").map(|summary| {
        let first = value.array("messages").next().and_then(Value::object).unwrap_or_default();
        let customer = change.people.only().unwrap_or_else(|| change.people.find(first, &people::SENDER));
        handovers::about(customer, summary).at(first_at)
    }));
    drafts
}

/// A message that came without its content, beside errors: the errors are its own (seen in production: WhatsApp §3.6).
fn explain<'a>(drafts: &mut [Draft<'a>], value: Object<'a>) -> bool {
    let messages = drafts.iter_mut().filter_map(|draft| draft.message.as_mut());
    let mut empty = messages.filter(|it| it.kind == wire::MessageType::Unsupported && it.errors.is_empty());
    // Of several it cannot be told whose they are.
    let (Some(message), None) = (empty.next(), empty.next()) else { return false };
    message.errors = errors(value);
    !message.errors.is_empty()
}

/// What else is in the value beside what `drafts` tell: each member that we do not know, in the order of their names.
fn add_strangers<'a>(field: &str, value: Object<'a>, drafts: &mut Vec<Draft<'a>>) {
    if drafts.is_empty() {
        return;
    }
    let lists: &[&str] = match field {
        "messages" | "standby" => &["messages", "message_echoes", "statuses", "errors", "user_actions"],
        "smb_message_echoes" => &["message_echoes"],
        "history" => &["history", "messages", "message_echoes", "errors"],
        "smb_app_state_sync" => &["state_sync"],
        "calls" => &["calls", "statuses", "errors"],
        "tracking_events" => &["events"],
        _ if field.starts_with("group_") => &["groups"],
        _ => &[field],
    };
    // Of a list that is there twice the last one was read.
    let is_list = |key: &str| key == "contacts" || lists.contains(&key);
    let mut read: Vec<(Cow<'a, str>, Value<'a>)> = Vec::new();
    for (key, member) in value.members().filter(|(key, _)| is_list(key)) {
        read.retain(|(earlier, _)| *earlier != key);
        read.push((key, member));
    }
    let is_known = |key: &str, member: Value<'_>| match key {
        "messaging_product" | "metadata" => true,
        "conversation_context" => matches!(field, "messages" | "standby"),
        _ if member.is_null() => true,
        _ => {
            let is_empty = member.elements().is_some_and(|mut elements| elements.next().is_none());
            is_empty || (member.elements().is_some() && read.iter().any(|(_, list)| list.is(member)))
        }
    };
    drafts.extend(strangers(value, is_known));
}

/// The members of `value` that are not known, each an unknown event of its own, in the order of their names.
fn strangers<'a>(value: Object<'a>, is_known: impl Fn(&str, Value<'a>) -> bool) -> impl Iterator<Item = Draft<'a>> {
    let mut strangers: Vec<_> = value.members().filter(|(key, member)| !is_known(key, *member)).collect();
    strangers.sort_by(|one, other| one.0.cmp(&other.0));
    strangers.into_iter().map(|(key, member)| {
        let data = format!("{{{}:{}}}", serde_json::Value::from(&*key), crate::json::clean(member.raw()));
        let mut draft = Draft { data: Some(Raw::new(data)), ..Draft::unknown(member) };
        draft.identity.state = Some(key);
        draft
    })
}

/// A link in a marketing message was clicked; Meta does not say by whom.
fn click<'a>(change: &Change<'a>, item: Value<'a>) -> Draft<'a> {
    Draft {
        direction: Some(Direction::Inbound),
        to: change.business.clone(),
        ..Draft::with_data(EventType::ClickRecorded, item)
    }
}

/// Another app owns the conversation: all that `messages` and the echoes have, one level deeper.
fn standby<'a>(part: &'a Part<'a>, context: &'a Context<'a>) -> Vec<Draft<'a>> {
    let Some(value) = part.content.object("standby") else { return Vec::new() };
    let change = Change::read(part, context, value);
    let mut drafts = messages_field(&change, value);
    add_strangers("standby", value, &mut drafts);
    if !drafts.is_empty() {
        let is_known = |key: &str, _: Value<'_>| matches!(key, "messaging_product" | "metadata" | "standby");
        drafts.extend(strangers(part.content, is_known));
    }
    for draft in &mut drafts {
        draft.standby = true;
        draft.identity.lane = "standby";
    }
    drafts
}

/// One event for each item of a list; an item of a wrong type is an unknown event of its own.
fn each<'a>(value: Object<'a>, list: &str, draft: impl Fn(Value<'a>, Object<'a>) -> Draft<'a>) -> Vec<Draft<'a>> {
    let event = |item: Value<'a>| item.object().map_or_else(|| Draft::unknown(item), |object| draft(item, object));
    value.array(list).map(event).collect()
}

impl<'a> Change<'a> {
    /// Of the change in `part`, whose items and contacts are in `value`.
    fn read(part: &Part<'a>, context: &'a Context<'a>, value: Object<'a>) -> Self {
        let metadata = part.content.object("metadata").unwrap_or_default();
        let display = metadata.non_empty("display_phone_number");
        let own = display.as_deref().and_then(address::e164_of_written);
        let configured = context.channel.and_then(|channel| channel.address.as_deref());
        let digits = |display: Cow<'a, str>| match address::digits(&display) {
            Some(digits) if digits.len() == display.len() => display,
            _ => Cow::Owned(display.chars().filter(char::is_ascii_digit).collect()),
        };
        Self {
            people: People::read(value),
            own_digits: display.map(digits),
            business: configured.map(Cow::Borrowed).or(own.map(Cow::Owned)),
            phone_number_id: metadata.non_empty("phone_number_id"),
        }
    }

    /// Whether Meta's `value` stands for the business itself.
    fn is_own(&self, value: &str) -> bool {
        let is_own = |own: &str| people::is_same_number(own, value);
        self.own_digits.as_deref().is_some_and(is_own) || self.phone_number_id.as_deref() == Some(value)
    }

    /// Whether `object` names the business under `key`.
    fn names_itself(&self, object: Object<'a>, key: &str) -> bool {
        object.non_empty(key).is_some_and(|number| self.is_own(&number))
    }

    /// What `sender` wrote or did, to the business or into a group.
    fn inbound(&self, draft: Draft<'a>, sender: Person<'a>, group_id: Option<Cow<'a, str>>) -> Draft<'a> {
        Draft {
            direction: Some(Direction::Inbound),
            from: sender.address(),
            to: group_id.clone().or_else(|| self.business.clone()),
            ..with(draft, sender, group_id)
        }
    }

    /// What the business wrote to `customer` or into a group, or what became of it.
    fn outbound(&self, draft: Draft<'a>, customer: Person<'a>, group_id: Option<Cow<'a, str>>) -> Draft<'a> {
        Draft {
            direction: Some(Direction::Outbound),
            from: self.business.clone(),
            to: group_id.clone().or_else(|| customer.address()),
            ..with(draft, customer, group_id)
        }
    }
}

/// An event of the conversation with `customer`, or of the group's.
fn with<'a>(draft: Draft<'a>, customer: Person<'a>, group_id: Option<Cow<'a, str>>) -> Draft<'a> {
    Draft {
        them: group_id.clone().map(super::identity::Them::Group).or_else(|| customer.them()),
        group_id,
        contact: customer.into_contact(),
        ..draft
    }
}

/// Whether [`errors`] tells all that Meta does of them.
fn errors_are_told(list: Value<'_>) -> bool {
    let is_told = |error: Object<'_>| {
        error.members().all(|(key, value)| match key.as_ref() {
            "title" | "message" | "href" => value.text().is_some() || value.is_null(),
            "code" => error.int("code").is_some(),
            "error_data" => value.object().is_some_and(|data| data.members().all(|(key, _)| key == "details")),
            _ => false,
        })
    };
    list.elements().is_some_and(|mut errors| errors.all(|error| error.object().is_some_and(is_told)))
}

/// Meta's errors; nothing in them is required.
fn errors<'a>(object: Object<'a>) -> Vec<wire::Error<'a>> {
    let error = |raw: Value<'a>| {
        let error = raw.object()?;
        Some(wire::Error {
            code: error.int("code"),
            title: error.text("title"),
            message: error.text("message"),
            details: error.object("error_data").and_then(|data| data.text("details")),
            href: error.text("href"),
        })
    };
    object.array("errors").filter_map(error).collect()
}
