//! A fake Meta: signs with the app secret, and words its webhooks as the catalogue says.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::world::noon;

/// The `X-Hub-Signature-256` of a body. Made here from the specification, not with our own code.
pub fn sign(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key");
    mac.update(body);
    let number = mac.finalize().into_bytes().iter().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"));
    format!("sha256={number}")
}

/// A WhatsApp text message from a customer to a number, as one item.
pub fn text(id: &str, body: &str) -> Value {
    json!({ "from": "447700900456", "id": id, "timestamp": noon().timestamp().to_string(), "type": "text", "text": { "body": body } })
}

/// A status of a message that the business sent.
pub fn status(id: &str, word: &str) -> Value {
    json!({ "id": id, "status": word, "timestamp": noon().timestamp().to_string(), "recipient_id": "447700900456" })
}

/// The change that carries items of one kind to one number.
pub fn change(phone_number_id: &str, kind: &str, items: &[Value]) -> Value {
    json!({ "field": "messages", "value": {
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": "447700900123", "phone_number_id": phone_number_id },
        "contacts": [{ "profile": { "name": "Alice" }, "wa_id": "447700900456" }],
        kind: items,
    }})
}

/// A POST of such changes.
pub fn post(changes: &[Value]) -> String {
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": "104857600123456", "changes": changes }] })
        .to_string()
}

/// A POST of one text message.
pub fn one_text(phone_number_id: &str, id: &str) -> String {
    post(&[change(phone_number_id, "messages", &[text(id, "Hello, is this working?")])])
}
