//! The samples are what they say: valid bodies of their platform, with fictional customers, that normalise to events.

use std::collections::HashSet;

use serde_json::Value;
use socialhook_core::meta::{Route, Webhook};
use socialhook_core::sample::{self, Stage};

use crate::{NOON, events, json};

fn stage(serial: u64) -> Stage<'static> {
    Stage { external_id: "109000000000001", address: None, at: NOON, serial }
}

#[test]
fn every_sample_gives_the_event_that_it_is_for() {
    for sample in sample::all() {
        let body = sample.body(&stage(41));
        let webhook = Webhook::parse(body.as_bytes()).expect(sample.name);
        let route = Route::Channel { platform: sample.platform, external_id: "109000000000001".to_owned() };
        assert_eq!(webhook.parts()[0].route(), &route, "{}", sample.name);
        let events = events(body.as_bytes());
        assert_eq!(events.len(), 1, "{}", sample.name);
        assert_eq!(events[0].event == "unknown", sample.name.contains("unknown"), "{}", sample.name);
        let event = json(&events[0]);
        let is_unsupported = event["message"]["type"] == "unsupported";
        assert_eq!(is_unsupported, sample.name == "whatsapp-unsupported", "{}", sample.name);
        assert_eq!(event["timestamp"], NOON.timestamp(), "{}", sample.name);
        assert!(!body.contains('$') && !body.contains('\n'), "{body}");
    }
}

#[test]
fn names_are_unique_and_found() {
    let names: HashSet<&str> = sample::all().iter().map(|sample| sample.name).collect();
    assert_eq!(names.len(), sample::all().len());
    for sample in sample::all() {
        assert!(sample.name.starts_with(sample.platform.as_str()));
        assert!(sample::find(sample.name).is_some_and(|found| found.name == sample.name));
    }
    assert!(sample::find("whatsapp-hologram").is_none());
}

#[test]
fn customers_are_fictional_and_messages_unique() {
    let text = sample::find("whatsapp-text").expect("a sample");
    let mut ids = HashSet::new();
    for serial in (0..2000).chain([u64::MAX]) {
        let event = json(&events(text.body(&stage(serial)).as_bytes())[0]);
        let from = event["from"].as_str().expect("a sender");
        assert!(from.starts_with("+447700900") && from.len() == 13, "{from}");
        assert_ne!(event["from"], event["to"]);
        assert!(ids.insert(event["id"].to_string()), "{serial}");
    }
    let ids: HashSet<_> =
        sample::all().iter().map(|sample| events(sample.body(&stage(7)).as_bytes())[0].event_id).collect();
    assert_eq!(ids.len(), sample::all().len());
}

#[test]
fn the_stage_is_taken_as_it_is() {
    let text = sample::find("whatsapp-text").expect("a sample");
    let staged = Stage { external_id: "a\"b\\$c", address: Some("+447700900005"), at: NOON, serial: 5 };
    let body = text.body(&staged);
    let value: Value = serde_json::from_str(&body).expect("JSON");
    let metadata = &value["entry"][0]["changes"][0]["value"]["metadata"];
    assert_eq!(
        (&metadata["phone_number_id"], &metadata["display_phone_number"]),
        (&"a\"b\\$c".into(), &"447700900005".into())
    );
    let event = json(&events(body.as_bytes())[0]);
    assert_eq!((&event["from"], &event["to"]), (&"+447700900006".into(), &"+447700900005".into()));
}
