//! What customers wrote goes when its tenant says so, and not before it is delivered; what happened stays told.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use crate::browser::Browser;
use crate::receiver::Reply;
use crate::retention::{keep_house, message, provision, rows};
use crate::world::{PASSWORD, Tenant, World, world};

/// Events, originals and answers of a tenant in which something stands that a customer wrote, or who it was.
async fn telling(world: &World, tenant: &Tenant) -> [i64; 3] {
    let mut c = world.pools.web.acquire().await.expect("a connection");
    let mut counts = [0; 3];
    for (count, (table, column)) in
        counts.iter_mut().zip([("event", "body"), ("receipt", "body"), ("attempt", "excerpt")])
    {
        let query = format!(
            "select count(*) from {table} x join tenant t using (tenant_id)
             where t.name = '{}' and convert_from(x.{column}, 'UTF8') ~ 'Hello|7700900456|Alice|wamid'",
            tenant.name
        );
        *count = sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(&mut *c).await.expect("a count");
    }
    counts
}

async fn owner(world: &World, tenant: &Tenant) -> Browser {
    let browser = Browser::new(&world.base);
    browser.sign_in(tenant.email, PASSWORD).await;
    browser
}

/// The page of the oldest message, of which what was written is not kept any more.
pub async fn dropped(world: &World) -> String {
    world
        .execute(
            "update event set body = without_content(body), is_dropped = true
             where event_id = (select event_id from event where event = 'message.received' order by event_id limit 1)",
        )
        .await;
    world.execute("delete from receipt where receipt_id = (select receipt_id from event where is_dropped)").await;
    let dropped: uuid::Uuid = sqlx::query_scalar("select event_id from event where is_dropped")
        .fetch_one(&mut *world.pools.web.acquire().await.expect("a connection"))
        .await
        .expect("the one");
    format!("/deliveries/{}/{}", socialhook_core::id::EventId(dropped), world.acme.endpoint_id)
}

fn echo() -> Reply {
    Reply::Full(500, Vec::new(), b"what should I do with Hello?".to_vec())
}

#[tokio::test]
async fn bodies_go_once_they_are_delivered_and_not_before() {
    world(async |world| {
        provision(world, json!({ "body_days": 0 })).await.expect("provisioned");
        world.relay.refresh().await.expect("followed");
        world.receiver.will_reply("/acme", [echo()]);
        let at = world.clock.now();
        for tenant in [&world.acme, &world.globex] {
            assert_eq!(message(world, tenant, "wamid.1", at).await, 200);
        }
        world.settle().await;
        assert_eq!(telling(world, &world.acme).await, [1, 1, 1]);
        keep_house(world).await;
        assert_eq!(telling(world, &world.acme).await, [1, 1, 1], "it is still to be delivered");
        world.advance(TimeDelta::minutes(1)).await;
        assert_eq!(world.received(&world.acme).len(), 2, "the second attempt brings all of it");
        assert_eq!(world.received(&world.acme)[1]["message"]["body"], "Hello");
        keep_house(world).await;
        assert_eq!(telling(world, &world.acme).await, [0, 0, 0]);
        assert_eq!(rows(world, &world.acme).await, [0, 1, 2, 0], "what became of it stays");
        assert_eq!(telling(world, &world.globex).await, [1, 1, 0], "the other tenant keeps it");

        assert_eq!(message(world, &world.acme, "wamid.1", at).await, 200);
        world.settle().await;
        assert_eq!(world.received(&world.acme).len(), 2, "a repeat is still known");
        keep_house(world).await;
        assert_eq!(telling(world, &world.acme).await, [0, 0, 0], "and leaves nothing");
    })
    .await;
}

#[tokio::test]
async fn what_is_left_is_shown_and_not_sent() {
    world(async |world| {
        provision(world, json!({ "body_days": 0 })).await.expect("provisioned");
        world.relay.refresh().await.expect("followed");
        assert_eq!(message(world, &world.acme, "wamid.1", world.clock.now()).await, 200);
        world.settle().await;
        let event = world.received(&world.acme)[0].clone();
        keep_house(world).await;
        let browser = owner(world, &world.acme).await;
        let id = event["id"].as_str().expect("an id");
        let path = format!("/deliveries/{id}/{}", world.acme.endpoint_id);
        let page = browser.get(&path).await;
        let words = page.words();
        assert!(words.contains("is not kept any more") && words.contains("Delivered"), "{words}");
        assert!(page.all("form[action$='/resend']").is_empty(), "nothing can be sent again");
        let answer = browser.submit(&format!("{path}/resend"), &[]).await.words();
        assert!(answer.contains("it cannot be sent again"), "{answer}");
        let stretch = [("endpoint", world.acme.endpoint_id.to_string()), ("which", "all".to_owned())];
        let replay: Vec<(&str, &str)> = stretch.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.submit("/deliveries/resend", &replay).await;
        world.settle().await;
        assert_eq!(world.received(&world.acme).len(), 1);
        for path in [
            "/messages?id=wamid.1".to_owned(),
            format!("/conversations/{}", event["conversation_id"].as_str().expect("an id")),
        ] {
            let page = browser.get(&path).await;
            assert_eq!(page.status, 200, "{path}");
            assert!(page.words().contains("message.received"), "{path}: {}", page.words());
        }
        for path in ["/deliveries/export?format=ndjson", "/settings/export"] {
            for line in browser.get(path).await.text.lines() {
                let line: Value = serde_json::from_str(line).expect("a line is JSON");
                assert!(!line.to_string().contains("Hello"));
            }
        }
        let key = crate::api::key(world, &world.acme, &["read"]).await;
        let told = world.http.get(world.url(&format!("/api/v1/events/{id}"))).bearer_auth(key).send().await;
        let told: Value = serde_json::from_str(&told.expect("an answer").text().await.expect("text")).expect("JSON");
        for name in ["id", "version", "platform", "event", "timestamp", "direction", "conversation_id", "channel"] {
            assert_eq!(told[name], event[name], "{name}");
        }
        assert_eq!((&told["kept"], &told["from"], &told["contact"]), (&json!(false), &Value::Null, &Value::Null));
        assert!(told.get("message").is_none());
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_delivered_is_given_up_after_its_days() {
    world(async |world| {
        provision(world, json!({ "body_days": 0 })).await.expect("provisioned");
        world.relay.refresh().await.expect("followed");
        world.receiver.will_reply("/acme", std::iter::repeat_n(Reply::Status(500), 3));
        assert_eq!(message(world, &world.acme, "wamid.1", world.clock.now()).await, 200);
        world.settle().await;
        for _ in 0..2 {
            world.advance(TimeDelta::minutes(10)).await;
        }
        assert_eq!(rows(world, &world.acme).await, [1, 1, 3, 1], "it is parked");
        let browser = owner(world, &world.acme).await;
        browser.submit(&format!("/endpoints/{}/pause", world.acme.endpoint_id), &[]).await;
        world.advance(TimeDelta::hours(22)).await;
        keep_house(world).await;
        assert_eq!(telling(world, &world.acme).await, [1, 1, 0]);
        world.advance(TimeDelta::hours(4)).await;
        keep_house(world).await;
        assert_eq!(telling(world, &world.acme).await, [0, 0, 0]);
        assert_eq!(rows(world, &world.acme).await, [0, 1, 4, 0], "that it was given up is told");
        let page = browser.get("/deliveries").await;
        assert!(page.words().contains("Discarded"), "{}", page.words());
    })
    .await;
}

#[tokio::test]
async fn bodies_of_some_days_ago_go_though_the_tenant_chose_it_later() {
    world(async |world| {
        for tenant in [&world.acme, &world.globex] {
            assert_eq!(message(world, tenant, "wamid.1", world.clock.now()).await, 200);
        }
        world.settle().await;
        world.advance(TimeDelta::days(3)).await;
        assert_eq!(message(world, &world.acme, "wamid.2", world.clock.now()).await, 200);
        world.settle().await;
        let browser = owner(world, &world.acme).await;
        let fields = [("name", "Acme"), ("time_zone", "UTC"), ("body_days", "2")];
        let warned = browser.submit("/settings", &fields).await;
        assert_eq!(warned.status, 422);
        assert!(warned.words().contains("what customers wrote after 2 days"), "{}", warned.words());
        keep_house(world).await;
        assert_eq!(telling(world, &world.acme).await[0], 2, "nothing is saved yet");
        browser.submit("/settings", &[&fields[..], &[("confirmed", "yes")]].concat()).await;
        keep_house(world).await;
        assert_eq!(telling(world, &world.acme).await, [1, 1, 0]);
        assert_eq!(telling(world, &world.globex).await, [1, 1, 0]);
        world.advance(TimeDelta::days(2) + TimeDelta::hours(1)).await;
        keep_house(world).await;
        assert_eq!(telling(world, &world.acme).await, [0, 0, 0]);
        assert_eq!(rows(world, &world.acme).await, [0, 2, 2, 0]);
        let refused = browser.submit("/settings", &[("name", "Acme"), ("time_zone", "UTC"), ("body_days", "91")]).await;
        assert!(refused.words().contains("whole days from 0 to 90"), "{}", refused.words());
    })
    .await;
}
