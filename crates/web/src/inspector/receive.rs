//! The receiving end, written as a tenant's server should be: nothing unsigned is taken, and the answer comes at once.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use socialhook_core::id::{EndpointId, EventId, InspectionId};
use socialhook_core::signing::{self, ID_HEADER, SIGNATURE_HEADER, SigningKey, TIMESTAMP_HEADER};
use socialhook_store::inspections::{self, Inspection};
use subtle::ConstantTimeEq;

use crate::arrivals::Arrivals;
use crate::error::Error;
use crate::extract::Path;
use crate::state::App;

/// Bytes of a delivery that the inspector takes.
pub const BODY_MAX: usize = 1 << 20;
/// Seconds that a signature stays good, as the Standard Webhooks libraries have it.
const TOLERANCE_SECONDS: u64 = 5 * 60;

pub async fn receive(
    State(app): State<App>,
    State(arrivals): State<Arrivals>,
    Path(endpoint_id): Path<EndpointId>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Error> {
    let directory = app.relay.directory();
    let endpoint = directory.endpoint(endpoint_id).filter(|endpoint| endpoint.is_inspector()).ok_or(Error::NotFound)?;
    let now = app.clock.now();
    if !is_signed(&endpoint.keys, &headers, &body, now.timestamp()) {
        return Ok((StatusCode::UNAUTHORIZED, "the signature fits no live secret of this endpoint, or is too old\n")
            .into_response());
    }
    let inspection = Inspection {
        inspection_id: InspectionId::new(now),
        endpoint_id,
        received_at: now,
        headers: headers.iter().map(|(name, value)| (name.as_str().to_owned(), printable(value.as_bytes()))).collect(),
        body: body.to_vec(),
        signature_valid: true,
    };
    let mut c = app.tenant(endpoint.tenant_id).await?;
    inspections::add(&mut c, endpoint.tenant_id, &inspection).await?;
    drop(c);
    arrivals.announce(endpoint.tenant_id);
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// As text that the database takes.
fn printable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\0', "\u{fffd}")
}

/// True if the signature fits one of the keys and is not too old.
fn is_signed(keys: &[SigningKey], headers: &HeaderMap, body: &[u8], now: i64) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(id), Some(timestamp), Some(given)) = (text(ID_HEADER), text(TIMESTAMP_HEADER), text(SIGNATURE_HEADER))
    else {
        return false;
    };
    let (Ok(event_id), Ok(timestamp)) = (id.parse::<EventId>(), timestamp.parse::<i64>()) else { return false };
    if now.abs_diff(timestamp) > TOLERANCE_SECONDS {
        return false;
    }
    let mut fits = subtle::Choice::from(0);
    for key in keys {
        let expected = signing::sign(std::slice::from_ref(key), event_id, timestamp, body);
        for signature in given.split(' ') {
            fits |= signature.as_bytes().ct_eq(expected.as_bytes());
        }
    }
    fits.into()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const NOW: i64 = 1_700_000_000;

    fn signed(keys: &[SigningKey], timestamp: i64, body: &[u8]) -> HeaderMap {
        let event_id: EventId = "evt_01h455vb4pex5vsknk084sn02q".parse().expect("id");
        let mut headers = HeaderMap::new();
        let mut set =
            |name: &'static str, value: String| headers.insert(name, HeaderValue::try_from(value).expect("a value"));
        set(ID_HEADER, event_id.to_string());
        set(TIMESTAMP_HEADER, timestamp.to_string());
        set(SIGNATURE_HEADER, signing::sign(keys, event_id, timestamp, body));
        headers
    }

    fn key() -> SigningKey {
        SigningKey::parse(&signing::new_secret(&mut rand::rng())).expect("a key")
    }

    #[test]
    fn only_fresh_signatures_with_a_live_key_are_taken() {
        let (old, new) = ([key()], [key()]);
        let both = signed(&[new[0].clone(), old[0].clone()], NOW, b"{}");
        assert!(is_signed(&new, &both, b"{}", NOW));
        assert!(is_signed(&old, &both, b"{}", NOW + 299));
        assert!(!is_signed(&[key()], &both, b"{}", NOW), "another key");
        assert!(!is_signed(&[], &both, b"{}", NOW), "no key");
        assert!(!is_signed(&new, &both, b"{ }", NOW), "another body");
        assert!(!is_signed(&new, &both, b"{}", NOW + 301), "too old");
        assert!(!is_signed(&new, &both, b"{}", NOW - 301), "from the future");
        for name in [ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER] {
            let mut without = both.clone();
            without.remove(name);
            assert!(!is_signed(&new, &without, b"{}", NOW), "without {name}");
        }
    }
}
