//! What a tenant's endpoint meets: signatures, attempts, retries, parking, and what survives a process.

use chrono::TimeDelta;
use serde_json::{Value, json};
use socialhook_relay::destination::Policy;
use socialhook_relay::sender::RESPONSE_MAX;
use standardwebhooks::Webhook;

use crate::meta;
use crate::receiver::Reply;
use crate::world::{World, world, world_with};

async fn one_event(world: &World) {
    assert_eq!(world.meta_posts(&world.acme, meta::one_text(world.acme.phone_number_id, "wamid.A1")).await, 200);
    world.settle().await;
}

/// Number, status, failure of every attempt, in order.
async fn attempts(world: &World) -> Vec<(i16, Option<i16>, Option<String>)> {
    let mut c = world.pools.web.acquire().await.expect("a connection");
    sqlx::query_as("select number, status, failure from attempt order by event_id, number")
        .fetch_all(&mut *c)
        .await
        .expect("attempts")
}

#[tokio::test]
async fn the_official_library_verifies_a_delivery() {
    world(async |world| {
        // Its verifier looks at the system's clock and allows five minutes.
        let now = socialhook_core::clock::Clock::System.now();
        world.clock.advance(now - world.clock.now());
        world.relay.keep_house().await.expect("partitions for that day");
        one_event(world).await;
        let request = &world.receiver.received("/acme")[0];
        let verifier = Webhook::new(&world.acme.endpoint_secret).expect("a secret");
        let mut headers = http_headers();
        for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
            headers.insert(name, request.header(name).parse().expect("a header"));
        }
        verifier.verify(&request.body, &headers).expect("the signature is valid");
        assert_eq!(request.header("webhook-id"), request.json()["id"]);
        assert_eq!(request.header("content-type"), "application/json");
        assert!(request.header("user-agent").starts_with("SocialHook/"));
        assert_eq!(
            (request.header("socialhook-event"), request.header("socialhook-attempt")),
            ("message.received", "1")
        );
        let foreign = Webhook::new(&world.globex.endpoint_secret).expect("a secret");
        assert!(foreign.verify(&request.body, &headers).is_err(), "another tenant's secret does not fit");
    })
    .await;
}

fn http_headers() -> hyper::HeaderMap {
    hyper::HeaderMap::new()
}

#[tokio::test]
async fn three_attempts_then_parked_then_resent() {
    world(async |world| {
        world.receiver.will_reply("/acme", [500, 503, 404].map(Reply::Status));
        one_event(world).await;
        assert_eq!(world.received(&world.acme).len(), 1);
        world.advance(TimeDelta::seconds(23)).await;
        assert_eq!(world.received(&world.acme).len(), 1, "not before 30 s less the jitter");
        world.advance(TimeDelta::seconds(14)).await;
        assert_eq!(world.received(&world.acme).len(), 2);
        world.advance(TimeDelta::minutes(6)).await;
        assert_eq!(world.received(&world.acme).len(), 3);
        let status = |number, status| (number, Some(status), Some("status".to_owned()));
        assert_eq!(attempts(world).await, [status(1, 500), status(2, 503), status(3, 404)]);
        assert_eq!(world.count("select count(*) from delivery where parked_at is not null").await, 1);
        world.advance(TimeDelta::hours(5)).await;
        assert_eq!(world.received(&world.acme).len(), 3, "parked: nothing more by itself");

        let mut c = world.pools.web.acquire().await.expect("a connection");
        let event_id = event_id(&world.received(&world.acme)[0]);
        let found =
            socialhook_store::ledger::find(&mut c, tenant_id(world).await, event_id, world.acme.endpoint_id).await;
        assert!(found.expect("the ledger").is_some());
        let key = [(event_id, world.acme.endpoint_id)];
        let resent = socialhook_store::replays::resend(&mut c, tenant_id(world).await, &key, world.clock.now()).await;
        assert_eq!(resent.expect("resent"), 1);
        drop(c);
        world.settle().await;
        let last = world.received(&world.acme).pop().expect("the resent one");
        assert_eq!((&last["delivery"]["attempt"], &last["delivery"]["replay"]), (&json!(4), &json!(true)));
        assert_eq!(world.count("select count(*) from delivery").await, 0, "delivered: the row is gone");
    })
    .await;
}

fn event_id(event: &Value) -> socialhook_core::id::EventId {
    event["id"].as_str().expect("an id").parse().expect("an event's id")
}

async fn tenant_id(world: &World) -> socialhook_core::id::TenantId {
    let mut c = world.pools.web.acquire().await.expect("a connection");
    socialhook_store::tenants::find_by_name(&mut c, world.acme.name).await.expect("tenants")[0]
}

#[tokio::test]
async fn every_attempt_carries_the_same_event() {
    world(async |world| {
        world.receiver.will_reply("/acme", [Reply::Status(500)]);
        one_event(world).await;
        world.advance(TimeDelta::seconds(40)).await;
        let [mut first, mut second] = world.received(&world.acme).try_into().expect("two attempts");
        assert_eq!(second["delivery"], json!({ "attempt": 2, "latency_ms": 40_000, "replay": false }));
        first["delivery"].take();
        second["delivery"].take();
        assert_eq!(first, second);
        let [first, second] = &world.receiver.received("/acme")[..] else { panic!("two attempts") };
        assert_eq!(first.header("webhook-id"), second.header("webhook-id"));
        assert_ne!(first.header("webhook-timestamp"), second.header("webhook-timestamp"));
    })
    .await;
}

#[tokio::test]
async fn retry_after_is_respected() {
    world(async |world| {
        let wait = vec![("retry-after", "600".to_owned())];
        world.receiver.will_reply("/acme", [Reply::Full(429, wait, Vec::new())]);
        one_event(world).await;
        world.advance(TimeDelta::seconds(590)).await;
        assert_eq!(world.received(&world.acme).len(), 1);
        world.advance(TimeDelta::seconds(11)).await;
        assert_eq!(world.received(&world.acme).len(), 2);
    })
    .await;
}

#[tokio::test]
async fn gone_pauses_the_endpoint_and_keeps_what_comes() {
    world(async |world| {
        world.receiver.will_reply("/acme", [Reply::Status(410)]);
        one_event(world).await;
        let paused = "select count(*) from endpoint where paused_at is not null and pause_reason = 'gone'";
        assert_eq!(world.count(paused).await, 1);
        assert_eq!(world.meta_posts(&world.acme, meta::one_text(world.acme.phone_number_id, "wamid.A2")).await, 200);
        world.advance(TimeDelta::minutes(10)).await;
        assert_eq!(world.received(&world.acme).len(), 1, "nothing is sent while it is paused");
        assert_eq!(world.count("select count(*) from delivery where owner is null").await, 2, "and nothing is lost");
    })
    .await;
}

#[tokio::test]
async fn redirects_are_failures_and_not_followed() {
    world(async |world| {
        let to = vec![("location", world.receiver.url("/globex"))];
        world.receiver.will_reply("/acme", [Reply::Full(302, to, Vec::new())]);
        one_event(world).await;
        assert_eq!(attempts(world).await, [(1, Some(302), Some("redirect".to_owned()))]);
        assert!(world.received(&world.globex).is_empty());
        world.advance(TimeDelta::minutes(1)).await;
    })
    .await;
}

#[tokio::test]
async fn a_receiver_that_hangs_is_timed_out() {
    world(async |world| {
        world.receiver.will_reply("/acme", [Reply::Hang]);
        one_event(world).await;
        assert_eq!(attempts(world).await, [(1, None, Some("timeout".to_owned()))]);
        world.advance(TimeDelta::minutes(1)).await;
        assert_eq!(world.received(&world.acme).len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_refused_connection_is_told_as_such() {
    world(async |world| {
        world.execute("update endpoint set url = 'http://127.0.0.1:1/hook' where name = 'main'").await;
        world.relay.refresh().await.expect("the directory is read anew");
        one_event(world).await;
        assert_eq!(attempts(world).await[0], (1, None, Some("connect".to_owned())));
    })
    .await;
}

#[tokio::test]
async fn private_addresses_are_blocked_unless_allowed() {
    world_with(Policy::PublicOnly, async |world| {
        one_event(world).await;
        assert_eq!(attempts(world).await, [(1, None, Some("blocked_address".to_owned()))]);
        // A name that resolves to loopback gets no further than a literal address.
        world.execute("update endpoint set url = replace(url, '127.0.0.1', 'localhost') where name = 'main'").await;
        world.advance(TimeDelta::minutes(1)).await;
        assert_eq!(attempts(world).await[1], (2, None, Some("blocked_address".to_owned())));
        assert!(world.received(&world.acme).is_empty());
    })
    .await;
}

#[tokio::test]
async fn only_the_beginning_of_a_failures_response_is_kept() {
    world(async |world| {
        let long = vec![b'x'; RESPONSE_MAX * 4];
        world
            .receiver
            .will_reply("/acme", [Reply::Full(500, Vec::new(), long.clone()), Reply::Full(200, Vec::new(), long)]);
        one_event(world).await;
        assert_eq!(world.count("select length(excerpt)::bigint from attempt").await, 2048);
        world.advance(TimeDelta::minutes(1)).await;
        assert_eq!(world.count("select count(*) from attempt where failure is null and excerpt is null").await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_dead_endpoint_does_not_hold_another_tenants_events() {
    world(async |world| {
        // So that none of the two gives up on a machine that is busy otherwise.
        world.execute("update endpoint set timeout_seconds = 30").await;
        world.relay.refresh().await.expect("the directory is read anew");
        world.receiver.will_reply("/acme", (0..40).map(|_| Reply::Gated(200)));
        for n in 0..40 {
            let id = format!("wamid.A{n}");
            assert_eq!(world.meta_posts(&world.acme, meta::one_text(world.acme.phone_number_id, &id)).await, 200);
        }
        world.receiver.wait_for("/acme", 2).await;
        assert_eq!(
            world.meta_posts(&world.globex, meta::one_text(world.globex.phone_number_id, "wamid.G1")).await,
            200
        );
        world.receiver.wait_for("/globex", 1).await;
        assert_eq!(world.receiver.received("/acme").len(), 2, "an endpoint that has not answered yet gets two");
        let gates = async {
            loop {
                world.receiver.open_gate();
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            () = world.settle() => {}
            () = gates => {}
        }
        assert_eq!(world.receiver.received("/acme").len(), 40);
    })
    .await;
}

#[tokio::test]
async fn another_process_takes_over_what_a_dead_one_owned() {
    world(async |world| {
        // What a process that died before sending leaves behind: a row that it owns.
        world.receiver.will_reply("/acme", [Reply::Status(500)]);
        one_event(world).await;
        world.execute("update delivery set owner = gen_random_uuid()").await;
        world.execute("insert into node select owner, now(), '2026-11-02 11:59:00+00', 0 from delivery").await;
        world.advance(TimeDelta::seconds(1)).await;
        let received = world.received(&world.acme);
        assert_eq!(received.len(), 2, "sent by the living one, without waiting for the schedule");
        assert_eq!(received[1]["delivery"]["attempt"], 2);
    })
    .await;
}

#[tokio::test]
async fn a_living_process_keeps_what_it_owns() {
    world(async |world| {
        let second = world.second_relay().await;
        world.receiver.will_reply("/acme", [Reply::Gated(200)]);
        assert_eq!(world.meta_posts(&world.acme, meta::one_text(world.acme.phone_number_id, "wamid.A1")).await, 200);
        world.receiver.wait_for("/acme", 1).await;
        second.settle().await.expect("the second one settles");
        assert_eq!(world.receiver.received("/acme").len(), 1, "nobody else sends it meanwhile");
        world.receiver.open_gate();
        world.settle().await;
        second.stop().await;
        assert_eq!(world.received(&world.acme).len(), 1);
    })
    .await;
}

#[tokio::test]
async fn stopping_gives_back_what_was_not_sent() {
    world(async |world| {
        let second = world.second_relay().await;
        world.receiver.will_reply("/acme", (0..2).map(|_| Reply::Gated(200)));
        for n in 0..20 {
            let id = format!("wamid.A{n}");
            assert_eq!(world.meta_posts(&world.acme, meta::one_text(world.acme.phone_number_id, &id)).await, 200);
        }
        world.receiver.wait_for("/acme", 2).await;
        let stopping = tokio::spawn({
            let relay = world.relay.clone();
            async move { relay.stop().await }
        });
        while world.count("select count(*) from delivery where owner is null").await < 4 {
            tokio::task::yield_now().await;
        }
        world.receiver.open_gate();
        stopping.await.expect("it stops");
        assert_eq!(world.count("select count(*) from delivery where owner is not null").await, 0);
        second.settle().await.expect("the second one settles");
        assert_eq!(world.received(&world.acme).len(), 20, "each once");
        second.stop().await;
    })
    .await;
}

#[tokio::test]
async fn partitions_come_before_they_are_needed_and_go_when_they_are_over() {
    world(async |world| {
        one_event(world).await;
        let days = "select count(*) from pg_inherits where inhparent = 'receipt'::regclass";
        assert_eq!(world.count(days).await, 8 + 1 + 3, "seven days back and their edge, today, three ahead");
        world.clock.advance(TimeDelta::days(5));
        world.relay.keep_house().await.expect("kept");
        assert_eq!(world.count("select count(*) from event").await, 1);
        world.clock.advance(TimeDelta::days(30));
        world.relay.keep_house().await.expect("kept");
        assert_eq!(world.count(days).await, 12);
        assert_eq!(world.count("select (select count(*) from event) + (select count(*) from attempt) + (select count(*) from receipt)").await, 0);
        assert_eq!(world.meta_posts(&world.acme, meta::one_text(world.acme.phone_number_id, "wamid.A2")).await, 200);
        world.settle().await;
        assert_eq!(world.received(&world.acme).len(), 2, "and the day after is there");
    })
    .await;
}

#[tokio::test]
async fn a_delivery_that_is_ours_without_a_job_is_found_and_sent() {
    world(async |world| {
        // What is left when the answer to a claim or a commit gets lost: a row that this process owns and knows nothing of.
        world.receiver.will_reply("/acme", [Reply::Status(500)]);
        one_event(world).await;
        world.execute("update delivery set owner = (select node_id from node)").await;
        world.advance(TimeDelta::minutes(2)).await;
        assert_eq!(world.received(&world.acme).len(), 1);
        world.relay.keep_house().await.expect("kept");
        world.settle().await;
        assert_eq!(world.received(&world.acme).len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_flood_for_a_dead_endpoint_leaves_room_for_others_and_loses_nothing() {
    world(async |world| {
        const FLOOD: usize = 1500;
        world.receiver.will_reply("/acme", (0..2).map(|_| Reply::Gated(200)));
        let items: Vec<_> = (0..FLOOD).map(|n| meta::text(&format!("wamid.A{n}"), "flood")).collect();
        for part in items.chunks(500) {
            let body = meta::post(&[meta::change(world.acme.phone_number_id, "messages", part)]);
            assert_eq!(world.meta_posts(&world.acme, body).await, 200);
        }
        world.receiver.wait_for("/acme", 2).await;
        assert_eq!(
            world.meta_posts(&world.globex, meta::one_text(world.globex.phone_number_id, "wamid.G1")).await,
            200
        );
        world.receiver.wait_for("/globex", 1).await;
        while world.count("select count(*) from delivery where owner is null").await == 0 {
            tokio::task::yield_now().await;
        }
        world.receiver.open_gate();
        world.settle().await;
        let mut ids: Vec<String> = world.received(&world.acme).iter().map(|event| event["id"].to_string()).collect();
        assert_eq!(ids.len(), FLOOD, "each once");
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), FLOOD);
    })
    .await;
}

#[tokio::test]
async fn the_status_decides_though_the_body_never_ends() {
    world(async |world| {
        world.receiver.will_reply("/acme", [Reply::Endless(200), Reply::Endless(410)]);
        one_event(world).await;
        assert_eq!(attempts(world).await, [(1, Some(200), None)]);
        assert_eq!(world.meta_posts(&world.acme, meta::one_text(world.acme.phone_number_id, "wamid.A2")).await, 200);
        world.settle().await;
        assert!(attempts(world).await.contains(&(1, Some(410), Some("gone".to_owned()))));
        world.advance(TimeDelta::minutes(10)).await;
        assert_eq!(world.received(&world.acme).len(), 2);
    })
    .await;
}
