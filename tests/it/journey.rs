//! A newcomer in a real browser: sign up, paste a URL, simulate a message, see the attempt.

use fantoccini::Locator;

use crate::chromium::Chromium;
use crate::process::{Installation, terminate};
use crate::receiver::Receiver;

/// An empty browser that has signed up.
async fn signed_up(installation: &Installation) -> Chromium {
    let browser = Chromium::start().await;
    browser.go(&installation.url("/sign-up")).await;
    browser.fill("tenant", "Initech").await;
    browser.fill("email", "bill@initech.test").await;
    browser.fill("password", "a long password").await;
    browser.press("Create account").await;
    browser
}

/// From an empty browser to the first event: three presses, and everything on the way appears by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_event_is_three_presses_away() {
    let installation = Installation::new("first-steps", Vec::new()).await;
    let service = installation.serve(&[]).await;
    let browser = signed_up(&installation).await;
    browser.wait_for("Three steps to your first event", false).await;
    browser.wait_for("Ticks appear by themselves", false).await;
    browser.press("Send a simulated message").await;
    // No reloading from here on: the page looks by itself.
    browser.wait_for("Inspector answered 2xx", false).await;
    browser.wait_for("Your first event arrived in the inspector", false).await;
    browser.wait_for("message.received", false).await;
    let link = browser.client.find(Locator::LinkText("Open the inspector")).await.expect("a link");
    link.click().await.expect("it can be pressed");
    browser.wait_for("Signature valid", false).await;
    browser.wait_for("message.received", false).await;

    // The sums follow within ten seconds.
    browser.go(&installation.url("/overview")).await;
    browser.wait_for("All quiet: 1 event in the last 24 hours, all delivered", true).await;

    browser.stop().await;
    terminate(service).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_signing_up_to_the_first_attempt() {
    let receiver = Receiver::start().await;
    let installation = Installation::new("journey", Vec::new()).await;
    let service = installation.serve(&[]).await;
    let browser = signed_up(&installation).await;
    browser.wait_for("Initech", false).await;

    browser.go(&installation.url("/endpoints")).await;
    browser.fill("name", "mine").await;
    browser.fill("url", &receiver.url("/acme")).await;
    browser.press("Add endpoint").await;
    browser.wait_for("mine", false).await;

    // The inspector is open while the message is sent from elsewhere: it must appear by itself.
    browser.go(&installation.url("/inspector")).await;
    browser.press("Send simulated event").await;
    browser.wait_for("message.received", false).await;
    let (sent, text) = installation.run(&["simulate", "--tenant", "Initech", "--type", "whatsapp-location"], "").await;
    assert!(sent, "{text}");
    browser.wait_for("location", false).await;
    receiver.wait_for("/acme", 2).await;
    assert_eq!(receiver.received("/acme")[0].json()["message"]["type"], "text");

    browser.go(&installation.url("/deliveries")).await;
    browser.wait_for("mine", true).await;
    let row = browser
        .client
        .find(Locator::XPath("//main//tbody//tr[contains(., 'mine')]//a[starts-with(@href, '/deliveries/evt_')]"))
        .await;
    row.expect("a row of that endpoint").click().await.expect("it opens");
    browser.wait_for("200", false).await;
    let url = browser.client.current_url().await.expect("a URL");
    assert!(url.path().starts_with("/deliveries/evt_"), "{url}");

    browser.stop().await;
    terminate(service).await;
}
