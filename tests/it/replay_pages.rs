//! Sending again from the pages: what was ticked, and what happened in a stretch of time; by whom, and by whom not.

use chrono::TimeDelta;
use socialhook_store::replays::{self as stored, Which};

use crate::browser::{Browser, Page};
use crate::replays::{around_noon, news, one_parked_two_delivered, texts, unfinished};
use crate::world::{PASSWORD, World, world};

async fn signed_in(world: &World) -> Browser {
    let browser = Browser::new(&world.base);
    browser.sign_in(world.acme.email, PASSWORD).await;
    browser
}

fn form<'a>(endpoint: &'a str, from: &'a str, which: &'a str) -> Vec<(&'static str, &'a str)> {
    vec![("endpoint", endpoint), ("from", from), ("to", ""), ("which", which), ("channel", ""), ("event", "")]
}

fn query(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn replay_path(page: &Page) -> String {
    page.attributes("main form[action$='/cancel']", "action").pop().expect("it can be cancelled")
}

#[tokio::test]
async fn a_selection_from_the_page() {
    world(async |world| {
        let seen = one_parked_two_delivered(world).await;
        let browser = signed_in(world).await;
        let page = browser.get("/deliveries").await;
        let keys = page.attributes("main tbody input[name=chosen]", "value");
        assert_eq!(keys.len(), 3);
        let parked =
            browser.get("/deliveries?outcome=parked").await.attributes("main tbody input[name=chosen]", "value");
        let delivered = keys.iter().find(|key| !parked.contains(key)).expect("one that was delivered");
        let chosen =
            [("place", "outcome=parked"), ("after", ""), ("chosen", parked[0].as_str()), ("chosen", delivered)];
        let page = browser.submit("/deliveries/resend", &chosen).await;
        assert!(page.words().contains("2 deliveries are resent"), "{}", page.words());
        assert_eq!(page.url.query(), Some("outcome=parked"), "back where it was pressed");
        world.settle().await;
        let news = news(world, seen);
        assert_eq!(news.len(), 2, "{news:?}");
        assert_eq!(news[0], ("wamid.1".to_owned(), 4, true));
        assert_eq!((news[1].1, news[1].2), (2, true));
        assert_eq!(world.count("select count(*) from delivery").await, 0);

        let page = browser.submit("/deliveries/resend", &[]).await;
        assert!(page.words().contains("tick the deliveries first"), "{}", page.words());
        assert_eq!(browser.submit("/deliveries/resend", &[("chosen", "nonsense")]).await.status, 400);
    })
    .await;
}

#[tokio::test]
async fn a_new_endpoint_gets_what_happened_before_it_was_there() {
    world(async |world| {
        texts(world, ["wamid.1".to_owned()]).await;
        world.clock.advance(TimeDelta::minutes(5));
        let browser = signed_in(world).await;
        let url = world.receiver.url("/globex");
        let page = browser.submit("/endpoints", &[("name", "new"), ("url", &url), ("events", "message.*")]).await;
        let endpoint = page.url.path().trim_start_matches("/endpoints/").to_owned();
        let fields = form(&endpoint, "2026-11-02T11:00", "undelivered");
        let page = browser.submit("/replays", &fields).await;
        assert_eq!((page.status.as_u16(), page.url.path()), (200, "/replays"), "{}", page.words());
        world.settle().await;
        let [event] = &world.receiver.received("/globex")[..] else { panic!("one event") };
        assert_eq!(event.json()["delivery"]["replay"], true);
        assert_eq!(world.received(&world.acme).len(), 1, "the other endpoint has it already");
    })
    .await;
}

#[tokio::test]
async fn from_choosing_to_cancelling_on_the_pages() {
    world(async |world| {
        let seen = one_parked_two_delivered(world).await;
        let browser = signed_in(world).await;
        assert!(browser.get("/replays").await.words().contains("No replays yet"));
        let endpoint = world.acme.endpoint_id.to_string();
        let page = browser.get(&format!("/endpoints/{endpoint}")).await;
        let path = page.attributes("main a[href^='/replays/new']", "href").pop().expect("a link");
        let page = browser.get(&path).await;
        assert_eq!(page.attributes("select[name=endpoint] option[selected]", "value").concat(), endpoint);
        assert_eq!(page.attributes("input[name=to]", "value"), ["2026-11-02T12:10"]);

        let confirm = |fields: &[(&str, &str)]| format!("/replays/confirm?{}", query(fields));
        let page = browser.get(&confirm(&form(&endpoint, "2026-11-02T11:00", "all"))).await;
        assert!(page.words().contains("sends 3 events to main again"), "{}", page.words());
        assert!(page.words().contains("a second time"), "{}", page.words());
        let page = browser.get(&confirm(&form(&endpoint, "2026-11-02T11:00", "undelivered"))).await;
        assert!(page.words().contains("sends 1 event to main again"), "{}", page.words());
        let names = page.attributes("main form[action='/replays'] input", "name");
        let values = page.attributes("main form[action='/replays'] input", "value");
        let hidden: Vec<_> = names.iter().map(String::as_str).zip(values.iter().map(String::as_str)).collect();
        let nothing = browser.get(&confirm(&form(&endpoint, "2026-11-02T12:05", "all"))).await;
        assert!(nothing.words().contains("nothing to send"), "{}", nothing.words());
        assert!(nothing.attributes("main form[action='/replays']", "action").is_empty());
        for wrong in [form(&endpoint, "tomorrow", "all"), form(&endpoint, "2026-11-02T13:00", "all")] {
            assert_eq!(browser.get(&confirm(&wrong)).await.status, 422, "{wrong:?}");
            assert_eq!(browser.submit("/replays", &wrong).await.status, 422, "{wrong:?}");
        }

        browser.submit(&format!("/endpoints/{endpoint}/pause"), &[]).await;
        let page = browser.submit("/replays", &hidden).await;
        assert!(page.words().contains("Endpoint paused"), "{}", page.words());
        world.settle().await;
        let page = browser.get("/replays").await;
        assert_eq!(page.attributes("meta[http-equiv=refresh]", "content").len(), 1, "it follows by itself");
        let path = replay_path(&page);
        let page = browser.submit(&path, &[]).await;
        assert!(page.words().contains("Cancelled"), "{}", page.words());
        assert!(page.attributes("meta[http-equiv=refresh]", "content").is_empty());
        assert!(browser.submit(&path, &[]).await.words().contains("over already"));
        world.execute("update endpoint set paused_at = null, pause_reason = null").await;
        world.relay.refresh().await.expect("the directory is read anew");
        world.settle().await;
        assert_eq!(world.received(&world.acme).len(), seen, "nothing of it was sent");

        browser.submit("/replays", &hidden).await;
        world.settle().await;
        let page = browser.get("/replays").await;
        assert!(page.words().contains("1 resent") && page.words().contains("by acme@example.test"), "{}", page.words());
        assert_eq!(news(world, seen), [("wamid.1".to_owned(), 4, true)]);
    })
    .await;
}

#[tokio::test]
async fn another_tenants_endpoint_is_no_choice() {
    world(async |world| {
        texts(world, ["wamid.1".to_owned()]).await;
        world.clock.advance(TimeDelta::minutes(1));
        let foreign = world.acme.endpoint_id.to_string();
        let event = world.received(&world.acme)[0]["id"].as_str().expect("an id").to_owned();
        let globex = Browser::new(&world.base);
        globex.sign_in(world.globex.email, PASSWORD).await;
        let fields = form(&foreign, "2026-11-02T11:00", "all");
        assert_eq!(globex.submit("/replays", &fields).await.status, 422);
        assert_eq!(globex.get(&format!("/replays/confirm?{}", query(&fields))).await.status, 422);
        let key = format!("{event}.{foreign}");
        assert_eq!(globex.submit("/deliveries/resend", &[("chosen", &key)]).await.status, 404);
        // An event of another's, to an endpoint of one's own.
        let key = format!("{event}.{}", world.globex.endpoint_id);
        globex.submit("/deliveries/resend", &[("chosen", &key)]).await;
        assert_eq!(world.count("select (select count(*) from replay) + (select count(*) from delivery)").await, 0);
        let mut c = world.pools.web.acquire().await.expect("a connection");
        let globex = socialhook_store::tenants::find_by_name(&mut c, "Globex").await.expect("tenants")[0];
        let chosen = around_noon(world, Which::All);
        let error = stored::create(&mut c, globex, &chosen, None, world.clock.now()).await.expect_err("not theirs");
        assert_eq!(error.constraint(), Some("replay_endpoint"));
    })
    .await;
}

#[tokio::test]
async fn a_viewer_looks_only() {
    world(async |world| {
        let seen = one_parked_two_delivered(world).await;
        let endpoint = world.acme.endpoint_id.to_string();
        let running = unfinished(world).await;
        world.execute("update member set role = 'viewer'").await;
        let browser = signed_in(world).await;
        let page = browser.get("/deliveries?outcome=parked").await;
        assert!(page.attributes("input[name=chosen]", "value").is_empty());
        let path = page.attributes("main tbody a[href^='/deliveries/evt_']", "href").pop().expect("a row");
        assert!(browser.get(&path).await.attributes("main form", "action").is_empty());
        let (event, _) = path.trim_start_matches("/deliveries/").split_once('/').expect("an event");
        let key = format!("{event}.{endpoint}");
        let fields = form(&endpoint, "2026-11-02T11:00", "all");
        for (path, fields) in [
            (format!("{path}/resend"), &[][..]),
            ("/deliveries/resend".to_owned(), &[("chosen", key.as_str())]),
            ("/replays".to_owned(), &fields),
            (format!("/replays/{running}/cancel"), &[]),
        ] {
            let page = browser.submit(&path, fields).await;
            assert_eq!(page.status, 403, "{path}");
            assert!(page.words().contains("viewer"), "{}", page.words());
        }
        assert_eq!(browser.get("/replays/new").await.status, 403);
        let page = browser.get("/replays").await;
        assert_eq!((page.status.as_u16(), page.attributes("main form", "action").len()), (200, 0));
        world.settle().await;
        assert_eq!(world.received(&world.acme).len(), seen);
    })
    .await;
}
