//! The first five minutes: each step is ticked when it happens, and says why where it does not.

use crate::browser::{Browser, Page};
use crate::meta;
use crate::receiver::Reply;
use crate::world::{World, world};

async fn newcomer(world: &World) -> (Browser, Page) {
    let browser = Browser::new(&world.base);
    let fields = [("tenant", "Initech"), ("email", "bill@initech.test"), ("password", "a long password")];
    let page = browser.submit("/sign-up", &fields).await;
    (browser, page)
}

fn ticks(page: &Page, step: u8) -> Vec<String> {
    page.all(&format!("#step-{step}-ticks li"))
}

fn problems(page: &Page) -> String {
    page.all(".ticks .notice").join(" ")
}

/// The callback's path and the verify token, as they are shown.
fn pasted(page: &Page) -> (String, String) {
    let shown = page.all(".copyable code");
    let url = url::Url::parse(&shown[0]).expect("a URL");
    (url.path().to_owned(), shown[1].clone())
}

async fn challenged(world: &World, path: &str, token: &str) -> u16 {
    let path = format!("{path}?hub.mode=subscribe&hub.verify_token={token}&hub.challenge=42");
    world.http.get(world.url(&path)).send().await.expect("an answer").status().as_u16()
}

#[tokio::test]
async fn the_quick_way_takes_one_press() {
    world(async |world| {
        let (browser, page) = newcomer(world).await;
        assert_eq!(page.url.path(), "/start", "where signing up leads");
        assert!(ticks(&page, 1).iter().all(|tick| tick.starts_with("To do")), "{:?}", ticks(&page, 1));
        assert!(ticks(&page, 2)[0].starts_with("Done The inspector"), "{:?}", ticks(&page, 2));
        assert!(ticks(&page, 3).iter().all(|tick| tick.starts_with("To do")));
        let page = browser.submit("/start/simulation", &[]).await;
        assert_eq!(page.url.path(), "/start");
        assert_eq!(ticks(&page, 1), ["Done Simulated WhatsApp is connected through the simulator"]);
        assert!(ticks(&page, 3)[0].starts_with("Done Events come in and are stored"), "{:?}", ticks(&page, 3));
        world.settle().await;
        let page = browser.get("/start/progress").await;
        assert!(ticks(&page, 3)[1].starts_with("Done Inspector answered 2xx"), "{:?}", ticks(&page, 3));
        assert!(page.find("#first-event strong").is_some_and(|word| word == "message.received"));
        assert!(
            page.find("#start-sentence")
                .is_some_and(|words| words.contains("Your first event arrived in the inspector"))
        );
        let delivery = page.attributes("#first-event a", "href");
        assert_eq!(browser.get(&delivery[0]).await.status, 200, "and it can be looked at");
        assert!(!browser.get("/overview").await.words().contains("still setting up"), "the guide has led");
    })
    .await;
}

#[tokio::test]
async fn a_real_app_step_by_step() {
    world(async |world| {
        let (browser, _) = newcomer(world).await;
        let page = browser.submit("/start/app", &[("app_name", "Shop"), ("app_secret", "shop secret")]).await;
        assert!(page.words().contains("Shop is added"), "{}", page.words());
        assert!(!page.text.contains("shop secret"), "it is never shown again");
        for place in ["WhatsApp → Configuration", "Messenger → Settings", "Instagram → API setup"] {
            assert!(page.words().contains(place), "{place}");
        }
        let (path, token) = pasted(&page);

        assert_eq!(challenged(world, &path, "wrong").await, 403);
        world.settle().await;
        let page = browser.get("/start").await;
        assert!(ticks(&page, 1)[0].starts_with("To do Meta verifies"));
        assert!(
            problems(&page).contains("Meta asked just now with a verify token that is not Shop’s"),
            "{}",
            problems(&page)
        );

        world.clock.advance(chrono::TimeDelta::seconds(5));
        assert_eq!(challenged(world, &path, &token).await, 200);
        world.settle().await;
        let page = browser.get("/start").await;
        assert!(ticks(&page, 1)[0].starts_with("Done Meta verified the callback URL"), "{:?}", ticks(&page, 1));
        assert_eq!(problems(&page), "", "what was put right is not held against anyone");

        let body = meta::one_text("109000000000055", "wamid.1");
        let wrong = meta::sign("another secret", body.as_bytes());
        assert_eq!(world.post(&path, Some(&wrong), body.clone()).await.status(), 403);
        world.settle().await;
        let page = browser.get("/start").await;
        assert!(ticks(&page, 1)[1].starts_with("To do The first signed webhook"));
        assert!(problems(&page).contains("1 webhook was refused"), "{}", problems(&page));
        assert!(problems(&page).contains("does not fit the app secret entered for Shop"), "{}", problems(&page));

        world.clock.advance(chrono::TimeDelta::seconds(5));
        let nameless = r#"{"object":"whatsapp_business_account","entry":[]}"#;
        let right = meta::sign("shop secret", nameless.as_bytes());
        assert_eq!(world.post(&path, Some(&right), nameless).await.status(), 200);
        world.settle().await;
        let page = browser.get("/start").await;
        assert!(ticks(&page, 1)[1].starts_with("Done A webhook came in, signed by Meta"));
        assert!(problems(&page).contains("named no number, page or account"), "{}", problems(&page));

        let right = meta::sign("shop secret", body.as_bytes());
        assert_eq!(world.post(&path, Some(&right), body).await.status(), 200);
        world.settle().await;
        let page = browser.get("/start").await;
        assert_eq!(ticks(&page, 1)[2], "Done WhatsApp number 109000000000055 is connected");
        assert_eq!(problems(&page), "");
    })
    .await;
}

#[tokio::test]
async fn an_endpoint_that_fails_says_why() {
    world(async |world| {
        let (browser, _) = newcomer(world).await;
        let url = world.receiver.url("/acme");
        let page = browser.submit("/start/endpoint", &[("name", "Production"), ("url", &url)]).await;
        assert!(ticks(&page, 2).contains(&format!("Done Production: {url}")), "{:?}", ticks(&page, 2));
        world.receiver.will_reply("/acme", [Reply::Status(500)]);
        browser.submit("/start/simulation", &[]).await;
        world.settle().await;
        let page = browser.get("/start").await;
        assert!(ticks(&page, 3).contains(&"To do Production answers 2xx".to_owned()), "{:?}", ticks(&page, 3));
        assert!(
            problems(&page).contains("Production answered 500 just now. Your handler failed."),
            "{}",
            problems(&page)
        );
        world.advance(chrono::TimeDelta::minutes(1)).await;
        let page = browser.get("/start").await;
        assert!(
            ticks(&page, 3).iter().any(|tick| tick.starts_with("Done Production answered 2xx")),
            "{:?}",
            ticks(&page, 3)
        );
        assert_eq!(problems(&page), "");
        assert!(
            page.find("#start-sentence").is_some_and(|words| words == "All done: your first event reached Production.")
        );
    })
    .await;
}

#[tokio::test]
async fn mistakes_are_told_beside_the_field_and_the_guide_can_be_closed() {
    world(async |world| {
        let (browser, _) = newcomer(world).await;
        let page = browser.submit("/start/app", &[("app_name", "Shop"), ("app_secret", "")]).await;
        assert_eq!(page.status, 422);
        assert!(page.words().contains("Enter the app secret"), "{}", page.words());
        assert!(page.attributes("input[name=app_name]", "value").contains(&"Shop".to_owned()), "the input is kept");
        let page = browser.submit("/start/endpoint", &[("name", "x"), ("url", "ftp://example.test")]).await;
        assert_eq!(page.status, 422);
        assert!(page.attributes("input[name=url]", "value").contains(&"ftp://example.test".to_owned()));
        world.execute("delete from endpoint where kind = 'inspector'").await;
        world.relay.refresh().await.expect("read anew");
        browser.submit("/start/simulation", &[]).await;
        world.settle().await;
        assert!(browser.get("/overview").await.words().contains("still setting up"));
        let page = browser.get("/start").await;
        assert!(page.words().contains("Use the inspector"), "{}", page.words());
        let page = browser.submit("/start/inspector", &[]).await;
        assert!(ticks(&page, 2)[0].starts_with("Done The inspector"), "made with one press: {:?}", ticks(&page, 2));

        let page = browser.submit("/start/dismissal", &[]).await;
        assert_eq!(page.url.path(), "/overview");
        assert!(!page.words().contains("still setting up"), "{}", page.words());
    })
    .await;
}

#[tokio::test]
async fn who_may_only_look_is_shown_the_way_but_no_button() {
    world(async |world| {
        let (browser, _) = newcomer(world).await;
        world.execute("update member set role = 'viewer' where account_id in (select account_id from account where email = 'bill@initech.test')").await;
        let page = browser.get("/start").await;
        assert_eq!(page.status, 200);
        assert!(page.all("main form").is_empty(), "{:?}", page.all("main form"));
        for action in ["app", "endpoint", "inspector", "simulation", "dismissal"] {
            let fields = [("app_name", "x"), ("app_secret", "x"), ("name", "x"), ("url", "http://example.test/")];
            assert_eq!(browser.submit(&format!("/start/{action}"), &fields).await.status, 403, "{action}");
        }
        assert_eq!(world.count("select count(*) from event").await, 0);
    })
    .await;
}
