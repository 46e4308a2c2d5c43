//! The ledger as a file: what it holds is what the pages hold, whole, for its tenant alone.

use serde_json::Value;

use crate::browser::Browser;
use crate::meta;
use crate::receiver::Reply;
use crate::world::{PASSWORD, Tenant, World, world};

async fn signed_in(world: &World, tenant: &Tenant) -> Browser {
    let browser = Browser::new(&world.base);
    browser.sign_in(tenant.email, PASSWORD).await;
    browser
}

async fn texts(world: &World, tenant: &Tenant, texts: &[(String, &str)]) {
    let items: Vec<_> = texts.iter().map(|(id, words)| meta::text(id, words)).collect();
    let body = meta::post(&[meta::change(tenant.phone_number_id, "messages", &items)]);
    assert_eq!(world.meta_posts(tenant, body).await, 200);
    world.settle().await;
}

/// The keys of all pages, in their order.
async fn on_the_pages(browser: &Browser, query: &str) -> Vec<String> {
    let (mut keys, mut next) = (Vec::new(), Some(format!("/deliveries{query}")));
    while let Some(path) = next {
        let page = browser.get(&path).await;
        keys.extend(page.attributes("table.deliveries tbody tr", "id"));
        next = page.attributes("a[rel=next]", "href").pop();
        assert!(keys.len() < 2000, "paging ends");
    }
    keys
}

fn key(line: &Value) -> String {
    let endpoint = line["delivery"]["endpoint_id"].as_str().unwrap_or("end_00000000000000000000000000");
    format!("{}.{endpoint}", line["event"]["id"].as_str().expect("an id"))
}

#[tokio::test]
async fn a_file_holds_what_the_pages_hold() {
    world(async |world| {
        world.receiver.will_reply("/acme", [Reply::Status(500)]);
        let many: Vec<_> = (0..620).map(|n| (format!("wamid.E{n}"), "many")).collect();
        texts(world, &world.acme, &many).await;
        texts(world, &world.globex, &[("wamid.G".to_owned(), "Globex's secret")]).await;
        let browser = signed_in(world, &world.acme).await;
        for (query, and) in [("", ""), ("?outcome=waiting", "&outcome=waiting"), ("?event=call.*", "&event=call.*")] {
            let file = browser.get(&format!("/deliveries/export?format=ndjson{and}")).await;
            assert_eq!(file.status, 200);
            let lines: Vec<Value> =
                file.text.lines().map(|line| serde_json::from_str(line).expect("a line is a value")).collect();
            let keys: Vec<_> = lines.iter().map(key).collect();
            assert_eq!(keys, on_the_pages(&browser, query).await, "{query}");
        }
        let file = browser.get("/deliveries/export?format=ndjson").await;
        assert_eq!(file.text.lines().count(), 620);
        assert!(!file.text.contains("Globex"), "one tenant's alone");
        let header = |name: &str| file.headers[name].to_str().expect("text").to_owned();
        assert_eq!(header("content-type"), "application/x-ndjson");
        assert_eq!(header("content-disposition"), "attachment; filename=\"deliveries-20261102T120000Z.ndjson\"");

        let sheet = browser.get("/deliveries/export?format=csv").await;
        let lines: Vec<_> = sheet.text.lines().collect();
        assert_eq!(lines.len(), 621, "and a line of names");
        assert!(lines[0].starts_with("event_id,event,occurred_at,"));
        assert_eq!(lines.iter().filter(|line| line.contains(",waiting,1,")).count(), 1);
        assert!(lines[1].contains(",message.received,2026-11-02T12:00:00.000Z,") && lines[1].contains("+447700900456"));
    })
    .await;
}

#[tokio::test]
async fn a_file_is_what_was_asked_for_or_nothing() {
    world(async |world| {
        texts(world, &world.acme, &[("wamid.1".to_owned(), "line one\nline two, \"quoted\"")]).await;
        world.execute("update endpoint set name = '=HYPERLINK(\"x\")' where kind <> 'inspector'").await;
        let browser = signed_in(world, &world.acme).await;
        for bad in ["", "?format=xlsx", "?format=csv&event=Nonsense!", "?format=csv&from=tomorrow"] {
            assert_eq!(browser.get(&format!("/deliveries/export{bad}")).await.status, 400, "{bad}");
        }
        let foreign = format!("/deliveries/export?format=csv&endpoint={}", world.globex.endpoint_id);
        assert_eq!(browser.get(&foreign).await.status, 400, "another tenant's endpoint is not known");
        let file = browser.get("/deliveries/export?format=ndjson").await;
        let line: Value = serde_json::from_str(file.text.trim_end_matches('\n')).expect("one line");
        assert_eq!(line["event"]["message"]["body"], "line one\nline two, \"quoted\"");
        assert_eq!((&line["delivery"]["state"], &line["delivery"]["last_status"]), (&"delivered".into(), &200.into()));
        let sheet = browser.get("/deliveries/export?format=csv").await;
        assert!(sheet.text.contains("\"'=HYPERLINK(\"\"x\"\")\""), "no formula: {}", sheet.text);

        let page = browser.get("/deliveries?outcome=delivered").await;
        let links = page.attributes(".export a", "href");
        assert_eq!(
            links,
            ["/deliveries/export?format=csv&outcome=delivered", "/deliveries/export?format=ndjson&outcome=delivered"]
        );
        let stranger = Browser::new(&world.base).get("/deliveries/export?format=csv").await;
        assert_eq!(stranger.url.path(), "/sign-in");
    })
    .await;
}

#[tokio::test]
async fn what_no_endpoint_wanted_is_found_and_exported() {
    world(async |world| {
        texts(world, &world.acme, &[("wamid.wanted".to_owned(), "wanted")]).await;
        let browser = signed_in(world, &world.acme).await;
        let url = world.receiver.url("/acme");
        let form = [("name", "main"), ("url", url.as_str()), ("events", "call.*")];
        assert_eq!(browser.submit(&format!("/endpoints/{}", world.acme.endpoint_id), &form).await.status, 200);
        texts(world, &world.acme, &[("wamid.unwanted".to_owned(), "unwanted")]).await;
        let page = browser.get("/deliveries?outcome=unmatched").await;
        assert_eq!(page.all("table.deliveries tbody tr").len(), 1, "{}", page.words());
        let file = browser.get("/deliveries/export?format=ndjson&outcome=unmatched").await;
        let line: Value = serde_json::from_str(file.text.trim_end()).expect("one line");
        assert_eq!(
            (&line["delivery"]["state"], &line["event"]["message"]["body"]),
            (&"unmatched".into(), &"unwanted".into())
        );
        assert!(line["delivery"]["endpoint_id"].is_null());
    })
    .await;
}
