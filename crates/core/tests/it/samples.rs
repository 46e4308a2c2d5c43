//! The samples are what they say: valid bodies of their platform, with fictional customers, that normalise to events.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;
use socialhook_core::event::{EventType, Normalised, Platform};
use socialhook_core::meta::Route;
use socialhook_core::sample::{self, Sample, Scope, Stage};

use crate::{NOON, events, json, with_webhook};

fn stage(serial: u64) -> Stage<'static> {
    Stage { external_id: "109000000000001", address: None, at: NOON, serial }
}

fn gives(sample: &Sample) -> Vec<Normalised> {
    events(sample.body(&stage(41)).as_bytes())
}

#[test]
fn every_sample_is_a_body_of_whom_it_says() {
    for sample in sample::all() {
        let body = sample.body(&stage(41));
        assert!(!body.contains('$') && !body.contains('\n'), "{body}");
        let routes = with_webhook(body.as_bytes(), |webhook| {
            webhook.parts().iter().map(|part| part.route().clone()).collect::<Vec<_>>()
        });
        let [route] = &routes[..] else { panic!("{} has {} parts", sample.name, routes.len()) };
        let is_whose_it_says = match (sample.scope, route) {
            (Scope::Channel, Route::Channel { platform, external_id }) => {
                *platform == sample.platform && external_id == "109000000000001"
            }
            (Scope::Account, Route::Account { account_id, .. }) => account_id.is_some(),
            (Scope::MetaTest, Route::MetaTest) => true,
            _ => false,
        };
        assert!(is_whose_it_says, "{}: {route:?}", sample.name);
    }
}

#[test]
fn every_sample_gives_what_its_name_says() {
    let not_in_the_contract = [
        "whatsapp-conversion",
        "whatsapp-conversion-tracked",
        "messenger-response-feedback",
        "messenger-game-play",
        "instagram-response-feedback",
    ];
    let without_content = ["whatsapp-reply-missing", "whatsapp-history"];
    for sample in sample::all() {
        let events = gives(sample);
        assert!(!events.is_empty(), "{}", sample.name);
        let is_unknown = sample.name.contains("unknown") || not_in_the_contract.contains(&sample.name);
        assert!(events.iter().all(|event| (event.event == EventType::Unknown) == is_unknown), "{}", sample.name);
        let events: Vec<Value> = events.iter().map(json).collect();
        let is_unsupported = events.iter().any(|event| event["message"]["type"] == "unsupported");
        let says_unsupported = sample.name.contains("unsupported") || without_content.contains(&sample.name);
        assert_eq!(is_unsupported, says_unsupported, "{}", sample.name);
        let is_standby = events.iter().any(|event| event["standby"] == true);
        assert_eq!(is_standby, sample.name.contains("standby"), "{}", sample.name);
        for event in &events {
            let at = event["timestamp"].as_i64().expect("a time");
            // How far a history has come has no time of its own.
            let is_of_history = event["backfill"] == true && event["message"].is_object();
            let is_old = is_of_history || sample.scope == Scope::MetaTest;
            assert_eq!(at == NOON.timestamp(), !is_old, "{}", sample.name);
            assert_eq!(event["platform"], sample.platform.as_str(), "{}", sample.name);
        }
        let is_history = events.iter().any(|event| event["backfill"] == true);
        assert_eq!(is_history, sample.name.starts_with("whatsapp-history"), "{}", sample.name);
    }
}

/// Events, and how the names of the samples that give them begin after the platform: the longest that fits counts. What
/// begins otherwise is a message.
const GIVEN: &[(&[&str], &[&str])] = &[
    (
        &["message.received"],
        &["", "call-permission-reply", "group-text", "history-image", "payment-reply", "flow-reply"],
    ),
    (&["message.echo"], &["echo", "history-echo", "marketing-echo", "standby-echo"]),
    (&["message.edited"], &["edit", "echo-edit"]),
    (&["message.deleted"], &["revoke", "unsend", "echo-revoke"]),
    (&["message.reaction"], &["reaction", "echo-reaction"]),
    (&["message.sent"], &["sent"]),
    (&["message.delivered"], &["delivered", "marketing-delivered", "standby-delivered"]),
    (&["message.read"], &["read", "marketing-read", "standby-read"]),
    (&["message.read", "message.read"], &["group-read"]),
    (&["message.played"], &["played"]),
    (&["message.failed"], &["failed", "marketing-failed"]),
    (&["message.status"], &["status"]),
    (&["message.received", "conversation.handover"], &["text-with-summary"]),
    (&["conversation.referral"], &["referral", "lead"]),
    (&["conversation.opt_in"], &["opt-in", "sign-up"]),
    (&["conversation.opt_out"], &["opt-out"]),
    (&["conversation.handover"], &["handover", "app-roles"]),
    (&["conversation.linked"], &["linked"]),
    (&["conversation.unlinked"], &["unlinked"]),
    (&["contact.updated"], &["contact-", "number-changed", "user-id", "identity"]),
    (&["call.connected"], &["call-connect"]),
    (&["call.terminated"], &["call-terminate", "call-failed"]),
    (&["call.status"], &["call-"]),
    (&["call.permission"], &["call-permission"]),
    (&["comment.created"], &["comment", "live-comment"]),
    (&["mention.created"], &["mention"]),
    (&["feed.updated"], &["comment-edited", "comment-removed", "post-", "rating", "story-insights", "changed-fields"]),
    (&["lead.created"], &["lead-form"]),
    (&["payment.updated"], &["payment"]),
    (&["click.recorded"], &["click", "marketing-click"]),
    (&["group.updated"], &["group-"]),
    (&["template.updated"], &["template-"]),
    (&["channel.updated"], &["number-", "username", "error", "history-declined"]),
    (
        &["account.updated"],
        &["account", "offboarded", "reconnected", "payment-configuration", "partner", "policy", "page-", "permission"],
    ),
    (&["flow.updated"], &["flow-"]),
    (&["message.echo", "message.received", "channel.updated"], &["history"]),
    (&["unknown"], &["unknown", "conversion", "response-feedback", "game-play"]),
];

#[test]
fn every_sample_gives_the_events_that_it_is_for() {
    let starts = || GIVEN.iter().flat_map(|(words, starts)| starts.iter().map(move |start| (*start, *words)));
    let mut unneeded: BTreeSet<&str> = starts().map(|(start, _)| start).collect();
    for sample in sample::all() {
        let (_, kind) = sample.name.split_once('-').expect("a platform");
        let fitting = starts().filter(|(start, _)| kind.starts_with(start));
        let (start, expected) = fitting.max_by_key(|(start, _)| start.len()).expect(sample.name);
        let words: Vec<&str> = gives(sample).iter().map(|event| event.event.as_str()).collect();
        assert_eq!(words, expected, "{}", sample.name);
        unneeded.remove(start);
    }
    assert!(unneeded.is_empty(), "{unneeded:?}");
}

/// The types that a platform's samples do not give.
fn lacking(platform: Platform) -> Vec<&'static str> {
    let of_platform = sample::all().iter().filter(|sample| sample.platform == platform);
    let given: HashSet<EventType> = of_platform.flat_map(gives).map(|event| event.event).collect();
    EventType::ALL.into_iter().filter(|kind| !given.contains(kind)).map(EventType::as_str).collect()
}

/// What a platform has none of is because Meta sends it for others only.
#[test]
fn every_event_type_is_given_by_each_platform_that_has_it() {
    let whatsapp = [
        "conversation.referral",
        "conversation.linked",
        "conversation.unlinked",
        "call.permission",
        "comment.created",
        "mention.created",
        "feed.updated",
        "lead.created",
    ];
    let of_whatsapp_alone = [
        "message.sent",
        "message.played",
        "message.status",
        "contact.updated",
        "payment.updated",
        "group.updated",
        "channel.updated",
        "flow.updated",
    ];
    let of_messenger_and_whatsapp = [
        "message.delivered",
        "message.failed",
        "conversation.linked",
        "conversation.unlinked",
        "call.connected",
        "call.terminated",
        "call.status",
        "call.permission",
        "lead.created",
        "click.recorded",
        "template.updated",
    ];
    let set = |words: &[&'static str]| words.iter().copied().collect::<BTreeSet<_>>();
    let lacking = |platform| set(&lacking(platform));
    assert_eq!(lacking(Platform::Whatsapp), set(&whatsapp));
    // Meta documents no withdrawal of messages on Messenger.
    assert_eq!(lacking(Platform::Messenger), &set(&of_whatsapp_alone) | &set(&["message.deleted"]));
    assert_eq!(lacking(Platform::Instagram), &set(&of_whatsapp_alone) | &set(&of_messenger_and_whatsapp));
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
}

#[test]
fn no_two_samples_give_one_id() {
    let mut ids = HashSet::new();
    for sample in sample::all() {
        for event in events(sample.body(&stage(7)).as_bytes()) {
            assert!(ids.insert(event.event_id), "{}", sample.name);
        }
    }
}

#[test]
fn every_number_is_fictional() {
    let of_meta = ["whatsapp-meta-test"];
    for sample in sample::all().iter().filter(|sample| !of_meta.contains(&sample.name)) {
        let events = gives(sample);
        for event in events.iter().map(json) {
            for number in [&event["from"], &event["to"], &event["contact"]["phone"]] {
                let Some(number) = number.as_str().filter(|number| number.starts_with('+')) else { continue };
                assert!(number.starts_with("+447700900") || number == "+442079460123", "{} {number}", sample.name);
            }
        }
    }
}

#[test]
fn the_stage_is_taken_as_it_is() {
    let staged = Stage { external_id: "a\"b\\$c", address: None, at: NOON, serial: u64::MAX };
    for sample in sample::all() {
        serde_json::from_str::<Value>(&sample.body(&staged)).expect(sample.name);
    }
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
