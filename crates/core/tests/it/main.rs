//! The normaliser from outside: bodies as Meta posts them in, events out.

mod batches;
mod identities;
mod properties;
mod samples;
mod vectors;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use socialhook_core::event::{Channel, Normalised};
use socialhook_core::id::{ChannelId, TenantId};
use socialhook_core::meta::{Part, Route, Webhook};
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

fn events_of_part(part: &Part<'_>) -> Vec<Normalised> {
    let channel = channel(part.route());
    let oldest = NOON - TimeDelta::days(365);
    let context = Context { tenant_id: TENANT, channel: channel.as_ref(), received_at: NOON, oldest, test: false };
    normalise(part, &context)
}

fn events(body: &[u8]) -> Vec<Normalised> {
    Webhook::parse(body).expect("Meta's shape").parts().iter().flat_map(events_of_part).collect()
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
