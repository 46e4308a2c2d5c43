//! The catalogue by example: each vector in `tests/vectors` is something that Meta sends and the events that it becomes.
//!
//! A vector holds Meta's part as `message`, `status`, `change`, `page`, `instagram` or a whole `body`, and names the rows
//! and traps of the catalogue that it is an example of. Of the events, the keys that every event has alike are left out:
//! they are checked here for all. Its events have different ids, unless it says that they are `one` thing told twice.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::{events, json, messaging, whatsapp};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    what: String,
    covers: Vec<String>,
    message: Option<Box<RawValue>>,
    status: Option<Box<RawValue>>,
    change: Option<Box<RawValue>>,
    page: Option<Box<RawValue>>,
    instagram: Option<Box<RawValue>>,
    body: Option<Box<RawValue>>,
    #[serde(default)]
    one: bool,
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

/// All of them, with the name of the file that each stands in.
fn vectors() -> Vec<(String, Vector)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("the folder").map(|file| file.expect("a file").path()).collect();
    files.sort();
    let of_file = |path: &std::path::PathBuf| -> Vec<(String, Vector)> {
        let text = std::fs::read_to_string(path).expect("text");
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let vectors: Vec<Vector> = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        vectors.into_iter().map(|vector| (name.clone(), vector)).collect()
    };
    files.iter().filter(|path| path.extension().is_some_and(|own| own == "json")).flat_map(of_file).collect()
}

/// Takes the keys out of `event` that every event has alike, having checked them.
fn check_common(event: &mut Value, what: &str) {
    let event = event.as_object_mut().expect("an object");
    let mut take = |key: &str| event.shift_remove(key).unwrap_or_else(|| panic!("{what}: no {key}"));
    assert!(take("id").as_str().is_some_and(|id| id.len() == 30 && id.starts_with("evt_")), "{what}");
    assert_eq!((take("version"), take("signature_verified")), (Value::from(1), Value::from(true)), "{what}");
    let (conversation, channel) = (take("conversation_id"), take("channel"));
    let is_named =
        |contact: &Value| ["user_id", "wa_id", "phone", "parent_user_id"].iter().any(|key| contact[key].is_string());
    let has_conversation = !channel.is_null() && (is_named(&event["contact"]) || event.contains_key("group_id"));
    assert_eq!(conversation.as_str().is_some_and(|id| id.starts_with("conv_")), has_conversation, "{what}");
    assert!(channel.is_null() || channel["name"] == "Acme support", "{what}");
}

#[test]
fn every_vector_gives_its_events() {
    let mut differences = Vec::new();
    for (file, vector) in vectors() {
        let found = events(vector.body().as_bytes());
        let ids: BTreeSet<_> = found.iter().map(|event| event.event_id).collect();
        let expected_ids = if vector.one { 1 } else { found.len() };
        assert_eq!(ids.len(), expected_ids, "{file}: {}: ids", vector.what);
        let mut found: Vec<Value> = found.iter().map(json).collect();
        for event in &mut found {
            check_common(event, &vector.what);
        }
        if found != vector.events {
            let found = serde_json::to_string(&found).expect("JSON");
            let expected = serde_json::to_string(&vector.events).expect("JSON");
            differences.push(format!("{file}: {}:\n  found    {found}\n  expected {expected}", vector.what));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// The rows of the catalogues' summary tables, by table.
const ROWS: [(&str, &[&str]); 4] = [
    (
        "whatsapp message",
        &[
            "text",
            "image",
            "video",
            "audio",
            "voicemail",
            "document",
            "sticker",
            "location",
            "contacts",
            "reaction",
            "interactive",
            "button",
            "order",
            "system",
            "request_welcome",
            "edit",
            "revoke",
            "unsupported",
            "media_placeholder",
            "ephemeral",
            "context",
            "referral",
            "group",
        ],
    ),
    ("whatsapp messages field", &["status", "payment", "error", "user_actions", "conversation_context"]),
    (
        "whatsapp field",
        &[
            "smb_message_echoes",
            "message_echoes",
            "smb_app_state_sync",
            "history",
            "calls",
            "standby",
            "messaging_handovers",
            "user_preferences",
            "automatic_events",
            "tracking_events",
            "group_lifecycle_update",
            "group_participants_update",
            "group_settings_update",
            "group_status_update",
            "account_settings_update",
            "message_template_status_update",
            "message_template_quality_update",
            "message_template_components_update",
            "template_category_update",
            "template_correct_category_detection",
            "phone_number_quality_update",
            "phone_number_name_update",
            "security",
            "business_username_updates",
            "account_update",
            "account_alerts",
            "account_review_update",
            "business_capability_update",
            "partner_solutions",
            "payment_configuration_update",
            "flows",
            "user_id_update",
            "account_offboarded",
            "account_reconnected",
            "business_status_update",
            "campaign_status_update",
        ],
    ),
    (
        "messenger",
        &[
            "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19",
            "20", "21", "22", "23", "24", "25", "26", "27", "28", "29", "30", "31",
        ],
    ),
];
const WHATSAPP_TRAPS: u32 = 30;
const MESSENGER_TRAPS: u32 = 20;

#[test]
fn every_row_and_every_trap_of_the_catalogue_has_a_vector() {
    let covered: BTreeSet<String> = vectors().into_iter().flat_map(|(_, vector)| vector.covers).collect();
    let rows = ROWS.iter().flat_map(|(table, rows)| rows.iter().map(move |row| format!("{table}: {row}")));
    let traps = |whose: &'static str, last| (1..=last).map(move |number| format!("{whose} trap: {number}"));
    let wanted: BTreeSet<String> =
        rows.chain(traps("whatsapp", WHATSAPP_TRAPS)).chain(traps("messenger", MESSENGER_TRAPS)).collect();
    let missing: Vec<_> = wanted.difference(&covered).collect();
    assert!(missing.is_empty(), "without a vector: {missing:?}");
    let unheard_of: Vec<_> = covered.difference(&wanted).collect();
    assert!(unheard_of.is_empty(), "no such row or trap: {unheard_of:?}");
}
