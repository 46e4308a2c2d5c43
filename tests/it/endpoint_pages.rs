//! An endpoint's page: trying it out, rotating its secret, choosing its channels, giving up what is parked, deleting it.

use chrono::TimeDelta;
use serde_json::Value;

use crate::browser::{Browser, Page};
use crate::meta;
use crate::receiver::Reply;
use crate::world::{PASSWORD, World, world};

async fn signed_in(world: &World) -> Browser {
    let browser = Browser::new(&world.base);
    browser.sign_in(world.acme.email, PASSWORD).await;
    browser
}

fn path(world: &World, rest: &str) -> String {
    format!("/endpoints/{}{rest}", world.acme.endpoint_id)
}

async fn post_text(world: &World, id: &str) {
    assert_eq!(world.meta_posts(&world.acme, meta::one_text(world.acme.phone_number_id, id)).await, 200);
    world.settle().await;
}

/// Secrets on the page, newest first.
fn secrets(page: &Page) -> Vec<String> {
    page.all("details.secret .copyable code").into_iter().filter(|text| text.starts_with("whsec_")).collect()
}

#[tokio::test]
async fn a_test_event_shows_the_answer_at_once_and_leaves_no_trace() {
    world(async |world| {
        let browser = signed_in(world).await;
        world.receiver.will_reply("/acme", [Reply::Status(200), Reply::Status(401)]);
        let page = browser.submit(&path(world, "/test"), &[("sample", "messenger-text")]).await;
        let words = page.words();
        assert!(words.contains("message.received: your endpoint answered 200 in"), "{words}");
        let received = &world.receiver.received(world.acme.hook)[0];
        let event: Value = received.json();
        crate::contract::check(&event);
        assert_eq!((&event["test"], &event["platform"]), (&Value::Bool(true), &"messenger".into()));
        assert!(received.is_signed_with(&world.acme.endpoint_secret), "signed like every other");
        assert!(!browser.get(&path(world, "")).await.words().contains("your endpoint answered 200"), "told once");

        browser.submit(&path(world, "/pause"), &[]).await;
        let page = browser.submit(&path(world, "/test"), &[("sample", "whatsapp-image")]).await;
        assert!(page.words().contains("your endpoint answered 401 in"), "also while paused: {}", page.words());
        world.settle().await;
        assert_eq!(world.receiver.received(world.acme.hook).len(), 2, "tried once");
        for table in ["select count(*) from event", "select count(*) from attempt", "select count(*) from delivery"] {
            assert_eq!(world.count(table).await, 0, "{table}");
        }
        assert_eq!(browser.submit(&path(world, "/test"), &[("sample", "nonsense")]).await.status, 400);
    })
    .await;
}

#[tokio::test]
async fn a_rotation_overlaps_for_as_long_as_was_chosen() {
    world(async |world| {
        let browser = signed_in(world).await;
        let old = world.acme.endpoint_secret.clone();
        world.clock.advance(TimeDelta::seconds(1));
        let page = browser.submit(&path(world, "/secrets"), &[("overlap", "24")]).await;
        let both = secrets(&page);
        assert_eq!((both.len(), &both[1]), (2, &old), "the new one above the old one");
        assert!(page.words().contains("2 secrets sign at this time"), "{}", page.words());

        post_text(world, "wamid.R1").await;
        let first = world.receiver.received(world.acme.hook)[0].clone();
        assert!(first.is_signed_with(&old) && first.is_signed_with(&both[0]), "either secret verifies it");

        world.advance(TimeDelta::hours(24)).await;
        post_text(world, "wamid.R2").await;
        let second = world.receiver.received(world.acme.hook)[1].clone();
        assert!(!second.is_signed_with(&old) && second.is_signed_with(&both[0]), "the old one retired by itself");
        browser.submit("/account/proof", &[("password", PASSWORD)]).await;
        assert_eq!(secrets(&browser.get(&path(world, "")).await), both[..1]);

        let page = browser.submit(&path(world, "/secrets"), &[("overlap", "168")]).await;
        assert_eq!(secrets(&page).len(), 2);
        let retire = &page.attributes("a[href$=retire]", "href")[0];
        assert!(browser.get(retire).await.words().contains("Retire the old secret now?"));
        assert_eq!(secrets(&browser.submit(retire, &[]).await).len(), 1);
        let last = world.count("select count(*) from endpoint_secret where retired_at is null").await;
        let again = browser.submit(retire, &[]).await;
        assert!(again.words().contains("retired already, or the only one"), "{}", again.words());
        assert_eq!(world.count("select count(*) from endpoint_secret where retired_at is null").await, last);
    })
    .await;
}

#[tokio::test]
async fn channels_that_are_ticked_are_the_only_ones_sent() {
    world(async |world| {
        let browser = signed_in(world).await;
        let page = browser.get(&path(world, "")).await;
        let names = page.all("fieldset .choice");
        let ids = page.attributes("input[name=channel]", "value");
        assert!(ids.len() >= 2 && page.attributes("input[name=channel][checked]", "value").is_empty(), "{names:?}");
        let url = page.attributes("input[name=url]", "value")[0].clone();
        let mut c = world.pools.web.acquire().await.expect("a connection");
        let whatsapp: uuid::Uuid = sqlx::query_scalar("select channel_id from channel where external_id = $1")
            .bind(world.acme.phone_number_id)
            .fetch_one(&mut *c)
            .await
            .expect("a channel");
        drop(c);
        let whatsapp = socialhook_core::id::ChannelId(whatsapp).to_string();
        let other = ids.iter().find(|id| **id != whatsapp).expect("another");
        let foreign = "chn_00000000000000000000000001";
        let fields =
            [("name", "Main"), ("url", url.as_str()), ("events", "*"), ("channel", other), ("channel", foreign)];
        let page = browser.submit(&path(world, ""), &fields).await;
        assert_eq!(
            page.attributes("input[name=channel][checked]", "value"),
            std::slice::from_ref(other),
            "only one's own"
        );
        post_text(world, "wamid.F1").await;
        assert!(world.received(&world.acme).is_empty(), "its channel is not ticked");
        browser.submit(&path(world, ""), &fields[..3]).await;
        post_text(world, "wamid.F2").await;
        assert_eq!(world.received(&world.acme).len(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_was_discarded_never_looks_delivered() {
    world(async |world| {
        let browser = signed_in(world).await;
        world.receiver.will_reply("/acme", [Reply::Status(500), Reply::Status(500), Reply::Status(500)]);
        post_text(world, "wamid.D1").await;
        world.advance(TimeDelta::minutes(1)).await;
        world.advance(TimeDelta::minutes(10)).await;
        assert!(browser.get("/deliveries?outcome=parked").await.words().contains("1 parked"));
        assert!(browser.get(&path(world, "/discard")).await.words().contains("1 event is kept for it"));
        let page = browser.submit(&path(world, "/discard"), &[]).await;
        assert!(page.words().contains("1 event discarded"), "{}", page.words());
        let list = browser.get("/deliveries").await;
        assert_eq!(list.all("td.d-state"), ["Discarded"]);
        assert!(browser.get("/deliveries?outcome=delivered").await.all("td.d-state").is_empty());
        let one = browser.get(&list.attributes("a.row-link", "href")[0]).await;
        assert!(one.words().contains("Discarded: it was given up"), "{}", one.words());
        assert_eq!(world.receiver.received(world.acme.hook).len(), 3, "nothing more is sent");
    })
    .await;
}

#[tokio::test]
async fn a_deleted_endpoint_gets_nothing_and_its_history_stays() {
    world(async |world| {
        let browser = signed_in(world).await;
        post_text(world, "wamid.X1").await;
        browser.submit(&path(world, "/pause"), &[]).await;
        post_text(world, "wamid.X2").await;
        let page = browser.get(&path(world, "/delete")).await;
        assert!(page.words().contains("It has 1 event that is kept for it"), "{}", page.words());
        let page = browser.submit(&path(world, "/delete"), &[]).await;
        assert_eq!(page.url.path(), "/endpoints");
        assert_eq!(browser.get(&path(world, "")).await.status, 404);
        post_text(world, "wamid.X3").await;
        assert_eq!(world.received(&world.acme).len(), 1);
        assert_eq!(world.count("select count(*) from delivery").await, 0);
        let list = browser.get("/deliveries").await;
        let mut states = list.all("td.d-state");
        states.sort();
        assert_eq!(states, ["Delivered", "Discarded", "Unmatched"]);
        assert!(list.words().contains("Deleted endpoint"));
        for href in list.attributes("a.row-link", "href") {
            assert_eq!(browser.get(&href).await.status, 200, "{href}");
        }
    })
    .await;
}
