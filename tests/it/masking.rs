//! Viewers do not read customers' phone numbers, wherever they look; others do.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use url::form_urlencoded;

use crate::browser::Browser;
use crate::ledger_live::Stream;
use crate::meta;
use crate::receiver::Reply;
use crate::tenancy::{acmes, everything};
use crate::world::{PASSWORD, world};

/// The customer's, as the payloads have it.
const NUMBER: &str = "447700900456";

/// What Meta's id of a message has in it.
fn message_id() -> String {
    format!("wamid.{}", BASE64_STANDARD.encode(format!("\u{1c}\u{c}{NUMBER}\u{15}\u{2}")))
}

async fn looks_everywhere(browser: &Browser, pages: &[String]) -> Vec<String> {
    let mut showing = Vec::new();
    for path in pages {
        let page = browser.get(path).await;
        assert!(!page.status.is_server_error(), "{path}: {}", page.status);
        if page.text.contains(NUMBER) || page.text.contains("7700 900") || page.text.contains(&message_id()[12..]) {
            showing.push(path.clone());
        }
    }
    showing
}

#[tokio::test]
async fn viewers_do_not_read_customers_numbers() {
    world(async |world| {
        let ids = acmes(world).await;
        let owner = Browser::new(&world.base);
        owner.sign_in(world.acme.email, PASSWORD).await;
        owner.submit("/start/inspector", &[]).await;
        let echo = format!("no room for +{NUMBER}").into_bytes();
        world.receiver.will_reply("/acme", [Reply::Full(500, vec![("x-said", NUMBER.to_owned())], echo)]);
        let text = meta::text(&message_id(), "Call me: +44 7700 900-456");
        let body = meta::post(&[meta::change(world.acme.phone_number_id, "messages", &[text])]);
        assert_eq!(world.meta_posts(&world.acme, body).await, 200);
        world.settle().await;
        let mut pages: Vec<String> = everything(&ids).into_iter().filter(|path| !path.ends_with("/stream")).collect();
        let events = world.received(&world.acme);
        let event = events.iter().find(|one| one["message"]["id"] == message_id()).expect("the second one");
        let path = format!("/deliveries/{}/{}", event["id"].as_str().expect("an id"), world.acme.endpoint_id);
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("id", &message_id()).finish();
        pages.extend(["", "/progress", "/event.json", "/raw.json"].map(|part| format!("{path}{part}")));
        pages.extend(["csv", "ndjson"].map(|format| format!("/deliveries/export?format={format}")));

        let streams = ["/deliveries/stream?since=0", "/inspector/stream"];
        let showing = looks_everywhere(&owner, &pages).await;
        for page in ["/deliveries", "/inspector", "/start", "/settings/export", "/deliveries/export?format=csv", &path]
        {
            assert!(showing.iter().any(|shows| shows == page), "{page} shows it to owners: {showing:?}");
        }
        assert!(showing.len() >= 15, "{showing:?}");
        for stream in streams {
            let row = Stream::open(&owner, stream, None).await.row().await.html;
            assert!(row.contains(NUMBER), "{stream}: {row}");
        }
        let told = owner.get(&format!("/messages?{query}")).await.words();
        assert!(told.contains(&format!("Received from +{NUMBER}")), "{told}");

        world.execute("update member set role = 'viewer'").await;
        let showing = looks_everywhere(&owner, &pages).await;
        assert_eq!(showing, [""; 0], "these show viewers a number");
        for stream in streams {
            let row = Stream::open(&owner, stream, None).await.row().await.html;
            assert!(!row.contains(NUMBER) && row.contains("*********456"), "{stream}: {row}");
        }
        let told = owner.get(&format!("/messages?{query}")).await.words();
        assert!(told.contains("Received from +*********456") && !told.contains(NUMBER), "{told}");
        let page = owner.get(&format!("/search?q={NUMBER}")).await;
        assert!(page.url.path().starts_with("/conversations/"), "who has the number may look for it: {}", page.url);
        assert_eq!(owner.get("/settings/export").await.status, 403);
    })
    .await;
}
