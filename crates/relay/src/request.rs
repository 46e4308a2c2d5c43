//! The HTTP request of an attempt: where it goes, its headers and its signatures. Made here for sending and for showing.
//!
//! What must hold: what people are shown is made by the code that sends.

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, InvalidHeaderValue};
use secrecy::{ExposeSecret, SecretString};
use socialhook_core::event::{DeliveryStamp, with_delivery};
use socialhook_core::headers;
use socialhook_core::id::{EndpointId, EventId, TenantId};
use socialhook_core::signature::HEADER as META_SIGNATURE_HEADER;
use socialhook_core::signing;
use socialhook_store::endpoints::Target;
use socialhook_store::events::Event;
use url::Url;

use crate::Relay;
use crate::directory::Endpoint;

pub(crate) const USER_AGENT: &str = concat!("SocialHook/", env!("CARGO_PKG_VERSION"));
const META_SIGNATURE: HeaderName = HeaderName::from_static(META_SIGNATURE_HEADER);
const ID: HeaderName = HeaderName::from_static(signing::ID_HEADER);
const TIMESTAMP: HeaderName = HeaderName::from_static(signing::TIMESTAMP_HEADER);
const SIGNATURE: HeaderName = HeaderName::from_static(signing::SIGNATURE_HEADER);
const EVENT: HeaderName = HeaderName::from_static("socialhook-event");
const ATTEMPT: HeaderName = HeaderName::from_static("socialhook-attempt");

pub(crate) struct Request<'a> {
    pub(crate) event_id: EventId,
    pub(crate) event: &'a str,
    pub(crate) attempt: u16,
    /// Seconds since the epoch.
    pub(crate) timestamp: i64,
    pub(crate) body: Vec<u8>,
}

impl Request<'_> {
    pub(crate) fn headers(&self, endpoint: &Endpoint) -> Result<HeaderMap, InvalidHeaderValue> {
        let signature = signing::sign(&endpoint.keys, self.event_id, self.timestamp, &self.body);
        // Ours are set over the tenant's own.
        let mut headers = endpoint.headers.clone();
        headers.reserve(8);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ID, self.event_id.to_string().try_into()?);
        headers.insert(TIMESTAMP, self.timestamp.into());
        headers.insert(SIGNATURE, signature.try_into()?);
        headers.insert(EVENT, self.event.try_into()?);
        headers.insert(ATTEMPT, self.attempt.into());
        if let Some(key) = &endpoint.meta_key {
            headers.insert(META_SIGNATURE, key.sign(&self.body).try_into()?);
        }
        Ok(headers)
    }
}

/// Shown in place of a value of the tenant's own headers, which may be a secret.
pub const MASK: &str = "••••••••";

/// The tenant's own headers, of lines `name: value`. What cannot be sent is left out: it was checked when it was entered.
pub(crate) fn own_headers(lines: &SecretString) -> HeaderMap {
    let headers = headers::pairs(lines.expose_secret()).filter_map(|(name, value)| {
        let mut value: HeaderValue = value.parse().ok()?;
        value.set_sensitive(true);
        Some((name.parse::<HeaderName>().ok()?, value))
    });
    headers.collect()
}

/// Where an endpoint's requests go; none: its URL cannot be requested.
pub(crate) fn address(endpoint: &Endpoint, inspector_base: &Url) -> Option<Url> {
    match &endpoint.target {
        Target::Inspector => inspector_base.join(&format!("inspector/{}", endpoint.endpoint_id)).ok(),
        Target::Http { .. } => endpoint.url.clone(),
    }
}

/// A request for people to look at.
#[derive(Debug, Clone)]
pub struct Shown {
    pub url: String,
    /// In the order in which they are sent, but for what the connection adds.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Relay {
    /// The request that would bring this event to one of the tenant's endpoints, with its URL and secrets as they are now; none if it has
    /// no such endpoint. `timestamp` is in seconds since the epoch.
    #[must_use]
    pub fn request_for(
        &self,
        (tenant_id, endpoint_id): (TenantId, EndpointId),
        event: &Event,
        stamp: DeliveryStamp,
        timestamp: i64,
    ) -> Option<Shown> {
        let known = self.0.directory.contents().endpoint(endpoint_id);
        let endpoint = known.filter(|endpoint| endpoint.tenant_id == tenant_id)?;
        let request = Request {
            event_id: event.event_id,
            event: &event.event,
            attempt: stamp.attempt,
            timestamp,
            body: with_delivery(&event.body, event.raw().filter(|_| endpoint.raw), stamp),
        };
        let headers = request.headers(&endpoint).ok()?;
        let url = address(&endpoint, &self.0.settings.inspector_base)?;
        let agent = ("user-agent".to_owned(), USER_AGENT.to_owned());
        let said = headers.iter().map(|(name, value)| {
            let value = if value.is_sensitive() { MASK.into() } else { String::from_utf8_lossy(value.as_bytes()) };
            (name.as_str().to_owned(), value.into_owned())
        });
        Some(Shown { url: url.into(), headers: said.chain([agent]).collect(), body: request.body })
    }
}
