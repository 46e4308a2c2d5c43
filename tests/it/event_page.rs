//! One event's page: what was sent and answered, what to do about it, the same as a curl command, and sending it elsewhere.

use chrono::TimeDelta;
use serde_json::Value;
use tokio::process::Command;

use crate::browser::{Browser, Page};
use crate::meta;
use crate::receiver::Reply;
use crate::world::{PASSWORD, World, world};

/// What a shell, a browser and JSON each have their own opinion of.
const AWKWARD: &str = "It's \"50%\" off\\: `ls` $HOME !! \u{1f600} <b>é</b>\nnew line";

async fn signed_in(world: &World) -> Browser {
    let browser = Browser::new(&world.base);
    browser.sign_in(world.acme.email, PASSWORD).await;
    browser
}

async fn post_text(world: &World, id: &str, text: &str) {
    let body = meta::post(&[meta::change(world.acme.phone_number_id, "messages", &[meta::text(id, text)])]);
    assert_eq!(world.meta_posts(&world.acme, body).await, 200);
}

/// Where the delivery of the message's event is.
async fn page_of(browser: &Browser, id: &str) -> String {
    let life = browser.get(&format!("/messages?id={id}")).await;
    life.attributes("main a[href^='/deliveries/evt_']", "href").into_iter().next().expect("a delivery")
}

/// The page's headers of the request, as pairs.
fn headers(page: &Page) -> Vec<(String, String)> {
    page.all(".request dt").into_iter().zip(page.all(".request dd")).collect()
}

/// A new one for files that the page offers.
fn folder() -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("socialhook-test-{}", uuid::Uuid::new_v4()));
    std::fs::create_dir(&folder).expect("a folder");
    folder
}

/// Runs the command that the page offers.
async fn run(page: &Page, folder: &std::path::Path) {
    let command = exact_text(page, "#curl");
    let done = Command::new("bash").arg("-c").arg(&command).current_dir(folder).output().await.expect("bash runs");
    assert!(done.status.success(), "{command}\n{}", String::from_utf8_lossy(&done.stderr));
}

/// An element's text, with every space in it.
fn exact_text(page: &Page, selector: &str) -> String {
    let document = scraper::Html::parse_document(&page.text);
    let selector = scraper::Selector::parse(selector).expect("a selector");
    document.select(&selector).next().expect("an element").text().collect()
}

#[tokio::test]
async fn what_was_sent_and_answered_is_all_there() {
    world(async |world| {
        let answer = vec![("x-reason", "deploying".to_owned()), ("set-cookie", "session=hush".to_owned())];
        world.receiver.will_reply("/acme", [Reply::Full(503, answer, b"back soon".to_vec())]);
        post_text(world, "wamid.1", AWKWARD).await;
        world.settle().await;
        let browser = signed_in(world).await;
        let path = page_of(&browser, "wamid.1").await;
        let page = browser.get(&path).await;
        let got = &world.receiver.received(world.acme.hook)[0];
        let told = headers(&page);
        assert!(told.len() >= 7, "{told:?}");
        for (name, value) in &told {
            assert_eq!(got.header(name), value, "{name} as it was received");
        }
        for name in ["webhook-id", "webhook-timestamp", "webhook-signature", "content-type"] {
            assert!(told.iter().any(|header| header.0 == name), "{name} in {told:?}");
        }
        let file = browser.get(&format!("{path}/event.json")).await;
        assert_eq!(file.text.as_bytes(), &got.body[..], "byte for byte");
        assert!(file.headers["content-disposition"].to_str().expect("text").starts_with("attachment"));
        let raw = browser.get(&format!("{path}/raw.json")).await;
        assert!(raw.text.contains("whatsapp_business_account") && raw.text.contains("wamid.1"));

        let words = page.words();
        let answered = page.all(".excerpt dt").into_iter().zip(page.all(".excerpt dd"));
        assert!(answered.into_iter().any(|header| header == ("x-reason".to_owned(), "deploying".to_owned())));
        for part in ["back soon", "answered 503", "A proxy in front of your endpoint"] {
            assert!(words.contains(part), "{part} in {words}");
        }
        assert!(!page.text.contains("session=hush"), "cookies are not kept");
        assert_eq!(
            world.count("select count(*) from attempt where response_headers like '%hush%'").await,
            0,
            "nor anywhere else"
        );
    })
    .await;
}

#[tokio::test]
async fn each_answer_has_its_advice() {
    world(async |world| {
        let moved = vec![("location", "https://new.example.test/hook".to_owned())];
        let answers = [
            (Reply::Status(401), "refused us"),
            (Reply::Status(404), "nothing at this path"),
            (Reply::Status(405), "does not take POST"),
            (Reply::Status(413), "larger than your endpoint takes"),
            (Reply::Full(301, moved, Vec::new()), "It pointed to https://new.example.test/hook"),
            (Reply::Full(429, vec![("retry-after", "120".to_owned())], Vec::new()), "Retry-After is heeded"),
            (Reply::Status(500), "Your handler failed"),
            (Reply::Status(418), "Its own log will say why"),
        ];
        let browser = signed_in(world).await;
        for (number, (reply, advice)) in answers.into_iter().enumerate() {
            world.receiver.will_reply("/acme", [reply]);
            post_text(world, &format!("wamid.{number}"), "x").await;
            world.settle().await;
            let words = browser.get(&page_of(&browser, &format!("wamid.{number}")).await).await.words();
            assert!(words.contains(advice), "{advice} in {words}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_curl_command_is_a_request_that_verifies() {
    world(async |world| {
        let folder = folder();
        post_text(world, "wamid.1", AWKWARD).await;
        world.settle().await;
        world.clock.advance(TimeDelta::hours(3));
        let browser = signed_in(world).await;
        run(&browser.get(&page_of(&browser, "wamid.1").await).await, &folder).await;
        let received = world.receiver.received(world.acme.hook);
        let [sent, again] = &received[..] else { panic!("two requests: {}", received.len()) };
        assert_eq!(String::from_utf8_lossy(&sent.body), String::from_utf8_lossy(&again.body));
        assert_eq!(again.json()["message"]["body"], Value::from(AWKWARD));
        assert_eq!(again.header("webhook-id"), sent.header("webhook-id"));
        assert_eq!(again.header("webhook-timestamp"), world.clock.now().timestamp().to_string(), "signed anew");
        assert!(again.is_signed_with(&world.acme.endpoint_secret));
        std::fs::remove_dir_all(folder).expect("it goes");
    })
    .await;
}

#[tokio::test]
async fn a_large_event_is_shown_in_part_and_sent_from_its_file() {
    world(async |world| {
        let folder = folder();
        post_text(world, "wamid.1", &"All work and no play. ".repeat(9000)).await;
        world.settle().await;
        let browser = signed_in(world).await;
        let path = page_of(&browser, "wamid.1").await;
        let page = browser.get(&path).await;
        assert!(page.text.len() < 300_000, "{} bytes", page.text.len());
        assert!(page.words().contains("Only its beginning"), "{}", page.words());
        let event_id = page.find("#event-id").expect("an id");
        let file = browser.get(&format!("{path}/event.json")).await;
        std::fs::write(folder.join(format!("{event_id}.json")), &file.text).expect("a file");
        run(&page, &folder).await;
        let received = world.receiver.received(world.acme.hook);
        assert_eq!(received.len(), 2);
        assert_eq!(received[0].body, received[1].body);
        assert!(received[1].is_signed_with(&world.acme.endpoint_secret));
        std::fs::remove_dir_all(folder).expect("it goes");
    })
    .await;
}

#[tokio::test]
async fn an_event_can_be_sent_to_another_endpoint_by_hand() {
    world(async |world| {
        let browser = signed_in(world).await;
        let url = world.receiver.url(world.acme.hook);
        browser.submit("/endpoints", &[("name", "second"), ("url", &url), ("events", "call.*")]).await;
        post_text(world, "wamid.1", "x").await;
        world.settle().await;
        let path = page_of(&browser, "wamid.1").await;
        let page = browser.get(&path).await;
        let id = page.attributes(".send-to option", "value").pop().expect("the other endpoint");
        assert_ne!(id, world.acme.endpoint_id.to_string(), "not the one that has it");
        let send = format!("{path}/send");
        for wrong in ["no such endpoint", world.globex.endpoint_id.to_string().as_str()] {
            let page = browser.submit(&send, &[("endpoint", wrong)]).await;
            assert_eq!(page.status, 422);
            assert_eq!(page.find(".send-to .error").as_deref(), Some("You have no endpoint of this name."));
        }
        let page = browser.submit(&send, &[("endpoint", "second")]).await;
        assert!(page.words().contains("On its way to second"), "{}", page.words());
        world.settle().await;
        let [first, second] = &world.received(&world.acme)[..] else { panic!("one for each endpoint") };
        assert_eq!(first["id"], second["id"], "though the second does not want this kind");
        assert_eq!(
            (&first["delivery"]["replay"], &second["delivery"]["replay"]),
            (&Value::Bool(false), &Value::Bool(true))
        );
        assert!(
            browser
                .get(&format!("{}/{id}", path.rsplit_once('/').expect("a path").0))
                .await
                .words()
                .contains("Delivered")
        );
        assert!(world.received(&world.globex).is_empty());
    })
    .await;
}

#[tokio::test]
async fn with_many_endpoints_one_is_named() {
    world(async |world| {
        world
            .execute(
                "insert into endpoint (tenant_id, endpoint_id, name, kind, url, events, created_at)
                 select tenant_id, gen_random_uuid(), 'endpoint ' || n, 'http', 'https://example.test/' || n, array['call.*'], now()
                 from tenant, generate_series(1, 1000) n where name = 'Acme'",
            )
            .await;
        post_text(world, "wamid.1", "x").await;
        world.settle().await;
        let browser = signed_in(world).await;
        let path = page_of(&browser, "wamid.1").await;
        for page in [&path, "/deliveries", "/replays/new"] {
            let page = browser.get(page).await;
            assert_eq!(page.attributes("input[name=endpoint]", "type"), ["text"], "{}", page.url);
            assert!(page.text.len() < 100_000, "{}: {} bytes", page.url, page.text.len());
        }
        let from = [("from", "2026-11-02T00:00"), ("to", "2026-11-02T11:00")];
        let page = browser
            .get(&format!(
                "/replays/confirm?endpoint=endpoint%20700&{}={}&{}={}",
                from[0].0, from[0].1, from[1].0, from[1].1
            ))
            .await;
        assert!(page.status == 200 && page.words().contains("endpoint 700"), "{}", page.words());
    })
    .await;
}

#[tokio::test]
async fn the_page_follows_what_is_under_way() {
    world(async |world| {
        world.receiver.will_reply("/acme", [Reply::Status(500)]);
        post_text(world, "wamid.1", "x").await;
        world.settle().await;
        let browser = signed_in(world).await;
        let path = page_of(&browser, "wamid.1").await;
        let page = browser.get(&path).await;
        let follows = page.attributes("[data-progress]", "data-progress");
        assert_eq!(follows, [format!("{path}/progress")], "it is tried again: {}", page.words());
        let part = browser.get(&follows[0]).await;
        assert!(part.text.contains("It is sent again") && !part.text.contains("data-progress-over"));
        world.advance(TimeDelta::minutes(2)).await;
        let part = browser.get(&follows[0]).await;
        assert!(part.text.contains("data-progress-over") && part.text.contains("Delivered"), "{}", part.text);
        assert_eq!(part.all("#attempts li").len(), 2);
        assert!(browser.get(&path).await.attributes("[data-progress]", "data-progress").is_empty(), "no more news");
    })
    .await;
}
