//! Messenger's webhooks, which Instagram's are too.
//!
//! The key that is present tells what an element is; `sender` and `recipient` tell who it is from and to, except that
//! the customer is always the one who is not the entry's account.

mod attachments;
mod calls;
mod changes;
mod edits;
mod marketing;
mod messages;
mod others;
mod postbacks;
mod reactions;
mod receipts;
mod threads;

use std::borrow::Cow;

use super::draft::Draft;
use super::identity::Them;
use super::wire::{Contact, Direction, Referral};
use super::{address, time};
use crate::event::EventType;
use crate::json::{Object, Value};
use crate::meta::{Part, Shape};

/// The events in a part; none if it is of a kind that is not known.
pub(super) fn part<'a>(part: &'a Part<'a>) -> Vec<Draft<'a>> {
    match (part.shape, part.field.as_deref()) {
        (Shape::Messaging | Shape::Standby, _) => {
            let element = Element { part, object: part.content, standby: part.shape == Shape::Standby };
            element.draft().map_or_else(|| receipts::drafts(&element), |draft| vec![draft])
        }
        (Shape::Change, Some(field)) => changes::drafts(part, field),
        (Shape::Other, Some("calls")) => calls::draft(part).into_iter().collect(),
        (Shape::Other, Some("changed_fields")) => vec![changes::changed_field(part)],
        (Shape::Other, Some("call_permission_reply")) => vec![calls::answer(part)],
        _ => Vec::new(),
    }
}

/// A messaging element, wherever it stood.
#[derive(Debug, Clone, Copy)]
struct Element<'a> {
    part: &'a Part<'a>,
    object: Object<'a>,
    /// Another app owns the conversation.
    standby: bool,
}

impl<'a> Element<'a> {
    /// The event in it by the key that is present, in the catalogue's order; nothing for receipts and what is not known.
    fn draft(&self) -> Option<Draft<'a>> {
        let it = self.object;
        if let Some(message) = it.object("message") {
            Some(messages::draft(self, message))
        } else if let Some(edit) = it.object("message_edit") {
            Some(edits::draft(self, edit))
        } else if let Some(reaction) = it.object("reaction") {
            Some(reactions::draft(self, reaction))
        } else if let Some(postback) = it.object("postback") {
            Some(postbacks::draft(self, postback))
        } else if let Some(referral) = it.object("referral") {
            let draft = self.inbound(EventType::ConversationReferral);
            Some(Draft { referral: Some(Box::new(self::referral(referral))), ..draft })
        } else {
            others::draft(self)
        }
    }

    fn raw(&self) -> Value<'a> {
        self.part.raw
    }

    fn id_of(&self, side: &str) -> Option<Cow<'a, str>> {
        self.object.object(side)?.non_empty("id")
    }

    fn is_account(&self, id: &str) -> bool {
        self.part.entry_id.as_deref() == Some(id)
    }

    /// Whoever's doing it is, by its sender.
    fn direction(&self) -> Direction {
        let is_own = self.id_of("sender").is_some_and(|sender| self.is_account(&sender));
        if is_own { Direction::Outbound } else { Direction::Inbound }
    }

    /// Something that the customer did, told by nothing but Meta's own object.
    fn inbound(&self, kind: EventType) -> Draft<'a> {
        Draft { data: Some(self.raw().into()), ..self.event(kind, Direction::Inbound, Direction::Inbound) }
    }

    /// Something about the conversation that is neither's doing.
    fn about(&self, kind: EventType) -> Draft<'a> {
        Draft { direction: None, from: None, to: None, ..self.inbound(kind) }
    }

    /// An event without content. `sent` tells whose the element is by its sender, `direction` whose doing the event is.
    fn event(&self, kind: EventType, sent: Direction, direction: Direction) -> Draft<'a> {
        let (sender, recipient) = (self.id_of("sender"), self.id_of("recipient"));
        let (customer, business) = self.sides(sent, sender, recipient);
        let (from, to) = match direction {
            Direction::Inbound => (customer.clone(), business),
            Direction::Outbound => (business, customer.clone()),
        };
        let mut draft = Draft {
            at: time::millis(self.object, "timestamp"),
            direction: Some(direction),
            from,
            to,
            them: customer.clone().map(Them::Scoped),
            contact: customer.map(|customer| self.contact(customer)),
            standby: self.standby,
            ..Draft::new(kind, self.raw())
        };
        draft.identity.lane = if self.standby { "standby" } else { "" };
        draft
    }

    /// The customer is whichever side is not the account; where neither is, or both are, by who sent it.
    fn sides(
        &self,
        sent: Direction,
        sender: Option<Cow<'a, str>>,
        recipient: Option<Cow<'a, str>>,
    ) -> (Option<Cow<'a, str>>, Option<Cow<'a, str>>) {
        let (mut customer, mut business) = match sent {
            Direction::Inbound => (sender, recipient),
            Direction::Outbound => (recipient, sender),
        };
        let is_account = |id: &Option<Cow<'_, str>>| id.as_deref().is_some_and(|id| self.is_account(id));
        if is_account(&customer) && business.is_some() && !is_account(&business) {
            std::mem::swap(&mut customer, &mut business);
        }
        (customer, business.or_else(|| self.part.entry_id.clone()))
    }

    /// Instagram may add the username to the customer's side.
    fn contact(&self, customer: Cow<'a, str>) -> Contact<'a> {
        let named = |key: &str| {
            let sides = ["sender", "recipient"].into_iter().filter_map(|side| self.object.object(side));
            sides.filter(|side| side.non_empty("id").as_ref() == Some(&customer)).find_map(|side| side.non_empty(key))
        };
        let (username, name) = (named("username").map(address::username), named("name"));
        Contact { user_id: Some(customer), username, name, ..Contact::default() }
    }
}

/// Where the customer came from: an advertisement, a link, or a product of the shop.
fn referral(referral: Object<'_>) -> Referral<'_> {
    let advertisement = referral.object("ads_context_data").unwrap_or_default();
    let product = referral.object("product").unwrap_or_default();
    Referral {
        source: referral.text("source"),
        source_id: advertisement.text("post_id").or_else(|| product.text("id")),
        source_url: referral.text("referer_uri"),
        headline: advertisement.text("ad_title"),
        reference: referral.text("ref"),
        ad_id: referral.text("ad_id"),
        media_url: advertisement.text("photo_url").or_else(|| advertisement.text("video_url")),
        ..Referral::default()
    }
}
