//! Endpoints that do not answer: what comes in meanwhile spends no attempts, is sent by itself later, and holds up nobody.

use chrono::TimeDelta;

use crate::browser::Browser;
use crate::meta;
use crate::receiver::Reply;
use crate::world::{PASSWORD, World, world};

async fn texts(world: &World, ids: std::ops::Range<usize>) {
    let items: Vec<_> = ids.map(|n| meta::text(&format!("wamid.A{n}"), "hello")).collect();
    let body = meta::post(&[meta::change(world.acme.phone_number_id, "messages", &items)]);
    assert_eq!(world.meta_posts(&world.acme, body).await, 200);
    world.settle().await;
}

const PARKED: &str = "select count(*) from delivery where parked_at is not null";
const OPEN: &str = "select (select count(*) from delivery) + (select count(*) from manifest)";

#[tokio::test]
async fn while_it_is_down_nothing_is_spent_and_afterwards_everything_comes() {
    world(async |world| {
        world.receiver.will_reply("/acme", (0..13).map(|_| Reply::Status(503)));
        texts(world, 0..10).await;
        assert_eq!(world.receiver.received("/acme").len(), 10, "ten failures in a row");
        texts(world, 10..30).await;
        assert_eq!(world.receiver.received("/acme").len(), 10, "what comes in now is parked without an attempt");
        assert_eq!(world.count(PARKED).await, 20);
        assert_eq!(world.count("select count(*) from endpoint_health where probe_at is not null").await, 1);
        // Another tenant's endpoint has nothing to do with it.
        assert_eq!(
            world.meta_posts(&world.globex, meta::one_text(world.globex.phone_number_id, "wamid.G1")).await,
            200
        );
        world.settle().await;
        assert_eq!(world.received(&world.globex).len(), 1);

        for (seconds, requests) in [(2, 11), (2, 11), (2, 12), (7, 12), (1, 13)] {
            world.advance(TimeDelta::seconds(seconds)).await;
            assert_eq!(
                world.receiver.received("/acme").len(),
                requests,
                "one probe at a time, each after twice the wait"
            );
        }
        world.advance(TimeDelta::minutes(1)).await;
        world.advance(TimeDelta::minutes(10)).await;
        assert_eq!(world.count(OPEN).await, 0, "all is delivered");
        let mut ids: Vec<String> =
            world.received(&world.acme)[13..].iter().map(|event| event["message"]["id"].to_string()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 30, "each of them");
        assert_eq!(world.count("select count(*) from endpoint_health").await, 0, "and the trouble is forgotten");
        assert_eq!(world.count("select count(*) from attempt where failure is null").await, 31);
    })
    .await;
}

#[tokio::test]
async fn what_was_parked_comes_once_more_when_the_endpoint_answers() {
    world(async |world| {
        world.receiver.will_reply("/acme", (0..3).map(|_| Reply::Status(500)));
        texts(world, 0..1).await;
        world.advance(TimeDelta::minutes(1)).await;
        world.advance(TimeDelta::minutes(10)).await;
        assert_eq!(world.count(PARKED).await, 1, "three attempts are over");
        // It cannot take this event at all, but others.
        world
            .receiver
            .will_reply("/acme", [Reply::Status(200), Reply::Status(500), Reply::Status(500), Reply::Status(500)]);
        texts(world, 1..2).await;
        world.advance(TimeDelta::minutes(1)).await;
        world.advance(TimeDelta::minutes(10)).await;
        let received = world.received(&world.acme);
        assert_eq!(received.len(), 7);
        assert_eq!(received[4]["message"]["id"], "wamid.A0");
        assert_eq!(received[4]["delivery"]["replay"], true);
        assert_eq!(world.count(PARKED).await, 1, "parked again");
        texts(world, 2..3).await;
        world.advance(TimeDelta::minutes(10)).await;
        assert_eq!(world.receiver.received("/acme").len(), 8, "and it does not come again and again");
    })
    .await;
}

#[tokio::test]
async fn an_endpoint_that_never_answers_is_paused_and_the_page_says_so() {
    world(async |world| {
        world.receiver.will_reply("/acme", (0..15).map(|_| Reply::Status(503)));
        texts(world, 0..10).await;
        texts(world, 10..12).await;
        let browser = Browser::new(&world.base);
        browser.sign_in(world.acme.email, PASSWORD).await;
        let path = format!("/endpoints/{}", world.acme.endpoint_id);
        let page = browser.get(&path).await;
        assert!(page.words().contains("Not answering"), "{}", page.words());
        for _ in 0..6 {
            world.advance(TimeDelta::days(1)).await;
        }
        let page = browser.get(&path).await;
        assert!(page.words().contains("did not answer for five days"), "{}", page.words());
        assert_eq!(world.count("select count(*) from endpoint where pause_reason = 'unhealthy'").await, 1);
        let before = world.receiver.received("/acme").len();
        world.advance(TimeDelta::hours(1)).await;
        assert_eq!(world.receiver.received("/acme").len(), before, "it is left alone");
    })
    .await;
}

#[tokio::test]
async fn an_endpoint_that_hangs_holds_few_places() {
    world(async |world| {
        world.receiver.will_reply("/acme", (0..2).map(|_| Reply::Gated(200)));
        let items: Vec<_> = (0..30).map(|n| meta::text(&format!("wamid.A{n}"), "hello")).collect();
        let body = meta::post(&[meta::change(world.acme.phone_number_id, "messages", &items)]);
        assert_eq!(world.meta_posts(&world.acme, body).await, 200);
        world.receiver.wait_for("/acme", 2).await;
        assert_eq!(
            world.meta_posts(&world.globex, meta::one_text(world.globex.phone_number_id, "wamid.G1")).await,
            200
        );
        world.receiver.wait_for("/globex", 1).await;
        assert_eq!(world.receiver.received("/acme").len(), 2, "an endpoint that nobody knows yet gets two");
        world.receiver.open_gate();
        world.settle().await;
        assert_eq!(world.receiver.received("/acme").len(), 30);
    })
    .await;
}

#[tokio::test]
async fn what_is_kept_is_sent_when_a_person_asks() {
    world(async |world| {
        world.receiver.will_reply("/acme", (0..3).map(|_| Reply::Status(500)));
        texts(world, 0..1).await;
        world.advance(TimeDelta::minutes(1)).await;
        world.advance(TimeDelta::minutes(10)).await;
        assert_eq!(world.count(PARKED).await, 1);
        let browser = Browser::new(&world.base);
        browser.sign_in(world.acme.email, PASSWORD).await;
        let path = format!("/endpoints/{}", world.acme.endpoint_id);
        let page = browser.submit(&format!("{path}/resume"), &[]).await;
        assert!(page.words().contains("1 kept event is being sent now"), "{}", page.words());
        world.settle().await;
        world.advance(TimeDelta::seconds(1)).await;
        let received = world.received(&world.acme);
        assert_eq!((received.len(), &received[3]["delivery"]["replay"]), (4, &true.into()));
        assert_eq!(world.count(OPEN).await, 0);
        assert_eq!(world.count("select count(*) from endpoint_health").await, 0);
    })
    .await;
}

#[tokio::test]
async fn what_is_being_sent_for_the_first_time_is_not_resent_beside_it() {
    world(async |world| {
        let browser = Browser::new(&world.base);
        browser.sign_in(world.acme.email, PASSWORD).await;
        world.receiver.will_reply("/acme", [Reply::Gated(200)]);
        assert_eq!(world.meta_posts(&world.acme, meta::one_text(world.acme.phone_number_id, "wamid.A1")).await, 200);
        world.receiver.wait_for("/acme", 1).await;
        let event = world.received(&world.acme)[0]["id"].as_str().expect("an id").to_owned();
        let path = format!("/deliveries/{event}/{}", world.acme.endpoint_id);
        let page = browser.get(&path).await;
        assert!(page.words().contains("Being sent to main right now"), "{}", page.words());
        let page = browser.submit(&format!("{path}/resend"), &[]).await;
        assert!(page.words().contains("is being sent this event already"), "{}", page.words());
        world.receiver.open_gate();
        world.settle().await;
        assert_eq!(world.receiver.received("/acme").len(), 1);
        browser.submit(&format!("{path}/resend"), &[]).await;
        world.settle().await;
        assert_eq!(world.receiver.received("/acme").len(), 2, "once it has been sent, it may be sent again");
    })
    .await;
}
