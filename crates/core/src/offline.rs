//! A body's events without a service around them: for developers who try the normaliser, and for examples.
//!
//! Nothing is known of tenants and channels, so every item gets its event whatever number it belongs to, and ids of
//! tenant and channel are fixed. Event ids are those of the placeholders; in a service they are others.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::conversation::Memory;
use crate::event::{Channel, Normalised};
use crate::id::{ChannelId, TenantId};
use crate::meta::{self, ParseError, Part, Route, Webhook};
use crate::normalise::{Context, normalise};

/// `ten_00000000000000000000000001`.
pub const TENANT: TenantId = TenantId(Uuid::from_u128(1));
/// `chn_00000000000000000000000001`.
pub const CHANNEL: ChannelId = ChannelId(Uuid::from_u128(1));
const CHANNEL_NAME: &str = "Example channel";

/// The events in a body, each once. `received_at` is the time of those for which Meta gives none.
///
/// # Errors
/// If the body is not a webhook of Meta's.
pub fn events(
    body: &[u8],
    received_at: DateTime<Utc>,
    signature_verified: bool,
) -> Result<Vec<Normalised>, ParseError> {
    read(body, received_at, signature_verified, false)
}

/// The first event in a body of ours that an endpoint is tried with, and its `raw`. It says that it is a test.
///
/// # Errors
/// If the body is not a webhook of Meta's.
pub fn test_event(body: &[u8], at: DateTime<Utc>) -> Result<Option<(Normalised, String)>, ParseError> {
    let first = read(body, at, true, true)?.into_iter().next();
    let document = meta::document(body)?;
    let raw = Webhook::of(&document)?.parts().first().map(|part| part.raw().to_owned());
    Ok(first.zip(raw))
}

fn read(
    body: &[u8],
    received_at: DateTime<Utc>,
    signature_verified: bool,
    is_test: bool,
) -> Result<Vec<Normalised>, ParseError> {
    let document = meta::document(body)?;
    let webhook = Webhook::of(&document)?;
    let mut memory = Memory::default();
    let mut seen = HashSet::new();
    let of_part = |part: &Part<'_>| {
        let channel = placeholder(part);
        let context = Context {
            tenant_id: TENANT,
            channel: channel.as_ref(),
            received_at,
            oldest: DateTime::UNIX_EPOCH,
            test: is_test || *part.route() == Route::MetaTest,
            signature_verified,
        };
        normalise(part, &context, |peer| memory.settle(peer))
    };
    let mut events: Vec<Normalised> = webhook.parts().iter().flat_map(of_part).collect();
    events.retain(|event| seen.insert(event.event_id));
    Ok(events)
}

fn placeholder(part: &Part<'_>) -> Option<Channel> {
    let Route::Channel { platform, external_id } = part.route() else { return None };
    Some(Channel {
        tenant_id: TENANT,
        channel_id: CHANNEL,
        platform: *platform,
        external_id: external_id.clone(),
        address: None,
        name: CHANNEL_NAME.to_owned(),
    })
}
