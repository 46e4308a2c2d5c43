//! The published schema, held against whatever is delivered.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;

static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
    let schema = serde_json::from_str(socialhook_core::schema::JSON_SCHEMA).expect("JSON");
    jsonschema::validator_for(&schema).expect("a schema")
});

/// Panics if a delivered event breaks the contract.
pub fn check(event: &Value) {
    let mistakes: Vec<String> =
        VALIDATOR.iter_errors(event).map(|error| format!("{error} at {}", error.instance_path())).collect();
    assert!(mistakes.is_empty(), "{mistakes:?}\n{event:#}");
}

/// The same for an event that was not delivered.
pub fn check_without_delivery(event: &Value) {
    assert!(event["delivery"].is_null());
    let mut event = event.clone();
    event["delivery"] = serde_json::json!({ "attempt": 1, "latency_ms": 0, "replay": false });
    check(&event);
}
