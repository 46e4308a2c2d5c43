//! A newcomer in a real browser: sign up, paste a URL, simulate a message, see the attempt.

use std::path::Path;
use std::time::Duration;

use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::json;
use tokio::process::{Child, Command};

use crate::process::{Installation, terminate};
use crate::receiver::Receiver;

/// A page may take this long to show what is waited for: the relay works on the real clock here.
const PATIENCE: Duration = Duration::from_secs(20);

fn first_of(candidates: &[&str]) -> String {
    let found = candidates.iter().find(|candidate| Path::new(candidate).exists());
    (*found.unwrap_or_else(|| panic!("none of {candidates:?} is there: run `make test`, which installs a browser")))
        .to_owned()
}

struct Driver {
    process: Child,
    port: u16,
    profile: std::path::PathBuf,
}

impl Driver {
    async fn start() -> Self {
        let probe = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = probe.local_addr().expect("an address").port();
        drop(probe);
        let program = first_of(&[
            "/usr/bin/chromedriver",
            "/usr/lib/chromium-browser/chromedriver",
            "/snap/bin/chromium.chromedriver",
            "/opt/homebrew/bin/chromedriver",
            "/usr/local/bin/chromedriver",
        ]);
        let process = Command::new(program).arg(format!("--port={port}")).arg("--silent").kill_on_drop(true).spawn();
        let profile = std::env::temp_dir().join(format!("socialhook-browser-{}", uuid::Uuid::new_v4().simple()));
        Self { process: process.expect("chromedriver starts"), port, profile }
    }

    async fn browser(&self) -> Client {
        let binary = first_of(&[
            "/usr/bin/chromium",
            "/usr/bin/chromium-browser",
            "/usr/bin/google-chrome",
            "/snap/bin/chromium",
            "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
            "/Applications/Chromium.app/Contents/MacOS/Chromium",
        ]);
        let arguments = json!([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-sync",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-dev-shm-usage",
            "--window-size=1280,900",
            format!("--user-data-dir={}", self.profile.display()),
        ]);
        let options = json!({ "binary": binary, "args": arguments });
        let capabilities: Capabilities = [("goog:chromeOptions".to_owned(), options)].into_iter().collect();
        let connector = hyper_util::client::legacy::connect::HttpConnector::new();
        let url = format!("http://127.0.0.1:{}", self.port);
        let connected = async {
            loop {
                match ClientBuilder::new(connector.clone()).capabilities(capabilities.clone()).connect(&url).await {
                    Ok(client) => return client,
                    Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
                }
            }
        };
        tokio::time::timeout(PATIENCE, connected).await.expect("the browser starts")
    }

    async fn stop(mut self) {
        let _ = self.process.kill().await;
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}

async fn fill(browser: &Client, name: &str, text: &str) {
    let field = browser
        .find(Locator::Css(&format!("main [name={name}]")))
        .await
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    field.clear().await.expect("it can be emptied");
    field.send_keys(text).await.expect("it takes keys");
}

async fn press(browser: &Client, label: &str) {
    let path = format!("//main//button[normalize-space()='{label}']");
    let button = browser.find(Locator::XPath(&path)).await.unwrap_or_else(|error| panic!("{label}: {error}"));
    button.click().await.expect("it can be pressed");
}

async fn go(browser: &Client, installation: &Installation, path: &str) {
    browser.goto(&installation.url(path)).await.expect("the page opens");
}

/// Waits until the page's text holds `words`, looking again, and loading again if asked to.
async fn wait_for(browser: &Client, words: &str, reload: bool) {
    let seen = async {
        loop {
            let text = match browser.find(Locator::Css("body")).await {
                Ok(body) => body.text().await.unwrap_or_default(),
                Err(_) => String::new(),
            };
            if text.contains(words) {
                return;
            }
            if reload {
                let _ = browser.refresh().await;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    if tokio::time::timeout(PATIENCE, seen).await.is_err() {
        let text = browser.find(Locator::Css("body")).await.expect("a body").text().await.unwrap_or_default();
        panic!("{words:?} never appeared in {text}");
    }
}

/// From an empty browser to the first event: three presses, and everything on the way appears by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_event_is_three_presses_away() {
    let installation = Installation::new("first-steps", Vec::new()).await;
    let service = installation.serve(&[]).await;
    let driver = Driver::start().await;
    let browser = driver.browser().await;

    go(&browser, &installation, "/sign-up").await;
    fill(&browser, "tenant", "Initech").await;
    fill(&browser, "email", "bill@initech.test").await;
    fill(&browser, "password", "a long password").await;
    press(&browser, "Create account").await;
    wait_for(&browser, "Three steps to your first event", false).await;
    wait_for(&browser, "Ticks appear by themselves", false).await;
    press(&browser, "Send a simulated message").await;
    // No reloading from here on: the page looks by itself.
    wait_for(&browser, "Inspector answered 2xx", false).await;
    wait_for(&browser, "Your first event arrived in the inspector", false).await;
    wait_for(&browser, "message.received", false).await;
    let link = browser.find(Locator::LinkText("Open the inspector")).await.expect("a link");
    link.click().await.expect("it can be pressed");
    wait_for(&browser, "Signature valid", false).await;
    wait_for(&browser, "message.received", false).await;

    // The sums follow within ten seconds.
    go(&browser, &installation, "/overview").await;
    wait_for(&browser, "All quiet: 1 event in the last 24 hours, all delivered", true).await;

    browser.close().await.expect("the browser closes");
    driver.stop().await;
    terminate(service).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_signing_up_to_the_first_attempt() {
    let receiver = Receiver::start().await;
    let installation = Installation::new("journey", Vec::new()).await;
    let service = installation.serve(&[]).await;
    let driver = Driver::start().await;
    let browser = driver.browser().await;

    go(&browser, &installation, "/sign-up").await;
    fill(&browser, "tenant", "Initech").await;
    fill(&browser, "email", "bill@initech.test").await;
    fill(&browser, "password", "a long password").await;
    press(&browser, "Create account").await;
    wait_for(&browser, "Initech", false).await;

    go(&browser, &installation, "/endpoints").await;
    fill(&browser, "name", "mine").await;
    fill(&browser, "url", &receiver.url("/acme")).await;
    press(&browser, "Add endpoint").await;
    wait_for(&browser, "mine", false).await;

    // The inspector is open while the message is sent from elsewhere: it must appear by itself.
    go(&browser, &installation, "/inspector").await;
    press(&browser, "Send simulated event").await;
    wait_for(&browser, "message.received", false).await;
    let (sent, text) = installation.run(&["simulate", "--tenant", "Initech", "--type", "whatsapp-location"], "").await;
    assert!(sent, "{text}");
    wait_for(&browser, "location", false).await;
    receiver.wait_for("/acme", 2).await;
    assert_eq!(receiver.received("/acme")[0].json()["message"]["type"], "text");

    go(&browser, &installation, "/deliveries").await;
    wait_for(&browser, "mine", true).await;
    let row = browser
        .find(Locator::XPath("//main//tbody//tr[contains(., 'mine')]//a[starts-with(@href, '/deliveries/evt_')]"))
        .await;
    row.expect("a row of that endpoint").click().await.expect("it opens");
    wait_for(&browser, "200", false).await;
    let url = browser.current_url().await.expect("a URL");
    assert!(url.path().starts_with("/deliveries/evt_"), "{url}");

    browser.close().await.expect("the browser closes");
    driver.stop().await;
    terminate(service).await;
}
