//! Whose is it? Each part of a POST goes to the tenant whose channel it names, and to nobody else.

use serde_json::{Value, json};

use crate::meta;
use crate::world::{World, world};

/// Moves Globex's number to an app of the operator's, together with Acme's: one app for both tenants.
pub async fn shared_app(world: &World) -> String {
    let file = json!({
        "apps": [{ "name": "shared", "app_secret": "operator-secret", "verify_token": "operator-verify" }],
        "tenants": [
            { "name": "Acme", "channels": [{ "app": "operator/shared", "platform": "whatsapp", "external_id": "201", "name": "A" }] },
            { "name": "Globex", "channels": [{ "app": "operator/shared", "platform": "whatsapp", "external_id": "202", "name": "G" }] },
        ],
    });
    let mut c = world.pools.background.acquire().await.expect("a connection");
    let policy = socialhook_relay::destination::Policy::AllowPrivate;
    let tree =
        socialhook::provision::apply(&mut c, &world.means, policy, &file.to_string()).await.expect("provisioned");
    drop(c);
    world.relay.refresh().await.expect("the directory is read anew");
    tree["apps"][0]["callback_path"].as_str().expect("a path").to_owned()
}

pub async fn operator_posts(world: &World, path: &str, body: &str) -> u16 {
    let signature = meta::sign("operator-secret", body.as_bytes());
    world.post(path, Some(&signature), body.to_owned()).await.status().as_u16()
}

#[tokio::test]
async fn one_post_for_two_tenants_is_parted() {
    world(async |world| {
        let path = shared_app(world).await;
        let body = meta::post(&[
            meta::change("201", "messages", &[meta::text("wamid.A1", "for Acme")]),
            meta::change("202", "messages", &[meta::text("wamid.G1", "for Globex")]),
            meta::change("201", "statuses", &[meta::status("wamid.A0", "delivered")]),
            meta::change("999", "messages", &[meta::text("wamid.X1", "for nobody we know")]),
        ]);
        assert_eq!(operator_posts(world, &path, &body).await, 200);
        world.settle().await;
        let words =
            |tenant| -> Vec<Value> { world.received(tenant).iter().map(|event| event["event"].clone()).collect() };
        let mut acme = words(&world.acme);
        acme.sort_unstable_by_key(Value::to_string);
        assert_eq!(acme, ["message.delivered", "message.received"]);
        assert_eq!(words(&world.globex), ["message.received"]);
        assert_eq!(world.received(&world.globex)[0]["message"]["body"], "for Globex");

        let mut c = world.pools.web.acquire().await.expect("a connection");
        let receipts: Vec<(String, Vec<u8>)> =
            sqlx::query_as("select t.name, r.body from receipt r join tenant t using (tenant_id) order by t.name")
                .fetch_all(&mut *c)
                .await
                .expect("receipts");
        let names: Vec<&str> = receipts.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["Acme", "Globex", "Operator"]);
        for (name, body) in &receipts {
            let text = String::from_utf8(body.clone()).expect("text");
            let (own, foreign) = match name.as_str() {
                "Acme" => ("for Acme", ["for Globex", "for nobody"]),
                "Globex" => ("for Globex", ["for Acme", "for nobody"]),
                _ => ("for nobody", ["for Acme", "for Globex"]),
            };
            assert!(text.contains(own) && !foreign.iter().any(|other| text.contains(other)), "{name}: {text}");
            let parsed: Value = serde_json::from_str(&text).expect("still JSON");
            assert_eq!(parsed["entry"][0]["id"], "104857600123456");
        }
    })
    .await;
}

/// Meta tells of a number's quality, name and security by its digits alone. In a tenant's own app they name its channel. In an
/// app of several tenants they name nobody, since who a number belongs to is then only what a tenant says.
#[tokio::test]
async fn what_is_told_of_a_number_by_its_digits_is_of_its_channel() {
    world(async |world| {
        let change = |number: &str| {
            json!({ "field": "phone_number_quality_update",
                "value": { "display_phone_number": number, "event": "FLAGGED", "current_limit": "TIER_1K" } })
        };
        for number in ["+44 7700 900123", "447700900778"] {
            assert_eq!(world.meta_posts(&world.acme, meta::post(&[change(number)])).await, 200);
        }
        let path = shared_app(world).await;
        world.execute("update channel set address = '+447700900777' where external_id = '202'").await;
        world.relay.refresh().await.expect("the directory is read anew");
        assert_eq!(operator_posts(world, &path, &meta::post(&[change("447700900777")])).await, 200);
        world.settle().await;
        let received = world.received(&world.acme);
        let channels: Vec<&Value> = received.iter().map(|event| &event["channel"]["name"]).collect();
        assert_eq!(channels.len(), 2);
        assert!(channels.contains(&&json!("Support")) && channels.contains(&&Value::Null), "{channels:?}");
        assert!(received.iter().all(|event| event["event"] == "channel.updated"));
        assert_eq!(world.received(&world.globex), [] as [Value; 0]);
    })
    .await;
}

#[tokio::test]
async fn a_tenant_reaches_only_its_own_channels() {
    world(async |world| {
        // Acme signs, with its own app, a webhook that names Globex's number.
        let body = meta::one_text(world.globex.phone_number_id, "wamid.A1");
        assert_eq!(world.meta_posts(&world.acme, body).await, 200);
        world.settle().await;
        assert_eq!(world.received(&world.globex), [] as [Value; 0], "a number belongs to its app and tenant");
        assert_eq!(world.received(&world.acme).len(), 1, "Acme's app has that number itself now");
    })
    .await;
}

#[tokio::test]
async fn numbers_that_a_tenants_own_app_names_are_connected_by_themselves() {
    world(async |world| {
        assert_eq!(world.meta_posts(&world.acme, meta::one_text("109000000000077", "wamid.A1")).await, 200);
        assert_eq!(world.meta_posts(&world.acme, meta::one_text("109000000000077", "wamid.A2")).await, 200);
        world.settle().await;
        let received = world.received(&world.acme);
        assert_eq!(received.len(), 2);
        assert!(received.iter().all(|event| event["channel"]["external_id"] == "109000000000077"));
        assert_eq!(world.count("select count(*) from channel where external_id = '109000000000077'").await, 1);
    })
    .await;
}

#[tokio::test]
async fn three_platforms_one_shape() {
    world(async |world| {
        let at = crate::world::noon().timestamp_millis();
        let page = json!({ "object": "page", "entry": [{ "id": world.acme.page_id, "time": at, "messaging": [
            { "sender": { "id": "7410000000000011" }, "recipient": { "id": world.acme.page_id }, "timestamp": at,
              "message": { "mid": "m_1", "text": "is the blue one back?" } }] }] });
        let instagram = json!({ "object": "instagram", "entry": [{ "id": world.acme.instagram_id, "time": at, "messaging": [
            { "sender": { "id": world.acme.instagram_id }, "recipient": { "id": "2067000000000031" }, "timestamp": at,
              "message": { "mid": "aWdf1", "text": "sure", "is_echo": true } }] }] });
        for body in [page, instagram] {
            assert_eq!(world.meta_posts(&world.acme, body.to_string()).await, 200);
            world.settle().await;
        }
        let [messenger, instagram] = &world.received(&world.acme)[..] else { panic!("two events") };
        assert_eq!((&messenger["platform"], &messenger["event"], &messenger["from"]), (&json!("messenger"), &json!("message.received"), &json!("7410000000000011")));
        assert_eq!((&instagram["platform"], &instagram["event"], &instagram["to"]), (&json!("instagram"), &json!("message.echo"), &json!("2067000000000031")));
        let keys = |event: &Value| event.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(messenger), keys(instagram));
        assert_eq!(instagram["contact"]["user_id"], "2067000000000031", "the contact is the customer, whoever wrote");
    })
    .await;
}

#[tokio::test]
async fn endpoints_get_what_they_ask_for() {
    world(async |world| {
        let file = json!({ "tenants": [{ "name": "Acme", "endpoints": [
            { "name": "main", "url": world.receiver.url("/acme"), "events": ["message.received"] },
            { "name": "statuses", "url": world.receiver.url("/globex"), "events": ["message.deliv*", "message.read"], "channels": [world.acme.phone_number_id] },
        ] }] });
        let mut c = world.pools.background.acquire().await.expect("a connection");
        let policy = socialhook_relay::destination::Policy::AllowPrivate;
        socialhook::provision::apply(&mut c, &world.means, policy, &file.to_string()).await.expect("provisioned");
        drop(c);
        world.relay.refresh().await.expect("the directory is read anew");
        let number = world.acme.phone_number_id;
        let statuses = ["sent", "delivered", "read"].map(|word| meta::status("wamid.A0", word));
        let body = meta::post(&[
            meta::change(number, "messages", &[meta::text("wamid.A1", "hi")]),
            meta::change(number, "statuses", &statuses),
            meta::change("109000000000055", "statuses", &[meta::status("wamid.B0", "read")]),
        ]);
        assert_eq!(world.meta_posts(&world.acme, body).await, 200);
        world.settle().await;
        let words = |path| -> Vec<String> {
            let mut words: Vec<_> = world.receiver.received(path).iter().map(|request| request.header("socialhook-event").to_owned()).collect();
            words.sort_unstable();
            words
        };
        assert_eq!(words("/acme"), ["message.received"]);
        assert_eq!(words("/globex"), ["message.delivered", "message.read"]);
        assert_eq!(world.count("select count(*) from event").await, 5, "the others are kept all the same");
    })
    .await;
}

#[tokio::test]
async fn the_test_button_of_metas_dashboard_shows_something_at_every_press() {
    world(async |world| {
        let sample = json!({ "object": "whatsapp_business_account", "entry": [{ "id": "0", "changes": [{ "field": "messages", "value": {
            "messaging_product": "whatsapp",
            "metadata": { "display_phone_number": "16505551111", "phone_number_id": "123456123" },
            "contacts": [{ "profile": { "name": "test user name" }, "wa_id": "16315551181" }],
            "messages": [{ "from": "16315551181", "id": "ABGGFlA5Fpa", "timestamp": "1504902988", "type": "text", "text": { "body": "this is a text message" } }],
        } }] }] })
        .to_string();
        for _ in 0..2 {
            assert_eq!(world.meta_posts(&world.acme, sample.clone()).await, 200);
            world.advance(chrono::TimeDelta::seconds(2)).await;
        }
        let received = world.received(&world.acme);
        assert_eq!(received.len(), 2, "Meta's sample always has the same message id");
        for event in &received {
            assert_eq!(event["test"], true, "{event}");
            assert!(event["channel"].is_null(), "it belongs to no channel: {event}");
        }
        assert_eq!(world.count("select count(*) from channel where external_id = '123456123'").await, 0);
    })
    .await;
}
