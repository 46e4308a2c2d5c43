//! One's own account: the password, and where one is signed in.

use crate::browser::{Browser, Page};
use crate::world::{PASSWORD, World, world};

const NEW: &str = "another long password";

async fn signed_in(world: &World, email: &str, password: &str) -> Option<Browser> {
    let browser = Browser::new(&world.base);
    let page = browser.submit("/sign-in", &[("email", email), ("password", password)]).await;
    (page.url.path() == "/overview").then_some(browser)
}

async fn change(browser: &Browser, current: &str, password: &str) -> Page {
    browser.submit("/account/password", &[("current", current), ("password", password)]).await
}

async fn is_signed_in(browser: &Browser) -> bool {
    browser.get("/account").await.url.path() == "/account"
}

#[tokio::test]
async fn a_new_password_signs_the_others_out() {
    world(async |world| {
        let email = world.acme.email;
        let (own, other) = (signed_in(world, email, PASSWORD).await, signed_in(world, email, PASSWORD).await);
        let (own, other) = (own.expect("in"), other.expect("in"));
        let globex = signed_in(world, world.globex.email, PASSWORD).await.expect("in");
        for (current, password, message) in [
            ("not it", NEW, "This is not your password."),
            (PASSWORD, "short", "Use at least 10 characters."),
            ("", "", "This is not your password."),
        ] {
            let page = change(&own, current, password).await;
            assert_eq!(page.status, 422);
            assert!(page.words().contains(message), "{}", page.words());
            assert!(!page.text.contains("not it"), "a password is never shown");
        }
        assert!(is_signed_in(&other).await, "nothing has changed yet");

        let before = own.cookie("session");
        let page = change(&own, PASSWORD, NEW).await;
        assert!(page.words().contains("Your password is changed. 1 other browser is signed out."), "{}", page.words());
        assert_ne!(own.cookie("session"), before, "the session has a new id");
        assert!(is_signed_in(&own).await && !is_signed_in(&other).await);
        assert!(is_signed_in(&globex).await, "another account's sessions stay");
        assert!(signed_in(world, email, PASSWORD).await.is_none(), "the old one is worth nothing");
        assert!(signed_in(world, email, NEW).await.is_some());
        assert!(signed_in(world, world.globex.email, PASSWORD).await.is_some());
    })
    .await;
}

#[tokio::test]
async fn people_see_where_they_are_signed_in_and_end_it() {
    world(async |world| {
        world.execute("update member set role = 'viewer'").await;
        let first = signed_in(world, world.acme.email, PASSWORD).await.expect("in");
        world.clock.advance(chrono::TimeDelta::hours(2));
        let own = signed_in(world, world.acme.email, PASSWORD).await.expect("in");
        let globex = signed_in(world, world.globex.email, PASSWORD).await.expect("in");
        let rows = own.get("/account").await.all("main tbody tr");
        assert_eq!(rows, ["Unknown browser this onejust now", "Unknown browser2 h ago"]);
        let page = own.submit("/account/sessions/end", &[]).await;
        assert!(page.words().contains("1 other browser is signed out."), "{}", page.words());
        assert_eq!(page.all("main tbody tr").len(), 1);
        assert!(page.attributes("main form[action='/account/sessions/end']", "method").is_empty(), "nothing to end");
        assert!(is_signed_in(&own).await && is_signed_in(&globex).await && !is_signed_in(&first).await);
        first.sign_in(world.acme.email, PASSWORD).await;
        first.submit("/sign-out", &[]).await;
        assert_eq!(own.get("/account").await.all("main tbody tr").len(), 1, "who signs out is in no list");
    })
    .await;
}

#[tokio::test]
async fn the_password_cannot_be_guessed_from_within() {
    world(async |world| {
        let own = signed_in(world, world.acme.email, PASSWORD).await.expect("in");
        for _ in 0..10 {
            assert_eq!(change(&own, "guess", NEW).await.status, 422);
        }
        let page = change(&own, PASSWORD, NEW).await;
        assert_eq!(page.status, 429);
        assert!(page.words().contains("tried too often"), "{}", page.words());
    })
    .await;
}
