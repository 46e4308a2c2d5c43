//! A signed delivery, as a receiver gets it, in lines of `name=value`: for `deploy/verify-snippets.sh`.

use secrecy::ExposeSecret;
use socialhook_core::clock::Clock;
use socialhook_core::event::{DeliveryStamp, with_delivery};
use socialhook_core::id::EventId;
use socialhook_core::signing::{self, SigningKey};

fn main() -> Result<(), signing::InvalidSecret> {
    let (secret, now) = (signing::new_secret(&mut rand::rng()), Clock::System.now());
    let event_id = EventId::floor(now);
    let event =
        format!(r#"{{"id":"{event_id}","event":"message.received","message":{{"body":"It's “50 %” off 😀"}}}}"#);
    let body = with_delivery(event.as_bytes(), None, DeliveryStamp { attempt: 1, latency_ms: 3, replay: false });
    let signature = signing::sign(&[SigningKey::parse(&secret)?], event_id, now.timestamp(), &body);
    println!("secret={}", secret.expose_secret());
    println!("id={event_id}");
    println!("timestamp={}", now.timestamp());
    println!("signature={signature}");
    println!("body={}", String::from_utf8_lossy(&body));
    Ok(())
}
