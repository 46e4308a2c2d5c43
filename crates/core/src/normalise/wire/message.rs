//! What an event tells of a message.

use schemars::JsonSchema;
use serde::Serialize;

use super::words::{Forwarded, MediaKind, MessageType, ReactionAction, ReplyKind};
use super::{Error, Raw, Text};

/// What was written, sent, tapped or withdrawn.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Message<'a> {
    /// Meta's id of the message. Null where Meta gives none.
    pub id: Option<Text<'a>>,
    #[serde(rename = "type")]
    pub kind: MessageType,
    /// The text, the caption, or the visible title of what was tapped.
    pub body: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Media<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<ReplyTo<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forwarded: Option<Forwarded>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<Reply<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location<'a>>,
    /// Meta's contact cards, each phone of them also as `e164`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Raw<'a>>,
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

/// One file of a message.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Media<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Text<'a>>,
    pub kind: MediaKind,
    /// As Meta has it, possibly with parameters: `audio/ogg; codecs=opus`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<Text<'a>>,
    /// Of the content, in lower-case hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    pub sha256: Option<String>,
    /// As the customer named it: do not trust it as a path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filename: Option<Text<'a>>,
    /// Bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<i64>,
    /// Recorded in the chat, as opposed to a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voice: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub animated: Option<bool>,
    /// Where you can fetch it without a token of Meta's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<Text<'a>>,
    /// Seconds since the epoch; after that the API gives a new one: `/api/v1/events/{id}/media`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_expires_at: Option<i64>,
}

impl Media<'_> {
    pub fn new(kind: MediaKind) -> Self {
        Self {
            id: None,
            kind,
            mime_type: None,
            sha256: None,
            filename: None,
            size: None,
            voice: None,
            animated: None,
            url: None,
            url_expires_at: None,
        }
    }
}

/// What the message answers.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct ReplyTo<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<Text<'a>>,
    /// Who wrote the quoted message, as an address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub story: Option<Story<'a>>,
    /// A product of a catalogue, as Meta has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<Raw<'a>>,
}

/// A story of the account's that was answered.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Story<'a> {
    pub id: Option<Text<'a>>,
    pub url: Option<Text<'a>>,
}

/// A tap or a form.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Reply<'a> {
    pub kind: ReplyKind,
    /// What you gave the button or row: its id or payload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Text<'a>>,
    /// The answer of a form, parsed; or what else Meta tells of the tap.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Raw<'a>>,
    /// An answer that was to be a JSON object, but is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_text: Option<Text<'a>>,
}

impl Reply<'_> {
    pub fn new(kind: ReplyKind) -> Self {
        Self { kind, id: None, title: None, description: None, data: None, data_text: None }
    }
}

/// Numbers as Meta printed them.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Location<'a> {
    #[schemars(with = "f64")]
    pub latitude: Raw<'a>,
    #[schemars(with = "f64")]
    pub longitude: Raw<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<Text<'a>>,
}

/// An emoji on a message.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Reaction<'a> {
    pub message_id: Option<Text<'a>>,
    /// Null when removed, or where Meta names only the kind of reaction.
    pub emoji: Option<Text<'a>>,
    pub action: ReactionAction,
}

/// What a customer ordered, or sent as a cart.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Order<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catalog_id: Option<Text<'a>>,
    /// The customer's remark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text<'a>>,
    pub items: Vec<OrderItem<'a>>,
}

/// One product of an order.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct OrderItem<'a> {
    /// Your own id of the product, in the catalogue.
    pub product_id: Option<Text<'a>>,
    pub quantity: Option<i64>,
    /// A decimal as Meta printed it: do not compute with it as a float.
    pub price: Option<Text<'a>>,
    pub currency: Option<Text<'a>>,
}

/// The advertisement, link or product that brought the customer.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Referral<'a> {
    /// Meta's word for what it was, such as `ad`, `ADS` or `SHORTLINK`.
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
    /// What you put into the link. Anyone may have written it.
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
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Share<'a> {
    /// Meta's word for it, such as `ig_post` or `story_mention`.
    pub kind: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<Text<'a>>,
}
