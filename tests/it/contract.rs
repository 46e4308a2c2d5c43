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
