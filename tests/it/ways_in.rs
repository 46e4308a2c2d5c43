//! The ways in, walked in a real browser: the sign-up in a window of its own, the others in their place, and one that is cancelled.

use fantoccini::Locator;
use socialhook::meta_sim::{Fault, Message, MetaSim, Sent};

use crate::chromium::Chromium;
use crate::connecting::{NUMBER, PAGE, PROFESSIONAL};
use crate::world::{PASSWORD, World, world_with_meta};

async fn signed_in(world: &World) -> Chromium {
    let browser = Chromium::start().await;
    browser.go(world.url("/sign-in").as_str()).await;
    browser.fill("email", world.acme.email).await;
    browser.fill("password", PASSWORD).await;
    browser.press("Sign in").await;
    browser.wait_for("Overview", false).await;
    browser
}

async fn press_way(browser: &Chromium, world: &World, way: &str) {
    browser.go(world.url("/connect").as_str()).await;
    let link = browser.client.find(Locator::Css(&format!("main a[href^='/connect/{way}/']"))).await;
    link.expect("a way in").click().await.expect("it can be pressed");
}

/// An app of one's own: its id and a token.
async fn own_app(browser: &Chromium, world: &World, sim: &MetaSim) {
    browser.go(world.url("/apps").as_str()).await;
    browser.fill("name", "Own").await;
    browser.fill("app_secret", &sim.app().secret).await;
    browser.press("Add app").await;
    browser.wait_for("What we may ask Meta", false).await;
    browser.fill("meta_app_id", &sim.app().id).await;
    browser.fill("access_token", &sim.system_token()).await;
    browser.press("Save and connect").await;
    browser.wait_for("3 channels are connected", false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_way_is_walked() {
    world_with_meta(async |world, sim| {
        let browser = signed_in(world).await;

        // Facebook pages, in place.
        press_way(&browser, world, "pages").await;
        browser.wait_for("Choose your pages", false).await;
        browser.press("Continue").await;
        browser.wait_for("2 channels are connected", false).await;

        // Instagram, cancelled and then not.
        press_way(&browser, world, "instagram").await;
        browser.wait_for("Log in with Instagram", false).await;
        browser.press("Cancel").await;
        browser.wait_for("Nothing was connected", false).await;
        browser
            .client
            .find(Locator::LinkText("Connect again"))
            .await
            .expect("a way on")
            .click()
            .await
            .expect("pressed");
        browser.wait_for("Log in at Meta", false).await;
        press_way(&browser, world, "instagram").await;
        browser.press("Continue").await;
        browser.wait_for("1 channel is connected", false).await;

        // WhatsApp, in a window of its own that closes by itself.
        let here = browser.client.window().await.expect("a window");
        press_way(&browser, world, "whatsapp").await;
        browser.wait_for("Finish in Meta’s window", false).await;
        let windows = browser.client.windows().await.expect("windows");
        let there = windows.into_iter().find(|window| *window != here).expect("another window");
        browser.client.switch_to_window(there).await.expect("switched");
        browser.wait_for("Connect your WhatsApp business", false).await;
        browser.press("Continue").await;
        browser.client.switch_to_window(here.clone()).await.expect("back");
        browser.wait_for("2 channels are connected", false).await;
        browser.wait_for("+447700900789", false).await;
        let mut left = 2;
        for _ in 0..50 {
            left = browser.client.windows().await.expect("windows").len();
            if left == 1 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        assert_eq!(left, 1, "the window closes by itself");
        assert_eq!(world.count("select count(*) from meta_login where message ->> 'event' = 'FINISH'").await, 1);

        own_app(&browser, world, sim).await;
        for to in [NUMBER, PAGE, PROFESSIONAL] {
            let sent = sim.send(to, Message { text: format!("to {to}"), media: None }).await;
            assert_eq!(sent, Sent::Posted { status: 200, media_id: None });
        }
        world.settle().await;
        assert_eq!(world.received(&world.acme).len(), 3);
        let complaints = browser.complaints().await;
        assert!(complaints.is_empty(), "{complaints:?}");
        browser.stop().await;
    })
    .await;
}

/// Presses a way, and Continue in Meta's dialog; the sign-up happens in place, as without our script.
async fn through(browser: &Chromium, world: &World, way: &str) {
    browser.go(world.url("/connect").as_str()).await;
    let href = browser.run(&format!("return document.querySelector(\"main a[href^='/connect/{way}/']\").href")).await;
    browser.go(href.as_str().expect("an address")).await;
    browser.press("Continue").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_step_that_fails_says_what_to_do() {
    world_with_meta(async |world, sim| {
        let globex = crate::connecting::signed_in(world, &world.globex).await;
        let browser = signed_in(world).await;
        for way in ["whatsapp", "pages", "instagram"] {
            sim.fault(Fault::ScopeWithheld, true);
            through(&browser, world, way).await;
            browser.wait_for("A permission is missing", false).await;
            browser.wait_for("leave every permission switched on", false).await;
            sim.heal();
            sim.fault(Fault::CodeExpires, true);
            through(&browser, world, way).await;
            browser.wait_for("The login took too long", false).await;
            sim.heal();
            crate::connecting::connect(world, &globex, way).await;
            through(&browser, world, way).await;
            browser.wait_for("It is connected already", false).await;
            browser.wait_for("Have it disconnected there first", false).await;
        }
        // A returning customer's sign-up tells the window nothing: the token tells the account.
        let path = globex.get(&world.channel_path(NUMBER).await).await;
        globex.submit(&path.attributes("main a[href$='/disconnect']", "href")[0], &[]).await;
        sim.fault(Fault::NoWindowMessage, true);
        through(&browser, world, "whatsapp").await;
        browser.wait_for("2 channels are connected", false).await;
        browser.stop().await;
    })
    .await;
}
