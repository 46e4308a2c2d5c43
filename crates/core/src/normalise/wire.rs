//! The JSON that a tenant receives, as types: the contract's keys in its order. The schema, the TypeScript types and the
//! page on events are made from these types and their descriptions (`schema`).
//!
//! A key without `skip_serializing_if` is always present, null where it does not apply.

mod message;
mod words;

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

pub(crate) use self::message::*;
pub(crate) use self::words::*;
use crate::event::{EventType, Platform};
use crate::id::{ChannelId, ConversationId, EventId};
use crate::json::{self, Value};

pub(crate) type Text<'a> = Cow<'a, str>;

/// JSON of Meta's, passed on as it was sent but for what no reader takes ([`json::clean`]).
#[derive(Debug, Clone)]
pub(crate) struct Raw<'a>(Cow<'a, str>);

impl<'a> Raw<'a> {
    /// `json` must be valid.
    pub fn new(json: impl Into<Cow<'a, str>>) -> Self {
        Self(json.into())
    }
}

impl<'a> From<Value<'a>> for Raw<'a> {
    fn from(value: Value<'a>) -> Self {
        Self(json::clean(value.raw()))
    }
}

impl Serialize for Raw<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut reader = serde_json::Deserializer::from_str(&self.0);
        let raw = <&RawValue>::deserialize(&mut reader).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl JsonSchema for Raw<'_> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Raw".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!(true)
    }
}

/// One normalised thing that happened.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, clippy::struct_field_names, reason = "the contract's keys are its fields")]
pub(crate) struct Event<'a> {
    /// The same for every repeat, retry, replay and destination: the key to recognise a repeat by. Also sent as `webhook-id`.
    #[schemars(with = "String", regex(pattern = "^evt_[0-7][0-9a-hjkmnp-tv-z]{25}$"))]
    pub id: EventId,
    /// The version of this contract.
    #[schemars(extend("const" = 1))]
    pub version: u8,
    pub platform: Platform,
    pub event: EventType,
    /// Seconds since the epoch: when it happened at Meta.
    pub timestamp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp_source: Option<TimestampSource>,
    pub direction: Option<Direction>,
    /// The sender's address: E.164 on WhatsApp, or the business-scoped user id where the number is withheld; the scoped id on
    /// Messenger and Instagram.
    pub from: Option<&'a str>,
    /// The receiver's address; a group's id for group messages.
    pub to: Option<&'a str>,
    /// The same for all events of one channel with one customer, or in one group.
    #[schemars(with = "Option<String>", regex(pattern = "^conv_[0-7][0-9a-hjkmnp-tv-z]{25}$"))]
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
    pub referral: Option<&'a Referral<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<&'a Call<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<&'a Comment<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<&'a Previous<'a>>,
    /// Meta's own object, for whatever the other keys do not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<&'a Raw<'a>>,
    /// Made by a Test button or the simulator.
    #[serde(skip_serializing_if = "is_false")]
    pub test: bool,
    /// Old: it comes from the synchronisation of a number's history. Do not answer it.
    #[serde(skip_serializing_if = "is_false")]
    pub backfill: bool,
    /// Another app owns the conversation.
    #[serde(skip_serializing_if = "is_false")]
    pub standby: bool,
    /// An account wrote to itself.
    #[serde(rename = "self", skip_serializing_if = "is_false")]
    pub to_self: bool,
    /// Meta's signature over the webhook was checked and fits.
    pub signature_verified: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// The customer, whichever the direction.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Contact<'a> {
    /// E.164.
    #[schemars(regex(pattern = r"^\+[1-9][0-9]{6,14}$"))]
    pub phone: Option<String>,
    /// WhatsApp's own form of the number, digits only: what to reply to.
    pub wa_id: Option<Text<'a>>,
    /// The business-scoped, page-scoped or Instagram-scoped id.
    pub user_id: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_user_id: Option<Text<'a>>,
    /// Without a leading @.
    pub username: Option<Text<'a>>,
    pub name: Option<Text<'a>>,
}

/// The number, page or account of yours.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Channel")]
pub(crate) struct ChannelRef<'a> {
    #[schemars(with = "String", regex(pattern = "^chn_[0-7][0-9a-hjkmnp-tv-z]{25}$"))]
    pub id: ChannelId,
    /// Meta's `phone_number_id`, page id or Instagram account id.
    pub external_id: &'a str,
    pub name: &'a str,
}

/// The notice of an edit; `message.id` is the edited message.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Edit<'a> {
    /// Of the notice itself. Messenger and Instagram give it none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<Text<'a>>,
    /// How often the message was edited, where Meta counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<i64>,
}

/// What became of a message of the business.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[expect(clippy::struct_field_names, reason = "the contract's keys are its fields")]
pub(crate) struct Status<'a> {
    /// Null where Meta names no message: then it holds for all up to `watermark_at`.
    pub message_id: Option<Text<'a>>,
    /// Meta's word.
    pub status: Text<'a>,
    /// Grows along sent, delivered, read, played: ignore a status of a lower rank than one that you have seen.
    pub rank: u8,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Error<'a>>,
    /// As Meta has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pricing: Option<Raw<'a>>,
    /// As Meta has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation: Option<Raw<'a>>,
    /// What you gave the message when you sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_data: Option<Text<'a>>,
    /// Whose status it is in a group, as an address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub participant: Option<Text<'a>>,
    /// Seconds since the epoch: everything sent until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watermark_at: Option<i64>,
}

/// A call, or the permission to make one.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Call<'a> {
    /// Meta's id of the call. Null for a permission.
    pub id: Option<Text<'a>>,
    /// Meta's word in lower case, such as `completed`, `ringing` or `accept`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Text<'a>>,
    /// Who called: Meta's word in lower case, `user_initiated` or `business_initiated`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Error<'a>>,
}

/// A comment on something public.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Comment<'a> {
    pub id: Option<Text<'a>>,
    /// Null where it is a picture or a sticker only.
    pub body: Option<Text<'a>>,
    /// The comment that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<Text<'a>>,
    /// The post, reel or live video.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_id: Option<Text<'a>>,
}

/// What a changed contact was known by before.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Previous<'a> {
    /// E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Text<'a>>,
}

/// One of Meta's errors.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "MetaError")]
pub(crate) struct Error<'a> {
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
