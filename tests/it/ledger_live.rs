//! The ledger's live tail: what comes in appears, what becomes of it too, and a broken connection loses nothing.

use std::time::Duration;

use chrono::TimeDelta;

use crate::browser::Browser;
use crate::meta;
use crate::receiver::Reply;
use crate::world::{PASSWORD, Tenant, World, world};

/// Far longer than two looks.
const PATIENCE: Duration = Duration::from_secs(20);

async fn signed_in(world: &World, tenant: &Tenant) -> Browser {
    let browser = Browser::new(&world.base);
    browser.sign_in(tenant.email, PASSWORD).await;
    browser
}

/// A text of now by the world's clock.
async fn text_now(world: &World, tenant: &Tenant, id: &str) {
    let mut item = meta::text(id, "live");
    item["timestamp"] = world.clock.now().timestamp().to_string().into();
    let body = meta::post(&[meta::change(tenant.phone_number_id, "messages", &[item])]);
    assert_eq!(world.meta_posts(tenant, body).await, 200);
    world.settle().await;
}

/// Of a page's live part.
pub struct Stream {
    answer: reqwest::Response,
    text: String,
}

pub struct Row {
    id: String,
    pub html: String,
}

impl Stream {
    pub async fn open(browser: &Browser, path: &str, last_event_id: Option<&str>) -> Self {
        let answer = browser.open(path, last_event_id).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self { answer, text: String::new() }
    }

    pub async fn row(&mut self) -> Row {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                let of = |name: &str| {
                    let lines = event.lines().filter_map(|line| line.strip_prefix(name));
                    lines.map(str::trim_start).collect::<Vec<_>>().join("\n")
                };
                if ["row", "inspection"].contains(&of("event:").as_str()) {
                    return Row { id: of("id:"), html: of("data:") };
                }
                continue;
            }
            let chunk = tokio::time::timeout(PATIENCE, self.answer.chunk()).await.expect("in time").expect("no error");
            self.text.push_str(std::str::from_utf8(&chunk.expect("it goes on")).expect("text"));
        }
    }
}

/// Where the page's live part goes on from.
async fn tail(browser: &Browser, query: &str) -> String {
    let page = browser.get(&format!("/deliveries{query}")).await;
    page.attributes("[data-tail]", "data-tail").pop().expect("the newest page is live")
}

#[tokio::test]
async fn what_comes_in_appears_and_what_becomes_of_it_too() {
    world(async |world| {
        text_now(world, &world.acme, "wamid.before").await;
        world.clock.advance(TimeDelta::minutes(1));
        let browser = signed_in(world, &world.acme).await;
        let mut stream = Stream::open(&browser, &tail(&browser, "").await, None).await;
        world.receiver.will_reply("/acme", [Reply::Status(500)]);
        text_now(world, &world.globex, "wamid.G").await;
        text_now(world, &world.acme, "wamid.A").await;
        let mut row = stream.row().await;
        let first = row.html.clone();
        assert!(first.contains("<tr id=\"evt_") && first.contains("message.received"), "{first}");
        while !row.html.contains("Waiting") {
            row = stream.row().await;
        }
        assert!(row.html.contains("500"), "{}", row.html);
        world.advance(TimeDelta::minutes(1)).await;
        while !row.html.contains("Delivered") {
            row = stream.row().await;
        }
        let id = |html: &str| html.split('"').nth(1).expect("an id").to_owned();
        assert_eq!(id(&row.html), id(&first), "the same row: neither Globex's nor the one that was there before");
        let page = browser.get("/deliveries").await;
        assert_eq!(page.attributes("table.deliveries tbody tr", "id")[0], id(&first), "as on the page");
    })
    .await;
}

#[tokio::test]
async fn after_a_broken_connection_only_what_was_missed_is_sent() {
    world(async |world| {
        let browser = signed_in(world, &world.acme).await;
        let path = tail(&browser, "?event=message.*").await;
        text_now(world, &world.acme, "wamid.first").await;
        let mut stream = Stream::open(&browser, &path, None).await;
        let seen = stream.row().await;
        drop(stream);
        world.clock.advance(TimeDelta::minutes(1));
        text_now(world, &world.acme, "wamid.missed").await;
        let page = browser.get("/deliveries").await;
        let newest = page.attributes("table.deliveries tbody tr", "id")[0].clone();
        world.clock.advance(TimeDelta::seconds(1));
        // It goes on after what it had, although the address still names the page's own time.
        let later = (seen.id.parse::<i64>().expect("milliseconds") + 30_000).to_string();
        let mut stream = Stream::open(&browser, &path, Some(&later)).await;
        let caught_up = stream.row().await;
        assert!(caught_up.html.contains(&newest), "{}", caught_up.html);
        text_now(world, &world.acme, "wamid.next").await;
        let next = stream.row().await;
        assert!(!next.html.contains(&newest) && next.html.contains("Delivered"), "{}", next.html);
    })
    .await;
}

#[tokio::test]
async fn a_tail_keeps_to_its_filters_and_older_pages_have_none() {
    world(async |world| {
        let browser = signed_in(world, &world.acme).await;
        let path = tail(&browser, "?event=message.read").await;
        let mut stream = Stream::open(&browser, &path, None).await;
        text_now(world, &world.acme, "wamid.text").await;
        let read =
            meta::post(&[meta::change(world.acme.phone_number_id, "statuses", &[meta::status("wamid.R", "read")])]);
        assert_eq!(world.meta_posts(&world.acme, read).await, 200);
        world.settle().await;
        let row = stream.row().await;
        assert!(row.html.contains("message.read") && !row.html.contains("message.received"), "{}", row.html);
        let id = browser.get("/deliveries").await.attributes("table.deliveries tbody tr", "id")[0].clone();
        let older = browser.get(&format!("/deliveries?after={id}")).await;
        assert!(older.attributes("[data-tail]", "data-tail").is_empty(), "an older page stands still");
    })
    .await;
}
