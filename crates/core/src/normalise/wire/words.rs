//! The closed word lists inside an event.

use schemars::JsonSchema;
use serde::Serialize;

/// Whose doing it is: `inbound` the customer's, `outbound` the business's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Direction {
    Inbound,
    Outbound,
}

/// What kind of message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MessageType {
    Text,
    Image,
    Video,
    Audio,
    Document,
    Sticker,
    Location,
    Contacts,
    Reaction,
    /// A tap on a button or a list, a form that was filled in.
    Interactive,
    /// An order or a cart.
    Order,
    /// Not written by anyone, such as a customer opening the chat for the first time.
    System,
    Template,
    /// A shared post, reel or page.
    Share,
    /// A story that mentions the account, or one that was forwarded.
    Story,
    Deleted,
    /// Meta did not deliver the content, or its kind is not known yet: see `data`.
    #[default]
    Unsupported,
}

impl MessageType {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Document => "document",
            Self::Sticker => "sticker",
            Self::Location => "location",
            Self::Contacts => "contacts",
            Self::Reaction => "reaction",
            Self::Interactive => "interactive",
            Self::Order => "order",
            Self::System => "system",
            Self::Template => "template",
            Self::Share => "share",
            Self::Story => "story",
            Self::Deleted => "deleted",
            Self::Unsupported => "unsupported",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MediaKind {
    Image,
    Video,
    Audio,
    Document,
    Sticker,
}

impl From<MediaKind> for MessageType {
    fn from(kind: MediaKind) -> Self {
        match kind {
            MediaKind::Image => Self::Image,
            MediaKind::Video => Self::Video,
            MediaKind::Audio => Self::Audio,
            MediaKind::Document => Self::Document,
            MediaKind::Sticker => Self::Sticker,
        }
    }
}

/// How often a message was passed on: `many` is Meta's "frequently forwarded".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Forwarded {
    Once,
    Many,
}

/// What was tapped or filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReplyKind {
    Button,
    List,
    QuickReply,
    Postback,
    Flow,
    Address,
    CallPermission,
    Payment,
    Product,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ReactionAction {
    Added,
    Removed,
}

/// Present where Meta gave no usable time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TimestampSource {
    Received,
}
