//! A channel's page: its name, disabling and enabling it, moving and deleting it, and those that appear by themselves.

use chrono::TimeDelta;
use serde_json::Value;

use crate::browser::Browser;
use crate::meta;
use crate::world::{PASSWORD, World, world};

async fn signed_in(world: &World) -> Browser {
    let browser = Browser::new(&world.base);
    browser.sign_in(world.acme.email, PASSWORD).await;
    browser
}

/// The address of the channel whose row says this.
async fn channel_path(browser: &Browser, says: &str) -> String {
    let page = browser.get("/channels").await;
    let at = page.all("main tbody tr").iter().position(|row| row.contains(says)).expect("a row");
    page.attributes("main a.row-link", "href").swap_remove(at)
}

async fn post_text(world: &World, number: &str, id: &str) {
    assert_eq!(world.meta_posts(&world.acme, meta::one_text(number, id)).await, 200);
    world.settle().await;
}

fn message_ids(received: &[Value]) -> Vec<&str> {
    received.iter().filter_map(|event| event["message"]["id"].as_str()).collect()
}

#[tokio::test]
async fn its_state_and_its_name() {
    world(async |world| {
        let browser = signed_in(world).await;
        let path = channel_path(&browser, "Support").await;
        let words = browser.get(&path).await.words();
        assert!(words.contains("Nothing yet") && words.contains(world.acme.phone_number_id), "{words}");
        post_text(world, world.acme.phone_number_id, "wamid.1").await;
        let words = browser.get(&path).await.words();
        assert!(words.contains("The last webhook came in just now; 1 event in the last 24 h."), "{words}");
        let words = browser.get("/channels").await.words();
        assert!(words.contains("Active"), "{words}");

        let page = browser.submit(&path, &[("name", " "), ("address", "+44")]).await;
        assert_eq!((page.status.as_u16(), page.attributes("#address", "value")), (422, vec!["+44".to_owned()]));
        let page = browser.submit(&path, &[("name", "Sales"), ("address", "+447700900124")]).await;
        assert_eq!(page.find("h1").as_deref(), Some("Sales"));
        post_text(world, world.acme.phone_number_id, "wamid.2").await;
        let received = world.received(&world.acme);
        assert_eq!((&received[1]["channel"]["name"], &received[1]["to"]), (&"Sales".into(), &"+447700900124".into()));
        world.advance(TimeDelta::days(2)).await;
        assert!(browser.get(&path).await.words().contains("Quiet"));
    })
    .await;
}

#[tokio::test]
async fn a_disabled_channel_loses_nothing() {
    world(async |world| {
        let browser = signed_in(world).await;
        let path = channel_path(&browser, "Support").await;
        let confirm = browser.get(&format!("{path}/disable")).await;
        assert!(confirm.words().contains("Nothing is lost"), "{}", confirm.words());
        let page = browser.submit(&format!("{path}/disable"), &[]).await;
        assert!(page.words().contains("delivered nowhere"), "{}", page.words());
        post_text(world, world.acme.phone_number_id, "wamid.1").await;
        assert!(world.received(&world.acme).is_empty(), "nothing is delivered, at once");
        assert_eq!(browser.get("/deliveries?outcome=unmatched").await.all("main tbody tr").len(), 1, "it is in the ledger");
        let page_id = world.acme.page_id;
        let other = serde_json::json!({ "object": "page", "entry": [{ "id": page_id, "time": 1_793_620_800_000_i64, "messaging": [
            { "sender": { "id": "7001" }, "recipient": { "id": page_id }, "timestamp": 1_793_620_800_000_i64,
              "message": { "mid": "m_1", "text": "hi" } }] }] });
        assert_eq!(world.meta_posts(&world.acme, other.to_string()).await, 200);
        world.settle().await;
        assert_eq!(message_ids(&world.received(&world.acme)), ["m_1"], "the others go on");

        let page = browser.submit(&format!("{path}/enable"), &[]).await;
        assert!(page.words().contains("is enabled"), "{}", page.words());
        post_text(world, world.acme.phone_number_id, "wamid.2").await;
        assert_eq!(message_ids(&world.received(&world.acme)), ["m_1", "wamid.2"]);

        world.clock.advance(TimeDelta::seconds(1));
        let replay = page.attributes("main a[href^='/replays/new']", "href").pop().expect("a link");
        assert!(replay.contains("channel=chn_"));
        let channel = path.trim_start_matches("/channels/");
        let endpoint = world.acme.endpoint_id.to_string();
        let fields = [
            ("endpoint", endpoint.as_str()),
            ("from", "2026-11-02T11:00:00Z"),
            ("to", "2026-11-02T12:00:01Z"),
            ("which", "undelivered"),
            ("channel", channel),
            ("event", ""),
        ];
        browser.submit("/replays", &fields).await;
        world.settle().await;
        assert_eq!(message_ids(&world.received(&world.acme)), ["m_1", "wamid.2", "wamid.1"], "a replay sends what was kept");
    })
    .await;
}

#[tokio::test]
async fn another_process_learns_of_it_too() {
    world(async |world| {
        let other = world.second_relay().await;
        let browser = signed_in(world).await;
        let path = channel_path(&browser, "Support").await;
        browser.submit(&format!("{path}/disable"), &[]).await;
        other.settle().await.expect("settles");
        let body = meta::one_text(world.acme.phone_number_id, "wamid.1");
        let post = socialhook_relay::Post {
            callback_key: world.acme.callback_path.rsplit('/').next().expect("a key").to_owned(),
            signature: Some(meta::sign(world.acme.app_secret, body.as_bytes()).into_bytes()),
            body: body.into(),
            headers: reqwest::header::HeaderMap::new(),
            simulated: false,
        };
        other.accept(post).await.expect("accepted");
        other.settle().await.expect("settles");
        other.stop().await;
        assert!(world.received(&world.acme).is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_channel_moves_to_another_app() {
    world(async |world| {
        let browser = signed_in(world).await;
        let path = channel_path(&browser, "Support").await;
        assert!(browser.get(&path).await.all("form[action$='/move']").is_empty(), "there is no other app yet");
        let page = browser
            .submit("/apps", &[("name", "second"), ("app_secret", "second-secret"), ("verify_token", "y")])
            .await;
        let second = page.url.path().trim_start_matches("/apps/").to_owned();
        let callback = page.find("#callback-url").expect("a URL");
        let callback = url::Url::parse(&callback).expect("a URL").path().to_owned();
        let page = browser.submit(&format!("{path}/move"), &[("app", &second)]).await;
        assert!(page.words().contains("Moved."), "{}", page.words());

        let body = meta::one_text(world.acme.phone_number_id, "wamid.1");
        let signature = meta::sign("second-secret", body.as_bytes());
        assert_eq!(world.post(&callback, Some(&signature), body).await.status(), 200);
        world.settle().await;
        assert_eq!(world.received(&world.acme)[0]["channel"]["name"], "Support");

        // What still comes in at the first app makes a new channel there, so that it cannot move back.
        post_text(world, world.acme.phone_number_id, "wamid.2").await;
        assert_eq!(world.received(&world.acme)[1]["channel"]["name"], world.acme.phone_number_id);
        let first = browser.get(&path).await.attributes("select#app option", "value").pop().expect("the first app");
        let page = browser.submit(&format!("{path}/move"), &[("app", &first)]).await;
        assert_eq!(page.status, 422);
        assert!(page.words().contains("as a channel already"), "{}", page.words());
        for wrong in ["", "app_nonsense", "app_00000000000000000000000000"] {
            assert_eq!(browser.submit(&format!("{path}/move"), &[("app", wrong)]).await.status, 422, "{wrong}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_channel_of_globexes_app_stays_there() {
    world(async |world| {
        let browser = signed_in(world).await;
        let globex = Browser::new(&world.base);
        globex.sign_in(world.globex.email, PASSWORD).await;
        let foreign = globex.get("/apps").await.attributes("main a.row-link", "href").pop().expect("an app");
        let path = channel_path(&browser, "Support").await;
        let page = browser.submit(&format!("{path}/move"), &[("app", foreign.trim_start_matches("/apps/"))]).await;
        assert_eq!(page.status, 422, "another tenant's app is no choice");
        post_text(world, world.acme.phone_number_id, "wamid.1").await;
        assert_eq!(world.received(&world.acme).len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_number_appears_by_itself_and_is_named() {
    world(async |world| {
        let browser = signed_in(world).await;
        world.clock.advance(TimeDelta::seconds(1));
        post_text(world, "555002", "wamid.1").await;
        let words = browser.get("/channels").await.words();
        assert!(words.contains("Appeared by itself just now; give it a name"), "{words}");
        let path = channel_path(&browser, "555002").await;
        let words = browser.get(&path).await.words();
        assert!(words.contains("It is still called by its id"), "{words}");
        let page = browser.submit(&path, &[("name", "Second line"), ("address", "")]).await;
        assert!(!page.words().contains("still called by its id") && page.words().contains("Appeared by itself"));
        assert!(!browser.get("/channels").await.words().contains("give it a name"));
    })
    .await;
}

#[tokio::test]
async fn a_deleted_channel_comes_back_by_itself_and_anew() {
    world(async |world| {
        let browser = signed_in(world).await;
        let path = channel_path(&browser, "Support").await;
        post_text(world, world.acme.phone_number_id, "wamid.1").await;
        world
            .execute(
                "insert into conversation_key (tenant_id, peer_key, channel_id, conversation_id, is_left)
             select tenant_id, channel_id, channel_id, channel_id, false from channel where name = 'Support'",
            )
            .await;
        let confirm = browser.get(&format!("{path}/delete")).await;
        assert!(confirm.words().contains("appears again by itself"), "{}", confirm.words());
        let page = browser.submit(&format!("{path}/delete"), &[]).await;
        assert_eq!((page.url.path(), page.all("main tbody tr").len()), ("/channels", 2));
        assert_eq!(browser.get(&path).await.status, 404);
        assert_eq!(world.count("select count(*) from conversation_key").await, 1, "Globex's is left");
        assert_eq!(browser.get("/deliveries").await.all("main tbody tr").len(), 1, "its events stay");
        world.clock.advance(TimeDelta::seconds(1));
        post_text(world, world.acme.phone_number_id, "wamid.2").await;
        let received = world.received(&world.acme);
        assert_eq!(message_ids(&received), ["wamid.1", "wamid.2"]);
        assert_ne!(received[0]["channel"]["id"], received[1]["channel"]["id"]);
        assert!(browser.get("/channels").await.words().contains("Appeared by itself"));
    })
    .await;
}

#[tokio::test]
async fn deleting_names_the_endpoints_that_get_nothing_any_more() {
    world(async |world| {
        let browser = signed_in(world).await;
        let path = channel_path(&browser, "Support").await;
        world
            .execute(
                "update endpoint e set channel_ids = array[ch.channel_id] from channel ch
             where ch.tenant_id = e.tenant_id and ch.name = 'Support' and e.name = 'main'",
            )
            .await;
        let words = browser.get(&format!("{path}/delete")).await.words();
        assert!(words.contains("get none any more until you choose others: main"), "{words}");
    })
    .await;
}
