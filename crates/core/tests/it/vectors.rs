//! The catalogue by example: each vector in `tests/vectors` is something that Meta sends and the events that it becomes.
//!
//! A vector holds Meta's part as `message`, `status`, `change`, `page`, `instagram` or a whole `body`. Of the events,
//! the keys that every event has alike are left out: they are checked here for all.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::{events, json, messaging, whatsapp};

#[derive(Deserialize)]
struct Vector {
    what: String,
    message: Option<Box<RawValue>>,
    status: Option<Box<RawValue>>,
    change: Option<Box<RawValue>>,
    page: Option<Box<RawValue>>,
    instagram: Option<Box<RawValue>>,
    body: Option<Box<RawValue>>,
    events: Vec<Value>,
}

impl Vector {
    fn body(&self) -> String {
        if let Some(message) = &self.message {
            return whatsapp("109000000000001", "messages", message.get());
        }
        if let Some(status) = &self.status {
            return whatsapp("109000000000001", "statuses", status.get());
        }
        if let Some(change) = &self.change {
            return format!(
                r#"{{"object":"whatsapp_business_account","entry":[{{"id":"104857600123456","time":1795435100,"changes":[{}]}}]}}"#,
                change.get()
            );
        }
        if let Some(element) = &self.page {
            return messaging("page", "104512300000001", element.get());
        }
        if let Some(element) = &self.instagram {
            return messaging("instagram", "17841400000000001", element.get());
        }
        self.body.as_ref().map(|body| body.get().to_owned()).expect("a vector has something of Meta's")
    }
}

/// Takes the keys out of `event` that every event has alike, having checked them.
fn check_common(event: &mut Value, what: &str) {
    let event = event.as_object_mut().expect("an object");
    let mut take = |key: &str| event.remove(key).unwrap_or_else(|| panic!("{what}: no {key}"));
    assert!(take("id").as_str().is_some_and(|id| id.len() == 30 && id.starts_with("evt_")), "{what}");
    assert_eq!((take("version"), take("signature_verified")), (Value::from(1), Value::from(true)), "{what}");
    let (conversation, channel) = (take("conversation_id"), take("channel"));
    let has_conversation = event["contact"] != Value::Null || event.contains_key("group_id");
    assert_eq!(conversation.as_str().is_some_and(|id| id.starts_with("conv_")), has_conversation, "{what}");
    assert!(channel.is_null() || channel["name"] == "Acme support", "{what}");
}

fn check(file: &str) {
    let vectors: Vec<Vector> = serde_json::from_str(file).expect("vectors");
    let mut differences = Vec::new();
    for vector in &vectors {
        let mut found: Vec<Value> = events(vector.body().as_bytes()).iter().map(json).collect();
        for event in &mut found {
            check_common(event, &vector.what);
        }
        if found != vector.events {
            differences.push(format!("{}:\n{}", vector.what, serde_json::to_string_pretty(&found).expect("JSON")));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn whatsapp_messages() {
    check(include_str!("../vectors/whatsapp-messages.json"));
}

#[test]
fn whatsapp_taps_and_forms() {
    check(include_str!("../vectors/whatsapp-interactive.json"));
}

#[test]
fn whatsapp_people() {
    check(include_str!("../vectors/whatsapp-people.json"));
}

#[test]
fn whatsapp_statuses() {
    check(include_str!("../vectors/whatsapp-statuses.json"));
}

#[test]
fn whatsapp_echoes_and_unknowns() {
    check(include_str!("../vectors/whatsapp-others.json"));
}

#[test]
fn messenger() {
    check(include_str!("../vectors/messenger.json"));
}

#[test]
fn instagram() {
    check(include_str!("../vectors/instagram.json"));
}
