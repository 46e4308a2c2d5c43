//! Finding things in the ledger: filters, pages in both directions, the search, a message's life, a conversation.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::json;

use crate::browser::{Browser, Page};
use crate::meta;
use crate::receiver::Reply;
use crate::world::{PASSWORD, Tenant, World, world};

async fn signed_in(world: &World, tenant: &Tenant) -> Browser {
    let browser = Browser::new(&world.base);
    browser.sign_in(tenant.email, PASSWORD).await;
    browser
}

fn rows(page: &Page) -> Vec<String> {
    page.attributes("table.deliveries a.row-link", "href")
}

async fn text_of(world: &World, tenant: &Tenant, id: &str, words: &str) {
    let body = meta::post(&[meta::change(tenant.phone_number_id, "messages", &[meta::text(id, words)])]);
    assert_eq!(world.meta_posts(tenant, body).await, 200);
}

async fn status_of(world: &World, tenant: &Tenant, item: serde_json::Value) {
    let body = meta::post(&[meta::change(tenant.phone_number_id, "statuses", &[item])]);
    assert_eq!(world.meta_posts(tenant, body).await, 200);
}

fn messenger(tenant: &Tenant) -> String {
    json!({ "object": "page", "entry": [{ "id": tenant.page_id, "time": 1_793_620_800_000_i64, "messaging": [{
        "sender": { "id": "2222" }, "recipient": { "id": tenant.page_id }, "timestamp": 1_793_620_800_000_i64,
        "message": { "mid": "m_1", "text": "From Messenger" } }] }] })
    .to_string()
}

#[tokio::test]
async fn each_filter_shows_what_fits_and_can_be_taken_away() {
    world(async |world| {
        text_of(world, &world.acme, "wamid.L1", "one").await;
        status_of(world, &world.acme, meta::status("wamid.L2", "read")).await;
        assert_eq!(world.meta_posts(&world.acme, messenger(&world.acme)).await, 200);
        text_of(world, &world.globex, "wamid.G1", "not Acme's").await;
        world.settle().await;
        let browser = signed_in(world, &world.acme).await;
        let all = browser.get("/deliveries").await;
        let number = |path: &'static str| async { rows(&browser.get(path).await).len() };
        assert_eq!(rows(&all).len(), 3);
        for (query, expected) in [
            ("event=message.received", 2),
            ("event=message.*", 3),
            ("event=call.*", 0),
            ("platform=messenger", 1),
            ("platform=whatsapp&event=message.read", 1),
            ("platform=instagram", 0),
            ("outcome=delivered", 3),
            ("outcome=parked", 0),
            ("last=1h", 3),
            ("from=2026-11-02T11:59&to=2026-11-02T12:01", 3),
            ("to=2026-11-02T11:59", 0),
            ("from=2026-11-02T12:01", 0),
        ] {
            let path: &'static str = Box::leak(format!("/deliveries?{query}").into_boxed_str());
            assert_eq!(number(path).await, expected, "{query}");
        }
        let endpoint = browser.get(&format!("/deliveries?endpoint={}", world.acme.endpoint_id)).await;
        assert_eq!(rows(&endpoint).len(), 3);
        let both = browser.get("/deliveries?platform=messenger&event=message.received").await;
        let ways_out = both.attributes("ul.narrowed a", "href");
        assert_eq!(ways_out, ["/deliveries?event=message.received", "/deliveries?platform=messenger"]);
        let nothing = browser.get("/deliveries?platform=instagram").await;
        assert!(nothing.words().contains("Nothing fits"), "{}", nothing.words());

        let wrong = browser.get("/deliveries?event=Nonsense!&endpoint=nobody&from=tomorrow").await;
        assert_eq!(
            (wrong.status.as_u16(), wrong.all(".filters[open] .error").len()),
            (200, 3),
            "said beside the fields"
        );
        assert_eq!(wrong.attributes("input[name=event]", "value"), ["Nonsense!"]);
    })
    .await;
}

#[tokio::test]
async fn times_are_entered_in_the_tenants_zone() {
    world(async |world| {
        text_of(world, &world.acme, "wamid.Z1", "one").await;
        world.settle().await;
        world.execute("update tenant set time_zone = 'Asia/Kolkata' where name = 'Acme'").await;
        let browser = signed_in(world, &world.acme).await;
        // Noon in UTC is half past five there.
        let there = browser.get("/deliveries?from=2026-11-02T17:29&to=2026-11-02T17:31").await;
        assert_eq!(rows(&there).len(), 1);
        assert!(there.words().contains("Asia/Kolkata"));
        assert_eq!(there.attributes("td.d-time time", "title"), ["2026-11-02 17:30:00.000 IST"]);
        assert_eq!(rows(&browser.get("/deliveries?from=2026-11-02T11:59&to=2026-11-02T12:01").await).len(), 0);
    })
    .await;
}

/// Every page's rows from here on, in one direction.
async fn walk(browser: &Browser, first: &str, rel: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut next = Some(first.to_owned());
    while let Some(path) = next {
        let page = browser.get(&path).await;
        pages.push(rows(&page));
        next = page.attributes(&format!("a[rel={rel}]"), "href").pop();
        assert!(pages.len() < 20, "paging ends");
    }
    pages
}

#[tokio::test]
async fn pages_lead_both_ways_without_gaps_or_repeats() {
    world(async |world| {
        let mut posts = Vec::new();
        for n in 0..120 {
            posts.push(meta::text(&format!("wamid.P{n}"), "many"));
        }
        let body = meta::post(&[meta::change(world.acme.phone_number_id, "messages", &posts)]);
        assert_eq!(world.meta_posts(&world.acme, body).await, 200);
        world.settle().await;
        let browser = signed_in(world, &world.acme).await;
        for query in ["", "?event=message.received", "?outcome=delivered"] {
            let older = walk(&browser, &format!("/deliveries{query}"), "next").await;
            assert_eq!(older.iter().map(Vec::len).collect::<Vec<_>>(), [50, 50, 20], "{query}");
            let all: BTreeSet<_> = older.iter().flatten().collect();
            assert_eq!(all.len(), 120, "no repeats");

            let join = if query.is_empty() { "?" } else { "&" };
            let last = older[2][19].trim_start_matches("/deliveries/").replace('/', ".");
            let newer = walk(&browser, &format!("/deliveries{query}{join}before={last}"), "prev").await;
            assert_eq!(newer.iter().map(Vec::len).collect::<Vec<_>>(), [50, 50, 19], "{query}");
            let seen: BTreeSet<_> = newer.iter().flatten().collect();
            assert_eq!(seen.len(), 119, "all but the one that it began at");
            assert!(newer[2][0] == older[0][0], "up to the newest, and each page newest first");
        }
    })
    .await;
}

#[tokio::test]
async fn one_search_tells_what_became_of_a_message() {
    world(async |world| {
        world.receiver.will_reply("/acme", [Reply::Status(200), Reply::Status(500)]);
        text_of(world, &world.acme, "wamid.S1", "Where is my order?").await;
        world.settle().await;
        status_of(world, &world.acme, meta::status("wamid.S2", "sent")).await;
        let failed = json!({ "id": "wamid.S2", "status": "failed", "timestamp": "1793620801", "recipient_id": "447700900456",
            "errors": [{ "code": 131_047, "title": "Re-engagement message", "message": "More than 24 hours have passed" }] });
        world.settle().await;
        status_of(world, &world.acme, failed).await;
        world.settle().await;
        let browser = signed_in(world, &world.acme).await;

        let one = browser.get("/search?q=wamid.S1").await;
        assert_eq!(one.url.path(), "/messages");
        let words = one.words();
        assert!(words.contains("Yes: Meta told us of it just now. 1 webhook about it in all; it was delivered."), "{words}");
        assert!(words.contains("Received from +447700900456"), "{words}");

        let two = browser.get("/search?q=%20wamid.S2%20").await;
        let words = two.words();
        assert!(words.contains("2 webhooks about it in all; 1 delivery made, 1 still open"), "{words}");
        assert!(words.contains("Failed at Meta: More than 24 hours have passed (Meta’s code 131047)"), "{words}");
        assert!(words.contains("answered 500, 1 attempt"), "{words}");
        let delivery = &two.attributes("ol.life .deliveries a", "href")[0];
        assert_eq!(browser.get(delivery).await.status, 200);

        let none = browser.get("/search?q=wamid.NEVER").await;
        assert!(none.words().contains("Meta did not send it to us in that time"), "{}", none.words());
        let direct = browser.get("/messages?id=wamid.NEVER").await;
        assert!(direct.words().contains("Events are kept for 30 days"), "{}", direct.words());
        for query in ["wamid.S1", "447700900456", "+44 7700 900456"] {
            let page = signed_in(world, &world.globex).await.get(&format!("/search?q={query}")).await;
            assert!(page.words().contains("Nothing is known of this"), "another tenant's: {}", page.words());
        }
    })
    .await;
}

#[tokio::test]
async fn a_conversation_is_found_by_number_and_read_from_top_to_bottom() {
    world(async |world| {
        text_of(world, &world.acme, "wamid.C1", "Hello <there>").await;
        world.settle().await;
        world.advance(TimeDelta::seconds(5)).await;
        status_of(world, &world.acme, meta::status("wamid.C2", "sent")).await;
        world.settle().await;
        status_of(world, &world.acme, meta::status("wamid.C2", "read")).await;
        world.settle().await;
        let browser = signed_in(world, &world.acme).await;
        let page = browser.get("/search?q=%2B44%207700%20900456").await;
        assert!(page.url.path().starts_with("/conversations/conv_"), "{}", page.url);
        assert!(page.words().contains("With Alice on"), "{}", page.words());
        assert_eq!(page.all("ol.conversation li.in .said"), ["Hello <there>"]);
        let own = page.all("ol.conversation li.out");
        assert_eq!(own.len(), 1, "the news of one message are one line: {own:?}");
        assert!(own[0].ends_with("read") || own[0].ends_with("sent"), "{own:?}");
        let id = page.find("#conversation-id").expect("an id");
        assert_eq!(browser.get(&format!("/search?q={id}")).await.url.path(), page.url.path());
        assert_eq!(browser.get("/conversations/conv_00000000000000000000000000").await.status, 404);
    })
    .await;
}
