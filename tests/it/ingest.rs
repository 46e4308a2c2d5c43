//! What Meta meets: the challenge, the signature, and that 200 means stored.

use serde_json::json;
use socialhook_relay::ingest::BODY_MAX;

use crate::meta;
use crate::world::world;

#[tokio::test]
async fn the_challenge_is_answered_as_plain_text() {
    world(async |world| {
        let ask = async |token: &str, mode: &str| {
            let url = world.url(&format!(
                "{}?hub.mode={mode}&hub.challenge=115%3Cb%3E&hub.verify_token={token}",
                world.acme.callback_path
            ));
            let answer = world.http.get(url).send().await.expect("an answer");
            let kind = answer.headers()["content-type"].to_str().expect("text").to_owned();
            (answer.status().as_u16(), kind, answer.text().await.expect("a body"))
        };
        assert_eq!(
            ask("verify-Acme", "subscribe").await,
            (200, "text/plain; charset=utf-8".to_owned(), "115<b>".to_owned())
        );
        assert_eq!(ask("verify-Globex", "subscribe").await.0, 403, "another tenant's token");
        assert_eq!(ask("", "subscribe").await.0, 403);
        assert_eq!(ask("verify-Acme", "unsubscribe").await.0, 403);
        world.settle().await;
        let counted = "select coalesce(sum(count), 0)::bigint from refusal where reason = 'verify_token_wrong'";
        assert_eq!(world.count(counted).await, 2);
    })
    .await;
}

#[tokio::test]
async fn a_signed_webhook_is_stored_and_arrives() {
    world(async |world| {
        let body = meta::one_text(world.acme.phone_number_id, "wamid.A1");
        assert_eq!(world.meta_posts(&world.acme, body.clone()).await, 200);
        world.settle().await;
        let received = world.received(&world.acme);
        assert_eq!(received.len(), 1);
        let event = &received[0];
        assert_eq!(event["event"], "message.received");
        assert_eq!(event["from"], "+447700900456");
        assert_eq!(event["to"], "+447700900123");
        assert_eq!(event["timestamp"], 1_793_620_800);
        assert_eq!(event["message"]["body"], "Hello, is this working?");
        assert_eq!(event["channel"]["external_id"], world.acme.phone_number_id);
        assert_eq!(event["delivery"], json!({ "attempt": 1, "latency_ms": 0, "replay": false }));
        assert_eq!(world.received(&world.globex), [] as [serde_json::Value; 0]);
        let kept = "select count(*) from receipt where length(body) > 0";
        assert_eq!(world.count(kept).await, 1);
        let mut c = world.pools.web.acquire().await.expect("a connection");
        let stored: Vec<u8> =
            sqlx::query_scalar("select body from receipt").fetch_one(&mut *c).await.expect("a receipt");
        assert_eq!(stored, body.as_bytes(), "the exact bytes");
    })
    .await;
}

#[tokio::test]
async fn what_is_not_signed_leaves_nothing_but_a_count() {
    world(async |world| {
        let body = meta::one_text(world.acme.phone_number_id, "wamid.A1");
        let path = &world.acme.callback_path;
        let stranger = meta::sign("another secret", body.as_bytes());
        let other_tenant = meta::sign(world.globex.app_secret, body.as_bytes());
        let other_body = meta::sign(world.acme.app_secret, b"{}");
        for (signature, why) in [
            (None, "signature_missing"),
            (Some("sha256=abc"), "signature_malformed"),
            (Some("sha1=0123456789012345678901234567890123456789"), "signature_malformed"),
            (Some(stranger.as_str()), "signature_wrong"),
            (Some(other_tenant.as_str()), "signature_wrong"),
            (Some(other_body.as_str()), "signature_wrong"),
        ] {
            assert_eq!(world.post(path, signature, body.clone()).await.status(), 403, "{why}");
        }
        world.settle().await;
        for (reason, count) in [("signature_missing", 1), ("signature_malformed", 2), ("signature_wrong", 3)] {
            let mut c = world.pools.web.acquire().await.expect("a connection");
            let counted: i64 =
                sqlx::query_scalar("select coalesce(sum(count), 0)::bigint from refusal where reason = $1")
                    .bind(reason)
                    .fetch_one(&mut *c)
                    .await
                    .expect("a count");
            assert_eq!(counted, count, "{reason}");
        }
        assert_eq!(world.count("select (select count(*) from receipt) + (select count(*) from event)").await, 0);
        assert_eq!(world.post("/webhooks/meta/nobodysappkeyatall", Some(&stranger), body).await.status(), 404);
    })
    .await;
}

#[tokio::test]
async fn a_repeat_is_accepted_and_nothing_else() {
    world(async |world| {
        let body = meta::one_text(world.acme.phone_number_id, "wamid.A1");
        for _ in 0..3 {
            assert_eq!(world.meta_posts(&world.acme, body.clone()).await, 200);
            world.settle().await;
        }
        // The same message in another batch, beside a new one.
        let (old, new) = (meta::text("wamid.A1", "Hello, is this working?"), meta::text("wamid.A2", "And another"));
        let batch = meta::post(&[meta::change(world.acme.phone_number_id, "messages", &[old.clone(), new, old])]);
        assert_eq!(world.meta_posts(&world.acme, batch).await, 200);
        world.settle().await;
        let ids: Vec<_> = world.received(&world.acme).iter().map(|event| event["message"]["id"].clone()).collect();
        assert_eq!(ids, ["wamid.A1", "wamid.A2"]);
        assert_eq!(world.count("select count(*) from receipt").await, 2, "repeats leave no receipt");
    })
    .await;
}

#[tokio::test]
async fn repeats_that_come_at_once_are_one_event() {
    world(async |world| {
        let body = meta::one_text(world.acme.phone_number_id, "wamid.A1");
        let posts = (0..20).map(|_| world.meta_posts(&world.acme, body.clone()));
        let answers = futures_util::future::join_all(posts).await;
        assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
        world.settle().await;
        assert_eq!(world.received(&world.acme).len(), 1);
    })
    .await;
}

#[tokio::test]
async fn whatever_is_signed_is_kept() {
    world(async |world| {
        for body in [
            "",
            "not json at all",
            "[]",
            "{}",
            "null",
            r#"{"object":"user","entry":[]}"#,
            r#"{"object":"whatsapp_business_account","entry":"none"}"#,
            "\u{0}\u{1}",
        ] {
            assert_eq!(world.meta_posts(&world.acme, body).await, 200, "{body:?}");
        }
        let bytes = vec![0xff, 0xfe, 0x00];
        let signature = meta::sign(world.acme.app_secret, &bytes);
        assert_eq!(world.post(&world.acme.callback_path, Some(&signature), bytes).await.status(), 200);
        world.settle().await;
        assert_eq!(world.count("select count(*) from receipt").await, 9);
        let unknown = r#"{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"brand_new","value":{"x":1}}]}]}"#;
        assert_eq!(world.meta_posts(&world.acme, unknown).await, 200);
        world.settle().await;
        let received = world.received(&world.acme);
        let last = received.last().expect("the unknown change arrives");
        assert_eq!(last["event"], "unknown");
        assert_eq!(last["data"]["value"], json!({ "x": 1 }));
    })
    .await;
}

#[tokio::test]
async fn bodies_are_bounded() {
    world(async |world| {
        let post = async |length: usize| {
            let body = vec![b' '; length];
            let signature = meta::sign(world.acme.app_secret, &body);
            world.post(&world.acme.callback_path, Some(&signature), body).await.status().as_u16()
        };
        assert_eq!(post(BODY_MAX).await, 200);
        assert_eq!(post(BODY_MAX + 1).await, 413);
    })
    .await;
}

#[tokio::test]
async fn a_thousand_items_in_one_post_are_a_thousand_events() {
    world(async |world| {
        let items: Vec<_> = (0..1000).map(|n| meta::text(&format!("wamid.{n}"), "one of many")).collect();
        let body = meta::post(&[meta::change(world.acme.phone_number_id, "messages", &items)]);
        assert_eq!(world.meta_posts(&world.acme, body).await, 200);
        world.settle().await;
        let mut ids: Vec<String> =
            world.received(&world.acme).iter().map(|event| event["message"]["id"].to_string()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 1000);
    })
    .await;
}

#[tokio::test]
async fn without_its_database_it_asks_meta_to_repeat() {
    world(async |world| {
        let body = meta::one_text(world.acme.phone_number_id, "wamid.A1");
        // A table that is not there fails every write, as a database that is away does.
        world.execute("alter table event rename to event_away").await;
        let signature = meta::sign(world.acme.app_secret, body.as_bytes());
        let answer = world.post(&world.acme.callback_path, Some(&signature), body.clone()).await;
        assert_eq!(answer.status(), 503);
        assert!(answer.headers().contains_key("retry-after"));
        world.execute("alter table event_away rename to event").await;
        assert_eq!(world.meta_posts(&world.acme, body).await, 200);
        world.settle().await;
        assert_eq!(world.received(&world.acme).len(), 1);
    })
    .await;
}

#[tokio::test]
async fn more_events_than_a_post_may_hold_are_kept_as_bytes() {
    world(async |world| {
        let items: Vec<_> = (0..10_001).map(|n| json!({ "id": n })).collect();
        let body = json!({ "object": "page", "entry": items }).to_string();
        assert_eq!(world.meta_posts(&world.acme, body).await, 200);
        world.settle().await;
        assert_eq!(world.count("select count(*) from receipt").await, 1);
        assert_eq!(world.count("select count(*) from event").await, 0);
    })
    .await;
}

#[tokio::test]
async fn an_id_that_can_be_no_channel_is_accepted_all_the_same() {
    world(async |world| {
        let long = "9".repeat(65);
        assert_eq!(world.meta_posts(&world.acme, meta::one_text(&long, "wamid.A1")).await, 200);
        world.settle().await;
        assert_eq!(world.received(&world.acme).len(), 1);
        assert_eq!(world.count("select count(*) from channel where length(external_id) > 64").await, 0);
    })
    .await;
}

/// Every event repeats its contact, so a long name makes many events of one webhook far larger than itself.
#[tokio::test]
async fn a_webhook_that_would_swell_is_kept_as_bytes_only() {
    world(async |world| {
        let number = world.acme.phone_number_id;
        let texts: Vec<_> = (0..600).map(|id| meta::text(&format!("wamid.{id}"), "Hi")).collect();
        let body = |name: String| {
            let mut change = meta::change(number, "messages", &texts);
            change["value"]["contacts"][0]["profile"]["name"] = name.into();
            meta::post(&[change])
        };
        assert_eq!(world.meta_posts(&world.acme, body("x".repeat(100_000))).await, 200);
        world.settle().await;
        assert_eq!(world.count("select count(*) from receipt").await, 1);
        assert_eq!(world.count("select count(*) from event").await, 0);
        assert_eq!(world.meta_posts(&world.acme, body("Alice".to_owned())).await, 200);
        world.settle().await;
        assert_eq!(world.received(&world.acme).len(), 600);
    })
    .await;
}
