//! The contract, machine-readable: the JSON Schema and the TypeScript types of an event, made from the types that are sent.
//!
//! Both are checked in beside this crate, so that a change of the contract is seen in its diff; a test holds them against
//! the types. `cargo run -p socialhook-core --example schema` writes them anew.

mod typescript;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::event::{DeliveryStamp, EventType};
use crate::normalise::wire::{Event, Raw};

/// As it is served.
pub const JSON_SCHEMA: &str = include_str!("../schema/event.v1.json");
/// As it is served.
pub const TYPESCRIPT: &str = include_str!("../schema/event.v1.d.ts");

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// What a request to an endpoint holds: the event and, at its end, this delivery of it.
#[derive(Serialize, JsonSchema)]
struct Delivered<'a> {
    #[serde(flatten)]
    event: Event<'a>,
    /// The whole change or messaging element as Meta sent it, where the endpoint asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<Raw<'a>>,
    delivery: DeliveryStamp,
}

/// The JSON Schema, made from the types.
#[must_use]
pub fn json_schema() -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let made = Value::from(generator.into_root_schema_for::<Delivered<'_>>());
    let Value::Object(mut made) = made else { return made };
    without_idle_nulls(&mut made);
    let mut definitions = made.remove("$defs").unwrap_or_default();
    definitions
        .as_object_mut()
        .into_iter()
        .flatten()
        .filter_map(|(_, one)| one.as_object_mut())
        .for_each(without_idle_nulls);
    let mut schema = Map::new();
    for (key, value) in [
        ("$schema", json!(DIALECT)),
        ("title", json!("Event")),
        (
            "description",
            json!("One normalised thing that happened on WhatsApp, Messenger or Instagram, as SocialHook delivers it."),
        ),
        ("type", json!("object")),
        ("properties", made.remove("properties").unwrap_or_default()),
        ("required", made.remove("required").unwrap_or_default()),
        ("additionalProperties", json!(false)),
        ("allOf", EventType::ALL.into_iter().map(condition).collect()),
        ("$defs", definitions),
    ] {
        schema.insert(key.to_owned(), value);
    }
    Value::Object(schema)
}

/// A key that may be left out is never null, which the types cannot say.
fn without_idle_nulls(object: &mut Map<String, Value>) {
    let required = object.get("required").cloned().unwrap_or_default();
    let is_required = |key: &str| required.as_array().is_some_and(|keys| keys.iter().any(|one| one == key));
    let properties = object.get_mut("properties").and_then(Value::as_object_mut);
    for (_, property) in properties.into_iter().flatten().filter(|(key, _)| !is_required(key)) {
        if let Some([only, _]) = property["anyOf"].as_array().map(Vec::as_slice) {
            let (only, description) = (only.clone(), property.get("description").cloned());
            *property = only;
            if let Some(description) = description {
                property["description"] = description;
            }
        } else if let Some([only, _]) = property["type"].as_array().map(Vec::as_slice) {
            property["type"] = only.clone();
        }
    }
}

/// What holds for events of one type.
fn condition(kind: EventType) -> Value {
    let described = kind.described();
    json!({
        "if": { "properties": { "event": { "const": described.word } } },
        "then": {
            "description": described.meaning,
            "properties": { "direction": { "enum": described.directions } },
            "required": described.carries,
        },
    })
}

/// The text of the checked-in schema.
#[must_use]
pub fn json_schema_text() -> String {
    format!("{:#}\n", json_schema())
}

/// The text of the checked-in types.
#[must_use]
pub fn typescript_text() -> String {
    typescript::write(&json_schema())
}
