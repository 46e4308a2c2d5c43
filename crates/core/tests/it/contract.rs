//! The contract: the published schema and types are those of the code, and whatever the tests make keeps to them.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Value, json};
use socialhook_core::event::{DeliveryStamp, EventType, Normalised, with_delivery};
use socialhook_core::schema;

/// The published schema, and stricter: no object of ours has a key that the schema does not name.
static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
    let mut schema: Value = serde_json::from_str(schema::JSON_SCHEMA).expect("JSON");
    for definition in schema["$defs"].as_object_mut().expect("definitions").values_mut() {
        if definition.get("properties").is_some() {
            definition["additionalProperties"] = Value::Bool(false);
        }
    }
    jsonschema::validator_for(&schema).expect("a schema")
});

const STAMP: DeliveryStamp = DeliveryStamp { attempt: 1, latency_ms: 3, replay: false };

fn mistakes(event: &Value) -> Vec<String> {
    VALIDATOR.iter_errors(event).map(|error| format!("{} at {}", error, error.instance_path())).collect()
}

/// Panics if the event, as it is delivered, breaks the contract.
pub(crate) fn check(event: &Normalised) {
    let body = with_delivery(&event.body, None, STAMP);
    // What is nested deeper than serde_json goes is checked by the keys that are always there.
    let Ok(value) = serde_json::from_slice::<Value>(&body) else {
        assert!(std::str::from_utf8(&body).is_ok(), "UTF-8");
        return;
    };
    let mistakes = mistakes(&value);
    assert!(mistakes.is_empty(), "{mistakes:?}\n{value:#}");
    assert_eq!(value["event"], event.event.as_str());
    assert_eq!(value["id"], event.event_id.to_string());
}

#[test]
fn what_is_published_is_what_the_types_say() {
    let hint = "run: cargo run -p socialhook-core --example schema";
    assert!(schema::JSON_SCHEMA == schema::json_schema_text(), "the schema is not current; {hint}");
    assert!(schema::TYPESCRIPT == schema::typescript_text(), "the types are not current; {hint}");
}

fn event() -> Value {
    json!({
        "id": "evt_01m8447w60ghatdp9j3hm2d4np", "version": 1, "platform": "whatsapp", "event": "message.received",
        "timestamp": 1_795_435_000, "direction": "inbound", "from": "+447700900456", "to": "+442079460123",
        "conversation_id": "conv_3kyevsvqqpgy3bvjakfjveezd9",
        "contact": { "phone": "+447700900456", "wa_id": "447700900456", "user_id": null, "username": null, "name": null },
        "channel": { "id": "chn_001wwyfbjtkr0wa0txjg834es9", "external_id": "109000000000001", "name": "Acme support" },
        "message": { "id": "wamid.1", "type": "text", "body": "Hi" },
        "signature_verified": true, "delivery": { "attempt": 1, "latency_ms": 3, "replay": false },
    })
}

#[test]
fn the_schema_takes_an_event_and_nothing_else() {
    assert_eq!(mistakes(&event()), Vec::<String>::new());
    let wrong: [(&str, Value); 12] = [
        ("/id", json!("evt_1")),
        ("/version", json!(2)),
        ("/platform", json!("telegram")),
        ("/event", json!("message.sang")),
        ("/event", json!("message.sent")),
        ("/timestamp", json!("1795435000")),
        ("/direction", json!("outbound")),
        ("/contact/phone", json!("447700900456")),
        ("/conversation_id", json!("chn_3kyevsvqqpgy3bvjakfjveezd9")),
        ("/message/type", json!("hologram")),
        ("/delivery/attempt", json!(0)),
        ("/channel", json!({ "id": "chn_001wwyfbjtkr0wa0txjg834es9" })),
    ];
    for (pointer, value) in wrong {
        let mut event = event();
        *event.pointer_mut(pointer).expect("a place") = value.clone();
        assert!(!mistakes(&event).is_empty(), "{pointer} {value}");
    }
    let mut more = event();
    more["surprise"] = json!(1);
    assert!(!mistakes(&more).is_empty());
    for key in ["id", "from", "contact", "channel", "message", "signature_verified", "delivery"] {
        let mut less = event();
        less.as_object_mut().expect("an object").remove(key);
        assert!(!mistakes(&less).is_empty(), "{key}");
    }
}

#[test]
fn the_types_name_every_event() {
    for kind in EventType::ALL {
        assert!(schema::TYPESCRIPT.contains(&format!("event: \"{}\";", kind.as_str())), "{kind:?}");
    }
}
