//! The keyboard alone: everything that can be pressed is reached by Tab, seen when it is, and not hidden below anything.

use fantoccini::Locator;
use fantoccini::key::Key;
use serde_json::Value;

use crate::browser::Browser;
use crate::chromium::Chromium;
use crate::meta;
use crate::world::{PASSWORD, World, world};

/// A page with more than this many stops has a loop in it.
const STOPS_MAX: usize = 200;

/// What has the focus: its name, whether it shows, and whether its middle is its own.
const FOCUSED: &str = "
  const it = document.activeElement;
  if (!it || it === document.body) return null;
  const place = it.getBoundingClientRect(), style = getComputedStyle(it);
  const row = it.closest('tr'), rowStyle = row && getComputedStyle(row);
  const [x, y] = [place.left + place.width / 2, place.top + Math.min(place.height / 2, 8)];
  const top = document.elementFromPoint(x, y);
  return {
    name: (it.getAttribute('aria-label') || it.labels?.[0]?.textContent || it.textContent || it.name || '').trim().slice(0, 60) || it.outerHTML.slice(0, 80),
    ring: style.outlineStyle !== 'none' || rowStyle?.outlineStyle === 'solid',
    free: !!top && (it.contains(top) || top.contains(it) || top.closest('label')?.control === it),
  };";

async fn press(browser: &Chromium, key: Key) {
    let place = browser.client.active_element().await.expect("an element");
    place.send_keys(&key.to_string()).await.expect("it takes keys");
}

async fn signed_in(world: &World, width: u32) -> Chromium {
    let browser = Chromium::start().await;
    browser.look_like(width, 844, "light").await;
    browser.go(world.url("/sign-in").as_str()).await;
    browser.fill("email", world.acme.email).await;
    browser.fill("password", PASSWORD).await;
    press(&browser, Key::Enter).await;
    browser.wait_for("Overview", false).await;
    browser
}

/// The names of all stops, in the order of Tab.
async fn stops(browser: &Chromium, page: &str) -> Vec<String> {
    let mut names = Vec::new();
    loop {
        press(browser, Key::Tab).await;
        let focused = browser.run(FOCUSED).await;
        if focused.is_null() || names.len() > STOPS_MAX {
            return names;
        }
        let name = focused["name"].as_str().unwrap_or_default().to_owned();
        assert_eq!(focused["ring"], Value::Bool(true), "{page}: {name} shows that it has the focus");
        assert_eq!(focused["free"], Value::Bool(true), "{page}: {name} is not below something else");
        names.push(name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_control_is_reached_and_seen() {
    world(async |world| {
        assert_eq!(world.meta_posts(&world.acme, meta::one_text(world.acme.phone_number_id, "wamid.1")).await, 200);
        world.settle().await;
        let event = world.received(&world.acme)[0]["id"].as_str().expect("an id").to_owned();
        let conversation = world.received(&world.acme)[0]["conversation_id"].as_str().expect("an id").to_owned();
        let conversation = format!("/conversations/{conversation}/erase");
        let delivery = format!("/deliveries/{event}/{}", world.acme.endpoint_id);
        let endpoint = format!("/endpoints/{}", world.acme.endpoint_id);
        let doctor = format!("{}/doctor", world.channel_path(world.acme.page_id).await);
        let owner = Browser::new(&world.base);
        owner.sign_in(world.acme.email, PASSWORD).await;
        let leave = owner.get("/members").await.attributes("main a[href$='/remove']", "href").remove(0);
        owner.submit("/members", &[("email", "grace@example.test"), ("role", "viewer")]).await;
        owner.submit("/api-keys", &[("name", "ledger"), ("scope", "read"), ("lifetime", "90")]).await;
        owner.submit("/account/second-factor", &[]).await;
        for width in [1280, 390] {
            let browser = signed_in(world, width).await;
            let people = ["/account", "/account/second-factor", "/members", &leave, "/tenants", "/audit", "/api-keys"];
            let pages = ["/overview", "/deliveries", &delivery, &endpoint, &conversation, "/settings", "/connect", &doctor];
            let pages = pages.into_iter();
            for page in pages.chain(people) {
                browser.go(world.url(page).as_str()).await;
                let controls = browser
                    .run(
                        "return [...document.querySelectorAll('a[href], button, input, select, textarea, summary')].filter((it) =>
                           !it.disabled && it.type !== 'hidden' && it.checkVisibility({ visibilityProperty: true }) &&
                           !(it.type === 'radio' && !it.checked)).length;",
                    )
                    .await;
                let names = stops(&browser, page).await;
                assert_eq!(names.first().map(String::as_str), Some("Skip to content"), "{page}");
                let controls = usize::try_from(controls.as_u64().expect("a number")).expect("a small one");
                assert!(names.len() >= controls, "{page} at {width}: {} of {controls} are reached: {names:?}", names.len());
            }
            browser.stop().await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ledger_is_searched_and_opened_without_a_mouse() {
    world(async |world| {
        assert_eq!(world.meta_posts(&world.acme, meta::one_text(world.acme.phone_number_id, "wamid.K1")).await, 200);
        world.settle().await;
        let browser = signed_in(world, 1280).await;
        browser.go(world.url("/deliveries").as_str()).await;
        press(&browser, Key::Tab).await;
        press(&browser, Key::Enter).await;
        let url = browser.client.current_url().await.expect("a URL");
        assert_eq!(url.fragment(), Some("content"), "the skip link leads past the navigation");
        let search =
            browser.client.find(Locator::Css("main input[type=search], main input[name=q]")).await.expect("a search");
        search.send_keys("wamid.K1").await.expect("it takes keys");
        press(&browser, Key::Enter).await;
        browser.wait_for("Meta told us of it", false).await;
        let link = browser.client.find(Locator::Css("main a[href^='/deliveries/evt_']")).await.expect("its delivery");
        link.send_keys(&Key::Enter.to_string()).await.expect("it opens");
        browser.wait_for("Attempt 1", false).await;
        let curl = "//summary[normalize-space()='As a curl command']";
        let summary = browser.client.find(Locator::XPath(curl)).await.expect("a summary");
        summary.send_keys(&Key::Enter.to_string()).await.expect("it unfolds");
        browser.wait_for("--data-raw", false).await;
        browser.stop().await;
    })
    .await;
}
