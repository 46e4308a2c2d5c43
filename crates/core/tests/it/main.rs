//! The normaliser from outside: bodies as Meta posts them in, events out.

mod batches;
mod batching;
mod contract;
mod identities;
mod invariants;
mod properties;
mod samples;
mod vectors;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use socialhook_core::conversation::Memory;
use socialhook_core::event::{Channel, Normalised};
use socialhook_core::id::{ChannelId, TenantId};
use socialhook_core::meta::{self, Part, Route, Webhook};
use socialhook_core::normalise::{Context, normalise};
use uuid::Uuid;

/// 2026-11-23 12:00 UTC: when every body is received.
const NOON: DateTime<Utc> = DateTime::from_timestamp(1_795_435_200, 0).expect("a time");
const TENANT: TenantId = TenantId(Uuid::from_u128(0x7e4a_0000_0000_7000_8000_0000_0000_0001));

/// A channel for each platform and external id, its own id made from them.
fn channel(route: &Route) -> Option<Channel> {
    let Route::Channel { platform, external_id } = route else { return None };
    let bytes = platform.as_str().bytes().chain(external_id.bytes());
    let number = bytes.fold(0_u128, |number, byte| number.wrapping_mul(31).wrapping_add(byte.into()));
    Some(Channel {
        tenant_id: TENANT,
        channel_id: ChannelId(Uuid::from_u128(number)),
        platform: *platform,
        external_id: external_id.clone(),
        address: None,
        name: "Acme support".to_owned(),
    })
}

fn context(channel: Option<&Channel>) -> Context<'_> {
    Context {
        tenant_id: TENANT,
        channel,
        received_at: NOON,
        oldest: NOON - TimeDelta::days(365),
        test: false,
        signature_verified: true,
    }
}

/// The events in a part, to somebody who knows no customer yet. Every one of them keeps the contract.
fn events_of_part(part: &Part<'_>) -> Vec<Normalised> {
    events_knowing(part, &mut Memory::default())
}

fn events_knowing(part: &Part<'_>, memory: &mut Memory) -> Vec<Normalised> {
    let channel = channel(part.route());
    let events = normalise(part, &context(channel.as_ref()), |peer| memory.settle(peer));
    events.iter().for_each(contract::check);
    events
}

/// What `look` finds in a webhook that is of Meta's shape.
fn with_webhook<T>(body: &[u8], look: impl FnOnce(&Webhook<'_>) -> T) -> T {
    let document = meta::document(body).expect("JSON");
    look(&Webhook::of(&document).expect("Meta's shape"))
}

fn events(body: &[u8]) -> Vec<Normalised> {
    with_webhook(body, |webhook| {
        let mut memory = Memory::default();
        webhook.parts().iter().flat_map(|part| events_knowing(part, &mut memory)).collect()
    })
}

fn json(event: &Normalised) -> Value {
    serde_json::from_slice(&event.body).expect("an event is JSON")
}

/// A body with `items`, JSON, in the member `list` of a `messages` change of the number `phone_number_id`.
fn whatsapp(phone_number_id: &str, list: &str, items: &str) -> String {
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"104857600123456","changes":[{}]}}]}}"#,
        change(phone_number_id, list, items)
    )
}

fn change(phone_number_id: &str, list: &str, items: &str) -> String {
    format!(
        r#"{{"field":"messages","value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"442079460123","phone_number_id":"{phone_number_id}"}},"contacts":[{{"profile":{{"name":"Alice"}},"wa_id":"447700900456","user_id":"GB.7031"}}],"{list}":[{items}]}}}}"#
    )
}

/// A body with one messaging element.
fn messaging(object: &str, account: &str, element: &str) -> String {
    format!(r#"{{"object":"{object}","entry":[{{"id":"{account}","time":1795435200731,"messaging":[{element}]}}]}}"#)
}
