//! Messenger's messaging elements, which Instagram's are too.
//!
//! The key that is present tells what an element is; `sender` and `recipient` tell who it is from and to, except that
//! the customer is always the one who is not the entry's account.

mod attachments;
mod messages;
mod postbacks;

use std::borrow::Cow;

use super::address;
use super::draft::Draft;
use super::identity::{Identity, Peer};
use super::time;
use super::wire::{Contact, Direction, Referral};
use crate::json::Object;
use crate::meta::{Part, Shape};

/// The event in an element of `messaging` or `standby`; none if it is of a kind that is not known.
pub(super) fn element<'a>(part: &'a Part<'a>) -> Vec<Draft<'a>> {
    let element = &part.content;
    let draft = if let Some(message) = element.object("message") {
        messages::draft(part, &message)
    } else if let Some(postback) = element.object("postback") {
        postbacks::draft(part, &postback)
    } else {
        return Vec::new();
    };
    vec![draft]
}

/// An element as an event of the customer's, or of the business's if it is `outbound`.
fn between<'a>(
    part: &'a Part<'a>,
    word: &'static str,
    direction: Direction,
    provider_id: Option<Cow<'a, str>>,
) -> Draft<'a> {
    let element = &part.content;
    let id = |side| element.object(side).and_then(|side| side.non_empty("id"));
    let (sender, recipient) = (id("sender"), id("recipient"));
    let customer = customer(part, direction, sender.as_ref(), recipient.as_ref());
    let standby = part.shape == Shape::Standby;
    Draft {
        identity: Identity {
            lane: if standby { "standby" } else { "" },
            provider_id,
            item: part.raw.get(),
            ..Identity::default()
        },
        at: time::millis(element, "timestamp"),
        direction: Some(direction),
        from: sender,
        to: recipient.or_else(|| part.entry_id.clone().filter(|_| direction == Direction::Inbound)),
        peer: customer.clone().map(Peer::Customer),
        contact: customer.map(|customer| contact(element, customer)),
        standby,
        ..Draft::new(word, part.raw)
    }
}

/// Whichever side is not the account. Where the account writes to itself that may be either.
fn customer<'a>(
    part: &'a Part<'a>,
    direction: Direction,
    sender: Option<&Cow<'a, str>>,
    recipient: Option<&Cow<'a, str>>,
) -> Option<Cow<'a, str>> {
    let is_account = |id: &&Cow<'a, str>| part.entry_id.as_ref() == Some(*id);
    let (expected, other) = match direction {
        Direction::Inbound => (sender, recipient),
        Direction::Outbound => (recipient, sender),
    };
    expected.filter(|id| !is_account(id)).or_else(|| other.filter(|id| !is_account(id))).or(expected).cloned()
}

/// Instagram may add the username to the customer's side.
fn contact<'a>(element: &Object<'a>, customer: Cow<'a, str>) -> Contact<'a> {
    let named = |key: &str| {
        let side = ["sender", "recipient"].into_iter().filter_map(|side| element.object(side));
        side.filter(|side| side.non_empty("id").as_ref() == Some(&customer)).find_map(|side| side.non_empty(key))
    };
    let (username, name) = (named("username").map(address::username), named("name"));
    Contact { user_id: Some(customer), username, name, ..Contact::default() }
}

/// Where the customer came from, on a message or a postback that began the conversation.
fn referral<'a>(object: &Object<'a>) -> Option<Referral<'a>> {
    let referral = object.object("referral")?;
    let advertisement = referral.object("ads_context_data").unwrap_or_default();
    Some(Referral {
        source: referral.text("source"),
        source_id: advertisement.text("post_id"),
        source_url: referral.text("referer_uri"),
        headline: advertisement.text("ad_title"),
        reference: referral.text("ref"),
        ad_id: referral.text("ad_id"),
        media_url: advertisement.text("photo_url").or_else(|| advertisement.text("video_url")),
        ..Referral::default()
    })
}
