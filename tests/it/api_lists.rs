//! Lists of the API: parts, filters, and what is found with them.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::api::Program;
use crate::meta;
use crate::receiver::Reply;
use crate::world::{World, world};

/// Five events of Acme's, of which the first three fail at first, and one of Globex's.
async fn five(world: &World) {
    world.receiver.will_reply("/acme", [Reply::Status(500), Reply::Status(500), Reply::Status(500)]);
    for n in 0..5 {
        world.clock.advance(TimeDelta::seconds(1));
        let text = meta::one_text(world.acme.phone_number_id, &format!("wamid.{n}"));
        assert_eq!(world.meta_posts(&world.acme, text).await, 200);
        world.settle().await;
    }
    let text = meta::one_text(world.globex.phone_number_id, "wamid.G");
    assert_eq!(world.meta_posts(&world.globex, text).await, 200);
    world.settle().await;
}

fn count(part: &Value) -> usize {
    part["data"].as_array().expect("a list").len()
}

/// All that a list holds, part by part.
async fn all(program: &Program<'_>, path: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut next = path.to_owned();
    loop {
        let part = program.get(&next).await.json;
        all.extend(part["data"].as_array().expect("a list").iter().cloned());
        let Some(cursor) = part["next_cursor"].as_str() else { return all };
        next = format!("{path}&cursor={cursor}");
    }
}

#[tokio::test]
async fn events_are_found() {
    world(async |world| {
        five(world).await;
        let acme = Program::with_all(world, &world.acme).await;
        let found = all(&acme, "/events?limit=2").await;
        let mut ids: Vec<&str> = found.iter().filter_map(|event| event["message"]["id"].as_str()).collect();
        ids.sort_unstable();
        assert_eq!(ids, ["wamid.0", "wamid.1", "wamid.2", "wamid.3", "wamid.4"], "each once, and none of Globex's");
        let order: Vec<&str> = found.iter().filter_map(|event| event["id"].as_str()).collect();
        assert!(order.is_sorted_by(|newer, older| newer > older), "newest first: {order:?}");
        let found = acme.get("/events?message_id=wamid.3").await.json;
        assert_eq!(count(&found), 1);
        let event = &found["data"][0];
        crate::contract::check_without_delivery(event);
        assert_eq!(acme.get(&format!("/events/{}", event["id"].as_str().expect("an id"))).await.json, *event);
        let conversation = event["conversation_id"].as_str().expect("an id");
        assert_eq!(all(&acme, &format!("/events?conversation={conversation}&limit=2")).await.len(), 5);
        for (query, expected) in [
            ("event=message.*", 5),
            ("event=message.received", 5),
            ("event=call.*", 0),
            ("from=2020-01-01T00:00:00Z", 5),
            ("to=2020-01-01T00:00:00Z", 0),
            ("message_id=wamid.G", 0),
        ] {
            assert_eq!(count(&acme.get(&format!("/events?{query}")).await.json), expected, "{query}");
        }
        let channels = acme.get("/channels").await.json;
        let on = |channel: &Value| format!("/events?channel={}", channel["id"].as_str().expect("an id"));
        let mut of_each = Vec::new();
        for channel in channels["data"].as_array().expect("a list") {
            of_each.push(count(&acme.get(&on(channel)).await.json));
        }
        of_each.sort_unstable();
        assert_eq!(of_each, [0, 0, 5]);
        for bad in
            ["event=NO", "limit=0", "limit=101", "limit=x", "from=yesterday", "cursor=evt_x", "surprise=1", "channel=x"]
        {
            let answer = acme.get(&format!("/events?{bad}")).await;
            assert!([400, 422].contains(&answer.status.as_u16()), "{bad}: {}", answer.status);
        }
    })
    .await;
}

#[tokio::test]
async fn deliveries_are_found_and_sent_again() {
    world(async |world| {
        five(world).await;
        let acme = Program::with_all(world, &world.acme).await;
        assert_eq!(
            count(&acme.get("/deliveries?outcome=waiting").await.json),
            5 - world.received(&world.acme).len() + 3
        );
        world.advance(TimeDelta::minutes(10)).await;
        world.advance(TimeDelta::minutes(10)).await;
        let delivered = all(&acme, "/deliveries?outcome=delivered&limit=2").await;
        assert_eq!(delivered.len(), 5);
        let failed_once = delivered.iter().find(|one| one["attempts"] == 2).expect("one that failed at first");
        let event = failed_once["event_id"].as_str().expect("an id");
        let path = format!("/deliveries/{event}/{}", world.acme.endpoint_id);
        let log = acme.get(&path).await.json;
        let statuses: Vec<&Value> =
            log["attempt_log"].as_array().expect("a list").iter().map(|attempt| &attempt["status"]).collect();
        assert_eq!((statuses, &log["state"]), (vec![&json!(500), &json!(200)], &json!("delivered")));
        let before = world.received(&world.acme).len();
        let again = acme.call("POST", &format!("{path}/resend"), None, &[]).await;
        assert_eq!((again.status.as_u16(), &again.json["opened"]), (202, &json!(true)));
        world.settle().await;
        assert_eq!(world.received(&world.acme).len(), before + 1);
        for bad in [
            "outcome=x",
            "platform=x",
            "channel=x",
            "endpoint=x",
            "event=X",
            "from=x",
            "to=x",
            "cursor=x",
            "limit=0",
            "x=1",
        ] {
            let answer = acme.get(&format!("/deliveries?{bad}")).await;
            assert!([400, 422].contains(&answer.status.as_u16()), "{bad}: {}", answer.status);
        }
    })
    .await;
}
