//! Ids: repeated for what repeats, different for what differs, and the same for ever.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use socialhook_core::conversation::Memory;
use socialhook_core::event::{Normalised, Priority};
use socialhook_core::id::{EventId, TenantId};
use socialhook_core::normalise::{Context, normalise};
use uuid::Uuid;

use crate::{NOON, channel, context, events, json, messaging, whatsapp, with_webhook};

fn only(body: &str) -> Normalised {
    let mut events = events(body.as_bytes());
    assert_eq!(events.len(), 1, "{body}");
    events.remove(0)
}

fn message(rest: &str) -> String {
    whatsapp("109000000000001", "messages", &format!(r#"{{"id":"wamid.1","timestamp":"1795435000",{rest}}}"#))
}

const TEXT: &str = r#""from":"447700900456","type":"text","text":{"body":"Hi"}"#;

/// The time that an event's id begins with.
fn time_of(id: EventId) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(i64::try_from(id.0.as_u128() >> 80).expect("48 bits"))
}

#[test]
fn ids_stay_what_they_are_and_keys_stay_in_order() {
    let event = only(&message(TEXT));
    let expected = concat!(
        r#"{"id":"evt_01m8447w60ghatdp9j3hm2d4np","version":1,"platform":"whatsapp","event":"message.received","#,
        r#""timestamp":1795435000,"direction":"inbound","from":"+447700900456","to":"+442079460123","#,
        r#""conversation_id":"conv_3xrc3746m8gcprm03234exm0tk","#,
        r#""contact":{"phone":"+447700900456","wa_id":"447700900456","user_id":"GB.7031","username":null,"name":"Alice"},"#,
        r#""channel":{"id":"chn_001wwyfbjtkr0wa0txjg834es9","external_id":"109000000000001","name":"Acme support"},"#,
        r#""message":{"id":"wamid.1","type":"text","body":"Hi"},"signature_verified":true}"#,
    );
    assert_eq!(String::from_utf8(event.body).expect("UTF-8"), expected);
    assert_eq!((event.message_hash, event.priority), (Some(-2_724_819_004_333_898_573), Priority::Message));
}

#[test]
fn an_event_id_is_a_v8_uuid_that_begins_with_the_events_time() {
    let id = only(&message(TEXT)).event_id;
    assert_eq!((id.0.get_version_num(), id.0.get_variant()), (8, uuid::Variant::RFC4122));
    assert_eq!(time_of(id), DateTime::from_timestamp(1_795_435_000, 0));
    let element =
        r#"{"sender":{"id":"7"},"recipient":{"id":"104"},"timestamp":1795435199804,"message":{"mid":"m","text":"x"}}"#;
    assert_eq!(
        time_of(only(&messaging("page", "104", element)).event_id),
        DateTime::from_timestamp_millis(1_795_435_199_804)
    );
}

#[test]
fn an_implausible_time_is_kept_out_of_the_id_only() {
    let a_year_and_a_day_ago = NOON - TimeDelta::days(366);
    let soon = NOON + TimeDelta::minutes(59);
    let too_soon = NOON + TimeDelta::minutes(61);
    let midnight = NOON - TimeDelta::hours(12);
    for (at, in_id) in [(a_year_and_a_day_ago, midnight), (soon, soon), (too_soon, midnight)] {
        let item = format!(r#"{{"id":"wamid.1","timestamp":{},{TEXT}}}"#, at.timestamp());
        let event = only(&whatsapp("1", "messages", &item));
        assert_eq!(time_of(event.event_id), Some(in_id));
        assert_eq!(json(&event)["timestamp"], at.timestamp());
    }
}

/// At what time the event is received changes nothing on one day, even where it has no usable time of its own.
#[test]
fn a_repeat_has_the_same_id_but_for_presses_of_metas_test_button() {
    let old = format!(r#"{{"id":"wamid.1","timestamp":"1504902988",{TEXT}}}"#);
    let timeless = r#"{"code":130429,"title":"Rate limit hit"}"#;
    let id_at = |body: &str, received_at: DateTime<Utc>| {
        with_webhook(body.as_bytes(), |webhook| {
            let channel = channel(webhook.parts()[0].route());
            let context = Context { received_at, ..context(channel.as_ref()) };
            normalise(&webhook.parts()[0], &context, |peer| Memory::default().settle(peer))[0].event_id
        })
    };
    for body in [whatsapp("1", "messages", &old), whatsapp("1", "errors", timeless)] {
        assert_eq!(id_at(&body, NOON), id_at(&body, NOON + TimeDelta::hours(3)), "{body}");
        assert_ne!(id_at(&body, NOON), id_at(&body, NOON + TimeDelta::hours(13)), "{body}");
    }
    let pressed = whatsapp("123456123", "messages", &old);
    assert_ne!(id_at(&pressed, NOON), id_at(&pressed, NOON + TimeDelta::seconds(1)));
}

#[test]
fn what_differs_has_another_id() {
    let status = |word: &str, rest: &str| {
        let item = format!(r#"{{"id":"wamid.1","timestamp":"1795435000","status":"{word}"{rest}}}"#);
        whatsapp("109000000000001", "statuses", &item)
    };
    let in_group = |participant: &str| {
        status(
            "read",
            &format!(r#","recipient_id":"G","recipient_type":"group","recipient_participant_user_id":"{participant}""#),
        )
    };
    let payment = |transaction: &str| {
        let payment =
            format!(r#","type":"payment","payment":{{"transaction":{{"id":"{transaction}","status":"success"}}}}"#);
        status("captured", &payment)
    };
    let element = r#"{"sender":{"id":"7"},"recipient":{"id":"104"},"timestamp":1795435000000,"message":{"mid":"wamid.1","text":"x"}}"#;
    let swapped = element.replace(r#""7""#, "?").replace(r#""104""#, r#""7""#).replace('?', r#""104""#);
    let bodies = [
        message(TEXT),
        message(TEXT).replace("wamid.1", "wamid.2"),
        message(TEXT).replace("109000000000001", "109000000000002"),
        message(TEXT)
            .replace(r#""field":"messages""#, r#""field":"message_echoes""#)
            .replace(r#""messages":["#, r#""message_echoes":["#),
        message(r#""type":"edit","edit":{"original_message_id":"wamid.0","message":{}}"#),
        message(r#""type":"revoke","revoke":{"original_message_id":"wamid.0"}"#),
        message(r#""type":"reaction","reaction":{"message_id":"wamid.0"}"#),
        message(r#""type":"unsupported""#),
        message(r#""type":"system","system":{"type":"user_changed_number"}"#),
        status("sent", ""),
        status("delivered", ""),
        status("read", ""),
        status("glanced", ""),
        status("stared", ""),
        in_group("GB.1"),
        in_group("GB.2"),
        payment("order_1"),
        payment("order_2"),
        messaging("page", "104", element),
        messaging("page", "104", element).replace("messaging", "standby"),
        messaging("page", "104", &swapped.replace("\"text\"", "\"is_echo\":true,\"text\"")),
        messaging("page", "104", &element.replace("\"text\":\"x\"", "\"is_deleted\":true")),
    ];
    let ids: HashSet<EventId> = bodies.iter().map(|body| only(body).event_id).collect();
    assert_eq!(ids.len(), bodies.len());
}

#[test]
fn tenants_and_accounts_do_not_share_ids() {
    let body = message(TEXT);
    with_webhook(body.as_bytes(), |webhook| {
        let part = &webhook.parts()[0];
        let channel = channel(part.route());
        let id = |tenant: u128| {
            let context = Context { tenant_id: TenantId(Uuid::from_u128(tenant)), ..context(channel.as_ref()) };
            normalise(part, &context, |peer| Memory::default().settle(peer))[0].event_id
        };
        assert_eq!(id(1), id(1));
        assert_ne!(id(1), id(2));
    });
    let account = |waba: &str, time: u64| {
        format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":"{waba}","time":{time},"changes":[{{"field":"account_update","value":{{"event":"X"}}}}]}}]}}"#
        )
    };
    assert_eq!(only(&account("1", 1_795_435_000)).event_id, only(&account("1", 1_795_435_000)).event_id);
    assert_ne!(only(&account("1", 1_795_435_000)).event_id, only(&account("2", 1_795_435_000)).event_id);
    assert_ne!(only(&account("1", 1_795_435_000)).event_id, only(&account("1", 1_795_435_001)).event_id);
}

#[test]
fn a_conversation_is_one_whatever_happens_in_it() {
    let of = |body: &str| only(body).conversation_id.expect("a conversation");
    let status =
        |rest: &str| whatsapp("109000000000001", "statuses", &format!(r#"{{"id":"wamid.9","status":"read",{rest}}}"#));
    let message_of_customer = of(&message(TEXT));
    let echo = message(r#""from":"442079460123","to":"447700900456","type":"text","text":{"body":"Hi"}"#)
        .replace(r#""field":"messages""#, r#""field":"smb_message_echoes""#)
        .replace(r#""messages":["#, r#""message_echoes":["#);
    let same = [
        message(r#""from_user_id":"GB.7031","type":"text","text":{"body":"Hi"}"#),
        message(r#""from":"447700900456","type":"reaction","reaction":{"message_id":"wamid.9"}"#),
        message(r#""from":"447700900456","type":"edit","edit":{"original_message_id":"wamid.0","message":{}}"#),
        status(r#""recipient_id":"447700900456""#),
        status(r#""recipient_id":"+447700900456""#),
        status(r#""recipient_user_id":"GB.7031""#),
        echo,
    ];
    for body in same {
        assert_eq!(of(&body), message_of_customer, "{body}");
    }
    let other = [
        message(TEXT).replace("109000000000001", "109000000000002"),
        message(r#""from":"447700900457","type":"text","text":{"body":"Hi"}"#),
        message(r#""from":"447700900456","group_id":"GB.7031","type":"text","text":{"body":"Hi"}"#),
    ];
    for body in other {
        assert_ne!(of(&body), message_of_customer, "{body}");
    }
    let brazilian =
        |number: &str| of(&message(r#""from":"N","type":"text","text":{"body":"Hi"}"#.replace('N', number).as_str()));
    assert_eq!(brazilian("551187654321"), brazilian("5511987654321"));
}

#[test]
fn a_messages_whole_life_is_found_by_its_hash() {
    let of = |body: &str| only(body).message_hash;
    let hash = of(&message(TEXT));
    let status = whatsapp("1", "statuses", r#"{"id":"wamid.1","status":"read"}"#);
    let edit = message(r#""type":"edit","edit":{"original_message_id":"wamid.1","message":{}}"#)
        .replace("\"id\":\"wamid.1\"", "\"id\":\"wamid.2\"");
    let reaction = message(r#""type":"reaction","reaction":{"message_id":"wamid.1"}"#)
        .replace("\"id\":\"wamid.1\"", "\"id\":\"wamid.2\"");
    assert!(hash.is_some());
    for body in [&status, &edit, &reaction] {
        assert_eq!(of(body), hash, "{body}");
    }
    assert_eq!(only(&status).priority, Priority::Status);
}

#[test]
fn a_test_says_so() {
    let body = message(TEXT);
    let event: Value = with_webhook(body.as_bytes(), |webhook| {
        let context = Context { test: true, ..context(None) };
        json(&normalise(&webhook.parts()[0], &context, |peer| Memory::default().settle(peer))[0])
    });
    assert_eq!((&event["test"], &event["channel"]), (&Value::from(true), &Value::Null));
}
