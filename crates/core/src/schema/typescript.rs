//! TypeScript from the JSON Schema, so that the two cannot tell different things. It knows what our schema uses.

use std::fmt::Write;

use serde_json::Value;

use crate::event::EventType;

const HEADER: &str = "// The event that SocialHook delivers, version 1. Made from the JSON Schema beside it.\n\n";

/// The types in `schema`: an interface for what all events have, one for each event type, and their union.
pub(super) fn write(schema: &Value) -> String {
    let mut text = HEADER.to_owned();
    let base = |key: &str| !matches!(key, "event" | "direction") && !is_carried(key);
    doc(&mut text, "", &schema["description"]);
    text.push_str("export type Event =");
    for kind in EventType::ALL {
        let _ = write!(text, "\n  | {}", name(kind));
    }
    text.push_str(";\n\n/** What every event has. */\nexport interface EventBase ");
    object(&mut text, schema, base);
    for kind in EventType::ALL {
        let described = kind.described();
        let _ = write!(text, "\n/** {} */\nexport interface {} extends EventBase ", described.meaning, name(kind));
        interface_of(&mut text, schema, kind);
    }
    for (name, definition) in schema["$defs"].as_object().into_iter().flatten() {
        text.push('\n');
        doc(&mut text, "", &definition["description"]);
        if definition.get("properties").is_some() {
            let _ = write!(text, "export interface {name} ");
            object(&mut text, definition, |_| true);
        } else {
            let _ = writeln!(text, "export type {name} = {};", of(definition));
        }
    }
    text
}

/// The members that only some event types have.
fn is_carried(key: &str) -> bool {
    key == "previous" || EventType::ALL.iter().any(|kind| kind.described().carries.contains(&key))
}

fn name(kind: EventType) -> String {
    let words = kind.as_str().split(['.', '_']);
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    words.map(capital).collect::<String>() + "Event"
}

fn interface_of(text: &mut String, schema: &Value, kind: EventType) {
    let described = kind.described();
    text.push_str("{\n");
    let _ = writeln!(text, "  event: \"{}\";", described.word);
    let directions: Vec<String> = described.directions.iter().map(|one| json_text(&Value::from(*one))).collect();
    let _ = writeln!(text, "  direction: {};", directions.join(" | "));
    let carried = schema["properties"].as_object().into_iter().flatten().filter(|(key, _)| is_carried(key));
    for (key, property) in carried {
        let is_always = described.carries.contains(&key.as_str());
        // A mention in a comment tells of the comment; data is wherever the other keys do not tell all.
        let may_be = match key.as_str() {
            "data" => true,
            "comment" => kind == EventType::MentionCreated,
            "previous" => kind == EventType::ContactUpdated,
            _ => false,
        };
        if is_always || may_be {
            let _ = writeln!(text, "  {key}{}: {};", if is_always { "" } else { "?" }, of(property));
        }
    }
    text.push_str("}\n");
}

/// The members of an object's schema that `wanted` affirms.
fn object(text: &mut String, schema: &Value, wanted: impl Fn(&str) -> bool) {
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    text.push_str("{\n");
    for (key, property) in schema["properties"].as_object().into_iter().flatten().filter(|(key, _)| wanted(key)) {
        doc(text, "  ", &property["description"]);
        let optional = if required.contains(&key.as_str()) { "" } else { "?" };
        let _ = writeln!(text, "  {key}{optional}: {};", of(property));
    }
    text.push_str("}\n");
}

fn doc(text: &mut String, indent: &str, description: &Value) {
    if let Some(description) = description.as_str() {
        let _ = writeln!(text, "{indent}/** {} */", description.replace('\n', " "));
    }
}

/// The type that a schema allows.
fn of(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        return reference.rsplit('/').next().unwrap_or_default().to_owned();
    }
    let union = |one: fn(&Value) -> String, all: &[Value]| all.iter().map(one).collect::<Vec<_>>().join(" | ");
    if let Some(constant) = schema.get("const") {
        return json_text(constant);
    }
    if let Some(words) = schema["enum"].as_array() {
        return union(json_text, words);
    }
    if let Some(choices) = schema["anyOf"].as_array().or(schema["oneOf"].as_array()) {
        return union(of, choices);
    }
    match &schema["type"] {
        Value::Array(kinds) => {
            kinds.iter().filter_map(Value::as_str).map(|kind| plain(kind, schema)).collect::<Vec<_>>().join(" | ")
        }
        Value::String(kind) => plain(kind, schema),
        _ => "unknown".to_owned(),
    }
}

fn plain(kind: &str, schema: &Value) -> String {
    match kind {
        "string" => "string".to_owned(),
        "integer" | "number" => "number".to_owned(),
        "boolean" => "boolean".to_owned(),
        "null" => "null".to_owned(),
        "array" => {
            let item = of(&schema["items"]);
            if item.contains(' ') { format!("({item})[]") } else { format!("{item}[]") }
        }
        _ => "unknown".to_owned(),
    }
}

fn json_text(value: &Value) -> String {
    value.to_string()
}
