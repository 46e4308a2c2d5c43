//! Keys to the API: how often they may be used, their end; and requests that are sent again.

use chrono::TimeDelta;
use serde_json::json;

use crate::api::Program;
use crate::browser::Browser;
use crate::world::{PASSWORD, world};

#[tokio::test]
async fn a_request_that_is_sent_again_is_done_once() {
    world(async |world| {
        let acme = Program::with_all(world, &world.acme).await;
        let globex = Program::with_all(world, &world.globex).await;
        let url = world.receiver.url("/more");
        let more = json!({ "name": "more", "url": url });
        let own = [("idempotency-key", "one")];
        let first = acme.call("POST", "/endpoints", Some(more.clone()), &own).await;
        let second = acme.call("POST", "/endpoints", Some(more.clone()), &own).await;
        assert_eq!((first.status.as_u16(), second.status.as_u16(), &first.json), (201, 201, &second.json));
        assert_eq!(
            (second.header("idempotent-replayed"), second.header("location")),
            ("true", first.header("location"))
        );
        assert_eq!(acme.post("/endpoints", more.clone()).await.status, 409, "without a key it is another request");
        let other = acme.call("POST", "/endpoints", Some(json!({ "name": "x", "url": url })), &own).await;
        assert_eq!(other.status, 422);
        assert!(other.json["detail"].as_str().expect("text").contains("another request"));
        assert_eq!(globex.call("POST", "/endpoints", Some(more.clone()), &own).await.status, 201, "keys are one's own");
        let bad = [("idempotency-key", "two")];
        let wrong = acme.call("POST", "/endpoints", Some(json!({ "name": "" })), &bad).await;
        let again = acme.call("POST", "/endpoints", Some(json!({ "name": "" })), &bad).await;
        assert_eq!(
            (wrong.status.as_u16(), &wrong.json),
            (again.status.as_u16(), &again.json),
            "refusals are repeated, too"
        );
        let secret = first.json["secret"].as_str().expect("a secret").to_owned();
        let mut c = world.pools.web.acquire().await.expect("a connection");
        let kept: Vec<Vec<u8>> =
            sqlx::query_scalar("select answer from idempotency").fetch_all(&mut *c).await.expect("rows");
        assert!(kept.iter().all(|answer| !String::from_utf8_lossy(answer).contains(&secret)), "sealed");
        world.clock.advance(TimeDelta::hours(25));
        world.relay.keep_house().await.expect("kept");
        assert_eq!(world.count("select count(*) from idempotency").await, 0);
        assert_eq!(acme.call("POST", "/endpoints", Some(more), &own).await.status, 409, "forgotten: the name is taken");
        assert_eq!(acme.call("POST", "/endpoints", Some(json!({})), &[("idempotency-key", "")]).await.status, 400);
    })
    .await;
}

#[tokio::test]
async fn a_key_is_counted_ends_and_is_revoked() {
    world(async |world| {
        let acme = Program::of(world, &world.acme, &["read"]).await;
        world.clock.advance(TimeDelta::seconds(1));
        let other = Program::of(world, &world.acme, &["read"]).await;
        let first = acme.get("/channels").await;
        assert_eq!((first.header("ratelimit-limit"), first.header("ratelimit-remaining")), ("300", "299"));
        world.execute("update throttle set used_until = used_until + interval '29.9 seconds' where kind = 'api'").await;
        let over = acme.get("/channels").await;
        assert_eq!((over.status.as_u16(), over.header("retry-after")), (429, "1"), "{}", over.json);
        assert_eq!(other.get("/channels").await.status, 200, "each key has its own");
        world.clock.advance(TimeDelta::seconds(30));
        assert_eq!(acme.get("/channels").await.status, 200);

        let browser = Browser::new(&world.base);
        browser.sign_in(world.acme.email, PASSWORD).await;
        let page = browser.get("/api-keys").await;
        assert!(!page.text.contains(&acme.key), "shown once");
        assert!(page.text.contains(&acme.key[..10]));
        let revoke = page.attributes("main a[href$='/revoke']", "href");
        browser.submit(&revoke[1], &[]).await;
        assert_eq!(acme.get("/channels").await.status, 401);
        assert_eq!(other.get("/channels").await.status, 200);
        world.clock.advance(TimeDelta::days(31));
        assert_eq!(other.get("/channels").await.status, 401, "its time is over");
        assert_eq!(world.count("select count(*) from api_key where last_used_at is not null").await, 2);
        for form in [&[("name", "x"), ("lifetime", "30")][..], &[("name", ""), ("scope", "read"), ("lifetime", "30")]] {
            assert_eq!(browser.submit("/api-keys", form).await.status, 422);
        }
    })
    .await;
}
