//! Batches of any items, good and bad: how Meta puts them together changes nothing, and none is lost.

use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::{Value, json};
use socialhook_core::event::Normalised;

use crate::{events, invariants};

/// The order in which the lists of a change are read.
const LISTS: [&str; 3] = ["messages", "statuses", "user_actions"];
const NUMBERS: [&str; 2] = ["109000000000001", "109000000000002"];

/// An element of one of the lists, of one of two numbers.
#[derive(Debug, Clone)]
struct Item {
    list: usize,
    number: usize,
    value: Value,
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!("x\u{0}y")),
        Just(json!([1, "2"])),
        Just(json!({ "id": 17_841_400_000_000_001_u64, "body": 5 })),
    ]
}

fn time() -> impl Strategy<Value = Value> {
    prop_oneof![
        (1_700_000_000_i64..1_795_435_000).prop_map(|at| json!(at.to_string())),
        (1_700_000_000_i64..1_795_435_000).prop_map(Value::from),
        (1_700_000_000_000_i64..1_795_435_000_000).prop_map(Value::from),
    ]
}

fn person() -> impl Strategy<Value = Value> {
    prop_oneof![
        (0..5_u32).prop_map(|n| json!(format!("44770090000{n}"))),
        (0..5_u32).prop_map(|n| json!(format!("GB.7031{n}"))),
        Just(Value::Null),
        Just(json!("")),
    ]
}

fn message() -> impl Strategy<Value = Value> {
    let kinds = ["text", "image", "location", "contacts", "reaction", "order", "system", "edit", "hologram", ""];
    (any::<u64>(), person(), person(), time(), prop::sample::select(kinds.to_vec()), scalar(), scalar()).prop_map(
        |(id, from, user_id, at, kind, content, more)| {
            let mut message = json!({ "id": format!("wamid.{id}"), "from": from, "from_user_id": user_id,
                "timestamp": at, "type": kind, "context": more });
            message[kind] = match kind {
                "text" => json!({ "body": content }),
                "image" => json!({ "id": content, "caption": more, "voice": content }),
                "location" => json!({ "latitude": 1.5, "longitude": content }),
                "contacts" => json!([{ "phones": [{ "wa_id": content }] }, content]),
                "reaction" => json!({ "message_id": content, "emoji": more }),
                "edit" => json!({ "original_message_id": "wamid.0", "message": { "type": "text", "text": { "body": content } } }),
                _ => content,
            };
            message
        },
    )
}

fn status() -> impl Strategy<Value = Value> {
    let words = ["sent", "read", "failed", "glanced"];
    (any::<u64>(), person(), time(), prop::sample::select(words.to_vec()), scalar()).prop_map(|(id, to, at, word, more)| {
        json!({ "id": format!("wamid.{id}"), "recipient_id": to, "timestamp": at, "status": word, "errors": more, "pricing": more })
    })
}

fn click() -> impl Strategy<Value = Value> {
    (any::<u64>(), time())
        .prop_map(|(id, at)| json!({ "action_type": "marketing_messages_link_click", "timestamp": at, "click": id }))
}

/// Bad items carry a number, since two that are equal are one and the same thing.
fn item() -> impl Strategy<Value = Item> {
    let of_list = prop_oneof![
        4 => message().prop_map(|value| (0, value)),
        3 => status().prop_map(|value| (1, value)),
        1 => click().prop_map(|value| (2, value)),
        1 => (0..3_usize, any::<u64>()).prop_map(|(list, n)| (list, json!(n))),
        1 => (0..3_usize, any::<u64>()).prop_map(|(list, n)| (list, json!([n, { "deep": [[n]] }]))),
    ];
    (of_list, 0..NUMBERS.len()).prop_map(|((list, value), number)| Item { list, number, value })
}

/// One change of one number with these items, in the lists that they belong to.
fn change(number: usize, items: &[&Item]) -> Value {
    let mut value = json!({ "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": "442079460123", "phone_number_id": NUMBERS[number] } });
    for (place, list) in LISTS.iter().enumerate() {
        let of_list: Vec<&Value> = items.iter().filter(|item| item.list == place).map(|item| &item.value).collect();
        if !of_list.is_empty() {
            value[*list] = json!(of_list);
        }
    }
    json!({ "field": "messages", "value": value })
}

fn post(entries: &[Vec<Value>]) -> String {
    let entry = |changes: &Vec<Value>| json!({ "id": "104857600123456", "changes": changes });
    json!({ "object": "whatsapp_business_account", "entry": entries.iter().map(entry).collect::<Vec<_>>() }).to_string()
}

/// The JSON again with every object's members in another order.
fn shuffled(value: &Value, seed: u64) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().map(|(key, value)| (key.clone(), shuffled(value, seed))).collect();
            let turns = usize::try_from(seed % 7).expect("small") % members.len().max(1);
            members.rotate_left(turns);
            if seed.is_multiple_of(2) {
                members.reverse();
            }
            Value::Object(members.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| shuffled(item, seed)).collect()),
        other => other.clone(),
    }
}

/// The events without their conversations, which depend on what was seen before, in the order of their ids.
fn told(events: &[Normalised]) -> Vec<Value> {
    let mut told: Vec<Value> = events.iter().map(crate::json).collect();
    for event in &mut told {
        event["conversation_id"] = Value::Null;
    }
    told.sort_by_key(|event| event["id"].to_string());
    told
}

proptest! {
    #![proptest_config(Config { cases: 300, failure_persistence: None, ..Config::default() })]

    #[test]
    fn batching_and_the_order_of_keys_change_nothing_and_nothing_is_lost(
        items in prop::collection::vec(item(), 1..12),
        seed in any::<u64>(),
    ) {
        let apart: Vec<Normalised> = items.iter().flat_map(|item| {
            let own = events(post(&[vec![change(item.number, &[item])]]).as_bytes());
            assert_eq!(own.len(), 1, "{item:?}");
            own
        }).collect();
        apart.iter().for_each(invariants::is_in_order);
        let of = |number: usize| items.iter().filter(|item| item.number == number).collect::<Vec<_>>();
        let together = post(&[vec![change(0, &of(0)), change(1, &of(1))]]);
        let by_change = post(&[items.iter().map(|item| change(item.number, &[item])).collect()]);
        let by_entry = post(&items.iter().map(|item| vec![change(item.number, &[item])]).collect::<Vec<_>>());
        let expected = told(&apart);
        for body in [&together, &by_change, &by_entry] {
            let other_order = shuffled(&serde_json::from_str(body).expect("JSON"), seed).to_string();
            for body in [body, &other_order] {
                let found = events(body.as_bytes());
                prop_assert!(found.len() >= items.len(), "{body}");
                // A change without items of its own is an event as well.
                let found: Vec<_> = told(&found).into_iter().filter(|event| !is_empty_change(event)).collect();
                prop_assert_eq!(&found, &expected, "{}", body);
            }
        }
    }

    #[test]
    fn any_json_in_metas_envelope_survives(values in prop::collection::vec(scalar(), 4), field in "[a-z_]{0,20}") {
        let [a, b, c, d] = &values[..] else { return Ok(()) };
        for object in ["whatsapp_business_account", "page", "instagram", "permissions", "else"] {
            let body = json!({ "object": object, "entry": [
                { "id": a, "time": b, "changes": [{ "field": field, "value": c }, d], "messaging": [c, { "message": d }] },
                { "changes": b, "standby": [{ "read": a, "sender": { "id": b } }], field.clone(): c }, d ] });
            invariants::of_body(body.to_string().as_bytes());
        }
    }

    #[test]
    fn any_bytes_survive(body in prop::collection::vec(any::<u8>(), 0..200)) {
        invariants::of_body(&body);
        invariants::of_signature(&body);
    }
}

fn is_empty_change(event: &Value) -> bool {
    event["event"] == "unknown"
        && event["data"]["value"]["metadata"].is_object()
        && event["data"]["value"].as_object().is_some_and(|value| value.len() == 2)
}

/// What the fuzzer once found, and a few of its seeds.
#[test]
fn what_was_found_before_is_survived() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz");
    let mut count = 0;
    for (name, check) in [("normalise", invariants::of_body as fn(&[u8])), ("signature", invariants::of_signature)] {
        for file in std::fs::read_dir(folder.join(name)).expect("the folder") {
            check(&std::fs::read(file.expect("a file").path()).expect("bytes"));
            count += 1;
        }
    }
    assert!(count > 2, "the files are found");
}
