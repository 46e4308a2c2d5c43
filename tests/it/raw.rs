//! Meta's original with each event, for endpoints that ask for it: the very bytes, also when they are sent again, and to no one else.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::meta;
use crate::receiver::Reply;
use crate::routing::{operator_posts, shared_app};
use crate::world::{PASSWORD, World, world};

/// One that Meta could have written: with white space and escapes of its own.
fn change(phone_number_id: &str, id: &str) -> String {
    let change = meta::change(phone_number_id, "messages", &[meta::text(id, "caf\u{e9}")]).to_string();
    change.replace('\u{e9}', "\\u00e9").replacen("\"field\":", "\"field\" : ", 1)
}

fn post(changes: &[String]) -> String {
    let changes = changes.join(" ,\n");
    format!(r#"{{"entry": [ {{"id":"104857600123456","changes":[{changes}] }}],"object":"whatsapp_business_account"}}"#)
}

async fn ask(world: &World, endpoint_id: &str) -> Browser {
    let browser = Browser::new(&world.base);
    browser.sign_in(world.acme.email, PASSWORD).await;
    let path = format!("/endpoints/{endpoint_id}");
    let url = world.receiver.url(world.acme.hook);
    let page = browser
        .submit(&path, &[("url", &url), ("name", "main"), ("family", "*"), ("events", "*"), ("raw", "yes")])
        .await;
    assert!(page.words().contains("Saved."), "{}", page.words());
    assert_eq!(page.attributes("main details.more-settings[open] input[name=raw][checked]", "value"), ["yes"]);
    browser
}

async fn acme_asks(world: &World) -> Browser {
    ask(world, &world.acme.endpoint_id.to_string()).await
}

/// What Acme's endpoint got, as text.
fn texts(world: &World) -> Vec<String> {
    let received = world.receiver.received(world.acme.hook);
    received.iter().map(|one| String::from_utf8(one.body.to_vec()).expect("text")).collect()
}

fn with_raw(raw: &str) -> String {
    format!(r#","raw":{raw},"delivery":{{"#)
}

#[tokio::test]
async fn the_change_comes_as_meta_sent_it_to_whoever_asks() {
    world(async |world| {
        let browser = acme_asks(world).await;
        let url = world.receiver.url("/globex");
        browser.submit("/endpoints", &[("name", "other"), ("url", &url), ("family", "*")]).await;
        let sent = change(world.acme.phone_number_id, "wamid.1");
        assert_eq!(world.meta_posts(&world.acme, post(std::slice::from_ref(&sent))).await, 200);
        world.settle().await;
        let received = texts(world);
        assert_eq!(received.len(), 1);
        assert!(received[0].contains(&with_raw(&sent)), "{}", received[0]);
        let event: Value = serde_json::from_str(&received[0]).expect("JSON");
        assert_eq!(event["message"]["body"], "caf\u{e9}");
        let other = world.received(&world.globex);
        assert_eq!(other.len(), 1, "Acme's other endpoint");
        assert!(other[0].get("raw").is_none(), "only where it is asked for");

        browser.submit(&format!("/endpoints/{}/test", world.acme.endpoint_id), &[("sample", "instagram-text")]).await;
        let tried: Value = serde_json::from_str(&texts(world)[1]).expect("JSON");
        assert_eq!(tried["test"], true);
        assert!(tried["raw"]["message"]["mid"].is_string(), "{tried}");
    })
    .await;
}

#[tokio::test]
async fn of_a_post_of_many_each_event_has_its_own() {
    world(async |world| {
        let path = shared_app(world).await;
        acme_asks(world).await;
        let one =
            meta::change("201", "messages", &[meta::text("wamid.1", "a"), meta::text("wamid.2", "b")]).to_string();
        let foreign = change("202", "wamid.G");
        let (other, again) = (change("201", "wamid.3"), change("201", "wamid.4"));
        let body = post(&[foreign, one.clone(), other.clone(), again.clone()]);
        assert_eq!(operator_posts(world, &path, &body).await, 200);
        world.settle().await;
        let received = texts(world);
        assert_eq!(received.len(), 4);
        for (id, raw) in [("wamid.1", &one), ("wamid.2", &one), ("wamid.3", &other), ("wamid.4", &again)] {
            let start = format!(r#""message":{{"id":"{id}""#);
            let event = received.iter().find(|event| event.contains(&start)).expect(id);
            assert!(event.contains(&with_raw(raw)), "{id}: {event}");
        }
        let globex = world.received(&world.globex);
        assert!(globex.len() == 1 && globex[0].get("raw").is_none());
        // What waits in the database is read from the tenant's own receipt.
        world.receiver.will_reply("/acme", [Reply::Status(503)]);
        let body = post(&[change("202", "wamid.G2"), change("201", "wamid.5")]);
        assert_eq!(operator_posts(world, &path, &body).await, 200);
        world.settle().await;
        world.advance(TimeDelta::seconds(40)).await;
        let received = texts(world);
        assert_eq!(received.len(), 6);
        assert!(received[5].contains(&with_raw(&change("201", "wamid.5"))), "{}", received[5]);
        assert!(received[5].contains(r#""attempt":2"#), "{}", received[5]);
    })
    .await;
}

#[tokio::test]
async fn who_asks_later_gets_it_with_what_is_sent_again_while_it_is_kept() {
    world(async |world| {
        let sent = change(world.acme.phone_number_id, "wamid.1");
        assert_eq!(world.meta_posts(&world.acme, post(std::slice::from_ref(&sent))).await, 200);
        world.settle().await;
        assert!(!texts(world)[0].contains(r#""raw""#));
        let browser = acme_asks(world).await;
        let path = browser.get("/messages?id=wamid.1").await.attributes("main a[href^='/deliveries/evt_']", "href");
        browser.submit(&format!("{}/resend", path[0]), &[]).await;
        world.settle().await;
        assert!(texts(world)[1].contains(&with_raw(&sent)), "{}", texts(world)[1]);
        let file = browser.get(&format!("{}/event.json", path[0])).await;
        assert_eq!(file.text, texts(world)[1], "the file is what was sent");

        world.execute("delete from receipt").await;
        browser.submit(&format!("{}/resend", path[0]), &[]).await;
        world.settle().await;
        let received = texts(world);
        assert_eq!(received.len(), 3);
        assert!(!received[2].contains(r#""raw""#), "it is not kept any more, and the event is sent nevertheless");
    })
    .await;
}

#[tokio::test]
async fn what_is_too_long_is_left_out_and_the_events_come() {
    world(async |world| {
        acme_asks(world).await;
        let items: Vec<Value> = (0..300).map(|n| meta::text(&format!("wamid.{n}"), &"x".repeat(1000))).collect();
        let long = meta::change(world.acme.phone_number_id, "messages", &items);
        assert!(long.to_string().len() > 256 << 10);
        let nul = json!({ "field": "messages", "value": { "metadata": { "phone_number_id": world.acme.phone_number_id }, "x": "a\u{0}b" } });
        assert_eq!(world.meta_posts(&world.acme, meta::post(&[long, nul])).await, 200);
        world.settle().await;
        let received = texts(world);
        assert_eq!(received.len(), 301);
        let with: Vec<&String> = received.iter().filter(|event| event.contains(r#""raw""#)).collect();
        assert_eq!(with.len(), 1, "of the other change");
        let event: Value = serde_json::from_str(with[0]).expect("JSON");
        assert_eq!(event["raw"]["value"]["x"], "a\u{fffd}b", "no reader takes U+0000");
    })
    .await;
}
