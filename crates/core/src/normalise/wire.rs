//! The JSON that a tenant receives, as types: `event-schema.md`'s keys in its order.
//!
//! A key without `skip_serializing_if` is always present, null where it does not apply.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::event::Platform;
use crate::id::{ChannelId, ConversationId, EventId};

pub(super) type Text<'a> = Cow<'a, str>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Direction {
    Inbound,
    Outbound,
}

#[derive(Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, clippy::struct_field_names, reason = "the contract's keys are its fields")]
pub(super) struct Event<'a> {
    pub id: EventId,
    pub version: u8,
    pub platform: Platform,
    pub event: &'static str,
    /// Seconds since the epoch.
    pub timestamp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp_source: Option<&'static str>,
    pub direction: Option<Direction>,
    pub from: Option<&'a str>,
    pub to: Option<&'a str>,
    pub conversation_id: Option<ConversationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_id: Option<&'a str>,
    pub contact: Option<&'a Contact<'a>>,
    pub channel: Option<ChannelRef<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<&'a Message<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edit: Option<&'a Edit<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<&'a Status<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<&'a Previous<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "is_false")]
    pub test: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub standby: bool,
    #[serde(rename = "self", skip_serializing_if = "is_false")]
    pub to_self: bool,
    pub signature_verified: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// Always the customer.
#[derive(Debug, Default, Serialize)]
pub(super) struct Contact<'a> {
    /// E.164.
    pub phone: Option<String>,
    /// Meta's digits verbatim.
    pub wa_id: Option<Text<'a>>,
    pub user_id: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_user_id: Option<Text<'a>>,
    pub username: Option<Text<'a>>,
    pub name: Option<Text<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct ChannelRef<'a> {
    pub id: ChannelId,
    pub external_id: &'a str,
    pub name: &'a str,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Message<'a> {
    pub id: Option<Text<'a>>,
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub body: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Media<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<ReplyTo<'a>>,
    /// `once` or `many`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forwarded: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<Reply<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location<'a>>,
    /// Meta's cards, with `e164` added to every phone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reaction: Option<Reaction<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<Order<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referral: Option<Referral<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share: Option<Share<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Error<'a>>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Media<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Text<'a>>,
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<Text<'a>>,
    /// Lower-case hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filename: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voice: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub animated: Option<bool>,
    /// Only one that the tenant can fetch without Meta's token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<Text<'a>>,
    /// Seconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_expires_at: Option<i64>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct ReplyTo<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub story: Option<Story<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<&'a RawValue>,
}

#[derive(Debug, Serialize)]
pub(super) struct Story<'a> {
    pub id: Option<Text<'a>>,
    pub url: Option<Text<'a>>,
}

/// A tap or a form.
#[derive(Debug, Default, Serialize)]
pub(super) struct Reply<'a> {
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<RawValue>>,
    /// An answer that was to be a JSON object, but is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_text: Option<Text<'a>>,
}

/// Numbers as Meta printed them.
#[derive(Debug, Serialize)]
pub(super) struct Location<'a> {
    pub latitude: &'a RawValue,
    pub longitude: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<Text<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct Reaction<'a> {
    pub message_id: Option<Text<'a>>,
    /// Null when removed.
    pub emoji: Option<Text<'a>>,
    /// `added` or `removed`.
    pub action: &'static str,
}

#[derive(Debug, Serialize)]
pub(super) struct Order<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catalog_id: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text<'a>>,
    pub items: Vec<OrderItem<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct OrderItem<'a> {
    pub product_id: Option<Text<'a>>,
    pub quantity: Option<i64>,
    /// A decimal as Meta printed it.
    pub price: Option<Text<'a>>,
    pub currency: Option<Text<'a>>,
}

/// The advertisement or link that brought the customer.
#[derive(Debug, Default, Serialize)]
pub(super) struct Referral<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_id: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_url: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headline: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Text<'a>>,
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ctwa_clid: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ad_id: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_url: Option<Text<'a>>,
}

/// A shared post, reel, story, page or template.
#[derive(Debug, Default, Serialize)]
pub(super) struct Share<'a> {
    pub kind: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<Text<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct Error<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Text<'a>>,
    /// Where Meta explains the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub href: Option<Text<'a>>,
}

/// The notice of an edit; `message.id` is the edited message.
#[derive(Debug, Serialize)]
pub(super) struct Edit<'a> {
    /// Of the notice itself. Messenger and Instagram give it none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<Text<'a>>,
    /// How often the message was edited, where Meta counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<i64>,
}

#[derive(Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "the contract's keys are its fields")]
pub(super) struct Status<'a> {
    pub message_id: Option<Text<'a>>,
    pub status: Text<'a>,
    pub rank: u8,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Error<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pricing: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_data: Option<Text<'a>>,
    /// Whose status it is in a group: the address as `from` and `to` have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub participant: Option<Text<'a>>,
}

/// What a changed contact was known by before.
#[derive(Debug, Default, Serialize)]
pub(super) struct Previous<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Text<'a>>,
}
